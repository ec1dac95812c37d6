//! Answers that nobody wrote: any contract of the registry answers with a message made from its schema
//! (`producers.md` §5, `contracts.md` §5).
//!
//! The same question gets the same bytes, for another patient others; what is made agrees with what was asked for: patient,
//! source system, care unit, period. Every answer has been validated before it is given ([`crate::contracts::sample`]).
//! Read `echo` for what a request asks, `write` for how a tree of names becomes an answer.

pub mod echo;
pub mod element;
mod forms;
pub mod period;
mod ping;
#[cfg(test)]
pub(super) mod tests;
pub mod write;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use jiff::Timestamp;

use self::echo::Echo;
use self::element::Element;
use super::asked::Asked;
use super::reply::with_log_id;
use super::source::{self, Source};
use super::spec::response::XML_TYPE;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::registry::Registry;
use crate::contracts::sample::{Envelope, Given, SampleError, Variant, Wanted, hashed, sample};
use crate::domain::clock::Clock;
use crate::soap::fault::{Side, document};

/// Where the contracts are had from: another registry after each reload.
#[derive(Clone)]
pub struct Contracts(Arc<dyn Fn() -> Arc<Registry> + Send + Sync>);

impl Contracts {
    /// Contracts as `current` gives them.
    pub fn new(current: impl Fn() -> Arc<Registry> + Send + Sync + 'static) -> Self {
        Self(Arc::new(current))
    }

    /// The contracts as they are now.
    pub fn current(&self) -> Arc<Registry> {
        (self.0)()
    }
}

impl Default for Contracts {
    /// None at all.
    fn default() -> Self {
        Self::new(Arc::default)
    }
}

impl fmt::Debug for Contracts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contracts")
    }
}

/// The source `schema`: what systems answer from the contracts alone.
#[derive(Debug)]
pub struct SchemaSource {
    contracts: Contracts,
    clock: Clock,
}

impl SchemaSource {
    /// A source for the contracts.
    pub fn new(contracts: Contracts, clock: Clock) -> Self {
        Self { contracts, clock }
    }
}

impl Source for SchemaSource {
    fn name(&self) -> &'static str {
        "schema"
    }

    fn answer(&self, asked: &source::Question<'_, '_>) -> Option<Response<Bytes>> {
        let question = Question::read(&self.contracts.current(), asked.asked)?;
        let settings = &asked.producer.schema;
        let made = match asked.wanted {
            source::Wanted::Usual => answer(asked.system, settings, &question, self.clock.now()),
            source::Wanted::Variant(name) => {
                let settings = SchemaSettings { variant: Variant::parse(name)?, ..settings.clone() };
                answer(asked.system, &settings, &question, self.clock.now())
            }
            source::Wanted::Empty => forms::empty(asked.system, settings, &question),
            source::Wanted::Error(code) => match forms::error(asked.system, settings, &question, code).transpose()? {
                Ok(answer) => Ok(answer),
                Err(error) => Err(error),
            },
        };
        Some(made.map_or_else(|error| cannot(asked.system, &question, &error), answered))
    }
}

/// The HTTP answer with an envelope.
pub(super) fn answered(envelope: String) -> Response<Bytes> {
    response(StatusCode::OK, envelope)
}

/// A contract that no message can be made for: never an answer that does not follow it.
fn cannot(system: &str, question: &Question<'_, '_>, error: &SampleError) -> Response<Bytes> {
    let contract = question.contract.short_name();
    let text = format!("anslut: {system} has no answer for {contract}, and none can be made from its schema");
    fault(Side::Server, &text, &error.to_string())
}

/// The HTTP answer with a SOAP fault.
pub(super) fn fault(side: Side, text: &str, detail: &str) -> Response<Bytes> {
    response(StatusCode::INTERNAL_SERVER_ERROR, document(side, text, &with_log_id(detail)))
}

fn response(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = HeaderMap::from_iter([(header::CONTENT_TYPE, XML_TYPE)]);
    response
}

/// Most records of one answer that is made.
pub const RECORDS_MAX: u32 = 1_000;

/// `[schema]` of a `producer.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaSettings {
    /// How much of a contract an answer uses.
    pub variant: Variant,
    /// What decides between values that are equally good.
    pub seed: u64,
    /// Records of each list.
    pub count: u32,
}

impl Default for SchemaSettings {
    fn default() -> Self {
        Self { variant: Variant::Typical, seed: 1, count: 3 }
    }
}

/// A request that belongs to a contract we have.
#[derive(Debug)]
pub struct Question<'a, 'r> {
    /// The contract.
    pub contract: Arc<Contract>,
    /// What stands in the body.
    pub body: Element,
    /// The request.
    pub asked: &'a Asked<'r>,
}

impl<'a, 'r> Question<'a, 'r> {
    /// The contract that a request's body belongs to; `None` for what is no request of a contract that can be used.
    pub fn read(registry: &Registry, asked: &'a Asked<'r>) -> Option<Self> {
        let namespace = asked.contract()?;
        let body = Element::of_body(asked.body())?;
        let (contract, direction) = registry.by_element(namespace, &body.name)?;
        let usable = direction == Direction::Request && contract.element(Direction::Response).is_some();
        usable.then(|| Self { contract: Arc::clone(contract), body, asked })
    }

    /// Whether it changes something at the producer, rather than asking for something.
    pub fn is_write(&self) -> bool {
        const QUESTIONS: [&str; 5] = ["Get", "List", "Find", "Is", "Ping"];
        !QUESTIONS.iter().any(|question| self.contract.operation.starts_with(question))
    }
}

/// The answer to a question by a system that has nothing written down for it.
pub fn answer(
    system: &str,
    settings: &SchemaSettings,
    question: &Question<'_, '_>,
    now: Timestamp,
) -> Result<String, SampleError> {
    if let Some(answer) = ping::answer(system, question, now) {
        return Ok(answer);
    }
    let echo = Echo::of(question);
    let given = echo.given(settings.count.min(RECORDS_MAX));
    if question.is_write() {
        return made(system, settings, question, Variant::Min, accepted(question, given, settings.seed));
    }
    made(system, settings, question, settings.variant, given)
}

/// A positive answer with nothing more than it must have.
fn accepted(question: &Question<'_, '_>, mut given: Given, seed: u64) -> Given {
    let new = |name: &str| {
        let number = hashed(seed, &format!("{name} {}", question.asked.text()));
        (name.to_owned(), format!("{:08x}-{:04x}", number >> 32, number & 0xffff))
    };
    given.values.extend([("result".to_owned(), String::new()), ("resultcode".to_owned(), "OK".to_owned())]);
    match question.contract.operation.as_str() {
        "MakeBooking" => given.values.push(new("bookingid")),
        "AddMessageToPatientPortalInbox" => {
            let thread = question.body.text_at("message/messageThreadId");
            let thread = thread.map(|id| ("messagethreadid".to_owned(), id.to_owned()));
            given.values.push(thread.unwrap_or_else(|| new("messagethreadid")));
        }
        _ => {}
    }
    given
}

/// A message of the contract that agrees with what is given.
pub(super) fn made(
    system: &str,
    settings: &SchemaSettings,
    question: &Question<'_, '_>,
    variant: Variant,
    given: Given,
) -> Result<String, SampleError> {
    let patient = question.asked.patient().map(str::to_owned);
    let namespace = &question.contract.namespace;
    let seed = hashed(settings.seed, &format!("{system}\n{namespace}\n{}", patient.as_deref().unwrap_or_default()));
    let wanted = Wanted { direction: Direction::Response, variant, seed, patient, envelope: Envelope::Own, given };
    Ok(sample(&question.contract, &wanted)?.swap_remove(0))
}
