//! RT-05, RT-06 and RT-04 for results: what a refusal may tell, and what it has to.

use std::sync::LazyLock;

use regex::Regex;
use roxmltree::{Document, Node};

use super::{Asked, Facts, Findings};
use crate::qa::assert::soap;
use crate::qa::records::{leaf, named};

/// What no fault may show of the inside of a system.
static INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    let marks = [
        r"(?m)^\s+at [\w$.<>]+\(",
        r"\bat [\w$]+(\.[\w$<>]+){2,}\(",
        r"\b[\w$]+(\.[\w$]+)+(Exception|Error)\b",
        r"\.(java|cs|py|php|rb|go|cpp):\d+",
        r"Traceback \(most recent",
        r"(?i)\bselect\b.+\bfrom\b",
        r"(?i)\b(insert into|delete from)\b",
        r"\bORA-\d{5}",
        r"(?i)\b[a-z]:\\[\w$]+",
        r"(^|[\s'(=])/(home|usr|var|opt|srv|etc|app|tmp)/\w",
        r"(?i)\b[\w-]+(\.[\w-]+)*\.(local|internal|intern|lan|corp)\b",
        r"\b(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d{1,3}){2,3}\b",
    ];
    Regex::new(&marks.join("|")).expect("the pattern is well-formed")
});

/// What somebody can ask the system's owner about: a named id, a UUID, or a long number.
static LOG_ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(log|error|correlation|trace|message)[ _-]?(id|ref)\b\W*\w{4,}|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
        .expect("the pattern is well-formed")
});

/// A SOAP fault.
pub(super) fn fault(facts: &Facts<'_>, document: &Document<'_>, findings: &mut Findings) {
    let Some(body) = soap::body(document) else { return };
    let asked = Asked::of(&facts.exchange.request);
    let told = told(body);
    identities(facts, &asked, &told, findings);
    if let Some(found) = INSIDE.find(&told) {
        findings.add("RT-06", format!("the fault shows the inside of the system: {:?}", found.as_str().trim()));
    }
    let has_element = body.descendants().any(|node| named(node, "logId") && leaf(node).is_some());
    if !has_element && !LOG_ID.is_match(&told) {
        findings.add("RT-06", "the fault holds no log id");
    }
}

/// A `result` that says how it went.
pub(super) fn result(facts: &Facts<'_>, document: &Document<'_>, asked: &Asked, findings: &mut Findings) {
    let Some(answer) = soap::body(document).and_then(|body| body.first_element_child()) else { return };
    let Some(result) = answer.children().find(|child| named(*child, "result")) else { return };
    let part = |name: &str| result.children().find(|child| named(*child, name)).and_then(leaf);
    let code = part("resultCode");
    let has_log_id = result.children().any(|child| named(child, "logId"));
    match code.as_deref() {
        None => findings.add("RT-04", "result holds no resultCode"),
        Some("OK" | "INFO") => {
            if let Some(error) = part("errorCode") {
                findings.add("RT-04", format!("resultCode is OK and errorCode {error}"));
            }
            let complaint = ["resultText", "message", "text", "errorText"].iter().find_map(|name| part(name));
            let is_empty = facts.layout.records(document, facts.now).is_empty();
            if let Some(complaint) = complaint.filter(|text| is_empty && complains(text)) {
                findings.add("RT-04", format!("resultCode is OK, nothing was answered, and the text is {complaint:?}"));
            }
        }
        Some("ERROR") => {
            identities(facts, asked, &told(result), findings);
            if let Some(found) = INSIDE.find(&told(result)) {
                findings
                    .add("RT-06", format!("the result shows the inside of the system: {:?}", found.as_str().trim()));
            }
        }
        Some(_) => {}
    }
    if !has_log_id && code.is_some() {
        findings.add("RT-06", "result holds no logId");
    }
}

/// Whether a text tells of something that went wrong.
fn complains(text: &str) -> bool {
    let text = text.to_lowercase();
    ["error", "fail", "invalid", "exception", "fel", "ogiltig", "saknas", "misslyck"]
        .iter()
        .any(|word| text.contains(word))
}

/// All text and attributes below a node.
fn told(node: Node<'_, '_>) -> String {
    let mut told = String::new();
    for inner in node.descendants() {
        for text in
            inner.attributes().map(|attribute| attribute.value()).chain(inner.text().filter(|_| inner.is_text()))
        {
            told.push_str(text);
            told.push('\n');
        }
    }
    told
}

fn identities(facts: &Facts<'_>, asked: &Asked, told: &str, findings: &mut Findings) {
    let digits: String = told.chars().filter(|c| !matches!(c, '-' | '+')).collect();
    let is_told = |identity: &str| {
        let plain: String = identity.chars().filter(|c| !matches!(c, '-' | '+')).collect();
        // Ten digits are how people write the same identity.
        plain.len() >= 10 && (digits.contains(&plain) || (plain.len() == 12 && digits.contains(&plain[2..])))
    };
    if asked.patient.as_deref().filter(|patient| patient.is_ascii()).is_some_and(is_told) {
        findings.add("RT-05", "the refusal holds the identity that was asked for");
    }
    if crate::qa::report::identities::any(told) {
        findings.add("RT-05", "the refusal holds a personal identity");
    }
    if facts.personal.iter().any(|name| name.chars().count() >= 4 && told.contains(name.as_str())) {
        findings.add("RT-05", "the refusal holds a name or an address of a patient");
    }
}
