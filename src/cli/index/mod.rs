//! `anslut index`: engagements by the million, in a data directory or in a running platform.

pub mod dump;
pub mod find;
pub mod generate;
pub mod load;
pub mod place;
pub mod progress;
pub mod running;
pub mod stat;

use clap::Subcommand;

use super::failure::{Exit, Failure};
use super::terminal::Terminal;

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
