//! One contract as people browse it: what is known of it, and its elements with how often each occurs (`contracts.md` §2.8,
//! §6.3).

use std::collections::HashSet;

use serde::Serialize;

use super::builtin;
use super::contract::{Contract, Direction, Source};
use super::diagnostic::Diagnostic;
use super::listed::{Listed, listed};
use super::registry::Registry;
use super::schema::simple::{SimpleType, Variety, range};
use super::schema::{
    ComplexType, Content, ElementId, NamespaceConstraint, Particle, Process, Schema, SchemaFile, Term, TypeId,
    TypeKind, WildcardId,
};

/// One contract with everything that is known of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// What the list says.
    #[serde(flatten)]
    pub listed: Listed,
    /// Names of declared faults.
    pub faults: Vec<String>,
    /// Every place that holds the same description.
    pub sources: Vec<Source>,
    /// What the import found out.
    pub diagnostics: Vec<Diagnostic>,
    /// What in a contract that ships is not as it was published.
    pub deviations: Vec<String>,
    /// The files it reaches.
    pub closure: Vec<SchemaFile>,
    /// Its messages.
    pub types: Types,
}

/// The elements of a contract's messages.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Types {
    /// Of the request; none of a broken contract.
    pub request: Option<Node>,
    /// Of the response; none of a broken contract, nor of one that is not answered.
    pub response: Option<Node>,
}

/// An element of a tree.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Local name; `*` for an open slot, `choice` for a choice.
    pub name: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// How often it occurs: `1`, `0..1`, `0..*`, `1..4`.
    pub cardinality: String,
    /// Its type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub type_name: String,
    /// What its text must be, in words: enumerated values, a pattern, lengths, bounds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The schema's own documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation: Option<String>,
    /// Where it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<String>,
    /// Whether `xsi:nil` is allowed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub nillable: bool,
    /// Its attributes, `@` before their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schema(no_recursion))]
    pub attributes: Vec<Self>,
    /// Elements in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schema(no_recursion))]
    pub children: Vec<Self>,
    /// Whether its content is left out because it is shown further up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recursive: bool,
}

/// One contract with its trees.
pub fn show(registry: &Registry, contract: &Contract) -> Shown {
    let tree_of = |direction| contract.element(direction).map(|element| tree(contract.schema(), element));
    Shown {
        listed: listed(registry, contract),
        faults: contract.faults.clone(),
        sources: contract.sources.clone(),
        diagnostics: contract.diagnostics.clone(),
        deviations: builtin::deviations(contract),
        closure: contract.schema().files.clone(),
        types: Types { request: tree_of(Direction::Request), response: tree_of(Direction::Response) },
    }
}

/// Most elements of a tree; a schema may fan out without end.
const NODES_MAX: usize = 20_000;

/// The elements under an element.
pub fn tree(schema: &Schema, element: ElementId) -> Node {
    let mut growing = Growing { schema, open: HashSet::new(), left: NODES_MAX };
    growing.element(element, "1".to_owned())
}

struct Growing<'a> {
    schema: &'a Schema,
    open: HashSet<TypeId>,
    left: usize,
}

impl Growing<'_> {
    fn element(&mut self, id: ElementId, cardinality: String) -> Node {
        let element = self.schema.element(id);
        self.left = self.left.saturating_sub(1);
        let mut node = Node {
            name: self.schema.names.local(element.name).to_owned(),
            namespace: self.schema.names.namespace(element.name.namespace()).to_owned(),
            cardinality,
            type_name: self.schema.type_name(element.type_id).to_owned(),
            documentation: element.documentation.as_deref().map(str::to_owned),
            declared_at: self.schema.place(element.declared),
            nillable: element.nillable,
            ..Node::default()
        };
        if let Some(constraint) = &element.constraint {
            node.values.push(format!(
                "{} \"{}\"",
                if constraint.is_fixed { "fixed" } else { "default" },
                constraint.text
            ));
        }
        self.content(element.type_id, &mut node);
        node
    }

    fn content(&mut self, id: TypeId, node: &mut Node) {
        if let Some(simple) = self.schema.simple_content(id).and_then(|id| self.schema.simple(id)) {
            node.values.extend(values(simple));
        }
        let TypeKind::Complex(complex) = &self.schema.type_of(id).kind else { return };
        let ComplexType { content, attributes, any_attribute, .. } = complex;
        for one in attributes {
            node.attributes.push(Node {
                name: format!("@{}", self.schema.names.local(one.name)),
                namespace: self.schema.names.namespace(one.name.namespace()).to_owned(),
                cardinality: if one.required { "1" } else { "0..1" }.to_owned(),
                type_name: self.schema.type_name(one.type_id).to_owned(),
                values: self.schema.simple(one.type_id).map(values).unwrap_or_default(),
                declared_at: self.schema.place(one.declared),
                ..Node::default()
            });
        }
        node.attributes.extend(any_attribute.map(|any| self.slot(any, "0..*".to_owned(), "@*")));
        let Content::Elements(model) = content else { return };
        if id == TypeId::ANY {
            return;
        }
        if self.left == 0 || !self.open.insert(id) {
            node.recursive = true;
            return;
        }
        self.particle(&model.particle, node);
        self.open.remove(&id);
    }

    fn particle(&mut self, particle: &Particle, node: &mut Node) {
        let cardinality = cardinality(particle);
        match &particle.term {
            Term::Element(id) => {
                let child = self.element(*id, cardinality);
                node.children.push(child);
            }
            Term::Wildcard(id) => {
                let slot = self.slot(*id, cardinality, "*");
                node.children.push(slot);
            }
            Term::Sequence(parts) if cardinality == "1" => parts.iter().for_each(|part| self.particle(part, node)),
            Term::Sequence(parts) => self.group("sequence", cardinality, parts, node),
            Term::Choice(parts) => self.group("choice", cardinality, parts, node),
            Term::All(parts) => self.group("all", cardinality, parts, node),
        }
    }

    fn group(&mut self, name: &str, cardinality: String, parts: &[Particle], node: &mut Node) {
        let mut group = Node { name: name.to_owned(), cardinality, ..Node::default() };
        parts.iter().for_each(|part| self.particle(part, &mut group));
        node.children.push(group);
    }

    fn slot(&self, id: WildcardId, cardinality: String, name: &str) -> Node {
        let wildcard = self.schema.wildcard(id);
        let names = |namespace| match self.schema.names.namespace(namespace) {
            "" => "no namespace".to_owned(),
            namespace => namespace.to_owned(),
        };
        let admitted = match &wildcard.namespaces {
            NamespaceConstraint::Any => "any namespace".to_owned(),
            NamespaceConstraint::Not(not) => format!("any namespace but {}", names(*not)),
            NamespaceConstraint::Of(these) => these.iter().map(|one| names(*one)).collect::<Vec<_>>().join(", "),
        };
        let process = match wildcard.process {
            Process::Strict => "strict",
            Process::Lax => "lax",
            Process::Skip => "skip",
        };
        Node { name: name.to_owned(), cardinality, values: vec![admitted, process.to_owned()], ..Node::default() }
    }
}

/// How often a particle occurs, as people write it.
pub(super) fn cardinality(particle: &Particle) -> String {
    match (particle.min, particle.max) {
        (min, Some(max)) if min == max => min.to_string(),
        (min, Some(max)) => format!("{min}..{max}"),
        (min, None) => format!("{min}..*"),
    }
}

/// What a simple type's text must be, in words.
pub(super) fn values(simple: &SimpleType) -> Vec<String> {
    let facets = &simple.facets;
    let mut said = Vec::new();
    if let Some(enumeration) = &facets.enumeration {
        said.extend(enumeration.texts.iter().map(|text| format!("\"{text}\"")));
    }
    for step in &facets.patterns {
        said.push(step.iter().map(|pattern| format!("/{}/", pattern.source())).collect::<Vec<_>>().join(" or "));
    }
    for (name, value) in [
        ("length", facets.length),
        ("at least", facets.min_length),
        ("at most", facets.max_length),
        ("digits at most", facets.total_digits),
        ("decimals at most", facets.fraction_digits),
    ] {
        said.extend(value.map(|value| format!("{name} {value}")));
    }
    let bounds = range(facets);
    if !bounds.is_empty() {
        said.push(bounds);
    }
    if let Variety::List(_) = simple.variety {
        said.push("a list, separated by spaces".to_owned());
    }
    said
}
