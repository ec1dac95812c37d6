//! Calls that a part of this process took on a listener of its own: not carried by the hub, and shown beside those that were.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use jiff::SignedDuration;

use super::exchange::Listener;
use super::identify::{self, ORIGINAL_CONSUMER, SENDER_ID};
use super::listen::Arrived;
use super::{Hub, exchange::Exchange};
use crate::soap::fan_out::FanOut;
use crate::soap::{envelope, fault};

impl Hub {
    /// Keeps a record of a call to an aggregating service that came to its own listener. It has passed none of the stages.
    pub fn note(&self, request: Request<Bytes>, response: &Response<Bytes>, took: Duration) {
        let (head, body) = request.into_parts();
        let arrived = Arrived {
            listener: Listener::Aggregation,
            handshake: None,
            line: None,
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body,
            peer: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            listened: took,
        };
        let Exchange { mut record, .. } = self.begin(&arrived);
        record.started = SignedDuration::try_from(took).map_or(record.started, |took| record.started - took);
        if let Ok(head) = envelope::scan(&arrived.body) {
            record.receiver = head.receiver.map(|text| text.into_owned());
            record.contract = head.contract.map(|text| text.into_owned());
            record.operation = head.operation.map(str::to_owned);
            record.profile_in = head.profile;
        }
        record.sender = identify::text(&arrived.headers, &SENDER_ID);
        record.original_consumer = identify::text(&arrived.headers, &ORIGINAL_CONSUMER);
        record.answer = self.message(response.status().as_u16(), response.headers(), response.body());
        record.producer_fault = (!response.status().is_success()).then(|| fault::read(response.body()));
        record.fan_out = response.extensions().get::<Arc<FanOut>>().cloned();
        record.total = took;
        self.records.push(record);
    }
}
