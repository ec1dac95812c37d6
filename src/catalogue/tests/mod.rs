//! The catalogue from files to snapshot: what each format means, what a reset comes to, and what is reported.

mod formats;
mod hsa;
mod reset;
pub(crate) mod t0;

use std::path::Path;

use tempfile::TempDir;

use super::Catalogue;
use crate::config::environment::Environment;
use crate::domain::clock::Clock;

/// An environment on disk, and a catalogue that has read it.
pub(crate) struct Loaded {
    pub(crate) folder: TempDir,
    pub(crate) catalogue: Catalogue,
}

pub(crate) const NOW: &str = "2026-06-15T12:00:00Z";

pub(crate) fn now() -> jiff::Timestamp {
    NOW.parse().unwrap()
}

/// Reads an environment made of these files.
pub(crate) fn loaded(files: &[(&str, &str)]) -> Loaded {
    let loaded = unread(files, None);
    loaded.catalogue.reset_tak();
    loaded.catalogue.reset_hsa();
    loaded
}

/// The same, with a local copy, before anything is read.
pub(crate) fn unread(files: &[(&str, &str)], copy: Option<&Path>) -> Loaded {
    let folder = TempDir::new().unwrap();
    write(folder.path(), files);
    let environment = Environment::Folder(folder.path().to_owned());
    let catalogue = Catalogue::new(environment, None, copy.map(Path::to_owned), Clock::fixed(now()));
    Loaded { folder, catalogue }
}

pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, contents) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
}

/// Every problem as `file:line: severity: message`, the file without its folder.
fn problems(loaded: &Loaded) -> Vec<String> {
    let prefix = format!("{}/", loaded.folder.path().display());
    loaded.catalogue.problems(&|_| None).iter().map(|problem| problem.to_string().replace(&prefix, "")).collect()
}
