//! An event as one JSON object on one line, under the field names of the Elastic Common Schema.
//!
//! All values are strings, lists and maps embedded as JSON text: that is how the reference writes them, and what its
//! index templates expect.

use std::ops::Range;

use jiff::fmt::temporal::DateTimePrinter;

use super::Entry;
use super::host::Host;
use crate::domain::identity_number::{Hide, masked};
use crate::hub::exchange::{CallRecord, Event};

const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// What every event of a kind begins with: the fields before its id, and those behind.
macro_rules! opening {
    ($level:literal, $logger:literal, $action:literal, $phase:literal) => {
        (
            concat!(
                r#"","log.level":""#,
                $level,
                r#"","log.logger":"se.skl.tp.vp.logging."#,
                $logger,
                r#"","event.id":""#
            ),
            concat!(
                r#"","event.action":""#,
                $action,
                r#"","event.module":"skltp-messages","event.kind":"event","event.category":"[\"web\"]","#,
                r#""event.type":"[\"access\",\""#,
                $phase,
                r#"\"]","message":""#,
                $action,
                " "
            ),
        )
    };
}

fn opening(event: Event) -> (&'static str, &'static str) {
    match event {
        Event::ReqIn => opening!("INFO", "req.in", "req-in", "start"),
        Event::ReqOut => opening!("INFO", "req.out", "req-out", "start"),
        Event::RespIn => opening!("INFO", "resp.in", "resp-in", "end"),
        Event::RespOut => opening!("INFO", "resp.out", "resp-out", "end"),
        Event::Error => opening!("ERROR", "error", "error", "end"),
    }
}

/// The fields that all events of a call share, written out once.
#[derive(Debug, Default)]
pub(super) struct Known {
    fields: Vec<u8>,
    /// From the end of `message` up to the value of `span.id`.
    identity: Range<usize>,
    /// From `url.full` up to `destination.port`.
    addresses: Range<usize>,
    /// The labels that stay the same for the rest of the call.
    labels: Range<usize>,
    /// Whether they were made after the last stage that adds to them.
    complete: bool,
}

impl Known {
    pub(super) fn refresh(&mut self, record: &CallRecord) {
        if self.complete {
            return;
        }
        self.fields.clear();
        self.fields.reserve(1_536);
        let mut line = Line { out: &mut self.fields };
        let or_null = |text: &Option<String>| masked(text.as_deref().unwrap_or("null"), Hide::Every).into_owned();
        line.text(&or_null(&record.sender));
        line.text(" -> ");
        line.text(&or_null(&record.receiver));
        line.raw("\"");
        line.masked("trace.id", &record.correlation_id);
        line.raw(",\"span.id\":\"");
        let identity_end = line.out.len();
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
        let addresses_end = line.out.len();
        super::labels(record, |key, value| line.label(key, value));
        self.identity = 0..identity_end;
        self.addresses = identity_end..addresses_end;
        self.labels = addresses_end..self.fields.len();
        self.complete = record.profile_out.is_some();
    }
}

/// Writes the event, newline included.
pub(super) fn line(out: &mut Vec<u8>, entry: &Entry<'_>, known: &Known, host: &Host) {
    out.reserve(2 * 1_536);
    let mut line = Line { out };
    let record = entry.record;
    let (before_id, behind_id) = opening(entry.event);
    line.raw("{\"@timestamp\":\"");
    MILLISECONDS.print_timestamp(&entry.at, &mut *line.out).expect("writing to memory cannot fail");
    line.raw(before_id);
    line.hex(record.span.rotate_left(8) ^ record.id ^ ((record.events.len() as u64) << 56));
    line.raw(behind_id);
    line.out.extend_from_slice(&known.fields[known.identity.clone()]);
    let child = matches!(entry.event, Event::ReqOut | Event::RespIn);
    line.hex(record.span.wrapping_add(u64::from(child)));
    line.raw("\",\"transaction.id\":\"");
    line.hex(record.span);
    if child {
        line.raw("\",\"labels.parent.id\":\"");
        line.hex(record.span);
    }
    line.raw("\"");
    if let Some(duration) = entry.duration() {
        line.number("event.duration", u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }
    line.out.extend_from_slice(&known.fields[known.addresses.clone()]);
    message(&mut line, entry);
    if entry.event == Event::Error {
        error(&mut line, entry);
    }
    line.out.extend_from_slice(&known.fields[known.labels.clone()]);
    entry.own_labels(|key, value| line.label(key, value));
    line.out.extend_from_slice(&host.ecs_fields);
    line.raw("}\n");
}

fn message(line: &mut Line<'_>, entry: &Entry<'_>) {
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

fn error(line: &mut Line<'_>, entry: &Entry<'_>) {
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
struct Line<'a> {
    out: &'a mut Vec<u8>,
}

impl Line<'_> {
    /// A piece of the object that is JSON already.
    fn raw(&mut self, json: &str) {
        self.out.extend_from_slice(json.as_bytes());
    }

    /// A piece of a string.
    fn text(&mut self, text: &str) {
        escaped(self.out, text);
    }

    fn key(&mut self, prefix: &str, key: &str) {
        self.raw(",\"");
        self.raw(prefix);
        self.raw(key);
        self.raw("\":");
    }

    fn field(&mut self, key: &str, value: &str) {
        self.key("", key);
        quoted(self.out, value);
    }

    fn masked(&mut self, key: &str, value: &str) {
        self.field(key, &masked(value, Hide::Every));
    }

    fn label(&mut self, key: &str, value: &str) {
        self.key("labels.", key);
        quoted(self.out, value);
    }

    fn number(&mut self, key: &str, value: u64) {
        let (mut digits, mut rest) = ([b'0'; 20], value);
        let mut at = digits.len() - 1;
        while rest > 9 {
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            at -= 1;
        }
        digits[at] = b'0' + rest as u8;
        self.key("", key);
        self.raw("\"");
        self.out.extend_from_slice(&digits[at..]);
        self.raw("\"");
    }

    /// Sixteen hexadecimal digits, as a piece of a string.
    fn hex(&mut self, value: u64) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits: [u8; 16] = std::array::from_fn(|place| DIGITS[(value >> (60 - 4 * place)) as usize & 15]);
        self.out.extend_from_slice(&digits);
    }
}

/// Writes a JSON string.
pub(super) fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text);
    out.push(b'"');
}

/// Writes a piece of a JSON string.
pub(super) fn escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    // Looked through without stopping, so that the compiler can take many bytes at a time: most texts need no escape.
    if !bytes.iter().fold(false, |found, byte| found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')) {
        return out.extend_from_slice(bytes);
    }
    out.reserve(bytes.len() + bytes.len() / 4);
    let mut rest = bytes;
    while let Some(plain) = rest.iter().position(|byte| NEEDS_ESCAPE[usize::from(*byte)]) {
        out.extend_from_slice(&rest[..plain]);
        match rest[plain] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        rest = &rest[plain + 1..];
    }
    out.extend_from_slice(rest);
}

const NEEDS_ESCAPE: [bool; 256] = {
    let mut table = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};
