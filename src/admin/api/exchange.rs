//! Everything that is known about one call.

use serde::Serialize;

use super::advice;
use super::fan_out::ShownFanOut;
use super::message::ShownMessage;
use super::summary::{Summary, micros, moment};
use crate::admin::hide::{hidden, hidden_option};
use crate::contracts::contract::Direction;
use crate::contracts::validate::Report;
use crate::contracts::validate::finding::Finding;
use crate::domain::vp_code::VpCode;
use crate::hub::exchange::{CallRecord, Departure};
use crate::net::hang_up::Left;
use crate::tls::handshake::{Handshake, Shown};

/// A finished call in full.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Exchange {
    /// The call in a few words.
    #[serde(flatten)]
    pub summary: Summary,
    /// The reference's name of the listener that took it.
    pub listener: &'static str,
    /// Request method.
    pub method: String,
    /// Path and query as requested.
    pub target: String,
    /// Address of the TCP peer.
    pub peer: String,
    /// Address of the consumer, as far as proxies tell.
    pub source_ip: String,
    /// How the sender was identified.
    pub identified_by: Option<&'static str>,
    /// The TLS handshake of the consumer's connection, on the listener that speaks TLS.
    pub tls: Option<ShownHandshake>,
    /// When the consumer hung up before it was answered, if it did.
    pub consumer_left: Option<ShownDeparture>,
    /// `x-rivta-original-serviceconsumer-hsaid` as received.
    pub original_consumer_in: Option<String>,
    /// The same as sent on.
    pub original_consumer: Option<String>,
    /// `x-rivta-acting-on-behalf-of-hsaid`.
    pub acting_on_behalf_of: Option<String>,
    /// RIV-TA profile of the message.
    pub profile_in: Option<&'static str>,
    /// Profile of the chosen route, as the catalogue spells it.
    pub profile_out: Option<String>,
    /// Character set of the request where it is not UTF-8.
    pub charset: Option<String>,
    /// How the route was looked for, comma-joined.
    pub route_trace: Option<String>,
    /// How the permission was looked for.
    pub permission_trace: Option<String>,
    /// Address of the producer as the catalogue has it.
    pub producer_address: Option<String>,
    /// Times the producer was called.
    pub attempts: u32,
    /// The log events of the call, in order.
    pub events: Vec<LoggedEvent>,
    /// Whom the producer asked in its turn, where it is a part of this platform that tells.
    pub fan_out: Option<ShownFanOut>,
    /// Why the call was refused or failed.
    pub refusal: Option<ShownRefusal>,
    /// The SOAP fault that the producer answered and that was passed on as it is.
    pub producer_fault: Option<ShownFault>,
    /// What came of holding request and answer against their contract, where `contracts.validate` is on.
    pub validation: Vec<ShownJudgement>,
    /// The four messages.
    pub messages: Messages,
    /// Where to go from here.
    pub links: Links,
}

/// A TLS handshake with a consumer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownHandshake {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
    /// Whether a session was taken up again.
    pub resumed: bool,
    /// The subject of the consumer's certificate.
    pub client_subject: String,
    /// The certificate that the consumer was shown.
    pub server_certificate: ShownCertificate,
}

/// A certificate of the platform.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownCertificate {
    /// The listener that shows it.
    pub listener: String,
    /// Its SHA-256 fingerprint, in hexadecimal.
    pub sha256: String,
    /// Its subject.
    pub subject: String,
    /// Its last second, RFC 3339.
    pub not_after: String,
}

impl ShownHandshake {
    fn of(handshake: &Handshake) -> Self {
        Self {
            version: handshake.version.clone(),
            cipher: handshake.cipher.clone(),
            resumed: handshake.is_resumed,
            client_subject: hidden(&handshake.subject),
            server_certificate: ShownCertificate::of("hub_https", &handshake.shown),
        }
    }
}

impl ShownCertificate {
    /// A certificate that this listener shows.
    pub fn of(listener: &str, shown: &Shown) -> Self {
        Self {
            listener: listener.to_owned(),
            sha256: shown.sha256.clone(),
            subject: hidden(&shown.subject),
            not_after: shown.until.to_string(),
        }
    }
}

/// A consumer that hung up before it was answered.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownDeparture {
    /// Since the call's start, in milliseconds.
    pub after_ms: f64,
    /// `gone`: it closed the socket, and nobody took the answer; `closed its writing side`: it still read; `unsettled`
    /// until that is seen, and where neither is within a second of the answer.
    pub how: &'static str,
}

impl ShownDeparture {
    fn of(departure: &Departure) -> Self {
        let how = match departure.meant() {
            Left::Unsettled => "unsettled",
            Left::ClosedWriting => "closed its writing side",
            Left::Gone => "gone",
        };
        Self { after_ms: micros(departure.after) / 1_000.0, how }
    }
}

/// A log event of a call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct LoggedEvent {
    /// `req-in`, `req-out`, `resp-in`, `resp-out` or `error`.
    pub name: &'static str,
    /// When, in microseconds from the call's start.
    pub at_us: f64,
}

/// Why a call was refused or failed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownRefusal {
    /// The VP code; none for a raw fault or one passed through.
    pub code: Option<&'static str>,
    /// Whose fault it is: `Client` or `Server`.
    pub side: String,
    /// The whole fault string, in Swedish.
    pub text: String,
    /// The fault's detail.
    pub detail: String,
    /// What usually helps.
    pub next_step: &'static str,
}

/// A SOAP fault of a producer's own.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownFault {
    /// `faultcode`.
    pub code: String,
    /// `faultstring`.
    pub text: String,
    /// All text inside `detail`.
    pub detail: String,
    /// What usually helps.
    pub next_step: &'static str,
}

/// The four messages of a call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Messages {
    /// The request as received from the consumer.
    pub request: ShownMessage,
    /// The request as sent to the producer.
    pub sent: Option<ShownMessage>,
    /// The producer's answer.
    pub received: Option<ShownMessage>,
    /// The answer the consumer got.
    pub answer: ShownMessage,
}

/// Where to go from a call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Links {
    /// This call in the API.
    #[serde(rename = "self")]
    pub api: String,
    /// Its page.
    pub page: String,
    /// The decision as it would have been at the call's time, from today's catalogue; none where the call did not tell
    /// contract, address and sender.
    pub explain: Option<String>,
}

/// What came of holding one message against its contract.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownJudgement {
    /// `request` or `response`.
    pub direction: &'static str,
    /// Namespace of the contract.
    pub contract: String,
    /// Its version.
    pub version: String,
    /// Whether the message follows it.
    pub valid: bool,
    /// Why the contract cannot judge anything, if it is broken.
    pub unusable: Option<String>,
    /// How many findings were counted.
    pub error_count: usize,
    /// Whether more were counted than are listed.
    pub truncated: bool,
    /// The findings, at most `contracts.errors_max`.
    pub errors: Vec<ShownFinding>,
}

/// One thing that does not follow the contract.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownFinding {
    /// `V01` to `V39`.
    pub code: &'static str,
    /// The rule of XML Schema.
    pub rule: &'static str,
    /// Line, counted from 1.
    pub line: u64,
    /// Character in the line, counted from 1.
    pub column: u64,
    /// The elements from the root.
    pub path: String,
    /// What was sent.
    pub found: String,
    /// What the contract says.
    pub expected: Vec<String>,
    /// In Swedish.
    pub sv: String,
    /// In English.
    pub en: String,
    /// What to do beyond what the texts say.
    pub fix: Option<String>,
}

impl ShownJudgement {
    /// A report, with identity numbers hidden.
    pub fn of(report: &Report) -> Self {
        Self {
            direction: match report.direction {
                Some(Direction::Response) => "response",
                _ => "request",
            },
            contract: report.contract.clone().unwrap_or_default(),
            version: report.version.clone().unwrap_or_default(),
            valid: report.valid,
            unusable: report.unusable.clone(),
            error_count: report.error_count,
            truncated: report.truncated,
            errors: report.errors.iter().map(ShownFinding::of).collect(),
        }
    }
}

impl ShownFinding {
    fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code,
            rule: finding.rule,
            line: finding.line,
            column: finding.column,
            path: hidden(&finding.path),
            found: hidden(&finding.found),
            expected: finding.expected.clone(),
            sv: hidden(&finding.sv),
            en: hidden(&finding.en),
            fix: finding.fix.clone(),
        }
    }
}

impl Exchange {
    /// The call, with identity numbers hidden.
    pub fn of(call: &CallRecord) -> Self {
        Self {
            summary: Summary::of(call),
            listener: call.listener.route_name(),
            method: hidden(&call.method),
            target: hidden(&call.target),
            peer: call.peer.clone(),
            source_ip: hidden(&call.source_ip),
            identified_by: call.identified_by.map(|by| by.as_str()),
            tls: call.handshake.as_deref().map(ShownHandshake::of),
            consumer_left: call.departure.as_ref().map(ShownDeparture::of),
            original_consumer_in: hidden_option(call.original_consumer_in.as_deref()),
            original_consumer: hidden_option(call.original_consumer.as_deref()),
            acting_on_behalf_of: hidden_option(call.acting_on_behalf_of.as_deref()),
            profile_in: call.profile_in.map(|profile| profile.as_str()),
            profile_out: hidden_option(call.profile_out.as_deref()),
            charset: call.charset.clone(),
            route_trace: hidden_option(call.route_trace.as_deref()),
            permission_trace: hidden_option(call.permission_trace.as_deref()),
            producer_address: hidden_option(call.producer_address.as_deref()),
            attempts: call.attempts,
            events: call
                .events
                .iter()
                .map(|(event, at)| LoggedEvent { name: event.as_str(), at_us: micros(*at) })
                .collect(),
            fan_out: call.fan_out.as_deref().map(ShownFanOut::of),
            refusal: call.refusal.as_ref().map(|refusal| ShownRefusal {
                code: refusal.code.map(VpCode::as_str),
                side: refusal.side.to_string(),
                text: hidden(&refusal.text),
                detail: hidden(&refusal.detail),
                next_step: advice::after(refusal.code),
            }),
            producer_fault: call.producer_fault.as_ref().map(|fault| ShownFault {
                code: hidden(&fault.code),
                text: hidden(&fault.text),
                detail: hidden(&fault.detail),
                next_step: advice::AFTER_PRODUCER_FAULT,
            }),
            validation: call.judged.iter().map(|report| ShownJudgement::of(report)).collect(),
            messages: messages(call),
            links: links(call),
        }
    }
}

/// The consumer writes and reads its own character set; between hub and producer all is UTF-8 (`vp.md` §2).
fn messages(call: &CallRecord) -> Messages {
    let charset = call.charset.as_deref();
    Messages {
        request: ShownMessage::of(&call.request, charset),
        sent: call.sent.as_ref().map(|message| ShownMessage::of(message, None)),
        received: call.received.as_ref().map(|message| ShownMessage::of(message, None)),
        answer: ShownMessage::of(&call.answer, charset),
    }
}

fn links(call: &CallRecord) -> Links {
    Links {
        api: format!("/api/v1/exchanges/{}", call.id),
        page: format!("/calls/{}", call.id),
        explain: question(call).map(|query| format!("/api/v1/explain?{query}")),
    }
}

/// The question this call put to the catalogue, as the query of an explanation.
pub fn question(call: &CallRecord) -> Option<String> {
    let (contract, address, sender) = (call.contract.as_ref()?, call.receiver.as_ref()?, call.sender.as_ref()?);
    let mut asked = vec![
        ("contract", hidden(contract)),
        ("address", hidden(address)),
        ("sender", hidden(sender)),
        ("at", moment(call.started).to_string()),
    ];
    if !call.platform.is_empty() {
        asked.push(("platform", call.platform.to_string()));
    }
    asked.extend(call.profile_in.map(|profile| ("profile", profile.as_str().to_owned())));
    Some(super::query_of(asked.iter().map(|(name, value)| (*name, value.as_str()))))
}
