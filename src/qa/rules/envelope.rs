//! RT-01, RT-02, RT-04 for the status, RT-17: what carries the answer.

use std::sync::LazyLock;

use regex::Regex;
use roxmltree::{Document, Node};

use super::{Facts, Findings};
use crate::contracts::contract::Direction;
use crate::qa::assert::soap;
use crate::qa::run::exchange::charset;

/// `encoding` of an XML declaration.
static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']"#).expect("the pattern is well-formed")
});

/// The namespace of `xsi:type`.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What the bytes and the headers say.
pub(super) fn bytes(facts: &Facts<'_>, text: &str, findings: &mut Findings) {
    let exchange = facts.exchange;
    let content_type = exchange.content_type().unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or("").trim();
    let declared = charset(&content_type);
    if !kind.eq_ignore_ascii_case("text/xml") {
        findings.add("RT-02", format!("Content-Type is {content_type:?}, expected text/xml"));
    } else if let Some(declared) = &declared {
        encoding(facts, text, declared, findings);
    } else {
        findings.add("RT-02", "Content-Type states no charset");
    }
    if text.contains("<!DOCTYPE") {
        findings.add("RT-17", "the answer has a document type");
    }
}

/// The charset that is stated is that of the XML declaration, of the byte-order mark, and of the bytes.
fn encoding(facts: &Facts<'_>, text: &str, declared: &str, findings: &mut Findings) {
    let body = &facts.exchange.body;
    let Some(stated) = encoding_rs::Encoding::for_label(declared.as_bytes()) else {
        return findings.add("RT-02", format!("charset {declared:?} is not known"));
    };
    let is_wide = |encoding: &'static encoding_rs::Encoding| encoding.name().starts_with("UTF-16");
    let same =
        |other: &'static encoding_rs::Encoding| std::ptr::eq(stated, other) || (is_wide(stated) && is_wide(other));
    if let Some((marked, _)) = encoding_rs::Encoding::for_bom(body)
        && !same(marked)
    {
        return findings.add("RT-02", format!("charset {declared}, byte-order mark of {}", marked.name()));
    }
    let label = DECLARED.captures(text.trim_start_matches('\u{feff}')).map(|found| found[1].to_owned());
    let written = label.as_deref().and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    if let (Some(label), Some(written)) = (&label, written)
        && !same(written)
    {
        return findings.add("RT-02", format!("charset {declared}, XML declaration {label}"));
    }
    if stated.decode(body).2 {
        findings.add("RT-02", format!("the bytes are not {declared}"));
    }
}

/// What the envelope holds.
pub(super) fn shape(facts: &Facts<'_>, document: &Document<'_>, findings: &mut Findings) {
    let text = document.input_text();
    if let Some(message) = soap::response(text, false).messages.into_iter().next() {
        findings.add("RT-01", message);
    }
    let is_instruction = |node: &Node<'_, '_>| node.is_pi();
    if let Some(instruction) = document.descendants().find(is_instruction) {
        let name = instruction.pi().map_or("", |pi| pi.target);
        findings.add("RT-17", format!("the answer has the processing instruction {name}"));
    }
    types(facts, document, findings);
    let fault = soap::fault(document);
    let status = facts.exchange.status;
    match &fault {
        Some(_) if status != 500 => findings.add("RT-04", format!("a fault was answered with status {status}")),
        None if status != 200 => findings.add("RT-04", format!("an answer that is no fault has status {status}")),
        _ => {}
    }
    let Some(body) = soap::body(document) else { return };
    let children: Vec<_> = body.children().filter(Node::is_element).collect();
    if children.len() != 1 {
        findings.add("RT-01", format!("{} elements in the Body, expected 1", children.len()));
    }
    if fault.is_some() {
        return;
    }
    let wanted = facts.contract().and_then(|contract| {
        contract.element(Direction::Response)?;
        contract.response.clone()
    });
    if let (Some(wanted), Some(found)) = (wanted, children.first()) {
        let namespace = found.tag_name().namespace().unwrap_or("");
        if found.tag_name().name() != wanted.local || namespace != wanted.namespace {
            findings.add(
                "RT-01",
                format!(
                    "the Body holds {} of {namespace}, expected {} of {}",
                    found.tag_name().name(),
                    wanted.local,
                    wanted.namespace
                ),
            );
        }
    }
}

/// `xsi:type` names a type that the contract has.
fn types(facts: &Facts<'_>, document: &Document<'_>, findings: &mut Findings) {
    for node in document.descendants().filter(Node::is_element) {
        let Some(name) = node.attribute((INSTANCE, "type")) else { continue };
        let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
        let namespace = node.lookup_namespace_uri(prefix).unwrap_or("");
        let is_built_in = namespace == crate::qa::xpath::SCHEMA_NAMESPACE;
        let is_known = facts.contract().is_none_or(|contract| {
            let schema = contract.schema();
            schema.global_types.contains_key(&schema.names.symbol(namespace, local))
        });
        if !is_built_in && !is_known {
            return findings.add("RT-17", format!("xsi:type {name} is not a type of the contract"));
        }
    }
}
