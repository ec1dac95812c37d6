//! `contracts import`: what becomes of published folders and zips, and with `--env` their place in an environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Output;
use crate::config::contracts::ImportLimits;
use crate::contracts::diagnostic::{Diagnostic, Severity};
use crate::contracts::import::{Import, Importer};
use crate::contracts::schema::build::Leniency;

/// What is asked of the command.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Zips, folders and files.
    pub paths: Vec<PathBuf>,
    /// The environment whose `contracts/` they are copied to.
    pub environment: Option<PathBuf>,
    /// One JSON line for each description.
    pub json: bool,
    /// Whether warnings fail too.
    pub strict: bool,
    /// Whether a namespace that is used but not imported is accepted.
    pub lenient: bool,
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
    let leniency = Leniency { imports: arguments.lenient, ..Leniency::default() };
    let mut importer = Importer::new(ImportLimits::default(), leniency);
    for path in &arguments.paths {
        let import = importer.import_path(path);
        let is_refused = import.descriptions.is_empty() && import.diagnostics.iter().any(Diagnostic::is_error);
        report(&import, path, arguments, &mut output);
        let warned = import.descriptions.iter().flat_map(|one| &one.diagnostics).chain(&import.diagnostics);
        let has_warnings = warned.into_iter().any(|diagnostic| diagnostic.severity >= Severity::Warning);
        if !import.is_usable() || (arguments.strict && has_warnings) {
            output.code = output.code.max(1);
        }
        if let Some(environment) = arguments.environment.as_ref().filter(|_| !is_refused)
            && let Err(error) = install(path, environment)
        {
            output.fail(3, &format!("{} cannot be copied to {}: {error}", path.display(), environment.display()));
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

/// Copies a zip or file, or a folder's files, below the environment's `contracts/`. What has the same name is replaced.
fn install(path: &Path, environment: &Path) -> io::Result<()> {
    let name = path.file_name().map_or_else(|| "contracts".into(), ToOwned::to_owned);
    let target = environment.join("contracts").join(name);
    if path.is_dir() {
        let same = fs::canonicalize(path)?;
        // A folder that already lies there, or holds the environment, is left where it is.
        if fs::canonicalize(environment)
            .is_ok_and(|environment| same.starts_with(&environment) || environment.starts_with(&same))
        {
            return Ok(());
        }
        return copy_folder(path, &target, 0);
    }
    if fs::canonicalize(path).ok() == fs::canonicalize(&target).ok() && target.exists() {
        return Ok(());
    }
    fs::create_dir_all(environment.join("contracts"))?;
    fs::copy(path, target).map(|_| ())
}

fn copy_folder(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    const DEPTH_MAX: usize = 32;
    if depth > DEPTH_MAX {
        return Err(io::Error::other(format!("folders nested deeper than {DEPTH_MAX}")));
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy_folder(&entry.path(), &target, depth + 1)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
