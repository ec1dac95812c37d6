//! The listener under the router: accepts, bounds what one client can hold, and drains.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Peer;

mod stall;

use stall::WriteStall;

/// Connections open at the same time; more wait in the operating system's queue.
const CONNECTIONS_MAX: usize = 256;

/// Request line and headers together, in bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Longest wait for a request's headers, on a new connection or a kept one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest time a client may take none of what is written to it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests in flight may take once the listener drains.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause after a failed accept: the usual cause, no free file descriptor, does not go away by asking again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts until `shutdown`, then waits for the open connections.
pub(super) async fn run(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let open = TaskTracker::new();
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = async {
                let permit = Arc::clone(&free).acquire_owned().await.expect("the semaphore is never closed");
                (listener.accept().await, permit)
            } => accepted,
        };
        match accepted {
            (Ok((stream, peer)), permit) => {
                let connection = connection(stream, peer, router.clone(), shutdown.clone());
                let cut = cut.clone();
                open.spawn(async move {
                    let _permit = permit;
                    tokio::select! {
                        () = connection => {}
                        () = cut.cancelled() => {}
                    }
                });
            }
            (Err(error), _) => {
                tracing::warn!(%error, "admin listener could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    open.close();
    if tokio::time::timeout(DRAIN_TIMEOUT, open.wait()).await.is_err() {
        cut.cancel();
        open.wait().await;
    }
    Ok(())
}

/// One connection, to its end. A client that breaks the protocol or leaves loses only its own connection.
async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, shutdown: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let answer = inner.call(request);
        async move { answer.await as Result<Response, Infallible> }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(WriteStall::new(TokioIo::new(stream), WRITE_TIMEOUT), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "admin connection ended");
    }
}
