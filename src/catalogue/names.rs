//! Names as small numbers: what the catalogue compares without regard to case (`vp.md` §4.2) is lower-cased and looked up
//! once, and compared as an integer from then on.

use hashbrown::HashTable;

/// The distinct names of one kind, lower-cased. Keys are dense, from 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    entries: HashTable<Entry>,
    /// All names, end to end.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: usize,
    length: u32,
    key: u32,
}

impl Names {
    /// The key of a name, whatever its case; `None` where the catalogue does not have it.
    ///
    /// A name in ASCII, which is nearly every one, is neither copied nor changed on the way; the others are lower-cased as
    /// Unicode says, and what comes of that is in lower case already.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        if name.is_ascii() { self.find_bytes(name.as_bytes()) } else { self.find_bytes(name.to_lowercase().as_bytes()) }
    }

    /// The key of a name, which is added if it is new.
    pub(super) fn intern(&mut self, name: &str) -> u32 {
        if let Some(key) = self.find(name) {
            return key;
        }
        let lower = name.to_lowercase();
        let key = u32::try_from(self.entries.len()).expect("2^32 names do not fit in memory");
        let length = u32::try_from(lower.len()).expect("files are limited to FILE_BYTES_MAX");
        let entry = Entry { start: self.bytes.len(), length, key };
        self.bytes.extend_from_slice(lower.as_bytes());
        let bytes = &self.bytes;
        self.entries.insert_unique(hash(lower.as_bytes()), entry, |entry| hash(name_of(bytes, entry)));
        key
    }

    fn find_bytes(&self, name: &[u8]) -> Option<u32> {
        let same = |entry: &Entry| {
            entry.length as usize == name.len() && name_of(&self.bytes, entry).eq_ignore_ascii_case(name)
        };
        self.entries.find(hash(name), same).map(|entry| entry.key)
    }
}

fn name_of<'a>(bytes: &'a [u8], entry: &Entry) -> &'a [u8] {
    &bytes[entry.start..entry.start + entry.length as usize]
}

/// A hash that is the same for a name in either case: the bit by which ASCII letters differ is set in every byte. That it
/// is set in other characters too only makes a few of them share a slot; equality is decided by the names themselves.
///
/// It is not keyed. Names come into the table from the operator's own files; a stranger's name is only ever looked up.
fn hash(name: &[u8]) -> u64 {
    const CASE: u64 = u64::from_ne_bytes([0x20; 8]);
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let word = |at: usize| {
        let bytes = name[at..at + 8].try_into().expect("eight bytes");
        u64::from_le_bytes(bytes) | CASE
    };
    let mut state = ODD ^ name.len() as u64;
    let mut mix = |one: u64, other: u64| {
        let product = u128::from(one ^ state) * u128::from(other ^ ODD);
        state = (product as u64) ^ ((product >> 64) as u64);
    };
    match name.len() {
        0..8 => {
            let mut padded = [0u8; 8];
            padded[..name.len()].copy_from_slice(name);
            mix(u64::from_le_bytes(padded) | CASE, ODD.rotate_left(32));
        }
        8..=16 => mix(word(0), word(name.len() - 8)),
        length => {
            let mut at = 0;
            while at + 16 < length {
                mix(word(at), word(at + 8));
                at += 16;
            }
            // The last sixteen bytes, some of which may have been mixed in already.
            mix(word(length - 16), word(length - 8));
        }
    }
    mix(ODD, ODD.rotate_left(17));
    state
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
    fn names_of_every_length_are_found_in_either_case() {
        let mut names = Names::default();
        let name = |length: usize| (0..length).map(|place| char::from(b'A' + (place % 26) as u8)).collect::<String>();
        let keys: Vec<u32> = (0..300).map(|length| names.intern(&name(length))).collect();
        for (length, key) in keys.iter().enumerate() {
            assert_eq!(names.find(&name(length).to_lowercase()), Some(*key), "{length}");
        }
    }

    #[test]
    fn names_that_share_a_slot_are_told_apart() {
        let mut names = Names::default();
        assert_eq!(hash(b"a@"), hash(b"A`"));
        let first = names.intern("a@");
        assert_eq!(names.find("A`"), None);
        assert_ne!(names.intern("A`"), first);
        assert_eq!(names.find("A@"), Some(first));
    }

    #[test]
    fn hashes_of_like_names_spread() {
        let hashes = |bits: u32| {
            let low: std::collections::HashSet<u64> =
                (0..1u32 << 12).map(|id| hash(format!("SE2321000016-{id:06X}").as_bytes()) >> (64 - bits)).collect();
            let high: std::collections::HashSet<u64> = (0..1u32 << 12)
                .map(|id| hash(format!("SE2321000016-{id:06X}").as_bytes()) & ((1 << bits) - 1))
                .collect();
            (low.len(), high.len())
        };
        let (high, low) = hashes(12);
        assert!(high > 2_000 && low > 2_000, "of 4096 slots a fair hash hits about 2590: {high}, {low}");
    }
}
