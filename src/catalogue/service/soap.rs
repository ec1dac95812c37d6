//! Envelopes and faults of the catalogue's services.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use crate::soap::fault::SOAP_11;
use crate::soap::xml::text::escape_into;

/// Why a call is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    code: &'static str,
    text: String,
}

impl Fault {
    /// The service's own refusal.
    pub(super) fn server(text: impl Into<String>) -> Self {
        Self { code: "Server", text: text.into() }
    }

    /// What cannot be read as a call.
    pub(super) fn client(text: impl Into<String>) -> Self {
        Self { code: "Client", text: text.into() }
    }
}

/// An answer around the body's child.
pub(super) fn envelope(body: &str) -> Response<Bytes> {
    let mut text = String::with_capacity(body.len() + 160);
    for part in ["<soap:Envelope xmlns:soap=\"", SOAP_11, "\"><soap:Body>", body, "</soap:Body></soap:Envelope>"] {
        text.push_str(part);
    }
    xml(StatusCode::OK, text)
}

/// A fault.
pub(super) fn fault(fault: &Fault) -> Response<Bytes> {
    let mut body = format!("<soap:Fault><faultcode>soap:{}</faultcode><faultstring>", fault.code);
    escape_into(&mut body, &fault.text);
    body.push_str("</faultstring></soap:Fault>");
    let mut answer = envelope(&body);
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    answer
}

pub(super) fn method_not_allowed() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(b"this service takes POST; ?wsdl describes it\n"));
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    answer
}

pub(super) fn xml(status: StatusCode, text: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml;charset=UTF-8"));
    answer
}

/// An element with text.
pub(super) fn element(out: &mut String, name: &str, text: &str) {
    for part in ["<", name, ">"] {
        out.push_str(part);
    }
    escape_into(out, text);
    for part in ["</", name, ">"] {
        out.push_str(part);
    }
}
