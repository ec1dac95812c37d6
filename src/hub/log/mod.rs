//! The message log: up to five events a call, as the reference platform writes them (`vp.md` §9).
//!
//! It is a product of the hub, read by the same tools that read the real platform's, and apart from the operational log:
//! a writer of its own, bounded, that never makes a call wait. Identity numbers are hidden in everything it writes.

pub mod ecs;
pub mod host;
pub mod legacy;
pub mod writer;

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use super::exchange::{CallRecord, Event, Message};
use crate::config::checked::{LogSettings, LogStyle};
use crate::domain::identity_number::{Hide, masked};
use crate::domain::profile::Profile;
use crate::domain::vp_code::VpCode;
use host::Host;
use writer::Writer;

/// Writes events.
pub struct MessageLog {
    style: LogStyle,
    payload: bool,
    host: Host,
    writer: Option<Writer>,
}

impl MessageLog {
    /// Opens the log's target.
    pub fn open(settings: &LogSettings) -> std::io::Result<Self> {
        Ok(Self {
            style: settings.style,
            payload: settings.payload,
            host: Host::this(),
            writer: Writer::open(&settings.messages, settings.queue_bytes_max)?,
        })
    }

    /// This machine's name.
    pub fn host_name(&self) -> &str {
        &self.host.name
    }

    /// Writes out one event of a call, as far as the call is known. It is passed on by [`MessageLog::pass_on`].
    pub fn write(&self, event: Event, at: Timestamp, record: &CallRecord, elapsed: Duration, logged: &mut Logged) {
        if self.writer.is_none() {
            return;
        }
        let entry = Entry { event, at, record, elapsed, payload: self.payload };
        logged.events += 1;
        match self.style {
            LogStyle::Ecs => {
                logged.known.refresh(record);
                ecs::line(&mut logged.lines, &entry, &logged.known, &self.host);
            }
            LogStyle::Legacy => logged.lines.extend_from_slice(&legacy::block(&entry, &self.host)),
        }
    }

    /// Passes on what has been written out of a call: before it waits, and at its end.
    pub fn pass_on(&self, logged: &mut Logged) {
        if let (Some(writer), 1..) = (&self.writer, logged.events) {
            writer.push(&logged.lines, logged.events);
            logged.lines.clear();
            logged.events = 0;
        }
    }

    /// Takes events that somebody else has written out, whole lines in this log's style.
    pub fn pass_through(&self, lines: &[u8], events: u64) {
        if let Some(writer) = &self.writer {
            writer.push(lines, events);
        }
    }

    /// Events that were dropped because the target took them too slowly.
    pub fn dropped(&self) -> u64 {
        self.writer.as_ref().map_or(0, Writer::dropped)
    }

    /// Opens a log file again, so that it can be rotated.
    pub fn reopen(&self) {
        if let Some(writer) = &self.writer {
            writer.reopen();
        }
    }

    /// Writes what is left and stops; waits at most `patience`.
    pub fn close(&self, patience: Duration) {
        if let Some(writer) = &self.writer {
            writer.close(patience);
        }
    }
}

/// What of a call stands ready for the log.
#[derive(Debug, Default)]
pub struct Logged {
    /// Events that are still to be passed on, written out.
    lines: Vec<u8>,
    /// How many they are.
    events: u64,
    known: ecs::Known,
}

/// One event to write.
struct Entry<'a> {
    event: Event,
    at: Timestamp,
    record: &'a CallRecord,
    elapsed: Duration,
    payload: bool,
}

impl Entry<'_> {
    /// The message the event is about.
    fn message(&self) -> Option<&Message> {
        match self.event {
            Event::ReqIn => Some(&self.record.request),
            Event::ReqOut => self.record.sent.as_ref(),
            Event::RespIn => self.record.received.as_ref(),
            Event::RespOut => Some(&self.record.answer),
            Event::Error => None,
        }
    }

    /// How long what the event ends has taken.
    fn duration(&self) -> Option<Duration> {
        match self.event {
            Event::ReqIn | Event::ReqOut => None,
            Event::RespIn => self.record.producer_time,
            Event::RespOut | Event::Error => Some(self.elapsed),
        }
    }

    fn is_request(&self) -> bool {
        matches!(self.event, Event::ReqIn | Event::ReqOut)
    }

    /// The labels of this event alone: key and value, identity numbers hidden.
    fn own_labels(&self, mut label: impl FnMut(&'static str, &str)) {
        let give = |key, value: Option<&str>| {
            if let Some(value) = value {
                label(key, &masked(value, Hide::Every));
            }
        };
        match self.event {
            Event::ReqIn => self.forwarded_labels(give),
            Event::ReqOut => {}
            Event::RespIn | Event::RespOut | Event::Error => self.error_labels(give),
        }
    }

    fn forwarded_labels(&self, mut give: impl FnMut(&'static str, Option<&str>)) {
        let [proto, host, port] = &self.record.forwarded;
        give("httpXForwardedProto", proto.as_deref());
        give("httpXForwardedHost", host.as_deref());
        give("httpXForwardedPort", port.as_deref());
    }

    fn error_labels(&self, mut give: impl FnMut(&'static str, Option<&str>)) {
        if let Some(refusal) = &self.record.refusal {
            give("sessionStatus", Some("true"));
            give("sessionErrorDescription", Some(&refusal.text));
            give("sessionErrorTechnicalDescription", Some(&refusal.detail));
            // Unexpected errors are logged under the code of a failing producer, though the consumer sees none.
            give("errorCode", Some(refusal.code.map_or("VP009", VpCode::as_str)));
            give("statusCode", Some("500 Internal Server Error"));
        }
        if let Some(fault) = &self.record.producer_fault {
            give("statusCode", Some("500 Internal Server Error"));
            give("faultCode", Some(&fault.code));
            give("faultString", Some(&fault.text));
            give("faultDetail", Some(&fault.detail));
        }
    }
}

/// The labels of a call so far: key and value, identity numbers hidden.
fn labels(record: &CallRecord, mut label: impl FnMut(&'static str, &str)) {
    let mut give = |key, value: Option<&str>| {
        if let Some(value) = value {
            label(key, &masked(value, Hide::Every));
        }
    };
    give("route", Some(record.listener.route_name()));
    // The reference has one to a process, and no such label.
    give("platform", record.is_one_of_several.then_some(&*record.platform));
    give("senderid", record.sender.as_deref());
    give("receiverid", record.receiver.as_deref());
    give("originalServiceconsumerHsaid", record.original_consumer.as_deref());
    give("originalServiceconsumerHsaid_in", record.original_consumer_in.as_deref());
    give("actingOnBehalfOfHsaid", record.acting_on_behalf_of.as_deref());
    give("servicecontract_namespace", record.contract.as_deref());
    let version = record.profile_out.as_deref().or(record.profile_in.map(Profile::as_str));
    give("rivversion", version);
    if let (Some(contract), Some(version)) = (&record.contract, version) {
        give("wsdl_namespace", Some(&format!("{}:{version}", contract.replacen("Responder", "", 1))));
    }
    give("routerVagvalTrace", record.route_trace.as_deref());
    give("routerBehorighetTrace", record.permission_trace.as_deref());
}

/// Headers as one JSON object. Certificates are left out, whatever else is asked for.
pub fn headers_json(headers: &HeaderMap) -> String {
    const FILTERED: [&str; 3] = ["x-forwarded-tls-client-cert", "x-vp-auth-cert", "x-fk-auth-cert"];
    let mut out = Vec::with_capacity(32 + headers.len() * 48);
    let mut before = None;
    // A name with several values comes once for each, one behind the other.
    for (name, value) in headers {
        let is_filtered = FILTERED.contains(&name.as_str());
        if before == Some(name) {
            if !is_filtered {
                out.push(b',');
                ecs::escaped(&mut out, &String::from_utf8_lossy(value.as_bytes()));
            }
            continue;
        }
        out.extend_from_slice(if before.is_some() { b"\",\"" } else { b"{\"" });
        ecs::escaped(&mut out, name.as_str());
        out.extend_from_slice(b"\":\"");
        match is_filtered {
            true => out.extend_from_slice(b"<filtered>"),
            false => ecs::escaped(&mut out, &String::from_utf8_lossy(value.as_bytes())),
        }
        before = Some(name);
    }
    out.extend_from_slice(if before.is_some() { b"\"}" } else { b"{}" });
    String::from_utf8(out).unwrap_or_default()
}
