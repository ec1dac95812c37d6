//! The last steps: automata, now that every element's type is known, and the schema itself.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{Builder, Kind};
use crate::contracts::diagnostic::{Code, Diagnostic};
use crate::contracts::schema::automaton::{self, Competitor, ModelError};
use crate::contracts::schema::simple::{SimpleTypes, Variety};
use crate::contracts::schema::{ComplexType, Content, Schema, SchemaFile, TypeId, TypeKind};

impl Builder<'_> {
    /// Builds the automata, now that the types of all elements are known.
    pub(super) fn build_automata(&mut self) {
        for index in 0..self.types.len() {
            let TypeKind::Complex(complex) = &self.types[index].built.kind else { continue };
            let Content::Elements(model) = &complex.content else { continue };
            let built = automaton::build(&model.particle, &*self, self.limits.content_states_max);
            match built {
                Ok(automaton) => {
                    if let TypeKind::Complex(ComplexType { content: Content::Elements(model), .. }) =
                        &mut self.types[index].built.kind
                    {
                        model.automaton = automaton;
                    }
                }
                Err(error) => self.report_model(TypeId(index as u32), &error),
            }
        }
    }

    fn report_model(&mut self, id: TypeId, error: &ModelError) {
        let Some(at) = self.types[id.index()].node else { return };
        let described = |this: &Self, competitor: &Competitor| match competitor {
            Competitor::Element(element) => {
                let element = &this.elements[element.index()];
                format!("element {} (line {})", this.names.clark(element.name), element.declared.position.line)
            }
            Competitor::Wildcard(wildcard) => {
                format!("xs:any (line {})", this.wildcards[wildcard.index()].declared.position.line)
            }
        };
        let (code, message) = match error {
            ModelError::Ambiguous(one, other) => {
                let (one, other) = (described(self, one), described(self, other));
                (Code::Ambiguous, format!("the content is ambiguous: {one} and {other} may both take the same element"))
            }
            ModelError::Inconsistent(one, other) => {
                let (one, other) =
                    (described(self, &Competitor::Element(*one)), described(self, &Competitor::Element(*other)));
                (Code::Ambiguous, format!("{one} and {other} have one name and two types in one content model"))
            }
            ModelError::TooLarge => {
                let most = self.limits.content_states_max;
                (Code::Limit, format!("content_states_max: the content needs more than {most} states"))
            }
        };
        self.note(code, at, message);
    }

    pub(super) fn finish(mut self) -> (Schema, Vec<Diagnostic>) {
        let mut hasher = Sha256::new();
        let mut files = Vec::new();
        for document in self.documents.iter() {
            hasher.update(document.tree.hash);
            files.push(SchemaFile {
                path: document.shown.clone(),
                namespace: document.target.to_string(),
                version: document.schema().attribute("version").map(str::to_owned),
                sha256: document.tree.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            });
        }
        let mut global_attributes = HashMap::new();
        let (mut global_elements, mut global_types) = (HashMap::new(), HashMap::new());
        for ((kind, symbol), at) in self.components.clone() {
            match kind {
                Kind::Element => drop(global_elements.insert(symbol, self.element_of_node[&at])),
                Kind::Type => drop(global_types.insert(symbol, self.type_of_node[&at])),
                Kind::Attribute => {
                    let declaration = self.attribute_declaration(at);
                    global_attributes.insert(symbol, declaration);
                }
                _ => {}
            }
        }
        for (index, slot) in self.types.iter().enumerate() {
            if let (None, Some(name)) = (slot.node, slot.built.name) {
                global_types.insert(name, TypeId(index as u32));
            }
        }
        self.diagnostics
            .sort_by(|one, other| (&one.path, one.line, one.code).cmp(&(&other.path, other.line, other.code)));
        self.complete_simple_types();
        let types = self.types.into_iter().map(|slot| slot.built).collect();
        let schema = Schema {
            names: self.names,
            files,
            elements: self.elements,
            types,
            wildcards: self.wildcards,
            global_elements,
            global_types,
            global_attributes,
            hash: hasher.finalize().into(),
        };
        (schema, self.diagnostics)
    }

    fn complete_simple_types(&mut self) {
        // Twice: a list may stand before its item type.
        for index in (0..self.types.len()).chain(0..self.types.len()) {
            let TypeKind::Simple(simple) = &self.types[index].built.kind else { continue };
            let mut simple = simple.clone();
            let item = match &simple.variety {
                Variety::List(item) => SimpleTypes::simple_type(self, *item).cloned(),
                _ => None,
            };
            simple.complete(item.as_ref());
            self.types[index].built.kind = TypeKind::Simple(simple);
        }
    }
}
