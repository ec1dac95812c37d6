//! Made-up people: identities of the tax agency's test series, the same for the same number (`contracts.md` §5).

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::domain::identity_number::in_test_series;

/// Birth numbers of the test series.
const BIRTH_NUMBERS: std::ops::RangeInclusive<u64> = 980..=999;

/// The `n`th identity: twelve digits, born between 1930 and 2010.
pub fn test_identity(n: u64) -> String {
    let days = (n.wrapping_mul(7_919) % 29_000) as i64;
    let born = date(1930, 1, 1).checked_add(days.days()).unwrap_or(date(1930, 1, 1));
    identity(born, n % 20, false)
}

/// An identity of the test series born that day; `choice` picks among its ten for each sex.
pub fn identity_of(born: Date, choice: u64, is_woman: bool, is_coordination: bool) -> String {
    let birth_number = choice % 10 * 2 + u64::from(!is_woman);
    identity(born, birth_number, is_coordination)
}

fn identity(born: Date, birth_number: u64, is_coordination: bool) -> String {
    let birth_number = BIRTH_NUMBERS.start() + birth_number % 20;
    let day = born.day() + if is_coordination { 60 } else { 0 };
    let eleven = format!("{:04}{:02}{day:02}{birth_number:03}", born.year(), born.month());
    let made = format!("{eleven}{}", check_digit(&eleven.as_bytes()[2..]));
    debug_assert!(in_test_series(made.as_bytes()), "{made} is outside the test series");
    made
}

/// The check digit behind nine digits (Luhn).
pub fn check_digit(nine: &[u8]) -> u8 {
    let sum: u32 = nine
        .iter()
        .enumerate()
        .map(|(place, digit)| {
            let product = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identity_is_of_the_test_series_and_repeats() {
        for n in 0..5_000 {
            let made = test_identity(n);
            assert!(in_test_series(made.as_bytes()), "{made}");
            assert_eq!(made, test_identity(n));
        }
        let woman = identity_of(date(1954, 4, 3), 3, true, false);
        assert_eq!(woman.as_bytes()[10] % 2, 0, "{woman}: even is a woman");
    }
}
