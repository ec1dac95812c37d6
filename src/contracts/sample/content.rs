//! Content models to elements: which optional parts, how many of each, which branch.

use std::collections::HashSet;

use super::tables;
use super::values::{Coded, Record};
use super::{SampleError, Variant, Wanted, hashed};
use crate::contracts::schema::names::{NamespaceId, Symbol};
use crate::contracts::schema::simple::SimpleTypes;
use crate::contracts::schema::{
    AttributeUse, ComplexType, Content, ElementId, NamespaceConstraint, Particle, Process, Schema, Term, TypeId,
    TypeKind, WildcardId,
};

/// An element that was made.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    pub(super) namespace: String,
    pub(super) local: String,
    /// Namespace, local name and value.
    pub(super) attributes: Vec<(String, String, String)>,
    pub(super) children: Vec<Self>,
    pub(super) text: Option<String>,
    /// Namespace and local name of an `xsi:type`.
    pub(super) xsi_type: Option<(String, String)>,
    pub(super) nil: bool,
}

/// Something that a cover uses at least once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Item {
    Element(ElementId),
    /// A branch of a choice: its place in its type, and which.
    Branch(usize, usize),
    Value(TypeId, usize),
    Type(ElementId, TypeId),
    Nil(ElementId),
    Attribute(TypeId, Symbol),
}

/// What the messages of a cover have used so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover {
    pub(super) used: HashSet<Item>,
}

/// A message being made.
pub(super) struct Making<'a> {
    pub(super) schema: &'a Schema,
    pub(super) wanted: &'a Wanted,
    pub(super) seed: u64,
    pub(super) cover: Cover,
    pub(super) path: Vec<String>,
    open: Vec<TypeId>,
    pub(super) coded: Vec<Option<Coded>>,
    elements: usize,
}

/// Deepest optional content; what is mandatory may go deeper.
const DEPTH_MAX: usize = 12;
/// Deepest mandatory content.
const MANDATORY_DEPTH_MAX: usize = 60;
/// Most elements of one message.
const ELEMENTS_MAX: usize = 20_000;

impl<'a> Making<'a> {
    pub(super) fn new(schema: &'a Schema, wanted: &'a Wanted, seed: u64, cover: Cover) -> Self {
        Self { schema, wanted, seed, cover, path: Vec::new(), open: Vec::new(), coded: Vec::new(), elements: 0 }
    }

    pub(super) fn root(&mut self, element: ElementId) -> Result<Made, SampleError> {
        self.element(element, 1)
    }

    pub(super) fn variant(&self) -> Variant {
        self.wanted.variant
    }

    pub(super) fn shown_path(&self) -> String {
        format!("/{}", self.path.join("/"))
    }

    /// The record an element belongs to: what is consistent within itself.
    pub(super) fn record(&self) -> Record {
        Record::new(self.seed, &self.path, self.wanted.given.period)
    }

    /// The value that the sample is to have for an element of that name below the open one.
    pub(super) fn given(&self, parent: &str, local: &str) -> Option<&'a str> {
        if self.wanted.given.values.is_empty() {
            return None;
        }
        self.wanted.given.value(parent.split('[').next().unwrap_or(parent), local)
    }

    pub(super) fn choose(&self, what: &str, of: usize) -> usize {
        (hashed(self.seed, &format!("{}#{what}", self.shown_path())) % of.max(1) as u64) as usize
    }

    /// Whether a cover has not used this yet; it has now.
    pub(super) fn is_new(&mut self, item: Item) -> bool {
        self.cover.used.insert(item)
    }

    fn element(&mut self, id: ElementId, index: usize) -> Result<Made, SampleError> {
        let element = self.schema.element(id);
        let local = self.schema.names.local(element.name).to_owned();
        self.path.push(if index > 1 { format!("{local}[{index}]") } else { local.clone() });
        self.elements += 1;
        if self.path.len() > MANDATORY_DEPTH_MAX || self.elements > ELEMENTS_MAX {
            let why = "the mandatory content never ends, or is too large".to_owned();
            return Err(SampleError::NoValue { path: self.shown_path(), why });
        }
        let mut made = Made {
            namespace: self.schema.names.namespace(element.name.namespace()).to_owned(),
            local,
            ..Made::default()
        };
        self.is_new(Item::Element(id));
        let type_id = self.type_of(id, &mut made);
        let is_nil = self.variant() == Variant::Cover
            && element.nillable
            && element.constraint.is_none()
            && self.is_new(Item::Nil(id));
        if is_nil {
            made.nil = true;
            self.attributes(type_id, &mut made)?;
        } else {
            let fixed = element.constraint.as_ref().filter(|constraint| constraint.is_fixed);
            self.fill(type_id, &mut made, fixed.map(|constraint| &*constraint.text))?;
        }
        self.path.pop();
        Ok(made)
    }

    /// The element's type, or one that stands for it where it is abstract or a cover has not used one yet.
    fn type_of(&mut self, id: ElementId, made: &mut Made) -> TypeId {
        let declared = self.schema.element(id).type_id;
        let is_abstract = self.schema.type_of(declared).is_abstract;
        // Another type for plain text would say nothing about the contract.
        let is_text = self.schema.simple(declared).is_some();
        if !is_abstract && (self.variant() != Variant::Cover || is_text) || declared == TypeId::ANY {
            return declared;
        }
        let candidates = self.schema.stand_ins(id);
        let chosen = if self.variant() == Variant::Cover {
            let fresh = candidates.iter().copied().find(|candidate| self.is_new(Item::Type(id, *candidate)));
            fresh.or_else(|| is_abstract.then(|| candidates.first().copied()).flatten())
        } else {
            candidates.first().copied()
        };
        let Some(chosen) = chosen else { return declared };
        if let Some(name) = self.schema.type_of(chosen).name {
            let namespace = self.schema.names.namespace(name.namespace()).to_owned();
            made.xsi_type = Some((namespace, self.schema.names.local(name).to_owned()));
        }
        chosen
    }

    fn fill(&mut self, type_id: TypeId, made: &mut Made, fixed: Option<&str>) -> Result<(), SampleError> {
        self.attributes(type_id, made)?;
        let schema = self.schema;
        match &schema.type_of(type_id).kind {
            TypeKind::Simple(_) => made.text = Some(self.text(type_id, fixed)?),
            TypeKind::Complex(ComplexType { content: Content::Empty, .. }) => {}
            TypeKind::Complex(ComplexType { content: Content::Simple(text), .. }) => {
                made.text = Some(self.text(*text, fixed)?)
            }
            TypeKind::Complex(ComplexType { content: Content::Elements(model), .. }) => {
                self.open.push(type_id);
                let coded = Coded::for_element(self, type_id);
                self.coded.push(coded);
                let result = self.particle(&model.particle, made, 0);
                self.coded.pop();
                self.open.pop();
                result?;
                if let Some(fixed) = fixed.filter(|_| made.children.is_empty()) {
                    made.text = Some(fixed.to_owned());
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, type_id: TypeId, fixed: Option<&str>) -> Result<String, SampleError> {
        match fixed {
            Some(fixed) => Ok(fixed.to_owned()),
            None => {
                let name = self.path.last().map(|name| name.split('[').next().unwrap_or(name).to_owned());
                self.value(type_id, &name.unwrap_or_default())
            }
        }
    }

    fn attributes(&mut self, type_id: TypeId, made: &mut Made) -> Result<(), SampleError> {
        let TypeKind::Complex(complex) = &self.schema.type_of(type_id).kind else { return Ok(()) };
        let attributes: Vec<AttributeUse> = complex.attributes.clone();
        for one in attributes {
            let local = self.schema.names.local(one.name).to_owned();
            let element = self.path.last().map_or("", String::as_str);
            let is_wanted = match self.variant() {
                _ if self.given(element, &local).is_some() => true,
                Variant::Min => false,
                Variant::Typical => tables::is_usual(&local),
                Variant::Max | Variant::Cover => true,
            };
            if !one.required && !is_wanted {
                continue;
            }
            self.is_new(Item::Attribute(type_id, one.name));
            let value = match one.constraint.as_ref() {
                Some(constraint) if constraint.is_fixed => constraint.text.to_string(),
                _ => {
                    self.path.push(format!("@{local}"));
                    let value = self.value(one.type_id, &local);
                    self.path.pop();
                    // An optional attribute that no value is found for, such as a reference to nothing, is left out.
                    match value {
                        Err(_) if !one.required => continue,
                        value => value?,
                    }
                }
            };
            let namespace = self.schema.names.namespace(one.name.namespace()).to_owned();
            made.attributes.push((namespace, local, value));
        }
        Ok(())
    }

    fn particle(&mut self, particle: &Particle, made: &mut Made, place: usize) -> Result<(), SampleError> {
        for _ in 0..self.times(particle) {
            match &particle.term {
                Term::Element(id) => {
                    let index = 1 + made
                        .children
                        .iter()
                        .filter(|child| child.local == self.schema.names.local(self.schema.element(*id).name))
                        .count();
                    let child = self.element(*id, index)?;
                    made.children.push(child);
                }
                Term::Wildcard(id) => made.children.extend(self.foreign(*id)),
                Term::Sequence(parts) | Term::All(parts) => {
                    for (at, part) in parts.iter().enumerate() {
                        self.particle(part, made, place * 31 + at + 1)?;
                    }
                }
                Term::Choice(parts) => {
                    if let Some(at) = self.branch(parts, place) {
                        self.particle(&parts[at], made, place * 31 + at + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn branch(&mut self, parts: &[Particle], place: usize) -> Option<usize> {
        let type_id = self.open.last().copied().unwrap_or(TypeId::ANY);
        let key = type_id.index() * 1_000 + place % 1_000;
        let usable: Vec<usize> = (0..parts.len()).filter(|at| parts[*at].max != Some(0)).collect();
        if self.variant() == Variant::Cover {
            let fresh = usable.iter().copied().find(|at| self.is_new(Item::Branch(key, *at)));
            if fresh.is_some() {
                return fresh;
            }
        }
        // A branch that leads back into a type that is open is taken last.
        let ends = |at: &&usize| match &parts[**at].term {
            Term::Element(id) => !self.open.contains(&self.schema.element(*id).type_id),
            _ => true,
        };
        usable.iter().find(ends).or(usable.first()).copied()
    }

    fn times(&self, particle: &Particle) -> u32 {
        let most = particle.max.unwrap_or(u32::MAX);
        let depth = self.path.len();
        let optional = match self.variant() {
            Variant::Min => self.given_times(particle),
            Variant::Typical => self.usual_times(particle),
            Variant::Max | Variant::Cover if depth >= DEPTH_MAX => 0,
            Variant::Max | Variant::Cover => match &particle.term {
                Term::Wildcard(_) => u32::from(self.variant() == Variant::Max),
                Term::Element(id) if self.is_recursive(*id) => 0,
                _ => 2,
            },
        };
        optional.max(particle.min).min(most)
    }

    fn is_recursive(&self, id: ElementId) -> bool {
        self.open.contains(&self.schema.element(id).type_id)
    }

    /// Even the smallest message has what it is to agree with.
    fn given_times(&self, particle: &Particle) -> u32 {
        let Term::Element(id) = &particle.term else { return 0 };
        let local = self.schema.names.local(self.schema.element(*id).name);
        u32::from(self.given(self.path.last().map_or("", String::as_str), local).is_some())
    }

    fn usual_times(&self, particle: &Particle) -> u32 {
        let is_list = self.path.len() == 1 && particle.max.is_none();
        let Term::Element(id) = &particle.term else {
            // A group is made when something usual is in it.
            return u32::from(
                !matches!(particle.term, Term::Wildcard(_)) && self.has_usual(particle) && self.path.len() < DEPTH_MAX,
            );
        };
        let local = self.schema.names.local(self.schema.element(*id).name);
        if is_list && let Some(records) = self.wanted.given.records {
            return records;
        }
        let is_given = self.given(self.path.last().map_or("", String::as_str), local).is_some();
        if !(is_given || tables::is_usual(local)) || self.is_recursive(*id) || self.path.len() >= DEPTH_MAX {
            // The records of an answer are what it is for.
            return u32::from(is_list && !self.is_recursive(*id));
        }
        match particle.max {
            None => 1 + (hashed(self.seed, &format!("{}{local}#times", self.shown_path())) % 2) as u32,
            Some(_) => 1,
        }
    }

    fn has_usual(&self, particle: &Particle) -> bool {
        match &particle.term {
            Term::Element(id) => tables::is_usual(self.schema.names.local(self.schema.element(*id).name)),
            Term::Wildcard(_) => false,
            Term::Sequence(parts) | Term::Choice(parts) | Term::All(parts) => {
                parts.iter().any(|part| self.has_usual(part))
            }
        }
    }

    /// An element that a wildcard admits; none where it would have to be declared and nothing is.
    fn foreign(&mut self, id: WildcardId) -> Option<Made> {
        const FOREIGN: &str = "urn:x-anslut:extension:1";
        let wildcard = self.schema.wildcard(id);
        let namespace = match &wildcard.namespaces {
            NamespaceConstraint::Any | NamespaceConstraint::Not(_) => FOREIGN.to_owned(),
            NamespaceConstraint::Of(these) => {
                let first = these.iter().find(|namespace| **namespace != NamespaceId::NONE)?;
                self.schema.names.namespace(*first).to_owned()
            }
        };
        if wildcard.process == Process::Strict {
            return None;
        }
        Some(Made { namespace, local: "note".to_owned(), text: Some("an extension".to_owned()), ..Made::default() })
    }

    /// The simple type, for the values.
    pub(super) fn simple(&self, id: TypeId) -> Option<&'a crate::contracts::schema::simple::SimpleType> {
        self.schema.simple_type(id)
    }
}
