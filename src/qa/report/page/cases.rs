//! The tree of cases: steps, what was found, and request and answer side by side.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Language;
use super::marked::{Excerpt, excerpt};
use crate::qa::result::{AssertionResult, CaseResult, Cut, StepResult};
use crate::qa::verdict::Verdict;

/// Requests and answers by file name.
type Messages = BTreeMap<String, Vec<u8>>;

pub(super) fn case(case: &CaseResult, messages: &Messages, language: Language) -> Markup {
    let open = matches!(case.verdict, Verdict::Fail | Verdict::Error);
    html! {
        details open[open] {
            summary { span.v.(case.verdict.word()) { (language.verdict(case.verdict)) } " " (case.suite) " / " (case.name) @if !case.reason.is_empty() { " – " (case.reason) } }
            @if let Some(decided) = &case.overridden {
                p { (language.say("Granskaren har beslutat", "The reviewer decided")) " " strong { (language.verdict(decided.verdict)) } ": " (decided.reason) " (" (decided.by) ")" }
            }
            @for step in &case.steps { (self::step(step, messages, language)) }
            @for notice in &case.notices { p { "ℹ " (notice.text) } }
            @for observation in &case.observations { p { "ℹ " (observation.rule) ": " (observation.text) } }
            @if !case.data.is_empty() {
                details { summary { (language.say("Parametrar", "Parameters")) } table { tbody { @for (name, value) in &case.data { tr { td { code { (name) } } td { (value) } } } } } }
            }
        }
    }
}

fn step(step: &StepResult, messages: &Messages, language: Language) -> Markup {
    html! {
        table {
            tbody {
                tr {
                    td.v.(step.verdict.word()) { (language.verdict(step.verdict)) }
                    td { (step.name) @if !step.reason.is_empty() { ": " (step.reason) } }
                    td { @if let Some(status) = step.status { "HTTP " (status) ", " (step.ms) " ms" } }
                    td { @for file in [&step.request, &step.response].into_iter().flatten() { code { (file) } " " } }
                }
                @for assertion in &step.assertions { (self::assertion(assertion, language)) }
            }
        }
        @for cut in &step.cut { (self::cut(cut, language)) }
        (exchange(step, messages, language))
    }
}

fn assertion(assertion: &AssertionResult, language: Language) -> Markup {
    html! {
        tr {
            td.v.(assertion.verdict.word()) { (language.verdict(assertion.verdict)) }
            td { (assertion.name) @if let Some(idiom) = &assertion.idiom { " (" (idiom) ")" } }
            td colspan="2" { @for message in &assertion.messages { pre { (message) } } @if let Some(xpath) = &assertion.xpath { code { (xpath) } } }
        }
    }
}

fn cut(cut: &Cut, language: Language) -> Markup {
    html! {
        p { "ℹ " code { (cut.file) } ": " (language.say("de första", "the first")) " " (cut.kept) " " (language.say("av", "of")) " " (cut.bytes)
            " " (language.say("byte är sparade; hela meddelandets SHA-256 är", "bytes are kept; the whole message's SHA-256 is")) " " code { (cut.sha256) } }
    }
}

/// Request and answer beside each other, with what failed marked in the answer.
fn exchange(step: &StepResult, messages: &Messages, language: Language) -> Markup {
    let failed = step.assertions.iter().filter(|one| matches!(one.verdict, Verdict::Fail | Verdict::Error));
    let place = failed.filter_map(|one| one.xpath.as_deref()).next();
    let request = step.request.as_deref().and_then(|file| Some((file, excerpt(messages.get(file)?, None))));
    let answer = step.response.as_deref().and_then(|file| Some((file, excerpt(messages.get(file)?, place))));
    html! {
        @if request.is_some() || answer.is_some() {
            details open[step.verdict == Verdict::Fail] {
                summary { (language.say("Fråga och svar", "Request and answer")) }
                div.pair {
                    @for (title, one) in [(language.say("Fråga", "Request"), &request), (language.say("Svar", "Answer"), &answer)] {
                        div { strong { (title) } @if let Some((file, excerpt)) = one { (part(file, excerpt, language)) } }
                    }
                }
            }
        }
    }
}

fn part(file: &str, excerpt: &Excerpt, language: Language) -> Markup {
    let is_part = excerpt.is_cut_before || excerpt.is_cut_after;
    html! {
        pre {
            @if excerpt.is_cut_before { "… " }
            (excerpt.before)
            @if !excerpt.marked.is_empty() { mark { (excerpt.marked) } }
            (excerpt.after)
            @if excerpt.is_cut_after { " …" }
        }
        @if is_part { p { (language.say("Resten står i", "The rest stands in")) " " code { (file) } } }
    }
}
