//! What a reset of the catalogue comes to (`vp.md` §1.4, §4.1): the new data, the old, the local copy, or nothing.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::entry::{Permission, Route};
use super::local_copy;
use super::snapshot::Snapshot;
use super::status::{RefreshStatus, TakRefresh};
use super::tables::Tables;
use crate::domain::problem::Problem;

/// What a reset of the catalogue did.
#[derive(Clone, Debug)]
pub struct TakReset {
    /// The log lines of `vp.md` §1.4, from `Initialize TAK cache resources...` on.
    pub log: Vec<String>,
    /// Whether there is anything to look up now: true also when it is the old data.
    pub successful: bool,
    /// How the refresh went.
    pub status: RefreshStatus,
    /// What is wrong with the files, and why they could not be used.
    pub problems: Vec<Problem>,
}

const OK: &str = "Succeeded to get virtualizations and/or permissions from TAK, save to local TAK copy...";
const REUSING: &str = "Failed to get virtualizations and/or permissions from TAK, see logfiles for details. Will continue to use already loaded TAK data.";
const RESTORING: &str = "Failed to get virtualizations and/or permissions from TAK, see logfiles for details. Restore from local TAK copy...";
const NO_COPY: &str = "No filename defined for local cache";

/// What is served from now on.
struct Outcome {
    status: RefreshStatus,
    usable: bool,
    tables: Arc<Tables>,
}

/// What was read, whatever it was read from.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Routes and permissions; none where the source could not be used.
    pub(super) entries: (Vec<Route>, Vec<Permission>),
    pub(super) files: Vec<Arc<Path>>,
    pub(super) problems: Vec<Problem>,
}

/// Decides what follows from what was read.
pub(super) fn refresh(old: &Snapshot, found: Found, copy: Option<&Path>, now: Timestamp) -> (Snapshot, TakReset) {
    let mut log = vec!["Initialize TAK cache resources...".to_owned()];
    let Found { entries, files, problems } = found;
    // A fault counts like an empty list, and permissions are only asked for once the routes are there (§4.1).
    let (routes, mut permissions) = entries;
    if routes.is_empty() {
        permissions.clear();
    }
    let outcome = if !routes.is_empty() && !permissions.is_empty() {
        log.push(OK.to_owned());
        save(copy, &files, &routes, &permissions, &mut log);
        Outcome::new(RefreshStatus::RefreshOk, routes, permissions)
    } else if !old.permissions().is_empty() {
        log.push(REUSING.to_owned());
        reuse(old, routes)
    } else {
        log.push(RESTORING.to_owned());
        restore(old, copy, routes, &mut log)
    };
    let Outcome { status, usable, tables } = outcome;
    let last = TakRefresh { at: now, status, routes: tables.routes.len(), permissions: tables.permissions.len() };
    log.push(format!("Init TAK cache loaded number of permissions: {}", last.permissions));
    log.push(format!("Init TAK cache loaded number of virtualizations: {}", last.routes));
    log.push(format!("Init done, was successful: {usable}"));
    (old.with_tak(tables, usable, last), TakReset { log, successful: usable, status, problems })
}

impl Outcome {
    fn new(status: RefreshStatus, routes: Vec<Route>, permissions: Vec<Permission>) -> Self {
        let usable = !routes.is_empty();
        Self { status, usable, tables: Arc::new(Tables::build(routes, permissions)) }
    }

    fn old(status: RefreshStatus, old: &Snapshot) -> Self {
        Self { status, usable: old.is_initialised(), tables: Arc::clone(old.tables()) }
    }
}

/// Old data is loaded: it stays, but routes that were read well replace the old ones.
fn reuse(old: &Snapshot, routes: Vec<Route>) -> Outcome {
    let status = RefreshStatus::ReusingExistingCache;
    if routes.is_empty() { Outcome::old(status, old) } else { Outcome::new(status, routes, old.permissions().to_vec()) }
}

/// No permissions are loaded: the local copy is tried. Without one, routes alone count as success (§12.25), and old
/// routes are kept rather than thrown away.
fn restore(old: &Snapshot, copy: Option<&Path>, routes: Vec<Route>, log: &mut Vec<String>) -> Outcome {
    let shown = shown(copy);
    let restored = match copy {
        None => Err(NO_COPY.to_owned()),
        Some(path) => local_copy::restore(path),
    };
    match restored {
        Ok(import) => {
            log.push(format!("Succesfully restored virtualizations and permissions from local TAK copy: {shown}"));
            let (routes, permissions) = import.entries();
            Outcome::new(RefreshStatus::RestoredFromLocalCache, routes, permissions)
        }
        Err(reason) => {
            log.push(format!("Failed to restore virtualizations and permissions from local TAK copy: {shown}"));
            log.push(format!("Reason for failure: {reason}"));
            match routes.is_empty() {
                false => Outcome::new(RefreshStatus::RefreshOk, routes, Vec::new()),
                true if old.is_initialised() => Outcome::old(RefreshStatus::ReusingExistingCache, old),
                true => Outcome::old(RefreshStatus::RefreshFailed, old),
            }
        }
    }
}

fn save(copy: Option<&Path>, files: &[Arc<Path>], routes: &[Route], permissions: &[Permission], log: &mut Vec<String>) {
    let shown = shown(copy);
    let saved = match copy {
        None => Err(NO_COPY.to_owned()),
        // A copy beside its source would be read as a second source the next time, and every route be there twice.
        Some(path) if path.parent().is_some_and(|folder| is_source_folder(folder, files)) => {
            Err("the file is in the folder the catalogue is read from".to_owned())
        }
        Some(path) => local_copy::save(path, routes, permissions).map_err(|error| error.to_string()),
    };
    match saved {
        Ok(()) => {
            log.push(format!("Succesfully saved virtualizations and permissions to local TAK copy: {shown}"));
        }
        Err(reason) => {
            log.push(format!("Failed to save virtualizations and permissions to local TAK copy: {shown}"));
            log.push(format!("Reason for failure: {reason}"));
        }
    }
}

fn is_source_folder(folder: &Path, files: &[Arc<Path>]) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    let folder = canonical(folder);
    folder.is_some() && files.iter().any(|file| file.parent().and_then(canonical) == folder)
}

fn shown(copy: Option<&Path>) -> String {
    copy.map_or_else(String::new, |path| path.display().to_string())
}
