//! What a platform recorded of a system's calls (*samtrafik*): who called whom, how the system did, which rules it broke.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::document::{Metrics, SeenCall};
use super::platforms::OrderedRoute;

/// Calls from which on a share of errors is told: half a percent of fewer is less than one call.
const ERRORS_OF_MIN: usize = 200;
/// Calls from which on a time for 95 of 100 is told.
const PERCENTILE_OF_MIN: usize = 20;
/// Answer times that are kept; those of later calls are not looked at.
const TIMES_MAX: usize = 1_000_000;

/// Whose traffic is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficOf {
    /// The platform.
    pub env: String,
    /// The system.
    pub component: String,
    /// Where it is called.
    pub routes: Vec<OrderedRoute>,
    /// Calls that began then or later.
    pub from: Timestamp,
    /// And not after this.
    pub to: Timestamp,
}

impl TrafficOf {
    /// Whether the system is called at an address.
    pub fn is_at(&self, contract: &str, address: &str) -> bool {
        let mut routes = self.routes.iter();
        routes.any(|route| route.contract == contract && route.address.eq_ignore_ascii_case(address))
    }
}

/// What a platform has recorded, as far back as its record reaches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Who called what of whom, each once: by the system, and of it. Only calls that were let through.
    pub calls: Vec<SeenCall>,
    /// How the system did.
    pub metrics: Metrics,
    /// Rules that the system's own messages broke.
    pub violations: Vec<String>,
}

/// Adds up calls, one by one.
#[derive(Debug, Default)]
pub struct Tally {
    calls: BTreeSet<(String, String, String)>,
    each_second: BTreeMap<i64, u32>,
    times: Vec<u64>,
    answered: usize,
    failed: usize,
    violations: BTreeSet<String>,
}

impl Tally {
    /// A call was let through.
    pub fn let_through(&mut self, consumer: &str, contract: &str, address: &str) {
        self.calls.insert((consumer.to_owned(), contract.to_owned(), address.to_owned()));
    }

    /// The system called.
    pub fn asked(&mut self, at: Timestamp) {
        *self.each_second.entry(at.as_second()).or_default() += 1;
    }

    /// The system was called, and took so long; or failed to answer.
    pub fn answered(&mut self, took: Option<Duration>, failed: bool) {
        self.answered += 1;
        self.failed += usize::from(failed);
        if let Some(took) = took.filter(|_| self.times.len() < TIMES_MAX) {
            self.times.push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        }
    }

    /// A message of the system broke a rule.
    pub fn broke(&mut self, rule: &str) {
        self.violations.insert(rule.to_owned());
    }

    /// What it all comes to.
    #[expect(clippy::cast_precision_loss, reason = "counts of calls that are held in memory")]
    pub fn traffic(mut self) -> Traffic {
        self.times.sort_unstable();
        let count = self.times.len();
        let within = |percent: usize| self.times.get((count * percent).div_ceil(100).saturating_sub(1)).copied();
        let total = self.times.iter().fold(0u64, |sum, time| sum.saturating_add(*time));
        let metrics = Metrics {
            calls_per_second: self.each_second.values().max().map(|most| f64::from(*most)),
            answer_ms: self.times.last().copied(),
            answer_ms_mean: total.checked_div(count as u64),
            answer_ms_p95: within(95).filter(|_| count >= PERCENTILE_OF_MIN),
            availability: None,
            error_percent: (self.answered >= ERRORS_OF_MIN).then(|| self.failed as f64 * 100.0 / self.answered as f64),
        };
        let call = |(consumer, contract, logical_address)| SeenCall { consumer, contract, logical_address };
        Traffic {
            calls: self.calls.into_iter().map(call).collect(),
            metrics,
            violations: self.violations.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_only_of_enough_calls() {
        let of = |count: u64, failed: u64| {
            let mut tally = Tally::default();
            for number in 0..count {
                let took = (number >= failed).then(|| Duration::from_millis(number + 1));
                tally.answered(took, number < failed);
            }
            tally.traffic().metrics
        };
        assert_eq!(of(0, 0), Metrics::default());
        let few = of(19, 0);
        assert_eq!((few.answer_ms, few.answer_ms_mean, few.answer_ms_p95), (Some(19), Some(10), None));
        assert_eq!(of(100, 0).answer_ms_p95, Some(95));
        assert_eq!(of(199, 1).error_percent, None, "one call may fail");
        assert_eq!(of(200, 2).error_percent, Some(1.0));
    }

    #[test]
    fn the_rate_is_that_of_the_busiest_second_and_everything_else_is_told_once() {
        let mut tally = Tally::default();
        for at in ["2026-03-02T12:00:00.1Z", "2026-03-02T12:00:00.9Z", "2026-03-02T12:00:01Z"] {
            tally.asked(at.parse().unwrap());
            tally.let_through("C", "urn:x", "A");
            tally.broke("VP003");
        }
        let traffic = tally.traffic();
        assert_eq!(traffic.metrics.calls_per_second, Some(2.0));
        assert_eq!((traffic.calls.len(), traffic.violations.len()), (1, 1));
    }
}
