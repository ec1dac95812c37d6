//! Bodies with places to fill in from the request. Only plain names stand between the braces so far; anything else is
//! an error when the stub is loaded, never an answer with a hole in it (`producers.md` §2.4).

use jiff::Timestamp;

use crate::domain::clock::stockholm;
use crate::domain::identifiers::operation_of;
use crate::producers::asked::{Asked, CORRELATION_ID, ORIGINAL_CONSUMER, SENDER, major_of};
use crate::producers::settings::TEMPLATE_BYTES_MAX;
use crate::soap::xml::text::escape_into;

/// A body with places to fill in.
#[derive(Clone, Debug)]
pub struct Template {
    pieces: Vec<Piece>,
    escapes: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Place(Place),
}

/// What may stand between the braces.
#[derive(Clone, Copy, Debug)]
enum Place {
    Contract,
    Operation,
    Major,
    LogicalAddress,
    Sender,
    OriginalConsumer,
    CorrelationId,
    PatientId,
    Now,
}

const PLACES: [(&str, Place); 9] = [
    ("riv.contract", Place::Contract),
    ("riv.operation", Place::Operation),
    ("riv.major", Place::Major),
    ("riv.logicalAddress", Place::LogicalAddress),
    ("riv.sender", Place::Sender),
    ("riv.originalConsumer", Place::OriginalConsumer),
    ("riv.correlationId", Place::CorrelationId),
    ("riv.patient.id", Place::PatientId),
    ("riv-time", Place::Now),
];

/// A template that cannot be read: byte offset, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Offset of the opening braces in the text.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

impl Template {
    /// Reads a text; values are escaped as XML content where `escapes`.
    pub fn parse(text: &str, escapes: bool) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(found) = text[at..].find("{{") {
            let offset = at + found;
            let error = |message: String| TemplateError { offset, message };
            pieces.push(Piece::Text(text[at..offset].to_owned()));
            let length = text[offset..].find("}}").ok_or_else(|| error("\"{{\" without \"}}\"".to_owned()))?;
            let name = text[offset + 2..offset + length].trim();
            let place = PLACES.iter().find(|(known, _)| *known == name).map(|(_, place)| *place).ok_or_else(|| {
                let known: Vec<_> = PLACES.iter().map(|(known, _)| *known).collect();
                error(format!("template expression {name:?} is not supported, only {}", known.join(", ")))
            })?;
            pieces.push(Piece::Place(place));
            at = offset + length + 2;
        }
        pieces.push(Piece::Text(text[at..].to_owned()));
        Ok(Self { pieces, escapes })
    }

    /// The body for one request. What the request does not say becomes nothing; `Err` says why there is no body.
    pub fn fill(&self, asked: &Asked<'_>, now: Timestamp) -> Result<String, String> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place(place) => {
                    let value = place.value(asked, now);
                    if self.escapes {
                        escape_into(&mut out, &value);
                    } else {
                        out.push_str(&value);
                    }
                }
            }
            if out.len() > TEMPLATE_BYTES_MAX {
                return Err(format!("its body exceeds {TEMPLATE_BYTES_MAX} bytes"));
            }
        }
        Ok(out)
    }
}

impl Place {
    fn value(self, asked: &Asked<'_>, now: Timestamp) -> String {
        let header = |name| asked.header(name).map(|value| value.into_owned());
        let value = match self {
            Self::Contract => asked.contract().map(str::to_owned),
            Self::Operation => asked.contract().map(|namespace| operation_of(namespace).to_owned()),
            Self::Major => asked.contract().and_then(major_of).map(str::to_owned),
            Self::LogicalAddress => asked.logical_address().map(str::to_owned),
            Self::Sender => header(SENDER),
            Self::OriginalConsumer => header(ORIGINAL_CONSUMER),
            Self::CorrelationId => header(CORRELATION_ID),
            Self::PatientId => asked.patient().map(str::to_owned),
            Self::Now => Some(now.to_zoned(stockholm()).strftime("%Y%m%d%H%M%S").to_string()),
        };
        value.unwrap_or_default()
    }
}
