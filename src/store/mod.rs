//! Bytes to disk and back: the seam to the disk, the journal, snapshots, and zips that are handed out.
//!
//! Nothing here knows what the bytes mean. What is acknowledged is synced first; what is read back has passed its
//! checksum; the layout, field by field, stands in `docs/STORE.md`.

pub mod checksum;
pub mod disk;
pub mod journal;
pub mod log;
pub mod snapshot;
pub mod zip;
