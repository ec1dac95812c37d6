//! Names as small numbers: what the catalogue compares without regard to case (`vp.md` §4.2) is lower-cased and looked up
//! once, and compared as an integer from then on.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Longest name, in bytes, that is lower-cased without allocation.
const STACK_BYTES_MAX: usize = 256;

/// The distinct names of one kind, lower-cased. Keys are dense, from 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    entries: HashTable<Entry>,
    /// All names, end to end.
    bytes: Vec<u8>,
    hasher: FixedState,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: usize,
    length: u32,
    key: u32,
}

impl Names {
    /// The key of a name, whatever its case; `None` where the catalogue does not have it.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        lower_cased(name, |lower| self.find_lower(lower, self.hasher.hash_one(lower)))
    }

    /// The key of a name, which is added if it is new.
    pub(super) fn intern(&mut self, name: &str) -> u32 {
        lower_cased(name, |lower| {
            let hash = self.hasher.hash_one(lower);
            if let Some(key) = self.find_lower(lower, hash) {
                return key;
            }
            let key = u32::try_from(self.entries.len()).expect("2^32 names do not fit in memory");
            let length = u32::try_from(lower.len()).expect("files are limited to FILE_BYTES_MAX");
            let entry = Entry { start: self.bytes.len(), length, key };
            self.bytes.extend_from_slice(lower);
            let (bytes, hasher) = (&self.bytes, &self.hasher);
            self.entries.insert_unique(hash, entry, |entry| hasher.hash_one(name_of(bytes, entry)));
            key
        })
    }

    fn find_lower(&self, lower: &[u8], hash: u64) -> Option<u32> {
        let same = |entry: &Entry| entry.length as usize == lower.len() && name_of(&self.bytes, entry) == lower;
        self.entries.find(hash, same).map(|entry| entry.key)
    }
}

fn name_of<'a>(bytes: &'a [u8], entry: &Entry) -> &'a [u8] {
    &bytes[entry.start..entry.start + entry.length as usize]
}

/// Full Unicode lower-casing, short-cut for what is short and ASCII, which is nearly everything.
fn lower_cased<R>(name: &str, look: impl FnOnce(&[u8]) -> R) -> R {
    let mut buffer = [0u8; STACK_BYTES_MAX];
    match buffer.get_mut(..name.len()) {
        Some(buffer) if name.is_ascii() => {
            buffer.copy_from_slice(name.as_bytes());
            buffer.make_ascii_lowercase();
            look(buffer)
        }
        _ => look(name.to_lowercase().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_but_for_case() {
        let mut names = Names::default();
        let first = names.intern("urn:RIV:x");
        assert_eq!(names.intern("urn:riv:X"), first);
        assert_eq!(names.find("URN:riv:x"), Some(first));
        assert_eq!(names.find("urn:riv:x "), None);
        let swedish = names.intern("Ängsgården");
        assert_ne!(swedish, first);
        assert_eq!(names.find("ÄNGSGÅRDEN"), Some(swedish));
        assert_eq!(names.find("\u{212a}elvin"), None);
        let kelvin = names.intern("kelvin");
        assert_eq!(names.find("\u{212a}elvin"), Some(kelvin), "the Kelvin sign's lower case is k");
    }

    #[test]
    fn names_longer_than_the_stack_buffer_are_found_too() {
        let mut names = Names::default();
        for length in [0, 1, STACK_BYTES_MAX - 1, STACK_BYTES_MAX, STACK_BYTES_MAX + 1, 10_000] {
            let key = names.intern(&"A".repeat(length));
            assert_eq!(names.find(&"a".repeat(length)), Some(key), "{length}");
        }
    }
}
