//! `before`, `after` and `equalToDateTime`: a moment, given or reckoned from now.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::{Span, Timestamp, ToSpan, Unit, Zoned};

use crate::domain::clock::stockholm;

/// What a moment must be to the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Earlier.
    Before,
    /// Later.
    After,
    /// The same.
    Same,
}

/// An expected moment with how it is compared.
#[derive(Clone, Debug)]
pub struct Moment {
    /// How it is compared.
    pub order: Order,
    expected: Expected,
    /// `expectedOffset` and its unit.
    offset: Option<Span>,
    format: Option<String>,
    truncates_expected: Option<String>,
    truncates_actual: Option<String>,
    /// As written.
    pub source: String,
}

#[derive(Clone, Debug)]
enum Expected {
    At(Zoned),
    Now(Span),
}

/// The options of a moment, as read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `actualFormat`, in Java's letters; `unix` and `epoch` are known as well.
    pub format: Option<String>,
    /// `truncateExpected`.
    pub truncates_expected: Option<String>,
    /// `truncateActual`.
    pub truncates_actual: Option<String>,
    /// `expectedOffset` with `expectedOffsetUnit`.
    pub offset: Option<(i64, String)>,
}

impl Moment {
    /// Reads an expectation: ISO 8601, or `now +3 days`.
    pub fn new(source: &str, order: Order, options: Options) -> Result<Self, String> {
        let text = source.trim();
        let expected = match text.strip_prefix("now") {
            Some(rest) => {
                Expected::Now(offset(rest.trim()).ok_or_else(|| format!("{source:?} is no offset from now"))?)
            }
            None => Expected::At(read(text).ok_or_else(|| {
                format!("{source:?} is no moment, expected ISO 8601 or \"now\" with an offset such as \"now +3 days\"")
            })?),
        };
        for name in [&options.truncates_expected, &options.truncates_actual].into_iter().flatten() {
            if truncated(&Zoned::new(Timestamp::UNIX_EPOCH, stockholm()), name).is_none() {
                return Err(format!("{name:?} is no truncation, expected such as \"first hour of day\""));
            }
        }
        let offset = match options.offset {
            None => None,
            Some((count, unit)) => {
                Some(span(count, &unit).ok_or_else(|| format!("{unit:?} is no unit, expected such as \"days\""))?)
            }
        };
        Ok(Self {
            order,
            expected,
            offset,
            format: options.format,
            truncates_expected: options.truncates_expected,
            truncates_actual: options.truncates_actual,
            source: source.to_owned(),
        })
    }

    /// Whether a text is a moment as expected, at `now`.
    pub fn accepts(&self, text: &str, now: Timestamp) -> bool {
        let Some(actual) = self.actual(text.trim()) else { return false };
        let mut expected = match &self.expected {
            Expected::At(at) => at.clone(),
            Expected::Now(span) => match now.to_zoned(stockholm()).checked_add(*span) {
                Ok(at) => at,
                Err(_) => return false,
            },
        };
        if let Some(span) = self.offset {
            match expected.checked_add(span) {
                Ok(at) => expected = at,
                Err(_) => return false,
            }
        }
        let cut = |at: Zoned, name: &Option<String>| match name {
            None => Some(at),
            Some(name) => truncated(&at, name),
        };
        let (Some(expected), Some(actual)) =
            (cut(expected, &self.truncates_expected), cut(actual, &self.truncates_actual))
        else {
            return false;
        };
        match self.order {
            Order::Before => actual.timestamp() < expected.timestamp(),
            Order::After => actual.timestamp() > expected.timestamp(),
            Order::Same => actual.timestamp() == expected.timestamp(),
        }
    }

    fn actual(&self, text: &str) -> Option<Zoned> {
        match self.format.as_deref() {
            None => read(text),
            Some("unix") => Timestamp::from_second(text.parse().ok()?).ok().map(|at| at.to_zoned(stockholm())),
            Some("epoch") => Timestamp::from_millisecond(text.parse().ok()?).ok().map(|at| at.to_zoned(stockholm())),
            Some(format) => {
                let parsed = strtime::parse(strftime_of(format), text).ok()?;
                parsed.to_zoned().ok().or_else(|| {
                    in_sweden(
                        parsed.to_datetime().ok().or_else(|| parsed.to_date().ok().map(|day| day.at(0, 0, 0, 0)))?,
                    )
                })
            }
        }
    }
}

/// A moment in ISO 8601 or in the contracts' own 8 or 14 digits; without a zone it is Swedish time.
pub fn read(text: &str) -> Option<Zoned> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.to_zoned(stockholm()));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let format = match text.len() {
            14 => "%Y%m%d%H%M%S",
            8 => return in_sweden(Date::strptime("%Y%m%d", text).ok()?.at(0, 0, 0, 0)),
            _ => return None,
        };
        return in_sweden(DateTime::strptime(format, text).ok()?);
    }
    in_sweden(text.parse::<DateTime>().ok().or_else(|| text.parse::<Date>().ok().map(|day| day.at(0, 0, 0, 0)))?)
}

fn in_sweden(at: DateTime) -> Option<Zoned> {
    at.to_zoned(stockholm()).ok()
}

/// `+3 days`, `-1 hours`, or nothing.
pub fn offset(text: &str) -> Option<Span> {
    if text.is_empty() {
        return Some(Span::new());
    }
    let text = text.trim_start_matches('+').trim_start();
    let (count, unit) = text.split_once(' ')?;
    span(count.trim().parse().ok()?, unit.trim())
}

fn span(count: i64, unit: &str) -> Option<Span> {
    let bounded = (-1_000_000..=1_000_000).contains(&count).then_some(count)?;
    Some(match unit.trim_end_matches('s') {
        "second" => bounded.seconds(),
        "minute" => bounded.minutes(),
        "hour" => bounded.hours(),
        "day" => bounded.days(),
        "week" => bounded.weeks(),
        "month" => bounded.months(),
        "year" if bounded.abs() <= 9_000 => bounded.years(),
        _ => return None,
    })
}

fn truncated(at: &Zoned, name: &str) -> Option<Zoned> {
    let midnight = |day: Date| in_sweden(day.at(0, 0, 0, 0));
    match name {
        "first second of minute" => {
            at.round(jiff::ZonedRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc)).ok()
        }
        "first minute of hour" => {
            at.round(jiff::ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc)).ok()
        }
        "first hour of day" => midnight(at.date()),
        "first day of month" => midnight(at.date().first_of_month()),
        "first day of next month" => midnight(at.date().last_of_month().tomorrow().ok()?),
        "last day of month" => midnight(at.date().last_of_month()),
        "first day of year" => midnight(at.date().first_of_year()),
        "first day of next year" => midnight(at.date().last_of_year().tomorrow().ok()?),
        "last day of year" => midnight(at.date().last_of_year()),
        _ => None,
    }
}

/// Java's date letters as strftime's.
pub fn strftime_of(java: &str) -> String {
    const LETTERS: [(&str, &str); 18] = [
        ("yyyy", "%Y"),
        ("uuuu", "%Y"),
        ("yy", "%y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("hh", "%I"),
        ("mm", "%M"),
        ("ss", "%S"),
        ("SSS", "%3f"),
        ("XXX", "%:z"),
        ("XX", "%z"),
        ("Z", "%z"),
        ("EEEE", "%A"),
        ("EEE", "%a"),
        ("a", "%p"),
    ];
    let mut out = String::new();
    let mut rest = java;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let inner = &rest[1..];
            let end = inner.find('\'').unwrap_or(inner.len());
            out.push_str(&inner[..end].replace('%', "%%"));
            rest = inner.get(end + 1..).unwrap_or_default();
        } else if let Some((letters, format)) = LETTERS.iter().find(|(letters, _)| rest.starts_with(letters)) {
            out.push_str(format);
            rest = &rest[letters.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_compared_in_swedish_time() {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let cases = [
            ("2026-01-01T00:00:00Z", Order::Before, "2025-12-31T23:59:59Z", true),
            ("2026-01-01", Order::Before, "20251231", true),
            ("2026-01-01", Order::After, "20260101000001", true),
            ("2026-01-01", Order::Same, "2025-12-31T23:00:00Z", true),
            ("now", Order::Before, "2026-03-02T11:59:59Z", true),
            ("now +3 days", Order::Before, "2026-03-05T11:59:59Z", true),
            ("now +3 days", Order::Before, "2026-03-05T12:00:01Z", false),
            ("now -1 months", Order::After, "2026-02-02T12:00:01Z", true),
            ("now", Order::After, "no moment", false),
        ];
        for (expected, order, actual, holds) in cases {
            let moment = Moment::new(expected, order, Options::default()).unwrap();
            assert_eq!(moment.accepts(actual, now), holds, "{expected} {order:?} {actual}");
        }
        let cut = Options { truncates_expected: Some("first day of month".to_owned()), ..Options::default() };
        assert!(Moment::new("now", Order::Same, cut).unwrap().accepts("2026-03-01", now));
        let java = Options { format: Some("dd/MM/yyyy HH:mm".to_owned()), ..Options::default() };
        assert!(Moment::new("2026-03-02", Order::After, java).unwrap().accepts("02/03/2026 00:01", now));
        assert!(Moment::new("soon", Order::After, Options::default()).is_err());
    }
}
