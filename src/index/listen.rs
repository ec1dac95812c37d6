//! The paths of the index's two listeners: its services, and the management paths of the reference (`ei.md` §1.1, §6.3).

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::notify::Notifier;
use super::open::Index;
use super::peek;
use super::service::{Service, Takes, plain};
use crate::domain::clock::Clock;
use crate::soap::responder::{Answer, Responder};

/// What listens for updates and for the operator.
#[derive(Debug)]
pub struct UpdateListener {
    index: Arc<Index>,
    notifier: Option<Arc<Notifier>>,
    update: Service,
    notification: Service,
    began: Instant,
}

/// What listens for FindContent.
#[derive(Debug)]
pub struct FindListener {
    find: Service,
}

impl UpdateListener {
    /// Serves `/skltp-ei/**` of the listener `index_update`.
    pub fn new(index: Arc<Index>, notifier: Option<Arc<Notifier>>) -> Self {
        Self {
            update: Service::new(Arc::clone(&index), notifier.clone(), Takes::Update),
            notification: Service::new(Arc::clone(&index), notifier.clone(), Takes::ProcessNotification),
            index,
            notifier,
            began: Clock::instant(),
        }
    }

    async fn manage(&self, path: &str) -> (StatusCode, &'static str, String) {
        const TEXT: &str = "text/plain;charset=UTF-8";
        const JSON: &str = "application/json";
        let failed = |error: &dyn std::error::Error| (StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string());
        match path {
            "/skltp-ei/resetcache" => match &self.notifier {
                None => (StatusCode::OK, TEXT, "Subscriber cache reset".to_owned()),
                Some(notifier) => match notifier.refresh().await {
                    Ok(()) => (StatusCode::OK, TEXT, "Subscriber cache reset".to_owned()),
                    Err(error) => failed(&error),
                },
            },
            "/skltp-ei/subscriber/status" => (StatusCode::OK, JSON, pretty(&self.subscribers())),
            "/skltp-ei/writelock/enable" => match self.index.lock(true).await {
                Ok(_) => (StatusCode::OK, TEXT, "Write lock enabled".to_owned()),
                Err(error) => failed(&error),
            },
            "/skltp-ei/writelock/disable" => match self.index.lock(false).await {
                Ok(_) => (StatusCode::OK, TEXT, "Write lock disabled".to_owned()),
                Err(error) => failed(&error),
            },
            "/skltp-ei/writelock/status" => (StatusCode::OK, JSON, pretty(&self.write_lock())),
            "/skltp-ei/status" | "/skltp-ei-backend/status" | "/skltp-ei-frontend/status" => {
                (StatusCode::OK, JSON, pretty(&self.status()))
            }
            _ => (StatusCode::NOT_FOUND, TEXT, format!("nothing is served at {path}\n")),
        }
    }

    fn subscribers(&self) -> SubscriberStatus {
        let queues = self.index.queues();
        let prefix = &self.index.settings().notify.queue_prefix;
        let depths = queues.depths();
        let subscribers = queues.subscription().subscribers.into_iter().map(|subscriber| {
            let address = subscriber.logical_address.as_str().to_owned();
            let depth = depths.iter().find(|depth| depth.subscriber == address).cloned().unwrap_or_default();
            SubscriberState {
                filter_list: subscriber
                    .filters
                    .into_iter()
                    .map(|filter| FilterState {
                        service_domain: filter.service_domain,
                        categorization: filter.categorizations,
                    })
                    .collect(),
                notification_queue_name: format!("{prefix}{address}"),
                notification_route_name: format!("notification-route-{address}"),
                waiting: depth.waiting,
                dead_letter_queue_name: format!("DLQ.{prefix}{address}"),
                dead_letters: depth.dead,
                delivered: depth.delivered_total,
                logical_address: address,
            }
        });
        let subscribers: Vec<_> = subscribers.collect();
        SubscriberStatus { subscribers: (!subscribers.is_empty()).then_some(subscribers) }
    }

    fn write_lock(&self) -> WriteLockStatus {
        let locked = self.index.status().write_locked;
        let state = if locked { "Suspended" } else { "Started" };
        let routes = &self.index.settings().routes;
        let routes = [(routes.process.clone(), state), (routes.collect.clone(), state)];
        WriteLockStatus { write_lock_enabled: locked, routes: routes.into_iter().collect() }
    }

    fn status(&self) -> ServiceStatus {
        let status = self.index.status();
        let seconds = Clock::instant().saturating_duration_since(self.began).as_secs();
        ServiceStatus {
            name: "anslut engagement index",
            version: env!("CARGO_PKG_VERSION"),
            service_status: "Started",
            uptime: format!("{}d {}h {}m {}s", seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60),
            management_name: "anslut",
            endpoints: [
                "/skltp-ei/update-service/v1",
                "/skltp-ei/notification-service/v1",
                "/skltp-ei/find-content-service/v1",
            ],
            write_lock_enabled: status.write_locked,
            engagements: status.engagements,
            residents: status.persons,
            collected_messages: status.collected_messages,
            held_messages: status.held_messages,
            unready: status.unready(),
            skipped: status.skipped.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Responder for UpdateListener {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        match request.uri().path().trim_end_matches('/') {
            "/skltp-ei/update-service/v1" => self.update.answer(request),
            "/skltp-ei/notification-service/v1" => self.notification.answer(request),
            peek::STAT | peek::ENGAGEMENTS => Box::pin(peek::answer(Arc::clone(&self.index), request)),
            path => {
                let path = path.to_owned();
                Box::pin(async move {
                    let (status, content_type, body) = self.manage(&path).await;
                    Ok(plain(status, content_type, body))
                })
            }
        }
    }
}

impl FindListener {
    /// Serves `/skltp-ei/find-content-service/v1` of the listener `index_find`.
    pub fn new(index: Arc<Index>) -> Self {
        Self { find: Service::new(index, None, Takes::FindContent) }
    }
}

impl Responder for FindListener {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        match request.uri().path().trim_end_matches('/') {
            "/skltp-ei/find-content-service/v1" => self.find.answer(request),
            path => {
                let body = format!("nothing is served at {path}\n");
                Box::pin(async move { Ok(plain(StatusCode::NOT_FOUND, "text/plain;charset=UTF-8", body)) })
            }
        }
    }
}

#[derive(Serialize)]
struct SubscriberStatus {
    #[serde(rename = "Subscribers")]
    subscribers: Option<Vec<SubscriberState>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubscriberState {
    /// The reference's spelling.
    #[serde(rename = "logicalAdress")]
    logical_address: String,
    filter_list: Vec<FilterState>,
    notification_queue_name: String,
    notification_route_name: String,
    waiting: usize,
    dead_letter_queue_name: String,
    dead_letters: usize,
    delivered: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FilterState {
    service_domain: String,
    categorization: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WriteLockStatus {
    write_lock_enabled: bool,
    routes: std::collections::BTreeMap<String, &'static str>,
}

/// The reference's keys as far as they mean anything without a Java machine, then our own.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceStatus {
    name: &'static str,
    version: &'static str,
    service_status: &'static str,
    uptime: String,
    management_name: &'static str,
    endpoints: [&'static str; 3],
    write_lock_enabled: bool,
    engagements: u64,
    residents: u64,
    collected_messages: usize,
    held_messages: usize,
    /// Why the index should not be called ready.
    unready: Option<String>,
    /// What of the journal could not be read at the start.
    skipped: Vec<String>,
}

/// JSON with a blank on either side of a colon, as the reference writes it.
fn pretty(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Blanks(PrettyFormatter::new()));
    value.serialize(&mut serializer).expect("texts and numbers always serialize");
    String::from_utf8(out).expect("JSON is UTF-8")
}

struct Blanks(PrettyFormatter<'static>);

impl Formatter for Blanks {
    fn begin_array<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.begin_array(writer)
    }
    fn end_array<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_array(writer)
    }
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        self.0.begin_array_value(writer, first)
    }
    fn end_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_array_value(writer)
    }
    fn begin_object<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.begin_object(writer)
    }
    fn end_object<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_object(writer)
    }
    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        self.0.begin_object_key(writer, first)
    }
    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b" : ")
    }
    fn end_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_object_value(writer)
    }
}
