//! `/__admin/mappings` and `/__admin/files`.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Asking, Told};
use crate::domain::problem::Problem;
use crate::producers::added::write;
use crate::producers::space::Mounted;
use crate::producers::spec::mapping::{InactiveStub, Stub};
use crate::producers::spec::response::{is_inside, plain_path};
use crate::producers::system::System;

pub(super) fn answer(asking: &Asking<'_>, rest: &[&str]) -> Told {
    let (get, post, delete) =
        (asking.method == Method::GET, asking.method == Method::POST, asking.method == Method::DELETE);
    match rest {
        [] if get => list(asking),
        [] if post => create(asking, None),
        [] if delete => {
            mounted(asking).iter().for_each(|(_, mounted)| mounted.clear());
            Told::Json(Value::Null)
        }
        ["reset"] if post => reset(asking),
        ["save"] if post => save(asking),
        ["import"] if post => import(asking),
        ["find-by-metadata"] if post => by_metadata(asking, false),
        ["remove-by-metadata"] if post => by_metadata(asking, true),
        ["unmatched"] if get => unmatched(asking),
        ["unmatched"] if delete => {
            let unused = unused(asking);
            for (mounted, stub) in &unused {
                mounted.remove(&stub.id);
            }
            Told::Json(Value::Null)
        }
        [id] if get => one(asking, id),
        [id] if asking.method == Method::PUT => create(asking, Some(id)),
        [id] if delete => {
            let removed = mounted(asking).iter().any(|(_, mounted)| mounted.remove(id));
            if removed { Told::Json(json!({})) } else { unknown(id) }
        }
        _ => Told::not_found(format!("there is nothing at /__admin/mappings/{} for {}", rest.join("/"), asking.method)),
    }
}

fn unknown(id: &str) -> Told {
    Told::not_found(format!("there is no mapping {id:?}"))
}

/// What the call's workspace remembers of the systems that are meant.
fn mounted(asking: &Asking<'_>) -> Vec<(Arc<System>, Arc<Mounted>)> {
    asking.systems().into_iter().map(|system| (Arc::clone(&system), asking.space.system(system.name()))).collect()
}

/// Everything that can serve in the workspace: its own, and below them what all workspaces share.
fn all(asking: &Asking<'_>) -> Vec<(Arc<System>, Arc<Mounted>, Arc<Stub>)> {
    let mut all = Vec::new();
    for (system, own) in mounted(asking) {
        all.extend(own.stubs().iter().map(|stub| (Arc::clone(&system), Arc::clone(&own), Arc::clone(stub))));
        if !asking.space.key().is_empty() {
            let shared = asking.producers.shared().spaces.load().shared().system(system.name());
            all.extend(shared.stubs().iter().map(|stub| (Arc::clone(&system), Arc::clone(&shared), Arc::clone(stub))));
        }
    }
    all
}

/// A stub as it was written, with its id.
pub(super) fn view(stub: &Stub) -> Value {
    let mut source = stub.source.clone();
    if let Value::Object(members) = &mut source {
        members.insert("id".to_owned(), json!(stub.id));
        members.insert("uuid".to_owned(), json!(stub.id));
    }
    source
}

fn inactive_view(stub: &InactiveStub) -> Value {
    let mut source = stub.source.clone();
    if !source.is_object() {
        source = json!({});
    }
    source["id"] = json!(stub.id);
    source["inactive"] = json!(stub.why);
    source
}

fn inactive(asking: &Asking<'_>) -> Vec<InactiveStub> {
    let mut all = Vec::new();
    for (system, own) in mounted(asking) {
        all.extend(system.files().inactive.iter().cloned());
        all.extend(own.inactive());
    }
    all
}

fn list(asking: &Asking<'_>) -> Told {
    let mut stubs: Vec<Value> = all(asking).iter().map(|(_, _, stub)| view(stub)).collect();
    stubs.extend(inactive(asking).iter().map(inactive_view));
    let total = stubs.len();
    let number = |name: &str| asking.parameter(name).and_then(|text| text.parse::<usize>().ok());
    let page: Vec<Value> =
        stubs.into_iter().skip(number("offset").unwrap_or(0)).take(number("limit").unwrap_or(usize::MAX)).collect();
    Told::Json(json!({"mappings": page, "meta": {"total": total}}))
}

fn one(asking: &Asking<'_>, id: &str) -> Told {
    if let Some((_, _, stub)) = all(asking).into_iter().find(|(_, _, stub)| stub.id == id) {
        return Told::Json(view(&stub));
    }
    match inactive(asking).iter().find(|stub| stub.id == id || stub.name == id) {
        Some(stub) => Told::Json(inactive_view(stub)),
        None => unknown(id),
    }
}

pub(super) fn refused(problems: &[Problem]) -> Told {
    let errors: Vec<Value> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(|problem| json!({"code": 10, "source": {"pointer": pointer(&problem.message)}, "title": "Bad stub", "detail": problem.message}))
        .collect();
    Told::Status(StatusCode::UNPROCESSABLE_ENTITY, json!({"errors": errors}))
}

/// Where in a stub a message points to, as far as its first word tells.
fn pointer(message: &str) -> &'static str {
    const PLACES: [(&str, &str); 8] = [
        ("bodyPatterns", "/request/bodyPatterns/0"),
        ("matchesXPath", "/request/bodyPatterns/0"),
        ("equalToXml", "/request/bodyPatterns/0"),
        ("riv.", "/request/riv"),
        ("url", "/request"),
        ("bodyFileName", "/response/bodyFileName"),
        ("body", "/response/body"),
        ("status", "/response/status"),
    ];
    PLACES.iter().find(|(word, _)| message.contains(word)).map_or("", |(_, place)| place)
}

fn create(asking: &Asking<'_>, id: Option<&str>) -> Told {
    let value = match asking.json() {
        Ok(value) => value,
        Err(told) => return told,
    };
    let (system, mounted) = if let Some(id) = id {
        let Some((system, mounted, _)) = all(asking).into_iter().find(|(_, _, stub)| stub.id == id) else {
            return unknown(id);
        };
        // What all workspaces share is not changed from one of them: it gets a stub of its own in its place.
        let own = asking.space.system(system.name());
        (system, if asking.space.key().is_empty() { mounted } else { own })
    } else {
        match asking.one_system() {
            Ok(system) => {
                let own = asking.space.system(system.name());
                (system, own)
            }
            Err(told) => return told,
        }
    };
    let status = if id.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    match system.read_stub(value, id) {
        Err(problems) => refused(&problems),
        Ok(Err(stub)) => {
            let view = inactive_view(&stub);
            mounted.add_inactive(stub);
            Told::Status(status, view)
        }
        Ok(Ok(stub)) => {
            let view = view(&stub);
            match mounted.add(Arc::new(stub)) {
                Ok(()) => Told::Status(status, view),
                Err(why) => Told::Wrong(StatusCode::SERVICE_UNAVAILABLE, String::new(), why),
            }
        }
    }
}

/// What the files say, and nothing else.
pub(super) fn reset(asking: &Asking<'_>) -> Told {
    for (system, mounted) in mounted(asking) {
        mounted.clear();
        if asking.space.key().is_empty() {
            mounted.set_files(&system.files().stubs);
        }
    }
    Told::Json(json!({}))
}

fn import(asking: &Asking<'_>) -> Told {
    let value = match asking.json() {
        Ok(value) => value,
        Err(told) => return told,
    };
    let system = match asking.one_system() {
        Ok(system) => system,
        Err(told) => return told,
    };
    let Some(items) = value.get("mappings").and_then(Value::as_array) else {
        return Told::unusable("/mappings", "expected a list of mappings");
    };
    let options = value.get("importOptions").cloned().unwrap_or_default();
    let ignores = options.get("duplicatePolicy").and_then(Value::as_str) == Some("IGNORE");
    let deletes = options.get("deleteAllNotInImport").and_then(Value::as_bool).unwrap_or(false);
    let mut stubs = Vec::with_capacity(items.len());
    let mut problems = Vec::new();
    for item in items {
        match system.read_stub(item.clone(), None) {
            Ok(stub) => stubs.push(stub),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return refused(&problems);
    }
    let mounted = asking.space.system(system.name());
    if deletes {
        mounted.clear();
    }
    // Of a list, the first is to be tried first, as WireMock does: it is the one added last.
    for stub in stubs.into_iter().rev() {
        match stub {
            Err(stub) => mounted.add_inactive(stub),
            Ok(stub) if ignores && mounted.stubs().by_id(&stub.id).is_some() => {}
            Ok(stub) => {
                if let Err(why) = mounted.add(Arc::new(stub)) {
                    return Told::Wrong(StatusCode::SERVICE_UNAVAILABLE, String::new(), why);
                }
            }
        }
    }
    Told::Json(json!({}))
}

/// A pattern on metadata: `matchesJsonPath` or `equalToJson`, as for bodies.
fn by_metadata(asking: &Asking<'_>, removes: bool) -> Told {
    let matcher = match metadata_matcher(asking) {
        Ok(matcher) => matcher,
        Err(told) => return told,
    };
    let found: Vec<_> = all(asking).into_iter().filter(|(_, _, stub)| matcher(stub.metadata())).collect();
    if removes {
        found.iter().for_each(|(_, mounted, stub)| _ = mounted.remove(&stub.id));
        return Told::Json(json!({}));
    }
    let stubs: Vec<_> = found.iter().map(|(_, _, stub)| view(stub)).collect();
    let total = stubs.len();
    Told::Json(json!({"mappings": stubs, "meta": {"total": total}}))
}

/// Whether metadata fits the condition in the body.
pub(super) fn metadata_matcher(asking: &Asking<'_>) -> Result<Box<dyn Fn(&Value) -> bool>, Told> {
    use crate::producers::json::equal::ExpectedJson;
    use crate::producers::json::path::{JsonPath, text_of};
    let value = asking.json()?;
    if let Some(expected) = value.get("equalToJson") {
        let expected = match expected {
            Value::String(text) => {
                serde_json::from_str(text).map_err(|error| Told::unusable("/equalToJson", error.to_string()))?
            }
            other => other.clone(),
        };
        let ignores_extra = value.get("ignoreExtraElements").and_then(Value::as_bool).unwrap_or(false);
        let expected = ExpectedJson { value: expected, ignores_order: false, ignores_extra };
        return Ok(Box::new(move |metadata| expected.accepts(&metadata.to_string())));
    }
    let path =
        value.get("matchesJsonPath").ok_or_else(|| Told::unusable("", "expected matchesJsonPath or equalToJson"))?;
    let expression = path.as_str().or_else(|| path.get("expression").and_then(Value::as_str)).unwrap_or_default();
    let parsed = JsonPath::new(expression).map_err(|why| Told::unusable("/matchesJsonPath", why))?;
    let equal = path.get("equalTo").and_then(Value::as_str).map(str::to_owned);
    let contains = path.get("contains").and_then(Value::as_str).map(str::to_owned);
    Ok(Box::new(move |metadata| {
        let found = parsed.select(metadata);
        found.iter().any(|one| {
            let text = text_of(one);
            equal.as_ref().is_none_or(|equal| *equal == text)
                && contains.as_ref().is_none_or(|part| text.contains(part.as_str()))
        })
    }))
}

/// The stubs that served nothing that the journal still knows of.
fn unused(asking: &Asking<'_>) -> Vec<(Arc<Mounted>, Arc<Stub>)> {
    let rows = asking.space.journal.rows();
    let served: std::collections::HashSet<&str> = rows.iter().filter_map(|row| row.answered.stub_id()).collect();
    let all = all(asking).into_iter();
    all.filter(|(_, _, stub)| !served.contains(stub.id.as_str())).map(|(_, mounted, stub)| (mounted, stub)).collect()
}

fn unmatched(asking: &Asking<'_>) -> Told {
    let stubs: Vec<_> = unused(asking).iter().map(|(_, stub)| view(stub)).collect();
    let total = stubs.len();
    Told::Json(json!({"mappings": stubs, "meta": {"total": total}}))
}

/// Writes a file of a system.
fn put(system: &System, below: &str, contents: &[u8]) -> Result<(), Told> {
    let path = system.file_of(below).ok_or_else(no_folder)?;
    write(&path, contents).map_err(|why| Told::Wrong(StatusCode::INTERNAL_SERVER_ERROR, String::new(), why))
}

pub(super) fn no_folder() -> Told {
    Told::unusable("", "the environment is built in: it has no folder to write to")
}

/// Writes the stubs that were added into the folder.
fn save(asking: &Asking<'_>) -> Told {
    for (system, mounted) in mounted(asking) {
        let added: Vec<_> = mounted.stubs().iter().filter(|stub| !stub.is_from_file).cloned().collect();
        for stub in added {
            let id: String = stub.id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let text = serde_json::to_vec_pretty(&view(&stub)).unwrap_or_default();
            if let Err(told) = put(&system, &format!("mappings/{id}.json"), &text) {
                return told;
            }
        }
    }
    Told::Json(json!({}))
}

pub(super) fn files(asking: &Asking<'_>, rest: &[&str]) -> Told {
    let system = match asking.one_system() {
        Ok(system) => system,
        Err(told) => return told,
    };
    let name = rest.join("/");
    if !is_inside(&name) {
        return Told::unusable("", format!("{name:?} leads out of __files"));
    }
    match asking.method {
        Method::GET if rest.is_empty() => {
            let files = system.files();
            Told::Json(files.bodies.keys().map(|name| json!(name)).collect())
        }
        Method::GET => match system.files().bodies.get(&plain_path(&name)) {
            Some(file) => match file.whole() {
                Ok(bytes) => Told::File(bytes),
                Err(why) => Told::unusable("", why),
            },
            None => Told::not_found(format!("there is no file {name:?}")),
        },
        Method::PUT if !rest.is_empty() => {
            match put(&system, &format!("__files/{}", plain_path(&name)), &asking.body) {
                Ok(()) => {
                    asking.producers.reload();
                    Told::Json(Value::Null)
                }
                Err(told) => told,
            }
        }
        Method::DELETE if !rest.is_empty() => match system.file_of(&format!("__files/{}", plain_path(&name))) {
            Some(path) if std::fs::remove_file(&path).is_ok() => {
                asking.producers.reload();
                Told::Json(Value::Null)
            }
            Some(_) => Told::not_found(format!("there is no file {name:?}")),
            None => no_folder(),
        },
        _ => Told::not_found("files are read with GET, written with PUT and removed with DELETE"),
    }
}
