//! The aggregating services as a part of the platform: wired to index and hub, or to services elsewhere.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::Request;

use super::index::{self, IndexSlot};
use super::serve::ServeLimits;
use crate::aggregation::message_log::MessageSink;
use crate::aggregation::service::{self, Service};
use crate::aggregation::{ANY, Aggregation, Parts, listen};
use crate::catalogue::Catalogue;
use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::config::nearest::nearest;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::hub::Hub;
use crate::hub::call::remote::Remote;
use crate::hub::log::MessageLog;
use crate::hub::meter::Meter;
use crate::hub::within::Within;
use crate::soap::fan_out::FanOut;
use crate::soap::responder::{Answer, Responder, SharedResponder, TransportFault};
use crate::tls::client::ClientTls;

/// Scheme of the catalogue addresses that mean an aggregating service.
pub(super) const SCHEME: &str = "aggregation:";

/// What is wrong with a catalogue address that should mean one of these services.
pub fn complaint(address: &str, services: &[Service]) -> Option<String> {
    let name = address.strip_prefix(SCHEME)?.split(['/', '?']).next().unwrap_or_default();
    if name == ANY || services.iter().any(|service| service.is_named(name)) {
        return None;
    }
    let meant = nearest(name, services.iter().map(|service| service.name.as_str()));
    let meant = meant.map(|meant| format!(", did you mean {meant:?}?")).unwrap_or_default();
    Some(format!("{address:?} is no aggregating service{meant}: calls get VP009"))
}

/// The services, once they are there; empty again when the platform drains, which also lets go of the hub they call.
pub(super) type AggregationSlot = ArcSwapOption<Aggregation>;

/// What the services are wired to.
pub(super) struct Wires<'w> {
    pub(super) settings: &'w Settings,
    pub(super) environment: &'w Environment,
    pub(super) catalogue: &'w Arc<Catalogue>,
    pub(super) contracts: &'w Arc<Library>,
    pub(super) hub: &'w Arc<Hub>,
    pub(super) index: &'w Arc<IndexSlot>,
    pub(super) tls: &'w Option<Arc<ClientTls>>,
    pub(super) log: &'w Arc<MessageLog>,
    pub(super) clock: &'w Clock,
}

/// Makes the services of an environment.
pub(super) fn open(wires: &Wires<'_>) -> (Arc<Aggregation>, Vec<Problem>) {
    let settings = &wires.settings.aggregation;
    let (services, problems) = service::load(wires.environment, &wires.settings.properties, &settings.sources);
    let hub = &wires.settings.hub;
    let index: SharedResponder = match &settings.index.url {
        // The services keep the time themselves; this one only has to end.
        Some(_) => Arc::new(Remote::new(
            hub,
            wires.tls.clone(),
            settings.index.connect_timeout,
            2 * settings.index.receive_timeout,
        )),
        None => Arc::new(OwnIndex(Arc::clone(wires.index))),
    };
    let own_hub: SharedResponder = Arc::new(Within::new(Arc::clone(wires.hub)));
    let sources = |service: &Service| -> SharedResponder {
        match &service.sources_url {
            Some(_) => {
                Arc::new(Remote::new(hub, wires.tls.clone(), service.connect_timeout, 2 * service.receive_timeout))
            }
            None => Arc::clone(&own_hub),
        }
    };
    let aggregation = Aggregation::new(Parts {
        settings: settings.clone(),
        services,
        catalogue: Arc::clone(wires.catalogue),
        contracts: Arc::clone(wires.contracts),
        index,
        sources: &sources,
        messages: messages(wires),
        clock: wires.clock.clone(),
    });
    (Arc::new(aggregation), problems)
}

/// The services' messages go where the hub's do.
fn messages(wires: &Wires<'_>) -> MessageSink {
    let log = Arc::clone(wires.log);
    MessageSink {
        style: wires.settings.log.style,
        host: log.host_name().to_owned(),
        write: Arc::new(move |lines, events| log.pass_through(lines, events)),
    }
}

/// The bounds of the listener: the hub's own.
pub(super) fn serve_limits(settings: &Settings) -> ServeLimits {
    ServeLimits {
        body_bytes_max: settings.hub.limits.body_bytes_max,
        too_large: listen::too_large,
        ..index::serve_limits(settings)
    }
}

/// Brings the services' gauges up to date, over all platforms.
pub(super) fn meters(services: impl Iterator<Item = Arc<Aggregation>>, meter: &Meter) {
    let services: Vec<_> = services.collect();
    let [calls, source_calls, held] = services
        .iter()
        .map(|services| services.in_flight())
        .fold([0; 3], |sum, each| [sum[0] + each[0], sum[1] + each[1], sum[2] + each[2]]);
    let invalid = services.iter().filter_map(|services| services.validation_log()).map(|log| log.count());
    meter.gauge("anslut_aggregation_calls_in_flight", calls as f64);
    meter.gauge("anslut_aggregation_source_calls_in_flight", source_calls as f64);
    meter.gauge("anslut_aggregation_bytes_held", held as f64);
    meter.gauge("anslut_aggregation_validation_findings", invalid.sum::<u64>() as f64);
}

/// The platform's own index, as long as it is open.
struct OwnIndex(Arc<IndexSlot>);

impl Responder for OwnIndex {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let responder = self.0.load().as_ref().and_then(|open| open.responder("find"));
            responder.ok_or(TransportFault::Refused)?.answer(request).await
        })
    }
}

/// The listener, with a record in the hub's ring of every aggregated call it takes.
pub(super) struct Recording {
    listener: listen::Listener,
    hub: Arc<Hub>,
}

impl Recording {
    pub(super) fn new(listener: listen::Listener, hub: Arc<Hub>) -> Self {
        Self { listener, hub }
    }
}

impl Responder for Recording {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let asked = request.clone();
            let began = Clock::instant();
            let response = self.listener.answer(request).await?;
            // What is not an aggregated call tells nothing of others.
            if response.extensions().get::<Arc<FanOut>>().is_some() {
                self.hub.note(asked, &response, Clock::instant().saturating_duration_since(began));
            }
            Ok(response)
        })
    }
}
