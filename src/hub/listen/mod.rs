//! Accepts consumers and hands whole requests to the hub, within bounds: so many connections, so many of one client, so
//! many calls, so many bytes, so long a wait (`vp.md` §1.1).

pub mod arrive;
pub mod lanes;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Hub;
use super::exchange::Listener;
use crate::config::checked::HubLimits;
use crate::domain::identity_number::{Hide, masked};
use crate::net::accept::{self, Bounds};
use crate::net::hang_up::{Line, Socket, Watched};
use crate::net::stall::StallGuard;
use crate::tls::cause::Cause;
use crate::tls::handshake::Handshake;
use crate::tls::moving::MoveHere;
use crate::tls::server::{Refusal, ServerTls};
use arrive::{Door, Visitor};
use lanes::Lanes;

/// Largest buffer of one connection; a request's head must fit in it, and bodies are read through it.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// A request that has arrived in full.
#[derive(Debug)]
pub struct Arrived {
    /// Where.
    pub listener: Listener,
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The TCP peer.
    pub peer: SocketAddr,
    /// The TLS handshake, on the listener that asks for a client certificate.
    pub handshake: Option<Arc<Handshake>>,
    /// The consumer's end of its connection, where it has one.
    pub line: Option<Arc<Line>>,
    /// How long the body took to arrive behind the head.
    pub listened: Duration,
}

/// The hub's listeners that are open.
pub struct Listeners {
    /// `hub_http`, and its address as a URL.
    pub http: Option<(TcpListener, String)>,
    /// `hub_https`, its address as a URL, and its side of TLS.
    pub https: Option<(TcpListener, String, Arc<ServerTls>)>,
}

/// What one connection needs of its listener.
#[derive(Clone)]
struct Carrier {
    door: Arc<Door>,
    limits: HubLimits,
    shutdown: CancellationToken,
}

/// Serves consumers until `shutdown`, then lets calls in flight finish for as long as the drain may take.
pub async fn serve(listeners: Listeners, hub: Arc<Hub>, shutdown: CancellationToken) {
    let lanes = match Lanes::start() {
        Ok(lanes) => lanes,
        Err(error) => return tracing::error!(%error, "cannot start the threads that carry connections"),
    };
    // Both listeners' calls are of one kind, and share their bound.
    let limits = &hub.settings.hub.limits;
    let calls = Arc::new(Semaphore::new(limits.calls_max.min(Semaphore::MAX_PERMITS)));
    let carrier = |url, tls| Carrier {
        door: Arc::new(Door::new(Arc::clone(&hub), url, Arc::clone(&calls), tls)),
        limits: limits.clone(),
        shutdown: shutdown.clone(),
    };
    let http = async {
        if let Some((listener, url)) = listeners.http {
            serve_http(listener, &lanes, carrier(url, None)).await;
        }
    };
    let https = async {
        if let Some((listener, url, tls)) = listeners.https {
            serve_https(listener, &lanes, carrier(url, Some(Arc::clone(&tls))), tls).await;
        }
    };
    tokio::join!(http, https);
    lanes.stop().await;
}

async fn serve_http(listener: TcpListener, lanes: &Lanes, carrier: Carrier) {
    accept::serve_on(listener, carrier.bounds("hub_http"), carrier.shutdown.clone(), |stream, peer| {
        let (lane, load) = lanes.place();
        let carrier = carrier.clone();
        let carried = async move {
            // It was accepted elsewhere, and is moved to the lane's own reactor.
            match ready(stream).into_std().and_then(TcpStream::from_std) {
                Ok(stream) => carrier.carry(stream, Visitor::new(peer, None)).await,
                Err(error) => tracing::warn!(%error, "cannot carry a connection"),
            }
            drop(load);
        };
        (lane, carried)
    })
    .await;
}

/// Hands are shaken on threads of their own; the connection then goes to a lane, as any other.
async fn serve_https(listener: TcpListener, lanes: &Lanes, carrier: Carrier, tls: Arc<ServerTls>) {
    accept::serve_on(listener, carrier.bounds("hub_https"), carrier.shutdown.clone(), |stream, peer| {
        let (lane, load) = lanes.place();
        let (carrier, tls) = (carrier.clone(), Arc::clone(&tls));
        let workers = tls.workers().handle().clone();
        let carried = async move {
            let accepted = tokio::select! {
                accepted = tls.accept(ready(stream), peer) => accepted,
                () = carrier.shutdown.cancelled() => return,
            };
            let (mut stream, consumer) = match accepted {
                Ok(accepted) => accepted,
                Err(refusal) => return turned_away(peer, &refusal),
            };
            let Handshake { version, cipher, is_resumed, .. } = &*consumer.handshake;
            tracing::debug!(%peer, version, cipher, is_resumed, "TLS handshake");
            let moved = async move {
                match stream.move_here() {
                    Ok(()) => carrier.carry(stream, Visitor::new(peer, Some(consumer))).await,
                    Err(error) => tracing::warn!(%error, "cannot carry a connection"),
                }
                drop(load);
            };
            // A panic has been reported by the thread it happened on.
            let _ = AbortOnDropHandle::new(lane.spawn(moved)).await;
        };
        (workers, carried)
    })
    .await;
}

/// Small answers do not wait for the other side's acknowledgement; a socket that refuses to be told so still works.
fn ready(stream: TcpStream) -> TcpStream {
    let _ = stream.set_nodelay(true);
    stream
}

fn turned_away(peer: SocketAddr, refusal: &Refusal) {
    let subject = refusal.subject.as_deref().map(|subject| masked(subject, Hide::Every));
    let (cause, subject) = (&refusal.cause, subject.as_deref());
    match cause {
        // Whoever hangs up, or speaks something else, is no consumer with a problem.
        Cause::HungUp | Cause::NoTls => tracing::info!(%peer, %cause, "TLS handshake not finished"),
        _ => tracing::warn!(%peer, %cause, subject, "TLS handshake refused"),
    }
}

impl Carrier {
    fn bounds(&self, listener: &'static str) -> Bounds {
        Bounds {
            listener,
            connections_max: self.limits.connections_max,
            connections_per_client_max: Some(self.limits.connections_per_client_max),
            drain_timeout: self.limits.drain_timeout,
        }
    }

    /// Carries a connection to its end.
    async fn carry(self, stream: impl Socket + AsyncRead + AsyncWrite + Unpin, visitor: Visitor) {
        let Self { door, limits, shutdown } = self;
        let peer = visitor.peer;
        let guarded = StallGuard::new(stream, limits.write_timeout);
        let io = TokioIo::new(Watched::new(guarded, Arc::clone(&visitor.line)));
        let service = service_fn(move |request: Request<Incoming>| {
            let (door, visitor) = (Arc::clone(&door), visitor.clone());
            async move { Ok::<_, Infallible>(door.enter(request, &visitor).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle_timeout)
            .max_buf_size(BUFFER_BYTES_MAX)
            // A consumer that hangs up does not stop the call: the producer is told what it was told. Its record says so.
            .half_close(true)
            // The reference sends no date of its own.
            .auto_date_header(false)
            .serve_connection(io, service);
        tokio::pin!(connection);
        let served = tokio::select! {
            // An answer that is ready as the drain begins already says that the connection closes.
            biased;
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            served = connection.as_mut() => served,
        };
        if let Err(error) = served {
            tracing::debug!(%peer, %error, "connection ended");
        }
    }
}
