//! Which files are whose: the records that all systems share, those of each, and those that are made up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::book::Book;
use super::books::Books;
use super::generate;
use super::source::RecordSettings;
use crate::config::environment::{Environment, EnvironmentFile};
use crate::domain::problem::Problem;
use crate::producers::found;

/// The folder of an environment with the records that all systems share.
pub const FOLDER: &str = "patients";
/// The files of a system that says nothing of them.
pub const USUAL: [&str; 2] = ["records/*.toml", "../../patients/*.toml"];

/// A system, as far as its records go.
#[derive(Clone, Debug, Default)]
pub struct RecordHolder {
    /// Its HSA-id.
    pub hsa_id: Option<String>,
    /// `[records]` of its `producer.toml`.
    pub settings: RecordSettings,
    /// Where that stands.
    pub file: PathBuf,
}

/// Reads all files.
pub(super) fn load(environment: &Environment, systems: &BTreeMap<String, RecordHolder>) -> (Books, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut files = |folder: &str| match found::below(environment, folder, |_| true) {
        Ok(files) => files.into_iter().map(|found| found.file).collect::<Vec<_>>(),
        Err(error) => {
            problems.push(Problem::error(&environment.path(folder), 0, error.to_string()));
            Vec::new()
        }
    };
    let (mut shared, below) = (files(FOLDER), files("producers"));
    let mut own = own_files(environment, systems, &shared, &below, &mut problems);
    let made_up = generate::files(systems, &shared);
    shared.extend(made_up);
    let mut read = |files: &[EnvironmentFile]| {
        let (book, found) = Book::read(files);
        problems.extend(found);
        book
    };
    let mut shared_book = read(&shared);
    // A system's own records stand beside what all share: they may be about the same people, by the same units.
    own.retain(|_, own| !own.is_empty());
    let own = own.into_iter().map(|(system, own)| {
        let organisation = shared.iter().filter(|file| !is_about_somebody(file)).cloned();
        (system, read(&organisation.chain(own).collect::<Vec<_>>()))
    });
    let own = own.collect();
    // Who has named other files does not answer from what all share, and the index is not to say so.
    let apart: BTreeSet<&str> = systems
        .values()
        .filter(|holder| holder.settings.files.as_ref().is_some_and(|files| !files.iter().any(|one| one == USUAL[1])))
        .filter_map(|holder| holder.hsa_id.as_deref())
        .collect();
    shared_book.take(|_, entry| apart.contains(entry.system.as_str()));
    (Books::new(shared_book, own), problems)
}

fn own_files(
    environment: &Environment,
    systems: &BTreeMap<String, RecordHolder>,
    shared: &[EnvironmentFile],
    below: &[EnvironmentFile],
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Vec<EnvironmentFile>> {
    let root = environment.path("producers");
    let mut own: BTreeMap<String, Vec<EnvironmentFile>> = BTreeMap::new();
    for file in below {
        let mut parts = file.path.strip_prefix(&root).into_iter().flat_map(|path| path.iter());
        let (system, folder) = (parts.next().and_then(|name| name.to_str()), parts.next());
        let named = system.and_then(|name| systems.get(name)).is_some_and(|holder| holder.settings.files.is_some());
        if let Some(system) = system.filter(|_| !named && folder.is_some_and(|name| name == "records")) {
            own.entry(system.to_owned()).or_default().push(file.clone());
        }
    }
    for (system, holder) in systems {
        for pattern in holder.settings.files.iter().flatten().filter(|pattern| *pattern != USUAL[1]) {
            let wanted = plain(&root.join(system).join(pattern));
            let known = shared.iter().chain(below);
            let found: Vec<_> = known.filter(|file| fits(&wanted, &file.path)).cloned().collect();
            if found.is_empty() {
                let message = format!("records.files: {pattern:?} fits no file below producers/ or {FOLDER}/");
                problems.push(Problem::warning(&holder.file, 0, message));
            }
            own.entry(system.clone()).or_default().extend(found);
        }
    }
    own
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Whether a file fits a path whose last part may have `*` in it.
fn fits(pattern: &Path, file: &Path) -> bool {
    let text = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if pattern.parent() != plain(file).parent() {
        return false;
    }
    let (pattern, name) = (text(pattern), text(file));
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
    }
}

/// Whether a file is about a person, rather than about those who give care.
fn is_about_somebody(file: &EnvironmentFile) -> bool {
    let text = String::from_utf8_lossy(&file.contents);
    let is_json = file.path.extension().is_some_and(|extension| extension == "json");
    if is_json {
        return serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|record| record.get("patient").is_some());
    }
    text.lines().any(|line| line.trim_start().starts_with("[patient]"))
}
