//! The desk of quality assurance in a running platform: it reaches producers over HTTP as anybody does, and listens on
//! this machine for those that are wrong on purpose.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http::{Response, StatusCode};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::serve::{ServeLimits, serve};
use crate::admin::Beside;
use crate::config::checked::HubSettings;
use crate::connection::book::Book;
use crate::connection::document::{INDEX_UPDATE, Outcome, Role, Run, RunCase};
use crate::connection::runs::{self as connected, Tested};
use crate::domain::clock::Clock;
use crate::hub::call::remote::Remote;
use crate::net::bind;
use crate::qa::api;
use crate::qa::consumer::hub::Hub;
use crate::qa::desk::Desk;
use crate::qa::desk::session::Session;
use crate::qa::evidence::{CaseSeen, Evidence};
use crate::qa::mutants::score::Host;
use crate::qa::native::written::Role as Judged;
use crate::qa::verdict::Verdict;
use crate::soap::fault::{Side, document};
use crate::soap::responder::{Responder, SharedResponder};
use crate::tls::client::ClientTls;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for the rest of an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Largest answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Largest request that our own producers take.
const BODY_BYTES_MAX: usize = 8 << 20;
/// Callers at once that they bear: the peak of a recovery case, and some.
const CONNECTIONS_MAX: usize = 512;

/// Listeners on this machine, open for as long as this lives.
pub struct Loopback {
    carrier: Arc<dyn Responder>,
    open: CancellationToken,
    _guard: DropGuard,
}

impl Loopback {
    /// Nothing listens yet.
    pub fn new(carrier: Arc<dyn Responder>) -> Self {
        let open = CancellationToken::new();
        Self { carrier, _guard: open.clone().drop_guard(), open }
    }
}

impl Host for Loopback {
    fn start(&self, responder: SharedResponder) -> Pin<Box<dyn Future<Output = io::Result<String>> + Send + '_>> {
        Box::pin(async move {
            let listener = bind::listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
            let address = listener.local_addr()?;
            tokio::spawn(serve(listener, "qa mutant", responder, limits(), self.open.child_token()));
            Ok(format!("http://{address}/"))
        })
    }

    fn carrier(&self) -> Arc<dyn Responder> {
        Arc::clone(&self.carrier)
    }
}

fn limits() -> ServeLimits {
    let patience = Duration::from_secs(30);
    ServeLimits {
        body_bytes_max: BODY_BYTES_MAX,
        too_large,
        connections_max: CONNECTIONS_MAX,
        connections_per_client_max: CONNECTIONS_MAX,
        idle_timeout: patience,
        body_timeout: patience,
        write_timeout: patience,
        drain_timeout: Duration::ZERO,
    }
}

fn too_large(most: usize) -> Response<Bytes> {
    let log_id = uuid::Uuid::new_v4();
    let text = document(Side::Client, &format!("frågan är större än {most} byte, logId {log_id}"), "");
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/xml; charset=utf-8"));
    response
}

/// Who carries a tester's calls: every connection that breaks is seen, kept ones too.
pub fn carrier(hub: &HubSettings, tls: Option<Arc<ClientTls>>) -> Arc<dyn Responder> {
    let mut hub = hub.clone();
    hub.limits.body_bytes_max = ANSWER_BYTES_MAX;
    Arc::new(Remote::new(&hub, tls, CONNECT, PATIENCE).once_only())
}

/// The paths of quality assurance at an admin listener (its URL and token, where there is one), with everything under the data directory; without one, it is forgotten. Its runs add
/// themselves to the connections they are about.
pub(super) fn paths(
    data: Option<&Path>,
    hub: &HubSettings,
    tls: Option<Arc<ClientTls>>,
    clock: &Clock,
    connections: (&Arc<Book>, Vec<(String, SocketAddr)>),
    own: Option<(String, Option<String>)>,
) -> io::Result<Beside> {
    let carrier = carrier(hub, tls);
    let host = Arc::new(Loopback::new(Arc::clone(&carrier)));
    let mut desk = Desk::open(data, clock.clone(), host)?;
    if let Some((url, token)) = own {
        desk.watch(Hub::new(&url, token, carrier));
    }
    let (book, hubs) = (Arc::clone(connections.0), connections.1);
    desk.tell(Arc::new(move |shown, session| {
        let session = session.map(|Session { party, system, service, environment, .. }| {
            (connected::Session { party, system, service }, environment)
        });
        for mut evidence in shown {
            let called = evidence.target.as_deref().and_then(|url| platform_at(url, &hubs));
            let said = session.as_ref().and_then(|(_, environment)| environment.clone());
            evidence.environment = evidence.environment.or(said).or(called);
            let addresses = evidence.addresses.clone();
            let tested = Tested { addresses, session: session.as_ref().map(|(session, _)| session.clone()) };
            for (connection, outcome) in book.take_run(&run_of(evidence), &tested) {
                match outcome {
                    Ok(run) => tracing::info!(connection, run = run.id, "a run was added to its connection"),
                    Err(refusal) => tracing::warn!(connection, %refusal, "a run was not added to its connection"),
                }
            }
        }
    }));
    Ok(Beside { router: api::router(Arc::new(desk)), described: api::described() })
}

/// The desk of a data directory that no platform serves, as it answers over HTTP.
pub fn desk(data: &Path, hub: &HubSettings, clock: &Clock) -> io::Result<Router> {
    let host = Arc::new(Loopback::new(carrier(hub, None)));
    Ok(api::router(Arc::new(Desk::open(Some(data), clock.clone(), host)?)))
}

/// The platform whose hub listens where a URL points.
fn platform_at(url: &str, hubs: &[(String, SocketAddr)]) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    let (host, port) = (uri.host()?, uri.port_u16()?);
    let is_at = |address: &SocketAddr| {
        address.port() == port
            && (host == "localhost" || address.ip().is_unspecified() || address.ip().to_string() == host)
    };
    hubs.iter().find(|(_, address)| is_at(address)).map(|(platform, _)| platform.clone())
}

/// What a run shows, as a connection takes it. Who keeps the index up to date is a consumer of its Update.
pub fn run_of(evidence: Evidence) -> Run {
    let Evidence { run, contract, role, environment, target, cases, planned, identities, .. } = evidence;
    let outcome = |verdict: Verdict| match verdict {
        Verdict::Pass => Some(Outcome::Passed),
        Verdict::Fail | Verdict::Error => Some(Outcome::Failed),
        Verdict::Skip | Verdict::Waiting | Verdict::NotRun => None,
    };
    let (contract, role) = match role {
        Judged::Producer => (contract, Role::Producer),
        Judged::Consumer => (contract, Role::Consumer),
        Judged::Index => (INDEX_UPDATE.to_owned(), Role::Consumer),
    };
    let case = |CaseSeen { name, verdict, themes }| RunCase { case: name, outcome: outcome(verdict), themes };
    Run {
        id: String::new(),
        contract,
        role,
        env: environment,
        version: None,
        cases: cases.into_iter().map(case).collect(),
        planned,
        identities: identities.into_iter().collect(),
        target,
        qa_run: Some(run),
        at: None,
    }
}
