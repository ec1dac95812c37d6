//! The engagement index as a part of the platform: opened, filled, wired to hub and catalogue, watched, and closed.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::Request;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::serve::ServeLimits;
use super::subscribers::CatalogueSubscribers;
use crate::admin::health::Component;
use crate::catalogue::Catalogue;
use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::config::index::IndexSettings;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::domain::subscriber::Subscribers;
use crate::hub::Hub;
use crate::hub::call::remote::Remote;
use crate::hub::meter::Meter;
use crate::hub::within::Within;
use crate::index::bulk::environment;
use crate::index::listen::{FindListener, UpdateListener};
use crate::index::notify::Notifier;
use crate::index::notify::discover::Discovery;
use crate::index::open::{DATA_FOLDER, Index};
use crate::index::service::{self, Service, Takes};
use crate::soap::responder::{Answer, Responder, SharedResponder};
use crate::store::log::LogError;
use crate::tls::client::ClientTls;

/// Scheme of the catalogue addresses that mean a service of the index.
pub(super) const SCHEME: &str = "index:";

/// What may stand behind it.
const SERVICES: [(&str, Takes); 3] =
    [("find", Takes::FindContent), ("update", Takes::Update), ("notify", Takes::ProcessNotification)];

/// What is wrong with a catalogue address that means a service of the index.
pub fn complaint(address: &str) -> Option<String> {
    let service = address.strip_prefix(SCHEME)?;
    let service = service.split(['/', '?']).next().unwrap_or_default();
    if SERVICES.iter().any(|(name, _)| *name == service) {
        return None;
    }
    let names = SERVICES.map(|(name, _)| format!("{SCHEME}{name}")).join(", ");
    Some(format!("{address:?} is no service of the index, expected one of {names}: calls get VP009"))
}

/// The index, once it is open; empty again when it has been closed, which also lets go of the hub it calls.
pub(super) type IndexSlot = ArcSwapOption<OpenIndex>;

/// An open index with everything that serves it.
pub(super) struct OpenIndex {
    pub(super) index: Arc<Index>,
    notifier: Arc<Notifier>,
}

/// What the index is wired to.
pub(super) struct Wires<'w> {
    pub(super) settings: &'w Settings,
    pub(super) catalogue: &'w Arc<Catalogue>,
    pub(super) hub: &'w Arc<Hub>,
    pub(super) tls: &'w Option<Arc<ClientTls>>,
    pub(super) clock: &'w Clock,
}

/// What a start puts into the index.
pub(super) struct Filling {
    /// Where files with engagements are.
    pub(super) environment: Environment,
    /// Those of the patient records, one object a line, if they are to be in the index.
    pub(super) engagements: Option<Vec<u8>>,
}

/// Reads the index back and takes in the environment's engagements. Without a folder for data it stays in memory.
pub(super) async fn open(
    settings: IndexSettings,
    data: Option<PathBuf>,
    filling: Filling,
    clock: Clock,
) -> Result<(Arc<Index>, Vec<Problem>), LogError> {
    let opening = tokio::task::spawn_blocking(move || {
        let began = Clock::instant();
        let index = match data {
            Some(data) => Index::open(&data.join(DATA_FOLDER), settings, clock)?,
            None => Index::ephemeral(settings, clock),
        };
        let status = index.status();
        tracing::info!(
            engagements = status.engagements,
            residents = status.persons,
            replayed_batches = status.replayed_batches,
            skipped = status.skipped.len(),
            ms = Clock::instant().saturating_duration_since(began).as_millis() as u64,
            "the index is open"
        );
        let mut problems = environment::load(&index, &filling.environment);
        problems
            .extend(filling.engagements.into_iter().flat_map(|rows| environment::load_text(&index, "patients", rows)));
        Ok((Arc::new(index), problems))
    });
    match opening.await {
        Ok(opened) => opened,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

impl OpenIndex {
    /// Wires an index to those it asks and tells.
    pub(super) fn new(index: Arc<Index>, wires: &Wires<'_>) -> Self {
        let notify = &index.settings().notify;
        let hub = &wires.settings.hub;
        let own_hub = Within::new(Arc::clone(wires.hub));
        let delivery = Outward {
            hub: own_hub.clone(),
            remote: Remote::new(hub, wires.tls.clone(), hub.producer.http.connect_timeout, notify.timeout),
        };
        let discovery = &notify.discovery;
        let subscribers: Arc<dyn Subscribers> = match is_outside(&discovery.target) {
            true => {
                let remote = Remote::new(hub, wires.tls.clone(), discovery.connect_timeout, discovery.timeout);
                let caller = Outward { hub: own_hub, remote };
                Arc::new(Discovery::new(Arc::new(caller), Arc::clone(index.settings())))
            }
            false => Arc::new(CatalogueSubscribers {
                catalogue: Arc::clone(wires.catalogue),
                consumer: discovery.logical_address.clone(),
                clock: wires.clock.clone(),
            }),
        };
        let notifier = Arc::new(Notifier::new(Arc::clone(&index), subscribers, Arc::new(delivery)));
        Self { index, notifier }
    }

    /// Finds the subscribers, then tells them of changes until `shutdown`.
    pub(super) async fn notify(&self, shutdown: CancellationToken) {
        Arc::clone(&self.notifier).run(shutdown).await;
    }

    /// Finds them anew whenever the catalogue's files have been read, until `shutdown`.
    pub(super) async fn follow(&self, mut resets: watch::Receiver<u64>, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                reset = resets.changed() => match reset {
                    Ok(()) => self.find_subscribers().await,
                    Err(_) => return,
                },
            }
        }
    }

    /// Asks who the subscribers are.
    pub(super) async fn find_subscribers(&self) {
        if let Err(error) = self.notifier.refresh().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the subscribers are not known");
        }
    }

    /// What answers at a catalogue address behind [`SCHEME`].
    pub(super) fn responder(&self, service: &str) -> Option<SharedResponder> {
        let (_, takes) = SERVICES.into_iter().find(|(name, _)| *name == service)?;
        Some(Arc::new(Service::new(Arc::clone(&self.index), Some(Arc::clone(&self.notifier)), takes)))
    }

    /// What answers on the listener `index_update`.
    pub(super) fn update_listener(&self) -> SharedResponder {
        Arc::new(UpdateListener::new(Arc::clone(&self.index), Some(Arc::clone(&self.notifier))))
    }

    /// What answers on the listener `index_find`.
    pub(super) fn find_listener(&self) -> SharedResponder {
        Arc::new(FindListener::new(Arc::clone(&self.index)))
    }

    /// Takes a snapshot, so that the next start is quick, and ends the writing thread. Nothing is lost without: what
    /// was acknowledged is in the journal.
    pub(super) async fn close(&self, keeps: bool) {
        let status = self.index.status();
        let is_new = status.snapshot.is_none_or(|snapshot| snapshot.sequence < status.applied);
        if keeps
            && is_new
            && status.applied > 0
            && status.poisoned.is_none()
            && let Err(error) = self.index.snapshot().await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "no snapshot was taken");
        }
        let index = Arc::clone(&self.index);
        // Waits for the thread; a panic there has been reported by itself.
        let _ = tokio::task::spawn_blocking(move || index.close()).await;
    }
}

/// How the index is, for readiness and health.
pub(super) fn health(open: Option<&OpenIndex>) -> Component {
    let Some(open) = open else {
        let details = vec![("status".to_owned(), "Not initialized".to_owned())];
        return Component { name: "index".to_owned(), up: false, details };
    };
    let status = open.index.status();
    let unready = status.unready();
    let mut details = vec![("engagements".to_owned(), status.engagements.to_string())];
    details.extend(unready.clone().map(|why| ("status".to_owned(), why)));
    Component { name: "index".to_owned(), up: unready.is_none(), details }
}

/// Brings the index's gauges and counters up to date. Sums and maxima only: subscribers are not a bounded set of labels.
pub(super) fn meters(open: &OpenIndex, meter: &Meter) {
    let status = open.index.status();
    let flag = |on: bool| if on { 1.0 } else { 0.0 };
    meter.gauge("anslut_index_engagements", status.engagements as f64);
    meter.gauge("anslut_index_residents", status.persons as f64);
    meter.gauge("anslut_index_collected_messages", status.collected_messages as f64);
    meter.gauge("anslut_index_held_messages", status.held_messages as f64);
    meter.gauge("anslut_index_write_locked", flag(status.write_locked));
    meter.gauge("anslut_index_writable", flag(status.poisoned.is_none()));
    meter.gauge("anslut_index_snapshot_bytes", status.snapshot.map_or(0, |snapshot| snapshot.bytes) as f64);
    meter.total("anslut_index_batches_total", status.applied);
    meter.total("anslut_index_replayed_batches_total", status.replayed_batches);
    meter.total("anslut_index_skipped_ranges_total", status.skipped.len() as u64);
    let depths = open.index.queues().depths();
    meter.gauge("anslut_index_subscribers", depths.iter().filter(|depth| depth.current).count() as f64);
    let waiting = |most: bool| {
        let each = depths.iter().map(|depth| depth.waiting);
        if most { each.max().unwrap_or(0) } else { each.sum() }
    };
    meter.gauge("anslut_index_notifications_waiting", waiting(false) as f64);
    meter.gauge("anslut_index_notifications_waiting_longest", waiting(true) as f64);
    meter.gauge(
        "anslut_index_notification_bytes_waiting",
        depths.iter().map(|depth| depth.waiting_bytes).sum::<usize>() as f64,
    );
    meter.gauge("anslut_index_dead_letters", depths.iter().map(|depth| depth.dead).sum::<usize>() as f64);
    meter.total("anslut_index_dead_letters_total", depths.iter().map(|depth| depth.dead_total).sum());
    meter.total("anslut_index_notifications_delivered_total", depths.iter().map(|depth| depth.delivered_total).sum());
}

/// The bounds of the index's listeners: the hub's own, but for the size of a request.
pub(super) fn serve_limits(settings: &Settings) -> ServeLimits {
    let limits = &settings.hub.limits;
    ServeLimits {
        body_bytes_max: settings.index.limits.body_bytes_max,
        too_large: service::too_large,
        connections_max: limits.connections_max,
        connections_per_client_max: limits.connections_per_client_max,
        idle_timeout: limits.idle_timeout,
        body_timeout: limits.body_timeout,
        write_timeout: limits.write_timeout,
        drain_timeout: limits.drain_timeout,
    }
}

/// Carries the index's own calls: to our hub where the target is a path, elsewhere where it is a URL.
struct Outward {
    hub: Within,
    remote: Remote,
}

impl Responder for Outward {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        if request.uri().authority().is_some() { self.remote.answer(request) } else { self.hub.answer(request) }
    }
}

fn is_outside(target: &str) -> bool {
    !target.starts_with('/')
}
