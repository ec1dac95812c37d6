//! The one place that knows everybody: builds the parts, wires them, starts the listeners, and drains them.

pub mod aggregation;
mod bind;
mod catalogue;
mod connection;
mod engagements;
mod health;
pub mod index;
mod journal;
pub mod member;
pub mod own;
pub mod quality;
pub mod serve;
mod sources;
mod subscribers;
pub mod tls;
mod watch;

use std::hint::black_box;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{self, AdminParts};
use crate::aggregation::Aggregation;
use crate::aggregation::listen::Listener as AggregationListener;
use crate::catalogue::Catalogue;
use crate::config::checked::{RecordsInIndex, Settings};
use crate::config::environment::Environment;
use crate::config::platforms::apart;
use crate::connection::book::Book;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::hub::log::MessageLog;
use crate::hub::meter::{self, Meter};
use crate::hub::records::Records;
use crate::index::open::Index;
use crate::producers::mounted::Producers;
use crate::producers::own::listeners::{ListenTrouble, Listeners};
use crate::producers::serve as producers_listener;
use crate::producers::settings::ServerSettings;
use crate::store::log::LogError;
use crate::tls::handshake::Shown;
use crate::tls::material::MaterialError;
use crate::tls::server::ServerTls;
use bind::{Addresses, Bound, bind};
use engagements::RecordsToIndex;
use health::health;
use index::{Filling, IndexSlot, OpenIndex, Wires};
use member::{Member, Shared};
use serve::serve;
use sources::Sources;
use tls::Tls;

/// How often idle connections to producers are looked through.
const SWEEP: Duration = Duration::from_secs(5);
/// How often some memory is freed for the allocator's sake, and how much: more than it keeps for itself.
const CALM: Duration = Duration::from_secs(1);
const CALM_BYTES: usize = 16 * 1024 * 1024;
/// How long the message log may take to write its last events.
const LOG_PATIENCE: Duration = Duration::from_secs(2);

/// A running process: one platform, or several that share everything but catalogue, hub and aggregating services.
pub struct Platform {
    addresses: Addresses,
    /// Its platforms; the first is the one that calls meet which enter through no hub.
    members: Vec<Member>,
    contracts: Arc<Library>,
    producers: Arc<Producers>,
    index: Arc<IndexSlot>,
    /// Whether the index outlives the process.
    keeps_index: bool,
    records: Arc<Records>,
    log: Arc<MessageLog>,
    tls: Tls,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

/// Why a platform does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address cannot be had.
    #[error("cannot listen on {address} for {name}; choose another {}", setting(name))]
    Listen {
        /// The listener.
        name: String,
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
    /// A mocked producer's own listener cannot be had.
    #[error("cannot start a producer's own listener ([http] or [tls] in its producer.toml)")]
    Producer(#[source] ListenTrouble),
    /// Certificates, keys or revocation lists cannot be used.
    #[error("cannot set up TLS")]
    Tls(#[source] MaterialError),
    /// No threads for handshakes.
    #[error("cannot start the threads for TLS handshakes")]
    Workers(#[source] io::Error),
    /// What quality assurance keeps cannot be read back.
    #[error("cannot open the register of quality assurance")]
    Quality(#[source] io::Error),
    /// What mocked producers were asked cannot be read back.
    #[error("cannot open the journal of the mocked producers (journal.persist)")]
    Journal(#[source] LogError),
    /// The log of connections cannot be read back.
    #[error("cannot open the log of connections")]
    Connections(#[source] LogError),
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
        let apart = apart(&settings);
        let (mut bound, addresses) = bind(&apart)?;
        let tls = Tls::open(&apart, &clock)?;
        let contracts = Arc::new(Library::new(environment.clone(), settings.contracts.clone()));
        // Compiling is the longest part of a start: it goes on while the rest is read.
        let reading = refresh(&contracts);
        let (producers, mut problems) = Producers::load(&environment);
        let (sources, found) = Sources::load(&environment, &contracts, &producers, &clock);
        problems.extend(found);
        let producers = producers
            .with_clock(&clock)
            .with_contracts(&contracts)
            .with_sources(&sources.shared())
            .with_records(sources.records())
            .with_onward(tls.onward(settings.producers.pki.clone(), &clock))
            .with_settings(settings.producers.clone());
        let producers = journal::kept(producers, &settings.producers, (&environment, data.as_deref()), &mut problems)?;
        let shared = Shared {
            environment,
            contracts: Arc::clone(&contracts),
            producers: Arc::new(producers),
            index: Arc::new(IndexSlot::empty()),
            tls: tls.client.clone(),
            log: Arc::new(MessageLog::open(&settings.log).map_err(StartError::Log)?),
            records: Arc::new(Records::new(settings.records.bytes_max)),
            meter: Meter::new(),
            clock,
        };
        let mut platform = Self {
            addresses,
            members: apart.into_iter().map(|settings| Member::new(settings, &shared)).collect(),
            contracts,
            producers: Arc::clone(&shared.producers),
            index: Arc::clone(&shared.index),
            keeps_index: data.is_some(),
            records: Arc::clone(&shared.records),
            log: Arc::clone(&shared.log),
            tls,
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let connections = connection::open(&platform.members, &shared, &platform.main().settings().connection);
        if let Err(error) = connection::keep(&connections, data.as_deref()).await {
            platform.drain().await;
            return Err(StartError::Connections(error));
        }
        let hub = platform.main().settings().hub.clone();
        let followers = (&connections, platform.hubs());
        let (client, own) = (platform.tls.client.clone(), platform.own_admin());
        let beside = match quality::paths(data.as_deref(), &hub, client, &shared.clock, followers, own) {
            Ok(beside) => beside,
            Err(error) => {
                platform.drain().await;
                return Err(StartError::Quality(error));
            }
        };
        platform.serve(&mut bound, &shared, Arc::clone(&connections), beside);
        let listeners = platform.own_listeners(&shared);
        if let Some(trouble) = listeners.tend().await.pop() {
            platform.drain().await;
            return Err(StartError::Producer(trouble));
        }
        platform.addresses.extend(listeners.addresses().await);
        platform.tasks.spawn(watch::watch(Arc::clone(&shared.producers), listeners, platform.shutdown.clone()));
        platform.tend(shared.meter.clone());
        problems.extend(platform.open_aggregation(&mut bound, &shared));
        for member in &platform.members {
            if let Err(error) = member.keep_catalogue(data.as_deref()).await {
                platform.drain().await;
                return Err(StartError::Catalogue(error));
            }
        }
        problems.extend(platform.read_catalogues().await);
        connection::recover(&connections).await;
        for (member, own) in platform.members.iter().zip(&mut bound.own) {
            member.serve_catalogue(own, &platform.tasks, &platform.shutdown);
        }
        match platform.open_index(&mut bound, data, (shared.environment, sources), &shared.clock).await {
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
    pub fn addresses(&self) -> &[(String, SocketAddr)] {
        &self.addresses
    }

    /// The address of one listener, if it is open.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.addresses.iter().find(|(listener, _)| listener == name).map(|(_, address)| *address)
    }

    /// Where our own admin listener is reached from this machine, and its token.
    fn own_admin(&self) -> Option<(String, Option<String>)> {
        let mut address = self.address("admin")?;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Some((format!("http://{address}"), self.main().settings().admin.token.clone()))
    }

    /// Where the hubs listen, each with its platform.
    fn hubs(&self) -> Vec<(String, SocketAddr)> {
        let of_member = |member: &Member| {
            let address = |listener: &str| self.address(&bind::name_of(member.settings(), listener));
            let own = ["hub_http", "hub_https"].map(address).into_iter().flatten();
            own.map(|address| (member.name().to_owned(), address)).collect::<Vec<_>>()
        };
        self.members.iter().flat_map(of_member).collect()
    }

    /// The finished calls.
    pub fn records(&self) -> &Arc<Records> {
        &self.records
    }

    /// The process's platforms, the one for production first.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The platform that is meant where none is named: the only one, or the one for production.
    pub fn main(&self) -> &Member {
        self.members.first().expect("there is always one")
    }

    /// Routes and permissions as that platform serves them.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        self.main().catalogue()
    }

    /// The aggregating services of the first platform, while it serves.
    pub fn aggregation(&self) -> Option<Arc<Aggregation>> {
        self.main().aggregation().load_full()
    }

    /// The service contracts.
    pub fn contracts(&self) -> &Arc<Library> {
        &self.contracts
    }

    /// The engagement index.
    pub fn index(&self) -> Option<Arc<Index>> {
        self.index.load().as_ref().map(|open| Arc::clone(&open.index))
    }

    /// Reads the catalogues and the HSA tree again, contracts where files have changed, certificates and revocation lists,
    /// and opens the message log again (SIGHUP). The index's subscribers follow, as they do after a reset by the hub's
    /// management path.
    pub async fn reload(&self) -> Vec<Problem> {
        self.log.reopen();
        let reading = refresh(&self.contracts);
        let mut problems = self.tls.reload();
        problems.extend(self.read_catalogues().await);
        problems.extend(reading.await.unwrap_or_default());
        problems
    }

    /// Stops listening, lets calls in flight finish, closes the index, and writes the log to its end.
    pub async fn drain(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        for member in &self.members {
            member.aggregation().store(None);
        }
        if let Some(open) = self.index.swap(None) {
            open.close(self.keeps_index).await;
        }
        // Behind the last call's row; a thread of its own waits for the disk.
        let producers = self.producers;
        let _ = tokio::task::spawn_blocking(move || producers.close_journals()).await;
        let log = self.log;
        // The last lines are written by a thread of their own; waiting for it must not hold up the runtime.
        let _ = tokio::task::spawn_blocking(move || log.close(LOG_PATIENCE)).await;
    }

    /// Reads every platform's catalogue. What is wrong with files that they share is told once.
    async fn read_catalogues(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for member in &self.members {
            for problem in member.read_catalogue().await {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        problems
    }

    /// Makes every platform's aggregating services. Their listener leads to those of the first.
    fn open_aggregation(&self, bound: &mut Bound, shared: &Shared) -> Vec<Problem> {
        let mut problems = Vec::new();
        for member in &self.members {
            problems = member.open_aggregation(shared);
        }
        let main = self.main();
        let services = main.aggregation().load_full();
        if let (Some(listener), Some(address), Some(services)) =
            (bound.aggregation.take(), self.address("aggregation"), services)
        {
            let paths = AggregationListener::new(services, url("aggregation", address));
            let responder = Arc::new(aggregation::Recording::new(paths, Arc::clone(main.hub())));
            let limits = aggregation::serve_limits(main.settings());
            self.tasks.spawn(serve(listener, "aggregation", responder, limits, self.shutdown.clone()));
        }
        for services in self.members.iter().filter_map(|member| member.aggregation().load_full()) {
            if let Some(log) = services.validation_log() {
                self.tasks.spawn(Arc::clone(log).run(self.shutdown.clone()));
            }
        }
        problems
    }

    /// Opens the index and everything that hangs on it. The catalogue is there: it knows the subscribers.
    async fn open_index(
        &self,
        bound: &mut Bound,
        data: Option<PathBuf>,
        (environment, sources): (Environment, Sources),
        clock: &Clock,
    ) -> Result<Vec<Problem>, LogError> {
        let main = self.main();
        let settings = &**main.settings();
        let how = settings.records.index;
        let engagements = (how == RecordsInIndex::Load).then(|| sources.engagements());
        let filling = Filling { environment, engagements };
        let (index, problems) = index::open(settings.index.clone(), data, filling, clock.clone()).await?;
        let wires = Wires { settings, catalogue: main.catalogue(), hub: main.hub(), tls: &self.tls.client, clock };
        let open = Arc::new(OpenIndex::new(index, &wires));
        let resets = main.catalogue().resets();
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
        if how != RecordsInIndex::Off {
            let told = RecordsToIndex {
                index: Arc::clone(&self.index),
                hub: (how == RecordsInIndex::Update).then(|| Arc::downgrade(main.hub())),
                own_id: settings.index.own_id.clone(),
                instance_id: settings.index.notify.instance_id.clone(),
            };
            sources.records().tell(Arc::new(told));
            if how == RecordsInIndex::Update {
                // Calls like any others: nobody waits for them with the start.
                sources.records().tell_all();
                self.tasks.spawn(Arc::clone(sources.records()).settle());
            }
        }
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move { tokio::join!(open.notify(shutdown.clone()), open.follow(resets, shutdown)) });
        Ok(problems)
    }

    fn serve(&self, bound: &mut Bound, shared: &Shared, connections: Arc<Book>, beside: admin::Beside) {
        for (member, own) in self.members.iter().zip(&mut bound.own) {
            member.serve_hub(own, &self.tls, &self.tasks, &self.shutdown);
        }
        if let Some(listener) = bound.producers.take() {
            let producers = Arc::clone(&shared.producers);
            // One grace for all: calls that a hub waits for are due within it.
            let drain_timeout = self.main().settings().hub.limits.drain_timeout;
            let settings = ServerSettings { drain_timeout, ..ServerSettings::default() };
            let serving = producers_listener::serve(listener, producers, settings, self.shutdown.clone());
            self.tasks.spawn(serving);
        }
        if let Some(listener) = bound.admin.take() {
            let parts = self.admin_parts(shared, connections);
            self.tasks.spawn(admin::serve(listener, parts, beside, self.shutdown.clone()));
        }
    }

    /// The listeners that mocked producers have of their own; none is bound yet.
    fn own_listeners(&self, shared: &Shared) -> Arc<Listeners> {
        let settings = self.main().settings();
        let tls = &settings.tls;
        let trusted = [&tls.incoming.material.trust, &tls.outgoing.default.material.trust];
        let trusted = trusted.into_iter().flatten().cloned().collect();
        let serving = ServerSettings {
            drain_timeout: settings.hub.limits.drain_timeout,
            handshake_timeout: tls.limits.handshake_timeout,
            ..ServerSettings::default()
        };
        let ground = (settings.producers.pki.clone(), trusted, shared.clock.clone());
        let place = (self.tasks.clone(), self.shutdown.clone());
        Arc::new(Listeners::new(Arc::clone(&shared.producers), serving, ground, place))
    }

    /// Work that is due now and then.
    fn tend(&self, meter: Meter) {
        let hubs: Vec<_> = self.members.iter().map(|member| Arc::clone(member.hub())).collect();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let (mut sweep, mut upkeep) = (tokio::time::interval(SWEEP), tokio::time::interval(meter::UPKEEP));
            let mut calm = tokio::time::interval(CALM);
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    _ = sweep.tick() => hubs.iter().for_each(|hub| hub.sweep()),
                    _ = upkeep.tick() => meter.upkeep(),
                    // The allocator looks for memory that it may give back to the operating system when some is freed,
                    // and a platform that is not called frees none: what the start or a busy hour needed would stay.
                    _ = calm.tick() => drop(black_box(Vec::<u8>::with_capacity(CALM_BYTES))),
                }
            }
        });
    }

    fn admin_parts(&self, shared: &Shared, connections: Arc<Book>) -> AdminParts {
        let named = |member: &Member| (member.name().to_owned(), Arc::clone(member.catalogue()));
        let for_health: Vec<_> = self.members.iter().map(named).collect();
        let (index_for_health, contracts_for_health) = (Arc::clone(&self.index), Arc::clone(&self.contracts));
        let settings = self.main().settings();
        AdminParts {
            records: Arc::clone(&self.records),
            contracts: Arc::clone(&self.contracts),
            producers: Arc::clone(&shared.producers),
            metrics: self.metrics(shared.meter.clone()),
            platforms: self.members.iter().map(Member::admin_parts).collect(),
            connections,
            health: Arc::new(move || health(&for_health, &contracts_for_health, &index_for_health)),
            addresses: self.addresses.iter().map(|(name, address)| (name.clone(), url(name, *address))).collect(),
            certificates: self.certificates(),
            instance: settings.hub.instance_name.clone(),
            environment: shared.environment.name(),
            token: settings.admin.token.clone(),
            clock: shared.clock.clone(),
        }
    }

    /// The listeners that show a certificate, and which.
    fn certificates(&self) -> Arc<dyn Fn() -> Vec<(String, Arc<Shown>)> + Send + Sync> {
        let showing = |(name, _): &&(String, SocketAddr)| name.rsplit('.').next() == Some("hub_https");
        let names: Vec<String> = self.addresses.iter().filter(showing).map(|(name, _)| name.clone()).collect();
        let server = self.tls.server.clone();
        Arc::new(move || {
            let each = |server: &Arc<ServerTls>| names.iter().map(|name| (name.clone(), server.shown())).collect();
            server.as_ref().map(each).unwrap_or_default()
        })
    }

    /// All metrics as text; what several platforms count alike is summed.
    fn metrics(&self, meter: Meter) -> Arc<dyn Fn() -> String + Send + Sync> {
        let hubs: Vec<_> = self.members.iter().map(|member| Arc::clone(member.hub())).collect();
        let services: Vec<_> = self.members.iter().map(|member| Arc::clone(member.aggregation())).collect();
        let index = Arc::clone(&self.index);
        Arc::new(move || {
            if let Some((main, others)) = hubs.split_first() {
                main.gauges(&meter, others.iter().map(|hub| hub.calls_in_flight()).sum());
            }
            if let Some(open) = &*index.load() {
                index::meters(open, &meter);
            }
            aggregation::meters(services.iter().filter_map(|slot| slot.load_full()), &meter);
            meter.render()
        })
    }
}

/// Where a listener's address is set.
fn setting(name: &str) -> String {
    match name.split_once('.') {
        Some(("producers", own)) => match own.strip_suffix(".http") {
            Some(system) => format!("in [http] of producers/{system}/producer.toml"),
            None => format!("in [tls] of producers/{own}/producer.toml"),
        },
        Some((platform, listener)) => format!("for {listener} in [platform.listen] of {platform}"),
        None => format!("with --set listen.{name}=127.0.0.1:0"),
    }
}

/// Reads the contracts on a thread of its own, and gives what is wrong with them.
fn refresh(contracts: &Arc<Library>) -> JoinHandle<Vec<Problem>> {
    let contracts = Arc::clone(contracts);
    tokio::task::spawn_blocking(move || contracts.refresh())
}

/// A listener's address as a URL.
pub fn url(name: &str, address: SocketAddr) -> String {
    let is_own_with_tls = name.strip_prefix("producers.").is_some_and(|system| !system.ends_with(".http"));
    let scheme = if name.ends_with("hub_https") || is_own_with_tls { "https" } else { "http" };
    format!("{scheme}://{address}")
}
