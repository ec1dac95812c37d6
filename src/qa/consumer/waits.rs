//! Who waits for which call at this moment: shown to the customer, given more time, or given up. A call is counted once,
//! for the oldest of those that it fits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::hub::Call;
use super::wait::differs;
use crate::domain::clock::Clock;
use crate::qa::native::written::waits::AwaitFile;

/// Longest wait of a case, extensions included.
pub const SECONDS_MAX: u64 = 7 * 24 * 3_600;
/// What is asked of people while a case waits for the platform's certificate to be renewed.
const RENEW: &str = "renew the platform's certificate: put new files in the place of those that tls.cert and tls.key name, \
                     send SIGHUP to the platform, and have the system call again";
/// Near misses that are told.
const NEAR_MAX: usize = 20;
/// Calls that are remembered as counted.
const COUNTED_MAX: usize = 10_000;
/// Cases that nobody called, and that may be armed again.
const EXPIRED_MAX: usize = 200;

/// What a case waits for.
#[derive(Clone, Debug, Default)]
pub struct What {
    /// The suite.
    pub suite: String,
    /// The case.
    pub case: String,
    /// The call.
    pub wanted: AwaitFile,
    /// Its contract.
    pub contract: String,
    /// A message that would be such a call, where the suite carries the contract.
    pub message: Option<String>,
}

#[derive(Clone, Debug)]
struct Waiting {
    what: What,
    armed: Timestamp,
    until: Instant,
    /// The run, where it is one that can be made again.
    run: Option<String>,
    /// Whether the record has been looked at since.
    is_looked: bool,
    seen: usize,
    near: Vec<String>,
    is_given_up: bool,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    waiting: BTreeMap<u64, Waiting>,
    expired: BTreeMap<u64, Waiting>,
    counted: BTreeSet<u64>,
}

/// All that wait.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    all: Arc<Mutex<State>>,
    run: Option<String>,
}

impl Waits {
    fn state(&self) -> MutexGuard<'_, State> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, for the cases of a run that can be made again.
    pub fn of_run(&self, id: &str) -> Self {
        Self { all: Arc::clone(&self.all), run: Some(id.to_owned()) }
    }

    /// Begins to wait.
    pub fn arm(&self, what: What, now: Timestamp) -> Armed {
        let mut state = self.state();
        state.last += 1;
        let id = state.last;
        let until = Clock::instant() + Duration::from_secs(what.wanted.seconds.min(SECONDS_MAX));
        let (run, near) = (self.run.clone(), Vec::new());
        let waiting = Waiting { what, armed: now, until, run, is_looked: false, seen: 0, near, is_given_up: false };
        state.waiting.insert(id, waiting);
        Armed { waits: self.clone(), id }
    }

    /// Everything about those that wait, by their numbers.
    pub fn shown(&self) -> Vec<(u64, Value)> {
        let state = self.state();
        state.waiting.iter().map(|(id, waiting)| (*id, waiting.shown())).collect()
    }

    /// The same about those that nobody called in time.
    pub fn expired(&self) -> Vec<(u64, Value)> {
        let state = self.state();
        state.expired.iter().map(|(id, waiting)| (*id, waiting.shown())).collect()
    }

    /// Whether nobody called the case of this number in time.
    pub fn is_expired(&self, id: u64) -> bool {
        self.state().expired.contains_key(&id)
    }

    /// Takes one that nobody called in time, to be armed again: its run, and its name in it.
    pub fn take_expired(&self, id: u64) -> Option<(String, String)> {
        let mut state = self.state();
        let waiting = state.expired.remove(&id)?;
        waiting.run.map(|run| (run, waiting.what.case))
    }

    /// Gives a case more time from now on; the answer is what is left, nothing where nobody of this number waits.
    pub fn extend(&self, id: u64, seconds: u64) -> Option<u64> {
        let mut state = self.state();
        let waiting = state.waiting.get_mut(&id)?;
        let most = Clock::instant() + Duration::from_secs(SECONDS_MAX);
        waiting.until = (waiting.until + Duration::from_secs(seconds.min(SECONDS_MAX))).min(most);
        Some(waiting.left().as_secs())
    }

    /// Gives a case up; whether it was there.
    pub fn give_up(&self, id: u64) -> bool {
        let mut state = self.state();
        state.expired.remove(&id).is_some()
            || state.waiting.get_mut(&id).map(|waiting| waiting.is_given_up = true).is_some()
    }
}

impl Waiting {
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Clock::instant())
    }

    fn is_enough(&self) -> bool {
        self.seen >= self.what.wanted.count as usize
    }

    fn state(&self) -> &'static str {
        match (self.seen, self.is_looked) {
            _ if self.left().is_zero() && !self.is_enough() => "EXPIRED",
            (0, false) => "ARMED",
            (0, true) => "WAITING",
            _ => "SEEN",
        }
    }

    fn shown(&self) -> Value {
        let AwaitFile { sender, logical_address, patient, count, fault, behaviour, .. } = &self.what.wanted;
        json!({
            "suite": self.what.suite,
            "case": self.what.case,
            "state": self.state(),
            "run": self.run,
            "armed": self.armed,
            "remaining_seconds": self.left().as_secs(),
            "seen": self.seen,
            "of": count,
            "near_misses": self.near,
            "call": {
                "sender": sender,
                "contract": self.what.contract,
                "logical_address": logical_address,
                "patient": patient,
                "message": self.what.message,
            },
            "ask": self.what.wanted.is_renewal().then_some(RENEW),
            "producer": fault.as_ref().or(behaviour.as_ref()),
        })
    }
}

/// One that waits, for as long as this lives.
#[derive(Debug)]
pub struct Armed {
    waits: Waits,
    id: u64,
}

impl Armed {
    /// Time that is left; none once it was given up.
    pub fn left(&self) -> Option<Duration> {
        let state = self.waits.state();
        state.waiting.get(&self.id).filter(|waiting| !waiting.is_given_up).map(Waiting::left)
    }

    /// Takes a call, if it is this one's; else what it almost was, where that is worth telling.
    pub fn take(&self, call: &Call) -> Taken {
        let mut state = self.waits.state();
        let fits = |waiting: &Waiting| differs(call, &waiting.what.wanted, &waiting.what.contract);
        let is_others = state.counted.contains(&call.id) || {
            let mut older = state.waiting.range(..self.id);
            older.any(|(_, waiting)| !waiting.is_given_up && fits(waiting).is_none())
        };
        if is_others {
            return Taken::Others;
        }
        let Some(waiting) = state.waiting.get_mut(&self.id) else { return Taken::Others };
        if let Some(why) = fits(waiting) {
            if waiting.near.len() < NEAR_MAX {
                waiting.near.push(format!("call {}: {why}", call.id));
            }
            return Taken::Near;
        }
        waiting.seen += 1;
        state.counted.insert(call.id);
        while state.counted.len() > COUNTED_MAX {
            state.counted.pop_first();
        }
        Taken::Own
    }

    /// The record has been looked at: from now on it waits.
    pub fn looked(&self) {
        if let Some(waiting) = self.waits.state().waiting.get_mut(&self.id) {
            waiting.is_looked = true;
        }
    }

    /// The calls that almost fitted, and why they did not.
    pub fn near(&self) -> Vec<String> {
        let state = self.waits.state();
        state.waiting.get(&self.id).map(|waiting| waiting.near.clone()).unwrap_or_default()
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        let mut state = self.waits.state();
        let Some(waiting) = state.waiting.remove(&self.id) else { return };
        let is_expired = waiting.left().is_zero() && !waiting.is_enough() && !waiting.is_given_up;
        if is_expired && waiting.run.is_some() {
            state.expired.insert(self.id, waiting);
            while state.expired.len() > EXPIRED_MAX {
                state.expired.pop_first();
            }
        }
    }
}

/// Whose a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is counted.
    Own,
    /// It is not what is waited for.
    Near,
    /// It belongs to another that waits.
    Others,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(case: &str, sender: &str) -> What {
        let wanted = AwaitFile { sender: sender.to_owned(), count: 1, seconds: 900, ..AwaitFile::default() };
        What { case: case.to_owned(), wanted, contract: "urn:c".to_owned(), ..What::default() }
    }

    fn call(id: u64, sender: &str) -> Call {
        Call { id, sender: Some(sender.to_owned()), contract: Some("urn:c".to_owned()), ..Call::default() }
    }

    #[test]
    fn a_call_is_counted_once_for_the_oldest_that_waits() {
        let waits = Waits::default();
        let now = Timestamp::UNIX_EPOCH;
        let (first, second) = (waits.arm(what("W1", "A"), now), waits.arm(what("W2", "A"), now));
        assert_eq!((second.take(&call(1, "A")), first.take(&call(1, "A"))), (Taken::Others, Taken::Own));
        drop(first);
        // Counted for the one that has ended meanwhile.
        assert_eq!(second.take(&call(1, "A")), Taken::Others);
        assert_eq!((second.take(&call(2, "B")), second.take(&call(3, "A"))), (Taken::Near, Taken::Own));
        assert_eq!(second.near(), ["call 2: sender is B, expected A"]);
    }

    #[test]
    fn one_that_waits_is_given_more_time_or_given_up() {
        let waits = Waits::default();
        let armed = waits.arm(what("W1", "A"), Timestamp::UNIX_EPOCH);
        let (id, shown) = waits.shown().remove(0);
        assert_eq!((&shown["state"], &shown["call"]["sender"]), (&json!("ARMED"), &json!("A")));
        armed.looked();
        assert_eq!(waits.shown()[0].1["state"], "WAITING");
        assert!(waits.extend(id, 100).is_some_and(|left| (995..=1_000).contains(&left)));
        assert!(waits.give_up(id) && armed.left().is_none());
        drop(armed);
        assert_eq!((waits.extend(id, 1), waits.give_up(id)), (None, false));
        assert_eq!(waits.expired(), []);
    }

    #[test]
    fn one_that_nobody_called_in_time_can_be_armed_again_once() {
        let waits = Waits::default();
        let arm = |waits: &Waits| {
            let mut what = what("W1", "A");
            what.wanted.seconds = 0;
            waits.arm(what, Timestamp::UNIX_EPOCH)
        };
        // What belongs to no run that can be made again is over.
        drop(arm(&waits));
        assert_eq!(waits.expired(), []);
        drop(arm(&waits.of_run("run-1")));
        let (id, shown) = waits.expired().remove(0);
        assert_eq!((&shown["state"], &shown["run"]), (&json!("EXPIRED"), &json!("run-1")));
        assert_eq!((waits.shown().len(), waits.extend(id, 1)), (0, None));
        assert_eq!(waits.take_expired(id), Some(("run-1".to_owned(), "W1".to_owned())));
        assert_eq!(waits.take_expired(id), None);
        // One that was called is judged, however late it is.
        let called = arm(&waits.of_run("run-2"));
        assert_eq!(called.take(&call(1, "A")), Taken::Own);
        drop(called);
        assert_eq!(waits.expired(), []);
    }
}
