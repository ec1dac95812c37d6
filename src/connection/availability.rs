//! How available a service was in a month (`connection.md` §6.3): outages of the two gravest classes that Inera answers
//! for count, each minute once.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::incident::Class;
use super::services::Services;
use crate::domain::clock::stockholm;

/// Most outages of one question.
pub const OUTAGES_MAX: usize = 10_000;

/// A question.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outage {
    /// When it began.
    #[cfg_attr(test, schema(value_type = String))]
    pub from: Timestamp,
    /// When it was over.
    #[cfg_attr(test, schema(value_type = String))]
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(month: &str, outages: Value) -> Result<Availability, Unanswerable> {
        let (services, _) = Services::shipped();
        let question = json!({"service": "inkorg", "month": month, "outages": outages});
        of(&services, &serde_json::from_value(question).unwrap())
    }

    fn outage(from: &str, to: &str, class: &str) -> Value {
        json!({"from": from, "to": to, "class": class})
    }

    #[test]
    fn the_examples_of_the_specification() {
        let day = |time: &str| format!("2026-06-03T{time}+02:00");
        let two_hours = outage(&day("10:00:00"), &day("12:00:00"), "Kritisk");
        let mut planned = outage(&day("13:00:00"), &day("18:00:00"), "Kritisk");
        planned["planned"] = json!(true);
        let told = asked("2026-06", json!([two_hours, planned])).unwrap();
        assert_eq!((told.availability, told.met, told.total_minutes), (99.7222, Some(false), 43_200));
        assert_eq!(told.outage_minutes, 120.0);
        let medium = asked("2026-06", json!([outage(&day("01:00:00"), &day("09:20:00"), "Medel")])).unwrap();
        assert_eq!((medium.availability, medium.met), (100.0, Some(true)));
    }

    #[test]
    fn exactly_what_is_allowed_meets_the_target_and_a_second_more_does_not() {
        for (month, start, minutes, second) in [
            ("2026-06", "2026-06-01T00:00:00+02:00", "01:26", 24),
            ("2026-01", "2026-01-01T00:00:00+01:00", "01:29", 16),
            ("2026-02", "2026-02-01T00:00:00+01:00", "01:20", 38),
        ] {
            let end = |second: u32| format!("{}T{minutes}:{second:02}{}", &start[..10], &start[19..]);
            let met = |second| asked(month, json!([outage(start, &end(second), "Hög")])).unwrap().met;
            assert_eq!((met(second), met(second + 1)), (Some(true), Some(false)), "{month}");
        }
    }

    #[test]
    fn a_minute_counts_once_within_its_month_and_never_where_inera_does_not_answer() {
        let one = outage("2026-05-31T21:00:00Z", "2026-05-31T23:00:00Z", "Kritisk");
        let overlapping = outage("2026-05-31T22:30:00Z", "2026-05-31T23:30:00Z", "Hög");
        let mut others = outage("2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z", "Kritisk");
        others["ineraAnswers"] = json!(false);
        let mut storm = outage("2026-06-12T00:00:00Z", "2026-06-13T00:00:00Z", "Kritisk");
        storm["forceMajeure"] = json!(true);
        let told = asked("2026-06", json!([overlapping, one, others, storm])).unwrap();
        assert_eq!(told.outage_minutes, 90.0, "June begins at 22:00 UTC");
        assert_eq!(asked("2026-03", json!([])).unwrap().total_minutes, 31 * 1440 - 60, "an hour is lost in March");
        assert!(matches!(asked("2026-13", json!([])), Err(Unanswerable::Month(_))));
        let backwards = outage("2026-06-02T00:00:00Z", "2026-06-01T00:00:00Z", "Hög");
        assert_eq!(asked("2026-06", json!([backwards])), Err(Unanswerable::Backwards(0)));
    }
}
