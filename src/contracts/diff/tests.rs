use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::contracts::builtin;
use crate::contracts::import::Importer;
use crate::contracts::package::{Kind, Package};

/// A shipped contract with a change made to its files.
fn changed(domain: &str, operation: &str, change: &dyn Fn(&str, String) -> String) -> Contract {
    let built_in = builtin::package();
    let files: BTreeMap<String, Arc<[u8]>> = built_in
        .names()
        .filter(|name| name.starts_with(domain))
        .map(|name| {
            let text = String::from_utf8(built_in.bytes(name).unwrap().to_vec()).unwrap();
            (name.to_owned(), Arc::from(change(name, text).into_bytes()))
        })
        .collect();
    let import = Importer::default().import(&Package::new("changed", Kind::Folder, files), Vec::new());
    import.into_contracts().into_iter().find(|contract| contract.operation == operation).unwrap()
}

fn check(old: &str, new: &str) -> Comparison {
    let domain = "clinicalprocess_healthcond_description";
    let before = changed(domain, "GetDiagnosis", &|_, text| text);
    let after = changed(domain, "GetDiagnosis", &|_, text| text.replace(old, new));
    let comparison = diff(&before, &after);
    assert!(comparison.changes.iter().all(|change| change.path.starts_with("/GetDiagnosis")));
    comparison
}

#[test]
fn annotations_are_documentation() {
    let comparison = check("</xs:schema>", "<!-- a remark --></xs:schema>");
    assert_eq!((comparison.verdict, comparison.changes.len()), (Verdict::Documentation, 0));
}

#[test]
fn an_optional_element_in_the_own_namespace_breaks_old_receivers() {
    let chronic = "<xs:element name=\"chronicDiagnosis\" type=\"xs:boolean\" minOccurs=\"0\"/>";
    let comparison =
        check(chronic, &format!("{chronic}<xs:element name=\"grade\" type=\"xs:string\" minOccurs=\"0\"/>"));
    assert_eq!(comparison.verdict, Verdict::Major);
    let change = &comparison.changes[0];
    assert_eq!(
        (change.what.as_str(), change.old_to_new, change.new_to_old),
        ("optional element added", Effect::Ok, Effect::Breaks)
    );
    assert!(comparison.breaks_version_rule);
}

#[test]
fn an_enumeration_value_added_breaks_the_response_only() {
    let comparison = check(
        "<xs:enumeration value=\"Bidiagnos\"/>",
        "<xs:enumeration value=\"Bidiagnos\"/><xs:enumeration value=\"Annan\"/>",
    );
    assert_eq!(comparison.verdict, Verdict::Major);
    assert!(
        comparison
            .changes
            .iter()
            .all(|change| change.what == "enumeration value added" && change.old_to_new == Effect::Ok)
    );
}

#[test]
fn lowering_a_minimum_is_fine_for_requests() {
    let comparison = check(
        "<xs:element name=\"sourceSystemHSAId\" type=\"hd:HSAIdType\" minOccurs=\"0\"/>",
        "<xs:element name=\"sourceSystemHSAId\" type=\"hd:HSAIdType\"/>",
    );
    let change = comparison.changes.iter().find(|change| change.direction == Direction::Request).unwrap();
    assert_eq!(
        (change.what.as_str(), change.old_to_new, change.new_to_old),
        ("minimum raised", Effect::Breaks, Effect::Ok)
    );
}

/// `contracts.md` §6.1: crm:scheduling 1.1 made `subject_of_care` mandatory by way of an extension namespace.
#[test]
fn a_mandatory_extension_element_is_major() {
    let reference = "<xs:element ref=\"scS:subject_of_care\"/>";
    let before = changed("crm_scheduling", "GetAvailableTimeslots", &|_, text| text.replace(reference, ""));
    let after = changed("crm_scheduling", "GetAvailableTimeslots", &|_, text| text);
    let comparison = diff(&before, &after);
    assert_eq!(comparison.verdict, Verdict::Major);
    assert!(
        comparison
            .changes
            .iter()
            .any(|change| change.path.ends_with("/subject_of_care") && change.old_to_new == Effect::Breaks)
    );
}
