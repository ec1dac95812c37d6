use super::*;
use crate::config::contracts::ImportLimits;
use crate::contracts::builtin;
use crate::contracts::import::Importer;

fn published() -> Published {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    let mut published = Published::default();
    published.add_all(&Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0);
    published
}

fn url(path: &str) -> EffectiveUrl {
    EffectiveUrl {
        scheme: "http".to_owned(),
        host: "hub.example.org".to_owned(),
        port: Some("8080".to_owned()),
        path: path.to_owned(),
    }
}

const PATH: &str = "/vp/clinicalprocess/healthcond/description/GetDiagnosis/2/rivtabp21";

fn found(document: Document) -> String {
    match document {
        Document::Found(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_description_leads_back_to_whoever_asked() {
    let published = published();
    let wsdl = found(published.document(&url(&PATH.to_uppercase().replace("/VP", "/vp")), Asked::Wsdl));
    assert!(wsdl.contains(&format!(
        "soap:address location=\"http://hub.example.org:8080{}\"",
        PATH.to_uppercase().replace("/VP", "/vp")
    )));
    let wsdl = found(published.document(&url(PATH), Asked::Wsdl));
    assert!(
        wsdl.contains(&format!(
            "schemaLocation=\"http://hub.example.org:8080{PATH}?xsd=GetDiagnosisResponder_2.0.xsd\""
        ))
    );
    assert!(wsdl.contains("?xsd=../../core_components/itintegration_registry_1.0.xsd"));
    assert!(!wsdl.contains("tempuri"));
    Tree::parse(wsdl.as_bytes(), 256).unwrap();
}

#[test]
fn every_schema_that_is_named_is_found() {
    let published = published();
    let mut waiting = vec![found(published.document(&url(PATH), Asked::Wsdl))];
    let mut seen = Vec::new();
    while let Some(document) = waiting.pop() {
        let tree = Tree::parse(document.as_bytes(), 256).unwrap();
        for location in imports(&tree) {
            let name = location.split_once("?xsd=").unwrap().1.to_owned();
            if !seen.contains(&name) {
                waiting.push(found(published.document(&url(PATH), Asked::Xsd(&name))));
                seen.push(name);
            }
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn what_is_unknown_is_answered_as_the_reference_does() {
    let published = published();
    let Document::UnknownPath(text) = published.document(&url("/vp/none"), Asked::Wsdl) else { panic!("a document") };
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("No wsdl found on this path, following wsdl paths is available:"));
    assert!(text.contains(&format!("http://hub.example.org:8080{PATH}?wsdl")));
    assert!(matches!(published.document(&url(&format!("{PATH}/")), Asked::Wsdl), Document::UnknownPath(_)));
    let unknown = published.document(&url(PATH), Asked::Xsd("gone.xsd"));
    let text = "WSDLException: faultCode=OTHER_ERROR: Couldn't find xsd named gone.xsd";
    assert_eq!(unknown, Document::UnknownSchema(text.to_owned()));
}
