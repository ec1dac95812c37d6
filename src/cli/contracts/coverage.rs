//! `anslut contracts coverage`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::say;
use super::sources::{SourcesArguments, existing};
use crate::cli::connection::ServerArguments;
use crate::cli::connection::client::Client;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::contracts::command::coverage;
use crate::contracts::coverage::Coverage;

/// `anslut contracts coverage`.
#[derive(Debug, Args)]
#[command(after_help = "Of the calls a running platform remembers; with --messages of these, and nobody is asked.\n\n\
                        anslut contracts coverage\n\
                        anslut contracts coverage GetDiagnosis:2 --url http://127.0.0.1:9090\n\
                        anslut contracts coverage GetDiagnosis:2 --messages recorded/")]
pub struct CoverageArguments {
    /// This contract with all it has; without it, every contract that was called, in short
    #[arg(value_name = "CONTRACT")]
    pub contract: Option<String>,
    /// Its minor version, instead of the active one
    #[arg(long, requires = "contract")]
    pub minor: Option<u32>,
    /// Messages, or folders of them, instead of a platform's calls
    #[arg(long, value_name = "FILE|DIR", num_args = 1..)]
    pub messages: Vec<PathBuf>,
    #[command(flatten)]
    pub server: ServerArguments,
    #[command(flatten)]
    pub sources: SourcesArguments,
}

/// Runs the command.
pub fn run(
    arguments: &CoverageArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    if arguments.messages.is_empty() {
        return ask(arguments, variables, terminal);
    }
    for path in &arguments.messages {
        existing(path)?;
    }
    let output = coverage::run(&coverage::Arguments {
        sources: arguments.sources.sources(variables, terminal)?,
        contract: arguments.contract.clone(),
        minor: arguments.minor,
        messages: arguments.messages.clone(),
        json: terminal.json,
    });
    say(&output, terminal)
}

/// Asks a running platform.
fn ask(
    arguments: &CoverageArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let client = Client::new(&arguments.server, variables)?;
    let path = match (&arguments.contract, arguments.minor) {
        (None, _) => "/contracts/coverage".to_owned(),
        (Some(name), None) => format!("/contracts/{}/coverage", escaped(name)),
        (Some(name), Some(minor)) => format!("/contracts/{}/coverage?minor={minor}", escaped(name)),
    };
    let told = client.get(&path)?;
    if terminal.json {
        terminal.print(&format!("{told}\n"))?;
        return Ok(Exit::Done);
    }
    let contracts = if told.is_array() { told } else { Value::Array(vec![told]) };
    let found: Vec<Coverage> = serde_json::from_value(contracts).map_err(|error| {
        Failure::environment(format!("{} answered what is no coverage: {error}", arguments.server.url))
    })?;
    let mut lines = coverage::text(&found);
    if found.is_empty() {
        lines.push("no call of a known contract is remembered".to_owned());
    }
    for line in lines {
        terminal.print(&format!("{}\n", printable(&line)))?;
    }
    Ok(Exit::Done)
}

/// A name as a part of a path.
fn escaped(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => path.push(byte.into()),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}
