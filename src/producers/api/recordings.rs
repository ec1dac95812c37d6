//! `/__admin/recordings`.

use std::sync::{Arc, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::mappings::{no_folder, refused};
use super::requests::pattern;
use super::{Asking, Told};
use crate::producers::added::{Unmounted, write};
use crate::producers::journal::Row;
use crate::producers::record::{self, BodyPattern, Spec, Status, stubs_from};
use crate::producers::system::System;

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

fn made(asking: &Asking<'_>, system: &str, rows: &[Arc<Row>], spec: &Spec) -> Told {
    let settings = asking.producers.shared().wiring.load().settings.clone();
    let (mut stubs, passed_over) = match stubs_from(rows, spec, &settings) {
        Ok(made) => made,
        Err(left) => return Told::Wrong(StatusCode::INTERNAL_SERVER_ERROR, left.path.clone(), left.to_string()),
    };
    if let Some(system) = asking.producers.system(system) {
        let own = asking.space.system(system.name());
        for stub in &mut stubs {
            let whole = stub.clone();
            if spec.persist
                && let Err(told) = persist(&system, stub, spec)
            {
                return told;
            }
            // It serves at once, as the recorder's users expect; the file takes its place when it is read.
            match system.mount(&own, &whole) {
                Ok(()) => {}
                Err(Unmounted::Refused(problems)) => return refused(&problems),
                Err(Unmounted::TooMany(why)) => {
                    return Told::Wrong(StatusCode::SERVICE_UNAVAILABLE, String::new(), why);
                }
            }
        }
    }
    let mut told = if spec.ids_only {
        json!({"ids": stubs.iter().filter_map(|stub| stub.get("id")).collect::<Vec<_>>()})
    } else {
        json!({"mappings": stubs})
    };
    if !passed_over.is_empty() {
        told["passedOver"] = passed_over.iter().map(|(id, why)| json!({"request": id, "why": why})).collect();
    }
    Told::Json(told)
}

/// Writes a recorded stub into the folder of its system, a large body as a file of its own.
fn persist(system: &System, stub: &mut Value, spec: &Spec) -> Result<(), Told> {
    let id = stub["id"].as_str().unwrap_or_default().to_owned();
    let file = |below: &str, contents: &[u8]| {
        let path = system.file_of(below);
        write(&path.ok_or_else(no_folder)?, contents)
            .map_err(|why| Told::Wrong(StatusCode::INTERNAL_SERVER_ERROR, String::new(), why))
    };
    if let Some((name, body)) = record::extracted(stub, &id, spec) {
        file(&format!("__files/{name}"), &body)?;
    }
    file(&format!("mappings/recorded/{id}.json"), &serde_json::to_vec_pretty(stub).unwrap_or_default())
}

fn spec(value: &Value) -> Result<Spec, Told> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let filters = match value.get("filters") {
        None | Some(Value::Null) => Vec::new(),
        Some(filters) => pattern(filters).map_err(|why| Told::unusable("/filters", why))?,
    };
    let transformers = value.get("transformers").and_then(Value::as_array).into_iter().flatten();
    let captured = value.get("captureHeaders").and_then(Value::as_object).into_iter().flatten();
    let ignores_case = |options: &Value| options.get("caseInsensitive").and_then(Value::as_bool).unwrap_or(false);
    let threshold = |name: &str| {
        let written = value.get("extractBodyCriteria").and_then(|criteria| criteria.get(name));
        written.map(|size| bytes_of(size).ok_or(size)).transpose().map_err(|size| {
            let why = format!("{name} is {size}, expected a size such as 2048 or \"10 kb\"");
            Told::unusable(format!("/extractBodyCriteria/{name}"), why)
        })
    };
    Ok(Spec {
        target: text("targetBaseUrl"),
        filters,
        capture_headers: captured.map(|(name, options)| (name.clone(), ignores_case(options))).collect(),
        body_pattern: body_pattern(value.get("requestBodyPattern"))?,
        text_threshold: threshold("textSizeThreshold")?,
        binary_threshold: threshold("binarySizeThreshold")?,
        persist: value.get("persist").and_then(Value::as_bool).unwrap_or(false),
        repeats_as_scenarios: value.get("repeatsAsScenarios").and_then(Value::as_bool).unwrap_or(true),
        transformers: transformers.filter_map(Value::as_str).map(str::to_owned).collect(),
        transformer_parameters: value.get("transformerParameters").filter(|given| given.is_object()).cloned(),
        ids_only: text("outputFormat") == "IDS",
    })
}

/// `requestBodyPattern`: `{"matcher": "equalToXml"}` and its kin.
fn body_pattern(value: Option<&Value>) -> Result<BodyPattern, Told> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(BodyPattern::default()) };
    let switch = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
    let (ignores_order, ignores_extra) = (switch("ignoreArrayOrder"), switch("ignoreExtraElements"));
    match value.get("matcher").and_then(Value::as_str).unwrap_or("auto") {
        "equalToXml" => Ok(BodyPattern::Xml),
        "auto" => Ok(BodyPattern::Auto { ignores_order, ignores_extra }),
        "equalToJson" => Ok(BodyPattern::Json { ignores_order, ignores_extra }),
        "equalTo" => Ok(BodyPattern::Text { ignores_case: switch("caseInsensitive") }),
        other => {
            let why =
                format!("matcher is {other:?}, expected \"equalToXml\", \"equalToJson\", \"equalTo\" or \"auto\"");
            Err(Told::unusable("/requestBodyPattern/matcher", why))
        }
    }
}

/// `2048`, `"2048"`, `"10 kb"`, `"1 MB"`, in bytes.
fn bytes_of(size: &Value) -> Option<usize> {
    let text = size.as_str().map_or_else(|| size.to_string(), str::to_lowercase);
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "b" | "bytes" => 1,
        "kb" => 1 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.trim().parse::<usize>().ok()?.checked_mul(unit)
}
