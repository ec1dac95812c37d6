//! The listener under the router: accepts, bounds what one client can hold, and drains.

use std::convert::Infallible;
use std::net::SocketAddr;
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
use tokio_util::sync::CancellationToken;

use super::Peer;
use crate::net::accept::{self, Bounds};
use crate::net::stall::StallGuard;
use crate::net::swallow::Lent;

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

/// Accepts until `shutdown`, then waits for the open connections.
pub(super) async fn run(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let bounds = Bounds {
        listener: "admin",
        connections_max: CONNECTIONS_MAX,
        // Whoever reads the pages through a proxy or a tunnel shares an address with everybody else.
        connections_per_client_max: None,
        drain_timeout: DRAIN_TIMEOUT,
    };
    accept::serve(listener, bounds, shutdown.clone(), |stream, peer| {
        connection(stream, peer, router.clone(), shutdown.clone())
    })
    .await;
}

/// One connection, to its end. A client that breaks the protocol or leaves loses only its own connection.
async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, shutdown: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let (head, body) = request.into_parts();
        let (body, unread) = Lent::new(body);
        let answer = inner.call(Request::from_parts(head, body));
        async move {
            let answer: Result<Response, Infallible> = answer.await;
            unread.swallow().await;
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(StallGuard::new(stream, WRITE_TIMEOUT)), service);
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
