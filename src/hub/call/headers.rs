//! The headers that go on to a producer (`vp.md` §3.7), and the filter that both directions share.

use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
    USER_AGENT,
};

use super::address::Address;
use crate::config::checked::{HeaderFilter, HubSettings};
use crate::hub::exchange::CallRecord;
use crate::hub::identify::{CORRELATION_ID, INSTANCE_ID, ORIGINAL_CONSUMER, ROUTING_HISTORY, SENDER_ID};

/// The headers of the producer's request. `history` is the routing history to send, where this platform extended it.
pub fn outgoing(
    settings: &HubSettings,
    incoming: &HeaderMap,
    query: Option<&str>,
    record: &CallRecord,
    history: Option<&str>,
    address: &Address,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(incoming.len() + 8);
    for (name, value) in incoming {
        if is_carried(name, &settings.request_headers) && !is_ours(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    query_as_headers(&mut headers, query);
    let mut set = |name: HeaderName, value: &str| {
        // A value that cannot be a header value came from a message, not from a header; the producer goes without it.
        if let Ok(value) = HeaderValue::from_str(value).or_else(|_| HeaderValue::from_bytes(value.as_bytes())) {
            headers.insert(name, value);
        }
    };
    if address.plain_rules {
        set(SENDER_ID, record.sender.as_deref().unwrap_or_default());
        set(INSTANCE_ID, &settings.instance_id);
    }
    if address.plain_rules || settings.propagate_correlation_id_for_https {
        set(CORRELATION_ID, &record.correlation_id);
    }
    if let Some(original_consumer) = &record.original_consumer {
        set(ORIGINAL_CONSUMER, original_consumer);
    }
    if let Some(history) = history {
        set(ROUTING_HISTORY, history);
    }
    headers.insert(USER_AGENT, settings.user_agent.clone());
    headers.insert(CONTENT_TYPE, settings.content_type.clone());
    headers.insert(HOST, address.host_header.clone());
    let transport = if address.tls { settings.producer.https } else { settings.producer.http };
    let connection = if transport.keep_alive { "keep-alive" } else { "close" };
    headers.insert(CONNECTION, HeaderValue::from_static(connection));
    headers
}

/// Whether a header passes the configured filter and is none of those the reference's HTTP library handles itself.
pub fn is_carried(name: &HeaderName, filter: &HeaderFilter) -> bool {
    let text = name.as_str();
    let handled = matches!(
        text,
        "connection"
            | "content-length"
            | "transfer-encoding"
            | "date"
            | "cache-control"
            | "pragma"
            | "trailer"
            | "upgrade"
            | "via"
            | "warning"
    );
    !handled && !text.starts_with("camel") && !filter.leaves_out(name)
}

/// Headers this platform writes itself, whatever the consumer sent: only [`outgoing`] sets them.
fn is_ours(name: &HeaderName) -> bool {
    [SENDER_ID, INSTANCE_ID, CORRELATION_ID, USER_AGENT, CONTENT_TYPE, HOST, EXPECT].contains(name)
}

/// Each parameter of the consumer's query string is a header to the producer as well: a quirk of the reference's library.
fn query_as_headers(headers: &mut HeaderMap, query: Option<&str>) {
    for parameter in query.unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
            && !is_ours(&name)
            && name != TRANSFER_ENCODING
            && name != CONTENT_LENGTH
        {
            headers.insert(name, value);
        }
    }
}
