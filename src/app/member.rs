//! One of the process's platforms: what of it is its own (`connection-api.md` §1). Where there is only one, that is it.
//!
//! A call that enters through a platform's hub meets no other's catalogue, hub or aggregating services: each hub is given
//! the parts of this process through `Locals` of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::aggregation::{self, AggregationSlot};
use super::bind::{OwnBound, name_of};
use super::index::{self, IndexSlot};
use super::serve::serve;
use super::tls::Tls;
use super::{catalogue, url};
use crate::admin::PlatformParts;
use crate::catalogue::Catalogue;
use crate::catalogue::service::{self, Service};
use crate::config::checked::{PlatformRole, Settings};
use crate::config::environment::Environment;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::hub::explain::explain;
use crate::hub::log::MessageLog;
use crate::hub::meter::Meter;
use crate::hub::records::Records;
use crate::hub::{Hub, HubParts, listen};
use crate::producers::mounted::Producers;
use crate::soap::responder::SharedResponder;
use crate::store::log::LogError;
use crate::tls::client::ClientTls;

/// The folder of the data directory that several platforms have folders of their own in.
const FOLDER: &str = "platforms";

/// What all platforms of the process share.
pub(super) struct Shared {
    pub(super) environment: Environment,
    pub(super) contracts: Arc<Library>,
    pub(super) producers: Arc<Producers>,
    pub(super) index: Arc<IndexSlot>,
    pub(super) tls: Option<Arc<ClientTls>>,
    pub(super) log: Arc<MessageLog>,
    pub(super) records: Arc<Records>,
    pub(super) meter: Meter,
    pub(super) clock: Clock,
}

/// One platform of the process.
pub struct Member {
    name: String,
    settings: Arc<Settings>,
    catalogue: Arc<Catalogue>,
    hub: Arc<Hub>,
    aggregation: Arc<AggregationSlot>,
}

impl Member {
    /// A platform by its settings, without calls yet.
    pub(super) fn new(settings: Settings, shared: &Shared) -> Self {
        let settings = Arc::new(settings);
        let catalogue = Arc::new(catalogue::new(&shared.environment, &settings, shared.tls.clone(), &shared.clock));
        let aggregation = Arc::new(AggregationSlot::empty());
        let locals = Locals {
            producers: Arc::clone(&shared.producers),
            index: Arc::clone(&shared.index),
            aggregation: Arc::clone(&aggregation),
            catalogue: Arc::clone(&catalogue),
        };
        let hub = Arc::new(Hub::new(HubParts {
            settings: Arc::clone(&settings),
            catalogue: Arc::clone(&catalogue),
            contracts: Arc::clone(&shared.contracts),
            responders: Arc::new(move |address| locals.responder(address)),
            tls: shared.tls.clone(),
            log: Arc::clone(&shared.log),
            records: Arc::clone(&shared.records),
            meter: shared.meter.clone(),
            clock: shared.clock.clone(),
        }));
        let name = settings.platform.name.clone().unwrap_or_else(|| settings.hub.instance_name.clone());
        Self { name, settings, catalogue, hub, aggregation }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for, where it is one of several.
    pub fn role(&self) -> Option<PlatformRole> {
        self.settings.platform.role
    }

    /// Its catalogue.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Its hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    pub(super) fn aggregation(&self) -> &Arc<AggregationSlot> {
        &self.aggregation
    }

    /// What its listener is called (`hub_http`).
    pub fn listener(&self, name: &str) -> String {
        name_of(&self.settings, name)
    }

    /// Makes its aggregating services. They ask index and catalogue anew for every call, and so need neither yet.
    pub(super) fn open_aggregation(&self, shared: &Shared) -> Vec<Problem> {
        let wires = aggregation::Wires {
            settings: &self.settings,
            environment: &shared.environment,
            catalogue: &self.catalogue,
            contracts: &shared.contracts,
            hub: &self.hub,
            index: &shared.index,
            tls: &shared.tls,
            log: &shared.log,
            clock: &shared.clock,
        };
        let (services, problems) = aggregation::open(&wires);
        self.aggregation.store(Some(services));
        problems
    }

    /// Lets consumers in.
    pub(super) fn serve_hub(&self, bound: &mut OwnBound, tls: &Tls, tasks: &TaskTracker, shutdown: &CancellationToken) {
        let with_url = |name, listener: Option<tokio::net::TcpListener>| {
            let listener = listener?;
            let address = listener.local_addr().ok()?;
            Some((listener, url(name, address)))
        };
        let http = with_url("hub_http", bound.hub_http.take());
        let https = with_url("hub_https", bound.hub_https.take()).zip(tls.server.clone());
        let listeners = listen::Listeners { http, https: https.map(|((listener, url), tls)| (listener, url, tls)) };
        if listeners.http.is_some() || listeners.https.is_some() {
            tasks.spawn(listen::serve(listeners, Arc::clone(&self.hub), shutdown.clone()));
        }
    }

    /// Opens the catalogue's own listener.
    pub(super) fn serve_catalogue(&self, bound: &mut OwnBound, tasks: &TaskTracker, shutdown: &CancellationToken) {
        if let Some(listener) = bound.catalogue.take() {
            let responder = catalogue::listener(&self.catalogue, &self.settings);
            let limits = catalogue::serve_limits(&self.settings);
            tasks.spawn(serve(listener, "catalogue", responder, limits, shutdown.clone()));
        }
    }

    /// Reads back what was published; without a folder for data nothing is kept.
    pub(super) async fn keep_catalogue(&self, data: Option<&Path>) -> Result<(), LogError> {
        let Some(data) = data.map(|data| self.folder(data)) else { return Ok(()) };
        let catalogue = Arc::clone(&self.catalogue);
        match tokio::task::spawn_blocking(move || catalogue.keep(&data)).await {
            Ok(kept) => kept,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Where a platform of this role keeps what is its own.
    fn folder(&self, data: &Path) -> PathBuf {
        folder(data, self.role())
    }

    /// Reads the files of its catalogue, and the HSA tree.
    pub(super) async fn read_catalogue(&self) -> Vec<Problem> {
        let catalogue = Arc::clone(&self.catalogue);
        let reading = tokio::task::spawn_blocking(move || {
            let (tak, hsa) = (catalogue.reset_tak(), catalogue.reset_hsa());
            tak.problems.into_iter().chain(hsa.problems).collect()
        });
        reading.await.unwrap_or_default()
    }

    /// What the admin listener shows of it.
    pub(super) fn admin_parts(&self) -> PlatformParts {
        let (catalogue, settings) = (Arc::clone(&self.catalogue), Arc::clone(&self.settings));
        let services = Arc::clone(&self.aggregation);
        PlatformParts {
            name: self.name.clone(),
            instance_id: self.settings.hub.instance_id.clone(),
            sender_is_assumed: self.settings.hub.demo_sender.is_some(),
            catalogue: Arc::clone(&self.catalogue),
            explain: Arc::new(move |question| {
                explain(&catalogue.snapshot(), &settings.lookup, &settings.hub.instance_name, question)
            }),
            aggregating: Arc::new(move |contract| {
                let services = services.load();
                let services = services.iter().flat_map(|services| services.services());
                services.filter(|service| service.contract == contract).cloned().collect()
            }),
        }
    }
}

/// Where a platform of a role keeps what is its own below the data directory.
pub fn folder(data: &Path, role: Option<PlatformRole>) -> PathBuf {
    role.map_or_else(|| data.to_owned(), |role| data.join(FOLDER).join(role.as_str()))
}

/// The parts of this process that a catalogue address may mean.
struct Locals {
    producers: Arc<Producers>,
    index: Arc<IndexSlot>,
    aggregation: Arc<AggregationSlot>,
    catalogue: Arc<Catalogue>,
}

impl Locals {
    /// The part behind a local address of the catalogue.
    fn responder(&self, address: &str) -> Option<SharedResponder> {
        if let Some(name) = address.strip_prefix(service::SCHEME) {
            return Some(Arc::new(service::Endpoint::new(Arc::clone(&self.catalogue), Service::named(name))));
        }
        if let Some(service) = address.strip_prefix(index::SCHEME) {
            return self.index.load().as_ref()?.responder(service);
        }
        match address.strip_prefix(aggregation::SCHEME) {
            Some(name) => self.aggregation.load().as_ref()?.responder(name),
            None => self.producers.responder(address.strip_prefix("producer:")?),
        }
    }
}
