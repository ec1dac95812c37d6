//! The journal on disk (`journal.persist`, `producers.md` §10): rows go through a bounded queue to a thread of their own, and
//! from there into a log of the store's below the data directory. No call waits for it: what the queue has no room for, or
//! the disk does not take, is counted and is not there after a restart.
//!
//! `record` is what stands in the log, `writer` the thread, [`restore`] what is read back at the start. On disk the newest
//! rows of all workspaces together are as bounded as one workspace's in memory.

mod record;
pub mod restore;
mod writer;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use super::Row;
use crate::producers::settings::JOURNAL_QUEUE_BYTES_MAX;

/// The folder of the data directory.
pub const DATA_FOLDER: &str = "producers/journal";
/// What the end of a workspace, or of rows that were removed, costs in the queue besides its texts.
const ITEM_BYTES: usize = 128;

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
            Self::Dropped(_) | Self::Totals(..) => ITEM_BYTES,
        }
    }

    fn workspace(&self) -> &Arc<str> {
        match self {
            Self::Row(row, _) => &row.workspace,
            Self::Removed(workspace, _) | Self::Dropped(workspace) | Self::Totals(workspace, _) => workspace,
        }
    }
}

impl Keeper {
    /// Takes what happened on to disk, if there is room; never waits. Rows leave room for what says that rows are gone.
    pub fn put(&self, item: Item) {
        let bytes = item.bytes();
        let most = if matches!(item, Item::Row(..)) { JOURNAL_QUEUE_BYTES_MAX } else { 2 * JOURNAL_QUEUE_BYTES_MAX };
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_closed || queue.bytes + bytes > most {
            drop(queue);
            self.lose(1);
            return;
        }
        queue.bytes += bytes;
        queue.items.push_back(item);
        drop(queue);
        self.arrived.notify_one();
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

    fn lose(&self, count: usize) {
        self.unkept.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// The next items, of so many bytes at most and at least one; `None` when there will be no more. They count as queued
    /// until the next are asked for.
    fn next(&self, bytes_max: usize) -> Option<Vec<Item>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.bytes -= std::mem::take(&mut queue.in_hand);
        while queue.items.is_empty() {
            if queue.is_closed {
                return None;
            }
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
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
