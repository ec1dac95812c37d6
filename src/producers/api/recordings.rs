//! `/__admin/recordings`.

use std::sync::PoisonError;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::mappings::{mount, persist};
use super::requests::pattern;
use super::{Asking, Told};
use crate::producers::record::{self, Spec, Status, stubs_from};

pub(super) fn answer(asking: &Asking<'_>, what: &str) -> Told {
    let recording = &asking.producers.shared().recording;
    match (&asking.method, what) {
        (&Method::GET, "status") => {
            let status = recording.lock().unwrap_or_else(PoisonError::into_inner).status;
            Told::Json(json!({"status": status.as_str()}))
        }
        (&Method::POST, "start") => begin(asking),
        (&Method::POST, "stop") => {
            let (system, spec, since) = {
                let mut recording = recording.lock().unwrap_or_else(PoisonError::into_inner);
                if recording.status != Status::Recording {
                    return Told::Wrong(StatusCode::BAD_REQUEST, String::new(), "no recording runs".to_owned());
                }
                recording.status = Status::Stopped;
                (recording.system.clone(), recording.spec.clone(), recording.since)
            };
            let mut rows = asking.space.journal.rows();
            rows.retain(|row| *row.system == *system && row.at >= since);
            rows.retain(|row| row.answered.source.as_deref() == Some("proxy"));
            made(asking, &system, &rows, &spec)
        }
        (&Method::POST, "snapshot") => {
            let spec = match asking.json().and_then(|value| spec(&value)) {
                Ok(spec) => spec,
                Err(told) => return told,
            };
            let system = match asking.one_system() {
                Ok(system) => system,
                Err(told) => return told,
            };
            let mut rows = asking.space.journal.rows();
            rows.retain(|row| *row.system == *system.name());
            made(asking, system.name(), &rows, &spec)
        }
        _ => Told::not_found(format!("there is nothing at /__admin/recordings/{what} for {}", asking.method)),
    }
}

fn begin(asking: &Asking<'_>) -> Told {
    let spec = match asking.json().and_then(|value| spec(&value)) {
        Ok(spec) => spec,
        Err(told) => return told,
    };
    let system = match asking.one_system() {
        Ok(system) => system,
        Err(told) => return told,
    };
    let wiring = asking.producers.shared().wiring.load();
    match record::start(system.name(), spec, &wiring.settings, wiring.clock.now()) {
        Ok(new) => {
            *asking.producers.shared().recording.lock().unwrap_or_else(PoisonError::into_inner) = new;
            Told::Json(json!({}))
        }
        Err(why) => Told::unusable("/targetBaseUrl", why),
    }
}

fn made(
    asking: &Asking<'_>,
    system: &str,
    rows: &[std::sync::Arc<crate::producers::journal::Row>],
    spec: &Spec,
) -> Told {
    let stubs = match stubs_from(rows, spec) {
        Ok(stubs) => stubs,
        Err(left) => return Told::Wrong(StatusCode::INTERNAL_SERVER_ERROR, left.path.clone(), left.to_string()),
    };
    if let Some(system) = asking.producers.system(system) {
        for stub in &stubs {
            let id = stub.get("id").and_then(Value::as_str).unwrap_or_default();
            let written = if spec.persist { persist(asking, &system, id, stub) } else { Ok(()) };
            // It serves at once, as the recorder's users expect; the file takes its place when it is read.
            if let Err(told) = written.and_then(|()| mount(asking, &system, stub)) {
                return told;
            }
        }
    }
    if spec.ids_only {
        let ids: Vec<&Value> = stubs.iter().filter_map(|stub| stub.get("id")).collect();
        return Told::Json(json!({"ids": ids}));
    }
    Told::Json(json!({"mappings": stubs}))
}

fn spec(value: &Value) -> Result<Spec, Told> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let filters = match value.get("filters") {
        None | Some(Value::Null) => Vec::new(),
        Some(filters) => pattern(filters).map_err(|why| Told::unusable("/filters", why))?,
    };
    let transformers = value.get("transformers").and_then(Value::as_array).into_iter().flatten();
    Ok(Spec {
        target: text("targetBaseUrl"),
        filters,
        capture_headers: value
            .get("captureHeaders")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect(),
        persist: value.get("persist").and_then(Value::as_bool).unwrap_or(false),
        repeats_as_scenarios: value.get("repeatsAsScenarios").and_then(Value::as_bool).unwrap_or(true),
        transformers: transformers.filter_map(Value::as_str).map(str::to_owned).collect(),
        ids_only: text("outputFormat") == "IDS",
    })
}
