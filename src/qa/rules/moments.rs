//! RT-12: moments and days as they are written.

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};

/// How far ahead of us another system's clock may be, in seconds.
const AHEAD_SECONDS_MAX: i64 = 3_600;

/// Reads `YYYYMMDD` or `YYYYMMDDhhmmss`; the error says what is wrong with it.
pub(super) fn read(text: &str) -> Result<DateTime, &'static str> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(text.len(), 8 | 14) {
        return Err("is neither YYYYMMDD nor YYYYMMDDhhmmss");
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i16>().unwrap_or(-1);
    let small = |from: usize| i8::try_from(number(from, from + 2)).unwrap_or(-1);
    let day = Date::new(number(0, 4), small(4), small(6)).map_err(|_| "is no day of the calendar")?;
    let time = match text.len() {
        8 => Time::midnight(),
        _ => Time::new(small(8), small(10), small(12), 0).map_err(|_| "is no time of the day")?,
    };
    Ok(day.to_datetime(time))
}

/// Whether a moment is later than now, clocks that differ allowed for.
pub(super) fn is_future(at: DateTime, now: &Zoned) -> bool {
    at.to_zoned(now.time_zone().clone())
        .is_ok_and(|at| at.timestamp().as_second() > now.timestamp().as_second() + AHEAD_SECONDS_MAX)
}
