//! `contracts validate`: messages in files against a description, a folder of contracts, or all that are known.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::{Output, Sources};
use crate::config::contracts::MessageLimits;
use crate::contracts::contract::State;
use crate::contracts::registry::Registry;
use crate::contracts::validate::finding::Finding;
use crate::contracts::validate::{Options, Report, Target, Validation};
use crate::domain::clock::Clock;

/// What is asked of the command.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// What the messages are held against.
    pub sources: Sources,
    /// One contract, instead of whichever the message belongs to.
    pub contract: Option<String>,
    /// Its minor version, instead of the active one.
    pub minor: Option<u32>,
    /// The messages.
    pub files: Vec<PathBuf>,
    /// One JSON line for each message.
    pub json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    file: String,
    #[serde(flatten)]
    report: &'a Report,
    micros: u64,
}

/// What is said of a message that could not be judged at all.
#[derive(Serialize)]
struct Unjudged {
    file: String,
    valid: bool,
    errors: Vec<UnjudgedError>,
}

#[derive(Serialize)]
struct UnjudgedError {
    line: u32,
    column: u32,
    path: String,
    rule: String,
    message: String,
}

/// How much of a file is read at a time, in bytes.
const READ_BYTES: usize = 256 << 10;

/// Validates the files.
pub fn run(arguments: &Arguments) -> Output {
    let mut output = Output::default();
    let loaded = arguments.sources.load();
    for diagnostic in loaded.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
        output.err.push_str(&format!("{diagnostic}\n"));
    }
    let broken = loaded.diagnostics.iter().find(|diagnostic| diagnostic.is_error());
    let is_single = arguments.sources.wsdl.is_some();
    if let Some(first) = broken.filter(|_| is_single || loaded.registry.active().is_empty()) {
        for file in &arguments.files {
            let error = UnjudgedError {
                line: first.line,
                column: first.column,
                path: first.path.clone(),
                rule: first.code.as_str().to_owned(),
                message: format!("the contract is broken: {}", first.message),
            };
            unjudged(&mut output, arguments.json, file, error);
        }
        output.code = 1;
        return output;
    }
    let target = match target(arguments, &loaded.registry) {
        Ok(target) => target,
        Err(message) => return Output::failed(2, &message),
    };
    for file in &arguments.files {
        match read(file, target.clone(), &arguments.sources.settings.message) {
            Ok((report, micros)) => print(&mut output, arguments.json, file, &report, micros),
            Err(error) => output.fail(3, &format!("{}: cannot be read: {error}", file.display())),
        }
    }
    output
}

fn target(arguments: &Arguments, registry: &Arc<Registry>) -> Result<Target, String> {
    let Some(name) = &arguments.contract else { return Ok(Target::Registry(registry.clone())) };
    let contract = registry.select(name, arguments.minor).map_err(|error| error.to_string())?;
    match contract.state {
        State::Broken => Err(contract.first_error().map(ToString::to_string).unwrap_or_default()),
        _ => Ok(Target::Contract(contract, None)),
    }
}

fn read(path: &Path, target: Target, limits: &MessageLimits) -> std::io::Result<(Report, u64)> {
    let mut file = File::open(path)?;
    let start = Clock::instant();
    let mut validation = Validation::new(target, Options { limits: limits.clone(), ..Options::default() });
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 || validation.is_stopped() {
            break;
        }
        validation.feed(&buffer[..length]);
    }
    let report = validation.finish();
    Ok((report, u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)))
}

fn print(output: &mut Output, json: bool, file: &Path, report: &Report, micros: u64) {
    let shown = file.display().to_string();
    if !report.valid {
        output.code = output.code.max(1);
    }
    if json {
        let line = serde_json::to_string(&Line { file: shown, report, micros });
        return output.line(&line.unwrap_or_default());
    }
    if let Some(reason) = &report.unusable {
        output.line(&format!("{shown}: the contract is broken: {reason}"));
    }
    for finding in report.errors.iter().chain(&report.warnings) {
        text(output, &shown, finding);
    }
    if report.truncated {
        output.line(&format!("{shown}: stopped after {} errors", report.error_count));
    }
    if report.valid {
        let contract = report.contract.as_deref().unwrap_or("a fault");
        output.line(&format!("{shown}: valid ({contract})"));
    }
}

fn text(output: &mut Output, file: &str, finding: &Finding) {
    let Finding { line, column, code, en, path, .. } = finding;
    let severity = if finding.warning { "warning " } else { "" };
    output.line(&format!("{file}:{line}:{column}: {severity}{code} {en}"));
    output.line(&format!("    at {path}"));
    if let Some(fix) = &finding.fix {
        output.line(&format!("    {fix}"));
    }
    if let Some(declared_at) = &finding.declared_at {
        output.line(&format!("    declared at {declared_at}"));
    }
}

fn unjudged(output: &mut Output, json: bool, file: &Path, error: UnjudgedError) {
    let file = file.display().to_string();
    if json {
        let line = serde_json::to_string(&Unjudged { file, valid: false, errors: vec![error] });
        return output.line(&line.unwrap_or_default());
    }
    output.line(&format!("{file}: {}:{}: {}", error.path, error.line, error.message));
}
