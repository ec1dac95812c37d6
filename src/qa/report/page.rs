//! The run as one page that needs nothing else: no network, no script (`qa.md` §8.4).

use maud::{DOCTYPE, Markup, html};

use super::declaration::{self, Declaration, Source};
use crate::qa::result::{CaseResult, RunDocument, StepResult};
use crate::qa::verdict::Verdict;

/// Which language the page is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Svenska.
    Swedish,
    /// English.
    English,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}\
details{border:1px solid #ccc;border-radius:.4rem;margin:.5rem 0;padding:.4rem .8rem}summary{cursor:pointer}\
.v{font-weight:600}.fail,.error{color:#9d1c1c}.pass{color:#1d6b32}.not-run,.waiting{color:#7a5200}.skip{color:#555}\
code,pre{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}\
@media(prefers-color-scheme:dark){body{background:#16181b;color:#e6e6e6}td,th,details{border-color:#444}\
.fail,.error{color:#ff8f8f}.pass{color:#7fd494}.not-run,.waiting{color:#e8b84e}.skip{color:#aaa}}@media print{details{break-inside:avoid}}";

impl Language {
    fn code(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    fn say(self, swedish: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Swedish => swedish,
            Self::English => english,
        }
    }

    fn verdict(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Pass => self.say("✓ godkänd", "✓ passed"),
            Verdict::Fail => self.say("✗ underkänd", "✗ failed"),
            Verdict::Error => self.say("! fel", "! error"),
            Verdict::NotRun => self.say("– ej körd", "– not run"),
            Verdict::Skip => self.say("○ utelämnad", "○ skipped"),
            Verdict::Waiting => self.say("… väntar", "… waiting"),
        }
    }
}

/// The page.
pub fn write(run: &RunDocument, language: Language) -> String {
    let say = |swedish, english| language.say(swedish, english);
    let title = run.suite.first().map_or("", |suite| suite.name.as_str());
    let page = html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) " – " (language.verdict(run.verdict)) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (say("Testrapport", "Test report")) ": " (title) }
                p.v.(run.verdict.word()) { (language.verdict(run.verdict)) }
                @if run.preparatory { p { (say("Förberedande körning: räknas inte som underlag.", "Preparatory run: not evidence.")) } }
                (summary(run, language))
                h2 { (say("Testfall", "Cases")) }
                @for case in &run.cases { (self::case(case, language)) }
                @if !run.not_run.is_empty() {
                    h2 { (say("Inte kört", "Not run")) }
                    table { tbody { @for one in &run.not_run { tr { td { (one.case) } td { code { (one.place) } } td { (one.reason) } } } } }
                }
                h2 { (say("Självdeklaration, så långt körningen fyller i den", "Self-declaration, as far as the run fills it in")) }
                (fields(&declaration::of(&[run]), language))
                (differences(language))
                h2 { (say("Filer", "Files")) }
                table { tbody { @for file in run.suite.iter().flat_map(|suite| &suite.files) { tr { td { (file.path) } td { code { (file.sha256) } } } } } }
            }
        }
    };
    page.into_string()
}

/// A declaration as a page of its own.
pub fn declaration(declaration: &Declaration, language: Language) -> String {
    let title = language.say("Självdeklaration", "Self-declaration");
    let page = html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { h1 { (title) } (fields(declaration, language)) }
        }
    };
    page.into_string()
}

fn fields(declaration: &Declaration, language: Language) -> Markup {
    let say = |swedish, english| language.say(swedish, english);
    let to_fill = say("fylls i av kunden", "to be filled by the customer");
    html! {
        table {
            thead { tr { th { (say("Fält", "Field")) } th { (say("Värde", "Value")) } th { (say("Källa", "Source")) } } }
            tbody {
                @for field in &declaration.fields {
                    tr {
                        td { (if language == Language::Swedish { &field.title.sv } else { &field.title.en }) }
                        td { (field.value.as_deref().unwrap_or("–")) }
                        td { @match &field.source { Source::Run { run, cases } => { (run) " " (cases.join(", ")) } Source::Said(_) => { (to_fill) } } }
                    }
                }
            }
        }
    }
}

fn summary(run: &RunDocument, language: Language) -> Markup {
    let say = |swedish, english| language.say(swedish, english);
    let totals = &run.totals;
    html! {
        table {
            tbody {
                tr { th { (say("Körning", "Run")) } td { (run.id) } }
                tr { th { (say("Mål", "Target")) } td { (run.target.url.as_deref().unwrap_or("–")) } }
                tr { th { (say("Miljö", "Environment")) } td { (run.target.environment.as_deref().unwrap_or("–")) } }
                tr { th { (say("Tid", "Time")) } td { (run.started) " – " (run.finished) } }
                tr { th { (say("Utfall", "Outcome")) } td {
                    (totals.pass) " " (say("godkända", "passed")) ", " (totals.fail) " " (say("underkända", "failed")) ", "
                    (totals.error) " " (say("fel", "errors")) ", " (totals.not_run) " " (say("ej körda", "not run")) ", "
                    (totals.skip) " " (say("utelämnade", "skipped")) ", " (totals.waiting) " " (say("väntar", "waiting"))
                } }
                tr { th { (say("Andel godkända", "Score")) } td { (format!("{:.1} %", totals.score * 100.0)) } }
                tr { th { (say("Program", "Program")) } td { (run.program) } }
            }
        }
    }
}

fn case(case: &CaseResult, language: Language) -> Markup {
    let open = matches!(case.verdict, Verdict::Fail | Verdict::Error);
    html! {
        details open[open] {
            summary { span.v.(case.verdict.word()) { (language.verdict(case.verdict)) } " " (case.suite) " / " (case.name) @if !case.reason.is_empty() { " – " (case.reason) } }
            @if let Some(decided) = &case.overridden {
                p { (language.say("Granskaren har beslutat", "The reviewer decided")) " " strong { (language.verdict(decided.verdict)) } ": " (decided.reason) " (" (decided.by) ")" }
            }
            @for step in &case.steps { (self::step(step, language)) }
            @for notice in &case.notices { p { "ℹ " (notice.text) } }
            @for observation in &case.observations { p { "ℹ " (observation.rule) ": " (observation.text) } }
            @if !case.data.is_empty() {
                details { summary { (language.say("Parametrar", "Parameters")) } table { tbody { @for (name, value) in &case.data { tr { td { code { (name) } } td { (value) } } } } } }
            }
        }
    }
}

fn step(step: &StepResult, language: Language) -> Markup {
    html! {
        table {
            tbody {
                tr {
                    td.v.(step.verdict.word()) { (language.verdict(step.verdict)) }
                    td { (step.name) @if !step.reason.is_empty() { ": " (step.reason) } }
                    td { @if let Some(status) = step.status { "HTTP " (status) ", " (step.ms) " ms" } }
                    td { @for file in [&step.request, &step.response].into_iter().flatten() { code { (file) } " " } }
                }
                @for assertion in &step.assertions {
                    tr {
                        td.v.(assertion.verdict.word()) { (language.verdict(assertion.verdict)) }
                        td { (assertion.name) @if let Some(idiom) = &assertion.idiom { " (" (idiom) ")" } }
                        td colspan="2" { @for message in &assertion.messages { pre { (message) } } @if let Some(xpath) = &assertion.xpath { code { (xpath) } } }
                    }
                }
            }
        }
    }
}

fn differences(language: Language) -> Markup {
    html! {
        h2 { (language.say("Skillnader mot SoapUI", "Differences from SoapUI")) }
        ul {
            li { (language.say("Tomma skript och regelfiler vars fynd bara loggas räknas inte som bevis.", "Empty scripts, and rule files whose findings are only logged, are no proof.")) }
            li { (language.say("Ett testfall utan kontroller är inte godkänt.", "A case without assertions has not passed.")) }
            li { (language.say("Varje fynd anger var det står.", "Every finding says where it stands.")) }
        }
    }
}
