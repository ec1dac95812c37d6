//! The administrators' catalogue: what is published, what is pending, and every version there has been.
//!
//! A published version is the one before it with the publishing user's pending rows (`tak.md` §3.1). Only the newest is
//! kept whole; older ones are found by undoing. Every change is a command in the journal before it is done in memory.

mod files;
mod replay;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use super::code::Record;
use super::keep::Keeper;
use super::report;
use super::rows::{AnyRow, Change, Id, Kind};
use super::state::State;
use super::validate;
use crate::catalogue::entry::{Origin, Permission, Route, Text};
use crate::store::log::LogError;

/// Who publishes what the environment's files say.
pub const FILES_USER: &str = "anslut";
/// With what comment.
const FILES_COMMENT: &str = "tak/ inläst";

/// A row that is not published yet, and whose it is.
#[derive(Clone, Debug)]
pub struct Pending {
    /// `updatedBy`.
    pub user: Text,
    /// `updatedTime`.
    pub at: Timestamp,
    /// What becomes of the row.
    pub change: Change,
}

/// A published version (*publicerad version*).
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number; none is given twice.
    pub id: u32,
    /// When it was published.
    pub time: Timestamp,
    /// `utforare`.
    pub user: Text,
    /// `kommentar`.
    pub comment: Text,
    /// Whether it came from the environment's files.
    pub of_files: bool,
    /// What leads back to the version before it.
    undo: Arc<Vec<Change>>,
}

/// From when on a version was the published one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// Which; 0 = none.
    pub version: u32,
}

/// A version that was taken back.
#[derive(Clone, Debug)]
struct Retired {
    version: Version,
    /// The version it stood on.
    base: u32,
    redo: Arc<Vec<Change>>,
}

/// Why something is not done. The texts are the reference's where it has one.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nothing to publish.
    #[error("Det finns inga ändringar, genomförda av inloggad användare, att publicera")]
    NothingPending,
    /// A pending row depends on somebody else's.
    #[error(
        "Olika användare har uppdaterat beroende objekt. \nHuvudobjekt {main} (användare {main_user}). \n Underobjekt {sub} (användare {sub_user})."
    )]
    Dependent {
        /// The row that depends.
        main: String,
        /// Whose it is.
        main_user: String,
        /// The row it depends on.
        sub: String,
        /// Whose that is.
        sub_user: String,
    },
    /// Somebody publishes at this moment.
    #[error("Publish failed. A publication job is already running")]
    Locked,
    /// Only the newest version can be taken back.
    #[error("Rollback får endast göras på senaste version.")]
    NotNewest,
    /// The version the catalogue began with has nothing before it.
    #[error("version {0} is what the catalogue began with: there is nothing before it to go back to")]
    Beginning(u32),
    /// There is no such version.
    #[error("No published version with id: {0} found in database. Publish a core version first")]
    UnknownVersion(u32),
    /// There is no such row.
    #[error("no row {1} in {0}")]
    UnknownRow(&'static str, Id),
    /// The row breaks rules.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    /// Other rows need the row.
    #[error("{row} används av {dependent}")]
    InUse {
        /// The row.
        row: String,
        /// One that refers to it.
        dependent: String,
    },
    /// The journal cannot be written.
    #[error("the catalogue cannot be written")]
    Log(#[from] LogError),
}

/// Everything the administrators know.
#[derive(Debug)]
pub struct Book {
    keeper: Keeper,
    published: State,
    /// What is published, with everybody's pending rows.
    live: State,
    pending: BTreeMap<(Kind, Id), Pending>,
    /// The highest number each table has ever had.
    last_ids: HashMap<Kind, Id>,
    versions: Vec<Version>,
    retired: Vec<Retired>,
    timeline: Vec<Moment>,
    /// Every source of the files as they were last read.
    sources: HashSet<u64, RandomState>,
    origins: HashMap<u64, Origin, RandomState>,
}

impl Book {
    /// Reads back what was kept.
    pub fn open(mut keeper: Keeper) -> Result<Self, LogError> {
        let mut records = Vec::new();
        keeper.replay(&mut |record| records.push(record))?;
        let mut book = Self {
            keeper,
            published: State::default(),
            live: State::default(),
            pending: BTreeMap::new(),
            last_ids: HashMap::new(),
            versions: Vec::new(),
            retired: Vec::new(),
            timeline: Vec::new(),
            sources: HashSet::default(),
            origins: HashMap::default(),
        };
        for record in records {
            book.apply(record);
        }
        Ok(book)
    }

    /// What is published.
    pub fn published(&self) -> &State {
        &self.published
    }

    /// What is published, with everybody's pending rows.
    pub fn live(&self) -> &State {
        &self.live
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// Every version, oldest first; those taken back are not among them.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// From when on which version was the published one.
    pub fn timeline(&self) -> &[Moment] {
        &self.timeline
    }

    /// The pending rows, in the order in which they are published.
    pub fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.pending.values()
    }

    /// Whose a row is that is not published yet.
    pub fn owner(&self, kind: Kind, id: Id) -> Option<&Text> {
        self.pending.get(&(kind, id)).map(|pending| &pending.user)
    }

    /// Whether something was published that no file says.
    fn has_own(&self) -> bool {
        self.versions.iter().any(|version| !version.of_files) || !self.pending.is_empty()
    }

    /// The highest number each table has had.
    pub fn last_ids(&self) -> HashMap<Kind, Id> {
        Kind::ALL.into_iter().map(|kind| (kind, self.next_id(kind, 0) - 1)).collect()
    }

    /// A number for a new row, after the highest there has been and those `taken` by the same command.
    pub fn next_id(&self, kind: Kind, taken: Id) -> Id {
        let last = self.last_ids.get(&kind).copied().unwrap_or(0);
        last.max(self.live.last_id(kind)).max(taken) + 1
    }

    /// The rows that are looked up, of a state of this catalogue.
    pub fn entries(&self, state: &State) -> (Vec<Route>, Vec<Permission>) {
        let own: HashSet<u32> =
            self.versions.iter().filter(|version| !version.of_files).map(|version| version.id).collect();
        let place = |source: u64, published: u32| match self.origins.get(&source) {
            Some(origin) if !own.contains(&published) => origin.clone(),
            _ => Origin::of_version(published),
        };
        state.entries(&place)
    }

    /// Keeps a user's rows, not published yet. The rows have been validated.
    pub fn save(&mut self, user: &str, changes: Vec<Change>, at: Timestamp) -> Result<(), LogError> {
        if changes.is_empty() {
            return Ok(());
        }
        let record = Record::Save { user: Arc::from(user), at, changes };
        self.keeper.append(&record)?;
        self.apply(record);
        Ok(())
    }

    /// Keeps one row that was typed in, after validation; its number. A row with number 0 is new.
    pub fn save_row(&mut self, user: &str, mut row: AnyRow, at: Timestamp) -> Result<Id, Refusal> {
        let (kind, id) = (row.kind(), row.id());
        match id {
            0 => row.number(self.next_id(kind, 0)),
            _ => {
                let known = self.live.get(kind, id).ok_or(Refusal::UnknownRow(kind.section(), id))?;
                row.publish(known.published());
            }
        }
        let refused = validate::row(&self.live, &row);
        if !refused.is_empty() {
            return Err(Refusal::Invalid(refused.into_iter().map(str::to_owned).collect()));
        }
        let id = row.id();
        self.save(user, vec![Change::Put(row)], at)?;
        Ok(id)
    }

    /// Marks a row as deleted; one that was never published is gone at once.
    pub fn delete_row(&mut self, user: &str, kind: Kind, id: Id, at: Timestamp) -> Result<(), Refusal> {
        let row = self.live.get(kind, id).ok_or(Refusal::UnknownRow(kind.section(), id))?;
        let others = self.pending.iter().filter(|(_, pending)| &*pending.user != user);
        let dropped_by_others: HashSet<(Kind, Id)> =
            others.filter(|(_, pending)| matches!(pending.change, Change::Drop(..))).map(|(key, _)| *key).collect();
        let dependent = validate::dependent(&self.live, kind, id).or_else(|| {
            // Somebody else's deletion is not published yet: until then the row is needed.
            validate::dependents(&self.published, kind, id)
                .into_iter()
                .find(|row| dropped_by_others.contains(&(row.kind(), row.id())))
        });
        if let Some(dependent) = dependent {
            let row = report::shown(&self.live, &row);
            return Err(Refusal::InUse { row, dependent: report::shown(&self.published, &dependent) });
        }
        self.save(user, vec![Change::Drop(kind, id)], at)?;
        Ok(())
    }

    /// Forgets a user's pending rows; how many there were.
    pub fn discard(&mut self, user: &str) -> Result<usize, LogError> {
        let count = self.pending.values().filter(|pending| &*pending.user == user).count();
        if count > 0 {
            let record = Record::Discard { user: Arc::from(user) };
            self.keeper.append(&record)?;
            self.apply(record);
        }
        Ok(count)
    }

    /// What a user's publication would do (`tak.md` §3.2), or why it would be refused.
    pub fn preview(&self, user: &str) -> Result<Vec<Change>, Refusal> {
        let own = |pending: &&Pending| &*pending.user == user;
        if !self.pending.values().any(|pending| own(&pending)) {
            return Err(Refusal::NothingPending);
        }
        for pending in self.pending.values() {
            self.check_dependence(user, pending)?;
        }
        Ok(self.own_changes(user))
    }

    /// Publishes a user's pending rows; the new version's number, and what it changed.
    pub fn publish(&mut self, user: &str, comment: &str, at: Timestamp) -> Result<(u32, Vec<Change>), Refusal> {
        let changes = self.preview(user)?;
        let version = self.highest_version() + 1;
        let record = Record::Publish { user: Arc::from(user), at, version, comment: Arc::from(comment) };
        self.keeper.append(&record)?;
        self.apply(record);
        Ok((version, changes))
    }

    /// Takes the newest version back: its rows are pending again, and the user's.
    pub fn rollback(&mut self, user: &str, version: u32, at: Timestamp) -> Result<(), Refusal> {
        let is_known = self.versions.iter().any(|known| known.id == version);
        match self.versions.last() {
            Some(newest) if newest.id == version && self.versions.len() == 1 => Err(Refusal::Beginning(version)),
            Some(newest) if newest.id == version => {
                let record = Record::Rollback { user: Arc::from(user), at, version };
                self.keeper.append(&record)?;
                self.apply(record);
                Ok(())
            }
            Some(_) if is_known => Err(Refusal::NotNewest),
            _ => Err(Refusal::UnknownVersion(version)),
        }
    }

    /// The state of a version, those taken back included.
    pub fn state_of(&self, version: u32) -> Option<State> {
        if let Some(place) = self.versions.iter().position(|known| known.id == version) {
            let mut state = self.published.clone();
            for newer in self.versions[place + 1..].iter().rev() {
                state.apply(newer.undo.iter());
            }
            return Some(state);
        }
        let retired = self.retired.iter().rev().find(|retired| retired.version.id == version)?;
        let mut state = self.state_of(retired.base)?;
        state.apply(retired.redo.iter());
        Some(state)
    }

    /// A version, those taken back included.
    pub fn version(&self, id: u32) -> Option<&Version> {
        let taken_back = || self.retired.iter().rev().map(|retired| &retired.version).find(|version| version.id == id);
        self.versions.iter().find(|version| version.id == id).or_else(taken_back)
    }

    /// The version that was published at a time.
    pub fn version_at(&self, at: Timestamp) -> Option<u32> {
        let moment = self.timeline.iter().rev().find(|moment| moment.at <= at)?;
        Some(moment.version).filter(|version| *version != 0)
    }

    /// What a version changed, told by the version itself and the one before it.
    pub fn changes_of(&self, version: u32) -> Option<(State, State, Vec<Change>)> {
        let after = self.state_of(version)?;
        let undo = Arc::clone(&self.version(version)?.undo);
        let mut before = after.clone();
        before.apply(undo.iter());
        let changes = after.undo(&undo);
        Some((before, after, changes))
    }

    fn highest_version(&self) -> u32 {
        let taken_back = self.retired.iter().map(|retired| retired.version.id);
        self.versions.iter().map(|version| version.id).chain(taken_back).max().unwrap_or(0)
    }

    /// Additions in the order of the tables, then deletions in reverse.
    fn own_changes(&self, user: &str) -> Vec<Change> {
        let own = self.pending.values().filter(|pending| &*pending.user == user).map(|pending| &pending.change);
        let (mut puts, mut drops) = (Vec::new(), Vec::new());
        for change in own {
            match change {
                Change::Put(_) => puts.push(change.clone()),
                Change::Drop(..) => drops.push(change.clone()),
            }
        }
        puts.extend(drops.into_iter().rev());
        puts
    }

    /// Refuses a publication in which rows of one user need rows of another that stay behind.
    fn check_dependence(&self, user: &str, pending: &Pending) -> Result<(), Refusal> {
        let Change::Put(row) = &pending.change else { return Ok(()) };
        for (kind, id) in validate::references(row) {
            let Some(other) = self.pending.get(&(kind, id)) else { continue };
            let concerns = (&*pending.user == user) != (&*other.user == user);
            let stays_behind = match (&*pending.user == user, &other.change) {
                // Ours needs a row that is not there for readers yet, or that another changes.
                (true, _) => true,
                // Another's needs a row that we delete.
                (false, Change::Drop(..)) => true,
                (false, Change::Put(_)) => false,
            };
            if concerns && stays_behind {
                let sub = match &other.change {
                    Change::Put(row) => report::shown(&self.live, row),
                    Change::Drop(kind, id) => self
                        .published
                        .get(*kind, *id)
                        .map_or_else(String::new, |row| report::shown(&self.published, &row)),
                };
                return Err(Refusal::Dependent {
                    main: report::shown(&self.live, row),
                    main_user: pending.user.to_string(),
                    sub,
                    sub_user: other.user.to_string(),
                });
            }
        }
        Ok(())
    }
}

/// The filters and categories of permissions that are dropped.
pub fn with_filters(state: &State, drops: &[Change]) -> Vec<Change> {
    let permissions: HashSet<Id> = drops
        .iter()
        .filter_map(|change| match change {
            Change::Drop(Kind::Permission, id) => Some(*id),
            _ => None,
        })
        .collect();
    if permissions.is_empty() {
        return Vec::new();
    }
    let filters = state.filters.rows().iter().filter(|row| permissions.contains(&row.value.permission));
    let filters: HashSet<Id> = filters.map(|row| row.id).collect();
    let categories = state.categories.rows().iter().filter(|row| filters.contains(&row.value.filter));
    let categories = categories.map(|row| Change::Drop(Kind::Category, row.id));
    categories.chain(filters.iter().map(|id| Change::Drop(Kind::Filter, *id))).collect()
}
