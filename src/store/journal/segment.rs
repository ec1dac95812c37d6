//! Segment files: their names, and the 32 bytes they begin with (`docs/STORE.md`).

use crate::store::checksum::crc32c;

/// Length of a segment's header.
pub(super) const HEADER_BYTES: usize = 32;

const MAGIC: &[u8; 8] = b"anslutJ1";
const PREFIX: &str = "journal-";
const SUFFIX: &str = ".log";

/// The name of the segment whose first batch has this number; names sort as numbers do.
pub(super) fn name(first: u64) -> String {
    format!("{PREFIX}{first:020}{SUFFIX}")
}

/// The number of the first batch, by the segment's name.
pub(super) fn first_of(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok()
}

/// The header of a segment.
pub(super) fn header(first: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&first.to_le_bytes());
    let checksum = crc32c(&[&header[..16]]);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// Whether `bytes` begin with the header of the segment that begins with batch `first`.
pub(super) fn has_header(bytes: &[u8], first: u64) -> bool {
    bytes.starts_with(&header(first))
}
