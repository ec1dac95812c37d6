use std::sync::Arc;

use super::*;
use crate::contracts::builtin;
use crate::contracts::package::Kind;

const MONITORING: &str = "itintegration_monitoring";
const PING: &str = "schemas/interactions/PingForConfigurationInteraction/PingForConfigurationResponder_1.0.xsd";

/// The shipped contracts of a domain, with files changed, added or (`None`) left out.
fn package(domain: &str, changes: &[(&str, Option<&str>)]) -> Package {
    let built_in = builtin::package();
    let mut files: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    for name in built_in.names() {
        if let Some(below) = name.strip_prefix(&format!("{domain}/")) {
            files.insert(below.to_owned(), built_in.bytes(name).unwrap().clone());
        }
    }
    for (name, contents) in changes {
        match contents {
            Some(contents) => drop(files.insert((*name).to_owned(), Arc::from(contents.as_bytes()))),
            None => drop(files.remove(*name)),
        }
    }
    Package::new("p", Kind::Folder, files)
}

fn text(domain: &str, name: &str) -> String {
    String::from_utf8(package(domain, &[]).bytes(name).unwrap().to_vec()).unwrap()
}

fn codes(import: &Import) -> Vec<&'static str> {
    let all = import.descriptions.iter().flat_map(|one| &one.diagnostics).chain(&import.diagnostics);
    let mut codes: Vec<_> = all.map(|one| one.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[track_caller]
fn check(changes: &[(&str, Option<&str>)], expected: &[&str]) -> Import {
    let import = Importer::default().import(&package(MONITORING, changes), Vec::new());
    assert_eq!(
        codes(&import),
        expected,
        "{:#?}",
        import.descriptions.iter().flat_map(|one| &one.diagnostics).map(ToString::to_string).collect::<Vec<_>>()
    );
    import
}

#[test]
fn what_is_sloppy_is_a_warning() {
    check(&[], &[]);
    let ping = text(MONITORING, PING);
    let with = |find: &str, put: &str| ping.replace(find, put);
    check(&[(PING, Some(&format!("\u{feff}{ping}")))], &["II01"]);
    check(&[(PING, Some(&with("\n", "\r\n")))], &["II01"]);
    check(&[(PING, Some(&with("\"##other\"", "\"#other\"")))], &["IW04"]);
    check(&[("notes/unused.xsd", Some("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"/>"))], &["II02"]);
    let import = "<xs:import namespace=\"urn:elsewhere\" schemaLocation=\"gone.xsd\"/>";
    check(
        &[(
            PING,
            Some(&with(
                "<xs:element name=\"PingForConfiguration\"",
                &format!("{import}<xs:element name=\"PingForConfiguration\""),
            )),
        )],
        &["IW02"],
    );
    let import = "<xs:import namespace=\"urn:elsewhere\" schemaLocation=\"http://example.org/x.xsd\"/>";
    check(
        &[(
            PING,
            Some(&with(
                "<xs:element name=\"PingForConfiguration\"",
                &format!("{import}<xs:element name=\"PingForConfiguration\""),
            )),
        )],
        &["IW10"],
    );
    let upper = check(
        &[(PING, Some(&with("itintegration_monitoring_1.0.xsd", "ITINTEGRATION_monitoring_1.0.xsd")))],
        &["IW09"],
    );
    assert!(upper.is_usable());
}

#[test]
fn what_is_wrong_is_an_error_of_the_contracts_that_reach_it() {
    let ping = text(MONITORING, PING);
    let with = |find: &str, put: &str| ping.replace(find, put);
    let core = "schemas/core_components/itintegration_monitoring_1.0.xsd";
    assert!(!check(&[(core, None)], &["IE03"]).is_usable());
    let start = ping.find("  <xs:import").unwrap();
    let end = start + ping[start..].find("/>").unwrap() + 2;
    let without_import = format!("{}{}", &ping[..start], &ping[end..]);
    let broken = check(&[(PING, Some(&without_import))], &["IE05", "II02"]);
    assert!(broken.descriptions[0].contracts.iter().all(|contract| contract.state == State::Broken));
    check(&[(PING, Some(&with("<xs:schema", "<!DOCTYPE x><xs:schema")))], &["IE18", "II02"]);
    check(&[(PING, Some(&with("</xs:schema>", "")))], &["IE01", "II02"]);
    let latin = ping.replace("UTF-8", "US-ASCII").replace("Written", "Skriven på");
    check(&[(PING, Some(&latin))], &["IE01", "II02"]);
    // The closure holds the namespace by way of the description, but the schema that uses it does not import it.
    let folder = "schemas/interactions/PingForConfigurationInteraction";
    let [one, other] =
        ["20", "21"].map(|profile| format!("{folder}/PingForConfigurationInteraction_1.0_RIVTABP{profile}.wsdl"));
    let reached = |name: &str| {
        let core = "<xs:import namespace=\"urn:riv:itintegration:monitoring:1\" schemaLocation=\"../../core_components/itintegration_monitoring_1.0.xsd\"/>";
        text(MONITORING, name).replacen("<xs:import", &format!("{core}<xs:import"), 1)
    };
    let (first, second) = (reached(&one), reached(&other));
    let changes =
        [(PING, Some(without_import.as_str())), (&one, Some(first.as_str())), (&other, Some(second.as_str()))];
    check(&changes, &["IE05"]);
    let lenient = Leniency { imports: true, ..Leniency::default() };
    let import = Importer::new(ImportLimits::default(), lenient).import(&package(MONITORING, &changes), Vec::new());
    assert_eq!((codes(&import), import.is_usable()), (vec!["IW08"], true));
}

#[test]
fn an_inline_schema_may_import_its_own_namespace() {
    let name =
        "schemas/interactions/PingForConfigurationInteraction/PingForConfigurationInteraction_1.0_RIVTABP21.wsdl";
    let wsdl = text(MONITORING, name);
    let responder = "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1";
    let own = wsdl.replace(
        "<xs:schema targetNamespace=\"urn:riv:itintegration:monitoring:PingForConfiguration:1:rivtabp21\">",
        &format!("<xs:schema targetNamespace=\"{responder}\">"),
    );
    assert_ne!(own, wsdl);
    assert!(check(&[(name, Some(&own))], &["IW01"]).is_usable());
}

#[test]
fn where_the_folders_lie_changes_nothing() {
    let names = |root: &str| {
        let plain = package(MONITORING, &[]);
        let files = plain.names().map(|name| (format!("{root}{name}"), plain.bytes(name).unwrap().clone())).collect();
        let import = Importer::default().import(&Package::new("p", Kind::Folder, files), Vec::new());
        let contracts = import.into_contracts().into_iter();
        contracts
            .map(|contract| {
                let hash = contract.schema().hash;
                (contract.namespace, contract.profile, hash, contract.hub_path)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(names(""), names("TD_MONITORING_1_0_R/"));
    assert_eq!(names("").len(), 2);
}

#[test]
fn names_versions_and_profiles_are_those_of_the_files() {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    let find = |operation: &str, major: u32| {
        contracts.iter().find(|one| one.operation == operation && one.version.major == major).unwrap()
    };
    let documentation = find("GetCareDocumentation", 2);
    assert_eq!(
        (documentation.domain.as_str(), documentation.version.minor),
        ("clinicalprocess:healthcond:description", 1)
    );
    assert_eq!(documentation.hub_path, "vp/clinicalprocess/healthcond/description/GetCareDocumentation/2/rivtabp21");
    assert_eq!(find("ListCertificates", 1).profile, Profile::Rivtabp20);
    assert_eq!(find("ListCertificates", 1).request.local, "ListCertificatesRequest");
    assert_eq!(
        find("GetCareContacts", 2).soap_action,
        "urn:riv:ehr:patientsummary:GetCareContactsResponder:2:GetCareContacts"
    );
    assert_eq!(find("MakeBooking", 1).headers.len(), 2);
}
