//! A recording: which system, from where to where, and the mappings made of what was seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::forward::allowed;
use super::scrub::{Leftover, Scrubber};
use super::stub::{Exchange, check};
use crate::config::producers::ProducerSettings;
use crate::producers::asked::Asked;
use crate::producers::decide::short_name;
use crate::producers::journal::Row;
use crate::producers::matcher::Condition;

/// How far a recording has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// There was none.
    #[default]
    NeverStarted,
    /// It runs.
    Recording,
    /// It has ended.
    Stopped,
}

impl Status {
    /// As the API has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverStarted => "NeverStarted",
            Self::Recording => "Recording",
            Self::Stopped => "Stopped",
        }
    }
}

/// The recording that runs, or ran.
#[derive(Debug, Default)]
pub struct Recording {
    /// How far it has come.
    pub status: Status,
    /// The system.
    pub system: String,
    /// What was asked for.
    pub spec: Spec,
    /// Since when.
    pub since: Timestamp,
}

/// What a recording is asked for with.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// Where requests are sent on to.
    pub target: String,
    /// Conditions on the requests that become mappings.
    pub filters: Vec<Condition>,
    /// Headers that become conditions, each with whether case matters not.
    pub capture_headers: Vec<(String, bool)>,
    /// How bodies become conditions.
    pub body_pattern: BodyPattern,
    /// Text bodies of more bytes than this become files of `__files`.
    pub text_threshold: Option<usize>,
    /// The same for what is no text.
    pub binary_threshold: Option<usize>,
    /// Whether the mappings are written to the system's folder.
    pub persist: bool,
    /// Whether the same request again becomes the next state of a scenario.
    pub repeats_as_scenarios: bool,
    /// `transformers` of the mappings.
    pub transformers: Vec<String>,
    /// `transformerParameters` of the mappings.
    pub transformer_parameters: Option<Value>,
    /// Whether only ids are given back.
    pub ids_only: bool,
}

/// How a recorded body becomes a condition (`requestBodyPattern`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BodyPattern {
    /// XML as `equalToXml` with its times as placeholders, all else as `equalTo`.
    #[default]
    Xml,
    /// The same, and JSON as `equalToJson`.
    Auto {
        /// `ignoreArrayOrder`.
        ignores_order: bool,
        /// `ignoreExtraElements`.
        ignores_extra: bool,
    },
    /// JSON as `equalToJson`, all else as `equalTo`.
    Json {
        /// `ignoreArrayOrder`.
        ignores_order: bool,
        /// `ignoreExtraElements`.
        ignores_extra: bool,
    },
    /// Everything as `equalTo`.
    Text {
        /// `caseInsensitive`.
        ignores_case: bool,
    },
}

/// Mappings, and the ids of rows of which none could be made, with the reason.
pub(in crate::producers) type Made = (Vec<Value>, Vec<(String, &'static str)>);

/// Begins a recording of a system; `Err` says why its target may not be forwarded to.
pub fn start(system: &str, spec: Spec, settings: &ProducerSettings, now: Timestamp) -> Result<Recording, String> {
    allowed(&spec.target, settings).map_err(|error| error.to_string())?;
    Ok(Recording { status: Status::Recording, system: system.to_owned(), spec, since: now })
}

/// The mappings of some rows, scrubbed; `Err` where an identity is left, and then there are none at all.
pub(in crate::producers) fn stubs_from(
    rows: &[Arc<Row>],
    spec: &Spec,
    settings: &ProducerSettings,
) -> Result<Made, Leftover> {
    let scrubber = Scrubber::new(settings.scrub_hsa);
    let (mut made, mut passed_over): (Vec<Value>, _) = (Vec::new(), Vec::new());
    // The places of what was made, by request: in the order of the rows.
    let mut same: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in rows {
        let asked = Asked::read(&row.system, &row.request, row.at);
        if !spec.filters.iter().all(|condition| condition.holds(&asked)) {
            continue;
        }
        let Some(sent) = &row.sent else { continue };
        if row.request_body.whole.is_some() || sent.kept.whole.is_some() {
            passed_over.push((row.id.clone(), "the journal kept only beginning and end of a body"));
            continue;
        }
        let exchange = Exchange { asked: &asked, status: sent.status, headers: &sent.headers, body: &sent.body };
        let request = exchange.request(&scrubber, spec);
        let places = same.entry(request.to_string()).or_default();
        if !places.is_empty() && !spec.repeats_as_scenarios {
            continue;
        }
        places.push(made.len());
        let operation = asked.contract().map_or_else(|| row.request.uri().path().to_owned(), short_name);
        made.push(json!({
            "id": Uuid::new_v4().to_string(),
            "name": scrubber.text(&format!("recorded {operation} {}", made.len() + 1)),
            "persistent": spec.persist,
            "request": request,
            "response": exchange.response(&scrubber, spec),
        }));
    }
    for places in same.values().filter(|places| places.len() > 1) {
        in_turn(places, &mut made);
    }
    for stub in &made {
        check("", stub)?;
    }
    Ok((made, passed_over))
}

/// The answers to one request, one after another; the last goes on answering.
fn in_turn(places: &[usize], made: &mut [Value]) {
    // A name that no other recording of the system has.
    let name = format!("recorded-{}", Uuid::new_v4());
    let state = |turn: usize| if turn == 0 { "Started".to_owned() } else { format!("recorded-{}", turn + 1) };
    for (turn, place) in places.iter().enumerate() {
        let stub = &mut made[*place];
        stub["scenarioName"] = json!(name);
        stub["requiredScenarioState"] = json!(state(turn));
        if turn + 1 < places.len() {
            stub["newScenarioState"] = json!(state(turn + 1));
        }
    }
}

/// Takes a body out of a stub that is larger than its threshold: the name of its file, which the stub then names, and what
/// stands in it.
pub(in crate::producers) fn extracted(stub: &mut Value, id: &str, spec: &Spec) -> Option<(String, Vec<u8>)> {
    let response = stub.get_mut("response")?.as_object_mut()?;
    let of = |key: &str| response.get(key).and_then(Value::as_str);
    let (key, body, threshold, end) = match (of("body"), of("base64Body")) {
        (Some(text), _) => ("body", text.as_bytes().to_vec(), spec.text_threshold, "xml"),
        (None, Some(encoded)) => ("base64Body", STANDARD.decode(encoded).ok()?, spec.binary_threshold, "bin"),
        (None, None) => return None,
    };
    if threshold.is_none_or(|most| body.len() <= most) {
        return None;
    }
    let name = format!("recorded/{id}.{end}");
    response.remove(key);
    response.insert("bodyFileName".to_owned(), json!(name));
    Some((name, body))
}
