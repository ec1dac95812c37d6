//! Files into the index: `anslut index load`, and the engagements of an environment.

use std::borrow::Cow;
use std::path::Path;

use super::Progress;
use super::error::BulkError;
use super::line::{self, BadLine, LINE_BYTES_MAX};
use super::stream::Lines;
use crate::index::open::Index;
use crate::index::record::{Load, LoadRow};

/// Rows that share a batch of the journal.
pub const BATCH_ROWS: usize = 4_096;

/// What to do with a line that is no engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLines {
    /// Stop there. What stands before is in.
    Stop,
    /// Pass over it, and show it.
    Skip,
}

/// A bad line that was passed over.
#[derive(Debug)]
pub struct SkippedLine {
    /// Its number, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: BadLine,
}

/// What is shown while loading.
#[derive(Debug)]
pub enum Told {
    /// How far it has come.
    Progress(Progress),
    /// A bad line that was passed over.
    Skipped(SkippedLine),
}

/// Loads a file; rows with a key that is there already are replaced. A load that was broken off goes on behind the last
/// line that is in, as long as name and length of the file are the same.
pub fn load(index: &Index, file: &Path, bad: BadLines, tell: &mut dyn FnMut(Told)) -> Result<Progress, BulkError> {
    let lines = Lines::open(file)?;
    let name = format!("{}:{}", file.file_name().unwrap_or_default().to_string_lossy(), lines.bytes().1);
    load_lines(index, &name, lines, bad, tell)
}

/// Loads lines; goes on behind the last line that is in under the same name.
pub fn load_lines(
    index: &Index,
    name: &str,
    mut lines: Lines,
    bad: BadLines,
    tell: &mut dyn FnMut(Told),
) -> Result<Progress, BulkError> {
    let file = &lines.path().to_owned();
    let mut progress = Progress { bytes_total: lines.bytes().1, ..Progress::default() };
    for _ in 0..index.loaded_lines(name) {
        if lines.next_line()?.is_none() {
            break;
        }
    }
    progress.lines = lines.line();
    loop {
        let texts = read_batch(&mut lines)?;
        let (rows, stopped) = engagements(index, file, &texts, bad, &mut progress, tell);
        // Stopped at a bad line, what stands before it is in.
        let in_with_this = stopped.as_ref().map_or(lines.line(), |(line, _)| line - 1);
        if in_with_this > progress.lines {
            index.load(Load { name: Cow::Borrowed(name), lines: in_with_this, rows })?;
            progress.lines = in_with_this;
            progress.bytes = lines.bytes().0;
            tell(Told::Progress(progress));
        }
        match stopped {
            Some((_, stop)) => return Err(stop),
            None if texts.len() < BATCH_ROWS => return Ok(progress),
            None => {}
        }
    }
}

/// A line's number, and its text where it is one.
type Numbered = (u64, Result<String, BadLine>);

/// The next lines; fewer than [`BATCH_ROWS`] at the end of the file.
fn read_batch(lines: &mut Lines) -> Result<Vec<Numbered>, BulkError> {
    let mut texts = Vec::with_capacity(BATCH_ROWS);
    while texts.len() < BATCH_ROWS {
        let Some(text) = lines.next_line()?.map(text) else { break };
        texts.push((lines.line(), text));
    }
    Ok(texts)
}

/// The engagements of some lines, up to the one that stops the load, if one does.
fn engagements<'a>(
    index: &'a Index,
    file: &Path,
    texts: &'a [Numbered],
    bad: BadLines,
    progress: &mut Progress,
    tell: &mut dyn FnMut(Told),
) -> (Vec<LoadRow<'a>>, Option<(u64, BulkError)>) {
    let now = index.now();
    let mut rows = Vec::with_capacity(texts.len());
    for (line, text) in texts {
        let row = match text {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => line::read(text, &index.settings().own_id, now),
            Err(why) => Err(BadLine::Text(why.to_string())),
        };
        match row {
            Ok(row) => rows.push(row),
            Err(why) => {
                if let Err(stop) = refuse(file, *line, why, bad, progress, tell) {
                    return (rows, Some((*line, stop)));
                }
            }
        }
    }
    (rows, None)
}

/// A line as text.
pub(super) fn text(bytes: &[u8]) -> Result<String, BadLine> {
    if bytes.len() > LINE_BYTES_MAX {
        return Err(BadLine::Text(format!("longer than {LINE_BYTES_MAX} bytes")));
    }
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| BadLine::Text(error.to_string()))
}

/// Passes over a bad line, or stops at it.
pub(super) fn refuse(
    file: &Path,
    line: u64,
    why: BadLine,
    bad: BadLines,
    progress: &mut Progress,
    tell: &mut dyn FnMut(Told),
) -> Result<(), BulkError> {
    match bad {
        BadLines::Stop => Err(BulkError::Line { path: file.to_owned(), line, source: why }),
        BadLines::Skip => {
            progress.skipped += 1;
            tell(Told::Skipped(SkippedLine { line, why }));
            Ok(())
        }
    }
}
