//! HTTP headers in and out (`aggregation.md` §1.2, §1.6, §1.9, §3.1).

use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::fault::Fault;
use crate::config::aggregation::AggregationSettings;
use crate::config::checked::HeaderFilter;

pub(super) const SENDER_ID: HeaderName = HeaderName::from_static("x-vp-sender-id");
pub(super) const INSTANCE_ID: HeaderName = HeaderName::from_static("x-vp-instance-id");
pub(super) const ORIGINAL_CONSUMER: HeaderName = HeaderName::from_static("x-rivta-original-serviceconsumer-hsaid");
pub(super) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-skltp-correlation-id");
pub(super) const ROUTING_HISTORY: HeaderName = HeaderName::from_static("x-rivta-routing-history");
pub(super) const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// Content type of everything we answer and send.
pub(super) const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=UTF-8");

/// What a consumer must say, in the order in which it is looked for.
const MANDATORY: [HeaderName; 3] = [SENDER_ID, ORIGINAL_CONSUMER, CORRELATION_ID];

/// Headers of one connection or one message, which never go on.
const OF_THE_MESSAGE: [&str; 16] = [
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "content-encoding",
    "date",
    "expect",
    "host",
    "keep-alive",
    "pragma",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];

/// Refuses a call that lacks a mandatory header. One that is there and empty will do.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Fault> {
    let missing = MANDATORY.into_iter().filter(|name| !headers.contains_key(name));
    let text: String = missing.map(|name| format!("Mandatory HTTP header {name} is missing\n")).collect();
    if text.is_empty() { Ok(()) } else { Err(Fault::server(text)) }
}

/// The value of a header as text; empty where there is none.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// Headers of the call to the index: it is ours, not the consumer's.
pub(super) fn to_index(settings: &AggregationSettings, incoming: &HeaderMap) -> HeaderMap {
    let mut headers = carried(incoming, None);
    if let Ok(sender) = HeaderValue::from_str(&settings.index.sender_id) {
        headers.insert(SENDER_ID, sender);
    }
    finish(headers, settings, super::find::SOAP_ACTION)
}

/// Headers of the calls to sources: they are the consumer's.
pub(super) fn to_source(settings: &AggregationSettings, incoming: &HeaderMap, soap_action: &str) -> HeaderMap {
    let mut headers = carried(incoming, Some(&settings.request_headers));
    if let Some(sender) = incoming.get(SENDER_ID) {
        headers.insert(SENDER_ID, sender.clone());
    }
    finish(headers, settings, soap_action)
}

fn carried(incoming: &HeaderMap, filter: Option<&HeaderFilter>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(incoming.len() + 4);
    for (name, value) in incoming {
        let is_left_out =
            OF_THE_MESSAGE.contains(&name.as_str()) || filter.is_some_and(|filter| filter.leaves_out(name));
        if !is_left_out && *name != SOAP_ACTION && *name != ACCEPT_ENCODING {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

fn finish(mut headers: HeaderMap, settings: &AggregationSettings, soap_action: &str) -> HeaderMap {
    if let Ok(instance) = HeaderValue::from_str(&settings.instance_id) {
        headers.insert(INSTANCE_ID, instance);
    }
    if let Ok(action) = HeaderValue::from_str(&format!("\"{soap_action}\"")) {
        headers.insert(SOAP_ACTION, action);
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(CONTENT_TYPE, XML);
    headers
}

/// Headers of the answer: of what came in and of the first source's answer, only what tells of the way goes back.
pub(super) fn of_answer(settings: &AggregationSettings, incoming: &HeaderMap, first: Option<&HeaderMap>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, XML);
    let history = first.and_then(|first| first.get(ROUTING_HISTORY)).or_else(|| incoming.get(ROUTING_HISTORY));
    for (name, value) in [(CORRELATION_ID, incoming.get(CORRELATION_ID)), (ROUTING_HISTORY, history)] {
        if let Some(value) = value.filter(|_| !settings.response_headers.leaves_out(&name)) {
            headers.insert(name, value.clone());
        }
    }
    headers
}

/// Headers of a fault: they are not filtered.
pub(super) fn of_fault(incoming: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(CONTENT_TYPE, XML);
    if let Some(value) = incoming.get(CORRELATION_ID) {
        headers.insert(CORRELATION_ID, value.clone());
    }
    headers
}
