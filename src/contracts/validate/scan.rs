//! Windows to tags and text. Checks everything that well-formedness asks, and stops at what is not whole yet.

use super::finding::{Facts, Rule};
use super::machine::{FrameKind, Machine, Mode, RawAttribute};
use super::place::Place;
use crate::contracts::schema::Schema;
use crate::contracts::value::{is_name_character, is_name_start, is_space};

/// What a step of the scanner came to.
enum Step {
    /// On to this byte.
    To(usize),
    /// More bytes are needed.
    More,
    /// What makes reading on impossible: where, and what.
    Wrong(usize, Rule, String),
    /// Reading goes on with another schema, from the same byte.
    Again,
}

/// Longest reference that is resolved, from `&` to `;`.
const REFERENCE_BYTES_MAX: usize = 16;

impl Machine {
    /// Reads from `at`; how far everything is whole.
    pub(super) fn run(&mut self, schema: Option<&Schema>, window: &[u8], mut at: usize, is_last: bool) -> usize {
        while at < window.len() && !self.is_stopped() {
            let step = match self.mode {
                Mode::Content if window[at] == b'<' => self.markup(schema, window, at),
                Mode::Content => self.text(schema, window, at, is_last),
                Mode::Comment => self.until(window, at, b"--", is_last),
                Mode::Instruction => self.until(window, at, b"?>", is_last),
                Mode::Cdata => self.cdata(schema, window, at, is_last),
            };
            match step {
                Step::To(next) => at = next,
                Step::More if is_last => {
                    let found = "the message ends within a tag".to_owned();
                    self.stop(Rule::NotXml, window, window.len(), Facts { found, ..Facts::default() });
                }
                Step::More => {
                    if window.len() - at > self.limits.tag_bytes_max {
                        self.stop_limit(window, at, "tag_bytes_max", self.limits.tag_bytes_max);
                    }
                    return at;
                }
                Step::Wrong(at, rule, found) => self.stop(rule, window, at, Facts { found, ..Facts::default() }),
                Step::Again => return at,
            }
        }
        at
    }

    pub(super) fn stop_limit(&mut self, window: &[u8], at: usize, name: &str, most: usize) {
        let place = self.cursor.place(window, at);
        self.stop_limit_at(place, name, most);
    }

    pub(super) fn stop_limit_at(&mut self, place: Place, name: &str, most: usize) {
        let facts =
            Facts { expected: vec![format!("xml.limits.{name}")], number: most.to_string(), ..Facts::default() };
        self.stop_at(Rule::Limit, place, facts);
    }

    fn markup(&mut self, schema: Option<&Schema>, window: &[u8], at: usize) -> Step {
        match window.get(at + 1) {
            None => Step::More,
            Some(b'/') => self.end_tag(schema, window, at),
            Some(b'!') => self.declaration(window, at),
            Some(b'?') => self.instruction(window, at),
            Some(_) => self.start_tag(schema, window, at),
        }
    }

    fn declaration(&mut self, window: &[u8], at: usize) -> Step {
        let rest = &window[at..];
        for (opening, mode) in [(b"<!--".as_slice(), Mode::Comment), (b"<![CDATA[".as_slice(), Mode::Cdata)] {
            if rest.starts_with(opening) {
                if mode == Mode::Cdata && self.frames.len() == 1 {
                    return Step::Wrong(at, Rule::NotXml, "text outside the root element".to_owned());
                }
                self.mode = mode;
                return Step::To(at + opening.len());
            }
            if opening.starts_with(rest) {
                return Step::More;
            }
        }
        if rest.starts_with(b"<!DOCTYPE") {
            return Step::Wrong(at, Rule::Doctype, String::new());
        }
        if b"<!DOCTYPE".starts_with(rest) {
            return Step::More;
        }
        Step::Wrong(at, Rule::NotXml, "\"<!\" starts neither a comment nor a CDATA section".to_owned())
    }

    fn instruction(&mut self, window: &[u8], at: usize) -> Step {
        let name = &window[at + 2..];
        let Some(length) = name.iter().position(|byte| is_space(*byte) || *byte == b'?') else {
            return if name.len() > self.limits.name_bytes_max {
                Step::Wrong(at, Rule::NotXml, "a processing instruction without a name".to_owned())
            } else {
                Step::More
            };
        };
        let target = &name[..length];
        if target.eq_ignore_ascii_case(b"xml") {
            let is_first = self.cursor.offset() == 0 && at == 0 && target == b"xml";
            if !is_first {
                return Step::Wrong(at, Rule::NotXml, "\"<?xml\" may only stand first".to_owned());
            }
        } else if !is_name(target) || target.contains(&b':') {
            return Step::Wrong(at, Rule::NotXml, "a processing instruction without a name".to_owned());
        }
        self.mode = Mode::Instruction;
        Step::To(at + 2 + length)
    }

    /// Passes over a comment or instruction, however long.
    fn until(&mut self, window: &[u8], at: usize, end: &[u8], is_last: bool) -> Step {
        let Some(found) = memchr::memmem::find(&window[at..], end) else {
            // The end may have begun. If nothing more comes, the end of the message says that it was not closed.
            let kept = usize::from(!is_last && window[window.len() - 1] == end[0]);
            return if window.len() - kept == at { Step::More } else { Step::To(window.len() - kept) };
        };
        let after = at + found + end.len();
        if self.mode == Mode::Comment {
            match window.get(after) {
                Some(b'>') => {
                    self.mode = Mode::Content;
                    return Step::To(after + 1);
                }
                Some(_) => return Step::Wrong(after, Rule::NotXml, "\"--\" within a comment".to_owned()),
                None if at + found > at => return Step::To(at + found),
                None => return Step::More,
            }
        }
        self.mode = Mode::Content;
        Step::To(after)
    }

    fn cdata(&mut self, schema: Option<&Schema>, window: &[u8], at: usize, is_last: bool) -> Step {
        match memchr::memmem::find(&window[at..], b"]]>") {
            Some(length) => {
                self.mode = Mode::Content;
                self.characters(schema, window, at, &window[at..at + length]);
                Step::To(at + length + 3)
            }
            None => {
                let kept = window[at..].iter().rev().take(2).take_while(|byte| **byte == b']').count();
                let kept = if window.last() == Some(&b'\r') { 1 } else { kept };
                let kept = if is_last { 0 } else { kept };
                let end = window.len() - kept;
                if end == at {
                    return Step::More;
                }
                self.characters(schema, window, at, &window[at..end]);
                Step::To(end)
            }
        }
    }

    /// Character data up to the next tag.
    fn text(&mut self, schema: Option<&Schema>, window: &[u8], at: usize, is_last: bool) -> Step {
        let mut end = at;
        // Values are short: a table beats setting up a search.
        let near = (at + 32).min(window.len());
        while end < near && !SPECIAL[usize::from(window[end])] {
            end += 1;
        }
        if end == near {
            end = memchr::memchr3(b'<', b'&', b']', &window[end..]).map_or(window.len(), |found| end + found);
        }
        if end == window.len() && !is_last && window[end - 1] == b'\r' {
            end -= 1;
            if end == at {
                return Step::More;
            }
        }
        if end > at {
            let closes = self.ends_here(window, end);
            if closes && self.whole_value(schema, window, at, end) {
                return Step::To(end);
            }
            self.characters(schema, window, at, &window[at..end]);
            // What follows may not be whole yet; this much is taken, and is not to be taken again.
            return Step::To(end);
        }
        match window[end] {
            b'&' => self.reference(schema, window, end, is_last),
            b']' => match window.get(end..end + 3) {
                Some(b"]]>") => Step::Wrong(end, Rule::NotXml, "\"]]>\" in text".to_owned()),
                Some(_) => {
                    self.characters(schema, window, end, b"]");
                    Step::To(end + 1)
                }
                _ if is_last => {
                    self.characters(schema, window, end, b"]");
                    Step::To(end + 1)
                }
                _ => Step::More,
            },
            _ => Step::To(end),
        }
    }

    /// Whether the whole end tag of the innermost element stands here: only then is a value known to be whole.
    #[inline]
    fn ends_here(&self, window: &[u8], at: usize) -> bool {
        let name = &self.names[self.frames[self.frames.len() - 1].name as usize..];
        let after = at + 2 + name.len();
        window.get(after) == Some(&b'>') && window[at..].starts_with(b"</") && &window[at + 2..after] == name
    }

    fn reference(&mut self, schema: Option<&Schema>, window: &[u8], at: usize, is_last: bool) -> Step {
        let rest = &window[at..window.len().min(at + REFERENCE_BYTES_MAX)];
        let Some(end) = rest.iter().position(|byte| *byte == b';') else {
            let may_come = rest.len() < REFERENCE_BYTES_MAX && !is_last;
            return if may_come {
                Step::More
            } else {
                Step::Wrong(at, Rule::NotXml, "\"&\" that starts no reference".to_owned())
            };
        };
        match resolve(&rest[1..end]) {
            Some(character) => {
                let mut buffer = [0; 4];
                let text = character.encode_utf8(&mut buffer);
                self.referred(schema, window, at, text);
                Step::To(at + end + 1)
            }
            None => {
                let name = String::from_utf8_lossy(&rest[..=end]).into_owned();
                Step::Wrong(at, Rule::NotXml, format!("reference {name} stands for nothing"))
            }
        }
    }

    fn end_tag(&mut self, schema: Option<&Schema>, window: &[u8], at: usize) -> Step {
        let frame = self.frames[self.frames.len() - 1];
        let expected = &self.names[frame.name as usize..];
        let start = at + 2;
        let matches = window.get(start..start + expected.len()) == Some(expected) && self.frames.len() > 1;
        if matches && window.get(start + expected.len()) == Some(&b'>') {
            let next = start + expected.len() + 1;
            self.end_element(schema, window, at);
            return Step::To(next);
        }
        let Some(length) = memchr::memchr(b'>', &window[start..]) else { return Step::More };
        let name = &window[start..start + length];
        let trimmed = &name[..name.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1)];
        if trimmed == expected && self.frames.len() > 1 {
            self.end_element(schema, window, at);
            return Step::To(start + length + 1);
        }
        let (found, expected) = (String::from_utf8_lossy(trimmed), String::from_utf8_lossy(expected));
        Step::Wrong(at, Rule::NotXml, format!("</{found}> where </{expected}> was to come"))
    }

    fn start_tag(&mut self, schema: Option<&Schema>, window: &[u8], at: usize) -> Step {
        let (name, prefix, mut next) = match name_at(window, at + 1) {
            Ok(found) => found,
            Err(step) => return step,
        };
        if name.1 - name.0 > self.limits.name_bytes_max {
            self.stop_limit(window, at, "name_bytes_max", self.limits.name_bytes_max);
            return Step::More;
        }
        self.attributes.clear();
        let mut declarations = 0;
        let is_empty = loop {
            match window.get(next) {
                Some(b'>') => {
                    next += 1;
                    break false;
                }
                Some(b'/') => match window.get(next + 1) {
                    Some(b'>') => {
                        next += 2;
                        break true;
                    }
                    Some(_) => return Step::Wrong(next, Rule::NotXml, "\"/\" within a tag".to_owned()),
                    None => return Step::More,
                },
                Some(byte) if is_space(*byte) => {
                    while window.get(next).is_some_and(|byte| is_space(*byte)) {
                        next += 1;
                    }
                    if matches!(window.get(next), Some(b'>' | b'/') | None) {
                        continue;
                    }
                    match attribute_at(window, next) {
                        Ok((attribute, after)) => {
                            next = after;
                            let is_declaration = window[attribute.name.0..attribute.name.1].starts_with(b"xmlns")
                                && (attribute.prefix == 6 || attribute.name.1 - attribute.name.0 == 5);
                            declarations += usize::from(is_declaration);
                            self.attributes.push(attribute);
                            if attribute.name.1 - attribute.name.0 > self.limits.name_bytes_max {
                                self.stop_limit(window, at, "name_bytes_max", self.limits.name_bytes_max);
                                return Step::More;
                            }
                            if attribute.value.1 - attribute.value.0 > self.limits.attribute_bytes_max {
                                self.stop_limit(window, at, "attribute_bytes_max", self.limits.attribute_bytes_max);
                                return Step::More;
                            }
                            if declarations > self.limits.declarations_max {
                                self.stop_limit(window, at, "declarations_max", self.limits.declarations_max);
                                return Step::More;
                            }
                            if self.attributes.len() - declarations > self.limits.attributes_max {
                                self.stop_limit(window, at, "attributes_max", self.limits.attributes_max);
                                return Step::More;
                            }
                        }
                        Err(step) => return step,
                    }
                }
                Some(_) => return Step::Wrong(next, Rule::NotXml, "a tag that is not closed".to_owned()),
                None => return Step::More,
            }
        };
        if self.frames.len() > self.limits.depth_max {
            self.stop_limit(window, at, "depth_max", self.limits.depth_max);
            return Step::More;
        }
        self.has_plain_attributes = self.attributes.len() > declarations;
        if let Err((at, wrong)) = self.start_element(schema, window, at, name, prefix, declarations > 0) {
            return Step::Wrong(at, Rule::NotXml, wrong);
        }
        if self.identified {
            return Step::Again;
        }
        if is_empty {
            self.end_element(schema, window, at);
        }
        Step::To(next)
    }

    /// Whether text between tags is only white space; outside the root it must be.
    pub(super) fn is_outside_root(&self) -> bool {
        self.frames[self.frames.len() - 1].kind == FrameKind::Document
    }
}

/// A name: its place, the length of its prefix with the colon, and what follows.
fn name_at(window: &[u8], start: usize) -> Result<((usize, usize), usize, usize), Step> {
    let mut at = start;
    let (mut colon, mut colons, mut is_ascii) = (0, 0, true);
    loop {
        let Some(byte) = window.get(at) else { return Err(Step::More) };
        match NAME[usize::from(*byte)] {
            1 => {}
            2 => {
                colon = at;
                colons += 1;
            }
            3 => is_ascii = false,
            _ => break,
        }
        at += 1;
    }
    let name = &window[start..at];
    let local = if colons > 0 { &window[colon + 1..at] } else { name };
    let starts =
        |part: &[u8]| part.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_' || *first >= 0x80);
    if colons > 1 || !starts(name) || !starts(local) || (!is_ascii && !is_name(name)) {
        let shown = String::from_utf8_lossy(&name[..name.len().min(40)]).into_owned();
        return Err(Step::Wrong(start, Rule::NotXml, format!("\"{shown}\" is not a name")));
    }
    let prefix = if colons > 0 { colon + 1 - start } else { 0 };
    Ok(((start, at), prefix, at))
}

fn attribute_at(window: &[u8], start: usize) -> Result<(RawAttribute, usize), Step> {
    let (name, prefix, mut at) = name_at(window, start)?;
    let skip = |mut at: usize| {
        while window.get(at).is_some_and(|byte| is_space(*byte)) {
            at += 1;
        }
        at
    };
    let wrong = |at, what: &str| Err(Step::Wrong(at, Rule::NotXml, what.to_owned()));
    at = skip(at);
    match window.get(at) {
        Some(b'=') => at = skip(at + 1),
        Some(_) => return wrong(at, "an attribute without value"),
        None => return Err(Step::More),
    }
    let quote = match window.get(at) {
        Some(quote @ (b'"' | b'\'')) => *quote,
        Some(_) => return wrong(at, "an attribute's value without quotes"),
        None => return Err(Step::More),
    };
    let from = at + 1;
    let Some(length) = memchr::memchr(quote, &window[from..]) else { return Err(Step::More) };
    let value = &window[from..from + length];
    let mut is_plain = true;
    for byte in value {
        match byte {
            b'<' => return wrong(from, "\"<\" in an attribute's value"),
            b'&' | b'\t' | b'\n' | b'\r' => is_plain = false,
            _ => {}
        }
    }
    Ok((RawAttribute { name, prefix, value: (from, from + length), is_plain }, from + length + 1))
}

/// The character a reference stands for: one of the five predefined, or a number.
pub(super) fn resolve(name: &[u8]) -> Option<char> {
    let number = match name {
        b"amp" => return Some('&'),
        b"lt" => return Some('<'),
        b"gt" => return Some('>'),
        b"quot" => return Some('"'),
        b"apos" => return Some('\''),
        _ => std::str::from_utf8(name.strip_prefix(b"#")?).ok()?,
    };
    let code = match number.strip_prefix('x') {
        Some(hexadecimal) if !hexadecimal.starts_with('+') => u32::from_str_radix(hexadecimal, 16).ok()?,
        None if !number.starts_with('+') => number.parse().ok()?,
        _ => return None,
    };
    char::from_u32(code).filter(|c| crate::soap::xml::text::is_xml_character(*c))
}

fn is_name(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    name.split(':').all(|part| {
        let mut characters = part.chars();
        characters.next().is_some_and(is_name_start) && characters.all(is_name_character)
    })
}

/// 1 for what stands in names, 2 for the colon, 3 for what may, beyond ASCII.
const NAME: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => 1,
            b':' => 2,
            0x80.. => 3,
            _ => 0,
        };
        at += 1;
    }
    table
};

/// What ends a run of plain text.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    table[b'<' as usize] = true;
    table[b'&' as usize] = true;
    table[b']' as usize] = true;
    table
};

/// The prefix written before a local name.
pub(super) fn prefix_before(window: &[u8], local: usize) -> &[u8] {
    if local == 0 || window[local - 1] != b':' {
        return b"";
    }
    let start =
        window[..local - 1].iter().rposition(|byte| NAME[usize::from(*byte)] == 0).map_or(0, |before| before + 1);
    &window[start..local - 1]
}
