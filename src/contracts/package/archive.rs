//! Zip, read with suspicion.
//!
//! The structure is read here rather than by a library: libraries merge entries of one name and trust one of the two
//! headers, and those are just the tricks that must be seen and refused (`contracts.md` §2.4).

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::sync::Arc;

use flate2::read::DeflateDecoder;

use crate::config::contracts::ImportLimits;
use crate::contracts::diagnostic::Code;

/// Why an archive is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) entry: Option<String>,
    pub(super) message: String,
}

impl Refusal {
    fn archive(message: impl Into<String>) -> Self {
        Self { code: Code::Archive, entry: None, message: message.into() }
    }

    fn entry(entry: &str, message: impl Into<String>) -> Self {
        Self { code: Code::Archive, entry: Some(entry.to_owned()), message: message.into() }
    }

    fn limit(entry: &str, message: impl Into<String>) -> Self {
        Self { code: Code::Limit, ..Self::entry(entry, message) }
    }
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    /// The files that are read, by name.
    pub(super) files: BTreeMap<String, Arc<[u8]>>,
    /// Names of archives within.
    pub(super) nested: Vec<String>,
    /// Names of everything else.
    pub(super) unread: Vec<String>,
}

const CENTRAL: u32 = 0x0201_4b50;
const LOCAL: u32 = 0x0403_4b50;
const END: u32 = 0x0605_4b50;
const END_BYTES: usize = 22;
const COMMENT_BYTES_MAX: usize = 65_535;
/// An entry smaller than this may be compressed as well as it likes.
const RATIO_FROM_BYTES: u64 = 1 << 20;

/// Unpacks into memory. The whole directory is checked before the first byte is unpacked.
pub(super) fn unpack(bytes: &[u8], limits: &ImportLimits) -> Result<Unpacked, Refusal> {
    if bytes.len() as u64 > limits.archive_bytes_max {
        let (found, most) = (bytes.len(), limits.archive_bytes_max);
        return Err(Refusal {
            code: Code::Limit,
            ..Refusal::archive(format!("archive_bytes_max: {found} bytes, at most {most} are read"))
        });
    }
    let entries = directory(bytes, limits)?;
    let (mut unpacked, mut total) = (Unpacked::default(), 0);
    for entry in entries {
        let lower = entry.name.to_lowercase();
        if lower.ends_with(".zip") {
            unpacked.nested.push(entry.name);
        } else if super::is_read(&lower) {
            let contents = inflate(bytes, &entry, limits, &mut total)?;
            unpacked.files.insert(entry.name, contents);
        } else if !lower.ends_with('/') {
            unpacked.unread.push(entry.name);
        }
    }
    Ok(unpacked)
}

struct Entry {
    name: String,
    method: u16,
    packed: usize,
    offset: usize,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn directory(bytes: &[u8], limits: &ImportLimits) -> Result<Vec<Entry>, Refusal> {
    let cut_short = || Refusal::archive("the directory is cut short");
    let from = bytes.len().saturating_sub(END_BYTES + COMMENT_BYTES_MAX);
    let end = (from..bytes.len().saturating_sub(END_BYTES - 1))
        .rev()
        .find(|at| u32_at(bytes, *at) == Some(END))
        .ok_or_else(|| Refusal::archive("not a zip: no end of directory was found"))?;
    let count = usize::from(u16_at(bytes, end + 10).ok_or_else(cut_short)?);
    let start = u32_at(bytes, end + 16).ok_or_else(cut_short)?;
    if count == usize::from(u16::MAX) || start == u32::MAX {
        return Err(Refusal::archive("a zip in the 64-bit form is not read; pack fewer than 65 535 entries"));
    }
    if count > limits.entries_max {
        return Err(Refusal::archive(format!("entries_max: {count} entries, at most {} are read", limits.entries_max)));
    }
    let mut at = start as usize;
    let mut names = HashSet::with_capacity(count);
    let mut entries = Vec::with_capacity(count);
    while at < end && u32_at(bytes, at) == Some(CENTRAL) {
        if entries.len() == count {
            return Err(Refusal::archive(format!("the directory holds more than the {count} entries it announces")));
        }
        let field = |offset: usize| u16_at(bytes, at + offset).map(usize::from).ok_or_else(cut_short);
        let (name_length, extra, comment) = (field(28)?, field(30)?, field(32)?);
        let raw = bytes.get(at + 46..at + 46 + name_length).ok_or_else(cut_short)?;
        let name = check_name(raw, limits)?;
        if !names.insert(name.to_lowercase()) {
            return Err(Refusal::entry(&name, "two entries have this name (case apart); pack each file once"));
        }
        let external = u32_at(bytes, at + 38).ok_or_else(cut_short)?;
        check_kind(&name, external, field(8)?)?;
        let entry = Entry {
            method: u16_at(bytes, at + 10).ok_or_else(cut_short)?,
            packed: u32_at(bytes, at + 20).ok_or_else(cut_short)? as usize,
            offset: u32_at(bytes, at + 42).ok_or_else(cut_short)? as usize,
            name,
        };
        check_local(bytes, &entry, raw)?;
        entries.push(entry);
        at += 46 + name_length + extra + comment;
    }
    if entries.len() != count {
        return Err(Refusal::archive(format!("the directory announces {count} entries and holds {}", entries.len())));
    }
    Ok(entries)
}

/// The entry's name, if it is a plain path below the root.
fn check_name(raw: &[u8], limits: &ImportLimits) -> Result<String, Refusal> {
    let name = String::from_utf8_lossy(raw).into_owned();
    if raw.len() > limits.name_bytes_max {
        let (short, most) = (name.chars().take(80).collect::<String>(), limits.name_bytes_max);
        return Err(Refusal::entry(
            &short,
            format!("name_bytes_max: a name of {} bytes, at most {most} are read", raw.len()),
        ));
    }
    let refused = |message: &str| Err(Refusal::entry(&name, message));
    if name.chars().any(char::is_control) {
        return refused("a control character stands in the name");
    }
    let path = name.replace('\\', "/");
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || drive {
        return refused("an absolute path; entries must stay below the archive's root");
    }
    if path.split('/').any(|part| part == "..") {
        return refused("the path leads out of the archive; entries must stay below its root");
    }
    if name.contains('\\') {
        return refused("a backslash stands in the name; paths in a zip use \"/\"");
    }
    let tidy: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    Ok(tidy.join("/") + if path.ends_with('/') { "/" } else { "" })
}

fn check_kind(name: &str, external: u32, flags: usize) -> Result<(), Refusal> {
    const FILE_TYPE: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    const FOLDER: u32 = 0o040_000;
    let kind = (external >> 16) & FILE_TYPE;
    if !matches!(kind, 0 | REGULAR | FOLDER) {
        return Err(Refusal::entry(name, "a link or device, not a file; only plain files and folders are read"));
    }
    if flags & 1 != 0 {
        return Err(Refusal::entry(name, "the entry is encrypted; publish it without a password"));
    }
    Ok(())
}

fn check_local(bytes: &[u8], entry: &Entry, central_name: &[u8]) -> Result<(), Refusal> {
    let at = entry.offset;
    let length = u16_at(bytes, at + 26).map(usize::from);
    let name = length.and_then(|length| bytes.get(at + 30..at + 30 + length));
    if u32_at(bytes, at) != Some(LOCAL) || name.is_none() {
        return Err(Refusal::entry(&entry.name, "the directory points at something that is not an entry"));
    }
    if name != Some(central_name) {
        let local = String::from_utf8_lossy(name.unwrap_or_default()).escape_debug().to_string();
        return Err(Refusal::entry(
            &entry.name,
            format!("the directory and the entry disagree on its name, \"{local}\""),
        ));
    }
    Ok(())
}

/// Unpacks one entry, counting what comes out: declared sizes are not trusted.
fn inflate(bytes: &[u8], entry: &Entry, limits: &ImportLimits, total: &mut u64) -> Result<Arc<[u8]>, Refusal> {
    let at = entry.offset;
    let header = |offset| u16_at(bytes, at + offset).map_or(0, usize::from);
    let start = at + 30 + header(26) + header(28);
    let packed =
        bytes.get(start..start + entry.packed).ok_or_else(|| Refusal::entry(&entry.name, "the entry is cut short"))?;
    let ratio_bytes = (packed.len() as u64).saturating_mul(limits.ratio_max).max(RATIO_FROM_BYTES);
    let most = limits.entry_bytes_max.min(ratio_bytes).min(limits.unpacked_bytes_max - *total);
    let mut out = Vec::new();
    let broken = |error: std::io::Error| Refusal::entry(&entry.name, format!("cannot be unpacked: {error}"));
    match entry.method {
        0 => out.extend_from_slice(&packed[..packed.len().min(usize::try_from(most + 1).unwrap_or(usize::MAX))]),
        8 => {
            DeflateDecoder::new(packed).take(most + 1).read_to_end(&mut out).map_err(broken)?;
        }
        method => {
            let message = format!("compression method {method} is not read; use deflate");
            return Err(Refusal::entry(&entry.name, message));
        }
    }
    let length = out.len() as u64;
    if length > most {
        let (name, most) = if most == limits.entry_bytes_max {
            ("entry_bytes_max", limits.entry_bytes_max)
        } else if most == ratio_bytes {
            ("ratio_max", limits.ratio_max)
        } else {
            ("unpacked_bytes_max", limits.unpacked_bytes_max)
        };
        let refusal = if name == "entry_bytes_max" { Refusal::limit } else { Refusal::entry };
        return Err(refusal(&entry.name, format!("{name}: the entry unpacks to more than the limit of {most}")));
    }
    *total += length;
    Ok(Arc::from(out))
}
