//! The catalogue's commands on disk: a record may be larger than a batch of the journal, and is then cut in pieces.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::code::{self, Record};
use crate::catalogue::entry::Text;
use crate::store::disk::Disk;
use crate::store::disk::real::RealDisk;
use crate::store::journal::{Journal, SEGMENT_BYTES};
use crate::store::log::{Log, LogError, Volatile};

/// The folder of the data directory the catalogue keeps its journal in.
pub const DATA_FOLDER: &str = "catalogue";

/// Largest piece of a record, in bytes.
const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest record that is put together again, in bytes.
const RECORD_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Set in the first byte of a piece that begins a record.
const FIRST: u8 = 1;
/// Set in the first byte of a piece that ends one. A record whose last piece is missing never happened.
const LAST: u8 = 2;

/// Where commands are written.
#[derive(Debug)]
pub struct Keeper {
    log: Box<dyn Log>,
    piece_bytes_max: usize,
}

impl Keeper {
    /// Keeps nothing.
    pub fn volatile() -> Self {
        Self { log: Box::<Volatile>::default(), piece_bytes_max: PIECE_BYTES_MAX }
    }

    /// Keeps everything below a data directory.
    pub fn open(data: &Path) -> Result<Self, LogError> {
        let folder = data.join(DATA_FOLDER);
        let file = || folder.display().to_string();
        let disk = RealDisk::open(&folder).map_err(|source| LogError::Disk { action: "open", file: file(), source })?;
        Self::with_bounds(Arc::new(disk), SEGMENT_BYTES, PIECE_BYTES_MAX)
    }

    /// Keeps everything on a disk, in segments and pieces of these sizes.
    pub(super) fn with_bounds(
        disk: Arc<dyn Disk>,
        segment_bytes: u64,
        piece_bytes_max: usize,
    ) -> Result<Self, LogError> {
        Ok(Self { log: Box::new(Journal::open(disk, segment_bytes)?), piece_bytes_max })
    }

    /// Hands out every record, oldest first. To be called once, before the first is appended.
    pub fn replay(&mut self, each: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        let mut texts: HashSet<Text, RandomState> = HashSet::default();
        let mut share = |text: &str| match texts.get(text) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared: Text = Arc::from(text);
                texts.insert(Arc::clone(&shared));
                shared
            }
        };
        let mut record = Vec::new();
        let replayed = self.log.replay(1, &mut |number, piece| {
            let damaged = |message: String| LogError::Damaged { file: format!("batch {number}"), offset: 0, message };
            let Some((flags, piece)) = piece.split_first() else {
                return Err(damaged("an empty batch, expected a piece of a record".to_owned()));
            };
            if flags & FIRST != 0 {
                record.clear();
            }
            if record.len() + piece.len() > RECORD_BYTES_MAX {
                return Err(damaged(format!("a record of more than {RECORD_BYTES_MAX} bytes")));
            }
            record.extend_from_slice(piece);
            if flags & LAST != 0 {
                each(code::decode(&record, &mut share).map_err(|error| damaged(error.to_string()))?);
                record.clear();
            }
            Ok(())
        })?;
        for skipped in replayed.skipped {
            tracing::warn!(%skipped, "part of the catalogue's journal could not be read");
        }
        Ok(())
    }

    /// Makes a record last.
    pub fn append(&mut self, record: &Record) -> Result<(), LogError> {
        let bytes = code::encode(record);
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(LogError::TooLarge { bytes: bytes.len(), bytes_max: RECORD_BYTES_MAX });
        }
        let count = bytes.len().div_ceil(self.piece_bytes_max).max(1);
        let pieces: Vec<Vec<u8>> = (0..count)
            .map(|place| {
                let start = place * self.piece_bytes_max;
                let end = bytes.len().min(start + self.piece_bytes_max);
                let first = if place == 0 { FIRST } else { 0 };
                let last = if place + 1 == count { LAST } else { 0 };
                [&[first | last], &bytes[start..end]].concat()
            })
            .collect();
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        self.log.append(&pieces)?;
        Ok(())
    }
}
