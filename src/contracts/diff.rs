//! Two versions of a contract side by side: what changed, whom it breaks, and whether the version rule was kept
//! (`contracts.md` §1.5, §6.1).

use std::collections::BTreeMap;

use serde::Serialize;

use super::browse::{cardinality, values};
use super::contract::{Contract, Direction};
use super::schema::{
    AttributeUse, ComplexType, Content, ElementId, NamespaceConstraint, Particle, Schema, Term, TypeId, TypeKind,
};

/// What a change means for those who have the other version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing is asked of anybody.
    Note,
    /// Everything that was right stays right.
    Ok,
    /// It depends on what is sent.
    Risk,
    /// Messages that were right no longer are.
    Breaks,
}

/// The judgement over all changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The same files.
    Identical,
    /// The same messages.
    Documentation,
    /// Compatible.
    Minor,
    /// Breaking.
    Major,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Which message.
    pub direction: Direction,
    /// Elements from the root.
    pub path: String,
    /// What was done.
    pub what: String,
    /// Before; empty for what is new.
    pub before: String,
    /// After; empty for what is gone.
    pub after: String,
    /// For an old sender and a new receiver.
    pub old_to_new: Effect,
    /// For a new sender and an old receiver.
    pub new_to_old: Effect,
    /// Why.
    pub why: String,
}

/// Two versions compared.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The earlier contract and version.
    pub before: String,
    /// The later.
    pub after: String,
    /// The judgement.
    pub verdict: Verdict,
    /// Whether a major change came without a new major version.
    pub breaks_version_rule: bool,
    /// What changed, in document order.
    pub changes: Vec<Change>,
}

/// Compares two contracts: two minors, two imports, or two majors. Broken ones have no changes to show.
pub fn diff(before: &Contract, after: &Contract) -> Comparison {
    let mut changes = Vec::new();
    for direction in [Direction::Request, Direction::Response] {
        if let (Some(one), Some(other)) = (before.element(direction), after.element(direction)) {
            let mut comparing =
                Comparing { old: &before.schema, new: &after.schema, direction, changes: Vec::new(), open: Vec::new() };
            comparing.elements(one, other, String::new());
            changes.append(&mut comparing.changes);
        }
    }
    transport(before, after, &mut changes);
    // What counts is who meets in practice: requests go from old consumers, answers come from new producers.
    let is_breaking = changes.iter().any(|change| match change.direction {
        Direction::Request => change.old_to_new == Effect::Breaks,
        Direction::Response => change.new_to_old == Effect::Breaks,
    });
    let is_same_file = before.schema.hash == after.schema.hash;
    let verdict = match (is_breaking, changes.is_empty()) {
        (true, _) => Verdict::Major,
        (false, false) => Verdict::Minor,
        (false, true) if is_same_file => Verdict::Identical,
        (false, true) => Verdict::Documentation,
    };
    Comparison {
        before: format!("{} {}", before.namespace, before.version),
        after: format!("{} {}", after.namespace, after.version),
        verdict,
        breaks_version_rule: verdict == Verdict::Major && before.namespace == after.namespace,
        changes,
    }
}

fn transport(before: &Contract, after: &Contract, changes: &mut Vec<Change>) {
    let headers = |contract: &Contract| {
        contract.headers.iter().map(|(_, element)| element.clark()).collect::<Vec<_>>().join(", ")
    };
    for (what, one, other) in [
        ("soapAction", before.soap_action.clone(), after.soap_action.clone()),
        ("headers", headers(before), headers(after)),
    ] {
        if one != other {
            changes.push(Change {
                direction: Direction::Request,
                path: String::new(),
                what: format!("{what} changed"),
                before: one,
                after: other,
                old_to_new: Effect::Note,
                new_to_old: Effect::Note,
                why: "transport, not content".to_owned(),
            });
        }
    }
}

/// An element in a content model, with how often.
#[derive(Clone, Debug)]
struct Slot {
    name: String,
    namespace: String,
    element: ElementId,
    particle: Particle,
    /// Whether the content must have it.
    mandatory: bool,
    place: usize,
}

struct Comparing<'a> {
    old: &'a Schema,
    new: &'a Schema,
    direction: Direction,
    changes: Vec<Change>,
    open: Vec<(TypeId, TypeId)>,
}

impl Comparing<'_> {
    fn add(&mut self, path: &str, what: &str, sides: (String, String), effects: (Effect, Effect), why: &str) {
        self.changes.push(Change {
            direction: self.direction,
            path: path.to_owned(),
            what: what.to_owned(),
            before: sides.0,
            after: sides.1,
            old_to_new: effects.0,
            new_to_old: effects.1,
            why: why.to_owned(),
        });
    }

    fn elements(&mut self, old: ElementId, new: ElementId, parent: String) {
        let (one, other) = (self.old.element(old), self.new.element(new));
        let path = format!("{parent}/{}", self.new.names.local(other.name));
        if one.nillable != other.nillable {
            let effects = if other.nillable { (Effect::Ok, Effect::Breaks) } else { (Effect::Breaks, Effect::Ok) };
            self.add(
                &path,
                "nillable changed",
                (one.nillable.to_string(), other.nillable.to_string()),
                effects,
                "xsi:nil is admitted by one version only",
            );
        }
        let said = |element: &super::schema::Element| {
            element
                .constraint
                .as_ref()
                .filter(|constraint| constraint.is_fixed)
                .map(|constraint| constraint.text.to_string())
        };
        let (fixed, fixed_now) = (said(one), said(other));
        if fixed != fixed_now {
            let effects = match (&fixed, &fixed_now) {
                (Some(_), None) => (Effect::Ok, Effect::Breaks),
                (None, Some(_)) => (Effect::Breaks, Effect::Ok),
                _ => (Effect::Breaks, Effect::Breaks),
            };
            self.add(
                &path,
                "fixed value changed",
                (fixed.unwrap_or_default(), fixed_now.unwrap_or_default()),
                effects,
                "the admitted values differ",
            );
        }
        self.types(one.type_id, other.type_id, &path);
    }

    fn types(&mut self, old: TypeId, new: TypeId, path: &str) {
        const DEPTH_MAX: usize = 64;
        if self.open.contains(&(old, new)) || self.open.len() > DEPTH_MAX {
            return;
        }
        self.open.push((old, new));
        let (text, text_now) = (self.old.simple_content(old), self.new.simple_content(new));
        match (text, text_now) {
            (Some(text), Some(text_now)) => self.simple(text, text_now, path),
            (None, None) => {}
            _ => self.add(
                path,
                "content changed",
                (self.old.type_name(old).to_owned(), self.new.type_name(new).to_owned()),
                (Effect::Breaks, Effect::Breaks),
                "text on one side, elements on the other",
            ),
        }
        let (one, other) = (&self.old.type_of(old).kind, &self.new.type_of(new).kind);
        if let (TypeKind::Complex(one), TypeKind::Complex(other)) = (one, other) {
            self.attributes(one, other, path);
            self.contents(one, other, path);
        }
        self.open.pop();
    }

    fn simple(&mut self, old: TypeId, new: TypeId, path: &str) {
        let (Some(one), Some(other)) = (self.old.simple(old), self.new.simple(new)) else { return };
        let primitive = |schema: &Schema, id: TypeId| {
            let mut at = id;
            while schema.type_of(at).declared.file != u32::MAX {
                at = schema.type_of(at).base;
            }
            schema.type_name(at).to_owned()
        };
        let (base, base_now) = (primitive(self.old, old), primitive(self.new, new));
        if base != base_now {
            return self.add(
                path,
                "type changed",
                (base, base_now),
                (Effect::Risk, Effect::Risk),
                "values of one type need not be values of the other",
            );
        }
        let enumerated = |simple: &super::schema::simple::SimpleType| {
            simple
                .facets
                .enumeration
                .as_ref()
                .map(|all| all.texts.iter().map(|text| text.to_string()).collect::<Vec<_>>())
        };
        match (enumerated(one), enumerated(other)) {
            (Some(before), Some(after)) => {
                for value in after.iter().filter(|value| !before.contains(value)) {
                    self.add(
                        path,
                        "enumeration value added",
                        (String::new(), value.clone()),
                        (Effect::Ok, Effect::Breaks),
                        "an old receiver does not know the value",
                    );
                }
                for value in before.iter().filter(|value| !after.contains(value)) {
                    self.add(
                        path,
                        "enumeration value removed",
                        (value.clone(), String::new()),
                        (Effect::Breaks, Effect::Ok),
                        "an old sender may still send the value",
                    );
                }
            }
            (None, Some(after)) => self.add(
                path,
                "enumeration added",
                (String::new(), after.join(", ")),
                (Effect::Breaks, Effect::Ok),
                "free text became a list of values",
            ),
            (Some(before), None) => self.add(
                path,
                "enumeration removed",
                (before.join(", "), String::new()),
                (Effect::Ok, Effect::Breaks),
                "a list of values became free text",
            ),
            (None, None) => {}
        }
        let mut plain = (one.clone(), other.clone());
        plain.0.facets.enumeration = None;
        plain.1.facets.enumeration = None;
        let (before, after) = (values(&plain.0).join("; "), values(&plain.1).join("; "));
        if before != after {
            let effects = if before.is_empty() {
                (Effect::Breaks, Effect::Ok)
            } else if after.is_empty() {
                (Effect::Ok, Effect::Breaks)
            } else {
                facet_effects(&one.facets, &other.facets)
            };
            self.add(path, "facets changed", (before, after), effects, "the admitted texts differ");
        }
    }

    fn attributes(&mut self, old: &ComplexType, new: &ComplexType, path: &str) {
        let named = |schema: &Schema, complex: &ComplexType| -> BTreeMap<String, AttributeUse> {
            complex.attributes.iter().map(|one| (schema.names.clark(one.name), one.clone())).collect()
        };
        let (before, after) = (named(self.old, old), named(self.new, new));
        for (name, one) in &before {
            let path = format!("{path}/@{name}");
            match after.get(name) {
                None if one.required => self.add(
                    &path,
                    "attribute removed",
                    (name.clone(), String::new()),
                    (Effect::Breaks, Effect::Breaks),
                    "it was mandatory",
                ),
                None => self.add(
                    &path,
                    "attribute removed",
                    (name.clone(), String::new()),
                    (Effect::Risk, Effect::Ok),
                    "an old sender may send it",
                ),
                Some(other) => {
                    if one.required != other.required {
                        let effects =
                            if other.required { (Effect::Breaks, Effect::Ok) } else { (Effect::Ok, Effect::Breaks) };
                        let said = |required: bool| if required { "1" } else { "0..1" }.to_owned();
                        self.add(
                            &path,
                            "attribute's cardinality changed",
                            (said(one.required), said(other.required)),
                            effects,
                            "one version demands it",
                        );
                    }
                    self.simple(one.type_id, other.type_id, &path);
                }
            }
        }
        for (name, other) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let effects = if other.required { (Effect::Breaks, Effect::Breaks) } else { (Effect::Ok, Effect::Breaks) };
            self.add(
                &format!("{path}/@{name}"),
                "attribute added",
                (String::new(), name.clone()),
                effects,
                "an old receiver does not know it",
            );
        }
    }

    fn contents(&mut self, old: &ComplexType, new: &ComplexType, path: &str) {
        let (before, after) = (slots(self.old, old), slots(self.new, new));
        let key = |slot: &Slot| format!("{{{}}}{}", slot.namespace, slot.name);
        let open_slot = wildcard(self.old, old);
        let mut matched = Vec::new();
        for slot in &before {
            match after.iter().find(|other| key(other) == key(slot)) {
                Some(other) => matched.push((slot.clone(), other.clone())),
                None => {
                    let effects =
                        if slot.mandatory { (Effect::Breaks, Effect::Breaks) } else { (Effect::Risk, Effect::Ok) };
                    let moved = after.iter().find(|other| other.name == slot.name);
                    let (what, gone) = match moved {
                        Some(other) => ("namespace changed", key(other)),
                        None => ("element removed", String::new()),
                    };
                    self.add(
                        &format!("{path}/{}", slot.name),
                        what,
                        (key(slot), gone),
                        effects,
                        "an old sender may send it, an old receiver may need it",
                    );
                }
            }
        }
        for other in after.iter().filter(|other| !before.iter().any(|slot| key(slot) == key(other))) {
            self.added(other, open_slot.as_ref(), path);
        }
        let is_reordered = matched.windows(2).any(|pair| pair[0].1.place > pair[1].1.place);
        if is_reordered {
            let names = |slots: &[Slot]| slots.iter().map(|slot| slot.name.clone()).collect::<Vec<_>>().join(", ");
            self.add(
                path,
                "elements moved",
                (names(&before), names(&after)),
                (Effect::Breaks, Effect::Breaks),
                "the order is part of the contract",
            );
        }
        match (&open_slot, wildcard(self.new, new)) {
            (Some(_), None) => self.add(
                path,
                "open slot removed",
                ("any".to_owned(), String::new()),
                (Effect::Breaks, Effect::Ok),
                "extensions that were admitted no longer are",
            ),
            (None, Some(_)) => self.add(
                path,
                "open slot added",
                (String::new(), "any".to_owned()),
                (Effect::Ok, Effect::Risk),
                "an old receiver admits no extensions",
            ),
            _ => {}
        }
        for (slot, other) in matched {
            self.occurrences(&slot, &other, path);
            self.elements(slot.element, other.element, path.to_owned());
        }
    }

    /// A new element: in the old version's open slot it is an extension, anywhere else a stranger.
    fn added(&mut self, slot: &Slot, open_slot: Option<&NamespaceConstraint>, path: &str) {
        let namespace = self.old.names.namespace_id(slot.namespace.as_bytes());
        let fits_slot = open_slot.is_some_and(|open_slot| open_slot.admits(namespace));
        let new_to_old = if fits_slot { Effect::Ok } else { Effect::Breaks };
        let (old_to_new, why) = match (slot.mandatory, fits_slot) {
            (true, _) => (Effect::Breaks, "an old sender does not send what is mandatory now"),
            (false, true) => (Effect::Ok, "an extension that the old version's open slot admits"),
            (false, false) => (Effect::Ok, "an old receiver does not admit it: it is not in an extension namespace"),
        };
        let what = if slot.mandatory { "mandatory element added" } else { "optional element added" };
        let after = format!("{{{}}}{} {}", slot.namespace, slot.name, cardinality(&slot.particle));
        self.add(&format!("{path}/{}", slot.name), what, (String::new(), after), (old_to_new, new_to_old), why);
    }

    fn occurrences(&mut self, slot: &Slot, other: &Slot, path: &str) {
        let path = format!("{path}/{}", slot.name);
        let sides = || (cardinality(&slot.particle), cardinality(&other.particle));
        let (least, least_now) =
            (if slot.mandatory { slot.particle.min } else { 0 }, if other.mandatory { other.particle.min } else { 0 });
        if least_now != least {
            let effects = if least_now > least { (Effect::Breaks, Effect::Ok) } else { (Effect::Ok, Effect::Breaks) };
            self.add(
                &path,
                if least_now > least { "minimum raised" } else { "minimum lowered" },
                sides(),
                effects,
                "one version demands more",
            );
        }
        let most = |slot: &Slot| slot.particle.max.unwrap_or(u32::MAX);
        if most(other) != most(slot) {
            let is_raised = most(other) > most(slot);
            let effects = if is_raised { (Effect::Ok, Effect::Breaks) } else { (Effect::Breaks, Effect::Ok) };
            self.add(
                &path,
                if is_raised { "maximum raised" } else { "maximum lowered" },
                sides(),
                effects,
                "one version admits more",
            );
        }
    }
}

fn facet_effects(old: &super::schema::simple::Facets, new: &super::schema::simple::Facets) -> (Effect, Effect) {
    let sources = |facets: &super::schema::simple::Facets| {
        facets.patterns.iter().flatten().map(|pattern| pattern.source().to_owned()).collect::<Vec<_>>()
    };
    if sources(old) != sources(new) {
        return (Effect::Risk, Effect::Risk);
    }
    let tighter = |one: &super::schema::simple::Facets, other: &super::schema::simple::Facets| {
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
fn slots(schema: &Schema, complex: &ComplexType) -> Vec<Slot> {
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
fn wildcard(schema: &Schema, complex: &ComplexType) -> Option<NamespaceConstraint> {
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

#[cfg(test)]
mod tests;
