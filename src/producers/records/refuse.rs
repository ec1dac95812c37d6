//! Requests that a system with records turns away instead of answering them, as a real one does (`qa.md` §7, TF 1.7): what is
//! no XML to its end, names nobody, asks for a period that is none, or for what another system has.

use super::filter::Filter;
use super::projection::ContractRow;
use crate::producers::schema::element::Element;
use crate::producers::schema::period::Period;
use crate::producers::schema::{Question, write};
use crate::soap::fault::Side;
use crate::soap::xml::reader::{Reader, Token};

/// The envelope that is not taken.
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// An answer that is a SOAP fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whose fault it is.
    pub side: Side,
    /// What is said.
    pub text: String,
}

impl Refusal {
    /// The system's own.
    pub(super) fn server(text: String) -> Self {
        Self { side: Side::Server, text }
    }
}

/// What is wrong with a request, in a few words without anybody's identity; `None` where it can be answered.
fn fault_of(question: &Question<'_, '_>, row: &ContractRow, patient: Option<&str>) -> Option<String> {
    if question.asked.method() != "POST" {
        return Some(format!("a call is a POST, and this is a {}", question.asked.method()));
    }
    if let Some(why) = no_envelope(question.asked.body()) {
        return Some(why);
    }
    if question.asked.logical_address().is_none() {
        return Some("the request names no logical address".to_owned());
    }
    if patient.is_none() && !row.any_patient {
        return Some("the request names no patient".to_owned());
    }
    Period::is_unreadable(&question.body).then(|| "the request asks for a period whose ends are no dates".to_owned())
}

/// What is wrong with a message that is no envelope of SOAP 1.1 with one element in its body.
fn no_envelope(message: &[u8]) -> Option<String> {
    let mut reader = Reader::new(message);
    let (mut depth, mut in_body, mut elements) = (0, false, 0);
    loop {
        let token = match reader.next() {
            Ok(Some(token)) => token,
            Ok(None) => break,
            Err(error) => return Some(format!("the request is not well-formed: {error}")),
        };
        match token {
            Token::Start(_) => depth += 1,
            Token::End(_) => depth -= 1,
            _ => {}
        }
        match (token, depth) {
            (Token::Start(name), 1) if reader.namespaces().resolve(name.prefix()) == Some(SOAP_12.as_bytes()) => {
                return Some("the request is SOAP 1.2, expected SOAP 1.1".to_owned());
            }
            (Token::Start(name), 2) => in_body = name.local() == b"Body",
            (Token::Start(_), 3) if in_body => elements += 1,
            _ => {}
        }
    }
    (elements > 1).then(|| format!("the request has {elements} elements in its Body, expected one"))
}

/// The answer to a request that cannot be answered: a fault of the caller's where it does not follow its contract; where it
/// asks another system, an error the way the contract has it. `None` where there is nothing to refuse.
pub(super) fn refusal(
    system: &str,
    question: &Question<'_, '_>,
    row: &ContractRow,
    patient: Option<&str>,
) -> Option<Result<write::Written, Refusal>> {
    if let Some(why) = fault_of(question, row, patient) {
        return Some(Err(Refusal { side: Side::Client, text: format!("anslut: {system}: {why}") }));
    }
    if !Filter::of(question, row).asks_elsewhere() {
        return None;
    }
    let called = question.asked.logical_address().unwrap_or_default();
    let why = format!("the request asks for the records of another source system than {called}, which was called");
    let result = Element::new("result")
        .with_text("resultCode", "ERROR")
        .with_text("errorCode", "INVALID_REQUEST")
        .with_text("logId", super::source::log_id(system, question.asked))
        .with_text("message", why.clone());
    let mut tree = Element::new("response");
    tree.children.push(result);
    let written = write::response(&question.contract, &tree)?;
    if written.left_out.iter().any(|path| path.ends_with("/result") || path.ends_with("/resultCode")) {
        return Some(Err(Refusal { side: Side::Client, text: format!("anslut: {system}: {why}") }));
    }
    Some(Ok(written))
}
