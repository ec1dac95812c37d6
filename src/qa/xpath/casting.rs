//! Values of one type made values of another, and atomic values of nodes.

use jiff::civil::{Date, DateTime, time};

use super::DynamicError;
use super::atomic::{Atomic, AtomicType};

/// `cast as`: white space around the text does not count, except for texts.
pub(super) fn cast(value: &Atomic, target: AtomicType) -> Result<Atomic, DynamicError> {
    let refused = || DynamicError::Cast { value: value.to_string(), type_name: target.name() };
    if let Some(text) = value.as_text() {
        return from_text(text, target).ok_or_else(refused);
    }
    Ok(match (target, value) {
        (AtomicType::AnyAtomic, _) => value.clone(),
        (AtomicType::Untyped, _) => Atomic::Untyped(value.to_string()),
        (AtomicType::String, _) => Atomic::String(value.to_string()),
        (AtomicType::Boolean, Atomic::Boolean(_)) | (AtomicType::Integer, Atomic::Integer(_)) => value.clone(),
        (AtomicType::Boolean, _) => {
            Atomic::Boolean(value.as_number().map(|n| n != 0.0 && !n.is_nan()).ok_or_else(refused)?)
        }
        (AtomicType::Integer, _) => Atomic::Integer(whole(number_of(value).ok_or_else(refused)?).ok_or_else(refused)?),
        (AtomicType::Decimal, _) => Atomic::Decimal(number_of(value).filter(|n| n.is_finite()).ok_or_else(refused)?),
        (AtomicType::Double, _) => Atomic::Double(number_of(value).ok_or_else(refused)?),
        (AtomicType::Date, Atomic::DateTime(at, offset)) => Atomic::Date(at.date(), *offset),
        (AtomicType::DateTime, Atomic::Date(date, offset)) => {
            Atomic::DateTime(date.to_datetime(time(0, 0, 0, 0)), *offset)
        }
        (AtomicType::Date, Atomic::Date(..)) | (AtomicType::DateTime, Atomic::DateTime(..)) => value.clone(),
        (AtomicType::Duration, Atomic::Duration(_)) | (AtomicType::Months, Atomic::Months(_)) => value.clone(),
        // Each has nothing of what the other is made of.
        (AtomicType::Duration, Atomic::Months(_)) => Atomic::Duration(0),
        (AtomicType::Months, Atomic::Duration(_)) => Atomic::Months(0),
        _ => return Err(refused()),
    })
}

/// `number()`: not a number where there is none.
pub(super) fn number(value: &Atomic) -> f64 {
    match cast(value, AtomicType::Double) {
        Ok(Atomic::Double(number)) => number,
        _ => f64::NAN,
    }
}

fn number_of(value: &Atomic) -> Option<f64> {
    match value {
        Atomic::Boolean(value) => Some(f64::from(u8::from(*value))),
        other => other.as_number(),
    }
}

/// Cut towards zero.
pub(super) fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9.2e18;
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are tested")]
    (number.abs() < LIMIT).then(|| number.trunc() as i64)
}

fn from_text(text: &str, target: AtomicType) -> Option<Atomic> {
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    Some(match target {
        AtomicType::AnyAtomic | AtomicType::Untyped => Atomic::Untyped(text.to_owned()),
        AtomicType::String => Atomic::String(text.to_owned()),
        AtomicType::Boolean => Atomic::Boolean(match trimmed {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return None,
        }),
        AtomicType::Integer => Atomic::Integer(signed_digits(trimmed)?.parse().ok()?),
        AtomicType::Decimal => Atomic::Decimal(decimal(trimmed)?),
        AtomicType::Double => Atomic::Double(double(trimmed)?),
        AtomicType::Date => {
            let (rest, offset) = offset(trimmed)?;
            Atomic::Date(date(rest)?, offset)
        }
        AtomicType::DateTime => {
            let (rest, offset) = offset(trimmed)?;
            Atomic::DateTime(date_time(rest)?, offset)
        }
        AtomicType::Duration => Atomic::Duration(duration(trimmed)?),
        AtomicType::Months => Atomic::Months(months(trimmed)?),
    })
}

fn signed_digits(text: &str) -> Option<&str> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (before.len() + after.len() > 0 && all_digits(before) && all_digits(after)).then(|| text.parse().ok())?
}

fn double(text: &str) -> Option<f64> {
    match text {
        "INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ => {
            let plain =
                text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
            plain.then(|| text.parse().ok())?
        }
    }
}

/// The text before the offset, and the offset in minutes.
fn offset(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(rest) = text.strip_suffix('Z') {
        return Some((rest, Some(0)));
    }
    let Some(at) = text.len().checked_sub(6).filter(|at| text.is_char_boundary(*at)) else {
        return Some((text, None));
    };
    let (rest, tail) = text.split_at(at);
    let bytes = tail.as_bytes();
    if !matches!(bytes[0], b'+' | b'-') || bytes[3] != b':' {
        return Some((text, None));
    }
    let (hours, minutes) = (tail.get(1..3)?.parse::<i32>().ok()?, tail.get(4..6)?.parse::<i32>().ok()?);
    if hours > 14 || minutes > 59 || (hours == 14 && minutes > 0) {
        return None;
    }
    let sign = if bytes[0] == b'-' { -1 } else { 1 };
    Some((rest, Some(sign * (hours * 60 + minutes))))
}

fn date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let part = |from: usize, to: usize| {
        text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
    };
    Date::new(part(0, 4)?, i8::try_from(part(5, 7)?).ok()?, i8::try_from(part(8, 10)?).ok()?).ok()
}

fn date_time(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_once('T')?;
    let bytes = clock.as_bytes();
    if bytes.len() < 8 || bytes[2] != b':' || bytes[5] != b':' || (bytes.len() > 8 && bytes[8] != b'.') {
        return None;
    }
    let part = |from: usize, to: usize| {
        clock.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse::<i8>().ok()
    };
    let nanoseconds = match clock.get(9..) {
        None | Some("") if bytes.len() == 8 => 0,
        Some(digits) if (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{digits:0<9}").parse().ok()?
        }
        _ => return None,
    };
    DateTime::new(
        date(day)?.year(),
        date(day)?.month(),
        date(day)?.day(),
        part(0, 2)?,
        part(3, 5)?,
        part(6, 8)?,
        nanoseconds,
    )
    .ok()
}

/// `P1DT2H3M4.5S`, in milliseconds.
fn duration(text: &str) -> Option<i64> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let rest = rest.strip_prefix('P')?;
    let (days, clock) = rest.split_once('T').map_or((rest, None), |(days, clock)| (days, Some(clock)));
    if (days.is_empty() && clock.is_none()) || clock == Some("") {
        return None;
    }
    let mut total: i64 = 0;
    if !days.is_empty() {
        total = digits(days.strip_suffix('D')?)?.checked_mul(86_400_000)?;
    }
    let mut clock = clock.unwrap_or("");
    for (unit, worth) in [('H', 3_600_000), ('M', 60_000)] {
        if let Some((count, rest)) = clock.split_once(unit) {
            total = total.checked_add(digits(count)?.checked_mul(worth)?)?;
            clock = rest;
        }
    }
    if !clock.is_empty() {
        let seconds = decimal(clock.strip_suffix('S')?).filter(|seconds| *seconds >= 0.0)?;
        total = total.checked_add(whole((seconds * 1000.0).round())?)?;
    }
    Some(if negative { -total } else { total })
}

/// `P1Y2M`, in months.
fn months(text: &str) -> Option<i64> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let rest = rest.strip_prefix('P').filter(|rest| !rest.is_empty())?;
    let (years, rest) = rest.split_once('Y').map_or((None, rest), |(years, rest)| (Some(years), rest));
    let years = years.map_or(Some(0), digits)?.checked_mul(12)?;
    let months = if rest.is_empty() { 0 } else { digits(rest.strip_suffix('M')?)? };
    let total = years.checked_add(months)?;
    Some(if negative { -total } else { total })
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
