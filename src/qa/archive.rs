//! Runs kept on disk: one folder each, written beside and renamed, so that none is ever there by half.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::result::RunDocument;
use super::run::Finished;

/// Runs kept; the oldest go first. Those of a session stay.
pub const RUNS_MAX: usize = 200;
/// What a run's folder names its session in.
const SESSION_FILE: &str = "session";

/// The folder of all runs.
#[derive(Clone, Debug)]
pub struct Archive {
    runs: PathBuf,
}

/// A run as kept.
#[derive(Debug)]
pub struct Kept {
    /// The document.
    pub document: RunDocument,
    /// Requests and answers by file name.
    pub messages: BTreeMap<String, Vec<u8>>,
    /// Files of the suites, as imported.
    pub suite: Vec<(String, Vec<u8>)>,
}

impl Archive {
    /// The archive of a data directory.
    pub fn in_data(data: &Path) -> Self {
        Self { runs: data.join("qa").join("runs") }
    }

    /// Where a run is kept.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.runs.join(id)
    }

    /// Keeps a run.
    pub fn keep(&self, finished: &Finished, suite: &[(String, Vec<u8>)]) -> io::Result<PathBuf> {
        let id = &finished.document.id;
        let beside = self.runs.join(format!(".{id}.part"));
        fs::create_dir_all(&beside)?;
        let document = serde_json::to_vec_pretty(&finished.document).map_err(io::Error::other)?;
        fs::write(beside.join("run.json"), document)?;
        if let Some(session) = &finished.document.session {
            fs::write(beside.join(SESSION_FILE), session)?;
        }
        for (name, bytes) in &finished.messages {
            write(&beside, name, bytes)?;
        }
        for (name, bytes) in suite {
            write(&beside, &format!("suite/{name}"), bytes)?;
        }
        let folder = self.folder(id);
        fs::rename(&beside, &folder)?;
        self.forget_oldest()?;
        Ok(folder)
    }

    /// Writes a run's document again, with what a person decided.
    pub fn amend(&self, document: &RunDocument) -> io::Result<()> {
        let folder = self.folder(&document.id);
        let beside = folder.join("run.json.part");
        fs::write(&beside, serde_json::to_vec_pretty(document).map_err(io::Error::other)?)?;
        fs::rename(&beside, folder.join("run.json"))
    }

    /// The run with this id.
    pub fn find(&self, id: &str) -> io::Result<Kept> {
        if id.contains(['/', '\\']) || id.starts_with('.') {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{id} is not the id of a run")));
        }
        let folder = self.folder(id);
        let document = fs::read(folder.join("run.json"))?;
        let document = serde_json::from_slice(&document).map_err(io::Error::other)?;
        let messages = read_all(&folder.join("messages"))?
            .into_iter()
            .map(|(name, bytes)| (format!("messages/{name}"), bytes))
            .collect();
        Ok(Kept { document, messages, suite: read_all(&folder.join("suite"))? })
    }

    /// Ids of all runs, the newest first.
    pub fn ids(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut ids: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }

    /// Ids of the runs that were made for a session, the newest first.
    pub fn of_session(&self, session: &str) -> io::Result<Vec<String>> {
        let mut ids = self.ids()?;
        ids.retain(|id| self.session(id).is_some_and(|known| known == session));
        Ok(ids)
    }

    fn session(&self, id: &str) -> Option<String> {
        fs::read_to_string(self.folder(id).join(SESSION_FILE)).ok()
    }

    fn forget_oldest(&self) -> io::Result<()> {
        let mut ids = self.ids()?;
        ids.retain(|id| self.session(id).is_none());
        for id in ids.into_iter().skip(RUNS_MAX) {
            fs::remove_dir_all(self.folder(&id))?;
        }
        Ok(())
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}

/// Files below a folder in path order, by their paths in it; none when there is no folder.
fn read_all(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else {
                files.push((name, fs::read(entry.path())?));
            }
        }
    }
    files.sort();
    Ok(files)
}
