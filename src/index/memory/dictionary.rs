//! Texts that repeat, and the codes that stand for them in rows.
//!
//! Codes are never given back: what once stood in the index stays here until the next start. The number of distinct
//! domains, addresses and systems in care is small beside the number of rows.

use std::borrow::Cow;

use hashbrown::HashTable;

use super::fragment::{self, HolderFragment};
use super::grow::Grow;
use super::person::mix;
use crate::index::engagement::{Field, Key};

/// A text, and whether it can stand in XML as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: Box<str>,
    /// Whether nothing in it needs escaping.
    pub plain: bool,
}

/// Whether a text needs no escaping as element content: printable ASCII without markup.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>'))
}

/// Fields whose texts are coded together: service domain and categorization.
pub const SUBJECT: [Field; 2] = [Field::ServiceDomain, Field::Categorization];
/// Fields whose texts are coded together: where the information is, and who answers for it.
pub const HOLDER: [Field; 4] = [Field::LogicalAddress, Field::SourceSystem, Field::DataController, Field::Owner];

/// Holders whose elements are kept rendered; the rest, if there ever are so many, are rendered each time.
const RENDERED_HOLDERS_MAX: usize = 100_000;

/// Code to text. Readers take no lock.
#[derive(Debug, Default)]
pub struct Dictionary {
    texts: Grow<Text>,
    subjects: Grow<Subject>,
    holders: Grow<Holder>,
}

#[derive(Debug)]
struct Subject {
    texts: [u32; 2],
    fragment: Box<str>,
}

#[derive(Debug)]
struct Holder {
    texts: [u32; 4],
    fragment: Option<HolderFragment>,
}

/// Text to code.
#[derive(Debug, Default)]
pub struct Interner {
    texts: Table,
    subjects: Table,
    holders: Table,
}

/// Codes by the hash of what they stand for.
#[derive(Debug, Default)]
struct Table {
    codes: HashTable<(u32, u32)>,
}

impl Table {
    /// The code for which `is` holds; if there is none, the next one, after `add` has stored what it stands for.
    fn code(&mut self, hash: u64, is: impl Fn(u32) -> bool, add: impl FnOnce(usize) -> bool) -> u32 {
        let short = (hash >> 32) as u32;
        if let Some((_, code)) = self.codes.find(hash, |(other, code)| *other == short && is(*code)) {
            return *code;
        }
        let next = self.codes.len();
        let code = u32::try_from(next).ok().filter(|_| add(next)).expect("memory ends long before the codes do");
        // Both halves of these hashes are alike, so that one is enough to make it again.
        self.codes.insert_unique(hash, (short, code), |(short, _)| u64::from(*short) << 32 | u64::from(*short));
        code
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let half = mix(bytes) >> 32;
    half << 32 | half
}

impl Interner {
    /// The codes of subject and holder of a key. `owner` stands in for the key's own where it is given.
    pub(crate) fn codes(&mut self, dictionary: &Dictionary, key: &Key<'_>, owner: Option<&str>) -> (u32, u32) {
        let subject = SUBJECT.map(|field| self.text(dictionary, key.key_text(field)));
        let holder = HOLDER.map(|field| match (field, owner) {
            (Field::Owner, Some(owner)) => self.text(dictionary, owner),
            _ => self.text(dictionary, key.key_text(field)),
        });
        (self.subject(dictionary, subject), self.holder(dictionary, holder))
    }

    fn text(&mut self, dictionary: &Dictionary, text: &str) -> u32 {
        let is = |code: u32| &*dictionary.text(code).text == text;
        let add = |next| dictionary.texts.set(next, Text { text: text.into(), plain: is_plain(text) });
        self.texts.code(hash_of(text.as_bytes()), is, add)
    }

    fn subject(&mut self, dictionary: &Dictionary, subject: [u32; 2]) -> u32 {
        let is = |code: u32| dictionary.subjects.get(code as usize).is_some_and(|known| known.texts == subject);
        self.subjects.code(hash_of(subject.map(u32::to_le_bytes).as_flattened()), is, |next| {
            let fragment = fragment::subject(subject.map(|code| dictionary.text(code)));
            dictionary.subjects.set(next, Subject { texts: subject, fragment })
        })
    }

    fn holder(&mut self, dictionary: &Dictionary, holder: [u32; 4]) -> u32 {
        let is = |code: u32| dictionary.holders.get(code as usize).is_some_and(|known| known.texts == holder);
        self.holders.code(hash_of(holder.map(u32::to_le_bytes).as_flattened()), is, |next| {
            let render = || HolderFragment::new(holder.map(|code| dictionary.text(code)));
            let fragment = (next < RENDERED_HOLDERS_MAX).then(render);
            dictionary.holders.set(next, Holder { texts: holder, fragment })
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        let tables = [&self.texts, &self.subjects, &self.holders];
        tables.iter().map(|table| table.codes.allocation_size() as u64).sum()
    }

    /// Texts, then subjects, then holders, for a snapshot: written behind the shards, so that all their codes are there.
    pub(crate) fn write(&self, dictionary: &Dictionary, out: &mut Vec<u8>) {
        let count = |table: &Table| table.codes.len() as u32;
        out.extend_from_slice(&count(&self.texts).to_le_bytes());
        for code in 0..count(&self.texts) {
            let text = &dictionary.text(code).text;
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(&count(&self.subjects).to_le_bytes());
        for code in (0..count(&self.subjects)).flat_map(|code| dictionary.subject(code)) {
            out.extend_from_slice(&code.to_le_bytes());
        }
        out.extend_from_slice(&count(&self.holders).to_le_bytes());
        for code in (0..count(&self.holders)).flat_map(|code| dictionary.holder(code)) {
            out.extend_from_slice(&code.to_le_bytes());
        }
    }

    /// Takes in what [`Interner::write`] wrote, into an empty dictionary.
    pub(crate) fn read(&mut self, dictionary: &Dictionary, mut bytes: &[u8]) -> Result<(), String> {
        let texts = take_u32(&mut bytes)?;
        for code in 0..texts {
            let length = take_u32(&mut bytes)? as usize;
            let (text, rest) = bytes.split_at_checked(length).ok_or("a text beyond the end")?;
            bytes = rest;
            let text = std::str::from_utf8(text).map_err(|_| "a text that is not UTF-8")?;
            expect_code(self.text(dictionary, text), code)?;
        }
        let known = |code: u32| if code < texts { Ok(code) } else { Err(format!("text {code} of {texts}")) };
        for code in 0..take_u32(&mut bytes)? {
            let subject = [known(take_u32(&mut bytes)?)?, known(take_u32(&mut bytes)?)?];
            expect_code(self.subject(dictionary, subject), code)?;
        }
        for code in 0..take_u32(&mut bytes)? {
            let mut holder = [0; 4];
            for text in &mut holder {
                *text = known(take_u32(&mut bytes)?)?;
            }
            expect_code(self.holder(dictionary, holder), code)?;
        }
        if bytes.is_empty() { Ok(()) } else { Err(format!("{} bytes too many", bytes.len())) }
    }
}

fn expect_code(found: u32, expected: u32) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("code {expected} stands for the same as {found}")) }
}

fn take_u32(bytes: &mut &[u8]) -> Result<u32, String> {
    let (four, rest) = bytes.split_first_chunk::<4>().ok_or("the section ends too early")?;
    *bytes = rest;
    Ok(u32::from_le_bytes(*four))
}

impl Dictionary {
    /// The text of a code.
    pub fn text(&self, code: u32) -> &Text {
        self.texts.get(code as usize).expect("codes are made here and checked when read back")
    }

    /// The texts' codes of a subject, in the order of [`SUBJECT`].
    pub fn subject(&self, code: u32) -> [u32; 2] {
        self.known_subject(code).texts
    }

    /// The texts' codes of a holder, in the order of [`HOLDER`].
    pub fn holder(&self, code: u32) -> [u32; 4] {
        self.known_holder(code).texts
    }

    /// The elements of a subject, as they stand in an answer.
    pub fn subject_fragment(&self, code: u32) -> &str {
        &self.known_subject(code).fragment
    }

    /// The elements of a holder, as they stand in an answer; rendered anew where they are not kept.
    pub fn holder_fragment(&self, code: u32) -> Cow<'_, HolderFragment> {
        let holder = self.known_holder(code);
        match &holder.fragment {
            Some(fragment) => Cow::Borrowed(fragment),
            None => Cow::Owned(HolderFragment::new(holder.texts.map(|code| self.text(code)))),
        }
    }

    fn known_subject(&self, code: u32) -> &Subject {
        self.subjects.get(code as usize).expect("codes are made here and checked when read back")
    }

    fn known_holder(&self, code: u32) -> &Holder {
        self.holders.get(code as usize).expect("codes are made here and checked when read back")
    }

    /// Whether both codes stand for something.
    pub(super) fn knows(&self, subject: u32, holder: u32) -> bool {
        self.subjects.get(subject as usize).is_some() && self.holders.get(holder as usize).is_some()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        let texts: u64 = (0..).map_while(|code| self.texts.get(code)).map(|text| text.text.len() as u64).sum();
        let subjects: u64 =
            (0..).map_while(|code| self.subjects.get(code)).map(|subject| subject.fragment.len() as u64).sum();
        let holders = (0..).map_while(|code| self.holders.get(code)).filter_map(|holder| holder.fragment.as_ref());
        let holders: u64 = holders.map(HolderFragment::bytes).sum();
        texts + subjects + holders + self.texts.bytes() + self.subjects.bytes() + self.holders.bytes()
    }
}
