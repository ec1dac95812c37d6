//! The seam behind which a shared, replicated log could one day stand where the local journal stands.
//!
//! Whoever derives his memory from a log appends a batch, learns its number, and can have everything from a number on
//! read back to him. A batch is atomic: it is read back whole or not at all.

use std::fmt;
use std::io;

/// Takes a batch that is read back: its number and its bytes. An error ends the reading.
pub type Each<'a> = dyn FnMut(u64, &[u8]) -> Result<(), LogError> + 'a;

/// An ordered, durable sequence of batches, numbered from 1.
pub trait Log: Send + fmt::Debug {
    /// Appends the batches in order and returns the number of the last. They are durable when this returns: the caller
    /// shares one sync among as many batches as he brings.
    fn append(&mut self, batches: &[&[u8]]) -> Result<u64, LogError>;

    /// Hands every batch with a number of at least `from` to `each`, in order. To be called before the first append.
    fn replay(&mut self, from: u64, each: &mut Each<'_>) -> Result<Replayed, LogError>;

    /// Lets go of batches below `before`; some of them may still be replayed.
    fn forget(&mut self, before: u64) -> Result<(), LogError>;

    /// Bytes held on disk; 0 for a log that keeps nothing.
    fn bytes(&self) -> u64;
}

/// What was found when a log was read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Batches handed out.
    pub batches: u64,
    /// The number of the last batch in the log, or one below `from` if there is none.
    pub last: u64,
    /// What could not be read. A torn tail after a crash is normal: nobody had been told that it was safe.
    pub skipped: Vec<Skipped>,
}

/// A stretch of the log that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file it stands in.
    pub file: String,
    /// Where in the file it begins.
    pub offset: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// First batch that is missing.
    pub first: u64,
    /// Last batch that is known to be missing; below `first` where none is known to be.
    pub last: u64,
    /// Whether missing batches had been acknowledged: damage of the disk, not of the crash.
    pub acknowledged: bool,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, bytes, first, last, acknowledged } = self;
        write!(f, "{file}: skipped {bytes} bytes at {offset}")?;
        match (*acknowledged, last >= first) {
            (true, _) => write!(f, ": acknowledged batches {first} to {last} are damaged"),
            (false, true) => write!(f, ": batches {first} to {last}, never acknowledged, are incomplete"),
            (false, false) => write!(f, ": the torn end of the log, behind batch {}", first.saturating_sub(1)),
        }
    }
}

/// A log that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk refused.
    #[error("cannot {action} {file}")]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// The file, or the directory where a list of names was wanted.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// An earlier write failed, so that nobody knows what stands at the end of the log.
    #[error("writing stopped after an earlier failure: {0}")]
    Poisoned(String),
    /// A batch larger than a log takes.
    #[error("a batch of {bytes} bytes, the limit is {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// Bytes that pass their checksum and still make no sense, or a snapshot that does not pass.
    #[error("{file} at {offset}: {message}")]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What was found, and what was expected.
        message: String,
    },
}

/// Numbers batches and keeps none: for a platform without a data directory.
#[derive(Debug, Default)]
pub struct Volatile {
    last: u64,
}

impl Log for Volatile {
    fn append(&mut self, batches: &[&[u8]]) -> Result<u64, LogError> {
        self.last += batches.len() as u64;
        Ok(self.last)
    }

    fn replay(&mut self, from: u64, _each: &mut Each<'_>) -> Result<Replayed, LogError> {
        self.last = self.last.max(from.saturating_sub(1));
        Ok(Replayed { batches: 0, last: self.last, skipped: Vec::new() })
    }

    fn forget(&mut self, _before: u64) -> Result<(), LogError> {
        Ok(())
    }

    fn bytes(&self) -> u64 {
        0
    }
}
