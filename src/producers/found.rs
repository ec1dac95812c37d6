//! The files below `producers/` as they are found: read, but for large ones of `__files`, which stay where they are.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;

use super::file::FileBody;
use super::settings::FILE_HELD_BYTES_MAX;
use crate::config::environment::{self, Environment, EnvironmentError, EnvironmentFile};

/// The folder of a system whose files may stay on disk.
const BODIES: &str = "__files";

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its path, and what it contains; of one that stays on disk, nothing.
    pub(super) file: EnvironmentFile,
    /// Length and time of one that stays on disk.
    on_disk: Option<(u64, Option<SystemTime>)>,
}

/// All files below a folder for which `is_wanted` holds, in order.
pub(super) fn below(
    environment: &Environment,
    folder: &str,
    is_wanted: impl Fn(&Path) -> bool,
) -> Result<Vec<Found>, EnvironmentError> {
    if matches!(environment, Environment::Demo) {
        let files = environment.files_below(folder)?.into_iter().filter(|file| is_wanted(&file.path));
        return Ok(files.map(|file| Found { file, on_disk: None }).collect());
    }
    let paths = environment.paths_below(folder)?.into_iter().filter(|path| is_wanted(path));
    paths.filter_map(|path| found(path).transpose()).collect()
}

fn found(path: PathBuf) -> Result<Option<Found>, EnvironmentError> {
    let stays = path.iter().any(|part| part == BODIES);
    // What cannot be looked at is told when it is read.
    let metadata = stays.then(|| fs::metadata(&path).ok()).flatten();
    if let Some(metadata) = metadata.filter(|metadata| metadata.len() > FILE_HELD_BYTES_MAX) {
        let file = EnvironmentFile { path, contents: Vec::new() };
        return Ok(Some(Found { file, on_disk: Some((metadata.len(), metadata.modified().ok())) }));
    }
    Ok(environment::read(path)?.map(|file| Found { file, on_disk: None }))
}

impl Found {
    /// What tells it from another version of itself.
    pub(super) fn hash_into(&self, hasher: &mut DefaultHasher) {
        self.file.contents.hash(hasher);
        self.on_disk.hash(hasher);
    }

    /// As an answer.
    pub(super) fn body(&self) -> Result<FileBody, String> {
        match self.on_disk {
            None => Ok(FileBody::Held(Bytes::from(self.file.contents.clone()))),
            Some(_) => FileBody::on_disk(self.file.path.clone()),
        }
    }
}
