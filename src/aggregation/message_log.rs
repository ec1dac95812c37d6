//! The aggregating services' own message log (`aggregation.md` §3.4): an event for each message in and out, as the reference
//! writes them. Off, unless `aggregation.message_log` is set: in this process the hub's log tells of the same messages, and
//! whoever reads that expects no others in it.
//!
//! All events of a call are written when it ends, each with its own time. Bodies are not among them; the call record has them.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Response, Uri};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::headers::{CORRELATION_ID, ORIGINAL_CONSUMER, SENDER_ID, text};
use super::select::{NOT_PERMITTED, OTHER_REQUEST_CATEGORIZATION, OTHER_SOURCE};
use super::service::Service;
use crate::config::checked::LogStyle;
use crate::domain::identity_number::{Hide, masked};
use crate::soap::fan_out::{Branch, FanOut, Outcome};

/// Where events go, and how they are laid out.
#[derive(Clone)]
pub struct MessageSink {
    /// As blocks of lines, or as a JSON object a line.
    pub style: LogStyle,
    /// Name of this machine.
    pub host: String,
    /// Takes events that are written out, and how many they are. Bounded; never makes a call wait.
    pub write: Arc<dyn Fn(&[u8], u64) + Send + Sync>,
}

/// What a call was.
pub(super) struct Told<'t> {
    pub(super) service: &'t Service,
    pub(super) incoming: &'t HeaderMap,
    pub(super) answer: &'t Response<Bytes>,
    pub(super) fan_out: &'t FanOut,
    pub(super) index: &'t Uri,
    pub(super) index_sender: &'t str,
    pub(super) sources: &'t Uri,
    /// When it began.
    pub(super) at: Timestamp,
    pub(super) took: Duration,
}

/// One event: which, when, in which exchange, and what is known.
struct Event<'e> {
    message: &'static str,
    at: Timestamp,
    endpoint: &'e str,
    exchange: &'e str,
    extra: Vec<(&'static str, String)>,
}

/// The last part of a logger's name.
fn logger(message: &str) -> &'static str {
    match message {
        "req-in" => "REQ_IN",
        "req-out" => "REQ_OUT",
        "resp-in" => "RESP_IN",
        "resp-out" => "RESP_OUT",
        "error-in" => "FAULT_IN",
        _ => "FAULT_OUT",
    }
}

impl MessageSink {
    /// Writes the events of a call.
    pub(super) fn tell(&self, told: &Told<'_>) {
        let mut out = String::new();
        let mut count = 0;
        let mut write = |event: &Event<'_>| {
            count += 1;
            match self.style {
                LogStyle::Legacy => self.block(&mut out, told, event),
                LogStyle::Ecs => self.line(&mut out, told, event),
            }
        };
        let (own, endpoint) = (Uuid::new_v4().to_string(), told.service.path.as_str());
        write(&Event { message: "req-in", at: told.at, endpoint, exchange: &own, extra: told.request() });
        if let Some(lookup) = &told.fan_out.lookup {
            told.exchange(lookup, told.index, told.index_sender, &mut write);
        }
        let sender = text(told.incoming, &SENDER_ID);
        for source in &told.fan_out.sources {
            told.exchange(source, told.sources, &sender, &mut write);
        }
        let message = if told.answer.status().is_success() { "resp-out" } else { "error-out" };
        write(&Event { message, at: told.after(told.took), endpoint, exchange: &own, extra: told.outcome() });
        (self.write)(out.as_bytes(), count);
    }

    fn block(&self, out: &mut String, told: &Told<'_>, event: &Event<'_>) {
        let stars = "*".repeat(59);
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        line("skltp-messages".to_owned());
        line(format!("** logEvent-info.start {stars}"));
        for (key, value) in self.facts(told, event) {
            line(format!("{key}={}", one_line(&value)));
        }
        for (key, value) in event.extra.iter().filter(|(_, value)| !value.is_empty()) {
            line(format!("-{key}={}", one_line(&masked(value, Hide::Every))));
        }
        line(format!("** logEvent-info.end {stars}**"));
    }

    fn line(&self, out: &mut String, told: &Told<'_>, event: &Event<'_>) {
        let port_type = format!("{}ResponderInterface", told.service.operation);
        let mut object = Map::new();
        let mut put = |key: String, value: &str| object.insert(key, Value::from(value));
        put("@timestamp".to_owned(), &event.at.to_string());
        put("log.level".to_owned(), "INFO");
        let name = format!("se.skltp.aggregatingservices.logging.{port_type}.{}", logger(event.message));
        put("log.logger".to_owned(), &name);
        put("event.module".to_owned(), "skltp-messages");
        put("event.action".to_owned(), event.message);
        put("message".to_owned(), event.message);
        for (key, value) in self.facts(told, event) {
            put(format!("labels.{key}"), &value);
        }
        for (key, value) in event.extra.iter().filter(|(_, value)| !value.is_empty()) {
            put(format!("labels.{key}"), &masked(value, Hide::Every));
        }
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", Value::Object(object));
    }

    /// What every event has.
    fn facts(&self, told: &Told<'_>, event: &Event<'_>) -> [(&'static str, String); 7] {
        let correlation_id = text(told.incoming, &CORRELATION_ID);
        [
            ("LogMessage", event.message.to_owned()),
            ("ServiceImpl", told.service.name.clone()),
            ("Host", self.host.clone()),
            ("ComponentId", "aggregating-services".to_owned()),
            ("Endpoint", masked(event.endpoint, Hide::Every).into_owned()),
            ("MessageId", event.exchange.to_owned()),
            ("BusinessCorrelationId", masked(&correlation_id, Hide::Every).into_owned()),
        ]
    }
}

/// A value that brings no line of its own.
fn one_line(value: &str) -> String {
    value.replace(['\r', '\n'], " ")
}

impl Told<'_> {
    fn after(&self, passed: Duration) -> Timestamp {
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::ZERO);
        self.at.checked_add(passed).unwrap_or(self.at)
    }

    fn callers(&self, sender: &str, receiver: &str) -> Vec<(&'static str, String)> {
        vec![
            ("senderid", sender.to_owned()),
            ("originalServiceconsumerHsaid", text(self.incoming, &ORIGINAL_CONSUMER)),
            ("receiverid", receiver.to_owned()),
            ("wsdl_namespace", self.service.contract.clone()),
        ]
    }

    fn request(&self) -> Vec<(&'static str, String)> {
        let mut extra = self.callers(&text(self.incoming, &SENDER_ID), "");
        extra.push(("headers", headers(self.incoming)));
        extra.push(("encoding", encoding(self.incoming)));
        extra
    }

    /// A call of ours and what came of it.
    fn exchange(&self, branch: &Branch, uri: &Uri, sender: &str, write: &mut impl FnMut(&Event<'_>)) {
        let (exchange, endpoint) = (Uuid::new_v4().to_string(), uri.to_string());
        let extra = self.callers(sender, &branch.address);
        let event = |message, at, extra| Event { message, at, endpoint: &endpoint, exchange: &exchange, extra };
        write(&event("req-out", self.after(branch.begin), extra.clone()));
        let (message, code) = match &branch.outcome {
            Outcome::Answered => ("resp-in", "200".to_owned()),
            Outcome::Failed { code, .. } => ("error-in", code.clone()),
        };
        let extra = extra.into_iter().chain([("responseCode", code)]).collect();
        write(&event(message, self.after(branch.end), extra));
    }

    /// What the consumer got, and what became of every engagement and source.
    fn outcome(&self) -> Vec<(&'static str, String)> {
        let sources = &self.fan_out.sources;
        let failed = sources.iter().filter(|source| matches!(source.outcome, Outcome::Failed { .. })).count();
        let mut extra = self.callers(&text(self.incoming, &SENDER_ID), "");
        extra.extend([
            ("responseCode", self.answer.status().as_u16().to_string()),
            ("headers", headers(self.answer.headers())),
            ("encoding", encoding(self.answer.headers())),
            ("engagementProcessingStatus", self.engagements()),
        ]);
        if self.answer.status().is_success() {
            extra.extend([
                ("processingStatus", Value::from(sources.iter().map(status).collect::<Vec<_>>()).to_string()),
                ("processingStatusCountTot", sources.len().to_string()),
                ("processingStatusCountFail", failed.to_string()),
            ]);
        }
        extra
    }

    /// Every source by what became of it; one that was called by that, whatever else was said of it.
    fn engagements(&self) -> String {
        let FanOut { passed_over, sources, .. } = self.fan_out;
        if !self.answer.status().is_success() && sources.is_empty() {
            return "Error".to_owned();
        }
        let mut codes: Vec<(&str, &str)> = Vec::new();
        for source in sources {
            let is_ok = source.outcome == Outcome::Answered;
            codes.push((&source.address, if is_ok { "OK" } else { "ERR" }));
        }
        for passed in passed_over {
            let code = match passed.why {
                NOT_PERMITTED => "FT",
                OTHER_SOURCE | OTHER_REQUEST_CATEGORIZATION => "FS",
                _ => continue,
            };
            if !codes.iter().any(|(address, _)| *address == passed.address) {
                codes.push((&passed.address, code));
            }
        }
        if codes.is_empty() {
            return "No match from findContent".to_owned();
        }
        let codes: Vec<String> = codes.into_iter().map(|(address, code)| format!("{address}={code}")).collect();
        format!("{{{}}}", codes.join(", "))
    }
}

/// An entry of `ProcessingStatus`.
fn status(source: &Branch) -> Value {
    match &source.outcome {
        Outcome::Answered => json!({ "logicalAddress": source.address, "statusCode": "DataFromSource" }),
        Outcome::Failed { code, text } => json!({
            "logicalAddress": source.address,
            "statusCode": "NoDataSynchFailed",
            "errorCausingAgent": "virtualization_platform",
            "errorCode": code,
            "errorText": text,
        }),
    }
}

/// Name to value; certificates are left out.
fn headers(headers: &HeaderMap) -> String {
    let shown = headers.iter().filter(|(name, _)| !name.as_str().contains("cert") && *name != "authorization");
    let object: Map<String, Value> =
        shown.map(|(name, value)| (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes())))).collect();
    Value::Object(object).to_string()
}

fn encoding(headers: &HeaderMap) -> String {
    let kind = text(headers, &CONTENT_TYPE);
    let charset = kind.split(';').find_map(|part| part.trim().strip_prefix("charset="));
    charset.unwrap_or_default().trim_matches('"').to_owned()
}
