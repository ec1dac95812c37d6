//! `contracts lint`: what is worth mending before a contract is published.

use std::path::PathBuf;

use super::{Output, Sources};
use crate::contracts::builtin;
use crate::contracts::import::{Import, Importer};
use crate::contracts::library;
use crate::contracts::lint::{Finding, lint, sarif};

/// How findings are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A line each.
    #[default]
    Text,
    /// An array.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

/// What is asked of the command.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Zips, folders and files.
    pub paths: Vec<PathBuf>,
    /// The environment whose contracts are looked at as well, and how contracts are read. Without paths and environment, those
    /// that ship are looked at.
    pub sources: Sources,
    /// Only contracts whose namespace or operation contains this, in any case.
    pub only: Option<String>,
    /// How it is told.
    pub format: Format,
    /// Whether what was accepted is told too; SARIF has it always, as suppressed.
    pub accepted: bool,
}

/// Looks at them. Exit code 1 if anything is to be mended.
pub fn run(arguments: &Arguments) -> Output {
    let mut importer = Importer::with(&arguments.sources.settings);
    let mut imports: Vec<Import> = arguments.paths.iter().map(|path| importer.import_path(path)).collect();
    if let Some(environment) = &arguments.sources.environment {
        imports.extend(library::imports(environment, &mut importer).0);
    } else if imports.is_empty() {
        imports.push(importer.import(&builtin::package(), Vec::new()));
    }
    let (mut contracts, mut others) = (Vec::new(), Vec::new());
    for import in imports {
        others.extend(import.diagnostics.clone());
        // A description of which no contract could be made has nothing but its errors.
        let without = import.descriptions.iter().filter(|description| description.contracts.is_empty());
        others.extend(without.flat_map(|description| description.diagnostics.clone()));
        contracts.extend(import.into_contracts());
    }
    if let Some(only) = arguments.only.as_ref().map(|only| only.to_lowercase()) {
        contracts.retain(|contract| contract.namespace.to_lowercase().contains(&only));
        others.clear();
    }
    if contracts.is_empty() && others.is_empty() {
        return Output::failed(3, "there is no contract to look at");
    }
    let looked_at = contracts.len();
    let contracts: Vec<_> = contracts.into_iter().map(std::sync::Arc::new).collect();
    told(&lint(&contracts, &others), looked_at, arguments)
}

fn told(findings: &[Finding], contracts: usize, arguments: &Arguments) -> Output {
    let open = findings.iter().filter(|finding| finding.is_open()).count();
    let mut output = Output { code: u8::from(open > 0), ..Output::default() };
    match arguments.format {
        Format::Sarif => output.line(&serde_json::to_string_pretty(&sarif::document(findings)).unwrap_or_default()),
        Format::Json => output.line(&serde_json::to_string(findings).unwrap_or_default()),
        Format::Text => {
            for finding in findings.iter().filter(|finding| finding.is_open() || arguments.accepted) {
                output.line(&finding.to_string());
            }
            let accepted = findings.len() - open;
            output.line(&format!("{open} to mend in {contracts} contracts, {accepted} accepted with a reason"));
        }
    }
    output
}
