//! The log of connections on disk: one batch of the journal for each command, its changes as JSON.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::holdings::Change;
use crate::store::disk::Disk;
use crate::store::disk::real::RealDisk;
use crate::store::journal::Journal;
use crate::store::log::{Log, LogError, Volatile};

/// The folder of the data directory the log is kept in.
pub const DATA_FOLDER: &str = "connection";

/// Room set aside for a segment, in bytes; no command is larger.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// What one command changed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    recorded_at: Timestamp,
    changes: Vec<Change>,
}

/// Where commands are written.
#[derive(Debug)]
pub struct Keeper {
    log: Box<dyn Log>,
}

impl Keeper {
    /// Keeps nothing.
    pub fn volatile() -> Self {
        Self { log: Box::<Volatile>::default() }
    }

    /// Keeps everything below a data directory.
    pub fn open(data: &Path) -> Result<Self, LogError> {
        let folder = data.join(DATA_FOLDER);
        let file = || folder.display().to_string();
        let disk = RealDisk::open(&folder).map_err(|source| LogError::Disk { action: "open", file: file(), source })?;
        Self::on(Arc::new(disk))
    }

    /// Keeps everything on a disk.
    pub fn on(disk: Arc<dyn Disk>) -> Result<Self, LogError> {
        Ok(Self { log: Box::new(Journal::open(disk, SEGMENT_BYTES)?) })
    }

    /// Hands out every change, oldest first. To be called once, before the first command.
    pub fn replay(&mut self, each: &mut dyn FnMut(Change)) -> Result<(), LogError> {
        let replayed = self.log.replay(1, &mut |number, bytes| {
            let batch: Batch = serde_json::from_slice(bytes).map_err(|error| LogError::Damaged {
                file: format!("batch {number}"),
                offset: 0,
                message: error.to_string(),
            })?;
            batch.changes.into_iter().for_each(&mut *each);
            Ok(())
        })?;
        for skipped in replayed.skipped {
            tracing::warn!(%skipped, "part of the connections' log could not be read");
        }
        Ok(())
    }

    /// Makes a command's changes last: all of them, or none.
    pub fn append(&mut self, recorded_at: Timestamp, changes: Vec<Change>) -> Result<Vec<Change>, LogError> {
        let batch = Batch { recorded_at, changes };
        let bytes = serde_json::to_vec(&batch).expect("texts, numbers and lists always serialise");
        self.log.append(&[&bytes])?;
        Ok(batch.changes)
    }
}
