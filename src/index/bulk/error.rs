//! Why a bulk command stopped.

use std::io;
use std::path::PathBuf;

use super::line::BadLine;
use crate::index::commit::CommitError;
use crate::store::log::LogError;

/// A bulk command that stopped.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A line that is no engagement.
    #[error("{}:{line}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its number, counted from 1.
        line: u64,
        /// What is wrong with it.
        source: BadLine,
    },
    /// The data directory cannot be read.
    #[error("the index cannot be opened")]
    Open(#[from] LogError),
    /// The index refused.
    #[error("the index took no more")]
    Refused(#[from] CommitError),
    /// A running platform refused.
    #[error("the platform answered {status} at line {line}: {text}")]
    Answer {
        /// HTTP status; 0 where there was no answer.
        status: u16,
        /// The last line of the request.
        line: u64,
        /// The fault, or what happened to the connection.
        text: String,
    },
    /// Numbers that cannot be generated.
    #[error("{0}")]
    Usage(String),
}
