//! Which contracts a command works with.

use std::path::PathBuf;

use clap::Args;

use crate::cli::arguments::SettingsArguments;
use crate::cli::failure::Failure;
use crate::cli::opening;
use crate::cli::terminal::Terminal;
use crate::config::environment::DEMO;
use crate::contracts::command::Sources;

/// Where contracts come from, beside those that ship.
#[derive(Clone, Debug, Default, Args)]
pub struct SourcesArguments {
    /// A published folder or zip, or a folder of them; may be given several times
    #[arg(long, value_name = "DIR|ZIP")]
    pub contracts: Vec<PathBuf>,
    /// The environment whose contracts and settings are used
    #[arg(long = "env", value_name = "ENV")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

impl SourcesArguments {
    /// The sources. A place that does not exist is a mistake on the command line's part, not an empty one.
    pub(super) fn sources(
        &self,
        variables: &[(String, String)],
        terminal: &mut Terminal<'_>,
    ) -> Result<Sources, Failure> {
        for path in &self.contracts {
            existing(path)?;
        }
        let name = self.environment.as_deref().unwrap_or(DEMO);
        let (environment, loaded) = opening::open(name, &self.settings.sets, variables)?;
        let settings = opening::usable(loaded, terminal)?.contracts;
        let environment = self.environment.is_some().then_some(environment);
        Ok(Sources { wsdl: None, contracts: self.contracts.clone(), environment, settings })
    }
}

/// A path that leads somewhere.
pub(super) fn existing(path: &std::path::Path) -> Result<(), Failure> {
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::environment(format!("{} does not exist", path.display()))),
        Err(error) => Err(Failure::environment(error)),
    }
}
