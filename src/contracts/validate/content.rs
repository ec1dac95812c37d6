//! Elements against content models, and how to go on after one that does not fit (`contracts.md` §4.3).

use super::finding::{Facts, Rule};
use super::machine::{Frame, FrameKind, Machine};
use super::unexpected::{added_in_minor, shortest_end};
use crate::contracts::schema::names::Symbol;
use crate::contracts::schema::{ComplexType, Content, ElementId, Process, Schema, TypeId, TypeKind, WildcardId};

/// What a child turns out to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Child {
    /// A declared element, which may repeat.
    Declared(ElementId, bool),
    /// Admitted by a wildcard that judges like this.
    Wild,
    /// Not judged.
    Skipped,
}

impl Machine {
    /// Opens an element. `Err` says what is not well-formed.
    #[inline]
    pub(super) fn start_element(
        &mut self,
        schema: Option<&Schema>,
        window: &[u8],
        at: usize,
        name: (usize, usize),
        prefix: usize,
        has_declarations: bool,
    ) -> Result<(), (usize, String)> {
        if self.stray.is_some() {
            self.report_stray();
        }
        let mark = self.scope.mark();
        if has_declarations {
            self.declare(schema, window)?;
        }
        let prefix_bytes = &window[name.0..(name.0 + prefix).saturating_sub(1).max(name.0)];
        let Some(namespace) = self.scope.resolve_id(prefix_bytes) else {
            return Err((name.0, format!("prefix {} is not bound", String::from_utf8_lossy(prefix_bytes))));
        };
        if !self.attributes.is_empty() {
            self.check_attribute_names(window)?;
        }
        let parent = self.frames[self.frames.len() - 1];
        let is_soap =
            matches!(parent.kind, FrameKind::Document | FrameKind::Envelope | FrameKind::Header | FrameKind::Body);
        let local = &window[name.0 + prefix..name.1];
        let symbol = match schema {
            Some(schema) if !is_soap || parent.kind == FrameKind::Header => Self::symbol_of(schema, namespace, local),
            _ => Symbol::UNKNOWN,
        };
        let mut frame = Frame::new(FrameKind::Skip);
        frame.name = self.names.len() as u32;
        frame.prefix = prefix as u16;
        frame.scope = mark;
        frame.symbol = symbol;
        if is_soap {
            return self.start_soap(schema, window, at, name, frame);
        }
        let Some(schema) = schema else {
            self.push(frame, &window[name.0..name.1]);
            return Ok(());
        };
        let child = self.child(schema, window, at, symbol, (name.0 + prefix, name.1));
        self.count_child(&mut frame, symbol, matches!(child, Child::Declared(_, true)));
        self.push(frame, &window[name.0..name.1]);
        self.open(schema, window, at, child);
        Ok(())
    }

    #[inline]
    pub(super) fn push(&mut self, frame: Frame, name: &[u8]) {
        self.names.extend_from_slice(name);
        self.frames.push(frame);
    }

    #[inline]
    fn count_child(&mut self, frame: &mut Frame, symbol: Symbol, repeats: bool) {
        let parent = self.top();
        parent.last_count = if parent.last_child == symbol { parent.last_count + 1 } else { 1 };
        parent.last_child = symbol;
        if repeats {
            frame.index = parent.last_count;
        }
    }

    /// Decides what a child of the innermost element is, and moves that element's automaton on.
    #[inline]
    fn child(&mut self, schema: &Schema, window: &[u8], at: usize, symbol: Symbol, local: (usize, usize)) -> Child {
        let frame = self.frames[self.frames.len() - 1];
        self.top().flags.has_content = true;
        match frame.kind {
            FrameKind::Elements => {
                let Some(model) = Self::model_of(schema, &frame) else { return Child::Skipped };
                if let Some(edge) = model.automaton.step(frame.state, symbol) {
                    self.top().state = edge.target;
                    return Child::Declared(edge.element, edge.repeats);
                }
                for edge in model.automaton.wildcard_edges(frame.state) {
                    if schema.wildcard(edge.wildcard).namespaces.admits(symbol.namespace()) {
                        self.top().state = edge.target;
                        return self.admitted(schema, window, at, symbol, edge.wildcard, local);
                    }
                }
                self.unexpected(schema, window, at, symbol, local, &model.automaton)
            }
            FrameKind::All => self.member(schema, window, at, symbol, local),
            FrameKind::Lax => schema.global_elements.get(&symbol).map_or(Child::Wild, |id| Child::Declared(*id, false)),
            FrameKind::Simple => self.element_in_text(window, at, local),
            FrameKind::Empty => {
                self.report_content(window, at, Rule::NotEmpty);
                Child::Skipped
            }
            _ => Child::Skipped,
        }
    }

    fn admitted(
        &mut self,
        schema: &Schema,
        window: &[u8],
        at: usize,
        symbol: Symbol,
        wildcard: WildcardId,
        local: (usize, usize),
    ) -> Child {
        let process = schema.wildcard(wildcard).process;
        match (process, schema.global_elements.get(&symbol)) {
            (Process::Skip, _) => Child::Skipped,
            (_, Some(element)) => Child::Declared(*element, false),
            (Process::Lax, None) => Child::Wild,
            (Process::Strict, None) if self.instructions(window).type_at.is_some() => Child::Wild,
            (Process::Strict, None) => {
                let facts = Facts {
                    element: text_of(window, local),
                    parent: self.local_name(self.frames.len() - 1),
                    ..Facts::default()
                };
                let place = self.cursor.place(window, at);
                self.add(Rule::Undeclared, place, facts);
                Child::Skipped
            }
        }
    }

    fn element_in_text(&mut self, window: &[u8], at: usize, local: (usize, usize)) -> Child {
        let is_include = &window[local.0..local.1] == b"Include" && self.has_attachments && self.reading.is_base64();
        if is_include {
            self.top().flags.judged = true;
        } else {
            self.report_content(window, at, Rule::ElementInText);
        }
        Child::Skipped
    }

    /// Content where none may stand: once for an element.
    fn report_content(&mut self, window: &[u8], at: usize, rule: Rule) {
        if !std::mem::replace(&mut self.top().flags.text_reported, true) {
            let place = self.cursor.place(window, at);
            self.add(rule, place, Facts::default());
        }
    }

    fn member(&mut self, schema: &Schema, window: &[u8], at: usize, symbol: Symbol, local: (usize, usize)) -> Child {
        let frame = self.frames[self.frames.len() - 1];
        let Some(members) = Self::model_of(schema, &frame).and_then(|model| model.automaton.all()) else {
            return Child::Skipped;
        };
        let Some(place) = members.iter().position(|member| member.name == symbol) else {
            if !std::mem::replace(&mut self.top().flags.faulted, true) {
                let expected = members.iter().map(|member| schema.names.local(member.name).to_owned()).collect();
                let facts = Facts { expected, ..self.about_child(window, local) };
                let place = self.cursor.place(window, at);
                self.add(Rule::Unexpected, place, facts);
            }
            return Child::Skipped;
        };
        if frame.seen & 1 << place != 0 {
            let facts =
                Facts { expected: vec!["1".to_owned()], number: "2".to_owned(), ..self.about_child(window, local) };
            let place = self.cursor.place(window, at);
            self.add(Rule::TooMany, place, facts);
        }
        self.top().seen |= 1 << place;
        Child::Declared(members[place].element, false)
    }

    pub(super) fn about_child(&self, window: &[u8], local: (usize, usize)) -> Facts {
        Facts { element: text_of(window, local), parent: self.local_name(self.frames.len() - 1), ..Facts::default() }
    }

    /// Opens the element just pushed as what it turned out to be.
    #[inline]
    pub(super) fn open(&mut self, schema: &Schema, window: &[u8], at: usize, child: Child) {
        match child {
            Child::Skipped => {}
            Child::Declared(element, _) => self.open_declared(schema, window, at, element),
            Child::Wild => {
                let asked = if self.has_plain_attributes { self.instructions(window).type_at } else { None };
                if let Some(type_at) = asked
                    && let Some(type_id) = self.instance_type(schema, window, type_at, TypeId::ANY, None)
                {
                    self.enter(schema, window, at, type_id);
                } else if asked.is_none() {
                    self.top().kind = FrameKind::Lax;
                    if self.has_plain_attributes {
                        self.check_attributes_laxly(schema, window);
                    }
                }
            }
        }
    }

    #[inline]
    fn open_declared(&mut self, schema: &Schema, window: &[u8], at: usize, element: ElementId) {
        let declared = schema.element(element);
        self.top().element = Some(element);
        let mut type_id = declared.type_id;
        if self.has_plain_attributes {
            let asked = self.instructions(window);
            if let Some(type_at) = asked.type_at
                && let Some(found) = self.instance_type(schema, window, type_at, type_id, Some(element))
            {
                type_id = found;
            }
            if let Some(nil_at) = asked.nil_at {
                self.nil(schema, window, nil_at, element);
            }
        }
        self.enter(schema, window, at, type_id);
        if !declared.identities.is_empty() || self.keys.is_active() {
            self.keys_at_start(schema, window, declared);
        }
    }

    #[inline]
    fn enter(&mut self, schema: &Schema, window: &[u8], at: usize, type_id: TypeId) {
        let this = schema.type_of(type_id);
        if this.is_abstract {
            let concrete =
                schema.types.iter().enumerate().find(|(_, candidate)| {
                    candidate.base == type_id && !candidate.is_abstract && candidate.name.is_some()
                });
            let expected =
                concrete.map(|(index, _)| schema.type_name(TypeId(index as u32)).to_owned()).into_iter().collect();
            let place = self.cursor.place(window, at);
            self.add(Rule::AbstractType, place, Facts { expected, ..Facts::default() });
        }
        self.enter_type(schema, type_id);
        let needs_attributes = match &this.kind {
            TypeKind::Complex(complex) => !complex.attributes.is_empty(),
            TypeKind::Simple(_) => false,
        };
        if self.has_plain_attributes || needs_attributes {
            self.check_attributes(schema, window, at, type_id);
        }
        if self.top().kind == FrameKind::Simple {
            self.begin_value(schema);
        }
    }

    /// Closes the innermost element.
    #[inline]
    pub(super) fn end_element(&mut self, schema: Option<&Schema>, window: &[u8], at: usize) {
        if self.stray.is_some() {
            self.report_stray();
        }
        let frame = self.frames[self.frames.len() - 1];
        if let Some(schema) = schema {
            match frame.kind {
                FrameKind::Elements => self.end_elements(schema, window, at, &frame),
                FrameKind::All => self.end_all(schema, window, at, &frame),
                FrameKind::Simple => self.end_value(schema, window, at),
                _ => {}
            }
            if frame.flags.nil && self.top().flags.has_content {
                let place = self.cursor.place(window, at);
                self.add(Rule::NilNotEmpty, place, Facts::default());
            }
            if self.keys.is_active() {
                self.keys_at_end(schema, window, at);
            }
        }
        if matches!(frame.kind, FrameKind::Envelope | FrameKind::Body) {
            self.end_soap(window, at, frame.kind);
        }
        self.frames.pop();
        self.names.truncate(frame.name as usize);
        self.scope.close(frame.scope);
    }

    #[inline]
    fn end_elements(&mut self, schema: &Schema, window: &[u8], at: usize, frame: &Frame) {
        let Some(model) = Self::model_of(schema, frame) else { return };
        if model.automaton.is_accepting(frame.state) || frame.flags.faulted || frame.flags.nil {
            return;
        }
        // An element with a default or fixed value may be left empty where it holds text.
        let needed = model.automaton.expected(frame.state);
        let mut names: Vec<String> = needed.iter().map(|edge| schema.names.local(edge.name).to_owned()).collect();
        names.dedup();
        let parent = self.local_name(self.frames.len() - 1);
        let declared_at = needed.first().and_then(|edge| schema.place(schema.element(edge.element).declared));
        let first_mandatory = shortest_end(&model.automaton, frame.state);
        let expected: Vec<String> = match first_mandatory {
            Some(missing) if !missing.is_empty() => {
                missing.iter().map(|name| schema.names.local(*name).to_owned()).collect()
            }
            _ => names,
        };
        let fix = expected.iter().find_map(|name| added_in_minor(schema, &model.automaton, name));
        let facts = Facts { element: format!("</{parent}>"), parent, expected, declared_at, fix, ..Facts::default() };
        let place = self.cursor.place(window, at);
        self.add(Rule::Missing, place, facts);
    }

    fn end_all(&mut self, schema: &Schema, window: &[u8], at: usize, frame: &Frame) {
        let Some(members) = Self::model_of(schema, frame).and_then(|model| model.automaton.all()) else { return };
        let is_optional = match &schema.type_of(frame.type_id).kind {
            TypeKind::Complex(ComplexType { content: Content::Elements(model), .. }) => {
                model.particle.min == 0 && frame.seen == 0
            }
            _ => true,
        };
        if is_optional || frame.flags.nil {
            return;
        }
        let missing: Vec<String> = members
            .iter()
            .enumerate()
            .filter(|(place, member)| member.required && frame.seen & 1 << place == 0)
            .map(|(_, member)| schema.names.local(member.name).to_owned())
            .collect();
        if !missing.is_empty() {
            let parent = self.local_name(self.frames.len() - 1);
            let facts = Facts { element: format!("</{parent}>"), parent, expected: missing, ..Facts::default() };
            let place = self.cursor.place(window, at);
            self.add(Rule::Missing, place, facts);
        }
    }
}

fn text_of(window: &[u8], place: (usize, usize)) -> String {
    String::from_utf8_lossy(&window[place.0..place.1]).into_owned()
}
