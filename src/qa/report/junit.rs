//! JUnit XML, for those who run suites where tests are run (`qa.md` §8.2).

use std::fmt::Write as _;

use crate::qa::result::{CaseResult, RunDocument};
use crate::qa::verdict::Verdict;
use crate::soap::xml::text::escape_into;

/// Characters of `system-out`.
const SYSTEM_OUT_MAX: usize = 4_000;

/// The run as JUnit XML. Cases not run make it red unless `not_run_is_skipped`.
pub fn write(run: &RunDocument, not_run_is_skipped: bool) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let cases: Vec<&CaseResult> = run.cases.iter().collect();
    let _ = writeln!(out, "<testsuites{}>", counts(&cases, not_run_is_skipped));
    let mut names: Vec<&str> = Vec::new();
    for case in &run.cases {
        if !names.contains(&case.suite.as_str()) {
            names.push(&case.suite);
        }
    }
    for name in names {
        let own: Vec<&CaseResult> = run.cases.iter().filter(|case| case.suite == name).collect();
        suite(&mut out, run, name, &own, not_run_is_skipped);
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(cases: &[&CaseResult], not_run_is_skipped: bool) -> String {
    let count = |wanted: fn(Verdict) -> bool| cases.iter().filter(|case| wanted(case.verdict)).count();
    let not_run = count(|verdict| verdict == Verdict::NotRun);
    let (as_error, as_skipped) = if not_run_is_skipped { (0, not_run) } else { (not_run, 0) };
    let seconds = cases.iter().map(|case| case.ms).sum::<u64>();
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
        cases.len(),
        count(|verdict| verdict == Verdict::Fail),
        count(|verdict| verdict == Verdict::Error) + as_error,
        count(|verdict| matches!(verdict, Verdict::Skip | Verdict::Waiting)) + as_skipped,
        time(seconds)
    )
}

fn suite(out: &mut String, run: &RunDocument, name: &str, cases: &[&CaseResult], not_run_is_skipped: bool) {
    let timestamp = run.started.strftime("%Y-%m-%dT%H:%M:%S");
    let _ = writeln!(
        out,
        "<testsuite name=\"{}\"{} timestamp=\"{timestamp}\" hostname=\"\">",
        escaped(name),
        counts(cases, not_run_is_skipped)
    );
    out.push_str("<properties>\n");
    let reference = run.suite.first();
    let contract = reference.and_then(|suite| suite.contract.clone()).unwrap_or_default();
    let hash = reference.and_then(|suite| suite.files.first()).map(|file| file.sha256.clone()).unwrap_or_default();
    let target = run.target.url.clone().unwrap_or_default();
    for (key, value) in [
        ("contract", &contract),
        ("target", &target),
        ("run", &run.id),
        ("suite-sha256", &hash),
        ("program", &run.program),
    ] {
        let _ = writeln!(out, "<property name=\"{key}\" value=\"{}\"/>", escaped(value));
    }
    out.push_str("</properties>\n");
    let short =
        contract.rsplit(':').nth(1).map(|part| part.trim_end_matches("Responder").to_owned()).unwrap_or_default();
    for case in cases {
        let class =
            [short.as_str(), name].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(".");
        let _ = write!(
            out,
            "<testcase classname=\"{}\" name=\"{}\" time=\"{}\">",
            escaped(&class),
            escaped(&case.name),
            time(case.ms)
        );
        outcome(out, case, not_run_is_skipped);
        out.push_str("</testcase>\n");
    }
    out.push_str("</testsuite>\n");
}

fn outcome(out: &mut String, case: &CaseResult, not_run_is_skipped: bool) {
    let worst = case.steps.iter().flat_map(|step| &step.assertions).find(|assertion| assertion.verdict == case.verdict);
    let kind = worst.map_or("", |assertion| assertion.rule.as_deref().unwrap_or(&assertion.type_name));
    let all: Vec<String> = case
        .steps
        .iter()
        .flat_map(|step| step.assertions.iter().filter(|assertion| assertion.verdict == case.verdict))
        .flat_map(|assertion| assertion.messages.iter().map(|message| format!("{}: {message}", assertion.name)))
        .collect();
    let (message, text) = (escaped(&case.reason), escaped(&all.join("\n")));
    let _ = match case.verdict {
        Verdict::Fail => write!(out, "<failure type=\"{}\" message=\"{message}\">{text}</failure>", escaped(kind)),
        Verdict::Error => write!(out, "<error type=\"{}\" message=\"{message}\">{text}</error>", escaped(kind)),
        Verdict::NotRun if !not_run_is_skipped => {
            write!(out, "<error type=\"not-run\" message=\"{message}\">{text}</error>")
        }
        Verdict::NotRun | Verdict::Skip | Verdict::Waiting => write!(out, "<skipped message=\"{message}\"/>"),
        Verdict::Pass => Ok(()),
    };
    let references: Vec<&str> =
        case.steps.iter().flat_map(|step| [step.request.as_deref(), step.response.as_deref()]).flatten().collect();
    if !references.is_empty() {
        let text: String = references.join("\n").chars().take(SYSTEM_OUT_MAX).collect();
        let _ = write!(out, "<system-out>{}</system-out>", escaped(&text));
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
fn time(ms: u64) -> String {
    format!("{:.3}", ms as f64 / 1000.0)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Characters that XML cannot hold are left out rather than making the file unreadable.
    let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    escape_into(&mut out, &clean);
    out
}
