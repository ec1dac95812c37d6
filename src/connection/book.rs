//! The book of connections: what is known, the log behind it, and what both are judged by. A command is judged, then made
//! to last, then done in memory, all under one lock; nothing here is on the way of a call.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::holdings::{Change, Holdings};
use super::log::Keeper;
use super::platforms::Platforms;
use super::refusal::Refusal;
use super::services::Services;
use super::terms::Terms;
use crate::domain::clock::Clock;
use crate::store::log::LogError;

/// Most parties, agreements, orders, connections and incidents together.
const OBJECTS_MAX: usize = 200_000;
/// Most steps, or runs, of one connection, those refused included.
pub(super) const ENTRIES_MAX: usize = 10_000;
/// Longest id.
const ID_BYTES_MAX: usize = 63;

/// The book of connections.
pub struct Book {
    pub(super) services: Services,
    pub(super) platforms: Arc<dyn Platforms>,
    pub(super) terms: Terms,
    pub(super) clock: Clock,
    kept: Mutex<Kept>,
}

/// What is known, and its log.
pub(super) struct Kept {
    pub(super) holdings: Holdings,
    keeper: Keeper,
}

impl Book {
    /// A book in memory.
    pub fn new(services: Services, platforms: Arc<dyn Platforms>, terms: Terms, clock: Clock) -> Self {
        let kept = Kept { holdings: Holdings::default(), keeper: Keeper::volatile() };
        Self { services, platforms, terms, clock, kept: Mutex::new(kept) }
    }

    /// Keeps everything below a data directory from now on, and reads back what is there.
    pub fn keep(&self, data: &Path) -> Result<(), LogError> {
        self.keep_in(Keeper::open(data)?)
    }

    /// The same in any log.
    pub fn keep_in(&self, mut keeper: Keeper) -> Result<(), LogError> {
        let mut holdings = Holdings::default();
        keeper.replay(&mut |change| holdings.apply(change))?;
        *self.kept() = Kept { holdings, keeper };
        Ok(())
    }

    /// Every service.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Looks at what is known.
    pub fn read<T>(&self, look: impl FnOnce(&Holdings, &Services) -> T) -> T {
        look(&self.kept().holdings, &self.services)
    }

    /// What is known, for as long as the guard is held. A panic elsewhere leaves it as its log has it.
    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Makes changes last, then does them.
    pub(super) fn commit(&mut self, at: Timestamp, changes: Vec<Change>) -> Result<(), Refusal> {
        let changes = self.keeper.append(at, changes)?;
        changes.into_iter().for_each(|change| self.holdings.apply(change));
        Ok(())
    }

    /// Whether there is room for one object more.
    pub(super) fn check_room(&self) -> Result<(), Refusal> {
        match self.holdings.count() {
            count if count >= OBJECTS_MAX => Err(Refusal::Full { what: "objects", count, count_max: OBJECTS_MAX }),
            _ => Ok(()),
        }
    }
}

/// The id of something new: the client's, or the first of ours that is free.
pub(super) fn new_id(
    what: &'static str,
    given: &str,
    is_taken: impl Fn(&str) -> bool,
    count: usize,
) -> Result<String, Refusal> {
    if given.is_empty() {
        let mut number = count + 1;
        loop {
            let id = format!("{what}-{number}");
            if !is_taken(&id) {
                return Ok(id);
            }
            number += 1;
        }
    }
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = given.as_bytes();
    let holds = bytes.len() <= ID_BYTES_MAX
        && lower(bytes[0])
        && bytes.iter().all(|byte| lower(*byte) || matches!(byte, b'.' | b'_' | b'-'));
    if !holds {
        return Err(Refusal::field("id", given, "1 to 63 of a-z, 0-9, '.', '_' and '-', a letter or digit first"));
    }
    match is_taken(given) {
        true => Err(Refusal::Taken { what, id: given.to_owned() }),
        false => Ok(given.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connection::gates::tests::{DAY, World};
    use crate::connection::pretended::Probe;
    use crate::connection::state::{Event, State};
    use crate::connection::steps::Wanted;

    #[test]
    fn the_book_is_free_while_rows_of_the_index_and_recorded_calls_are_looked_through() {
        let World { book, platforms } = World::new().until(State::Live);
        let book = Arc::new(book);
        let seen: Arc<Mutex<Vec<&str>>> = Arc::default();
        let (probed, told) = (Arc::downgrade(&book), Arc::clone(&seen));
        let probe = move |what| {
            assert!(probed.upgrade().unwrap().kept.try_lock().is_ok(), "the book is held during {what}");
            told.lock().unwrap().push(what);
        };
        platforms.said().probe = Some(Probe(Arc::new(probe)));
        let wanted = |event: Event, arguments: serde_json::Value| Wanted {
            event,
            actor: None,
            at: crate::connection::moment::Moment::read(DAY),
            arguments: serde_json::from_value(arguments).unwrap(),
        };
        let looked = |expected: &[&str]| assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), expected);
        book.judge("c", &wanted(Event::StartTests, json!({}))).unwrap();
        looked(&["engagements"]);
        book.step("c", &wanted(Event::Check, json!({}))).unwrap();
        looked(&["traffic"]);
        book.overview("c").unwrap();
        looked(&["engagements", "traffic"]);
        book.judge("c", &wanted(Event::Prepare, json!({}))).unwrap();
        looked(&[]);
        book.step(
            "c",
            &wanted(Event::Decommission, json!({"endDate": "2026-12-31", "plan": {"inera": ["a"], "party": ["b"]}})),
        )
        .unwrap();
        book.next("c").unwrap();
        looked(&["engagements"]);
        book.remove("c", &wanted(Event::Removal, json!({}))).unwrap();
        looked(&["remove_engagements"]);
        book.step("c", &wanted(Event::Close, json!({}))).unwrap();
        looked(&["engagements"]);
    }

    #[test]
    fn ids_are_the_clients_or_ours() {
        let taken = |id: &str| id == "x" || id == "order-2";
        let id = |given: &str| new_id("order", given, taken, 1).map_err(|refusal| refusal.to_string());
        assert_eq!(id(""), Ok("order-3".to_owned()));
        assert_eq!(id("region-x_1.b"), Ok("region-x_1.b".to_owned()));
        assert_eq!(id("x"), Err("order x is there already".to_owned()));
        for wrong in ["-a", "A", "å", "a b", "a/b", &"a".repeat(64)] {
            assert!(id(wrong).is_err(), "{wrong}");
        }
        assert!(id(&"a".repeat(63)).is_ok());
    }
}
