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
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::Hub;
use super::exchange::Listener;
use crate::config::checked::HubLimits;
use crate::net::accept::{self, Bounds};
use crate::net::stall::StallGuard;
use arrive::Door;
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
    /// How long the body took to arrive behind the head.
    pub listened: Duration,
}

/// Serves consumers until `shutdown`, then lets calls in flight finish for as long as the drain may take.
pub async fn serve(listener: TcpListener, hub: Arc<Hub>, url: String, shutdown: CancellationToken) {
    let limits = hub.settings.hub.limits.clone();
    let door = Arc::new(Door::new(hub, url, &limits));
    let lanes = match Lanes::start() {
        Ok(lanes) => lanes,
        Err(error) => return tracing::error!(%error, "cannot start the threads that carry connections"),
    };
    let bounds = Bounds {
        listener: "hub_http",
        connections_max: limits.connections_max,
        connections_per_client_max: Some(limits.connections_per_client_max),
        drain_timeout: limits.drain_timeout,
    };
    accept::serve_on(listener, bounds, shutdown.clone(), |stream, peer| {
        let (lane, load) = lanes.place();
        let carried = connection(stream, peer, Arc::clone(&door), limits.clone(), shutdown.clone());
        let counted = async move {
            carried.await;
            drop(load);
        };
        (lane, counted)
    })
    .await;
    lanes.stop().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    door: Arc<Door>,
    limits: HubLimits,
    shutdown: CancellationToken,
) {
    // Without it, small answers wait for the other side's acknowledgement; a socket that refuses it still works.
    let _ = stream.set_nodelay(true);
    // It was accepted elsewhere, and is moved to the lane's own reactor.
    let stream = match stream.into_std().and_then(TcpStream::from_std) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!(%error, "cannot carry a connection"),
    };
    let io = TokioIo::new(StallGuard::new(stream, limits.write_timeout));
    let service = service_fn(move |request: Request<Incoming>| {
        let door = Arc::clone(&door);
        async move { Ok::<_, Infallible>(door.enter(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle_timeout)
        .max_buf_size(BUFFER_BYTES_MAX)
        // A consumer that hangs up does not stop the call: the producer is told what it was told.
        .half_close(true)
        // The reference sends no date of its own.
        .auto_date_header(false)
        .serve_connection(io, service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
}
