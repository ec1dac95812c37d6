//! Writes frames into one preallocated segment.

use std::io;

use super::segment;
use crate::store::disk::{Disk, DiskFile};

/// The segment that is being written.
#[derive(Debug)]
pub(super) struct SegmentWriter {
    file: Box<dyn DiskFile>,
    at: u64,
    bytes: u64,
}

impl SegmentWriter {
    /// Creates the segment that begins with batch `first`, and makes its name last.
    pub(super) fn create(disk: &dyn Disk, first: u64, bytes: u64) -> io::Result<Self> {
        let mut file = disk.create(&segment::name(first), bytes)?;
        file.write_at(0, &segment::header(first))?;
        disk.sync_names()?;
        Ok(Self { file, at: segment::HEADER_BYTES as u64, bytes })
    }

    /// Room that is left, in bytes.
    pub(super) fn room(&self) -> u64 {
        self.bytes - self.at
    }

    /// Writes whole frames and makes them last. They fit: the caller asked for [`SegmentWriter::room`].
    pub(super) fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        self.file.write_at(self.at, frames)?;
        self.at += frames.len() as u64;
        self.file.sync()
    }
}
