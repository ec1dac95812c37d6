//! `anslut contracts list`.

use clap::Args;

use super::say;
use super::sources::SourcesArguments;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::contracts::command::list;

/// `anslut contracts list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Only contracts whose namespace contains this, in any case
    #[arg(value_name = "TEXT")]
    pub text: Option<String>,
    /// Only this service domain, such as clinicalprocess:healthcond:description
    #[arg(long)]
    pub domain: Option<String>,
    #[command(flatten)]
    pub sources: SourcesArguments,
}

/// Runs the command.
pub fn run(
    arguments: &ListArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let sources = arguments.sources.sources(variables, terminal)?;
    let output = list::list(&sources, arguments.domain.as_deref(), arguments.text.as_deref(), terminal.json);
    say(&output, terminal)
}
