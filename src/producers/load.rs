//! From the folders of an environment to systems.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::mounted::{Producers, System};
use super::settings::STUBS_MAX;
use super::spec::mapping::{self, Mappings};
use super::spec::producer;
use crate::config::environment::{Environment, EnvironmentFile};
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;

/// The folder of an environment that holds the systems.
const FOLDER: &str = "producers";
/// Longest name of a system.
const NAME_BYTES_MAX: usize = 63;

/// The files of one system, by their path below its folder.
type Files = BTreeMap<String, EnvironmentFile>;

/// Reads all systems.
pub(super) fn load(environment: &Environment) -> (Producers, Vec<Problem>) {
    let mut problems = Vec::new();
    let files = match environment.files_below(FOLDER) {
        Ok(files) => files,
        Err(error) => {
            let why = error.source().map_or_else(String::new, |source| format!(": {source}"));
            problems.push(Problem::error(&environment.path(FOLDER), 0, format!("{error}{why}")));
            Vec::new()
        }
    };
    let root = environment.path(FOLDER);
    let mut folders: BTreeMap<String, Files> = BTreeMap::new();
    for file in files {
        let Some(parts) = parts_below(&root, &file.path) else {
            problems.push(Problem::warning(&file.path, 0, "its path is not UTF-8, so it is passed over"));
            continue;
        };
        match parts.split_first() {
            Some((system, rest)) if !rest.is_empty() => {
                folders.entry(system.clone()).or_default().insert(rest.join("/"), file);
            }
            _ => {
                problems.push(Problem::warning(&file.path, 0, "it belongs to no system, so it is passed over"));
            }
        }
    }
    let mut systems = BTreeMap::new();
    for (name, files) in folders {
        if !is_name(&name) {
            let message = format!("{name:?} is no name for a system, expected [a-z0-9][a-z0-9_-]{{0,62}}");
            problems.push(Problem::error(&root.join(&name), 0, message));
        } else if let Some(system) = system(&name, &files, &mut problems) {
            systems.insert(name, Arc::new(system));
        }
    }
    (Producers::new(systems), problems)
}

fn system(name: &str, files: &Files, problems: &mut Vec<Problem>) -> Option<System> {
    let producer = match files.get("producer.toml") {
        Some(file) => producer::read(&file.path, &file.contents, problems)?,
        None => producer::Producer::default(),
    };
    let bodies: BTreeMap<String, Bytes> = files
        .iter()
        .filter_map(|(path, file)| Some((path.strip_prefix("__files/")?, file)))
        .map(|(path, file)| (path.to_owned(), Bytes::from(file.contents.clone())))
        .collect();
    let mut all = Mappings::default();
    for (path, file) in files {
        if path.starts_with("mappings/") && path.ends_with(".json") {
            let found = mapping::read(&file.path, &file.contents, &bodies);
            all.stubs.extend(found.stubs);
            all.inactive.extend(found.inactive);
            problems.extend(found.problems);
        } else if path.starts_with("mappings/") {
            problems.push(Problem::warning(&file.path, 0, "not a .json file, so it is passed over"));
        }
    }
    if all.stubs.len() > STUBS_MAX {
        let extra = all.stubs.split_off(STUBS_MAX);
        let message = format!("system {name:?} has more than {STUBS_MAX} stubs, {} are left out", extra.len());
        problems.push(Problem::error(&extra[0].file, extra[0].line, message));
    }
    // Lowest number first, then the one added last; files count as added in the order of their paths.
    all.stubs.reverse();
    all.stubs.sort_by_key(|stub| stub.priority);
    Some(System::new(name, producer, all.stubs, all.inactive, Clock::System))
}

fn parts_below(root: &Path, path: &Path) -> Option<Vec<String>> {
    let below = path.strip_prefix(root).ok()?;
    below.components().map(|part| part.as_os_str().to_str().map(str::to_owned)).collect()
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= NAME_BYTES_MAX
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|byte| plain(byte) || matches!(byte, b'_' | b'-'))
}
