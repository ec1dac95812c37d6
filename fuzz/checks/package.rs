//! The reader of zips: what it takes has names that lead nowhere else and stays within the limits, and what is in it
//! imports or is refused with a reason.

use std::io::Write;

use anslut::config::contracts::ImportLimits;
use anslut::contracts::import::Importer;
use anslut::contracts::package::Package;
use anslut::contracts::schema::build::Leniency;
use flate2::Compression;
use flate2::write::DeflateEncoder;

pub(super) const PIECES: &[&str] =
    &["PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "../", "..\\", "C:", "/", "a.xsd", "A.XSD", "b.zip"];

/// Smaller than those of the platform, so that a run finds out that they hold.
fn limits() -> ImportLimits {
    ImportLimits {
        archive_bytes_max: 1 << 18,
        unpacked_bytes_max: 1 << 18,
        entry_bytes_max: 1 << 16,
        entries_max: 50,
        name_bytes_max: 100,
        components_max: 2_000,
        content_states_max: 500,
        ..ImportLimits::default()
    }
}

pub(super) fn check(input: &[u8]) {
    let limits = limits();
    let (package, notes) = match Package::read_zip("fuzz.zip", input, &limits) {
        Ok(read) => read,
        Err(refusal) => {
            assert!(refusal.is_error() && !refusal.message.is_empty());
            return;
        }
    };
    let (mut total, mut seen) = (0, std::collections::HashSet::new());
    for name in package.names() {
        let bytes = package.bytes(name).expect("every name has its bytes").len() as u64;
        assert!(bytes <= limits.entry_bytes_max, "{name}: {bytes} bytes");
        total += bytes;
        assert!(name.len() <= limits.name_bytes_max && seen.insert(name.to_lowercase()), "{name}");
        let is_local = !name.starts_with('/') && name.split('/').all(|part| part != "..") && !name.contains('\\');
        assert!(is_local && !name.contains(char::is_control), "{name:?} leads out of the archive");
    }
    assert!(total <= limits.unpacked_bytes_max && seen.len() <= limits.entries_max);
    let import = Importer::new(limits, Leniency::default()).import(&package, notes);
    assert!(import.descriptions.len() <= seen.len());
}

/// A zip of these files, every other one compressed.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (number, (name, contents)) in entries.iter().enumerate() {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(contents).expect("memory takes everything");
        let deflated = encoder.finish().expect("memory takes everything");
        let (method, packed) = if number % 2 == 0 { (8u16, deflated.as_slice()) } else { (0, *contents) };
        let mut sum = flate2::Crc::new();
        sum.update(contents);
        // Both headers share these: version, flags, method, time, date, checksum, sizes, length of the name.
        let mut shared = Vec::new();
        [20, 0, method, 0, 0].into_iter().for_each(|field: u16| shared.extend(field.to_le_bytes()));
        let fields = [sum.sum(), packed.len() as u32, contents.len() as u32];
        fields.into_iter().for_each(|field| shared.extend(field.to_le_bytes()));
        shared.extend((name.len() as u16).to_le_bytes());
        directory.extend([b"PK\x01\x02\x14\x00".as_slice(), &shared, &[0; 12]].concat());
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend([b"PK\x03\x04".as_slice(), &shared, &[0; 2], name.as_bytes(), packed].concat());
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    [entries.len() as u16; 2].into_iter().for_each(|count| out.extend(count.to_le_bytes()));
    [directory.len() as u32, start].into_iter().for_each(|field| out.extend(field.to_le_bytes()));
    out.extend([0; 2]);
    out
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let everything = super::schema::everything();
    let files: Vec<(&str, &[u8])> =
        everything.names().map(|name| (name, everything.bytes(name).expect("it is there").as_ref())).collect();
    vec![
        zip(&files),
        zip(&[("a.xsd", b"<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"/>"), ("docs/readme.txt", b"hej")]),
        zip(&[("schemas/interactions/a.wsdl", b"<a/>"), ("b.zip", b"PK"), ("schemas/a.xsd", b"\xef\xbb\xbf<a/>")]),
        zip(&[]),
    ]
}
