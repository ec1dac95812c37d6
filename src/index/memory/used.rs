//! Which codes rows refer to: found while a snapshot is read, so that the others can be given to something else.

/// A code beyond is damage: so many subjects or holders would not fit in memory.
const CODES_MAX: u32 = 1 << 28;

/// Codes of one kind, a bit each.
#[derive(Clone, Debug, Default)]
pub struct Codes(Vec<u64>);

/// Codes of subjects and of holders.
#[derive(Clone, Debug, Default)]
pub struct Used {
    pub(super) subjects: Codes,
    pub(super) holders: Codes,
}

impl Codes {
    /// Takes a code in; one too many by far is an error.
    pub(super) fn insert(&mut self, code: u32) -> Result<(), String> {
        if code >= CODES_MAX {
            return Err(format!("code {code}, expected one below {CODES_MAX}"));
        }
        let word = code as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (code % 64);
        Ok(())
    }

    /// Whether it is there.
    pub(super) fn contains(&self, code: u32) -> bool {
        self.0.get(code as usize / 64).is_some_and(|word| word & 1 << (code % 64) != 0)
    }

    /// The code behind the highest one.
    pub(super) fn end(&self) -> u32 {
        let last = self.0.iter().rposition(|word| *word != 0);
        last.map_or(0, |last| last as u32 * 64 + 64 - self.0[last].leading_zeros())
    }

    fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }
}

impl Used {
    /// Takes in what another part of the rows refers to.
    pub fn merge(&mut self, other: &Self) {
        self.subjects.merge(&other.subjects);
        self.holders.merge(&other.holders);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_there_once_they_were_taken_in() {
        let mut codes = Codes::default();
        assert_eq!((codes.end(), codes.contains(0)), (0, false));
        for code in [0, 63, 64, 1_000] {
            codes.insert(code).unwrap();
            assert_eq!((codes.end(), codes.contains(code), codes.contains(code + 1)), (code + 1, true, false));
        }
        let mut other = Codes::default();
        other.insert(7).unwrap();
        other.merge(&codes);
        assert!([0, 7, 63, 64, 1_000].into_iter().all(|code| other.contains(code)));
        assert_eq!((0..2_000).filter(|code| other.contains(*code)).count(), 5);
        assert!(codes.insert(CODES_MAX).is_err());
    }
}
