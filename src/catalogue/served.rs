//! What the catalogue's own services answer from (`tak.md` §6): the newest version, or one that is pinned.

use crate::catalogue::book::core::Version;
use crate::catalogue::book::state::State;

/// One published version with its tables.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// The version; `None` before anything is published.
    pub version: Option<Version>,
    /// Its tables.
    pub state: State,
    /// Whether it stays until the next reset.
    pub pinned: bool,
}
