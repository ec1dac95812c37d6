//! The `producers` listener: HTTP/1.1, every system below its name.

#[cfg(test)]
mod tests;
mod wire;

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::behaviour::delay::Numbers;
use super::behaviour::fault::WireFault;
use super::mounted::{Producers, Reply, System, plain};
use super::settings::ServerSettings;
use crate::net::accept::{self, Bounds};
use crate::net::stall::StallGuard;

/// Serves until `shutdown` is cancelled; then lets calls in flight finish, for at most `drain_timeout`.
pub async fn serve(
    listener: TcpListener,
    producers: Arc<Producers>,
    settings: ServerSettings,
    shutdown: CancellationToken,
) {
    let bounds = Bounds {
        listener: "producers",
        connections_max: settings.connections_max,
        // A single hub is the usual client, and is to have all of it.
        connections_per_client_max: None,
        drain_timeout: settings.drain_timeout,
    };
    let settings = Arc::new(settings);
    accept::serve(listener, bounds, shutdown.clone(), |stream, _| {
        let (producers, settings, shutdown) = (Arc::clone(&producers), Arc::clone(&settings), shutdown.clone());
        async move { connection(stream, &producers, &settings, &shutdown).await }
    })
    .await;
}

/// A fault the connection is to end with, chosen by a request and carried out once hyper has let go of the stream.
type Ending = Mutex<Option<(WireFault, Numbers)>>;

/// The request's way of telling hyper to stop without writing a byte.
#[derive(Debug, thiserror::Error)]
#[error("the stub asks for a fault of the connection")]
struct Misbehave;

async fn connection(stream: TcpStream, producers: &Producers, settings: &ServerSettings, shutdown: &CancellationToken) {
    // Failing to set it costs speed only.
    let _ = stream.set_nodelay(true);
    let ending = Ending::default();
    let service = service_fn(|request| {
        let ending = &ending;
        // Pinned here, since hyper asks for a future that can be moved.
        Box::pin(async move {
            match respond(request, producers, settings).await {
                Reply::Answer(response) => Ok(response.map(Full::new)),
                Reply::Fault(fault, numbers) => {
                    *ending.lock().unwrap_or_else(PoisonError::into_inner) = Some((fault, numbers));
                    Err(Misbehave)
                }
            }
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.idle_timeout)
        .max_header_size(settings.header_bytes_max)
        .serve_connection(TokioIo::new(StallGuard::new(stream, settings.write_timeout)), service);
    let mut draining = false;
    loop {
        tokio::select! {
            // How it ended makes no difference: the stream is closed below in either case.
            _ = poll_fn(|context| connection.poll_without_shutdown(context)) => break,
            () = shutdown.cancelled(), if !draining => {
                draining = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    let mut stream = connection.into_parts().io.into_inner().into_inner();
    let fault = ending.lock().unwrap_or_else(PoisonError::into_inner).take();
    match fault {
        Some((fault, numbers)) => wire::end(stream, fault, numbers, settings.write_timeout).await,
        // The caller may have gone already.
        None => _ = stream.shutdown().await,
    }
}

async fn respond(request: Request<Incoming>, producers: &Producers, settings: &ServerSettings) -> Reply {
    let first = request.uri().path().split('/').nth(1).unwrap_or_default();
    let Some(system) = producers.system(first) else {
        let known: Vec<_> = producers.systems().map(|system| system.name()).collect();
        let text = match known.as_slice() {
            [] => format!("no system {first:?}; there are none\n"),
            known => format!("no system {first:?}; there are {}\n", known.join(", ")),
        };
        return plain(StatusCode::NOT_FOUND, text);
    };
    let is_index = request.method() == Method::GET && request.uri().query().is_none();
    if is_index && request.uri().path().trim_end_matches('/').len() == 1 + first.len() {
        return plain(StatusCode::OK, system.index());
    }
    let decision = {
        let Ok(_reading) = system.reading.try_acquire() else {
            let most = system.producer().limits.concurrency_max;
            let text = format!("anslut: {} reads {most} requests already (limits.concurrency_max)\n", system.name());
            return plain(StatusCode::SERVICE_UNAVAILABLE, text);
        };
        match read(request, system, settings.body_timeout).await {
            Ok(request) => system.decide(&request),
            Err(reply) => return reply,
        }
    };
    system.after_delay(decision).await
}

async fn read(request: Request<Incoming>, system: &System, body_timeout: Duration) -> Result<Request<Bytes>, Reply> {
    let (parts, body) = request.into_parts();
    let most = system.producer().limits.body_bytes_max;
    match tokio::time::timeout(body_timeout, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(system.too_large()),
        Ok(Err(_)) => Err(plain(StatusCode::BAD_REQUEST, "anslut: the request's body broke off\n".to_owned())),
        Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT, "anslut: the request's body did not arrive\n".to_owned())),
    }
}
