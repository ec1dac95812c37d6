//! The thread that writes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::{Item, Keeper, RETRY_INTERVAL, Totals, record};
use crate::domain::clock::Clock;
use crate::producers::settings::JOURNAL_SEGMENT_BYTES;
use crate::store::disk::Disk;
use crate::store::journal::Journal as StoredJournal;
use crate::store::log::{Log, LogError};

/// What is encoded for one write, in bytes of memory.
const WRITE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the thread has.
pub(super) struct Writer {
    /// Where the log is opened anew after a failure.
    pub(super) disk: Arc<dyn Disk>,
    pub(super) log: Box<dyn Log>,
    /// First batch of each write that may still be on disk, oldest first.
    pub(super) writes: VecDeque<u64>,
    /// Most bytes on disk.
    pub(super) disk_bytes_max: u64,
    /// The counters of each workspace, as they were last told.
    pub(super) totals: HashMap<Arc<str>, Totals>,
    /// Since when nobody knows what stands at the end of the log: the failure, or the last look after it.
    pub(super) broken: Option<Instant>,
}

/// What may be on disk where so much may be in memory: segments go whole, and the last one is not full.
pub(super) fn disk_bytes_max(bytes_max: usize) -> u64 {
    bytes_max as u64 + 2 * JOURNAL_SEGMENT_BYTES
}

impl Writer {
    /// Writes until the keeper is closed.
    pub(super) fn run(mut self, keeper: &Keeper) {
        let mut is_told = false;
        while let Some(items) = keeper.next(WRITE_BYTES_MAX) {
            let is_last_look = keeper.is_closed();
            if let Err(error) = self.mend(is_last_look).and_then(|()| self.write(&items)) {
                self.broken.get_or_insert_with(Clock::instant);
                let unsaid = keeper.failed(items, is_last_look);
                if unsaid > 0 {
                    tracing::error!(%error, unsaid, "rows that were deleted may be there again after the next start");
                }
                if !is_told {
                    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    tracing::error!(%error, cause, "the producers' journal is no longer kept on disk");
                }
                is_told = true;
            } else if std::mem::take(&mut is_told) {
                tracing::info!("the producers' journal is kept on disk again");
            }
        }
    }

    /// After a failure, opens the log as a start does: what stands torn at its end is passed over.
    fn mend(&mut self, is_last_look: bool) -> Result<(), LogError> {
        let Some(broken) = self.broken else { return Ok(()) };
        if broken.elapsed() < RETRY_INTERVAL && !is_last_look {
            return Err(LogError::Poisoned("the disk is left alone for a while".to_owned()));
        }
        self.broken = Some(Clock::instant());
        let mut log = StoredJournal::open(Arc::clone(&self.disk), JOURNAL_SEGMENT_BYTES)?;
        let mut writes = VecDeque::new();
        log.replay(1, &mut |number, _| {
            writes.push_back(number);
            Ok(())
        })?;
        (self.log, self.writes, self.broken) = (Box::new(log), writes, None);
        Ok(())
    }

    /// Writes what happened, and lets go of the oldest where it is too much.
    pub(super) fn write(&mut self, items: &[Item]) -> Result<(), LogError> {
        for item in items {
            match item {
                Item::Row(row, totals) => _ = self.totals.insert(Arc::clone(&row.workspace), *totals),
                Item::Totals(workspace, totals) => _ = self.totals.insert(Arc::clone(workspace), *totals),
                Item::Dropped(workspace) => _ = self.totals.remove(workspace),
                Item::Everything => self.totals.retain(|workspace, _| workspace.is_empty()),
                Item::Removed(..) | Item::Cleared(_) => {}
            }
        }
        self.append(items)?;
        if self.log.bytes() <= self.disk_bytes_max {
            return Ok(());
        }
        // They may stand nowhere but in what is let go of.
        let totals: Vec<_> = self.totals.iter().map(|(key, totals)| Item::Totals(Arc::clone(key), *totals)).collect();
        self.append(&totals)?;
        while self.log.bytes() > self.disk_bytes_max && self.writes.len() > 1 {
            self.writes.pop_front();
            self.log.forget(self.writes[0])?;
        }
        Ok(())
    }

    fn append(&mut self, items: &[Item]) -> Result<(), LogError> {
        if items.is_empty() {
            return Ok(());
        }
        let records: Vec<Vec<u8>> = items.iter().map(record::encode).collect();
        let slices: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let last = self.log.append(&slices)?;
        self.writes.push_back(last + 1 - slices.len() as u64);
        Ok(())
    }

    /// Lets go of everything that was written before a batch.
    pub(super) fn forget(&mut self, before: u64) -> Result<(), LogError> {
        self.writes.retain(|first| *first >= before);
        self.log.forget(before)
    }
}
