//! When an entry holds: `from ≤ now ≤ to`, both included (`vp.md` §4.2), at a resolution of one microsecond.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::entry::Text;
use crate::domain::clock::stockholm;

/// How far a time without zone may be from the same reading in UTC. Within it, the reference cannot say which of two
/// times is earlier, and takes the entry to be valid (`vp.md` §4.2).
const ZONE_MICROSECONDS_MAX: i64 = 14 * 3600 * 1_000_000;

/// First and last moment, both included, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    from: i64,
    to: i64,
}

/// The day that stands for an open beginning.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);
/// The day that stands for an open end.
const LAST_DAY: Date = Date::constant(9999, 12, 30);

/// The start of the first day, as the formats write it that must name one.
const FIRST_MOMENT: &str = "1970-01-01T00:00:00+01:00";
/// A moment of the last day.
const LAST_MOMENT: &str = "9999-12-30T00:00:00+01:00";

impl Period {
    /// Holds at every moment.
    pub const ALWAYS: Self = Self { from: i64::MIN, to: i64::MAX };
    /// Holds at no moment: a bound that cannot be read must not open a door.
    pub const NEVER: Self = Self { from: i64::MAX, to: i64::MIN };

    /// Whether it holds at a moment.
    pub fn contains(self, at: Timestamp) -> bool {
        let at = at.as_microsecond();
        self.from <= at && at <= self.to
    }

    /// Whether it is over at a moment.
    pub fn is_over(self, at: Timestamp) -> bool {
        self.to < at.as_microsecond()
    }

    /// Whether some moment belongs to both.
    pub fn overlaps(self, other: Self) -> bool {
        self.from.max(other.from) <= self.to.min(other.to)
    }

    /// Whether there is no moment at which it holds.
    pub fn is_empty(self) -> bool {
        self.from > self.to
    }
}

/// A period, and the bounds as they were written (empty = open).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// When.
    pub period: Period,
    /// First moment or day, as written.
    pub from: Text,
    /// Last moment or day, as written.
    pub to: Text,
}

impl Validity {
    /// Of two `xs:dateTime`s; a missing one is open. One that cannot be read makes the entry never valid.
    pub fn between_moments(from: Option<Text>, to: Option<Text>) -> Self {
        let bounds = |text: &Option<Text>, open: i64| match text {
            None => Some((open, open)),
            Some(text) => moment_bounds(text),
        };
        let period = match (bounds(&from, i64::MIN), bounds(&to, i64::MAX)) {
            (Some((earliest, _)), Some((_, latest))) => Period { from: earliest, to: latest },
            _ => Period::NEVER,
        };
        Self { period, from: from.unwrap_or_default(), to: to.unwrap_or_default() }
    }

    /// Of two civil days in Sweden, both included (TAK-V1, `tak.md` §2.3); a missing one is open.
    pub fn between_days(from: Option<Date>, to: Option<Date>) -> Self {
        let zone = stockholm();
        let start = from.map_or(i64::MIN, |day| day_start(day, &zone));
        let end = to.map_or(i64::MAX, |day| day_end(day, &zone));
        let text = |day: Option<Date>| day.map_or_else(Text::default, |day| Arc::from(day.to_string()));
        Self { period: Period { from: start, to: end }, from: text(from), to: text(to) }
    }

    /// The first and the last day, as the catalogue keeps them: open bounds are the first and the last day it writes, and
    /// what cannot be read is long over.
    pub fn days(&self) -> (Date, Date) {
        let day = |text: &Text, open: Date| if text.is_empty() { Some(open) } else { swedish_day(text) };
        match (day(&self.from, FIRST_DAY), day(&self.to, LAST_DAY)) {
            (Some(from), Some(to)) => (from, to),
            _ => (FIRST_DAY, FIRST_DAY),
        }
    }

    /// The period's bounds in microseconds, for a journal.
    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.period.from, self.period.to)
    }

    /// What [`Validity::bounds`] and the texts came from.
    pub(super) fn of_bounds((from, to): (i64, i64), texts: (Text, Text)) -> Self {
        Self { period: Period { from, to }, from: texts.0, to: texts.1 }
    }

    /// The two bounds as `xs:dateTime`s, which the formats that carry them require: what is open is written as the first
    /// and the last day of the catalogue, all else so that it reads back as the same period.
    pub fn as_moments(&self) -> (String, String) {
        let written = |text: &Text| Some(text.clone()).filter(|text| !text.is_empty());
        let read_back = Self::between_moments(written(&self.from), written(&self.to));
        let is_verbatim = read_back.period == self.period;
        let moment = |text: &Text, at: i64, open: &str| match Timestamp::from_microsecond(at) {
            _ if text.is_empty() => open.to_owned(),
            Ok(at) if !is_verbatim => at.to_string(),
            _ => text.to_string(),
        };
        (moment(&self.from, self.period.from, FIRST_MOMENT), moment(&self.to, self.period.to, LAST_MOMENT))
    }

    /// The period for a reader: its days where it consists of whole ones, without those that stand for an open end; else its
    /// bounds as written. What two catalogues say in different formats reads alike.
    pub fn shown(&self) -> String {
        let (from, to) = self.days();
        let days = Self::between_days(Some(from), Some(to)).period;
        let begins_whole = from == FIRST_DAY || self.period.from == days.from;
        let ends_whole = to == LAST_DAY || self.period.to == days.to;
        if !begins_whole || !ends_whole {
            return format!("{} - {}", self.from, self.to);
        }
        let day = |day: Date, open: Date| if day == open { String::new() } else { day.to_string() };
        format!("{} - {}", day(from, FIRST_DAY), day(to, LAST_DAY))
    }
}

fn day_start(day: Date, zone: &TimeZone) -> i64 {
    day.to_zoned(zone.clone()).map_or(i64::MAX, |start| start.timestamp().as_microsecond())
}

fn day_end(day: Date, zone: &TimeZone) -> i64 {
    let next = day.tomorrow().ok().and_then(|next| next.to_zoned(zone.clone()).ok());
    next.map_or(i64::MAX, |start| start.timestamp().as_microsecond() - 1)
}

/// The Swedish day a timestamp of a stored snapshot falls on (`tak.md` §4.1); the day as written where it has no zone.
pub(super) fn swedish_day(text: &str) -> Option<Date> {
    let (at, zone) = civil(text)?;
    let Some(zone_seconds) = zone else { return Some(at.date()) };
    let moment = Timestamp::from_microsecond(microseconds(at) - zone_seconds * 1_000_000).ok()?;
    Some(moment.to_zoned(stockholm()).date())
}

/// The moment a timestamp with a zone means.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let (at, zone) = civil(text)?;
    Timestamp::from_microsecond(microseconds(at) - zone? * 1_000_000).ok()
}

/// The earliest and the latest moment an `xs:dateTime` (or a plain date) may mean; one and the same where it has a zone.
fn moment_bounds(text: &str) -> Option<(i64, i64)> {
    let (at, zone) = civil(text)?;
    let at = microseconds(at);
    Some(match zone {
        Some(seconds) => (at - seconds * 1_000_000, at - seconds * 1_000_000),
        None => (at - ZONE_MICROSECONDS_MAX, at + ZONE_MICROSECONDS_MAX),
    })
}

fn microseconds(at: DateTime) -> i64 {
    let since_epoch = at.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since_epoch.as_micros()).expect("civil time spans 20 000 years, i64 microseconds 584 000")
}

/// Date, time of day and seconds east of Greenwich: `2026-01-15T10:20:30.5+01:00`, also `+0100`, `Z`, without zone, and
/// without time of day.
fn civil(text: &str) -> Option<(DateTime, Option<i64>)> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let date = date_of(date)?;
    if rest.is_empty() {
        return Some((date.to_datetime(Time::midnight()), None));
    }
    let rest = rest.strip_prefix('T')?;
    let zone_start = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone_start);
    let zone = match zone {
        "" => None,
        zone => Some(zone_seconds(zone)?),
    };
    if time.strip_prefix("24:00:00").is_some_and(|fraction| fraction.trim_start_matches(['.', '0']).is_empty()) {
        return Some((date.tomorrow().ok()?.to_datetime(Time::midnight()), zone));
    }
    Some((date.to_datetime(time_of(time)?), zone))
}

/// `2026-01-15`, nothing else.
pub(super) fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    Date::new(number(year)?, number(month)?, number(day)?).ok()
}

/// `10:20:30`, with any fraction of a second.
fn time_of(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').map_or((text, "0"), |(whole, fraction)| (whole, fraction));
    let mut parts = whole.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if (hour.len(), minute.len(), second.len()) != (2, 2, 2) || fraction.is_empty() {
        return None;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i32 = format!("{fraction:0<9.9}").parse().ok()?;
    Time::new(number(hour)?, number(minute)?, number(second)?, nanoseconds).ok()
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let digits = rest.replacen(':', "", 1);
    if digits.len() != 4 {
        return None;
    }
    let (hours, minutes): (i64, i64) = (number(digits.get(..2)?)?, number(digits.get(2..)?)?);
    let seconds = hours * 3600 + minutes * 60;
    (hours <= 14 && minutes < 60).then_some(if sign == "-" { -seconds } else { seconds })
}

fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn moments(from: &str, to: &str) -> Period {
        Validity::between_moments(Some(from.into()), Some(to.into())).period
    }

    #[test]
    fn both_ends_are_included() {
        let period = moments("2026-01-01T00:00:00+01:00", "2026-01-31T12:00:00Z");
        assert!(!period.contains(at("2025-12-31T22:59:59.999Z")));
        assert!(period.contains(at("2025-12-31T23:00:00Z")));
        assert!(period.contains(at("2026-01-31T12:00:00Z")));
        assert!(!period.contains(at("2026-01-31T12:00:00.001Z")));
    }

    #[test]
    fn a_time_without_zone_is_valid_wherever_it_cannot_be_ordered() {
        let period = moments("2026-01-01T00:00:00", "2026-01-31T00:00:00.000");
        assert!(!period.contains(at("2025-12-31T09:59:59Z")));
        assert!(period.contains(at("2025-12-31T10:00:00Z")));
        assert!(period.contains(at("2026-01-31T14:00:00Z")));
        assert!(!period.contains(at("2026-01-31T14:00:01Z")));
    }

    #[test]
    fn days_are_swedish_and_both_included() {
        let period = Validity::between_days(date_of("2026-06-01"), date_of("2026-06-02")).period;
        assert!(!period.contains(at("2026-05-31T21:59:59Z")));
        assert!(period.contains(at("2026-05-31T22:00:00Z")));
        assert!(period.contains(at("2026-06-02T21:59:59.999Z")));
        assert!(!period.contains(at("2026-06-02T22:00:00Z")));
        assert_eq!(Validity::between_days(None, None).period, Period::ALWAYS);
        let last = Validity::between_days(date_of("9999-12-31"), date_of("9999-12-31"));
        assert!(!last.period.contains(at("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn a_bound_that_cannot_be_read_is_never_valid_and_a_missing_one_open() {
        for text in ["", "x", "2026-13-01T00:00:00", "2026-01-01T00:00", "2026-01-01T00:00:00+1", "2026-01-01 00:00:00"]
        {
            assert_eq!(moments(text, "2027-01-01T00:00:00"), Period::NEVER, "{text:?}");
        }
        assert_eq!(Validity::between_moments(None, None).period, Period::ALWAYS);
        assert!(!moments(" 2026-01-01T24:00:00.0Z ", "2026-01-02T00:00:00Z").is_empty());
        assert!(moments("2026-01-01", "2026-01-01").contains(at("2026-01-01T12:00:00Z")));
    }

    #[test]
    fn a_snapshot_timestamp_is_the_swedish_day_it_falls_on() {
        assert_eq!(swedish_day("2026-01-01T00:00:00+0100"), date_of("2026-01-01"));
        assert_eq!(swedish_day("2026-06-30T22:00:00+0000"), date_of("2026-07-01"));
        assert_eq!(swedish_day("2026-07-01T00:00:00"), date_of("2026-07-01"));
        assert_eq!(swedish_day("igår"), None);
    }

    #[test]
    fn bounds_written_as_moments_read_back_as_the_same_period() {
        let days = Validity::between_days(date_of("2026-06-01"), None);
        let (from, to) = days.as_moments();
        assert_eq!((&*from, &*to), ("2026-05-31T22:00:00Z", LAST_MOMENT));
        let both = Validity::between_days(date_of("2026-01-01"), date_of("2026-01-02"));
        let (from, to) = both.as_moments();
        assert_eq!(moments(&from, &to), both.period);
        let verbatim = Validity::between_moments(Some("2026-01-01T00:00:00.000".into()), Some("aldrig".into()));
        assert_eq!(verbatim.as_moments(), ("2026-01-01T00:00:00.000".into(), "aldrig".into()));
    }

    #[test]
    fn a_period_reads_alike_whatever_format_it_came_in() {
        let days = |from: &str, to: &str| Validity::between_days(date_of(from), date_of(to));
        let copied = |days: &Validity| {
            let (from, to) = days.as_moments();
            Validity::between_moments(Some(from.into()), Some(to.into()))
        };
        let open = Validity::between_days(None, None);
        let half_open = Validity::between_days(date_of("2024-01-01"), None);
        for (validity, shown) in [
            (copied(&open), " - "),
            (open, " - "),
            (days("1970-01-01", "9999-12-30"), " - "),
            (copied(&half_open), "2024-01-01 - "),
            (half_open, "2024-01-01 - "),
            (copied(&days("2024-01-01", "2024-06-30")), "2024-01-01 - 2024-06-30"),
            (Validity::between_moments(Some("2024-01-01T12:00:00Z".into()), None), "2024-01-01T12:00:00Z - "),
        ] {
            assert_eq!(validity.shown(), shown, "{validity:?}");
        }
    }
}
