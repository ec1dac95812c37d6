//! The hub's call record, read over HTTP as anybody may.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::soap::responder::Responder;

/// Calls that are read at a time.
const LISTED_MAX: usize = 500;
/// Rows of the mocked producers' journal that are looked through for a plan's.
const ROWS_MAX: usize = 1_000;

/// How the record says that it is not known yet what a consumer's hanging up meant.
const UNSETTLED: &str = "unsettled";
/// And that nobody took the answer.
const GONE: &str = "gone";
/// How often and how many times it is asked again: the hub settles it within a second of its answer.
const SETTLE_INTERVAL: Duration = Duration::from_millis(50);
const SETTLE_LOOKS: usize = 40;

/// A call as the hub recorded it.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Its number.
    pub id: u64,
    /// When its request had arrived.
    pub started: Timestamp,
    /// HSA-id of the consumer.
    pub sender: Option<String>,
    /// Logical address.
    pub address: Option<String>,
    /// Namespace of the contract.
    pub contract: Option<String>,
    /// `ok`, a VP code, or `fault`.
    pub outcome: String,
    /// From the request's arrival to the answer, in milliseconds.
    pub total_ms: u64,
    /// `x-skltp-correlation-id`
    pub correlation_id: String,
    /// How the consumer was identified, in the hub's words; none where it was not.
    pub identified_by: Option<String>,
    /// Method and path.
    pub target: String,
    /// Headers of the request.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub request: String,
    /// Whether its body is no text in the charset that it states, so that the record has none.
    pub is_opaque: bool,
    /// Whether the record holds only the beginning of the body; the whole body's bytes, then.
    pub cut_from: Option<usize>,
    /// The answer's body.
    pub answer: String,
    /// The platform it was made to, where the process has several.
    pub platform: String,
    /// The TLS handshake of its connection.
    pub handshake: Option<Handshake>,
    /// When the consumer hung up before it was answered.
    pub departed: Option<Departed>,
}

/// A TLS handshake, as the hub recorded it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Handshake {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: String,
    /// The subject of the consumer's certificate.
    pub client_subject: String,
    /// The certificate that the consumer was shown.
    pub server_certificate: Certificate,
}

/// A certificate of the platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The listener that shows it.
    pub listener: String,
    /// Its SHA-256 fingerprint, in hexadecimal.
    pub sha256: String,
    /// Its subject.
    pub subject: String,
    /// Its last second, RFC 3339.
    pub not_after: String,
}

/// A consumer that hung up before it was answered.
#[derive(Clone, Debug)]
pub struct Departed {
    /// Since the call's start.
    pub after_ms: u64,
    /// Whether nobody took the answer; else it closed its writing side only.
    pub is_gone: bool,
}

/// The hub of a platform, by the URL of its admin listener.
#[derive(Clone)]
pub struct Hub {
    url: String,
    token: Option<String>,
    carrier: Arc<dyn Responder>,
}

#[derive(Deserialize)]
struct List {
    exchanges: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    id: u64,
    started: String,
    sender: Option<String>,
    address: Option<String>,
    contract: Option<String>,
    outcome: String,
    total_us: f64,
    correlation_id: String,
}

#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    platform: String,
    #[serde(default)]
    tls: Option<Handshake>,
    #[serde(default)]
    consumer_left: Option<Left>,
    #[serde(default)]
    target: String,
    #[serde(default)]
    identified_by: Option<String>,
    messages: Messages,
}

#[derive(Deserialize)]
struct Left {
    after_ms: f64,
    how: String,
}

impl Left {
    /// Nothing as long as it is not known what it meant.
    fn departed(self) -> Option<Departed> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of one call")]
        let after_ms = self.after_ms as u64;
        (self.how != UNSETTLED).then(|| Departed { after_ms, is_gone: self.how == GONE })
    }
}

#[derive(Deserialize)]
struct Messages {
    request: Shown,
    answer: Shown,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    body_bytes: usize,
}

#[derive(Deserialize)]
struct Journal {
    requests: Vec<JournalRow>,
}

#[derive(Deserialize)]
struct JournalRow {
    answer: Answered,
    #[serde(default)]
    riv: Option<Riv>,
}

#[derive(Deserialize)]
struct Answered {
    chaos: Option<Fired>,
}

#[derive(Deserialize)]
struct Fired {
    plan: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Riv {
    correlation_id: Option<String>,
}

/// The plan by which mocked producers misbehave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Running {
    /// Its name; none where no plan runs.
    #[serde(default)]
    pub name: Option<String>,
}

impl Hub {
    /// The hub whose admin listener is there.
    pub fn new(url: &str, token: Option<String>, carrier: Arc<dyn Responder>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), token, carrier }
    }

    pub(super) fn carrier(&self) -> &Arc<dyn Responder> {
        &self.carrier
    }

    pub(super) async fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, String> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    async fn call<T: for<'de> Deserialize<'de>>(&self, method: Method, path: &str, body: Bytes) -> Result<T, String> {
        let url = format!("{}{path}", self.url);
        let uri = url.parse().map_err(|error| format!("{url} is not a URL: {error}"))?;
        let mut request = Request::new(body);
        (*request.method_mut(), *request.uri_mut()) = (method, uri);
        let kind = http::HeaderValue::from_static("application/json");
        request.headers_mut().insert(http::header::CONTENT_TYPE, kind);
        if let Some(token) = self.token.as_ref().and_then(|token| format!("Bearer {token}").parse().ok()) {
            request.headers_mut().insert(http::header::AUTHORIZATION, token);
        }
        let answer = self.carrier.answer(request).await.map_err(|fault| format!("{url}: {fault}"))?;
        if answer.status() != http::StatusCode::OK {
            let text: String = String::from_utf8_lossy(answer.body()).chars().take(300).collect();
            return Err(format!("{url} answered with status {}: {text}", answer.status()));
        }
        serde_json::from_slice(answer.body()).map_err(|error| format!("{url}: {error}"))
    }

    /// The number of the newest call; 0 where there is none.
    pub async fn newest(&self) -> Result<u64, String> {
        let list: List = self.get("/api/v1/exchanges?limit=1").await?;
        Ok(list.exchanges.first().map_or(0, |call| call.id))
    }

    /// The plan by which the mocked producers misbehave now.
    pub async fn running_plan(&self) -> Result<Running, String> {
        self.get("/api/v1/chaos").await
    }

    /// Starts a plan.
    pub async fn start_plan(&self, plan: &Value) -> Result<(), String> {
        self.call::<Value>(Method::PUT, "/api/v1/chaos", Bytes::from(plan.to_string())).await.map(drop)
    }

    /// Stops whatever plan runs.
    pub async fn stop_plan(&self) -> Result<(), String> {
        self.call::<Value>(Method::DELETE, "/api/v1/chaos", Bytes::new()).await.map(drop)
    }

    /// Correlation ids of the calls that this plan did something to.
    pub async fn struck_by(&self, plan: &str) -> Result<BTreeSet<String>, String> {
        let journal: Journal = self.get(&format!("/__admin/requests?limit={ROWS_MAX}")).await?;
        let struck = journal.requests.into_iter().filter(|row| {
            let fired = row.answer.chaos.as_ref();
            fired.is_some_and(|fired| fired.plan == plan)
        });
        Ok(struck.filter_map(|row| row.riv?.correlation_id).collect())
    }

    /// When the newest calls of one consumer and contract began and how long each took, the oldest first.
    pub async fn moments(&self, sender: &str, contract: &str) -> Result<Vec<(Timestamp, Duration)>, String> {
        let (sender, contract) = (encoded(sender), encoded(contract));
        let list: List =
            self.get(&format!("/api/v1/exchanges?sender={sender}&contract={contract}&limit={LISTED_MAX}")).await?;
        let moment = |call: Summary| {
            let began = call.started.parse().map_err(|error| format!("call {}: {error}", call.id))?;
            Ok((began, Duration::from_secs_f64((call.total_us / 1e6).max(0.0))))
        };
        list.exchanges.into_iter().rev().map(moment).collect()
    }

    /// Every call that is still in the record, the oldest first, of one consumer and contract.
    pub async fn recorded(&self, sender: &str, contract: &str) -> Result<Vec<Call>, String> {
        let (sender, contract) = (encoded(sender), encoded(contract));
        let list: List =
            self.get(&format!("/api/v1/exchanges?sender={sender}&contract={contract}&limit={LISTED_MAX}")).await?;
        self.whole(list).await
    }

    /// The calls recorded after this one, the oldest first.
    pub async fn after(&self, id: u64) -> Result<Vec<Call>, String> {
        let list: List = self.get(&format!("/api/v1/exchanges?since_id={id}&limit={LISTED_MAX}")).await?;
        if list.exchanges.len() >= LISTED_MAX {
            return Err(format!(
                "{LISTED_MAX} calls or more came between two looks at the record, more than can be read"
            ));
        }
        self.whole(list).await
    }

    /// One call, once it is known what its consumer's hanging up meant, where it has.
    async fn settled(&self, id: u64) -> Result<Whole, String> {
        let path = format!("/api/v1/exchanges/{id}");
        for _ in 0..SETTLE_LOOKS {
            let whole: Whole = self.get(&path).await?;
            if whole.consumer_left.as_ref().is_none_or(|left| left.how != UNSETTLED) {
                return Ok(whole);
            }
            tokio::time::sleep(SETTLE_INTERVAL).await;
        }
        self.get(&path).await
    }

    async fn whole(&self, list: List) -> Result<Vec<Call>, String> {
        let mut calls = Vec::new();
        for summary in list.exchanges.into_iter().rev() {
            let whole = self.settled(summary.id).await?;
            calls.push(Call {
                id: summary.id,
                started: summary.started.parse().map_err(|error| format!("call {}: {error}", summary.id))?,
                sender: summary.sender,
                address: summary.address,
                contract: summary.contract,
                outcome: summary.outcome,
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "microseconds of one call"
                )]
                total_ms: (summary.total_us / 1_000.0) as u64,
                correlation_id: summary.correlation_id,
                identified_by: whole.identified_by,
                target: whole.target,
                headers: whole.messages.request.headers,
                cut_from: Some(whole.messages.request.body_bytes).filter(|_| whole.messages.request.truncated),
                is_opaque: whole.messages.request.body.is_none() && whole.messages.request.body_bytes > 0,
                request: whole.messages.request.body.unwrap_or_default(),
                answer: whole.messages.answer.body.unwrap_or_default(),
                platform: whole.platform,
                handshake: whole.tls,
                departed: whole.consumer_left.and_then(Left::departed),
            });
        }
        Ok(calls)
    }
}

/// A value as it may stand in a query.
pub(super) fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => text.push(byte.into()),
            // Writing to a string cannot fail.
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}
