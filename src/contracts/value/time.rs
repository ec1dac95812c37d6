//! Dates, times and durations.

use std::cmp::Ordering;

use super::Builtin;

const DAY: i64 = 86_400;
/// The widest offset; an unknown one may be anything within it either way.
const OFFSET_MAX: i64 = 14 * 3_600;

/// A point in time, or a recurring one, on a line of seconds.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Seconds of local time since year 1, whatever the type leaves out filled in.
    seconds: i64,
    /// Digits after the second's point, without trailing zeros.
    fraction: String,
    /// Offset from UTC in seconds, where given.
    offset: Option<i64>,
}

impl Moment {
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        let at = |moment: &Self, offset: i64| moment.seconds - offset;
        let order = |one: i64, two: i64| one.cmp(&two).then_with(|| self.fraction.cmp(&other.fraction));
        match (self.offset, other.offset) {
            (None, None) => Some(order(self.seconds, other.seconds)),
            (Some(one), Some(two)) => Some(order(at(self, one), at(other, two))),
            (Some(one), None) => {
                let here = at(self, one);
                let (low, high) = (at(other, OFFSET_MAX), at(other, -OFFSET_MAX));
                Self::surely(order(here, low), order(here, high))
            }
            (None, Some(two)) => {
                let there = at(other, two);
                let (low, high) = (at(self, OFFSET_MAX), at(self, -OFFSET_MAX));
                Self::surely(order(low, there), order(high, there))
            }
        }
    }

    fn surely(one: Ordering, other: Ordering) -> Option<Ordering> {
        (one == other && one != Ordering::Equal).then_some(one)
    }

    pub(super) fn key(&self) -> String {
        let seconds = self.seconds - self.offset.unwrap_or_default();
        format!("{seconds}.{}{}", self.fraction, self.offset.is_some())
    }
}

/// Whether the text is a value of one of the types of points in time.
pub(super) fn is_moment(of: Builtin, text: &[u8]) -> bool {
    read(of, text).is_some()
}

/// The value of a text known to be one.
pub(super) fn moment(of: Builtin, text: &str) -> Moment {
    let parts = read(of, text.as_bytes()).unwrap_or_default();
    let days = days_before(parts.year, parts.month) + i64::from(parts.day) - 1;
    let fraction = String::from_utf8_lossy(parts.fraction).trim_end_matches('0').to_owned();
    Moment { seconds: days.saturating_mul(DAY).saturating_add(parts.seconds), fraction, offset: parts.offset }
}

struct Parts<'a> {
    year: i64,
    month: u32,
    day: u32,
    seconds: i64,
    fraction: &'a [u8],
    offset: Option<i64>,
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Self { year: 2000, month: 1, day: 1, seconds: 0, fraction: b"", offset: None }
    }
}

fn read(of: Builtin, text: &[u8]) -> Option<Parts<'_>> {
    let mut scan = Scan { text };
    let mut parts = Parts::default();
    use Builtin as B;
    if matches!(of, B::DateTime | B::Date | B::GYearMonth | B::GYear) {
        parts.year = scan.year()?;
    }
    match of {
        B::DateTime | B::Date | B::GYearMonth => {
            scan.literal(b"-")?;
            parts.month = scan.two(1, 12)?;
        }
        B::GMonthDay | B::GMonth => {
            scan.literal(b"--")?;
            parts.month = scan.two(1, 12)?;
        }
        B::GDay => scan.literal(b"--")?,
        _ => {}
    }
    if matches!(of, B::DateTime | B::Date | B::GMonthDay | B::GDay) {
        scan.literal(b"-")?;
        let year = if of == B::GMonthDay { 2000 } else { parts.year };
        let longest = if of == B::GDay { 31 } else { days_of(year, parts.month) };
        parts.day = scan.two(1, longest)?;
    }
    if of == B::DateTime {
        scan.literal(b"T")?;
    }
    if matches!(of, B::DateTime | B::Time) {
        let hour = scan.two(0, 24)?;
        scan.literal(b":")?;
        let minute = scan.two(0, 59)?;
        scan.literal(b":")?;
        let second = scan.two(0, 59)?;
        parts.fraction = scan.fraction()?;
        let past_midnight = minute > 0 || second > 0 || parts.fraction.iter().any(|digit| *digit != b'0');
        if hour == 24 && past_midnight {
            return None;
        }
        let hour = if hour == 24 && of == B::Time { 0 } else { hour };
        parts.seconds = i64::from(hour * 3_600 + minute * 60 + second);
    }
    parts.offset = scan.offset()?;
    scan.text.is_empty().then_some(parts)
}

struct Scan<'a> {
    text: &'a [u8],
}

impl<'a> Scan<'a> {
    fn literal(&mut self, expected: &[u8]) -> Option<()> {
        self.text = self.text.strip_prefix(expected)?;
        Some(())
    }

    fn digits(&mut self) -> &'a [u8] {
        let length = self.text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.text.split_at(length);
        self.text = rest;
        digits
    }

    /// Four digits or more, no superfluous zero, not the year 0. Years past what can be counted are the last that can.
    fn year(&mut self) -> Option<i64> {
        let negative = self.text.first() == Some(&b'-');
        if negative {
            self.text = &self.text[1..];
        }
        let digits = self.digits();
        if digits.len() < 4 || (digits.len() > 4 && digits[0] == b'0') {
            return None;
        }
        let year = digits.iter().fold(0i64, |year, digit| (year * 10 + i64::from(digit - b'0')).min(100_000_000_000));
        // Year -1 is followed by year 1.
        (year > 0).then_some(if negative { 1 - year } else { year })
    }

    fn two(&mut self, low: u32, high: u32) -> Option<u32> {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] = self.text else { return None };
        let value = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
        self.text = rest;
        (low..=high).contains(&value).then_some(value)
    }

    fn fraction(&mut self) -> Option<&'a [u8]> {
        match self.text.strip_prefix(b".") {
            Some(rest) => {
                self.text = rest;
                Some(self.digits()).filter(|digits| !digits.is_empty())
            }
            None => Some(b""),
        }
    }

    fn offset(&mut self) -> Option<Option<i64>> {
        let sign = match self.text.first() {
            None => return Some(None),
            Some(b'Z') => {
                self.text = &self.text[1..];
                return Some(Some(0));
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        self.text = &self.text[1..];
        let hours = self.two(0, 14)?;
        self.literal(b":")?;
        let minutes = self.two(0, 59)?;
        (hours < 14 || minutes == 0).then_some(Some(sign * i64::from(hours * 3_600 + minutes * 60)))
    }
}

fn is_leap(year: i64) -> bool {
    (year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0) || year.rem_euclid(400) == 0
}

fn days_of(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the start of year 1 to the start of the month.
fn days_before(year: i64, month: u32) -> i64 {
    let years = year - 1;
    let leaps = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    years * 365 + leaps + (1..month).map(|month| i64::from(days_of(year, month))).sum::<i64>()
}

/// A length of time: months and seconds cannot be turned into each other.
#[derive(Clone, Debug)]
pub struct Span {
    months: i64,
    seconds: i64,
    fraction: String,
    negative: bool,
}

impl Span {
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        // XML Schema compares by adding both to four dates chosen to bring out every difference.
        const DATES: [(i64, u32); 4] = [(1696, 9), (1697, 2), (1903, 3), (1903, 7)];
        let end = |span: &Self, (year, month): (i64, u32)| {
            let sign = if span.negative { -1 } else { 1 };
            let months = year * 12 + i64::from(month) - 1 + sign * span.months;
            let days = days_before(months.div_euclid(12), u32::try_from(months.rem_euclid(12)).unwrap_or(0) + 1);
            let fraction: f64 = format!("0.{}", span.fraction).parse().unwrap_or_default();
            (days.saturating_mul(DAY).saturating_add(sign * span.seconds), sign as f64 * fraction)
        };
        let mut orders = DATES.map(|date| {
            let (one, two) = (end(self, date), end(other, date));
            (one.0 as f64 + one.1).partial_cmp(&(two.0 as f64 + two.1))
        });
        let first = orders[0];
        orders.iter_mut().all(|order| *order == first).then_some(first).flatten()
    }

    pub(super) fn key(&self) -> String {
        let Self { months, seconds, fraction, negative } = self;
        format!("{negative}{months}/{seconds}.{fraction}")
    }
}

pub(super) fn is_duration(text: &[u8]) -> bool {
    read_duration(text).is_some()
}

/// The value of a text known to be a duration.
pub(super) fn duration(text: &str) -> Span {
    read_duration(text.as_bytes()).unwrap_or(Span { months: 0, seconds: 0, fraction: String::new(), negative: false })
}

fn read_duration(text: &[u8]) -> Option<Span> {
    let negative = text.first() == Some(&b'-');
    let mut scan = Scan { text: text.strip_prefix(b"-").unwrap_or(text) };
    scan.literal(b"P")?;
    let mut span = Span { months: 0, seconds: 0, fraction: String::new(), negative };
    let (mut in_time, mut parts, mut time_parts) = (false, 0, 0);
    let mut rank = 0;
    while !scan.text.is_empty() {
        if !in_time && scan.literal(b"T").is_some() {
            in_time = true;
            rank = 3;
            continue;
        }
        let digits = scan.digits();
        if digits.is_empty() {
            return None;
        }
        let number = digits.iter().fold(0i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(10_000_000_000));
        let fraction = if in_time { scan.fraction()? } else { b"" };
        let (unit, rest) = scan.text.split_first()?;
        scan.text = rest;
        let this = match (in_time, unit) {
            (false, b'Y') => 1,
            (false, b'M') => 2,
            (false, b'D') => 3,
            (true, b'H') => 4,
            (true, b'M') => 5,
            (true, b'S') => 6,
            _ => return None,
        };
        if this <= rank && !(this == 3 && rank < 3) || (!fraction.is_empty() && this != 6) {
            return None;
        }
        rank = this;
        match this {
            1 => span.months += number * 12,
            2 => span.months += number,
            3 => span.seconds += number * DAY,
            4 => span.seconds += number * 3_600,
            5 => span.seconds += number * 60,
            _ => {
                span.seconds += number;
                span.fraction = String::from_utf8_lossy(fraction).trim_end_matches('0').to_owned();
            }
        }
        parts += 1;
        time_parts += i32::from(in_time);
    }
    (parts > 0 && (!in_time || time_parts > 0)).then_some(span)
}
