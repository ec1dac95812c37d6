//! An environment named on the command line, with its settings: the beginning of every command.

use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::config::raw::{Loaded, load};

use super::failure::Failure;
use super::terminal::{Terminal, printable};

/// Opens the environment and loads its settings.
pub fn open(name: &str, sets: &[String], variables: &[(String, String)]) -> Result<(Environment, Loaded), Failure> {
    let environment = Environment::open(name)?;
    let loaded = load(&environment, sets, variables);
    Ok((environment, loaded))
}

/// The settings, for a command that cannot do without; their problems go to standard error.
pub fn usable(loaded: Loaded, terminal: &mut Terminal<'_>) -> Result<Settings, Failure> {
    for problem in &loaded.problems {
        terminal.complain(&printable(&problem.to_string()));
    }
    Ok(loaded.settings?)
}
