//! `ID`, `IDREF`, and the keys of `unique`, `key` and `keyref`.

use std::collections::{HashMap, HashSet};

use super::finding::{Facts, Rule};
use super::machine::Machine;
use super::place::Place;
use super::scan::prefix_before;
use crate::contracts::schema::names::Symbol;
use crate::contracts::schema::simple::{self, Identifier};
use crate::contracts::schema::{Element, Identity, IdentityKind, Path, Schema, TypeId};

/// What a message has named and referred to so far.
#[derive(Debug, Default)]
pub(super) struct Keys {
    ids: HashSet<Box<str>>,
    references: HashMap<Box<str>, Place>,
    /// Constraints whose element is open, innermost last.
    scopes: Vec<Scope>,
    /// Elements that a constraint has selected and that are open.
    selected: Vec<Selected>,
    remembered: usize,
}

/// An identity constraint in force.
#[derive(Debug)]
struct Scope {
    identity: Identity,
    /// Depth of its element.
    depth: usize,
    keys: HashSet<String>,
    /// Keys referred to, checked when the element ends.
    referred: Vec<(String, Place)>,
}

/// An element selected by a constraint, collecting its fields.
#[derive(Debug)]
struct Selected {
    scope: usize,
    depth: usize,
    fields: Vec<Option<String>>,
}

impl Keys {
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        !self.scopes.is_empty()
    }
}

impl Machine {
    /// Notes a value of type `ID` or `IDREF`, and where it stands.
    pub(super) fn identify(&mut self, schema: &Schema, place: Place, type_id: TypeId, text: &str) {
        let Some(simple) = schema.simple(type_id) else { return };
        if simple.identifier == Identifier::None {
            return;
        }
        let normal = simple.white_space.normalise(text);
        for word in normal.split(' ') {
            self.keys.remembered += 1;
            if self.keys.remembered > self.limits.identifiers_max {
                return self.stop_limit_at(place, "identifiers_max", self.limits.identifiers_max);
            }
            if simple.identifier == Identifier::Reference {
                self.keys.references.entry(word.into()).or_insert(place);
            } else if !self.keys.ids.insert(word.into()) {
                self.add(Rule::DuplicateId, place, Facts { found: word.to_owned(), ..Facts::default() });
            }
        }
    }

    /// References to nothing, once the message is over.
    pub(super) fn dangling_references(&mut self) {
        let references = std::mem::take(&mut self.keys.references);
        let mut dangling: Vec<_> = references.into_iter().filter(|(id, _)| !self.keys.ids.contains(id)).collect();
        dangling.sort_by_key(|(_, place)| place.offset);
        for (id, place) in dangling {
            self.add(Rule::DanglingIdRef, place, Facts { found: id.into(), ..Facts::default() });
        }
    }

    /// An element was opened while a constraint is in force, or brings one itself.
    pub(super) fn keys_at_start(&mut self, schema: &Schema, window: &[u8], element: &Element) {
        let depth = self.frames.len();
        for identity in &element.identities {
            self.keys.scopes.push(Scope {
                identity: identity.clone(),
                depth,
                keys: HashSet::new(),
                referred: Vec::new(),
            });
        }
        let symbols: Vec<Symbol> = self.frames.iter().map(|frame| frame.symbol).collect();
        for at in 0..self.keys.scopes.len() {
            let scope = &self.keys.scopes[at];
            let below = &symbols[scope.depth.min(symbols.len())..];
            if scope.identity.selector.iter().any(|path| leads(path, below)) {
                let fields = vec![None; scope.identity.fields.len()];
                self.keys.selected.push(Selected { scope: at, depth, fields });
            }
        }
        self.attribute_fields(schema, window, &symbols);
    }

    fn attribute_fields(&mut self, schema: &Schema, window: &[u8], symbols: &[Symbol]) {
        let mut found = Vec::new();
        for attribute in &self.attributes {
            let local = (attribute.name.0 + attribute.prefix, attribute.name.1);
            let prefix = prefix_before(window, local.0);
            let namespace = if attribute.prefix == 0 {
                crate::contracts::schema::names::NamespaceId::NONE
            } else {
                self.scope.resolve_id(prefix).unwrap_or(crate::contracts::schema::names::NamespaceId::UNKNOWN)
            };
            let name = Self::symbol_of(schema, namespace, &window[local.0..local.1]);
            let value = super::attributes::attribute_value(window, attribute).unwrap_or_default().into_owned();
            found.push((name, value));
        }
        let Keys { scopes, selected, .. } = &mut self.keys;
        for chosen in selected.iter_mut() {
            let below = &symbols[chosen.depth.min(symbols.len())..];
            for (slot, paths) in chosen.fields.iter_mut().zip(&scopes[chosen.scope].identity.fields) {
                for path in paths {
                    let Some(step) = path.attribute else { continue };
                    let is_here = leads(&Path { attribute: None, ..path.clone() }, below);
                    let value = found.iter().find(|(name, _)| is_here && step.admits(*name));
                    if let Some((_, value)) = value {
                        *slot = Some(format!("t{}", value.split_whitespace().collect::<Vec<_>>().join(" ")));
                    }
                }
            }
        }
    }

    /// The text of an element that a field may lead to.
    pub(super) fn keys_at_value(&mut self, schema: &Schema, type_id: TypeId, text: &str) {
        let symbols: Vec<Symbol> = self.frames.iter().map(|frame| frame.symbol).collect();
        let key = simple::value(schema, type_id, text, &self.scope).map(|value| value.key());
        let Keys { scopes, selected, .. } = &mut self.keys;
        for chosen in selected.iter_mut() {
            let below = &symbols[chosen.depth.min(symbols.len())..];
            for (slot, paths) in chosen.fields.iter_mut().zip(&scopes[chosen.scope].identity.fields) {
                if paths.iter().any(|path| path.attribute.is_none() && leads(path, below)) {
                    *slot = key.clone();
                }
            }
        }
    }

    /// An element ends: what it selected is a key now, and its constraints have seen all of them.
    pub(super) fn keys_at_end(&mut self, schema: &Schema, window: &[u8], at: usize) {
        let depth = self.frames.len();
        while self.keys.selected.last().is_some_and(|chosen| chosen.depth == depth) {
            if let Some(chosen) = self.keys.selected.pop() {
                self.add_key(schema, window, at, chosen);
            }
        }
        while self.keys.scopes.last().is_some_and(|scope| scope.depth == depth) {
            let Some(scope) = self.keys.scopes.pop() else { return };
            let IdentityKind::Reference(to) = scope.identity.kind else {
                // Kept for references of the same element, which may stand before it in the list.
                continue_references(&mut self.keys.scopes, &scope, depth);
                continue;
            };
            let known = self.keys.scopes.iter().find(|other| other.identity.name == to && other.depth == depth);
            let missing: Vec<_> = scope
                .referred
                .iter()
                .filter(|(key, _)| known.is_none_or(|known| !known.keys.contains(key)))
                .cloned()
                .collect();
            let known_names: Vec<(String, Place)> = missing;
            if known.is_some() {
                for (key, place) in known_names {
                    self.report_key(schema, &scope.identity, &key, place);
                }
            }
        }
    }

    fn add_key(&mut self, schema: &Schema, window: &[u8], at: usize, chosen: Selected) {
        let place = self.cursor.place(window, at);
        let scope = &mut self.keys.scopes[chosen.scope];
        let whole: Option<Vec<String>> = chosen.fields.into_iter().collect();
        let identity = scope.identity.clone();
        match (identity.kind, whole) {
            (IdentityKind::Key, None) => self.report_key(schema, &identity, "", place),
            (_, None) => {}
            (IdentityKind::Reference(_), Some(fields)) => scope.referred.push((fields.join("\u{1}"), place)),
            (_, Some(fields)) => {
                let key = fields.join("\u{1}");
                self.keys.remembered += 1;
                if self.keys.remembered > self.limits.identifiers_max {
                    return self.stop_limit(window, at, "identifiers_max", self.limits.identifiers_max);
                }
                if !self.keys.scopes[chosen.scope].keys.insert(key.clone()) {
                    self.report_key(schema, &identity, &key, place);
                }
            }
        }
    }

    fn report_key(&mut self, schema: &Schema, identity: &Identity, key: &str, place: Place) {
        let parts: Vec<&str> = key.split('\u{1}').map(|part| part.get(1..).unwrap_or_default()).collect();
        let found = format!("{} ({})", schema.names.local(identity.name), parts.join(", "));
        self.add(Rule::Key, place, Facts { found, ..Facts::default() });
    }
}

/// A key of one element that ends before a reference of the same element is checked hands its keys on.
fn continue_references(scopes: &mut [Scope], ended: &Scope, depth: usize) {
    for scope in scopes.iter_mut().filter(|scope| scope.depth == depth) {
        if scope.identity.kind == IdentityKind::Reference(ended.identity.name) {
            scope.referred.retain(|(key, _)| !ended.keys.contains(key));
            if scope.referred.is_empty() {
                continue;
            }
            scope.keys.extend(ended.keys.iter().cloned());
        }
    }
}

/// Whether a path leads from an element to the last of `below`, the names of the elements under it.
fn leads(path: &Path, below: &[Symbol]) -> bool {
    if path.attribute.is_some() {
        return false;
    }
    let fits = |names: &[Symbol]| names.iter().zip(&path.steps).all(|(name, step)| step.admits(*name));
    if path.anywhere {
        return below.len() >= path.steps.len() && fits(&below[below.len() - path.steps.len()..]);
    }
    below.len() == path.steps.len() && fits(below)
}
