//! Samples of every contract there is.

use std::sync::Arc;

use anslut::contracts::builtin;
use anslut::contracts::contract::{Contract, Direction, State};
use anslut::contracts::import::Importer;
use anslut::contracts::sample::{SampleError, Variant, Wanted, sample};

use super::corpus::corpus;

fn check(contracts: Vec<Contract>) -> usize {
    let mut failed = Vec::new();
    let mut made = 0;
    for contract in contracts.into_iter().map(Arc::new).filter(|contract| contract.state != State::Broken) {
        for direction in [Direction::Request, Direction::Response] {
            for variant in [Variant::Min, Variant::Typical, Variant::Max, Variant::Cover] {
                match sample(&contract, &Wanted { direction, variant, ..Wanted::default() }) {
                    Ok(messages) => made += messages.len(),
                    Err(SampleError::NoMessage(_)) => {}
                    Err(error) => failed.push(format!("{} {direction:?} {variant:?}: {error}", contract.namespace)),
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
    made
}

#[test]
fn every_shipped_contract_has_samples_of_every_kind() {
    let made = check(builtin::contracts(&mut Importer::default()).0);
    assert!(made > 300, "{made} samples");
}

#[test]
fn every_published_contract_has_samples_of_every_kind() {
    let Some(folder) = corpus() else { return };
    let made = check(Importer::default().import_path(&folder.join("contracts")).into_contracts());
    assert!(made > 700, "{made} samples");
}
