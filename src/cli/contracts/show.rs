//! `anslut contracts show`.

use clap::Args;

use super::say;
use super::sources::SourcesArguments;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::contracts::command::list;

/// `anslut contracts show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// Namespace, GetDiagnosis:2, or GetDiagnosis where there is one major
    #[arg(value_name = "CONTRACT")]
    pub contract: String,
    /// Minor version, instead of the active one
    #[arg(long)]
    pub minor: Option<u32>,
    /// List the files it reaches
    #[arg(long)]
    pub files: bool,
    #[command(flatten)]
    pub sources: SourcesArguments,
}

/// Runs the command.
pub fn run(
    arguments: &ShowArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let sources = arguments.sources.sources(variables, terminal)?;
    let output = list::show(&sources, &arguments.contract, arguments.minor, arguments.files, terminal.json);
    say(&output, terminal)
}
