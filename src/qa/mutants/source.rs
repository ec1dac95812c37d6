//! A source system that tells the index, rightly or wrongly, with the index and the platform's record of calls around it:
//! what the cases of the index are tried on. Each case that begins to wait makes it tell what that case is about.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::producer::http_answer;
use super::table::Wrong;
use crate::qa::index::updates::{Key, TRANSACTIONS_MAX, Update};
use crate::qa::index::watched::UPDATE;
use crate::qa::records::{leaf, named};
use crate::qa::tree;
use crate::soap::fault::{SOAP_11, Side, document};
use crate::soap::responder::{Answer, Responder};

/// What everything is about.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Whoever sends the Updates, and has the records.
    pub(super) system: String,
    /// The address it answers for.
    pub(super) address: String,
    /// The patient whose records change.
    pub(super) patient: String,
    /// The patient whose last record goes.
    pub(super) removed: String,
    /// The newest moment of the first one's records.
    pub(super) newest: String,
    pub(super) service_domain: String,
    pub(super) categorization: String,
    /// When it all begins.
    pub(super) began: Timestamp,
}

/// The source system.
pub(super) struct Source {
    about: About,
    wrong: Wrong,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many cases have begun to wait.
    armed: usize,
    sent: Vec<Sent>,
    /// What the index holds, by key: the newest moment.
    index: BTreeMap<Key, String>,
}

struct Sent {
    at: Timestamp,
    body: String,
    answer: String,
    is_ok: bool,
}

impl Source {
    pub(super) fn new(about: About, wrong: Wrong) -> Self {
        let mut source = Self { about, wrong, state: Mutex::default() };
        let mut state = State::default();
        let removed = source.key(&source.about.removed, "A");
        source.send(&mut state, -60, &[(removed, false, source.about.newest.clone())]);
        source.state = Mutex::new(state);
        source
    }

    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == wrong
    }

    fn key(&self, patient: &str, process: &str) -> Key {
        let About { system, address, service_domain, categorization, .. } = &self.about;
        let categorization = if self.is(Wrong::IndexCategory) { "annat" } else { categorization };
        Key {
            registered_resident_identification: patient.to_owned(),
            service_domain: service_domain.clone(),
            categorization: categorization.to_owned(),
            logical_address: address.clone(),
            business_object_instance_identifier: "NA".to_owned(),
            source_system: system.clone(),
            data_controller: "SE-DC".to_owned(),
            clinical_process_interest_id: process.to_owned(),
        }
    }

    /// What is told once the case of this number waits: a new record, a changed one, the last one removed, then others.
    fn tell(&self, state: &mut State, case: usize) {
        let About { patient, removed, newest, .. } = &self.about;
        let before = "20000101000000".to_owned();
        let own = || self.key(patient, "A");
        // Nobody else's records are looked at.
        let other = |process: usize| self.key(patient, &format!("andra-{process}"));
        match case {
            1 if self.is(Wrong::IndexNoUpdate) => {}
            1 => self.send(state, 1, &[(own(), false, before)]),
            2 if self.is(Wrong::IndexNoUpdate) => {}
            2 => {
                let told = if self.is(Wrong::IndexStale) { before } else { newest.clone() };
                self.send(state, 11, &[(own(), false, told)]);
            }
            3 if self.is(Wrong::IndexNoDelete) => {}
            3 => self.send(state, 21, &[(self.key(removed, "A"), true, String::new())]),
            4 if self.is(Wrong::IndexTooMany) => {
                let all: Vec<_> =
                    (0..=TRANSACTIONS_MAX).map(|process| (other(process), false, newest.clone())).collect();
                self.send(state, 31, &all);
            }
            4 => {
                let processes = if self.is(Wrong::IndexEveryMinute) { [1, 1, 1] } else { [1, 2, 3] };
                for (minute, process) in (31..).zip(processes) {
                    // Taken away again: what is audited afterwards are the records above.
                    self.send(state, minute, &[(other(process), true, newest.clone())]);
                }
            }
            _ => {}
        }
    }

    /// Sends an Update at this minute of the story; the index takes it, unless it is too large.
    fn send(&self, state: &mut State, minute: i64, transactions: &[(Key, bool, String)]) {
        let at = self.about.began + SignedDuration::from_secs(minute * 60);
        let is_ok = transactions.len() <= TRANSACTIONS_MAX;
        let body = update(transactions);
        if let Some(read) = Update::read(at, &body, None).filter(|_| is_ok) {
            for transaction in read.transactions {
                if transaction.delete {
                    state.index.remove(&transaction.key);
                } else {
                    state.index.insert(transaction.key, transaction.most_recent);
                }
            }
        }
        let answer = match is_ok {
            true => envelope(
                "<u:UpdateResponse xmlns:u=\"urn:riv:itintegration:engagementindex:UpdateResponder:1\"><u:ResultCode>OK</u:ResultCode></u:UpdateResponse>",
            ),
            false => {
                document(Side::Server, "EI000: A technical error has occurred, error message: too many engagements", "")
            }
        };
        state.sent.push(Sent { at, body, answer, is_ok });
    }

    /// The record of calls, as a platform's admin listener tells it.
    fn recorded(&self, path: &str, query: &str) -> Option<Value> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = path.strip_prefix("/api/v1/exchanges/") {
            let number: usize = number.parse().ok()?;
            let sent = state.sent.get(number.checked_sub(1)?)?;
            let mut whole = self.summary(number, sent);
            whole["target"] = json!("/vp");
            let headers = json!({"content-type": "text/xml; charset=UTF-8"});
            whole["messages"] = json!({"request": {"headers": headers, "body": sent.body}, "answer": {"headers": {}, "body": sent.answer}});
            return Some(whole);
        }
        if path != "/api/v1/exchanges" {
            return None;
        }
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let since: usize = value("since_id").and_then(|id| id.parse().ok()).unwrap_or(0);
        let limit: usize = value("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
        let all = state.sent.iter().enumerate().rev().map(|(place, sent)| self.summary(place + 1, sent));
        let listed: Vec<Value> = all.take(state.sent.len().saturating_sub(since)).take(limit).collect();
        // Whoever asks for the newest call alone begins to wait.
        if limit == 1 {
            state.armed += 1;
            let case = state.armed;
            self.tell(&mut state, case);
        }
        Some(json!({"exchanges": listed}))
    }

    fn summary(&self, number: usize, sent: &Sent) -> Value {
        json!({"id": number, "started": sent.at, "sender": self.about.system, "address": "5565594230", "contract": UPDATE,
            "outcome": if sent.is_ok { "ok" } else { "fault" }, "total_us": 1_000.0, "correlation_id": number.to_string()})
    }

    /// FindContent.
    fn content(&self, question: &str) -> Option<String> {
        let asked = tree::parse(question).ok()?;
        let text = |name: &str| asked.descendants().find(|node| named(*node, name)).and_then(leaf);
        let patient = text("registeredResidentIdentification")?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let own = state.index.iter().filter(|(key, _)| key.registered_resident_identification == patient);
        let found: String =
            own.map(|(key, newest)| format!("<f:engagement>{}</f:engagement>", fields(key, newest))).collect();
        Some(envelope(&format!(
            "<f:FindContentResponse xmlns:f=\"urn:riv:itintegration:engagementindex:FindContentResponder:1\">{found}</f:FindContentResponse>"
        )))
    }
}

impl Responder for Source {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let uri = request.uri().clone();
        let told = match *request.method() {
            Method::GET => self
                .recorded(uri.path(), uri.query().unwrap_or(""))
                .map(|told| http_answer(StatusCode::OK, "application/json", told.to_string().into_bytes())),
            _ => self
                .content(&String::from_utf8_lossy(request.body()))
                .map(|told| http_answer(StatusCode::OK, "text/xml; charset=utf-8", told.into_bytes())),
        };
        let not_found = || {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        };
        Box::pin(async move { Ok(told.unwrap_or_else(not_found)) })
    }
}

fn envelope(body: &str) -> String {
    format!("<e:Envelope xmlns:e=\"{SOAP_11}\"><e:Body>{body}</e:Body></e:Envelope>")
}

fn update(transactions: &[(Key, bool, String)]) -> String {
    let transaction = |(key, delete, newest): &(Key, bool, String)| {
        format!(
            "<f:engagementTransaction><f:deleteFlag>{delete}</f:deleteFlag><f:engagement>{}</f:engagement></f:engagementTransaction>",
            fields(key, newest)
        )
    };
    let all: String = transactions.iter().map(transaction).collect();
    envelope(&format!("<f:Update xmlns:f=\"{UPDATE}\">{all}</f:Update>"))
}

/// An engagement; everything in it is a plain identifier.
fn fields(key: &Key, newest: &str) -> String {
    [
        ("registeredResidentIdentification", &key.registered_resident_identification),
        ("serviceDomain", &key.service_domain),
        ("categorization", &key.categorization),
        ("logicalAddress", &key.logical_address),
        ("businessObjectInstanceIdentifier", &key.business_object_instance_identifier),
        ("clinicalProcessInterestId", &key.clinical_process_interest_id),
        ("mostRecentContent", &newest.to_owned()),
        ("sourceSystem", &key.source_system),
        ("dataController", &key.data_controller),
    ]
    .iter()
    .map(|(name, value)| format!("<f:{name}>{value}</f:{name}>"))
    .collect()
}
