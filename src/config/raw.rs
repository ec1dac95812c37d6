//! Settings as written, resolved: flag > process environment > `anslut.toml` > default.
//!
//! All problems come in one go. A value that cannot be used is replaced by its default while the rest is checked, and the
//! settings as a whole are then refused.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Serialize;

use crate::domain::problem::Problem;

use super::build;
use super::checked::{PlatformEntry, Settings};
use super::environment::Environment;
use super::platforms;
use super::table::{self, Effect, Setting};
use super::value::{Origin, Parsed, Written, expected, parse};
use super::written::{FILE, Gathered, gather};

/// What [`load`] found.
#[derive(Debug)]
pub struct Loaded {
    /// The settings, unless a problem is an error.
    pub settings: Result<Settings, Unusable>,
    /// Every value and where it came from, in the order of the table; then properties nobody knows.
    pub values: Vec<ShownValue>,
    /// Everything that is wrong or has no effect, by place.
    pub problems: Vec<Problem>,
}

/// Settings that hold errors; the problems name each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings hold {errors} error{}", if *.errors == 1 { "" } else { "s" })]
pub struct Unusable {
    /// How many of the problems are errors.
    pub errors: usize,
}

/// One value as `anslut config` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ShownValue {
    /// The key as it stands in `anslut.toml` and after `--set`; properties begin with `properties.`.
    pub key: String,
    /// The value as written; `None` = unset; a secret is shown as `***`.
    pub value: Option<String>,
    /// Where it was written.
    pub origin: Origin,
    /// What it is for.
    pub doc: &'static str,
    /// What else there is to know: that it has no effect, for one.
    pub note: Option<String>,
}

/// Reads and resolves the settings of an environment. `sets` are the texts after `--set`, `process_environment` all of the
/// process's variables.
pub fn load(environment: &Environment, sets: &[String], process_environment: &[(String, String)]) -> Loaded {
    let Gathered { values: written, platforms, mut problems } = gather(environment, sets, process_environment);
    let resolved = Resolved::new(written, platforms, &mut problems);
    let settings = build::settings(environment, &resolved, &mut problems);
    problems.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    Loaded {
        settings: if errors == 0 { Ok(settings) } else { Err(Unusable { errors }) },
        values: platforms::shown(resolved.shown(), &resolved.platforms, &environment.path(FILE)),
        problems,
    }
}

/// Every value in use, by full key, beside what was written.
#[derive(Debug)]
pub struct Resolved {
    written: BTreeMap<String, (Written, Origin)>,
    parsed: HashMap<String, Parsed>,
    /// `[[platform]]`, with the line each begins on.
    pub platforms: Vec<(PlatformEntry, usize)>,
}

impl Resolved {
    fn new(
        written: BTreeMap<String, (Written, Origin)>,
        platforms: Vec<(PlatformEntry, usize)>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut parsed = HashMap::new();
        for setting in table::all().filter(|setting| !setting.is_family()) {
            parsed.insert(setting.full_key(), default_of(setting));
        }
        for (key, (written, origin)) in &written {
            let Some(setting) = table::find(key) else { continue };
            let (place, line) = origin.place();
            match parse(setting.kind, written) {
                Ok(value) => {
                    parsed.insert(key.clone(), value);
                    if matches!(setting.effect, Effect::Dead | Effect::Replaced(_)) {
                        let note = setting.effect.note().unwrap_or_default();
                        problems.push(Problem::warning(place, line, format!("{key} is {note}")));
                    }
                }
                Err(why) => {
                    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
                    let shown = if setting.secret { "***".to_owned() } else { written.to_string() };
                    let message = format!("{key} is {shown}{why}; expected {}", expected(setting.kind));
                    problems.push(Problem::error(place, line, message));
                }
            }
        }
        Self { written, parsed, platforms }
    }

    /// The value of a key of the table.
    pub fn value(&self, full_key: &str) -> &Parsed {
        self.parsed.get(full_key).expect("every key asked for is a row of the table")
    }

    /// Where the value of a key was written.
    pub fn origin(&self, full_key: &str) -> Origin {
        self.written.get(full_key).map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// The written values below a table of names that are free to choose, by name.
    pub fn below<'r>(&'r self, prefix: &'r str) -> impl Iterator<Item = (&'r str, &'r Written)> {
        self.written.iter().filter_map(move |(key, (written, _))| Some((key.strip_prefix(prefix)?, written)))
    }

    /// Reports a problem where the value of a key was written.
    pub fn error(&self, full_key: &str, message: String) -> Problem {
        let origin = self.origin(full_key);
        let (place, line) = match &origin {
            Origin::Default => (Path::new(full_key), 0),
            origin => origin.place(),
        };
        Problem::error(place, line, message)
    }

    fn shown(&self) -> Vec<ShownValue> {
        let mut values = Vec::new();
        for setting in table::all() {
            if setting.is_family() {
                let members = self
                    .written
                    .iter()
                    .filter(|(key, _)| table::find(key).is_some_and(|found| std::ptr::eq(found, setting)));
                values.extend(members.map(|(key, (written, origin))| show(key, Some(setting), Some(written), origin)));
            } else {
                let key = setting.full_key();
                let (written, origin) = match self.written.get(&key) {
                    Some((written, origin)) => (Some(written), origin),
                    None => (None, &Origin::Default),
                };
                values.push(show(&key, Some(setting), written, origin));
            }
        }
        let strangers = self.written.iter().filter(|(key, _)| table::find(key).is_none());
        values.extend(strangers.map(|(key, (written, origin))| show(key, None, Some(written), origin)));
        values
    }
}

fn default_of(setting: &Setting) -> Parsed {
    setting.default.map_or(Parsed::Unset, |text| {
        parse(setting.kind, &Written::Plain(text.to_owned())).expect("the table's defaults are of their own kinds")
    })
}

fn show(key: &str, setting: Option<&Setting>, written: Option<&Written>, origin: &Origin) -> ShownValue {
    let text = match (written, setting) {
        (Some(written), _) => Some(written.text().unwrap_or_else(|| written.to_string())),
        (None, setting) => setting.and_then(|setting| setting.default).map(str::to_owned),
    };
    let secret = setting.is_some_and(|setting| setting.secret) || (setting.is_none() && names_a_secret(key));
    ShownValue {
        key: key.to_owned(),
        value: text.map(|text| if secret { "***".to_owned() } else { text }),
        origin: origin.clone(),
        doc: setting.map_or("", |setting| setting.doc),
        note: match setting {
            Some(setting) => setting.effect.note(),
            None => Some("unknown; nothing reads it".to_owned()),
        },
    }
}

/// A property nobody knows may still hold what nobody should see.
fn names_a_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    ["password", "secret", "token"].iter().any(|word| key.contains(word))
}
