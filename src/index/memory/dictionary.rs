//! Texts that repeat, and the codes that stand for them in rows.
//!
//! A code stands for the same as long as the process lives; the number of distinct domains, addresses and systems in
//! care is small beside the number of rows. A start that reads a snapshot forgets what no row refers to any more, and
//! gives those codes to what comes next.

use std::borrow::Cow;
use std::hint::black_box;

use hashbrown::HashTable;

use super::fragment::{self, HolderFragment};
use super::grow::Grow;
use super::person::mix;
use super::used::{Codes, Used};
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

/// In a snapshot: a text's length, or a text's code, where a code is free.
const FREE: u32 = u32::MAX;

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
    /// Every code up to here has been given to something, or is free.
    end: u32,
    /// Codes that stood for something in an earlier process, and for nothing since.
    free: Vec<u32>,
}

impl Table {
    /// The code for which `is` holds; if there is none, the next one, after `add` has stored what it stands for.
    fn code(&mut self, hash: u64, is: impl Fn(u32) -> bool, add: impl FnOnce(usize) -> bool) -> u32 {
        let short = (hash >> 32) as u32;
        if let Some((_, code)) = self.codes.find(hash, |(other, code)| *other == short && is(*code)) {
            return *code;
        }
        let code = self.free.pop().unwrap_or(self.end);
        self.end = self.end.max(code.checked_add(1).expect("memory ends long before the codes do"));
        assert!(add(code as usize), "memory ends long before the codes do");
        self.remember(hash, code);
        code
    }

    fn remember(&mut self, hash: u64, code: u32) {
        // Both halves of these hashes are alike, so that one is enough to make it again.
        let short = (hash >> 32) as u32;
        self.codes.insert_unique(hash, (short, code), |(short, _)| u64::from(*short) << 32 | u64::from(*short));
    }

    /// Gives the next code, of a snapshot that is being read, to what `add` stores; nothing is stored where it is free.
    fn restore(&mut self, kept: Option<u64>, add: impl FnOnce(usize) -> bool) -> Result<(), String> {
        let code = self.end;
        self.end = code.checked_add(1).ok_or("too many codes")?;
        match kept {
            Some(hash) if add(code as usize) => self.remember(hash, code),
            Some(_) => return Err(format!("no room for code {code}")),
            None => self.free.push(code),
        }
        Ok(())
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
        self.texts.code(hash_of(text.as_bytes()), is, |code| dictionary.set_text(code, text))
    }

    fn subject(&mut self, dictionary: &Dictionary, subject: [u32; 2]) -> u32 {
        let is = |code: u32| dictionary.subjects.get(code as usize).is_some_and(|known| known.texts == subject);
        let hash = hash_of(subject.map(u32::to_le_bytes).as_flattened());
        self.subjects.code(hash, is, |code| dictionary.set_subject(code, subject))
    }

    fn holder(&mut self, dictionary: &Dictionary, holder: [u32; 4]) -> u32 {
        let is = |code: u32| dictionary.holders.get(code as usize).is_some_and(|known| known.texts == holder);
        let hash = hash_of(holder.map(u32::to_le_bytes).as_flattened());
        self.holders.code(hash, is, |code| dictionary.set_holder(code, holder))
    }

    /// The codes behind the last ones of texts, subjects and holders.
    #[cfg(test)]
    pub(super) fn ends(&self) -> [u32; 3] {
        [self.texts.end, self.subjects.end, self.holders.end]
    }

    pub(crate) fn bytes(&self) -> u64 {
        let tables = [&self.texts, &self.subjects, &self.holders];
        tables.iter().map(|table| table.codes.allocation_size() as u64).sum()
    }

    /// Texts, then subjects, then holders, for a snapshot: written behind the shards, so that all their codes are there.
    /// What a free code stands for is written as [`FREE`].
    pub(crate) fn write(&self, dictionary: &Dictionary, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.texts.end.to_le_bytes());
        for text in (0..self.texts.end).map(|code| dictionary.texts.get(code as usize)) {
            let length = text.map_or(FREE, |text| text.text.len() as u32);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(text.map_or(&[], |text| text.text.as_bytes()));
        }
        out.extend_from_slice(&self.subjects.end.to_le_bytes());
        for subject in (0..self.subjects.end).map(|code| dictionary.subjects.get(code as usize)) {
            let texts = subject.map_or([FREE; 2], |subject| subject.texts);
            out.extend_from_slice(texts.map(u32::to_le_bytes).as_flattened());
        }
        out.extend_from_slice(&self.holders.end.to_le_bytes());
        for holder in (0..self.holders.end).map(|code| dictionary.holders.get(code as usize)) {
            let texts = holder.map_or([FREE; 4], |holder| holder.texts);
            out.extend_from_slice(texts.map(u32::to_le_bytes).as_flattened());
        }
    }

    /// Takes in what [`Interner::write`] wrote, as far as rows refer to it, into an empty dictionary.
    pub(crate) fn read(&mut self, dictionary: &Dictionary, mut bytes: &[u8], used: &Used) -> Result<(), String> {
        let mut texts = Vec::new();
        for _ in 0..take_u32(&mut bytes)? {
            texts.push(match take_u32(&mut bytes)? {
                FREE => None,
                length => {
                    let (text, rest) = bytes.split_at_checked(length as usize).ok_or("a text beyond the end")?;
                    bytes = rest;
                    Some(std::str::from_utf8(text).map_err(|_| "a text that is not UTF-8")?)
                }
            });
        }
        let subjects = take_tuples::<2>(&mut bytes, &used.subjects)?;
        let holders = take_tuples::<4>(&mut bytes, &used.holders)?;
        if !bytes.is_empty() {
            return Err(format!("{} bytes too many", bytes.len()));
        }
        let mut used_texts = Codes::default();
        for code in subjects.iter().flatten().flatten().chain(holders.iter().flatten().flatten()) {
            match texts.get(*code as usize) {
                Some(Some(_)) => used_texts.insert(*code)?,
                _ => return Err(format!("text {code} of {}", texts.len())),
            }
        }
        for (code, text) in (0..).zip(texts) {
            let text = text.filter(|_| used_texts.contains(code));
            let add = |code| dictionary.set_text(code, text.unwrap_or_default());
            self.texts.restore(text.map(|text| hash_of(text.as_bytes())), add)?;
        }
        for subject in subjects {
            let hash = subject.map(|texts| hash_of(texts.map(u32::to_le_bytes).as_flattened()));
            self.subjects.restore(hash, |code| dictionary.set_subject(code, subject.unwrap_or_default()))?;
        }
        for holder in holders {
            let hash = holder.map(|texts| hash_of(texts.map(u32::to_le_bytes).as_flattened()));
            self.holders.restore(hash, |code| dictionary.set_holder(code, holder.unwrap_or_default()))?;
        }
        Ok(())
    }
}

/// A number of tuples of texts' codes, and the tuples; those that no row refers to are left out.
fn take_tuples<const N: usize>(bytes: &mut &[u8], used: &Codes) -> Result<Vec<Option<[u32; N]>>, String> {
    let mut tuples = Vec::new();
    for code in 0..take_u32(bytes)? {
        let mut texts = [0; N];
        for text in &mut texts {
            *text = take_u32(bytes)?;
        }
        tuples.push(Some(texts).filter(|_| used.contains(code)));
    }
    if used.end() as usize > tuples.len() {
        return Err(format!("code {} stands for nothing", used.end() - 1));
    }
    Ok(tuples)
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

    /// Codes of the holders that name a system, as address or as source. There may be holders that no row has any more.
    pub fn holders_of(&self, system: &str) -> Vec<u32> {
        let names = |holder: &Holder| holder.texts[..2].iter().any(|code| *self.text(*code).text == *system);
        let own = self.holders.enumerated().filter(|(_, holder)| names(holder));
        own.map(|(code, _)| u32::try_from(code).expect("codes are of 32 bits")).collect()
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

    fn set_text(&self, code: usize, text: &str) -> bool {
        self.texts.set(code, Text { text: text.into(), plain: is_plain(text) })
    }

    fn set_subject(&self, code: usize, texts: [u32; 2]) -> bool {
        let fragment = fragment::subject(texts.map(|code| self.text(code)));
        self.subjects.set(code, Subject { texts, fragment })
    }

    fn set_holder(&self, code: usize, texts: [u32; 4]) -> bool {
        let fragment = (code < RENDERED_HOLDERS_MAX).then(|| HolderFragment::new(texts.map(|code| self.text(code))));
        self.holders.set(code, Holder { texts, fragment })
    }

    fn known_subject(&self, code: u32) -> &Subject {
        self.subjects.get(code as usize).expect("codes are made here and checked when read back")
    }

    fn known_holder(&self, code: u32) -> &Holder {
        self.holders.get(code as usize).expect("codes are made here and checked when read back")
    }

    /// Reads a little of a holder that will be asked for soon, for the sake of the processor's cache.
    pub(super) fn expect(&self, holder: u32) {
        let fragment = self.holders.get(holder as usize).and_then(|holder| holder.fragment.as_ref());
        black_box(fragment.map(HolderFragment::first_byte));
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        let texts: u64 = self.texts.iter().map(|text| text.text.len() as u64).sum();
        let subjects: u64 = self.subjects.iter().map(|subject| subject.fragment.len() as u64).sum();
        let holders = self.holders.iter().filter_map(|holder| holder.fragment.as_ref());
        let holders: u64 = holders.map(HolderFragment::bytes).sum();
        texts + subjects + holders + self.texts.bytes() + self.subjects.bytes() + self.holders.bytes()
    }
}
