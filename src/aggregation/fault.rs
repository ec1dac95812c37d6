//! What a consumer is told whose question cannot be carried out (`aggregation.md` §1.8, §3.2).

use bytes::Bytes;

use super::splice::{Context, Cut, Scope};
use super::walk::EnvelopeError;
use crate::soap::fault::{SOAP_11, Side};
use crate::soap::xml::error::XmlError;
use crate::soap::xml::text::escape_into;

/// A SOAP fault; the answer's status is 500 whatever it is.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Of our own.
    Own {
        /// Who is at fault.
        side: Side,
        /// The fault string.
        text: String,
    },
    /// Somebody else's, passed on: the whole element.
    Passed(Box<Passed>),
}

/// A fault in somebody else's message.
#[derive(Clone, Debug)]
pub(super) struct Passed {
    /// The message it stands in.
    pub(super) message: Bytes,
    /// What its prefixes stand for.
    pub(super) scope: Scope,
    /// Where it stands.
    pub(super) element: Cut,
    /// Its text.
    pub(super) text: String,
}

impl Fault {
    /// Something inside the flow failed.
    pub(super) fn server(text: impl Into<String>) -> Self {
        Self::Own { side: Side::Server, text: text.into() }
    }

    fn client(text: impl Into<String>) -> Self {
        Self::Own { side: Side::Client, text: text.into() }
    }

    /// A body element that is not the contract's; `name` as `{namespace}local`.
    pub(super) fn unknown_part(name: &str) -> Self {
        Self::client(format!("Message part {name} was not recognized.  (Does it exist in service WSDL?)"))
    }

    /// No body, or nothing in it.
    pub(super) fn no_body() -> Self {
        Self::client("The SOAP Body is empty or missing")
    }

    /// A request larger than any.
    pub(super) fn too_large(bytes_max: usize) -> Self {
        Self::client(format!("The request has more than {bytes_max} bytes"))
    }

    /// The fault string.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Own { text, .. } => text,
            Self::Passed(passed) => &passed.text,
        }
    }

    /// The whole document.
    pub(super) fn document(&self) -> Vec<u8> {
        let mut out = format!("<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Body>").into_bytes();
        match self {
            Self::Own { side, text } => {
                let mut fault = format!("<soap:Fault><faultcode>soap:{side}</faultcode><faultstring>");
                escape_into(&mut fault, text);
                fault.push_str("</faultstring></soap:Fault>");
                out.extend_from_slice(fault.as_bytes());
            }
            Self::Passed(passed) => {
                let Passed { message, scope, element, .. } = &**passed;
                element.write(message, scope, &Context::new("", &[("soap", SOAP_11)]), &mut out);
            }
        }
        out.extend_from_slice(b"</soap:Body></soap:Envelope>");
        out
    }
}

impl From<EnvelopeError> for Fault {
    fn from(error: EnvelopeError) -> Self {
        Self::client(error.to_string())
    }
}

impl From<XmlError> for Fault {
    fn from(error: XmlError) -> Self {
        EnvelopeError::from(error).into()
    }
}
