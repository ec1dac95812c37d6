//! What is told of a run.

use std::collections::BTreeMap;
use std::io;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::load::{Outcome, Plan};
use super::requests::Requests;
use crate::cli::terminal::{Terminal, Tone, printable};

/// One rate, as JSON.
#[derive(Debug, Serialize)]
struct Told<'t> {
    part: &'t str,
    url: &'t str,
    /// Calls a second that were due.
    rate: u32,
    seconds: u32,
    connections: u32,
    /// Calls answered as they should be, and how many that was a second.
    answered: u64,
    answered_per_second: f64,
    /// The others, by what was said.
    refused: &'t BTreeMap<String, u64>,
    never_sent: u64,
    answer_bytes: u64,
    latency_us: Percentiles,
    /// How late this process was in sending where a connection was free: large where the machine is at its end.
    sent_late_us: Percentiles,
}

#[derive(Debug, Serialize)]
struct Percentiles {
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

impl Percentiles {
    fn of(times: &Histogram<u64>) -> Self {
        let at = |share| if times.is_empty() { 0 } else { times.value_at_quantile(share) };
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }

    fn text(&self) -> String {
        let Self { p50, p90, p99, p999, max } = *self;
        let shown = [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("max", max)];
        shown.map(|(name, time)| format!("{name} {}", time_text(time))).join(", ")
    }
}

/// Microseconds below a millisecond, milliseconds below a second.
fn time_text(microseconds: u64) -> String {
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{:.1} ms", microseconds as f64 / 1e3),
        _ => format!("{:.2} s", microseconds as f64 / 1e6),
    }
}

/// Prints what came of a rate.
pub(super) fn show(requests: &Requests, plan: Plan, outcome: &Outcome, terminal: &mut Terminal<'_>) -> io::Result<()> {
    let took = outcome.took.as_secs_f64();
    let told = Told {
        part: requests.part,
        url: &requests.url,
        rate: plan.rate,
        seconds: plan.seconds,
        connections: plan.connections,
        answered: outcome.answered,
        answered_per_second: if took > 0.0 { (outcome.answered as f64 / took * 10.0).round() / 10.0 } else { 0.0 },
        refused: &outcome.refused,
        never_sent: outcome.never_sent,
        answer_bytes: outcome.bytes,
        latency_us: Percentiles::of(&outcome.times),
        sent_late_us: Percentiles::of(&outcome.late),
    };
    if terminal.json {
        return terminal.print_json(&told);
    }
    let palette = terminal.palette();
    let head = format!(
        "{} at {}: {} calls a second for {} s over {} connections",
        told.part, told.url, told.rate, told.seconds, told.connections
    );
    let mut text = format!("{}\n", palette.paint(Tone::Heading, &printable(&head)));
    let tone = if outcome.is_good() { Tone::Good } else { Tone::Bad };
    let answered = format!("{} calls, {:.1} a second", told.answered, told.answered_per_second);
    text.push_str(&format!("  answered   {}\n", palette.paint(tone, &answered)));
    for (why, count) in &outcome.refused {
        text.push_str(&format!("  refused    {}\n", palette.paint(Tone::Bad, &printable(&format!("{count} × {why}")))));
    }
    if told.never_sent > 0 {
        let never = format!("{} calls: every connection was busy", told.never_sent);
        text.push_str(&format!("  never sent {}\n", palette.paint(Tone::Bad, &never)));
    }
    text.push_str(&format!("  latency    {}\n", told.latency_us.text()));
    text.push_str(&format!("  sent late  {}\n", told.sent_late_us.text()));
    terminal.print(&text)
}
