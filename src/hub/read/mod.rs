//! Bytes of a request to what routing needs: logical address, contract, profile, and in which character set to answer
//! (`vp.md` §2).

pub mod mtom;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::domain::profile::Profile;
use crate::soap::charset::{self, Charset};
use crate::soap::envelope;
use crate::soap::xml::error::XmlError;

/// The head of a message, and the body to carry.
#[derive(Clone, Debug)]
pub struct Read {
    /// Logical address, verbatim; `None` where missing, empty or blank.
    pub receiver: Option<String>,
    /// Service contract namespace; `None` where the body has no child, or one without namespace.
    pub contract: Option<String>,
    /// Local name of the body's child.
    pub operation: Option<String>,
    /// Profile, by the name of the address element.
    pub profile: Option<Profile>,
    /// The message as it came, or its SOAP part where it came with attachments.
    pub body: Bytes,
    /// Set where the message is not in UTF-8: it is converted before the producer gets it, and the answer converted back.
    pub foreign: Option<Foreign>,
}

/// A message in another character set than UTF-8.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// Its character set.
    pub charset: Charset,
    /// The whole message in UTF-8, its declaration adjusted.
    pub in_utf8: Bytes,
}

/// VP015: the request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not well-formed up to the body's child.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// A message with attachments in which no envelope was found.
    #[error("Inkommande begäran är ej korrekt utformat och kan därför inte behandlas.")]
    NoEnvelope,
}

/// Reads the head of a message.
pub fn read(headers: &HeaderMap, body: Bytes) -> Result<Read, ReadError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = match mtom::is_mtom(content_type) {
        true => mtom::envelope(&body).ok_or(ReadError::NoEnvelope)?,
        false => body,
    };
    let declared = charset::in_content_type(content_type);
    if let Some(foreign) = charset::foreign(declared, &body)
        && let Some(read) = read_foreign(&body, foreign)
    {
        return Ok(read);
    }
    let head = envelope::scan(&body)?;
    Ok(from_head(&head, body.clone(), None))
}

/// Reads a message in another character set; `None` where it cannot be read as that, so that UTF-8 gets its chance.
fn read_foreign(body: &Bytes, charset: Charset) -> Option<Read> {
    let in_utf8 = Bytes::from(charset.decode(body)?);
    let head = envelope::scan(&in_utf8).ok()?;
    Some(from_head(&head, body.clone(), Some(Foreign { charset, in_utf8: in_utf8.clone() })))
}

fn from_head(head: &envelope::Head<'_>, body: Bytes, foreign: Option<Foreign>) -> Read {
    Read {
        receiver: head.receiver.as_deref().map(str::to_owned),
        contract: head.contract.as_deref().map(str::to_owned),
        operation: head.operation.map(str::to_owned),
        profile: head.profile,
        body,
        foreign,
    }
}
