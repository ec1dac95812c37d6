//! The aggregating services (*aggregerande tjänster*): one question about a person, put to every system that has something,
//! and one answer with an honest status for each (`aggregation.md`).
//!
//! Every service is a row of a table ([`service`]), carried out by one engine: `flow` is the order of the steps, and the
//! other files are one step each. Index and sources are `Responder`s, wired in `app`:
//! parts of this process, or services elsewhere.

mod ask;
mod bounds;
mod describe;
mod fault;
mod find;
mod flow;
mod headers;
pub mod listen;
mod manage;
mod merge;
pub mod message_log;
mod names;
mod request;
mod row;
mod select;
pub mod service;
mod splice;
mod status;
pub mod validation_log;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::catalogue::Catalogue;
use crate::config::aggregation::AggregationSettings;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::soap::responder::{Answer, Responder, SharedResponder};
use bounds::Places;
use fault::Fault;
use message_log::MessageSink;
use service::Service;
use validation_log::ValidationLog;

/// Path of the index's FindContent where it is a part of this process.
const OWN_INDEX: &str = "/skltp-ei/find-content-service/v1";
/// Path of the hub where it is a part of this process.
const OWN_HUB: &str = "/vp";

/// The aggregating services of one platform.
pub struct Aggregation {
    settings: AggregationSettings,
    services: Vec<Wired>,
    by_path: HashMap<String, usize>,
    by_request: HashMap<(String, String), usize>,
    catalogue: Arc<Catalogue>,
    contracts: Arc<Library>,
    index: SharedResponder,
    index_uri: Uri,
    clock: Clock,
    started: Timestamp,
    /// Aggregated calls in flight.
    calls: Places,
    /// Calls to sources in flight.
    source_calls: Places,
    /// Bytes of answers that wait to be merged.
    held: Places,
    /// Rights to read and write large answers beside the threads that carry calls.
    readers: Arc<Semaphore>,
    validation_log: Option<Arc<ValidationLog>>,
    message_log: Option<MessageSink>,
}

/// A service and how its sources are reached.
struct Wired {
    service: Arc<Service>,
    sources: SharedResponder,
    uri: Uri,
}

/// What the services are made of.
pub struct Parts<'p> {
    /// Their settings.
    pub settings: AggregationSettings,
    /// All of them.
    pub services: Vec<Service>,
    /// Routes and permissions.
    pub catalogue: Arc<Catalogue>,
    /// The service contracts, for descriptions and validation.
    pub contracts: Arc<Library>,
    /// Answers FindContent.
    pub index: SharedResponder,
    /// Who carries a service's calls to its sources.
    pub sources: &'p dyn Fn(&Service) -> SharedResponder,
    /// Where the message log goes, if it is switched on.
    pub messages: MessageSink,
    /// What time it is.
    pub clock: Clock,
}

impl Aggregation {
    /// The services, ready for calls.
    pub fn new(parts: Parts<'_>) -> Self {
        let Parts { settings, services, catalogue, contracts, index, sources, messages, clock } = parts;
        let wired = |service: Service| {
            let uri = uri(service.sources_url.as_deref(), OWN_HUB);
            Wired { sources: sources(&service), service: Arc::new(service), uri }
        };
        let services: Vec<_> = services.into_iter().map(wired).collect();
        let places = services.iter().enumerate();
        let by_path = places.clone().map(|(place, wired)| (wired.service.path.clone(), place)).collect();
        let request = |service: &Service| (service.request.namespace.clone(), service.request.local.clone());
        let by_request = places.map(|(place, wired)| (request(&wired.service), place)).collect();
        let limits = &settings.limits;
        Self {
            calls: Places::new(limits.calls_max),
            source_calls: Places::new(limits.source_calls_max),
            held: Places::new(limits.held_bytes_max),
            readers: Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, usize::from))),
            validation_log: ValidationLog::new(&settings.validation_log),
            message_log: settings.logs_messages.then_some(messages),
            index_uri: uri(settings.index.url.as_deref(), OWN_INDEX),
            started: clock.now(),
            settings,
            services,
            by_path,
            by_request,
            catalogue,
            contracts,
            index,
            clock,
        }
    }

    /// Every service.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().map(|wired| &*wired.service)
    }

    /// Whether a service goes by that name: its id, its name, its tag, or [`ANY`].
    pub fn has(&self, name: &str) -> bool {
        name == ANY || self.services().any(|service| service.is_named(name))
    }

    /// What is told of sources' answers that do not follow their contract, where it is switched on.
    pub fn validation_log(&self) -> Option<&Arc<ValidationLog>> {
        self.validation_log.as_ref()
    }

    /// Aggregated calls and calls to sources in flight, and bytes held back.
    pub fn in_flight(&self) -> [usize; 3] {
        [&self.calls, &self.source_calls, &self.held].map(Places::taken)
    }

    /// What answers at a catalogue address: one service by its name, or [`ANY`] of them, by the message's own element.
    pub fn responder(self: &Arc<Self>, name: &str) -> Option<SharedResponder> {
        let place = match name {
            ANY => None,
            name => Some(self.services.iter().position(|wired| wired.service.is_named(name))?),
        };
        Some(Arc::new(Endpoint { aggregation: Arc::clone(self), place }))
    }

    /// The service whose request a message is.
    fn of_message(&self, message: &Bytes) -> Result<&Wired, Fault> {
        let name = request::operation(message).ok_or_else(Fault::no_body)?;
        let place = self.by_request.get(&name);
        let place = place.ok_or_else(|| Fault::unknown_part(&walk::qualified(name.0.as_bytes(), name.1.as_bytes())))?;
        Ok(&self.services[*place])
    }
}

/// The name that stands for every service.
pub const ANY: &str = "any";

/// A service as the hub reaches it.
struct Endpoint {
    aggregation: Arc<Aggregation>,
    place: Option<usize>,
}

impl Responder for Endpoint {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let wired = match self.place {
                Some(place) => &self.aggregation.services[place],
                None => match self.aggregation.of_message(request.body()) {
                    Ok(wired) => wired,
                    Err(fault) => return Ok(refuse(&fault, request.headers())),
                },
            };
            Ok(self.aggregation.carry(wired, request).await)
        })
    }
}

/// A fault as an answer.
fn refuse(fault: &Fault, incoming: &http::HeaderMap) -> Response<Bytes> {
    let mut response = Response::new(fault.document().into());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    *response.headers_mut() = headers::of_fault(incoming);
    response
}

/// A URL that the settings have checked; what is none all the same leads nowhere.
fn uri(url: Option<&str>, own: &'static str) -> Uri {
    url.and_then(|url| url.parse().ok()).unwrap_or_else(|| Uri::from_static(own))
}
