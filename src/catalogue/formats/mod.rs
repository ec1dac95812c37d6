//! The catalogue as files others read (`tak.md` §4): the stored snapshot, the export with business keys, the nightly dump.

mod json;
pub mod stored;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Compresses a stored snapshot, as it is kept and downloaded.
pub fn gzip(json: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 8), Compression::fast());
    // Writing to memory cannot fail.
    let written = encoder.write_all(json.as_bytes()).and_then(|()| encoder.finish());
    written.expect("memory takes every byte")
}
