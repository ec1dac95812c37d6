//! Which index a command works on: the one of a data directory, or the one of a running platform.

use std::path::PathBuf;

use clap::Args;

use super::running::Running;
use crate::cli::arguments::SettingsArguments;
use crate::cli::failure::Failure;
use crate::cli::opening;
use crate::cli::terminal::Terminal;
use crate::config::data::{DataChoice, DataDirectory};
use crate::config::environment::DEMO;
use crate::domain::clock::Clock;
use crate::index::bulk::error::BulkError;
use crate::index::open::{DATA_FOLDER, Index};

/// Where the index is.
#[derive(Clone, Debug, Args)]
pub struct PlaceArguments {
    /// A data directory that no platform serves; default: the environment's own
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub data: Option<PathBuf>,
    /// A running platform: its listener index_update or admin, such as http://127.0.0.1:8081
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The environment whose settings and usual data directory are meant
    #[arg(long = "env", value_name = "ENV", default_value = DEMO)]
    pub environment: String,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// An index that is at hand.
pub(super) enum Place {
    /// Opened from a data directory, which is locked as long as this is kept.
    Directory(Box<Opened>),
    /// Somebody else's.
    Running(Box<Running>),
}

/// The index of a data directory.
pub(super) struct Opened {
    pub(super) index: Index,
    // Declared behind the index, so that the lock is let go of last.
    _data: DataDirectory,
}

impl Place {
    /// Finds the index. To read, it must be there; to write, it may be new.
    pub(super) fn open(
        arguments: &PlaceArguments,
        to_read: bool,
        variables: &[(String, String)],
        terminal: &mut Terminal<'_>,
    ) -> Result<Self, Failure> {
        let (environment, loaded) = opening::open(&arguments.environment, &arguments.settings.sets, variables)?;
        let settings = opening::usable(loaded, terminal)?;
        if let Some(url) = &arguments.url {
            return Ok(Self::Running(Box::new(Running::find(url, &settings)?)));
        }
        let choice = match &arguments.data {
            Some(path) if to_read && !path.join(DATA_FOLDER).is_dir() => {
                return Err(Failure::environment(format!("no index in {}", path.display())));
            }
            Some(path) => DataChoice::Given(path.clone()),
            None => DataChoice::Usual,
        };
        let data = DataDirectory::open(&choice, &environment.name(), variables)?;
        let index = Index::open(&data.path().join(DATA_FOLDER), settings.index, Clock::System);
        let index = index.map_err(BulkError::from)?;
        for skipped in index.status().skipped {
            terminal.complain(&format!("part of the journal could not be read: {skipped}"));
        }
        Ok(Self::Directory(Box::new(Opened { index, _data: data })))
    }
}
