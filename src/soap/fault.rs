//! The SOAP 1.1 fault document, laid out as the reference platform's library lays it out (`vp.md` §6.1).

use std::fmt;

use serde::Serialize;

use super::xml::reader::{Reader, Token};
use super::xml::text::escape_into;

/// Namespace of SOAP 1.1 envelopes.
pub const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// Who is at fault: the caller, or the platform and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Side {
    /// `SOAP-ENV:Client`.
    Client,
    /// `SOAP-ENV:Server`.
    Server,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "Client",
            Self::Server => "Server",
        })
    }
}

/// The fault document: no white space, no actor, a `detailString` without namespace.
pub fn document(side: Side, fault_string: &str, detail: &str) -> String {
    let mut out = String::with_capacity(384 + fault_string.len() + detail.len());
    out.push_str("<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"");
    out.push_str(SOAP_11);
    out.push_str("\"><SOAP-ENV:Header/><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:");
    out.push_str(match side {
        Side::Client => "Client",
        Side::Server => "Server",
    });
    out.push_str("</faultcode><faultstring>");
    escape_into(&mut out, fault_string);
    out.push_str("</faultstring><detail><detailString>");
    escape_into(&mut out, detail);
    out.push_str("</detailString></detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>");
    out
}

/// What a fault says, read as far as it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// `faultcode`.
    pub code: String,
    /// `faultstring`.
    pub text: String,
    /// All text inside `detail`.
    pub detail: String,
}

/// Longest text kept of each part of a fault that is read, in bytes.
const PART_BYTES_MAX: usize = 4_096;

/// Reads a SOAP 1.1 fault. What cannot be read stays empty: the fault is somebody else's, and passed on whatever it says.
pub fn read(document: &[u8]) -> Fault {
    let mut fault = Fault::default();
    let mut reader = Reader::new(document);
    let mut part: Option<(&[u8], usize)> = None;
    while let Ok(Some(token)) = reader.next() {
        match (token, part) {
            (Token::Start(name), None) if matches!(name.local(), b"faultcode" | b"faultstring" | b"detail") => {
                part = Some((name.local(), reader.depth()));
            }
            (Token::End(name), Some((open, depth))) if name.local() == open && reader.depth() < depth => part = None,
            (Token::Text(raw) | Token::Cdata(raw), Some((open, _))) => {
                let into = match open {
                    b"faultcode" => &mut fault.code,
                    b"faultstring" => &mut fault.text,
                    _ => &mut fault.detail,
                };
                let text = reader.text_of(raw).unwrap_or_default();
                let room = PART_BYTES_MAX.saturating_sub(into.len());
                into.push_str(&text[..text.floor_char_boundary(room)]);
            }
            _ => {}
        }
    }
    fault
}
