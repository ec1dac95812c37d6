//! `anslut index`: engagements by the million, in a data directory or in a running platform.

pub mod dump;
pub mod find;
pub mod generate;
pub mod load;
pub mod place;
pub mod progress;
pub mod running;
pub mod stat;

use std::collections::BTreeSet;

use clap::Subcommand;
use serde_json::Value;

use self::place::{Place, PlaceArguments};
use self::running::Running;
use super::failure::{Exit, Failure};
use super::opening;
use super::terminal::Terminal;
use crate::index::memory::SHARDS;
use crate::producers::records::rows::Row;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Make up a national index: seeded, skewed as care is, of persons who cannot exist
    Generate(generate::GenerateArguments),
    /// Load files of engagements, one JSON object to a line, compressed where the name ends in .zst
    Load(load::LoadArguments),
    /// Write all engagements to a file, or to standard output
    Dump(dump::DumpArguments),
    /// Print a person's engagements
    Find(find::FindArguments),
    /// Count engagements and what they cost
    Stat(stat::StatArguments),
}

/// Runs a subcommand.
pub fn run(
    command: &IndexCommand,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    match command {
        IndexCommand::Generate(arguments) => generate::run(arguments, terminal),
        IndexCommand::Load(arguments) => load::run(arguments, variables, terminal),
        IndexCommand::Dump(arguments) => dump::run(arguments, variables, terminal),
        IndexCommand::Find(arguments) => find::run(arguments, variables, terminal),
        IndexCommand::Stat(arguments) => stat::run(arguments, variables, terminal),
    }
}

/// What an index knows of some source systems.
pub(super) fn rows_of_systems(
    arguments: &PlaceArguments,
    systems: &BTreeSet<String>,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Vec<Row>, Failure> {
    let place = Place::open(arguments, true, variables, terminal)?;
    let mut rows = Vec::new();
    for piece in 0..SHARDS {
        let lines = dump::lines(&place, piece)?;
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let row: Row = serde_json::from_slice(line).map_err(Failure::environment)?;
            if systems.contains(&row.source_system) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// What a running platform itself says of its records and its index; `None` where the URL is not that of its admin.
pub(super) fn audit_of_running(
    arguments: &PlaceArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Option<Value>, Failure> {
    let Some(url) = &arguments.url else { return Ok(None) };
    let (_, loaded) = opening::open(&arguments.environment, &arguments.settings.sets, variables)?;
    let settings = opening::usable(loaded, terminal)?;
    Running::at(url, &settings)?.get("/api/v1/producers/audit")
}
