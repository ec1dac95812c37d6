//! One request and its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri};

use crate::domain::clock::Clock;
use crate::soap::responder::{Responder, TransportFault};

/// What was sent and what came.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Where to.
    pub endpoint: String,
    /// As sent.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// As received; names in lower case, as HTTP/1.1 servers may write them any way.
    pub headers: HeaderMap,
    /// As received.
    pub body: Bytes,
    /// From the first byte sent to the last received, in milliseconds.
    pub ms: u64,
}

impl Exchange {
    /// The content type, if there is one.
    pub fn content_type(&self) -> Option<String> {
        self.headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// The character set that the content type states.
    pub fn charset(&self) -> Option<String> {
        self.content_type().as_deref().and_then(charset)
    }

    /// The body as text, in the character set the answer declares or its first bytes show.
    pub fn text(&self) -> String {
        decode(&self.body, self.charset().as_deref())
    }
}

/// `charset` of a content type.
pub fn charset(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1);
    let found = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    found.map(|(_, value)| value.trim().trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
}

/// Bytes as text: a byte-order mark wins, then what is declared, then the XML declaration, then UTF-8.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    let of_xml = || {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let after = head.split_once("encoding=")?.1.to_owned();
        let quote = after.chars().next()?;
        after[1..].split_once(quote).map(|(name, _)| name.to_owned())
    };
    let label = declared.map(str::to_owned).or_else(of_xml).unwrap_or_else(|| "utf-8".to_owned());
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    encoding.decode(bytes).0.into_owned()
}

/// A request that is ready to be sent.
pub struct Outgoing<'o> {
    /// HTTP method.
    pub method: &'o str,
    /// Absolute URL.
    pub endpoint: &'o str,
    /// One value each.
    pub headers: Vec<(String, String)>,
    /// The body, as text for the record.
    pub text: &'o str,
    /// The body as sent.
    pub body: Bytes,
}

/// Sends a request. The error says what could not be done.
pub async fn send(carrier: &Arc<dyn Responder>, outgoing: Outgoing<'_>) -> Result<Exchange, String> {
    let uri: Uri =
        outgoing.endpoint.trim().parse().map_err(|error| format!("{} is not a URL: {error}", outgoing.endpoint))?;
    if uri.scheme().is_none() || uri.host().is_none() {
        return Err(format!("{} is not an absolute URL", outgoing.endpoint));
    }
    let method: Method = outgoing.method.parse().map_err(|_| format!("{} is not an HTTP method", outgoing.method))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &outgoing.headers {
        let name: HeaderName = name.trim().parse().map_err(|_| format!("{name:?} is not the name of a header"))?;
        let value = HeaderValue::from_bytes(value.trim().as_bytes())
            .map_err(|_| format!("{value:?} is not a value for the header {name}"))?;
        headers.insert(name, value);
    }
    let mut request = Request::new(outgoing.body);
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
    let began = Clock::instant();
    let answer = carrier.answer(request).await;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answer = answer.map_err(|fault| format!("no answer from {}: {}", outgoing.endpoint, cause(fault)))?;
    let (head, body) = answer.into_parts();
    Ok(Exchange {
        endpoint: outgoing.endpoint.to_owned(),
        request: outgoing.text.to_owned(),
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        ms,
    })
}

fn cause(fault: TransportFault) -> &'static str {
    match fault {
        TransportFault::Refused => "the connection was refused",
        TransportFault::Reset => "the connection was reset",
        TransportFault::Closed => "the connection was closed before the answer was whole, or no answer came in time",
        TransportFault::Handshake(_) => "hands were not shaken over TLS",
    }
}
