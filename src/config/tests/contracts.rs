//! The settings of service contracts: the table's defaults, and that each key sets what it is named for.

use super::Case;
use crate::config::contracts::{ContractSettings, DescribedBy, Validate};
use crate::config::table;

#[test]
fn the_tables_defaults_are_the_contracts_own() {
    let case = Case::new("");
    let described = DescribedBy {
        table: Some(case.folder.path().join("wsdlconfig.json")),
        root: case.folder.path().join(""),
        ..DescribedBy::default()
    };
    assert_eq!(case.settings().contracts, ContractSettings { described, ..ContractSettings::default() });
}

#[test]
fn every_key_changes_the_field_it_is_named_for() {
    let own = |key: &str| key.starts_with("contracts.") || key.starts_with("xml.limits.");
    let mut seen = 0;
    let is_plain = |key: &str| own(key) && key != "contracts.validate";
    for setting in table::all().filter(|setting| is_plain(setting.key) && !setting.is_family()) {
        let field = setting.key.rsplit('.').next().unwrap();
        let value = match setting.default {
            Some("true") => "false",
            Some("false") => "true",
            _ => "7",
        };
        let shown = |case: Case| {
            let described = DescribedBy::default();
            format!("{:#?}", ContractSettings { described, ..case.settings().contracts })
        };
        let default = shown(Case::new(""));
        let set = shown(Case::new("").set(&format!("{}={value}", setting.key)));
        let changed: Vec<_> = set.lines().zip(default.lines()).filter(|(one, other)| one != other).collect();
        assert_eq!(changed.len(), 1, "{}: {changed:?}", setting.key);
        assert_eq!(changed[0].0.trim(), format!("{field}: {value},"), "{}", setting.key);
        seen += 1;
    }
    assert_eq!(seen, 26);
}

#[test]
fn a_version_is_pinned_by_its_contract_and_unknown_limits_are_told() {
    let case = Case::new("[contracts.pin]\n\"urn:riv:a:GetBResponder:2\" = \"2.0\"\n");
    assert_eq!(case.settings().contracts.pins["urn:riv:a:GetBResponder:2"], "2.0");
    let case = Case::new("[contracts.limits]\nentry_byte_max = 7\n");
    assert_eq!(case.problems().len(), 1, "{:?}", case.problems());
}

#[test]
fn validation_is_set_in_general_by_contract_and_by_producer() {
    let case = Case::new(
        "[contracts]\nvalidate = \"log\"\n[contracts.validate_contract]\n\"urn:a:1\" = \"fault\"\n\
         [contracts.validate_producer]\n\"http://p:80\" = \"off\"\n\"http://p:80/strict\" = \"FAULT\"\n",
    );
    assert_eq!(case.problems().len(), 0, "{:?}", case.problems());
    let validate = case.settings().contracts.validate;
    for (contract, address, expected) in [
        ("urn:b:1", "http://q/x", Validate::Log),
        ("urn:a:1", "http://q/x", Validate::Fault),
        ("urn:a:1", "http://p:80/x", Validate::Off),
        ("urn:a:1", "http://p:80", Validate::Off),
        ("urn:b:1", "http://p:8080/x", Validate::Log),
        ("urn:b:1", "http://p:80/strict", Validate::Fault),
        ("urn:b:1", "http://p:80/strict/x?y", Validate::Fault),
        ("urn:b:1", "http://p:80/stricter", Validate::Off),
    ] {
        assert_eq!(validate.of(contract, address), expected, "{contract} at {address}");
    }
    assert!(!validate.is_off() && Case::new("").settings().contracts.validate.is_off());
    for wrong in ["validate = \"on\"", "[contracts.validate_producer]\n\"http://p\" = \"maybe\""] {
        let case = Case::new(&format!("[contracts]\n{wrong}\n"));
        assert_eq!(case.problems().len(), 1, "{wrong}: {:?}", case.problems());
    }
}
