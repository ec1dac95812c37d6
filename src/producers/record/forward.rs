//! A request sent on to another system.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::compare::{Ours, Told, compare};
use super::keep::Keep;
use super::onward::{Onward, OnwardError, OnwardTls};
use crate::config::producers::ProducerSettings;
use crate::producers::behaviour::Forwarding;
use crate::producers::reply::{Reply, fault, response};
use crate::producers::settings::{PROXY_BYTES_MAX, PROXY_TIMEOUT};
use crate::producers::system::System;
use crate::soap::fault::Side;
use crate::tls::cause::Cause;
use crate::tls::client::ClientTls;
use crate::tls::moving::Moving;

/// Headers that belong to one connection.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// What a host's name has when it is no production system.
const TEST_MARKERS: [&str; 8] = ["test", "qa", "dev", "sit", "demo", "localhost", "127.0.0.1", "utv"];

/// Why a request is not sent on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ForwardError {
    /// The target is no URL we can use.
    #[error("{0:?} is no target, expected http:// or https://, host[:port] and path")]
    Target(String),
    /// The host is not listed.
    #[error("forwarding to {0} is not allowed; list it in proxy.allow")]
    NotAllowed(String),
    /// The host may be a production system.
    #[error("{0} looks like a production system; set proxy.i_know if it is not")]
    Production(String),
    /// There is nothing to speak TLS with.
    #[error("{0} cannot be spoken to over TLS: {1}")]
    NoTls(String, OnwardError),
    /// Hands were not shaken.
    #[error("no handshake with {0}: {1}")]
    Handshake(String, Cause),
    /// It did not answer.
    #[error("{0} does not answer: {1}")]
    Failed(String, String),
}

impl System {
    /// The other system's answer; a fault that says why there is none.
    pub(in crate::producers) async fn forwarded(&self, forwarding: &Forwarding, request: Request<Bytes>) -> Reply {
        let (wiring, files) = (self.shared.wiring.load_full(), self.files());
        let proxy = files.producer.proxy.as_ref();
        let timeout = proxy.map_or(PROXY_TIMEOUT, |proxy| proxy.timeout);
        let speaking = Speaking {
            onward: wiring.onward.as_ref(),
            tls: proxy.map(|proxy| proxy.tls.clone()).unwrap_or_default(),
            hsa_id: files.producer.source_id(self.name()),
        };
        let path = self.below(request.uri());
        let ours = request.extensions().get::<Ours>().cloned();
        let to_keep = request.extensions().get::<Keep>().map(|_| request.clone());
        let sending = send(forwarding, request, &path, &wiring.settings, speaking);
        let answer = match tokio::time::timeout(timeout, sending).await {
            Ok(answer) => answer,
            Err(_) => Err(ForwardError::Failed(forwarding.base.clone(), format!("nothing within {timeout:?}"))),
        };
        match answer {
            Ok(mut answer) => {
                let mut notes = Vec::new();
                if let Some(Ours(ours)) = ours {
                    notes.push(compare(&ours, answer.body()));
                }
                if let Some(request) = to_keep {
                    notes.push(self.kept(&request, &answer).await);
                }
                if !notes.is_empty() {
                    answer.extensions_mut().insert(Told { note: notes.join("; "), is_ours: false });
                }
                Reply::Answer(answer)
            }
            Err(error) => {
                let mut refused = fault(Side::Server, &format!("anslut: {}: {error}", self.name()), "");
                if let Reply::Answer(answer) = &mut refused {
                    answer.extensions_mut().insert(Told { note: error.to_string(), is_ours: true });
                }
                refused
            }
        }
    }

    /// Path and query below `/<system>`.
    fn below(&self, uri: &Uri) -> String {
        let whole = uri.path_and_query().map_or("/", |target| target.as_str());
        let below = whole.strip_prefix('/').and_then(|rest| rest.strip_prefix(self.name()));
        below.filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])).unwrap_or(whole).to_owned()
    }
}

/// How a system speaks TLS to the one behind it.
pub(super) struct Speaking<'s> {
    onward: Option<&'s Arc<Onward>>,
    tls: OnwardTls,
    hsa_id: String,
}

/// Where a request may be sent on to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    host: String,
    port: u16,
    /// Put in front of the path.
    path: String,
    is_secure: bool,
}

/// Whether a target may be forwarded to.
pub(super) fn allowed(base: &str, settings: &ProducerSettings) -> Result<Target, ForwardError> {
    let uri: Uri = base.parse().map_err(|_| ForwardError::Target(base.to_owned()))?;
    let host = uri.host().ok_or_else(|| ForwardError::Target(base.to_owned()))?.to_owned();
    let with_port = uri.port_u16().map(|port| format!("{host}:{port}"));
    let listed = |name: &String| *name == host || with_port.as_ref() == Some(name);
    if !settings.proxy_allow.iter().any(listed) {
        return Err(ForwardError::NotAllowed(host));
    }
    let lower = host.to_lowercase();
    let is_test = TEST_MARKERS.iter().any(|marker| lower.contains(marker)) && !lower.contains(".prod.");
    if !is_test && !settings.proxy_i_know {
        return Err(ForwardError::Production(host));
    }
    let is_secure = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(ForwardError::Target(base.to_owned())),
    };
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    Ok(Target { host, port, path: uri.path().trim_end_matches('/').to_owned(), is_secure })
}

/// Sends a request on and gives the whole answer. A host that is not allowed is refused before any socket is opened.
pub(super) async fn send(
    forwarding: &Forwarding,
    request: Request<Bytes>,
    path: &str,
    settings: &ProducerSettings,
    speaking: Speaking<'_>,
) -> Result<Response<Bytes>, ForwardError> {
    let target = allowed(&forwarding.base, settings)?;
    let place = format!("{}:{}", target.host, target.port);
    let connecting = TcpStream::connect((target.host.as_str(), target.port));
    let stream = connecting.await.map_err(|error| ForwardError::Failed(place.clone(), error.to_string()))?;
    if !target.is_secure {
        return exchange(stream, forwarding, request, path, &target).await;
    }
    let client = speaking.client().await.map_err(|error| ForwardError::NoTls(place.clone(), error))?;
    let shaking = client.connect(&target.host, target.port, Moving::new(stream));
    let secured = shaking.await.map_err(|cause| ForwardError::Handshake(place, cause))?;
    exchange(secured, forwarding, request, path, &target).await
}

impl Speaking<'_> {
    async fn client(self) -> Result<Arc<ClientTls>, OnwardError> {
        match self.onward {
            Some(onward) => onward.client(self.tls, self.hsa_id).await,
            None => Err(OnwardError::None),
        }
    }
}

/// One request and its answer over a connection.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    forwarding: &Forwarding,
    request: Request<Bytes>,
    path: &str,
    Target { host, port, path: base, .. }: &Target,
) -> Result<Response<Bytes>, ForwardError> {
    let failed = |error: &dyn std::fmt::Display| ForwardError::Failed(format!("{host}:{port}"), error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
    let path = path.strip_prefix(forwarding.remove_prefix.as_str()).unwrap_or(path);
    let target = format!("{base}{}{path}", if path.starts_with(['/', '?']) || path.is_empty() { "" } else { "/" });
    let target = if target.is_empty() { "/".to_owned() } else { target };
    let (parts, body) = request.into_parts();
    let mut onward = Request::new(Full::new(body));
    *onward.method_mut() = parts.method;
    *onward.uri_mut() = target.parse().map_err(|_| ForwardError::Target(target.clone()))?;
    *onward.headers_mut() = onward_headers(&parts.headers, forwarding);
    if let Ok(value) = HeaderValue::from_str(&format!("{host}:{port}")) {
        onward.headers_mut().insert(HOST, value);
    }
    let exchange = async {
        let answer = sender.send_request(onward).await.map_err(|error| failed(&error))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, PROXY_BYTES_MAX).collect().await.map_err(|error| failed(&error))?;
        let mut headers = parts.headers;
        strip(&mut headers);
        Ok(response(parts.status, headers, body.to_bytes()))
    };
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // The connection may end as its last byte is read; the answer may be whole all the same.
        _ = connection => exchange.await,
    }
}

fn onward_headers(headers: &HeaderMap, forwarding: &Forwarding) -> HeaderMap {
    let mut onward = headers.clone();
    strip(&mut onward);
    for name in &forwarding.remove_headers {
        onward.remove(name.as_str());
    }
    for (name, value) in &forwarding.add_headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            onward.insert(name, value);
        }
    }
    onward
}

fn strip(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION] {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_hosts_that_look_like_tests_are_forwarded_to() {
        let settings = |allow: &[&str], i_know| ProducerSettings {
            proxy_allow: allow.iter().map(|host| (*host).to_owned()).collect(),
            proxy_i_know: i_know,
            ..ProducerSettings::default()
        };
        let error = |base: &str, settings: &ProducerSettings| allowed(base, settings).unwrap_err().to_string();
        assert!(error("http://qa.example.se/", &settings(&[], false)).contains("is not allowed"));
        assert!(error("http://journal.example.se/", &settings(&["journal.example.se"], false)).contains("production"));
        assert!(error("http://a.prod.test.se/", &settings(&["a.prod.test.se"], false)).contains("production"));
        assert!(allowed("http://journal.example.se/", &settings(&["journal.example.se"], true)).is_ok());
        assert_eq!(
            allowed("http://qa.example.se:81/x/", &settings(&["qa.example.se:81"], false)).unwrap(),
            Target { host: "qa.example.se".to_owned(), port: 81, path: "/x".to_owned(), is_secure: false }
        );
        let secure = allowed("https://qa.example.se/", &settings(&["qa.example.se"], false)).unwrap();
        assert_eq!((secure.port, secure.is_secure), (443, true));
        assert!(error("ftp://qa.example.se/", &settings(&["qa.example.se"], false)).contains("no target"));
        assert!(error("/nonsense", &settings(&[], false)).contains("no target"));
    }
}
