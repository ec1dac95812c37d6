//! Answers of the desk as people read them. Nothing in them moves the cursor.

use serde_json::Value;

use crate::cli::json_text::{items, joined, text};
use crate::cli::terminal::{columns, printable};

fn rows<const N: usize>(all: &Value, none: &str, keys: [&str; N]) -> String {
    let rows: Vec<[String; N]> = items(all).iter().map(|one| keys.map(|key| text(&one[key]))).collect();
    if rows.is_empty() { format!("{none}\n") } else { columns(&rows).into_iter().map(|line| line + "\n").collect() }
}

/// A line for each session.
pub(super) fn sessions(answer: &Value) -> String {
    rows(answer, "no sessions", ["id", "state", "party", "role", "contract", "due", "warning"])
}

/// A session, with its plan and deviations where they are told.
pub(super) fn session(answer: &Value) -> String {
    let keys = [
        "id",
        "state",
        "party",
        "system",
        "contract",
        "role",
        "service",
        "environment",
        "suite",
        "decision",
        "due",
        "warning",
    ];
    let known = keys.into_iter().filter(|key| !answer[*key].is_null());
    let mut pairs: Vec<[String; 2]> = known.map(|key| [key.to_owned(), text(&answer[key])]).collect();
    pairs.push(["next".to_owned(), joined(&answer["allowed"])]);
    pairs.push(["runs".to_owned(), joined(&answer["runs"])]);
    let mut out: String = columns(&pairs).into_iter().map(|line| line + "\n").collect();
    if answer["cases"].is_array() {
        out += &format!("\n{}", plan(answer));
    }
    if answer["deviations"].is_array() {
        out += &format!("\n{}", deviations(&answer["deviations"]));
    }
    for comment in items(&answer["comments"]) {
        out += &format!("{} {}: {}\n", text(&comment["at"]), text(&comment["by"]), text(&comment["text"]));
    }
    out
}

/// Planned cases with the results that count.
pub(super) fn plan(answer: &Value) -> String {
    rows(&answer["cases"], "no cases are planned", ["case", "status", "verdict", "run", "reason", "comment"])
}

/// Rules and themes with their cases.
pub(super) fn coverage(answer: &Value) -> String {
    let lines = items(&answer["rows"]).iter().map(|row| {
        let cases = items(&row["cases"]).iter().map(|case| {
            let verdict = case["verdict"].as_str().unwrap_or("no result");
            format!("{} ({})", text(&case["case"]), printable(verdict))
        });
        [text(&row["about"]), cases.collect::<Vec<_>>().join(", ")]
    });
    let lines: Vec<[String; 2]> = lines.collect();
    columns(&lines).into_iter().map(|line| line + "\n").collect()
}

/// Gates, and what is missing.
pub(super) fn evidence(answer: &Value) -> String {
    let lines = items(&answer["gates"]).iter().map(|gate| {
        let met = if gate["satisfied"] == true { "met" } else { "not met" };
        [text(&gate["gate"]), met.to_owned(), joined(&gate["missing"])]
    });
    let lines: Vec<[String; 3]> = lines.collect();
    columns(&lines).into_iter().map(|line| line + "\n").collect()
}

/// A line for each deviation.
pub(super) fn deviations(answer: &Value) -> String {
    rows(answer, "no deviations", ["id", "status", "class", "due", "rule", "title"])
}

/// A deviation with its history.
pub(super) fn deviation(answer: &Value) -> String {
    let keys = [
        "id",
        "status",
        "class",
        "title",
        "rule",
        "element",
        "firstRun",
        "session",
        "owner",
        "due",
        "decision",
        "decidedBy",
    ];
    let known = keys.into_iter().filter(|key| !answer[*key].is_null());
    let pairs: Vec<[String; 2]> = known.map(|key| [key.to_owned(), text(&answer[key])]).collect();
    let mut out: String = columns(&pairs).into_iter().map(|line| line + "\n").collect();
    for change in items(&answer["history"]) {
        out += &format!("{} {}\n", text(&change["at"]), text(&change["what"]));
    }
    out
}

/// A case with its verdict, and what a reviewer made of it.
pub(super) fn case(answer: &Value) -> String {
    let decided = &answer["override"];
    let decided = match decided["verdict"].as_str() {
        Some(verdict) => format!("  {} by {}: {}", printable(verdict), text(&decided["by"]), text(&decided["reason"])),
        None => String::new(),
    };
    format!(
        "{:<8} {} / {}  {}{decided}\n",
        text(&answer["verdict"]),
        text(&answer["suite"]),
        text(&answer["name"]),
        text(&answer["reason"])
    )
}

/// A finished run in a line.
pub(super) fn run(answer: &Value) -> String {
    let totals = &answer["totals"];
    let count = |name: &str| text(&totals[name]);
    format!(
        "{}: {} of {} passed, {} failed, {} errors, {} not run, {} waiting, {} skipped; run {}\n",
        text(&answer["verdict"]),
        count("pass"),
        count("cases"),
        count("fail"),
        count("error"),
        count("not_run"),
        count("waiting"),
        count("skip"),
        text(&answer["id"])
    )
}

/// Cases that wait.
pub(super) fn waiting(answer: &Value) -> String {
    rows(answer, "nothing waits", ["id", "case", "state", "remaining_seconds", "reason"])
}

/// An answer that is short.
pub(super) fn document(answer: &Value) -> String {
    let pairs = answer.as_object().into_iter().flatten().map(|(name, value)| [name.clone(), text(value)]);
    let pairs: Vec<[String; 2]> = pairs.collect();
    columns(&pairs).into_iter().map(|line| line + "\n").collect()
}
