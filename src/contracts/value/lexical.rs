//! Numbers, languages and binary: which texts are values.

use std::cmp::Ordering;

use super::compare::Decimal;

pub(super) fn is_decimal(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (mut points, mut figures) = (0, 0);
    for byte in digits {
        match byte {
            b'0'..=b'9' => figures += 1,
            b'.' => points += 1,
            _ => return false,
        }
    }
    figures > 0 && points <= 1
}

pub(super) fn is_double(text: &[u8]) -> bool {
    if matches!(text, b"INF" | b"-INF" | b"NaN") {
        return true;
    }
    match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => is_decimal(&text[..at]) && is_integer(&text[at + 1..]),
        None => is_decimal(text),
    }
}

fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Whether the text is an integer between the bounds, both included, where given.
pub(super) fn is_integer_within(text: &[u8], (low, high): (Option<&str>, Option<&str>)) -> bool {
    if !is_integer(text) {
        return false;
    }
    let value = Integer::of(text);
    low.is_none_or(|low| value.compare(&Integer::of(low.as_bytes())) != Ordering::Less)
        && high.is_none_or(|high| value.compare(&Integer::of(high.as_bytes())) != Ordering::Greater)
}

/// Sign and significant digits of a text known to be an integer.
struct Integer<'a> {
    negative: bool,
    digits: &'a [u8],
}

impl<'a> Integer<'a> {
    fn of(text: &'a [u8]) -> Self {
        let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
        let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
        let digits = &digits[zeros..];
        Self { negative: text.first() == Some(&b'-') && !digits.is_empty(), digits }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let size = || self.digits.len().cmp(&other.digits.len()).then_with(|| self.digits.cmp(other.digits));
        match (self.negative, other.negative) {
            (false, false) => size(),
            (true, true) => size().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// The value of a text known to be a decimal.
pub(super) fn decimal(text: &str) -> Decimal {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned());
    let negative = text.starts_with('-') && !(whole.is_empty() && fraction.is_empty());
    Decimal { negative, whole, fraction }
}

/// The value of a text known to be a double.
pub(super) fn float(text: &str) -> f64 {
    match text {
        "INF" => f64::INFINITY,
        "-INF" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        number => number.parse().unwrap_or(f64::NAN),
    }
}

pub(super) fn is_language(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b'-');
    let fits = |part: &[u8]| (1..=8).contains(&part.len());
    parts.next().is_some_and(|first| fits(first) && first.iter().all(u8::is_ascii_alphabetic))
        && parts.all(|part| fits(part) && part.iter().all(u8::is_ascii_alphanumeric))
}

pub(super) fn hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte - b'0',
        _ => byte.to_ascii_lowercase().wrapping_sub(b'a').wrapping_add(10) & 0xf,
    };
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

pub(super) fn is_base64(text: &[u8]) -> bool {
    let mut state = Base64::default();
    state.advance(text);
    state.is_complete()
}

pub(super) fn base64(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.bytes() {
        let six = BASE64[usize::from(byte)];
        if six < 64 {
            bits = bits << 6 | u32::from(six);
            held += 6;
            if held >= 8 {
                held -= 8;
                out.push((bits >> held) as u8);
            }
        }
    }
    out
}

/// How far a base64 value has come; fed in pieces, so that an attachment is never held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Base64 {
    /// Characters that carry six bits each.
    characters: u64,
    padding: u8,
    last: u8,
    bad: bool,
}

const BAD: u8 = 255;
const SPACE: u8 = 254;
const PADDING: u8 = 253;

const BASE64: [u8; 256] = {
    let mut table = [BAD; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    table[b' ' as usize] = SPACE;
    table[b'\t' as usize] = SPACE;
    table[b'\n' as usize] = SPACE;
    table[b'\r' as usize] = SPACE;
    table[b'=' as usize] = PADDING;
    table
};

impl Base64 {
    /// Takes the next piece.
    pub(crate) fn advance(&mut self, piece: &[u8]) {
        let mut at = 0;
        while at < piece.len() {
            // The long runs of an attachment: no padding, no spaces, four at a time.
            if self.padding == 0 {
                while let Some(four) = piece.get(at..at + 4) {
                    let values = [
                        BASE64[usize::from(four[0])],
                        BASE64[usize::from(four[1])],
                        BASE64[usize::from(four[2])],
                        BASE64[usize::from(four[3])],
                    ];
                    if values.iter().fold(0, |all, value| all | value) >= 64 {
                        break;
                    }
                    self.last = values[3];
                    self.characters += 4;
                    at += 4;
                }
            }
            let Some(byte) = piece.get(at) else { return };
            at += 1;
            match BASE64[usize::from(*byte)] {
                SPACE => {}
                PADDING => self.padding = self.padding.saturating_add(1),
                BAD => self.bad = true,
                _ if self.padding > 0 => self.bad = true,
                value => {
                    self.last = value;
                    self.characters += 1;
                }
            }
        }
    }

    /// Whether what has come is a whole value: right length, right padding, no stray bits.
    pub(crate) fn is_complete(self) -> bool {
        if self.bad {
            return false;
        }
        match (self.characters % 4, self.padding) {
            (0, 0) => true,
            (3, 1) => self.last & 0b11 == 0,
            (2, 2) => self.last & 0b1111 == 0,
            _ => false,
        }
    }

    /// Octets of the value so far.
    pub(crate) fn octets(self) -> u64 {
        self.characters * 6 / 8
    }
}
