//! `anslut contracts validate`.

use std::path::PathBuf;

use clap::Args;

use super::say;
use super::sources::{SourcesArguments, existing};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::contracts::command::validate;

/// `anslut contracts validate`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 1 if any message is invalid.")]
pub struct ValidateArguments {
    /// Messages: SOAP envelopes, or payloads by themselves
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Only what this description reaches, instead of every known contract
    #[arg(long, value_name = "FILE", conflicts_with_all = ["contracts", "environment"])]
    pub wsdl: Option<PathBuf>,
    /// This contract, instead of whichever the message's first body element belongs to
    #[arg(long, value_name = "CONTRACT")]
    pub contract: Option<String>,
    /// Its minor version, instead of the active one
    #[arg(long, requires = "contract")]
    pub minor: Option<u32>,
    #[command(flatten)]
    pub sources: SourcesArguments,
}

/// Runs the command.
pub fn run(
    arguments: &ValidateArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let mut sources = arguments.sources.sources(variables, terminal)?;
    if let Some(wsdl) = &arguments.wsdl {
        existing(wsdl)?;
        sources.wsdl = Some(wsdl.clone());
    }
    let output = validate::run(&validate::Arguments {
        sources,
        contract: arguments.contract.clone(),
        minor: arguments.minor,
        files: arguments.files.clone(),
        json: terminal.json,
    });
    say(&output, terminal)
}
