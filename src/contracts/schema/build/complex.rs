//! Complex types, elements and model groups.

use super::attributes::Attributes;
use super::{At, Builder, Kind};
use crate::contracts::diagnostic::Code;
use crate::contracts::schema::automaton::Automaton;
use crate::contracts::schema::names::Symbol;
use crate::contracts::schema::{
    ComplexType, Content, ContentModel, Derivation, Derivations, Element, ElementId, Particle, Term, Type, TypeId,
    TypeKind,
};

/// Deepest nesting of groups that refer to each other.
const GROUPS_MAX: usize = 64;

impl Builder<'_> {
    /// The name of a global type.
    pub(super) fn name_of(&mut self, at: At) -> Option<Symbol> {
        let name = self.attribute_of(at, "name")?;
        let target = self.document(at).target.to_string();
        Some(self.names.intern(&target, &name))
    }

    /// `block`, `final` and their defaults.
    pub(super) fn derivations(&self, at: At, attribute: &str, default: &str) -> Derivations {
        let node = self.node(at);
        let text =
            node.attribute(attribute).or_else(|| self.document(at).schema().attribute(default)).unwrap_or_default();
        let mut set = Derivations::default();
        for token in text.split_whitespace() {
            for (name, derivation) in [
                ("restriction", Derivation::Restriction),
                ("extension", Derivation::Extension),
                ("list", Derivation::List),
                ("union", Derivation::Union),
            ] {
                if token == name || token == "#all" {
                    set = set.with(derivation);
                }
            }
        }
        set
    }

    fn is_true(&self, at: At, attribute: &str) -> bool {
        matches!(self.node(at).attribute(attribute).map(str::trim), Some("true" | "1"))
    }

    /// Builds a `complexType`.
    pub(super) fn complex_type(&mut self, at: At) -> Option<Type> {
        let name = self.name_of(at);
        let mixed = self.is_true(at, "mixed");
        let way = self.child(at, "simpleContent").or_else(|| self.child(at, "complexContent"));
        let (base, derivation, complex) = match way {
            Some(way) => self.derived(at, way, mixed)?,
            None => {
                let particle = self.model(at);
                let attributes = self.attributes(at);
                let content = content(particle, mixed);
                (TypeId::ANY, Derivation::Restriction, complex(content, attributes))
            }
        };
        Some(Type {
            name,
            base,
            derivation,
            is_abstract: self.is_true(at, "abstract"),
            block: self.derivations(at, "block", "blockDefault"),
            is_final: self.derivations(at, "final", "finalDefault"),
            kind: TypeKind::Complex(complex),
            declared: self.declared(at),
        })
    }

    fn derived(&mut self, at: At, way: At, mixed: bool) -> Option<(TypeId, Derivation, ComplexType)> {
        let (step, local) = self.children(way).into_iter().next()?;
        let derivation = match &*local {
            "extension" => Derivation::Extension,
            "restriction" => Derivation::Restriction,
            other => {
                self.note(Code::Unsupported, step, format!("xs:{other} in a derivation is not supported"));
                return None;
            }
        };
        let qualified = self.attribute_of(step, "base").unwrap_or_default();
        let base = self.type_reference(step, &qualified);
        if !self.ensure(base) {
            self.note(Code::Derivation, at, format!("the type is derived from itself by way of \"{qualified}\""));
            return None;
        }
        if self.type_of(base).is_final.contains(derivation) {
            self.note(Code::Derivation, step, format!("base type \"{qualified}\" is final for this derivation"));
        }
        if &*self.node(way).local == "simpleContent" {
            let complex = self.simple_content(step, base, derivation)?;
            return Some((base, derivation, complex));
        }
        let mixed = self.node(way).attribute("mixed").map_or(mixed, |_| self.is_true(way, "mixed"));
        let TypeKind::Complex(base_type) = self.type_of(base).kind.clone() else {
            self.note(Code::Derivation, step, format!("base type \"{qualified}\" is simple; use simpleContent"));
            return None;
        };
        let own = self.model(step);
        let attributes = self.attributes(step);
        let complex = match derivation {
            Derivation::Extension => self.extended(step, &base_type, own, mixed, attributes),
            _ => {
                let merged = self.restricted_attributes(step, &base_type, attributes, base == TypeId::ANY);
                ComplexType { content: content(own, mixed), ..merged }
            }
        };
        Some((base, derivation, complex))
    }

    fn extended(
        &mut self,
        at: At,
        base: &ComplexType,
        own: Option<Particle>,
        mixed: bool,
        attributes: Attributes,
    ) -> ComplexType {
        let content = match (&base.content, own) {
            (Content::Empty, own) => content(own, mixed),
            (Content::Simple(simple), None) => Content::Simple(*simple),
            (Content::Simple(_), Some(_)) => {
                self.note(Code::Derivation, at, "elements cannot be added to a base type that holds text");
                Content::Empty
            }
            (Content::Elements(model), None) => Content::Elements(model.clone()),
            (Content::Elements(model), Some(own)) => {
                if model.mixed != mixed && !is_empty(&model.particle) {
                    self.note(Code::Derivation, at, "base and extension must both be mixed, or neither");
                }
                if matches!(model.particle.term, Term::All(_)) || matches!(own.term, Term::All(_)) {
                    self.note(Code::Derivation, at, "xs:all can neither be extended nor extend");
                }
                let particle =
                    Particle { min: 1, max: Some(1), term: Term::Sequence(vec![model.particle.clone(), own]) };
                Content::Elements(ContentModel { mixed, particle, automaton: Automaton::default() })
            }
        };
        let any_attribute = self.union(attributes.any, base.any_attribute);
        let mut merged = base.attributes.clone();
        for one in attributes.uses {
            if merged.iter().any(|known| known.name == one.name) {
                let name = self.names.clark(one.name);
                self.note(Code::Duplicate, at, format!("attribute {name} is already declared by the base type"));
            } else {
                merged.push(one);
            }
        }
        ComplexType { content, attributes: merged, prohibited: Vec::new(), any_attribute }
    }

    fn restricted_attributes(&mut self, at: At, base: &ComplexType, own: Attributes, of_any_type: bool) -> ComplexType {
        let mut merged = Vec::new();
        for inherited in &base.attributes {
            let is_replaced = own.uses.iter().any(|one| one.name == inherited.name);
            let is_prohibited = own.prohibited.contains(&inherited.name);
            if is_prohibited && inherited.required {
                let name = self.names.clark(inherited.name);
                self.note(
                    Code::Derivation,
                    at,
                    format!("attribute {name} is required by the base type and cannot be prohibited"),
                );
            }
            if !is_replaced && !is_prohibited {
                merged.push(inherited.clone());
            }
        }
        for one in &own.uses {
            let inherited = base.attributes.iter().find(|inherited| inherited.name == one.name);
            let by_wildcard = base
                .any_attribute
                .is_some_and(|any| self.wildcards[any.index()].namespaces.admits(one.name.namespace()));
            let name = self.names.clark(one.name);
            match inherited {
                Some(inherited) if inherited.required && !one.required => {
                    self.note(
                        Code::Derivation,
                        at,
                        format!("attribute {name} is required by the base type and must stay so"),
                    );
                }
                None if !by_wildcard && !of_any_type => {
                    self.note(
                        Code::Derivation,
                        at,
                        format!("attribute {name} is not declared by the base type, which is restricted"),
                    );
                }
                _ => {}
            }
        }
        let prohibited = own.prohibited;
        merged.extend(own.uses);
        ComplexType { content: Content::Empty, attributes: merged, prohibited, any_attribute: own.any }
    }

    fn simple_content(&mut self, step: At, base: TypeId, derivation: Derivation) -> Option<ComplexType> {
        let attributes = self.attributes(step);
        let base_kind = self.type_of(base).kind.clone();
        let text = match &base_kind {
            TypeKind::Simple(_) => Some(base),
            TypeKind::Complex(ComplexType { content: Content::Simple(text), .. }) => Some(*text),
            // A mixed base whose elements may all be left out can be restricted to text.
            TypeKind::Complex(_) if derivation == Derivation::Restriction => {
                self.child(step, "simpleType").map(|inline| self.type_at(inline))
            }
            TypeKind::Complex(_) => None,
        };
        let Some(mut text) = text else {
            if base != TypeId::ANY {
                self.note(Code::Derivation, step, "simpleContent needs a base type that holds text");
            }
            return None;
        };
        self.ensure(text);
        if derivation == Derivation::Extension {
            let (inherited, any) = match base_kind {
                TypeKind::Complex(complex) => (complex.attributes, complex.any_attribute),
                TypeKind::Simple(_) => (Vec::new(), None),
            };
            let any_attribute = self.union(attributes.any, any);
            let merged = inherited.into_iter().chain(attributes.uses).collect();
            return Some(ComplexType {
                content: Content::Simple(text),
                attributes: merged,
                prohibited: Vec::new(),
                any_attribute,
            });
        }
        let TypeKind::Complex(base_type) = base_kind else {
            self.note(Code::Derivation, step, "a simple type cannot be restricted by simpleContent");
            return None;
        };
        if let Some(inline) = self.child(step, "simpleType") {
            text = self.type_at(inline);
            self.ensure(text);
        }
        let restricted = self.restrict(step, text)?;
        let narrowed = self.anonymous_simple(step, text, restricted);
        let merged = self.restricted_attributes(step, &base_type, attributes, false);
        Some(ComplexType { content: Content::Simple(narrowed), ..merged })
    }

    fn anonymous_simple(&mut self, at: At, base: TypeId, simple: super::SimpleType) -> TypeId {
        let built = Type {
            name: None,
            base,
            derivation: Derivation::Restriction,
            is_abstract: false,
            block: Derivations::default(),
            is_final: Derivations::default(),
            kind: TypeKind::Simple(simple),
            declared: self.declared(at),
        };
        self.types.push(super::Slot { node: Some(at), state: super::Building::Done, built });
        TypeId(self.types.len() as u32 - 1)
    }

    /// The content model among the children of a node.
    fn model(&mut self, at: At) -> Option<Particle> {
        let (child, local) = self.children(at).into_iter().find(|(_, local)| {
            matches!(&**local, "sequence" | "choice" | "all" | "group" | "assert" | "openContent" | "alternative")
        })?;
        match &*local {
            "sequence" | "choice" | "all" | "group" => self.particle(child, &local, true),
            other => {
                self.note(Code::Unsupported, child, format!("xs:{other} is XML Schema 1.1, which is not supported"));
                None
            }
        }
    }

    fn particle(&mut self, at: At, local: &str, is_top: bool) -> Option<Particle> {
        let (min, max) = self.occurrences(at)?;
        let term = match local {
            "element" => Term::Element(self.element_or_reference(at)?),
            "any" => Term::Wildcard(self.wildcard(at)),
            "group" => {
                let qualified = self.attribute_of(at, "ref")?;
                let group = self.reference(Kind::Group, at, &qualified)?;
                self.group(group)?.term
            }
            _ => self.compositor(at, local)?,
        };
        if matches!(term, Term::All(_)) && (!is_top || max != Some(1)) {
            self.note(Code::Derivation, at, "xs:all must be the whole content, once");
            return None;
        }
        Some(Particle { min, max, term })
    }

    fn compositor(&mut self, at: At, local: &str) -> Option<Term> {
        let mut parts = Vec::new();
        for (child, child_local) in self.children(at) {
            match &*child_local {
                "element" | "any" | "sequence" | "choice" | "group" | "all" => {
                    parts.extend(self.particle(child, &child_local, false));
                }
                other => self.note(Code::Unsupported, child, format!("xs:{other} in a content model is not supported")),
            }
        }
        Some(match local {
            "sequence" => Term::Sequence(parts),
            "choice" => Term::Choice(parts),
            _ => {
                if parts.iter().any(|part| !matches!(part.term, Term::Element(_)) || part.max.is_none_or(|max| max > 1))
                {
                    self.note(Code::Derivation, at, "xs:all holds elements only, each at most once");
                }
                Term::All(parts)
            }
        })
    }

    /// A named model group.
    pub(super) fn group(&mut self, at: At) -> Option<Particle> {
        if self.open_groups.contains(&at) || self.open_groups.len() > GROUPS_MAX {
            self.note(Code::Derivation, at, "the group contains itself");
            return None;
        }
        self.open_groups.push(at);
        let model = self.model(at);
        self.open_groups.pop();
        model
    }

    fn occurrences(&mut self, at: At) -> Option<(u32, Option<u32>)> {
        let read = |this: &mut Self, name: &str| -> Option<Option<u32>> {
            let Some(text) = this.attribute_of(at, name) else { return Some(Some(1)) };
            match text.trim() {
                "unbounded" if name == "maxOccurs" => Some(None),
                number => match number.parse::<u64>() {
                    Ok(number) => Some(Some(u32::try_from(number).unwrap_or(u32::MAX))),
                    Err(_) => {
                        this.note(Code::Facet, at, format!("{name} \"{text}\" is not a number of occurrences"));
                        None
                    }
                },
            }
        };
        let min = read(self, "minOccurs")??;
        let mut max = read(self, "maxOccurs")?;
        if max.is_some_and(|max| max < min) {
            let message = format!("minOccurs {min} is above maxOccurs {}", max.unwrap_or_default());
            self.note(Code::Facet, at, message);
            return None;
        }
        let most = self.limits.occurs_max;
        if max.is_some_and(|max| max > most) {
            let message =
                format!("occurs_max: maxOccurs {} is above {most} and is taken as unbounded", max.unwrap_or_default());
            self.note(Code::Occurs, at, message);
            max = None;
        }
        Some((min.min(most), max))
    }

    fn element_or_reference(&mut self, at: At) -> Option<ElementId> {
        match self.attribute_of(at, "ref") {
            Some(qualified) => {
                let found = self.reference(Kind::Element, at, &qualified)?;
                Some(self.element(found))
            }
            None => Some(self.element(at)),
        }
    }

    /// A global or local element declaration.
    pub(super) fn element(&mut self, at: At) -> ElementId {
        if let Some(known) = self.element_of_node.get(&at) {
            return *known;
        }
        let is_global = self.node(at).parent == Some(self.document(at).root);
        let local = self.attribute_of(at, "name").unwrap_or_default();
        if local.is_empty() {
            self.note(Code::Unsupported, at, "an element with neither name nor ref");
        }
        if self.node(at).attribute("substitutionGroup").is_some() || self.is_true(at, "abstract") {
            let message = format!("element {local}: substitution groups and abstract elements are not supported");
            self.note(Code::Unsupported, at, message);
        }
        let qualified = is_global || self.is_qualified(at, "elementFormDefault");
        let namespace = if qualified { self.document(at).target.to_string() } else { String::new() };
        let name = self.names.intern(&namespace, &local);
        let inline = self.child(at, "complexType").or_else(|| self.child(at, "simpleType"));
        let type_id = match (self.attribute_of(at, "type"), inline) {
            (Some(qualified), _) => self.type_reference(at, &qualified),
            (None, Some(inline)) => self.type_at(inline),
            (None, None) => TypeId::ANY,
        };
        let id = ElementId(self.elements.len() as u32);
        self.element_of_node.insert(at, id);
        self.elements.push(Element {
            name,
            type_id,
            nillable: self.is_true(at, "nillable"),
            constraint: self.value_constraint(at),
            block: self.derivations(at, "block", "blockDefault"),
            is_global,
            identities: Vec::new(),
            declared: self.declared(at),
            documentation: self.documentation(at),
        });
        self.elements[id.index()].identities = self.identities(at);
        id
    }

    fn documentation(&self, at: At) -> Option<Box<str>> {
        let tree = &self.document(at).tree;
        let annotation = tree.node(at.1).children.iter().find(|child| &*tree.node(**child).local == "annotation")?;
        let documentation =
            tree.node(*annotation).children.iter().find(|child| &*tree.node(**child).local == "documentation")?;
        let text = tree.node(*documentation).text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then(|| text.into())
    }
}

fn is_empty(particle: &Particle) -> bool {
    particle.max == Some(0) || matches!(&particle.term, Term::Sequence(parts) if parts.is_empty())
}

fn content(particle: Option<Particle>, mixed: bool) -> Content {
    match particle.filter(|particle| !is_empty(particle)) {
        Some(particle) => Content::Elements(ContentModel { mixed, particle, automaton: Automaton::default() }),
        None if mixed => {
            let particle = Particle { min: 1, max: Some(1), term: Term::Sequence(Vec::new()) };
            Content::Elements(ContentModel { mixed, particle, automaton: Automaton::default() })
        }
        None => Content::Empty,
    }
}

fn complex(content: Content, attributes: Attributes) -> ComplexType {
    let Attributes { uses, prohibited, any } = attributes;
    ComplexType { content, attributes: uses, prohibited, any_attribute: any }
}
