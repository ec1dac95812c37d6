//! A recording: which system, from where to where, and the mappings made of what was seen.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::forward::allowed;
use super::scrub::{Leftover, Scrubber, leftover};
use crate::config::producers::ProducerSettings;
use crate::producers::asked::Asked;
use crate::producers::decide::short_name;
use crate::producers::journal::Row;
use crate::producers::matcher::Condition;
use crate::producers::matcher::moment;
use crate::producers::xml::edit::Branch;

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
    /// Headers that become conditions.
    pub capture_headers: Vec<String>,
    /// Whether the mappings are written to the system's folder.
    pub persist: bool,
    /// Whether the same request again becomes the next state of a scenario.
    pub repeats_as_scenarios: bool,
    /// `transformers` of the mappings.
    pub transformers: Vec<String>,
    /// Whether only ids are given back.
    pub ids_only: bool,
}

/// Begins a recording of a system; `Err` says why its target may not be forwarded to.
pub fn start(system: &str, spec: Spec, settings: &ProducerSettings, now: Timestamp) -> Result<Recording, String> {
    allowed(&spec.target, settings).map_err(|error| error.to_string())?;
    Ok(Recording { status: Status::Recording, system: system.to_owned(), spec, since: now })
}

/// The mappings of some rows, scrubbed; `Err` where an identity is left, and then there are none at all.
pub fn stubs_from(rows: &[Arc<Row>], spec: &Spec) -> Result<Vec<Value>, Leftover> {
    let scrubber = Scrubber::new();
    let mut made: Vec<Value> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let asked = Asked::read(&row.system, &row.request, row.at);
        if !spec.filters.iter().all(|condition| condition.holds(&asked)) {
            continue;
        }
        let Some(sent) = &row.sent else { continue };
        let mut request = request(row, &asked, &scrubber, spec);
        let key = request.to_string();
        let number = seen.len();
        let count = seen.entry(key).or_default();
        *count += 1;
        let count = *count;
        if count > 1 && !spec.repeats_as_scenarios {
            continue;
        }
        let mut headers = serde_json::Map::new();
        for (name, value) in &sent.headers {
            let is_dropped = ["authorization", "cookie", "set-cookie", "content-length"].contains(&name.as_str())
                || name.as_str().starts_with("x-vp-auth");
            if !is_dropped {
                headers.insert(name.to_string(), json!(scrubber.text(&String::from_utf8_lossy(value.as_bytes()))));
            }
        }
        let id = Uuid::new_v4().to_string();
        let operation = row.riv.contract.as_deref().map_or_else(|| row.request.uri().path().to_owned(), short_name);
        let mut stub = json!({
            "id": id,
            "name": scrubber.text(&format!("recorded {operation} {}", made.len() + 1)),
            "persistent": spec.persist,
            "request": request.take(),
            "response": {
                "status": sent.status.as_u16(),
                "headers": headers,
                "body": scrubber.message(&String::from_utf8_lossy(&sent.body)),
            },
        });
        if !spec.transformers.is_empty() {
            stub["response"]["transformers"] = json!(spec.transformers);
        }
        if spec.repeats_as_scenarios {
            let state = |n: usize| if n == 1 { "Started".to_owned() } else { format!("recorded-{n}") };
            stub["scenarioName"] = json!(format!("recorded-{operation}-{number}"));
            stub["requiredScenarioState"] = json!(state(count));
            stub["newScenarioState"] = json!(state(count + 1));
        }
        made.push(stub);
    }
    for stub in &made {
        check("", stub)?;
    }
    Ok(made)
}

/// Looks through every text of a stub.
fn check(path: &str, value: &Value) -> Result<(), Leftover> {
    match value {
        Value::String(text) => leftover(path, text),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(place, item)| check(&format!("{path}/{place}"), item))
        }
        Value::Object(members) => members.iter().try_for_each(|(key, value)| {
            leftover(path, key)?;
            check(&format!("{path}/{key}"), value)
        }),
        _ => Ok(()),
    }
}

fn request(row: &Row, asked: &Asked<'_>, scrubber: &Scrubber, spec: &Spec) -> Value {
    let mut request = json!({"method": row.request.method().as_str()});
    let mut riv = serde_json::Map::new();
    if let Some(contract) = &row.riv.contract {
        riv.insert("contract".to_owned(), json!(contract));
    }
    if let Some(address) = &row.riv.logical_address {
        riv.insert("logicalAddress".to_owned(), json!(scrubber.text(address)));
    }
    if let Some(patient) = &row.riv.patient {
        riv.insert("patient".to_owned(), json!(scrubber.text(patient)));
    }
    if riv.is_empty() {
        request["url"] = json!(scrubber.text(asked.targets()[0]));
    } else {
        request["riv"] = Value::Object(riv);
    }
    let body = String::from_utf8_lossy(row.request.body());
    if let Ok(mut root) = Branch::parse(scrubber.message(&body).as_bytes()) {
        root.walk(&mut |branch| {
            if branch.branches().next().is_none() && is_moment(branch.text().trim()) {
                branch.set_text("${xmlunit.ignore}");
            }
        });
        request["bodyPatterns"] = json!([{"equalToXml": root.document(), "enablePlaceholders": true}]);
    } else if !body.is_empty() {
        request["bodyPatterns"] = json!([{"equalTo": scrubber.text(&body)}]);
    }
    for name in &spec.capture_headers {
        if let Some(value) = asked.header(name) {
            request["headers"][name.as_str()] = json!({"equalTo": scrubber.text(&value)});
        }
    }
    request
}

fn is_moment(text: &str) -> bool {
    text.len() >= 8 && moment::read(text).is_some()
}
