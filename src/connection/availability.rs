//! How available a service was in a month (`connection.md` §6.3): outages of the two gravest classes that Inera answers
//! for count, each minute once.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incident::Class;
use super::services::Services;
use crate::domain::clock::stockholm;

/// Most outages of one question.
pub const OUTAGES_MAX: usize = 10_000;

/// A question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// Which service.
    pub service: String,
    /// `2026-06`.
    pub month: String,
    /// What was out, and when.
    #[serde(default)]
    pub outages: Vec<Outage>,
}

/// An outage.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outage {
    /// When it began.
    #[schema(value_type = String)]
    pub from: Timestamp,
    /// When it was over.
    #[schema(value_type = String)]
    pub to: Timestamp,
    /// How grave it was.
    pub class: Class,
    /// Whether it was planned.
    #[serde(default)]
    pub planned: bool,
    /// Whether nobody could have helped it.
    #[serde(default)]
    pub force_majeure: bool,
    /// Whether Inera answers for it.
    #[serde(default = "yes")]
    pub inera_answers: bool,
}

fn yes() -> bool {
    true
}

/// The answer. A missed target gives no remedy, so that none is named.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    /// Percent, rounded to four decimals.
    pub availability: f64,
    /// Percent; none where the service has no target.
    pub target: Option<f64>,
    /// Whether it was met, judged before rounding; none without a target.
    pub met: Option<bool>,
    /// Minutes that count.
    pub outage_minutes: f64,
    /// Minutes of the month, in Sweden.
    pub total_minutes: u64,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    /// No such service.
    #[error("service is {0:?}: expected the id of a service")]
    Service(String),
    /// No such month.
    #[error("month is {0:?}: expected a month such as 2026-06")]
    Month(String),
    /// An outage ends before it begins.
    #[error("outages[{0}].to lies before its from")]
    Backwards(usize),
    /// Too many of them.
    #[error("{0} outages, expected at most {OUTAGES_MAX}")]
    TooMany(usize),
}

/// First moment of a month in Sweden, and first moment of the next.
fn bounds(month: &str) -> Option<(Timestamp, Timestamp)> {
    let first: Date = (month.len() == 7).then(|| format!("{month}-01").parse().ok())??;
    let next = first.checked_add(1.month()).ok()?;
    let start = |day: Date| DateTime::from(day).to_zoned(stockholm()).ok().map(|start| start.timestamp());
    Some((start(first)?, start(next)?))
}

/// How available the service was.
pub fn of(services: &Services, question: &Question) -> Result<Availability, Unanswerable> {
    let profile = services.get(&question.service).ok_or_else(|| Unanswerable::Service(question.service.clone()))?;
    let (start, end) = bounds(&question.month).ok_or_else(|| Unanswerable::Month(question.month.clone()))?;
    if question.outages.len() > OUTAGES_MAX {
        return Err(Unanswerable::TooMany(question.outages.len()));
    }
    if let Some(place) = question.outages.iter().position(|outage| outage.to < outage.from) {
        return Err(Unanswerable::Backwards(place));
    }
    let counts = |outage: &&Outage| {
        matches!(outage.class, Class::Kritisk | Class::Hog)
            && !outage.planned
            && !outage.force_majeure
            && outage.inera_answers
    };
    let within = |outage: &Outage| (outage.from.clamp(start, end), outage.to.clamp(start, end));
    let mut stretches: Vec<_> = question.outages.iter().filter(counts).map(within).collect();
    stretches.sort_unstable();
    let (mut out, mut covered) = (0_i128, start.as_nanosecond());
    for (from, to) in stretches {
        let (from, to) = (from.as_nanosecond().max(covered), to.as_nanosecond());
        out += (to - from).max(0);
        covered = covered.max(to);
    }
    let total = end.as_nanosecond() - start.as_nanosecond();
    let target = profile.target_availability.get();
    let percent = 100.0 - (out as f64 / total as f64) * 100.0;
    // Judged in whole numbers, so that an outage of exactly what is allowed meets the target: targets have two decimals.
    let met = target.map(|target| out * 10_000 <= total * (10_000 - (target * 100.0).round() as i128));
    Ok(Availability {
        availability: (percent * 10_000.0).round() / 10_000.0,
        target,
        met,
        outage_minutes: (out as f64 / MINUTE * 10_000.0).round() / 10_000.0,
        total_minutes: (total / MINUTE as i128) as u64,
    })
}

/// Nanoseconds of a minute.
const MINUTE: f64 = 60e9;
