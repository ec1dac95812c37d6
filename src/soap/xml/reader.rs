//! The token reader. See the module above for what it is and is not.

mod names;

use std::borrow::Cow;

use super::error::XmlError;
use super::names::Namespaces;
use super::text::{is_white_space, is_xml_character, resolve};
pub use super::token::{Attribute, Name, Token};

/// Deepest nesting of elements that is read, as in the reference's parser.
pub const DEPTH_MAX: usize = 1_000;
/// Most attributes on one element, as in the reference's parser.
pub const ATTRIBUTES_MAX: usize = 1_000;
/// Longest name of an element or attribute, in bytes.
pub const NAME_BYTES_MAX: usize = 10_000;

/// Reads a document, token by token. The input is UTF-8 without being known to be: bytes that are not are an error when
/// they are reached, never before.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    token_start: usize,
    /// Up to where the input is known to be UTF-8 made of XML characters.
    checked: usize,
    open: Vec<Name<'a>>,
    attributes: Vec<Attribute<'a>>,
    namespaces: Namespaces<'a>,
    pending: Pending<'a>,
    seen_root: bool,
}

/// What the last token leaves to do before the next is read.
#[derive(Clone, Copy, Debug)]
enum Pending<'a> {
    Nothing,
    /// An empty element's `End` is still to be given.
    EndOf(Name<'a>),
    /// The scope of an element whose `End` was given is still to be closed.
    CloseScope,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte; a UTF-8 byte-order mark is passed over.
    pub fn new(input: &'a [u8]) -> Self {
        let start = if input.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self {
            input,
            at: start,
            token_start: start,
            checked: start,
            open: Vec::with_capacity(16),
            attributes: Vec::with_capacity(8),
            namespaces: Namespaces::default(),
            pending: Pending::Nothing,
            seen_root: false,
        }
    }

    /// The next token, or `None` after a well-formed document's end.
    ///
    /// Not an `Iterator`: a reader that has failed must not be asked again, and attributes are lent between calls.
    #[expect(clippy::should_implement_trait, reason = "see the comment")]
    pub fn next(&mut self) -> Result<Option<Token<'a>>, XmlError> {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::EndOf(name) => {
                self.pending = Pending::CloseScope;
                return Ok(Some(Token::End(name)));
            }
            Pending::CloseScope => self.namespaces.close(),
            Pending::Nothing => {}
        }
        self.token_start = self.at;
        match self.input.get(self.at) {
            None => self.end_of_input(),
            Some(b'<') => self.markup().map(Some),
            Some(_) if self.open.is_empty() => self.between_markup_outside_root(),
            Some(_) => self.text().map(Some),
        }
    }

    /// The attributes of the element whose `Start` was given last, namespace declarations included.
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The namespaces in force at the last token.
    pub fn namespaces(&self) -> &Namespaces<'a> {
        &self.namespaces
    }

    /// Byte offset at which the last token started.
    pub fn token_start(&self) -> usize {
        self.token_start
    }

    /// Byte offset behind the last token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// How many elements are open after the last token.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The text of character data given by this reader, references resolved.
    pub fn text_of(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, XmlError> {
        let offset = self.offset_of(raw);
        let text = std::str::from_utf8(raw).map_err(|error| self.not_utf8(offset + error.valid_up_to()))?;
        resolve(text).map_err(|(at, complaint)| self.error(offset + at, complaint))
    }

    /// Checks that all input up to the last token is UTF-8 made of characters that XML allows.
    ///
    /// Kept apart from [`Reader::next`] so that a scan pays for it once, over the part it has passed.
    pub fn check_characters(&mut self) -> Result<(), XmlError> {
        let part = &self.input[self.checked..self.at];
        if !is_plain(part) {
            let text = std::str::from_utf8(part).map_err(|error| self.not_utf8(self.checked + error.valid_up_to()))?;
            if let Some((at, c)) = text.char_indices().find(|(_, c)| !is_xml_character(*c)) {
                return Err(self.error(self.checked + at, format!("Illegal character ({})", named(c))));
            }
        }
        self.checked = self.at;
        Ok(())
    }

    /// An error of the caller's own about the last token.
    pub fn error_here(&self, message: impl Into<String>) -> XmlError {
        self.error(self.token_start, message)
    }

    fn offset_of(&self, part: &[u8]) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.input.as_ptr() as usize)
    }

    fn error(&self, offset: usize, message: impl Into<String>) -> XmlError {
        XmlError::at(self.input, offset, message)
    }

    fn not_utf8(&self, offset: usize) -> XmlError {
        let byte = self.input.get(offset).copied().unwrap_or_default();
        self.error(offset, format!("Invalid UTF-8 start byte 0x{byte:x} (at char #{}, byte #{offset})", offset + 1))
    }

    /// "Unexpected character …" at `offset`, or the end of input if there is none.
    fn unexpected(&self, offset: usize, place: &str, expected: &str) -> XmlError {
        let rest = &self.input[offset.min(self.input.len())..];
        let head = &rest[..rest.len().min(4)];
        let character = match std::str::from_utf8(head) {
            Ok(text) => text.chars().next(),
            Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok().and_then(|text| text.chars().next()),
        };
        match character {
            Some(c) => self.error(offset, format!("Unexpected character {}{expected}", named(c))),
            None if rest.is_empty() => self.error(offset, format!("Unexpected EOF{place}")),
            None => self.not_utf8(offset),
        }
    }

    fn end_of_input(&self) -> Result<Option<Token<'a>>, XmlError> {
        match self.open.last() {
            Some(name) => {
                let name = String::from_utf8_lossy(name.qualified());
                Err(self.error(self.at, format!("Unexpected EOF; was expecting a close tag for element <{name}>")))
            }
            None if !self.seen_root => Err(self.error(self.at, "Unexpected EOF in prolog")),
            None => Ok(None),
        }
    }

    fn between_markup_outside_root(&mut self) -> Result<Option<Token<'a>>, XmlError> {
        let end = self.find(b'<', self.at).unwrap_or(self.input.len());
        let between = &self.input[self.at..end];
        if let Some(stray) = between.iter().position(|byte| !is_white_space(&[*byte])) {
            let place = if self.seen_root { " in epilog; expected '<'" } else { " in prolog; expected '<'" };
            return Err(self.unexpected(self.at + stray, "", place));
        }
        self.at = end;
        self.token_start = end;
        match self.input.get(end) {
            None => self.end_of_input(),
            Some(_) => self.markup().map(Some),
        }
    }

    fn text(&mut self) -> Result<Token<'a>, XmlError> {
        let start = self.at;
        let end = self.find(b'<', start).unwrap_or(self.input.len());
        let raw = &self.input[start..end];
        self.at = end;
        if memchr::memchr(b']', raw).is_some()
            && let Some(at) = memchr::memmem::find(raw, b"]]>")
        {
            return Err(self.error(
                start + at,
                "String ']]>' not allowed in textual content, except as the end marker of CDATA section",
            ));
        }
        if memchr::memchr(b'&', raw).is_some() {
            self.text_of(raw)?;
        }
        Ok(Token::Text(raw))
    }

    fn markup(&mut self) -> Result<Token<'a>, XmlError> {
        match self.input.get(self.at + 1) {
            Some(b'/') => self.end_tag(),
            Some(b'!') => self.declaration_markup(),
            Some(b'?') => self.instruction(),
            Some(_) => self.start_tag(),
            None => Err(self.error(self.input.len(), "Unexpected EOF in start tag")),
        }
    }

    fn start_tag(&mut self) -> Result<Token<'a>, XmlError> {
        if self.open.is_empty() && self.seen_root {
            return Err(self.error(self.at, "Illegal to have multiple roots (start tag in epilog?)."));
        }
        if self.open.len() == DEPTH_MAX {
            return Err(self.error(self.at, format!("Maximum Element Depth limit ({DEPTH_MAX}) Exceeded")));
        }
        let name = self.name(self.at + 1, " in start tag")?;
        self.attributes.clear();
        self.namespaces.open();
        let empty = self.tag_inside()?;
        self.check_names(name)?;
        self.seen_root = true;
        if empty {
            self.pending = Pending::EndOf(name);
        } else {
            self.open.push(name);
        }
        Ok(Token::Start(name))
    }

    /// Attributes up to the end of the tag; whether it was `/>`.
    fn tag_inside(&mut self) -> Result<bool, XmlError> {
        loop {
            let before = self.at;
            self.skip_white_space();
            match self.input.get(self.at) {
                Some(b'>') => {
                    self.at += 1;
                    return Ok(false);
                }
                Some(b'/') => {
                    if self.input.get(self.at + 1) != Some(&b'>') {
                        return Err(self.unexpected(self.at + 1, " in start tag", " expected '>'"));
                    }
                    self.at += 2;
                    return Ok(true);
                }
                Some(_) if before == self.at => {
                    return Err(self.unexpected(self.at, " in start tag", " excepted space, or '>' or \"/>\""));
                }
                Some(_) => self.attribute()?,
                None => return Err(self.error(self.at, "Unexpected EOF in start tag")),
            }
        }
    }

    fn attribute(&mut self) -> Result<(), XmlError> {
        if self.attributes.len() == ATTRIBUTES_MAX {
            return Err(self.error(self.at, format!("Attribute limit ({ATTRIBUTES_MAX}) exceeded")));
        }
        let name = self.name(self.at, " in start tag")?;
        self.skip_white_space();
        if self.input.get(self.at) != Some(&b'=') {
            return Err(self.unexpected(self.at, " in start tag", " expected '='"));
        }
        self.at += 1;
        self.skip_white_space();
        let quote = match self.input.get(self.at) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(self.unexpected(self.at, " in start tag", " in start tag Expected a quote")),
        };
        let start = self.at + 1;
        let Some(end) = self.find(quote, start) else {
            return Err(self.error(self.input.len(), "Unexpected EOF in attribute value"));
        };
        let value = &self.input[start..end];
        if memchr::memchr2(b'<', b'&', value).is_some() {
            if let Some(less_than) = memchr::memchr(b'<', value) {
                return Err(self.unexpected(start + less_than, "", " in attribute value"));
            }
            self.text_of(value)?;
        }
        self.at = end + 1;
        let attribute = Attribute { name, value };
        if let Some(prefix) = attribute.declares() {
            self.check_declaration(prefix, value)?;
            self.namespaces.declare(prefix, value);
        }
        self.attributes.push(attribute);
        Ok(())
    }

    fn end_tag(&mut self) -> Result<Token<'a>, XmlError> {
        // Nearly every end is that of the element which is open, without white space.
        if let Some(open) = self.open.last().copied()
            && let Some(rest) = self.input[self.at + 2..].strip_prefix(open.qualified())
            && rest.first() == Some(&b'>')
        {
            self.open.pop();
            self.at += open.qualified().len() + 3;
            self.pending = Pending::CloseScope;
            return Ok(Token::End(open));
        }
        let name = self.name(self.at + 2, " in end tag")?;
        self.skip_white_space();
        if self.input.get(self.at) != Some(&b'>') {
            return Err(self.unexpected(self.at, " in end tag", " expected '>'"));
        }
        self.at += 1;
        match self.open.pop() {
            Some(open) if open.qualified() == name.qualified() => {
                self.pending = Pending::CloseScope;
                Ok(Token::End(name))
            }
            Some(open) => {
                let (found, expected) =
                    (String::from_utf8_lossy(name.qualified()), String::from_utf8_lossy(open.qualified()));
                Err(self.error(self.token_start, format!("Unexpected close tag </{found}>; expected </{expected}>.")))
            }
            None => Err(self.unexpected(self.token_start + 1, "", " in prolog; expected a start tag")),
        }
    }

    /// `<!--`, `<![CDATA[` or `<!DOCTYPE`.
    fn declaration_markup(&mut self) -> Result<Token<'a>, XmlError> {
        let rest = &self.input[self.at..];
        if rest.starts_with(b"<!--") {
            let inside = self.delimited(4, b"--", " in comment")?;
            if self.input.get(self.at) != Some(&b'>') {
                return Err(self.error(self.at, "String '--' not allowed in comment (missing '>'?)"));
            }
            self.at += 1;
            return Ok(Token::Comment(inside));
        }
        if rest.starts_with(b"<![CDATA[") && !self.open.is_empty() {
            return self.delimited(9, b"]]>", " in CDATA section").map(Token::Cdata);
        }
        if rest.starts_with(b"<!DOCTYPE") && !self.seen_root {
            return self.skip_doctype();
        }
        Err(self.unexpected(self.at + 2, " in prolog", " in prolog; expected a comment, CDATA section or DOCTYPE"))
    }

    fn instruction(&mut self) -> Result<Token<'a>, XmlError> {
        let inside = self.delimited(2, b"?>", " in processing instruction")?;
        let target = inside.split(|byte| is_white_space(&[*byte])).next().unwrap_or_default();
        if target.eq_ignore_ascii_case(b"xml") {
            let first = self.token_start == 0 || (self.token_start == 3 && self.input.starts_with(b"\xef\xbb\xbf"));
            if !first || target != b"xml" {
                return Err(self.error(
                    self.token_start,
                    "Illegal processing instruction target (\"xml\"); xml (case insensitive) is reserved by the specs.",
                ));
            }
            return Ok(Token::Declaration(inside));
        }
        match target.first() {
            Some(first) if is_name_start(*first) => Ok(Token::Instruction(inside)),
            _ => Err(self.unexpected(self.token_start + 2, "", " in processing instruction; expected a target")),
        }
    }

    /// Skips a document type, its internal subset included, without looking at what it declares.
    fn skip_doctype(&mut self) -> Result<Token<'a>, XmlError> {
        let mut brackets = 0usize;
        let mut at = self.at + 2;
        while let Some(byte) = self.input.get(at) {
            match byte {
                b'"' | b'\'' => at = self.find(*byte, at + 1).unwrap_or(self.input.len()),
                b'<' if self.input[at..].starts_with(b"<!--") => {
                    at = memchr::memmem::find(&self.input[at..], b"-->")
                        .map_or(self.input.len(), |found| at + found + 2);
                }
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                b'>' if brackets == 0 => {
                    self.at = at + 1;
                    return Ok(Token::Doctype);
                }
                _ => {}
            }
            at += 1;
        }
        Err(self.error(self.input.len(), "Unexpected EOF in DOCTYPE declaration"))
    }

    /// What stands between `skip` bytes from here and `end`; moves behind `end`.
    fn delimited(&mut self, skip: usize, end: &[u8], place: &str) -> Result<&'a [u8], XmlError> {
        let start = self.at + skip;
        let rest = self.input.get(start..).unwrap_or_default();
        let Some(length) = memchr::memmem::find(rest, end) else {
            return Err(self.error(self.input.len(), format!("Unexpected EOF{place}")));
        };
        self.at = start + length + end.len();
        Ok(&rest[..length])
    }

    fn name(&mut self, start: usize, place: &str) -> Result<Name<'a>, XmlError> {
        let rest = self.input.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_name_byte(*byte)).unwrap_or(rest.len());
        let qualified = &rest[..length];
        if length == 0 || !is_name_start(qualified[0]) {
            return Err(self.unexpected(start, place, &format!("{place}: expected a name")));
        }
        if length > NAME_BYTES_MAX {
            return Err(self.error(start, format!("Maximum name length limit ({NAME_BYTES_MAX}) exceeded")));
        }
        let name = Name::new(qualified);
        let well_formed = |part: &[u8]| {
            part.first().is_some_and(|first| is_name_start(*first) && *first != b':') && !part.contains(&b':')
        };
        if name.colon != 0 && !well_formed(name.local()) || qualified[0] == b':' {
            return Err(self.unexpected(
                start + usize::from(name.colon),
                place,
                &format!("{place}: expected a name with at most one colon"),
            ));
        }
        self.at = start + length;
        Ok(name)
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.input.get(self.at) {
            self.at += 1;
        }
    }

    fn find(&self, byte: u8, from: usize) -> Option<usize> {
        memchr::memchr(byte, self.input.get(from..)?).map(|found| from + found)
    }
}

/// Whether all is ASCII that XML allows. Looked at in blocks without a branch inside, which are then compared many bytes at
/// a time.
fn is_plain(part: &[u8]) -> bool {
    let plain = |byte: u8| (byte.wrapping_sub(b' ') < 0x60) | (byte == b'\n') | (byte == b'\t') | (byte == b'\r');
    part.chunks(256).all(|block| block.iter().fold(true, |so_far, byte| so_far & plain(*byte)))
}

/// Whether a whole document is well-formed.
pub fn check(input: &[u8]) -> Result<(), XmlError> {
    let mut reader = Reader::new(input);
    while reader.next()?.is_some() {}
    reader.check_characters()
}

/// A character as the reference's parser names it.
fn named(c: char) -> String {
    match c {
        c if c < ' ' => format!("(CTRL-CHAR, code {})", c as u32),
        c => format!("'{c}' (code {})", c as u32),
    }
}

/// Bytes above 0x7f are part of names: the reader checks that they are UTF-8, not which letters they make.
fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80
}

fn is_name_byte(byte: u8) -> bool {
    NAME_BYTE[usize::from(byte)]
}

const NAME_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-' | b'.') || b >= 0x80;
        byte += 1;
    }
    table
};
