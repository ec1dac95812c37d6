//! Accepts consumers and hands whole requests to the hub, within bounds: so many connections, so many of one client, so
//! many calls, so many bytes, so long a wait (`vp.md` §1.1).

pub mod arrive;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Hub;
use super::exchange::Listener;
use crate::config::checked::HubLimits;
use crate::soap::serve::stall::StallGuard;
use arrive::Door;

/// Largest buffer of one connection; a request's head must fit in it, and bodies are read through it.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long to wait before accepting again when the operating system is out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    let connections = Arc::new(Semaphore::new(limits.connections_max));
    let clients = Arc::new(Clients { open: Mutex::default(), each_max: limits.connections_per_client_max });
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let (stream, peer, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // A client that holds its share already is turned away at once, so that others still get in.
        let Some(place) = clients.enter(peer.ip().to_canonical()) else {
            tracing::debug!(%peer, "too many connections from one client");
            continue;
        };
        let (door, limits, shutdown) = (Arc::clone(&door), limits.clone(), shutdown.clone());
        tasks.spawn(async move {
            connection(stream, peer, door, &limits, shutdown).await;
            drop((permit, place));
        });
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(limits.drain_timeout, tasks.wait()).await.is_err() {
        tracing::warn!(left = tasks.len(), "connections were still open at the end of the drain");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    door: Arc<Door>,
    limits: &HubLimits,
    shutdown: CancellationToken,
) {
    // Without it, small answers wait for the other side's acknowledgement; a socket that refuses it still works.
    let _ = stream.set_nodelay(true);
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

/// How many connections each client has open.
struct Clients {
    open: Mutex<HashMap<IpAddr, usize>>,
    each_max: usize,
}

/// One open connection of a client; gives the place back when dropped.
struct Place {
    clients: Arc<Clients>,
    client: IpAddr,
}

impl Clients {
    fn enter(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        Some(Place { clients: Arc::clone(self), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.clients.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.client);
            }
        }
    }
}
