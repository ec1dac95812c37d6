//! The message path: one call from consumer to producer and back.
//!
//! A call walks through the folders below from top to bottom, in the reference platform's order (`vp.md` §0): with two
//! things wrong, the order decides which of them the consumer is told. Whatever happens, a call ends in exactly one
//! call record and one answer.

pub mod answer;
pub mod authorise;
pub mod call;
pub mod describe;
pub mod exchange;
pub mod explain;
mod histogram;
pub mod identify;
pub mod listen;
pub mod log;
pub mod manage;
pub mod meter;
mod noted;
pub mod read;
pub mod records;
mod road;
pub mod route;
#[cfg(test)]
mod tests;
pub mod validate;
pub mod within;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, Uri};
use jiff::Timestamp;
use uuid::Uuid;

use crate::catalogue::Catalogue;
use crate::config::checked::Settings;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::soap::fault::Side;
use crate::tls::client::ClientTls;
use answer::failure::{self, Facts};
use answer::reply;
use call::{Caller, Responders};
use exchange::{CallRecord, Event, Exchange, Refusal, Stage};
use identify::CORRELATION_ID;
use listen::Arrived;
use log::{MessageLog, headers_json};
use meter::Meter;
use records::Records;
use road::Ending;

/// The hub (*virtualiseringsplattform*, VP).
pub struct Hub {
    settings: Arc<Settings>,
    catalogue: Arc<Catalogue>,
    contracts: Arc<Library>,
    caller: Caller,
    log: Arc<MessageLog>,
    records: Arc<Records>,
    meter: Meter,
    clock: Clock,
    started: Timestamp,
    /// What its records say it is.
    platform: Arc<str>,
}

/// The parts a hub is made of.
pub struct HubParts {
    /// All settings.
    pub settings: Arc<Settings>,
    /// Routes, permissions and the HSA tree.
    pub catalogue: Arc<Catalogue>,
    /// The service contracts.
    pub contracts: Arc<Library>,
    /// The producers and services that live in this process.
    pub responders: Responders,
    /// How producers at `https` are spoken to, if at all.
    pub tls: Option<Arc<ClientTls>>,
    /// The message log, open.
    pub log: Arc<MessageLog>,
    /// Where finished calls are remembered.
    pub records: Arc<Records>,
    /// Where calls are counted.
    pub meter: Meter,
    /// What time it is.
    pub clock: Clock,
}

impl Hub {
    /// A hub ready for calls; until the catalogue has been read, every call gets VP008.
    pub fn new(parts: HubParts) -> Self {
        let platform = parts.settings.platform.name.as_deref().unwrap_or(&parts.settings.hub.instance_name);
        Self {
            platform: Arc::from(platform),
            caller: Caller::new(&parts.settings.hub, parts.responders, parts.tls),
            settings: parts.settings,
            catalogue: parts.catalogue,
            contracts: parts.contracts,
            log: parts.log,
            records: parts.records,
            meter: parts.meter,
            started: parts.clock.now(),
            clock: parts.clock,
        }
    }

    /// Carries one call. The answer is whole, and the call recorded, when this returns.
    pub async fn handle(&self, arrived: Arrived) -> Response<Bytes> {
        self.handle_telling(arrived, |_| {}).await
    }

    /// The same, telling the number of the call's record at once: the call may be waited for no longer than it takes.
    pub(crate) async fn handle_telling(&self, arrived: Arrived, tell: impl FnOnce(u64)) -> Response<Bytes> {
        let mut in_flight = InFlight { hub: self, exchange: self.begin(&arrived), ended: false };
        tell(in_flight.exchange.record.id);
        let ending = self.carry(&mut in_flight.exchange, arrived).await;
        let answer = self.answer(&mut in_flight.exchange, ending);
        in_flight.ended = true;
        answer
    }

    /// The message log, for whoever rotates or closes it.
    pub fn log(&self) -> &MessageLog {
        &self.log
    }

    /// Calls to producers that wait for their answers.
    pub fn calls_in_flight(&self) -> usize {
        self.caller.calls_in_flight()
    }

    /// Brings the gauges up to date: calls in flight, those of the process's other hubs included, and how full the bounded
    /// stores are that they share.
    pub fn gauges(&self, meter: &Meter, elsewhere: usize) {
        let fill = self.records.fill();
        meter.gauge("anslut_hub_producer_calls_in_flight", (self.caller.calls_in_flight() + elsewhere) as f64);
        meter.gauge("anslut_hub_records", fill.calls as f64);
        meter.gauge("anslut_hub_record_bytes", fill.bytes as f64);
        meter.gauge("anslut_hub_log_events_dropped", self.log.dropped() as f64);
    }

    fn host_name(&self) -> &str {
        self.log.host_name()
    }

    /// Closes connections to producers that have been idle for too long.
    pub fn sweep(&self) {
        self.caller.sweep();
    }

    fn begin(&self, arrived: &Arrived) -> Exchange {
        let settings = &self.settings;
        let text = |name: &HeaderName| identify::text(&arrived.headers, name);
        let given = text(&CORRELATION_ID).filter(|id| !id.is_empty());
        let (number, _) = Uuid::new_v4().as_u64_pair();
        let peer = arrived.peer.ip().to_canonical().to_string();
        let mut exchange = Exchange::new(
            CallRecord {
                id: self.records.number(),
                platform: Arc::clone(&self.platform),
                is_one_of_several: self.settings.platform.role.is_some(),
                started: self.clock.now(),
                listener: arrived.listener,
                correlation_id: given.unwrap_or_else(|| Uuid::new_v4().to_string()),
                method: arrived.method.to_string(),
                target: arrived.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
                host: text(&http::header::HOST).unwrap_or_default(),
                forwarded: [
                    text(&settings.hub.forwarded_proto.name),
                    text(&settings.hub.forwarded_host.name),
                    text(&settings.hub.forwarded_port.name),
                ],
                span: number,
                source_ip: text(&settings.hub.forwarded_for.name).unwrap_or_else(|| peer.clone()),
                peer,
                original_consumer_in: text(&identify::ORIGINAL_CONSUMER),
                acting_on_behalf_of: text(&identify::ACTING_ON_BEHALF_OF),
                request: self.message(0, &arrived.headers, &arrived.body),
                handshake: arrived.handshake.clone(),
                ..CallRecord::default()
            },
            arrived.listened,
        );
        exchange.line.clone_from(&arrived.line);
        exchange
    }

    /// Makes the consumer's answer of how the call ended, and brings the record to its end.
    fn answer(&self, exchange: &mut Exchange, ending: Ending) -> Response<Bytes> {
        let answer = match ending {
            Ending::Answered(answer) => answer,
            Ending::Failed { failure, charset } => {
                exchange.failed_in_stage();
                let record = &mut exchange.record;
                let refusal = failure::refusal(&failure, &Facts::of(record), &self.settings.hub.instance_name);
                let with_content_type = !failure.is_empty_answer();
                let answer = reply::fault(&refusal, &record.correlation_id, charset.as_ref(), with_content_type);
                record.refusal = Some(refusal);
                self.event(exchange, Event::Error);
                answer
            }
        };
        let begin = exchange.elapsed();
        exchange.record.answer = self.message(answer.status().as_u16(), answer.headers(), answer.body());
        exchange.passed(Stage::Answer, begin);
        self.event(exchange, Event::RespOut);
        self.end(exchange);
        answer
    }

    /// Counts the call and puts its record into the ring.
    fn end(&self, exchange: &mut Exchange) {
        exchange.record.total = exchange.elapsed();
        exchange.record.departure = exchange.departure();
        self.log.pass_on(&mut exchange.logged);
        self.meter.count(&exchange.record);
        self.records.push(std::mem::take(&mut exchange.record));
    }

    fn event(&self, exchange: &mut Exchange, event: Event) {
        let at = exchange.elapsed();
        exchange.record.events.push((event, at));
        self.log.write(event, self.clock.now(), &exchange.record, at, &mut exchange.logged);
    }

    /// A message as the record keeps it: no more of the body than it may, and not a copy before the call has ended.
    fn message(&self, status: u16, headers: &HeaderMap, body: &Bytes) -> exchange::Message {
        exchange::Message {
            status,
            headers_json: headers_json(headers),
            body: body.slice(..body.len().min(self.settings.records.body_bytes_max)),
            body_bytes: body.len(),
        }
    }
}

/// A call on its way. If the platform is stopped hard and the call's future dropped, it still leaves its record.
struct InFlight<'a> {
    hub: &'a Hub,
    exchange: Exchange,
    ended: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.exchange.failed_in_stage();
        self.exchange.record.refusal = Some(Refusal {
            code: None,
            side: Side::Server,
            text: "the platform was stopped before the call was answered".to_owned(),
            detail: String::new(),
        });
        self.hub.event(&mut self.exchange, Event::Error);
        self.hub.end(&mut self.exchange);
    }
}

/// The query string of a request, if it has one.
fn query_of(uri: &Uri) -> Option<&str> {
    uri.query().filter(|query| !query.is_empty())
}
