//! `anslut serve`: from arguments to everything the platform needs to start.

use crate::config::checked::Settings;
use crate::config::data::{DataChoice, DataDirectory};
use crate::config::environment::Environment;

use super::arguments::ServeArguments;
use super::failure::{Exit, Failure};
use super::opening;
use super::terminal::Terminal;

/// Everything the platform needs to start.
#[derive(Debug)]
pub struct ServeOptions {
    /// Where its files are.
    pub environment: Environment,
    /// How it behaves.
    pub settings: Settings,
    /// Where it keeps what survives a restart; locked.
    pub data: DataDirectory,
    /// Print the addresses alone, one to a line.
    pub print_addresses: bool,
    /// Print them as JSON.
    pub json: bool,
}

/// Runs the command.
pub fn run(
    arguments: &ServeArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let options = options(arguments, variables, terminal)?;
    start(options, terminal)
}

/// Arguments into options. Settings come before the lock, so that a wrong key leaves no directory behind.
pub fn options(
    arguments: &ServeArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<ServeOptions, Failure> {
    let (environment, loaded) = opening::open(&arguments.environment, &arguments.settings.sets, variables)?;
    let settings = opening::usable(loaded, terminal)?;
    let choice = match (&arguments.data, arguments.ephemeral) {
        (Some(path), _) => DataChoice::Given(path.clone()),
        (None, true) => DataChoice::Ephemeral,
        (None, false) => DataChoice::Usual,
    };
    let data = DataDirectory::open(&choice, &environment.name(), variables)?;
    Ok(ServeOptions { environment, settings, data, print_addresses: arguments.print_addresses, json: terminal.json })
}

/// Starts the platform, prints its addresses, and returns when it has drained.
fn start(options: ServeOptions, _terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    Err(Failure::environment(format!("cannot serve {:?}: this build has no listeners", options.environment.name())))
}
