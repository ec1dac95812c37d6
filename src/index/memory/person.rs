//! Persons' identities as numbers, so that the table of persons holds no text.

use std::borrow::Cow;

use super::row::{Rows, split_text};

/// An identity: the text itself where it has one of the usual forms, else a hash, with the text in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonId(u64);

/// Set where the number is a hash and the person's block begins with the text.
const IS_HASH: u64 = 1 << 63;
/// Ten digits.
const IS_TEN: u64 = 1 << 62;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl PersonId {
    /// The identity of a text.
    pub fn of(resident: &str) -> Self {
        let packed = match resident.as_bytes() {
            ten if ten.len() == 10 => number(ten).map(|value| value | IS_TEN),
            twelve if twelve.len() == 12 => {
                let (date, rest) = twelve.split_at(8);
                number(date).and_then(|date| letters(rest).map(|rest| date << 24 | rest))
            }
            _ => None,
        };
        Self(packed.unwrap_or_else(|| mix(resident.as_bytes()) | IS_HASH))
    }

    /// The number of an identity that was written down.
    pub(super) fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub(super) fn number(self) -> u64 {
        self.0
    }

    /// Whether the text stands in the person's block.
    pub(super) fn has_text(self) -> bool {
        self.0 & IS_HASH != 0
    }

    /// A hash for tables.
    pub(super) fn hash(self) -> u64 {
        // The golden ratio; the two halves are folded so that high bits depend on all.
        let wide = u128::from(self.0 ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93_u128;
        (wide as u64) ^ (wide >> 64) as u64
    }

    /// The shard the person is in.
    pub(super) fn shard(self, shards: usize) -> usize {
        // Other bits than those by which a table picks its slot and its tag.
        (self.hash() >> 40) as usize % shards
    }

    /// The text of the identity, and the rows.
    pub(super) fn resident_and_rows(self, block: &[u8]) -> (Cow<'_, str>, Rows<'_>) {
        if self.has_text() {
            let (text, rows) = split_text(block);
            return (Cow::Borrowed(text), Rows::new(rows));
        }
        (Cow::Owned(self.unpacked()), Rows::new(block))
    }

    fn unpacked(self) -> String {
        if self.0 & IS_TEN != 0 {
            return format!("{:010}", self.0 & !IS_TEN);
        }
        let mut rest = self.0 & 0xff_ffff;
        let mut four = ['0'; 4];
        for letter in four.iter_mut().rev() {
            *letter = ALPHABET[(rest % 62) as usize] as char;
            rest /= 62;
        }
        format!("{:08}{}", self.0 >> 24, four.iter().collect::<String>())
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))
}

fn letters(four: &[u8]) -> Option<u64> {
    four.iter().try_fold(0, |value, letter| {
        let digit = match letter {
            b'0'..=b'9' => letter - b'0',
            b'A'..=b'Z' => letter - b'A' + 10,
            b'a'..=b'z' => letter - b'a' + 36,
            _ => return None,
        };
        Some(value * 62 + u64::from(digit))
    })
}

/// A hash of bytes. Its values are written to disk, so it must stay what it is.
pub(in crate::index) fn mix(bytes: &[u8]) -> u64 {
    let mut state = 0x243f_6a88_85a3_08d3_u64;
    let mut take = |word: [u8; 8]| {
        let wide = u128::from(state ^ u64::from_le_bytes(word)) * 0x9fb2_1c65_1e98_df25_u128;
        state = (wide as u64) ^ (wide >> 64) as u64;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| take(*word));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    take(last);
    take((bytes.len() as u64).to_le_bytes());
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_forms_are_packed_and_come_back() {
        for text in ["191212121212", "199001RA1234", "0000000000", "1212121212", "20010101TF12", "99999999zzzz"] {
            let id = PersonId::of(text);
            match text {
                "199001RA1234" => assert!(id.has_text()),
                _ => {
                    assert!(!id.has_text(), "{text}");
                    assert_eq!(id.unpacked(), text);
                }
            }
        }
        for text in ["", "19121212-1212", "1912121212120", "åäö", "191212121 12"] {
            assert!(PersonId::of(text).has_text(), "{text}");
        }
    }

    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(mix(b""), 9_640_101_720_952_702_170);
        assert_eq!(mix(b"riv:domain"), 12_906_487_885_003_386_005);
        assert_ne!(mix(b"a"), mix(b"a\0"));
    }
}
