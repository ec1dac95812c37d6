//! A producer's answer, judged and made into the consumer's (`vp.md` §3.8, §7.2); and a fault made into one.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::config::checked::HubSettings;
use crate::hub::call::headers::is_carried;
use crate::hub::call::{CallError, Reply};
use crate::hub::exchange::Refusal;
use crate::hub::identify::CORRELATION_ID;
use crate::soap::charset::Charset;
use crate::soap::fault::{self, SOAP_11};

/// Milliseconds the producer took; only on answers that are a producer's.
const PRODUCER_TIME: HeaderName = HeaderName::from_static("x-skltp-prt");

/// What a producer's answer amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Goes to the consumer as a success.
    Success,
    /// A SOAP 1.1 fault with status 500: goes to the consumer as it is, and is logged as an error.
    PassedFault,
}

/// Judges an answer. `url` is the catalogue's address, for the detail.
pub fn judge(reply: &Reply, url: &str) -> Result<Verdict, CallError> {
    let status = reply.status;
    if status.is_success() {
        return match reply.body.is_empty() {
            false => Ok(Verdict::Success),
            true => {
                Err(CallError::Empty(format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())))
            }
        };
    }
    if status == StatusCode::INTERNAL_SERVER_ERROR && memchr::memmem::find(&reply.body, SOAP_11.as_bytes()).is_some() {
        return Ok(Verdict::PassedFault);
    }
    let location = reply.headers.get(http::header::LOCATION).and_then(|location| location.to_str().ok());
    let redirect =
        location.filter(|_| status.is_redirection()).map(|location| format!(", redirectLocation: {location}"));
    Err(CallError::Status { url: url.to_owned(), status: status.as_u16(), redirect: redirect.unwrap_or_default() })
}

/// The consumer's answer, made of the producer's.
pub fn passed_on(
    settings: &HubSettings,
    mut reply: Reply,
    producer_time: Duration,
    correlation_id: &str,
    charset: Option<&Charset>,
) -> Response<Bytes> {
    let connection = reply.headers.remove(CONNECTION).unwrap_or(HeaderValue::from_static("keep-alive"));
    let mut headers = HeaderMap::with_capacity(reply.headers.len() + 4);
    let mut carried = None;
    // A further value of a name comes without it.
    for (name, value) in reply.headers.drain() {
        if let Some(name) = name {
            carried = Some(name).filter(|name| *name != CONTENT_TYPE && is_carried(name, &settings.response_headers));
        }
        if let Some(name) = &carried {
            headers.append(name.clone(), value);
        }
    }
    headers.insert(PRODUCER_TIME, HeaderValue::from(producer_time.as_millis() as u64));
    let mut response = in_charset(reply.body, charset);
    let content_type = response.headers_mut().remove(CONTENT_TYPE);
    headers.extend(content_type.map(|value| (CONTENT_TYPE, value)));
    finish(&mut headers, correlation_id, connection);
    *response.status_mut() = reply.status;
    *response.headers_mut() = headers;
    response
}

/// The consumer's answer to a call that failed.
pub fn fault(
    refusal: &Refusal,
    correlation_id: &str,
    charset: Option<&Charset>,
    with_content_type: bool,
) -> Response<Bytes> {
    let document = fault::document(refusal.side, &refusal.text, &refusal.detail);
    let mut response = in_charset(Bytes::from(document), charset);
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    if !with_content_type {
        response.headers_mut().remove(CONTENT_TYPE);
    }
    finish(response.headers_mut(), correlation_id, HeaderValue::from_static("keep-alive"));
    response
}

fn finish(headers: &mut HeaderMap, correlation_id: &str, connection: HeaderValue) {
    if let Ok(value) = HeaderValue::from_bytes(correlation_id.as_bytes()) {
        headers.insert(CORRELATION_ID, value);
    }
    headers.insert(CONNECTION, connection);
}

/// A body in the consumer's character set, labelled so. Bytes that are not UTF-8 go as they are.
fn in_charset(body: Bytes, charset: Option<&Charset>) -> Response<Bytes> {
    const UTF_8: HeaderValue = HeaderValue::from_static("text/xml; charset=UTF-8");
    let (body, content_type) = match charset {
        None => (body, UTF_8),
        Some(charset) => {
            let encoded = std::str::from_utf8(&body).map(|text| Bytes::from(charset.encode(text)));
            let label = HeaderValue::from_str(&format!("text/xml; charset={}", charset.label()));
            (encoded.unwrap_or(body), label.unwrap_or(UTF_8))
        }
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
