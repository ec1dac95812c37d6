//! Cases that wait, for somebody's call or for somebody's word.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, body};
use super::runs::{LISTED_MAX, Reply, accepted, kept, not_started};
use crate::qa::consumer::waits::SECONDS_MAX;
use crate::qa::desk::Desk;
use crate::qa::desk::register::Attested;
use crate::qa::result::{CaseResult, Totals};
use crate::qa::verdict::Verdict;

/// Before the number of a case that waits for a call; the others are named by their run.
const CALL: &str = "call";

/// What somebody says of a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    pub(super) verdict: Option<Verdict>,
    #[serde(default)]
    pub(super) by: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) comment: String,
}

/// Cases that wait for a call now, and those that wait for a person, in all runs.
pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Reply {
    let calls: Vec<(u64, Value)> = desk.waits.shown().into_iter().chain(desk.waits.expired()).collect();
    let entrances = match &desk.hub {
        // Whoever asks what is waited for is told so even where the hub does not say where it is.
        Some(hub) if !calls.is_empty() => hub.entrances().await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let told = |(number, mut shown): (u64, Value)| {
        (shown["id"], shown["for"]) = (json!(format!("{CALL}.{number}")), json!(CALL));
        shown["call"]["to"] = json!(entrances);
        let (text, call) = (|name: &str| shown["call"][name].as_str().unwrap_or("any").to_owned(), CALL);
        shown["reason"] = json!(format!("a {call} of {} from {}", text("contract"), text("sender")));
        shown
    };
    let mut waiting: Vec<Value> = calls.into_iter().map(told).collect();
    for id in desk.archive.ids()?.into_iter().take(LISTED_MAX) {
        let Ok(kept) = desk.archive.find(&id) else { continue };
        let cases = kept.document.cases.iter().enumerate();
        for (number, case) in cases.filter(|(_, case)| case.verdict == Verdict::Waiting) {
            waiting.push(json!({"id": format!("{id}.{number}"), "for": "attestation", "run": id, "case": case.name,
                "suite": case.suite, "reason": case.reason}));
        }
    }
    Ok(Json(Value::Array(waiting)))
}

fn call(id: &str) -> Option<u64> {
    id.strip_prefix(CALL)?.strip_prefix('.')?.parse().ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct More {
    seconds: Option<u64>,
}

/// More time for a case that waits for a call.
pub(super) async fn extend(State(desk): State<Arc<Desk>>, Path(id): Path<String>, bytes: Bytes) -> Reply {
    let more: More = body(&bytes)?;
    let seconds = more.seconds.filter(|seconds| (1..=SECONDS_MAX).contains(seconds));
    let seconds = seconds.ok_or_else(|| Problem::wrong(format!("seconds is missing: 1 to {SECONDS_MAX}")))?;
    let number = call(&id).ok_or_else(|| match waiting_case(&desk, &id) {
        Ok(_) => Problem::new(StatusCode::CONFLICT, format!("{id} waits for a person, and for as long as that takes")),
        Err(problem) => problem,
    })?;
    let left = desk.waits.extend(number, seconds).ok_or_else(|| match desk.waits.is_expired(number) {
        true => Problem::new(StatusCode::CONFLICT, format!("{id} has EXPIRED: it can be armed again (rearm)")),
        false => Problem::unknown("waiting case", &id),
    })?;
    Ok(Json(json!({"id": id, "remaining_seconds": left})))
}

/// Arms a case again that nobody called in time: a run of its own, of that case alone, as the other was ordered.
pub(super) async fn arm_again(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let number = call(&id).ok_or_else(|| Problem::unknown("waiting case", &id))?;
    if desk.waits.shown().iter().any(|(waiting, _)| *waiting == number) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            format!("{id} waits still: it can be given more time (extend)"),
        ));
    }
    let started = desk.arm_again(number).ok_or_else(|| Problem::unknown("expired case", &id))?;
    accepted(&started.map_err(not_started)?)
}

/// Gives a case up: it is not run, whatever else its run comes to.
pub(super) async fn cancel(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    match call(&id) {
        Some(number) if desk.waits.give_up(number) => Ok(Json(json!({"id": id, "cancelled": true}))),
        Some(_) => Err(Problem::unknown("waiting case", &id)),
        None => decided(&desk, &id, Verdict::NotRun, "cancelled".to_owned()),
    }
}

/// What somebody saw of a case that only a person can judge.
pub(super) async fn attest(State(desk): State<Arc<Desk>>, Path(id): Path<String>, bytes: Bytes) -> Reply {
    let said: Said = body(&bytes)?;
    let verdict = said.verdict.filter(|verdict| matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Skip));
    let verdict = verdict.ok_or_else(|| Problem::wrong("verdict is missing: pass, fail or skip"))?;
    if said.by.trim().is_empty() {
        return Err(Problem::wrong("by is missing: somebody has seen it"));
    }
    let case = decided(&desk, &id, verdict, format!("{}: {}", said.by, said.comment))?;
    desk.change(|register| {
        register.attested.insert(id.clone(), Attested { verdict, by: said.by, comment: said.comment });
        Ok::<_, Problem>(())
    })?;
    Ok(case)
}

/// A case of a finished run that waits, with its place.
fn waiting_case(desk: &Desk, id: &str) -> Result<(String, usize, CaseResult), Problem> {
    let unknown = || Problem::unknown("waiting case", id);
    let (run, number) = id.rsplit_once('.').ok_or_else(unknown)?;
    let number: usize = number.parse().map_err(|_| unknown())?;
    let case = kept(desk, run)?.document.cases.into_iter().nth(number);
    let case = case.filter(|case| case.verdict == Verdict::Waiting).ok_or_else(unknown)?;
    Ok((run.to_owned(), number, case))
}

fn decided(desk: &Desk, id: &str, verdict: Verdict, reason: String) -> Reply {
    let (run, number, mut case) = waiting_case(desk, id)?;
    for step in case.steps.iter_mut().filter(|step| step.verdict == Verdict::Waiting) {
        step.verdict = verdict;
        step.reason.clone_from(&reason);
    }
    (case.verdict, case.reason) = (verdict, reason);
    let mut document = kept(desk, &run)?.document;
    document.cases[number] = case.clone();
    document.totals = Totals::of(&document.cases);
    document.verdict = Verdict::of(document.cases.iter().map(|case| case.verdict));
    desk.archive.amend(&document)?;
    Ok(Json(serde_json::to_value(case).unwrap_or_default()))
}
