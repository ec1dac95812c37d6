//! What a caller is told who cannot be served: the reference's words, to the letter, misspellings included
//! (`ei.md` §1.9, §2.1).

use super::commit::CommitError;
use super::engagement::Field;
use super::timestamp::NotATime;
use crate::config::index::TRANSACTIONS_MAX;
use crate::soap::xml::error::XmlError;

/// A SOAP fault; the answer's status is 500 whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFault {
    /// Who is at fault.
    pub code: FaultCode,
    /// The fault string.
    pub text: String,
}

/// `faultcode`, behind the envelope's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCode {
    /// Everything the index itself refuses.
    Server,
    /// What cannot be read as a call of this service.
    Client,
    /// An envelope that is not SOAP 1.1.
    VersionMismatch,
}

impl FaultCode {
    /// The code's local name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Client => "Client",
            Self::VersionMismatch => "VersionMismatch",
        }
    }
}

fn server(text: String) -> IndexFault {
    IndexFault { code: FaultCode::Server, text }
}

fn client(text: String) -> IndexFault {
    IndexFault { code: FaultCode::Client, text }
}

fn technical(what: &str) -> IndexFault {
    server(format!("EI000: A technical error has occurred, error message: {what}"))
}

fn payload(what: &str) -> IndexFault {
    server(format!("EI004: The payload does not validate, error messge: {what}"))
}

/// A one-based number as an English locale writes it.
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

/// `x-skltp-correlation-id` is missing. The reference's text ends with a newline.
pub fn no_correlation_id() -> IndexFault {
    server("Mandatory HTTP header x-skltp-correlation-id is missing\n".to_owned())
}

/// EI000, no transaction at all.
pub fn too_few() -> IndexFault {
    technical("The request contains less than 1 engagements. Minium number of engagements per request is 1.")
}

/// EI000, more than [`TRANSACTIONS_MAX`].
pub fn too_many() -> IndexFault {
    technical(&format!(
        "The request contains more than {TRANSACTIONS_MAX} engagements. Maximum number of engagements per request is \
         {TRANSACTIONS_MAX}."
    ))
}

/// EI000, a field FindContent needs.
pub fn mandatory_for_find(field: Field) -> IndexFault {
    technical(&format!("{} is mandatory but missing", field.name()))
}

/// EI000, an answer larger than any.
pub fn answer_too_large(bytes_max: usize) -> IndexFault {
    technical(&format!("The answer is larger than {bytes_max} bytes."))
}

/// EI000, the journal refuses.
pub fn not_written(error: &CommitError) -> IndexFault {
    technical(&error.to_string())
}

/// EI002.
pub fn same_key(earlier: usize, later: usize) -> IndexFault {
    server(format!(
        "EI002: EngagementTransaction #{} and #{} have the same key. That is not allowed. See rule for Update-R1 in \
         service contract",
        grouped(earlier),
        grouped(later)
    ))
}

/// EI003.
pub fn wrong_address(address: Option<&str>, own_id: &str) -> IndexFault {
    let address = address.filter(|address| !address.is_empty()).unwrap_or("missing");
    server(format!(
        "EI003: Invalid routing. Logical address is {address} but the owner is {own_id}. They must be the same. See rule \
         for Update-R7 in service contract"
    ))
}

/// EI004, a field that is not there.
pub fn missing(field: Field) -> IndexFault {
    payload(&format!("mandatory field \"{}\" is missing", field.name()))
}

/// EI004, a field with white space around it.
pub fn white_space(field: Field) -> IndexFault {
    payload(&format!("mandatory field \"{}\" contains white space in beginning or end", field.name()))
}

/// EI004, a field that is too long.
pub fn too_long(name: &str) -> IndexFault {
    payload(&format!("Field \"{name}\" is to long"))
}

/// EI004, a date that is none.
pub fn bad_date(name: &str, error: &NotATime) -> IndexFault {
    payload(&format!("Field \"{name}\": {error}"))
}

/// The same for `mostRecentContent`, which bypasses the codes (`ei.md` Q2).
pub fn bad_content_date(error: &NotATime) -> IndexFault {
    server(error.to_string())
}

/// EI005.
pub fn reserved_address(place: usize, id: &str) -> IndexFault {
    server(format!(
        "EI005: The logicalAddress in EngagementTransaction #{} is reserved and not allowed, hsa-id: {id}",
        grouped(place)
    ))
}

/// EI006.
pub fn reserved_system(place: usize, id: &str) -> IndexFault {
    server(format!(
        "EI006: The sourceSystem in EngagementTransaction #{} is reserved and not allowed, hsa-id: {id}",
        grouped(place)
    ))
}

/// An `engagementTransaction` without `engagement`: the reference trips over it.
pub fn no_engagement(place: usize) -> IndexFault {
    server(format!("The engagement in EngagementTransaction #{} is null", grouped(place)))
}

/// Not well-formed.
pub fn not_xml(error: &XmlError) -> IndexFault {
    client(format!("Error reading XMLStreamReader: {error}"))
}

/// A request larger than any.
pub fn request_too_large(bytes_max: usize) -> IndexFault {
    client(format!("The request has more than {bytes_max} bytes"))
}

/// What stands beside the contract's elements, and is passed on to subscribers, is more than may be kept.
pub fn extensions_too_large(bytes_max: usize) -> IndexFault {
    client(format!("The request has more than {bytes_max} bytes of extensions"))
}

/// A body element this service does not know.
pub fn unknown_operation(namespace: &str, name: &str) -> IndexFault {
    client(format!("Message part {{{namespace}}}{name} was not recognized.  (Does it exist in service WSDL?)"))
}

/// No body, or nothing in it.
pub fn no_body() -> IndexFault {
    client("The SOAP Body is empty or missing".to_owned())
}

/// An envelope of another SOAP version.
pub fn other_version(namespace: &str) -> IndexFault {
    let text = match namespace {
        "http://www.w3.org/2003/05/soap-envelope" => {
            "A SOAP 1.2 message is not valid when sent to a SOAP 1.1 only endpoint.".to_owned()
        }
        _ => format!("\"{namespace}\", the namespace on the \"Envelope\" element, is not a valid SOAP version."),
    };
    IndexFault { code: FaultCode::VersionMismatch, text }
}
