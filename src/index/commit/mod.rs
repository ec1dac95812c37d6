//! The one thread that writes: it gathers what callers bring, makes it durable with one sync, applies it in order, and
//! only then answers them.
//!
//! It also closes the collect window, holds messages back behind the write lock, and has snapshots taken.

mod writer;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use self::writer::Writer;
use super::machine::Machine;
use super::status::Health;
use crate::config::index::IndexSettings;
use crate::domain::clock::Clock;
use crate::store::disk::Disk;
use crate::store::log::Log;

/// Why something was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The journal cannot be written, now or ever since an earlier failure.
    #[error("the index cannot write its journal: {0}")]
    Journal(String),
    /// Too much waits for the collect window or the write lock.
    #[error("{bytes} bytes wait to be applied, the limit is {bytes_max}")]
    Full {
        /// What waits.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The index is being shut down.
    #[error("the index is shutting down")]
    Closed,
}

/// The answer to something brought: the number of the last batch written for it.
type Reply = oneshot::Sender<Result<u64, CommitError>>;

enum Command {
    /// An encoded record.
    Write(Vec<u8>, Reply),
    /// Closes or opens the write lock.
    Lock(bool, Reply),
    /// Closes the collect window now.
    Settle(Reply),
    /// Takes a snapshot now.
    Snapshot(Reply),
    /// A snapshot covers the journal up to here.
    Forget(u64),
}

struct Brought {
    command: Command,
    /// Held until the command is taken up, so that only so many wait.
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Default)]
struct Waiting {
    commands: VecDeque<Brought>,
    closed: bool,
}

struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// One for each kilobyte that may wait.
    permits: Arc<Semaphore>,
    permits_max: usize,
}

/// Kilobytes, and one more.
fn permits(bytes: usize) -> usize {
    (bytes / 1024 + 1).min(Semaphore::MAX_PERMITS)
}

/// Brings records to the writing thread. Dropping it ends the thread when all that was brought is done.
pub struct Committer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").finish_non_exhaustive()
    }
}

/// What the writing thread works on.
pub struct Works {
    /// Where batches go.
    pub log: Box<dyn Log>,
    /// Where snapshots go; `None` keeps none.
    pub disk: Option<Arc<dyn Disk>>,
    /// The state.
    pub machine: Arc<Mutex<Machine>>,
    /// What is set.
    pub settings: Arc<IndexSettings>,
    /// Civil time.
    pub clock: Clock,
    /// What is told about all this.
    pub health: Arc<Health>,
    /// Journal that no snapshot covers yet, in bytes.
    pub journal_bytes: u64,
}

impl Committer {
    /// Starts the writing thread.
    pub fn start(works: Works) -> Self {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            permits: Arc::new(Semaphore::new(permits(works.settings.limits.submissions_bytes_max))),
            permits_max: permits(works.settings.limits.submissions_bytes_max),
        });
        let health = Arc::clone(&works.health);
        let mut writer = Writer::new(Arc::clone(&shared), works);
        let thread = thread::Builder::new().name("index-journal".to_owned());
        let ended = Ended { shared: Arc::clone(&shared), health };
        let run = move || {
            let _ended = ended;
            writer.run();
        };
        let thread = thread.spawn(run).expect("a start without threads ends the process anyway");
        Self { shared, thread: Mutex::new(Some(thread)) }
    }

    /// Brings an encoded record; ready when it is on disk and applied, or will be when its waiting is over.
    pub async fn write(&self, record: Vec<u8>) -> Result<u64, CommitError> {
        let bytes = record.len();
        self.bring(bytes, |reply| Command::Write(record, reply)).await
    }

    /// Closes (`true`) or opens the write lock. Opened, all that waited is applied before this is ready.
    pub async fn lock(&self, closed: bool) -> Result<u64, CommitError> {
        self.bring(0, |reply| Command::Lock(closed, reply)).await
    }

    /// Applies what waits in the collect window.
    pub async fn settle(&self) -> Result<u64, CommitError> {
        self.bring(0, Command::Settle).await
    }

    /// Takes a snapshot; ready when it is on disk.
    pub async fn snapshot(&self) -> Result<u64, CommitError> {
        self.bring(0, Command::Snapshot).await
    }

    /// The same as [`Committer::write`] for a thread that may wait.
    pub fn write_blocking(&self, record: Vec<u8>) -> Result<u64, CommitError> {
        self.bring_blocking(|reply| Command::Write(record, reply))
    }

    /// The same as [`Committer::snapshot`] for a thread that may wait.
    pub fn snapshot_blocking(&self) -> Result<u64, CommitError> {
        self.bring_blocking(Command::Snapshot)
    }

    fn bring_blocking(&self, command: impl FnOnce(Reply) -> Command) -> Result<u64, CommitError> {
        let (reply, answer) = oneshot::channel();
        self.shared.push(Brought { command: command(reply), _permit: None })?;
        answer.blocking_recv().unwrap_or(Err(CommitError::Closed))
    }

    async fn bring(&self, bytes: usize, command: impl FnOnce(Reply) -> Command) -> Result<u64, CommitError> {
        let wanted = permits(bytes).min(self.shared.permits_max);
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.shared.permits).acquire_many_owned(wanted).await;
        let permit = permit.map_err(|_| CommitError::Closed)?;
        let (reply, answer) = oneshot::channel();
        self.shared.push(Brought { command: command(reply), _permit: Some(permit) })?;
        answer.await.unwrap_or(Err(CommitError::Closed))
    }

    /// Applies what an earlier process held back; nobody waits for it.
    pub fn release_soon(&self) {
        self.start_with(|reply| Command::Lock(false, reply));
    }

    /// Takes a snapshot; nobody waits for it.
    pub fn snapshot_soon(&self) {
        self.start_with(Command::Snapshot);
    }

    fn start_with(&self, command: impl FnOnce(Reply) -> Command) {
        let (reply, _) = oneshot::channel();
        // Only a closed committer refuses, and this is called at the start.
        let _ = self.shared.push(Brought { command: command(reply), _permit: None });
    }

    /// Ends the thread when all that was brought is done, and waits for it.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.arrived.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic in there has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, brought: Brought) -> Result<(), CommitError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(CommitError::Closed);
        }
        waiting.commands.push_back(brought);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// What has been brought, at least one command unless `until` passes or all is closed and done (`None`).
    fn wait(&self, until: Option<Instant>) -> Option<VecDeque<Brought>> {
        let mut waiting = self.lock();
        while waiting.commands.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = match until {
                None => self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Clock::instant());
                    if left.is_zero() {
                        break;
                    }
                    self.arrived.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        Some(std::mem::take(&mut waiting.commands))
    }
}

/// Dropped when the writing thread ends, however it ends: nobody is to wait for it any more.
struct Ended {
    shared: Arc<Shared>,
    health: Arc<Health>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        if thread::panicking() {
            self.health.poison("the writing thread ended");
        }
        let mut waiting = self.shared.lock();
        waiting.closed = true;
        waiting.commands.clear();
    }
}
