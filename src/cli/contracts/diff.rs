//! `anslut contracts diff`.

use std::path::PathBuf;

use clap::Args;

use super::say;
use super::sources::{SourcesArguments, existing};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::contracts::command::compare::{self, Side};

/// `anslut contracts diff`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 1 if something breaks and the namespace's major is unchanged.\n\n\
                        anslut contracts diff GetSubjectOfCareSchedule:1@1.0 GetSubjectOfCareSchedule:1@1.1 --contracts DIR\n\
                        anslut contracts diff GetDiagnosis:2 --before old.zip --after new.zip\n\
                        anslut contracts diff GetCareContacts:2 GetCareContacts:3")]
pub struct DiffArguments {
    /// The earlier contract: namespace, GetDiagnosis:2 or GetDiagnosis, and @2.0 behind it for a version
    #[arg(value_name = "A")]
    pub earlier: String,
    /// The later contract; without it, the same as A
    #[arg(value_name = "B")]
    pub later: Option<String>,
    /// The zip or folder that holds A
    #[arg(long, value_name = "DIR|ZIP")]
    pub before: Option<PathBuf>,
    /// The zip or folder that holds B
    #[arg(long, value_name = "DIR|ZIP")]
    pub after: Option<PathBuf>,
    #[command(flatten)]
    pub sources: SourcesArguments,
}

/// Runs the command.
pub fn run(
    arguments: &DiffArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    for path in arguments.before.iter().chain(&arguments.after) {
        existing(path)?;
    }
    let sources = arguments.sources.sources(variables, terminal)?;
    let before = side(&arguments.earlier, arguments.before.clone())?;
    let after = side(arguments.later.as_deref().unwrap_or(&arguments.earlier), arguments.after.clone())?;
    say(&compare::run(&sources, &before, &after, terminal.json), terminal)
}

/// A contract's name, and the version behind its last `@`.
fn side(written: &str, from: Option<PathBuf>) -> Result<Side, Failure> {
    let Some((contract, version)) = written.rsplit_once('@') else {
        return Ok(Side { contract: written.to_owned(), minor: None, from });
    };
    let minor = version.rsplit('.').next().unwrap_or(version).parse();
    let minor = minor.map_err(|_| Failure::usage(format!("{written:?}: expected a version such as @2.1")))?;
    Ok(Side { contract: contract.to_owned(), minor: Some(minor), from })
}
