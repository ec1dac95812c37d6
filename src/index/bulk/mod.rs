//! Engagements by the million: made up, loaded, dumped, looked up and counted, for the command line and for benches.
//!
//! Files are one JSON object a line, keys named as the contract's elements, compressed where the name ends in `.zst`.

pub mod care;
pub mod dump;
pub mod environment;
pub mod error;
pub mod generate;
pub mod inspect;
pub mod line;
pub mod load;
pub mod random;
pub mod send;
pub mod stream;
#[cfg(test)]
mod tests;

/// How far a bulk command has come. Shown as it changes; made up of counts so that a bar can be drawn from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines done, those of an earlier run included.
    pub lines: u64,
    /// Of them, bad lines that were passed over.
    pub skipped: u64,
    /// Bytes of the file that have been read or written.
    pub bytes: u64,
    /// Bytes the file has; 0 where that is not known.
    pub bytes_total: u64,
}
