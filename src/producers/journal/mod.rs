//! What the producers were asked and what they answered: a ring bounded by bytes, the oldest row dropped first, with
//! counters that stay exact (`producers.md` §10).

pub mod keep;
mod row;
mod seen;
#[cfg(test)]
mod tests;
mod view;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

pub use row::{Answered, Entry, Kept, NamedStub, Outcome, RivFacts, Row, Sent};
pub use seen::Seen;

use self::keep::{Item, Keeper, Totals};
use crate::producers::settings::JOURNAL_ROWS_MAX;

/// The journal of one workspace.
#[derive(Debug)]
pub struct Journal {
    bytes_max: usize,
    ring: Mutex<Ring>,
    served: AtomicU64,
    unmatched: AtomicU64,
    dropped: AtomicU64,
    changed: Notify,
    /// Whose rows these are on disk, and the way there.
    keeping: Option<(Arc<str>, Arc<Keeper>)>,
}

#[derive(Debug, Default)]
struct Ring {
    rows: VecDeque<Arc<Row>>,
    bytes: usize,
    /// Its workspace is gone: nothing of it goes to disk any more, or it would come back from there.
    is_retired: bool,
}

/// How many calls there were, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// All.
    pub served: u64,
    /// Those nothing answered.
    pub unmatched: u64,
    /// Rows that are no longer kept.
    pub dropped: u64,
    /// Bytes that are kept.
    pub bytes: usize,
    /// Most bytes that may be.
    pub bytes_max: usize,
    /// What is kept on disk and could not be written there, of all workspaces; `None` where nothing is kept on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unkept: Option<u64>,
}

impl Ring {
    /// Adds a row; the oldest go where there is no room.
    fn push(&mut self, row: Arc<Row>, bytes_max: usize, dropped: &mut Vec<Arc<Row>>) {
        self.bytes += row.bytes();
        self.rows.push_back(row);
        while self.bytes > bytes_max || self.rows.len() > JOURNAL_ROWS_MAX {
            let Some(oldest) = self.rows.pop_front() else { break };
            self.bytes -= oldest.bytes();
            dropped.push(oldest);
        }
    }

    fn take(&mut self, is_out: impl Fn(&Row) -> bool) -> Vec<Arc<Row>> {
        let (out, kept): (Vec<_>, Vec<_>) = self.rows.drain(..).partition(|row| is_out(row));
        self.bytes = kept.iter().map(|row| row.bytes()).sum();
        self.rows = kept.into();
        out
    }
}

impl Journal {
    /// An empty one; 0 bytes keeps nothing and still counts.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            ring: Mutex::default(),
            served: AtomicU64::new(0),
            unmatched: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            changed: Notify::new(),
            keeping: None,
        }
    }

    /// One whose rows go to disk as a workspace's.
    pub fn kept(bytes_max: usize, workspace: &Arc<str>, keeper: Arc<Keeper>) -> Self {
        Self { keeping: Some((Arc::clone(workspace), keeper)), ..Self::new(bytes_max) }
    }

    /// Whether rows are kept at all.
    pub fn keeps_rows(&self) -> bool {
        self.bytes_max > 0
    }

    pub(super) fn add(&self, row: Row) {
        self.served.fetch_add(1, Ordering::Relaxed);
        if !row.was_matched {
            self.unmatched.fetch_add(1, Ordering::Relaxed);
        }
        let (row, mut dropped) = (Arc::new(row), Vec::new());
        {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.push(Arc::clone(&row), self.bytes_max, &mut dropped);
            self.dropped.fetch_add(dropped.len() as u64, Ordering::Relaxed);
            // On disk things stand in the order in which they happened here.
            if self.keeps_rows() {
                self.tell(&ring, |_| Item::Row(row, self.totals()));
            }
        }
        // Freed outside the lock.
        drop(dropped);
        self.changed.notify_waiters();
    }

    /// A row as it was before a restart.
    pub(super) fn restore(&self, row: Arc<Row>, totals: Totals) {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).push(row, self.bytes_max, &mut Vec::new());
        self.restore_totals(totals);
    }

    pub(super) fn restore_removed(&self, is_out: impl Fn(&Row) -> bool) {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).take(is_out);
    }

    /// The counters go on from where they were.
    pub(super) fn restore_totals(&self, totals: Totals) {
        self.served.store(totals.served, Ordering::Relaxed);
        self.unmatched.store(totals.unmatched, Ordering::Relaxed);
        self.dropped.store(totals.dropped, Ordering::Relaxed);
    }

    /// The counters alone.
    pub fn totals(&self) -> Totals {
        Totals {
            served: self.served.load(Ordering::Relaxed),
            unmatched: self.unmatched.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// The rows that are kept, oldest first.
    pub fn rows(&self) -> Vec<Arc<Row>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).rows.iter().cloned().collect()
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// The counters.
    pub fn counts(&self) -> Counts {
        let Totals { served, unmatched, dropped } = self.totals();
        let unkept = self.keeping.as_ref().map(|(_, keeper)| keeper.unkept());
        Counts { served, unmatched, dropped, bytes: self.bytes(), bytes_max: self.bytes_max, unkept }
    }

    /// Takes out the rows for which `is_out` holds; they do not count as dropped.
    pub fn remove(&self, is_out: impl Fn(&Row) -> bool) -> Vec<Arc<Row>> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let out = ring.take(is_out);
        if !out.is_empty() {
            self.tell(&ring, |workspace| Item::Removed(workspace, out.iter().map(|row| row.id.clone()).collect()));
        }
        out
    }

    /// Its workspace is gone. Calls that are under way may still add rows, which nobody will look at.
    pub(super) fn retire(&self) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell(&ring, Item::Dropped);
        ring.is_retired = true;
    }

    /// Has the counters on disk as they are now.
    pub(super) fn tell_totals(&self) {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell(&ring, |workspace| Item::Totals(workspace, self.totals()));
    }

    /// Tells the disk, unless it was told that the workspace is gone: what came behind that would make it anew.
    fn tell(&self, ring: &Ring, item: impl FnOnce(Arc<str>) -> Item) {
        if let Some((workspace, keeper)) = self.keeping.as_ref().filter(|_| !ring.is_retired) {
            keeper.put(item(Arc::clone(workspace)));
        }
    }

    /// Ready when the journal changes after the call.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }
}
