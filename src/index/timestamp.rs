//! The fourteen digits of the contract: Swedish local time, to the second, without a zone (`ei.md` §1.4, §2.5).
//!
//! Read as leniently as the reference's date parser reads them, kept as a count of civil seconds, written strictly.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::domain::clock::stockholm;

/// A local time, in civil seconds since year 0. Order is the order of the calendar. Fits forty bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(NonZeroU64);

/// A text that is no time. The message is the reference's, to the letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Input date is not according to expected format \"YYYYMMDDhhmmss\": {0}")]
pub struct NotATime(pub String);

static STOCKHOLM: LazyLock<TimeZone> = LazyLock::new(stockholm);

const DAY: u64 = 24 * 60 * 60;

impl LocalTime {
    /// The local time in Stockholm.
    pub fn at(now: Timestamp) -> Self {
        Self::from_civil(STOCKHOLM.to_datetime(now))
    }

    /// Reads a time as the reference does: each group takes up to its length of digits, blanks before them allowed; the
    /// last takes all digits there are, at least one; what follows is ignored. The calendar is strict.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        Self::read(text.as_bytes()).ok_or_else(|| NotATime(text.to_owned()))
    }

    fn read(text: &[u8]) -> Option<Self> {
        let mut at = 0;
        let mut group = |length: usize| {
            let end = at + length;
            if end > text.len() {
                return None;
            }
            let (value, behind) = digits(text, at, end)?;
            at = behind;
            Some(value)
        };
        let year = group(4)?;
        let (month, day, hour, minute) = (group(2)?, group(2)?, group(2)?, group(2)?);
        let (second, _) = digits(text, at, text.len())?;
        let date = Date::new(
            i16::try_from(year).ok().filter(|year| *year > 0)?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
        );
        let (hour, minute, second) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let civil = date.ok()?.at(hour, minute, second, 0);
        // Clocks are only ever put forward at night.
        let may_not_exist = !(4..23).contains(&hour);
        if may_not_exist && matches!(STOCKHOLM.to_ambiguous_timestamp(civil).offset(), AmbiguousOffset::Gap { .. }) {
            return None;
        }
        Some(Self::from_civil(civil))
    }

    fn from_civil(civil: DateTime) -> Self {
        let days = days_from_year_0(civil.year(), civil.month(), civil.day());
        let seconds = (civil.hour() as u64 * 60 + civil.minute() as u64) * 60 + civil.second() as u64;
        Self::from_seconds(days * DAY + seconds)
    }

    /// The count of seconds.
    pub fn seconds(self) -> u64 {
        self.0.get()
    }

    /// The time with this count of seconds. Counts beyond year 9999 give that year's end; 0, which is before any year
    /// that is read and stands for no time where times are written down, gives 1.
    pub fn from_seconds(seconds: u64) -> Self {
        // Year 10000 begins sixty days before the end of the era.
        const LAST: u64 = (3_652_425 - 60) * DAY - 1;
        Self(NonZeroU64::new(seconds.min(LAST)).unwrap_or(NonZeroU64::MIN))
    }

    /// The time with this count of seconds; none for 0.
    pub fn unless_zero(seconds: u64) -> Option<Self> {
        (seconds != 0).then(|| Self::from_seconds(seconds))
    }

    /// Fourteen digits.
    pub fn digits(self) -> [u8; 14] {
        // Days of ten thousand years and seconds of a day both fit 32 bits, in which division is quick.
        let (days, second) = ((self.seconds() / DAY) as u32, (self.seconds() % DAY) as u32);
        let (year, month, day) = civil_from_days(days);
        let mut out = [0; 14];
        let pairs = [year / 100, year % 100, month, day, second / 3600, second / 60 % 60, second % 60];
        for (place, pair) in out.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *place = [b'0' + (pair / 10) as u8, b'0' + (pair % 10) as u8];
        }
        out
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).expect("digits are ASCII"))
    }
}

/// The number in `text[at..end]` and where it ends: blanks, then at least one digit.
fn digits(text: &[u8], at: usize, end: usize) -> Option<(u32, usize)> {
    let start = at + text[at..end].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let length = text[start..end].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = text[start..start + length]
        .iter()
        .try_fold(0u32, |value, digit| value.checked_mul(10)?.checked_add(u32::from(digit - b'0')))?;
    (length > 0).then_some((value, start + length))
}

/// Days since 1 March of year 0, moved so that years begin in March and the leap day comes last.
fn days_from_year_0(year: i16, month: i8, day: i8) -> u64 {
    let (month, day) = (month as u64, day as u64);
    // A year earlier for January and February; year 1 is the first that is read.
    let year = year as u64 - u64::from(month <= 2);
    let month_of_year = (month + 9) % 12;
    let day_of_year = (153 * month_of_year + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year
}

fn civil_from_days(days: u32) -> (u32, u32, u32) {
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_year = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
    let month = if month_of_year < 10 { month_of_year + 3 } else { month_of_year - 9 };
    (era * 400 + year_of_era + u32::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        LocalTime::parse(text).ok().map(|time| time.to_string())
    }

    /// `ei.md` §2.5.
    #[test]
    fn the_verified_edge_cases_hold() {
        let accepted = [
            ("20200101120000", "20200101120000"),
            ("20201025023000", "20201025023000"),
            ("2020010112000", "20200101120000"),
            ("20200101120000x", "20200101120000"),
            ("2020010112000x", "20200101120000"),
            ("20200101 12000", "20200101012000"),
            ("20200229235959", "20200229235959"),
            ("00010101000000", "00010101000000"),
            ("99991231235959", "99991231235959"),
        ];
        for (text, expected) in accepted {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        let rejected = [
            "20200230120000",
            "20200132000000",
            "20200101240000",
            "20200101120060",
            "20200101126000",
            "20201301000000",
            "20200001000000",
            "00000101000000",
            "20200329023000",
            "202001011200",
            "2020-01-01",
            "",
            "   ",
            "x",
            "20200101120 åä",
            "202001011200999999999999",
        ];
        for text in rejected {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(
            LocalTime::parse("2020-01-01").unwrap_err().to_string(),
            "Input date is not according to expected format \"YYYYMMDDhhmmss\": 2020-01-01"
        );
    }

    #[test]
    fn every_day_of_ten_thousand_years_is_written_as_it_was_read() {
        let mut day = Date::constant(1, 1, 1);
        let mut before = None;
        while day < Date::constant(9999, 12, 30) {
            let time = LocalTime::from_civil(day.at(12, 34, 56, 0));
            let expected = format!("{:04}{:02}{:02}123456", day.year(), day.month(), day.day());
            assert_eq!(time.to_string(), expected);
            assert!(before.is_none_or(|before: LocalTime| before.seconds() + DAY == time.seconds()), "{expected}");
            before = Some(time);
            day = day.tomorrow().unwrap();
        }
        assert!(before.unwrap().seconds() < 1 << 40);
    }

    #[test]
    fn now_is_told_in_swedish_time() {
        let summer: Timestamp = "2026-07-01T22:30:00Z".parse().unwrap();
        assert_eq!(LocalTime::at(summer).to_string(), "20260702003000");
    }
}
