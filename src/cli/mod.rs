//! The command line: arguments in, one finished command or a running platform out.
//!
//! Each subcommand is a file. All of them write to a [`Terminal`], so that tests read what people see, and end in an
//! [`Exit`].

pub mod arguments;
pub mod bench;
pub mod check;
pub mod config;
pub mod connection;
pub mod contracts;
pub mod explain;
pub mod failure;
mod first_call;
pub mod index;
mod json_text;
pub mod opening;
pub mod pki;
pub mod producers;
pub mod qa;
pub mod serve;
pub mod tak;
pub mod terminal;

#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::Parser;

use arguments::{Arguments, Command, ServeArguments};
use failure::{Exit, Failure};
use terminal::Terminal;

/// Runs one command line, program name first.
pub fn run(
    line: impl IntoIterator<Item = OsString>,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Exit {
    let arguments = match Arguments::try_parse_from(line) {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error, terminal),
    };
    terminal.json = arguments.json;
    let outcome = match arguments.command.unwrap_or_else(|| Command::Serve(ServeArguments::default())) {
        Command::Serve(arguments) => serve::run(&arguments, variables, terminal),
        Command::Check(arguments) => check::run(&arguments, variables, terminal),
        Command::Explain(arguments) => explain::run(&arguments, variables, terminal),
        Command::Contracts(command) => contracts::run(&command, variables, terminal),
        Command::Index(command) => index::run(&command, variables, terminal),
        Command::Connection(command) => connection::run(&command, variables, terminal),
        Command::Qa(command) => qa::run(&command, variables, terminal),
        Command::Tak(command) => tak::run(&command, variables, terminal),
        Command::Producers(command) => producers::run(&command, variables, terminal),
        Command::Pki(command) => pki::run(&command, terminal),
        Command::Bench(command) => bench::run(&command, variables, terminal),
        Command::Config(arguments) => config::run(&arguments, variables, terminal),
    };
    outcome.unwrap_or_else(|failure: Failure| failure.report(terminal))
}

/// What clap has to say: help and version are results, everything else is a complaint.
fn refuse(error: &clap::Error, terminal: &mut Terminal<'_>) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        terminal.complain(text.to_string().trim_end());
        return Exit::Usage;
    }
    let text = if terminal.palette().colour { text.ansi().to_string() } else { text.to_string() };
    match terminal.print(&text) {
        Ok(()) => Exit::Done,
        Err(error) => Failure::from(error).report(terminal),
    }
}
