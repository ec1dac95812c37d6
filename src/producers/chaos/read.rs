//! Plans as files and as the API takes them, and those that come with the program.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Plan, PlanClock, Row};
use crate::producers::behaviour::act::Act;

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

/// Reads a plan; `Err` names the row and the key.
pub fn read(name: &str, value: &Value) -> Result<Plan, String> {
    let table = value.as_object().ok_or("a plan is a table with seed and plan")?;
    let (mut seed, mut clock, mut rows) = (1, PlanClock::Wall, Vec::new());
    for (key, value) in table {
        match key.as_str() {
            "name" => {}
            "seed" => seed = value.as_u64().ok_or_else(|| format!("seed is {value}, expected a whole number"))?,
            "clock" => {
                clock = match value.as_str() {
                    Some("wall") => PlanClock::Wall,
                    Some("requests") => PlanClock::Requests,
                    _ => return Err(format!("clock is {value}, expected \"wall\" or \"requests\"")),
                }
            }
            "plan" => {
                let list = value.as_array().ok_or("plan is no list of rows")?;
                if list.len() > ROWS_MAX {
                    return Err(format!("plan has {} rows, the limit is {ROWS_MAX}", list.len()));
                }
                for (place, item) in list.iter().enumerate() {
                    rows.push(row(item).map_err(|why| format!("row {place} of plan: {why}"))?);
                }
            }
            _ => {
                let nearest = crate::config::nearest::nearest(key, ["seed", "clock", "plan", "name"]).unwrap_or("plan");
                return Err(format!("unknown key {key:?}, the nearest known one is {nearest:?}"));
            }
        }
    }
    let mut whole = format!("{seed} {clock:?}");
    for row in &rows {
        // Writing to a string cannot fail.
        let _ = write!(whole, "|{row:?}");
    }
    let digest = Sha256::digest(whole).iter().take(8).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok(Plan { name: name.to_owned(), seed, clock, rows, digest })
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
