//! An event as one JSON object on one line, under the field names of the Elastic Common Schema.
//!
//! All values are strings, lists and maps embedded as JSON text: that is how the reference writes them, and what its
//! index templates expect.

use std::io::Write;

use super::Entry;
use super::host::Host;
use crate::domain::identity_number::{Hide, masked};
use crate::hub::exchange::{CallRecord, Event};

/// The event, newline included.
pub(super) fn line(entry: &Entry<'_>, host: &Host) -> Vec<u8> {
    let mut line = Line { out: Vec::with_capacity(2_560) };
    let record = entry.record;
    let (logger, level) = match entry.event {
        Event::ReqIn => ("se.skl.tp.vp.logging.req.in", "INFO"),
        Event::ReqOut => ("se.skl.tp.vp.logging.req.out", "INFO"),
        Event::RespIn => ("se.skl.tp.vp.logging.resp.in", "INFO"),
        Event::RespOut => ("se.skl.tp.vp.logging.resp.out", "INFO"),
        Event::Error => ("se.skl.tp.vp.logging.error", "ERROR"),
    };
    line.out.extend_from_slice(b"{\"@timestamp\":\"");
    write!(line.out, "{:.3}", entry.at).expect("writing to memory cannot fail");
    line.out.push(b'"');
    line.field("log.level", level);
    line.field("log.logger", logger);
    let child = matches!(entry.event, Event::ReqOut | Event::RespIn);
    let span = record.span.wrapping_add(u64::from(child));
    line.hex("event.id", record.span.rotate_left(8) ^ record.id ^ ((record.events.len() as u64) << 56));
    line.field("event.action", entry.event.as_str());
    line.field("event.module", "skltp-messages");
    line.field("event.kind", "event");
    line.field("event.category", "[\"web\"]");
    line.field("event.type", if entry.is_request() { "[\"access\",\"start\"]" } else { "[\"access\",\"end\"]" });
    let (sender, receiver) = (record.sender.as_deref().unwrap_or("null"), record.receiver.as_deref().unwrap_or("null"));
    line.masked("message", &[entry.event.as_str(), " ", sender, " -> ", receiver].concat());
    line.masked("trace.id", &record.correlation_id);
    line.hex("span.id", span);
    line.hex("transaction.id", record.span);
    if child {
        line.hex("labels.parent.id", record.span);
    }
    if let Some(duration) = entry.duration() {
        line.number("event.duration", u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }
    line.masked("url.full", &["http://", &record.host, &record.target].concat());
    line.field("source.address", &record.peer);
    line.masked("source.ip", &record.source_ip);
    if let Some(address) = &record.producer_address {
        line.masked("url.original", address);
    }
    if let Some((host, port)) = &record.destination {
        line.field("destination.address", host);
        line.field("destination.domain", host);
        line.number("destination.port", u64::from(*port));
    }
    message(&mut line, entry);
    if entry.event == Event::Error {
        error(&mut line, entry);
    }
    line.out.extend_from_slice(&entry.known.ecs_labels);
    entry.own_labels(|key, value| line.label(key, value));
    line.out.extend_from_slice(&host.ecs_fields);
    line.out.extend_from_slice(b"}\n");
    line.out
}

/// The labels that stay the same for the rest of the call, as a part of the object.
pub(super) fn labels(record: &CallRecord) -> Vec<u8> {
    let mut line = Line { out: Vec::with_capacity(1_024) };
    super::labels(record, |key, value| line.label(key, value));
    line.out
}

fn message(line: &mut Line, entry: &Entry<'_>) {
    let Some(message) = entry.message() else { return };
    if entry.is_request() {
        line.field("http.request.method", &entry.record.method);
        line.masked("http.request.headers", &message.headers_json);
        line.number("http.request.body.bytes", message.body_bytes as u64);
        if entry.payload {
            line.masked("http.request.body.content", &String::from_utf8_lossy(&message.body));
        }
    } else {
        line.number("http.response.status_code", u64::from(message.status));
        line.masked("http.response.headers", &message.headers_json);
        line.number("http.response.body.bytes", message.body_bytes as u64);
        if entry.payload {
            line.masked("http.response.body.content", &String::from_utf8_lossy(&message.body));
        }
    }
}

fn error(line: &mut Line, entry: &Entry<'_>) {
    if let Some(refusal) = &entry.record.refusal {
        line.field("error.type", refusal.code.map_or("raw fault", crate::domain::vp_code::VpCode::as_str));
        line.masked("error.message", &refusal.text);
        line.masked("error.stack_trace", &refusal.detail);
    } else if let Some(fault) = &entry.record.producer_fault {
        line.field("error.type", "producer fault");
        line.masked("error.message", &fault.text);
        line.masked("error.stack_trace", &fault.detail);
    }
}

/// A JSON object under way.
struct Line {
    out: Vec<u8>,
}

impl Line {
    fn key(&mut self, prefix: &str, key: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(prefix.as_bytes());
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn field(&mut self, key: &str, value: &str) {
        self.key("", key);
        quoted(&mut self.out, value);
    }

    fn masked(&mut self, key: &str, value: &str) {
        self.field(key, &masked(value, Hide::Every));
    }

    fn label(&mut self, key: &str, value: &str) {
        self.key("labels.", key);
        quoted(&mut self.out, value);
    }

    fn number(&mut self, key: &str, value: u64) {
        self.key("", key);
        write!(self.out, "\"{value}\"").expect("writing to memory cannot fail");
    }

    fn hex(&mut self, key: &str, value: u64) {
        self.key("", key);
        write!(self.out, "\"{value:016x}\"").expect("writing to memory cannot fail");
    }
}

/// Writes a JSON string.
pub(super) fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    // Looked through without stopping, so that the compiler can take many bytes at a time: most texts need no escape.
    let escapes = text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'));
    match escapes {
        false => out.extend_from_slice(text.as_bytes()),
        true => escaped(out, text),
    }
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, text: &str) {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[copied..at]);
        match escape {
            b"" => write!(out, "\\u{byte:04x}").expect("writing to memory cannot fail"),
            escape => out.extend_from_slice(escape),
        }
        copied = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[copied..]);
}
