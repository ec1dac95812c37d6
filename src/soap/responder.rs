//! What every part of the platform implements that answers SOAP calls: index, aggregating services, mocked producers.
//!
//! The hub calls a responder exactly as it calls a remote system over HTTP, so it cannot tell them apart; what would be
//! a socket error out there is a [`TransportFault`] here.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};

/// The answer of a responder, when it comes.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportFault>> + Send + 'a>>;

/// Answers one call: request line, headers and body in, status, headers and body out.
pub trait Responder: Send + Sync {
    /// Answers `request`. The future may be dropped at any await, when the caller has given up.
    fn answer(&self, request: Request<Bytes>) -> Answer<'_>;
}

/// Who makes a call that came over the network: an extension of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(pub SocketAddr);

/// A responder shared between listeners and the hub.
pub type SharedResponder = Arc<dyn Responder>;

/// What a caller over HTTP would see as a failing connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportFault {
    /// Nothing listens there.
    #[error("connection refused")]
    Refused,
    /// The connection was reset before or while answering.
    #[error("connection reset")]
    Reset,
    /// The connection was closed in good order without an answer.
    #[error("connection closed without an answer")]
    Closed,
    /// Hands were not shaken over TLS, for this reason.
    #[error("TLS handshake failed: {0}")]
    Handshake(&'static str),
}

/// Tells whoever makes a call through the hub under which number the hub records it. Travels as an extension of the
/// request; a responder that keeps no records leaves it alone.
#[derive(Clone, Debug, Default)]
pub struct Recorded(Arc<AtomicU64>);

impl Recorded {
    /// The call has this number.
    pub fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// The call's number, if it has one yet.
    pub fn number(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}
