//! The contracts that ship, beside the published ones they stand for (`contracts.md` §7.4).

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

use anslut::config::contracts::ImportLimits;
use anslut::contracts::builtin;
use anslut::contracts::import::Importer;
use anslut::contracts::registry::Registry;
use anslut::contracts::validate::{Options, Target, validate};

use super::corpus::{Table, corpus};

fn built_in() -> Arc<Registry> {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    Arc::new(Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0)
}

#[test]
fn shipped_contracts_judge_messages_as_the_published_ones_do() {
    let (Some(folder), Some(table)) = (corpus(), Table::read("messages/verdicts.tsv")) else { return };
    let registry = built_in();
    let (mut compared, mut anchored, mut differing) = (0, 0, Vec::new());
    for row in table.rows().filter(|row| row.get("agree") != "DISPUTED") {
        let (namespace, local) = row.get("payload_element").trim_start_matches('{').split_once('}').unwrap_or_default();
        if registry.by_element(namespace, local).is_none() {
            continue;
        }
        compared += 1;
        let message = fs::read(folder.join("messages").join(row.get("file"))).unwrap();
        let report = validate(Target::Registry(registry.clone()), Options::default(), &message);
        if report.valid == (row.get("consensus") == "valid") {
            continue;
        }
        // The deviation of §7.3: the published pattern has literal anchors, ours has none.
        let published = fs::read_to_string(folder.join("messages").join(row.get("file"))).unwrap();
        let by_anchors = row.get("message").contains("^[0-9]") || published.contains('^');
        if by_anchors {
            anchored += 1;
            continue;
        }
        let first = report.errors.first().map(|error| format!("{} {} {}", error.path, error.code, error.en));
        differing.push(format!(
            "{}: {} ({}), here {first:?}",
            row.get("file"),
            row.get("consensus"),
            row.get("message")
        ));
    }
    eprintln!("{compared} compared, {anchored} differ by literal anchors");
    assert!(differing.is_empty(), "{} of {compared}\n{}", differing.len(), differing.join("\n"));
    assert!(compared > 1_000, "{compared} messages compared");
}
