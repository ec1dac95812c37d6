//! What can only be checked when every type is built: defaults, and that restrictions restrict.

use std::collections::HashSet;

use super::resolve::PrefixesAt;
use super::{At, Builder};
use crate::contracts::diagnostic::{Code, Diagnostic};
use crate::contracts::schema::automaton::Automaton;
use crate::contracts::schema::simple::{self, NoPrefixes, Prefixes};
use crate::contracts::schema::{
    ComplexType, Content, Declared, Derivation, Particle, Term, TypeId, TypeKind, ValueConstraint,
};

impl Builder<'_> {
    /// Default and fixed values are values of their types.
    pub(super) fn check_constraints(&mut self) {
        let nodes: Vec<(At, super::ElementId)> = self.element_of_node.iter().map(|(at, id)| (*at, *id)).collect();
        for (at, id) in nodes {
            let element = &self.elements[id.index()];
            let Some(constraint) = element.constraint.clone() else { continue };
            let text_type = self.text_type(element.type_id);
            let prefixes = PrefixesAt { builder: self, at };
            let checked = self.checked(text_type, constraint, &prefixes);
            match checked {
                Ok(constraint) => self.elements[id.index()].constraint = Some(constraint),
                Err(message) => self.note(Code::Facet, at, message),
            }
        }
        for index in 0..self.types.len() {
            let TypeKind::Complex(complex) = &self.types[index].built.kind else { continue };
            let mut complex = complex.clone();
            let mut is_changed = false;
            for one in &mut complex.attributes {
                let Some(constraint) = one.constraint.take() else { continue };
                is_changed = true;
                match self.checked(Some(one.type_id), constraint.clone(), &NoPrefixes) {
                    Ok(constraint) => one.constraint = Some(constraint),
                    Err(message) => self.note_at(Code::Facet, one.declared, message),
                }
            }
            if is_changed {
                self.types[index].built.kind = TypeKind::Complex(complex);
            }
        }
    }

    fn note_at(&mut self, code: Code, declared: Declared, message: String) {
        let Some(document) = self.documents.get(declared.file as usize) else { return };
        let diagnostic = Diagnostic::new(code, document.shown.clone(), declared.position, message);
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The type of an element's text; `None` where any text will do.
    fn text_type(&self, id: TypeId) -> Option<TypeId> {
        match &self.type_of(id).kind {
            TypeKind::Simple(_) => Some(id),
            TypeKind::Complex(ComplexType { content: Content::Simple(text), .. }) => Some(*text),
            TypeKind::Complex(_) => None,
        }
    }

    fn checked(
        &self,
        type_id: Option<TypeId>,
        constraint: ValueConstraint,
        prefixes: &dyn Prefixes,
    ) -> Result<ValueConstraint, String> {
        let Some(type_id) = type_id else { return Ok(constraint) };
        if constraint.value.is_some() {
            return Ok(constraint);
        }
        if simple::check(self, type_id, &constraint.text, prefixes).is_err() {
            let what = if constraint.is_fixed { "fixed" } else { "default" };
            return Err(format!("{what} \"{}\" is not a value of the type it stands for", constraint.text));
        }
        let value = simple::value(self, type_id, &constraint.text, prefixes);
        Ok(ValueConstraint { value, ..constraint })
    }

    /// A restriction admits no more than its base: walked through both automata side by side.
    pub(super) fn check_restrictions(&mut self) {
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return;
        }
        for index in 0..self.types.len() {
            let this = &self.types[index];
            let (Some(at), TypeKind::Complex(complex)) = (this.node, &this.built.kind) else { continue };
            if this.built.derivation != Derivation::Restriction || this.built.base == TypeId::ANY {
                continue;
            }
            let TypeKind::Complex(base) = &self.type_of(this.built.base).kind else { continue };
            if let Err(message) = self.restricts(&complex.content, &base.content) {
                self.note(Code::Derivation, at, message);
            }
        }
    }

    fn restricts(&self, content: &Content, base: &Content) -> Result<(), String> {
        match (content, base) {
            (Content::Elements(model), Content::Elements(base)) => {
                if model.mixed && !base.mixed {
                    return Err("a restriction cannot be mixed where its base is not".to_owned());
                }
                if model.automaton.all().is_some() || base.automaton.all().is_some() {
                    return Ok(());
                }
                self.is_subset(&model.automaton, &base.automaton)
            }
            (Content::Empty, Content::Elements(base)) => {
                let may_be_empty = base.automaton.all().is_some() || base.automaton.is_accepting(Automaton::START);
                if may_be_empty {
                    Ok(())
                } else {
                    Err("a restriction cannot leave out all of its base's mandatory elements".to_owned())
                }
            }
            (Content::Elements(model), Content::Empty) if !has_no_elements(&model.particle) => {
                Err("a restriction cannot hold elements where its base is empty".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn is_subset(&self, derived: &Automaton, base: &Automaton) -> Result<(), String> {
        let mut seen = HashSet::from([(Automaton::START, Automaton::START)]);
        let mut waiting = vec![(Automaton::START, Automaton::START)];
        while let Some((here, there)) = waiting.pop() {
            if derived.is_accepting(here) && !base.is_accepting(there) {
                return Err("a restriction may end where its base demands more elements".to_owned());
            }
            for edge in derived.expected(here) {
                let element = &self.elements[edge.element.index()];
                let name = self.names.clark(edge.name);
                let target = match base.step(there, edge.name) {
                    Some(step) => {
                        let base_type = self.elements[step.element.index()].type_id;
                        if !self.is_derived(element.type_id, base_type) {
                            return Err(format!(
                                "element {name} has a type that is not derived from the one in the base type"
                            ));
                        }
                        step.target
                    }
                    None => {
                        let wildcard = base.wildcard_edges(there).iter().find(|edge| {
                            self.wildcards[edge.wildcard.index()].namespaces.admits(element.name.namespace())
                        });
                        wildcard
                            .ok_or_else(|| {
                                format!("element {name} is not admitted there by the base type, which is restricted")
                            })?
                            .target
                    }
                };
                if seen.insert((edge.target, target)) {
                    waiting.push((edge.target, target));
                }
            }
            for edge in derived.wildcard_edges(here) {
                let target =
                    base.wildcard_edges(there).first().ok_or("a wildcard is not admitted there by the base type")?;
                if seen.insert((edge.target, target.target)) {
                    waiting.push((edge.target, target.target));
                }
            }
        }
        Ok(())
    }

    fn is_derived(&self, derived: TypeId, base: TypeId) -> bool {
        let mut at = derived;
        loop {
            if at == base || base == TypeId::ANY {
                return true;
            }
            if at == TypeId::ANY {
                return false;
            }
            let this = self.type_of(at);
            // An anonymous type that restricts nothing has the same content as the one it repeats.
            at = this.base;
        }
    }
}

fn has_no_elements(particle: &Particle) -> bool {
    matches!(&particle.term, Term::Sequence(parts) if parts.is_empty())
}
