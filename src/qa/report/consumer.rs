//! The consumer's part of a self-declaration: what waiting cases saw of its calls (`qa.md` §8.4). It is there once a case
//! of a consumer was run.

use std::collections::{BTreeMap, BTreeSet};

use super::declaration::{FieldOf, Source, TO_FILL, counts, field};
use crate::qa::result::{AssertionResult, CaseResult, PartKind, RunDocument, StepResult};
use crate::qa::verdict::Verdict;

/// Fields that a rule of consumers fills in, or several: key, titles, rules.
const RULED: [(&str, &str, &str, &[&str]); 5] = [
    ("encoding", "Teckenkodning", "Encoding", &["CR-06"]),
    ("peakCalls", "Flest anrop per timme och samtidigt", "Peak calls an hour, and at once", &["CR-10"]),
    ("repeatPolicy", "Omsändning och väntetid", "Repeat policy and patience", &["CR-08", "CR-09"]),
    ("security", "Säkerhet: klientcertifikat", "Security: client certificate", &["CR-04"]),
    ("personalData", "Inga personuppgifter utanför meddelandet", "No personal data outside the message", &["CR-07"]),
];

/// What a consumer was answered with: key, titles, kind.
const VERIFIED: [(&str, &str, &str, PartKind); 3] = [
    ("elements", "Verifierade element", "Elements verified", PartKind::Element),
    ("choices", "Verifierade val", "Choices verified", PartKind::Choice),
    ("enumerationValues", "Verifierade uppräkningsvärden", "Enumeration values verified", PartKind::Value),
];

/// The fields, of these runs, the newest first; none where no case of a consumer was run.
pub(super) fn fields(runs: &[&RunDocument]) -> Vec<FieldOf> {
    let Some((run, cases)) = runs.iter().map(|run| (*run, seen(run))).find(|(_, cases)| !cases.is_empty()) else {
        return Vec::new();
    };
    let source = |cases: &[&CaseResult]| Source::Run {
        run: run.id.clone(),
        cases: cases.iter().map(|case| case.name.clone()).collect(),
    };
    let mut fields = Vec::new();
    let calls: Vec<&CaseResult> =
        cases.iter().copied().filter(|case| case.themes.iter().any(|theme| theme == "CR")).collect();
    let called = (!calls.is_empty()).then(|| Verdict::of(calls.iter().map(|case| counts(case))).word().to_owned());
    let by = if called.is_some() { source(&calls) } else { Source::Said(TO_FILL) };
    fields.push(field(
        "nationalCall",
        "Anrop genom den nationella testmiljön",
        "Call through the national test environment",
        called,
        by,
    ));
    for (key, sv, en, rules) in RULED {
        let value = ruled(&cases, rules);
        let by = if value.is_some() { source(&cases) } else { Source::Said(TO_FILL) };
        fields.push(field(key, sv, en, value, by));
    }
    // What any run of the session showed counts: a consumer need not be answered with everything at once.
    let steps: Vec<&StepResult> = runs.iter().flat_map(|run| seen(run)).flat_map(waits).collect();
    for (key, sv, en, kind) in VERIFIED {
        let value = verified(&steps, kind);
        let by = if value.is_some() { source(&cases) } else { Source::Said(TO_FILL) };
        fields.push(field(key, sv, en, value, by));
    }
    fields
}

/// What of a kind the consumer was answered with, and where the contract is known, of how much and what it never was.
fn verified(steps: &[&StepResult], kind: PartKind) -> Option<String> {
    let mut parts: BTreeMap<String, bool> = BTreeMap::new();
    for part in steps.iter().flat_map(|step| &step.parts).filter(|part| part.kind == kind) {
        let name = part.what.as_ref().map_or_else(|| part.path.clone(), |what| format!("{} = {what}", part.path));
        *parts.entry(name).or_default() |= part.is_received;
    }
    if parts.is_empty() {
        // Without the contract, the elements of the answers speak for themselves.
        let elements = steps.iter().filter(|_| kind == PartKind::Element).flat_map(|step| &step.received);
        let elements: BTreeSet<&str> = elements.map(String::as_str).collect();
        return (!elements.is_empty()).then(|| elements.into_iter().collect::<Vec<_>>().join(", "));
    }
    let named = |wanted: bool| {
        let some = parts.iter().filter(|(_, is_received)| **is_received == wanted).map(|(name, _)| name.as_str());
        some.collect::<Vec<_>>()
    };
    let (received, not) = (named(true), named(false));
    let mut text = format!("{} / {}: {}", received.len(), parts.len(), received.join(", "));
    if !not.is_empty() {
        text.push_str(&format!(" (ej mottaget / not received: {})", not.join(", ")));
    }
    Some(text)
}

/// Cases of a consumer whose call came.
fn seen(run: &RunDocument) -> Vec<&CaseResult> {
    let is_consumers = |case: &&CaseResult| {
        case.themes.iter().any(|theme| theme == "CR" || theme.starts_with("FT-"))
            && waits(case).any(|step| step.verdict != Verdict::NotRun)
    };
    run.cases.iter().filter(is_consumers).collect()
}

fn waits(case: &CaseResult) -> impl Iterator<Item = &StepResult> {
    case.steps.iter().filter(|step| step.type_name == "await")
}

/// Whether a rule that was not heard of holds: every call is held to it, or the consumer was given cause to break it.
fn holds_in_silence(rule: &str, cases: &[&CaseResult]) -> bool {
    match rule {
        "CR-06" | "CR-07" => true,
        "CR-09" => cases.iter().any(|case| case.themes.iter().any(|theme| theme.starts_with("FT-"))),
        _ => false,
    }
}

/// What came of rules: what broke them, or what says that they hold; nothing where they were not tried.
fn ruled(cases: &[&CaseResult], rules: &[&str]) -> Option<String> {
    let judged: Vec<&AssertionResult> = cases
        .iter()
        .flat_map(|case| waits(case))
        .flat_map(|step| &step.assertions)
        .filter(|one| one.rule.as_deref().is_some_and(|rule| rules.contains(&rule)))
        .collect();
    let verdict = match judged.is_empty() {
        false => Verdict::of(judged.iter().map(|one| one.verdict)),
        true if rules.iter().any(|rule| holds_in_silence(rule, cases)) => Verdict::Pass,
        true => return None,
    };
    let texts: BTreeSet<&str> =
        judged.iter().filter(|one| one.verdict == verdict).flat_map(|one| &one.messages).map(String::as_str).collect();
    let texts: Vec<&str> = texts.into_iter().collect();
    Some(if texts.is_empty() { verdict.word().to_owned() } else { format!("{}: {}", verdict.word(), texts.join("; ")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::report::declaration;
    use crate::qa::result::Part;

    fn waited(theme: &str, rules: &[(&str, Verdict, &str)], received: &[&str]) -> CaseResult {
        let judged = |(rule, verdict, text): &(&str, Verdict, &str)| AssertionResult {
            rule: Some((*rule).to_owned()),
            verdict: *verdict,
            messages: vec![(*text).to_owned()],
            ..AssertionResult::default()
        };
        let step = StepResult {
            type_name: "await".to_owned(),
            received: received.iter().map(|path| (*path).to_owned()).collect(),
            assertions: rules.iter().map(judged).collect(),
            ..StepResult::default()
        };
        CaseResult {
            name: theme.to_owned(),
            themes: vec![theme.to_owned()],
            verdict: Verdict::Pass,
            steps: vec![step],
            ..CaseResult::default()
        }
    }

    fn run(cases: Vec<CaseResult>) -> RunDocument {
        let text = r#"{"schema": "anslut.qa.run/1", "id": "run-1", "verdict": "pass", "started": "2026-03-01T12:00:00Z",
            "finished": "2026-03-01T12:00:00Z", "preparatory": false, "suite": [], "target": {}, "cases": [],
            "totals": {"cases": 0, "pass": 0, "fail": 0, "error": 0, "skip": 0, "not_run": 0, "waiting": 0, "score": 0.0},
            "idioms": {}, "not_run": [], "program": "0"}"#;
        RunDocument { cases, ..serde_json::from_str(text).unwrap() }
    }

    #[test]
    fn a_consumers_fields_are_what_its_calls_showed() {
        let run = run(vec![
            waited("CR", &[("CR-10", Verdict::Pass, "2 calls within an hour, 9 are declared")], &["a", "a/b"]),
            waited("FT-01", &[("CR-09", Verdict::Fail, "call 2 repeats call 1")], &["a", "a/c"]),
        ]);
        let declared = declaration::of(&[&run]);
        let value =
            |key: &str| declared.fields.iter().find(|field| field.key == key).and_then(|field| field.value.clone());
        assert_eq!(value("encoding").as_deref(), Some("pass"));
        assert_eq!(value("peakCalls").as_deref(), Some("pass: 2 calls within an hour, 9 are declared"));
        assert_eq!(value("repeatPolicy").as_deref(), Some("fail: call 2 repeats call 1"));
        assert_eq!(value("elements").as_deref(), Some("a, a/b, a/c"));
        assert_eq!(value("nationalCall").as_deref(), Some("pass"));
        assert_eq!((value("personalData").as_deref(), value("security")), (Some("pass"), None));
        // Nobody gave it cause to repeat.
        let declared = declaration::of(&[&self::run(vec![waited("CR", &[], &[])])]);
        let policy = declared.fields.iter().find(|field| field.key == "repeatPolicy").unwrap();
        assert!(policy.value.is_none() && matches!(policy.source, Source::Said(_)));
    }

    #[test]
    fn what_was_received_is_told_beside_what_was_not() {
        let of = |kind, path: &str, what: Option<&str>, is_received| Part {
            kind,
            path: path.to_owned(),
            what: what.map(str::to_owned),
            is_received,
        };
        let with = |parts: Vec<Part>| {
            let mut case = waited("CR", &[], &["a"]);
            case.steps[0].parts = parts;
            run(vec![case])
        };
        let (element, value) = (PartKind::Element, PartKind::Value);
        let first = with(vec![
            of(element, "a", None, true),
            of(element, "a/b", None, false),
            of(value, "a/c", Some("OK"), true),
            of(value, "a/c", Some("ERROR"), false),
            of(value, "a/c", Some("INFO"), false),
        ]);
        // Another run of the session showed the rest of one.
        let second = with(vec![of(element, "a", None, true), of(value, "a/c", Some("ERROR"), true)]);
        let declared = declaration::of(&[&first, &second]);
        let value =
            |key: &str| declared.fields.iter().find(|field| field.key == key).and_then(|field| field.value.clone());
        assert_eq!(value("elements").as_deref(), Some("1 / 2: a (ej mottaget / not received: a/b)"));
        let values = "2 / 3: a/c = ERROR, a/c = OK (ej mottaget / not received: a/c = INFO)";
        assert_eq!(value("enumerationValues").as_deref(), Some(values));
        assert_eq!(value("choices"), None, "the contract has none");
    }

    #[test]
    fn a_producers_declaration_has_no_field_of_a_consumer() {
        let mut not_called = waited("CR", &[], &[]);
        not_called.steps[0].verdict = Verdict::NotRun;
        for cases in [vec![], vec![waited("TF 1.2", &[], &[])], vec![not_called]] {
            let declared = declaration::of(&[&run(cases)]);
            assert!(declared.fields.iter().all(|field| field.key != "encoding"));
        }
    }
}
