//! The environment's files become a version of the catalogue where they say something new.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use super::{Book, FILES_COMMENT, FILES_USER, with_filters};
use crate::catalogue::book::builder::Builder;
use crate::catalogue::book::code::Record;
use crate::catalogue::book::rows::{Change, Kind};
use crate::catalogue::book::state::State;
use crate::catalogue::entry::Text;
use crate::catalogue::import::Publication;
use crate::store::log::LogError;

impl Book {
    /// Takes what the files say, if that is not what they said before; whether a version came of it.
    pub(in crate::catalogue) fn take_files(
        &mut self,
        files: Builder,
        named: Option<&Publication>,
        now: Timestamp,
    ) -> Result<bool, LogError> {
        let sources: HashSet<u64, RandomState> = files.sources().collect();
        self.origins = files.origins().clone();
        if !self.versions.is_empty() && sources == self.sources {
            return Ok(false);
        }
        let newest = self.highest_version();
        let named = named.filter(|named| named.version > newest);
        let version = named.map_or(newest + 1, |named| named.version);
        // What a snapshot says of its publication is taken over, as far as the past stays in order.
        let last = self.timeline.last().map_or(Timestamp::MIN, |moment| moment.at);
        let at = named.and_then(|named| named.time).filter(|at| *at <= now && *at >= last).unwrap_or(now);
        let told = |text: Option<&String>, usual: &str| -> Text {
            Arc::from(text.map(String::as_str).filter(|text| !text.is_empty()).unwrap_or(usual))
        };
        let user = told(named.map(|named| &named.user), FILES_USER);
        let comment = told(named.map(|named| &named.comment), FILES_COMMENT);
        let target = match self.has_own() {
            false => files.into_state(),
            true => self.merged(&files, &sources),
        };
        let mut changes = self.published.changes_to(&target);
        changes.retain_mut(|change| self.is_news(change, version));
        let sources = sources.into_iter().collect();
        let record = Record::Files { user, at, version, comment, changes, sources };
        self.keeper.append(&record)?;
        self.apply(record);
        Ok(true)
    }

    /// A row that says what it said is as old as it was; one that no version is noted for is this version's.
    fn is_news(&self, change: &mut Change, version: u32) -> bool {
        let Change::Put(row) = change else { return true };
        if row.published() != 0 {
            return true;
        }
        let old = self.published.get(row.kind(), row.id());
        match old {
            Some(old) => {
                row.publish(old.published());
                let same = *row == old;
                row.publish(version);
                !same
            }
            None => {
                row.publish(version);
                true
            }
        }
    }

    /// What is published, without the files' rows that are there no more, and with those that are new.
    fn merged(&self, files: &Builder, sources: &HashSet<u64, RandomState>) -> State {
        let mut state = self.published.clone();
        let gone = |source: u64| source != 0 && self.sources.contains(&source) && !sources.contains(&source);
        let mut drops = Vec::new();
        for row in state.routes.rows().iter().filter(|row| gone(row.value.source)) {
            drops.push(Change::Drop(Kind::Route, row.id));
        }
        for row in state.permissions.rows().iter().filter(|row| gone(row.value.source)) {
            drops.push(Change::Drop(Kind::Permission, row.id));
        }
        drops.extend(with_filters(&state, &drops));
        state.apply(&drops);
        let mut builder = Builder::on(state, self.last_ids.clone());
        let new = |source: u64| !self.sources.contains(&source);
        builder.add_new(files.state(), &new);
        builder.into_state()
    }
}
