//! What `anslut contracts …` does, apart from reading arguments and printing: each command gives its text and exit code.

pub mod compare;
pub mod coverage;
pub mod import;
pub mod install;
pub mod lint;
pub mod list;
pub mod sample;
pub mod validate;

use std::path::PathBuf;
use std::sync::Arc;

use super::builtin;
use super::diagnostic::Diagnostic;
use super::import::Importer;
use super::library;
use super::registry::Registry;
use crate::config::contracts::ContractSettings;
use crate::config::environment::Environment;

/// What a command says and how it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub err: String,
    /// 0 done, 1 the thing checked failed, 2 usage, 3 environment.
    pub code: u8,
}

impl Output {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn fail(&mut self, code: u8, message: &str) {
        self.err.push_str(message);
        self.err.push('\n');
        self.code = self.code.max(code);
    }

    fn failed(code: u8, message: &str) -> Self {
        let mut output = Self::default();
        output.fail(code, message);
        output
    }
}

/// Which contracts a command works with.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Only what this description reaches.
    pub wsdl: Option<PathBuf>,
    /// Folders and zips beside the built-in contracts, which they replace where they hold the same.
    pub contracts: Vec<PathBuf>,
    /// The environment whose contracts are there too.
    pub environment: Option<Environment>,
    /// How contracts are read, and the limits on messages.
    pub settings: ContractSettings,
}

/// Contracts that were loaded for a command.
#[derive(Debug)]
pub struct Loaded {
    /// The contracts.
    pub registry: Arc<Registry>,
    /// What was found out on the way, about what the user brought.
    pub diagnostics: Vec<Diagnostic>,
}

impl Sources {
    /// Loads them: the built-in ones unless a single description is named.
    pub fn load(&self) -> Loaded {
        let mut importer = Importer::with(&self.settings);
        let (mut contracts, mut diagnostics) = (Vec::new(), Vec::new());
        if self.wsdl.is_none() {
            contracts.extend(builtin::contracts(&mut importer).0);
        }
        let mut imports = Vec::new();
        if let Some(environment) = self.environment.as_ref().filter(|_| self.wsdl.is_none()) {
            imports.extend(library::imports(environment, &mut importer).0);
        }
        imports.extend(self.wsdl.iter().chain(&self.contracts).map(|path| importer.import_path(path)));
        for import in imports {
            diagnostics.extend(import.diagnostics.clone());
            diagnostics.extend(import.descriptions.iter().flat_map(|description| description.diagnostics.clone()));
            contracts.extend(import.into_contracts());
        }
        let (registry, found) = Registry::new(contracts, &self.settings.pins, &self.settings.import);
        diagnostics.extend(found);
        Loaded { registry: Arc::new(registry), diagnostics }
    }
}

#[cfg(test)]
mod tests;
