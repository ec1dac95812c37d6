//! Answers in another form than the usual one: without records, or negative (`producers.md` §4, §7.1).

use super::{Question, SchemaSettings, made};
use crate::contracts::sample::{Given, SampleError, Variant};

/// An answer without records; its result is good where it must have one.
pub(super) fn empty(
    system: &str,
    settings: &SchemaSettings,
    question: &Question<'_, '_>,
) -> Result<String, SampleError> {
    made(system, settings, question, Variant::Min, Given { records: Some(0), ..Given::default() })
}

/// A negative result; `None` where the contract has no word for it.
pub(super) fn error(
    system: &str,
    settings: &SchemaSettings,
    question: &Question<'_, '_>,
    code: &str,
) -> Result<Option<String>, SampleError> {
    const TEXT: &str = "anslut: an error, as was asked for";
    let values = [
        ("result", ""),
        ("resultcode", "ERROR"),
        ("errorcode", code),
        ("errorid", "VALIDATION_ERROR"),
        ("message", TEXT),
        ("resulttext", TEXT),
        ("errortext", TEXT),
    ];
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let given = Given { values, records: Some(0), ..Given::default() };
    let answer = made(system, settings, question, Variant::Min, given)?;
    Ok(answer.contains(">ERROR<").then_some(answer))
}
