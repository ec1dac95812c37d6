//! Content models as lists of elements, which is how two of them are compared.

use super::Effect;
use crate::contracts::schema::simple::Facets;
use crate::contracts::schema::{ComplexType, Content, ElementId, NamespaceConstraint, Particle, Schema, Term};

/// An element in a content model, with how often.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) element: ElementId,
    pub(super) particle: Particle,
    /// Whether the content must have it.
    pub(super) mandatory: bool,
    pub(super) place: usize,
}

/// What narrower or wider facets mean.
pub(super) fn facet_effects(old: &Facets, new: &Facets) -> (Effect, Effect) {
    let sources = |facets: &Facets| {
        facets.patterns.iter().flatten().map(|pattern| pattern.source().to_owned()).collect::<Vec<_>>()
    };
    if sources(old) != sources(new) {
        return (Effect::Risk, Effect::Risk);
    }
    let tighter = |one: &Facets, other: &Facets| {
        let most = |value: Option<u64>| value.unwrap_or(u64::MAX);
        other.min_length.unwrap_or(0) >= one.min_length.unwrap_or(0)
            && most(other.max_length) <= most(one.max_length)
            && other.length.or(one.length) == other.length
            && most(other.total_digits) <= most(one.total_digits)
            && most(other.fraction_digits) <= most(one.fraction_digits)
            && other.lower.len() >= one.lower.len()
            && other.upper.len() >= one.upper.len()
    };
    match (tighter(old, new), tighter(new, old)) {
        (true, false) => (Effect::Breaks, Effect::Ok),
        (false, true) => (Effect::Ok, Effect::Breaks),
        _ => (Effect::Breaks, Effect::Breaks),
    }
}

/// The elements directly in a type's content, groups looked through.
pub(super) fn slots(schema: &Schema, complex: &ComplexType) -> Vec<Slot> {
    let mut found = Vec::new();
    if let Content::Elements(model) = &complex.content {
        collect(schema, &model.particle, true, &mut found);
    }
    found
}

fn collect(schema: &Schema, particle: &Particle, mandatory: bool, found: &mut Vec<Slot>) {
    let mandatory = mandatory && particle.min > 0;
    match &particle.term {
        Term::Element(id) => {
            let element = schema.element(*id);
            found.push(Slot {
                name: schema.names.local(element.name).to_owned(),
                namespace: schema.names.namespace(element.name.namespace()).to_owned(),
                element: *id,
                particle: particle.clone(),
                mandatory,
                place: found.len(),
            });
        }
        Term::Wildcard(_) => {}
        Term::Sequence(parts) | Term::All(parts) => {
            parts.iter().for_each(|part| collect(schema, part, mandatory, found))
        }
        Term::Choice(parts) => {
            parts.iter().for_each(|part| collect(schema, part, mandatory && parts.len() == 1, found))
        }
    }
}

/// What the type's open slot admits, if it has one.
pub(super) fn wildcard(schema: &Schema, complex: &ComplexType) -> Option<NamespaceConstraint> {
    fn find(schema: &Schema, particle: &Particle) -> Option<NamespaceConstraint> {
        match &particle.term {
            Term::Wildcard(id) if particle.max != Some(0) => Some(schema.wildcard(*id).namespaces.clone()),
            Term::Wildcard(_) | Term::Element(_) => None,
            Term::Sequence(parts) | Term::Choice(parts) | Term::All(parts) => {
                parts.iter().find_map(|part| find(schema, part))
            }
        }
    }
    match &complex.content {
        Content::Elements(model) => find(schema, &model.particle),
        _ => None,
    }
}
