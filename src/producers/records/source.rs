//! The source `record`: what a system that holds records answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;

use super::book::{Book, Entry};
use super::filter::{Filter, identity};
use super::projection::{ContractRow, KindRow, projection};
use crate::config::environment::{Environment, EnvironmentFile};
use crate::contracts::sample::hashed;
use crate::domain::problem::Problem;
use crate::producers::asked::ORIGINAL_CONSUMER;
use crate::producers::schema::element::Element;
use crate::producers::schema::{self, Contracts, write};
use crate::producers::source::{self, Source, Wanted};
use crate::soap::fault::Side;

/// The folder of an environment with the records that all systems share.
const FOLDER: &str = "patients";

/// `[records]` of a `producer.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSettings {
    /// What is answered about somebody who has no record.
    pub unknown_patient: UnknownPatient,
    /// Whether entries that were nullified are left out.
    pub omits_nullified: bool,
    /// Original consumers that get only what is approved for the patient.
    pub approved_only_for: Vec<String>,
}

/// What is answered about somebody who has no record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownPatient {
    /// An answer without records.
    #[default]
    Empty,
    /// Nothing: the next source is asked.
    Pass,
    /// A SOAP fault.
    Fault,
}

/// The records of an environment, and of each system that has some of its own.
#[derive(Debug)]
pub struct RecordSource {
    contracts: Contracts,
    shared: Book,
    own: BTreeMap<String, Book>,
}

/// An answer as it was written, for those who check it.
pub type Written = write::Written;

impl RecordSource {
    /// Reads `patients/` and each system's `records/`. What is wrong in them is named.
    pub fn load(environment: &Environment, contracts: Contracts) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut files = |folder: &str| match environment.files_below(folder) {
            Ok(files) => files,
            Err(error) => {
                problems.push(Problem::error(&environment.path(folder), 0, error.to_string()));
                Vec::new()
            }
        };
        let shared = files(FOLDER);
        let root = environment.path("producers");
        let mut own: BTreeMap<String, Vec<EnvironmentFile>> = BTreeMap::new();
        for file in files("producers") {
            let mut parts = file.path.strip_prefix(&root).into_iter().flat_map(|path| path.iter());
            let (system, folder) = (parts.next(), parts.next());
            if let Some(system) =
                system.and_then(|name| name.to_str()).filter(|_| folder.is_some_and(|name| name == "records"))
            {
                own.entry(system.to_owned()).or_default().push(file);
            }
        }
        let mut read = |files: &[EnvironmentFile]| {
            let (book, found) = Book::read(files);
            problems.extend(found);
            book
        };
        let shared_book = read(&shared);
        // A system's own records stand beside what all share: they may be about the same people, by the same units.
        let own = own.into_iter().map(|(system, own)| {
            let organisation = shared.iter().filter(|file| !is_about_somebody(file)).cloned();
            (system, read(&organisation.chain(own).collect::<Vec<_>>()))
        });
        let own = own.collect();
        (Self { contracts, shared: shared_book, own }, problems)
    }

    /// All books: the shared one, then each system's.
    pub fn books(&self) -> impl Iterator<Item = &Book> {
        std::iter::once(&self.shared).chain(self.own.values())
    }

    fn books_of(&self, system: &str) -> impl Iterator<Item = &Book> {
        std::iter::once(&self.shared).chain(self.own.get(system))
    }

    /// The answer as written, with what of it the contract has no place for.
    pub fn written(&self, asked: &source::Question<'_, '_>) -> Option<Result<Written, String>> {
        let hsa_id = asked.producer.hsa_id.as_deref()?;
        if !self.books_of(asked.system).any(|book| book.has_system(hsa_id)) {
            return None;
        }
        let question = schema::Question::read(&self.contracts.current(), asked.asked)?;
        let row = projection().contract(&question.contract.short_name())?;
        let kind = &projection().kinds[&row.kind];
        let patient = asked.asked.patient().map(str::to_owned).or_else(|| identity(&question.body));
        let entries = match asked.wanted {
            Wanted::Empty => Vec::new(),
            Wanted::Usual => {
                let known = |book: &&Book| patient.as_deref().is_some_and(|id| book.patient(id).is_some());
                if !row.any_patient && !self.books_of(asked.system).any(|book| known(&book)) {
                    match asked.producer.records.unknown_patient {
                        UnknownPatient::Empty => {}
                        UnknownPatient::Pass => return None,
                        UnknownPatient::Fault => {
                            return Some(Err(format!("anslut: {} does not know the patient", asked.system)));
                        }
                    }
                }
                self.entries(asked, &question, row, kind, hsa_id, patient.as_deref())
            }
            _ => return None,
        };
        if entries.is_empty() && row.any_patient {
            return Some(Err(format!("anslut: {} has no such {}", asked.system, row.kind)));
        }
        let log_id = hashed(0, &format!("{}\n{}", asked.system, asked.asked.text()));
        let mut tree = Element::new("response");
        for entry in entries {
            tree.children.push(record(row, entry));
        }
        tree.children.push(
            Element::new("result")
                .with_text("resultCode", "OK")
                .with_text("logId", format!("{:08x}-{:04x}", log_id >> 32, log_id & 0xffff)),
        );
        write::response(&question.contract, &tree).map(Ok)
    }

    fn entries(
        &self,
        asked: &source::Question<'_, '_>,
        question: &schema::Question<'_, '_>,
        row: &ContractRow,
        kind: &KindRow,
        hsa_id: &str,
        patient: Option<&str>,
    ) -> Vec<&Entry> {
        let filter = Filter::of(question, row);
        let settings = &asked.producer.records;
        let consumer = asked.asked.header(ORIGINAL_CONSUMER);
        let approved_only = consumer
            .is_some_and(|consumer| settings.approved_only_for.iter().any(|one| one.eq_ignore_ascii_case(&consumer)));
        let is_shown = |entry: &&Entry| {
            let nullified = entry.values.get("nullified").is_some();
            entry.kind == row.kind
                && entry.system.eq_ignore_ascii_case(hsa_id)
                && !(nullified && settings.omits_nullified)
                && !(approved_only && entry.values.text_at("approved") != Some("true"))
                && filter.admits(entry, kind)
        };
        let people = self.books_of(asked.system).flat_map(|book| book.patients());
        let is_asked_for = |id: &str| row.any_patient || Some(id) == patient;
        people.filter(|(id, _)| is_asked_for(id)).flat_map(|(_, person)| &person.entries).filter(is_shown).collect()
    }
}

impl Source for RecordSource {
    fn name(&self) -> &'static str {
        "record"
    }

    fn answer(&self, question: &source::Question<'_, '_>) -> Option<Response<Bytes>> {
        Some(match self.written(question)? {
            Ok(written) => schema::answered(written.envelope),
            Err(text) => schema::fault(Side::Server, &text, ""),
        })
    }
}

/// The element of one entry.
fn record(row: &ContractRow, entry: &Entry) -> Element {
    let mut element = Element::new(row.list.clone());
    row.record.fill(&mut vec![&entry.values], &mut element);
    element.is_bare = entry.values.get("nullified").is_some();
    element
}

/// Whether a file is about a person, rather than about those who give care.
fn is_about_somebody(file: &EnvironmentFile) -> bool {
    let text = String::from_utf8_lossy(&file.contents);
    text.lines().any(|line| line.trim_start().starts_with("[patient]"))
}
