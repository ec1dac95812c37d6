//! The journal: an append-only log in preallocated segment files, one sync for as many batches as come together.
//!
//! A segment is written until the next batch does not fit, then the next one is begun; a live file is never truncated
//! and an old one is removed whole. After a start a new segment is begun in any case, so that a torn end stays as it is.

mod frame;
mod reader;
mod recover;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use self::recover::Segment;
use self::writer::SegmentWriter;
use super::disk::Disk;
use super::log::{Each, Log, LogError, Replayed};

pub use self::frame::PAYLOAD_BYTES_MAX;

/// Room set aside for a segment, in bytes.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// A log on a disk.
#[derive(Debug)]
pub struct Journal {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    segments: Vec<Segment>,
    /// The number of the next batch; unknown until the log has been read.
    next: Option<u64>,
    writer: Option<SegmentWriter>,
    poisoned: Option<String>,
    frames: Vec<u8>,
}

impl Journal {
    /// Opens the journal on `disk`, which may be empty. `segment_bytes` is [`SEGMENT_BYTES`] but in tests.
    pub fn open(disk: Arc<dyn Disk>, segment_bytes: u64) -> Result<Self, LogError> {
        let segments = recover::segments(&*disk)?;
        Ok(Self { disk, segment_bytes, segments, next: None, writer: None, poisoned: None, frames: Vec::new() })
    }

    /// Largest batch that fits a segment.
    fn payload_bytes_max(&self) -> usize {
        let segment = usize::try_from(self.segment_bytes).unwrap_or(usize::MAX);
        PAYLOAD_BYTES_MAX.min(segment - segment::HEADER_BYTES - frame::HEADER_BYTES - 8)
    }

    fn write(&mut self, first: u64, batches: &[&[u8]]) -> Result<(), LogError> {
        let mut frames = std::mem::take(&mut self.frames);
        frames.clear();
        let durable = first - 1;
        for (sequence, batch) in (first..).zip(batches) {
            let wanted = (frames.len() + frame::frame_bytes(batch.len())) as u64;
            if self.writer.as_ref().is_none_or(|writer| writer.room() < wanted) {
                self.flush(&frames)?;
                frames.clear();
                self.rotate(sequence)?;
            }
            frame::write(&mut frames, sequence, durable, batch);
        }
        self.flush(&frames)?;
        self.frames = frames;
        Ok(())
    }

    fn flush(&mut self, frames: &[u8]) -> Result<(), LogError> {
        match &mut self.writer {
            Some(writer) if !frames.is_empty() => writer.write(frames).map_err(|source| LogError::Disk {
                action: "write",
                file: segment::name(self.segments.last().map_or(0, |segment| segment.first)),
                source,
            }),
            _ => Ok(()),
        }
    }

    fn rotate(&mut self, first: u64) -> Result<(), LogError> {
        let create = |disk: &dyn Disk, bytes| {
            // Left by a start that wrote nothing; recovery found no batch in it, or `first` would be a later one.
            if self.segments.last().is_some_and(|segment| segment.first == first) {
                disk.remove(&segment::name(first))?;
            }
            SegmentWriter::create(disk, first, bytes)
        };
        let writer = create(&*self.disk, self.segment_bytes);
        let writer =
            writer.map_err(|source| LogError::Disk { action: "create", file: segment::name(first), source })?;
        self.segments.retain(|segment| segment.first != first);
        self.segments.push(Segment { first, bytes: self.segment_bytes });
        self.writer = Some(writer);
        Ok(())
    }
}

impl Log for Journal {
    fn append(&mut self, batches: &[&[u8]]) -> Result<u64, LogError> {
        if let Some(earlier) = &self.poisoned {
            return Err(LogError::Poisoned(earlier.clone()));
        }
        let bytes_max = self.payload_bytes_max();
        if let Some(batch) = batches.iter().find(|batch| batch.len() > bytes_max) {
            return Err(LogError::TooLarge { bytes: batch.len(), bytes_max });
        }
        let next = match self.next {
            Some(next) => next,
            None => self.replay(1, &mut |_, _| Ok(()))?.last + 1,
        };
        match self.write(next, batches) {
            Ok(()) => {
                let behind = next + batches.len() as u64;
                self.next = Some(behind);
                Ok(behind - 1)
            }
            Err(error) => {
                // Nobody knows what reached the disk: a batch written from here on might not be found again.
                let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
                self.poisoned = Some(format!("{error}{}", source.unwrap_or_default()));
                Err(error)
            }
        }
    }

    fn replay(&mut self, from: u64, each: &mut Each<'_>) -> Result<Replayed, LogError> {
        let bytes_max = self.segments.iter().map(|segment| segment.bytes).max().unwrap_or(0);
        let replayed = recover::replay(&*self.disk, &self.segments, bytes_max, from, each)?;
        self.next = Some(replayed.last + 1);
        Ok(replayed)
    }

    fn forget(&mut self, before: u64) -> Result<(), LogError> {
        // A segment's batches all stand before the first of the next segment; the last one is being written.
        let old = self.segments.windows(2).take_while(|pair| pair[1].first <= before).count();
        for segment in self.segments.drain(..old) {
            let file = segment::name(segment.first);
            self.disk.remove(&file).map_err(|source| LogError::Disk { action: "remove", file, source })?;
        }
        if old > 0 {
            let unsynced = |source| LogError::Disk { action: "sync", file: "the data directory".into(), source };
            self.disk.sync_names().map_err(unsynced)?;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}
