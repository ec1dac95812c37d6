//! An event as the reference's older text block.

use std::fmt::Write;

use super::Entry;
use super::host::Host;
use crate::domain::identity_number::{Hide, masked};
use crate::hub::exchange::Event;

/// The event, newline included.
pub(super) fn block(entry: &Entry<'_>, host: &Host) -> Vec<u8> {
    let record = entry.record;
    let kind = match (entry.event, entry.payload) {
        (Event::Error, _) => "error",
        (_, true) => "debug",
        (_, false) => "info",
    };
    let mut out = String::with_capacity(2_048);
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line("skltp-messages".to_owned());
    line(format!("** logEvent-{kind}.start ***********************************************************"));
    line(format!("LogMessage={}", entry.event.as_str()));
    line(format!("ServiceImpl={}", record.listener.route_name()));
    line(format!("Host={} (127.0.0.1)", host.name));
    line("ComponentId=anslut".to_owned());
    line(format!("Endpoint={}", masked(&format!("http://{}{}", record.host, record.target), Hide::Every)));
    line(format!("MessageId={:016x}", record.span));
    line(format!("BusinessCorrelationId={}", masked(&record.correlation_id, Hide::Every)));
    line("ExtraInfo=".to_owned());
    let mut extra = String::new();
    let mut info = |key: &str, value: &str| {
        let value = masked(value, Hide::Every);
        writeln!(extra, "-{key}={value}").expect("writing to memory cannot fail");
    };
    super::labels(record, &mut info);
    entry.own_labels(&mut info);
    info("senderIpAdress", &record.source_ip);
    info("source", "anslut");
    if let Some(address) = &record.producer_address {
        info("endpoint_url", address);
    }
    if let Some(message) = entry.message() {
        info("Headers", &message.headers_json);
        info("message.length", &message.body_bytes.to_string());
    }
    if !entry.is_request() {
        info("time.elapsed", &entry.elapsed.as_millis().to_string());
        if let Some(time) = record.producer_time {
            info("time.producer", &time.as_millis().to_string());
        }
    }
    out.push_str(&extra);
    if let (true, Some(message)) = (entry.payload, entry.message()) {
        let payload = String::from_utf8_lossy(&message.body);
        writeln!(out, "Payload={}", masked(&payload, Hide::Every)).expect("writing to memory cannot fail");
    }
    if let (Event::Error, Some(refusal)) = (entry.event, &record.refusal) {
        writeln!(out, "Stacktrace={}", masked(&refusal.detail, Hide::Every)).expect("writing to memory cannot fail");
    }
    writeln!(out, "** logEvent-{kind}.end *************************************************************")
        .expect("writing to memory cannot fail");
    out.into_bytes()
}
