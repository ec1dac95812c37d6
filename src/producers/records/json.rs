//! A record file in JSON (`producers.md` §6.1), made into the TOML that is read: line by line the same, so that what is wrong
//! in it is named where it stands.

use std::iter::Peekable;
use std::str::Chars;

use serde::de::IgnoredAny;

/// The table that holds the document.
pub(super) const ROOT: &str = "record";

/// The document as one table of TOML; `Err` is a line and what is wrong with it.
pub(super) fn as_toml(text: &str) -> Result<String, (usize, String)> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return Err((error.line(), format!("not JSON: {error}")));
    }
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(ROOT);
    out.push('=');
    let mut signs = text.trim_start_matches(['\u{feff}', ' ', '\t']).chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => string(&mut signs, &mut out),
            ':' => out.push('='),
            // A carriage return stands nowhere but before a line's end.
            '\r' if signs.peek() != Some(&'\n') => out.push(' '),
            other => out.push(other),
        }
    }
    Ok(out)
}

/// What stands behind the first quotation mark, to the last: JSON knows escapes that TOML writes otherwise.
fn string(signs: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('"');
    while let Some(sign) = signs.next() {
        match sign {
            '"' => break,
            '\\' => match signs.next() {
                Some('/') => out.push('/'),
                Some('u') => out.push_str(&escaped(signs)),
                Some(other) => out.extend(['\\', other]),
                None => {}
            },
            other => out.push(other),
        }
    }
    out.push('"');
}

/// `\uXXXX`, of which two may stand for one character.
fn escaped(signs: &mut Peekable<Chars<'_>>) -> String {
    let mut unit = || signs.by_ref().take(4).fold(0, |unit, digit| unit << 4 | digit.to_digit(16).unwrap_or(0));
    let first = unit();
    let code = if (0xd800..0xdc00).contains(&first) {
        signs.by_ref().take(2).for_each(drop);
        let second = signs.by_ref().take(4).fold(0, |unit, digit| unit << 4 | digit.to_digit(16).unwrap_or(0));
        0x1_0000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00)
    } else {
        first
    };
    format!("\\U{:08X}", char::from_u32(code).map_or(0xfffd, u32::from))
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;

    #[test]
    fn what_is_read_is_what_was_written_on_the_same_lines() {
        let text = "{\n \"a\": {\"b\\/c\": \"x: \\\"y\\\" \\u00e5 \\ud83d\\ude00\"},\r\n \"list\": [\n  {\"n\": 1.5e1},\n  {\"t\": true}\n ]\n}";
        let toml = as_toml(text).expect("JSON");
        assert_eq!(toml.lines().count(), text.lines().count());
        let table: Table = toml.parse().expect("TOML");
        let found = serde_json::to_value(&table[ROOT]).expect("a value");
        assert_eq!(found, serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
    }

    #[test]
    fn what_is_no_json_is_named_with_its_line() {
        let (line, why) = as_toml("{\n\"a\": ,\n}").expect_err("no JSON");
        assert!(line == 2 && why.starts_with("not JSON: "), "{line}: {why}");
    }
}
