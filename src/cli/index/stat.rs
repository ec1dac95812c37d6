//! `anslut index stat`: how many engagements, and what they cost.

use clap::Args;
use serde_json::Value;

use super::place::{Place, PlaceArguments};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, columns};
use crate::index::bulk::inspect;

/// `anslut index stat`.
#[derive(Debug, Args)]
pub struct StatArguments {
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// Runs the command.
pub fn run(
    arguments: &StatArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let stat = match Place::open(&arguments.place, true, variables, terminal)? {
        Place::Directory(opened) => serde_json::to_value(inspect::stat(&opened.index)).map_err(Failure::environment)?,
        Place::Running(running) => running.stat()?,
    };
    match terminal.json {
        true => terminal.print_json(&stat)?,
        false => terminal.print(&text(&stat))?,
    }
    Ok(Exit::Done)
}

/// A line for each figure.
fn text(stat: &Value) -> String {
    let figure = |value: &Value| match value {
        Value::Number(number) if number.is_f64() => format!("{:.1}", number.as_f64().unwrap_or_default()),
        Value::String(text) => text.clone(),
        Value::Array(texts) if texts.is_empty() => "none".to_owned(),
        other => other.to_string(),
    };
    let rows = stat.as_object().into_iter().flatten().map(|(name, value)| [words(name), figure(value)]);
    columns(&rows.collect::<Vec<_>>()).iter().map(|line| format!("{line}\n")).collect()
}

/// `blockBytes` as people write it.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
