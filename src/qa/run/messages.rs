//! What a run keeps of what went over the wire: the messages themselves, and of a very long one its beginning.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::exchange::decode;
use crate::qa::report::identities;
use crate::qa::result::{CaseResult, Cut, StepResult};
use crate::qa::suite::folder::hexadecimal;

/// Bytes of messages a run keeps; what comes after is judged, and not kept.
pub const MESSAGES_BYTES_MAX: usize = 512 << 20;
/// Bytes of one message that are kept. All of it is judged; the step says how long the whole was, and its hash.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Messages of a run, by the names they are kept under.
#[derive(Debug, Default)]
pub struct Messages {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    count: usize,
    unkept: BTreeSet<String>,
}

impl Messages {
    /// Keeps an exchange under names that the step's result tells, as far as the run may keep it.
    pub fn keep(&mut self, request: &[u8], response: Option<&[u8]>, step: &mut StepResult) {
        self.count += 1;
        step.request = self.keep_one("req", request, &mut step.cut);
        step.response = response.and_then(|response| self.keep_one("resp", response, &mut step.cut));
    }

    fn keep_one(&mut self, kind: &str, bytes: &[u8], cut: &mut Vec<Cut>) -> Option<String> {
        let kept = beginning(bytes, MESSAGE_BYTES_MAX);
        if self.bytes + kept.len() > MESSAGES_BYTES_MAX {
            return None;
        }
        self.bytes += kept.len();
        let file = format!("messages/{:04}-{kind}.xml", self.count);
        self.files.insert(file.clone(), kept.to_vec());
        if kept.len() < bytes.len() {
            let sha256 = hexadecimal(&Sha256::digest(bytes));
            self.unkept.extend(identities::alone(&decode(bytes, None)).map(str::to_owned));
            cut.push(Cut { file: file.clone(), kept: kept.len(), bytes: bytes.len(), sha256 });
        }
        Some(file)
    }

    /// Takes over what a case has kept, under numbers of our own; its result names them.
    pub fn absorb(&mut self, case: Self, result: &mut CaseResult) {
        let renamed = |name: &str| {
            let (number, kind) = name.strip_prefix("messages/")?.split_once('-')?;
            Some(format!("messages/{:04}-{kind}", number.parse::<usize>().ok()? + self.count))
        };
        let mut kept = BTreeMap::new();
        for (name, bytes) in case.files {
            if self.bytes + bytes.len() <= MESSAGES_BYTES_MAX
                && let Some(new) = renamed(&name)
            {
                self.bytes += bytes.len();
                self.files.insert(new.clone(), bytes);
                kept.insert(name, new);
            }
        }
        for step in &mut result.steps {
            for name in [&mut step.request, &mut step.response] {
                *name = name.as_ref().and_then(|name| kept.get(name).cloned());
            }
            step.cut.retain_mut(|cut| match kept.get(&cut.file) {
                Some(new) => {
                    cut.file.clone_from(new);
                    true
                }
                None => false,
            });
        }
        self.count += case.count;
        self.unkept.extend(case.unkept);
    }

    /// All that was kept, and the identities of messages that were not kept whole.
    pub fn into_files(self) -> (BTreeMap<String, Vec<u8>>, BTreeSet<String>) {
        (self.files, self.unkept)
    }
}

/// As many bytes as may be kept, not ending within a character.
fn beginning(bytes: &[u8], most: usize) -> &[u8] {
    if bytes.len() <= most {
        return bytes;
    }
    let goes_on = |at: &usize| bytes[*at] & 0xC0 == 0x80;
    let end = (most.saturating_sub(3)..=most).rev().find(|at| !goes_on(at)).unwrap_or(most);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_kept_by_its_beginning_and_told_by_its_hash() {
        let (mut run, mut case, mut step) = (Messages::default(), Messages::default(), StepResult::default());
        run.keep(b"<before/>", None, &mut StepResult::default());
        let long = format!("{}<id>191212121212</id>", "\u{e5}".repeat(MESSAGE_BYTES_MAX));
        case.keep(long.as_bytes(), Some(b"<short/>"), &mut step);
        let mut result = CaseResult { steps: vec![step], ..CaseResult::default() };
        run.absorb(case, &mut result);
        let step = &result.steps[0];
        assert_eq!(step.request.as_deref(), Some("messages/0002-req.xml"));
        let whole = Cut {
            file: "messages/0002-req.xml".to_owned(),
            kept: MESSAGE_BYTES_MAX,
            bytes: long.len(),
            sha256: hexadecimal(&Sha256::digest(long.as_bytes())),
        };
        assert_eq!(step.cut, [whole]);
        let (files, unkept) = run.into_files();
        assert_eq!(unkept.into_iter().collect::<Vec<_>>(), ["191212121212"]);
        assert_eq!(files["messages/0002-req.xml"], long.as_bytes()[..MESSAGE_BYTES_MAX]);
        assert_eq!(files["messages/0002-resp.xml"], b"<short/>");
    }

    #[test]
    fn a_message_is_not_cut_within_a_character() {
        let text = "a\u{20ac}\u{20ac}";
        for (most, kept) in [(1, "a"), (2, "a"), (3, "a"), (4, "a\u{20ac}"), (5, "a\u{20ac}"), (7, text), (9, text)] {
            assert_eq!(beginning(text.as_bytes(), most), kept.as_bytes(), "{most}");
        }
        assert_eq!(beginning(&[0x80; 9], 5).len(), 5);
    }
}
