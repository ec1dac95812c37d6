//! The source `record`: what a system that holds records answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::Response;

use super::audit::{self, Difference};
use super::book::{Book, Entry};
use super::books::{self, Books, Change};
use super::filter::{Filter, identity};
use super::generate::Generate;
use super::load::{self, RecordHolder};
use super::projection::{ContractRow, KindRow, projection};
use super::refuse::{Refusal, refusal};
use super::rows::Row;
use super::value::Value;
use crate::config::environment::Environment;
use crate::contracts::sample::hashed;
use crate::domain::problem::Problem;
use crate::producers::asked::{Asked, ORIGINAL_CONSUMER};
use crate::producers::schema::element::Element;
use crate::producers::schema::{self, Contracts, write};
use crate::producers::source::{self, Source, Wanted};
use crate::producers::space::Mounted;

/// `[records]` of a `producer.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSettings {
    /// What is answered about somebody who has no record.
    pub unknown_patient: UnknownPatient,
    /// Whether entries that were nullified are left out.
    pub omits_nullified: bool,
    /// Original consumers that get only what is approved for the patient.
    pub approved_only_for: Vec<String>,
    /// Original consumers that get records where `x-mock-response` asks for a filter by HTTP header.
    pub consumers: Vec<String>,
    /// Which files it answers from, as patterns below its folder; `None` = its own and those that all share.
    pub files: Option<Vec<String>>,
    /// People who are made up for it.
    pub generate: Option<Generate>,
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
    books: ArcSwap<Books>,
    /// What the files say, to begin anew from.
    files: ArcSwap<Books>,
    /// Held by whoever changes the books.
    changing: Mutex<()>,
    /// What the index has not been told yet.
    outbox: Mutex<Vec<Change>>,
    /// Held while it is being told, so that it hears of changes in their order.
    telling: tokio::sync::Mutex<()>,
    engagements: OnceLock<Arc<dyn Engagements>>,
}

/// The index, as those see it who hold the records.
pub trait Engagements: fmt::Debug + Send + Sync {
    /// Tells it of changes; ready when they are found, or known not to be.
    fn apply(&self, changes: Vec<Change>) -> Pin<Box<dyn Future<Output = Result<(), Untold>> + Send + '_>>;

    /// What it knows of these source systems.
    fn known(&self, systems: &BTreeSet<String>) -> Vec<Row>;
}

/// Changes of which the index was not told, in their order.
#[derive(Debug)]
pub struct Untold {
    /// Which.
    pub changes: Vec<Change>,
    /// Why not, of the first.
    pub why: String,
}

/// Most changes that wait for an index that cannot be reached.
const OUTBOX_MAX: usize = 100_000;

/// An answer as it was written, for those who check it.
pub type Written = write::Written;

impl RecordSource {
    /// Reads `patients/` and each system's `records/`. What is wrong in them is named.
    pub fn load(environment: &Environment, contracts: Contracts) -> (Self, Vec<Problem>) {
        Self::load_for(environment, contracts, &BTreeMap::new())
    }

    /// The same, where systems say which files are theirs.
    pub fn load_for(
        environment: &Environment,
        contracts: Contracts,
        systems: &BTreeMap<String, RecordHolder>,
    ) -> (Self, Vec<Problem>) {
        let (books, problems) = load::load(environment, systems);
        let books = Arc::new(books);
        let source = Self {
            contracts,
            books: ArcSwap::new(Arc::clone(&books)),
            files: ArcSwap::new(books),
            changing: Mutex::default(),
            outbox: Mutex::default(),
            telling: tokio::sync::Mutex::default(),
            engagements: OnceLock::new(),
        };
        (source, problems)
    }

    /// Reads the files again. What was changed through the API or by a stateful call begins anew.
    pub fn reload(&self, environment: &Environment, systems: &BTreeMap<String, RecordHolder>) -> Vec<Problem> {
        let (books, problems) = load::load(environment, systems);
        let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.books.load_full();
        self.push(books::changes(&before.rows(), &books.rows()));
        let books = Arc::new(books);
        self.files.store(Arc::clone(&books));
        self.books.store(books);
        problems
    }

    /// Who is told of changes.
    pub fn tell(&self, engagements: Arc<dyn Engagements>) {
        // Wired once, at the start.
        let _ = self.engagements.set(engagements);
    }

    /// Everything the records say is to be told to the index.
    pub fn tell_all(&self) {
        self.push(books::changes(&[], &self.books().rows()));
    }

    /// The records as they are now.
    pub fn books(&self) -> Arc<Books> {
        self.books.load_full()
    }

    /// The records as a workspace sees them: those of all, until it changes some.
    pub fn books_in(&self, own: Option<&Mounted>) -> Arc<Books> {
        own.and_then(Mounted::records).unwrap_or_else(|| self.books())
    }

    /// Changes the records in one step, with what the index knows of them; `change` says whose it changed. A workspace
    /// gets records of its own, which the index knows nothing of.
    pub fn change<T>(&self, own: Option<&Mounted>, change: impl FnOnce(&mut Books) -> (T, Vec<String>)) -> T {
        if let Some(own) = own {
            return own.change_records(|| self.books(), |books| change(books).0);
        }
        let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.books.load_full();
        let mut after = Books::clone(&before);
        let (told, changed) = change(&mut after);
        if !changed.is_empty() {
            for patient in &changed {
                self.push(books::changes(&before.rows_of(patient), &after.rows_of(patient)));
            }
            self.books.store(Arc::new(after));
        }
        told
    }

    /// What a system's entries are is what the files say, again.
    pub fn reset(&self, own: Option<&Mounted>, system: &str, hsa_id: &str) {
        if let Some(own) = own {
            return own.forget_records();
        }
        let files = self.files.load_full();
        self.change(None, |books| {
            let mut changed = books.take(|_, entry| entry.system.eq_ignore_ascii_case(hsa_id));
            for (patient, entry) in files.entries_of(system, hsa_id) {
                let about = files.about(patient).cloned().unwrap_or_else(|| Value::table(Vec::new()));
                books.put(system, patient, &about, entry.clone());
                changed.push(patient.to_owned());
            }
            changed.sort();
            changed.dedup();
            ((), changed)
        });
    }

    fn push(&self, changes: Vec<Change>) {
        // Without an index there is nobody to tell.
        if self.engagements.get().is_some() {
            let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
            outbox.extend(changes);
            if outbox.len() > OUTBOX_MAX {
                tracing::error!(
                    waiting = outbox.len(),
                    "the index cannot be told of changes of records; they are dropped"
                );
                outbox.clear();
            }
        }
    }

    /// Whether the index has something to be told.
    pub fn has_news(&self) -> bool {
        !self.outbox.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Ready when the index knows of every change made before the call. A caller that goes away does not stop it.
    pub async fn settle(self: Arc<Self>) {
        let telling = tokio::spawn(async move {
            let _turn = self.telling.lock().await;
            let changes = std::mem::take(&mut *self.outbox.lock().unwrap_or_else(PoisonError::into_inner));
            let (Some(engagements), false) = (self.engagements.get(), changes.is_empty()) else { return };
            if let Err(Untold { changes, why }) = engagements.apply(changes).await {
                tracing::error!(error = why, changes = changes.len(), "the index was not told of changes of records");
                let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
                outbox.splice(0..0, changes);
            }
        });
        // A panic there has been reported by itself.
        let _ = telling.await;
    }

    /// How the index differs from the records.
    pub fn audit(&self) -> Option<Vec<Difference>> {
        let books = self.books();
        let systems = books.all().flat_map(Book::systems).map(str::to_owned).collect();
        let known = self.engagements.get()?.known(&systems);
        Some(audit::compare(&books.rows(), &known))
    }

    /// The answer as written, with what of it the contract has no place for.
    pub fn written(&self, asked: &source::Question<'_, '_>) -> Option<Result<Written, Refusal>> {
        let hsa_id = asked.producer.hsa_id.as_deref()?;
        let books = self.books_in(asked.own);
        let keeps_state = asked.producer.state.is_some();
        if !keeps_state && !books.of(asked.system).any(|book| book.has_system(hsa_id)) {
            return None;
        }
        let question = schema::Question::read(&self.contracts.current(), asked.asked)?;
        let row = projection().contract(&question.contract.short_name())?;
        let kind = &projection().kinds[&row.kind];
        let patient = asked.asked.patient().map(str::to_owned).or_else(|| identity(&question.body));
        let entries = match asked.wanted {
            Wanted::Empty => Vec::new(),
            Wanted::Usual => {
                if let Some(refused) = refusal(asked.system, &question, row, patient.as_deref()) {
                    return Some(refused);
                }
                let known = |book: &&Book| patient.as_deref().is_some_and(|id| book.patient(id).is_some());
                if !row.any_patient && !books.of(asked.system).any(|book| known(&book)) {
                    match asked.producer.records.unknown_patient {
                        UnknownPatient::Empty => {}
                        UnknownPatient::Pass => return None,
                        UnknownPatient::Fault => {
                            let text = format!("anslut: {} does not know the patient", asked.system);
                            return Some(Err(Refusal::server(text)));
                        }
                    }
                }
                entries(&books, asked, &question, row, kind, hsa_id, patient.as_deref())
            }
            _ => return None,
        };
        if entries.is_empty() && row.any_patient {
            return Some(Err(Refusal::server(format!("anslut: {} has no such {}", asked.system, row.kind))));
        }
        let mut tree = Element::new("response");
        for entry in entries {
            tree.children.push(record(row, entry));
        }
        tree.children.push(
            Element::new("result").with_text("resultCode", "OK").with_text("logId", log_id(asked.system, asked.asked)),
        );
        write::response(&question.contract, &tree).map(Ok)
    }
}

impl Source for RecordSource {
    fn name(&self) -> &'static str {
        "record"
    }

    fn answer(&self, question: &source::Question<'_, '_>) -> Option<Response<Bytes>> {
        Some(match self.written(question)? {
            Ok(written) => schema::answered(written.envelope),
            Err(Refusal { side, text }) => schema::fault(side, &text, ""),
        })
    }
}

/// What the system would find the call under: the same for the same request.
pub(super) fn log_id(system: &str, asked: &Asked<'_>) -> String {
    let number = hashed(0, &format!("{system}\n{}", asked.text()));
    format!("{:08x}-{:04x}", number >> 32, number & 0xffff)
}

/// The entries that a request asks for.
fn entries<'b>(
    books: &'b Books,
    asked: &source::Question<'_, '_>,
    question: &schema::Question<'_, '_>,
    row: &ContractRow,
    kind: &KindRow,
    hsa_id: &str,
    patient: Option<&str>,
) -> Vec<&'b Entry> {
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
    let people = books.of(asked.system).flat_map(|book| book.patients());
    let is_asked_for = |id: &str| row.any_patient || Some(id) == patient;
    people.filter(|(id, _)| is_asked_for(id)).flat_map(|(_, person)| &person.entries).filter(is_shown).collect()
}

/// The element of one entry.
fn record(row: &ContractRow, entry: &Entry) -> Element {
    let mut element = Element::new(row.list.clone());
    row.record.fill(&mut vec![&entry.values], &mut element);
    element.is_bare = entry.values.get("nullified").is_some();
    element
}
