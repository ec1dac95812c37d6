//! From the folders of an environment to systems, at start and whenever a file changes.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::chaos::{self, Plan};
use super::file::FileBody;
use super::found::{self, Found};
use super::mounted::{Producers, RunningPlans, Shared};
use super::settings::STUBS_MAX;
use super::spec::mapping::{self, Mappings, Reading, Stub};
use super::spec::producer;
use super::system::{Loaded, System};
use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;

/// The folder of an environment that holds the systems.
const FOLDER: &str = "producers";
/// Longest name of a system.
const NAME_BYTES_MAX: usize = 63;

/// The files of one system, by their path below its folder.
type Files = BTreeMap<String, Found>;

/// Reads all systems.
pub(super) fn load(environment: &Environment) -> (Producers, Vec<Problem>) {
    let folder = match environment {
        Environment::Folder(root) => Some(root.join(FOLDER)),
        Environment::Demo => None,
    };
    let shared = Arc::new(Shared { folder, ..Shared::default() });
    let producers = Producers { environment: environment.clone(), shared, ..Producers::default() };
    producers.reload();
    let problems = producers.problems().to_vec();
    (producers, problems)
}

impl Producers {
    /// Reads the folders again. A system whose files did not change is left alone; one with a file that does not parse
    /// keeps what it had before, and the file is named among the problems. Calls in flight are not disturbed.
    pub fn reload(&self) -> Arc<Vec<Problem>> {
        let mut problems = Vec::new();
        let folders = folders(&self.environment, &mut problems);
        let before = self.systems.load_full();
        let mut systems = BTreeMap::new();
        for (name, files) in folders {
            let known = before.get(&name);
            let digest = digest_of(&files);
            let mut found = Vec::new();
            let before = known.map(|known| known.files());
            let templating = self.shared.wiring.load().settings.templating;
            let loaded = read(&name, &files, before.as_deref(), (digest, templating), &mut found);
            problems.append(&mut found);
            match (known, loaded) {
                (Some(known), _) if known.files().digest == digest => {
                    systems.insert(name, Arc::clone(known));
                }
                (Some(known), Some(loaded)) => {
                    known.replace(loaded);
                    systems.insert(name, Arc::clone(known));
                }
                (None, Some(loaded)) => {
                    systems.insert(name.clone(), System::new(&name, loaded, Arc::clone(&self.shared)));
                }
                (_, None) => {}
            }
        }
        // What was made through the API has no folder.
        for (name, system) in before.iter().filter(|(_, system)| system.files().digest == MADE) {
            systems.entry(name.clone()).or_insert_with(|| Arc::clone(system));
        }
        self.systems.store(Arc::new(systems));
        self.reload_chaos(&mut problems);
        self.reload_records(&mut problems);
        let problems = Arc::new(problems);
        self.problems.store(Arc::clone(&problems));
        problems
    }

    /// The plans of `chaos/`, in the order of their files; those that cannot be read are left out.
    pub fn plans(&self) -> Vec<Plan> {
        read_plans(&self.environment, &mut Vec::new())
    }

    /// The plans of the environment run from the start, and anew when their files change. One that was started through
    /// the API goes on.
    fn reload_chaos(&self, problems: &mut Vec<Problem>) {
        let mut found = Vec::new();
        let plans = read_plans(&self.environment, &mut found);
        let is_broken = found.iter().any(Problem::is_error);
        problems.append(&mut found);
        let running = self.shared.chaos.load_full();
        let is_same = running.as_ref().is_some_and(|running| running.are_files && running.plans == plans);
        let was_sent = running.as_ref().is_some_and(|running| !running.are_files);
        if is_same || was_sent || (is_broken && running.is_some()) {
            return;
        }
        let running = RunningPlans { plans, since: Clock::instant(), are_files: true };
        self.shared.chaos.store((!running.plans.is_empty()).then(|| Arc::new(running)));
    }

    /// Reads the records again where their files changed, or what systems say of them.
    fn reload_records(&self, problems: &mut Vec<Problem>) {
        let holders = self.record_holders();
        let mut hasher = DefaultHasher::new();
        format!("{holders:?}").hash(&mut hasher);
        let shared = self.environment.files_below(super::records::load::FOLDER).unwrap_or_default();
        let is_record = |path: &Path| path.iter().any(|part| part == "records");
        let own = found::below(&self.environment, FOLDER, is_record).unwrap_or_default();
        for file in shared.iter().chain(own.iter().map(|found| &found.file)) {
            file.path.hash(&mut hasher);
            file.contents.hash(&mut hasher);
        }
        let now = hasher.finish() | 1;
        let before = self.records_digest.swap(now, Ordering::Relaxed);
        // At the start somebody else has read them.
        if before != 0
            && before != now
            && let Some(records) = self.shared.wiring.load().records.as_ref()
        {
            problems.extend(records.reload(&self.environment, &holders));
        }
    }

    /// Makes a system that has no folder; `Err` says why its name is none.
    pub fn make(&self, name: &str) -> Result<Arc<System>, String> {
        if !is_name(name) {
            return Err(format!("{name:?} is no name for a system, expected [a-z0-9][a-z0-9_-]{{0,62}}"));
        }
        if let Some(known) = self.system(name) {
            return Ok(known);
        }
        let loaded = Loaded { digest: MADE, ..Loaded::default() };
        let system = System::new(name, loaded, Arc::clone(&self.shared));
        let made = Arc::clone(&system);
        self.systems.rcu(|systems| {
            let mut systems = BTreeMap::clone(systems);
            systems.insert(name.to_owned(), Arc::clone(&made));
            systems
        });
        Ok(system)
    }

    /// What tells whether any file changed, without reading them: paths, sizes and times.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let folders = [FOLDER, CHAOS_FOLDER, super::records::load::FOLDER];
        for path in folders.iter().flat_map(|folder| self.environment.paths_below(folder).unwrap_or_default()) {
            path.hash(&mut hasher);
            if let Ok(metadata) = std::fs::metadata(&path) {
                metadata.len().hash(&mut hasher);
                metadata.modified().ok().hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// The folder of an environment with chaos plans.
const CHAOS_FOLDER: &str = "chaos";

fn read_plans(environment: &Environment, problems: &mut Vec<Problem>) -> Vec<Plan> {
    let files = match environment.files_below(CHAOS_FOLDER) {
        Ok(files) => files,
        Err(error) => {
            problems.push(Problem::error(&environment.path(CHAOS_FOLDER), 0, error.to_string()));
            return Vec::new();
        }
    };
    let mut plans = Vec::new();
    for file in files {
        if file.path.extension().is_none_or(|extension| extension != "toml") {
            problems.push(Problem::warning(&file.path, 0, "not a .toml file, so it is passed over"));
            continue;
        }
        match chaos::read_file(&file.path, &file.contents) {
            Ok(plan) => plans.push(plan),
            Err(problem) => problems.push(problem),
        }
    }
    plans
}

/// Digest of a system that was made through the API.
const MADE: u64 = 0;

fn folders(environment: &Environment, problems: &mut Vec<Problem>) -> BTreeMap<String, Files> {
    let files = match found::below(environment, FOLDER, |_| true) {
        Ok(files) => files,
        Err(error) => {
            let why = error.source().map_or_else(String::new, |source| format!(": {source}"));
            problems.push(Problem::error(&environment.path(FOLDER), 0, format!("{error}{why}")));
            Vec::new()
        }
    };
    let root = environment.path(FOLDER);
    let mut folders: BTreeMap<String, Files> = BTreeMap::new();
    for found in files {
        let file = &found.file;
        let Some(parts) = parts_below(&root, &file.path) else {
            problems.push(Problem::warning(&file.path, 0, "its path is not UTF-8, so it is passed over"));
            continue;
        };
        match parts.split_first() {
            Some((system, rest)) if !rest.is_empty() => {
                folders.entry(system.clone()).or_default().insert(rest.join("/"), found);
            }
            _ => {
                problems.push(Problem::warning(&file.path, 0, "it belongs to no system, so it is passed over"));
            }
        }
    }
    folders.retain(|name, _| {
        let named = is_name(name);
        if !named {
            let message = format!("{name:?} is no name for a system, expected [a-z0-9][a-z0-9_-]{{0,62}}");
            problems.push(Problem::error(&root.join(name), 0, message));
        }
        named
    });
    folders
}

fn digest_of(files: &Files) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (path, file) in files {
        path.hash(&mut hasher);
        file.hash_into(&mut hasher);
    }
    // Never the one that says there is no folder.
    hasher.finish() | 1
}

/// Reads a system's files; of one that cannot be used, what it said before goes on.
fn read(
    name: &str,
    files: &Files,
    before: Option<&Loaded>,
    (digest, templating): (u64, bool),
    problems: &mut Vec<Problem>,
) -> Option<Loaded> {
    let producer = match files.get("producer.toml") {
        Some(Found { file, .. }) => {
            let read = producer::read(&file.path, &file.contents, problems);
            read.or_else(|| before.map(|before| before.producer.clone()))?
        }
        None => producer::Producer::default(),
    };
    let mut bodies: BTreeMap<String, FileBody> = BTreeMap::new();
    for (path, found) in files.iter().filter_map(|(path, file)| Some((path.strip_prefix("__files/")?, file))) {
        match found.body() {
            Ok(body) => _ = bodies.insert(path.to_owned(), body),
            Err(why) => problems.push(Problem::error(&found.file.path, 0, why)),
        }
    }
    let bodies = Arc::new(bodies);
    let reading = Reading { system: name, bodies: &bodies, templating, is_file: true };
    let mut all = Mappings::default();
    for (path, Found { file, .. }) in files {
        if path.starts_with("mappings/") && path.ends_with(".json") {
            let mut found = mapping::read(&file.path, &file.contents, &reading);
            let known: Vec<_> =
                before.iter().flat_map(|one| &one.stubs).filter(|stub| stub.file == file.path).collect();
            if !known.is_empty() && found.problems.iter().any(Problem::is_error) {
                found.stubs = known.into_iter().map(|stub| Stub::clone(stub)).collect();
            }
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
    let stubs = all.stubs.into_iter().map(Arc::new).collect();
    let has_large_bodies = bodies.values().any(|body| matches!(body, FileBody::Large(_)));
    Some(Loaded { producer, stubs, inactive: all.inactive, bodies, has_large_bodies, digest })
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
