//! All systems as they serve, shared by the hub and the listener, and what they share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Semaphore;

use super::behaviour::delay::Delay;
use super::chaos::Plan;
use super::journal::keep::restore;
use super::load;
use super::record::onward::Onward;
use super::records::RecordSource;
use super::records::load::RecordHolder;
use super::settings::DISK_TURNS_MAX;
use super::source::SharedSource;
use super::space::Spaces;
use super::system::System;
use crate::config::environment::Environment;
use crate::config::producers::ProducerSettings;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::soap::responder::SharedResponder;
use crate::store::log::LogError;

/// All mocked producers of an environment, by name.
#[derive(Debug)]
pub struct Producers {
    pub(super) environment: Environment,
    pub(super) systems: ArcSwap<BTreeMap<String, Arc<System>>>,
    pub(super) problems: ArcSwap<Vec<Problem>>,
    pub(super) shared: Arc<Shared>,
    /// What makes two readings of the records the same; 0 before the first.
    pub(super) records_digest: AtomicU64,
}

/// What all systems share.
#[derive(Debug)]
pub struct Shared {
    /// What was wired up from outside.
    pub wiring: ArcSwap<Wiring>,
    /// What is remembered, by workspace.
    pub spaces: ArcSwap<Spaces>,
    /// The plans that run.
    pub chaos: ArcSwapOption<RunningPlans>,
    /// Added to every stub's delay (`POST /__admin/settings`).
    pub delay: ArcSwap<Delay>,
    /// The recording that runs, or ran.
    pub recording: Mutex<super::record::Recording>,
    /// The folder of the systems' folders; `None` where the environment is built in.
    pub folder: Option<PathBuf>,
    /// Who may wait for the disk.
    pub(super) disk_turns: Arc<Semaphore>,
}

/// Plans with their beginning. The first that decides something wins.
#[derive(Debug)]
pub struct RunningPlans {
    /// The plans.
    pub plans: Vec<Plan>,
    /// When they were started.
    pub since: Instant,
    /// Whether they are those of the environment's `chaos/`.
    pub are_files: bool,
}

impl RunningPlans {
    /// For each plan the command that shows what it decided, again (`producers.md` §8).
    pub fn repeats(&self) -> Vec<String> {
        self.plans.iter().map(Plan::repeat).collect()
    }
}

/// What is handed in from outside.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// What time it is.
    pub clock: Clock,
    /// Who is asked when no stub fits.
    pub sources: Vec<SharedSource>,
    /// The records that calls change.
    pub records: Option<Arc<RecordSource>>,
    /// Who knows the contracts.
    pub contracts: Option<Arc<Library>>,
    /// How requests are sent on over TLS.
    pub onward: Option<Arc<Onward>>,
    /// The settings that concern producers.
    pub settings: ProducerSettings,
}

impl Default for Shared {
    fn default() -> Self {
        let wiring = Wiring::default();
        Self {
            spaces: ArcSwap::from_pointee(Spaces::new(wiring.settings.journal_bytes_max)),
            wiring: ArcSwap::from_pointee(wiring),
            chaos: ArcSwapOption::empty(),
            delay: ArcSwap::from_pointee(Delay::None),
            recording: Mutex::default(),
            folder: None,
            disk_turns: Arc::new(Semaphore::new(DISK_TURNS_MAX)),
        }
    }
}

impl Default for Producers {
    fn default() -> Self {
        Self {
            environment: Environment::Demo,
            systems: ArcSwap::default(),
            problems: ArcSwap::default(),
            shared: Arc::default(),
            records_digest: AtomicU64::new(0),
        }
    }
}

impl Producers {
    /// Reads `producers/` of an environment. What cannot be used is left out and named, everything in one go.
    pub fn load(environment: &Environment) -> (Self, Vec<Problem>) {
        load::load(environment)
    }

    fn rewired(self, change: impl FnOnce(&mut Wiring)) -> Self {
        let mut wiring = Wiring::clone(&self.shared.wiring.load());
        change(&mut wiring);
        self.shared.wiring.store(Arc::new(wiring));
        self
    }

    /// The same systems by another clock.
    pub fn with_clock(self, clock: &Clock) -> Self {
        self.rewired(|wiring| wiring.clock = clock.clone())
    }

    /// The same systems with sources for what no mapping answers.
    pub fn with_sources(self, sources: &[SharedSource]) -> Self {
        self.rewired(|wiring| wiring.sources = sources.to_vec())
    }

    /// The same systems with records that calls change.
    pub fn with_records(self, records: &Arc<RecordSource>) -> Self {
        self.rewired(|wiring| wiring.records = Some(Arc::clone(records)))
    }

    /// The same systems with somebody who knows the contracts.
    pub fn with_contracts(self, contracts: &Arc<Library>) -> Self {
        self.rewired(|wiring| wiring.contracts = Some(Arc::clone(contracts)))
    }

    /// The same systems with a way to send requests on over TLS.
    pub fn with_onward(self, onward: Onward) -> Self {
        self.rewired(|wiring| wiring.onward = Some(Arc::new(onward)))
    }

    /// The same systems with these settings; what was remembered is forgotten.
    pub fn with_settings(self, settings: ProducerSettings) -> Self {
        let known = self.shared.spaces.load().shared();
        let spaces = Spaces::new(settings.journal_bytes_max);
        self.shared.spaces.store(Arc::new(spaces));
        drop(known);
        for system in self.systems.load().values() {
            system.mount_files();
        }
        self.rewired(|wiring| wiring.settings = settings)
    }

    /// The same systems with journals that are read back from a data directory and go on there; what was remembered
    /// otherwise is forgotten.
    pub fn with_kept_journals(self, data: &Path) -> Result<Self, LogError> {
        let bytes_max = self.shared.wiring.load().settings.journal_bytes_max;
        self.shared.spaces.store(Arc::new(restore::open(data, bytes_max)?));
        self.systems.load().values().for_each(|system| system.mount_files());
        Ok(self)
    }

    /// Has the journals on disk where they are kept there. Waits for the disk.
    pub fn close_journals(&self) {
        self.shared.spaces.load_full().close();
    }

    /// What the hub calls for the catalogue address `producer:<system>`.
    pub fn responder(&self, system: &str) -> Option<SharedResponder> {
        let system = self.system(system)?;
        Some(system)
    }

    /// One system.
    pub fn system(&self, name: &str) -> Option<Arc<System>> {
        self.systems.load().get(name).cloned()
    }

    /// All systems, by name.
    pub fn systems(&self) -> Vec<Arc<System>> {
        self.systems.load().values().cloned().collect()
    }

    /// Whose records are whose.
    pub fn record_holders(&self) -> BTreeMap<String, RecordHolder> {
        let holder = |system: &Arc<System>| {
            let files = system.files();
            let (producer, file) = (&files.producer, self.environment.path("producers").join(system.name()));
            let hsa_id = producer.hsa_id.clone();
            let holder = RecordHolder { hsa_id, settings: producer.records.clone(), file: file.join("producer.toml") };
            (system.name().to_owned(), holder)
        };
        self.systems.load().values().map(holder).collect()
    }

    /// What all systems share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What is wrong with the files as they are now.
    pub fn problems(&self) -> Arc<Vec<Problem>> {
        self.problems.load_full()
    }
}
