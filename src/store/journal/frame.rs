//! One batch on disk: a header of 32 bytes and the payload, padded to a multiple of eight (`docs/STORE.md`).

use crate::store::checksum::crc32c;

/// Largest payload of a frame, in bytes. A frame never leaves its segment.
pub const PAYLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Length of a frame's header.
pub(super) const HEADER_BYTES: usize = 32;

/// `aFRM` in the file.
const MAGIC: u32 = u32::from_le_bytes(*b"aFRM");

/// A frame that passed its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// The batch's number.
    pub(super) sequence: u64,
    /// Every batch up to this number was known to be on disk when this frame was written.
    pub(super) durable: u64,
    /// The batch.
    pub(super) payload: &'a [u8],
    /// Length with header and padding.
    pub(super) bytes: usize,
}

/// Length of a frame for a payload, with header and padding.
pub(super) fn frame_bytes(payload: usize) -> usize {
    (HEADER_BYTES + payload).next_multiple_of(8)
}

/// Appends a frame to `out`.
pub(super) fn write(out: &mut Vec<u8>, sequence: u64, durable: u64, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("payloads are limited to PAYLOAD_BYTES_MAX");
    let mut header = [0; HEADER_BYTES];
    header[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8..16].copy_from_slice(&sequence.to_le_bytes());
    header[16..24].copy_from_slice(&durable.to_le_bytes());
    let checksum = crc32c(&[&header[..24], payload]);
    header[24..28].copy_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(8), 0);
}

/// The frame at the start of `bytes`, or `None` where there is none that is whole.
pub(super) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let header = bytes.first_chunk::<HEADER_BYTES>()?;
    let u32_at = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    let length = u32_at(4) as usize;
    if u32_at(0) != MAGIC || length > PAYLOAD_BYTES_MAX {
        return None;
    }
    let payload = bytes.get(HEADER_BYTES..HEADER_BYTES + length)?;
    (crc32c(&[&header[..24], payload]) == u32_at(24)).then(|| Frame {
        sequence: u64_at(8),
        durable: u64_at(16),
        payload,
        bytes: frame_bytes(length),
    })
}
