//! One request and its answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri};

use crate::domain::clock::Clock;
use crate::qa::result::CaseResult;
use crate::soap::responder::{Responder, TransportFault};

/// Bytes of messages a run keeps; what comes after is judged, and not kept.
pub const MESSAGES_BYTES_MAX: usize = 512 << 20;

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

/// Messages of a run, by the names they are kept under.
#[derive(Debug, Default)]
pub struct Messages {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    count: usize,
}

impl Messages {
    /// Keeps an exchange; the names of request and answer, or nothing when the run has kept as much as it may.
    pub fn keep(&mut self, request: &[u8], response: Option<&[u8]>) -> (Option<String>, Option<String>) {
        self.count += 1;
        let number = self.count;
        let mut keep = |kind: &str, bytes: &[u8]| {
            if self.bytes + bytes.len() > MESSAGES_BYTES_MAX {
                return None;
            }
            self.bytes += bytes.len();
            let name = format!("messages/{number:04}-{kind}.xml");
            self.files.insert(name.clone(), bytes.to_vec());
            Some(name)
        };
        (keep("req", request), response.and_then(|response| keep("resp", response)))
    }

    /// Takes over what a case has kept, under numbers of our own; its result names them.
    pub fn absorb(&mut self, case: Self, result: &mut CaseResult) {
        let renamed = |name: &str| {
            let (number, kind) = name.strip_prefix("messages/")?.split_once('-')?;
            Some(format!("messages/{:04}-{kind}", number.parse::<usize>().ok()? + self.count))
        };
        let mut kept = BTreeMap::new();
        for (name, bytes) in case.files {
            if self.bytes + bytes.len() <= MESSAGES_BYTES_MAX
                && let Some(new) = renamed(&name)
            {
                self.bytes += bytes.len();
                self.files.insert(new.clone(), bytes);
                kept.insert(name, new);
            }
        }
        for step in &mut result.steps {
            for name in [&mut step.request, &mut step.response] {
                *name = name.as_ref().and_then(|name| kept.get(name).cloned());
            }
        }
        self.count += case.count;
    }

    /// All that was kept.
    pub fn into_files(self) -> BTreeMap<String, Vec<u8>> {
        self.files
    }
}
