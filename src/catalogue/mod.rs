//! Where does this go, and who may call it, at this time? (TAK, *tjänsteadresseringskatalogen*, and the HSA tree.)
//!
//! Files are read into one immutable [`snapshot::Snapshot`], which is swapped whole: no call ever sees half a change, and
//! readers never wait. What the reference cache does when its catalogue cannot be reached (`vp.md` §4.1), this one does
//! when the files cannot be used: the old data stays. Which address is asked for, and in what order, is not decided here
//! but in `hub/route` and `hub/authorise`.

pub mod book;
pub mod entry;
mod files;
pub mod formats;
pub mod hsa;
mod import;
pub mod keys;
pub mod local_copy;
mod names;
mod observe;
pub mod order;
pub mod period;
pub mod publish;
pub mod refresh;
pub mod served;
pub mod service;
pub mod snapshot;
pub mod status;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use book::core::Book;
use book::keep::Keeper;
use entry::{Permission, Route};
use import::Import;
use refresh::Found;
use served::Served;

use crate::config::checked::TAK_FOLDER;
use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::store::log::LogError;
use refresh::TakReset;
use snapshot::Snapshot;
use status::{HsaRefresh, HsaReset};

/// The platform that orders must name where none is configured.
pub const PLATFORM_DEFAULT: &str = "SKLTP-DEFAULT";

/// Loads a catalogue from somewhere else: the bodies of the two answers of SokVagvalsInfo, or why there are none.
pub type Fetch = Arc<dyn Fn() -> Result<[Vec<u8>; 2], String> + Send + Sync>;

/// The catalogue of one environment, and the tree of its organisations.
pub struct Catalogue {
    environment: Environment,
    /// Where its files are in the environment.
    folder: String,
    /// In place of `hsa/*.xml`, each as it is to be opened.
    hsa_files: Option<Vec<PathBuf>>,
    tak_copy: Option<PathBuf>,
    /// A catalogue elsewhere that the hub's routes come from, in place of our own.
    outside: Option<Fetch>,
    /// What orders must name.
    platform: String,
    /// Whether permissions that do not hold now are left out of the answer about logical addressees.
    addressees_by_date: bool,
    clock: Clock,
    current: ArcSwap<Snapshot>,
    /// What the administrators know. Whoever needs it as well takes `resetting` first.
    book: Mutex<Book>,
    /// What the catalogue's own services answer from.
    served: ArcSwap<Served>,
    /// The global lock of publications.
    publishing: Arc<AtomicBool>,
    /// Held while a new snapshot is made of the old one, so that two resets cannot undo each other.
    resetting: Mutex<()>,
    /// How often what is served may have changed.
    resets: watch::Sender<u64>,
}

impl Catalogue {
    /// An empty catalogue, which answers every question with "no contact" until [`Catalogue::reset_tak`] has loaded it.
    ///
    /// `hsa_files` are used in place of the environment's `hsa/*.xml`; `tak_copy` is where the local copy is kept.
    pub fn new(
        environment: Environment,
        hsa_files: Option<Vec<PathBuf>>,
        tak_copy: Option<PathBuf>,
        clock: Clock,
    ) -> Self {
        let book = Book::open(Keeper::volatile()).expect("nothing is read back");
        Self {
            environment,
            folder: TAK_FOLDER.to_owned(),
            hsa_files,
            tak_copy,
            outside: None,
            platform: PLATFORM_DEFAULT.to_owned(),
            addressees_by_date: true,
            clock,
            current: ArcSwap::from_pointee(Snapshot::default()),
            book: Mutex::new(book),
            served: ArcSwap::from_pointee(Served::default()),
            publishing: Arc::default(),
            resetting: Mutex::new(()),
            resets: watch::Sender::default(),
        }
    }

    /// Loads the hub's routes and permissions from another catalogue, not from our own.
    pub fn with_outside(self, fetch: Fetch) -> Self {
        Self { outside: Some(fetch), ..self }
    }

    /// Reads its files from another folder than `tak/`.
    pub fn with_folder(self, folder: String) -> Self {
        Self { folder, ..self }
    }

    /// Carries out orders for this platform; without, for the one an unconfigured reference has.
    pub fn with_platform(self, platform: Option<String>) -> Self {
        match platform {
            Some(platform) => Self { platform, ..self },
            None => self,
        }
    }

    /// What orders must name.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// What the environment's files come to; `None` where there is no folder.
    fn import(&self) -> Option<Import> {
        let mut import = import::read(&self.environment, &self.folder)?;
        order::files::carry_out(&mut import, &self.platform, self.clock.now());
        Some(import)
    }

    /// Answers about logical addressees as the reference does where `by_date` is false: whatever the date.
    pub fn with_addressees_by_date(self, by_date: bool) -> Self {
        Self { addressees_by_date: by_date, ..self }
    }

    fn filters_addressees_by_date(&self) -> bool {
        self.addressees_by_date
    }

    /// Keeps what is saved and published below a data directory, and reads back what is there.
    pub fn keep(&self, data: &Path) -> Result<(), LogError> {
        let book = Book::open(Keeper::open(data)?)?;
        *self.book() = book;
        Ok(())
    }

    /// One consistent view of routes, permissions and tree. Lock-free; hold it for the length of one call, not longer.
    pub fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// Civil time, as the catalogue sees it.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Reads `tak/` again (`vp.md` §1.4, §4.1). What cannot be used leaves the old data in place.
    pub fn reset_tak(&self) -> TakReset {
        let _one_at_a_time = self.resetting.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.current.load_full();
        let (own, restored) = self.read_files(&old);
        let mut found = match &self.outside {
            None => own,
            Some(fetch) => from_outside(fetch),
        };
        if found.entries.0.is_empty() && !old.is_initialised() && self.outside.is_none() {
            // What was published before the restart is better than nothing.
            found.entries = restored.unwrap_or_default();
        }
        let (new, reset) = refresh::refresh(&old, found, self.tak_copy.as_deref(), self.clock.now());
        self.current.store(Arc::new(new));
        publish::retire(old);
        self.resets.send_modify(|count| *count += 1);
        reset
    }

    /// Changes whenever what is served may have: files read again, a version published or taken back. For those who keep
    /// something derived from it.
    pub fn resets(&self) -> watch::Receiver<u64> {
        self.resets.subscribe()
    }

    /// Takes the environment's files into the administrators' catalogue. What they come to, and what is published in case
    /// they come to nothing.
    fn read_files(&self, old: &Snapshot) -> (Found, Option<Entries>) {
        let import = self.import();
        let mut book = self.book();
        let mut found = Found::default();
        let mut usable = import.is_none();
        if let Some(import) = import {
            usable = !import.unusable;
            found.files = import.files;
            found.problems = import.problems;
            if usable && let Err(error) = book.take_files(import.builder, import.publication.as_ref(), self.clock.now())
            {
                let complaint = format!("what the files say cannot be kept: {}", import::chain(&error));
                found.problems.push(Problem::error(&self.environment.path(&self.folder), 0, complaint));
            }
        }
        let published = book.newest().is_some().then(|| book.entries(book.published()));
        self.serve(&book);
        match usable {
            true => {
                found.entries = published.unwrap_or_default();
                (found, None)
            }
            false => (found, published.filter(|_| !old.is_initialised())),
        }
    }

    /// Reads the HSA files again (`vp.md` §1.5, §4.4). What cannot be used leaves the old tree in place.
    pub fn reset_hsa(&self) -> HsaReset {
        let _one_at_a_time = self.resetting.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.current.load_full();
        let read = hsa::read(&self.environment, self.hsa_files.as_deref());
        let size_before = old.hsa().len();
        let size_now = read.tree.as_ref().map_or(0, hsa::HsaTree::len);
        let refreshed = HsaRefresh { at: self.clock.now(), successful: read.tree.is_ok(), size_before, size_now };
        let (tree, outcome) = match read.tree {
            Ok(tree) => (Some(Arc::new(tree)), Ok(())),
            Err(reason) => (None, Err(reason)),
        };
        self.current.store(Arc::new(old.with_hsa(tree, refreshed)));
        HsaReset { files: read.files, size_before, size_now, outcome, problems: read.problems }
    }

    /// Every problem in every file of `tak/` and of the HSA tree, read anew; what is loaded stays as it is.
    /// `complaint` says what is wrong with an address that the catalogue itself knows nothing of.
    pub fn problems(&self, complaint: &dyn Fn(&str) -> Option<String>) -> Vec<Problem> {
        let mut problems = match self.import() {
            None if self.outside.is_some() => Vec::new(),
            None => vec![import::no_folder(&self.environment, &self.folder)],
            Some(mut import) => {
                let (routes, permissions) = import.entries();
                import.problems.extend(observe::observe(&routes, &permissions, complaint));
                import.problems
            }
        };
        problems.extend(hsa::read(&self.environment, self.hsa_files.as_deref()).problems);
        problems.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        problems
    }

    /// The administrators' catalogue, for as long as the guard is held. A panic elsewhere leaves it as its journal has it.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Entries = (Vec<Route>, Vec<Permission>);

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue").field("environment", &self.environment).finish_non_exhaustive()
    }
}

/// What another catalogue says; taken in verbatim, as any cache does.
fn from_outside(fetch: &Fetch) -> Found {
    let place = Path::new("takcache.endpoint.address");
    let failed = |complaint: String| Found { problems: vec![Problem::error(place, 0, complaint)], ..Found::default() };
    match fetch() {
        Err(reason) => failed(reason),
        Ok(answers) => match import::read_answers(&answers) {
            Ok(import) => Found { entries: import.entries(), files: Vec::new(), problems: import.problems },
            Err(problem) => failed(problem),
        },
    }
}
