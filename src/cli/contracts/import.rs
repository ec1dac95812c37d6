//! `anslut contracts import`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{say, sources};
use crate::cli::arguments::SettingsArguments;
use crate::cli::failure::{Exit, Failure};
use crate::cli::opening;
use crate::cli::terminal::Terminal;
use crate::config::environment::DEMO;
use crate::contracts::command::import;

/// `anslut contracts import`.
#[derive(Debug, Args)]
#[command(after_help = "Files are taken as they were downloaded; nothing is fetched over a network.\n\
                        Exit code 1 if any contract is broken; its line says which file and line is to blame.")]
pub struct ImportArguments {
    /// Published zips and folders, or a single description (.wsdl)
    #[arg(value_name = "DIR|ZIP", required = true)]
    pub paths: Vec<PathBuf>,
    /// The environment folder whose contracts/ they are copied to, in place of what has the same name there
    #[arg(long = "env", value_name = "ENV")]
    pub environment: Option<PathBuf>,
    /// Fail on warnings too
    #[arg(long)]
    pub strict: bool,
    /// Accept references to namespaces that are not imported, where exactly one thing fits
    #[arg(long)]
    pub lenient: bool,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// Runs the command.
pub fn run(
    arguments: &ImportArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    for path in &arguments.paths {
        sources::existing(path)?;
    }
    if let Some(folder) = &arguments.environment {
        prepare(folder)?;
    }
    let name = arguments.environment.as_ref().map_or_else(|| DEMO.into(), |folder| folder.to_string_lossy());
    let (_, loaded) = opening::open(&name, &arguments.settings.sets, variables)?;
    let mut settings = opening::usable(loaded, terminal)?.contracts;
    settings.lenient |= arguments.lenient;
    let output = import::run(&import::Arguments {
        paths: arguments.paths.clone(),
        environment: arguments.environment.clone(),
        settings,
        json: terminal.json,
        strict: arguments.strict,
    });
    say(&output, terminal)
}

/// An environment may begin with its contracts; a mistyped path further up is more likely than one to be made.
fn prepare(folder: &Path) -> Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    if folder == Path::new(DEMO) {
        return Err(Failure::environment("the built-in environment \"demo\" cannot be written to; name a folder"));
    }
    std::fs::create_dir(folder)
        .map_err(|error| Failure::environment(format!("{} cannot be made an environment: {error}", folder.display())))
}
