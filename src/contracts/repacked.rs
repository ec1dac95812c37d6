//! A contract's files packed for somebody else, laid out as they were published (`contracts.md` §1.4, §2.8): byte for byte the
//! files that were imported, so that an importer makes the same contract of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::contract::Contract;
use crate::store::zip;

/// Folders that a published layout begins with, in lower case.
const LAYOUT: [&str; 3] = ["schemas", "interactions", "core_components"];

/// A contract's zip.
#[derive(Clone, Debug)]
pub struct Repacked {
    /// What a file of it is called, such as `ServiceContracts_crm_scheduling_1.1.zip`.
    pub file_name: String,
    /// The zip.
    pub bytes: Vec<u8>,
}

/// Packs what a contract reaches, and what the same contract reaches in its other profiles. Those that came with other files
/// of the same names are left out: together they would be neither contract.
pub fn repacked<'c>(
    contract: &'c Contract,
    others: impl IntoIterator<Item = &'c Arc<Contract>>,
) -> Result<Repacked, String> {
    let mut files: BTreeMap<&str, &[u8]> = entries(contract).collect();
    for other in others {
        if entries(other).all(|(name, bytes)| files.get(name).is_none_or(|known| *known == bytes)) {
            files.extend(entries(other));
        }
    }
    let root = root_of(files.keys().copied());
    let packed: Vec<_> = files.iter().map(|(name, bytes)| (&name[root..], bytes)).collect();
    Ok(Repacked { file_name: file_name(contract), bytes: zip::write(&packed)? })
}

fn entries(contract: &Contract) -> impl Iterator<Item = (&str, &[u8])> {
    let closure = contract.closure();
    std::iter::once(&closure.wsdl).chain(&closure.files).map(|(name, bytes)| (name.as_str(), &**bytes))
}

/// How many bytes of every name lead to the folder the layout begins in.
fn root_of<'n>(mut names: impl Iterator<Item = &'n str>) -> usize {
    let folder_of = |name: &'n str| name.rfind('/').map_or("", |at| &name[..=at]);
    let first = names.next().map_or("", folder_of);
    let shared = names.fold(first, |shared, name| {
        let folder = folder_of(name);
        let same = shared.split_inclusive('/').zip(folder.split_inclusive('/')).take_while(|(one, other)| one == other);
        &shared[..same.map(|(part, _)| part.len()).sum()]
    });
    let mut length = 0;
    for part in shared.split_inclusive('/') {
        if LAYOUT.contains(&part.trim_end_matches('/').to_lowercase().as_str()) {
            break;
        }
        length += part.len();
    }
    length
}

/// What a release of a contract's domain is called.
pub fn file_name(contract: &Contract) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    let domain: String = contract.domain.chars().map(plain).collect();
    format!("ServiceContracts_{domain}_{}.zip", contract.version)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::config::contracts::ImportLimits;
    use crate::contracts::builtin;
    use crate::contracts::import::Importer;
    use crate::contracts::package::Package;
    use crate::contracts::registry::Registry;

    #[test]
    fn the_layout_begins_where_its_first_folder_does() {
        for (names, root) in [
            (&["a/schemas/interactions/X/x.wsdl", "a/schemas/core_components/c.xsd"][..], "a/"),
            (&["a/schemas/interactions/X/x.wsdl", "a/schemas/interactions/X/x.xsd"], "a/"),
            (&["TAG_1/interactions/X/x.wsdl", "TAG_1/core_components/c.xsd"], "TAG_1/"),
            (&["schemas/interactions/X/x.wsdl"], ""),
            (&["a/tjanstekontrakt/x.wsdl", "a/tjanstekontrakt/c.xsd"], "a/tjanstekontrakt/"),
            (&["a/schemas/x.wsdl", "ab/schemas/c.xsd"], ""),
            (&["x.wsdl"], ""),
        ] {
            assert_eq!(root_of(names.iter().copied()), root.len(), "{names:?}");
        }
    }

    #[test]
    fn what_is_packed_imports_as_the_same_contract() {
        let limits = ImportLimits::default();
        let (registry, _) = Registry::new(builtin::contracts(&mut Importer::default()).0, &HashMap::new(), &limits);
        for contract in registry.active() {
            let packed = repacked(contract, registry.profiles(contract)).unwrap();
            let (package, notes) = Package::read_zip(&packed.file_name, &packed.bytes, &limits).unwrap();
            let names: Vec<_> = package.names().collect();
            assert!(notes.is_empty() && names.iter().all(|name| name.starts_with("schemas/")), "{names:?}");
            let import = Importer::default().import(&package, notes);
            assert!(import.is_usable() && import.diagnostics.is_empty(), "{:?}", import.diagnostics);
            let (again, _) = Registry::new(import.into_contracts(), &HashMap::new(), &limits);
            let facts = |contract: &Arc<Contract>| {
                let Contract { namespace, operation, version, profile, soap_action, .. } = &**contract;
                (namespace.clone(), operation.clone(), *version, *profile, soap_action.clone(), contract.schema().hash)
            };
            // A description of several operations brings them all.
            let again: Vec<_> = again.active().into_iter().map(facts).collect();
            for one in registry.profiles(contract).map(facts) {
                assert!(again.contains(&one), "{one:?} is not among {again:?}");
            }
        }
    }
}
