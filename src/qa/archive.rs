//! Runs kept on disk: one folder each, written beside and renamed, so that none is ever there by half.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::result::RunDocument;
use super::run::Finished;
use super::run::exchange::decode;

/// Runs kept; the oldest go first. Those of a session stay, and are not counted.
pub const RUNS_MAX: usize = 200;
/// Bytes of the runs kept, likewise; the newest stays however large it is.
pub const RUNS_BYTES_MAX: u64 = 2 << 30;
/// What a run's folder has its length in, so that nobody has to count again.
const BYTES_FILE: &str = "bytes";
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
        fs::write(beside.join(BYTES_FILE), bytes_below(&beside)?.to_string())?;
        let folder = self.folder(id);
        fs::rename(&beside, &folder)?;
        self.forget_oldest(RUNS_MAX, RUNS_BYTES_MAX)?;
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

    /// Answers that runs of a suite were given, the newest runs first, at most so many.
    pub fn answers_of(&self, suite: &str, most: usize) -> io::Result<Vec<String>> {
        let mut answers = Vec::new();
        for id in self.ids()? {
            if answers.len() >= most {
                break;
            }
            // A run that cannot be read tells nothing.
            let Ok(kept) = self.find(&id) else { continue };
            if !kept.document.suite.iter().any(|one| one.name == suite) {
                continue;
            }
            let steps = kept.document.cases.iter().flat_map(|case| &case.steps);
            let files = steps.filter_map(|step| kept.messages.get(step.response.as_ref()?));
            answers.extend(files.take(most - answers.len()).map(|bytes| decode(bytes, None)));
        }
        Ok(answers)
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

    fn forget_oldest(&self, runs_max: usize, bytes_max: u64) -> io::Result<()> {
        let mut ids = self.ids()?;
        ids.retain(|id| self.session(id).is_none());
        let mut bytes = 0;
        for (number, id) in ids.iter().enumerate() {
            let folder = self.folder(id);
            bytes += bytes_of(&folder)?;
            let is_newest = number == 0;
            if number >= runs_max || (bytes > bytes_max && !is_newest) {
                fs::remove_dir_all(&folder)?;
            }
        }
        Ok(())
    }
}

/// The length of a run as its folder tells it; counted where it does not.
fn bytes_of(folder: &Path) -> io::Result<u64> {
    let told = fs::read_to_string(folder.join(BYTES_FILE)).ok().and_then(|text| text.trim().parse().ok());
    told.map_or_else(|| bytes_below(folder), Ok)
}

/// Bytes of all files below a folder.
fn bytes_below(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            if about.is_dir() { folders.push(entry.path()) } else { bytes += about.len() }
        }
    }
    Ok(bytes)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of a thousand bytes each, of which some belong to a session; what is left of them.
    fn left(runs: &[(&str, bool)], runs_max: usize, bytes_max: u64) -> Vec<String> {
        let data = tempfile::tempdir().unwrap();
        let archive = Archive::in_data(data.path());
        for (id, is_evidence) in runs {
            let folder = archive.folder(id);
            write(&folder, "messages/0001-req.xml", &[b' '; 990]).unwrap();
            if *is_evidence {
                write(&folder, SESSION_FILE, b"session-10").unwrap();
            } else {
                write(&folder, "run.json", &[b' '; 10]).unwrap();
            }
        }
        archive.forget_oldest(runs_max, bytes_max).unwrap();
        archive.ids().unwrap()
    }

    #[test]
    fn the_oldest_runs_go_by_number_and_by_length_and_evidence_stays() {
        let runs = [("1", true), ("2", false), ("3", false), ("4", true), ("5", false)];
        assert_eq!(left(&runs, 9, 9_000), ["5", "4", "3", "2", "1"]);
        assert_eq!(left(&runs, 2, 9_000), ["5", "4", "3", "1"]);
        assert_eq!(left(&runs, 9, 2_000), ["5", "4", "3", "1"]);
        assert_eq!(left(&runs, 9, 1_999), ["5", "4", "1"]);
        assert_eq!(left(&runs, 9, 5), ["5", "4", "1"], "the newest stays");
    }
}
