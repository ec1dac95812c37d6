//! The `producers` listener: HTTP/1.1, every system below its name; and what a system's own listener carries.

mod body;
mod file;
#[cfg(test)]
mod tests;
pub(in crate::producers) mod wire;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::body::ReplyBody;
use self::wire::Wire;
use super::api;
use super::asked::{Client, OverTls};
use super::behaviour::script::Step;
use super::describe;
use super::file::Streamed;
use super::journal::Entry;
use super::mounted::Producers;
use super::own::standing::Held;
use super::record::Told;
use super::reply::{Decision, Reply, fault, plain};
use super::settings::ServerSettings;
use super::space::WORKSPACE;
use super::system::System;
use crate::net::accept::{self, Bounds};
use crate::net::browser::{is_from_browser, is_own_host};
use crate::net::stall::StallGuard;
use crate::net::swallow::swallow;
use crate::soap::fault::Side;

/// What is left of the drain when calls that still wait are told so.
const DRAIN_MARGIN: Duration = Duration::from_millis(500);

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
    accept::serve(listener, bounds, shutdown.clone(), |stream, peer| {
        let (producers, settings, shutdown) = (Arc::clone(&producers), Arc::clone(&settings), shutdown.clone());
        async move {
            // Failing to set it costs speed only.
            let _ = stream.set_nodelay(true);
            connection(
                stream,
                Peer { address: peer, own: None, tls: None, held: None },
                &producers,
                &settings,
                &shutdown,
            )
            .await;
        }
    })
    .await;
}

/// What the connection is to end with, chosen by a request and carried out once hyper has let go of the stream.
type Ending = Mutex<Option<(Vec<Step>, Option<Entry>)>>;

/// The request's way of telling hyper to stop without writing a byte.
#[derive(Debug, thiserror::Error)]
#[error("the stub asks for a fault of the connection")]
struct Misbehave;

/// The other end of a connection.
pub(in crate::producers) struct Peer {
    /// Its address.
    pub(in crate::producers) address: SocketAddr,
    /// On a system's own listener: the system.
    pub(in crate::producers) own: Option<Arc<System>>,
    /// What a handshake told of the caller, where there was one.
    pub(in crate::producers) tls: Option<OverTls>,
    /// What left the connection unread first, if anything did.
    pub(in crate::producers) held: Option<Held>,
}

/// Carries a connection to its end.
pub(in crate::producers) async fn connection(
    stream: impl Wire,
    peer: Peer,
    producers: &Producers,
    settings: &ServerSettings,
    shutdown: &CancellationToken,
) {
    let ending = Ending::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let (ending, peer) = (&ending, &peer);
        request.extensions_mut().insert(Client(peer.address.ip()));
        peer.tls.iter().for_each(|over| _ = request.extensions_mut().insert(over.clone()));
        peer.held.iter().for_each(|held| _ = request.extensions_mut().insert(held.clone()));
        let own = peer.own.as_ref().map(|system| system.name());
        // Pinned here, since hyper asks for a future that can be moved.
        Box::pin(async move {
            let (reply, entry) = respond(request, own, producers, settings, shutdown).await;
            sendable(reply, entry, ending)
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
    let ending = ending.lock().unwrap_or_else(PoisonError::into_inner).take();
    match ending {
        Some((steps, entry)) => {
            wire::carry_out(stream, steps, entry, settings.write_timeout).await;
        }
        // The caller may have gone already.
        None => _ = stream.shutdown().await,
    }
}

/// What hyper sends; what it could not send is left to the connection's end.
fn sendable(reply: Reply, mut entry: Option<Entry>, ending: &Ending) -> Result<Response<ReplyBody>, Misbehave> {
    if let (Reply::Answer(response) | Reply::Dribble(response, _, _), Some(entry)) = (&reply, &mut entry) {
        entry.answering(response.status(), response.headers(), response.body());
        if let Some(told) = response.extensions().get::<Told>() {
            entry.told(&told.note, told.is_ours);
        }
    }
    let end_with = |steps: Vec<Step>, entry: Option<Entry>| {
        *ending.lock().unwrap_or_else(PoisonError::into_inner) = Some((steps, entry));
        Err(Misbehave)
    };
    match reply {
        Reply::Answer(mut response) => match response.extensions_mut().remove::<Streamed>() {
            None => Ok(response.map(|body| ReplyBody::whole(body, entry))),
            Some(Streamed(file)) => match file.open() {
                Ok(file) => Ok(response.map(|_| ReplyBody::streamed(file, entry))),
                Err(why) => sendable(fault(Side::Server, &format!("anslut: {why}"), ""), entry, ending),
            },
        },
        Reply::Dribble(response, chunks, total) => {
            Ok(response.map(|body| ReplyBody::dribbled(body, chunks, total, entry)))
        }
        Reply::Fault(fault, numbers) => end_with(wire::steps(fault, numbers), entry),
        Reply::Script(script) => end_with(script.steps, entry),
        // Whoever waits out the delay has sent it on already.
        Reply::Forward(_) => end_with(Vec::new(), entry),
    }
}

async fn respond(
    mut request: Request<Incoming>,
    own: Option<&str>,
    producers: &Producers,
    settings: &ServerSettings,
    shutdown: &CancellationToken,
) -> (Reply, Option<Entry>) {
    out_of_workspace_path(&mut request);
    let named = request.uri().path().split('/').nth(1).unwrap_or_default();
    // A listener of its own leads to one system, with or without the name in the path.
    let (first, below) = match own {
        Some(own) if own != named => (own.to_owned(), request.uri().path().to_owned()),
        _ => (named.to_owned(), request.uri().path().get(1 + named.len()..).unwrap_or_default().to_owned()),
    };
    let Some(system) = producers.system(&first) else {
        let known: Vec<_> = producers.systems().iter().map(|system| system.name().to_owned()).collect();
        let text = match known.as_slice() {
            [] => format!("no system {first:?}; there are none\n"),
            known => format!("no system {first:?}; there are {}\n", known.join(", ")),
        };
        return (plain(StatusCode::NOT_FOUND, text), None);
    };
    if let Some(path) = below.strip_prefix("/__admin").filter(|_| system.serves_admin()) {
        let path = path.to_owned();
        if let Some(refused) = not_for_pages(&request) {
            return (refused, None);
        }
        return match read(request, &system, settings.body_timeout).await {
            Ok(request) => {
                let answer = Box::pin(api::handle(producers, Some(&first), &path, request)).await;
                (Reply::Answer(answer), None)
            }
            Err((_, reply)) => (reply, None),
        };
    }
    if is_for_a_page(&request) {
        if let Some(reply) = describe::described(&system, request.uri()) {
            return (reply, None);
        }
        if request.uri().query().is_none() && below.trim_end_matches('/').is_empty() {
            return (plain(StatusCode::OK, system.index()), None);
        }
    }
    let decision = {
        let gates = system.gates.load_full();
        let Ok(_reading) = gates.reading.try_acquire() else {
            let most = system.files().producer.limits.concurrency_max;
            let text = format!("anslut: {} reads {most} requests already (limits.concurrency_max)\n", system.name());
            let head = Request::from_parts(request.into_parts().0, Bytes::new());
            let turned_away = system.turned_away(head, plain(StatusCode::SERVICE_UNAVAILABLE, text));
            return (turned_away.reply, turned_away.entry);
        };
        match read(request, &system, settings.body_timeout).await {
            Ok(request) => system.decided(request).await,
            Err((head, reply)) => system.turned_away(head, reply),
        }
    };
    waited(&system, decision, settings, shutdown).await
}

/// Waits out the delay; a call that would wait beyond the drain is told so before the drain is over.
async fn waited(
    system: &System,
    decision: Decision,
    settings: &ServerSettings,
    shutdown: &CancellationToken,
) -> (Reply, Option<Entry>) {
    if decision.delay.is_zero() && !matches!(decision.reply, Reply::Forward(_)) && !system.has_news() {
        return (decision.reply, decision.entry);
    }
    let mut decision = decision;
    let entry = decision.entry.take();
    let patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(settings.drain_timeout.saturating_sub(DRAIN_MARGIN)).await;
    };
    tokio::select! {
        (reply, _) = system.after_delay(decision) => (reply, entry),
        () = patience => {
            let text = format!("anslut: {} stops before the answer is due", system.name());
            (fault(Side::Server, &text, ""), entry)
        }
    }
}

/// Whether somebody looks, rather than calls: a message, or the headers of one, make even a GET a call, if a strange one.
fn is_for_a_page(request: &Request<Incoming>) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_call = request.headers().contains_key("soapaction") || content_type.windows(3).any(|part| part == b"xml");
    request.method() == Method::GET && request.body().is_end_stream() && !is_call
}

/// The refusal of what a web page made a browser send: this listener serves no pages, and asks for no token.
fn not_for_pages(request: &Request<Incoming>) -> Option<Reply> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_refused = is_from_browser(request.headers()) && (!request.method().is_safe() || !is_own_host(host));
    let text = "anslut: /__admin on this listener is not for web pages; use the admin listener\n";
    is_refused.then(|| plain(StatusCode::FORBIDDEN, text.to_owned()))
}

/// `/w/<key>/<system>/…` is `/<system>/…` in a workspace.
fn out_of_workspace_path(request: &mut Request<Incoming>) {
    let Some(rest) = request.uri().path_and_query().and_then(|target| target.as_str().strip_prefix("/w/")) else {
        return;
    };
    let Some((key, rest)) = rest.split_once('/') else { return };
    if let (Ok(key), Ok(uri)) = (HeaderValue::from_str(key), format!("/{rest}").parse::<Uri>()) {
        request.headers_mut().entry(WORKSPACE).or_insert(key);
        *request.uri_mut() = uri;
    }
}

/// The request with its body; where that cannot be had, the request without it, and what is told.
async fn read(
    request: Request<Incoming>,
    system: &System,
    body_timeout: Duration,
) -> Result<Request<Bytes>, (Request<Bytes>, Reply)> {
    let (parts, mut body) = request.into_parts();
    let most = system.files().producer.limits.body_bytes_max;
    if body.size_hint().lower() > most as u64 {
        // Announced: none of it is kept.
        swallow(&mut body).await;
        return Err((Request::from_parts(parts, Bytes::new()), system.too_large()));
    }
    let reply = match tokio::time::timeout(body_timeout, Limited::new(&mut body, most).collect()).await {
        Ok(Ok(body)) => return Ok(Request::from_parts(parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            swallow(&mut body).await;
            system.too_large()
        }
        Ok(Err(_)) => plain(StatusCode::BAD_REQUEST, "anslut: the request's body broke off\n".to_owned()),
        Err(_) => plain(StatusCode::REQUEST_TIMEOUT, "anslut: the request's body did not arrive\n".to_owned()),
    };
    Err((Request::from_parts(parts, Bytes::new()), reply))
}
