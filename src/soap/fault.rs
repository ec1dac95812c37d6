//! The SOAP 1.1 fault document, laid out as the reference platform's library lays it out (`vp.md` §6.1).

use std::fmt;

use serde::Serialize;

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
