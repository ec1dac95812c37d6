//! Envelope and fault.

use roxmltree::{Document, Node};

use super::Judgement;
use crate::qa::tree;

/// SOAP 1.1
pub const SOAP_1_1: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// SOAP 1.2
pub const SOAP_1_2: &str = "http://www.w3.org/2003/05/soap-envelope";

/// The body is a well-formed envelope of the version, with one `Body`.
pub fn response(text: &str, version_1_2: bool) -> Judgement {
    let wanted = if version_1_2 { SOAP_1_2 } else { SOAP_1_1 };
    let refused = |why: String| Judgement::fail(format!("not a SOAP response: {why}"));
    let document = match tree::parse(text) {
        Ok(document) => document,
        Err(why) => return refused(why),
    };
    let root = document.root_element();
    if !root.has_tag_name((wanted, "Envelope")) {
        let namespace = root.tag_name().namespace().unwrap_or("no namespace");
        return refused(format!("the root is {} in {namespace}", root.tag_name().name()));
    }
    let bodies = root.children().filter(|child| child.has_tag_name((wanted, "Body"))).count();
    if bodies == 1 { Judgement::pass() } else { refused(format!("{bodies} Body elements")) }
}

/// There is no fault.
pub fn no_fault(text: &str) -> Judgement {
    match tree::parse(text).as_ref().map(fault) {
        Ok(Some((code, reason))) => Judgement::fail(format!("response is a SOAP fault: {code} {reason}")),
        _ => Judgement::pass(),
    }
}

/// There is a fault.
pub fn is_fault(text: &str) -> Judgement {
    let found = tree::parse(text).is_ok_and(|document| fault(&document).is_some());
    Judgement::when(found, || "response is not a SOAP fault".to_owned())
}

/// Code and text of the fault in the body, if there is one.
pub fn fault(document: &Document<'_>) -> Option<(String, String)> {
    let body = body(document)?;
    let fault = body.children().find(|child| {
        child.tag_name().name() == "Fault" && matches!(child.tag_name().namespace(), Some(SOAP_1_1 | SOAP_1_2))
    })?;
    let part = |names: [&str; 2]| {
        let found = fault.children().find(|child| child.is_element() && names.contains(&child.tag_name().name()));
        found.map(|node| {
            node.descendants()
                .filter(Node::is_text)
                .filter_map(|text| text.text())
                .collect::<String>()
                .trim()
                .to_owned()
        })
    };
    Some((part(["faultcode", "Code"]).unwrap_or_default(), part(["faultstring", "Reason"]).unwrap_or_default()))
}

/// The body of an envelope of either version.
pub fn body<'a>(document: &'a Document<'_>) -> Option<Node<'a, 'a>> {
    let root = document.root_element();
    let namespace = root.tag_name().namespace().filter(|namespace| matches!(*namespace, SOAP_1_1 | SOAP_1_2))?;
    root.children().find(|child| child.has_tag_name((namespace, "Body")))
}
