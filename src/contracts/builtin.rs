//! The contracts that come with the program, so that it is useful before anything is imported (`contracts.md` §7).
//!
//! They lie in `contracts/` in the published layout, written by us from facts about the published ones, and are compiled
//! in. File names are those of the published files: where a release raised nothing but its core schema, as 3.1 of
//! `clinicalprocess:healthcond:actoutcome` did, its contracts kept 3.0 (`contracts.md` §1.4, `contract-tables.md` T6). One deviation is deliberate: patterns of identity numbers that were published with `^` and `$`, which no real
//! number matches, are written without them (§7.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_embed::RustEmbed;

use super::contract::Contract;
use super::diagnostic::Diagnostic;
use super::import::Importer;
use super::package::{Kind, Package};

#[derive(RustEmbed)]
#[folder = "contracts/"]
struct Files;

/// The files, as a package like any other.
pub fn package() -> Package {
    let mut files = BTreeMap::new();
    for name in Files::iter().filter(|name| name.ends_with(".wsdl") || name.ends_with(".xsd")) {
        if let Some(file) = Files::get(&name) {
            files.insert(name.to_string(), Arc::from(file.data.as_ref()));
        }
    }
    Package::new("built-in", Kind::BuiltIn, files)
}

/// The contracts, each compiled on first use. They are part of the program: an error among them is a fault of the program.
pub fn contracts(importer: &mut Importer) -> (Vec<Contract>, Vec<Diagnostic>) {
    importer.promise(&Arc::new(package()))
}

/// Types of the contracts that ship whose published pattern has `^` and `$`, by namespace and name (`contracts.md` §7.3).
const WITHOUT_ANCHORS: [(&str, &str); 2] = [
    ("urn:riv:infrastructure:eservicesupply:patientportal:1", "SubjectOfCareIdType"),
    ("urn:riv:crm:scheduling:1", "SubjectOfCareIdType"),
];

/// What in a contract that ships is not as it was published, in words.
pub fn deviations(contract: &Contract) -> Vec<String> {
    if !contract.sources.iter().all(|source| source.kind == Kind::BuiltIn) {
        return Vec::new();
    }
    let schema = contract.schema();
    let reached = WITHOUT_ANCHORS
        .iter()
        .filter(|(namespace, name)| schema.global_types.contains_key(&schema.names.symbol(namespace, name)));
    let told = reached.map(|(_, name)| {
        format!(
            "the pattern of {name} was published with ^ and $, which are literals in a schema: no identity number matches it; \
             here it is written without them"
        )
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::contract::State;
    use crate::contracts::diagnostic::Code;

    #[test]
    fn every_contract_that_ships_compiles() {
        let import = Importer::default().import(&package(), Vec::new());
        let mut diagnostics = import.diagnostics.clone();
        diagnostics.extend(import.descriptions.iter().flat_map(|description| description.diagnostics.clone()));
        let contracts = import.into_contracts();
        // Two were published with a soapAction of another name; nothing else is worth a remark.
        let remarks: Vec<_> =
            diagnostics.iter().filter(|one| one.code != Code::SoapAction).map(ToString::to_string).collect();
        assert_eq!(remarks, Vec::<String>::new());
        assert!(contracts.iter().all(|contract| contract.state != State::Broken));
        assert_eq!(contracts.len(), 45);
    }

    #[test]
    fn what_is_not_as_published_is_said_of_those_it_concerns() {
        let contracts = contracts(&mut Importer::default()).0;
        let told: Vec<_> = contracts.iter().filter(|contract| !deviations(contract).is_empty()).collect();
        let domains: std::collections::BTreeSet<_> = told.iter().map(|contract| contract.domain.as_str()).collect();
        assert_eq!(domains, ["crm:scheduling", "infrastructure:eservicesupply:patientportal"].into());
        assert!(deviations(told[0])[0].contains("SubjectOfCareIdType"), "{:?}", deviations(told[0]));
        let own = package();
        let files = own.names().map(|name| (name.to_owned(), Arc::clone(own.bytes(name).unwrap()))).collect();
        let brought = Importer::default().import(&Package::new("brought", Kind::Folder, files), Vec::new());
        assert!(brought.into_contracts().iter().all(|contract| deviations(contract).is_empty()), "theirs is as it is");
    }

    #[test]
    fn a_contract_that_is_compiled_later_is_the_same_contract() {
        let now = Importer::default().import(&package(), Vec::new()).into_contracts();
        let later = contracts(&mut Importer::default()).0;
        let facts = |contract: &Contract| {
            let files: Vec<_> = contract.closure().files.iter().map(|(name, _)| name.clone()).collect();
            (contract.hub_path.clone(), contract.state, contract.schema().hash, files, contract.diagnostics.clone())
        };
        let both = [now, later].map(|contracts| contracts.iter().map(facts).collect::<Vec<_>>());
        assert_eq!(both[0], both[1]);
    }
}
