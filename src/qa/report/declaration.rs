//! The self-declaration, *självdeklaration*, as far as runs can fill it in (`qa.md` §8.4). Nothing is invented: a field
//! without evidence says so, and a trial is no evidence.

use std::fmt::Write;

use serde::Serialize;

use super::consumer;
use super::page::Language;
use crate::qa::result::{CaseResult, RunDocument};
use crate::qa::verdict::Verdict;

/// What stands where nothing is known.
pub(super) const TO_FILL: &str = "to be filled by the customer";

/// Fields of a producer's declaration that only the customer knows.
const CUSTOMER: [(&str, &str, &str); 8] = [
    ("organisation", "Organisation", "Organisation"),
    ("orgnr", "Organisationsnummer", "Organisation number"),
    ("product", "Producentens produkt", "Producer product"),
    ("sourceSystem", "Källsystemets produkt och version", "Source-system product and version"),
    ("mappings", "Godkända mappningar", "Mapping approvals"),
    ("deviations", "Kända avvikelser med klass och plan", "Known deviations with class and plan"),
    ("decision", "Beslut", "Decision"),
    ("mandatoryFields", "Obligatoriska fält", "Mandatory fields"),
];

/// Themes that a declaration tells the outcome of.
const THEMES: [&str; 31] = [
    "TF 1.1.1",
    "TF 1.1.2",
    "TF 1.1.3",
    "TF 1.2",
    "TF 1.3",
    "TF 1.4",
    "TF 1.5",
    "TF 1.6",
    "TF 1.7",
    "TF 1.8",
    "TF 1.9",
    "TF 2.1",
    "TF 2.2",
    "TF 3.1",
    "TF 3.2",
    "TF 4.1",
    "TF 4.2",
    "TF 6.1.1",
    "TF 6.1.2",
    "TF 6.2.1",
    "TF 7.1",
    "TF 7.2",
    "TF 7.3",
    "EI_TF 1.1",
    "EI_TF 1.2",
    "EI_TF 1.3",
    "EI_TF 1.4",
    "EI_TF 2.1",
    "EI_TF 2.2",
    "EI_TF 2.3",
    "EI_TF 2.4",
];

/// A declaration.
#[derive(Clone, Debug, Serialize)]
pub struct Declaration {
    /// The name of its form.
    pub schema: &'static str,
    /// In the order of the form.
    pub fields: Vec<FieldOf>,
}

/// One field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldOf {
    /// Its key: a theme, `case:<name>`, or a word.
    pub key: String,
    /// What people read.
    pub title: Title,
    /// The value, if there is one.
    pub value: Option<String>,
    /// Where it comes from: run and cases, or that somebody has to say.
    pub source: Source,
}

/// A text in both languages.
#[derive(Clone, Debug, Serialize)]
pub struct Title {
    /// Swedish.
    pub sv: String,
    /// English.
    pub en: String,
}

/// Where a value comes from.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Source {
    /// A run.
    Run {
        /// Its id.
        run: String,
        /// The cases that show it.
        cases: Vec<String>,
    },
    /// A sentence.
    Said(&'static str),
}

/// The declaration of these runs, the oldest first: the newest that counts decides.
pub fn of(runs: &[&RunDocument]) -> Declaration {
    let counted: Vec<&RunDocument> = runs.iter().copied().filter(|run| !run.preparatory).rev().collect();
    let mut fields: Vec<FieldOf> =
        CUSTOMER.iter().map(|(key, sv, en)| field(key, sv, en, None, Source::Said(TO_FILL))).collect();
    let object = counted
        .first()
        .map(|run| run.suite.iter().filter_map(|suite| suite.contract.clone()).collect::<Vec<_>>().join(", "));
    let source =
        counted.first().map_or(Source::Said(TO_FILL), |run| Source::Run { run: run.id.clone(), cases: Vec::new() });
    fields.push(field(
        "object",
        "Verifierat objekt",
        "Object verified",
        object.filter(|text| !text.is_empty()),
        source,
    ));
    for theme in THEMES {
        let (value, source) = outcome(&counted, |case| case.themes.iter().any(|own| own == theme));
        fields.push(field(theme, theme, theme, value, source));
    }
    let (value, source) = outcome(&counted, |case| case.themes.iter().any(|own| own.starts_with("TF 5")));
    fields.push(field("TF 5.x", "TF 5.x", "TF 5.x", value, source));
    fields.extend(consumer::fields(&counted));
    if let Some(run) = counted.first() {
        for case in &run.cases {
            let source = Source::Run { run: run.id.clone(), cases: vec![case.name.clone()] };
            fields.push(field(
                &format!("case:{}", case.name),
                &case.name,
                &case.name,
                Some(word(counts(case)).to_owned()),
                source,
            ));
        }
    }
    Declaration { schema: "anslut.qa.declaration/1", fields }
}

pub(super) fn field(key: &str, sv: &str, en: &str, value: Option<String>, source: Source) -> FieldOf {
    FieldOf { key: key.to_owned(), title: Title { sv: sv.to_owned(), en: en.to_owned() }, value, source }
}

/// What a reviewer decided counts, else what was found.
pub(super) fn counts(case: &CaseResult) -> Verdict {
    case.overridden.as_ref().map_or(case.verdict, |decided| decided.verdict)
}

fn outcome(runs: &[&RunDocument], wanted: impl Fn(&CaseResult) -> bool) -> (Option<String>, Source) {
    let executed = |case: &&CaseResult| wanted(case) && !matches!(counts(case), Verdict::NotRun | Verdict::Waiting);
    for run in runs {
        let cases: Vec<&CaseResult> = run.cases.iter().filter(executed).collect();
        if cases.is_empty() {
            continue;
        }
        let verdict = Verdict::of(cases.iter().map(|case| counts(case)));
        let names = cases.iter().map(|case| case.name.clone()).collect();
        return (Some(word(verdict).to_owned()), Source::Run { run: run.id.clone(), cases: names });
    }
    (None, Source::Said("no evidence: to be filled by the customer"))
}

fn word(verdict: Verdict) -> &'static str {
    verdict.word()
}

/// The declaration as text.
pub fn markdown(declaration: &Declaration, language: Language) -> String {
    let is_swedish = language == Language::Swedish;
    let (title, to_fill) =
        if is_swedish { ("Självdeklaration", "fylls i av kunden") } else { ("Self-declaration", TO_FILL) };
    let heads = if is_swedish { "| Fält | Värde | Källa |" } else { "| Field | Value | Source |" };
    let mut out = format!("# {title}\n\n{heads}\n|---|---|---|\n");
    for field in &declaration.fields {
        let name = if is_swedish { &field.title.sv } else { &field.title.en };
        let value = field.value.as_deref().unwrap_or("–");
        let source = match &field.source {
            Source::Run { run, cases } => format!("{run} {}", cases.join(", ")),
            Source::Said(_) => to_fill.to_owned(),
        };
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        // Writing to a string does not fail.
        let _ = writeln!(out, "| {} | {} | {} |", cell(name), cell(value), cell(source.trim()));
    }
    out
}
