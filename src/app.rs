//! The one place that knows everybody: builds the parts, wires them, starts the listeners, and drains them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::health::{Component, Health};
use crate::admin::{self, AdminParts};
use crate::catalogue::Catalogue;
use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::hub::explain::explain;
use crate::hub::log::MessageLog;
use crate::hub::meter::{self, Meter};
use crate::hub::records::Records;
use crate::hub::{Hub, HubParts, listen};
use crate::producers::mounted::Producers;
use crate::producers::serve as producers_listener;
use crate::producers::settings::ServerSettings;

/// How often idle connections to producers are looked through.
const SWEEP: Duration = Duration::from_secs(5);
/// How long the message log may take to write its last events.
const LOG_PATIENCE: Duration = Duration::from_secs(2);

/// A running platform.
pub struct Platform {
    addresses: Vec<(&'static str, SocketAddr)>,
    catalogue: Arc<Catalogue>,
    hub: Arc<Hub>,
    records: Arc<Records>,
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
}

/// Listeners that are bound and not yet served.
struct Bound {
    hub_http: Option<TcpListener>,
    producers: Option<TcpListener>,
    admin: Option<TcpListener>,
}

impl Platform {
    /// Starts every listener, then reads the catalogue: requests that come before it is there get VP008, as they do at
    /// the reference. Returns when everything is loaded; what is wrong with the files comes along.
    pub async fn start(
        environment: Environment,
        settings: Settings,
        clock: Clock,
    ) -> Result<(Self, Vec<Problem>), StartError> {
        let settings = Arc::new(settings);
        let (bound, addresses) = bind(&settings).await?;
        let (producers, mut problems) = Producers::load(&environment);
        let producers = Arc::new(producers.with_clock(&clock));
        let catalogue = Arc::new(Catalogue::new(
            environment.clone(),
            settings.hsa_files.clone(),
            settings.tak_copy.clone(),
            clock.clone(),
        ));
        let records = Arc::new(Records::new(settings.records.bytes_max));
        let meter = Meter::new();
        let responders = Arc::clone(&producers);
        let hub = Arc::new(Hub::new(HubParts {
            settings: Arc::clone(&settings),
            catalogue: Arc::clone(&catalogue),
            responders: Arc::new(move |system| responders.responder(system)),
            log: MessageLog::open(&settings.log).map_err(StartError::Log)?,
            records: Arc::clone(&records),
            meter: meter.clone(),
            clock: clock.clone(),
        }));
        let platform =
            Self { addresses, catalogue, hub, records, shutdown: CancellationToken::new(), tasks: TaskTracker::new() };
        platform.serve(bound, producers, platform.admin_parts(&environment, &settings, &meter, &clock));
        platform.tend(meter);
        problems.extend(platform.read_catalogue().await);
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

    /// Reads the catalogue and the HSA tree again, and opens the message log again (SIGHUP).
    pub async fn reload(&self) -> Vec<Problem> {
        self.hub.log().reopen();
        self.read_catalogue().await
    }

    /// Stops listening, lets calls in flight finish, and writes the log to its end.
    pub async fn drain(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        let hub = self.hub;
        // The last lines are written by a thread of their own; waiting for it must not hold up the runtime.
        let _ = tokio::task::spawn_blocking(move || hub.log().close(LOG_PATIENCE)).await;
    }

    async fn read_catalogue(&self) -> Vec<Problem> {
        let catalogue = Arc::clone(&self.catalogue);
        let reading = tokio::task::spawn_blocking(move || {
            let (tak, hsa) = (catalogue.reset_tak(), catalogue.reset_hsa());
            tak.problems.into_iter().chain(hsa.problems).collect()
        });
        reading.await.unwrap_or_default()
    }

    fn serve(&self, bound: Bound, producers: Arc<Producers>, admin_parts: AdminParts) {
        if let (Some(listener), Some(address)) = (bound.hub_http, self.address("hub_http")) {
            let serving = listen::serve(listener, Arc::clone(&self.hub), url(address), self.shutdown.clone());
            self.tasks.spawn(serving);
        }
        if let Some(listener) = bound.producers {
            let serving =
                producers_listener::serve(listener, producers, ServerSettings::default(), self.shutdown.clone());
            self.tasks.spawn(serving);
        }
        if let Some(listener) = bound.admin {
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
    ) -> AdminParts {
        let (for_health, for_explain) = (Arc::clone(&self.catalogue), Arc::clone(&self.catalogue));
        let (for_meter, meter, settings_for_explain) = (Arc::clone(&self.hub), meter.clone(), Arc::clone(settings));
        AdminParts {
            records: Arc::clone(&self.records),
            explain: Arc::new(move |question| {
                let settings = &settings_for_explain;
                explain(&for_explain.snapshot(), &settings.lookup, &settings.hub.instance_name, question)
            }),
            metrics: Arc::new(move || {
                for_meter.gauges(&meter);
                meter.render()
            }),
            health: Arc::new(move || health(&for_health)),
            addresses: self.addresses.iter().map(|(name, address)| ((*name).to_owned(), url(*address))).collect(),
            instance: settings.hub.instance_name.clone(),
            environment: environment.name(),
            token: settings.admin.token.clone(),
            clock: clock.clone(),
        }
    }
}

fn health(catalogue: &Catalogue) -> Health {
    let snapshot = catalogue.snapshot();
    let (tak, hsa) = (snapshot.tak_status(), snapshot.hsa_status());
    let tak_status = tak.last.map_or("Not initialized", |last| last.status.as_str()).to_owned();
    let hsa_details =
        if hsa.initialised { Vec::new() } else { vec![("hsaCacheStatus".to_owned(), "Not initialized".to_owned())] };
    Health {
        ready: tak.initialised && hsa.initialised,
        components: vec![
            Component {
                name: "takCache".to_owned(),
                up: tak.initialised,
                details: vec![("refreshStatus".to_owned(), tak_status)],
            },
            Component { name: "hsaCache".to_owned(), up: hsa.initialised, details: hsa_details },
        ],
    }
}

async fn bind(settings: &Settings) -> Result<(Bound, Vec<(&'static str, SocketAddr)>), StartError> {
    let mut addresses = Vec::new();
    let mut bound = Vec::new();
    let listen = &settings.listen;
    for (name, address) in [("hub_http", listen.hub_http), ("producers", listen.producers), ("admin", listen.admin)] {
        let Some(address) = address else {
            bound.push(None);
            continue;
        };
        let cannot = |source| StartError::Listen { name, address, source };
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        addresses.push((name, listener.local_addr().map_err(cannot)?));
        bound.push(Some(listener));
    }
    let [hub_http, producers, admin] = <[_; 3]>::try_from(bound).expect("one for each listener above");
    Ok((Bound { hub_http, producers, admin }, addresses))
}

/// A listener's address as a URL.
pub fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
