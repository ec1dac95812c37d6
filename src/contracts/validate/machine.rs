//! The state of a validation: the stack of open elements and what each expects.

use std::sync::Arc;

use super::finding::{Facts, Finding, Rule};
use super::identity::Keys;
use super::place::{Cursor, Place};
use super::scope::Scope;
use super::value::{Reading, Stray};
use super::{Report, Target};
use crate::config::contracts::MessageLimits;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::schema::automaton::Automaton;
use crate::contracts::schema::names::{NamespaceId, Symbol};
use crate::contracts::schema::{ComplexType, Content, ContentModel, ElementId, Schema, TypeId, TypeKind};

/// An open element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) element: Option<ElementId>,
    pub(super) type_id: TypeId,
    /// State of the content's automaton.
    pub(super) state: u32,
    /// Members of an `all` group that have come.
    pub(super) seen: u64,
    /// Where its name starts in [`Machine::names`], and the length of its prefix with the colon.
    pub(super) name: u32,
    pub(super) prefix: u16,
    /// Declarations in force outside it.
    pub(super) scope: u32,
    /// Name of the last child, and how many of that name came in a row.
    pub(super) last_child: Symbol,
    pub(super) last_count: u32,
    /// Its number among its like, 0 where it does not repeat.
    pub(super) index: u32,
    pub(super) symbol: Symbol,
    pub(super) flags: Flags,
}

/// What an element's children and text mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// Around the root.
    Document,
    /// `soap:Envelope`.
    Envelope,
    /// `soap:Header`.
    Header,
    /// `soap:Body`.
    Body,
    /// Children by an automaton.
    Elements,
    /// Children in any order, each once.
    All,
    /// Text of a simple type.
    Simple,
    /// Nothing.
    Empty,
    /// Judged where something is declared.
    Lax,
    /// Not judged.
    Skip,
}

/// What has been noticed about an open element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// Text may stand between the children.
    pub(super) mixed: bool,
    /// `xsi:nil="true"`.
    pub(super) nil: bool,
    /// A content error was reported; its end is not another one.
    pub(super) faulted: bool,
    /// Stray text or content was reported.
    pub(super) text_reported: bool,
    /// It has had text or children.
    pub(super) has_content: bool,
    /// Its value was judged when its text came.
    pub(super) judged: bool,
}

/// An attribute of the tag at hand, as places in the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawAttribute {
    pub(super) name: (usize, usize),
    /// Length of the prefix with the colon.
    pub(super) prefix: usize,
    pub(super) value: (usize, usize),
    /// Whether the value has references or white space to normalise.
    pub(super) is_plain: bool,
}

/// The state of a validation.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) target: Target,
    pub(super) limits: MessageLimits,
    pub(super) has_attachments: bool,
    pub(super) contract: Option<(Arc<Contract>, Direction)>,
    /// Out of its place while a window is read, so that it can be lent.
    schema: Option<Arc<Schema>>,
    pub(super) frames: Vec<Frame>,
    /// Qualified names of the open elements, one after the other.
    pub(super) names: Vec<u8>,
    pub(super) scope: Scope,
    pub(super) attributes: Vec<RawAttribute>,
    /// Namespace declarations among [`Machine::attributes`] are kept apart.
    pub(super) has_plain_attributes: bool,
    pub(super) reading: Reading,
    pub(super) stray: Option<Stray>,
    pub(super) keys: Keys,
    pub(super) cursor: Cursor,
    pub(super) mode: Mode,
    pub(super) bodies: u32,
    pub(super) headers: Vec<(String, String)>,
    pub(super) seen_root: bool,
    /// Set when the body's element named a contract: its tag is read again with the schema at hand.
    pub(super) identified: bool,
    findings: Vec<Finding>,
    pub(super) count: usize,
    stopped: bool,
    is_truncated: bool,
}

/// Within what the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Content,
    Comment,
    Cdata,
    Instruction,
}

impl Machine {
    pub(super) fn new(target: Target, limits: MessageLimits, has_attachments: bool) -> Self {
        let schema = match &target {
            Target::Contract(contract, _) => Some(contract.schema().clone()),
            Target::Registry(_) => None,
        };
        let mut frames = Vec::with_capacity(24);
        frames.push(Frame::new(FrameKind::Document));
        Self {
            target,
            limits,
            has_attachments,
            contract: None,
            schema,
            frames,
            names: Vec::with_capacity(512),
            scope: Scope::default(),
            attributes: Vec::with_capacity(8),
            has_plain_attributes: false,
            reading: Reading::default(),
            stray: None,
            keys: Keys::default(),
            cursor: Cursor::default(),
            mode: Mode::Content,
            bodies: 0,
            headers: Vec::new(),
            seen_root: false,
            identified: false,
            findings: Vec::new(),
            count: 0,
            stopped: false,
            is_truncated: false,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Reads as much of a window as is whole; how many bytes that was.
    pub(super) fn read(&mut self, window: &[u8], is_last: bool) -> usize {
        let valid = match std::str::from_utf8(window) {
            Ok(_) => window.len(),
            Err(error) => error.valid_up_to(),
        };
        let is_cut = window.len() - valid < 4
            && !is_last
            && std::str::from_utf8(window).is_err_and(|error| error.error_len().is_none());
        let text = &window[..valid];
        let illegal = illegal_character(text);
        let readable = &text[..illegal.unwrap_or(valid)];
        let is_whole = illegal.is_none() && valid == window.len();
        let mut at = 0;
        loop {
            let schema = self.schema.take();
            at = self.run(schema.as_deref(), readable, at, is_last && is_whole);
            self.schema = schema;
            if self.stopped {
                return window.len();
            }
            if !std::mem::take(&mut self.identified) {
                break;
            }
            if let Some((contract, _)) = &self.contract {
                self.schema = Some(contract.schema().clone());
                self.scope.renumber(&contract.schema().names);
            }
        }
        if let Some(at) = illegal {
            let facts = Facts { found: format!("character {:#x}", text[at]), ..Facts::default() };
            self.stop(Rule::NotXml, window, at, facts);
        } else if valid < window.len() && !is_cut {
            let place = self.cursor.place(window, valid);
            let facts = Facts {
                expected: vec!["UTF-8".to_owned()],
                found: "ISO-8859-1".to_owned(),
                number: place.line.to_string(),
                ..Facts::default()
            };
            self.stop(Rule::Encoding, window, valid, facts);
        }
        self.settle_value_place(window);
        self.cursor.advance(window, at);
        at
    }

    pub(super) fn end_of_input(&mut self) {
        if self.stopped {
            return;
        }
        if self.frames.len() > 1 || !self.seen_root || self.mode != Mode::Content {
            let found = match self.mode {
                Mode::Cdata => "a CDATA section is not closed".to_owned(),
                Mode::Comment | Mode::Instruction => "a comment or instruction is not closed".to_owned(),
                Mode::Content if self.frames.len() > 1 => format!("the message ends within {}", self.qualified_name()),
                Mode::Content => "the message ends before its root element".to_owned(),
            };
            self.stop(Rule::NotXml, b"", 0, Facts { found, ..Facts::default() });
            return;
        }
        self.dangling_references();
    }

    /// Reports what makes reading on impossible.
    pub(super) fn stop(&mut self, rule: Rule, window: &[u8], at: usize, facts: Facts) {
        let place = self.cursor.place(window, at);
        self.stop_at(rule, place, facts);
    }

    pub(super) fn stop_at(&mut self, rule: Rule, place: Place, facts: Facts) {
        let number = if facts.number.is_empty() { place.line.to_string() } else { facts.number.clone() };
        self.add(rule, place, Facts { number, ..facts });
        self.stopped = true;
        self.is_truncated = true;
    }

    pub(super) fn stop_encoding(&mut self, name: &str) {
        let line = self.cursor.place(b"", 0).line;
        let facts = Facts {
            expected: vec![name.to_owned()],
            found: "UTF-8".to_owned(),
            number: line.to_string(),
            ..Facts::default()
        };
        self.stop(Rule::Encoding, b"", 0, facts);
    }

    /// Adds a finding about the innermost element.
    pub(super) fn add(&mut self, rule: Rule, place: Place, mut facts: Facts) {
        if !facts.warning {
            self.count += 1;
        }
        if self.count >= self.limits.errors_counted_max {
            self.stopped = true;
            self.is_truncated = true;
        }
        if self.findings.len() >= self.limits.errors_max {
            self.is_truncated = true;
            return;
        }
        if facts.element.is_empty() {
            facts.element = self.local_name(self.frames.len() - 1);
        }
        if facts.parent.is_empty() {
            facts.parent = self.local_name(self.frames.len().saturating_sub(2));
        }
        let path = self.path();
        self.findings.push(Finding::new(rule, place, path, facts));
    }

    pub(super) fn report(self, bytes: u64) -> Report {
        let contract = self.contract.as_ref();
        let broken = contract.and_then(|(contract, _)| contract.first_error().map(ToString::to_string));
        let (warnings, errors) = self.findings.into_iter().partition(|finding| finding.warning);
        Report {
            contract: contract.map(|(contract, _)| contract.namespace.clone()),
            version: contract.map(|(contract, _)| contract.version.to_string()),
            direction: contract.map(|(_, direction)| *direction),
            valid: self.count == 0 && broken.is_none(),
            unusable: broken,
            errors,
            warnings,
            error_count: self.count,
            truncated: self.is_truncated && self.count > 0,
            bytes,
        }
    }

    pub(super) fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the frame around the root is never closed")
    }

    /// The innermost element's name as written.
    pub(super) fn qualified_name(&self) -> String {
        let frame = self.frames[self.frames.len() - 1];
        String::from_utf8_lossy(&self.names[frame.name as usize..]).into_owned()
    }

    fn name_bytes(&self, at: usize) -> &[u8] {
        let start = self.frames[at].name as usize;
        let end = self.frames.get(at + 1).map_or(self.names.len(), |next| next.name as usize);
        &self.names[start..end]
    }

    pub(super) fn local_name(&self, at: usize) -> String {
        let frame = &self.frames[at];
        String::from_utf8_lossy(&self.name_bytes(at)[usize::from(frame.prefix)..]).into_owned()
    }

    fn path(&self) -> (String, String) {
        let (mut plain, mut namespaced) = (String::new(), String::new());
        for (at, frame) in self.frames.iter().enumerate().skip(1) {
            let local = self.local_name(at);
            let prefix = &self.name_bytes(at)[..usize::from(frame.prefix).saturating_sub(1)];
            let namespace = self.scope.resolve(prefix).unwrap_or_default();
            let number = if frame.index > 0 { format!("[{}]", frame.index) } else { String::new() };
            plain.push_str(&format!("/{local}{number}"));
            namespaced.push_str(&format!("/{{{}}}{local}{number}", String::from_utf8_lossy(namespace)));
        }
        if plain.is_empty() {
            plain.push('/');
            namespaced.push('/');
        }
        (plain, namespaced)
    }

    /// Sets the innermost frame to what its type asks for.
    pub(super) fn enter_type(&mut self, schema: &Schema, type_id: TypeId) {
        let frame = self.top();
        frame.type_id = type_id;
        frame.state = Automaton::START;
        match &schema.type_of(type_id).kind {
            TypeKind::Simple(_) => frame.kind = FrameKind::Simple,
            TypeKind::Complex(ComplexType { content, .. }) => match content {
                Content::Empty => frame.kind = FrameKind::Empty,
                Content::Simple(_) => frame.kind = FrameKind::Simple,
                Content::Elements(ContentModel { mixed, automaton, .. }) => {
                    frame.flags.mixed = *mixed;
                    frame.kind = if automaton.all().is_some() { FrameKind::All } else { FrameKind::Elements };
                }
            },
        }
    }

    /// The content model of an element whose children follow one.
    pub(super) fn model_of<'s>(schema: &'s Schema, frame: &Frame) -> Option<&'s ContentModel> {
        match &schema.type_of(frame.type_id).kind {
            TypeKind::Complex(ComplexType { content: Content::Elements(model), .. }) => Some(model),
            _ => None,
        }
    }

    pub(super) fn symbol_of(schema: &Schema, namespace: NamespaceId, local: &[u8]) -> Symbol {
        let local = schema.names.local_id(local);
        Symbol::new(namespace, local)
    }
}

impl Frame {
    pub(super) fn new(kind: FrameKind) -> Self {
        Self {
            kind,
            element: None,
            type_id: TypeId::ANY,
            state: 0,
            seen: 0,
            name: 0,
            prefix: 0,
            scope: 0,
            last_child: Symbol::UNKNOWN,
            last_count: 0,
            index: 0,
            symbol: Symbol::UNKNOWN,
            flags: Flags::default(),
        }
    }
}

/// The first character that XML does not allow.
fn illegal_character(text: &[u8]) -> Option<usize> {
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    let has_control = text.iter().fold(false, |found, byte| found | control(*byte));
    let by_control = if has_control { text.iter().position(|byte| control(*byte)) } else { None };
    let not_characters =
        memchr::memmem::find_iter(text, b"\xef\xbf").find(|at| matches!(text.get(at + 2), Some(0xbe | 0xbf)));
    match (by_control, not_characters) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
