//! The contracts that come with the program, so that it is useful before anything is imported (`contracts.md` §7).
//!
//! They lie in `contracts/` in the published layout, written by us from facts about the published ones, and are compiled
//! in. One deviation is deliberate: patterns of identity numbers that were published with `^` and `$`, which no real
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

/// The contracts, compiled. They are part of the program: an error among them is a fault of the program.
pub fn contracts(importer: &mut Importer) -> (Vec<Contract>, Vec<Diagnostic>) {
    let import = importer.import(&package(), Vec::new());
    let mut diagnostics: Vec<Diagnostic> =
        import.descriptions.iter().flat_map(|description| description.diagnostics.clone()).collect();
    diagnostics.extend(import.diagnostics.clone());
    (import.into_contracts(), diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::contract::State;
    use crate::contracts::diagnostic::Code;

    #[test]
    fn every_contract_that_ships_compiles() {
        let (contracts, diagnostics) = contracts(&mut Importer::default());
        // Two were published with a soapAction of another name; nothing else is worth a remark.
        let remarks: Vec<_> =
            diagnostics.iter().filter(|one| one.code != Code::SoapAction).map(ToString::to_string).collect();
        assert_eq!(remarks, Vec::<String>::new());
        assert!(contracts.iter().all(|contract| contract.state != State::Broken));
        assert_eq!(contracts.len(), 45);
    }
}
