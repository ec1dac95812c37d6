//! What the producers were asked and what they answered: a ring bounded by bytes, the oldest row dropped first, with
//! counters that stay exact (`producers.md` §10).

mod row;
mod view;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

pub use row::{Answered, Entry, Kept, Outcome, RivFacts, Row, Sent};

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
}

#[derive(Debug, Default)]
struct Ring {
    rows: VecDeque<Arc<Row>>,
    bytes: usize,
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
        }
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
        let bytes = row.bytes();
        let mut dropped = Vec::new();
        {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.bytes += bytes;
            ring.rows.push_back(Arc::new(row));
            while ring.bytes > self.bytes_max || ring.rows.len() > JOURNAL_ROWS_MAX {
                let Some(oldest) = ring.rows.pop_front() else { break };
                ring.bytes -= oldest.bytes();
                dropped.push(oldest);
            }
        }
        // Freed outside the lock.
        self.dropped.fetch_add(dropped.len() as u64, Ordering::Relaxed);
        self.changed.notify_waiters();
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
        Counts {
            served: self.served.load(Ordering::Relaxed),
            unmatched: self.unmatched.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            bytes: self.bytes(),
            bytes_max: self.bytes_max,
        }
    }

    /// Takes out the rows for which `is_out` holds; they do not count as dropped.
    pub fn remove(&self, is_out: impl Fn(&Row) -> bool) -> Vec<Arc<Row>> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let (out, kept): (Vec<_>, Vec<_>) = ring.rows.drain(..).partition(|row| is_out(row));
        ring.bytes = kept.iter().map(|row| row.bytes()).sum();
        ring.rows = kept.into();
        out
    }

    /// Ready when the journal changes after the call.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }
}
