use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::*;
use crate::config::contracts::ImportLimits;
use crate::contracts::builtin;
use crate::contracts::import::{Import, Importer};
use crate::contracts::package::{Kind, Package};
use crate::contracts::registry::Registry;

const FOLDER: &str = "schemas/interactions/GetXInteraction/";
const DESCRIPTION: &str = "GetXInteraction_1.0_RIVTABP21.wsdl";
const MESSAGES: &str = "GetXResponder_1.0.xsd";
const SLOT: &str = "<xs:any namespace='##other' processContents='lax' minOccurs='0' maxOccurs='unbounded'/>";

/// A description without a fault, for the schema beside it.
const WSDL: &str = "<wsdl:definitions name='GetXInteraction' targetNamespace='urn:riv:a:b:GetX:1:rivtabp21' \
    xmlns:tns='urn:riv:a:b:GetX:1:rivtabp21' xmlns:r='urn:riv:a:b:GetXResponder:1' \
    xmlns:wsdl='http://schemas.xmlsoap.org/wsdl/' xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' \
    xmlns:xs='http://www.w3.org/2001/XMLSchema'><wsdl:types>\
    <xs:schema targetNamespace='urn:riv:a:b:GetX:1:rivtabp21'><xs:import namespace='urn:riv:a:b:GetXResponder:1' \
    schemaLocation='GetXResponder_1.0.xsd'/></xs:schema></wsdl:types>\
    <wsdl:message name='GetXRequest'><wsdl:part name='parameters' element='r:GetX'/></wsdl:message>\
    <wsdl:message name='GetXResponse'><wsdl:part name='parameters' element='r:GetXResponse'/></wsdl:message>\
    <wsdl:portType name='GetXResponderInterface'><wsdl:operation name='GetX'><wsdl:input message='tns:GetXRequest'/>\
    <wsdl:output message='tns:GetXResponse'/></wsdl:operation></wsdl:portType>\
    <wsdl:binding name='GetXResponderBinding' type='tns:GetXResponderInterface'>\
    <soap:binding style='document' transport='http://schemas.xmlsoap.org/soap/http'/><wsdl:operation name='GetX'>\
    <soap:operation soapAction='urn:riv:a:b:GetXResponder:1:GetX'/><wsdl:input><soap:body use='literal'/></wsdl:input>\
    <wsdl:output><soap:body use='literal'/></wsdl:output></wsdl:operation></wsdl:binding></wsdl:definitions>";

/// Messages without a fault.
fn messages() -> String {
    format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:riv:a:b:GetXResponder:1' version='1.0' \
         targetNamespace='urn:riv:a:b:GetXResponder:1' elementFormDefault='qualified'>\
         <xs:element name='GetX' type='GetXType'/><xs:element name='GetXResponse' type='GetXResponseType'/>\
         <xs:complexType name='GetXType'><xs:sequence>\
         <xs:element name='subject_of_care' type='NumberType'/>{SLOT}</xs:sequence></xs:complexType>\
         <xs:complexType name='GetXResponseType'><xs:sequence><xs:element name='result' type='ResultType'/>{SLOT}\
         </xs:sequence></xs:complexType>\
         <xs:complexType name='ResultType'><xs:sequence><xs:element name='logId' type='xs:string'/>{SLOT}</xs:sequence>\
         </xs:complexType><xs:simpleType name='NumberType'><xs:restriction base='xs:string'>\
         <xs:pattern value='[0-9]{{8}}[0-9pPtTfF][0-9]{{3}}'/></xs:restriction></xs:simpleType></xs:schema>"
    )
}

fn imported(files: &[(&str, &str)]) -> Import {
    let files: BTreeMap<_, _> =
        files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect();
    Importer::default().import(&Package::new("made", Kind::Folder, files), Vec::new())
}

/// What is found in an import.
fn linted(import: Import) -> Vec<Finding> {
    let others = import.diagnostics.clone();
    let contracts: Vec<_> = import.into_contracts().into_iter().map(Arc::new).collect();
    lint(&contracts, &others)
}

/// The one contract of a description without a fault, with these messages.
pub(in crate::contracts) fn contract_of(messages: &str) -> Arc<Contract> {
    let import = imported(&[(&format!("{FOLDER}{DESCRIPTION}"), WSDL), (&format!("{FOLDER}{MESSAGES}"), messages)]);
    assert!(import.is_usable(), "{:?}", import.descriptions);
    Arc::new(import.into_contracts().remove(0))
}

#[test]
fn a_planted_fault_is_found_where_it_stands_and_nothing_else_is() {
    let clean = messages();
    let path = |name: &str| format!("{FOLDER}{name}");
    let (description, schema) = (path(DESCRIPTION), path(MESSAGES));
    assert_eq!(linted(imported(&[(&description, WSDL), (&schema, &clean)])), []);
    let wsdl = |from: &str, to: &str| {
        assert!(WSDL.contains(from), "{from}");
        WSDL.replace(from, to)
    };
    let xsd = |from: &str, to: &str| {
        assert!(clean.contains(from), "{from}");
        clean.replacen(from, to, 1)
    };
    let result = "<xs:element name='logId' type='xs:string'/>";
    let cases: Vec<(&str, &str, String, String, &str)> = vec![
        // The rule, the file's name, description, messages, what the text says.
        (
            "L03",
            DESCRIPTION,
            wsdl("'urn:riv:a:b:GetX:1:rivtabp21'", "'urn:riv:a:b:GetX:rivtabp21'"),
            clean.clone(),
            "urn:riv:a:b:GetX:1:rivtabp21",
        ),
        ("L04", "GetXInteraction_RIVTABP21.wsdl", WSDL.to_owned(), clean.clone(), "GetXInteraction_1.0_RIVTABP21.wsdl"),
        ("L04", "GetX_1.0_RIVTABP21.wsdl", WSDL.to_owned(), clean.clone(), "GetXInteraction_1.0_RIVTABP21.wsdl"),
        (
            "L08",
            DESCRIPTION,
            wsdl("name='GetXInteraction'", "name='GetXInteractions'"),
            clean.clone(),
            "\"GetXInteractions\"",
        ),
        ("IW05", DESCRIPTION, wsdl("Responder:1:GetX'/>", "Responder:2:GetX'/>"), clean.clone(), "soapAction"),
        ("IW06", DESCRIPTION, WSDL.to_owned(), xsd("version='1.0'", "version='1.1'"), "schema@version \"1.1\""),
        ("L07", DESCRIPTION, WSDL.to_owned(), clean.replace("GetXType'", "GetXRequestType'"), "expected \"GetXType\""),
        (
            "L10",
            DESCRIPTION,
            WSDL.to_owned(),
            xsd(&format!("{result}{SLOT}"), result),
            "type ResultType: it has no slot",
        ),
        (
            "L10",
            DESCRIPTION,
            WSDL.to_owned(),
            xsd(SLOT, &SLOT.replace("lax", "strict")),
            "type GetXType: its last slot demands",
        ),
        ("L10", DESCRIPTION, WSDL.to_owned(), xsd(SLOT, &SLOT.replace("unbounded", "1")), "a number of its own"),
        (
            "L10",
            DESCRIPTION,
            WSDL.to_owned(),
            xsd(SLOT, &SLOT.replace("##other", "urn:b")),
            "does not admit other namespaces",
        ),
        ("IW04", DESCRIPTION, WSDL.to_owned(), xsd(SLOT, &SLOT.replace("##other", "#other")), "#other"),
        ("L11", DESCRIPTION, WSDL.to_owned(), xsd("name='logId'", "name='logId' minOccurs='0'"), "logId is optional"),
        (
            "L12",
            DESCRIPTION,
            WSDL.to_owned(),
            xsd("type='NumberType'", "type='xs:string'"),
            "subject_of_care of GetXType: it admits any text",
        ),
        ("IW07", DESCRIPTION, WSDL.to_owned(), xsd("value='[0-9]{8}", "value='^[0-9]{8}"), "^"),
        ("L12", DESCRIPTION, WSDL.to_owned(), xsd("value='[0-9]{8}", "value='^[0-9]{8}"), "no identity number matches"),
    ];
    for (rule, name, wsdl, messages, says) in cases {
        let found = linted(imported(&[(&path(name), &wsdl), (&schema, &messages)]));
        let hit: Vec<_> = found.iter().filter(|one| one.rule == rule && one.message.contains(says)).collect();
        assert_eq!(hit.len(), 1, "{rule} {says}: {found:#?}");
        assert!(hit[0].path.starts_with("made/") && hit[0].contract.is_some() && hit[0].is_open(), "{:?}", hit[0]);
        // A planted fault may be seen from two sides; what has nothing to do with it is quiet.
        let rules: BTreeSet<_> = found.iter().map(|one| one.rule).collect();
        let with = [("IW04", "L10"), ("IW07", "L12"), ("L12", "IW07")];
        let others = rules.iter().filter(|other| **other != rule && !with.contains(&(rule, **other)));
        assert_eq!(others.count(), 0, "{rule} {says}: {found:#?}");
    }
}

#[test]
fn names_of_contract_and_core_schemas_are_looked_at() {
    let core = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' version='1.0' targetNamespace='urn:riv:a:b:1'/>";
    let importing = messages().replacen(
        "<xs:element name='GetX'",
        "<xs:import namespace='urn:riv:a:b:1' schemaLocation='../../core_components/NAME'/><xs:element name='GetX'",
        1,
    );
    for (name, namespace, is_found) in [
        ("a_b_1.0.xsd", "urn:riv:a:b:1", false),
        ("a_b_1.7.xsd", "urn:riv:a:b:1", false),
        ("core_1.0.xsd", "urn:riv:a:b:1", true),
        ("a_b_2.0.xsd", "urn:riv:a:b:1", true),
        ("a_b_1.1_ext.xsd", "urn:riv:a:b:1.1", false),
        ("a_b_1.1.xsd", "urn:riv:a:b:1.1", true),
        ("a_b_enum_1.0.xsd", "urn:riv:a:b:enums:1", false),
        ("a_b_enums_1.0.xsd", "urn:riv:a:b:enums:1", true),
        ("anything.xsd", "urn:riv:c:d:1", false),
    ] {
        let messages = importing.replace("NAME", name).replace("'urn:riv:a:b:1'", &format!("'{namespace}'"));
        let core = core.replace("urn:riv:a:b:1", namespace).replace(" version='1.0'", "");
        let files = [
            (format!("{FOLDER}{DESCRIPTION}"), WSDL.to_owned()),
            (format!("{FOLDER}{MESSAGES}"), messages),
            (format!("schemas/core_components/{name}"), core),
        ];
        let found = linted(imported(&files.each_ref().map(|(name, text)| (name.as_str(), text.as_str()))));
        assert_eq!(
            found.iter().map(|one| one.rule).collect::<Vec<_>>(),
            if is_found { vec!["L06"] } else { vec![] },
            "{name}: {found:?}"
        );
    }
    let renamed = |from: &str, to: &str| {
        let (wsdl, messages) = (WSDL.replace(from, to), messages().replace(from, to));
        let files = [(format!("{FOLDER}{DESCRIPTION}"), wsdl), (format!("{FOLDER}{MESSAGES}"), messages)];
        let found = linted(imported(&files.each_ref().map(|(name, text)| (name.as_str(), text.as_str()))));
        found.into_iter().map(|one| one.rule).collect::<Vec<_>>()
    };
    assert_eq!(renamed("urn:riv:a:b:GetX", "urn:riv:a:GetX"), ["L01"]);
    assert_eq!(renamed("urn:riv:a:b:GetXResponder:1", "urn:riv:a:b:GetX:1"), ["L02"]);
    let elsewhere = WSDL.replace("GetXResponder_1.0.xsd", "../GetXResponder_1.0.xsd");
    let not_named = WSDL.replace("GetXResponder_1.0.xsd", "x.xsd");
    for (wsdl, file) in
        [(elsewhere, "schemas/interactions/GetXResponder_1.0.xsd".to_owned()), (not_named, format!("{FOLDER}x.xsd"))]
    {
        let found = linted(imported(&[(&format!("{FOLDER}{DESCRIPTION}"), &wsdl), (&file, &messages())]));
        assert_eq!(found.iter().map(|one| one.rule).collect::<Vec<_>>(), ["L05"], "{file}: {found:?}");
    }
}

#[test]
fn what_ships_is_clean_or_has_its_reason() {
    let import = Importer::default().import(&builtin::package(), Vec::new());
    let found = linted(import);
    let open: Vec<_> = found.iter().filter(|one| one.is_open()).map(ToString::to_string).collect();
    assert!(open.is_empty(), "{} open\n{}", open.len(), open.join("\n"));
    assert_eq!(accepted::unused(&found), Vec::<String>::new(), "accepted, and not found");
}

#[test]
fn sarif_has_every_finding_with_rule_place_and_what_was_accepted() {
    let mut findings = linted(imported(&[
        (&format!("{FOLDER}{DESCRIPTION}"), WSDL),
        (&format!("{FOLDER}{MESSAGES}"), &messages().replacen("name='logId'", "name='logId' minOccurs='0'", 1)),
    ]));
    assert_eq!(findings.len(), 1);
    findings.push(Finding {
        path: "/a b/å.zip!x.xsd".to_owned(),
        line: 0,
        accepted: Some("so it is".to_owned()),
        ..findings[0].clone()
    });
    let document = sarif::document(&findings);
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    let (rules, results) = (run["tool"]["driver"]["rules"].as_array().unwrap(), run["results"].as_array().unwrap());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!((result["ruleId"].as_str(), &rules[index]["id"]), (Some("L11"), &result["ruleId"]));
        assert_eq!(result["level"], "warning");
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "made/schemas/interactions/GetXInteraction/GetXResponder_1.0.xsd");
    assert!(place["region"]["startColumn"].as_u64().unwrap() > 1, "{place}");
    assert!(results[0]["suppressions"].is_null());
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "file:///a%20b/%C3%A5.zip!x.xsd");
    assert!(place["region"].is_null(), "a finding about a file as a whole");
    assert_eq!(results[1]["suppressions"][0]["justification"], "so it is");
}

#[test]
fn a_broken_contract_has_its_errors_and_no_more() {
    let import = imported(&[(&format!("{FOLDER}{DESCRIPTION}"), WSDL)]);
    let (registry, _) = Registry::new(import.into_contracts(), &HashMap::new(), &ImportLimits::default());
    let contracts: Vec<_> = registry.active().into_iter().cloned().collect();
    let found = lint(&contracts, &[]);
    let rules: BTreeSet<_> = found.iter().map(|one| one.rule).collect();
    assert_eq!(rules, BTreeSet::from(["IE12", "IW02"]), "nothing is said of types that are not there: {found:?}");
}
