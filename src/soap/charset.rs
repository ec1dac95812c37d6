//! Character sets other than UTF-8 (`vp.md` §2.2): which one a message is in, there and back.

use std::fmt;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// A character set that is not UTF-8, under the name the consumer used for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    label: Label,
    encoding: &'static Encoding,
}

/// The name of a character set as it was written, of bounded length.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Label {
    bytes: [u8; LABEL_BYTES_MAX],
    length: u8,
}

/// Longest name of a character set; longer ones are unknown to everybody.
const LABEL_BYTES_MAX: usize = 40;

impl Charset {
    /// The character set of this name; `None` for an unknown one and for UTF-8.
    fn named(label: &str) -> Option<Self> {
        let encoding = match label.to_ascii_uppercase().as_str() {
            // The label alone says big-endian; a byte-order mark may say otherwise, see `decode`.
            "UTF-16" => UTF_16BE,
            _ => Encoding::for_label_no_replacement(label.as_bytes())?,
        };
        let is_utf8 = label.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("UTF-8"));
        if is_utf8 || label.len() > LABEL_BYTES_MAX {
            return None;
        }
        let mut bytes = [0; LABEL_BYTES_MAX];
        bytes[..label.len()].copy_from_slice(label.as_bytes());
        let length = u8::try_from(label.len()).expect("at most LABEL_BYTES_MAX");
        Some(Self { label: Label { bytes, length }, encoding })
    }

    /// The name the consumer used.
    pub fn label(&self) -> &str {
        std::str::from_utf8(&self.label.bytes[..usize::from(self.label.length)]).unwrap_or_default()
    }

    /// The message in UTF-8, its declaration saying so; `None` where the bytes are not of this character set.
    pub fn decode(&self, body: &[u8]) -> Option<String> {
        let (encoding, body) = match Encoding::for_bom(body) {
            Some((encoding, length)) => (encoding, &body[length..]),
            None => (self.encoding, body),
        };
        let text = encoding.decode_without_bom_handling_and_without_replacement(body)?;
        Some(redeclared(&text))
    }

    /// A text in this character set. `UTF-16` is written big-endian behind a byte-order mark; characters the set lacks
    /// become character references.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        let big_endian = self.encoding == UTF_16BE;
        if big_endian || self.encoding == UTF_16LE {
            let mut out = Vec::with_capacity(2 + text.len() * 2);
            let marked = self.label().eq_ignore_ascii_case("UTF-16");
            for unit in marked.then_some(0xfeff).into_iter().chain(text.encode_utf16()) {
                out.extend_from_slice(&if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
            return out;
        }
        self.encoding.encode(text).0.into_owned()
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Charset({})", self.label())
    }
}

/// The value of `charset=` in a content type.
pub fn in_content_type(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}

/// The character set of a message where it is not UTF-8: what the content type says, else byte-order mark or declaration.
pub fn foreign(declared: Option<&str>, body: &[u8]) -> Option<Charset> {
    match declared {
        Some(label) => Charset::named(label),
        None => detected(body),
    }
}

fn detected(body: &[u8]) -> Option<Charset> {
    match body {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => Charset::named("UTF-16"),
        [0, b'<', ..] => Charset::named(if says_utf16(UTF_16BE, body) { "UTF-16" } else { "UTF-16BE" }),
        [b'<', 0, ..] => Charset::named("UTF-16LE"),
        _ => declaration(body).and_then(encoding_in).and_then(Charset::named),
    }
}

/// Whether the declaration, read in `encoding`, calls the document UTF-16 without saying which way round.
fn says_utf16(encoding: &'static Encoding, body: &[u8]) -> bool {
    let head = &body[..body.len().min(2 * DECLARATION_BYTES_MAX) & !1];
    let (text, _) = encoding.decode_without_bom_handling(head);
    declaration(text.as_bytes()).and_then(encoding_in).is_some_and(|label| label.eq_ignore_ascii_case("UTF-16"))
}

/// How far a declaration may reach.
const DECLARATION_BYTES_MAX: usize = 256;

/// `<?xml …?>`, if the document starts with one.
fn declaration(body: &[u8]) -> Option<&str> {
    let head = &body[..body.len().min(DECLARATION_BYTES_MAX)];
    if !head.starts_with(b"<?xml") {
        return None;
    }
    let end = memchr::memmem::find(head, b"?>")?;
    std::str::from_utf8(&head[..end + 2]).ok()
}

/// The value of `encoding=` in a declaration.
fn encoding_in(declaration: &str) -> Option<&str> {
    let behind = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    behind[1..].split(quote).next()
}

/// The text with a declaration that says UTF-8, if it has one that says anything.
fn redeclared(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match declaration(text.as_bytes()).and_then(|declaration| Some((declaration, encoding_in(declaration)?))) {
        Some((declaration, encoding)) => {
            let at = encoding.as_ptr() as usize - declaration.as_ptr() as usize;
            format!("{}UTF-8{}", &text[..at], &text[at + encoding.len()..])
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big_endian: bool, mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        let units = mark.into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn the_character_set_is_found() {
        let declared = "<?xml version='1.0' encoding='UTF-16'?><a/>";
        let cases: [(Option<&str>, Vec<u8>, Option<&str>); 9] = [
            (None, b"<a/>".to_vec(), None),
            (None, b"<?xml version='1.0' encoding='utf-8'?><a/>".to_vec(), None),
            (None, b"<?xml version=\"1.0\" encoding = \"ISO-8859-1\"?><a/>".to_vec(), Some("ISO-8859-1")),
            (Some("UTF-16"), utf16(declared, true, true), Some("UTF-16")),
            (None, utf16(declared, false, true), Some("UTF-16")),
            (None, utf16(declared, true, false), Some("UTF-16")),
            (None, utf16("<a/>", true, false), Some("UTF-16BE")),
            (Some("utf-8"), declared.as_bytes().to_vec(), None),
            (Some("klingon"), b"<a/>".to_vec(), None),
        ];
        for (content_type, body, expected) in cases {
            let found = foreign(content_type, &body);
            assert_eq!(found.as_ref().map(Charset::label), expected, "{content_type:?} {body:?}");
        }
    }

    #[test]
    fn a_message_goes_there_and_back() {
        let charset = Charset::named("UTF-16").expect("known");
        let text = "<?xml version='1.0' encoding='UTF-16'?><a>åäö</a>";
        for big_endian in [true, false] {
            let decoded = charset.decode(&utf16(text, big_endian, true)).expect("readable");
            assert_eq!(decoded, "<?xml version='1.0' encoding='UTF-8'?><a>åäö</a>");
        }
        assert_eq!(charset.encode("å"), [0xfe, 0xff, 0, 0xe5]);
        let latin = Charset::named("ISO-8859-1").expect("known");
        assert_eq!(latin.encode("å✓"), b"\xe5&#10003;");
        assert_eq!(latin.decode(b"\xe5").as_deref(), Some("å"));
    }

    #[test]
    fn utf8_bytes_that_claim_to_be_utf16_cannot_be_read_as_such() {
        let body = b"<?xml version='1.0' encoding='UTF-16'?><a></a>";
        let charset = foreign(None, body).expect("the declaration says so");
        let decoded = charset.decode(body).unwrap_or_default();
        assert!(crate::soap::envelope::scan(decoded.as_bytes()).is_err());
    }

    #[test]
    fn content_types_are_read() {
        let cases = [
            ("text/xml;charset=UTF-16", Some("UTF-16")),
            ("text/xml; Charset = \"utf-8\"; x=y", Some("utf-8")),
            ("text/xml", None),
            ("text/xml; charset=", None),
        ];
        for (content_type, expected) in cases {
            assert_eq!(in_content_type(content_type), expected, "{content_type}");
        }
    }
}
