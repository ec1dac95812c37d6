use std::collections::BTreeMap;

use super::*;
use crate::contracts::builtin;
use crate::contracts::import::Importer;
use crate::contracts::package::Package;

/// The booking contracts as another place holds them, in a minor version and with a remark of its own.
fn brought(path: &str, minor: &str, remark: &str) -> Vec<Contract> {
    let built_in = builtin::package();
    let mut files: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    for name in built_in.names().filter(|name| name.starts_with("crm_scheduling/")) {
        let text = String::from_utf8(built_in.bytes(name).unwrap().to_vec()).unwrap();
        let text = text.replace("</xs:schema>", &format!("{remark}</xs:schema>"));
        let name = if name.ends_with(".wsdl") { name.replace("_1.1_", &format!("_{minor}_")) } else { name.to_owned() };
        files.insert(name, Arc::from(text.into_bytes()));
    }
    Importer::default().import(&Package::new(path, Kind::Folder, files), Vec::new()).into_contracts()
}

fn registry(contracts: Vec<Contract>, pins: &[(&str, &str)]) -> (Registry, Vec<Diagnostic>) {
    let pins = pins.iter().map(|(namespace, version)| ((*namespace).to_owned(), (*version).to_owned())).collect();
    Registry::new(contracts, &pins, &ImportLimits::default())
}

const MAKE: &str = "urn:riv:crm:scheduling:MakeBookingResponder:1";

#[test]
fn minors_stand_side_by_side_and_the_highest_is_active() {
    let all =
        || [brought("a", "1.0", "<!-- 1.0 -->"), brought("b", "1.2", "<!-- 1.2 -->")].into_iter().flatten().collect();
    let (both, _) = registry(all(), &[]);
    let make = both.select("MakeBooking", None).unwrap();
    assert_eq!((make.version.to_string(), both.versions(&make).len()), ("1.2".to_owned(), 2));
    assert_eq!(both.select("MakeBooking", Some(0)).unwrap().version.minor, 0);
    assert!(both.select("MakeBooking", Some(7)).is_err());
    let (pinned, _) = registry(all(), &[(MAKE, "1.0")]);
    assert_eq!(pinned.select(MAKE, None).unwrap().version.minor, 0);
}

#[test]
fn the_same_twice_is_one_with_two_sources() {
    let (both, _) = registry(brought("a", "1.1", "").into_iter().chain(brought("b", "1.1", "")).collect(), &[]);
    let make = both.select("MakeBooking", None).unwrap();
    assert_eq!((both.versions(&make).len(), make.sources.len()), (1, 2));
}

#[test]
fn what_is_brought_replaces_what_is_built_in() {
    let (built_in, _) = builtin::contracts(&mut Importer::default());
    let count = built_in.len();
    let (all, diagnostics) = registry(built_in.into_iter().chain(brought("a", "1.0", "<!-- own -->")).collect(), &[]);
    assert_eq!(all.active().len(), count);
    assert_eq!(all.select("MakeBooking", None).unwrap().version.minor, 0);
    assert!(diagnostics.iter().any(|one| one.code == Code::ReplacesBuiltIn && one.message.contains(MAKE)));
}

#[test]
fn names_are_chosen_in_any_case_and_never_guessed() {
    let (all, _) = registry(builtin::contracts(&mut Importer::default()).0, &[]);
    assert_eq!(all.select("getdiagnosis:2", None).unwrap().operation, "GetDiagnosis");
    assert_eq!(all.select(&MAKE.to_uppercase(), None).unwrap().namespace, MAKE);
    let error = all.select("GetCareContacts", None).unwrap_err().to_string();
    assert!(error.contains(":2") && error.contains(":3"), "{error}");
    assert_eq!(all.select("Get", None).unwrap_err().to_string(), "no contract is named \"Get\"; see contracts list");
}
