//! What is there of a contract's package (*RIV-TA-paket*).

use crate::connection::platforms::PackageParts;
use crate::contracts::contract::State;
use crate::contracts::library::Library;
use crate::contracts::package::Kind;

/// The parts of a contract's package, of all places that hold the contract. What ships with the program are descriptions and
/// schemas of our own writing and no package: of a contract that is nowhere else, nothing can be said.
pub(super) fn of(contracts: &Library, contract: &str) -> Option<PackageParts> {
    let contract = contracts.registry().select(contract, None).ok()?;
    let is_whole = contract.state != State::Broken;
    let packages: Vec<_> = contract.sources.iter().filter(|source| source.kind != Kind::BuiltIn).collect();
    if packages.is_empty() {
        return None;
    }
    Some(PackageParts {
        wsdl: is_whole,
        schemas: is_whole,
        test_cases: packages.iter().any(|source| source.has_test_cases),
        description: packages.iter().any(|source| source.has_description),
    })
}
