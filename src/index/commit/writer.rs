//! What the writing thread does with what it is brought. See the module above.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::super::machine::{Covered, Machine};
use super::super::record::{self, Record};
use super::super::snapshot;
use super::super::timestamp::LocalTime;
use super::{Brought, Command, CommitError, Reply, Shared, Works};
use crate::domain::clock::Clock;
use crate::store::journal;
use crate::store::log::LogError;

/// The open collect batch becomes one record, so it must stay well below the largest; in bytes.
const COLLECT_BYTES_MAX: usize = journal::PAYLOAD_BYTES_MAX / 2;

/// The writing thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    works: Works,
    /// When the last message joined the collect batch.
    last_collected: Instant,
    /// A snapshot that is being taken.
    snapshot: Option<JoinHandle<()>>,
}

impl Writer {
    /// A thread's work, not yet begun.
    pub(super) fn new(shared: Arc<Shared>, works: Works) -> Self {
        Self { shared, works, last_collected: Clock::instant(), snapshot: None }
    }

    /// Works until the committer is closed and all that was brought is done.
    pub(super) fn run(&mut self) {
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
