//! The state as a file, written shard by shard beside running updates, and read back at a start (`docs/STORE.md`).
//!
//! Each shard is copied as it stands between two batches and says which batch that was; the rest of the state is
//! copied last. Replaying from the oldest of these makes them meet.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::machine::{Covered, Machine};
use super::memory::used::Used;
use super::memory::{Memory, SHARDS};
use crate::store::disk::Disk;
use crate::store::log::LogError;
use crate::store::snapshot::{SnapshotReader, SnapshotWriter};

/// Kind 1 was a shard of an earlier layout.
const SHARD: u32 = 4;
const STATE: u32 = 2;
const DICTIONARY: u32 = 3;

/// Sections that are read ahead of those who unpack them.
const READ_AHEAD: usize = 8;

/// Threads that unpack sections.
const UNPACKERS: usize = 2;

/// A snapshot that stands on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The journal is needed from behind this batch.
    pub sequence: u64,
    /// Its length.
    pub bytes: u64,
}

/// Writes a snapshot. The machine is held for the copy of one shard at a time.
pub fn write(disk: Arc<dyn Disk>, machine: &Mutex<Machine>) -> Result<Written, LogError> {
    let lock = || machine.lock().unwrap_or_else(PoisonError::into_inner);
    let sequence = lock().applied;
    let mut writer = SnapshotWriter::create(disk, sequence)?;
    let mut section = Vec::new();
    for shard in 0..SHARDS {
        section.clear();
        section.extend_from_slice(&(shard as u32).to_le_bytes());
        {
            let machine = lock();
            section.extend_from_slice(&machine.applied.to_le_bytes());
            machine.memory.write_shard(shard, &mut section);
        }
        writer.section(SHARD, &section)?;
    }
    let (state, dictionary) = {
        let machine = lock();
        section.clear();
        machine.memory.write_dictionary(&mut section);
        (machine.write_state(), section)
    };
    writer.section(STATE, &state)?;
    writer.section(DICTIONARY, &dictionary)?;
    Ok(Written { sequence, bytes: writer.finish()? })
}

/// What a snapshot brought back.
#[derive(Debug, Default)]
pub struct Restored {
    /// The journal is to be replayed from here.
    pub from: u64,
    /// What of it is already there.
    pub covered: Covered,
    /// The snapshot, if there was one.
    pub snapshot: Option<Written>,
}

/// Reads the newest snapshot, if there is one, into an empty machine.
pub fn read(disk: &dyn Disk, machine: &mut Machine) -> Result<Restored, LogError> {
    let Some(mut reader) = SnapshotReader::newest(disk)? else {
        return Ok(Restored { from: 1, ..Restored::default() });
    };
    let file = reader.name().to_owned();
    let sequence = reader.sequence();
    let shards = Mutex::new(Shards { covered: vec![sequence; SHARDS], used: Used::default() });
    let memory = Arc::clone(&machine.memory);
    let (mut state, mut dictionary) = (None, None);
    thread::scope(|scope| {
        let (send, receive) = sync_channel::<Vec<u8>>(READ_AHEAD);
        let receive = Arc::new(Mutex::new(receive));
        let unpackers: Vec<_> = (0..UNPACKERS)
            .map(|_| {
                let receive = Arc::clone(&receive);
                let (memory, shards) = (&memory, &shards);
                scope.spawn(move || {
                    loop {
                        let next = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        let Ok(section) = next else { return Ok(()) };
                        unpack(&section, memory, shards)?;
                    }
                })
            })
            .collect();
        // The channel is theirs alone, so that sending fails once both have given up.
        drop(receive);
        while let Some((kind, payload)) = reader.section()? {
            match kind {
                SHARD => {
                    if send.send(payload).is_err() {
                        break;
                    }
                }
                STATE => state = Some(payload),
                DICTIONARY => dictionary = Some(payload),
                other => return Err(damaged(&file, format!("a section of kind {other}"))),
            }
        }
        drop(send);
        for unpacker in unpackers {
            let unpacked: Result<(), String> = unpacker.join().expect("unpacking reports errors and does not panic");
            unpacked.map_err(|message| damaged(&file, message))?;
        }
        Ok(())
    })?;
    let Shards { covered, used } = shards.into_inner().unwrap_or_else(PoisonError::into_inner);
    let dictionary = dictionary.ok_or_else(|| damaged(&file, "no section of codes".to_owned()))?;
    memory.read_dictionary(&dictionary, &used).map_err(|message| damaged(&file, message))?;
    let state = state.ok_or_else(|| damaged(&file, "no section of state".to_owned()))?;
    machine.read_state(&state).map_err(|message| damaged(&file, message))?;
    let covered = Covered { state: machine.applied, shards: covered };
    let snapshot = Some(Written { sequence, bytes: reader.bytes() });
    Ok(Restored { from: sequence + 1, covered, snapshot })
}

struct Shards {
    covered: Vec<u64>,
    used: Used,
}

fn unpack(section: &[u8], memory: &Memory, shards: &Mutex<Shards>) -> Result<(), String> {
    let (shard, rest) = section.split_first_chunk::<4>().ok_or("a shard without a number")?;
    let (covered, rows) = rest.split_first_chunk::<8>().ok_or("a shard without a batch")?;
    let shard = u32::from_le_bytes(*shard) as usize;
    let used = memory.read_shard(shard, rows)?;
    let mut shards = shards.lock().unwrap_or_else(PoisonError::into_inner);
    *shards.covered.get_mut(shard).ok_or("a shard too many")? = u64::from_le_bytes(*covered);
    shards.used.merge(&used);
    Ok(())
}

fn damaged(file: &str, message: String) -> LogError {
    LogError::Damaged { file: file.to_owned(), offset: 0, message }
}
