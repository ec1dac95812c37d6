//! The contracts that one platform knows: those that ship, and the environment's `contracts/`, which go before them
//! (`contracts.md` §2.1, §2.6). Everybody who needs a contract is given the same [`Library`] and looks at what it holds at
//! that moment; a new reading is swapped in whole.

mod described;
mod places;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use self::places::{Fingerprint, Places, fingerprint};
use super::builtin;
use super::contract::State;
use super::diagnostic::Diagnostic;
use super::import::{Import, Importer};
use super::package::{Kind, Package};
use super::published::Published;
use super::registry::Registry;
use crate::config::contracts::ContractSettings;
use crate::config::environment::Environment;
use crate::domain::problem::Problem;

/// The folder of an environment.
pub const FOLDER: &str = "contracts";

/// The contracts of one environment, as they are now.
#[derive(Debug)]
pub struct Library {
    environment: Environment,
    settings: ContractSettings,
    known: ArcSwap<Known>,
    /// What the files were when they were read; held while reading, so that there is one reading at a time.
    read: Mutex<Option<Fingerprint>>,
}

/// What a library holds at one moment. Never changes.
#[derive(Debug, Default)]
pub struct Known {
    /// Every contract.
    pub registry: Arc<Registry>,
    /// What is served at `?wsdl` and `?xsd`.
    pub published: Published,
    /// Whether the files have been read, however many problems there were.
    pub is_loaded: bool,
    /// How many contracts cannot be used because their files have errors.
    pub broken: usize,
    /// What is wrong with the files that the environment brought, each once.
    pub problems: Vec<Problem>,
}

impl Library {
    /// A library that holds nothing yet.
    pub fn new(environment: Environment, settings: ContractSettings) -> Self {
        Self { environment, settings, known: ArcSwap::default(), read: Mutex::new(None) }
    }

    /// A library that has read its files. Takes as long as it takes to compile them.
    pub fn loaded(environment: Environment, settings: ContractSettings) -> Self {
        let library = Self::new(environment, settings);
        library.refresh();
        library
    }

    /// What is known at this moment, for the length of a call. Cheap.
    pub fn known(&self) -> Guard<Arc<Known>> {
        self.known.load()
    }

    /// The contracts at this moment, for whoever keeps them.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.known.load().registry)
    }

    /// The environment's folder, where new contracts can be put; a built-in one has none.
    pub fn folder(&self) -> Option<&Path> {
        match &self.environment {
            Environment::Folder(folder) => Some(folder),
            Environment::Demo => None,
        }
    }

    /// How contracts are read, and the limits on messages.
    pub fn settings(&self) -> &ContractSettings {
        &self.settings
    }

    /// Reads the files again if any has changed, or none has been read yet. Blocks; what is wrong with the files is returned.
    pub fn refresh(&self) -> Vec<Problem> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let now = fingerprint(&self.environment.path(FOLDER));
        if read.as_ref() != Some(&now) {
            self.known.store(Arc::new(Known::read(&self.environment, &self.settings)));
            *read = Some(now);
        }
        self.known.load().problems.clone()
    }
}

impl Known {
    /// Reads the contracts of an environment beside those that ship.
    fn read(environment: &Environment, settings: &ContractSettings) -> Self {
        let mut importer = Importer::with(settings);
        let (mut contracts, found) = builtin::contracts(&mut importer);
        let mut problems = Problems::default();
        // What ships has its remarks, which are nothing to whoever uses it; an error among them must be seen.
        problems.add(found.iter().filter(|diagnostic| diagnostic.is_error()));
        let (imports, found) = imports(environment, &mut importer);
        problems.list.extend(found);
        for import in imports {
            problems.add(&import.diagnostics);
            problems.add(import.descriptions.iter().flat_map(|description| &description.diagnostics));
            contracts.extend(import.into_contracts());
        }
        let (registry, found) = Registry::new(contracts, &settings.pins, &settings.import);
        problems.add(&found);
        let mut published = Published::default();
        problems.list.extend(described::add(&settings.described, &mut importer, &mut published));
        published.add_all(&registry);
        let broken = registry.active().iter().filter(|contract| contract.state == State::Broken).count();
        Self { published, registry: Arc::new(registry), is_loaded: true, broken, problems: problems.list }
    }
}

/// What becomes of everything in an environment's `contracts/`, and what there cannot be imported at all.
pub(super) fn imports(environment: &Environment, importer: &mut Importer) -> (Vec<Import>, Vec<Problem>) {
    match environment {
        Environment::Folder(_) => {
            let places = Places::of(&environment.path(FOLDER));
            (places.paths.iter().map(|path| importer.import_path(path)).collect(), places.problems)
        }
        Environment::Demo => (vec![importer.import(&compiled_in(environment), Vec::new())], Vec::new()),
    }
}

/// The contracts of a built-in environment.
fn compiled_in(environment: &Environment) -> Package {
    let root = environment.path(FOLDER);
    let files = environment.files_below(FOLDER).unwrap_or_default().into_iter().filter_map(|file| {
        let name = file.path.strip_prefix(&root).ok()?.to_string_lossy().into_owned();
        Some((name, Arc::from(file.contents)))
    });
    Package::new(root.display().to_string(), Kind::Folder, files.collect::<BTreeMap<_, _>>())
}

/// What is worth telling, each once: a file that many descriptions reach has its remarks from each of them.
#[derive(Default)]
struct Problems {
    list: Vec<Problem>,
    seen: HashSet<(String, u32, u32, String)>,
}

impl Problems {
    fn add<'d>(&mut self, diagnostics: impl IntoIterator<Item = &'d Diagnostic>) {
        for diagnostic in diagnostics {
            let Diagnostic { path, line, column, message, .. } = diagnostic;
            if self.seen.insert((path.clone(), *line, *column, message.clone())) {
                self.list.extend(diagnostic.to_problem());
            }
        }
    }
}

#[cfg(test)]
mod tests;
