//! RT-13 to RT-16: what single values must be, wherever they stand in an answer.

use std::sync::LazyLock;

use regex::Regex;
use roxmltree::{Document, Node};

use super::Findings;
use crate::qa::assert::soap;
use crate::qa::records::{leaf, named};
use crate::qa::tree;
use crate::qa::xpath::Node as Place;

/// Letters lost on the way: a question mark or a replacement within a word, UTF-8 read as Latin-1, what was escaped twice.
static LOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\p{L}\?\p{L}|\u{fffd}|Ã[\u{80}-\u{bf}¥¤¶…„–]|&(amp|lt|gt|quot|apos|#x?[0-9a-fA-F]+);")
        .expect("the pattern is well-formed")
});

/// What is written where nothing is known, and must be left out instead.
const PLACEHOLDERS: [&str; 11] = ["?", "??", "???", "xxx", "xxxx", "n/a", "null", "nil", "none", "undefined", "tbd"];

/// Longest HSA-id.
const HSA_ID_LENGTH_MAX: usize = 64;

/// Looks at every value.
pub(super) fn values(document: &Document<'_>, findings: &mut Findings) {
    let Some(body) = soap::body(document) else { return };
    for element in body.descendants().filter(|node| node.is_element() && *node != body) {
        let place = || tree::location(Place::Tree(element));
        let has_elements = element.children().any(|child| child.is_element());
        if has_elements {
            coded(element, findings);
            continue;
        }
        let text = tree::own_text(element);
        let trimmed = text.trim();
        if trimmed.is_empty() && element.attributes().len() == 0 && is_text(element) {
            findings.add("RT-14", format!("{} is empty", place()));
        }
        if PLACEHOLDERS.contains(&trimmed.to_ascii_lowercase().as_str()) {
            findings.add("RT-14", format!("{} is a placeholder: {trimmed}", place()));
        }
        if let Some(found) = LOST.find(&text).filter(|_| !trimmed.contains("://")) {
            findings.add("RT-16", format!("{} has lost characters: {:?}", place(), found.as_str()));
        }
        let name = element.tag_name().name().to_ascii_lowercase();
        if name.ends_with("hsaid") {
            hsa_id(&text, place, findings);
        }
    }
}

/// Whether an empty element stands where there should be a text: the answer itself may be empty, records may not be there.
fn is_text(element: Node<'_, '_>) -> bool {
    let is_answer = element.parent().is_some_and(|parent| named(parent, "Body"));
    !is_answer
}

fn hsa_id(text: &str, place: impl Fn() -> String, findings: &mut Findings) {
    let length = text.trim().chars().count();
    if length == 0 {
        findings.add("RT-13", format!("{} holds no HSA-id", place()));
    } else if length > HSA_ID_LENGTH_MAX {
        findings.add("RT-13", format!("{} has {length} characters, most {HSA_ID_LENGTH_MAX}", place()));
    } else if text.chars().any(char::is_whitespace) {
        findings.add("RT-13", format!("{} holds blanks: {text:?}", place()));
    }
}

/// A coded value: code and code system together, or the original text, never both.
fn coded(element: Node<'_, '_>, findings: &mut Findings) {
    let has = |name: &str| element.children().any(|child| named(child, name) && leaf(child).is_some());
    let is_coded = ["codeSystem", "codeSystemName", "codeSystemVersion", "displayName"].iter().any(|name| has(name));
    let place = || tree::location(Place::Tree(element));
    match (has("code"), has("codeSystem")) {
        (true, false) if is_coded => findings.add("RT-15", format!("{} has a code without codeSystem", place())),
        (false, true) => findings.add("RT-15", format!("{} has a codeSystem without code", place())),
        (true, true) if has("originalText") => {
            findings.add("RT-15", format!("{} has a code and originalText", place()));
        }
        _ => {}
    }
}
