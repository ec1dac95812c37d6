//! A histogram of durations with fixed bounds.
//!
//! The metrics library gathers every value in a list until somebody reads; nine values a call made that list a visible
//! part of a call's cost. Here a value is one addition to one counter.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets, in microseconds; a last one without bound follows.
const BOUNDS_US: [u64; 14] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_000_000, 10_000_000, 30_000_000];

/// How many durations fell into each bucket, and their sum.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl Histogram {
    /// Counts one duration.
    pub(super) fn record(&self, duration: Duration) {
        let bucket = BOUNDS_US.partition_point(|bound| Duration::from_micros(*bound) < duration);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Writes it in the Prometheus text format. `label` is `name="value"`, or empty.
    pub(super) fn render(&self, name: &str, label: &str, out: &mut String) {
        let comma = if label.is_empty() { "" } else { "," };
        let braces = if label.is_empty() { String::new() } else { format!("{{{label}}}") };
        let mut count = 0;
        let bounds = BOUNDS_US.iter().map(|bound| (*bound as f64 / 1e6).to_string()).chain(["+Inf".to_owned()]);
        for (bucket, bound) in self.buckets.iter().zip(bounds) {
            count += bucket.load(Ordering::Relaxed);
            writeln!(out, "{name}_bucket{{{label}{comma}le=\"{bound}\"}} {count}")
                .expect("writing to a string cannot fail");
        }
        let sum = self.sum_ns.load(Ordering::Relaxed) as f64 / 1e9;
        writeln!(out, "{name}_sum{braces} {sum}\n{name}_count{braces} {count}")
            .expect("writing to a string cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_in_every_bucket_that_can_hold_it() {
        let histogram = Histogram::default();
        for duration in
            [Duration::ZERO, Duration::from_micros(100), Duration::from_nanos(100_001), Duration::from_secs(31)]
        {
            histogram.record(duration);
        }
        let mut out = String::new();
        histogram.render("x_seconds", "stage=\"read\"", &mut out);
        let lines: Vec<_> = out.lines().collect();
        assert_eq!(lines[0], "x_seconds_bucket{stage=\"read\",le=\"0.0001\"} 2");
        assert_eq!(lines[1], "x_seconds_bucket{stage=\"read\",le=\"0.00025\"} 3");
        assert_eq!(lines[13], "x_seconds_bucket{stage=\"read\",le=\"30\"} 3");
        assert_eq!(lines[14], "x_seconds_bucket{stage=\"read\",le=\"+Inf\"} 4");
        assert_eq!(lines[15], "x_seconds_sum{stage=\"read\"} 31.000200001");
        assert_eq!(lines[16], "x_seconds_count{stage=\"read\"} 4");
    }
}
