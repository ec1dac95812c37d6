//! Answers that no HTTP library would send: what is written to the connection, piece by piece, and how it ends.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::soap::responder::TransportFault;

/// One thing done to a connection.
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes are written.
    Write(Bytes),
    /// Nothing happens.
    Wait(Duration),
    /// Nothing happens until the caller goes away, at most this long.
    Silence(Duration),
    /// The connection is reset.
    Reset,
}

/// What a caller in our own process sees of it.
#[derive(Clone, Debug)]
pub enum Local {
    /// A failing connection.
    Fault(TransportFault),
    /// An answer, as it can be understood.
    Answer(Response<Bytes>),
    /// Nothing for so long, then a closed connection.
    Silence(Duration),
}

/// A way to answer. The connection is closed behind the last step.
#[derive(Clone, Debug)]
pub struct Script {
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What that is without a connection.
    pub local: Local,
}

/// How the length of a body is told.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// `Content-Length` with this number.
    Length(usize),
    /// Chunked, in one chunk, with its end.
    Chunked,
}

/// The bytes of an answer as HTTP/1.1.
pub fn raw(response: &Response<Bytes>, framing: Framing) -> Bytes {
    let mut out = head(response, framing);
    match framing {
        Framing::Length(_) => out.extend_from_slice(response.body()),
        Framing::Chunked => {
            out.extend_from_slice(format!("{:x}\r\n", response.body().len()).as_bytes());
            out.extend_from_slice(response.body());
            out.extend_from_slice(b"\r\n0\r\n\r\n");
        }
    }
    out.into()
}

/// Status line and headers.
pub fn head(response: &Response<Bytes>, framing: Framing) -> Vec<u8> {
    let status = response.status();
    let mut out = format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or("")).into_bytes();
    for (name, value) in response.headers() {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    match framing {
        Framing::Length(length) => out.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes()),
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n"),
    }
    out
}
