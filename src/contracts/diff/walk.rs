//! Two versions of a message walked side by side, by element path and then by type.

use std::collections::BTreeMap;

use super::slots::{Slot, facet_effects, slots, wildcard};
use super::{Change, Effect};
use crate::contracts::browse::{cardinality, values};
use crate::contracts::contract::Direction;
use crate::contracts::schema::simple::SimpleType;
use crate::contracts::schema::{
    AttributeUse, ComplexType, Element, ElementId, NamespaceConstraint, Schema, TypeId, TypeKind,
};

/// Two schemas walked side by side.
pub(super) struct Comparing<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    pub(super) direction: Direction,
    pub(super) changes: Vec<Change>,
    pub(super) open: Vec<(TypeId, TypeId)>,
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

    pub(super) fn elements(&mut self, old: ElementId, new: ElementId, parent: String) {
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
        let said = |element: &Element| {
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
        let enumerated = |simple: &SimpleType| {
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
