//! `anslut contracts lint`.

use std::path::PathBuf;

use clap::Args;

use super::say;
use super::sources::{SourcesArguments, existing};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::contracts::command::lint::{self, Format};

/// `anslut contracts lint`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 1 if anything is to be mended. Without a path and without --env, the contracts that ship."
)]
pub struct LintArguments {
    /// Published zips and folders, or a single description (.wsdl)
    #[arg(value_name = "DIR|ZIP")]
    pub paths: Vec<PathBuf>,
    /// Only contracts whose namespace contains this, in any case
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// SARIF 2.1.0, for tools that review code
    #[arg(long)]
    pub sarif: bool,
    /// Show what is accepted with a reason too
    #[arg(long)]
    pub accepted: bool,
    #[command(flatten)]
    pub sources: SourcesArguments,
}

/// Runs the command.
pub fn run(
    arguments: &LintArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    for path in &arguments.paths {
        existing(path)?;
    }
    let sources = arguments.sources.sources(variables, terminal)?;
    let format = match (arguments.sarif, terminal.json) {
        (true, _) => Format::Sarif,
        (false, true) => Format::Json,
        (false, false) => Format::Text,
    };
    let paths = arguments.paths.iter().chain(&sources.contracts).cloned().collect();
    let (only, accepted) = (arguments.only.clone(), arguments.accepted);
    say(&lint::run(&lint::Arguments { paths, sources, only, format, accepted }), terminal)
}
