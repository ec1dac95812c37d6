//! What is wrong with a file somebody wrote: where, how bad, and in words. Every loader reports all it found, in one go.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Whether a problem keeps its file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is used; something in it has no effect or is likely a mistake.
    Warning,
    /// The file, or the row that is named, cannot be used.
    Error,
}

/// One finding in one file. Messages start in lower case, have no full stop, and name the value that was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, as the loader opened it.
    pub file: PathBuf,
    /// Line, counted from 1; 0 where the problem concerns the file as a whole.
    pub line: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl Problem {
    /// A problem that makes the row or the file unusable.
    pub fn error(file: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, severity: Severity::Error, message: message.into() }
    }

    /// A problem the platform can live with.
    pub fn warning(file: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, severity: Severity::Warning, message: message.into() }
    }

    /// Whether it is an [`Severity::Error`].
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        match self.line {
            0 => write!(f, "{}: {severity}: {}", self.file.display(), self.message),
            line => write!(f, "{}:{line}: {severity}: {}", self.file.display(), self.message),
        }
    }
}

/// Line of a byte offset in a text, counted from 1. Offsets past the end count as the last line.
pub fn line_at(text: &[u8], offset: usize) -> usize {
    1 + text[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}
