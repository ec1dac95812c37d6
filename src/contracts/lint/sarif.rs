//! Findings as SARIF 2.1.0, which code review tools read.

use serde_json::{Value, json};

use super::{Finding, Rule};
use crate::contracts::diagnostic::{Code, Severity};

/// The document.
pub fn document(findings: &[Finding]) -> Value {
    let lint = Rule::ALL.iter().map(|rule| (rule.id(), rule.text().to_owned()));
    let import = Code::ALL.iter().filter(|code| code.severity() > Severity::Info);
    let import = import.map(|code| (code.as_str(), format!("the import of contracts, {}", code.as_str())));
    let rules: Vec<(&str, String)> = lint.chain(import).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &rules)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "anslut contracts lint",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules
                    .iter()
                    .map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }))
                    .collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding, rules: &[(&str, String)]) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(&finding.path) } });
    if finding.line > 0 {
        location["region"] = json!({ "startLine": finding.line });
        if finding.column > 0 {
            location["region"]["startColumn"] = json!(finding.column);
        }
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.iter().position(|(id, _)| *id == finding.rule),
        "level": if finding.severity == Severity::Error { "error" } else { "warning" },
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": location }],
    });
    if let Some(contract) = &finding.contract {
        result["properties"] = json!({ "contract": contract });
    }
    if let Some(reason) = &finding.accepted {
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": reason }]);
    }
    result
}

/// A path as a URI reference: absolute ones of the file system with their scheme, what a URI cannot hold escaped.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b'!' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
