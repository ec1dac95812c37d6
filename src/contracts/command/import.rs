//! `contracts import`: what becomes of published folders and zips, and with `--env` their place in an environment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Output, install};
use crate::config::contracts::ContractSettings;
use crate::contracts::diagnostic::{Diagnostic, Severity};
use crate::contracts::import::{Import, Importer};

/// What is asked of the command.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Zips, folders and files.
    pub paths: Vec<PathBuf>,
    /// The environment whose `contracts/` they are copied to.
    pub environment: Option<PathBuf>,
    /// How contracts are read.
    pub settings: ContractSettings,
    /// One JSON line for each description.
    pub json: bool,
    /// Whether warnings fail too.
    pub strict: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    wsdl: &'a str,
    compiled: bool,
    problems: &'a [Diagnostic],
}

/// Imports the paths.
pub fn run(arguments: &Arguments) -> Output {
    let mut output = Output::default();
    let mut importer = Importer::with(&arguments.settings);
    let mut installed: HashMap<String, &PathBuf> = HashMap::new();
    for path in &arguments.paths {
        let import = importer.import_path(path);
        let is_refused = import.descriptions.is_empty() && import.diagnostics.iter().any(Diagnostic::is_error);
        report(&import, path, arguments, &mut output);
        let warned = import.descriptions.iter().flat_map(|one| &one.diagnostics).chain(&import.diagnostics);
        let has_warnings = warned.into_iter().any(|diagnostic| diagnostic.severity >= Severity::Warning);
        if !import.is_usable() || (arguments.strict && has_warnings) {
            output.code = output.code.max(1);
        }
        let Some(environment) = arguments.environment.as_ref().filter(|_| !is_refused) else { continue };
        let name = match install::name(path) {
            Ok(name) => name,
            Err(error) => {
                output.fail(3, &format!("{}: {error}", path.display()));
                continue;
            }
        };
        if let Some(first) = installed.get(&name) {
            let (first, second) = (first.display(), path.display());
            output.fail(
                2,
                &format!("{first} and {second} are both called {name:?}; import one, rename, import the other"),
            );
            continue;
        }
        match install::install(path, &name, &import, environment) {
            Ok(()) => {
                installed.insert(name, path);
            }
            Err(error) => {
                let (path, environment) = (path.display(), environment.display());
                output.fail(3, &format!("{path} cannot be copied to {environment}: {error}"));
            }
        }
    }
    output
}

fn report(import: &Import, path: &Path, arguments: &Arguments, output: &mut Output) {
    let shown = path.display().to_string();
    let refusals: Vec<Diagnostic> =
        import.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).cloned().collect();
    if arguments.json {
        if !refusals.is_empty() {
            json(output, &Line { wsdl: &shown, compiled: false, problems: &refusals });
        }
        for one in &import.descriptions {
            json(output, &Line { wsdl: &one.path, compiled: one.is_usable, problems: &one.diagnostics });
        }
        return;
    }
    for diagnostic in &import.diagnostics {
        output.line(&diagnostic.to_string());
    }
    let mut contracts = 0;
    for one in &import.descriptions {
        contracts += one.contracts.len();
        for diagnostic in one.diagnostics.iter().filter(|diagnostic| diagnostic.severity > Severity::Info) {
            output.line(&diagnostic.to_string());
        }
    }
    let broken = import.descriptions.iter().filter(|one| !one.is_usable).count();
    let found = import.descriptions.len();
    output.line(&format!(
        "{shown}: {found} descriptions, {contracts} contracts, {broken} broken, {} files ignored",
        import.ignored
    ));
}

fn json(output: &mut Output, line: &Line<'_>) {
    match serde_json::to_string(line) {
        Ok(text) => output.line(&text),
        Err(error) => output.fail(3, &error.to_string()),
    }
}
