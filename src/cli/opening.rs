//! An environment named on the command line, with its settings: the beginning of every command.

use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::config::platforms::apart;
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

/// Settings of one of the environment's platforms: the one that is named, else the only one or the one for production.
pub fn platform(settings: &Settings, named: Option<&str>) -> Result<Settings, Failure> {
    let mut apart = apart(settings);
    let name = |own: &Settings| own.platform.name.clone().unwrap_or_else(|| own.hub.instance_name.clone());
    let found = named.map_or(Some(0), |named| apart.iter().position(|own| name(own) == named));
    match found {
        Some(place) => Ok(apart.swap_remove(place)),
        None => {
            let names: Vec<_> = apart.iter().map(name).collect();
            let message = format!("no platform {:?}; expected {}", named.unwrap_or_default(), names.join(" or "));
            Err(Failure::usage(message))
        }
    }
}
