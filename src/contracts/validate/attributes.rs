//! Start tags: prefixes, attributes, and what `xsi:type` and `xsi:nil` change (`contracts.md` §3.4).

use std::borrow::Cow;

use super::finding::{Facts, Rule};
use super::machine::{Machine, RawAttribute};
use super::scan::resolve;
use crate::contracts::schema::names::{NamespaceId, Symbol, XML};
use crate::contracts::schema::simple::{self, Identifier};
use crate::contracts::schema::{AttributeUse, ComplexType, ElementId, Process, Schema, TypeId, TypeKind};

/// What the attributes of the `xsi` namespace ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Instructions {
    pub(super) type_at: Option<usize>,
    pub(super) nil_at: Option<usize>,
}

impl Machine {
    /// Takes the tag's namespace declarations into scope. `Err` says what is not well-formed.
    pub(super) fn declare(&mut self, schema: Option<&Schema>, window: &[u8]) -> Result<(), (usize, String)> {
        let names = schema.map(|schema| &schema.names);
        for at in 0..self.attributes.len() {
            let attribute = self.attributes[at];
            let Some(prefix) = declared_prefix(window, &attribute) else { continue };
            let value = attribute_value(window, &attribute).map_err(|wrong| (attribute.value.0, wrong))?;
            if value.is_empty() && !prefix.is_empty() {
                return Err((
                    attribute.name.0,
                    format!("prefix {} is bound to nothing", String::from_utf8_lossy(prefix)),
                ));
            }
            if prefix == b"xmlns" || (prefix == b"xml") != (value == XML) {
                return Err((attribute.name.0, "the prefixes xml and xmlns cannot be bound anew".to_owned()));
            }
            self.scope.declare(prefix, value.as_bytes(), names);
        }
        Ok(())
    }

    /// Every attribute's prefix is bound, references resolve, and none stands twice.
    pub(super) fn check_attribute_names(&mut self, window: &[u8]) -> Result<(), (usize, String)> {
        const QUADRATIC_MAX: usize = 12;
        let expanded = |attribute: &RawAttribute| -> (&[u8], &[u8]) {
            let local = &window[attribute.name.0 + attribute.prefix..attribute.name.1];
            let prefix = &window
                [attribute.name.0..(attribute.name.0 + attribute.prefix).saturating_sub(1).max(attribute.name.0)];
            match prefix {
                b"" => (b"", local),
                b"xmlns" => (b"http://www.w3.org/2000/xmlns/", local),
                prefix => (self.scope.resolve(prefix).unwrap_or_default(), local),
            }
        };
        for (place, attribute) in self.attributes.iter().enumerate() {
            let prefix = prefix_of(window, attribute);
            if !prefix.is_empty() && prefix != b"xmlns" && self.scope.resolve(prefix).is_none() {
                return Err((attribute.name.0, format!("prefix {} is not bound", String::from_utf8_lossy(prefix))));
            }
            if !attribute.is_plain {
                attribute_value(window, attribute).map_err(|wrong| (attribute.value.0, wrong))?;
            }
            let is_double = self.attributes.len() <= QUADRATIC_MAX
                && self.attributes[..place].iter().any(|earlier| expanded(earlier) == expanded(attribute));
            if is_double {
                return Err((attribute.name.0, doubled(window, attribute)));
            }
        }
        if self.attributes.len() > QUADRATIC_MAX {
            let mut sorted: Vec<_> = self.attributes.iter().map(|attribute| (expanded(attribute), attribute)).collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err((pair[1].1.name.0, doubled(window, pair[1].1)));
            }
        }
        Ok(())
    }

    /// Finds `xsi:type` and `xsi:nil`.
    pub(super) fn instructions(&self, window: &[u8]) -> Instructions {
        let mut found = Instructions::default();
        for (at, attribute) in self.attributes.iter().enumerate() {
            let prefix = prefix_of(window, attribute);
            if prefix.is_empty() || self.scope.resolve_id(prefix) != Some(NamespaceId::XSI) {
                continue;
            }
            match &window[attribute.name.0 + attribute.prefix..attribute.name.1] {
                b"type" => found.type_at = Some(at),
                b"nil" => found.nil_at = Some(at),
                _ => {}
            }
        }
        found
    }

    /// The type that `xsi:type` names; what is wrong with it is reported. `None` leaves the declared type.
    pub(super) fn instance_type(
        &mut self,
        schema: &Schema,
        window: &[u8],
        at: usize,
        declared: TypeId,
        element: Option<ElementId>,
    ) -> Option<TypeId> {
        let attribute = self.attributes[at];
        let value = attribute_value(window, &attribute).unwrap_or_default().into_owned();
        let name = value.trim_matches([' ', '\t', '\n', '\r']);
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = self.scope.resolve_id(prefix.as_bytes());
        let found = namespace.and_then(|namespace| {
            let symbol = Symbol::new(namespace, schema.names.local_id(local.as_bytes()));
            schema.global_types.get(&symbol).copied()
        });
        let place = self.cursor.place(window, attribute.value.0);
        let mut facts = Facts { found: name.to_owned(), attribute: Some("xsi:type".to_owned()), ..Facts::default() };
        let Some(found) = found else {
            self.add(Rule::UnknownType, place, facts);
            return None;
        };
        let Some(used) = schema.derivation_from(found, declared) else {
            facts.expected = vec![schema.type_name(declared).to_owned()];
            self.add(Rule::WrongType, place, facts);
            return None;
        };
        let blocked = schema
            .type_of(declared)
            .block
            .and(element.map_or_else(Default::default, |element| schema.element(element).block));
        use crate::contracts::schema::Derivation;
        let is_blocked = [Derivation::Restriction, Derivation::Extension]
            .into_iter()
            .any(|derivation| used.contains(derivation) && blocked.contains(derivation));
        if is_blocked {
            facts.expected = vec![schema.type_name(declared).to_owned()];
            self.add(Rule::WrongType, place, facts);
            return None;
        }
        Some(found)
    }

    /// `xsi:nil` on a declared element.
    pub(super) fn nil(&mut self, schema: &Schema, window: &[u8], at: usize, element: ElementId) {
        let attribute = self.attributes[at];
        let value = attribute_value(window, &attribute).unwrap_or_default().into_owned();
        let place = self.cursor.place(window, attribute.value.0);
        let attribute = Some("xsi:nil".to_owned());
        let trimmed = value.trim_matches([' ', '\t', '\n', '\r']);
        if !matches!(trimmed, "true" | "false" | "1" | "0") {
            let facts = Facts {
                found: value,
                attribute,
                expected: vec!["boolean".to_owned()],
                number: "true".to_owned(),
                ..Facts::default()
            };
            return self.add(Rule::Datatype, place, facts);
        }
        if !schema.element(element).nillable {
            return self.add(Rule::NotNillable, place, Facts { found: value, attribute, ..Facts::default() });
        }
        if matches!(trimmed, "true" | "1") {
            let is_fixed = schema.element(element).constraint.as_ref().is_some_and(|constraint| constraint.is_fixed);
            if is_fixed {
                return self.add(Rule::NotNillable, place, Facts { found: value, attribute, ..Facts::default() });
            }
            self.top().flags.nil = true;
        }
    }

    /// The attributes of an element against its type.
    pub(super) fn check_attributes(&mut self, schema: &Schema, window: &[u8], at: usize, type_id: TypeId) {
        let complex = match &schema.type_of(type_id).kind {
            TypeKind::Complex(complex) => Some(complex),
            TypeKind::Simple(_) => None,
        };
        let mut seen = 0u128;
        if self.has_plain_attributes {
            for place in 0..self.attributes.len() {
                let attribute = self.attributes[place];
                if declared_prefix(window, &attribute).is_some() {
                    continue;
                }
                self.check_attribute(schema, window, &attribute, complex, &mut seen);
            }
        }
        let Some(complex) = complex else { return };
        for (place, declared) in complex.attributes.iter().enumerate() {
            if declared.required
                && (place >= 128 || seen & 1 << place == 0)
                && !self.has_attribute(schema, window, declared, place)
            {
                let name = schema.names.local(declared.name).to_owned();
                let facts = Facts {
                    attribute: Some(name.clone()),
                    expected: vec![name],
                    declared_at: schema.place(declared.declared),
                    ..Facts::default()
                };
                let place = self.cursor.place(window, at);
                self.add(Rule::AttributeMissing, place, facts);
            }
        }
    }

    fn has_attribute(&self, schema: &Schema, window: &[u8], declared: &AttributeUse, place: usize) -> bool {
        place >= 128
            && self.attributes.iter().any(|attribute| self.attribute_symbol(schema, window, attribute) == declared.name)
    }

    fn attribute_symbol(&self, schema: &Schema, window: &[u8], attribute: &RawAttribute) -> Symbol {
        let prefix = prefix_of(window, attribute);
        let namespace = if prefix.is_empty() {
            NamespaceId::NONE
        } else {
            self.scope.resolve_id(prefix).unwrap_or(NamespaceId::UNKNOWN)
        };
        Self::symbol_of(schema, namespace, &window[attribute.name.0 + attribute.prefix..attribute.name.1])
    }

    fn check_attribute(
        &mut self,
        schema: &Schema,
        window: &[u8],
        attribute: &RawAttribute,
        complex: Option<&ComplexType>,
        seen: &mut u128,
    ) {
        let symbol = self.attribute_symbol(schema, window, attribute);
        if symbol.namespace() == NamespaceId::XSI {
            let local = &window[attribute.name.0 + attribute.prefix..attribute.name.1];
            if !matches!(local, b"type" | b"nil" | b"schemaLocation" | b"noNamespaceSchemaLocation") {
                self.undeclared_attribute(window, attribute, Rule::Attribute, Vec::new());
            }
            return;
        }
        let declared = complex.and_then(|complex| {
            complex.attributes.iter().position(|one| one.name == symbol).map(|at| (at, &complex.attributes[at]))
        });
        if let Some((at, declared)) = declared {
            if at < 128 {
                *seen |= 1 << at;
            }
            return self.check_attribute_value(schema, window, attribute, declared);
        }
        let wildcard = complex.and_then(|complex| complex.any_attribute).map(|any| schema.wildcard(any));
        let admitted = wildcard.filter(|wildcard| wildcard.namespaces.admits(symbol.namespace()));
        match (admitted.map(|wildcard| wildcard.process), schema.global_attributes.get(&symbol)) {
            (Some(Process::Skip), _) | (Some(Process::Lax), None) => {}
            (Some(_), Some(global)) => self.check_attribute_value(schema, window, attribute, global),
            (Some(Process::Strict), None) => self.undeclared_attribute(window, attribute, Rule::Attribute, Vec::new()),
            (None, _) => {
                let is_prohibited = complex.is_some_and(|complex| complex.prohibited.contains(&symbol));
                let rule = if is_prohibited { Rule::AttributeProhibited } else { Rule::Attribute };
                let known = complex.map(|complex| {
                    complex.attributes.iter().map(|one| schema.names.local(one.name).to_owned()).collect()
                });
                self.undeclared_attribute(window, attribute, rule, known.unwrap_or_default());
            }
        }
    }

    /// Attributes of an element that is only judged where something is declared.
    pub(super) fn check_attributes_laxly(&mut self, schema: &Schema, window: &[u8]) {
        for place in 0..self.attributes.len() {
            let attribute = self.attributes[place];
            let symbol = self.attribute_symbol(schema, window, &attribute);
            if let Some(global) = schema.global_attributes.get(&symbol) {
                self.check_attribute_value(schema, window, &attribute, global);
            }
        }
    }

    fn undeclared_attribute(&mut self, window: &[u8], attribute: &RawAttribute, rule: Rule, expected: Vec<String>) {
        let name = String::from_utf8_lossy(&window[attribute.name.0..attribute.name.1]).into_owned();
        let place = self.cursor.place(window, attribute.name.0);
        let facts = Facts { found: name.clone(), attribute: Some(name), expected, ..Facts::default() };
        self.add(rule, place, facts);
    }

    fn check_attribute_value(
        &mut self,
        schema: &Schema,
        window: &[u8],
        attribute: &RawAttribute,
        declared: &AttributeUse,
    ) {
        let value = attribute_value(window, attribute).unwrap_or_default();
        if let Err(violation) = simple::check(schema, declared.type_id, &value, &self.scope) {
            let place = self.cursor.place(window, attribute.value.0);
            let name = schema.names.local(declared.name).to_owned();
            return self.violated(schema, place, &value, &violation, Some(name), schema.place(declared.declared));
        }
        if let Some(constraint) = declared.constraint.as_ref().filter(|constraint| constraint.is_fixed) {
            let same = match (&constraint.value, simple::value(schema, declared.type_id, &value, &self.scope)) {
                (Some(fixed), Some(value)) => fixed.same(&value),
                _ => true,
            };
            if !same {
                let place = self.cursor.place(window, attribute.value.0);
                let name = schema.names.local(declared.name).to_owned();
                let facts = Facts {
                    element: name.clone(),
                    attribute: Some(name),
                    found: value.into_owned(),
                    expected: vec![constraint.text.to_string()],
                    ..Facts::default()
                };
                return self.add(Rule::Fixed, place, facts);
            }
        }
        if schema.simple(declared.type_id).is_some_and(|simple| simple.identifier != Identifier::None) {
            let place = self.cursor.place(window, attribute.value.0);
            self.identify(schema, place, declared.type_id, &value);
        }
    }
}

fn prefix_of<'w>(window: &'w [u8], attribute: &RawAttribute) -> &'w [u8] {
    match attribute.prefix {
        0 => b"",
        length => &window[attribute.name.0..attribute.name.0 + length - 1],
    }
}

/// The prefix an attribute declares; empty for the default namespace, `None` if it is no declaration.
fn declared_prefix<'w>(window: &'w [u8], attribute: &RawAttribute) -> Option<&'w [u8]> {
    let name = &window[attribute.name.0..attribute.name.1];
    match (attribute.prefix, name) {
        (0, b"xmlns") => Some(b""),
        (6, name) if name.starts_with(b"xmlns:") => Some(&name[6..]),
        _ => None,
    }
}

fn doubled(window: &[u8], attribute: &RawAttribute) -> String {
    format!("attribute {} stands twice", String::from_utf8_lossy(&window[attribute.name.0..attribute.name.1]))
}

/// An attribute's value with references resolved and white space as XML has it.
pub(super) fn attribute_value<'w>(window: &'w [u8], attribute: &RawAttribute) -> Result<Cow<'w, str>, String> {
    let raw = std::str::from_utf8(&window[attribute.value.0..attribute.value.1]).unwrap_or_default();
    if attribute.is_plain {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        value.push_str(&rest[..at]);
        if rest.as_bytes()[at] != b'&' {
            let is_pair = rest[at..].starts_with("\r\n");
            value.push(' ');
            rest = &rest[at + 1 + usize::from(is_pair)..];
            continue;
        }
        let end = rest[at..].find(';').ok_or("\"&\" that starts no reference")?;
        let name = &rest[at + 1..at + end];
        let character = resolve(name.as_bytes()).ok_or_else(|| format!("reference &{name}; stands for nothing"))?;
        value.push(character);
        rest = &rest[at + end + 1..];
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}
