//! Platform rules that hold for every answer (`qa.md` §5.4), seen beside the verdict of a published case.

use super::assert::soap;
use super::result::Observation;
use super::run::exchange::{Exchange, charset};
use super::tree;

/// The rules an answer breaks.
pub fn observe(exchange: &Exchange, patient: Option<&str>) -> Vec<Observation> {
    let text = exchange.text();
    let mut observations = Vec::new();
    let mut observe = |rule: &str, text: String| observations.push(Observation { rule: rule.to_owned(), text });
    let judgement = soap::response(&text, false);
    if let Some(message) = judgement.messages.first() {
        observe("RT-01", message.clone());
    }
    let content_type =
        exchange.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.trim_start().to_ascii_lowercase().starts_with("text/xml") {
        observe("RT-02", format!("Content-Type is {content_type:?}, expected text/xml"));
    } else if charset(content_type).is_none() {
        observe("RT-02", "Content-Type states no charset".to_owned());
    }
    if text.contains("<!DOCTYPE") {
        observe("RT-17", "the answer has a document type".to_owned());
    }
    let Ok(document) = tree::parse(&text) else {
        return observations;
    };
    if let Some((_, reason)) = soap::fault(&document) {
        if exchange.status != 500 {
            observe("RT-04", format!("a fault was answered with status {}", exchange.status));
        }
        if patient.is_some_and(|patient| !patient.is_empty() && text.contains(patient)) {
            observe("RT-05", "the fault holds the identity that was asked for".to_owned());
        }
        if ["\tat ", "Exception in", ".java:", "Traceback", "SELECT "]
            .iter()
            .any(|mark| reason.contains(mark) || text.contains(mark))
        {
            observe("RT-06", "the fault holds what looks like a stack trace".to_owned());
        }
    }
    observations
}
