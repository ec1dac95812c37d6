//! When something is said to have happened: a day, as most people write it, or an instant.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::clock::stockholm;

/// A day or an instant, kept as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A day in Sweden.
    Day(Date),
    /// An instant.
    Instant(Timestamp),
}

impl Moment {
    /// Reads `2026-02-03` or an instant of RFC 3339.
    pub fn read(text: &str) -> Option<Self> {
        // A day parser would take the day of an instant as well.
        match text.len() {
            10 => text.parse().ok().map(Self::Day),
            _ => text.parse().ok().map(Self::Instant),
        }
    }

    /// The day it falls on in Sweden.
    pub fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Instant(at) => at.to_zoned(stockholm()).date(),
        }
    }

    /// The instant; of a day, its noon.
    pub fn instant(self) -> Timestamp {
        match self {
            Self::Day(day) => day.at(12, 0, 0, 0).to_zoned(stockholm()).map_or(Timestamp::MAX, |noon| noon.timestamp()),
            Self::Instant(at) => at,
        }
    }

    /// Whether it certainly lies before another: a day has no place within itself.
    pub fn is_before(self, other: Self) -> bool {
        match (self, other) {
            (Self::Instant(one), Self::Instant(other)) => one < other,
            _ => self.day() < other.day(),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Day(day) => day.serialize(serializer),
            Self::Instant(at) => at.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = "expected a day such as 2026-02-03, or an instant such as 2026-02-03T10:00:00Z";
        Self::read(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no time, {wanted}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_kept_as_given_and_compared_by_what_both_know() {
        let moment = |text: &str| Moment::read(text).unwrap();
        for text in ["2026-02-03", "2026-02-03T10:00:00Z"] {
            assert_eq!(serde_json::to_value(moment(text)).unwrap(), text);
        }
        assert_eq!(moment("2026-02-02T23:30:00Z").day().to_string(), "2026-02-03", "the day is Sweden's");
        for (one, other, before) in [
            ("2026-02-03", "2026-02-04", true),
            ("2026-02-03", "2026-02-03", false),
            ("2026-02-03", "2026-02-03T23:00:00Z", true),
            ("2026-02-03T08:00:00Z", "2026-02-03", false),
            ("2026-02-03T08:00:00Z", "2026-02-03T09:00:00Z", true),
        ] {
            assert_eq!(moment(one).is_before(moment(other)), before, "{one} {other}");
        }
        for text in ["", "2026-2-3", "2026-02-30", "igår", "2026-02-03T10:00:00"] {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }
}
