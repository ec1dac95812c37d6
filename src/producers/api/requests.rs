//! `/__admin/requests` and `/__admin/near-misses`: what was asked, and what nearly answered.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::mappings::{metadata_matcher, view};
use super::{Asking, Told};
use crate::producers::asked::Asked;
use crate::producers::journal::Row;
use crate::producers::matcher::Condition;
use crate::producers::miss::nearest;
use crate::producers::spec::json::{Notes, Value as Written};
use crate::producers::spec::mapping::Stub;
use crate::producers::spec::request::conditions;

pub(super) fn answer(asking: &Asking<'_>, rest: &[&str]) -> Told {
    let (get, post, delete) =
        (asking.method == Method::GET, asking.method == Method::POST, asking.method == Method::DELETE);
    let journal = &asking.space.journal;
    match rest {
        [] if get => list(asking),
        [] if delete => {
            journal.remove(|row| asking.concerns(&row.system));
            Told::Json(Value::Null)
        }
        ["reset"] if post => {
            journal.remove(|row| asking.concerns(&row.system));
            Told::Json(Value::Null)
        }
        ["count"] if post => match fitting(asking) {
            Ok(rows) => Told::Json(json!({"count": rows.len(), "requestJournalDisabled": !journal.keeps_rows()})),
            Err(told) => told,
        },
        ["find"] if post => match fitting(asking) {
            Ok(rows) => Told::Json(found(asking, &rows)),
            Err(told) => told,
        },
        ["remove"] if post => match fitting(asking) {
            Ok(rows) => {
                let ids: std::collections::HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
                journal.remove(|row| ids.contains(row.id.as_str()));
                Told::Json(found(asking, &rows))
            }
            Err(told) => told,
        },
        ["remove-by-metadata"] if post => match metadata_matcher(asking) {
            Ok(fits) => {
                let is_of = |stub: &Arc<Stub>| fits(stub.metadata());
                let rows = journal.remove(|row| row.answered.stub.as_ref().is_some_and(is_of));
                Told::Json(found(asking, &rows))
            }
            Err(told) => told,
        },
        ["unmatched"] if get => {
            let rows: Vec<_> = rows(asking).into_iter().filter(|row| !row.was_matched).collect();
            Told::Json(found(asking, &rows))
        }
        ["unmatched", "near-misses"] if get => {
            let unmatched: Vec<_> = rows(asking).into_iter().filter(|row| !row.was_matched).collect();
            let misses: Vec<Value> = unmatched.iter().flat_map(|row| near(asking, row)).collect();
            Told::Json(json!({"nearMisses": misses}))
        }
        [id] if get => match journal.rows().iter().find(|row| row.id == *id) {
            Some(row) => Told::Json(row.view()),
            None => Told::not_found(format!("there is no request {id:?} in the journal")),
        },
        [id] if delete => {
            journal.remove(|row| row.id == *id);
            Told::Json(Value::Null)
        }
        _ => Told::not_found(format!("there is nothing at /__admin/requests/{} for {}", rest.join("/"), asking.method)),
    }
}

/// The rows of the systems that are meant, newest first.
fn rows(asking: &Asking<'_>) -> Vec<Arc<Row>> {
    let mut rows = asking.space.journal.rows();
    rows.retain(|row| asking.concerns(&row.system));
    rows.reverse();
    rows
}

fn list(asking: &Asking<'_>) -> Told {
    let mut rows = rows(asking);
    if asking.parameter("unmatched") == Some("true") {
        rows.retain(|row| !row.was_matched);
    }
    if let Some(id) = asking.parameter("matchingStub") {
        rows.retain(|row| row.answered.stub_id() == Some(id));
    }
    if let Some(since) = asking.parameter("since") {
        match since.parse::<Timestamp>() {
            Ok(since) => rows.retain(|row| row.at >= since),
            Err(_) => return Told::unusable("/since", format!("since is {since:?}, expected a time as of ISO 8601")),
        }
    }
    let total = rows.len();
    let limit = asking.parameter("limit").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let shown: Vec<Value> = rows.iter().take(limit).map(|row| row.view()).collect();
    let counts = asking.space.journal.counts();
    Told::Json(json!({
        "requests": shown,
        "meta": {"total": total},
        "counts": counts,
        "requestJournalDisabled": !asking.space.journal.keeps_rows(),
    }))
}

fn found(asking: &Asking<'_>, rows: &[Arc<Row>]) -> Value {
    let requests: Vec<Value> = rows.iter().map(|row| row.request_view()).collect();
    json!({"requests": requests, "requestJournalDisabled": !asking.space.journal.keeps_rows()})
}

/// The rows that fit the pattern in the body, oldest first.
fn fitting(asking: &Asking<'_>) -> Result<Vec<Arc<Row>>, Told> {
    let value = asking.json()?;
    let conditions = pattern(&value).map_err(|why| Told::unusable("", why))?;
    let mut rows = asking.space.journal.rows();
    rows.retain(|row| asking.concerns(&row.system) && fits(&conditions, row));
    Ok(rows)
}

/// Whether a row fits all conditions of a pattern.
pub(super) fn fits(conditions: &[Condition], row: &Row) -> bool {
    let asked = Asked::read(&row.system, &row.request, row.at);
    conditions.iter().all(|condition| condition.holds(&asked))
}

/// A request pattern as mappings have it.
pub(super) fn pattern(value: &Value) -> Result<Vec<Condition>, String> {
    let text = value.to_string();
    let document = Written::document(&text).map_err(|error| error.to_string())?;
    let mut notes = Notes::about(Path::new(""), "pattern");
    let mut found = conditions(document, &mut notes);
    match notes.inactive {
        Some(why) => Err(why),
        None => {
            found.sort_by_key(Condition::cost);
            Ok(found)
        }
    }
}

/// The stubs that came nearest to a row.
pub(super) fn near(asking: &Asking<'_>, row: &Row) -> Vec<Value> {
    let asked = Asked::read(&row.system, &row.request, row.at);
    let stubs = stubs_of(asking, &row.system);
    let request = row.request_view();
    nearest(&stubs, &asked)
        .iter()
        .map(|near| {
            json!({
                "request": request,
                "stubMapping": view(near.stub),
                "matchResult": {"distance": rounded(near.distance), "differences": near.lines(&asked)},
            })
        })
        .collect()
}

fn stubs_of(asking: &Asking<'_>, system: &str) -> Vec<Arc<Stub>> {
    let mut stubs: Vec<_> = asking.space.system(system).stubs().iter().cloned().collect();
    if !asking.space.key().is_empty() {
        let shared = asking.producers.shared().spaces.load().shared();
        stubs.extend(shared.system(system).stubs().iter().cloned());
    }
    stubs
}

fn rounded(distance: f64) -> f64 {
    (distance * 10_000.0).round() / 10_000.0
}

/// `/__admin/near-misses/request` and `…/request-pattern`.
pub(super) fn near_misses(asking: &Asking<'_>, what: &str) -> Told {
    let value = match asking.json() {
        Ok(value) => value,
        Err(told) => return told,
    };
    match what {
        "request" => {
            // A request that was listed says by its path which system it was for.
            let of_url = value.get("url").and_then(Value::as_str).and_then(|url| url.split(['/', '?']).nth(1));
            let named = of_url.filter(|_| asking.system.is_none()).and_then(|name| asking.producers.system(name));
            let system = match named.map_or_else(|| asking.one_system(), Ok) {
                Ok(system) => system,
                Err(told) => return told,
            };
            let request = match request_of(&value) {
                Ok(request) => request,
                Err(why) => return Told::unusable("", why),
            };
            let now = asking.producers.shared().wiring.load().clock.now();
            let asked = Asked::read(system.name(), &request, now);
            let stubs = stubs_of(asking, system.name());
            let misses: Vec<Value> = nearest(&stubs, &asked)
                .iter()
                .map(|near| {
                    json!({
                        "request": value,
                        "stubMapping": view(near.stub),
                        "matchResult": {"distance": rounded(near.distance), "differences": near.lines(&asked)},
                    })
                })
                .collect();
            Told::Json(json!({"nearMisses": misses}))
        }
        "request-pattern" => match near_rows(asking, &value, 3) {
            Ok(misses) => Told::Json(json!({"nearMisses": misses})),
            Err(why) => Told::unusable("", why),
        },
        _ => Told::not_found(format!("there is nothing at /__admin/near-misses/{what}")),
    }
}

/// The rows that came nearest to a pattern.
fn near_rows(asking: &Asking<'_>, pattern_value: &Value, most: usize) -> Result<Vec<Value>, String> {
    let conditions = pattern(pattern_value)?;
    let mut all: Vec<(f64, Vec<String>, Arc<Row>)> = rows(asking)
        .into_iter()
        .map(|row| {
            let (distance, lines) = distance(&conditions, &row);
            (distance, lines, row)
        })
        .collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let near = all.into_iter().take(most).map(|(distance, lines, row)| {
        json!({
            "request": row.request_view(),
            "requestPattern": pattern_value,
            "matchResult": {"distance": rounded(distance), "differences": lines},
        })
    });
    Ok(near.collect())
}

/// How far a row is from a pattern, and why.
pub(super) fn distance(conditions: &[Condition], row: &Row) -> (f64, Vec<String>) {
    let asked = Asked::read(&row.system, &row.request, row.at);
    let weight: f64 = conditions.iter().map(Condition::weight).sum();
    let mut lines = Vec::new();
    let mut failed = 0.0;
    for condition in conditions {
        let distance = condition.distance(&asked);
        if distance > 0.0 {
            failed += condition.weight() * distance;
            lines.extend(condition.explained(&asked));
        }
    }
    (failed / weight.max(1.0), lines)
}

/// A logged request as WireMock writes it, made a request again.
fn request_of(value: &Value) -> Result<Request<Bytes>, String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let mut request = Request::new(Bytes::from(text("body").unwrap_or_default().to_owned()));
    let url = text("url").or_else(|| text("absoluteUrl")).unwrap_or("/");
    *request.uri_mut() = url.parse::<Uri>().map_err(|_| format!("url is {url:?}, which is none"))?;
    let method = text("method").unwrap_or("GET");
    *request.method_mut() = method.parse().map_err(|_| format!("method is {method:?}, which is none"))?;
    for (name, value) in value.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| format!("{name:?} is not a header name"))?;
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for value in values.iter().filter_map(Value::as_str) {
            let value = HeaderValue::from_str(value).map_err(|_| format!("{value:?} is no value of a header"))?;
            request.headers_mut().append(name.clone(), value);
        }
    }
    Ok(request)
}
