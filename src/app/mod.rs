//! The one place that knows everybody: builds the parts, wires them, starts the listeners, and drains them.

pub mod aggregation;
mod bind;
mod catalogue;
pub mod index;
pub mod own;
pub mod serve;
mod sources;
mod subscribers;
mod tls;
mod watch;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::health::{Component, Health};
use crate::admin::{self, AdminParts};
use crate::aggregation::listen::Listener as AggregationListener;
use crate::catalogue::Catalogue;
use crate::catalogue::service::{self, Service};
use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::hub::explain::explain;
use crate::hub::log::MessageLog;
use crate::hub::meter::{self, Meter};
use crate::hub::records::Records;
use crate::hub::{Hub, HubParts, listen};
use crate::index::open::Index;
use crate::producers::mounted::Producers;
use crate::producers::serve as producers_listener;
use crate::producers::settings::ServerSettings;
use crate::soap::responder::SharedResponder;
use crate::store::log::LogError;
use crate::tls::material::MaterialError;
use aggregation::AggregationSlot;
use bind::{Addresses, Bound, bind};
use index::{Filling, IndexSlot, OpenIndex, Wires};
use serve::serve;
use sources::Sources;
use tls::Tls;

/// How often idle connections to producers are looked through.
const SWEEP: Duration = Duration::from_secs(5);
/// How long the message log may take to write its last events.
const LOG_PATIENCE: Duration = Duration::from_secs(2);

/// A running platform.
pub struct Platform {
    addresses: Addresses,
    catalogue: Arc<Catalogue>,
    contracts: Arc<Library>,
    hub: Arc<Hub>,
    index: Arc<IndexSlot>,
    aggregation: Arc<AggregationSlot>,
    /// Whether the index outlives the process.
    keeps_index: bool,
    records: Arc<Records>,
    tls: Tls,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

/// Why a platform does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address cannot be had.
    #[error("cannot listen on {address} for {name}; choose another with --set listen.{name}=127.0.0.1:0")]
    Listen {
        /// The listener.
        name: &'static str,
        /// Its configured address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The message log's target cannot be opened.
    #[error("cannot open the message log (log.messages)")]
    Log(#[source] io::Error),
    /// The published versions of the catalogue cannot be read back.
    #[error("cannot open the catalogue")]
    Catalogue(#[source] LogError),
    /// Certificates, keys or revocation lists cannot be used.
    #[error("cannot set up TLS")]
    Tls(#[source] MaterialError),
    /// No threads for handshakes.
    #[error("cannot start the threads for TLS handshakes")]
    Workers(#[source] io::Error),
    /// The index cannot be read back.
    #[error("cannot open the engagement index")]
    Index(#[source] LogError),
}

impl Platform {
    /// Starts the platform; the caller holds the lock of the folder `data`, and without one nothing is kept.
    ///
    /// Every listener is bound first, then catalogue and index are read: requests that come before the catalogue is
    /// there get VP008, as they do at the reference, those to the index wait. Returns when everything is loaded; what is
    /// wrong with the files comes along.
    pub async fn start(
        environment: Environment,
        settings: Settings,
        data: Option<PathBuf>,
        clock: Clock,
    ) -> Result<(Self, Vec<Problem>), StartError> {
        let settings = Arc::new(settings);
        let (mut bound, addresses) = bind(&settings.listen).await?;
        let tls = Tls::open(&settings, &clock)?;
        let catalogue = Arc::new(catalogue::new(&environment, &settings, tls.client.clone(), &clock));
        let contracts = Arc::new(Library::new(environment.clone(), settings.contracts.clone()));
        // Compiling is the longest part of a start: it goes on while the rest is read.
        let reading = refresh(&contracts);
        let (sources, mut problems) = Sources::load(&environment, &contracts, &clock);
        let (producers, found) = Producers::load(&environment);
        problems.extend(found);
        let producers = producers
            .with_clock(&clock)
            .with_contracts(&contracts)
            .with_sources(&sources.shared())
            .with_settings(settings.producers.clone());
        let producers = Arc::new(producers);
        let records = Arc::new(Records::new(settings.records.bytes_max));
        let meter = Meter::new();
        let index = Arc::new(IndexSlot::empty());
        let aggregation = Arc::new(AggregationSlot::empty());
        let locals = Locals {
            producers: Arc::clone(&producers),
            index: Arc::clone(&index),
            aggregation: Arc::clone(&aggregation),
            catalogue: Arc::clone(&catalogue),
        };
        let hub = Arc::new(Hub::new(HubParts {
            settings: Arc::clone(&settings),
            catalogue: Arc::clone(&catalogue),
            contracts: Arc::clone(&contracts),
            responders: Arc::new(move |address| locals.responder(address)),
            tls: tls.client.clone(),
            log: MessageLog::open(&settings.log).map_err(StartError::Log)?,
            records: Arc::clone(&records),
            meter: meter.clone(),
            clock: clock.clone(),
        }));
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let keeps_index = data.is_some();
        let platform = Self {
            addresses,
            catalogue,
            contracts,
            hub,
            index,
            aggregation,
            keeps_index,
            records,
            tls,
            shutdown,
            tasks,
        };
        platform.serve(
            &mut bound,
            Arc::clone(&producers),
            settings.hub.limits.drain_timeout,
            platform.admin_parts(&environment, &settings, &meter, &clock, &producers),
        );
        platform.tasks.spawn(watch::watch(Arc::clone(&producers), platform.shutdown.clone()));
        platform.tend(meter);
        problems.extend(platform.open_aggregation(&mut bound, &settings, &environment, &clock));
        if let Err(error) = platform.keep_catalogue(data.as_deref()).await {
            platform.drain().await;
            return Err(StartError::Catalogue(error));
        }
        problems.extend(platform.read_catalogue().await);
        if let Some(listener) = bound.catalogue.take() {
            let responder = catalogue::listener(&platform.catalogue, &settings);
            let limits = catalogue::serve_limits(&settings);
            platform.tasks.spawn(serve(listener, "catalogue", responder, limits, platform.shutdown.clone()));
        }
        match platform.open_index(&mut bound, &settings, data, (environment, sources), &clock).await {
            Ok(found) => problems.extend(found),
            Err(error) => {
                platform.drain().await;
                return Err(StartError::Index(error));
            }
        }
        problems.extend(reading.await.unwrap_or_default());
        Ok((platform, problems))
    }

    /// Name and address of every open listener.
    pub fn addresses(&self) -> &[(&'static str, SocketAddr)] {
        &self.addresses
    }

    /// The address of one listener, if it is open.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.addresses.iter().find(|(listener, _)| *listener == name).map(|(_, address)| *address)
    }

    /// The finished calls.
    pub fn records(&self) -> &Arc<Records> {
        &self.records
    }

    /// Routes and permissions as they are served.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The service contracts.
    pub fn contracts(&self) -> &Arc<Library> {
        &self.contracts
    }

    /// The engagement index.
    pub fn index(&self) -> Option<Arc<Index>> {
        self.index.load().as_ref().map(|open| Arc::clone(&open.index))
    }

    /// Reads the catalogue and the HSA tree again, contracts where files have changed, certificates and revocation lists,
    /// and opens the message log again (SIGHUP). The index's subscribers follow, as they do after a reset by the hub's
    /// management path.
    pub async fn reload(&self) -> Vec<Problem> {
        self.hub.log().reopen();
        let reading = refresh(&self.contracts);
        let mut problems = self.tls.reload();
        problems.extend(self.read_catalogue().await);
        problems.extend(reading.await.unwrap_or_default());
        problems
    }

    /// Stops listening, lets calls in flight finish, closes the index, and writes the log to its end.
    pub async fn drain(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.aggregation.store(None);
        if let Some(open) = self.index.swap(None) {
            open.close(self.keeps_index).await;
        }
        let hub = self.hub;
        // The last lines are written by a thread of their own; waiting for it must not hold up the runtime.
        let _ = tokio::task::spawn_blocking(move || hub.log().close(LOG_PATIENCE)).await;
    }

    /// Reads back what was published; without a folder for data nothing is kept.
    async fn keep_catalogue(&self, data: Option<&Path>) -> Result<(), LogError> {
        let Some(data) = data.map(Path::to_owned) else { return Ok(()) };
        let catalogue = Arc::clone(&self.catalogue);
        match tokio::task::spawn_blocking(move || catalogue.keep(&data)).await {
            Ok(kept) => kept,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    async fn read_catalogue(&self) -> Vec<Problem> {
        let catalogue = Arc::clone(&self.catalogue);
        let reading = tokio::task::spawn_blocking(move || {
            let (tak, hsa) = (catalogue.reset_tak(), catalogue.reset_hsa());
            tak.problems.into_iter().chain(hsa.problems).collect()
        });
        reading.await.unwrap_or_default()
    }

    /// Makes the aggregating services. They ask index and catalogue anew for every call, and so need neither yet.
    fn open_aggregation(
        &self,
        bound: &mut Bound,
        settings: &Settings,
        environment: &Environment,
        clock: &Clock,
    ) -> Vec<Problem> {
        let (catalogue, contracts, hub, index) = (&self.catalogue, &self.contracts, &self.hub, &self.index);
        let wires = aggregation::Wires {
            settings,
            environment,
            catalogue,
            contracts,
            hub,
            index,
            tls: &self.tls.client,
            clock,
        };
        let (services, problems) = aggregation::open(&wires);
        if let (Some(listener), Some(address)) = (bound.aggregation.take(), self.address("aggregation")) {
            let paths = AggregationListener::new(Arc::clone(&services), url("aggregation", address));
            let responder = Arc::new(aggregation::Recording::new(paths, Arc::clone(&self.hub)));
            let limits = aggregation::serve_limits(settings);
            self.tasks.spawn(serve(listener, "aggregation", responder, limits, self.shutdown.clone()));
        }
        self.aggregation.store(Some(services));
        problems
    }

    /// Opens the index and everything that hangs on it. The catalogue is there: it knows the subscribers.
    async fn open_index(
        &self,
        bound: &mut Bound,
        settings: &Settings,
        data: Option<PathBuf>,
        (environment, sources): (Environment, Sources),
        clock: &Clock,
    ) -> Result<Vec<Problem>, LogError> {
        let engagements = settings.records.loads_index.then(|| sources.engagements());
        let filling = Filling { environment, engagements };
        let (index, problems) = index::open(settings.index.clone(), data, filling, clock.clone()).await?;
        let wires = Wires { settings, catalogue: &self.catalogue, hub: &self.hub, tls: &self.tls.client, clock };
        let open = Arc::new(OpenIndex::new(index, &wires));
        let resets = self.catalogue.resets();
        open.find_subscribers().await;
        let limits = index::serve_limits(settings);
        for (listener, name, responder) in [
            (bound.index_update.take(), "index_update", open.update_listener()),
            (bound.index_find.take(), "index_find", open.find_listener()),
        ] {
            let Some(listener) = listener else { continue };
            self.tasks.spawn(serve(listener, name, responder, limits.clone(), self.shutdown.clone()));
        }
        self.index.store(Some(Arc::clone(&open)));
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move { tokio::join!(open.notify(shutdown.clone()), open.follow(resets, shutdown)) });
        Ok(problems)
    }

    fn serve(&self, bound: &mut Bound, producers: Arc<Producers>, drain_timeout: Duration, admin_parts: AdminParts) {
        let address = |name: &'static str| self.address(name).map(|address| url(name, address));
        let listeners = listen::Listeners {
            http: bound.hub_http.take().zip(address("hub_http")),
            https: bound
                .hub_https
                .take()
                .zip(address("hub_https"))
                .zip(self.tls.server.clone())
                .map(|((listener, url), tls)| (listener, url, tls)),
        };
        if listeners.http.is_some() || listeners.https.is_some() {
            self.tasks.spawn(listen::serve(listeners, Arc::clone(&self.hub), self.shutdown.clone()));
        }
        if let Some(listener) = bound.producers.take() {
            // One grace for all: calls that the hub waits for are due within it.
            let settings = ServerSettings { drain_timeout, ..ServerSettings::default() };
            let serving = producers_listener::serve(listener, producers, settings, self.shutdown.clone());
            self.tasks.spawn(serving);
        }
        if let Some(listener) = bound.admin.take() {
            self.tasks.spawn(admin::serve(listener, admin_parts, self.shutdown.clone()));
        }
    }

    /// Work that is due now and then.
    fn tend(&self, meter: Meter) {
        let (hub, shutdown) = (Arc::clone(&self.hub), self.shutdown.clone());
        self.tasks.spawn(async move {
            let (mut sweep, mut upkeep) = (tokio::time::interval(SWEEP), tokio::time::interval(meter::UPKEEP));
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    _ = sweep.tick() => hub.sweep(),
                    _ = upkeep.tick() => meter.upkeep(),
                }
            }
        });
    }

    fn admin_parts(
        &self,
        environment: &Environment,
        settings: &Arc<Settings>,
        meter: &Meter,
        clock: &Clock,
        producers: &Arc<Producers>,
    ) -> AdminParts {
        let (for_health, for_explain) = (Arc::clone(&self.catalogue), Arc::clone(&self.catalogue));
        let (for_meter, meter, settings_for_explain) = (Arc::clone(&self.hub), meter.clone(), Arc::clone(settings));
        let (index_for_health, index_for_meter) = (Arc::clone(&self.index), Arc::clone(&self.index));
        let contracts_for_health = Arc::clone(&self.contracts);
        let aggregation_for_meter = Arc::clone(&self.aggregation);
        AdminParts {
            records: Arc::clone(&self.records),
            contracts: Arc::clone(&self.contracts),
            producers: Arc::clone(producers),
            explain: Arc::new(move |question| {
                let settings = &settings_for_explain;
                explain(&for_explain.snapshot(), &settings.lookup, &settings.hub.instance_name, question)
            }),
            metrics: Arc::new(move || {
                for_meter.gauges(&meter);
                if let Some(open) = &*index_for_meter.load() {
                    index::meters(open, &meter);
                }
                if let Some(services) = &*aggregation_for_meter.load() {
                    aggregation::meters(services, &meter);
                }
                meter.render()
            }),
            catalogue: Arc::clone(&self.catalogue),
            health: Arc::new(move || health(&for_health, &contracts_for_health, &index_for_health)),
            addresses: self.addresses.iter().map(|(name, address)| ((*name).to_owned(), url(name, *address))).collect(),
            instance: settings.hub.instance_name.clone(),
            environment: environment.name(),
            token: settings.admin.token.clone(),
            clock: clock.clone(),
        }
    }
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

/// Reads the contracts on a thread of its own, and gives what is wrong with them.
fn refresh(contracts: &Arc<Library>) -> JoinHandle<Vec<Problem>> {
    let contracts = Arc::clone(contracts);
    tokio::task::spawn_blocking(move || contracts.refresh())
}

fn health(catalogue: &Catalogue, contracts: &Library, index: &IndexSlot) -> Health {
    let snapshot = catalogue.snapshot();
    let (tak, hsa) = (snapshot.tak_status(), snapshot.hsa_status());
    let tak_status = tak.last.map_or("Not initialized", |last| last.status.as_str()).to_owned();
    let hsa_details =
        if hsa.initialised { Vec::new() } else { vec![("hsaCacheStatus".to_owned(), "Not initialized".to_owned())] };
    let index = index::health(index.load().as_deref());
    let known = contracts.known();
    let counts = [("contracts", known.registry.active().len()), ("broken", known.broken)];
    Health {
        ready: tak.initialised && hsa.initialised && known.is_loaded && index.up,
        components: vec![
            Component {
                name: "takCache".to_owned(),
                up: tak.initialised,
                details: vec![("refreshStatus".to_owned(), tak_status)],
            },
            Component { name: "hsaCache".to_owned(), up: hsa.initialised, details: hsa_details },
            Component {
                name: "contracts".to_owned(),
                up: known.is_loaded,
                details: counts.iter().map(|(name, count)| ((*name).to_owned(), count.to_string())).collect(),
            },
            index,
        ],
    }
}

/// A listener's address as a URL.
pub fn url(name: &str, address: SocketAddr) -> String {
    let scheme = if name == "hub_https" { "https" } else { "http" };
    format!("{scheme}://{address}")
}
