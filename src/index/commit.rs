//! The one thread that writes: it gathers what callers bring, makes it durable with one sync, applies it in order, and
//! only then answers them.
//!
//! It also closes the collect window, holds messages back behind the write lock, and has snapshots taken.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::machine::{Covered, Machine};
use super::record::{self, Record};
use super::snapshot;
use super::status::Health;
use super::timestamp::LocalTime;
use crate::config::index::IndexSettings;
use crate::domain::clock::Clock;
use crate::store::disk::Disk;
use crate::store::journal;
use crate::store::log::{Log, LogError};

/// The open collect batch becomes one record, so it must stay well below the largest; in bytes.
const COLLECT_BYTES_MAX: usize = journal::PAYLOAD_BYTES_MAX / 2;

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
        let mut writer =
            Writer { shared: Arc::clone(&shared), last_collected: Clock::instant(), snapshot: None, works };
        let thread = thread::Builder::new().name("index-journal".to_owned());
        let ended = Ended { shared: Arc::clone(&shared), health: Arc::clone(&writer.works.health) };
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

struct Writer {
    shared: Arc<Shared>,
    works: Works,
    /// When the last message joined the collect batch.
    last_collected: Instant,
    /// A snapshot that is being taken.
    snapshot: Option<JoinHandle<()>>,
}

impl Writer {
    fn run(&mut self) {
        while let Some(brought) = self.shared.wait(self.collect_until()) {
            let mut group = Group::default();
            for Brought { command, .. } in brought {
                match command {
                    Command::Write(record, reply) => {
                        if group.bytes + record.len() > self.works.settings.limits.group_bytes_max {
                            self.write(&mut group);
                        }
                        self.gather(record, reply, &mut group);
                    }
                    Command::Lock(closed, reply) => {
                        self.write(&mut group);
                        let _ = reply.send(self.lock(closed));
                    }
                    Command::Settle(reply) => {
                        self.write(&mut group);
                        let _ = reply.send(self.collected());
                    }
                    Command::Snapshot(reply) => {
                        self.write(&mut group);
                        self.take_snapshot(Some(reply));
                    }
                    Command::Forget(before) => {
                        if let Err(error) = self.works.log.forget(before) {
                            tracing::warn!(error = &error as &dyn std::error::Error, "old journal segments stay");
                        }
                    }
                }
            }
            self.write(&mut group);
            if self.collect_is_due()
                && let Err(error) = self.collected()
            {
                tracing::error!(error = &error as &dyn std::error::Error, "collected updates are not applied");
            }
            if self.snapshot_is_due() {
                self.take_snapshot(None);
            }
        }
        if let Some(snapshot) = self.snapshot.take() {
            let _ = snapshot.join();
        }
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.works.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a record to the group, or refuses it.
    fn gather(&self, mut record: Vec<u8>, reply: Reply, group: &mut Group) {
        if self.works.health.is_locked() {
            record::hold(&mut record);
        }
        if record::waits(&record) {
            let collects = record::collects(&record);
            let (bytes, bytes_max) = {
                let machine = self.machine();
                match collects {
                    true => (machine.collect.bytes(), COLLECT_BYTES_MAX),
                    false => (machine.held_bytes, self.works.settings.limits.waiting_bytes_max),
                }
            };
            let bytes = bytes + group.waiting_bytes + record.len();
            if bytes > bytes_max {
                let _ = reply.send(Err(CommitError::Full { bytes, bytes_max }));
                return;
            }
            group.waiting_bytes += record.len();
        }
        group.bytes += record.len();
        group.records.push(record);
        group.replies.push(reply);
    }

    /// Makes a group durable, applies it, answers its callers, and leaves it empty.
    fn write(&mut self, group: &mut Group) {
        let Group { records, replies, .. } = std::mem::take(group);
        if records.is_empty() {
            return;
        }
        match self.commit(&records) {
            Ok(last) => {
                let first = last + 1 - records.len() as u64;
                // Who no longer waits for the answer does not need it.
                (first..).zip(replies).for_each(|(sequence, reply)| drop(reply.send(Ok(sequence))));
            }
            Err(error) => replies.into_iter().for_each(|reply| drop(reply.send(Err(error.clone())))),
        }
    }

    /// Appends records and applies them; the number of the last.
    fn commit(&mut self, records: &[Vec<u8>]) -> Result<u64, CommitError> {
        let batches: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let last = self.works.log.append(&batches).map_err(|error| self.failed(&error))?;
        self.works.journal_bytes += batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
        let mut collects = false;
        for (sequence, record) in (last + 1 - records.len() as u64..).zip(batches) {
            // One lock a batch, so that a snapshot can copy a shard in between.
            self.machine()
                .take(sequence, record, &Covered::default())
                .expect("what this process encoded is what it decodes");
            collects |= record::waits(record);
        }
        if collects {
            self.last_collected = Clock::instant();
        }
        Ok(last)
    }

    fn failed(&self, error: &LogError) -> CommitError {
        let mut text = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            text = format!("{text}: {source}");
        }
        if !matches!(error, LogError::TooLarge { .. }) {
            self.works.health.poison(&text);
        }
        CommitError::Journal(text)
    }

    fn collect_until(&self) -> Option<Instant> {
        let waits = self.machine().collect.messages() > 0 && !self.works.health.is_locked();
        // A journal that cannot be written will not let the batch through: it waits for the next start.
        (waits && self.works.health.poisoned().is_none())
            .then(|| self.last_collected + self.works.settings.collect.completion_timeout)
    }

    fn collect_is_due(&self) -> bool {
        let Some(until) = self.collect_until() else { return false };
        let full = {
            let collect = &self.machine().collect;
            let size = self.works.settings.collect.completion_size;
            collect.messages() >= size || collect.bytes() >= COLLECT_BYTES_MAX / 2
        };
        full || Clock::instant() >= until
    }

    fn now(&self) -> LocalTime {
        LocalTime::at(self.works.clock.now())
    }

    /// Applies what waits in the collect window, unless the write lock is closed.
    fn collected(&mut self) -> Result<u64, CommitError> {
        let merged = {
            let machine = self.machine();
            let open = !self.works.health.is_locked();
            machine.collect.merged(self.now()).filter(|_| open).map(|merged| Record::Apply(merged).encode())
        };
        match merged {
            Some(record) => self.commit(&[record]),
            None => Ok(self.machine().applied),
        }
    }

    /// Closes or opens the write lock; opened, what was held back is applied, each message as a batch of its own.
    fn lock(&mut self, closed: bool) -> Result<u64, CommitError> {
        self.works.health.lock(closed);
        if closed {
            return Ok(self.machine().applied);
        }
        self.last_collected = Clock::instant();
        let now = self.now();
        loop {
            let released = self.machine().held.front().and_then(|held| record::released(held, now));
            match released {
                Some(record) => drop(self.commit(&[record])?),
                None => return Ok(self.machine().applied),
            }
        }
    }

    /// Whether so much of the journal is not covered that a start would take long. A large index waits longer, so that
    /// snapshots write at most four bytes for each byte of the journal.
    fn snapshot_is_due(&self) -> bool {
        let least = self.works.settings.limits.snapshot_journal_bytes;
        let last = self.works.health.snapshot().map_or(0, |snapshot| snapshot.bytes);
        self.works.journal_bytes > least.max(last / 4)
    }

    /// Has a snapshot taken by another thread, unless one is being taken; with `reply`, afterwards.
    fn take_snapshot(&mut self, reply: Option<Reply>) {
        if self.snapshot.as_ref().is_some_and(|running| !running.is_finished()) && reply.is_none() {
            return;
        }
        if let Some(before) = self.snapshot.take() {
            let _ = before.join();
        }
        self.works.journal_bytes = 0;
        let Some(disk) = self.works.disk.clone() else {
            let applied = self.machine().applied;
            reply.map(|reply| reply.send(Ok(applied)));
            return;
        };
        let (machine, shared) = (Arc::clone(&self.works.machine), Arc::clone(&self.shared));
        let health = Arc::clone(&self.works.health);
        let taken = thread::Builder::new().name("index-snapshot".to_owned()).spawn(move || {
            let outcome = match snapshot::write(disk, &machine) {
                Ok(written) => {
                    health.snapshot_taken(written);
                    // Nobody is left to forget it: the next start does.
                    let _ = shared.push(Brought { command: Command::Forget(written.sequence + 1), _permit: None });
                    Ok(written.sequence)
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no snapshot was taken");
                    Err(CommitError::Journal(error.to_string()))
                }
            };
            reply.map(|reply| reply.send(outcome));
        });
        match taken {
            Ok(thread) => self.snapshot = Some(thread),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "no snapshot was taken"),
        }
    }
}

/// What shares a sync.
#[derive(Default)]
struct Group {
    records: Vec<Vec<u8>>,
    replies: Vec<Reply>,
    bytes: usize,
    waiting_bytes: usize,
}
