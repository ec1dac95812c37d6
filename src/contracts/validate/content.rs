//! Elements against content models, and how to go on after one that does not fit (`contracts.md` §4.3).

use super::finding::{Facts, Rule};
use super::machine::{Frame, FrameKind, Machine};
use super::scan::{self};
use crate::contracts::schema::automaton::Automaton;
use crate::contracts::schema::names::{NamespaceId, Symbol};
use crate::contracts::schema::{
    ComplexType, Content, ElementId, NamespaceConstraint, Process, Schema, TypeId, TypeKind, WildcardId,
};

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

    fn about_child(&self, window: &[u8], local: (usize, usize)) -> Facts {
        Facts { element: text_of(window, local), parent: self.local_name(self.frames.len() - 1), ..Facts::default() }
    }

    /// An element the automaton does not take. Reported once for a parent; checked by its declaration where it has one.
    fn unexpected(
        &mut self,
        schema: &Schema,
        window: &[u8],
        at: usize,
        symbol: Symbol,
        local: (usize, usize),
        automaton: &Automaton,
    ) -> Child {
        let frame = self.frames[self.frames.len() - 1];
        let declared = automaton.edges().iter().find(|edge| edge.name == symbol).copied();
        let place = self.cursor.place(window, at);
        let later = declared.and_then(|edge| path_to(automaton, frame.state, edge.name));
        if let Some((missing, target)) = later {
            self.top().state = target;
            if !frame.flags.faulted {
                let names = missing.iter().map(|name| schema.names.local(*name).to_owned()).collect::<Vec<_>>();
                let declared_at =
                    missing.first().and_then(|name| automaton.edges().iter().find(|edge| edge.name == *name));
                let declared_at = declared_at.and_then(|edge| schema.place(schema.element(edge.element).declared));
                let fix = names.iter().find_map(|name| added_in_minor(schema, automaton, name));
                let facts = Facts { expected: names, declared_at, fix, ..self.about_child(window, local) };
                self.add(Rule::Missing, place, facts);
            }
        } else if !frame.flags.faulted {
            self.top().flags.faulted = true;
            let (rule, facts) = self.why_unexpected(schema, window, symbol, local, automaton, declared.is_some());
            self.add(rule, place, facts);
        }
        match declared {
            Some(edge) => Child::Declared(edge.element, edge.repeats),
            None => Child::Skipped,
        }
    }

    fn why_unexpected(
        &self,
        schema: &Schema,
        window: &[u8],
        symbol: Symbol,
        local: (usize, usize),
        automaton: &Automaton,
        is_declared: bool,
    ) -> (Rule, Facts) {
        let frame = self.frames[self.frames.len() - 1];
        let facts = self.about_child(window, local);
        let names = |edges: &[crate::contracts::schema::automaton::Edge]| {
            let mut names: Vec<String> = edges.iter().map(|edge| schema.names.local(edge.name).to_owned()).collect();
            names.dedup();
            names
        };
        let expected = names(&automaton.expected(frame.state));
        if is_declared {
            if frame.last_child == symbol {
                let number = (frame.last_count + 1).to_string();
                return (Rule::TooMany, Facts { expected: vec![frame.last_count.to_string()], number, ..facts });
            }
            let mut order = automaton.edges().to_vec();
            order.sort_by_key(|edge| edge.order);
            let mut order = names(&order);
            let mut seen = std::collections::HashSet::new();
            order.retain(|name| seen.insert(name.clone()));
            return (Rule::OutOfOrder, Facts { expected: order, ..facts });
        }
        let sent = &facts.element;
        let same_local = automaton.edges().iter().find(|edge| schema.names.local(edge.name) == sent);
        let written = scan::prefix_before(window, local.0);
        let namespace = String::from_utf8_lossy(self.scope.resolve(written).unwrap_or_default()).into_owned();
        if let Some(edge) = same_local {
            let wanted = schema.names.namespace(edge.name.namespace()).to_owned();
            return (Rule::WrongNamespace, Facts { found: namespace, expected: vec![wanted], ..facts });
        }
        let similar =
            automaton.edges().iter().map(|edge| schema.names.local(edge.name)).find(|name| is_similar(sent, name));
        if let Some(similar) = similar {
            return (Rule::Misspelt, Facts { expected: vec![similar.to_owned()], ..facts });
        }
        let wildcard =
            automaton.wildcard_edges(frame.state).first().map(|edge| &schema.wildcard(edge.wildcard).namespaces);
        if let Some(NamespaceConstraint::Not(not)) = wildcard
            && (symbol.namespace() == *not || symbol.namespace() == NamespaceId::NONE)
        {
            let wanted = schema.names.namespace(*not).to_owned();
            return (Rule::ExtensionNamespace, Facts { found: namespace, expected: vec![wanted], ..facts });
        }
        (Rule::Unexpected, Facts { expected, ..facts })
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

/// The elements that must come before `name` can, and the state behind it; `None` if it can no longer come.
fn path_to(automaton: &Automaton, from: u32, name: Symbol) -> Option<(Vec<Symbol>, u32)> {
    const STATES_MAX: usize = 2_000;
    let mut waiting = std::collections::VecDeque::from([(from, Vec::new())]);
    let mut seen = std::collections::HashSet::from([from]);
    while let Some((state, missing)) = waiting.pop_front() {
        if let Some(edge) = automaton.step(state, name) {
            return Some((missing, edge.target));
        }
        for edge in automaton.expected(state) {
            if seen.len() < STATES_MAX && seen.insert(edge.target) {
                let mut further: Vec<Symbol> = missing.clone();
                further.push(edge.name);
                waiting.push_back((edge.target, further));
            }
        }
    }
    None
}

/// The fewest elements that must still come before the content may end.
fn shortest_end(automaton: &Automaton, from: u32) -> Option<Vec<Symbol>> {
    const STATES_MAX: usize = 2_000;
    let mut waiting = std::collections::VecDeque::from([(from, Vec::new())]);
    let mut seen = std::collections::HashSet::from([from]);
    while let Some((state, missing)) = waiting.pop_front() {
        if automaton.is_accepting(state) {
            return Some(missing);
        }
        for edge in automaton.expected(state) {
            if seen.len() < STATES_MAX && seen.insert(edge.target) {
                let mut further: Vec<Symbol> = missing.clone();
                further.push(edge.name);
                waiting.push_back((edge.target, further));
            }
        }
    }
    None
}

/// A mandatory element of an extension namespace, such as `urn:riv:crm:scheduling:1.1`, came with that minor version.
fn added_in_minor(schema: &Schema, automaton: &Automaton, local: &str) -> Option<String> {
    let edge = automaton.edges().iter().find(|edge| schema.names.local(edge.name) == local)?;
    let version = schema.names.namespace(edge.name.namespace()).rsplit(':').next()?;
    let is_minor = version
        .split_once('.')
        .is_some_and(|(major, minor)| major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok());
    is_minor.then(|| format!("{local} was added in minor {version}"))
}

/// Whether a name is another but for case, or for one or two letters.
fn is_similar(sent: &str, known: &str) -> bool {
    if sent.eq_ignore_ascii_case(known) {
        return true;
    }
    let (one, other): (Vec<char>, Vec<char>) = (sent.chars().collect(), known.chars().collect());
    if one.len().abs_diff(other.len()) > 2 || one.len() < 4 || one.len() > 100 {
        return false;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let cost = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()] <= 2
}
