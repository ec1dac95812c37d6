//! An answer from a tree of names: the contract gives every element its namespace and its place.
//!
//! What the contract has no place for is left out, so one tree serves the versions of a contract that differ in what they
//! can say. Nothing is made up: a mandatory element that the tree lacks is missing in the answer.

use super::element::Element;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::schema::names::Symbol;
use crate::contracts::schema::{Content, ElementId, Particle, Schema, Term, TypeId, TypeKind};
use crate::soap::fault::SOAP_11;
use crate::soap::xml::text::{escape_attribute_into, escape_into};

/// An answer, and what of the tree is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The envelope.
    pub envelope: String,
    /// Paths of what the contract has no place for.
    pub left_out: Vec<String>,
}

/// Writes a contract's response with the content of `tree`, whatever the name of its root. `None` where the contract has no
/// response, or did not compile.
pub fn response(contract: &Contract, tree: &Element) -> Option<Written> {
    let element = contract.element(Direction::Response)?;
    let mut writing = Writing {
        schema: contract.schema(),
        out: String::new(),
        namespaces: Vec::new(),
        path: Vec::new(),
        left_out: Vec::new(),
        is_bare: false,
    };
    writing.element(element, tree, "    ");
    let Writing { out, namespaces, left_out, .. } = writing;
    let mut envelope =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"{SOAP_11}\"");
    for (number, namespace) in namespaces.iter().enumerate() {
        envelope.push_str(&format!("\n    xmlns:{}=\"", prefix(number)));
        escape_attribute_into(&mut envelope, namespace);
        envelope.push('"');
    }
    envelope.push_str(">\n  <soapenv:Header/>\n  <soapenv:Body>\n");
    envelope.push_str(&out);
    envelope.push_str("  </soapenv:Body>\n</soapenv:Envelope>\n");
    Some(Written { envelope, left_out })
}

fn prefix(number: usize) -> String {
    format!("n{}", number + 1)
}

struct Writing<'a> {
    schema: &'a Schema,
    out: String,
    namespaces: Vec<&'a str>,
    path: Vec<&'a str>,
    left_out: Vec<String>,
    /// Whether optional elements are passed over.
    is_bare: bool,
}

/// What is said of an entry that was nullified, though it is optional.
const SAID_OF_NULLIFIED: [&str; 2] = ["nullified", "nullifiedReason"];

impl<'a> Writing<'a> {
    fn name(&mut self, symbol: Symbol) -> String {
        let schema = self.schema;
        let (namespace, local) = (schema.names.namespace(symbol.namespace()), schema.names.local(symbol));
        if namespace.is_empty() {
            return local.to_owned();
        }
        let number = self.namespaces.iter().position(|known| *known == namespace).unwrap_or_else(|| {
            self.namespaces.push(namespace);
            self.namespaces.len() - 1
        });
        format!("{}:{local}", prefix(number))
    }

    fn element(&mut self, id: ElementId, node: &'a Element, indent: &str) {
        let declaration = self.schema.element(id);
        let name = self.name(declaration.name);
        self.path.push(self.schema.names.local(declaration.name));
        let was_bare = self.is_bare;
        self.is_bare |= node.is_bare;
        self.out.push_str(indent);
        self.out.push('<');
        self.out.push_str(&name);
        let mut placed = vec![false; node.children.len()];
        self.attributes(declaration.type_id, node, &mut placed);
        match self.content(declaration.type_id) {
            Some(Content::Elements(model)) => {
                self.out.push_str(">\n");
                let before = self.out.len();
                self.particle(&model.particle, node, &mut placed, &format!("{indent}  "));
                if self.out.len() == before {
                    self.out.truncate(before - 2);
                    self.out.push_str("/>\n");
                } else {
                    self.out.push_str(&format!("{indent}</{name}>\n"));
                }
            }
            Some(Content::Empty) => self.out.push_str("/>\n"),
            Some(Content::Simple(_)) | None => {
                self.out.push('>');
                escape_into(&mut self.out, &node.text);
                self.out.push_str(&format!("</{name}>\n"));
            }
        }
        for (child, _) in node.children.iter().zip(placed).filter(|(_, placed)| !placed) {
            self.left_out.push(format!("{}/{}", self.path.join("/"), child.name));
        }
        self.is_bare = was_bare;
        self.path.pop();
    }

    /// The content of a complex type; `None` for a simple one.
    fn content(&self, type_id: TypeId) -> Option<&'a Content> {
        match &self.schema.type_of(type_id).kind {
            TypeKind::Simple(_) => None,
            TypeKind::Complex(complex) => Some(&complex.content),
        }
    }

    fn attributes(&mut self, type_id: TypeId, node: &Element, placed: &mut [bool]) {
        let schema = self.schema;
        let TypeKind::Complex(complex) = &schema.type_of(type_id).kind else { return };
        for attribute in &complex.attributes {
            let wanted = format!("@{}", schema.names.local(attribute.name));
            let Some(at) = node.children.iter().position(|child| child.is(&wanted)) else { continue };
            placed[at] = true;
            let name = self.name(attribute.name);
            self.out.push_str(&format!(" {name}=\""));
            escape_attribute_into(&mut self.out, &node.children[at].text);
            self.out.push('"');
        }
    }

    fn particle(&mut self, particle: &'a Particle, node: &'a Element, placed: &mut [bool], indent: &str) {
        let most = particle.max.unwrap_or(u32::MAX);
        match &particle.term {
            Term::Element(id) => {
                let local = self.schema.names.local(self.schema.element(*id).name);
                let passed_over = self.is_bare && particle.min == 0 && !SAID_OF_NULLIFIED.contains(&local);
                let mut written = 0;
                for (at, child) in node.children.iter().enumerate() {
                    if written < most && !placed[at] && child.is(local) {
                        placed[at] = true;
                        written += 1;
                        if !passed_over {
                            self.element(*id, child, indent);
                        }
                    }
                }
            }
            Term::Sequence(parts) | Term::All(parts) => {
                let mut rounds = 0;
                while rounds < most && parts.iter().any(|part| self.has(part, node, placed)) {
                    rounds += 1;
                    parts.iter().for_each(|part| self.particle(part, node, placed, indent));
                }
            }
            Term::Choice(parts) => {
                let mut rounds = 0;
                while rounds < most {
                    let Some(part) = parts.iter().find(|part| self.has(part, node, placed)) else { break };
                    rounds += 1;
                    self.particle(part, node, placed, indent);
                }
            }
            Term::Wildcard(_) => {}
        }
    }

    /// Whether something of the tree that has no place yet fits into the particle.
    fn has(&self, particle: &Particle, node: &Element, placed: &[bool]) -> bool {
        match &particle.term {
            Term::Element(id) => {
                let local = self.schema.names.local(self.schema.element(*id).name);
                particle.max != Some(0)
                    && node.children.iter().zip(placed).any(|(child, placed)| !placed && child.is(local))
            }
            Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts) => {
                parts.iter().any(|part| self.has(part, node, placed))
            }
            Term::Wildcard(_) => false,
        }
    }
}
