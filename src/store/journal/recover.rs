//! Reading the whole journal back: every whole batch in order, and an account of what was passed over.
//!
//! A crash leaves a torn end; nobody was told that those batches were safe. A failing disk may damage a batch in the
//! middle; later frames, which say how far the log had been synced, give that away. In both cases the whole batches
//! behind the damage are read, since each of them stands on its own.

use super::reader::{Found, SegmentReader};
use super::segment;
use crate::store::disk::{Disk, read_whole};
use crate::store::log::{Each, LogError, Replayed, Skipped};

/// A segment file, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Number of its first batch.
    pub(super) first: u64,
    /// Its length, room set aside included.
    pub(super) bytes: u64,
}

/// The segments on the disk, in order.
pub(super) fn segments(disk: &dyn Disk) -> Result<Vec<Segment>, LogError> {
    let names =
        disk.names().map_err(|source| LogError::Disk { action: "list", file: "the data directory".into(), source })?;
    let mut found = Vec::new();
    for first in names.iter().filter_map(|name| segment::first_of(name)) {
        let file = segment::name(first);
        let bytes = disk.open(&file).and_then(|file| file.bytes());
        let bytes = bytes.map_err(|source| LogError::Disk { action: "open", file, source })?;
        found.push(Segment { first, bytes });
    }
    found.sort_by_key(|segment| segment.first);
    Ok(found)
}

/// Hands the batches from `from` on to `each`.
pub(super) fn replay(
    disk: &dyn Disk,
    segments: &[Segment],
    segment_bytes_max: u64,
    from: u64,
    each: &mut Each<'_>,
) -> Result<Replayed, LogError> {
    let mut recovery = Recovery { from, last: 0, open: Vec::new(), replayed: Replayed::default() };
    for (place, this) in segments.iter().enumerate() {
        // Everything in a segment is older than the first batch of the next one.
        if segments.get(place + 1).is_some_and(|next| next.first <= from) {
            continue;
        }
        if recovery.last == 0 {
            recovery.last = this.first.min(from).saturating_sub(1);
        }
        let file = segment::name(this.first);
        let contents = disk.open(&file).and_then(|file| read_whole(&*file, segment_bytes_max));
        let contents = contents.map_err(|source| LogError::Disk { action: "read", file: file.clone(), source })?;
        recovery.segment(&file, this.first, &contents, each)?;
    }
    Ok(recovery.finish())
}

struct Recovery {
    from: u64,
    /// The last batch seen, or what must have stood before the first.
    last: u64,
    /// Damage behind the last batch seen: what is missing is known only when the next batch turns up.
    open: Vec<Skipped>,
    replayed: Replayed,
}

impl Recovery {
    fn segment(&mut self, file: &str, first: u64, contents: &[u8], each: &mut Each<'_>) -> Result<(), LogError> {
        let unwritten = contents.iter().all(|byte| *byte == 0);
        if !unwritten && !segment::has_header(contents, first) {
            self.open(file, 0, segment::HEADER_BYTES.min(contents.len()));
        }
        let mut reader = SegmentReader::new(contents);
        while let Some(found) = reader.next() {
            match found {
                Found::Damage { offset, bytes } => self.open(file, offset, bytes),
                // A number that was already seen cannot follow: not ours, or written twice.
                Found::Frame(frame) if frame.sequence <= self.last && frame.sequence >= self.from => {
                    return Err(LogError::Damaged {
                        file: file.to_owned(),
                        offset: 0,
                        message: format!("batch {} stands behind batch {}", frame.sequence, self.last),
                    });
                }
                Found::Frame(frame) => {
                    self.close(file, frame.sequence, frame.durable);
                    self.last = frame.sequence;
                    if frame.sequence >= self.from {
                        self.replayed.batches += 1;
                        each(frame.sequence, frame.payload)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, file: &str, offset: usize, bytes: usize) {
        self.open.push(Skipped {
            file: file.to_owned(),
            offset: offset as u64,
            bytes: bytes as u64,
            first: self.last + 1,
            last: self.last,
            acknowledged: false,
        });
    }

    /// The batch `sequence` is there: what stands between it and the last one is missing.
    fn close(&mut self, file: &str, sequence: u64, durable: u64) {
        let first = self.last + 1;
        if sequence > first && self.open.is_empty() {
            self.open(file, 0, 0);
        }
        for mut skipped in self.open.drain(..) {
            skipped.last = sequence - 1;
            skipped.acknowledged = skipped.last >= first && durable >= first;
            // A damaged header of a segment whose batches are all there has cost nothing.
            if skipped.last >= first && skipped.last >= self.from {
                self.replayed.skipped.push(skipped);
            }
        }
    }

    fn finish(mut self) -> Replayed {
        self.replayed.last = self.last.max(self.from.saturating_sub(1));
        self.replayed.skipped.append(&mut self.open);
        self.replayed
    }
}
