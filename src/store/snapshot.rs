//! Snapshots: one file of checksummed sections that stands for everything up to a batch of the log.
//!
//! It is written beside, synced, and given its name only then; so a file that bears the name is whole, and one that does
//! not pass its checksums has been damaged since (`docs/STORE.md`).

use std::sync::Arc;

use super::checksum::crc32c;
use super::disk::{Disk, DiskFile};
use super::log::LogError;

/// Largest section, in bytes.
pub const SECTION_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Bytes that are gathered before they are written.
const WRITE_BYTES: usize = 4 * 1024 * 1024;

const MAGIC: &[u8; 8] = b"anslutS1";
const HEADER_BYTES: usize = 32;
const SECTION_HEADER_BYTES: usize = 16;
const PREFIX: &str = "snapshot-";
const SUFFIX: &str = ".snap";
const UNFINISHED: &str = "snapshot.tmp";

/// The kind of the last section; its payload is the number of sections before it.
const END: u32 = 0;

fn name(sequence: u64) -> String {
    format!("{PREFIX}{sequence:020}{SUFFIX}")
}

fn sequence_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok()
}

fn failed(action: &'static str, file: &str) -> impl FnOnce(std::io::Error) -> LogError {
    let file = file.to_owned();
    move |source| LogError::Disk { action, file, source }
}

fn header(sequence: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&sequence.to_le_bytes());
    let checksum = crc32c(&[&header[..16]]);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// A snapshot that is being written.
#[derive(Debug)]
pub struct SnapshotWriter {
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    sequence: u64,
    at: u64,
    buffer: Vec<u8>,
    sections: u64,
}

impl SnapshotWriter {
    /// Begins a snapshot from which the log is to be replayed behind batch `sequence`.
    pub fn create(disk: Arc<dyn Disk>, sequence: u64) -> Result<Self, LogError> {
        let names = disk.names().map_err(failed("list", "the data directory"))?;
        if names.iter().any(|name| name == UNFINISHED) {
            disk.remove(UNFINISHED).map_err(failed("remove", UNFINISHED))?;
        }
        let file = disk.create(UNFINISHED, 0).map_err(failed("create", UNFINISHED))?;
        Ok(Self { disk, file, sequence, at: 0, buffer: header(sequence).to_vec(), sections: 0 })
    }

    /// Adds a section. `kind` is the caller's, and not 0.
    pub fn section(&mut self, kind: u32, payload: &[u8]) -> Result<(), LogError> {
        assert_ne!(kind, END, "0 ends the file");
        self.sections += 1;
        self.append(kind, payload)
    }

    /// Makes the snapshot last under its name and removes older ones. Its length in bytes.
    pub fn finish(mut self) -> Result<u64, LogError> {
        self.append(END, &self.sections.to_le_bytes())?;
        self.flush()?;
        self.file.sync().map_err(failed("sync", UNFINISHED))?;
        let name = name(self.sequence);
        self.disk.rename(UNFINISHED, &name).map_err(failed("rename", UNFINISHED))?;
        self.disk.sync_names().map_err(failed("sync", "the data directory"))?;
        let names = self.disk.names().map_err(failed("list", "the data directory"))?;
        for old in names.iter().filter(|old| sequence_of(old).is_some_and(|old| old < self.sequence)) {
            self.disk.remove(old).map_err(failed("remove", old))?;
        }
        Ok(self.at)
    }

    fn append(&mut self, kind: u32, payload: &[u8]) -> Result<(), LogError> {
        if payload.len() > SECTION_BYTES_MAX {
            return Err(LogError::TooLarge { bytes: payload.len(), bytes_max: SECTION_BYTES_MAX });
        }
        let length = (payload.len() as u64).to_le_bytes();
        let checksum = crc32c(&[&kind.to_le_bytes(), &length, payload]);
        self.buffer.extend_from_slice(&kind.to_le_bytes());
        self.buffer.extend_from_slice(&checksum.to_le_bytes());
        self.buffer.extend_from_slice(&length);
        self.buffer.extend_from_slice(payload);
        if self.buffer.len() >= WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.file.write_at(self.at, &self.buffer).map_err(failed("write", UNFINISHED))?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// A snapshot that is being read.
#[derive(Debug)]
pub struct SnapshotReader {
    file: Box<dyn DiskFile>,
    name: String,
    sequence: u64,
    at: u64,
    bytes: u64,
    sections: u64,
}

impl SnapshotReader {
    /// Opens the newest snapshot, if there is any.
    pub fn newest(disk: &dyn Disk) -> Result<Option<Self>, LogError> {
        let names = disk.names().map_err(failed("list", "the data directory"))?;
        let Some(sequence) = names.iter().filter_map(|name| sequence_of(name)).max() else { return Ok(None) };
        let name = name(sequence);
        let file = disk.open(&name).map_err(failed("open", &name))?;
        let bytes = file.bytes().map_err(failed("open", &name))?;
        let mut reader = Self { file, name, sequence, at: 0, bytes, sections: 0 };
        if reader.take(HEADER_BYTES)? != header(sequence) {
            return Err(reader.damaged(0, "not the header of this snapshot"));
        }
        Ok(Some(reader))
    }

    /// The log is to be replayed behind this batch.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The file's length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next section, kind and payload; `None` behind the last.
    pub fn section(&mut self) -> Result<Option<(u32, Vec<u8>)>, LogError> {
        let start = self.at;
        let head = self.take(SECTION_HEADER_BYTES)?;
        let (kind, rest) = head.split_first_chunk::<4>().expect("the header was taken whole");
        let (checksum, length) = rest.split_first_chunk::<4>().expect("the header was taken whole");
        let length_text = length;
        let length = length.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        let length = usize::try_from(length).ok().filter(|length| *length <= SECTION_BYTES_MAX);
        let Some(length) = length else { return Err(self.damaged(start, "a section longer than any")) };
        let payload = self.take(length)?;
        if crc32c(&[kind, length_text, &payload]) != u32::from_le_bytes(*checksum) {
            return Err(self.damaged(start, "a section that does not pass its checksum"));
        }
        if u32::from_le_bytes(*kind) != END {
            self.sections += 1;
            return Ok(Some((u32::from_le_bytes(*kind), payload)));
        }
        match payload == self.sections.to_le_bytes() {
            true => Ok(None),
            false => Err(self.damaged(start, "fewer sections than were written")),
        }
    }

    fn take(&mut self, bytes: usize) -> Result<Vec<u8>, LogError> {
        if self.bytes.saturating_sub(self.at) < bytes as u64 {
            return Err(self.damaged(self.at, "the file ends too early"));
        }
        let mut taken = vec![0; bytes];
        let mut filled = 0;
        while filled < bytes {
            match self.file.read_at(self.at + filled as u64, &mut taken[filled..]) {
                Ok(0) => return Err(self.damaged(self.at, "the file ends too early")),
                Ok(read) => filled += read,
                Err(source) => return Err(failed("read", &self.name)(source)),
            }
        }
        self.at += bytes as u64;
        Ok(taken)
    }

    fn damaged(&self, offset: u64, message: &str) -> LogError {
        LogError::Damaged { file: self.name.clone(), offset, message: message.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::fake::{FakeDisk, Unsynced};

    fn write(disk: &FakeDisk, sequence: u64, sections: &[&[u8]]) -> Result<u64, LogError> {
        let mut writer = SnapshotWriter::create(Arc::new(disk.clone()), sequence)?;
        for section in sections {
            writer.section(7, section)?;
        }
        writer.finish()
    }

    type Read = (u64, Vec<Vec<u8>>);

    fn read(disk: &FakeDisk) -> Result<Option<Read>, LogError> {
        let Some(mut reader) = SnapshotReader::newest(disk)? else { return Ok(None) };
        let mut sections = Vec::new();
        while let Some((kind, payload)) = reader.section()? {
            assert_eq!(kind, 7);
            sections.push(payload);
        }
        Ok(Some((reader.sequence(), sections)))
    }

    #[test]
    fn the_newest_is_read_back_and_older_ones_are_gone() {
        let disk = FakeDisk::default();
        assert_eq!(read(&disk).unwrap(), None);
        write(&disk, 3, &[b"a", b""]).unwrap();
        write(&disk, 12, &[b"b"]).unwrap();
        assert_eq!(read(&disk).unwrap(), Some((12, vec![b"b".to_vec()])));
        assert_eq!(disk.names().unwrap().len(), 1);
    }

    #[test]
    fn power_lost_at_any_sync_leaves_the_old_one_or_the_new_one() {
        for stop in 1..4 {
            let disk = FakeDisk::default();
            write(&disk, 3, &[b"old"]).unwrap();
            disk.stop_after_syncs(disk.syncs() + stop - 1);
            let outcome = write(&disk, 4, &[b"new"]);
            for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Some(stop as u64)] {
                let (sequence, sections) = read(&disk.after_crash(unsynced)).unwrap().expect("one of them");
                assert!(matches!((sequence, sections[0].as_slice()), (3, b"old") | (4, b"new")));
                assert!(outcome.is_err() || sequence == 4, "stopped after {stop}");
            }
        }
    }

    #[test]
    fn any_damaged_byte_is_noticed() {
        let disk = FakeDisk::default();
        write(&disk, 3, &[b"some bytes", b"more"]).unwrap();
        let length = disk.contents(&name(3)).len();
        // The last 12 bytes of the file header are reserved and unread.
        for at in (0..20).chain(HEADER_BYTES..length) {
            let tampered = disk.after_crash(Unsynced::Lost);
            tampered.tamper(&name(3), |bytes| bytes[at] ^= 0x10);
            assert!(read(&tampered).is_err(), "byte {at}");
        }
        for kept in 0..length {
            let cut = disk.after_crash(Unsynced::Lost);
            cut.tamper(&name(3), |bytes| bytes.truncate(kept));
            assert!(read(&cut).is_err(), "cut to {kept}");
        }
    }
}
