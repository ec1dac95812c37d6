//! What a call gets, and the answers that are our own.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};

use super::behaviour::Forwarding;
use super::behaviour::delay::Numbers;
use super::behaviour::fault::WireFault;
use super::behaviour::script::Script;
use super::journal::Entry;
use super::spec::response::XML_TYPE;
use crate::soap::fault::{Side, document};

/// What a call gets, decided and filled in; only the wait is left.
#[derive(Debug)]
pub struct Decision {
    /// How long to wait first.
    pub delay: Duration,
    /// Then this.
    pub reply: Reply,
    /// The row of the journal, to be ended.
    pub entry: Option<Entry>,
}

/// What follows the wait.
#[derive(Debug)]
pub enum Reply {
    /// An HTTP answer.
    Answer(Response<Bytes>),
    /// An HTTP answer in so many pieces over so long.
    Dribble(Response<Bytes>, usize, Duration),
    /// A failing connection, and the draws for its garbage.
    Fault(WireFault, Numbers),
    /// Something written to the connection that no HTTP library would write.
    Script(Script),
    /// Another system's answer.
    Forward(Box<(Forwarding, Request<Bytes>)>),
}

/// What stands in the detail of our own faults: what is known, and an id to ask for; the journal has the fault with it.
pub(super) fn with_log_id(detail: &str) -> String {
    let id = uuid::Uuid::new_v4();
    if detail.is_empty() { format!("logId: {id}") } else { format!("{detail}\nlogId: {id}") }
}

/// A SOAP fault, with the status the basic profile asks for.
pub(super) fn fault(side: Side, text: &str, detail: &str) -> Reply {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, XML_TYPE)]);
    Reply::Answer(response(
        StatusCode::INTERNAL_SERVER_ERROR,
        headers,
        Bytes::from(document(side, text, &with_log_id(detail))),
    ))
}

/// A plain-text answer.
pub(super) fn plain(status: StatusCode, text: String) -> Reply {
    let content_type = http::HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]);
    Reply::Answer(response(status, headers, Bytes::from(text)))
}

pub(super) fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
