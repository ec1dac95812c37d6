//! Zips whose bytes depend on nothing but their content: entries stored in the order given, dated 1980-01-01.

use flate2::Crc;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// 1980-01-01, the earliest day a zip can name.
const DAY: u16 = 0x0021;

/// A zip of these entries; the error names the one that is too large for the format.
pub fn write<N: AsRef<str>, B: AsRef<[u8]>>(entries: &[(N, B)]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in entries {
        let (name, bytes) = (name.as_ref(), bytes.as_ref());
        let too_large = || format!("{name} does not fit in a zip");
        let size = u32::try_from(bytes.len()).map_err(|_| too_large())?;
        let offset = u32::try_from(out.len()).map_err(|_| too_large())?;
        let length = u16::try_from(name.len()).map_err(|_| too_large())?;
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut fields = Vec::with_capacity(26);
        // Version 1.0, names in UTF-8, stored.
        for field in [10u16, 0x0800, 0, 0, DAY] {
            fields.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), size, size] {
            fields.extend(field.to_le_bytes());
        }
        fields.extend(length.to_le_bytes());
        fields.extend(0u16.to_le_bytes());
        out.extend(LOCAL.to_le_bytes());
        out.extend(&fields);
        out.extend(name.as_bytes());
        out.extend(bytes);
        directory.extend(CENTRAL.to_le_bytes());
        directory.extend(10u16.to_le_bytes());
        directory.extend(&fields);
        // No comment, first disk, no attributes.
        directory.extend([0u8; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let too_many = || "too many entries for a zip".to_owned();
    let count = u16::try_from(entries.len()).map_err(|_| too_many())?;
    let begins = u32::try_from(out.len()).map_err(|_| too_many())?;
    let size = u32::try_from(directory.len()).map_err(|_| too_many())?;
    out.extend(&directory);
    out.extend(END.to_le_bytes());
    out.extend([0u8; 4]);
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(begins.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    Ok(out)
}

/// The entries of a zip written here, in order. Anything `write` would not have written is an error.
pub fn read(bytes: &[u8]) -> Result<Vec<(String, &[u8])>, String> {
    let mut entries = Vec::new();
    let mut at = 0usize;
    let number = |at: usize| -> Result<u32, String> {
        let four = bytes.get(at..at + 4).ok_or("the file ends in the middle of an entry")?;
        Ok(u32::from_le_bytes(four.try_into().map_err(|_| "four bytes")?))
    };
    while number(at)? == LOCAL {
        let method = number(at + 6)? >> 16;
        if method != 0 {
            return Err("an entry is compressed".to_owned());
        }
        let size = number(at + 22)? as usize;
        let lengths = number(at + 26)?;
        let (name_length, extra) = ((lengths & 0xffff) as usize, (lengths >> 16) as usize);
        let name = bytes.get(at + 30..at + 30 + name_length).ok_or("an entry without its name")?;
        let name = String::from_utf8(name.to_vec()).map_err(|_| "a name that is not UTF-8")?;
        let from = at + 30 + name_length + extra;
        let content = bytes.get(from..from + size).ok_or_else(|| format!("{name} is cut off"))?;
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(format!("{name} leads out of the bundle"));
        }
        if entries.iter().any(|(known, _)| *known == name) {
            return Err(format!("{name} is there twice"));
        }
        entries.push((name, content));
        at = from + size;
    }
    // The rest is the directory, which has only one form for these entries.
    let again = write(&entries)?;
    if again != bytes {
        let differs = again.iter().zip(bytes).position(|(a, b)| a != b).unwrap_or(again.len().min(bytes.len()));
        let within = entry_at(&entries, differs);
        return Err(within.map_or_else(
            || format!("the directory differs at byte {differs}"),
            |name| format!("{name} has been changed"),
        ));
    }
    Ok(entries)
}

/// The entry in whose header or content a byte lies.
fn entry_at(entries: &[(String, &[u8])], byte: usize) -> Option<String> {
    let mut at = 0;
    for (name, content) in entries {
        at += 30 + name.len() + content.len();
        if byte < at {
            return Some(name.clone());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_every_changed_byte_is_found() {
        let zip = write(&[("a.txt", &b"alpha"[..]), ("m/b.txt", &b"beta"[..])]).unwrap();
        assert_eq!(read(&zip).unwrap(), [("a.txt".to_owned(), &b"alpha"[..]), ("m/b.txt".to_owned(), &b"beta"[..])]);
        for at in 0..zip.len() {
            let mut changed = zip.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "byte {at}");
        }
        assert!(read(&zip[..zip.len() - 1]).is_err());
        assert!(read(&[zip.as_slice(), b"x"].concat()).is_err());
    }
}
