//! One row of the journal, and the entry that becomes it when the call ends, however it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Journal, Seen};
use crate::domain::clock::Clock;
use crate::producers::chaos::Fired;
use crate::producers::settings::JOURNAL_BODY_BYTES_MAX;
use crate::producers::spec::mapping::Stub;

/// What a row costs besides its bodies, headers and texts.
const ROW_BYTES: usize = 900;

/// One call.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// The system.
    pub system: Arc<str>,
    /// The workspace; empty is the default one.
    pub workspace: Arc<str>,
    /// The request. Its body is cut where it is larger than is kept.
    pub request: Arc<Request<Bytes>>,
    /// What is known of the whole request body.
    pub request_body: Kept,
    /// Who asked.
    pub client: Option<std::net::IpAddr>,
    /// What the envelope says.
    pub riv: RivFacts,
    /// What the contract says of the request; `None` where it was not asked.
    pub request_validation: Option<Vec<String>>,
    /// What it says of the response.
    pub response_validation: Option<Vec<String>>,
    /// Where the answer came from.
    pub answered: Answered,
    /// The answer, where one was given.
    pub sent: Option<Sent>,
    /// The delay that was asked for.
    pub added_delay: Duration,
    /// From the last byte of the request to the decision.
    pub process_time: Duration,
    /// From the decision and its delay to the end.
    pub send_time: Duration,
    /// Whether anything answered.
    pub was_matched: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// Why nothing answered, in full.
    pub explanation: Option<String>,
}

/// What the envelope and its headers say.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RivFacts {
    /// Contract namespace.
    pub contract: Option<String>,
    /// Logical address.
    pub logical_address: Option<String>,
    /// Profile.
    pub profile: Option<Cow<'static, str>>,
    /// Sender.
    pub sender: Option<String>,
    /// Original consumer.
    pub original_consumer: Option<String>,
    /// Correlation id.
    pub correlation_id: Option<String>,
    /// Patient.
    pub patient: Option<String>,
}

/// Where an answer came from.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// `mapping`, `record`, `schema`, `proxy`, `fault`, `file`, or nothing.
    pub source: Option<String>,
    /// The mapping.
    pub stub: Option<Arc<Stub>>,
    /// The mapping, where the row is from before a restart.
    pub earlier: Option<NamedStub>,
    /// The rule, counted from 0.
    pub rule: Option<usize>,
    /// The behaviour.
    pub behaviour: Option<String>,
    /// The decision of a chaos plan.
    pub chaos: Option<Fired>,
    /// Something worth knowing, such as a template that failed.
    pub note: Option<String>,
}

/// What is left of a mapping that answered before a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedStub {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Answered {
    /// The mapping's id and name.
    pub fn named_stub(&self) -> Option<NamedStub> {
        let named = |stub: &Arc<Stub>| NamedStub { id: stub.id.clone(), name: stub.name.clone() };
        self.stub.as_ref().map(named).or_else(|| self.earlier.clone())
    }

    /// The mapping's id.
    pub fn stub_id(&self) -> Option<&str> {
        let earlier = || self.earlier.as_ref().map(|stub| stub.id.as_str());
        self.stub.as_ref().map(|stub| stub.id.as_str()).or_else(earlier)
    }
}

/// An answer as it was given.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, cut where it is larger than is kept.
    pub body: Bytes,
    /// What is known of the whole body.
    pub kept: Kept,
}

/// A body of which only beginning and end are kept: its size and digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Size and SHA-256 of the whole, where it was cut.
    pub whole: Option<(usize, String)>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The answer was sent.
    Sent,
    /// The caller went away first.
    ClientGone,
    /// The connection was made to fail.
    Fault,
}

impl Outcome {
    /// As the row has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::ClientGone => "client-gone",
            Self::Fault => "fault",
        }
    }
}

impl Row {
    /// A row of which nothing is known but the request.
    pub fn of(system: Arc<str>, workspace: Arc<str>, request: Arc<Request<Bytes>>) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            at: Timestamp::default(),
            system,
            workspace,
            request,
            request_body: Kept::default(),
            client: None,
            riv: RivFacts::default(),
            request_validation: None,
            response_validation: None,
            answered: Answered::default(),
            sent: None,
            added_delay: Duration::ZERO,
            process_time: Duration::ZERO,
            send_time: Duration::ZERO,
            was_matched: false,
            outcome: Outcome::Sent,
            explanation: None,
        }
    }

    /// What the row costs.
    pub fn bytes(&self) -> usize {
        let of_headers = |headers: &HeaderMap| {
            headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum::<usize>()
        };
        let sent = self.sent.as_ref().map_or(0, |sent| sent.body.len() + of_headers(&sent.headers));
        let texts = self.explanation.as_ref().map_or(0, String::len)
            + self
                .request_validation
                .iter()
                .chain(&self.response_validation)
                .flatten()
                .map(|line| line.len() + 24)
                .sum::<usize>();
        ROW_BYTES
            + self.request.body().len()
            + of_headers(self.request.headers())
            + self.request.uri().path().len()
            + sent
            + texts
    }
}

/// A body as the journal keeps it: whole, or its beginning and end. A copy, so that no larger buffer is held by it.
pub(super) fn kept(body: &Bytes, copies: bool) -> (Bytes, Kept) {
    if body.len() <= JOURNAL_BODY_BYTES_MAX {
        let bytes = if copies { Bytes::copy_from_slice(body) } else { body.clone() };
        return (bytes, Kept::default());
    }
    let part = JOURNAL_BODY_BYTES_MAX / 4;
    let cut = [&body[..part], b"\n[...]\n", &body[body.len() - part..]].concat();
    let digest = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    (Bytes::from(cut), Kept { whole: Some((body.len(), digest)) })
}

/// Headers in memory of their own. Those of a request are slices of the buffer it was read into, which a row would hold
/// whole: eight kilobytes for a few hundred bytes.
fn copied(headers: &HeaderMap) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let own = HeaderValue::from_bytes(value.as_bytes());
        copy.append(name.clone(), own.unwrap_or_else(|_| value.clone()));
    }
    copy
}

/// A target in memory of its own, likewise.
fn apart(uri: &Uri) -> Uri {
    uri.to_string().parse().unwrap_or_else(|_| uri.clone())
}

/// A call that has not ended. It becomes a row when it is told how it ended, or when it is dropped: then the caller has
/// gone. Every call has exactly one.
#[derive(Debug)]
pub struct Entry {
    journal: Arc<Journal>,
    row: Option<Box<Row>>,
    decided: Instant,
}

impl Entry {
    /// Begins a row.
    pub fn new(journal: Arc<Journal>, mut row: Row) -> Self {
        let (body, whole) = kept(row.request.body(), true);
        let mut request = Request::new(body);
        request.method_mut().clone_from(row.request.method());
        *request.uri_mut() = apart(row.request.uri());
        *request.headers_mut() = copied(row.request.headers());
        row.request = Arc::new(request);
        row.request_body = whole;
        Self { journal, row: Some(Box::new(row)), decided: Clock::instant() }
    }

    /// What is known so far, to be added to.
    pub fn row_mut(&mut self) -> Option<&mut Row> {
        self.row.as_deref_mut()
    }

    /// The answer that is being given.
    pub fn answering(&mut self, status: StatusCode, headers: &HeaderMap, body: &Bytes) {
        if let Some(row) = &mut self.row {
            let (body, kept) = kept(body, false);
            row.sent = Some(Sent { status, headers: headers.clone(), body, kept });
        }
    }

    /// What went out, where it was not there as a whole when the answer began.
    pub fn answered_with(&mut self, seen: Seen) {
        if let Some(sent) = self.row.as_mut().and_then(|row| row.sent.as_mut()) {
            (sent.body, sent.kept) = seen.kept();
        }
    }

    /// Something worth knowing of a forwarded request; the fault is ours where the other system gave no answer.
    pub fn told(&mut self, note: &str, is_ours: bool) {
        if let Some(row) = &mut self.row {
            row.answered.note = Some(note.to_owned());
            if is_ours {
                row.answered.source = Some("fault".to_owned());
            }
        }
    }

    /// The call has ended.
    pub fn end(&mut self, outcome: Outcome) {
        if let Some(mut row) = self.row.take() {
            row.outcome = outcome;
            row.send_time = self.decided.elapsed().saturating_sub(row.added_delay);
            self.journal.add(*row);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.end(Outcome::ClientGone);
    }
}
