//! Which catalogue a command works on: an environment's, with what its data directory has kept.

use std::path::PathBuf;

use clap::Args;

use crate::app::member::folder;
use crate::catalogue::Catalogue;
use crate::cli::arguments::SettingsArguments;
use crate::cli::check::catalogue_of;
use crate::cli::failure::Failure;
use crate::cli::opening;
use crate::cli::terminal::{Terminal, printable};
use crate::config::data::{DataChoice, DataDirectory};
use crate::config::environment::DEMO;

/// Where the catalogue is.
#[derive(Clone, Debug, Args)]
pub struct PlaceArguments {
    /// The environment whose catalogue is meant
    #[arg(long = "env", value_name = "ENV", default_value = DEMO)]
    pub environment: String,
    /// Its data directory, which no platform serves; default: the environment's own
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub data: Option<PathBuf>,
    /// Read the environment's files alone, and keep nothing
    #[arg(long)]
    pub ephemeral: bool,
    /// One of several platforms of the environment; default the one for production
    #[arg(long, value_name = "NAME")]
    pub platform: Option<String>,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// A catalogue that is at hand.
pub(super) struct Opened {
    pub(super) catalogue: Catalogue,
    // Held for its lock.
    _data: Option<DataDirectory>,
}

impl PlaceArguments {
    /// Opens it; what is wrong with its files is told.
    pub(super) fn open(&self, variables: &[(String, String)], terminal: &mut Terminal<'_>) -> Result<Opened, Failure> {
        let (environment, loaded) = opening::open(&self.environment, &self.settings.sets, variables)?;
        let settings = opening::usable(loaded, terminal)?;
        let settings = opening::platform(&settings, self.platform.as_deref())?;
        let catalogue = catalogue_of(&environment, &settings);
        let data = match (&self.data, self.ephemeral) {
            (_, true) => None,
            (Some(path), _) => Some(DataChoice::Given(path.clone())),
            (None, _) => Some(DataChoice::Usual),
        };
        let data = data.map(|choice| DataDirectory::open(&choice, &environment.name(), variables)).transpose()?;
        if let Some(data) = &data {
            catalogue.keep(&folder(data.path(), settings.platform.role)).map_err(Failure::environment)?;
        }
        for problem in catalogue.reset_tak().problems {
            terminal.complain(&printable(&problem.to_string()));
        }
        Ok(Opened { catalogue, _data: data })
    }
}
