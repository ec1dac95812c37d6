//! Personal identity numbers (*personnummer*, *samordningsnummer*): how they look, which belong to the tax agency's
//! test series, and how they are hidden where people other than the caller may read (logs, file names, record views).

use std::borrow::Cow;

/// Which identity numbers are to be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hide {
    /// All of them: for logs.
    Every,
    /// All but the official test series, so that a tester can read his own test: for call records.
    OutsideTestSeries,
}

/// Replaces every identity number in `text`: `19xxxxxx-xxxx` for one with a century, `xxxxxx-xxxx` for one without.
///
/// A number is twelve digits that begin with a date (a hyphen or plus before the last four allowed), or ten with such a
/// sign, standing between non-digits. Ten digits in a row are left alone unless they begin with a date: organisation
/// numbers, which logical addresses are made of, never do (their third digit is 2 or more).
pub fn masked(text: &str, hide: Hide) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut searched = 0;
    // A number has six digits in a row at least, so that looking at every sixth byte finds it.
    let mut at = DIGITS_MIN - 1;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += DIGITS_MIN;
            continue;
        }
        let start = at - bytes[searched..at].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let end = at + bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        searched = end;
        if let Some(found) = identity_at(bytes, start, end) {
            if hide == Hide::Every || !in_test_series(&bytes[start..found.end]) {
                out.push_str(&text[copied..start]);
                if found.has_century {
                    out.push_str(&text[start..start + 2]);
                }
                out.push_str("xxxxxx-xxxx");
                copied = found.end;
            }
            searched = found.end;
        }
        at = searched + DIGITS_MIN - 1;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Fewest digits of a number that stand together.
const DIGITS_MIN: usize = 6;

struct Found {
    end: usize,
    has_century: bool,
}

/// The identity number that starts at `start`, where a run of digits reaches to `run_end`.
fn identity_at(bytes: &[u8], start: usize, run_end: usize) -> Option<Found> {
    let run = run_end - start;
    let four_after_sign = || {
        let sign = matches!(bytes.get(run_end), Some(b'-' | b'+'));
        let four = bytes.get(run_end + 1..run_end + 5).is_some_and(|four| four.iter().all(u8::is_ascii_digit));
        sign && four && !bytes.get(run_end + 5).is_some_and(u8::is_ascii_digit)
    };
    match run {
        12 if has_date(&bytes[start..start + 8]) => Some(Found { end: run_end, has_century: true }),
        10 if month_and_day(&bytes[start + 2..start + 6]) => Some(Found { end: run_end, has_century: false }),
        8 if has_date(&bytes[start..run_end]) && four_after_sign() => {
            Some(Found { end: run_end + 5, has_century: true })
        }
        6 if month_and_day(&bytes[start + 2..run_end]) && four_after_sign() => {
            Some(Found { end: run_end + 5, has_century: false })
        }
        _ => None,
    }
}

fn has_date(eight: &[u8]) -> bool {
    matches!(&eight[..2], b"18" | b"19" | b"20") && month_and_day(&eight[4..8])
}

/// Month 01–12 and day 01–31, or 61–91 for a coordination number (*samordningsnummer*).
fn month_and_day(four: &[u8]) -> bool {
    let number = |two: &[u8]| (two[0] - b'0') * 10 + (two[1] - b'0');
    let (month, day) = (number(&four[..2]), number(&four[2..]));
    (1..=12).contains(&month) && ((1..=31).contains(&day) || (61..=91).contains(&day))
}

/// Whether a number (twelve digits, a sign before the last four allowed) is one of the tax agency's test identities:
/// birth number 980–999 and a right check digit, or the well-known `191212121212`.
pub fn in_test_series(number: &[u8]) -> bool {
    let mut digits = [0u8; 12];
    let mut count = 0;
    for digit in number.iter().filter(|b| b.is_ascii_digit()) {
        if count == digits.len() {
            return false;
        }
        digits[count] = digit - b'0';
        count += 1;
    }
    let (birth_number, known): (&[u8], &[&[u8]]) = match count {
        12 => (&digits[8..11], &[b"191212121212", b"121212121212"]),
        10 => (&digits[6..9], &[b"1212121212"]),
        _ => return false,
    };
    let same = |known: &[u8]| known.iter().map(|b| b - b'0').eq(digits[..count].iter().copied());
    if known.iter().any(|known| same(known)) {
        return true;
    }
    let birth_number = birth_number.iter().fold(0u16, |sum, digit| sum * 10 + u16::from(*digit));
    (980..=999).contains(&birth_number) && check_digit_is_right(&digits[count - 10..count])
}

/// The modulus-10 rule of the tax agency over the last ten digits.
pub fn check_digit_is_right(ten: &[u8]) -> bool {
    let sum: u32 = ten
        .iter()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit) * 2) {
            (0, doubled) => doubled / 10 + doubled % 10,
            _ => u32::from(*digit),
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_hidden_and_other_digits_are_not() {
        let cases = [
            ("patient 191212121212 here", "patient 19xxxxxx-xxxx here"),
            ("19121212-1212", "19xxxxxx-xxxx"),
            ("121212-1212,x", "xxxxxx-xxxx,x"),
            ("20040199+1234", "20040199+1234"),
            ("p=200401615555&", "p=20xxxxxx-xxxx&"),
            ("SE2321000016-S001", "SE2321000016-S001"),
            ("5565594230", "5565594230"),
            ("1212121212", "xxxxxx-xxxx"),
            ("20261122101112", "20261122101112"),
            ("åäö 191212121212å", "åäö 19xxxxxx-xxxxå"),
        ];
        for (text, expected) in cases {
            assert_eq!(masked(text, Hide::Every), expected, "{text}");
        }
    }

    #[test]
    fn the_test_series_stays_readable_in_call_records() {
        assert_eq!(masked("191001219805", Hide::OutsideTestSeries), "191001219805");
        assert_eq!(masked("19121212-1212", Hide::OutsideTestSeries), "19121212-1212");
        // Right form, wrong check digit: not of the series.
        assert_eq!(masked("191001219806", Hide::OutsideTestSeries), "19xxxxxx-xxxx");
    }
}
