//! How times, durations, outcomes and traces look on a page.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::admin::api::summary::{StageReached, StageState, moment};
use crate::domain::clock::stockholm;

/// A duration with three digits: `0.31 µs`, `124 ms`, `1.25 s`.
pub(super) fn duration(micros: f64) -> String {
    let (value, unit) = match micros {
        m if m < 999.5 => (m, "µs"),
        m if m < 999_500.0 => (m / 1e3, "ms"),
        m => (m / 1e6, "s"),
    };
    let decimals = match value {
        v if v == 0.0 || v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}

/// A moment as the clock on the wall in Stockholm, to the millisecond; the element carries the exact one.
pub(super) fn time(at: Timestamp, with_date: bool) -> Markup {
    let at = moment(at);
    let local = at.to_zoned(stockholm());
    let format = if with_date { "%Y-%m-%d %H:%M:%S%.3f" } else { "%H:%M:%S%.3f" };
    html! { time datetime=(at) title=(at) { (local.strftime(format)) } }
}

/// `ok`, a VP code or `fault`, in its colour.
pub(super) fn outcome(outcome: &str) -> Markup {
    html! { span.outcome.(if outcome == "ok" { "passed" } else { "refused" }) { (outcome) } }
}

/// The seven stages as a row of dots, with the same said in words.
pub(super) fn dots(stages: &[StageReached]) -> Markup {
    let refused = stages.iter().find(|stage| stage.state == StageState::Refused);
    let words = refused.map_or_else(|| "passed all stages".to_owned(), |stage| format!("failed at {}", stage.name));
    html! {
        span.dots role="img" aria-label=(words) title=(words) {
            @for stage in stages { i.(stage.state.as_str()) {} }
        }
    }
}

/// A trace (`vp.md` §9) as the steps it is made of.
pub(super) fn trace(trace: &str) -> Markup {
    html! {
        ol.trace {
            @for step in trace.split(',') {
                li.turn[step.starts_with('(')] { code { (step) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well_at_every_size() {
        let cases = [
            (0.0, "0 µs"),
            (0.31, "0.31 µs"),
            (12.34, "12.3 µs"),
            (999.4, "999 µs"),
            (999.6, "1.00 ms"),
            (124_000.0, "124 ms"),
            (1_250_000.0, "1.25 s"),
        ];
        for (micros, expected) in cases {
            assert_eq!(duration(micros), expected);
        }
    }
}
