//! How the catalogue and the tree were last read, in the reference's words (`vp.md` §1.5, §4.1, §10.1).

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::problem::Problem;

/// How a refresh of the catalogue went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefreshStatus {
    /// The files were read.
    RefreshOk,
    /// They could not be used; what was loaded before is still served.
    ReusingExistingCache,
    /// They could not be used and nothing was loaded; the local copy is served.
    RestoredFromLocalCache,
    /// They could not be used, and there is nothing to serve.
    RefreshFailed,
}

impl RefreshStatus {
    /// `REFRESH_OK` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshOk => "REFRESH_OK",
            Self::ReusingExistingCache => "REUSING_EXISTING_CACHE",
            Self::RestoredFromLocalCache => "RESTORED_FROM_LOCAL_CACHE",
            Self::RefreshFailed => "REFRESH_FAILED",
        }
    }
}

/// The last refresh of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakRefresh {
    /// When.
    pub at: Timestamp,
    /// How it went.
    pub status: RefreshStatus,
    /// Routes (*vägval*) served since.
    pub routes: usize,
    /// Permissions (*behörigheter*) served since.
    pub permissions: usize,
}

/// What the status page says of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakStatus {
    /// Whether routes can be looked up.
    pub initialised: bool,
    /// The last refresh; `None` before the first.
    pub last: Option<TakRefresh>,
}

/// The last reset of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HsaRefresh {
    /// When.
    pub at: Timestamp,
    /// Whether the files could be used.
    pub successful: bool,
    /// Nodes before.
    pub size_before: usize,
    /// Nodes read; 0 where the files could not be used.
    pub size_now: usize,
}

/// What the status page says of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HsaStatus {
    /// Whether the last reset succeeded.
    pub initialised: bool,
    /// The last reset; `None` before the first.
    pub last: Option<HsaRefresh>,
}

/// What a reset of the tree did.
#[derive(Clone, Debug)]
pub struct HsaReset {
    /// The files it was to be read from, as they were opened.
    pub files: Vec<String>,
    /// Nodes before.
    pub size_before: usize,
    /// Nodes read; 0 where the files could not be used.
    pub size_now: usize,
    /// Why the files could not be used.
    pub outcome: Result<(), String>,
    /// Everything that is wrong with the files.
    pub problems: Vec<Problem>,
}

impl HsaReset {
    /// The body of the answer to `/resethsacache` (`vp.md` §1.5). A tree of a single node is only worth a warning.
    pub fn body(&self) -> String {
        let (before, now) = (self.size_before, self.size_now);
        let outcome = match &self.outcome {
            Ok(()) if now > 1 => {
                format!("Successfully reset HSA cache. \nHSA cache size was: {before} \nHSA cache now is: {now}.")
            }
            Ok(()) => format!("Warning: HSA cache reset to {now}. Was {before} entries!"),
            Err(reason) => format!("Reset HSA cache failed.{reason}"),
        };
        format!("Start a reset of HSA cache using files: [{}]\n{outcome}", self.files.join(", "))
    }
}
