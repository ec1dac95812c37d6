//! Suites that were handed in, and the producers that are wrong on purpose.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, body};
use crate::qa::desk::Desk;
use crate::qa::desk::runs::with_generated;
use crate::qa::generate::files::why;
use crate::qa::mutants::Producer;
use crate::qa::mutants::score::{Settings, dataset};
use crate::qa::mutants::table::{MUTANTS, Mutant};
use crate::qa::suite::folder::Published;
use crate::qa::survey;
use crate::qa::themes;

type Reply = Result<Json<Value>, Problem>;

fn document(desk: &Desk, id: &str, published: &Published) -> Value {
    let suites: Vec<Value> = published
        .projects
        .iter()
        .map(|project| {
            let cases: usize = project.project.suites.iter().map(|suite| suite.cases.len()).sum();
            let unrunnable = survey::unrunnable(project).len();
            json!({"name": project.name(), "file": project.file, "contract": project.contract, "cases": cases,
                "runnable": cases - unrunnable.min(cases), "mocks": project.project.mocks.len()})
        })
        .collect();
    json!({"id": id, "name": desk.shelf.name(id), "suites": suites, "skipped": published.skipped})
}

pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(desk.suites().iter().map(|(id, published)| document(&desk, id, published)).collect())
}

/// What a suite is to be called.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    name: Option<String>,
}

/// A zip as it is, or the one file of a form.
pub(super) async fn take(
    State(desk): State<Arc<Desk>>,
    wanted: Result<Query<Named>, QueryRejection>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Query(wanted) = wanted.map_err(|rejection| Problem::wrong(rejection.body_text()))?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let zip = if kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        part(kind, &bytes).ok_or_else(|| Problem::wrong("the form holds no file"))?
    } else {
        bytes
    };
    let at_desk = Arc::clone(&desk);
    // Tens of megabytes take their time.
    let taking = tokio::task::spawn_blocking(move || at_desk.take(&zip, wanted.name.as_deref()));
    let taken = taking.await.map_err(|error| error.to_string()).and_then(|taken| taken);
    let (id, published, is_new) = taken.map_err(Problem::wrong)?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(document(&desk, &id, &published))))
}

/// The content of the first part of a form that is a zip.
fn part(content_type: &str, form: &Bytes) -> Option<Bytes> {
    let boundary = content_type.split(';').filter_map(|parameter| parameter.trim().strip_prefix("boundary=")).next()?;
    let boundary = format!("\r\n--{}", boundary.trim_matches('"'));
    let finder = memchr::memmem::Finder::new(boundary.as_bytes());
    let mut from = 0;
    while let Some(blank) = memchr::memmem::find(&form[from..], b"\r\n\r\n") {
        let start = from + blank + 4;
        let end = start + finder.find(&form[start..])?;
        if form[start..end].starts_with(b"PK") {
            return Some(form.slice(start..end));
        }
        from = end;
    }
    None
}

fn found(desk: &Desk, id: &str) -> Result<Arc<Published>, Problem> {
    desk.suite(id).ok_or_else(|| Problem::unknown("suite", id))
}

pub(super) async fn one(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    let (id, published) = desk.suite_with_id(&id).ok_or_else(|| Problem::unknown("suite", &id))?;
    let mut whole = document(&desk, &id, &published);
    for (suite, project) in whole["suites"].as_array_mut().into_iter().flatten().zip(&published.projects) {
        suite["files"] = json!(project.files);
    }
    Ok(Json(whole))
}

pub(super) async fn remove(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if desk.drop_suite(&id) { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::unknown("suite", &id)) }
}

pub(super) async fn cases(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    let published = found(&desk, &id)?;
    let mut all = Vec::new();
    for project in &published.projects {
        for suite in &project.project.suites {
            for case in &suite.cases {
                all.push(json!({"suite": suite.name, "name": case.name, "disabled": suite.disabled || case.disabled,
                    "themes": themes::of(&case.name, project, case)}));
            }
        }
    }
    Ok(Json(Value::Array(all)))
}

pub(super) async fn check(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Reply {
    let published = found(&desk, &id)?;
    let projects = || published.projects.iter();
    Ok(Json(json!({
        "unrunnable": projects().flat_map(|project| survey::unrunnable(project)).collect::<Vec<_>>(),
        "placeholders": projects().flat_map(|project| survey::placeholders(project)).collect::<Vec<_>>(),
        "problems": projects().flat_map(|project| survey::problems(project)).collect::<Vec<_>>(),
    })))
}

/// Parameters with the sentence why each is needed; with `generated=true` those of the cases made from the contract too.
pub(super) async fn parameters(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Reply {
    let published = found(&desk, &id)?;
    let mut projects = published.projects.clone();
    if query.get("generated").is_some_and(|generated| generated == "true") {
        projects = projects.iter().map(with_generated).collect::<Result<_, _>>().map_err(Problem::wrong)?;
    }
    let all = projects.iter().flat_map(|project| survey::asked(project));
    let all = all.map(|one| {
        let (sv, en) = why(&one.name).unwrap_or_default();
        json!({"case": one.case, "name": one.name, "value": one.value, "why": {"sv": sv, "en": en}})
    });
    Ok(Json(all.collect()))
}

pub(super) async fn mutants(State(desk): State<Arc<Desk>>) -> Json<Value> {
    let state = desk.state();
    let all = MUTANTS.iter().map(|mutant| {
        json!({"id": mutant.id, "title": mutant.title, "expected": mutant.expected, "url": state.mutants.get(mutant.id)})
    });
    Json(all.collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartMutant {
    suite: String,
    #[serde(default)]
    scale: Option<f64>,
    #[serde(default)]
    seed: Option<u64>,
}

/// Starts a mutant of a suite's contract; it listens until the platform ends.
pub(super) async fn start_mutant(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<impl IntoResponse, Problem> {
    let mutant = Mutant::of(&id).ok_or_else(|| Problem::unknown("mutant", &id))?;
    let wanted: StartMutant = body(&bytes)?;
    let published = found(&desk, &wanted.suite)?;
    let project = published.projects.first().ok_or_else(|| Problem::unknown("suite", &wanted.suite))?;
    let scale = wanted.scale.filter(|scale| *scale > 0.0 && *scale <= 1.0).unwrap_or(1.0);
    let settings = Settings { scale, seed: wanted.seed.unwrap_or(1), generated: true, only: Vec::new(), load: true };
    let data = dataset(project, &settings, &desk.clock).map_err(|error| Problem::wrong(error.to_string()))?;
    if !Producer::is_applicable(&data, mutant.wrong) {
        return Err(Problem::new(StatusCode::CONFLICT, format!("{} has no opportunity in this contract", mutant.id)));
    }
    let parameters = data.parameters.clone();
    let producer = Arc::new(Producer::new(Arc::new(data), mutant.wrong, scale));
    let url = desk.host.start(producer).await?;
    desk.state().mutants.insert(mutant.id.to_owned(), url.clone());
    Ok((StatusCode::CREATED, Json(json!({"id": mutant.id, "url": url, "parameters": parameters}))))
}
