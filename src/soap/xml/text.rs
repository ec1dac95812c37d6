//! Character data: references resolved on the way in, markup escaped on the way out.

use std::borrow::Cow;

/// Resolves character references and the five predefined entities. `Err` carries the offset of the `&` that cannot be
/// resolved and the reader's complaint about it.
pub(crate) fn resolve(raw: &str) -> Result<Cow<'_, str>, (usize, String)> {
    let Some(first) = memchr::memchr(b'&', raw.as_bytes()) else {
        return Ok(Cow::Borrowed(raw));
    };
    let mut out = String::with_capacity(raw.len());
    out.push_str(&raw[..first]);
    let mut at = first;
    while at < raw.len() {
        let rest = &raw[at..];
        let (character, length) = reference(rest).map_err(|complaint| (at, complaint))?;
        out.push(character);
        at += length;
        let next = memchr::memchr(b'&', &raw.as_bytes()[at..]).map_or(raw.len(), |found| at + found);
        out.push_str(&raw[at..next]);
        at = next;
    }
    Ok(Cow::Owned(out))
}

/// The character that the reference at the start of `text` stands for, and the reference's length.
fn reference(text: &str) -> Result<(char, usize), String> {
    let end = text.find(';').ok_or_else(|| "Unexpected EOF in entity reference".to_owned())?;
    let name = &text[1..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => match name.strip_prefix('#') {
            Some(number) => numbered(number).ok_or_else(|| {
                format!("Illegal character entity: expansion character (code {name}) not a valid XML character")
            })?,
            None => return Err(format!("Undeclared general entity \"{name}\"")),
        },
    };
    Ok((character, end + 1))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix('x') {
        Some(hexadecimal) if !hexadecimal.starts_with('+') => u32::from_str_radix(hexadecimal, 16).ok()?,
        None if !number.starts_with('+') => number.parse().ok()?,
        _ => return None,
    };
    char::from_u32(code).filter(|c| is_xml_character(*c))
}

/// Whether XML 1.0 allows the character in a document.
pub fn is_xml_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Writes `text` as element content. Characters XML does not allow become U+FFFD, so that the result is always well-formed.
pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            c if is_xml_character(c) => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
}

/// Writes `text` as the value of an attribute in double quotes.
pub fn escape_attribute_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#xA;"),
            '\t' => out.push_str("&#x9;"),
            c => escape_into(out, c.encode_utf8(&mut [0; 4])),
        }
    }
}

/// Whether the bytes are nothing but XML white space.
pub fn is_white_space(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}
