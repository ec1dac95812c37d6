//! A bundle that somebody has packed again with a tool of their own: read as any zip, so that what differs can be named.
//! Whatever it holds, it is not the bundle that was made.

use std::io::Read;

use flate2::read::DeflateDecoder;

/// Begins the end of the directory, and each of its entries.
const END: [u8; 4] = *b"PK\x05\x06";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
/// All entries together, unpacked.
const BYTES_MAX: usize = 256 << 20;
/// Entries of a bundle.
const ENTRIES_MAX: usize = 20_000;

/// The entries in the order of the directory; `Err` says why it is no zip.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let end = memchr::memmem::rfind(bytes, &END).ok_or("it is no zip: its directory has no end")?;
    let count = usize::from(short(bytes, end + 10)?);
    let mut at = long(bytes, end + 16)?;
    if count > ENTRIES_MAX {
        return Err(format!("it has {count} entries, at most {ENTRIES_MAX}"));
    }
    let (mut entries, mut all) = (Vec::new(), 0);
    for _ in 0..count {
        if bytes.get(at..at + 4) != Some(CENTRAL.as_slice()) {
            return Err("its directory is broken".to_owned());
        }
        let (method, packed, size) = (short(bytes, at + 10)?, long(bytes, at + 20)?, long(bytes, at + 24)?);
        let [name_length, extra, comment] =
            [28, 30, 32].map(|place| short(bytes, at + place).map(usize::from)).map(Result::unwrap_or_default);
        let name = bytes.get(at + 46..at + 46 + name_length).ok_or("an entry without its name")?;
        let name = String::from_utf8(name.to_vec()).map_err(|_| "a name that is not UTF-8")?;
        if name.starts_with('/') || name.split(['/', '\\']).any(|part| part == "..") {
            return Err(format!("{name} leads out of the bundle"));
        }
        if entries.iter().any(|(known, _)| *known == name) {
            return Err(format!("{name} is there twice"));
        }
        all += size;
        if all > BYTES_MAX {
            return Err(format!("it holds more than {BYTES_MAX} bytes"));
        }
        let local = long(bytes, at + 42)?;
        let from = local + 30 + usize::from(short(bytes, local + 26)?) + usize::from(short(bytes, local + 28)?);
        let content = bytes.get(from..from + packed).ok_or_else(|| format!("{name} is cut off"))?;
        if !name.ends_with('/') {
            entries.push((name.clone(), unpacked(&name, method, content, size)?));
        }
        at += 46 + name_length + extra + comment;
    }
    Ok(entries)
}

fn unpacked(name: &str, method: u16, content: &[u8], size: usize) -> Result<Vec<u8>, String> {
    match method {
        0 => Ok(content.to_vec()),
        8 => {
            let mut out = Vec::new();
            let most = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
            let read = DeflateDecoder::new(content).take(most).read_to_end(&mut out);
            read.map_err(|error| format!("{name} cannot be unpacked: {error}"))?;
            Ok(out)
        }
        other => Err(format!("{name} is packed by method {other}")),
    }
}

fn short(bytes: &[u8], at: usize) -> Result<u16, String> {
    let two = bytes.get(at..at + 2).and_then(|two| two.try_into().ok());
    two.map(u16::from_le_bytes).ok_or_else(|| "the file ends in the middle of an entry".to_owned())
}

fn long(bytes: &[u8], at: usize) -> Result<usize, String> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    let number = four.map(u32::from_le_bytes).ok_or("the file ends in the middle of an entry")?;
    usize::try_from(number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::qa::report::zip;

    #[test]
    fn what_is_stored_or_packed_is_read_and_what_is_broken_says_so() {
        let made = zip::write(&[("a.txt", &b"alpha"[..]), ("m/b.txt", &b"beta"[..])]).unwrap();
        let wanted = [("a.txt".to_owned(), b"alpha".to_vec()), ("m/b.txt".to_owned(), b"beta".to_vec())];
        assert_eq!(read(&made).unwrap(), wanted);
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(b"alpha").unwrap();
        assert_eq!(unpacked("a.txt", 8, &packer.finish().unwrap(), 5).unwrap(), b"alpha");
        assert!(read(b"PK").is_err());
        for end in 0..made.len() {
            // Whatever is cut off, nothing panics.
            drop(read(&made[..end]));
        }
        for at in 0..made.len() {
            let mut changed = made.clone();
            changed[at] ^= 0xff;
            drop(read(&changed));
        }
    }
}
