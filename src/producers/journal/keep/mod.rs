//! The journal on disk (`journal.persist`, `producers.md` §10): rows go through a bounded queue to a thread of their own, and
//! from there into a log of the store's below the data directory. No call waits for it: what the queue has no room for, or
//! the disk does not take, is counted and is not there after a restart.
//!
//! `record` is what stands in the log, `owed` what says that rows are gone and is not there yet, `writer` the thread, [`restore`] what is read back at the start. On disk the newest
//! rows of all workspaces together are as bounded as one workspace's in memory.

mod owed;
mod record;
pub mod restore;
mod writer;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::owed::Owed;
use super::Row;
use crate::domain::clock::Clock;
use crate::producers::settings::JOURNAL_QUEUE_BYTES_MAX;

/// The folder of the data directory.
pub const DATA_FOLDER: &str = "producers/journal";
/// What the end of a workspace, or of rows that were removed, costs in the queue besides its texts.
const ITEM_BYTES: usize = 128;
/// How long a disk that failed is left alone before it is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The way to disk.
#[derive(Debug, Default)]
pub struct Keeper {
    queue: Mutex<Queue>,
    arrived: Condvar,
    unkept: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    /// Of these, what is being written.
    in_hand: usize,
    /// What is gone, came behind all items and is to be written before any other.
    owed: Owed,
    /// When the disk failed last.
    failed: Option<Instant>,
    is_closed: bool,
}

/// What happened in a workspace.
#[derive(Clone, Debug)]
pub enum Item {
    /// A call ended.
    Row(Arc<Row>, Totals),
    /// Rows were removed, by their ids.
    Removed(Arc<str>, Vec<String>),
    /// The workspace is gone with all it held.
    Dropped(Arc<str>),
    /// All its rows were removed.
    Cleared(Arc<str>),
    /// All rows and all workspaces are gone.
    Everything,
    /// What its counters are.
    Totals(Arc<str>, Totals),
}

/// A workspace's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All calls.
    pub served: u64,
    /// Those nothing answered.
    pub unmatched: u64,
    /// Rows that are no longer kept.
    pub dropped: u64,
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Row(row, _) => row.bytes(),
            Self::Removed(_, ids) => ITEM_BYTES + ids.iter().map(|id| id.len() + 32).sum::<usize>(),
            Self::Dropped(_) | Self::Cleared(_) | Self::Everything | Self::Totals(..) => ITEM_BYTES,
        }
    }
}

impl Keeper {
    /// Takes what happened on to disk, if there is room; never waits. Rows leave room for what says that rows are gone, and
    /// where that is not enough, it is owed.
    pub fn put(&self, item: Item) {
        let bytes = item.bytes();
        let most = if matches!(item, Item::Row(..)) { JOURNAL_QUEUE_BYTES_MAX } else { 2 * JOURNAL_QUEUE_BYTES_MAX };
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = if queue.is_closed {
            false
        } else if queue.bytes + bytes > most || !queue.owed.is_empty() {
            queue.owed.add(item)
        } else {
            queue.bytes += bytes;
            queue.items.push_back(item);
            true
        };
        drop(queue);
        if is_taken {
            self.arrived.notify_one();
        } else {
            self.lose(1);
        }
    }

    /// How much of what happened is not on disk.
    pub fn unkept(&self) -> u64 {
        self.unkept.load(Ordering::Relaxed)
    }

    /// How much waits to be written or is being written, in bytes.
    pub fn queued(&self) -> usize {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Writes what is in the queue, and no more. Waits for the disk.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.arrived.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes the producers' journal has failed");
        }
    }

    fn is_closed(&self) -> bool {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_closed
    }

    fn lose(&self, count: usize) {
        self.unkept.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// What the disk did not take: rows are lost, and with them those that wait, so that what is gone comes before all that
    /// happens from here on. How much of that is still to be written, with nobody left to write it.
    fn failed(&self, items: Vec<Item>, is_last_look: bool) -> usize {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.bytes = 0;
        queue.in_hand = 0;
        queue.failed = Some(Clock::instant());
        let (waiting, mut owed) = (std::mem::take(&mut queue.items), std::mem::take(&mut queue.owed));
        let all = items.into_iter().chain(waiting).chain(owed.take());
        let lost: usize = all.map(|item| usize::from(!queue.owed.add(item))).sum();
        let unsaid = if is_last_look { queue.owed.take().len() } else { 0 };
        drop(queue);
        self.lose(lost + unsaid);
        unsaid
    }

    /// The next items, of so many bytes at most and at least one; `None` when there will be no more. They count as queued
    /// until the next are asked for.
    fn next(&self, bytes_max: usize) -> Option<Vec<Item>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.bytes -= std::mem::take(&mut queue.in_hand);
        while queue.items.is_empty() {
            let left = queue.failed.map_or(Duration::ZERO, |at| RETRY_INTERVAL.saturating_sub(at.elapsed()));
            queue = match (queue.owed.is_empty(), queue.is_closed) {
                (true, true) => return None,
                (true, false) => self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner),
                (false, is_closed) if is_closed || left.is_zero() => return Some(queue.owed.take()),
                (false, _) => self.arrived.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(item) = queue.items.front() {
            if !taken.is_empty() && bytes + item.bytes() > bytes_max {
                break;
            }
            bytes += item.bytes();
            taken.extend(queue.items.pop_front());
        }
        queue.in_hand = bytes;
        Some(taken)
    }
}
