//! The ring of finished calls, bounded by bytes, that the admin pages and the API read.

mod packed;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use super::exchange::CallRecord;
use packed::Packed;

/// Records that wait for a slow watcher of the live page before it misses some.
const WATCH_QUEUE_MAX: usize = 256;

/// Finished calls, oldest first. The oldest leaves when a new one would exceed the bound.
#[derive(Debug)]
pub struct Records {
    ring: Mutex<Ring>,
    bytes_max: usize,
    /// The number of the next call; shared by all who push.
    next: AtomicU64,
    watchers: broadcast::Sender<Arc<CallRecord>>,
}

#[derive(Debug, Default)]
struct Ring {
    calls: VecDeque<Arc<Packed>>,
    bytes: usize,
    total: u64,
    dropped: u64,
}

/// How full the ring is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Records in the ring.
    pub calls: usize,
    /// What they weigh.
    pub bytes: usize,
    /// What they may weigh.
    pub bytes_max: usize,
    /// Calls recorded since start.
    pub total: u64,
    /// Of those, no longer here.
    pub dropped: u64,
}

impl Records {
    /// An empty ring for records of `bytes_max` bytes together.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            ring: Mutex::default(),
            bytes_max,
            next: AtomicU64::new(1),
            watchers: broadcast::Sender::new(WATCH_QUEUE_MAX),
        }
    }

    /// A number for a call that begins; larger is later.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps a finished call, and shows it to whoever watches.
    pub fn push(&self, record: CallRecord) {
        let record = Arc::new(Packed::of(record));
        let weight = record.weight();
        let mut leaving = Vec::new();
        {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.total += 1;
            ring.bytes += weight;
            ring.calls.push_back(Arc::clone(&record));
            while ring.bytes > self.bytes_max {
                let Some(oldest) = ring.calls.pop_front() else { break };
                ring.bytes -= oldest.weight();
                ring.dropped += 1;
                // Freed behind the lock.
                leaving.push(oldest);
            }
        }
        if self.watchers.receiver_count() > 0 {
            // Nobody left in the meantime: nobody to tell.
            let _ = self.watchers.send(Arc::new(record.unpacked()));
        }
    }

    /// The record with this number, if it is still here.
    pub fn find(&self, id: u64) -> Option<Arc<CallRecord>> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let found = ring.calls.iter().rev().find(|record| record.id() == id).cloned()?;
        drop(ring);
        Some(Arc::new(found.unpacked()))
    }

    /// The newest records that `wanted` accepts, newest first, at most `count`.
    pub fn newest(&self, count: usize, wanted: impl Fn(&CallRecord) -> bool) -> Vec<Arc<CallRecord>> {
        // The list of pointers is copied, so that filtering does not hold up calls in flight.
        let calls: Vec<_> = self.ring.lock().unwrap_or_else(PoisonError::into_inner).calls.iter().cloned().collect();
        let unpacked = calls.into_iter().rev().map(|record| record.unpacked());
        unpacked.filter(|record| wanted(record)).take(count).map(Arc::new).collect()
    }

    /// Shows every record to `look`, the newest first.
    pub fn each(&self, look: &mut dyn FnMut(&CallRecord)) {
        let calls: Vec<_> = self.ring.lock().unwrap_or_else(PoisonError::into_inner).calls.iter().cloned().collect();
        calls.into_iter().rev().for_each(|record| look(&record.unpacked()));
    }

    /// Every record from now on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<CallRecord>> {
        self.watchers.subscribe()
    }

    /// How full the ring is.
    pub fn fill(&self) -> Fill {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        Fill {
            calls: ring.calls.len(),
            bytes: ring.bytes,
            bytes_max: self.bytes_max,
            total: ring.total,
            dropped: ring.dropped,
        }
    }
}
