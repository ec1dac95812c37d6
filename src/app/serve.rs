//! A listener for a [`Responder`]: HTTP/1.1 within bounds.
//!
//! The hub has a listener of its own, because a refusal by HTTP itself is behaviour there (`vp.md` §1.1).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::net::accept::{self, Bounds};
use crate::net::stall::StallGuard;
use crate::net::swallow::swallow;
use crate::soap::responder::{Caller, Responder, SharedResponder};

/// Largest buffer of one connection; a request's head must fit in it, and bodies are read through it.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// What a listener allows.
#[derive(Clone, Debug)]
pub struct ServeLimits {
    /// Largest request, in bytes.
    pub body_bytes_max: usize,
    /// The answer to a larger one, given that bound.
    pub too_large: fn(usize) -> Response<Bytes>,
    /// Open connections; more wait in the operating system's queue.
    pub connections_max: usize,
    /// Of one client; more are closed at once.
    pub connections_per_client_max: usize,
    /// Longest wait for the next request's headers on an open connection.
    pub idle_timeout: Duration,
    /// Longest time for a request's body to arrive.
    pub body_timeout: Duration,
    /// Longest time a client may take none of its answer.
    pub write_timeout: Duration,
    /// How long calls in flight may take once the listener drains.
    pub drain_timeout: Duration,
}

/// Serves until `shutdown`, then lets calls in flight finish for as long as the drain may take. `name` is for the log.
pub async fn serve(
    listener: TcpListener,
    name: &'static str,
    responder: SharedResponder,
    limits: ServeLimits,
    shutdown: CancellationToken,
) {
    let bounds = Bounds {
        listener: name,
        connections_max: limits.connections_max,
        connections_per_client_max: Some(limits.connections_per_client_max),
        drain_timeout: limits.drain_timeout,
    };
    let limits = Arc::new(limits);
    accept::serve(listener, bounds, shutdown.clone(), |stream, peer| {
        connection(stream, peer, Arc::clone(&responder), Arc::clone(&limits), shutdown.clone())
    })
    .await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    responder: SharedResponder,
    limits: Arc<ServeLimits>,
    shutdown: CancellationToken,
) {
    // Without it, small answers wait for the other side's acknowledgement; a socket that refuses it still works.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(StallGuard::new(stream, limits.write_timeout));
    let (responder, limits) = (&*responder, &*limits);
    let service = service_fn(move |request: Request<Incoming>| async move {
        match respond(request, peer, responder, limits).await {
            Some(answer) => Ok(answer.map(Full::new)),
            None => Err(NoAnswer),
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle_timeout)
        .max_buf_size(BUFFER_BYTES_MAX)
        .half_close(true)
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

/// The responder chose to fail as a connection fails.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct NoAnswer;

async fn respond(
    request: Request<Incoming>,
    peer: SocketAddr,
    responder: &dyn Responder,
    limits: &ServeLimits,
) -> Option<Response<Bytes>> {
    let (mut head, mut body) = request.into_parts();
    head.extensions.insert(Caller(peer));
    let bytes_max = limits.body_bytes_max;
    match tokio::time::timeout(limits.body_timeout, Limited::new(&mut body, bytes_max).collect()).await {
        Ok(Ok(body)) => responder.answer(Request::from_parts(head, body.to_bytes())).await.ok(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            swallow(&mut body).await;
            Some((limits.too_large)(bytes_max))
        }
        Ok(Err(_)) => Some(refusal(StatusCode::BAD_REQUEST, "the request's body broke off\n".to_owned())),
        Err(_) => Some(refusal(StatusCode::REQUEST_TIMEOUT, "the request's body did not arrive\n".to_owned())),
    }
}

fn refusal(status: StatusCode, text: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    answer
}
