//! `contracts diff`: two contracts by name and minor, or what two places hold of one contract.

use std::path::PathBuf;

use super::{Output, Sources};
use crate::contracts::diff::{Comparison, Effect, diff};

/// One side of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Namespace, `GetDiagnosis:2` or `GetDiagnosis`.
    pub contract: String,
    /// Minor version, instead of the active one.
    pub minor: Option<u32>,
    /// A zip or folder to take it from, instead of what the command has otherwise.
    pub from: Option<PathBuf>,
}

/// Compares two contracts. Exit code 1 if a major change came without a new major version.
pub fn run(sources: &Sources, before: &Side, after: &Side, json: bool) -> Output {
    let load = |side: &Side| {
        let own = Sources { contracts: side.from.iter().cloned().collect(), ..Sources::default() };
        let loaded = if side.from.is_some() { own.load() } else { sources.load() };
        loaded.registry.select(&side.contract, side.minor).map_err(|error| error.to_string())
    };
    let (before, after) = match (load(before), load(after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => return Output::failed(2, &error),
    };
    for contract in [&before, &after] {
        if let Some(error) = contract.first_error() {
            return Output::failed(1, &format!("the contract is broken: {error}"));
        }
    }
    let comparison = diff(&before, &after);
    let mut output = Output { code: u8::from(comparison.breaks_version_rule), ..Output::default() };
    if json {
        output.line(&serde_json::to_string(&comparison).unwrap_or_default());
    } else {
        text(&comparison, &mut output);
    }
    output
}

fn text(comparison: &Comparison, output: &mut Output) {
    output.line(&format!("{} → {}", comparison.before, comparison.after));
    for change in &comparison.changes {
        let said = |effect| match effect {
            Effect::Note => "note",
            Effect::Ok => "ok",
            Effect::Risk => "risk",
            Effect::Breaks => "breaks",
        };
        let direction = serde_json::to_value(change.direction).ok().and_then(|value| value.as_str().map(str::to_owned));
        let direction = direction.unwrap_or_default();
        output.line(&format!("{direction} {}: {}", change.path, change.what));
        output.line(&format!("    {} → {}", change.before, change.after));
        let (old_to_new, new_to_old) = (said(change.old_to_new), said(change.new_to_old));
        output.line(&format!(
            "    old sender, new receiver: {old_to_new}; new sender, old receiver: {new_to_old} ({})",
            change.why
        ));
    }
    let verdict = serde_json::to_value(comparison.verdict).ok().and_then(|value| value.as_str().map(str::to_owned));
    output.line(&format!("verdict: {}", verdict.unwrap_or_default()));
    if comparison.breaks_version_rule {
        output.line("breaks the version rule: the namespace's major is unchanged");
    }
}
