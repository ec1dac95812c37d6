//! The hub's call record, read over HTTP as anybody may.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use jiff::Timestamp;
use serde::Deserialize;

use crate::soap::responder::Responder;

/// Calls that are read at a time.
const LISTED_MAX: usize = 500;

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
    /// Method and path.
    pub target: String,
    /// Headers of the request.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub request: String,
    /// The answer's body.
    pub answer: String,
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
    target: String,
    messages: Messages,
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
}

impl Hub {
    /// The hub whose admin listener is there.
    pub fn new(url: &str, token: Option<String>, carrier: Arc<dyn Responder>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), token, carrier }
    }

    async fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, String> {
        let url = format!("{}{path}", self.url);
        let uri = url.parse().map_err(|error| format!("{url} is not a URL: {error}"))?;
        let mut request = Request::new(Bytes::new());
        (*request.method_mut(), *request.uri_mut()) = (Method::GET, uri);
        if let Some(token) = self.token.as_ref().and_then(|token| format!("Bearer {token}").parse().ok()) {
            request.headers_mut().insert(http::header::AUTHORIZATION, token);
        }
        let answer = self.carrier.answer(request).await.map_err(|fault| format!("{url}: {fault}"))?;
        if answer.status() != http::StatusCode::OK {
            return Err(format!("{url} answered with status {}", answer.status()));
        }
        serde_json::from_slice(answer.body()).map_err(|error| format!("{url}: {error}"))
    }

    /// The number of the newest call; 0 where there is none.
    pub async fn newest(&self) -> Result<u64, String> {
        let list: List = self.get("/api/v1/exchanges?limit=1").await?;
        Ok(list.exchanges.first().map_or(0, |call| call.id))
    }

    /// The calls recorded after this one, the oldest first.
    pub async fn after(&self, id: u64) -> Result<Vec<Call>, String> {
        let list: List = self.get(&format!("/api/v1/exchanges?since_id={id}&limit={LISTED_MAX}")).await?;
        let mut calls = Vec::new();
        for summary in list.exchanges.into_iter().rev() {
            let whole: Whole = self.get(&format!("/api/v1/exchanges/{}", summary.id)).await?;
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
                target: whole.target,
                headers: whole.messages.request.headers,
                request: whole.messages.request.body.unwrap_or_default(),
                answer: whole.messages.answer.body.unwrap_or_default(),
            });
        }
        Ok(calls)
    }
}
