//! What an operator's tools ask for: is it alive, is it ready, how are its parts, what does it count.
//!
//! The `/actuator` paths have the reference platform's shape (`vp.md` §10.2); `/health` is for orchestrators.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::Serialize;

use super::Admin;

/// How the platform's parts are, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Whether catalogue, contracts and index are loaded, so that calls make sense.
    pub ready: bool,
    /// The parts, by the names the reference gives them where it has them (`takCache`, `hsaCache`).
    pub components: Vec<Component>,
}

/// One part.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name, as it stands in the answer.
    pub name: String,
    /// Whether it works.
    pub up: bool,
    /// What else is known, such as `refreshStatus` of `takCache`.
    pub details: Vec<(String, String)>,
}

/// Components that decide over the readiness group, beside `readinessState`.
const READINESS_GROUP: [&str; 2] = ["takCache", "hsaCache"];

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Up,
    OutOfService,
    Down,
}

#[derive(Serialize)]
struct Report {
    status: Status,
    components: BTreeMap<String, Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<[&'static str; 2]>,
}

#[derive(Serialize)]
struct Part {
    status: Status,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    components: BTreeMap<String, Part>,
}

pub(super) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/actuator/health", get(actuator))
        .route("/actuator/health/liveness", get(actuator_liveness))
        .route("/actuator/health/readiness", get(actuator_readiness))
        .route("/actuator/prometheus", get(prometheus))
        .route("/metrics", get(prometheus))
}

/// That anything answers is the answer.
async fn live() -> Response {
    Json(serde_json::json!({ "live": true })).into_response()
}

async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    let health = (admin.parts.health)();
    let ready = health.ready && !admin.closing.is_cancelled();
    let components = health.components.into_iter().map(Component::part).collect();
    (code(ready), Json(Ready { ready, components })).into_response()
}

async fn actuator(State(admin): State<Arc<Admin>>) -> Response {
    let health = (admin.parts.health)();
    let states = [("livenessState", Status::Up), ("readinessState", readiness_state(&admin, &health))];
    report(states.into_iter(), health.components, Some(["liveness", "readiness"]))
}

/// Independent of the caches (`vp.md` §10.2).
async fn actuator_liveness() -> Response {
    report([("livenessState", Status::Up)].into_iter(), Vec::new(), None)
}

async fn actuator_readiness(State(admin): State<Arc<Admin>>) -> Response {
    let mut health = (admin.parts.health)();
    let state = readiness_state(&admin, &health);
    health.components.retain(|component| READINESS_GROUP.contains(&component.name.as_str()));
    report([("readinessState", state)].into_iter(), health.components, None)
}

/// Whether calls are wanted. A component that is down says so itself, as in the reference; this state is for what no
/// component tells: the listener drains, or something else is not loaded yet.
fn readiness_state(admin: &Admin, health: &Health) -> Status {
    let decides = |component: &&Component| READINESS_GROUP.contains(&component.name.as_str());
    let explained = health.components.iter().filter(decides).any(|component| !component.up);
    if admin.closing.is_cancelled() || !(health.ready || explained) { Status::OutOfService } else { Status::Up }
}

fn report(
    states: impl Iterator<Item = (&'static str, Status)>,
    components: Vec<Component>,
    groups: Option<[&'static str; 2]>,
) -> Response {
    let mut parts: BTreeMap<String, Part> = components.into_iter().map(Component::part).collect();
    parts.extend(states.map(|(name, status)| (name.to_owned(), Part { status, details: BTreeMap::new() })));
    let has = |status| parts.values().any(|part| part.status == status);
    let status = [Status::Down, Status::OutOfService].into_iter().find(|status| has(*status)).unwrap_or(Status::Up);
    (code(status == Status::Up), Json(Report { status, components: parts, groups })).into_response()
}

fn code(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

impl Component {
    /// A part that works, of which nothing else is known.
    pub fn up(name: &str) -> Self {
        Self { name: name.to_owned(), up: true, details: Vec::new() }
    }

    fn part(self) -> (String, Part) {
        let status = if self.up { Status::Up } else { Status::Down };
        (self.name, Part { status, details: self.details.into_iter().collect() })
    }
}

async fn prometheus(State(admin): State<Arc<Admin>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (admin.parts.metrics)()).into_response()
}
