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
use super::suite::folder::{Published, hexadecimal};
use crate::domain::clock::Clock;
use register::Register;
use runs::Going;
use session::Session;

/// Runs at the same time; more wait.
pub const RUNS_AT_ONCE: usize = 4;
/// Runs that wait; more are turned away.
pub const RUNS_WAITING_MAX: usize = 100;
/// Suites that are kept.
pub const SUITES_MAX: usize = 500;
/// Bytes of a suite that is handed in.
pub const SUITE_BYTES_MAX: usize = 64 << 20;

/// The desk.
pub struct Desk {
    folder: PathBuf,
    /// Whether the folder is only there for as long as the platform runs.
    forgets: bool,
    pub(super) archive: Archive,
    pub(super) clock: Clock,
    pub(super) host: Arc<dyn Host>,
    pub(super) turns: Arc<Semaphore>,
    pub(super) follower: Option<Follower>,
    /// The platform's own hub, whose calls are waited for.
    pub(super) hub: Option<Hub>,
    /// Who waits for them.
    pub(super) waits: Waits,
    state: Mutex<State>,
}

/// Told of every run that shows something, and of the session it was made for; it may take its time.
pub type Follower = Arc<dyn Fn(Vec<Evidence>, Option<Session>) + Send + Sync>;

/// What changes.
#[derive(Default)]
pub(super) struct State {
    pub(super) register: Register,
    pub(super) suites: BTreeMap<String, Arc<Published>>,
    pub(super) runs: BTreeMap<String, Arc<Going>>,
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
        for entry in fs::read_dir(folder.join("suites")).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // What was readable when it was handed in is; a file that somebody put there may not be.
            if let (Some(id), Ok(bytes)) = (name.strip_suffix(".zip"), fs::read(entry.path()))
                && let Ok(published) = Published::read_zip(&name, &bytes)
            {
                state.suites.insert(id.to_owned(), Arc::new(published));
            }
        }
        Ok(Self {
            archive: Archive::in_data(&data),
            folder,
            forgets,
            clock,
            host,
            turns: Arc::new(Semaphore::new(RUNS_AT_ONCE)),
            follower: None,
            hub: None,
            waits: Waits::default(),
            state: Mutex::new(state),
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

    /// Takes a suite in; the same bytes are the same suite.
    pub fn take(&self, bytes: &[u8]) -> Result<(String, Arc<Published>, bool), String> {
        use sha2::{Digest, Sha256};
        let id = hexadecimal(&Sha256::digest(bytes))[..16].to_owned();
        let published = Arc::new(Published::read_zip("suite.zip", bytes)?);
        let mut state = self.state();
        if state.suites.contains_key(&id) {
            return Ok((id, published, false));
        }
        if state.suites.len() >= SUITES_MAX {
            return Err(format!("{SUITES_MAX} suites are kept; delete one first"));
        }
        let folder = self.folder.join("suites");
        let kept = fs::create_dir_all(&folder).and_then(|()| {
            let beside = folder.join(format!(".{id}.part"));
            fs::write(&beside, bytes)?;
            fs::rename(&beside, folder.join(format!("{id}.zip")))
        });
        kept.map_err(|error| format!("the suite cannot be kept: {error}"))?;
        state.suites.insert(id.clone(), Arc::clone(&published));
        Ok((id, published, true))
    }

    /// Forgets a suite; runs of it stay.
    pub fn drop_suite(&self, id: &str) -> bool {
        let was_there = self.state().suites.remove(id).is_some();
        if was_there {
            // What is left of it is read at the next start, and may be deleted again.
            let _ = fs::remove_file(self.folder.join("suites").join(format!("{id}.zip")));
        }
        was_there
    }

    /// A suite by its id, or by the name it gives itself.
    pub fn suite(&self, id: &str) -> Option<Arc<Published>> {
        let state = self.state();
        let by_name = || state.suites.values().find(|suite| suite.projects.iter().any(|project| project.name() == id));
        state.suites.get(id).or_else(by_name).cloned()
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
