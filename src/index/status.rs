//! How the index is doing, for readiness, status pages and operators.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::snapshot::Written;
use crate::store::log::{Replayed, Skipped};

/// Shared by the writing thread and those who ask.
#[derive(Debug, Default)]
pub struct Health {
    locked: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    poisoned: Option<String>,
    replayed: Replayed,
    snapshot: Option<Written>,
}

/// How the index is doing.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Why nothing is written any more, where that is so.
    pub poisoned: Option<String>,
    /// Whether the write lock is closed.
    pub write_locked: bool,
    /// Batches that were read back at the start.
    pub replayed_batches: u64,
    /// What of the journal could not be read at the start.
    pub skipped: Vec<Skipped>,
    /// The last snapshot, read or taken.
    pub snapshot: Option<Written>,
    /// Rows.
    pub engagements: u64,
    /// Persons with at least one row.
    pub persons: u64,
    /// Messages in the collect window.
    pub collected_messages: usize,
    /// Messages behind the write lock.
    pub held_messages: usize,
    /// The last batch applied.
    pub applied: u64,
}

impl Status {
    /// Why the index should not be called ready; `None` if it is. Reads are served all the same.
    pub fn unready(&self) -> Option<String> {
        if let Some(why) = &self.poisoned {
            return Some(format!("updates are refused: {why}"));
        }
        let lost = self.skipped.iter().find(|skipped| skipped.acknowledged)?;
        Some(format!("acknowledged updates were lost: {lost}"))
    }
}

impl Health {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the write lock is closed.
    pub fn is_locked(&self) -> bool {
        self.locked.load(Ordering::Relaxed)
    }

    pub(super) fn lock(&self, closed: bool) {
        self.locked.store(closed, Ordering::Relaxed);
    }

    /// Why nothing is written any more, where that is so.
    pub fn poisoned(&self) -> Option<String> {
        self.with(|inner| inner.poisoned.clone())
    }

    pub(super) fn poison(&self, why: &str) {
        self.with(|inner| {
            if inner.poisoned.is_none() {
                tracing::error!(why, "the index takes no more updates");
                inner.poisoned = Some(why.to_owned());
            }
        });
    }

    pub(super) fn replayed(&self, replayed: Replayed) {
        for skipped in &replayed.skipped {
            match skipped.acknowledged {
                true => tracing::error!(%skipped, "part of the journal is damaged"),
                false => tracing::warn!(%skipped, "part of the journal was not finished"),
            }
        }
        self.with(|inner| inner.replayed = replayed);
    }

    pub(super) fn snapshot_taken(&self, written: Written) {
        self.with(|inner| inner.snapshot = Some(written));
    }

    /// The last snapshot, read or taken.
    pub(super) fn snapshot(&self) -> Option<Written> {
        self.with(|inner| inner.snapshot)
    }

    /// Fills in what is known here.
    pub(super) fn tell(&self, status: &mut Status) {
        status.write_locked = self.is_locked();
        self.with(|inner| {
            status.poisoned.clone_from(&inner.poisoned);
            status.replayed_batches = inner.replayed.batches;
            status.skipped.clone_from(&inner.replayed.skipped);
            status.snapshot = inner.snapshot;
        });
    }
}
