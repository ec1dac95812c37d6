//! A person's rows as bytes (`docs/STORE.md`, "Shard"), and a row as one reads it.

use super::dictionary::Dictionary;
use crate::index::engagement::{Field, NA};
use crate::index::timestamp::LocalTime;

const HAS_CONTENT: u8 = 1;
const HAS_UPDATE: u8 = 2;
const HAS_INSTANCE: u8 = 4;
const HAS_PROCESS: u8 = 8;
/// How many bytes the code of the subject takes beyond one, in two bits; behind it the same of the holder's.
const SUBJECT_BYTES: u32 = 4;
const HOLDER_BYTES: u32 = 6;
const TIME_BYTES: usize = 5;
/// Flags and fingerprint.
const HEAD_BYTES: usize = 3;
/// A row without its own texts is no longer, and no longer than what is read of it in whole words either.
const WINDOW_BYTES: usize = HEAD_BYTES + 2 * 4 + 2 * TIME_BYTES + 8;

/// A row as it stands in its block, texts as codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRow<'a> {
    /// Code of domain and categorization.
    pub subject: u32,
    /// Code of address, system, controller and owner.
    pub holder: u32,
    /// Sixteen bits of the key's hash: rows that differ in it have different keys.
    pub fingerprint: u16,
    /// `creationTime`.
    pub created: LocalTime,
    /// `mostRecentContent`.
    pub most_recent_content: Option<LocalTime>,
    /// `updateTime`.
    pub updated: Option<LocalTime>,
    /// `businessObjectInstanceIdentifier`, where it is not `NA`.
    pub instance: Option<&'a str>,
    /// `clinicalProcessInterestId`, where it is not `NA`.
    pub process: Option<&'a str>,
}

impl PackedRow<'_> {
    /// Appends the row to a block.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let (subject_bytes, holder_bytes) = (code_bytes(self.subject), code_bytes(self.holder));
        out.push(
            flag(self.most_recent_content.is_some(), HAS_CONTENT)
                | flag(self.updated.is_some(), HAS_UPDATE)
                | flag(self.instance.is_some(), HAS_INSTANCE)
                | flag(self.process.is_some(), HAS_PROCESS)
                | ((subject_bytes as u8 - 1) << SUBJECT_BYTES)
                | ((holder_bytes as u8 - 1) << HOLDER_BYTES),
        );
        out.extend_from_slice(&self.fingerprint.to_le_bytes());
        out.extend_from_slice(&self.subject.to_le_bytes()[..subject_bytes]);
        out.extend_from_slice(&self.holder.to_le_bytes()[..holder_bytes]);
        for time in [Some(self.created), self.most_recent_content, self.updated].into_iter().flatten() {
            out.extend_from_slice(&time.seconds().to_le_bytes()[..TIME_BYTES]);
        }
        for text in [self.instance, self.process].into_iter().flatten() {
            write_text(out, text);
        }
    }

    /// What the row's own texts cost, in bytes.
    pub(super) fn unique_text_bytes(&self) -> usize {
        [self.instance, self.process].into_iter().flatten().map(|text| text.len() + 1).sum()
    }
}

/// The bytes of a code that are not zeros in front.
fn code_bytes(code: u32) -> usize {
    (4 - code.leading_zeros() as usize / 8).max(1)
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
pub(super) fn write_number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_number(out, u32::try_from(text.len()).expect("texts are bounded by the request they came in"));
    out.extend_from_slice(text.as_bytes());
}

/// The text at the start of a block, and what follows. A block that is no block gives an empty text.
pub(super) fn split_text(block: &[u8]) -> (&str, &[u8]) {
    let mut cursor = Cursor { bytes: block };
    (cursor.text().unwrap_or_default(), cursor.bytes)
}

/// Walks the rows of a block.
#[derive(Clone, Debug)]
pub struct Rows<'a>(Cursor<'a>);

impl<'a> Rows<'a> {
    /// Rows, nothing before them.
    pub(super) fn new(rows: &'a [u8]) -> Self {
        Self(Cursor { bytes: rows })
    }

    /// What is left; empty once all rows have been walked, unless the block is damaged.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0.bytes
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = PackedRow<'a>;

    fn next(&mut self) -> Option<PackedRow<'a>> {
        if self.0.bytes.is_empty() {
            return None;
        }
        // A copy of the cursor, so that a row that is not whole is left standing.
        let mut cursor = self.0;
        let row = cursor.row()?;
        self.0 = cursor;
        Some(row)
    }
}

#[derive(Clone, Copy, Debug)]
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The next row. Where its parts stand is reckoned from the flags, without a branch that a processor would have to
    /// guess: half of all lookups' time was guessing wrong.
    fn row(&mut self) -> Option<PackedRow<'a>> {
        let mut short = [0; WINDOW_BYTES];
        let window = match self.bytes.first_chunk::<WINDOW_BYTES>() {
            Some(window) => window,
            None => {
                short[..self.bytes.len()].copy_from_slice(self.bytes);
                &short
            }
        };
        // The parts of a window are always whole words of it, wherever a row's flags say that they begin.
        let word = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&window[at..at + 8]);
            u64::from_le_bytes(eight)
        };
        let low = |word: u64, bytes: usize| word & (u64::MAX >> (64 - 8 * bytes));
        let time = |at: usize, there: usize| low(word(at), TIME_BYTES) * there as u64;
        let flags = window[0];
        let has = |bit: u8| usize::from(flags & bit != 0);
        let subject_bytes = usize::from(flags >> SUBJECT_BYTES & 3) + 1;
        let holder_bytes = usize::from(flags >> HOLDER_BYTES) + 1;
        let created_at = HEAD_BYTES + subject_bytes + holder_bytes;
        let content_at = created_at + TIME_BYTES;
        let updated_at = content_at + TIME_BYTES * has(HAS_CONTENT);
        let row = PackedRow {
            fingerprint: u16::from_le_bytes([window[1], window[2]]),
            subject: low(word(HEAD_BYTES), subject_bytes) as u32,
            holder: low(word(HEAD_BYTES + subject_bytes), holder_bytes) as u32,
            created: LocalTime::from_seconds(time(created_at, 1)),
            most_recent_content: LocalTime::unless_zero(time(content_at, has(HAS_CONTENT))),
            updated: LocalTime::unless_zero(time(updated_at, has(HAS_UPDATE))),
            instance: None,
            process: None,
        };
        self.bytes = self.bytes.get(updated_at + TIME_BYTES * has(HAS_UPDATE)..)?;
        if flags & (HAS_INSTANCE | HAS_PROCESS) == 0 {
            return Some(row);
        }
        let instance = if flags & HAS_INSTANCE != 0 { Some(self.text()?) } else { None };
        let process = if flags & HAS_PROCESS != 0 { Some(self.text()?) } else { None };
        Some(PackedRow { instance, process, ..row })
    }

    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        let mut value = 0;
        for place in 0..5 {
            let [byte] = *self.take::<1>()?;
            value |= u32::from(byte & 0x7f) << (place * 7);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()? as usize;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        std::str::from_utf8(text).ok()
    }
}

/// A row as one reads it. Lent only while the person's shard is held.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub(super) resident: &'a str,
    pub(super) packed: PackedRow<'a>,
    pub(super) dictionary: &'a Dictionary,
}

impl<'a> Row<'a> {
    /// The row, texts as codes.
    pub fn packed(&self) -> &PackedRow<'a> {
        &self.packed
    }

    /// What the codes stand for.
    pub fn dictionary(&self) -> &'a Dictionary {
        self.dictionary
    }

    /// One of the nine key texts.
    pub fn text(&self, field: Field) -> &'a str {
        let coded = |code: u32| &*self.dictionary.text(code).text;
        match field {
            Field::RegisteredResidentIdentification => self.resident,
            Field::BusinessObjectInstanceIdentifier => self.packed.instance.unwrap_or(NA),
            Field::ClinicalProcessInterestId => self.packed.process.unwrap_or(NA),
            Field::ServiceDomain => coded(self.dictionary.subject(self.packed.subject)[0]),
            Field::Categorization => coded(self.dictionary.subject(self.packed.subject)[1]),
            Field::LogicalAddress => coded(self.dictionary.holder(self.packed.holder)[0]),
            Field::SourceSystem => coded(self.dictionary.holder(self.packed.holder)[1]),
            Field::DataController => coded(self.dictionary.holder(self.packed.holder)[2]),
            Field::Owner => coded(self.dictionary.holder(self.packed.holder)[3]),
        }
    }
}

/// Whether the row has the key whose tail, all but the resident, is `tail` ([`crate::index::engagement::Key::write_tail`]).
pub(super) fn has_tail(row: &PackedRow<'_>, dictionary: &Dictionary, tail: &[u8]) -> bool {
    let [domain, categorization] = dictionary.subject(row.subject);
    let [address, system, controller, owner] = dictionary.holder(row.holder);
    let text = |code: u32| dictionary.text(code).text.as_bytes();
    let pieces: [&[u8]; 8] = [
        text(domain),
        text(categorization),
        text(address),
        row.instance.unwrap_or(NA).as_bytes(),
        text(system),
        text(controller),
        text(owner),
        row.process.unwrap_or(NA).as_bytes(),
    ];
    pieces.iter().try_fold(tail, |rest, piece| rest.strip_prefix(*piece)).is_some_and(<[u8]>::is_empty)
}
