//! The admin listener: shows the platform to people and programs, through the same public functions as everyone else.
//!
//! `api/` is the HTTP API with its own request and reply types, `ui/` the pages, `health.rs` what an operator's tools
//! ask for, `guard.rs` who may ask for what, `listen.rs` the listener with its bounds. Nothing here decides anything
//! about a message: it reads call records and asks the hub to explain.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::aggregation::service::Service;
use crate::catalogue::Catalogue;
use crate::connection::book::Book;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::hub::explain::{Explanation, Question};
use crate::hub::records::Records;
use crate::producers::mounted::Producers;
use crate::tls::handshake::Shown;

pub mod api;
mod guard;
pub mod health;
mod hide;
mod listen;
#[cfg(test)]
mod tests;
mod ui;
mod within;

use api::problem::Problem;
use health::Health;

/// Largest request body, in bytes: what is sent here is small JSON, never a message.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Streams of calls open at the same time; more get 503.
const WATCHERS_MAX: usize = 32;

/// What the listener shows, handed in by whoever knows it.
pub struct AdminParts {
    /// The ring of finished calls.
    pub records: Arc<Records>,
    /// The service contracts.
    pub contracts: Arc<Library>,
    /// The mocked producers.
    pub producers: Arc<Producers>,
    /// All metrics in Prometheus text form, version 0.0.4.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The process's platforms, at least one; the first is meant where none is named.
    pub platforms: Vec<PlatformParts>,
    /// Parties and their connections.
    pub connections: Arc<Book>,
    /// How the platform's parts are.
    pub health: Arc<dyn Fn() -> Health + Send + Sync>,
    /// Name and URL of every open listener.
    pub addresses: Vec<(String, String)>,
    /// The listeners that show a certificate, each with the one it shows now.
    pub certificates: Arc<dyn Fn() -> Vec<(String, Arc<Shown>)> + Send + Sync>,
    /// The name that stands in fault strings (`vp.instance.name`).
    pub instance: String,
    /// Name of the environment that is served.
    pub environment: String,
    /// `admin.token`, where set.
    pub token: Option<String>,
    /// What "now" is when a question names no time.
    pub clock: Clock,
}

/// What each platform of the process has of its own.
#[derive(Clone)]
pub struct PlatformParts {
    /// Its name.
    pub name: String,
    /// The administrators' catalogue.
    pub catalogue: Arc<Catalogue>,
    /// The decision for a question, candidate by candidate.
    pub explain: Arc<dyn Fn(&Question) -> Explanation + Send + Sync>,
    /// `vp.instance.id`: who sends it with a call may say who is calling.
    pub instance_id: String,
    /// Whether a plain call from this machine is taken for somebody's (`hub.demo_sender`).
    pub sender_is_assumed: bool,
    /// The aggregating services that answer a contract, by its namespace.
    pub aggregating: Arc<dyn Fn(&str) -> Vec<Service> + Send + Sync>,
}

/// What somebody else brings to the listener, guarded as our own paths are.
#[derive(Clone, Default)]
pub struct Beside {
    /// The paths.
    pub router: Router,
    /// The same as OpenAPI describes them.
    pub described: Map<String, Value>,
}

/// What the handlers share. Nothing in it changes but the count of free watchers.
struct Admin {
    parts: AdminParts,
    /// Cookie value that stands for the token in a browser: made at start, so a restart signs everybody out.
    session: String,
    watchers: Arc<Semaphore>,
    /// What others bring: shown on pages through its own paths.
    beside: Beside,
    /// Ends the streams and turns readiness off when the listener drains.
    closing: CancellationToken,
}

impl Admin {
    /// The platform that a request names, or the first.
    fn platform(&self, named: Option<&str>) -> Result<&PlatformParts, Problem> {
        let platforms = &self.parts.platforms;
        let named = named.map(str::trim).filter(|name| !name.is_empty());
        let found = match named {
            Some(name) => platforms.iter().find(|platform| platform.name == name),
            None => platforms.first(),
        };
        found.ok_or_else(|| {
            let names: Vec<_> = platforms.iter().map(|platform| platform.name.as_str()).collect();
            Problem::parameter("platform", named.unwrap_or_default(), format!("one of {}", names.join(", ")))
        })
    }
}

/// All of the admin listener's paths, guarded. Whoever serves it adds a [`Peer`] to each request; without one, the
/// request counts as from outside loopback.
pub fn router(parts: AdminParts) -> Router {
    router_until(parts, Beside::default(), CancellationToken::new())
}

/// Serves until `shutdown`, then lets calls in flight finish. Bounds are named in `listen.rs`. The paths of `beside` are
/// guarded as our own.
pub async fn serve(listener: TcpListener, parts: AdminParts, beside: Beside, shutdown: CancellationToken) {
    listen::run(listener, router_until(parts, beside, shutdown.clone()), shutdown).await;
}

fn router_until(parts: AdminParts, beside: Beside, closing: CancellationToken) -> Router {
    // Two random identifiers: 244 bits that nobody guesses.
    let session = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let (watchers, others) = (Arc::new(Semaphore::new(WATCHERS_MAX)), beside.router.clone());
    let admin = Arc::new(Admin { parts, session, watchers, beside, closing });
    guarded(paths().merge(others.with_state(())), admin)
}

fn paths() -> Router<Arc<Admin>> {
    Router::new().merge(api::router()).merge(api::producers::wiremock()).merge(health::router()).merge(ui::router())
}

fn guarded(paths: Router<Arc<Admin>>, admin: Arc<Admin>) -> Router {
    paths
        .fallback(guard::unknown_path)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&admin), guard::check))
        .with_state(admin)
}

/// The TCP peer of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);
