//! Everything that a message of a contract may use. Types are gone through once, wherever they stand, so that the list ends
//! though types contain each other.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{Item, Kind, Side};
use crate::contracts::schema::names::Symbol;
use crate::contracts::schema::simple::{NoPrefixes, Variety, check};
use crate::contracts::schema::{ComplexType, Content, ElementId, Particle, Schema, Term, TypeId, TypeKind, WildcardId};

/// What an item is known by within a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Element(ElementId),
    Attribute(TypeId, Symbol),
    Branch(Branch),
    Value(TypeId, usize),
    Type(ElementId, TypeId),
    Nil(ElementId),
}

/// A branch: of which type, which choice in it, which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Branch {
    of: TypeId,
    choice: usize,
    way: usize,
}

/// A place in a content model where an element may stand, and the branches that lead there.
#[derive(Clone, Debug)]
pub(super) struct Slot<T> {
    pub(super) term: T,
    pub(super) branches: Vec<Branch>,
}

/// A content model by what may stand in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) elements: HashMap<Symbol, Vec<Slot<ElementId>>>,
    pub(super) wildcards: Vec<Slot<WildcardId>>,
}

/// Everything there is, and how many messages have used each.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) root: Option<ElementId>,
    list: Vec<Item>,
    places: HashMap<Key, usize>,
    pub(super) models: HashMap<TypeId, Model>,
    messages: usize,
}

impl Items {
    /// Everything that can be reached from a message's element.
    pub(super) fn of(schema: &Schema, root: ElementId) -> Self {
        let mut found = Finding {
            schema,
            items: Self { root: Some(root), ..Self::default() },
            types: HashSet::new(),
            left: VecDeque::new(),
        };
        found.element(root, "");
        while let Some((type_id, path)) = found.left.pop_front() {
            found.content(type_id, &path);
        }
        found.items
    }

    /// A message has used these.
    pub(super) fn count(&mut self, used: &HashSet<Key>) {
        self.messages += 1;
        for key in used {
            if let Some(at) = self.places.get(key) {
                self.list[*at].messages += 1;
            }
        }
    }

    pub(super) fn side(&self, with_list: bool) -> Side {
        let (items, used) = (self.list.len(), self.list.iter().filter(|item| item.messages > 0).count());
        let share = if items == 0 { 1.0 } else { used as f64 / items as f64 };
        Side {
            messages: self.messages,
            items,
            used,
            share,
            list: if with_list { self.list.clone() } else { Vec::new() },
        }
    }
}

struct Finding<'s> {
    schema: &'s Schema,
    items: Items,
    types: HashSet<TypeId>,
    left: VecDeque<(TypeId, String)>,
}

impl Finding<'_> {
    fn add(&mut self, key: Key, kind: Kind, path: &str, what: Option<String>) -> bool {
        let is_new = !self.items.places.contains_key(&key);
        if is_new {
            self.items.places.insert(key, self.items.list.len());
            self.items.list.push(Item { kind, path: path.to_owned(), what, messages: 0 });
        }
        is_new
    }

    fn element(&mut self, id: ElementId, parent: &str) {
        let element = self.schema.element(id);
        let path = format!("{parent}/{}", self.schema.names.local(element.name));
        if !self.add(Key::Element(id), Kind::Element, &path, None) {
            return;
        }
        if element.nillable {
            self.add(Key::Nil(id), Kind::Nil, &path, None);
        }
        self.later(element.type_id, &path);
        for other in self.schema.stand_ins(id) {
            let name = self.schema.type_name(other).to_owned();
            self.add(Key::Type(id, other), Kind::Type, &path, Some(name));
            self.later(other, &path);
        }
    }

    fn later(&mut self, type_id: TypeId, path: &str) {
        if type_id != TypeId::ANY && self.types.insert(type_id) {
            self.left.push_back((type_id, path.to_owned()));
        }
    }

    fn content(&mut self, id: TypeId, path: &str) {
        if let Some(simple) = self.schema.simple_content(id) {
            self.values(simple, path, 0);
        }
        let schema = self.schema;
        let TypeKind::Complex(ComplexType { content, attributes, .. }) = &schema.type_of(id).kind else { return };
        for one in attributes {
            let name = schema.names.local(one.name);
            self.add(Key::Attribute(id, one.name), Kind::Attribute, path, Some(format!("@{name}")));
            self.values(one.type_id, &format!("{path}/@{name}"), 0);
        }
        if let Content::Elements(model) = content {
            let mut walk = Walk { id, choices: 0, branches: Vec::new(), model: Model::default() };
            self.particle(&model.particle, path, &mut walk);
            self.items.models.insert(id, walk.model);
        }
    }

    fn particle(&mut self, particle: &Particle, path: &str, walk: &mut Walk) {
        if particle.max == Some(0) {
            return;
        }
        match &particle.term {
            Term::Element(id) => {
                let slot = Slot { term: *id, branches: walk.branches.clone() };
                walk.model.elements.entry(self.schema.element(*id).name).or_default().push(slot);
                self.element(*id, path);
            }
            Term::Wildcard(id) => walk.model.wildcards.push(Slot { term: *id, branches: walk.branches.clone() }),
            Term::Sequence(parts) | Term::All(parts) => parts.iter().for_each(|part| self.particle(part, path, walk)),
            Term::Choice(parts) => {
                let choice = walk.choices;
                walk.choices += 1;
                for (way, part) in parts.iter().enumerate().filter(|(_, part)| part.max != Some(0)) {
                    let branch = Branch { of: walk.id, choice, way };
                    self.add(Key::Branch(branch), Kind::Branch, path, Some(self.named(part)));
                    walk.branches.push(branch);
                    self.particle(part, path, walk);
                    walk.branches.pop();
                }
            }
        }
    }

    /// A branch by the first element in it.
    fn named(&self, particle: &Particle) -> String {
        match &particle.term {
            Term::Element(id) => self.schema.names.local(self.schema.element(*id).name).to_owned(),
            Term::Wildcard(_) => "*".to_owned(),
            Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts) => {
                parts.first().map_or_else(|| "nothing".to_owned(), |part| self.named(part))
            }
        }
    }

    /// The values of an enumeration, and those of the types it is made of.
    fn values(&mut self, id: TypeId, path: &str, depth: usize) {
        for of in enumerated(self.schema, id, depth) {
            let Some(enumeration) = self.schema.simple(of).and_then(|simple| simple.facets.enumeration.as_ref()) else {
                continue;
            };
            for (at, text) in enumeration.texts.iter().enumerate() {
                // One that is listed twice is one value, and one that the type's other facets refuse is none.
                if enumeration.texts[..at].contains(text) || check(self.schema, of, text, &NoPrefixes).is_err() {
                    continue;
                }
                self.add(Key::Value(of, at), Kind::Value, path, Some(text.to_string()));
            }
        }
    }
}

/// The content of one type.
struct Walk {
    id: TypeId,
    choices: usize,
    branches: Vec<Branch>,
    model: Model,
}

/// Deepest nesting of lists and unions in each other.
const VARIETIES_MAX: usize = 16;

/// The types with enumerations that decide over a text: the type itself, or what its lists and unions are made of.
pub(super) fn enumerated(schema: &Schema, id: TypeId, depth: usize) -> Vec<TypeId> {
    let Some(simple) = schema.simple(id).filter(|_| depth < VARIETIES_MAX) else { return Vec::new() };
    match &simple.variety {
        _ if simple.facets.enumeration.is_some() => vec![id],
        Variety::Atomic(_) => Vec::new(),
        Variety::List(item) => enumerated(schema, *item, depth + 1),
        Variety::Union(members) => members.iter().flat_map(|member| enumerated(schema, *member, depth + 1)).collect(),
    }
}
