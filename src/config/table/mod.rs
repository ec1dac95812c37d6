//! Every setting there is, as one table: its key, what its value must look like, its default, and what it is for.
//!
//! The loader, `anslut config` and the suggestions for misspelt keys all read this table and nothing else, so a setting
//! is added by adding its row here and its field in [`super::checked`].

pub mod aggregation;
pub mod contracts;
pub mod index;
pub mod own;
pub mod properties;

/// The table of `anslut.toml` that holds the reference platform's own property names.
pub const PROPERTIES: &str = "properties";

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Switch,
    /// On for the exact text `true`, off for every other (`vp.md` §3.5).
    ExactTrue,
    /// A whole number within bounds, both included.
    Number { unit: Unit, min: i64, max: i64 },
    /// A number that need not be whole, within bounds, both included.
    Decimal { min: i64, max: i64 },
    /// Where an outside service is reached: `http://…` or `https://…`; empty = not set.
    Url,
    /// `host:port`, `:port` on loopback, or `off`.
    Address,
    /// Texts separated by commas; an array is taken as well.
    List,
    /// A regular expression that must match a whole header name, in any case.
    HeaderPattern,
    /// A regular expression that is searched for, and has a group.
    GroupPattern,
    /// A header's name.
    HeaderName,
    /// A header's value.
    HeaderValue,
    /// A file, relative to the environment or absolute.
    File,
    /// One of some words, in any case.
    Choice(&'static [&'static str]),
}

/// What a number counts. Shown to people only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
}

/// Whether setting it changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what its line says.
    Full,
    /// Accepted for a part of the platform that this version does not have.
    Later,
    /// Accepted because operators' files hold it; the reference platform ignores it as well (`vp.md` §10.3).
    Dead,
    /// Accepted because operators' files hold it; here another setting decides.
    Replaced(&'static str),
}

impl Effect {
    /// In words, where there is something to say.
    pub fn note(self) -> Option<String> {
        match self {
            Self::Full => None,
            Self::Later => Some("accepted; no part of this version uses it".to_owned()),
            Self::Dead => Some("accepted, without effect: the reference platform ignores it as well".to_owned()),
            Self::Replaced(key) => Some(format!("accepted, without effect: here {key} decides")),
        }
    }
}

/// One row of the table. A `*` in the key stands for any text: the row describes a family of keys.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key: `listen.hub_http`, or the reference's name `vp.instance.id`.
    pub key: &'static str,
    /// Whether it lives in [`PROPERTIES`].
    pub property: bool,
    /// What its value must look like.
    pub kind: Kind,
    /// Its default as text; `None` = unset.
    pub default: Option<&'static str>,
    /// Whether setting it changes anything.
    pub effect: Effect,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it is for, in one line.
    pub doc: &'static str,
}

impl Setting {
    const fn own(key: &'static str, kind: Kind, default: Option<&'static str>, doc: &'static str) -> Self {
        Self { key, property: false, kind, default, effect: Effect::Full, secret: false, doc }
    }

    const fn property(key: &'static str, kind: Kind, default: Option<&'static str>, doc: &'static str) -> Self {
        Self { key, property: true, kind, default, effect: Effect::Full, secret: false, doc }
    }

    const fn effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// The key as it stands in `anslut.toml`: `properties.vp.instance.id` for a property.
    pub fn full_key(&self) -> String {
        if self.property { format!("{PROPERTIES}.{}", self.key) } else { self.key.to_owned() }
    }

    /// The process environment's name for it: `ANSLUT_LISTEN__HUB_HTTP`, `ANSLUT_PROPERTIES__VP_INSTANCE_ID`.
    pub fn variable(&self) -> String {
        if self.property {
            let name: String = self.key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            format!("ANSLUT_PROPERTIES__{}", name.to_ascii_uppercase())
        } else {
            format!("ANSLUT_{}", self.key.replace('.', "__").to_ascii_uppercase())
        }
    }

    /// Whether the row describes a family of keys.
    pub fn is_family(&self) -> bool {
        self.key.contains('*')
    }

    fn covers(&self, key: &str) -> bool {
        match self.key.split_once('*') {
            None => self.key == key,
            Some((head, tail)) => key.len() > head.len() + tail.len() && key.starts_with(head) && key.ends_with(tail),
        }
    }
}

/// All rows: our own first.
pub fn all() -> impl Iterator<Item = &'static Setting> + Clone {
    [
        own::SETTINGS,
        contracts::SETTINGS,
        index::SETTINGS,
        aggregation::SETTINGS,
        properties::SETTINGS,
        index::PROPERTIES,
        aggregation::PROPERTIES,
    ]
    .into_iter()
    .flatten()
}

/// The row of a key as it stands in `anslut.toml`; one that is written out goes before a family.
pub fn find(full_key: &str) -> Option<&'static Setting> {
    let (property, key) = match full_key.strip_prefix("properties.") {
        Some(key) => (true, key),
        None => (false, full_key),
    };
    let mut rows = all().filter(|row| row.property == property);
    rows.clone().find(|row| row.key == key).or_else(|| rows.find(|row| row.covers(key)))
}
