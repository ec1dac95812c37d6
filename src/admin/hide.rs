//! Hides identity numbers before anything of a call is shown. The official test series stays readable, so that a tester
//! can follow his own test.

use std::borrow::Cow;

use crate::domain::identity_number::{Hide, masked};

/// The text without identity numbers of real people.
pub(super) fn hidden(text: &str) -> String {
    masked(text, Hide::OutsideTestSeries).into_owned()
}

/// The same where there may be no text.
pub(super) fn hidden_option(text: Option<&str>) -> Option<String> {
    text.map(hidden)
}

/// The same for bytes in an unknown character set; `None` where digits seem to be spread out (UTF-16), so that nothing
/// can be hidden in place.
pub(super) fn hidden_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    // One character a byte: every digit of an ASCII-compatible set is found, every other byte survives.
    let one_each: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let closed_up: String = one_each.chars().filter(|c| *c != '\0').collect();
    if closed_up.len() != one_each.len() && matches!(masked(&closed_up, Hide::OutsideTestSeries), Cow::Owned(_)) {
        return None;
    }
    let hidden = masked(&one_each, Hide::OutsideTestSeries);
    Some(hidden.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_all_but_the_numbers() {
        let cases: [(&[u8], Option<&[u8]>); 4] = [
            (b"\xe5 198501011234 \xff", Some(b"\xe5 19xxxxxx-xxxx \xff")),
            (b"\xe5 191212121212", Some(b"\xe5 191212121212")),
            (b"\0\x01\0", Some(b"\0\x01\0")),
            (b"1\x009\x008\x005\x000\x001\x000\x001\x001\x002\x003\x004\x00", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(hidden_bytes(bytes).as_deref(), expected, "{bytes:?}");
        }
    }
}
