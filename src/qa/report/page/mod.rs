//! The run as one page that needs nothing else: no network, no script (`qa.md` §8.4).

mod cases;
mod marked;
mod sections;

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, html};

use super::declaration::{self, Declaration, Source};
use crate::qa::desk::deviation::Deviation;
use crate::qa::result::RunDocument;
use crate::qa::verdict::Verdict;

/// What a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Material<'m> {
    /// The run.
    pub run: &'m RunDocument,
    /// Requests and answers by file name.
    pub messages: &'m BTreeMap<String, Vec<u8>>,
    /// Deviations of the run or of its session.
    pub deviations: &'m [Deviation],
}

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
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem}.pair pre{margin:.3rem 0;max-height:30rem;overflow:auto}\
mark{background:#ffe08a;color:#1b1b1b;outline:2px solid #9d1c1c}\
@media(max-width:50rem){.pair{grid-template-columns:1fr}}@media(prefers-color-scheme:dark){body{background:#16181b;color:#e6e6e6}td,th,details{border-color:#444}\
.fail,.error{color:#ff8f8f}.pass{color:#7fd494}.not-run,.waiting{color:#e8b84e}.skip{color:#aaa}}@media print{.pair pre{max-height:none}}";

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
pub fn write(material: &Material<'_>, language: Language) -> String {
    let run = material.run;
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
                (sections::deviations(material.deviations, language))
                h2 { (say("Testfall", "Cases")) }
                @for case in &run.cases { (cases::case(case, material.messages, language)) }
                @if !run.not_run.is_empty() {
                    h2 { (say("Inte kört", "Not run")) }
                    table { tbody { @for one in &run.not_run { tr { td { (one.case) } td { code { (one.place) } } td { (one.reason) } } } } }
                }
                (sections::coverage(run, language))
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
                @if let Some(certificate) = &run.target.certificate_sha256 {
                    tr { th { (say("Klientcertifikat (SHA-256)", "Client certificate (SHA-256)")) } td { code { (certificate) } } }
                }
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
