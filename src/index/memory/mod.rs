//! Every engagement, in memory, by person.
//!
//! A person's rows stand packed in one block of bytes (`row.rs`), and blocks stand in arenas (`arena.rs`), so that a
//! lookup is one line of a table (`table.rs`) and one stretch of memory. What repeats is written once and referred to by
//! a code: service domain with categorization is a *subject*, logical address with source system, data controller and
//! owner is a *holder*. Persons are spread over shards, each behind a lock of its own; codes are read without any lock.
//!
//! What one engagement costs: 1 byte of flags, 2 of fingerprint, 1 of subject (2 beyond 256 kinds), 1–2 of holder (3
//! beyond 65 536), 5 of creation time, 5 of most recent content where there is any, 5 of update time where there is any:
//! 15 to 20. What one person costs: 16 bytes in the table, over its fill of a half to three quarters, and 16 on average up
//! to the next grain of the arena. Beside it the arenas hold up to a quarter of garbage, where rows come one at a time, and
//! a segment each that is not full. Instance ids and process interests other than `NA` are unique text and cost their
//! length and one.

mod arena;
pub mod dictionary;
pub mod fragment;
mod grow;
pub mod person;
mod pool;
pub mod row;
pub mod shard;
mod table;
#[cfg(test)]
mod tests;
pub mod used;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use self::dictionary::{Dictionary, Interner};
use self::person::PersonId;
use self::row::{PackedRow, Row, has_tail};
use self::shard::{PersonRows, Shard};
use self::used::Used;

/// Shards. A power of two; readers of one do not wait for writers of another.
pub const SHARDS: usize = 256;

/// Rows that a lookup unpacks at once.
const ROWS_AHEAD: usize = 8;

/// The memory index.
#[derive(Debug)]
pub struct Memory {
    shards: Box<[RwLock<Shard>]>,
    dictionary: Dictionary,
    /// Text to code; only writers need it.
    interner: Mutex<Interner>,
    engagements: AtomicU64,
    persons: AtomicU64,
}

/// How much is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub engagements: u64,
    /// Persons with at least one row.
    pub persons: u64,
    /// Bytes set aside for the persons' blocks, unique text and what is not filled included.
    pub block_bytes: u64,
    /// Bytes of the tables of persons.
    pub table_bytes: u64,
    /// Bytes of texts and codes.
    pub dictionary_bytes: u64,
    /// Of the blocks' bytes: instance ids and process interests that are not `NA`.
    pub unique_text_bytes: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            dictionary: Dictionary::default(),
            interner: Mutex::default(),
            engagements: AtomicU64::new(0),
            persons: AtomicU64::new(0),
        }
    }
}

impl Memory {
    /// Shows every row of a person to `each`. A writer of the same shard waits as long as this lasts, so that a batch is
    /// seen whole or not at all.
    pub fn visit(&self, resident: &str, each: &mut dyn FnMut(&Row<'_>)) {
        let person = PersonId::of(resident);
        let shard = self.shards[person.shard(SHARDS)].read().unwrap_or_else(PoisonError::into_inner);
        let Some(mut rows) = shard.find(person, resident) else { return };
        loop {
            // Some rows are unpacked before the first is shown, so that what their holders' codes stand for is on its
            // way from memory meanwhile.
            let ahead: [Option<PackedRow<'_>>; ROWS_AHEAD] =
                std::array::from_fn(|_| rows.next().inspect(|row| self.dictionary.expect(row.holder)));
            for packed in ahead {
                let Some(packed) = packed else { return };
                each(&Row { resident, packed, dictionary: &self.dictionary });
            }
        }
    }

    /// The codes of texts, making new ones where needed.
    pub(super) fn intern<T>(&self, act: impl FnOnce(&mut Interner, &Dictionary) -> T) -> T {
        act(&mut self.interner.lock().unwrap_or_else(PoisonError::into_inner), &self.dictionary)
    }

    /// What the codes stand for.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Changes a person's rows: `change` is shown them unpacked and leaves them as they are to be. Readers see the
    /// whole change or none of it.
    pub(super) fn edit<'n, T>(&self, resident: &str, change: impl FnOnce(&mut PersonRows<'_, 'n>) -> T) -> T {
        let person = PersonId::of(resident);
        let mut shard = self.shards[person.shard(SHARDS)].write().unwrap_or_else(PoisonError::into_inner);
        let edited = shard.edit(person, resident, change);
        let count = |counter: &AtomicU64, before: u64, after: u64| {
            counter.fetch_add(after.wrapping_sub(before), Ordering::Relaxed);
        };
        count(&self.engagements, edited.rows_before, edited.rows_after);
        count(&self.persons, u64::from(edited.rows_before > 0), u64::from(edited.rows_after > 0));
        edited.outcome
    }

    /// Takes in the codes of a snapshot whose rows refer to `used`; the others are free again.
    pub(super) fn read_dictionary(&self, bytes: &[u8], used: &Used) -> Result<(), String> {
        self.intern(|interner, dictionary| interner.read(dictionary, bytes, used))
    }

    /// Appends all codes to `out`, for a snapshot.
    pub(super) fn write_dictionary(&self, out: &mut Vec<u8>) {
        self.intern(|interner, dictionary| interner.write(dictionary, out));
    }

    /// The shard a person is in.
    pub fn shard_of(&self, resident: &str) -> usize {
        PersonId::of(resident).shard(SHARDS)
    }

    /// Sixteen bits of the hash of a key without the resident.
    pub(super) fn fingerprint(&self, tail: &[u8]) -> u16 {
        person::mix(tail) as u16
    }

    /// Where among a person's rows the one with this key stands.
    pub(super) fn position(&self, rows: &[PackedRow<'_>], tail: &[u8]) -> Option<usize> {
        let fingerprint = self.fingerprint(tail);
        rows.iter().position(|row| row.fingerprint == fingerprint && has_tail(row, &self.dictionary, tail))
    }

    /// Number of rows.
    pub fn engagements(&self) -> u64 {
        self.engagements.load(Ordering::Relaxed)
    }

    /// Number of persons with at least one row.
    pub fn persons(&self) -> u64 {
        self.persons.load(Ordering::Relaxed)
    }

    /// How much is held; walks everything.
    pub fn size(&self) -> Size {
        let mut size = Size {
            engagements: self.engagements(),
            persons: self.persons(),
            dictionary_bytes: self.dictionary.bytes() + self.intern(|interner, _| interner.bytes()),
            ..Size::default()
        };
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            size.table_bytes += (shard.table_bytes() + size_of::<RwLock<Shard>>()) as u64;
            size.block_bytes += shard.block_bytes() as u64;
            shard.each(&mut |person, block| {
                let (_, rows) = person.resident_and_rows(block);
                size.unique_text_bytes += rows.map(|row| row.unique_text_bytes() as u64).sum::<u64>();
            });
        }
        size
    }

    /// Shows every row of one shard to `each`, person by person in no order.
    pub fn visit_shard(&self, shard: usize, each: &mut dyn FnMut(&Row<'_>)) {
        let shard = self.shards[shard].read().unwrap_or_else(PoisonError::into_inner);
        shard.each(&mut |person, block| {
            let (resident, rows) = person.resident_and_rows(block);
            for packed in rows {
                each(&Row { resident: &resident, packed, dictionary: &self.dictionary });
            }
        });
    }

    /// Appends one shard as it stands to `out`, for a snapshot.
    pub(super) fn write_shard(&self, shard: usize, out: &mut Vec<u8>) {
        self.shards[shard].read().unwrap_or_else(PoisonError::into_inner).write(out);
    }

    /// Takes in a shard that [`Memory::write_shard`] wrote. The codes it refers to are returned, since what they stand
    /// for is written behind the shards: nothing may be read before [`Memory::read_dictionary`] has been given them.
    pub(super) fn read_shard(&self, shard: usize, bytes: &[u8]) -> Result<Used, String> {
        let slot = self.shards.get(shard).ok_or_else(|| format!("shard {shard}, there are {SHARDS}"))?;
        let read = Shard::read(bytes)?;
        self.engagements.fetch_add(read.rows, Ordering::Relaxed);
        self.persons.fetch_add(read.persons, Ordering::Relaxed);
        *slot.write().unwrap_or_else(PoisonError::into_inner) = read.shard;
        Ok(read.used)
    }
}
