//! The systems as they serve: shared by the hub and the listener, their files swapped whole when they change.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use tokio::sync::Semaphore;

use super::behaviour::Forwarding;
use super::behaviour::delay::{Delay, Numbers};
use super::behaviour::fault::WireFault;
use super::behaviour::script::Script;
use super::chaos::Plan;
use super::journal::Entry;
use super::load;
use super::record::Keeper;
use super::record::onward::Onward;
use super::records::RecordSource;
use super::records::load::RecordHolder;
use super::secure::fault::TlsFault;
use super::source::SharedSource;
use super::space::{Space, Spaces};
use super::spec::mapping::{InactiveStub, Stub};
use super::spec::producer::Producer;
use super::spec::response::{Bodies, XML_TYPE};
use crate::config::environment::Environment;
use crate::config::producers::ProducerSettings;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::soap::fault::{Side, document};
use crate::soap::responder::SharedResponder;

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
            let (producer, file) = (&files.producer, self.environment.path("producers").join(&*system.name));
            let hsa_id = producer.hsa_id.clone();
            let holder = RecordHolder { hsa_id, settings: producer.records.clone(), file: file.join("producer.toml") };
            (system.name.to_string(), holder)
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

/// One mocked producer.
#[derive(Debug)]
pub struct System {
    name: Arc<str>,
    pub(super) shared: Arc<Shared>,
    pub(super) files: ArcSwap<Loaded>,
    pub(super) gates: ArcSwap<Gates>,
    /// What the next handshake of its own listener shows, where a call has asked for it.
    next_handshake: Mutex<Option<TlsFault>>,
    /// What was kept of what another system answered.
    pub(super) keeper: Keeper,
}

/// What the files of a system say.
#[derive(Debug, Default)]
pub struct Loaded {
    /// `producer.toml`.
    pub producer: Producer,
    /// The stubs, in the order in which they were read.
    pub stubs: Vec<Arc<Stub>>,
    /// Those that do not serve.
    pub inactive: Vec<InactiveStub>,
    /// `__files`.
    pub bodies: Bodies,
    /// What makes two readings the same.
    pub digest: u64,
}

/// How many calls there may be.
#[derive(Debug)]
pub struct Gates {
    /// Requests being read.
    pub(super) reading: Arc<Semaphore>,
    /// Calls waiting out their delay.
    pub(super) delayed: Arc<Semaphore>,
}

/// What a call gets, decided and filled in; only the wait is left.
#[derive(Debug)]
pub struct Decision {
    /// How long to wait first.
    pub delay: Duration,
    /// Then this.
    pub reply: Reply,
    /// The row of the journal, to be ended.
    pub entry: Option<Entry>,
}

/// What follows the wait.
#[derive(Debug)]
pub enum Reply {
    /// An HTTP answer.
    Answer(Response<Bytes>),
    /// An HTTP answer in so many pieces over so long.
    Dribble(Response<Bytes>, usize, Duration),
    /// A failing connection, and the draws for its garbage.
    Fault(WireFault, Numbers),
    /// Something written to the connection that no HTTP library would write.
    Script(Script),
    /// Another system's answer.
    Forward(Box<(Forwarding, Request<Bytes>)>),
}

impl System {
    pub(super) fn new(name: &str, loaded: Loaded, shared: Arc<Shared>) -> Self {
        let gates = ArcSwap::from_pointee(Gates::of(&loaded.producer));
        let system = Self {
            name: name.into(),
            shared,
            files: ArcSwap::from_pointee(loaded),
            gates,
            next_handshake: Mutex::default(),
            keeper: Keeper::default(),
        };
        system.mount_files();
        system
    }

    /// Puts other files in the place of those that are served. Calls in flight keep what they were decided by; what was
    /// added and remembered stays.
    pub(super) fn replace(&self, loaded: Loaded) {
        if self.files.load().producer.limits != loaded.producer.limits {
            self.gates.store(Arc::new(Gates::of(&loaded.producer)));
        }
        self.files.store(Arc::new(loaded));
        self.mount_files();
    }

    pub(super) fn mount_files(&self) {
        let shared = self.shared.spaces.load().shared();
        shared.system(&self.name).set_files(&self.files.load().stubs);
    }

    /// Whether the index has yet to be told of what calls changed.
    pub(super) fn has_news(&self) -> bool {
        self.shared.wiring.load().records.as_ref().is_some_and(|records| records.has_news())
    }

    /// Ready when the index knows of what calls changed so far.
    pub(super) async fn settle(&self) {
        let records = self.shared.wiring.load().records.clone();
        if let Some(records) = records.filter(|records| records.has_news()) {
            records.settle().await;
        }
    }

    /// Begins scenarios, counters and what the system keeps account of anew, in one workspace.
    pub fn reset(&self, space: &Space) {
        let own = space.system(&self.name);
        own.reset_state();
        let files = self.files();
        let records = self.shared.wiring.load().records.clone();
        if let (Some(records), true, true) = (records, space.key().is_empty(), files.producer.state.is_some()) {
            records.reset(None, &self.name, files.producer.hsa_id.as_deref().unwrap_or(&self.name));
        }
    }

    /// Has the next handshake of the system's own listener fail so, once.
    pub(super) fn shake_next(&self, fault: TlsFault) {
        *self.next_handshake.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// What this handshake is to show because a call asked for it.
    pub(super) fn take_next_handshake(&self) -> Option<TlsFault> {
        self.next_handshake.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Its name: the folder's.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// What its files say.
    pub fn files(&self) -> Arc<Loaded> {
        self.files.load_full()
    }

    /// The stubs that serve in the default workspace, in the order in which they are tried.
    pub fn stubs(&self) -> Vec<Arc<Stub>> {
        self.shared.spaces.load().shared().system(&self.name).stubs().iter().cloned().collect()
    }

    /// The stubs that do not serve, and why.
    pub fn inactive(&self) -> Vec<InactiveStub> {
        let mut all = self.files.load().inactive.clone();
        all.extend(self.shared.spaces.load().shared().system(&self.name).inactive());
        all
    }

    /// The answer to a body larger than the system takes.
    pub(super) fn too_large(&self) -> Reply {
        let (name, most) = (&self.name, self.files.load().producer.limits.body_bytes_max);
        let text = format!("anslut: {name} takes bodies of at most {most} bytes (limits.body_bytes_max)\n");
        plain(StatusCode::PAYLOAD_TOO_LARGE, text)
    }

    /// The index of the system's stubs as text: a line for the system, then one per stub.
    pub fn index(&self) -> String {
        let files = self.files.load();
        let mut out = format!("{}: {}", self.name, files.producer.name.as_deref().unwrap_or("a mocked producer"));
        // Writing to a string cannot fail.
        let _ = match files.producer.logical_addresses.as_slice() {
            [] => writeln!(out, ", any logical address"),
            addresses => writeln!(out, ", logical address {}", addresses.join(", ")),
        };
        for stub in self.stubs() {
            let _ = writeln!(out, "{}  {}  {}:{}", stub.priority, stub.name, stub.file.display(), stub.line);
        }
        for stub in self.inactive() {
            let (file, line) = (stub.file.display(), stub.line);
            let _ = writeln!(out, "-  {}  {file}:{line}  inactive: {}", stub.name, stub.why);
        }
        out
    }
}

impl Gates {
    fn of(producer: &Producer) -> Self {
        Self {
            reading: Arc::new(Semaphore::new(producer.limits.concurrency_max)),
            delayed: Arc::new(Semaphore::new(producer.limits.delayed_max)),
        }
    }
}

/// What stands in the detail of our own faults: what is known, and an id to ask for; the journal has the fault with it.
pub(super) fn with_log_id(detail: &str) -> String {
    let id = uuid::Uuid::new_v4();
    if detail.is_empty() { format!("logId: {id}") } else { format!("{detail}\nlogId: {id}") }
}

/// A SOAP fault, with the status the basic profile asks for.
pub(super) fn fault(side: Side, text: &str, detail: &str) -> Reply {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, XML_TYPE)]);
    Reply::Answer(response(
        StatusCode::INTERNAL_SERVER_ERROR,
        headers,
        Bytes::from(document(side, text, &with_log_id(detail))),
    ))
}

/// A plain-text answer.
pub(super) fn plain(status: StatusCode, text: String) -> Reply {
    let content_type = http::HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]);
    Reply::Answer(response(status, headers, Bytes::from(text)))
}

pub(super) fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
