//! A shard's table of persons: identity to block.
//!
//! Four persons share a line of the processor's cache, and a person stands in the line his hash names or in the next
//! ones: looking him up mostly reads one line, where a table with its keys apart from its tags reads two.

use super::arena::Place;
use super::person::PersonId;

const LINE: usize = 4;

/// A person and his block; free where the block has no place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    pub(super) id: u64,
    pub(super) block: Place,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line([Slot; LINE]);

/// Persons by identity.
#[derive(Debug, Default)]
pub(super) struct Table {
    // INVARIANT: every slot from a person's first one up to his own is taken.
    lines: Box<[Line]>,
    persons: usize,
}

impl Table {
    /// A table that takes so many without growing.
    pub(super) fn with_capacity(persons: usize) -> Self {
        let lines = if persons == 0 { 0 } else { persons / 3 + 1 };
        Self { lines: vec![Line::default(); lines].into_boxed_slice(), persons: 0 }
    }

    /// How many persons there are.
    pub(super) fn len(&self) -> usize {
        self.persons
    }

    /// The slot of a person for whom `is` holds. Identities that are hashes may be alike; `is` tells them apart.
    pub(super) fn find(&self, id: PersonId, is: impl Fn(&Slot) -> bool) -> Option<usize> {
        if self.lines.is_empty() {
            return None;
        }
        let mut at = self.first(id);
        loop {
            let slot = self.slot(at);
            if slot.block.is_none() {
                return None;
            }
            if slot.id == id.number() && is(slot) {
                return Some(at);
            }
            at = self.next(at);
        }
    }

    /// A slot that was found.
    pub(super) fn slot(&self, at: usize) -> &Slot {
        &self.lines[at / LINE].0[at % LINE]
    }

    /// A slot that was found, to give the person another block.
    pub(super) fn slot_mut(&mut self, at: usize) -> &mut Slot {
        &mut self.lines[at / LINE].0[at % LINE]
    }

    /// Adds a person who is not there yet.
    pub(super) fn insert(&mut self, slot: Slot) {
        // Three quarters, so that few persons stand beyond their first line.
        if self.persons + 1 > self.lines.len() * (LINE - 1) {
            self.grow();
        }
        let mut at = self.first(PersonId::from_number(slot.id));
        while !self.slot(at).block.is_none() {
            at = self.next(at);
        }
        *self.slot_mut(at) = slot;
        self.persons += 1;
    }

    /// Takes a person out who was found. Those behind him move up, where he stood between them and their first slot.
    pub(super) fn remove(&mut self, found: usize) {
        let mut hole = found;
        let mut at = self.next(hole);
        while !self.slot(at).block.is_none() {
            let from_first = self.distance(self.first(PersonId::from_number(self.slot(at).id)), at);
            if from_first >= self.distance(hole, at) {
                *self.slot_mut(hole) = *self.slot(at);
                hole = at;
            }
            at = self.next(at);
        }
        *self.slot_mut(hole) = Slot::default();
        self.persons -= 1;
    }

    /// Every person.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.lines.iter().flat_map(|line| &line.0).filter(|slot| !slot.block.is_none())
    }

    /// Every person, to give him another block.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.lines.iter_mut().flat_map(|line| &mut line.0).filter(|slot| !slot.block.is_none())
    }

    /// Bytes set aside.
    pub(super) fn bytes(&self) -> usize {
        size_of_val::<[Line]>(&self.lines)
    }

    fn first(&self, id: PersonId) -> usize {
        // The low half of the hash, scaled; the shard was picked by other bits.
        let line = (u64::from(id.hash() as u32) * self.lines.len() as u64) >> 32;
        line as usize * LINE
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.lines.len() * LINE { 0 } else { at + 1 }
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from { to - from } else { to + self.lines.len() * LINE - from }
    }

    fn grow(&mut self) {
        let larger = Self::with_capacity((self.persons * 3 / 2).max(LINE));
        let old = std::mem::replace(self, larger);
        old.iter().for_each(|slot| self.insert(*slot));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::index::memory::arena::Arena;

    #[test]
    fn persons_are_found_until_they_are_taken_out() {
        let block = Arena::default().put(b"row");
        let mut table = Table::default();
        let mut expected = BTreeSet::new();
        let mut state = 1_u64;
        for step in 0..40_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let id = (state >> 33) % 3_000;
            let found = table.find(PersonId::from_number(id), |_| true);
            assert_eq!(found.is_some(), expected.contains(&id), "step {step}");
            // Filled in the first half, emptied in the second.
            match found {
                Some(at) if state >> 62 != 0 || step > 20_000 => {
                    table.remove(at);
                    expected.remove(&id);
                }
                None if state >> 62 == 0 || step < 20_000 => {
                    table.insert(Slot { id, block });
                    expected.insert(id);
                }
                _ => {}
            }
            assert_eq!(table.len(), expected.len());
        }
        assert_eq!(table.iter_mut().count(), expected.len());
        assert_eq!(table.iter().map(|slot| slot.id).collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn four_persons_fill_a_line() {
        assert_eq!((size_of::<Slot>(), size_of::<Line>()), (16, 64));
        let table = Table::with_capacity(3_000);
        assert!(table.bytes() <= 3_000 * 16 * 4 / 3 + 64);
    }
}
