//! Starting: snapshot, then journal, then the writing thread.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::commit::{CommitError, Committer, Works};
use super::machine::Machine;
use super::memory::Memory;
use super::notify::queue::Queues;
use super::record::{Load, Record};
use super::snapshot;
use super::status::{Health, Status};
use super::timestamp::LocalTime;
use crate::config::index::IndexSettings;
use crate::domain::clock::Clock;
use crate::store::disk::Disk;
use crate::store::disk::real::RealDisk;
use crate::store::journal::{Journal, SEGMENT_BYTES};
use crate::store::log::{Log, LogError, Volatile};

/// The folder of a data directory in which the index keeps its journal and snapshots.
pub const DATA_FOLDER: &str = "index";

/// The engagement index: rows in memory, kept by a journal. What answers calls stands in `service`.
#[derive(Debug)]
pub struct Index {
    memory: Arc<Memory>,
    queues: Arc<Queues>,
    machine: Arc<Mutex<Machine>>,
    committer: Committer,
    health: Arc<Health>,
    settings: Arc<IndexSettings>,
    clock: Clock,
}

impl Index {
    /// An index that keeps nothing beyond the process.
    pub fn ephemeral(settings: IndexSettings, clock: Clock) -> Self {
        Self::start(Box::new(Volatile::default()), None, settings, clock).expect("there is nothing to read")
    }

    /// The index of a directory, which is created if need be. The caller holds the directory's lock.
    pub fn open(directory: &Path, settings: IndexSettings, clock: Clock) -> Result<Self, LogError> {
        let disk = RealDisk::open(directory).map_err(|source| LogError::Disk {
            action: "create",
            file: directory.display().to_string(),
            source,
        })?;
        Self::on_disk(Arc::new(disk), SEGMENT_BYTES, settings, clock)
    }

    /// The index of a disk.
    pub fn on_disk(
        disk: Arc<dyn Disk>,
        segment_bytes: u64,
        settings: IndexSettings,
        clock: Clock,
    ) -> Result<Self, LogError> {
        let journal = Journal::open(Arc::clone(&disk), segment_bytes)?;
        Self::start(Box::new(journal), Some(disk), settings, clock)
    }

    fn start(
        mut log: Box<dyn Log>,
        disk: Option<Arc<dyn Disk>>,
        settings: IndexSettings,
        clock: Clock,
    ) -> Result<Self, LogError> {
        let (memory, queues) = (Arc::new(Memory::default()), Arc::new(Queues::default()));
        let mut machine = Machine::new(Arc::clone(&memory), Arc::clone(&queues));
        let restored = match &disk {
            Some(disk) => snapshot::read(&**disk, &mut machine)?,
            None => snapshot::Restored { from: 1, ..snapshot::Restored::default() },
        };
        let mut journal_bytes = 0;
        let replayed = log.replay(restored.from, &mut |sequence, bytes| {
            journal_bytes += bytes.len() as u64;
            let damaged = |message| LogError::Damaged { file: "the journal".into(), offset: sequence, message };
            machine.take(sequence, bytes, &restored.covered).map_err(damaged)
        })?;
        machine.applied = machine.applied.max(replayed.last);
        let needs_snapshot = !replayed.skipped.is_empty();
        let held = !machine.held.is_empty();
        let health = Arc::new(Health::default());
        health.replayed(replayed);
        restored.snapshot.into_iter().for_each(|snapshot| health.snapshot_taken(snapshot));
        let (machine, settings) = (Arc::new(Mutex::new(machine)), Arc::new(settings));
        let committer = Committer::start(Works {
            log,
            disk,
            machine: Arc::clone(&machine),
            settings: Arc::clone(&settings),
            clock: clock.clone(),
            health: Arc::clone(&health),
            journal_bytes,
        });
        if needs_snapshot {
            // What was passed over is told once and then left behind.
            committer.snapshot_soon();
        }
        if held {
            // The write lock does not outlive the process; what it held back is applied now.
            committer.release_soon();
        }
        Ok(Self { memory, queues, machine, committer, health, settings, clock })
    }

    /// The rows.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What subscribers are to be told.
    pub fn queues(&self) -> &Arc<Queues> {
        &self.queues
    }

    /// What is set.
    pub fn settings(&self) -> &Arc<IndexSettings> {
        &self.settings
    }

    /// The index clock, as it is written.
    pub fn now(&self) -> LocalTime {
        LocalTime::at(self.clock.now())
    }

    /// Makes a record durable and applies it.
    pub async fn write(&self, record: &Record<'_>) -> Result<u64, CommitError> {
        self.committer.write(record.encode()).await
    }

    /// Takes rows in as they are, for bulk loads; waits.
    pub fn load(&self, load: Load<'_>) -> Result<u64, CommitError> {
        self.committer.write_blocking(Record::Load(load).encode())
    }

    /// How many lines of a bulk load of this name are in.
    pub fn loaded_lines(&self, name: &str) -> u64 {
        let machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        machine.loads.get(name).copied().unwrap_or(0)
    }

    /// Closes or opens the write lock (`ei.md` §3.8).
    pub async fn lock(&self, closed: bool) -> Result<u64, CommitError> {
        self.committer.lock(closed).await
    }

    /// Applies what waits in the collect window without waiting for its end.
    pub async fn settle(&self) -> Result<u64, CommitError> {
        self.committer.settle().await
    }

    /// Takes a snapshot now, so that the next start is quick.
    pub async fn snapshot(&self) -> Result<u64, CommitError> {
        self.committer.snapshot().await
    }

    /// The same for a thread that may wait: after a bulk load.
    pub fn snapshot_blocking(&self) -> Result<u64, CommitError> {
        self.committer.snapshot_blocking()
    }

    /// Finishes what was brought and ends the writing thread; later calls are refused, reads go on.
    pub fn close(&self) {
        self.committer.close();
    }

    /// How the index is doing.
    pub fn status(&self) -> Status {
        let mut status = {
            let machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
            Status {
                engagements: self.memory.engagements(),
                persons: self.memory.persons(),
                collected_messages: machine.collect.messages(),
                held_messages: machine.held.len(),
                applied: machine.applied,
                ..Status::default()
            }
        };
        self.health.tell(&mut status);
        status
    }
}
