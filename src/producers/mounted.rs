//! The systems as they serve: immutable, shared by the hub and the listener.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use tokio::sync::Semaphore;

use super::asked::Asked;
use super::behaviour::delay::Numbers;
use super::behaviour::fault::WireFault;
use super::behaviour::{Body, Outcome};
use super::source::{Question, SharedSource, Wanted};
use super::spec::mapping::{InactiveStub, Stub};
use super::spec::producer::{Miss, Producer};
use super::spec::response::XML_TYPE;
use super::{load, miss};
use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::soap::fault::{Side, document};
use crate::soap::responder::SharedResponder;

/// All mocked producers of an environment, by name.
#[derive(Debug, Default)]
pub struct Producers {
    systems: BTreeMap<String, Arc<System>>,
}

impl Producers {
    /// Reads `producers/` of an environment. What cannot be used is left out and named, everything in one go.
    pub fn load(environment: &Environment) -> (Self, Vec<Problem>) {
        load::load(environment)
    }

    pub(super) fn new(systems: BTreeMap<String, Arc<System>>) -> Self {
        Self { systems }
    }

    /// The same systems by another clock, before anybody shares them.
    pub fn with_clock(mut self, clock: &Clock) -> Self {
        for system in self.systems.values_mut() {
            if let Some(system) = Arc::get_mut(system) {
                system.clock = clock.clone();
            }
        }
        self
    }

    /// The same systems with sources for what no mapping answers, before anybody shares them.
    pub fn with_sources(mut self, sources: &[SharedSource]) -> Self {
        for system in self.systems.values_mut() {
            if let Some(system) = Arc::get_mut(system) {
                system.sources = sources.to_vec();
            }
        }
        self
    }

    /// What the hub calls for the catalogue address `producer:<system>`.
    pub fn responder(&self, system: &str) -> Option<SharedResponder> {
        let system = Arc::clone(self.systems.get(system)?);
        Some(system)
    }

    /// One system.
    pub fn system(&self, name: &str) -> Option<&Arc<System>> {
        self.systems.get(name)
    }

    /// All systems, by name.
    pub fn systems(&self) -> impl Iterator<Item = &Arc<System>> {
        self.systems.values()
    }
}

/// One mocked producer.
#[derive(Debug)]
pub struct System {
    name: String,
    producer: Producer,
    /// In the order in which they are tried.
    stubs: Vec<Stub>,
    inactive: Vec<InactiveStub>,
    clock: Clock,
    /// Who is asked when no stub fits.
    sources: Vec<SharedSource>,
    /// Calls so far: the seed of each call's draws.
    calls: AtomicU64,
    pub(super) reading: Arc<Semaphore>,
    pub(super) delayed: Semaphore,
}

/// What a call gets, decided and filled in; only the wait is left.
#[derive(Debug)]
pub struct Decision {
    /// How long to wait first.
    pub delay: Duration,
    /// Then this.
    pub reply: Reply,
}

/// What follows the wait.
#[derive(Debug)]
pub enum Reply {
    /// An HTTP answer.
    Answer(Response<Bytes>),
    /// A failing connection, and the draws for its garbage.
    Fault(WireFault, Numbers),
}

impl System {
    pub(super) fn new(
        name: &str,
        producer: Producer,
        stubs: Vec<Stub>,
        inactive: Vec<InactiveStub>,
        clock: Clock,
    ) -> Self {
        let reading = Arc::new(Semaphore::new(producer.limits.concurrency_max));
        let delayed = Semaphore::new(producer.limits.delayed_max);
        let name = name.to_owned();
        let sources = Vec::new();
        Self { name, producer, stubs, inactive, clock, sources, calls: AtomicU64::new(0), reading, delayed }
    }

    /// Its name: the folder's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its `producer.toml` says.
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// The stubs that serve, in the order in which they are tried.
    pub fn stubs(&self) -> &[Stub] {
        &self.stubs
    }

    /// The stubs that do not serve, and why.
    pub fn inactive(&self) -> &[InactiveStub] {
        &self.inactive
    }

    /// Decides what a request gets. Everything but the wait happens here, and nothing here waits.
    pub fn decide(&self, request: &Request<Bytes>) -> Decision {
        if request.body().len() > self.producer.limits.body_bytes_max {
            return Decision { delay: Duration::ZERO, reply: self.too_large() };
        }
        let asked = Asked::read(&self.name, request);
        let mut numbers = Numbers::of(&self.name, self.calls.fetch_add(1, Ordering::Relaxed));
        let delay = self.producer.delay.draw(&mut numbers);
        if let Some((text, detail)) = miss::not_ours(self, &asked) {
            return Decision { delay, reply: self.refusal(&text, &detail) };
        }
        match self.stubs.iter().find(|stub| stub.conditions.iter().all(|condition| condition.holds(&asked))) {
            Some(stub) => {
                let delay = delay + stub.behaviour.delay.draw(&mut numbers);
                Decision { delay, reply: self.reply(stub, &asked, numbers) }
            }
            None if let Some(answer) = self.ask_sources(&asked) => Decision { delay, reply: Reply::Answer(answer) },
            None => {
                let (text, detail) = miss::nothing_fits(self, &asked);
                Decision { delay, reply: self.refusal(&text, &detail) }
            }
        }
    }

    /// The first answer of a source, in the order of `answers`.
    fn ask_sources(&self, asked: &Asked<'_>) -> Option<Response<Bytes>> {
        let question = Question { system: &self.name, producer: &self.producer, asked, wanted: &Wanted::Usual };
        let named = |name: &String| self.sources.iter().find(|source| source.name() == name);
        self.producer.answers.iter().filter_map(named).find_map(|source| source.answer(&question))
    }

    /// The answer to a body larger than the system takes.
    pub(super) fn too_large(&self) -> Reply {
        let (name, most) = (&self.name, self.producer.limits.body_bytes_max);
        let text = format!("anslut: {name} takes bodies of at most {most} bytes (limits.body_bytes_max)\n");
        plain(StatusCode::PAYLOAD_TOO_LARGE, text)
    }

    fn reply(&self, stub: &Stub, asked: &Asked<'_>, numbers: Numbers) -> Reply {
        match &stub.behaviour.outcome {
            Outcome::Fault(fault) => Reply::Fault(*fault, numbers),
            Outcome::Answer { status, headers, body } => {
                let body = match body {
                    Body::Fixed(bytes) => bytes.clone(),
                    Body::Template(template) => match template.fill(asked, self.clock.now()) {
                        Ok(text) => Bytes::from(text),
                        // Never an empty 200 (`producers.md` §2.4).
                        Err(reason) => {
                            let text = format!("anslut: template {}:{}: {reason}", stub.file.display(), stub.line);
                            return fault(Side::Server, &text, "");
                        }
                    },
                };
                Reply::Answer(response(*status, headers.clone(), body))
            }
        }
    }

    fn refusal(&self, text: &str, detail: &str) -> Reply {
        match self.producer.miss {
            Miss::NotFound => plain(StatusCode::NOT_FOUND, format!("{text}\n")),
            Miss::SoapFault => fault(Side::Client, text, detail),
        }
    }

    /// The index of the system's stubs as text: a line for the system, then one per stub.
    pub fn index(&self) -> String {
        let mut out = format!("{}: {}", self.name, self.producer.name.as_deref().unwrap_or("a mocked producer"));
        // Writing to a string cannot fail.
        let _ = match self.producer.logical_addresses.as_slice() {
            [] => writeln!(out, ", any logical address"),
            addresses => writeln!(out, ", logical address {}", addresses.join(", ")),
        };
        for stub in &self.stubs {
            let _ = writeln!(out, "{}  {}  {}:{}", stub.priority, stub.name, stub.file.display(), stub.line);
        }
        for stub in &self.inactive {
            let (file, line) = (stub.file.display(), stub.line);
            let _ = writeln!(out, "-  {}  {file}:{line}  inactive: {}", stub.name, stub.why);
        }
        out
    }
}

/// A SOAP fault, with the status the basic profile asks for.
fn fault(side: Side, text: &str, detail: &str) -> Reply {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, XML_TYPE)]);
    Reply::Answer(response(StatusCode::INTERNAL_SERVER_ERROR, headers, Bytes::from(document(side, text, detail))))
}

/// A plain-text answer.
pub(super) fn plain(status: StatusCode, text: String) -> Reply {
    let content_type = http::HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]);
    Reply::Answer(response(status, headers, Bytes::from(text)))
}

fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
