//! Where does this go, and who may call it, at this time? (TAK, *tjänsteadresseringskatalogen*, and the HSA tree.)
//!
//! Files are read into one immutable [`snapshot::Snapshot`], which is swapped whole: no call ever sees half a change, and
//! readers never wait. What the reference cache does when its catalogue cannot be reached (`vp.md` §4.1), this one does
//! when the files cannot be used: the old data stays. Which address is asked for, and in what order, is not decided here
//! but in `hub/route` and `hub/authorise`.

pub mod entry;
pub mod hsa;
mod import;
pub mod keys;
mod local_copy;
mod names;
mod observe;
pub mod period;
pub mod refresh;
pub mod snapshot;
pub mod status;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use refresh::TakReset;
use snapshot::Snapshot;
use status::{HsaRefresh, HsaReset};

/// The catalogue of one environment, and the tree of its organisations.
#[derive(Debug)]
pub struct Catalogue {
    environment: Environment,
    /// In place of `hsa/*.xml`, each as it is to be opened.
    hsa_files: Option<Vec<PathBuf>>,
    tak_copy: Option<PathBuf>,
    clock: Clock,
    current: ArcSwap<Snapshot>,
    /// Held while a new snapshot is made of the old one, so that two resets cannot undo each other.
    resetting: Mutex<()>,
    /// How often the catalogue's files were read.
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
        let current = ArcSwap::from_pointee(Snapshot::default());
        let (resetting, resets) = (Mutex::new(()), watch::Sender::default());
        Self { environment, hsa_files, tak_copy, clock, current, resetting, resets }
    }

    /// One consistent view of routes, permissions and tree. Lock-free; hold it for the length of one call, not longer.
    pub fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// Reads `tak/` again (`vp.md` §1.4, §4.1). What cannot be used leaves the old data in place.
    pub fn reset_tak(&self) -> TakReset {
        let _one_at_a_time = self.resetting.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.current.load_full();
        let import = import::read(&self.environment);
        let (new, reset) = refresh::refresh(&old, import, self.tak_copy.as_deref(), self.clock.now());
        self.current.store(Arc::new(new));
        self.resets.send_modify(|count| *count += 1);
        reset
    }

    /// Changes whenever [`Catalogue::reset_tak`] has been through, for those who keep something derived from it.
    pub fn resets(&self) -> watch::Receiver<u64> {
        self.resets.subscribe()
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
        let mut problems = match import::read(&self.environment) {
            None => vec![import::no_folder(&self.environment)],
            Some(mut import) => {
                import.problems.extend(observe::observe(&import.routes, &import.permissions, complaint));
                import.problems
            }
        };
        problems.extend(hsa::read(&self.environment, self.hsa_files.as_deref()).problems);
        problems.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        problems
    }
}
