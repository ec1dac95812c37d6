//! `anslut qa`: contract test suites, run from outside like anybody's system.

pub mod audit;
pub mod carriers;
mod connected;
mod imported;
pub mod mutants;
mod native;
pub mod report;
pub mod session;
pub mod suites;
pub mod tests_run;
pub mod verify;

use clap::Subcommand;

use super::failure::{Exit, Failure};
use super::terminal::Terminal;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum QaCommand {
    /// List suites at these paths or those imported, import some, or look closer: check, show, params
    Suites(suites::SuitesArguments),
    /// Run suites against a system
    Run(Box<tests_run::RunArguments>),
    /// Sessions: plans, runs, deviations and decisions of a system that is tested
    Session(Box<session::SessionArguments>),
    /// Hold the index against what producers answer, and make the Update that would put it right
    Audit(Box<audit::AuditArguments>),
    /// Make a report of a finished run
    Report(report::ReportArguments),
    /// Check a bundle of evidence by itself
    VerifyBundle(verify::VerifyArguments),
}

/// Runs a subcommand.
pub fn run(command: &QaCommand, variables: &[(String, String)], terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    match command {
        QaCommand::Suites(arguments) => suites::run(arguments, variables, terminal),
        QaCommand::Run(arguments) => tests_run::run(arguments, variables, terminal),
        QaCommand::Session(arguments) => session::run(arguments, variables, terminal),
        QaCommand::Audit(arguments) => audit::run(arguments, variables, terminal),
        QaCommand::Report(arguments) => report::run(arguments, variables, terminal),
        QaCommand::VerifyBundle(arguments) => verify::run(arguments, terminal),
    }
}
