//! What stands in the log: what happened as JSON, and behind it the bodies as they are.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, Totals};
use crate::producers::chaos::Fired;
use crate::producers::journal::{Answered, Kept, NamedStub, Outcome, RivFacts, Row, Sent};

/// Length of the JSON, in front of it.
const LENGTH_BYTES: usize = 4;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Head {
    Row { row: Box<RowHead>, totals: Totals },
    Removed { workspace: String, ids: Vec<String> },
    Dropped { workspace: String },
    Cleared { workspace: String },
    Everything,
    Totals { workspace: String, totals: Totals },
}

#[derive(Debug, Serialize, Deserialize)]
struct RowHead {
    id: String,
    at: Timestamp,
    system: String,
    workspace: String,
    method: String,
    uri: String,
    request: Part,
    client: Option<IpAddr>,
    riv: RivFacts,
    request_validation: Option<Vec<String>>,
    response_validation: Option<Vec<String>>,
    source: Option<String>,
    stub: Option<NamedStub>,
    rule: Option<usize>,
    behaviour: Option<String>,
    chaos: Option<Fired>,
    note: Option<String>,
    status: Option<u16>,
    response: Option<Part>,
    added_delay: Duration,
    process_time: Duration,
    send_time: Duration,
    was_matched: bool,
    outcome: Outcome,
    explanation: Option<String>,
}

/// Headers, and what is known of a body.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    /// A value is bytes, each of them a character here.
    headers: Vec<(String, String)>,
    bytes: usize,
    whole: Option<(usize, String)>,
}

pub(super) fn encode(item: &Item) -> Vec<u8> {
    let (head, bodies) = match item {
        Item::Row(row, totals) => {
            let sent = row.sent.as_ref().map(|sent| sent.body.clone()).unwrap_or_default();
            let head = Head::Row { row: Box::new(RowHead::of(row)), totals: *totals };
            (head, [row.request.body().clone(), sent])
        }
        Item::Removed(workspace, ids) => {
            (Head::Removed { workspace: workspace.to_string(), ids: ids.clone() }, Default::default())
        }
        Item::Dropped(workspace) => (Head::Dropped { workspace: workspace.to_string() }, Default::default()),
        Item::Cleared(workspace) => (Head::Cleared { workspace: workspace.to_string() }, Default::default()),
        Item::Everything => (Head::Everything, Default::default()),
        Item::Totals(workspace, totals) => {
            (Head::Totals { workspace: workspace.to_string(), totals: *totals }, Default::default())
        }
    };
    let json = serde_json::to_vec(&head).expect("texts, numbers and lists always serialise");
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes();
    [length.as_slice(), &json, &bodies[0], &bodies[1]].concat()
}

/// Reads a record back; `Err` says what is wrong with it.
pub(super) fn decode(bytes: &[u8]) -> Result<Item, String> {
    let short = || format!("{} bytes are no record", bytes.len());
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>().ok_or_else(short)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| short())?;
    let (json, bodies) = rest.split_at_checked(length).ok_or_else(short)?;
    Ok(match serde_json::from_slice(json).map_err(|error| error.to_string())? {
        Head::Row { row, totals } => Item::Row(Arc::new(row.row(bodies)?), totals),
        Head::Removed { workspace, ids } => Item::Removed(workspace.into(), ids),
        Head::Dropped { workspace } => Item::Dropped(workspace.into()),
        Head::Cleared { workspace } => Item::Cleared(workspace.into()),
        Head::Everything => Item::Everything,
        Head::Totals { workspace, totals } => Item::Totals(workspace.into(), totals),
    })
}

impl Part {
    fn of(headers: &HeaderMap, body: &Bytes, kept: &Kept) -> Self {
        let text = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Self { headers, bytes: body.len(), whole: kept.whole.clone() }
    }

    fn headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let wrong = || format!("{name:?} is no header");
            let bytes: Vec<u8> = value.chars().map(u8::try_from).collect::<Result<_, _>>().map_err(|_| wrong())?;
            let value = HeaderValue::from_bytes(&bytes).map_err(|_| wrong())?;
            headers.append(HeaderName::try_from(name.as_str()).map_err(|_| wrong())?, value);
        }
        Ok(headers)
    }
}

impl RowHead {
    fn of(row: &Row) -> Self {
        Self {
            id: row.id.clone(),
            at: row.at,
            system: row.system.to_string(),
            workspace: row.workspace.to_string(),
            method: row.request.method().to_string(),
            uri: row.request.uri().to_string(),
            request: Part::of(row.request.headers(), row.request.body(), &row.request_body),
            client: row.client,
            riv: row.riv.clone(),
            request_validation: row.request_validation.clone(),
            response_validation: row.response_validation.clone(),
            source: row.answered.source.clone(),
            stub: row.answered.named_stub(),
            rule: row.answered.rule,
            behaviour: row.answered.behaviour.clone(),
            chaos: row.answered.chaos.clone(),
            note: row.answered.note.clone(),
            status: row.sent.as_ref().map(|sent| sent.status.as_u16()),
            response: row.sent.as_ref().map(|sent| Part::of(&sent.headers, &sent.body, &sent.kept)),
            added_delay: row.added_delay,
            process_time: row.process_time,
            send_time: row.send_time,
            was_matched: row.was_matched,
            outcome: row.outcome,
            explanation: row.explanation.clone(),
        }
    }

    fn row(self, bodies: &[u8]) -> Result<Row, String> {
        let sent_bytes = self.response.as_ref().map_or(0, |part| part.bytes);
        if bodies.len() != self.request.bytes + sent_bytes {
            return Err(format!("{} bytes of bodies, expected {} and {sent_bytes}", bodies.len(), self.request.bytes));
        }
        let (asked, answered) = bodies.split_at(self.request.bytes);
        let mut request = Request::new(Bytes::copy_from_slice(asked));
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).map_err(|error| error.to_string())?;
        *request.uri_mut() = self.uri.parse().map_err(|_| format!("{:?} is no target", self.uri))?;
        *request.headers_mut() = self.request.headers()?;
        let sent = match (self.status, self.response) {
            (Some(status), Some(part)) => Some(Sent {
                status: StatusCode::from_u16(status).map_err(|error| error.to_string())?,
                headers: part.headers()?,
                body: Bytes::copy_from_slice(answered),
                kept: Kept { whole: part.whole },
            }),
            _ => None,
        };
        Ok(Row {
            id: self.id,
            at: self.at,
            request_body: Kept { whole: self.request.whole },
            client: self.client,
            riv: self.riv,
            request_validation: self.request_validation,
            response_validation: self.response_validation,
            answered: Answered {
                source: self.source,
                stub: None,
                earlier: self.stub,
                rule: self.rule,
                behaviour: self.behaviour,
                chaos: self.chaos,
                note: self.note,
            },
            sent,
            added_delay: self.added_delay,
            process_time: self.process_time,
            send_time: self.send_time,
            was_matched: self.was_matched,
            outcome: self.outcome,
            explanation: self.explanation,
            ..Row::of(self.system.into(), self.workspace.into(), Arc::new(request))
        })
    }
}
