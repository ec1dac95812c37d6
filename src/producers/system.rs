//! One system as it serves: its files, swapped whole when they change, and how many calls there may be.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use http::StatusCode;
use tokio::sync::Semaphore;

use super::mounted::Shared;
use super::own::Shown;
use super::record::Keeper;
use super::reply::{Reply, plain};
use super::secure::fault::TlsFault;
use super::space::Space;
use super::spec::mapping::{InactiveStub, Stub};
use super::spec::producer::Producer;
use super::spec::response::Bodies;

/// One mocked producer.
#[derive(Debug)]
pub struct System {
    name: Arc<str>,
    /// Itself, for what is done on other threads.
    pub(super) me: Weak<Self>,
    pub(super) shared: Arc<Shared>,
    pub(super) files: ArcSwap<Loaded>,
    pub(super) gates: ArcSwap<Gates>,
    /// What the next handshake of its own listener shows, where a call has asked for it.
    next_handshake: Mutex<Option<TlsFault>>,
    /// The listeners of its own.
    own: ArcSwap<Vec<Shown>>,
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
    /// Whether some of these are on disk, so that it may have to be waited for.
    pub has_large_bodies: bool,
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

impl System {
    pub(super) fn new(name: &str, loaded: Loaded, shared: Arc<Shared>) -> Arc<Self> {
        let gates = ArcSwap::from_pointee(Gates::of(&loaded.producer));
        let system = Arc::new_cyclic(|me| Self {
            name: name.into(),
            me: Weak::clone(me),
            shared,
            files: ArcSwap::from_pointee(loaded),
            gates,
            next_handshake: Mutex::default(),
            own: ArcSwap::default(),
            keeper: Keeper::default(),
        });
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

    /// Where its own listeners are, for those who look.
    pub(super) fn show_own(&self, own: Vec<Shown>) {
        if **self.own.load() != own {
            self.own.store(Arc::new(own));
        }
    }

    /// The listeners of its own.
    pub fn own(&self) -> Arc<Vec<Shown>> {
        self.own.load_full()
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
        for own in self.own().iter() {
            let _ = writeln!(out, "{own}");
        }
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
