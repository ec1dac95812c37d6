//! `anslut connection`: the road from first contact to a connection, and out again.

pub mod demo;

use clap::Subcommand;

use super::failure::{Exit, Failure};
use super::terminal::Terminal;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// Start two platforms and walk one customer through all of it
    Demo,
}

/// Runs a subcommand.
pub fn run(command: &ConnectionCommand, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    match command {
        ConnectionCommand::Demo => demo::run(terminal),
    }
}
