//! The contracts that ship, beside the published ones they stand for (`contracts.md` §7.4).

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

use anslut::config::contracts::{ContractSettings, ImportLimits};
use anslut::contracts::builtin;
use anslut::contracts::import::Importer;
use anslut::contracts::registry::Registry;
use anslut::contracts::validate::{Options, Target, validate};

use super::corpus::{Table, corpus};
use super::messages::registries_read;

fn built_in() -> Arc<Registry> {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    Arc::new(Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0)
}

/// §7.3 and §7.4: the verdicts differ where the published file has a pattern with `^` and `$`, which are literals in a
/// schema, and ours has it without. That this is the whole difference is seen from the published file itself: read with
/// anchors as anchors (`contracts.literal_anchors = false`), it judges each of those messages as ours does.
#[test]
fn shipped_contracts_judge_messages_as_the_published_ones_do() {
    let (Some(folder), Some(table)) = (corpus(), Table::read("messages/verdicts.tsv")) else { return };
    let settings = ContractSettings { literal_anchors: false, ..ContractSettings::default() };
    let published = registries_read(&settings).expect("the corpus is there");
    let shipped = built_in();
    let (mut compared, mut by_anchors, mut differing) = (0, 0, Vec::new());
    for row in table.rows().filter(|row| row.get("agree") != "DISPUTED") {
        let (namespace, local) = row.get("payload_element").trim_start_matches('{').split_once('}').unwrap_or_default();
        if shipped.by_element(namespace, local).is_none() {
            continue;
        }
        compared += 1;
        let message = fs::read(folder.join("messages").join(row.get("file"))).unwrap();
        let judge =
            |registry: &Arc<Registry>| validate(Target::Registry(registry.clone()), Options::default(), &message);
        let ours = judge(&shipped);
        if ours.valid == (row.get("consensus") == "valid") {
            continue;
        }
        if judge(&published[row.get("wsdl")]).valid == ours.valid {
            by_anchors += 1;
            continue;
        }
        let first = ours.errors.first().map(|error| format!("{} {} {}", error.path, error.code, error.en));
        differing.push(format!(
            "{}: {} ({}), here {first:?}",
            row.get("file"),
            row.get("consensus"),
            row.get("message")
        ));
    }
    eprintln!("{compared} compared, {by_anchors} differ by literal anchors alone");
    assert!(differing.is_empty(), "{} of {compared}\n{}", differing.len(), differing.join("\n"));
    assert!(compared > 1_000, "{compared} messages compared");
    assert!(by_anchors > 0, "the one deliberate deviation is not seen");
}
