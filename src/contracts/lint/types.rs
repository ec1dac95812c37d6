//! The types of a contract: whether they can be extended, whether a log id is always there, whether identity numbers have a
//! form.

use super::{Finding, Rule};
use crate::contracts::schema::simple::{NoPrefixes, check as fits};
use crate::contracts::schema::{
    ComplexType, Content, Declared, Derivation, NamespaceConstraint, Particle, Process, Schema, Term, Type, TypeId,
    TypeKind,
};

/// Elements whose text is an identity number, in lower case.
const IDENTITIES: [&str; 6] = [
    "registeredresidentidentification",
    "subject_of_care",
    "subjectofcare",
    "subjectofcareid",
    "nationalidentitynumber",
    "personalidentitynumber",
];
/// A type of identities with their kinds, and what in it is the number.
const IDENTITY_TYPE: (&str, [&str; 2]) = ("PersonIdType", ["id", "extension"]);
/// Forms in which a number of the official test series may be written.
const NUMBERS: [&str; 4] = ["191212121212", "19121212-1212", "1212121212", "121212-1212"];
/// What no identity number looks like.
const NO_NUMBER: &str = "x";

/// Looks at every type.
pub(super) fn check(schema: &Schema) -> Vec<Finding> {
    let mut checking = Checking { schema, findings: Vec::new() };
    for this in schema.types.iter().filter(|this| this.declared.file != u32::MAX) {
        if let TypeKind::Complex(complex) = &this.kind {
            checking.complex(this, complex);
        }
    }
    // A message that is an identity by itself, or what any type refers to.
    for id in schema.global_elements.values() {
        let element = schema.element(*id);
        checking.element(None, schema.names.local(element.name), element.type_id, element.declared);
    }
    checking.findings
}

struct Checking<'s> {
    schema: &'s Schema,
    findings: Vec<Finding>,
}

impl Checking<'_> {
    fn say(&mut self, rule: Rule, declared: Declared, message: String) {
        let Some(file) = self.schema.files.get(declared.file as usize) else { return };
        self.findings.push(Finding::new(rule, file.path.clone(), declared.position, message));
    }

    fn complex(&mut self, this: &Type, complex: &ComplexType) {
        let name = this.name.map(|name| self.schema.names.local(name).to_owned());
        for one in &complex.attributes {
            let local = self.schema.names.local(one.name).to_owned();
            self.element(name.as_deref(), &local, one.type_id, one.declared);
        }
        let Content::Elements(model) = &complex.content else { return };
        // What an abstract type, or a restriction, lacks is for the types that are used.
        if !this.is_abstract && (this.derivation == Derivation::Extension || this.base == TypeId::ANY) {
            self.end(this, name.as_deref(), &model.particle);
        }
        self.particle(name.as_deref(), &model.particle);
    }

    fn end(&mut self, this: &Type, name: Option<&str>, particle: &Particle) {
        let shown = name.map_or_else(|| "the type without a name".to_owned(), |name| format!("type {name}"));
        let wrong = match last(particle) {
            Some(Particle { term: Term::Wildcard(id), min, max }) => {
                let wildcard = self.schema.wildcard(*id);
                let is_other = matches!(wildcard.namespaces, NamespaceConstraint::Not(_) | NamespaceConstraint::Any);
                match () {
                    () if !is_other => "its last slot does not admit other namespaces",
                    () if wildcard.process == Process::Strict => "its last slot demands declarations; make it lax",
                    () if *min > 0 || max.is_some() => "its last slot has a number of its own; make it 0 to unbounded",
                    () => return,
                }
            }
            // What a minor version added in a namespace of its own took the place of the slot (`contracts.md` §1.5).
            Some(Particle { term: Term::Element(id), .. }) if self.is_extension(this, *id) => return,
            _ => "it has no slot for extensions at its end",
        };
        let message = format!(
            "{shown}: {wrong}; end it with <any namespace=\"##other\" processContents=\"lax\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>"
        );
        self.say(Rule::Open, this.declared, message);
    }

    fn is_extension(&self, this: &Type, id: crate::contracts::schema::ElementId) -> bool {
        let namespace = self.schema.names.namespace(self.schema.element(id).name.namespace());
        let own = self.schema.files.get(this.declared.file as usize).map(|file| file.namespace.as_str());
        let minor = namespace.rsplit(':').next().is_some_and(|last| last.contains('.'));
        own != Some(namespace) && minor
    }

    fn particle(&mut self, parent: Option<&str>, particle: &Particle) {
        match &particle.term {
            Term::Element(id) => {
                let element = self.schema.element(*id);
                let local = self.schema.names.local(element.name).to_owned();
                let (type_id, declared) = (element.type_id, element.declared);
                if local == "logId" && particle.min == 0 {
                    let message = "logId is optional, expected it in every answer: it is what a fault is found by; leave out minOccurs=\"0\"";
                    self.say(Rule::LogId, declared, message.to_owned());
                }
                self.element(parent, &local, type_id, declared);
            }
            Term::Wildcard(_) => {}
            Term::Sequence(parts) | Term::Choice(parts) | Term::All(parts) => {
                parts.iter().for_each(|part| self.particle(parent, part));
            }
        }
    }

    /// An element or attribute that holds an identity number, if its name or its type's says so.
    fn element(&mut self, parent: Option<&str>, local: &str, type_id: TypeId, declared: Declared) {
        let (of, names) = IDENTITY_TYPE;
        let is_identity =
            IDENTITIES.contains(&local.to_lowercase().as_str()) || parent == Some(of) && names.contains(&local);
        let Some(simple) = self.schema.simple_content(type_id).filter(|_| is_identity) else { return };
        let admits = |text: &str| fits(self.schema, simple, text, &NoPrefixes).is_ok();
        let wrong = match () {
            () if !NUMBERS.iter().any(|number| admits(number)) => {
                "no identity number matches its pattern: ^ and $ are literals in a schema, leave them out"
            }
            () if admits(NO_NUMBER) => "it admits any text; give it the pattern of an identity number, without ^ and $",
            () => return,
        };
        let within = parent.map(|parent| format!(" of {parent}")).unwrap_or_default();
        self.say(Rule::Identity, declared, format!("{local}{within}: {wrong}"));
    }
}

/// What a model ends with.
fn last(particle: &Particle) -> Option<&Particle> {
    match &particle.term {
        Term::Sequence(parts) => parts.iter().rev().find(|part| part.max != Some(0)).and_then(last),
        Term::Choice(_) | Term::All(_) => None,
        Term::Element(_) | Term::Wildcard(_) => Some(particle),
    }
}
