//! `anslut config`: every value and where it came from.

use serde::Serialize;

use crate::config::raw::{Loaded, ShownValue};
use crate::config::value::Origin;
use crate::domain::problem::Problem;

use super::arguments::ConfigArguments;
use super::failure::{Exit, Failure};
use super::opening;
use super::terminal::{Palette, Terminal, Tone, columns, printable};

#[derive(Serialize)]
struct Listing<'l> {
    values: &'l [ShownValue],
    problems: &'l [Problem],
}

/// Runs the command. The values are printed in any case; settings that cannot be used then end it like any other.
pub fn run(
    arguments: &ConfigArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let (_, loaded) = opening::open(&arguments.environment, &arguments.settings.sets, variables)?;
    if terminal.json {
        let Loaded { values, problems, .. } = &loaded;
        terminal.print_json(&Listing { values, problems })?;
        loaded.settings?;
    } else {
        let text = text(&loaded.values, terminal.palette());
        terminal.print(&text)?;
        opening::usable(loaded, terminal)?;
    }
    Ok(Exit::Done)
}

/// A line for each value: key, value, origin, and what else there is to know. Defaults are quiet, so that what was set
/// stands out.
pub fn text(values: &[ShownValue], palette: Palette) -> String {
    let row = |shown: &ShownValue| {
        let value = match shown.value.as_deref() {
            None => "(unset)".to_owned(),
            Some("") => "\"\"".to_owned(),
            Some(value) => printable(value),
        };
        // What is not set needs no remark.
        let note = shown.note.as_ref().filter(|_| shown.value.is_some());
        let note = note.map_or_else(String::new, |note| format!("  ({note})"));
        [printable(&shown.key), printable(&shown.origin.to_string()), format!("{value}{note}")]
    };
    let rows: Vec<[String; 3]> = values.iter().map(row).collect();
    let mut text = String::new();
    for (line, shown) in columns(&rows).iter().zip(values) {
        let is_default = shown.origin == Origin::Default;
        text.push_str(&if is_default { palette.paint(Tone::Quiet, line) } else { line.clone() });
        text.push('\n');
    }
    text
}
