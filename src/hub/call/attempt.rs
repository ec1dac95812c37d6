//! One attempt at a producer: over a kept connection if there is one, in this process if it lives here.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;

use super::address::Target;
use super::pool::{CollectError, ConnectError, Connection, Outgoing, Pool, Pools, collect};
use super::{CallError, Outbound, Reply, Responders};
use crate::config::checked::HubSettings;
use crate::soap::responder::TransportFault;
use crate::tls::cause::Cause;

/// Sends the message once and waits for the answer, whole.
pub(super) async fn once(
    pools: &Pools,
    responders: &Responders,
    settings: &HubSettings,
    outbound: &Outbound,
) -> Result<Reply, CallError> {
    let target = outbound.target.to_string();
    // Connections with TLS are not to be taken for those without.
    let pool = if outbound.tls { pools.pool(&format!("https://{target}")) } else { pools.pool(&target) };
    let Some(_slot) = pools.slot(&pool) else {
        return Err(CallError::Busy { target, calls_max: pools.calls_max() });
    };
    match &outbound.target {
        Target::Local { .. } => here(responders, &target, outbound).await,
        Target::Remote { host, port } => {
            let sending = Sending { pools, pool: &pool, settings, outbound, target: &target };
            sending.there(host, *port).await
        }
    }
}

/// The producer is a part of this process.
async fn here(responders: &Responders, target: &str, outbound: &Outbound) -> Result<Reply, CallError> {
    let responder = responders(target).ok_or_else(|| CallError::Connect(target.to_owned()))?;
    let request = request(outbound, outbound.body.clone())?;
    let answer = tokio::time::timeout(outbound.patience, responder.answer(request));
    match answer.await {
        Err(_) => Err(CallError::Timeout),
        Ok(Ok(response)) => {
            let (mut parts, body) = response.into_parts();
            let fan_out = parts.extensions.remove();
            Ok(Reply { status: parts.status, headers: parts.headers, body, fan_out })
        }
        Ok(Err(TransportFault::Refused)) => Err(CallError::Connect(target.to_owned())),
        Ok(Err(TransportFault::Reset)) => Err(CallError::Reset),
        Ok(Err(TransportFault::Closed)) => Err(CallError::NoResponse(target.to_owned())),
        Ok(Err(TransportFault::Handshake(why))) => Err(CallError::Tls(why.to_owned())),
    }
}

fn request<B>(outbound: &Outbound, body: B) -> Result<Request<B>, CallError> {
    let mut request = Request::new(body);
    *request.method_mut() = outbound.method.clone();
    *request.uri_mut() = outbound.path.parse().map_err(|error| CallError::Io(format!("{error}: {}", outbound.path)))?;
    *request.headers_mut() = outbound.headers.clone();
    Ok(request)
}

/// One attempt over a socket.
struct Sending<'a> {
    pools: &'a Pools,
    pool: &'a Pool,
    settings: &'a HubSettings,
    outbound: &'a Outbound,
    target: &'a str,
}

impl Sending<'_> {
    async fn there(&self, host: &str, port: u16) -> Result<Reply, CallError> {
        if let Some(connection) = self.kept().await {
            match self.over(connection).await {
                // A kept connection that ends without a byte of answer was closed for idleness as we wrote.
                Err(Outcome::Unanswered(_)) if self.outbound.again => {}
                outcome => return outcome.map_err(Outcome::into_error),
            }
        }
        let connection = self.pools.connect(host, port, self.outbound.tls).await.map_err(|error| {
            tracing::debug!(target = self.target, error = &error as &dyn Error, "cannot connect to producer");
            match error {
                ConnectError::Failed(_) => CallError::Connect(self.target.to_owned()),
                ConnectError::Tls(cause) => CallError::Tls(cause.to_string()),
            }
        })?;
        self.over(connection).await.map_err(Outcome::into_error)
    }

    async fn kept(&self) -> Option<Connection> {
        self.pools.kept(self.pool).await
    }

    async fn over(&self, mut connection: Connection) -> Result<Reply, Outcome> {
        if connection.driver.wait_for(connection.sender.ready()).await.is_err() && connection.reused {
            return Err(Outcome::Unanswered(CallError::NoResponse(self.target.to_owned())));
        }
        let body = Outgoing::new(self.outbound.body.clone(), self.settings.producer.chunked);
        let request = request(self.outbound, body).map_err(Outcome::Failed)?;
        let heard = Arc::clone(&connection.heard);
        let answered = connection.driver.wait_for(connection.sender.send_request(request));
        let response = match unless_silent(self.outbound.patience, &heard, answered).await {
            None => return Err(Outcome::Failed(CallError::Timeout)),
            Some(Err(error)) => {
                let error = self.failed(&error);
                let unanswered = connection.reused && matches!(error, CallError::NoResponse(_) | CallError::Reset);
                return Err(if unanswered { Outcome::Unanswered(error) } else { Outcome::Failed(error) });
            }
            Some(Ok(response)) => response,
        };
        let reply = connection.driver.wait_for(self.reply(response)).await.map_err(Outcome::Failed)?;
        if self.pools.transport(self.outbound.tls).keep_alive {
            self.pools.keep(self.pool, connection).await;
        }
        Ok(reply)
    }

    async fn reply(&self, response: Response<Incoming>) -> Result<Reply, CallError> {
        let (parts, mut body) = response.into_parts();
        let bytes_max = self.settings.limits.body_bytes_max;
        let has_length = parts.headers.contains_key(http::header::CONTENT_LENGTH);
        let body = match collect(&mut body, bytes_max, self.outbound.patience).await {
            Ok(body) => body,
            Err(CollectError::TooLarge) => return Err(CallError::TooLarge(bytes_max)),
            Err(CollectError::Silent) => return Err(CallError::Timeout),
            // Fewer bytes than announced, then a close in good order: what came is the answer.
            Err(CollectError::Broken(error, so_far)) => match self.failed(&error) {
                CallError::NoResponse(_) if has_length => so_far,
                failure => return Err(failure),
            },
        };
        Ok(Reply { status: parts.status, headers: parts.headers, body, fan_out: None })
    }

    /// What the library's error means to the consumer.
    fn failed(&self, error: &hyper::Error) -> CallError {
        // A producer may refuse our certificate when we take the handshake for done (TLS 1.3).
        if let Some(error) =
            cause::<io::Error>(error).filter(|error| error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()))
        {
            return CallError::Tls(Cause::of_io(error).to_string());
        }
        match cause::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted) => {
                CallError::Reset
            }
            Some(io::ErrorKind::UnexpectedEof) => CallError::NoResponse(self.target.to_owned()),
            _ if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => {
                CallError::NoResponse(self.target.to_owned())
            }
            _ => CallError::Io(chain(error)),
        }
    }
}

/// What is waited for, unless nothing at all is heard for so long. While something is, the wait begins anew.
async fn unless_silent<F: Future>(patience: Duration, heard: &AtomicU64, awaited: F) -> Option<F::Output> {
    let mut awaited = std::pin::pin!(awaited);
    let mut heard_before = heard.load(Ordering::Relaxed);
    loop {
        if let Ok(output) = tokio::time::timeout(patience, awaited.as_mut()).await {
            return Some(output);
        }
        let heard_now = heard.load(Ordering::Relaxed);
        if heard_now == std::mem::replace(&mut heard_before, heard_now) {
            return None;
        }
    }
}

/// How an attempt over one connection ends badly.
enum Outcome {
    /// The connection was kept from an earlier call and ended before a byte of answer came.
    Unanswered(CallError),
    Failed(CallError),
}

impl Outcome {
    fn into_error(self) -> CallError {
        match self {
            Self::Unanswered(error) | Self::Failed(error) => error,
        }
    }
}

/// The first cause of an error that is of a kind.
fn cause<E: Error + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<E>() {
            return Some(error);
        }
        source = cause.source();
    }
    None
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
