//! What is known so far about one call; in the end, its call record.
//!
//! A stage writes down what it learnt and nothing else. Texts are kept as the consumer sent them; whoever shows a record
//! to people hides identity numbers first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;

use crate::contracts::validate::Report;
use crate::domain::clock::Clock;
use crate::domain::profile::Profile;
use crate::domain::vp_code::VpCode;
use crate::hub::log::Logged;
use crate::net::hang_up::{Left, Line};
use crate::soap::fan_out::FanOut;
use crate::soap::fault::{Fault, Side};
use crate::tls::handshake::Handshake;

/// One call, from the last byte of its request to the last decision about its answer.
#[derive(Clone, Debug, Default)]
pub struct CallRecord {
    /// Running number, unique in this process; larger is later.
    pub id: u64,
    /// Which of the process's platforms it was made to.
    pub platform: Arc<str>,
    /// Whether that is one of several.
    pub is_one_of_several: bool,
    /// When the request had arrived in full.
    pub started: Timestamp,
    /// Which listener took it.
    pub listener: Listener,
    /// `x-skltp-correlation-id`, given or made.
    pub correlation_id: String,
    /// Request method.
    pub method: String,
    /// Path and query as requested.
    pub target: String,
    /// The `Host` header.
    pub host: String,
    /// What a proxy said about how it was called: scheme, host, port.
    pub forwarded: [Option<String>; 3],
    /// Random number that marks the call in trace views; the next one marks its call to the producer.
    pub span: u64,
    /// Address of the TCP peer.
    pub peer: String,
    /// What `X-Forwarded-For` (or the header configured in its place) said, else the peer.
    pub source_ip: String,
    /// Who calls, once identified.
    pub sender: Option<String>,
    /// How the sender was identified.
    pub identified_by: Option<IdentifiedBy>,
    /// The TLS handshake of its connection, shared by all calls on it.
    pub handshake: Option<Arc<Handshake>>,
    /// When the consumer hung up while the call went on, if it did.
    pub departure: Option<Departure>,
    /// `x-rivta-original-serviceconsumer-hsaid` as received.
    pub original_consumer_in: Option<String>,
    /// The same as sent on.
    pub original_consumer: Option<String>,
    /// `x-rivta-acting-on-behalf-of-hsaid`.
    pub acting_on_behalf_of: Option<String>,
    /// Logical address of the message.
    pub receiver: Option<String>,
    /// Service contract namespace.
    pub contract: Option<String>,
    /// Local name of the body's first child.
    pub operation: Option<String>,
    /// Profile of the message.
    pub profile_in: Option<Profile>,
    /// The catalogue's spelling of the profile of the chosen route.
    pub profile_out: Option<Arc<str>>,
    /// Character set of the request where it is not UTF-8.
    pub charset: Option<String>,
    /// How the route was looked for, comma-joined (`vp.md` §9).
    pub route_trace: Option<String>,
    /// How the permission was looked for.
    pub permission_trace: Option<String>,
    /// Address of the producer as the catalogue has it.
    pub producer_address: Option<Arc<str>>,
    /// Host and port of the producer; the port is 0 for one in this process.
    pub destination: Option<(String, u16)>,
    /// Times the producer was called.
    pub attempts: u32,
    /// From sending to the producer until its answer had arrived.
    pub producer_time: Option<Duration>,
    /// From the request's arrival until the answer was ready.
    pub total: Duration,
    /// When each stage began and ended, counted from the request's first byte; `None` where the call did not come that
    /// far. The last one before the answer is where a refused call was refused.
    pub stages: [Option<Span>; Stage::ALL.len()],
    /// The log events of the call, in order, counted from `started`.
    pub events: Vec<(Event, Duration)>,
    /// The request as received.
    pub request: Message,
    /// The request as sent to the producer.
    pub sent: Option<Message>,
    /// The producer's answer.
    pub received: Option<Message>,
    /// The answer the consumer got.
    pub answer: Message,
    /// Why the call was refused or failed.
    pub refusal: Option<Refusal>,
    /// The SOAP fault that a producer answered and that was passed on.
    pub producer_fault: Option<Fault>,
    /// Whom the producer asked in its turn, where it is a part of this process that tells.
    pub fan_out: Option<Arc<FanOut>>,
    /// What came of holding request and answer against their contract, where that is switched on.
    pub judged: Vec<Arc<Report>>,
}

/// The listener a call came in on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listener {
    /// `hub_http`: identity from headers.
    #[default]
    Http,
    /// `hub_https`: identity from the TLS client certificate.
    Https,
    /// None: a part of this process calls, such as the engagement index.
    InProcess,
    /// `aggregation`: an aggregating service was called directly, past the hub.
    Aggregation,
}

impl Listener {
    /// The reference's name of the listener in its logs.
    pub fn route_name(self) -> &'static str {
        match self {
            Self::Http => "vp-http-route",
            Self::Https => "vp-https-route",
            Self::InProcess => "in-process",
            Self::Aggregation => "aggregation",
        }
    }
}

/// How a sender was identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifiedBy {
    /// `x-vp-sender-id` beside our own `x-vp-instance-id`.
    InternalHeaders,
    /// A certificate in a header set by a proxy.
    CertificateHeader,
    /// The certificate of the TLS handshake.
    ClientCertificate,
    /// Nothing: the setting `hub.demo_sender`.
    DemoSender,
}

impl IdentifiedBy {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InternalHeaders => "internal headers",
            Self::CertificateHeader => "certificate header",
            Self::ClientCertificate => "client certificate",
            Self::DemoSender => "demo sender",
        }
    }
}

/// The stages of a call, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Arrived in full, within limits.
    Listen,
    /// Sender known.
    Identify,
    /// Envelope head read.
    Read,
    /// Exactly one route found.
    Route,
    /// Permission found.
    Authorise,
    /// Producer called.
    Call,
    /// Answer made.
    Answer,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 7] =
        [Self::Listen, Self::Identify, Self::Read, Self::Route, Self::Authorise, Self::Call, Self::Answer];

    /// The stage's name, which is also its folder's.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Identify => "identify",
            Self::Read => "read",
            Self::Route => "route",
            Self::Authorise => "authorise",
            Self::Call => "call",
            Self::Answer => "answer",
        }
    }
}

/// Begin and end of a stage, counted from the call's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub begin: Duration,
    /// When it ended.
    pub end: Duration,
}

/// A log event of a call (`vp.md` §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Request received.
    ReqIn,
    /// Request sent to the producer.
    ReqOut,
    /// Answer received from the producer.
    RespIn,
    /// Answer sent to the consumer.
    RespOut,
    /// Something went wrong.
    Error,
}

impl Event {
    /// The reference's name of the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReqIn => "req-in",
            Self::ReqOut => "req-out",
            Self::RespIn => "resp-in",
            Self::RespOut => "resp-out",
            Self::Error => "error",
        }
    }
}

/// One of the four messages of a call.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// Status code; 0 for a request.
    pub status: u16,
    /// Headers as one JSON object, name to value; certificates left out.
    pub headers_json: String,
    /// The body up to `records.body_bytes_max`.
    pub body: Bytes,
    /// The body's whole length.
    pub body_bytes: usize,
}

/// A consumer that hung up before it was answered.
#[derive(Clone, Debug)]
pub struct Departure {
    /// Since the call's start.
    pub after: Duration,
    line: Arc<Line>,
}

impl Departure {
    /// What it meant, as far as that has been settled.
    pub fn meant(&self) -> Left {
        self.line.left().map_or(Left::Unsettled, |(_, left)| left)
    }
}

/// Why a call was refused or failed.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The code in the fault string; `None` for a raw fault or a fault passed through.
    pub code: Option<VpCode>,
    /// Whose fault it is.
    pub side: Side,
    /// The whole fault string.
    pub text: String,
    /// The fault's detail.
    pub detail: String,
}

impl CallRecord {
    /// A short word for how the call ended: a VP code, `fault` for a raw or passed-through one, or `ok`.
    pub fn outcome(&self) -> &'static str {
        match (&self.refusal, &self.producer_fault) {
            (None, None) => "ok",
            (Some(Refusal { code: Some(code), .. }), _) => code.as_str(),
            _ => "fault",
        }
    }

    /// Shows every text there is, always in the same order.
    pub fn texts(&mut self, mut show: impl FnMut(&mut String)) {
        let Self { correlation_id, method, target, host, peer, source_ip, .. } = self;
        [correlation_id, method, target, host, peer, source_ip].into_iter().for_each(&mut show);
        let optional = [
            &mut self.sender,
            &mut self.original_consumer_in,
            &mut self.original_consumer,
            &mut self.acting_on_behalf_of,
            &mut self.receiver,
            &mut self.contract,
            &mut self.operation,
            &mut self.charset,
            &mut self.route_trace,
            &mut self.permission_trace,
        ];
        optional.into_iter().chain(&mut self.forwarded).flatten().for_each(&mut show);
        self.destination.iter_mut().for_each(|(host, _)| show(host));
        let messages = [Some(&mut self.request), self.sent.as_mut(), self.received.as_mut(), Some(&mut self.answer)];
        messages.into_iter().flatten().for_each(|message| show(&mut message.headers_json));
        let refusal = self.refusal.iter_mut().flat_map(|refusal| [&mut refusal.text, &mut refusal.detail]);
        let fault =
            self.producer_fault.iter_mut().flat_map(|fault| [&mut fault.code, &mut fault.text, &mut fault.detail]);
        refusal.chain(fault).for_each(&mut show);
    }

    /// Shows the body of every message there is, in the order of [`CallRecord::texts`].
    pub fn bodies(&mut self, mut show: impl FnMut(&mut Bytes)) {
        let messages = [Some(&mut self.request), self.sent.as_mut(), self.received.as_mut(), Some(&mut self.answer)];
        messages.into_iter().flatten().for_each(|message| show(&mut message.body));
    }
}

/// A call in flight: its record so far, and the clock it is measured by.
#[derive(Debug)]
pub struct Exchange {
    /// What is known so far.
    pub record: CallRecord,
    /// What of it stands ready for the message log.
    pub logged: Logged,
    /// The consumer's end of its connection.
    pub line: Option<Arc<Line>>,
    began: Instant,
    listened: Duration,
}

impl Exchange {
    /// Starts the clock on a call whose request took `listened` to arrive.
    pub fn new(record: CallRecord, listened: Duration) -> Self {
        Self { record, logged: Logged::default(), line: None, began: Clock::instant(), listened }
    }

    /// When the consumer hung up, where it has; 0 for one that had before its request was even read.
    pub fn departure(&self) -> Option<Departure> {
        let line = self.line.as_ref()?;
        let (at, _) = line.left()?;
        let since = at.checked_duration_since(self.began).map(|since| self.listened + since);
        Some(Departure { after: since.unwrap_or_default(), line: Arc::clone(line) })
    }

    /// Time since the call began, its arrival included.
    pub fn elapsed(&self) -> Duration {
        self.listened + Clock::instant().saturating_duration_since(self.began)
    }

    /// Notes that the request has arrived, and returns when the next stage begins.
    pub fn passed_listen(&mut self) -> Duration {
        self.passed(Stage::Listen, Duration::ZERO)
    }

    /// Notes that a stage lasted from `begin` until now, and returns now: where the next begins.
    pub fn passed(&mut self, stage: Stage, begin: Duration) -> Duration {
        let end = self.elapsed();
        self.record.stages[stage as usize] = Some(Span { begin, end });
        end
    }

    /// Notes that the call ended in the first stage that it has not passed.
    pub fn failed_in_stage(&mut self) {
        let reached = self.record.stages.iter().position(Option::is_none);
        if let Some(stage) = reached.and_then(|place| Stage::ALL.get(place)).filter(|stage| **stage != Stage::Answer) {
            let before = (*stage as usize).checked_sub(1).and_then(|before| self.record.stages[before]);
            self.passed(*stage, before.map_or(Duration::ZERO, |span| span.end));
        }
    }
}
