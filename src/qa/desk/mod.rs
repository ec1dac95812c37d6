//! The desk of quality assurance in a running platform (`qa.md` §7, §8.7): suites that were handed in, runs that go on
//! beside, sessions with their deviations. All of it lies under the data directory and is there after a restart.

pub mod deviation;
pub mod register;
pub mod runs;
pub mod session;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::archive::Archive;
use super::consumer::hub::Hub;
use super::consumer::waits::Waits;
use super::evidence::Evidence;
use super::mutants::score::Host;
use super::report::identities::Known;
use super::report::signature::Signer;
use super::result::RunDocument;
use super::shelf::{Shelf, Taken, names_itself};
use super::suite::folder::Published;
use crate::domain::clock::Clock;
use register::Register;
use runs::Going;
use session::Session;

/// Runs at the same time; more wait.
pub const RUNS_AT_ONCE: usize = 4;
/// Runs that wait; more are turned away.
pub const RUNS_WAITING_MAX: usize = 100;
/// Bytes of a suite that is handed in.
pub const SUITE_BYTES_MAX: usize = 64 << 20;

/// The desk.
pub struct Desk {
    folder: PathBuf,
    /// Whether the folder is only there for as long as the platform runs.
    forgets: bool,
    pub(super) archive: Archive,
    pub(super) shelf: Shelf,
    pub(super) clock: Clock,
    pub(super) host: Arc<dyn Host>,
    pub(super) turns: Arc<Semaphore>,
    pub(super) follower: Option<Follower>,
    /// The platform's own hub, whose calls are waited for.
    pub(super) hub: Option<Hub>,
    /// Who waits for them.
    pub(super) waits: Waits,
    state: Mutex<State>,
    shelving: Mutex<()>,
}

/// Told of every run that shows something, and of the session it was made for; it may take its time.
pub type Follower = Arc<dyn Fn(Vec<Evidence>, Option<Session>) + Send + Sync>;

/// What changes.
#[derive(Default)]
pub(super) struct State {
    pub(super) register: Register,
    pub(super) suites: BTreeMap<String, Arc<Published>>,
    pub(super) runs: BTreeMap<String, Arc<Going>>,
    /// What was ordered, by run.
    pub(super) orders: BTreeMap<String, runs::Order>,
    pub(super) mutants: BTreeMap<String, String>,
}

impl Desk {
    /// Identities that are nobody's here: the shipped list, and what the data directory adds. A list that cannot be read
    /// adds nothing, so that more is hidden and not less.
    pub(super) fn known(&self) -> Known {
        Known::of_folder(&self.folder).unwrap_or_else(|error| {
            tracing::warn!(%error, "the list of test identities cannot be read");
            Known::default()
        })
    }

    /// The same, and what a run's parameters declare.
    pub(super) fn known_of(&self, run: &RunDocument) -> Known {
        self.known().and(&run.test_identities)
    }

    /// The key that signs bundles of evidence, where the data directory has one: it may come and go meanwhile.
    pub(super) fn signer(&self) -> Result<Option<Signer>, String> {
        Signer::of_folder(&self.folder)
    }

    /// Opens the desk of a data directory; without one, everything is forgotten with the platform.
    pub fn open(data: Option<&Path>, clock: Clock, host: Arc<dyn Host>) -> io::Result<Self> {
        let (data, forgets) = match data {
            Some(data) => (data.to_owned(), false),
            None => (std::env::temp_dir().join(format!("anslut-qa-{}", uuid::Uuid::new_v4().simple())), true),
        };
        let folder = data.join("qa");
        let mut state = State { register: Register::read(&folder)?, ..State::default() };
        let shelf = Shelf::of(&folder);
        for id in shelf.ids() {
            if let Some(kept) = shelf.read(&id) {
                state.suites.insert(id, Arc::new(kept.published));
            }
        }
        Ok(Self {
            archive: Archive::in_data(&data),
            shelf,
            folder,
            forgets,
            clock,
            host,
            turns: Arc::new(Semaphore::new(RUNS_AT_ONCE)),
            follower: None,
            hub: None,
            waits: Waits::default(),
            state: Mutex::new(state),
            shelving: Mutex::default(),
        })
    }

    /// Has somebody told of its runs.
    pub fn tell(&mut self, follower: Follower) {
        self.follower = Some(follower);
    }

    /// Lets cases wait for the calls of a hub.
    pub fn watch(&mut self, hub: Hub) {
        self.hub = Some(hub);
    }

    /// Ids of a session's runs, in the order they were made.
    pub(super) fn runs_of(&self, session: &Session) -> Vec<String> {
        let mut ids = session.runs.clone();
        let kept = self.archive.of_session(&session.id).unwrap_or_default();
        ids.extend(kept.into_iter().rev().filter(|id| !session.runs.contains(id)));
        // An id begins with the moment it was given.
        ids.sort_by(|a, b| a.split('-').next().cmp(&b.split('-').next()));
        ids
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the register, and keeps it; a change that cannot be kept is not made.
    pub(super) fn change<T, E: From<io::Error>>(
        &self,
        change: impl FnOnce(&mut Register) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.state();
        let mut changed = state.register.clone();
        let outcome = change(&mut changed)?;
        changed.write(&self.folder)?;
        state.register = changed;
        Ok(outcome)
    }

    /// The right to change what is on the shelf. The register is free meanwhile: suites take long to read.
    fn shelving(&self) -> MutexGuard<'_, ()> {
        self.shelving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a suite in; the same bytes are the same suite. Reads all of it, and writes to disk.
    pub fn take(&self, bytes: &[u8], name: Option<&str>) -> Result<(String, Arc<Published>, bool), String> {
        // One at a time: the bound on their number is held by looking how many there are.
        let _right = self.shelving();
        let Taken { id, published, is_new } = self.shelf.take(bytes, name)?;
        let published = Arc::new(published);
        self.state().suites.insert(id.clone(), Arc::clone(&published));
        Ok((id, published, is_new))
    }

    /// Forgets a suite, one that somebody put on the shelf beside included; runs of it stay.
    pub fn drop_suite(&self, id: &str) -> bool {
        let _right = self.shelving();
        let is_on_shelf = self.shelf.ids().iter().any(|kept| kept == id);
        if is_on_shelf {
            self.shelf.drop(id);
        }
        self.state().suites.remove(id).is_some() || is_on_shelf
    }

    /// Every suite by its id; those that somebody put on the shelf beside are found.
    pub(super) fn suites(&self) -> BTreeMap<String, Arc<Published>> {
        let known = self.state().suites.clone();
        if self.shelf.ids().iter().all(|id| known.contains_key(id)) {
            return known;
        }
        // What is new is looked for again: it may have been deleted since.
        let _right = self.shelving();
        let news = self.shelf.ids().into_iter().filter(|id| !known.contains_key(id));
        let news: Vec<_> = news.filter_map(|id| self.shelf.read(&id)).collect();
        let mut state = self.state();
        state.suites.extend(news.into_iter().map(|kept| (kept.id, Arc::new(kept.published))));
        state.suites.clone()
    }

    /// A suite by its id, by the name it was given, or by the one it gives itself.
    pub fn suite(&self, wanted: &str) -> Option<Arc<Published>> {
        self.suite_with_id(wanted).map(|(_, published)| published)
    }

    /// The same, with its id.
    pub(super) fn suite_with_id(&self, wanted: &str) -> Option<(String, Arc<Published>)> {
        let suites = self.suites();
        let known = suites.get_key_value(wanted);
        let given = || suites.iter().find(|(id, _)| self.shelf.name(id).as_deref() == Some(wanted));
        let own = || suites.iter().find(|(_, published)| names_itself(published, wanted));
        known.or_else(given).or_else(own).map(|(id, published)| (id.clone(), Arc::clone(published)))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.forgets
            && let Some(data) = self.folder.parent()
        {
            let _ = fs::remove_dir_all(data);
        }
    }
}
