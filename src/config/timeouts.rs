//! The producer timeouts by contract: the reference's own JSON file (`vp.md` §7.1).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::problem::{Problem, line_at};

use super::environment::{self, Environment, EnvironmentFile};

/// What holds where the file, or its entry for every other contract, is missing.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_millis(29_000);
/// Largest file, in bytes.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A wait always ends, within a day.
const TIMEOUT_MS_MAX: i64 = 86_400_000;

/// Longest wait without received data, by contract.
#[derive(Debug)]
pub struct Timeouts {
    /// Whether there was a file.
    pub found: bool,
    /// Exact and case-sensitive.
    pub by_contract: HashMap<String, Duration>,
    /// For every other contract.
    pub default: Duration,
}

/// `routetimeout` is accepted and without effect, as in the reference (`vp.md` §12.18).
#[derive(Deserialize)]
struct Entry {
    tjanstekontrakt: String,
    producertimeout: i64,
}

/// Reads the file; relative paths are relative to the environment. Without a file, every contract has the default.
pub fn read(environment: &Environment, file: &str, default_name: &str, problems: &mut Vec<Problem>) -> Timeouts {
    let mut timeouts = Timeouts { found: false, by_contract: HashMap::new(), default: TIMEOUT_DEFAULT };
    if file.is_empty() {
        return timeouts;
    }
    let path = Path::new(file);
    let opened = if path.is_absolute() { environment::read(PathBuf::from(file)) } else { environment.file(file) };
    match opened {
        Ok(None) => {}
        Ok(Some(opened)) => {
            timeouts.found = true;
            timeouts.read_entries(&opened, problems);
        }
        Err(error) => {
            let source = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
            problems.push(Problem::error(path, 0, format!("{error}{source}")));
        }
    }
    if let Some(default) = timeouts.by_contract.remove(default_name) {
        timeouts.default = default;
    }
    timeouts
}

impl Timeouts {
    fn read_entries(&mut self, file: &EnvironmentFile, problems: &mut Vec<Problem>) {
        let expected = "expected an array of {\"tjanstekontrakt\": …, \"producertimeout\": milliseconds}";
        if file.contents.len() > FILE_BYTES_MAX {
            let message = format!("{} bytes long; expected at most {FILE_BYTES_MAX}", file.contents.len());
            problems.push(Problem::error(&file.path, 0, message));
            return;
        }
        let text = match str::from_utf8(&file.contents) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                let line = line_at(&file.contents, error.valid_up_to());
                problems.push(Problem::error(&file.path, line, "not UTF-8 from here on; expected UTF-8 text"));
                return;
            }
        };
        let entries: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(entries) => entries,
            Err(error) => {
                problems.push(Problem::error(&file.path, error.line(), format!("{error}; {expected}")));
                return;
            }
        };
        for raw in entries {
            // The entry is a slice of the text, so its address tells its line.
            let line = || line_at(text.as_bytes(), raw.get().as_ptr().addr() - text.as_ptr().addr());
            match serde_json::from_str::<Entry>(raw.get()) {
                Err(error) => {
                    let line = line() + error.line().saturating_sub(1);
                    problems.push(Problem::error(&file.path, line, format!("{error}; {expected}")));
                }
                Ok(entry) if !(1..=TIMEOUT_MS_MAX).contains(&entry.producertimeout) => {
                    let message = format!(
                        "producertimeout of {:?} is {}; expected milliseconds from 1 to {TIMEOUT_MS_MAX}",
                        entry.tjanstekontrakt, entry.producertimeout
                    );
                    problems.push(Problem::error(&file.path, line(), message));
                }
                Ok(entry) => {
                    let timeout = Duration::from_millis(entry.producertimeout.unsigned_abs());
                    if self.by_contract.insert(entry.tjanstekontrakt.clone(), timeout).is_some() {
                        let message = format!("{:?} has an entry already; this one counts", entry.tjanstekontrakt);
                        problems.push(Problem::warning(&file.path, line(), message));
                    }
                }
            }
        }
    }
}
