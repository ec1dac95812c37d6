//! A body that is never in memory as a whole, as the journal keeps it: what went by.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Kept;
use crate::producers::settings::JOURNAL_BODY_BYTES_MAX;

/// How much is kept of the beginning, and of the end.
const PART: usize = JOURNAL_BODY_BYTES_MAX / 4;

/// What went by.
#[derive(Debug, Default)]
pub struct Seen {
    hasher: Sha256,
    head: Vec<u8>,
    tail: Vec<u8>,
    bytes: usize,
}

impl Seen {
    /// The next piece.
    pub fn take(&mut self, piece: &[u8]) {
        self.hasher.update(piece);
        self.bytes += piece.len();
        let (head, rest) = piece.split_at(piece.len().min(PART - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(PART)..];
        let too_many = (self.tail.len() + rest.len()).saturating_sub(PART);
        self.tail.drain(..too_many);
        self.tail.extend_from_slice(rest);
    }

    /// As the row has it.
    pub fn kept(self) -> (Bytes, Kept) {
        let Self { hasher, head, tail, bytes } = self;
        if head.len() + tail.len() == bytes {
            return ([head, tail].concat().into(), Kept::default());
        }
        let digest = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        ([head.as_slice(), b"\n[...]\n", &tail].concat().into(), Kept { whole: Some((bytes, digest)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producers::journal::row::kept;

    #[test]
    fn what_went_by_in_pieces_is_kept_as_what_was_there_at_once() {
        for length in [0, 1, PART, 2 * PART, 4 * PART + 1, 9 * PART + 7] {
            let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let body = Bytes::from(body);
            for size in [1_000, PART, 3 * PART + 1] {
                let mut seen = Seen::default();
                body.chunks(size).for_each(|piece| seen.take(piece));
                assert_eq!(seen.kept(), kept(&body, true), "{length} bytes in pieces of {size}");
            }
        }
    }
}
