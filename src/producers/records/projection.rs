//! The table `projection.toml`: how entries become answers and rows of the index.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::DateTime;
use serde::Deserialize;

use super::book::Entry;
use super::template::Template;
use crate::producers::schema::period::{Period, first_moment, last_moment};

/// The table, read.
#[derive(Debug)]
pub struct Projection {
    /// What each kind is, whatever the contract.
    pub kinds: BTreeMap<String, KindRow>,
    /// One row for each contract that records are projected through.
    pub contracts: Vec<ContractRow>,
}

/// A kind of entry in the index and in time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KindRow {
    /// Service domain; entries of a kind without one are not in the index.
    pub domain: Option<String>,
    /// Categorization.
    pub category: Option<String>,
    /// The value that is the categorization.
    pub category_of: Option<String>,
    /// Whether each entry has a row of its own, at its unit.
    pub per_entry: bool,
    /// Further moments that count as events.
    pub events: Vec<String>,
    /// An entry is in a period when one of these moments is.
    pub any: Vec<String>,
    /// Or when the time from the first to the last of these overlaps it.
    pub span: Vec<String>,
    /// Or when the time from the first of these …
    pub from: Vec<String>,
    /// … to the first of these does; without an end it goes on.
    pub to: Vec<String>,
    /// It does not end before any of these.
    pub not_before: Vec<String>,
    /// Whether a care contact is asked for by the entry's own id.
    pub is_contact: bool,
}

/// A contract that records are projected through.
#[derive(Debug)]
pub struct ContractRow {
    /// `GetDiagnosis:2`.
    pub name: String,
    /// The kind of entries it is about.
    pub kind: String,
    /// The element that each entry becomes.
    pub list: String,
    /// Fields of the request, and the values of an entry they must equal.
    pub equal: Vec<(String, String)>,
    /// Whether the request names no patient.
    pub any_patient: bool,
    /// What stands in the element.
    pub record: Template,
}

/// The table that is compiled in.
pub fn projection() -> &'static Projection {
    static PROJECTION: LazyLock<Projection> = LazyLock::new(|| {
        let table: toml::Table =
            include_str!("projection.toml").parse().expect("projection.toml is part of the program");
        read(&table)
    });
    &PROJECTION
}

impl Projection {
    /// The row of a contract, by operation and major.
    pub fn contract(&self, name: &str) -> Option<&ContractRow> {
        self.contracts.iter().find(|row| row.name == name)
    }
}

fn read(table: &toml::Table) -> Projection {
    let group = |name: &str| table[name].as_table().expect("a table").iter();
    // A block may use those before it; the order of a table is that of its names, so each is read until all are there.
    let mut blocks: BTreeMap<String, Template> = BTreeMap::new();
    let uses = |value: &toml::Value| {
        let text = value.to_string();
        group("block")
            .map(|(name, _)| name.clone())
            .filter(|name| text.contains(&format!("_use = \"{name}\"")))
            .collect()
    };
    let mut left: Vec<_> = group("block").collect();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|(name, value)| {
            let needed: Vec<String> = uses(value);
            let is_ready = needed.iter().all(|block| blocks.contains_key(block));
            if is_ready {
                blocks.insert((*name).clone(), Template::read(value, &blocks));
            }
            !is_ready
        });
        assert!(left.len() < before, "blocks of projection.toml use each other in a circle");
    }
    let kinds = group("kind").map(|(name, value)| (name.clone(), value.clone().try_into().expect("a row of a kind")));
    let contracts = table["contract"].as_array().expect("a list").iter().map(|value| {
        let text = |name: &str| value.get(name).and_then(toml::Value::as_str).expect("a text").to_owned();
        let equal = value.get("equal").and_then(toml::Value::as_table).into_iter().flatten();
        ContractRow {
            name: text("name"),
            kind: text("kind"),
            list: text("list"),
            equal: equal.map(|(field, path)| (field.clone(), path.as_str().expect("a path").to_owned())).collect(),
            any_patient: value.get("any_patient").is_some(),
            record: Template::read(&value["record"], &blocks),
        }
    });
    Projection { kinds: kinds.collect(), contracts: contracts.collect() }
}

impl KindRow {
    /// Whether an entry counts as within a period.
    pub fn is_within(&self, entry: &Entry, period: &Period) -> bool {
        let moments = |paths: &[String]| -> Vec<DateTime> { moments(entry, paths, first_moment).collect() };
        if !self.any.is_empty() {
            let days = moments(&self.any);
            return days.iter().any(|at| period.holds(*at));
        }
        if !self.span.is_empty() {
            let all = moments(&self.span);
            return match (all.iter().min(), all.iter().max()) {
                (Some(first), Some(last)) => period.overlaps(*first, Some(*last)),
                _ => false,
            };
        }
        let Some(from) = moments(&self.from).into_iter().min() else { return true };
        let to = self::moments(entry, &self.to, last_moment).min();
        let latest = moments(&self.not_before).into_iter().max();
        period.overlaps(from, to.map(|to| latest.map_or(to, |latest| latest.max(to))))
    }

    /// The latest event of an entry, nullification included.
    pub fn latest_event(&self, entry: &Entry) -> Option<String> {
        let always = ["authored", "signed", "nullified"].into_iter();
        let paths = always.chain(self.events.iter().chain(&self.any).map(String::as_str));
        let texts = paths.flat_map(|path| entry.values.texts_at(path));
        texts.map(|text| format!("{text:0<14}")).max()
    }
}

fn moments<'e>(
    entry: &'e Entry,
    paths: &'e [String],
    read: impl Fn(&str) -> Option<DateTime> + 'e,
) -> impl Iterator<Item = DateTime> + 'e {
    paths.iter().flat_map(|path| entry.values.texts_at(path)).filter_map(read)
}
