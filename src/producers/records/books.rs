//! All records as they are now: those of `patients/`, and each system's own; and what a change of them means to the index.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::book::{Book, Entry, Organisation};
use super::file;
use super::rows::{self, Row};
use super::value::Value;
use crate::domain::problem::Problem;

/// The records of everybody. A copy shares what it does not change.
#[derive(Clone, Debug, Default)]
pub struct Books {
    shared: Arc<Book>,
    own: BTreeMap<String, Arc<Book>>,
}

/// What becomes of an engagement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether it is deleted, rather than added or updated.
    pub is_deleted: bool,
    /// The engagement.
    pub row: Row,
}

impl Books {
    /// The shared records, and those of systems by their names.
    pub fn new(shared: Book, own: BTreeMap<String, Book>) -> Self {
        Self { shared: Arc::new(shared), own: own.into_iter().map(|(name, book)| (name, Arc::new(book))).collect() }
    }

    /// All books: the shared one, then each system's.
    pub fn all(&self) -> impl Iterator<Item = &Book> {
        std::iter::once(&*self.shared).chain(self.own.values().map(|book| &**book))
    }

    /// Those that a system answers from.
    pub fn of(&self, system: &str) -> impl Iterator<Item = &Book> {
        std::iter::once(&*self.shared).chain(self.own.get(system).map(|book| &**book))
    }

    /// Everybody who gives care, as a system knows them.
    pub fn organisation(&self, system: &str) -> &Arc<Organisation> {
        self.own.get(system).unwrap_or(&self.shared).organisation()
    }

    /// What the index should know of everybody.
    pub fn rows(&self) -> Vec<Row> {
        rows::rows(self.all())
    }

    /// What it should know of one person.
    pub fn rows_of(&self, patient: &str) -> Vec<Row> {
        rows::rows_of(self.all(), patient)
    }

    /// What is known of a person, whichever book it stands in.
    pub fn about(&self, patient: &str) -> Option<&Value> {
        self.all().find_map(|book| book.patient(patient)).map(|patient| &patient.about)
    }

    /// Adds a text that is written as a record file is, to the shared records.
    pub fn add_text(&mut self, text: &str) -> Vec<Problem> {
        let name = Path::new("sent through the API");
        let mut problems = Vec::new();
        let written = file::read(name, text.as_bytes(), &mut problems);
        if problems.is_empty() {
            let shared = Arc::make_mut(&mut self.shared);
            let organisation = Arc::clone(shared.organisation());
            problems = shared.add(name, &written, &organisation);
        }
        problems
    }

    /// Puts an entry into a system's own records.
    pub fn put(&mut self, system: &str, patient: &str, about: &Value, entry: Entry) {
        // One entry stands in one book.
        let stands_there = |known: &Entry| known.key() == entry.key();
        if self.shared.patient(patient).is_some_and(|known| known.entries.iter().any(stands_there)) {
            Arc::make_mut(&mut self.shared).take(|id, known| id == patient && stands_there(known));
        }
        let organisation = Arc::clone(self.shared.organisation());
        let book = self.own.entry(system.to_owned()).or_insert_with(|| Arc::new(Book::knowing(organisation)));
        Arc::make_mut(book).put(patient, about, entry);
    }

    /// Takes entries out of all books; the people who lost some.
    pub fn take(&mut self, is_out: impl Fn(&str, &Entry) -> bool) -> Vec<String> {
        let loses = |book: &Book| book.patients().any(|(id, one)| one.entries.iter().any(|entry| is_out(id, entry)));
        let mut changed = Vec::new();
        for book in std::iter::once(&mut self.shared).chain(self.own.values_mut()).filter(|book| loses(book)) {
            changed.extend(Arc::make_mut(book).take(&is_out));
        }
        changed.sort();
        changed.dedup();
        changed
    }

    /// Entries of a system, from all books, with whose they are.
    pub fn entries_of<'s>(&'s self, system: &'s str, hsa_id: &'s str) -> impl Iterator<Item = (&'s str, &'s Entry)> {
        let people = self.of(system).flat_map(Book::patients);
        let entries = people.flat_map(|(id, patient)| patient.entries.iter().map(move |entry| (id, entry)));
        entries.filter(move |(_, entry)| entry.system.eq_ignore_ascii_case(hsa_id))
    }
}

/// What the index has to be told when `before` becomes `after`.
pub fn changes(before: &[Row], after: &[Row]) -> Vec<Change> {
    let keyed = |rows: &[Row]| -> BTreeMap<[String; 7], Row> {
        rows.iter().map(|row| (row.key().map(str::to_owned), row.clone())).collect()
    };
    let (before, after) = (keyed(before), keyed(after));
    let gone = before.iter().filter(|(key, _)| !after.contains_key(*key));
    let gone = gone.map(|(_, row)| Change { is_deleted: true, row: row.clone() });
    let new = after.iter().filter(|(key, row)| before.get(*key) != Some(row));
    gone.chain(new.map(|(_, row)| Change { is_deleted: false, row: row.clone() })).collect()
}
