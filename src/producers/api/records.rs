//! Entries of records through the API: added, replaced and taken out while they are served, and known to the index at once.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};

use super::Told;
use crate::producers::asked::pairs;
use crate::producers::mounted::Producers;
use crate::producers::records::RecordSource;
use crate::producers::records::kinds::{Field, Fields, kinds};

/// Most entries of a list.
const LIST_MAX: usize = 10_000;

/// Answers `/api/v1/patients/entries`.
pub(super) async fn answer(producers: &Producers, request: &Request<Bytes>) -> Told {
    let Some(records) = records(producers) else { return no_records() };
    match *request.method() {
        Method::GET => list(&records, request),
        Method::POST => add(records, request.body()).await,
        Method::DELETE => take(records, request.body()).await,
        _ => Told::not_found("there is nothing at /api/v1/patients/entries for this method"),
    }
}

/// Answers `/api/v1/producers/audit`.
pub(super) async fn audit(producers: &Producers) -> Told {
    let Some(records) = records(producers) else { return no_records() };
    // A national index takes a while to be looked through.
    match tokio::task::spawn_blocking(move || records.audit()).await {
        Ok(Some(differences)) => Told::Json(json!({"clean": differences.is_empty(), "differences": differences})),
        Ok(None) => Told::Wrong(
            StatusCode::CONFLICT,
            String::new(),
            "the records are not in the index (records.index), so there is nothing to compare".to_owned(),
        ),
        Err(error) => Told::Wrong(StatusCode::INTERNAL_SERVER_ERROR, String::new(), error.to_string()),
    }
}

fn records(producers: &Producers) -> Option<Arc<RecordSource>> {
    producers.shared().wiring.load().records.clone()
}

fn no_records() -> Told {
    Told::not_found("there are no records here")
}

/// Every entry: whose it is, and what no two share.
fn list(records: &RecordSource, request: &Request<Bytes>) -> Told {
    let query = pairs(request.uri().query().unwrap_or_default());
    let wanted = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let (system, kind) = (wanted("system"), wanted("kind"));
    let books = records.books();
    let people = books.all().flat_map(crate::producers::records::book::Book::patients);
    let entries = people.flat_map(|(id, patient)| patient.entries.iter().map(move |entry| (id, entry)));
    let meant = entries.filter(|(_, entry)| {
        system.is_none_or(|system| entry.system.eq_ignore_ascii_case(system))
            && kind.is_none_or(|kind| entry.kind == kind)
    });
    let all: Vec<Value> = meant
        .take(LIST_MAX)
        .map(|(patient, entry)| {
            let (kind, id, system) = entry.key();
            let authored = entry.values.text_at("authored");
            json!({"patient": patient, "kind": kind, "id": id, "system": system, "authored": authored})
        })
        .collect();
    Told::Json(json!({"entries": all}))
}

/// `{"patient": "…", "entry": {…}}`: the entry as a record file has it.
async fn add(records: Arc<RecordSource>, body: &Bytes) -> Told {
    let (patient, entry) = match read(body) {
        Ok(read) => read,
        Err(told) => return told,
    };
    let kind = entry.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(fields) = kinds().kind.get(&kind) else {
        let known = kinds().kind.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Told::unusable("/entry/kind", format!("kind is {kind:?}, expected one of {known}"));
    };
    let mut text = format!("[patient]\nid = {}\n\n[[entry]]\n", json!(patient));
    for (name, value) in &entry {
        let field = fields.get(name).map(|rule| &rule.field);
        text.push_str(&format!("{} = {}\n", json!(name), toml(value, field)));
    }
    let problems = records.change(None, |books| {
        let problems = books.add_text(&text);
        let changed = if problems.is_empty() { vec![patient.clone()] } else { Vec::new() };
        (problems, changed)
    });
    if let Some(problem) = problems.first() {
        return Told::unusable("/entry", problem.message.clone());
    }
    records.settle().await;
    Told::Status(StatusCode::CREATED, json!({"kind": kind, "id": entry.get("id"), "system": entry.get("system")}))
}

/// `{"patient": "…", "kind": "…", "id": "…", "system": "…"}`.
async fn take(records: Arc<RecordSource>, body: &Bytes) -> Told {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return Told::unusable("", format!("not JSON: {error}")),
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let [patient, kind, id, system] = ["patient", "kind", "id", "system"].map(text);
    let changed = records.change(None, |books| {
        let changed =
            books.take(|of, entry| of == patient && entry.key() == (kind.as_str(), id.as_str(), system.as_str()));
        (changed.clone(), changed)
    });
    if changed.is_empty() {
        return Told::not_found(format!("there is no {kind} {id:?} of that person in {system:?}"));
    }
    records.settle().await;
    Told::Json(json!({}))
}

fn read(body: &Bytes) -> Result<(String, Map<String, Value>), Told> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Told::unusable("", format!("not JSON: {error}")))?;
    let patient = value.get("patient").and_then(Value::as_str);
    let patient = patient.ok_or_else(|| Told::unusable("/patient", "expected an identity number"))?;
    let entry = value.get("entry").and_then(Value::as_object);
    let entry = entry.ok_or_else(|| Told::unusable("/entry", "expected an object"))?;
    Ok((patient.to_owned(), entry.clone()))
}

/// A value as a record file has it; moments are no texts there.
fn toml(value: &Value, field: Option<&Field>) -> String {
    let inside = |fields: &Fields, members: &Map<String, Value>| {
        let parts = members.iter().map(|(name, value)| {
            format!("{} = {}", json!(name), toml(value, fields.get(name).map(|rule| &rule.field)))
        });
        format!("{{ {} }}", parts.collect::<Vec<_>>().join(", "))
    };
    let none = Fields::new();
    match (value, field) {
        (Value::String(text), Some(Field::Time | Field::Date)) if is_moment(text) => text.clone(),
        (Value::Object(members), Some(Field::Table(fields) | Field::Tables(fields))) => inside(fields, members),
        (Value::Object(members), _) => inside(&none, members),
        (Value::Array(items), field) => {
            let items: Vec<_> = items.iter().map(|item| toml(item, field)).collect();
            format!("[{}]", items.join(", "))
        }
        // Text, number and truth are written alike in both.
        (other, _) => other.to_string(),
    }
}

fn is_moment(text: &str) -> bool {
    text.parse::<jiff::civil::DateTime>().is_ok() || text.parse::<jiff::civil::Date>().is_ok()
}
