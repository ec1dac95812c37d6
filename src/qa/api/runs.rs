//! Runs: started, watched, ended, reported, and decided on by a reviewer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::problem::{Problem, body};
use super::waiting::Said;
use crate::qa::archive::Kept;
use crate::qa::desk::Desk;
use crate::qa::desk::runs::{Going, NotStarted, Order};
use crate::qa::report::bundle::{BundleError, Contents, Identities, make};
use crate::qa::report::compare::compare as compared;
use crate::qa::report::declaration;
use crate::qa::report::identities::{Known, redact};
use crate::qa::report::page::Language;
use crate::qa::report::{RUN_SCHEMA, junit, page};
use crate::qa::result::{Override, RunDocument, Totals};

/// Runs that a list shows.
pub(super) const LISTED_MAX: usize = 200;

pub(super) type Reply = Result<Json<Value>, Problem>;

/// The JSON Schema of a run's document.
pub(super) async fn schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/schema+json")], RUN_SCHEMA)
}

fn going(desk: &Desk, id: &str) -> Option<Arc<Going>> {
    desk.state().runs.get(id).cloned()
}

pub(super) fn kept(desk: &Desk, id: &str) -> Result<Kept, Problem> {
    desk.archive.find(id).map_err(|_| match going(desk, id) {
        Some(run) => Problem::new(StatusCode::CONFLICT, format!("run {id} is {}", run.state())),
        None => Problem::unknown("run", id),
    })
}

fn with_state(document: &RunDocument, state: &str, known: &Known) -> Value {
    // Identities that are not known test identities leave in no answer.
    let text = serde_json::to_vec(document).unwrap_or_default();
    let mut value: Value = serde_json::from_slice(&redact(&text, known)).unwrap_or_default();
    value["state"] = json!(state);
    value
}

pub(super) async fn start(State(desk): State<Arc<Desk>>, bytes: Bytes) -> Result<Response, Problem> {
    let order: Order = body(&bytes)?;
    if let Some(session) = &order.session
        && !desk.state().register.sessions.contains_key(session)
    {
        return Err(Problem::unknown("session", session));
    }
    accepted(&desk.start(order).map_err(not_started)?)
}

pub(super) fn not_started(why: NotStarted) -> Problem {
    match why {
        NotStarted::Unknown(suite) => Problem::unknown("suite", &suite),
        NotStarted::Nothing(why) => Problem::wrong(why),
        NotStarted::Full => Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many runs wait already"),
    }
}

/// A run is on its way.
pub(super) fn accepted(id: &str) -> Result<Response, Problem> {
    let location = format!("/api/v1/qa/runs/{id}");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(json!({"id": id, "state": "queued"})))
        .into_response())
}

pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Reply {
    let mut listed: Vec<Value> = {
        let state = desk.state();
        let going = state.runs.iter().filter(|(_, run)| run.state() != "finished");
        going.map(|(id, run)| json!({"id": id, "state": run.state(), "cases": run.so_far().len()})).collect()
    };
    for id in desk.archive.ids()?.into_iter().take(LISTED_MAX) {
        let Ok(kept) = desk.archive.find(&id) else { continue };
        let run = kept.document;
        let names: Vec<_> = run.suite.iter().map(|suite| suite.name.clone()).collect();
        listed.push(json!({"id": run.id, "state": "finished", "verdict": run.verdict, "totals": run.totals,
            "suites": names, "started": run.started, "preparatory": run.preparatory}));
    }
    Ok(Json(Value::Array(listed)))
}

pub(super) async fn one(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    if let Ok(kept) = desk.archive.find(&id) {
        return Ok(Json(with_state(&kept.document, "finished", &desk.known_of(&kept.document))));
    }
    let run = going(&desk, &id).ok_or_else(|| Problem::unknown("run", &id))?;
    let cases = run.so_far();
    Ok(Json(json!({"id": id, "state": run.state(), "totals": Totals::of(&cases), "cases": cases})))
}

/// What has ended so far, one case a line; asked with `wait=true`, the answer comes when the run has ended.
pub(super) async fn events(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let run = going(&desk, &id);
    if let Some(run) = run.as_ref().filter(|_| query.get("wait").is_some_and(|wait| wait == "true")) {
        loop {
            let news = run.news.notified();
            if run.state() == "finished" {
                break;
            }
            news.await;
        }
    }
    let (cases, known) = match desk.archive.find(&id) {
        Ok(kept) => (kept.document.cases.clone(), desk.known_of(&kept.document)),
        Err(_) => (run.ok_or_else(|| Problem::unknown("run", &id))?.so_far(), desk.known()),
    };
    let lines: String =
        cases.iter().filter_map(|case| serde_json::to_string(case).ok()).map(|line| line + "\n").collect();
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], redact(lines.as_bytes(), &known)).into_response())
}

pub(super) async fn cancel(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    match going(&desk, &id) {
        Some(run) if run.state() != "finished" => {
            run.cancel();
            Ok(Json(json!({"id": id, "state": run.state(), "cancelled": true})))
        }
        _ => {
            let run = kept(&desk, &id)?;
            Ok(Json(json!({"id": run.document.id, "state": "finished", "cancelled": false})))
        }
    }
}

fn language(query: &BTreeMap<String, String>) -> Language {
    if query.get("lang").is_some_and(|lang| lang == "en") { Language::English } else { Language::Swedish }
}

pub(super) async fn report(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let kept = kept(&desk, &id)?;
    let run = &kept.document;
    let (kind, text) = match query.get("format").map_or("json", String::as_str) {
        "json" => ("application/json", serde_json::to_string_pretty(run).unwrap_or_default()),
        "junit" => ("application/xml", junit::write(run, false)),
        "html" => {
            let deviations = desk.state().register.deviations_of(run);
            let material = page::Material { run, messages: &kept.messages, deviations: &deviations };
            ("text/html; charset=utf-8", page::write(&material, language(&query)))
        }
        "md" => ("text/markdown; charset=utf-8", declaration::markdown(&declaration::of(&[run]), language(&query))),
        "declaration" => {
            ("application/json", serde_json::to_string_pretty(&declaration::of(&[run])).unwrap_or_default())
        }
        "bundle" => return bundle(State(desk), Path(id), Query(query)).await,
        other => {
            return Err(Problem::wrong(format!(
                "format is {other:?}, expected json, junit, html, md, declaration or bundle"
            )));
        }
    };
    // Whatever leaves holds nobody's identity that is not known to be a test identity.
    let bytes = redact(text.as_bytes(), &desk.known_of(&kept.document));
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

pub(super) async fn bundle(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let kept = kept(&desk, &id)?;
    let redacts = query.get("redact").is_some_and(|redact| redact == "true");
    let identities = match query.get("accept") {
        Some(reason) => Identities::Accept(reason.clone()),
        None if redacts => Identities::Redact,
        None => Identities::Refuse,
    };
    let deviations = desk.state().register.deviations_of(&kept.document);
    let contents = Contents { run: &kept.document, messages: &kept.messages, suite: kept.suite, deviations };
    let signer = desk.signer().map_err(|why| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why))?;
    match make(&contents, &identities, &desk.known_of(&kept.document), signer.as_ref()) {
        Ok(bundle) => Ok(([(header::CONTENT_TYPE, "application/zip")], bundle.bytes).into_response()),
        Err(BundleError::Identities(found)) => {
            let problem =
                Problem::new(StatusCode::CONFLICT, "the run holds identities that are not known test identities");
            Err(problem.with("found", json!(found)))
        }
        Err(error) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}

pub(super) async fn message(
    State(desk): State<Arc<Desk>>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let kept = kept(&desk, &id)?;
    let named = format!("messages/{name}");
    let found = kept.messages.get(&named).or_else(|| kept.messages.get(&format!("{named}.xml")));
    let bytes = found.ok_or_else(|| Problem::unknown("message", &name))?;
    Ok(([(header::CONTENT_TYPE, "text/xml")], redact(bytes, &desk.known_of(&kept.document))).into_response())
}

/// Cases whose verdict differs between two runs.
pub(super) async fn compare(State(desk): State<Arc<Desk>>, Path((id, other)): Path<(String, String)>) -> Reply {
    let (before, after) = (kept(&desk, &id)?.document, kept(&desk, &other)?.document);
    Ok(Json(json!(compared(&before, &after))))
}

/// A reviewer's word on one case. What was found stays beside it.
pub(super) async fn overrule(
    State(desk): State<Arc<Desk>>,
    Path((id, number)): Path<(String, usize)>,
    bytes: Bytes,
) -> Reply {
    let said: Said = body(&bytes)?;
    let verdict = said.verdict.ok_or_else(|| Problem::wrong("verdict is missing"))?;
    for (name, text) in [("by", &said.by), ("reason", &said.reason)] {
        if text.trim().is_empty() {
            return Err(Problem::wrong(format!(
                "{name} is missing: a decision has somebody who made it, and a reason"
            )));
        }
    }
    let mut run = kept(&desk, &id)?.document;
    let count = run.cases.len();
    let case =
        run.cases.get_mut(number).ok_or_else(|| Problem::wrong(format!("case {number} of {count}, counted from 0")))?;
    case.overridden = Some(Override { verdict, by: said.by, reason: said.reason });
    let case = case.clone();
    desk.archive.amend(&run)?;
    Ok(Json(serde_json::to_value(case).unwrap_or_default()))
}
