//! `anslut tak`: orders and files into the catalogue, the catalogue into files, and what two catalogues differ in.

pub mod diff;
pub mod export;
pub mod import;
pub mod place;

use clap::Subcommand;

use super::failure::{Exit, Failure};
use super::terminal::Terminal;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum TakCommand {
    /// Carry out orders, or take in catalogue files, in a data directory that no platform serves
    Import(import::ImportArguments),
    /// Write a published version: stored snapshot, export, nightly dump or local TAK copy
    Export(export::ExportArguments),
    /// Show what changes between two catalogues, and who gets another answer because of it
    Diff(diff::DiffArguments),
}

/// Runs a subcommand.
pub fn run(command: &TakCommand, variables: &[(String, String)], terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    match command {
        TakCommand::Import(arguments) => import::run(arguments, variables, terminal),
        TakCommand::Export(arguments) => export::run(arguments, variables, terminal),
        TakCommand::Diff(arguments) => diff::run(arguments, variables, terminal),
    }
}
