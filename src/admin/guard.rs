//! Who may ask for what, before any handler runs; and the headers that keep a browser from being used against us.
//!
//! Three dangers: a peer from outside without the token; a web page elsewhere that sends requests through the reader's
//! browser (it cannot set a JSON content type or our token without asking first, and we never allow it); and a name
//! of the attacker's that resolves to this machine (DNS rebinding: its requests carry that name in `Host`).

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};

use super::api::problem::Problem;
use super::{Admin, Peer};
use crate::net::browser::{is_from_browser, is_own_host};

/// Name of the cookie that stands for the token in a browser.
pub(super) const SESSION_COOKIE: &str = "anslut_session";

/// Sent with every answer. No inline script or style, nothing from elsewhere, never in a frame.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// What a request has shown about its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// The token itself.
    Token,
    /// The session cookie, which a browser sends by itself: good for reading only.
    Session,
    Nothing,
}

/// Why a request goes no further.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    TokenMissing,
    TokenWrong,
    ForeignHost(String),
    ForeignOrigin(String),
    NotJson(String),
}

/// The middleware around every path.
pub(super) async fn check(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let judged = judge(&admin, request.method(), request.uri(), request.headers(), peer);
    let mut answer = match judged {
        Ok(()) => next.run(request).await,
        Err(Refused::TokenMissing) if is_page(&request) => Redirect::to("/sign-in").into_response(),
        Err(refused) => refused.into_response(),
    };
    let headers = answer.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

fn is_page(request: &Request) -> bool {
    let path = request.uri().path();
    request.method().is_safe() && !path.starts_with("/api/") && !path.starts_with("/__admin")
}

fn judge(admin: &Admin, method: &Method, uri: &Uri, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<(), Refused> {
    // The form carries the token itself; its handler judges it.
    if uri.path() == "/sign-in" || (method.is_safe() && is_open(uri.path())) {
        return Ok(());
    }
    let token = admin.parts.token.as_deref();
    let proof = proof(headers, token, &admin.session)?;
    let from_loopback = peer.is_some_and(|ip| ip.to_canonical().is_loopback());
    match (token, proof) {
        (_, Proof::Token) => return Ok(()),
        (Some(_), Proof::Session) if method.is_safe() => return Ok(()),
        (Some(_), _) if !method.is_safe() || !from_loopback => return Err(Refused::TokenMissing),
        _ => {}
    }
    let in_uri = uri.authority().map(http::uri::Authority::as_str);
    let host = in_uri.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    if let Some(host) = host
        && !is_own_host(host)
    {
        return Err(Refused::ForeignHost(host.to_owned()));
    }
    let origin = headers.get(header::ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()));
    if let Some(origin) = origin.filter(|origin| !is_own_origin(origin, host)) {
        return Err(Refused::ForeignOrigin(origin.into_owned()));
    }
    match content_type(headers) {
        // WireMock's clients, curl among them, name no type or the wrong one. A page elsewhere cannot pass for one of them:
        // what it makes a browser send carries headers that only browsers set, and no page can take off; and a name of its
        // own that leads here has been refused above.
        _ if uri.path().starts_with("/__admin") && !is_from_browser(headers) => Ok(()),
        // The one call that may bring nothing at all, which is of no type. A browser that is made to send it says where it
        // comes from all the same.
        "" if uri.path().ends_with("/removal") && is_without_body(headers) && !is_from_browser(headers) => Ok(()),
        // Suites and contracts are zips; what holds for WireMock's clients holds for whoever hands one in.
        _ if matches!(uri.path(), "/api/v1/qa/suites" | "/api/v1/contracts/import") && !is_from_browser(headers) => {
            Ok(())
        }
        // What is judged is sent as it is, and nothing is changed by it.
        _ if is_judging(uri.path()) && !is_from_browser(headers) => Ok(()),
        given if !method.is_safe() && !is_json(given) => Err(Refused::NotJson(given.to_owned())),
        _ => Ok(()),
    }
}

/// Paths that judge what they are given, a message or a zip, and change nothing.
fn is_judging(path: &str) -> bool {
    let judging = |rest: &str| matches!(rest, "validate" | "lint") || rest.ends_with("/validate");
    path.strip_prefix("/api/v1/contracts/").is_some_and(judging)
}

/// Paths without anything about a call: for probes and scrapers, which carry no token, and for the pages' own files.
fn is_open(path: &str) -> bool {
    matches!(path, "/metrics" | "/openapi.json")
        || ["/health/", "/actuator/", "/assets/"].iter().any(|open| path.starts_with(open))
}

fn proof(headers: &HeaderMap, token: Option<&str>, session: &str) -> Result<Proof, Refused> {
    let Some(token) = token else { return Ok(Proof::Nothing) };
    if let Some(given) = headers.get(header::AUTHORIZATION) {
        let bytes = given.as_bytes();
        return match bytes.split_at_checked(7) {
            Some((scheme, given)) if scheme.eq_ignore_ascii_case(b"bearer ") && same(given, token.as_bytes()) => {
                Ok(Proof::Token)
            }
            _ => Err(Refused::TokenWrong),
        };
    }
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let signed_in = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, value)| name == SESSION_COOKIE && same(value.as_bytes(), session.as_bytes()));
    Ok(if signed_in { Proof::Session } else { Proof::Nothing })
}

/// Compares without telling by its duration how much was right.
pub(super) fn same(given: &[u8], expected: &[u8]) -> bool {
    let mut differences = given.len() ^ expected.len();
    for (at, byte) in given.iter().enumerate() {
        let other = expected.get(at % expected.len().max(1)).copied().unwrap_or(0);
        differences |= usize::from(black_box(byte ^ other));
    }
    black_box(differences) == 0
}

/// Whether a request comes from one of our own pages: same host, same port. `null` is what a page in a sandbox says.
fn is_own_origin(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
}

/// Whether a request says that it brings nothing.
fn is_without_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    length.is_none_or(|length| length.as_bytes() == b"0") && !headers.contains_key(header::TRANSFER_ENCODING)
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("")
}

fn is_json(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let bearer = "an Authorization header with Bearer and the value of admin.token";
        let problem = match self {
            Self::TokenMissing => Problem::new(StatusCode::UNAUTHORIZED, "this call needs the token").expected(bearer),
            Self::TokenWrong => Problem::new(StatusCode::UNAUTHORIZED, "the token is not right").expected(bearer),
            Self::ForeignHost(host) => Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                format!("the request is for the host {host}, which is not this one"),
            )
            .named("Host", &host)
            .expected("localhost or an IP address, or the token"),
            Self::ForeignOrigin(origin) => Problem::new(
                StatusCode::FORBIDDEN,
                format!("the request was sent by a page of {origin}, which is not this platform"),
            )
            .named("Origin", &origin)
            .expected("no Origin, that of a page served here, or the token"),
            Self::NotJson(given) => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("a call that changes something came with the content type \"{given}\""),
            )
            .named("Content-Type", &given)
            .expected("application/json, or the token"),
        };
        let status = problem.status();
        let mut answer = problem.into_response();
        if status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// Nothing lives at this path.
pub(super) async fn unknown_path(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", super::hide::hidden(uri.path())))
        .expected("a path of /openapi.json, or one of the pages at /")
}

/// The path lives, but not by this method.
pub(super) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let text = format!("{} does not answer {method}", super::hide::hidden(uri.path()));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, text).expected("the method /openapi.json names for the path")
}
