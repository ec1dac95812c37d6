//! A file of `mappings/`: one stub, or `{"mappings": […]}` (`producers.md` §2.1).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::json::{Notes, Value, without_comments};
use super::request;
use super::response::{self, Bodies};
use crate::domain::problem::Problem;
use crate::producers::behaviour::Behaviour;
use crate::producers::matcher::Condition;

/// Priority of a stub that names none; 1 is the highest.
const PRIORITY_DEFAULT: u64 = 5;

/// A stub that serves.
#[derive(Clone, Debug)]
pub struct Stub {
    /// Its `id` or `uuid`; else one made from its file and place, the same at every start.
    pub id: String,
    /// What people call it: its `name`, else its `id`, else its file and place.
    pub name: String,
    /// Whether it has that name of its own.
    pub is_named: bool,
    /// The file it stands in.
    pub file: PathBuf,
    /// The line it starts on.
    pub line: usize,
    /// Lowest number first.
    pub priority: u64,
    /// All must hold; the cheap ones first.
    pub conditions: Vec<Condition>,
    /// What it does.
    pub behaviour: Behaviour,
    /// Its part in a scenario.
    pub scenario: Option<Scenario>,
    /// The stub as written.
    pub source: Json,
    /// Whether a file holds it.
    pub is_from_file: bool,
}

/// A stub's part in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// `scenarioName`.
    pub name: String,
    /// `requiredScenarioState`.
    pub required: Option<String>,
    /// `newScenarioState`.
    pub new: Option<String>,
}

impl Stub {
    /// Its `metadata`.
    pub fn metadata(&self) -> &Json {
        self.source.get("metadata").unwrap_or(&Json::Null)
    }
}

/// A stub that does not serve, and why.
#[derive(Clone, Debug)]
pub struct InactiveStub {
    /// Its `id` or `uuid`, or one made from its file and place.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// The line it starts on.
    pub line: usize,
    /// Why it does not serve.
    pub why: String,
    /// The stub as written.
    pub source: Json,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Mappings {
    pub(crate) stubs: Vec<Stub>,
    pub(crate) inactive: Vec<InactiveStub>,
    pub(crate) problems: Vec<Problem>,
}

/// What a file is read with.
#[derive(Clone, Debug)]
pub(crate) struct Reading<'r> {
    /// The system it belongs to.
    pub(crate) system: &'r str,
    /// The files of `__files`, by their path below it.
    pub(crate) bodies: &'r Bodies,
    /// Whether every body is filled in.
    pub(crate) templating: bool,
    /// Whether it is a file of the folder, and not sent through the API.
    pub(crate) is_file: bool,
}

/// Reads a file of `mappings/`.
pub(crate) fn read(file: &Path, contents: &[u8], reading: &Reading<'_>) -> Mappings {
    let mut mappings = Mappings::default();
    let text = match std::str::from_utf8(contents) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let line = crate::domain::problem::line_at(contents, error.valid_up_to());
            mappings.problems.push(Problem::error(file, line, "not UTF-8"));
            return mappings;
        }
    };
    // As WireMock reads its files.
    let text = without_comments(text);
    let document = match Value::document(&text) {
        Ok(document) => document,
        Err(error) => {
            mappings.problems.push(Problem::error(file, error.line(), format!("not JSON: {error}")));
            return mappings;
        }
    };
    let Some(members) = document.object() else {
        let message = "expected one stub, or an object with \"mappings\"";
        mappings.problems.push(Problem::error(file, document.line(), message));
        return mappings;
    };
    match members.get("mappings") {
        None => stub(file, document, 0, reading, &mut mappings),
        Some(listed) => match listed.list() {
            Some(items) => {
                for (place, item) in items.into_iter().enumerate() {
                    stub(file, item, place + 1, reading, &mut mappings);
                }
            }
            None => {
                mappings.problems.push(Problem::error(file, listed.line(), "\"mappings\" is not a list"));
            }
        },
    }
    mappings
}

/// Reads one stub; `place` counts from 1 in a list, 0 where the file holds one.
fn stub(file: &Path, value: Value<'_>, place: usize, reading: &Reading<'_>, mappings: &mut Mappings) {
    let Some(members) = value.object() else {
        mappings.problems.push(Problem::error(file, value.line(), "a stub is an object"));
        return;
    };
    let text = |field: &str| members.get(field).and_then(|value| value.string());
    let name = name_of(file, &members, place);
    let id = text("id").or_else(|| text("uuid")).unwrap_or_else(|| made_id(reading.system, file, place));
    let mut notes = Notes::about(file, &name);
    let (mut priority, mut conditions, mut behaviour) = (PRIORITY_DEFAULT, Vec::new(), None);
    for (field, member) in &members {
        match field.as_str() {
            "id" | "uuid" | "name" | "metadata" | "persistent" | "insertionIndex" => {}
            "scenarioName" | "requiredScenarioState" | "newScenarioState" => {
                notes.read(*member, field, "a string", |value| value.string());
            }
            "priority" => {
                priority = notes
                    .read(*member, "priority", "a number, 1 or more", |value| {
                        value.whole_number().filter(|number| *number > 0)
                    })
                    .unwrap_or(PRIORITY_DEFAULT);
            }
            "request" => conditions = request::conditions(*member, &mut notes),
            "response" => behaviour = response::behaviour(*member, reading.bodies, reading.templating, &mut notes),
            "postServeActions" | "serveEventListeners" => after_serving(*member, field, &mut notes),
            _ => notes.no_effect(*member, &format!("unknown field {field:?}")),
        }
    }
    let scenario = scenario(value, &members, &mut notes);
    if !members.contains_key("response") {
        notes.wrong(value, "it has no \"response\"");
    }
    let source: Json = serde_json::from_str(value.written()).unwrap_or_default();
    let Notes { problems, inactive, .. } = notes;
    mappings.problems.extend(problems);
    let (file, line) = (file.to_owned(), value.line());
    match (inactive, behaviour) {
        (None, Some(behaviour)) => {
            conditions.sort_by_key(Condition::cost);
            let is_named = members.contains_key("name");
            let is_from_file = reading.is_file;
            mappings.stubs.push(Stub {
                id,
                name,
                is_named,
                file,
                line,
                priority,
                conditions,
                behaviour,
                scenario,
                source,
                is_from_file,
            });
        }
        (why, _) => {
            let why = why.unwrap_or_else(|| "its response cannot be read".to_owned());
            mappings.inactive.push(InactiveStub { id, name, file, line, why, source });
        }
    }
}

/// What is to happen after an answer: nothing that we do, so a list that asks for something makes the stub inactive.
fn after_serving(member: Value<'_>, field: &str, notes: &mut Notes<'_>) {
    let asks = match (member.list(), member.object()) {
        (Some(items), _) => !items.is_empty(),
        (_, Some(members)) => !members.is_empty(),
        _ => member.written() != "null",
    };
    if asks {
        notes.unsupported(member, &format!("{field:?}"));
    }
}

fn scenario(value: Value<'_>, members: &BTreeMap<String, Value<'_>>, notes: &mut Notes<'_>) -> Option<Scenario> {
    let text = |field: &str| members.get(field).and_then(|value| value.string());
    let (required, new) = (text("requiredScenarioState"), text("newScenarioState"));
    match text("scenarioName") {
        Some(name) => Some(Scenario { name, required, new }),
        None if required.is_some() || new.is_some() => {
            notes.wrong(value, "it names a scenario state and no scenarioName");
            None
        }
        None => None,
    }
}

/// An id for a stub that has none: the same for the same place in the same file.
fn made_id(system: &str, file: &Path, place: usize) -> String {
    let digest = Sha256::digest(format!("{system}\u{0}{}\u{0}{place}", file.display()));
    let bytes: [u8; 16] = std::array::from_fn(|at| digest[at]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn name_of(file: &Path, members: &BTreeMap<String, Value<'_>>, place: usize) -> String {
    let named = ["name", "id", "uuid"].iter().find_map(|field| members.get(*field).and_then(|value| value.string()));
    named.unwrap_or_else(|| {
        let stem = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        match place {
            0 => stem,
            place => format!("{stem}#{place}"),
        }
    })
}
