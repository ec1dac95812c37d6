//! From a request's head to a whole request, or to the answer of somebody who should not have come: what HTTP itself
//! decides, before the platform does (`vp.md` §1.1).

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use tokio::sync::Semaphore;

use super::Arrived;
use crate::config::checked::HubLimits;
use crate::domain::clock::Clock;
use crate::domain::identity_number::{Hide, masked};
use crate::hub::call::pool::{CollectError, collect};
use crate::hub::exchange::Listener;
use crate::hub::{Hub, describe, manage};
use crate::net::hang_up::Line;
use crate::net::swallow::swallow;
use crate::tls::cause::Cause;
use crate::tls::server::{Consumer, ServerTls};

/// Longest request line, in bytes (`vp.md` §1.1).
const REQUEST_LINE_BYTES_MAX: usize = 4_096;

/// The answer as the HTTP library takes it.
pub type Answer = Response<Full<Bytes>>;

/// Where every request of the listener comes in.
pub(super) struct Door {
    hub: Arc<Hub>,
    /// The listener's own address, for the status page and for descriptions.
    url: String,
    /// Calls in flight on all of the hub's listeners.
    calls: Arc<Semaphore>,
    limits: HubLimits,
    /// Its side of TLS, where it has one.
    tls: Option<Arc<ServerTls>>,
}

/// Who is at the other end of a connection.
#[derive(Clone)]
pub(super) struct Visitor {
    /// The TCP peer.
    pub(super) peer: SocketAddr,
    /// The holder of the client certificate, on the listener that asks for one.
    pub(super) consumer: Option<Arc<Consumer>>,
    /// Its end of the connection.
    pub(super) line: Arc<Line>,
}

impl Visitor {
    /// Somebody who has just connected.
    pub(super) fn new(peer: SocketAddr, consumer: Option<Consumer>) -> Self {
        Self { peer, consumer: consumer.map(Arc::new), line: Arc::default() }
    }
}

impl Door {
    pub(super) fn new(hub: Arc<Hub>, url: String, calls: Arc<Semaphore>, tls: Option<Arc<ServerTls>>) -> Self {
        let limits = hub.settings.hub.limits.clone();
        Self { hub, url, calls, limits, tls }
    }

    /// Answers one request.
    pub(super) async fn enter(&self, request: Request<Incoming>, visitor: &Visitor) -> Answer {
        if let Err(cause) = self.judge(visitor) {
            let subject = visitor.consumer.as_ref().map(|consumer| masked(&consumer.subject, Hide::Every));
            tracing::warn!(peer = %visitor.peer, %cause, subject = subject.as_deref(), "TLS connection ended");
            return closing(StatusCode::FORBIDDEN);
        }
        if !self.head_is_acceptable(&request) {
            return closing(StatusCode::BAD_REQUEST);
        }
        if request.method() == Method::TRACE {
            return closing(StatusCode::METHOD_NOT_ALLOWED);
        }
        match request.uri().path() {
            path if path.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("/vp")) => {
                self.vp(request, visitor).await
            }
            // The rest is for those beside the platform, and on the plain listener only.
            "/status" if self.tls.is_none() => {
                manage::status(&self.hub, &self.url, request.uri().query().unwrap_or_default()).map(Full::new)
            }
            "/resetcache" if self.tls.is_none() => manage::reset_tak(&self.hub).await.map(Full::new),
            "/resethsacache" if self.tls.is_none() => manage::reset_hsa(&self.hub).await.map(Full::new),
            _ => {
                let mut answer = closing(StatusCode::NOT_FOUND);
                answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                answer
            }
        }
    }

    /// Whether the holder of the connection's certificate is still welcome.
    fn judge(&self, visitor: &Visitor) -> Result<(), Cause> {
        match (&self.tls, &visitor.consumer) {
            (Some(tls), Some(consumer)) => tls.judge(consumer),
            (Some(_), None) => Err(Cause::NoCertificate),
            (None, _) => Ok(()),
        }
    }

    async fn vp(&self, request: Request<Incoming>, visitor: &Visitor) -> Answer {
        if request.method() == Method::OPTIONS {
            let mut answer = empty(StatusCode::OK);
            let allowed = HeaderValue::from_static("GET,HEAD,POST,PUT,DELETE,OPTIONS,PATCH");
            answer.headers_mut().insert(ALLOW, allowed);
            return answer;
        }
        let Ok(_call) = self.calls.try_acquire() else {
            tracing::warn!(peer = %visitor.peer, "too many calls in flight");
            return closing(StatusCode::SERVICE_UNAVAILABLE);
        };
        let arriving = Clock::instant();
        let (head, body) = request.into_parts();
        let body = match self.body(&head, body).await {
            Ok(body) => body,
            Err(status) => return closing(status),
        };
        let arrived = Arrived {
            listener: if self.tls.is_some() { Listener::Https } else { Listener::Http },
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body,
            peer: visitor.peer,
            handshake: visitor.consumer.as_ref().map(|consumer| Arc::clone(&consumer.handshake)),
            line: Some(Arc::clone(&visitor.line)),
            listened: Clock::instant().saturating_duration_since(arriving),
        };
        let _watched = visitor.line.answering();
        let answer = match describe::wanted(&arrived) {
            Some(wanted) => describe::answer(&self.hub, &self.url, &arrived, &wanted),
            None => self.hub.handle(arrived).await,
        };
        answer.map(Full::new)
    }

    /// The whole body, or the status that says why not.
    async fn body(&self, head: &Parts, mut body: Incoming) -> Result<Bytes, StatusCode> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        let limits = &self.limits;
        let announced = body.size_hint().lower();
        let collecting = collect(&mut body, limits.body_bytes_max, limits.body_timeout);
        match tokio::time::timeout(limits.body_timeout, collecting).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(CollectError::TooLarge)) => {
                // Who waits for a 100 has sent nothing yet.
                let waits = head.headers.contains_key(EXPECT) && announced > limits.body_bytes_max as u64;
                if !waits {
                    swallow(&mut body).await;
                }
                Err(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Ok(Err(CollectError::Silent)) | Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
            Ok(Err(CollectError::Broken(..))) => Err(StatusCode::BAD_REQUEST),
        }
    }

    fn head_is_acceptable(&self, request: &Request<Incoming>) -> bool {
        const SEPARATORS: usize = ": \r\n".len();
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        let line = request.method().as_str().len() + target + " HTTP/1.1\r\n ".len();
        let headers: usize =
            request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + SEPARATORS).sum();
        let named = request.headers().contains_key(HOST) || request.version() < Version::HTTP_11;
        named && line <= REQUEST_LINE_BYTES_MAX && headers <= self.limits.header_bytes_max
    }
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    answer
}

/// An empty answer behind which the connection is closed.
fn closing(status: StatusCode) -> Answer {
    let mut answer = empty(status);
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
