//! Sessions over HTTP: who tests what, how far it has come, and what shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::judged;
use super::problem::{Problem, body, patched};
use crate::domain::clock::stockholm;
use crate::qa::desk::Desk;
use crate::qa::desk::deviation::Deviation;
use crate::qa::desk::register::{ENTRIES_MAX, Register};
use crate::qa::desk::session::{Comment, Move, Planned, Refused, Session, State as ItemState, counting};
use crate::qa::generate;
use crate::qa::report::declaration;
use crate::qa::report::identities::find;
use crate::qa::report::page::{self, Language};
use crate::qa::result::RunDocument;
use crate::qa::themes;

type Reply = Result<Json<Value>, Problem>;

fn today(desk: &Desk) -> Date {
    desk.clock.now().to_zoned(stockholm()).date()
}

/// The session with what follows from the day.
fn document(session: &Session, today: Date) -> Value {
    let state = session.state_on(today);
    let mut value = json!(session);
    value["state"] = json!(state.word());
    value["allowed"] = state.allowed().iter().map(|state| json!(state.word())).collect();
    value["warning"] =
        json!(session.warning_on(today).map(|days| format!("{days} days or less until the reservation is due")));
    value
}

fn found<'r>(register: &'r Register, id: &str) -> Result<&'r Session, Problem> {
    register.sessions.get(id).ok_or_else(|| Problem::unknown("session", id))
}

pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Json<Value> {
    let today = today(&desk);
    Json(desk.state().register.sessions.values().map(|session| document(session, today)).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    id: Option<String>,
    party: String,
    system: Option<String>,
    contract: String,
    role: String,
    service: Option<String>,
    environment: Option<String>,
    suite: Option<String>,
}

pub(super) async fn add(State(desk): State<Arc<Desk>>, bytes: Bytes) -> Result<Response, Problem> {
    let new: New = body(&bytes)?;
    for (name, text) in [("party", &new.party), ("contract", &new.contract)] {
        if text.trim().is_empty() {
            return Err(Problem::wrong(format!("{name} is missing")));
        }
    }
    if !["producer", "consumer", "index"].contains(&new.role.as_str()) {
        return Err(Problem::wrong(format!("role is {:?}, expected producer, consumer or index", new.role)));
    }
    let is_id = |id: &str| {
        !id.is_empty()
            && id.len() <= 63
            && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
    };
    if let Some(id) = new.id.as_deref().filter(|id| !is_id(id)) {
        return Err(Problem::wrong(format!("id is {id:?}, expected [a-z0-9][a-z0-9._-]{{0,62}}")));
    }
    let id = new.id.unwrap_or_else(|| format!("qa-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]));
    let session = Session {
        id: id.clone(),
        party: new.party,
        system: new.system,
        contract: new.contract,
        role: new.role,
        service: new.service,
        environment: new.environment,
        plan: new.suite.as_deref().map(|suite| planned(&desk, suite)).transpose()?.unwrap_or_default(),
        suite: new.suite,
        ..Session::default()
    };
    let reply = document(&session, today(&desk));
    desk.change(|register| {
        if register.sessions.contains_key(&id) {
            return Err(Problem::new(StatusCode::CONFLICT, format!("there is a session {id} already")));
        }
        if register.sessions.len() >= ENTRIES_MAX {
            return Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, format!("{ENTRIES_MAX} sessions are kept")));
        }
        register.sessions.insert(id.clone(), session);
        Ok(())
    })?;
    let location = format!("/api/v1/qa/sessions/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(reply)).into_response())
}

/// The cases of a suite and those its contract gives.
fn planned(desk: &Desk, suite: &str) -> Result<Vec<Planned>, Problem> {
    let published = desk.suite(suite).ok_or_else(|| Problem::unknown("suite", suite))?;
    let mut plan = Vec::new();
    let mut add = |case: &str, themes: Vec<String>, reason: &str| {
        plan.push(Planned {
            case: case.to_owned(),
            themes,
            reason: reason.to_owned(),
            status: "planned".to_owned(),
            comment: String::new(),
        });
    };
    for project in &published.projects {
        for case in project.project.suites.iter().flat_map(|suite| &suite.cases) {
            add(&case.name, themes::of(&case.name, project, case), "the suite has it");
        }
        for case in generate::cases(project).unwrap_or_default() {
            add(&case.name, themes::of(&case.name, project, &case), "the contract has what it asks for");
        }
    }
    Ok(plan)
}

pub(super) async fn one(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    let today = today(&desk);
    let session = found(&desk.state().register, &id)?.clone();
    let mut shown = document(&session, today);
    shown["runs"] = json!(desk.runs_of(&session));
    Ok(Json(shown))
}

/// Rules and themes, the cases that are about them, and what came of each last.
pub(super) async fn coverage(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    let session = found(&desk.state().register, &id)?.clone();
    let runs = runs(&desk, &session);
    let counting = counting(&runs, session.environment.as_deref());
    let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for planned in &session.plan {
        for theme in &planned.themes {
            rows.entry(theme.clone()).or_default().insert(planned.case.clone());
        }
    }
    for case in runs.iter().filter(|run| !run.preparatory).flat_map(|run| &run.cases) {
        let judged = case.steps.iter().flat_map(|step| &step.assertions).filter_map(|assertion| assertion.rule.clone());
        let seen = case.observations.iter().map(|seen| seen.rule.clone());
        for about in judged.chain(seen).chain(case.themes.iter().cloned()) {
            rows.entry(about).or_default().insert(case.name.clone());
        }
    }
    let rows = rows.into_iter().map(|(about, cases)| {
        let cases = cases.iter().map(|case| match counting.get(case) {
            Some((verdict, run)) => json!({"case": case, "verdict": verdict, "run": run}),
            None => json!({"case": case, "verdict": null, "run": null}),
        });
        json!({"about": about, "cases": cases.collect::<Vec<_>>()})
    });
    Ok(Json(json!({"session": id, "rows": rows.collect::<Vec<_>>()})))
}

/// What may be patched: everything but what steps decide.
pub(super) async fn edit(State(desk): State<Arc<Desk>>, Path(id): Path<String>, bytes: Bytes) -> Reply {
    let today = today(&desk);
    desk.change(|register| {
        let known = found(register, &id)?.clone();
        let mut changed: Session = patched(json!(known), &bytes)?;
        (changed.id, changed.state) = (known.id, known.state);
        (changed.history, changed.comments, changed.runs) = (known.history, known.comments, known.runs);
        (changed.due, changed.decision, changed.fix_verified) = (known.due, known.decision, known.fix_verified);
        for case in &changed.plan {
            let needs_comment = case.status != "planned" && case.comment.trim().is_empty();
            if needs_comment || !["planned", "not-applicable", "removed"].contains(&case.status.as_str()) {
                let what = format!(
                    "case {} is {:?}: expected planned, or not-applicable or removed with a comment",
                    case.case, case.status
                );
                return Err(Problem::wrong(what));
            }
        }
        let reply = document(&changed, today);
        register.sessions.insert(id.clone(), changed);
        Ok(Json(reply))
    })
}

pub(super) async fn step(State(desk): State<Arc<Desk>>, Path(id): Path<String>, bytes: Bytes) -> Reply {
    let wanted: Move = body(&bytes)?;
    let (today, now) = (today(&desk), desk.clock.now());
    desk.change(|register| {
        let deviations = register.deviations.clone();
        let own: Vec<&Deviation> =
            deviations.iter().filter(|one| one.session.as_deref() == Some(id.as_str())).collect();
        let session = register.sessions.get_mut(&id).ok_or_else(|| Problem::unknown("session", &id))?;
        let state = session.state_on(today);
        session.step(&wanted, &own, now, today).map_err(|why| refused(&wanted, state, why))?;
        Ok(Json(document(session, today)))
    })
}

fn refused(wanted: &Move, state: ItemState, why: Refused) -> Problem {
    let words = |states: &[ItemState]| states.iter().map(|state| json!(state.word())).collect::<Value>();
    let (detail, allowed) = match why {
        Refused::Unknown(event) => return Problem::wrong(format!("event {event:?} is not known")),
        Refused::Missing(what) => return Problem::wrong(format!("{what} is missing")),
        Refused::Illegal(from) => {
            (format!("{} is not possible in {}", wanted.event, from.word()), words(from.allowed()))
        }
        Refused::Guarded(why, possible) => (why, words(&possible)),
    };
    Problem::new(StatusCode::CONFLICT, detail).with("state", json!(state.word())).with("allowed", allowed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewComment {
    by: String,
    text: String,
    #[serde(default)]
    visibility: Option<String>,
}

pub(super) async fn comment(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let new: NewComment = body(&bytes)?;
    let visibility = new.visibility.unwrap_or_else(|| "party".to_owned());
    if !["party", "inera"].contains(&visibility.as_str()) {
        return Err(Problem::wrong(format!("visibility is {visibility:?}, expected party or inera")));
    }
    let comment = Comment { by: new.by, at: desk.clock.now(), text: new.text, visibility };
    desk.change(|register| {
        let session = register.sessions.get_mut(&id).ok_or_else(|| Problem::unknown("session", &id))?;
        session.comments.push(comment.clone());
        Ok::<_, Problem>(())
    })?;
    Ok((StatusCode::CREATED, Json(json!(comment))))
}

/// The runs of a session, the oldest first.
fn runs(desk: &Desk, session: &Session) -> Vec<RunDocument> {
    desk.runs_of(session).iter().filter_map(|id| desk.archive.find(id).ok()).map(|kept| kept.document).collect()
}

/// The plan with the result that counts for each case.
pub(super) async fn plan(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    let session = found(&desk.state().register, &id)?.clone();
    let runs = runs(&desk, &session);
    let counting = counting(&runs, session.environment.as_deref());
    let rows = session.plan.iter().map(|planned| {
        let mut row = json!(planned);
        if let Some((verdict, run)) = counting.get(&planned.case) {
            (row["verdict"], row["run"]) = (json!(verdict), json!(run));
        }
        row
    });
    Ok(Json(json!({"session": id, "cases": rows.collect::<Vec<_>>()})))
}

/// What shows that gates of a connection are met.
pub(super) async fn evidence(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    let (session, open) = {
        let state = desk.state();
        let deviations = &state.register.deviations;
        let open = deviations
            .iter()
            .filter(|one| one.session.as_ref() == Some(&id) && one.is_open())
            .cloned()
            .collect::<Vec<_>>();
        (found(&state.register, &id)?.clone(), open)
    };
    let runs = runs(&desk, &session);
    let counted: Vec<&RunDocument> = runs.iter().filter(|run| !run.preparatory).collect();
    let counting = counting(&runs, session.environment.as_deref());
    let missing: Vec<&str> = session
        .plan
        .iter()
        .filter(|planned| planned.status == "planned")
        .filter(|planned| {
            counting.get(&planned.case).is_none_or(|(verdict, _)| matches!(*verdict, "not-run" | "waiting"))
        })
        .map(|planned| planned.case.as_str())
        .collect();
    let in_place = counted.iter().all(|run| run.target.environment == session.environment);
    let is_foreign = |run: &RunDocument| {
        !find("run", &serde_json::to_vec(&run.cases).unwrap_or_default(), &desk.known_of(run)).is_empty()
    };
    let foreign = counted.iter().any(|run| is_foreign(run));
    let state = session.state_on(today(&desk));
    let approved = matches!(state, ItemState::Godkand | ItemState::GodkandAvvikelser | ItemState::GodkandForbehall);
    let declared = !matches!(state, ItemState::Planned | ItemState::EnvReady | ItemState::Testing);
    let stopping = open.iter().any(|one| one.class == Some(crate::qa::desk::deviation::Class::Stoppande));
    let has_index = counting.keys().any(|case| case.starts_with("EI"));
    let newest = judged::newest(&counted, session.environment.as_deref());
    let is_attested = |theme: &str| judged::is_attested(&newest, theme);
    let rules = judged::broken_rules(&newest);
    let ids: Vec<&str> = counted.iter().map(|run| run.id.as_str()).collect();
    let gate = |gate: &str, satisfied: bool, missing: Vec<&str>| json!({"gate": gate, "satisfied": satisfied, "runs": ids, "missing": missing});
    let one = |satisfied: bool, key: &'static str| if satisfied { Vec::new() } else { vec![key] };
    let gates = vec![
        gate("CONN-38", approved, one(approved, "state")),
        gate("CONN-39", in_place && !counted.is_empty(), one(in_place && !counted.is_empty(), "run.environment")),
        gate("CONN-41", missing.is_empty() && !session.plan.is_empty(), missing.clone()),
        gate(
            "CONN-42",
            declared && !stopping,
            one(declared && !stopping, if declared { "stoppande" } else { "declaration" }),
        ),
        gate("CONN-43", !foreign, one(!foreign, "identities")),
        gate("CONN-44", has_index || session.role != "producer", one(has_index || session.role != "producer", "ei")),
        gate("CONN-45", is_attested(judged::END_TO_END), one(is_attested(judged::END_TO_END), "e2e")),
        gate("CONN-46", is_attested(judged::MAPPING), one(is_attested(judged::MAPPING), "mapping")),
        gate("CONN-47", session.decision.is_some(), one(session.decision.is_some(), "decision")),
        gate(
            "CONN-61",
            rules.as_ref().is_some_and(BTreeSet::is_empty),
            match &rules {
                Some(broken) => broken.iter().map(String::as_str).collect(),
                None => vec!["results"],
            },
        ),
        gate("CONN-48", state != ItemState::Overdue, one(state != ItemState::Overdue, "due")),
    ];
    let results: BTreeMap<&String, &str> = counting.iter().map(|(case, (verdict, _))| (case, *verdict)).collect();
    Ok(Json(json!({"session": id, "contract": session.contract, "role": session.role, "service": session.service,
        "env": session.environment, "state": state.word(), "decision": session.decision, "due": session.due,
        "gates": gates, "results": results})))
}

/// The declaration, as far as runs fill it in.
pub(super) async fn declaration(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let session = found(&desk.state().register, &id)?.clone();
    let runs = runs(&desk, &session);
    let made = declaration::of(&runs.iter().collect::<Vec<_>>());
    let language =
        if query.get("lang").is_some_and(|lang| lang == "en") { Language::English } else { Language::Swedish };
    Ok(match query.get("format").map(String::as_str) {
        Some("md") => {
            let text = declaration::markdown(&made, language);
            ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response()
        }
        Some("html") => {
            let text = page::declaration(&made, language);
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
        }
        _ => Json(json!(made)).into_response(),
    })
}
