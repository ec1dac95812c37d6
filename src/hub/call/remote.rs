//! Outside services that the settings name, not the catalogue: called over the same kind of connection as producers.
//!
//! No permit is asked for: whoever may write the settings has decided.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;

use super::address::{self, Address};
use super::pool::Pools;
use super::{CallError, Outbound, Responders, attempt};
use crate::config::checked::HubSettings;
use crate::soap::responder::{Answer, Responder, TransportFault};
use crate::tls::client::ClientTls;

/// Carries a call to where its URI says.
pub struct Remote {
    pools: Pools,
    settings: HubSettings,
    nobody: Responders,
    patience: Duration,
    again: bool,
}

impl Remote {
    /// `connect_timeout` is the longest wait for a connection, `patience` the longest without received data; `tls` is how
    /// services at `https` are spoken to.
    pub fn new(
        settings: &HubSettings,
        tls: Option<Arc<ClientTls>>,
        connect_timeout: Duration,
        patience: Duration,
    ) -> Self {
        let mut settings = settings.clone();
        for transport in [&mut settings.producer.http, &mut settings.producer.https] {
            transport.connect_timeout = connect_timeout;
        }
        let pools = Pools::new(&settings.producer, &settings.limits, tls);
        Self { pools, settings, nobody: Arc::new(|_| None), patience, again: true }
    }

    /// The same for whoever wants to see every connection that breaks, kept ones too.
    #[must_use]
    pub fn once_only(mut self) -> Self {
        self.again = false;
        self
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<http::Response<Bytes>, TransportFault> {
        self.pools.sweep();
        let (mut head, body) = request.into_parts();
        let Address { tls, target, host_header, path, .. } =
            address::parse(&head.uri.to_string(), None).map_err(|error| {
                tracing::error!(%error, "an outside service has no usable address");
                TransportFault::Refused
            })?;
        head.headers.insert(HOST, host_header);
        let (patience, again) = (self.patience, self.again);
        let outbound =
            Outbound { target, tls, method: head.method, path, headers: head.headers, body, patience, again };
        let reply = attempt::once(&self.pools, &self.nobody, &self.settings, &outbound).await.map_err(|error| {
            tracing::warn!(target = %outbound.target, %error, "an outside service did not answer");
            match error {
                CallError::Connect(_) | CallError::Busy { .. } => TransportFault::Refused,
                CallError::Reset => TransportFault::Reset,
                _ => TransportFault::Closed,
            }
        })?;
        let mut response = http::Response::new(reply.body);
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        Ok(response)
    }
}

impl Responder for Remote {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(self.carry(request))
    }
}
