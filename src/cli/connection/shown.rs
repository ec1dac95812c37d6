//! Answers of the connection API as people read them. Nothing in them moves the cursor.

use serde_json::Value;

use crate::cli::json_text::{items, joined, text};
use crate::cli::terminal::columns;

fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

/// A failed gate: `CONN-13 operative contact missing or unreachable (contacts[role=OPER])`.
fn gate(failed: &Value) -> String {
    let missing = joined(&failed["missing"]);
    let missing = if missing.is_empty() { missing } else { format!(" ({missing})") };
    format!("{} {}{missing}", text(&failed["gate"]), text(&failed["message"]))
}

fn warnings(answer: &Value) -> impl Iterator<Item = String> {
    items(&answer["warnings"]).iter().map(|failed| format!("warning: {}", gate(failed)))
}

/// A line for each connection.
pub(super) fn list(answer: &Value) -> String {
    let rows: Vec<_> =
        items(answer).iter().map(|one| ["id", "state", "party", "service"].map(|key| text(&one[key]))).collect();
    if rows.is_empty() { "no connections\n".to_owned() } else { lines(columns(&rows)) }
}

/// A connection.
pub(super) fn one(answer: &Value) -> String {
    let keys = ["id", "state", "party", "service", "component", "start", "assignedEnv", "due", "fee"];
    let known = keys.into_iter().filter(|key| !answer[*key].is_null());
    let mut rows: Vec<_> = known.map(|key| [key.to_owned(), text(&answer[key])]).collect();
    rows.push(["allowed".to_owned(), joined(&answer["allowed"])]);
    lines(columns(&rows).into_iter().chain(warnings(answer)))
}

/// What to do next.
pub(super) fn next(answer: &Value) -> String {
    let mut out = vec![format!("state: {}", text(&answer["state"]))];
    for step in items(&answer["next"]) {
        let ready = if step["ready"] == true { "ready" } else { "not yet" };
        out.push(String::new());
        out.push(format!("{} ({}): {ready}", text(&step["event"]), text(&step["actor"])));
        out.extend(items(&step["failed"]).iter().map(|failed| format!("  {}", gate(failed))));
        out.push(format!("  sv: {}", text(&step["sv"])));
        out.push(format!("  en: {}", text(&step["en"])));
        out.push(format!("  source: {}", text(&step["source"])));
    }
    lines(out)
}

/// What gates say of a step.
pub(super) fn gates(answer: &Value) -> String {
    let failed: Vec<_> = items(&answer["failed"]).iter().map(gate).collect();
    let ready = failed.is_empty().then(|| format!("{}: every gate holds", text(&answer["event"])));
    lines(failed.into_iter().chain(ready).chain(warnings(answer)))
}

/// A step that was taken.
pub(super) fn taken(answer: &Value) -> String {
    lines([format!("{} {}", text(&answer["id"]), text(&answer["state"]))].into_iter().chain(warnings(answer)))
}

/// A step that was refused: a line for each gate.
pub(in crate::cli) fn refused(answer: &Value) -> String {
    lines(items(&answer["failed"]).iter().map(gate))
}

/// What is to be said beside it where the state does not allow the step.
pub(super) fn illegal(answer: &Value) -> Option<String> {
    let is_illegal = answer["type"] == "urn:anslut:illegal-event";
    is_illegal.then(|| format!("{}; allowed: {}", text(&answer["detail"]), joined(&answer["allowed"])))
}

/// Every step so far.
pub(super) fn log(answer: &Value) -> String {
    let rows: Vec<_> = items(answer)
        .iter()
        .map(|entry| {
            let failed: Vec<_> = items(&entry["failed"]).iter().map(|failed| text(&failed["gate"])).collect();
            let led = match entry["refused"] == true {
                true => format!("refused in {} {}", text(&entry["from"]), failed.join(", ")),
                false => format!("{} -> {}", text(&entry["from"]), text(&entry["to"])),
            };
            [text(&entry["n"]), text(&entry["at"]), text(&entry["actor"]), text(&entry["event"]), led]
        })
        .collect();
    if rows.is_empty() { "no steps yet\n".to_owned() } else { lines(columns(&rows)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_a_line_for_each_gate() {
        let failed = json!([{"gate": "CONN-13", "message": "operative contact missing or unreachable",
            "missing": ["contacts[role=OPER]"]}, {"gate": "CONN-27", "message": "x", "missing": []}]);
        let answer = json!({"type": "urn:anslut:gates-failed", "failed": failed});
        let expected = "CONN-13 operative contact missing or unreachable (contacts[role=OPER])\nCONN-27 x\n";
        assert_eq!(refused(&answer), expected);
        let illegal = json!({"type": "urn:anslut:illegal-event", "detail": "close is not allowed in LIVE",
            "allowed": ["change", "suspend"], "failed": []});
        assert_eq!(super::illegal(&illegal).as_deref(), Some("close is not allowed in LIVE; allowed: change, suspend"));
        assert_eq!(super::illegal(&answer), None);
    }

    #[test]
    fn a_log_tells_where_each_step_led() {
        let entry = |refused: bool, to: &str| {
            json!({"n": 1, "at": "2026-02-03", "actor": "Anna\u{1b}", "event": "prepare", "from": "ORDERED", "to": to,
                "refused": refused, "failed": [{"gate": "CONN-13"}]})
        };
        let told = log(&json!([entry(true, "ORDERED"), entry(false, "PREPARED")]));
        assert!(told.contains("refused in ORDERED CONN-13") && told.contains("ORDERED -> PREPARED"), "{told}");
        assert!(!told.contains('\u{1b}'));
        assert_eq!(log(&json!([])), "no steps yet\n");
    }
}
