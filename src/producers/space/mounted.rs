//! What a workspace remembers of one system.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::producers::asked::Asked;
use crate::producers::matcher::index::StubSet;
use crate::producers::records::books::Books;
use crate::producers::settings::{REMEMBERED_MAX, STUBS_MAX};
use crate::producers::spec::mapping::{InactiveStub, Scenario, Stub};

/// The state every scenario begins in.
pub const STARTED: &str = "Started";
/// The turn of the first stub that is added through the API: behind every stub of a file.
const FIRST_ADDED: u64 = 1 << 32;

/// Stubs, scenarios and counters of one system in one workspace.
#[derive(Debug, Default)]
pub struct Mounted {
    stubs: RwLock<StubSet>,
    added: AtomicU64,
    inactive: Mutex<Vec<InactiveStub>>,
    scenarios: Mutex<BTreeMap<String, String>>,
    counters: Mutex<Counters>,
    calls: AtomicU64,
    parsed: AtomicU64,
    /// The records of a workspace that has changed some.
    records: Mutex<Option<Arc<Books>>>,
}

#[derive(Debug, Default)]
struct Counters {
    rules: HashMap<usize, u64>,
    chaos: HashMap<String, u64>,
    seen: HashSet<String>,
}

impl Mounted {
    /// The stubs, to be read.
    pub fn stubs(&self) -> RwLockReadGuard<'_, StubSet> {
        self.stubs.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the stubs of the files in the place of those that were there before; what was added stays.
    pub fn set_files(&self, files: &[Arc<Stub>]) {
        let mut fresh = StubSet::default();
        for (turn, stub) in files.iter().enumerate() {
            fresh.insert(Arc::clone(stub), turn as u64);
        }
        let mut stubs = self.stubs.write().unwrap_or_else(PoisonError::into_inner);
        // From the first added to the last, so that each keeps its turn.
        let mut added: Vec<_> = stubs.added().collect();
        added.sort_by_key(|(turn, _)| *turn);
        for (turn, stub) in added {
            fresh.insert(stub, turn);
        }
        *stubs = fresh;
    }

    /// Adds a stub, or replaces the one of its id; `Err` where there are too many.
    pub fn add(&self, stub: Arc<Stub>) -> Result<(), String> {
        let turn = FIRST_ADDED + self.added.fetch_add(1, Ordering::Relaxed);
        self.inactive.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| one.id != stub.id);
        let mut stubs = self.stubs.write().unwrap_or_else(PoisonError::into_inner);
        if stubs.len() >= STUBS_MAX && stubs.by_id(&stub.id).is_none() {
            return Err(format!("there are {STUBS_MAX} stubs already"));
        }
        stubs.insert(stub, turn);
        Ok(())
    }

    /// Adds one that does not serve, so that it can be asked why.
    pub fn add_inactive(&self, stub: InactiveStub) {
        let mut inactive = self.inactive.lock().unwrap_or_else(PoisonError::into_inner);
        inactive.retain(|one| one.id != stub.id);
        if inactive.len() < STUBS_MAX {
            inactive.push(stub);
        }
    }

    /// Those that were added and do not serve.
    pub fn inactive(&self) -> Vec<InactiveStub> {
        self.inactive.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a stub out; whether it was there.
    pub fn remove(&self, id: &str) -> bool {
        let mut inactive = self.inactive.lock().unwrap_or_else(PoisonError::into_inner);
        let before = inactive.len();
        inactive.retain(|one| one.id != id);
        let was_inactive = inactive.len() < before;
        self.stubs.write().unwrap_or_else(PoisonError::into_inner).remove(id).is_some() || was_inactive
    }

    /// Takes all stubs out.
    pub fn clear(&self) {
        self.inactive.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.stubs.write().unwrap_or_else(PoisonError::into_inner) = StubSet::default();
    }

    /// The first stub that fits and whose scenario is in the state it asks for; the scenario is not moved.
    pub fn first(&self, asked: &Asked<'_>, states: &Self, allows: &dyn Fn(&Stub) -> bool) -> Option<Arc<Stub>> {
        self.stubs().first(asked, |stub| allows(stub) && states.is_in_state(stub)).cloned()
    }

    fn is_in_state(&self, stub: &Stub) -> bool {
        let Some(Scenario { name, required: Some(required), .. }) = &stub.scenario else { return true };
        self.state(name) == *required
    }

    /// The state of a scenario.
    pub fn state(&self, scenario: &str) -> String {
        let scenarios = self.scenarios.lock().unwrap_or_else(PoisonError::into_inner);
        scenarios.get(scenario).cloned().unwrap_or_else(|| STARTED.to_owned())
    }

    /// Moves a stub's scenario on; `false` where another call was faster and the stub no longer serves.
    pub fn advance(&self, stub: &Stub) -> bool {
        let Some(scenario) = &stub.scenario else { return true };
        let mut scenarios = self.scenarios.lock().unwrap_or_else(PoisonError::into_inner);
        let state = scenarios.get(&scenario.name).map_or(STARTED, String::as_str);
        if scenario.required.as_deref().is_some_and(|required| required != state) {
            return false;
        }
        if let Some(new) = &scenario.new {
            scenarios.insert(scenario.name.clone(), new.clone());
        }
        true
    }

    /// Sets a scenario's state.
    pub fn set_state(&self, scenario: &str, state: &str) {
        let mut scenarios = self.scenarios.lock().unwrap_or_else(PoisonError::into_inner);
        scenarios.insert(scenario.to_owned(), state.to_owned());
    }

    /// All states that are not the first.
    pub fn states(&self) -> BTreeMap<String, String> {
        self.scenarios.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The workspace's own records, if it has changed some.
    pub fn records(&self) -> Option<Arc<Books>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes them; they begin as everybody's.
    pub fn change_records<T>(
        &self,
        everybodys: impl FnOnce() -> Arc<Books>,
        change: impl FnOnce(&mut Books) -> T,
    ) -> T {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(records.get_or_insert_with(everybodys)))
    }

    /// They are everybody's again.
    pub fn forget_records(&self) {
        *self.records.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Begins every scenario and counter anew.
    pub fn reset_state(&self) {
        self.forget_records();
        self.scenarios.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner) = Counters::default();
    }

    /// The running number of a match of a rule, from 1.
    pub fn count_rule(&self, rule: usize) -> u64 {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counters.rules.entry(rule).or_default();
        *count += 1;
        *count
    }

    /// The running number of a call of a contract, from 0.
    pub fn count_chaos(&self, contract: &str) -> u64 {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.chaos.len() >= REMEMBERED_MAX && !counters.chaos.contains_key(contract) {
            counters.chaos.clear();
        }
        let count = counters.chaos.entry(contract.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    /// Whether a correlation id comes for the first time.
    pub fn is_first(&self, correlation_id: &str) -> bool {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.seen.len() >= REMEMBERED_MAX {
            counters.seen.clear();
        }
        counters.seen.insert(correlation_id.to_owned())
    }

    /// Adds to how many bodies were read as trees.
    pub fn count_parsed(&self, parsed: u64) {
        self.parsed.fetch_add(parsed, Ordering::Relaxed);
    }

    /// How many calls there were, and how many bodies were read as trees for them.
    pub fn effort(&self) -> (u64, u64) {
        (self.calls.load(Ordering::Relaxed), self.parsed.load(Ordering::Relaxed))
    }

    /// The running number of a call, from 0: the seed of its draws.
    pub fn count_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }
}
