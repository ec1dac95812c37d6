//! Saving, publishing and taking back (`tak.md` §3), and looking back: what did the catalogue say at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::Catalogue;
use super::book::core::{Book, Moment, Pending, Refusal, Version};
use super::book::report;
use super::book::rows::{AnyRow, Id, Kind};
use super::book::state::State;
use super::served::Served;
use super::snapshot::Snapshot;
use super::status::{RefreshStatus, TakRefresh};
use super::tables::Tables;
use crate::store::log::LogError;

/// The global lock: while somebody has it, nobody else publishes (`Locktb`).
#[derive(Debug)]
pub struct PublishLock(Arc<AtomicBool>);

impl Drop for PublishLock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// What a publication did.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The new version.
    pub version: u32,
    /// What it changed, as people read it.
    pub report: String,
}

impl Publication {
    /// The reference's success text.
    pub fn text(&self) -> String {
        format!("Publicerad version {} skapad.", self.version)
    }
}

/// The reference's success text of a rollback.
pub fn rolled_back(version: u32) -> String {
    format!("Rollback av Publicerad version {version} genomförd.")
}

/// Rows from which on letting go of a snapshot takes so long that no call should have to.
const HEAVY_ROWS: usize = 10_000;
/// How often, and how many times, it is looked whether a call still has the old snapshot.
const RETIRE_POLL: Duration = Duration::from_millis(2);
const RETIRE_POLLS_MAX: u32 = 5_000;

/// Lets go of a snapshot that was replaced. Whoever lets go last frees it, row by row: with many rows that must not be a
/// call that happened to look at it, so a thread waits until all have left.
pub(super) fn retire(old: Arc<Snapshot>) {
    if old.routes().len() + old.permissions().len() < HEAVY_ROWS {
        return;
    }
    let waiting = move || {
        for _ in 0..RETIRE_POLLS_MAX {
            if Arc::strong_count(&old) == 1 {
                break;
            }
            thread::sleep(RETIRE_POLL);
        }
    };
    // Without a thread, the last call frees it after all: slower, and no harm.
    let _ = thread::Builder::new().name("catalogue-retire".to_owned()).spawn(waiting);
}

impl Catalogue {
    /// Takes the global lock, unless somebody has it.
    pub fn lock_publishing(&self) -> Option<PublishLock> {
        let taken = self.publishing.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
        taken.is_ok().then(|| PublishLock(Arc::clone(&self.publishing)))
    }

    /// Publishes a user's pending rows; every reader sees them when this returns.
    pub fn publish(&self, user: &str, comment: &str) -> Result<Publication, Refusal> {
        let _lock = self.lock_publishing().ok_or(Refusal::Locked)?;
        let _one_at_a_time = self.resetting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut book = self.book();
        let before = book.published().clone();
        let (version, changes) = book.publish(user, comment, self.clock.now())?;
        let report = report::changes(&before, book.published(), &changes);
        self.show(&book);
        Ok(Publication { version, report })
    }

    /// Takes the newest version back; every reader sees the one before it when this returns.
    pub fn rollback(&self, user: &str, version: u32) -> Result<(), Refusal> {
        let _lock = self.lock_publishing().ok_or(Refusal::Locked)?;
        let _one_at_a_time = self.resetting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut book = self.book();
        book.rollback(user, version, self.clock.now())?;
        self.show(&book);
        Ok(())
    }

    /// What a user's publication would change.
    pub fn preview(&self, user: &str) -> Result<String, Refusal> {
        let book = self.book();
        let changes = book.preview(user)?;
        Ok(report::changes(book.published(), book.live(), &changes))
    }

    /// Keeps one row, not published yet; its number.
    pub fn save(&self, user: &str, row: AnyRow) -> Result<Id, Refusal> {
        self.book().save_row(user, row, self.clock.now())
    }

    /// Marks one row as deleted, not published yet.
    pub fn delete(&self, user: &str, kind: Kind, id: Id) -> Result<(), Refusal> {
        self.book().delete_row(user, kind, id, self.clock.now())
    }

    /// Forgets a user's pending rows; how many there were.
    pub fn discard(&self, user: &str) -> Result<usize, LogError> {
        self.book().discard(user)
    }

    /// Everything with pending rows: for administrators.
    pub fn live(&self) -> State {
        self.book().live().clone()
    }

    /// The pending rows.
    pub fn pending(&self) -> Vec<Pending> {
        self.book().pending().cloned().collect()
    }

    /// Every version, oldest first; those taken back are not among them.
    pub fn versions(&self) -> Vec<Version> {
        self.book().versions().to_vec()
    }

    /// From when on which version was the published one.
    pub fn timeline(&self) -> Vec<Moment> {
        self.book().timeline().to_vec()
    }

    /// A version and its tables, those taken back included.
    pub fn version(&self, id: u32) -> Option<(Version, State)> {
        let book = self.book();
        Some((book.version(id)?.clone(), book.state_of(id)?))
    }

    /// What was published at a time.
    pub fn version_at(&self, at: Timestamp) -> Option<(Version, State)> {
        let book = self.book();
        let id = book.version_at(at)?;
        Some((book.version(id)?.clone(), book.state_of(id)?))
    }

    /// What a version changed, as people read it.
    pub fn changes_of(&self, id: u32) -> Option<String> {
        let (before, after, changes) = self.book().changes_of(id)?;
        Some(report::changes(&before, &after, &changes))
    }

    /// What the catalogue's services answer from.
    pub fn served(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// `/reset/pv`: the services answer from the newest version, or from the one that is named until the next reset.
    pub fn reset_services(&self, version: Option<u32>) -> Result<(), Refusal> {
        let book = self.book();
        match version {
            None => {
                self.serve_newest(&book);
                if book.newest().is_none() { Err(Refusal::UnknownVersion(0)) } else { Ok(()) }
            }
            Some(id) => {
                let known = book.version(id).cloned().zip(book.state_of(id)).ok_or(Refusal::UnknownVersion(id))?;
                self.served.store(Arc::new(Served { version: Some(known.0), state: known.1, pinned: true }));
                Ok(())
            }
        }
    }

    /// Lets every reader see what is published: the services at once, the hub unless another catalogue is its source.
    fn show(&self, book: &Book) {
        self.serve_newest(book);
        if self.outside.is_some() {
            return;
        }
        let (routes, permissions) = book.entries(book.published());
        let last = TakRefresh {
            at: self.clock.now(),
            status: RefreshStatus::RefreshOk,
            routes: routes.len(),
            permissions: permissions.len(),
        };
        let usable = !routes.is_empty();
        let tables = Arc::new(Tables::build(routes, permissions));
        let old = self.current.load_full();
        self.current.store(Arc::new(old.with_tak(tables, usable, last)));
        retire(old);
        self.resets.send_modify(|count| *count += 1);
    }

    /// Lets every reader see the newest version.
    pub(super) fn show_newest(&self) {
        self.show(&self.book());
    }

    /// The services answer from the newest version, unless one is pinned.
    pub(super) fn serve(&self, book: &Book) {
        if !self.served.load().pinned {
            self.serve_newest(book);
        }
    }

    fn serve_newest(&self, book: &Book) {
        let served = Served { version: book.newest().cloned(), state: book.published().clone(), pinned: false };
        self.served.store(Arc::new(served));
    }

    /// Whatever the administrators' catalogue is asked under its lock.
    pub(super) fn with_book<T>(&self, ask: impl FnOnce(&mut Book) -> T) -> T {
        ask(&mut self.book())
    }
}
