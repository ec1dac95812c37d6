//! One shard: a table of persons, each with the block of his rows.

use std::marker::PhantomData;

use hashbrown::HashTable;

use super::person::PersonId;
use super::row::{PackedRow, Rows, split_text, write_text};

/// Persons and their rows.
#[derive(Debug, Default)]
pub struct Shard {
    persons: HashTable<Person>,
}

#[derive(Debug)]
struct Person {
    id: u64,
    block: Box<[u8]>,
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
    /// Highest codes of subject and holder.
    pub(super) last_codes: (u32, u32),
}

fn hash(person: &Person) -> u64 {
    PersonId::from_number(person.id).hash()
}

fn is(person: &Person, id: PersonId, resident: &str) -> bool {
    person.id == id.number() && (!id.has_text() || split_text(&person.block).0 == resident)
}

/// A block's rows, behind the resident's text where the identity is a hash.
fn rows(id: PersonId, block: &[u8]) -> &[u8] {
    if id.has_text() { split_text(block).1 } else { block }
}

impl Shard {
    /// The rows of a person.
    pub(super) fn find(&self, id: PersonId, resident: &str) -> Option<Rows<'_>> {
        let person = self.persons.find(id.hash(), |person| is(person, id, resident))?;
        Some(Rows::new(rows(id, &person.block)))
    }

    /// Lets `change` change the rows of a person. See [`super::Memory::edit`].
    pub(super) fn edit<'n, T>(
        &mut self,
        id: PersonId,
        resident: &str,
        change: impl FnOnce(&mut PersonRows<'_, 'n>) -> T,
    ) -> Edited<T> {
        let found = self.persons.find_entry(id.hash(), |person| is(person, id, resident));
        let before: &[u8] = found.as_ref().map_or(&[], |entry| rows(id, &entry.get().block));
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
            (Ok(entry), 0) => drop(entry.remove()),
            (Ok(entry), _) => entry.into_mut().block = block.into_boxed_slice(),
            (Err(_), 0) => {}
            (Err(_), _) => {
                let person = Person { id: id.number(), block: block.into_boxed_slice() };
                self.persons.insert_unique(id.hash(), person, hash);
            }
        }
        Edited { rows_before, rows_after, outcome }
    }

    /// Shows every person and his block.
    pub(super) fn each<'a>(&'a self, each: &mut dyn FnMut(PersonId, &'a [u8])) {
        self.persons.iter().for_each(|person| each(PersonId::from_number(person.id), &person.block));
    }

    /// Bytes of the table.
    pub(super) fn table_bytes(&self) -> usize {
        self.persons.allocation_size()
    }

    /// Number of persons, then each person's identity, length of block, and block.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.persons.len() as u64).to_le_bytes());
        for person in &self.persons {
            out.extend_from_slice(&person.id.to_le_bytes());
            out.extend_from_slice(&(person.block.len() as u32).to_le_bytes());
            out.extend_from_slice(&person.block);
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
        let mut shard = Self { persons: HashTable::with_capacity(count) };
        let (mut total, mut last_codes) = (0, (0, 0));
        for _ in 0..count {
            let (id, rest) = bytes.split_first_chunk::<8>().ok_or("the section ends too early")?;
            let (length, rest) = rest.split_first_chunk::<4>().ok_or("the section ends too early")?;
            let length = u32::from_le_bytes(*length) as usize;
            let (block, rest) = rest.split_at_checked(length).ok_or("a block beyond the end")?;
            bytes = rest;
            let id = PersonId::from_number(u64::from_le_bytes(*id));
            let mut walk = Rows::new(rows(id, block));
            for row in walk.by_ref() {
                total += 1;
                last_codes.0 = last_codes.0.max(row.subject);
                last_codes.1 = last_codes.1.max(row.holder);
            }
            if !walk.rest().is_empty() {
                return Err("a row that is not whole".to_owned());
            }
            shard.persons.insert_unique(id.hash(), Person { id: id.number(), block: block.into() }, hash);
        }
        if !bytes.is_empty() {
            return Err(format!("{} bytes too many", bytes.len()));
        }
        Ok(ReadShard { shard, rows: total, persons: count as u64, last_codes })
    }
}
