//! What a record of the journal does in memory: when it is made, and at every start.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Book, Moment, Pending, Retired, Version};
use crate::catalogue::book::code::Record;
use crate::catalogue::book::rows::Change;
use crate::catalogue::entry::Text;

impl Book {
    /// Does what a record says. It is in the journal already.
    pub(super) fn apply(&mut self, record: Record) {
        match record {
            Record::Save { user, at, changes } => self.apply_save(&user, at, changes),
            Record::Discard { user } => {
                self.pending.retain(|_, pending| pending.user != user);
                self.relive();
            }
            Record::Publish { user, at, version, comment } => {
                let mut changes = self.own_changes(&user);
                for change in &mut changes {
                    if let Change::Put(row) = change {
                        row.publish(version);
                    }
                }
                self.pending.retain(|_, pending| pending.user != user);
                let of_files = false;
                self.add_version(
                    Version { id: version, time: at, user, comment, of_files, undo: Arc::default() },
                    &changes,
                );
                self.live.apply(&changes);
            }
            Record::Rollback { user, at, version: _ } => self.apply_rollback(&user, at),
            Record::Files { user, at, version, comment, changes, sources } => {
                self.sources = sources.into_iter().collect();
                let version = Version { id: version, time: at, user, comment, of_files: true, undo: Arc::default() };
                self.add_version(version, &changes);
                self.relive();
            }
        }
    }

    fn apply_save(&mut self, user: &Text, at: Timestamp, changes: Vec<Change>) {
        self.live.apply(&changes);
        for change in changes {
            let key = change.key();
            let last = self.last_ids.entry(key.0).or_insert(0);
            *last = (*last).max(key.1);
            let was_published = self.published.get(key.0, key.1).is_some();
            match (&change, was_published) {
                // Never published, and gone again.
                (Change::Drop(..), false) => {
                    self.pending.remove(&key);
                }
                _ => {
                    self.pending.insert(key, Pending { user: user.clone(), at, change });
                }
            }
        }
    }

    fn add_version(&mut self, mut version: Version, changes: &[Change]) {
        // What the catalogue began with is never undone, and would be half of everything.
        version.undo = if self.versions.is_empty() { Arc::default() } else { Arc::new(self.published.undo(changes)) };
        for change in changes {
            let (kind, id) = change.key();
            let last = self.last_ids.entry(kind).or_insert(0);
            *last = (*last).max(id);
        }
        self.published.apply(changes);
        self.timeline.push(Moment { at: version.time, version: version.id });
        self.versions.push(version);
    }

    fn apply_rollback(&mut self, user: &Text, at: Timestamp) {
        let Some(version) = self.versions.pop() else { return };
        let redo = self.published.undo(&version.undo);
        for change in &redo {
            let mut change = change.clone();
            if let Change::Put(row) = &mut change {
                row.publish(0);
            }
            // Who has changed the row since keeps his change.
            self.pending.entry(change.key()).or_insert(Pending { user: user.clone(), at, change });
        }
        self.published.apply(version.undo.iter());
        let base = self.versions.last().map_or(0, |version| version.id);
        self.timeline.push(Moment { at, version: base });
        self.retired.push(Retired { version, base, redo: Arc::new(redo) });
        self.relive();
    }

    fn relive(&mut self) {
        self.live = self.published.clone();
        self.live.apply(self.pending.values().map(|pending| &pending.change));
    }
}
