//! Plans as files and as the API takes them, and those that come with the program.

use std::path::Path;

use serde_json::Value;
use toml::de::DeTable;

use super::{Plan, PlanClock, Row};
use crate::domain::problem::{Problem, line_at};
use crate::producers::behaviour::act::Act;
use crate::producers::spec::producer::reading::json;

/// Most rows of a plan.
const ROWS_MAX: usize = 1_000;

/// The plans that come with the program.
const SHIPPED: [(&str, &str); 5] = [
    ("flaky-5pct", include_str!("plans/flaky-5pct.toml")),
    ("slow-tail", include_str!("plans/slow-tail.toml")),
    ("one-down", include_str!("plans/one-down.toml")),
    ("rolling-restart", include_str!("plans/rolling-restart.toml")),
    ("qa-nfr", include_str!("plans/qa-nfr.toml")),
];

/// The names of the plans that come with the program.
pub fn named() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// A plan that comes with the program.
pub fn by_name(name: &str) -> Option<Plan> {
    let (name, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
    let value = toml::from_str(text).expect("the plan is part of the program");
    Some(read(name, &value).expect("the plan is part of the program"))
}

/// Why a plan cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreadable {
    /// The row, counted from 0; else the key, if one is to blame.
    place: Place,
    why: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Key(String),
    Row(usize),
    Whole,
}

/// Reads a plan; `Err` names the row and the key.
pub fn read(name: &str, value: &Value) -> Result<Plan, String> {
    placed(name, value).map_err(|unreadable| unreadable.why)
}

/// Reads the file of a plan; its name is the plan's.
pub fn read_file(file: &Path, contents: &[u8]) -> Result<Plan, Problem> {
    let error = |offset: Option<usize>, message: String| {
        let line = offset.map_or(0, |offset| line_at(contents, offset));
        Problem::error(file, line, message)
    };
    let text = std::str::from_utf8(contents).map_err(|why| error(Some(why.valid_up_to()), "not UTF-8".to_owned()))?;
    let table = DeTable::parse(text)
        .map_err(|why| error(why.span().map(|span| span.start), format!("not TOML: {}", why.message())))?
        .into_inner();
    let members = table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())));
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    placed(&name, &Value::Object(members.collect())).map_err(|unreadable| {
        let offset = match &unreadable.place {
            Place::Whole => None,
            Place::Key(key) => table.iter().find(|(known, _)| known.get_ref() == key).map(|(key, _)| key.span().start),
            Place::Row(row) => {
                let rows = table.get("plan").and_then(|rows| rows.get_ref().as_array());
                rows.and_then(|rows| rows.get(*row)).map(|row| row.span().start)
            }
        };
        error(offset, unreadable.why)
    })
}

fn placed(name: &str, value: &Value) -> Result<Plan, Unreadable> {
    let whole = |why: &str| Unreadable { place: Place::Whole, why: why.to_owned() };
    let table = value.as_object().ok_or_else(|| whole("a plan is a table with seed and plan"))?;
    let (mut seed, mut clock, mut rows) = (1, PlanClock::Wall, Vec::new());
    for (key, value) in table {
        let wrong = |why: String| Unreadable { place: Place::Key(key.clone()), why };
        match key.as_str() {
            "name" => {}
            "seed" => {
                seed = value.as_u64().ok_or_else(|| wrong(format!("seed is {value}, expected a whole number")))?;
            }
            "clock" => {
                clock = match value.as_str() {
                    Some("wall") => PlanClock::Wall,
                    Some("requests") => PlanClock::Requests,
                    _ => return Err(wrong(format!("clock is {value}, expected \"wall\" or \"requests\""))),
                }
            }
            "plan" => {
                let list = value.as_array().ok_or_else(|| wrong("plan is no list of rows".to_owned()))?;
                if list.len() > ROWS_MAX {
                    return Err(wrong(format!("plan has {} rows, the limit is {ROWS_MAX}", list.len())));
                }
                for (place, item) in list.iter().enumerate() {
                    let read = row(item).map_err(|why| format!("row {place} of plan: {why}"));
                    rows.push(read.map_err(|why| Unreadable { place: Place::Row(place), why })?);
                }
            }
            _ => {
                let nearest = crate::config::nearest::nearest(key, ["seed", "clock", "plan", "name"]).unwrap_or("plan");
                return Err(wrong(format!("unknown key {key:?}, the nearest known one is {nearest:?}")));
            }
        }
    }
    Ok(Plan::new(name, seed, clock, rows))
}

fn row(value: &Value) -> Result<Row, String> {
    let table = value.as_object().ok_or("it is no table")?;
    let (mut from, mut to, mut share) = (0, u64::MAX, 1.0);
    let (mut system, mut contract, mut act) = ("*".to_owned(), "*".to_owned(), None);
    for (key, value) in table {
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("{key} is {value}, expected a text"));
        match key.as_str() {
            "from" => from = moment(key, value)?,
            "to" => to = moment(key, value)?,
            "system" => system = text()?,
            "contract" => contract = text()?,
            "share" => {
                let given = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
                share = given.ok_or_else(|| format!("share is {value}, expected a number from 0 to 1"))?;
            }
            "behaviour" => act = Some(Act::from_json(value)?),
            _ => {
                let known = ["from", "to", "system", "contract", "share", "behaviour"];
                let nearest = crate::config::nearest::nearest(key, known).unwrap_or("behaviour");
                return Err(format!("unknown key {key:?}, the nearest known one is {nearest:?}"));
            }
        }
    }
    let act = act.ok_or("it has no behaviour")?;
    Ok(Row { from, to, system, contract, share, act })
}

/// `30s`, `5m`, `250ms`, `1.5s`, or a number: milliseconds by the wall clock, else requests.
fn moment(key: &str, value: &Value) -> Result<u64, String> {
    let wrong = || format!("{key} is {value}, expected such as \"30s\", \"5m\" or a whole number");
    if let Some(number) = value.as_u64() {
        return Ok(number);
    }
    let text = value.as_str().ok_or_else(wrong)?;
    let units = [("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0), ("h", 3_600_000.0), ("", 1.0)];
    let parsed = units.iter().find_map(|(unit, factor)| {
        let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        (number >= 0.0).then_some((number * factor) as u64)
    });
    parsed.ok_or_else(wrong)
}
