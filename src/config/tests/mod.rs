//! Settings from text to use, through [`super::raw::load`] alone.

mod building;
mod contracts;
mod index;
mod precedence;
mod table;
mod tls;
mod wrong_values;

use std::fs;

use tempfile::TempDir;

use super::checked::Settings;
use super::environment::Environment;
use super::raw::{Loaded, load};

/// An environment on disk, and what else the loader is given.
pub(crate) struct Case {
    pub(crate) folder: TempDir,
    pub(crate) sets: Vec<String>,
    pub(crate) variables: Vec<(String, String)>,
}

impl Case {
    /// An environment with this `anslut.toml`.
    pub(crate) fn new(toml: &str) -> Self {
        let case = Self { folder: TempDir::new().unwrap(), sets: Vec::new(), variables: Vec::new() };
        case.file("anslut.toml", toml)
    }

    /// With one more file.
    pub(crate) fn file(self, name: &str, contents: &str) -> Self {
        fs::write(self.folder.path().join(name), contents).unwrap();
        self
    }

    /// With one more `--set`.
    pub(crate) fn set(mut self, set: &str) -> Self {
        self.sets.push(set.to_owned());
        self
    }

    /// With one more variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn load(&self) -> Loaded {
        load(&Environment::Folder(self.folder.path().to_owned()), &self.sets, &self.variables)
    }

    /// The settings, of a case without any problem.
    pub(crate) fn settings(&self) -> Settings {
        let loaded = self.load();
        assert_eq!(self.problems(), Vec::<String>::new());
        loaded.settings.unwrap()
    }

    /// The problems as shown, with the folder's own path left out.
    pub(crate) fn problems(&self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        self.load().problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }

    /// Value and origin of a key as shown.
    pub(crate) fn shown(&self, key: &str) -> (Option<String>, String) {
        let folder = format!("{}/", self.folder.path().display());
        let loaded = self.load();
        let value = loaded.values.iter().find(|value| value.key == key).unwrap();
        (value.value.clone(), value.origin.to_string().replace(&folder, ""))
    }
}
