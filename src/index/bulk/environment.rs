//! The engagements of an environment, `index/*.ndjson[.zst]`: loaded once for each content.
//!
//! The journal remembers how far each content has come, so a start that was broken off goes on, and an engagement that
//! was deleted since does not come back at the next start. For the same reason a file only adds and replaces: an
//! engagement that its next version no longer has stays until an Update deletes it, or the data directory is emptied.

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::BulkError;
use super::line::{self, BadLine};
use super::load::{BadLines, Told, load_lines, text};
use super::stream::Lines;
use crate::config::environment::{Environment, EnvironmentError};
use crate::domain::problem::Problem;
use crate::index::open::Index;
use crate::index::timestamp::LocalTime;

/// The folder of an environment with its engagements.
pub const FOLDER: &str = "index";
/// Bad lines of one file that are named; the rest is counted.
pub const PROBLEMS_MAX: usize = 100;

const BUFFER_BYTES: usize = 256 * 1024;

/// Loads what is not in yet. Bad lines are passed over and named; waits for the disk.
pub fn load(index: &Index, environment: &Environment) -> Vec<Problem> {
    each_file(environment, |path, report| {
        let name = format!("{}:{}", path.file_name().unwrap_or_default().to_string_lossy(), digest(environment, path)?);
        let progress = load_lines(index, &name, lines(environment, path)?, BadLines::Skip, &mut |told| {
            if let Told::Skipped(skipped) = told {
                report.bad(skipped.line, &skipped.why);
            }
        })?;
        tracing::info!(file = %path.display(), lines = progress.lines, "engagements of the environment are in");
        Ok(())
    })
}

/// Loads engagements that stand in no file but are known otherwise, one object a line, unless the same ones are in
/// already. Waits for the disk.
pub fn load_text(index: &Index, name: &str, text: Vec<u8>) -> Vec<Problem> {
    let path = Path::new(name);
    let mut report = Report { path: path.to_owned(), problems: Vec::new(), bad_lines: 0 };
    let (content, length) = (format!("{name}:{}", hexadecimal(Sha256::new_with_prefix(&text))), text.len() as u64);
    let loaded = Lines::over(path, std::io::Cursor::new(text), length).and_then(|lines| {
        load_lines(index, &content, lines, BadLines::Skip, &mut |told| {
            if let Told::Skipped(skipped) = told {
                report.bad(skipped.line, &skipped.why);
            }
        })
    });
    if let Err(stopped) = loaded {
        report.problem(0, chain(&stopped));
    }
    report.finish()
}

/// What is wrong with the files, without loading them.
pub fn check(environment: &Environment) -> Vec<Problem> {
    let now = LocalTime::from_seconds(0);
    each_file(environment, |path, report| {
        let mut lines = lines(environment, path)?;
        while let Some(bytes) = lines.next_line()? {
            let text = text(bytes);
            let line = lines.line();
            let read = text.and_then(|text| match text.trim() {
                "" => Ok(()),
                // An owner that is not written is the index's own, whatever that is.
                row => line::read(row, "own", now).map(drop),
            });
            if let Err(why) = read {
                report.bad(line, &why);
            }
        }
        Ok(())
    })
}

/// Why a file was not read to its end.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error(transparent)]
    Bulk(#[from] BulkError),
}

/// The problems of one file.
struct Report {
    path: PathBuf,
    problems: Vec<Problem>,
    bad_lines: usize,
}

impl Report {
    fn bad(&mut self, line: u64, why: &BadLine) {
        self.bad_lines += 1;
        if self.bad_lines <= PROBLEMS_MAX {
            self.problem(line as usize, chain(why));
        }
    }

    fn problem(&mut self, line: usize, message: String) {
        self.problems.push(Problem::error(&self.path, line, message));
    }

    fn finish(mut self) -> Vec<Problem> {
        if self.bad_lines > PROBLEMS_MAX {
            self.problem(0, format!("{} more lines are no engagements", self.bad_lines - PROBLEMS_MAX));
        }
        self.problems
    }
}

fn each_file(
    environment: &Environment,
    mut act: impl FnMut(&Path, &mut Report) -> Result<(), Stopped>,
) -> Vec<Problem> {
    let paths = match environment.paths_below(FOLDER) {
        Ok(paths) => paths,
        Err(error) => return vec![Problem::error(&environment.path(FOLDER), 0, chain(&error))],
    };
    let mut problems = Vec::new();
    for path in paths {
        let mut report = Report { path: path.clone(), problems: Vec::new(), bad_lines: 0 };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(".ndjson") && !name.ends_with(".ndjson.zst") {
            let message = "passed over, expected *.ndjson or *.ndjson.zst".to_owned();
            problems.push(Problem::warning(&path, 0, message));
            continue;
        }
        if let Err(stopped) = act(&path, &mut report) {
            report.problem(0, chain(&stopped));
        }
        problems.extend(report.finish());
    }
    problems
}

fn lines(environment: &Environment, path: &Path) -> Result<Lines, Stopped> {
    let (reader, length) = environment.open_file(path)?;
    Ok(Lines::over(path, reader, length)?)
}

/// SHA-256 of a file's bytes, in hexadecimal.
fn digest(environment: &Environment, path: &Path) -> Result<String, Stopped> {
    let (mut reader, _) = environment.open_file(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let unreadable = |source| EnvironmentError::Unreadable { path: path.to_owned(), source };
        match reader.read(&mut buffer).map_err(unreadable)? {
            0 => break,
            length => hash.update(&buffer[..length]),
        }
    }
    Ok(hexadecimal(hash))
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
