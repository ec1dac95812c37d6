//! The register of deviations over HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::problem::{Problem, body, patched};
use super::runs::kept;
use crate::qa::desk::Desk;
use crate::qa::desk::deviation::{Change, Deviation, Status};
use crate::qa::desk::register::ENTRIES_MAX;
use crate::qa::verdict::Verdict;

pub(super) async fn list(State(desk): State<Arc<Desk>>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let state = desk.state();
    let wanted = query.get("session");
    let all = state.register.deviations.iter().filter(|one| wanted.is_none() || one.session.as_ref() == wanted);
    Json(all.map(|one| json!(one)).collect())
}

pub(super) async fn one(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let state = desk.state();
    let found = state.register.deviations.iter().find(|one| one.id == id);
    found.map(|one| Json(json!(one))).ok_or_else(|| Problem::unknown("deviation", &id))
}

/// Raises one; the same rule at the same element of the same session opens the old one again.
pub(super) async fn raise(State(desk): State<Arc<Desk>>, bytes: Bytes) -> Result<(StatusCode, Json<Value>), Problem> {
    let mut told: Value = body(&bytes)?;
    if let Some(case) = told.as_object_mut().and_then(|told| told.remove("case")) {
        fill_in(&desk, &mut told, &case)?;
    }
    let mut new: Deviation = patched(told, b"{}")?;
    if new.title.trim().is_empty() {
        return Err(Problem::wrong("title is missing"));
    }
    let now = desk.clock.now();
    desk.change(|register| {
        if let Some(session) = new.session.as_ref().filter(|id| !register.sessions.contains_key(*id)) {
            return Err(Problem::unknown("session", session));
        }
        if let Some(known) = register.deviations.iter_mut().find(|known| known.is_same(&new)) {
            known.status = Status::Open;
            known.history.push(Change { at: now, what: "seen again, opened again".to_owned() });
            return Ok((StatusCode::OK, Json(json!(known))));
        }
        if register.deviations.len() >= ENTRIES_MAX {
            return Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, format!("{ENTRIES_MAX} deviations are kept")));
        }
        new.id = format!("AVV-{}", register.deviations.len() + 1);
        new.history.push(Change { at: now, what: "raised".to_owned() });
        let raised = json!(new);
        register.deviations.push(new);
        Ok((StatusCode::CREATED, Json(raised)))
    })
}

/// What failed in a case of a run, where whoever raises the deviation says no more than that.
fn fill_in(desk: &Desk, told: &mut Value, case: &Value) -> Result<(), Problem> {
    let run = told["firstRun"].as_str().ok_or_else(|| Problem::wrong("case is of a run: firstRun is missing"))?;
    let kept = kept(desk, run)?;
    let cases = &kept.document.cases;
    let place = case.as_u64().and_then(|number| usize::try_from(number).ok());
    let found = place.and_then(|place| cases.get(place)).or_else(|| cases.iter().find(|one| *case == json!(one.name)));
    let found = found.ok_or_else(|| Problem::unknown("case", &case.to_string()))?;
    let mut assertions = found.steps.iter().flat_map(|step| &step.assertions);
    let failed = assertions.find(|assertion| assertion.verdict == Verdict::Fail);
    let said = failed.and_then(|failed| failed.messages.first()).filter(|text| !text.is_empty());
    let contract = kept.document.suite.iter().find(|suite| suite.contract.is_some());
    let fill = [
        ("title", Some(said.unwrap_or(&found.reason).clone())),
        ("rule", Some(failed.and_then(|failed| failed.rule.clone()).unwrap_or_else(|| found.name.clone()))),
        ("element", failed.and_then(|failed| failed.xpath.clone())),
        ("contract", contract.and_then(|suite| suite.contract.clone())),
        ("session", kept.document.session.clone()),
    ];
    for (name, value) in fill {
        if let Some(value) = value.filter(|_| told[name].is_null()) {
            told[name] = json!(value);
        }
    }
    Ok(())
}

pub(super) async fn edit(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Value>, Problem> {
    let now = desk.clock.now();
    desk.change(|register| {
        let known = register.deviations.iter_mut().find(|known| known.id == id);
        let known = known.ok_or_else(|| Problem::unknown("deviation", &id))?;
        let mut changed: Deviation = patched(json!(known), &bytes)?;
        changed.id.clone_from(&known.id);
        changed.history.clone_from(&known.history);
        let differences: Vec<String> = differences(&json!(known), &json!(changed));
        changed.history.push(Change { at: now, what: differences.join(", ") });
        *known = changed;
        Ok(Json(json!(known)))
    })
}

fn differences(before: &Value, after: &Value) -> Vec<String> {
    let names = after.as_object().into_iter().flatten();
    let changed = names.filter(|(name, value)| before.get(name.as_str()) != Some(*value));
    changed.map(|(name, value)| format!("{name} = {value}")).collect()
}
