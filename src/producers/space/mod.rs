//! What the producers remember, apart for each workspace: journal, scenarios, counters and the stubs that were added
//! (`producers.md` §11). The default workspace holds the stubs of the files; the others see them below their own.

mod mounted;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;

pub use mounted::{Mounted, STARTED};

use crate::domain::clock::Clock;
use crate::producers::journal::Journal;
use crate::producers::journal::keep::Keeper;
use crate::producers::settings::{WORKSPACE_IDLE_MAX, WORKSPACES_MAX};

/// HTTP header that names a workspace.
pub const WORKSPACE: &str = "x-anslut-workspace";
/// Longest name of a workspace.
const KEY_BYTES_MAX: usize = 64;

/// All workspaces.
#[derive(Debug)]
pub struct Spaces {
    bytes_max: usize,
    /// The journals' way to disk.
    keeper: Option<Arc<Keeper>>,
    default: ArcSwap<Space>,
    others: Mutex<HashMap<String, Arc<Space>>>,
}

/// One workspace.
#[derive(Debug)]
pub struct Space {
    key: Arc<str>,
    /// What was asked in it.
    pub journal: Arc<Journal>,
    systems: Mutex<HashMap<String, Arc<Mounted>>>,
    used: Mutex<Instant>,
}

/// Why there is no workspace for a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// The key is none.
    #[error("{0:?} is no workspace, expected 1 to 64 of A-Z a-z 0-9 . _ -")]
    Key(String),
    /// There are too many.
    #[error("there are {WORKSPACES_MAX} workspaces already")]
    Full,
}

impl Space {
    fn new(key: &str, bytes_max: usize, keeper: Option<&Arc<Keeper>>) -> Self {
        let key: Arc<str> = key.into();
        let journal = match keeper {
            Some(keeper) => Journal::kept(bytes_max, &key, Arc::clone(keeper)),
            None => Journal::new(bytes_max),
        };
        Self { key, journal: Arc::new(journal), systems: Mutex::default(), used: Mutex::new(Clock::instant()) }
    }

    /// Its name; empty for the default one.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// What it remembers of a system.
    pub fn system(&self, name: &str) -> Arc<Mounted> {
        let mut systems = self.systems.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = systems.get(name) {
            return Arc::clone(known);
        }
        let new = Arc::new(Mounted::default());
        systems.insert(name.to_owned(), Arc::clone(&new));
        new
    }

    fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Clock::instant();
    }

    fn is_idle(&self) -> bool {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > WORKSPACE_IDLE_MAX
    }
}

impl Spaces {
    /// The default workspace alone; each journal is bounded by `bytes_max`.
    pub fn new(bytes_max: usize) -> Self {
        let default = ArcSwap::from_pointee(Space::new("", bytes_max, None));
        Self { bytes_max, keeper: None, default, others: Mutex::default() }
    }

    /// The same with journals that go to disk.
    pub fn kept(bytes_max: usize, keeper: Arc<Keeper>) -> Self {
        let default = ArcSwap::from_pointee(Space::new("", bytes_max, Some(&keeper)));
        Self { bytes_max, keeper: Some(keeper), default, others: Mutex::default() }
    }

    /// Has everything on disk that is to be there, and nothing after it. Waits for the disk.
    pub fn close(&self) {
        let Some(keeper) = &self.keeper else { return };
        for space in self.all() {
            space.journal.tell_totals();
        }
        keeper.close();
    }

    /// How much of the journals waits to be written to disk, in bytes.
    pub fn queued(&self) -> usize {
        self.keeper.as_ref().map_or(0, |keeper| keeper.queued())
    }

    /// All there are, the default one first.
    pub fn all(&self) -> Vec<Arc<Space>> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(self.shared()).chain(others.values().cloned()).collect()
    }

    /// The workspace of a key, made on first use; an empty key is the default one.
    pub fn open(&self, key: &str) -> Result<Arc<Space>, SpaceError> {
        if key.is_empty() {
            return Ok(self.default.load_full());
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if key.len() > KEY_BYTES_MAX || !key.bytes().all(is_plain) {
            return Err(SpaceError::Key(key.chars().take(KEY_BYTES_MAX + 1).collect()));
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = others.get(key) {
            known.touch();
            return Ok(Arc::clone(known));
        }
        if others.len() >= WORKSPACES_MAX {
            Self::drop_idle(&mut others);
        }
        if others.len() >= WORKSPACES_MAX {
            return Err(SpaceError::Full);
        }
        let new = Arc::new(Space::new(key, self.bytes_max, self.keeper.as_ref()));
        others.insert(key.to_owned(), Arc::clone(&new));
        Ok(new)
    }

    /// The default workspace.
    pub fn shared(&self) -> Arc<Space> {
        self.default.load_full()
    }

    /// The keys of all others.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.others.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        keys.sort();
        keys
    }

    /// Drops a workspace; whether there was one.
    pub fn drop_space(&self, key: &str) -> bool {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = others.remove(key);
        dropped.iter().for_each(|space| space.journal.retire());
        dropped.is_some()
    }

    /// As it was dropped before a restart.
    pub fn forget(&self, key: &str) {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Drops those that were idle for too long.
    pub fn sweep(&self) {
        Self::drop_idle(&mut self.others.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn drop_idle(others: &mut HashMap<String, Arc<Space>>) {
        others.retain(|_, space| {
            let is_idle = space.is_idle();
            if is_idle {
                space.journal.retire();
            }
            !is_idle
        });
    }
}
