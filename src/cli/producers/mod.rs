//! `anslut producers`: mock projects taken in, records held against the index, and what chaos plans decide.

mod audit;
mod chaos;
mod import;

use clap::Subcommand;

use super::failure::{Exit, Failure};
use super::terminal::Terminal;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum ProducersCommand {
    /// Make mappings of the mock services of a SoapUI project
    Import(import::ImportArguments),
    /// Compare patient records with the engagement index
    Audit(audit::AuditArguments),
    /// Show a chaos plan, and what it decides for a key
    Chaos(chaos::ChaosArguments),
}

/// Runs the command.
pub fn run(
    command: &ProducersCommand,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    match command {
        ProducersCommand::Import(arguments) => import::run(arguments, terminal),
        ProducersCommand::Audit(arguments) => audit::run(arguments, variables, terminal),
        ProducersCommand::Chaos(arguments) => chaos::run(arguments, terminal),
    }
}
