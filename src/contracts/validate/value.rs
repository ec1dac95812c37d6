//! Text: values of simple types, and text where none may stand.
//!
//! A value that lies whole in the window is judged where it lies. What must be gathered is gathered in one buffer, and
//! what needs no gathering (free text, counted text, base64) is followed as it passes, so that an attachment of any size
//! takes no memory.

use std::borrow::Cow;

use super::finding::{Facts, Rule};
use super::machine::{FrameKind, Machine};
use super::place::Place;
use crate::contracts::schema::simple::{self, Identifier, Shape, Violation};
use crate::contracts::schema::{ElementId, Schema, TypeId};
use crate::contracts::value::{Base64, Builtin, is_space};

/// The value being read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Type of the text.
    type_id: Option<TypeId>,
    shape: Shape,
    held: Vec<u8>,
    bytes: u64,
    characters: u64,
    base64: Base64,
    start: Start,
    /// The value's first characters, for showing what is not held.
    head: Vec<u8>,
    after_return: bool,
}

/// Where the value's first character stands.
#[derive(Clone, Copy, Debug, Default)]
enum Start {
    #[default]
    Nowhere,
    /// In the window at hand.
    Window(usize),
    /// In one that is gone.
    Place(Place),
}

/// Bytes kept of what is not held, to be quoted.
const HEAD_BYTES_MAX: usize = 400;

/// Text where none may stand.
#[derive(Debug)]
pub(super) struct Stray {
    rule: Rule,
    place: Place,
    head: Vec<u8>,
}

impl Stray {
    fn gather(&mut self, piece: &[u8]) {
        let room = HEAD_BYTES_MAX - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

impl Reading {
    pub(super) fn is_base64(&self) -> bool {
        self.shape == Shape::Base64
    }
}

impl Machine {
    /// Gets ready for the text of the element just opened.
    #[inline]
    pub(super) fn begin_value(&mut self, schema: &Schema) {
        let frame = self.frames[self.frames.len() - 1];
        let type_id = schema.simple_content(frame.type_id);
        let reading = &mut self.reading;
        reading.type_id = type_id;
        reading.held.clear();
        reading.head.clear();
        reading.bytes = 0;
        reading.characters = 0;
        reading.start = Start::Nowhere;
        reading.after_return = false;
        let simple = type_id.and_then(|id| schema.simple(id));
        let has_constraint = frame.element.is_some_and(|id| schema.element(id).constraint.is_some());
        reading.shape = match simple {
            Some(simple) if !has_constraint && !self.keys.is_active() => simple.shape,
            Some(_) => Shape::Held,
            None => Shape::Free,
        };
        if reading.shape == Shape::Base64 {
            reading.base64 = Base64::default();
        }
    }

    /// A value that lies whole between two tags; `false` if it must be taken in pieces.
    #[inline]
    pub(super) fn whole_value(&mut self, schema: Option<&Schema>, window: &[u8], at: usize, end: usize) -> bool {
        let frame = self.frames[self.frames.len() - 1];
        let Some(schema) = schema else { return false };
        let is_fresh =
            frame.kind == FrameKind::Simple && self.reading.bytes == 0 && !frame.flags.nil && !frame.flags.has_content;
        if !is_fresh || self.keys.is_active() || (end - at) as u64 > self.limits.text_bytes_max as u64 {
            return false;
        }
        if self.reading.shape == Shape::Free {
            let top = self.top();
            top.flags.has_content = true;
            top.flags.judged = true;
            return true;
        }
        let raw = &window[at..end];
        let has_constraint = frame.element.is_some_and(|id| schema.element(id).constraint.is_some());
        if has_constraint || self.reading.shape != Shape::Held || memchr::memchr(b'\r', raw).is_some() {
            return false;
        }
        let (Some(type_id), Ok(text)) = (self.reading.type_id, std::str::from_utf8(raw)) else { return false };
        let top = self.top();
        top.flags.has_content = true;
        top.flags.judged = true;
        self.reading.start = Start::Window(at);
        self.judge(schema, window, type_id, text, None);
        true
    }

    /// A piece of character data, as it stands in the message.
    pub(super) fn characters(&mut self, schema: Option<&Schema>, window: &[u8], at: usize, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        if self.is_outside_root() {
            // Told where the first character stands, not where its piece begins: that is the same in any pieces.
            if let Some(first) = piece.iter().position(|byte| !is_space(*byte)) {
                self.outside_root(window, at + first);
            }
            return;
        }
        if memchr::memchr(b'\r', piece).is_none() && !self.reading.after_return {
            return self.take(schema, window, at, piece);
        }
        // A line end is one line feed however it is written.
        let mut text = Vec::with_capacity(piece.len());
        let mut after_return = self.reading.after_return;
        for byte in piece {
            match byte {
                b'\n' if after_return => {}
                b'\r' => text.push(b'\n'),
                byte => text.push(*byte),
            }
            after_return = *byte == b'\r';
        }
        self.reading.after_return = after_return;
        self.take(schema, window, at, &text);
    }

    /// A character that was written as a reference.
    pub(super) fn referred(&mut self, schema: Option<&Schema>, window: &[u8], at: usize, text: &str) {
        self.reading.after_return = false;
        if self.is_outside_root() {
            return self.outside_root(window, at);
        }
        // Unlike white space as it stands, a reference to it is content wherever only elements may be.
        self.take(schema, window, at, text.as_bytes());
    }

    fn outside_root(&mut self, window: &[u8], at: usize) {
        let found = "text outside the root element".to_owned();
        self.stop(Rule::NotXml, window, at, Facts { found, ..Facts::default() });
    }

    fn take(&mut self, schema: Option<&Schema>, window: &[u8], at: usize, piece: &[u8]) {
        let frame = self.frames[self.frames.len() - 1];
        match frame.kind {
            // Judged before it comes here.
            FrameKind::Document => {}
            FrameKind::Simple => {
                self.top().flags.has_content = true;
                self.take_value(window, at, piece);
            }
            FrameKind::Elements | FrameKind::All | FrameKind::Empty | FrameKind::Envelope | FrameKind::Body => {
                let is_blank = piece.iter().all(|byte| is_space(*byte));
                self.top().flags.has_content |= !is_blank || frame.flags.nil;
                let is_stray =
                    if frame.kind == FrameKind::Empty { schema.is_some() } else { !is_blank && !frame.flags.mixed };
                if let Some(stray) = &mut self.stray {
                    stray.gather(piece);
                } else if is_stray && !frame.flags.text_reported {
                    self.top().flags.text_reported = true;
                    let rule = if frame.kind == FrameKind::Empty { Rule::NotEmpty } else { Rule::StrayText };
                    // Counted in the message as it stands: the piece has its line ends made one already.
                    let is_blank_space = |byte: &&u8| frame.kind != FrameKind::Empty && is_space(**byte);
                    let leading = window[at..].iter().take_while(is_blank_space).count();
                    let place = self.cursor.place(window, at + leading);
                    let mut stray = Stray { rule, place, head: Vec::new() };
                    stray.gather(piece);
                    self.stray = Some(stray);
                }
            }
            FrameKind::Header | FrameKind::Lax | FrameKind::Skip => {}
        }
    }

    /// Reports stray text once all of it, up to the next tag, has come.
    pub(super) fn report_stray(&mut self) {
        if let Some(stray) = self.stray.take() {
            let found = String::from_utf8_lossy(&stray.head).trim().to_owned();
            let parent = self.local_name(self.frames.len() - 1);
            self.add(stray.rule, stray.place, Facts { found, parent, ..Facts::default() });
        }
    }

    fn take_value(&mut self, window: &[u8], at: usize, piece: &[u8]) {
        let reading = &mut self.reading;
        if reading.bytes == 0 {
            reading.start = Start::Window(at);
        }
        reading.bytes += piece.len() as u64;
        let room = HEAD_BYTES_MAX.saturating_sub(reading.head.len());
        match reading.shape {
            Shape::Free => {}
            Shape::Counted => {
                reading.head.extend_from_slice(&piece[..piece.len().min(room)]);
                reading.characters += piece.iter().filter(|byte| (**byte & 0xc0) != 0x80).count() as u64;
            }
            Shape::Base64 => {
                reading.head.extend_from_slice(&piece[..piece.len().min(room)]);
                reading.base64.advance(piece);
            }
            Shape::Held => {
                reading.held.extend_from_slice(piece);
                if reading.held.len() > self.limits.value_bytes_max {
                    self.stop_limit(window, at, "value_bytes_max", self.limits.value_bytes_max);
                    return;
                }
            }
        }
        if self.reading.bytes > self.limits.text_bytes_max as u64 {
            self.stop_limit(window, at, "text_bytes_max", self.limits.text_bytes_max);
        }
    }

    /// Remembers where a value started whose window is about to go.
    pub(super) fn settle_value_place(&mut self, window: &[u8]) {
        if let Start::Window(at) = self.reading.start {
            self.reading.start = Start::Place(self.cursor.place(window, at));
        }
    }

    fn value_place(&mut self, window: &[u8]) -> Place {
        match self.reading.start {
            Start::Window(at) => self.cursor.place(window, at),
            Start::Place(place) => place,
            Start::Nowhere => self.cursor.place(window, 0),
        }
    }

    /// The end of an element whose content is text.
    pub(super) fn end_value(&mut self, schema: &Schema, window: &[u8], at: usize) {
        let frame = self.frames[self.frames.len() - 1];
        if frame.flags.judged || frame.flags.nil || frame.flags.text_reported {
            return;
        }
        if matches!(self.reading.start, Start::Nowhere) {
            self.reading.start = Start::Window(at);
        }
        let Some(type_id) = self.reading.type_id else { return };
        let constraint = frame.element.filter(|id| schema.element(*id).constraint.is_some());
        match self.reading.shape {
            Shape::Free => {}
            Shape::Counted => {
                let Some(simple) = schema.simple(type_id) else { return };
                if let Err(violation) = simple::check_length(&simple.facets, Some(self.reading.characters)) {
                    self.violated_head(schema, window, &violation);
                }
            }
            Shape::Base64 => {
                if !self.reading.base64.is_complete() {
                    self.violated_head(schema, window, &Violation::Datatype(Builtin::Base64Binary));
                }
            }
            Shape::Held => {
                let held = std::mem::take(&mut self.reading.held);
                // Pieces end between characters, so the whole is text.
                let text = String::from_utf8_lossy(&held);
                self.judge(schema, window, type_id, &text, constraint);
                self.reading.held = held;
            }
        }
    }

    fn violated_head(&mut self, schema: &Schema, window: &[u8], violation: &Violation) {
        let head = String::from_utf8_lossy(&self.reading.head).into_owned();
        let place = self.value_place(window);
        self.violated(schema, place, &head, violation, None, None);
    }

    fn judge(&mut self, schema: &Schema, window: &[u8], type_id: TypeId, text: &str, constraint: Option<ElementId>) {
        let constraint = constraint.and_then(|id| schema.element(id).constraint.as_ref());
        // An empty element takes its default or fixed value.
        let text = match constraint {
            Some(constraint) if text.is_empty() => &constraint.text,
            _ => text,
        };
        if let Err(violation) = simple::check(schema, type_id, text, &self.scope) {
            let place = self.value_place(window);
            let declared_at = schema.place(schema.type_of(type_id).declared);
            return self.violated(schema, place, text, &violation, None, declared_at);
        }
        if let Some(fixed) = constraint.filter(|constraint| constraint.is_fixed) {
            let same = match (&fixed.value, simple::value(schema, type_id, text, &self.scope)) {
                (Some(fixed), Some(value)) => fixed.same(&value),
                _ => *fixed.text == *text,
            };
            if !same {
                let place = self.value_place(window);
                let facts =
                    Facts { found: text.to_owned(), expected: vec![fixed.text.to_string()], ..Facts::default() };
                self.add(Rule::Fixed, place, facts);
            }
        }
        let needs_identity = schema.simple(type_id).is_some_and(|simple| simple.identifier != Identifier::None);
        if needs_identity || self.keys.is_active() {
            let place = self.value_place(window);
            self.identify(schema, place, type_id, text);
            self.keys_at_value(schema, type_id, text);
        }
    }

    /// Reports a value that its type does not admit, of the innermost element or of an attribute.
    pub(super) fn violated(
        &mut self,
        schema: &Schema,
        place: Place,
        text: &str,
        violation: &Violation,
        attribute: Option<String>,
        declared_at: Option<String>,
    ) {
        let element = attribute.clone().unwrap_or_default();
        let mut facts = Facts {
            element,
            attribute,
            found: text.to_owned(),
            fix: hint(text, violation),
            declared_at,
            ..Facts::default()
        };
        let rule = match violation {
            Violation::Datatype(builtin) => {
                facts.expected = vec![builtin.name().to_owned()];
                facts.number = builtin.example().to_owned();
                Rule::Datatype
            }
            Violation::Union(id) => {
                facts.expected = vec![schema.type_name(*id).to_owned()];
                facts.number = "one of its member types".to_owned();
                Rule::Datatype
            }
            Violation::Prefix(prefix) => {
                facts.expected = vec![format!("QName; prefix {prefix} is not bound")];
                facts.number = Builtin::QName.example().to_owned();
                Rule::Datatype
            }
            Violation::Enumeration(id) => {
                facts.expected = allowed(schema, *id, text);
                Rule::Enumeration
            }
            Violation::Pattern(sources) => {
                facts.number = crate::contracts::sample::matching(sources).unwrap_or_default();
                facts.expected = sources.clone();
                Rule::Pattern
            }
            Violation::MaxLength(found, most) => {
                (facts.number, facts.expected) = (found.to_string(), vec![most.to_string()]);
                Rule::MaxLength
            }
            Violation::MinLength(found, least) => {
                (facts.number, facts.expected) = (found.to_string(), vec![least.to_string()]);
                Rule::MinLength
            }
            Violation::Length(found, needed) => {
                (facts.number, facts.expected) = (found.to_string(), vec![needed.to_string()]);
                Rule::Length
            }
            Violation::Range(range) => {
                facts.expected = vec![range.clone()];
                Rule::Range
            }
            Violation::Digits(most) => {
                facts.expected = vec![most.clone()];
                Rule::Digits
            }
        };
        self.add(rule, place, facts);
    }
}

/// The values of an enumeration, one that differs in case or outer space first.
fn allowed(schema: &Schema, id: TypeId, text: &str) -> Vec<String> {
    let enumeration = schema.simple(id).and_then(|simple| simple.facets.enumeration.as_ref());
    let mut values: Vec<String> = enumeration
        .map(|enumeration| enumeration.texts.iter().map(|text| text.to_string()).collect())
        .unwrap_or_default();
    let near = text.trim().to_lowercase();
    if let Some(at) = values.iter().position(|value| value.to_lowercase() == near) {
        let first = values.remove(at);
        values.insert(0, first);
    }
    values
}

/// What real messages most often mean by a value that is wrong.
fn hint(text: &str, violation: &Violation) -> Option<String> {
    let trimmed: Cow<'_, str> = text.trim().into();
    let hint = match violation {
        _ if trimmed == "?" || trimmed.contains("${") || trimmed.contains("$$") => {
            "an unfilled placeholder of a template: fill it in"
        }
        Violation::Datatype(Builtin::Base64Binary) if trimmed.starts_with("cid:") => "the attachment was not inlined",
        Violation::Pattern(sources)
            if sources.iter().any(|source| crate::contracts::pattern::has_literal_anchors(source)) =>
        {
            "the pattern's \"^\" and \"$\" are ordinary characters in a schema, so no real value matches; without them it most likely would"
        }
        Violation::Datatype(_) | Violation::Pattern(_) | Violation::Enumeration(_) if trimmed.is_empty() => {
            "leave the element out instead of sending it blank"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
