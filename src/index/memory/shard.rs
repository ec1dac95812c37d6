//! One shard: a table of persons, each with the block of his rows in the shard's arena.

use std::hint::black_box;
use std::marker::PhantomData;

use super::arena::Arena;
use super::person::PersonId;
use super::row::{PackedRow, Rows, split_text, write_text};
use super::table::{Slot, Table};
use super::used::Used;

/// A line of the processor's cache.
const LINE_BYTES: usize = 64;
/// Lines of a block that are asked for at once; the processor foresees the rest by itself.
const LINES_AHEAD: usize = 8;

/// Persons and their rows.
#[derive(Debug, Default)]
pub struct Shard {
    persons: Table,
    blocks: Arena,
}

/// A person's rows while they are edited. `'b` is the life of the block they came from; texts of new rows live for `'n`.
#[derive(Debug)]
pub struct PersonRows<'b, 'n: 'b> {
    /// The rows: as they are, and in the end as they are to be.
    pub rows: Vec<PackedRow<'b>>,
    new: PhantomData<&'b &'n ()>,
}

/// What an edit did.
#[derive(Debug)]
pub(super) struct Edited<T> {
    pub(super) rows_before: u64,
    pub(super) rows_after: u64,
    pub(super) outcome: T,
}

/// A shard read back from a snapshot.
#[derive(Debug)]
pub(super) struct ReadShard {
    pub(super) shard: Shard,
    pub(super) rows: u64,
    pub(super) persons: u64,
    /// What they refer to.
    pub(super) used: Used,
}

/// A block's rows, behind the resident's text where the identity is a hash.
fn rows(id: PersonId, block: &[u8]) -> &[u8] {
    if id.has_text() { split_text(block).1 } else { block }
}

impl Shard {
    /// The rows of a person.
    pub(super) fn find(&self, id: PersonId, resident: &str) -> Option<Rows<'_>> {
        let block = self.blocks.block(self.persons.slot(self.position(id, resident)?).block);
        // One byte of each line is read, so that they all are on their way from memory before the first is needed.
        block.iter().step_by(LINE_BYTES).take(LINES_AHEAD).for_each(|byte| {
            black_box(*byte);
        });
        Some(Rows::new(rows(id, block)))
    }

    fn position(&self, id: PersonId, resident: &str) -> Option<usize> {
        let is = |slot: &Slot| !id.has_text() || split_text(self.blocks.block(slot.block)).0 == resident;
        self.persons.find(id, is)
    }

    /// Lets `change` change the rows of a person. See [`super::Memory::edit`].
    pub(super) fn edit<'n, T>(
        &mut self,
        id: PersonId,
        resident: &str,
        change: impl FnOnce(&mut PersonRows<'_, 'n>) -> T,
    ) -> Edited<T> {
        let found = self.position(id, resident);
        let before: &[u8] = found.map_or(&[], |at| rows(id, self.blocks.block(self.persons.slot(at).block)));
        let mut unpacked = PersonRows { rows: Rows::new(before).collect(), new: PhantomData };
        let rows_before = unpacked.rows.len() as u64;
        let outcome = change(&mut unpacked);
        let rows_after = unpacked.rows.len() as u64;
        let mut block = Vec::with_capacity(before.len() + 64);
        if id.has_text() {
            write_text(&mut block, resident);
        }
        unpacked.rows.iter().for_each(|row| row.write(&mut block));
        match (found, rows_after) {
            (Some(at), 0) => {
                self.blocks.free(self.persons.slot(at).block);
                self.persons.remove(at);
            }
            (Some(at), _) => {
                let slot = self.persons.slot_mut(at);
                slot.block = self.blocks.replace(slot.block, &block);
            }
            (None, 0) => {}
            (None, _) => self.persons.insert(Slot { id: id.number(), block: self.blocks.put(&block) }),
        }
        self.clean();
        Edited { rows_before, rows_after, outcome }
    }

    /// Empties the segment with the most garbage, once there is much.
    fn clean(&mut self) {
        let Some(dirtiest) = self.blocks.dirtiest() else { return };
        let taken = self.blocks.take(dirtiest);
        // Blocks that this puts into a segment of the same number are not to be taken for old ones.
        let moved: Vec<&mut Slot> = self.persons.iter_mut().filter(|slot| slot.block.is_in(dirtiest)).collect();
        for slot in moved {
            slot.block = self.blocks.put(taken.block(slot.block));
        }
    }

    /// Shows every person and his block.
    pub(super) fn each<'a>(&'a self, each: &mut dyn FnMut(PersonId, &'a [u8])) {
        let show = |slot: &Slot| each(PersonId::from_number(slot.id), self.blocks.block(slot.block));
        self.persons.iter().for_each(show);
    }

    /// Bytes of the table.
    pub(super) fn table_bytes(&self) -> usize {
        self.persons.bytes()
    }

    /// Bytes set aside for blocks.
    pub(super) fn block_bytes(&self) -> usize {
        self.blocks.bytes()
    }

    /// Number of persons, then each person's identity, length of block, and block.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.persons.len() as u64).to_le_bytes());
        for slot in self.persons.iter() {
            out.extend_from_slice(&slot.id.to_le_bytes());
            out.extend_from_slice(&(slot.block.length() as u32).to_le_bytes());
            out.extend_from_slice(self.blocks.block(slot.block));
        }
    }

    /// Takes in what [`Shard::write`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Result<ReadShard, String> {
        let (count, mut bytes) = bytes.split_first_chunk::<8>().ok_or("the section ends too early")?;
        let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| "too many persons")?;
        // Twelve bytes and a row are the least a person takes.
        if count > bytes.len() / 12 {
            return Err(format!("{count} persons in {} bytes", bytes.len()));
        }
        let mut shard = Self { persons: Table::with_capacity(count), blocks: Arena::for_bytes(bytes.len()) };
        let (mut total, mut used) = (0, Used::default());
        for _ in 0..count {
            let (id, rest) = bytes.split_first_chunk::<8>().ok_or("the section ends too early")?;
            let (length, rest) = rest.split_first_chunk::<4>().ok_or("the section ends too early")?;
            let length = u32::from_le_bytes(*length) as usize;
            let (block, rest) = rest.split_at_checked(length).ok_or("a block beyond the end")?;
            bytes = rest;
            if block.is_empty() {
                return Err("a person without rows".to_owned());
            }
            let id = PersonId::from_number(u64::from_le_bytes(*id));
            let mut walk = Rows::new(rows(id, block));
            for row in walk.by_ref() {
                total += 1;
                used.subjects.insert(row.subject)?;
                used.holders.insert(row.holder)?;
            }
            if !walk.rest().is_empty() {
                return Err("a row that is not whole".to_owned());
            }
            shard.persons.insert(Slot { id: id.number(), block: shard.blocks.put(block) });
        }
        if !bytes.is_empty() {
            return Err(format!("{} bytes too many", bytes.len()));
        }
        Ok(ReadShard { shard, rows: total, persons: count as u64, used })
    }
}
