//! The answers that the header `x-mock-response` selects by name (`producers.md` §4), as the published mock projects do.

use super::echo::Echo;
use super::{Question, RECORDS_MAX, SchemaSettings, made};
use crate::contracts::sample::{Given, SampleError, Variant};
use crate::soap::fault::Side;

/// The request header.
pub const HEADER: &str = "x-mock-response";
/// Where the name of an answer is looked for when nothing has the one that was asked for.
pub const FAULT: &str = "SoapFault";

/// A kind of answer that every contract has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// What the system answers anyway, for the patient that is asked for.
    Basic,
    /// No records.
    Empty,
    /// At least two records, all within what is asked for.
    Filtered,
    /// What the system answers anyway if it knows the original consumer, else no records.
    ByConsumer,
    /// A negative result.
    Error,
    /// A SOAP fault of this side.
    Fault(Side),
}

/// Beginnings of names, as [`plain`] leaves them, and what they select.
const BEGINNINGS: [(&str, Named); 12] = [
    ("basic", Named::Basic),
    ("onlypatientid", Named::Basic),
    ("schemacompliance", Named::Basic),
    ("empty", Named::Empty),
    ("careunithsaid", Named::Filtered),
    ("carecontactid", Named::Filtered),
    ("date", Named::Filtered),
    ("httpheader", Named::ByConsumer),
    ("error", Named::Error),
    ("invalidrequest", Named::Error),
    ("soapfaultrequest", Named::Fault(Side::Client)),
    ("soapfault", Named::Fault(Side::Server)),
];

impl Named {
    /// The kind a name selects, in any spelling.
    pub fn parse(name: &str) -> Option<Self> {
        let name = plain(name);
        if name == "fault" {
            return Some(Self::Fault(Side::Server));
        }
        BEGINNINGS.iter().find(|(beginning, _)| name.starts_with(beginning)).map(|(_, named)| *named)
    }
}

/// Whether two names mean the same answer: case, spaces, `-`, `_` and `Response` at the end make no difference.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || plain(one) == plain(other)
}

/// Whether the header's value selects nothing.
pub fn is_none(name: &str) -> bool {
    matches!(name.trim(), "" | "None")
}

fn plain(name: &str) -> String {
    let name: String = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect();
    name.strip_suffix("response").filter(|rest| !rest.is_empty()).map(str::to_owned).unwrap_or(name)
}

/// An answer without records; its result is good where it must have one.
pub fn empty(system: &str, settings: &SchemaSettings, question: &Question<'_, '_>) -> Result<String, SampleError> {
    made(system, settings, question, Variant::Min, Given { records: Some(0), ..Given::default() })
}

/// An answer with two records or more, all within what is asked for.
pub fn filtered(system: &str, settings: &SchemaSettings, question: &Question<'_, '_>) -> Result<String, SampleError> {
    let given = Echo::of(question).given(settings.count.clamp(2, RECORDS_MAX));
    made(system, settings, question, settings.variant, given)
}

/// A negative result; `None` where the contract has no word for it.
pub fn error(
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
