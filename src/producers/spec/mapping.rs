//! A file of `mappings/`: one stub, or `{"mappings": […]}` (`producers.md` §2.1).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::json::{Notes, Value};
use super::{request, response};
use crate::domain::problem::Problem;
use crate::producers::behaviour::Behaviour;
use crate::producers::matcher::Condition;

/// Priority of a stub that names none; 1 is the highest.
const PRIORITY_DEFAULT: u64 = 5;

/// A stub that serves.
#[derive(Clone, Debug)]
pub struct Stub {
    /// What people call it: its `name`, else its `id`, else its file and place.
    pub name: String,
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
}

/// A stub that does not serve, and why.
#[derive(Clone, Debug)]
pub struct InactiveStub {
    /// What people call it.
    pub name: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// The line it starts on.
    pub line: usize,
    /// Why it does not serve.
    pub why: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Mappings {
    pub(crate) stubs: Vec<Stub>,
    pub(crate) inactive: Vec<InactiveStub>,
    pub(crate) problems: Vec<Problem>,
}

/// Reads a file of `mappings/`. `bodies` are the files of `__files`, by their path below it.
pub(crate) fn read(file: &Path, contents: &[u8], bodies: &BTreeMap<String, Bytes>) -> Mappings {
    let mut mappings = Mappings::default();
    let text = match std::str::from_utf8(contents) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let line = crate::domain::problem::line_at(contents, error.valid_up_to());
            mappings.problems.push(Problem::error(file, line, "not UTF-8"));
            return mappings;
        }
    };
    let document = match Value::document(text) {
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
        None => stub(file, document, 0, bodies, &mut mappings),
        Some(listed) => match listed.list() {
            Some(items) => {
                for (place, item) in items.into_iter().enumerate() {
                    stub(file, item, place + 1, bodies, &mut mappings);
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
fn stub(file: &Path, value: Value<'_>, place: usize, bodies: &BTreeMap<String, Bytes>, mappings: &mut Mappings) {
    let Some(members) = value.object() else {
        mappings.problems.push(Problem::error(file, value.line(), "a stub is an object"));
        return;
    };
    let name = name_of(file, &members, place);
    let mut notes = Notes::about(file, &name);
    let (mut priority, mut conditions, mut behaviour) = (PRIORITY_DEFAULT, Vec::new(), None);
    for (field, member) in &members {
        match field.as_str() {
            "id" | "uuid" | "name" | "metadata" | "persistent" | "insertionIndex" => {}
            "priority" => {
                priority = notes
                    .read(*member, "priority", "a number, 1 or more", |value| {
                        value.whole_number().filter(|number| *number > 0)
                    })
                    .unwrap_or(PRIORITY_DEFAULT);
            }
            "request" => conditions = request::conditions(*member, &mut notes),
            "response" => behaviour = response::behaviour(*member, bodies, &mut notes),
            "scenarioName"
            | "requiredScenarioState"
            | "newScenarioState"
            | "postServeActions"
            | "serveEventListeners" => notes.unsupported(*member, &format!("{field:?}")),
            _ => notes.no_effect(*member, &format!("unknown field {field:?}")),
        }
    }
    if !members.contains_key("response") {
        notes.wrong(value, "it has no \"response\"");
    }
    let Notes { problems, inactive, .. } = notes;
    mappings.problems.extend(problems);
    match (inactive, behaviour) {
        (None, Some(behaviour)) => {
            conditions.sort_by_key(Condition::cost);
            let (file, line) = (file.to_owned(), value.line());
            mappings.stubs.push(Stub { name, file, line, priority, conditions, behaviour });
        }
        (why, _) => {
            let why = why.unwrap_or_else(|| "its response cannot be read".to_owned());
            mappings.inactive.push(InactiveStub { name, file: file.to_owned(), line: value.line(), why });
        }
    }
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
