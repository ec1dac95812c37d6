//! The way into the hub for a part of this process: a call like any other, without a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;

use super::Hub;
use super::exchange::Listener;
use super::listen::Arrived;
use crate::soap::responder::{Answer, Recorded, Responder};

/// Answers calls by carrying them through the hub, record, log and all.
#[derive(Clone)]
pub struct Within(Arc<Hub>);

impl Within {
    /// The way into a hub.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self(hub)
    }
}

impl Responder for Within {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let (mut head, body) = request.into_parts();
        let recorded = head.extensions.remove::<Recorded>();
        let arrived = Arrived {
            listener: Listener::InProcess,
            handshake: None,
            line: None,
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body,
            peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            listened: Duration::ZERO,
        };
        let tell = move |number| {
            if let Some(recorded) = recorded {
                recorded.set(number);
            }
        };
        Box::pin(async move { Ok(self.0.handle_telling(arrived, tell).await) })
    }
}
