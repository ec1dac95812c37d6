//! Published and made messages, beside what three validators say of them.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

use anslut::config::contracts::{ContractSettings, ImportLimits};
use anslut::contracts::command::Sources;
use anslut::contracts::command::validate::{Arguments, run};
use anslut::contracts::import::Importer;
use anslut::contracts::registry::Registry;
use anslut::contracts::validate::{Options, Report, Target, Validation, validate};

use super::corpus::{Table, corpus};

/// A registry for each description of the corpus, by the description's path below `contracts/`.
pub(crate) fn registries() -> Option<HashMap<String, Arc<Registry>>> {
    registries_read(&ContractSettings::default())
}

/// The same, read as the settings want it.
pub(crate) fn registries_read(settings: &ContractSettings) -> Option<HashMap<String, Arc<Registry>>> {
    let root = corpus()?.join("contracts");
    let import = Importer::with(settings).import_path(&root);
    let prefix = format!("{}/", root.display());
    let registries = import.descriptions.into_iter().map(|one| {
        let (registry, _) = Registry::new(one.contracts, &HashMap::new(), &ImportLimits::default());
        (one.path.strip_prefix(&prefix).expect("paths start with the root").to_owned(), Arc::new(registry))
    });
    Some(registries.collect())
}

fn in_pieces(target: Target, message: &[u8], size: usize) -> Report {
    let mut validation = Validation::new(target, Options::default());
    message.chunks(size).for_each(|piece| validation.feed(piece));
    validation.finish()
}

#[test]
fn verdicts_are_those_of_the_majority() {
    let (Some(folder), Some(table), Some(registries)) = (corpus(), Table::read("messages/verdicts.tsv"), registries())
    else {
        return;
    };
    let (mut differing, mut compared) = (Vec::new(), 0);
    for row in table.rows().filter(|row| row.get("agree") != "DISPUTED") {
        let message = fs::read(folder.join("messages").join(row.get("file"))).unwrap();
        let target = Target::Registry(registries[row.get("wsdl")].clone());
        let report = validate(target, Options::default(), &message);
        compared += 1;
        if report.valid != (row.get("consensus") == "valid") {
            let first = report
                .errors
                .first()
                .map(|error| format!("{}:{} {} {}", error.line, error.column, error.code, error.en));
            differing.push(format!(
                "{}: {} elsewhere ({}), here {first:?}",
                row.get("file"),
                row.get("consensus"),
                row.get("message")
            ));
        }
    }
    assert!(differing.is_empty(), "{} of {compared}\n{}", differing.len(), differing.join("\n"));
    assert!(compared > 1_800, "{compared} messages compared");
}

#[test]
fn a_message_in_pieces_gives_the_same_findings() {
    let (Some(folder), Some(table), Some(registries)) = (corpus(), Table::read("messages/verdicts.tsv"), registries())
    else {
        return;
    };
    for row in table.rows() {
        let message = fs::read(folder.join("messages").join(row.get("file"))).unwrap();
        let target = Target::Registry(registries[row.get("wsdl")].clone());
        let whole = validate(target.clone(), Options::default(), &message);
        for size in [1, 7, 64] {
            let pieces = in_pieces(target.clone(), &message, size);
            let shown = |report: &Report| serde_json::to_string(&report.errors).unwrap();
            assert_eq!(shown(&whole), shown(&pieces), "{} in pieces of {size}", row.get("file"));
        }
    }
}

/// The command, told nothing but the description's file, finds what the description refers to.
#[test]
fn the_command_judges_by_a_single_description() {
    let (Some(folder), Some(table)) = (corpus(), Table::read("messages/verdicts.tsv")) else { return };
    let mut seen = std::collections::HashSet::new();
    for row in table.rows().filter(|row| row.get("agree") == "yes" && seen.insert(row.get("wsdl").to_owned())) {
        let sources = Sources { wsdl: Some(folder.join("contracts").join(row.get("wsdl"))), ..Sources::default() };
        let files = vec![folder.join("messages").join(row.get("file"))];
        let output = run(&Arguments { sources, files, json: true, ..Arguments::default() });
        let line: serde_json::Value = serde_json::from_str(output.out.trim()).unwrap();
        assert_eq!(line["valid"].as_bool(), Some(row.get("consensus") == "valid"), "{}: {line}", row.get("file"));
        assert_eq!(output.code, u8::from(row.get("consensus") != "valid"), "{}", output.err);
    }
    assert!(seen.len() > 80);
}
