//! A finished call as the ring keeps it.
//!
//! Thousands of records outlive their calls by seconds or hours. Kept as they grew, each would be some thirty pieces of
//! memory, all cold when they are freed at last; packed, it is one, and what the call grew them in is used again at once.

use bytes::{BufMut, Bytes};

use crate::contracts::validate::Report;
use crate::contracts::validate::finding::Finding;
use crate::hub::exchange::{CallRecord, Event};

/// Bytes of a length before a text or body.
const LENGTH_BYTES: usize = size_of::<u32>();
/// In place of a length: the body is the one before it. A body is passed on untouched as a rule.
const SAME: u32 = u32::MAX;

/// A call record, its texts and bodies in one piece of memory.
#[derive(Debug)]
pub(super) struct Packed {
    /// The record with every text and body empty; those that are missing are missing here.
    rest: CallRecord,
    /// Every text and then every body, each behind its length, in the order the record shows them in.
    pieces: Bytes,
}

impl Packed {
    /// Packs a record.
    pub(super) fn of(mut record: CallRecord) -> Self {
        let mut bytes = 0;
        record.texts(|text| bytes += LENGTH_BYTES + text.len());
        record.bodies(|body| bytes += LENGTH_BYTES + body.len());
        let mut pieces = Vec::with_capacity(bytes);
        record.texts(|text| put(&mut pieces, std::mem::take(text).as_bytes()));
        let mut before = Bytes::new();
        record.bodies(|body| {
            let body = std::mem::take(body);
            match body.as_ptr() == before.as_ptr() && body.len() == before.len() {
                true => pieces.put_u32(SAME),
                false => put(&mut pieces, &body),
            }
            before = body;
        });
        // A body that is not repeated leaves no room over, and one that is leaves too much to keep.
        pieces.shrink_to_fit();
        Self { rest: record, pieces: pieces.into() }
    }

    /// The record as it was.
    pub(super) fn unpacked(&self) -> CallRecord {
        let (mut record, mut at) = (self.rest.clone(), 0);
        record.texts(|text| {
            let piece = self.piece(&mut at).expect("only bodies are repeated");
            *text = String::from_utf8(piece.into()).expect("it was a text when it was packed");
        });
        let mut before = Bytes::new();
        record.bodies(|body| {
            before = self.piece(&mut at).unwrap_or_else(|| before.clone());
            *body = before.clone();
        });
        record
    }

    /// The running number of the call.
    pub(super) fn id(&self) -> u64 {
        self.rest.id
    }

    /// What the record weighs in the ring, in bytes: itself and everything it alone owns.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>()
            + self.pieces.len()
            + self.rest.events.capacity() * size_of::<(Event, std::time::Duration)>()
            + self.rest.handshake.as_ref().map_or(0, |handshake| handshake.weight())
            + self.rest.fan_out.as_ref().map_or(0, |fan_out| fan_out.weight())
            + self.rest.judged.iter().map(|report| weight_of(report)).sum::<usize>()
    }

    /// The piece at `at`, or `None` for a repeated one; moves behind it.
    fn piece(&self, at: &mut usize) -> Option<Bytes> {
        let begin = *at + LENGTH_BYTES;
        let length = self.pieces[*at..begin].try_into().map(u32::from_be_bytes).expect("as many bytes as asked for");
        *at = begin;
        if length == SAME {
            return None;
        }
        *at += length as usize;
        Some(self.pieces.slice(begin..*at))
    }
}

/// What a report weighs: its findings, which hold most of it.
fn weight_of(report: &Report) -> usize {
    let texts = |finding: &Finding| {
        let listed: usize = finding.expected.iter().map(|text| text.len() + size_of::<String>()).sum();
        let Finding { path, namespaced_path, found, sv, en, message, element, .. } = finding;
        let texts = [path, namespaced_path, found, sv, en, message, element];
        listed + texts.into_iter().map(String::len).sum::<usize>() + size_of::<Finding>()
    };
    size_of::<Report>() + report.errors.iter().map(texts).sum::<usize>()
}

fn put(pieces: &mut Vec<u8>, piece: &[u8]) {
    // What does not fit in a length is cut; no setting lets a body that large in.
    let length = u32::try_from(piece.len()).unwrap_or(SAME).min(SAME - 1);
    pieces.put_u32(length);
    pieces.extend_from_slice(&piece[..length as usize]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::exchange::Message;
    use crate::soap::fault::Fault;

    fn message(body: &Bytes) -> Message {
        Message { status: 200, headers_json: "{}".to_owned(), body: body.clone(), body_bytes: 9 }
    }

    #[test]
    fn a_record_comes_back_as_it_was_packed() {
        let (asked, answered) = (Bytes::from_static(b"<a/>"), Bytes::from_static(b"<b/>"));
        let record = CallRecord {
            id: 7,
            correlation_id: "id".to_owned(),
            forwarded: [None, Some("host".to_owned()), None],
            sender: Some(String::new()),
            receiver: Some("SE1 åäö".to_owned()),
            destination: Some(("p".to_owned(), 80)),
            events: vec![(Event::ReqIn, std::time::Duration::from_millis(1))],
            request: message(&asked),
            sent: Some(message(&asked)),
            received: Some(message(&answered)),
            answer: message(&Bytes::new()),
            producer_fault: Some(Fault { code: "c".to_owned(), text: "t".to_owned(), detail: "d".to_owned() }),
            ..CallRecord::default()
        };
        let packed = Packed::of(record.clone());
        assert_eq!(format!("{:?}", packed.unpacked()), format!("{record:?}"));
        let repeated = packed.weight();
        let apart = CallRecord { sent: Some(message(&Bytes::copy_from_slice(&asked))), ..record };
        assert_eq!(Packed::of(apart).weight(), repeated + asked.len(), "a repeated body is kept once");
    }
}
