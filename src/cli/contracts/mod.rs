//! `anslut contracts`: published service contracts, and messages held against them.
//!
//! What each command does stands in [`crate::contracts::command`]; here arguments become its questions, and what it says is
//! printed.

pub mod coverage;
pub mod diff;
pub mod import;
pub mod lint;
pub mod list;
pub mod sample;
pub mod show;
pub mod sources;
pub mod validate;

use clap::Subcommand;

use super::failure::{Exit, Failure};
use super::terminal::{Terminal, printable};
use crate::contracts::command::Output;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum ContractsCommand {
    /// Check published zips and folders, and with --env copy them to an environment
    Import(import::ImportArguments),
    /// List the contracts that are known: those that ship, an environment's, and what --contracts brings
    List(list::ListArguments),
    /// Show a contract: operations, namespaces, header, versions, and its elements with how often each occurs
    Show(show::ShowArguments),
    /// Hold messages against their contracts
    Validate(validate::ValidateArguments),
    /// Print a message that follows a contract; the same seed gives the same bytes on any machine
    Sample(sample::SampleArguments),
    /// Compare two contracts or versions: compatible or breaking, and why
    Diff(diff::DiffArguments),
    /// Which parts of their contracts calls have used: elements, values, branches, and what has never been tried
    Coverage(coverage::CoverageArguments),
    /// What is worth mending in contracts before they are published: names, extension slots, what the import warns of
    Lint(lint::LintArguments),
}

/// Runs a subcommand.
pub fn run(
    command: &ContractsCommand,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    match command {
        ContractsCommand::Import(arguments) => import::run(arguments, variables, terminal),
        ContractsCommand::List(arguments) => list::run(arguments, variables, terminal),
        ContractsCommand::Show(arguments) => show::run(arguments, variables, terminal),
        ContractsCommand::Validate(arguments) => validate::run(arguments, variables, terminal),
        ContractsCommand::Sample(arguments) => sample::run(arguments, variables, terminal),
        ContractsCommand::Diff(arguments) => diff::run(arguments, variables, terminal),
        ContractsCommand::Coverage(arguments) => coverage::run(arguments, variables, terminal),
        ContractsCommand::Lint(arguments) => lint::run(arguments, variables, terminal),
    }
}

/// Prints what a command says, and ends as it ended. Names and values come from files of strangers.
fn say(output: &Output, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let mut text = String::with_capacity(output.out.len());
    for line in output.out.lines() {
        text.push_str(&printable(line));
        text.push('\n');
    }
    terminal.print(&text)?;
    complain(output, terminal);
    Ok(exit(output))
}

fn complain(output: &Output, terminal: &mut Terminal<'_>) {
    for line in output.err.lines() {
        terminal.complain(&printable(line));
    }
}

fn exit(output: &Output) -> Exit {
    match output.code {
        0 => Exit::Done,
        1 => Exit::Failed,
        2 => Exit::Usage,
        _ => Exit::Environment,
    }
}
