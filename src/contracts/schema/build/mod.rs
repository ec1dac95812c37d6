//! From the documents of a closure to a compiled schema. Every problem is reported, not only the first.

mod attributes;
mod check;
mod complex;
mod finish;
mod identity;
mod resolve;
mod simple;

use std::collections::HashMap;
use std::sync::Arc;

use super::automaton::{self, Terms};
use super::documents::Document;
use super::names::{Names, NamespaceId, Symbol, XML, XSD};
use super::simple::{Facets, SimpleType, SimpleTypes, Variety};
use super::{
    AttributeUse, ComplexType, Content, ContentModel, Declared, Derivation, Derivations, Element, ElementId,
    NamespaceConstraint, Particle, Process, Schema, Term, Type, TypeId, TypeKind, Wildcard, WildcardId,
};
use crate::config::contracts::ImportLimits;
use crate::contracts::diagnostic::{Code, Diagnostic, Position};
use crate::contracts::pattern::PatternCache;
use crate::contracts::tree::{Node, NodeId};
use crate::contracts::value::Builtin;

/// How schemas are read where the published files leave a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leniency {
    /// Whether a namespace that is used but not imported is accepted where one component fits (`contracts.lenient`).
    pub imports: bool,
    /// Whether `^` and `$` in patterns mean themselves, as XML Schema says (`contracts.literal_anchors`).
    pub literal_anchors: bool,
}

impl Default for Leniency {
    fn default() -> Self {
        Self { imports: false, literal_anchors: true }
    }
}

/// Symbol spaces: the same name may be used once in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Element,
    Type,
    Attribute,
    Group,
    AttributeGroup,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Element => "element",
            Self::Type => "type",
            Self::Attribute => "attribute",
            Self::Group => "group",
            Self::AttributeGroup => "attribute group",
        }
    }
}

/// A node of a document of the closure.
type At = (u32, NodeId);

/// Compiles the documents. The schema is whole even where there are errors: what is wrong is replaced by `anyType`, so
/// that everything wrong is found in one go; whoever asks must look at the findings before using it.
pub fn build(
    documents: Vec<Document>,
    patterns: &mut PatternCache,
    limits: &ImportLimits,
    leniency: Leniency,
) -> (Schema, Vec<Diagnostic>) {
    let mut builder = Builder::new(documents, patterns, limits, leniency);
    builder.register();
    builder.build_all();
    builder.check_constraints();
    builder.build_automata();
    builder.check_restrictions();
    builder.report_missing();
    builder.finish()
}

struct Builder<'a> {
    documents: Arc<Vec<Document>>,
    /// Per document, per missing import: whether something refers to it.
    missing_used: Vec<Vec<bool>>,
    components: HashMap<(Kind, Symbol), At>,
    names: Names,
    types: Vec<Slot>,
    type_of_node: HashMap<At, TypeId>,
    elements: Vec<Element>,
    element_of_node: HashMap<At, ElementId>,
    wildcards: Vec<Wildcard>,
    attribute_groups: HashMap<At, attributes::Attributes>,
    open_groups: Vec<At>,
    depth: usize,
    diagnostics: Vec<Diagnostic>,
    patterns: &'a mut PatternCache,
    limits: &'a ImportLimits,
    leniency: Leniency,
}

/// A type that is built, being built, or waiting.
struct Slot {
    node: Option<At>,
    state: Building,
    built: Type,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Building {
    Waiting,
    Started,
    Done,
}

/// Deepest chain of derivations and groups.
const DEPTH_MAX: usize = 200;

impl<'a> Builder<'a> {
    fn new(
        documents: Vec<Document>,
        patterns: &'a mut PatternCache,
        limits: &'a ImportLimits,
        leniency: Leniency,
    ) -> Self {
        let missing_used = documents.iter().map(|document| vec![false; document.missing.len()]).collect();
        let mut builder = Self {
            documents: Arc::new(documents),
            missing_used,
            components: HashMap::new(),
            names: Names::default(),
            types: Vec::new(),
            type_of_node: HashMap::new(),
            elements: Vec::new(),
            element_of_node: HashMap::new(),
            wildcards: Vec::new(),
            attribute_groups: HashMap::new(),
            open_groups: Vec::new(),
            depth: 0,
            diagnostics: Vec::new(),
            patterns,
            limits,
            leniency,
        };
        builder.add_built_in_types();
        builder
    }

    fn add_built_in_types(&mut self) {
        let everything =
            Wildcard { namespaces: NamespaceConstraint::Any, process: Process::Lax, declared: Declared::default() };
        self.wildcards.push(everything);
        let any = WildcardId(0);
        let particle = Particle { min: 0, max: None, term: Term::Wildcard(any) };
        let model = ContentModel { mixed: true, particle, automaton: automaton::Automaton::default() };
        let kind = TypeKind::Complex(ComplexType {
            content: Content::Elements(model),
            attributes: Vec::new(),
            prohibited: Vec::new(),
            any_attribute: Some(any),
        });
        let name = self.names.intern(XSD, "anyType");
        self.push_built_in(name, TypeId::ANY, kind);
        for builtin in Builtin::ALL {
            let variety = match builtin.item() {
                Some(item) => Variety::List(TypeId::built_in(item)),
                None => Variety::Atomic(*builtin),
            };
            let facets = Facets { min_length: builtin.item().map(|_| 1), ..Facets::default() };
            let kind = TypeKind::Simple(SimpleType::new(variety, builtin.white_space(), facets));
            let base = if *builtin == Builtin::AnySimpleType { TypeId::ANY } else { TypeId::built_in(builtin.base()) };
            let name = self.names.intern(XSD, builtin.name());
            self.push_built_in(name, base, kind);
        }
    }

    fn push_built_in(&mut self, name: Symbol, base: TypeId, kind: TypeKind) {
        let built = Type {
            name: Some(name),
            base,
            derivation: Derivation::Restriction,
            is_abstract: false,
            block: Derivations::default(),
            is_final: Derivations::default(),
            kind,
            declared: Declared { file: u32::MAX, position: Position::default() },
        };
        self.types.push(Slot { node: None, state: Building::Done, built });
    }

    /// Notes every global component under its name.
    fn register(&mut self) {
        let documents = self.documents.clone();
        let mut count = 0;
        for (at, document) in documents.iter().enumerate() {
            for (node, child) in document.tree.children_in(document.root, XSD) {
                let kind = match &*child.local {
                    "element" => Kind::Element,
                    "complexType" | "simpleType" => Kind::Type,
                    "attribute" => Kind::Attribute,
                    "group" => Kind::Group,
                    "attributeGroup" => Kind::AttributeGroup,
                    "annotation" | "import" | "include" | "redefine" => continue,
                    "notation" => continue,
                    other => {
                        self.note(
                            Code::Unsupported,
                            (at as u32, node),
                            format!("xs:{other} at the top of a schema is not supported"),
                        );
                        continue;
                    }
                };
                let Some(name) = child.attribute("name") else {
                    self.note(Code::Unsupported, (at as u32, node), format!("a global {} without name", kind.as_str()));
                    continue;
                };
                count += 1;
                let symbol = self.names.intern(&document.target, name);
                self.register_component(kind, symbol, (at as u32, node));
            }
        }
        if count > self.limits.components_max {
            let message =
                format!("components_max: {count} components, at most {} are compiled", self.limits.components_max);
            self.note(Code::Limit, (0, documents[0].root), message);
            self.components.clear();
        }
    }

    fn register_component(&mut self, kind: Kind, symbol: Symbol, at: At) {
        let Some(known) = self.components.get(&(kind, symbol)).copied() else {
            self.components.insert((kind, symbol), at);
            return;
        };
        let documents = self.documents.clone();
        let (one, other) = (&documents[known.0 as usize], &documents[at.0 as usize]);
        // The same file reached by two paths.
        if one.tree.hash == other.tree.hash && known.1 == at.1 {
            return;
        }
        let name = self.names.clark(symbol);
        let line = one.tree.node(known.1).position.line;
        let message = format!("{} {name} is declared again; it stands in {}:{line} already", kind.as_str(), one.shown);
        self.note(Code::Duplicate, at, message);
    }

    /// Builds all types and global elements; what they refer to joins the queue as it is met.
    fn build_all(&mut self) {
        let mut components: Vec<_> = self.components.iter().map(|(key, at)| (*key, *at)).collect();
        components.sort_by_key(|(_, at)| *at);
        for ((kind, _), at) in components {
            match kind {
                Kind::Element => {
                    self.element(at);
                }
                Kind::Type => {
                    self.type_at(at);
                }
                Kind::Attribute => {
                    self.attribute_declaration(at);
                }
                Kind::Group => {
                    self.group(at);
                }
                Kind::AttributeGroup => {
                    self.attribute_group(at);
                }
            }
        }
        let mut next = 0;
        while next < self.types.len() {
            self.ensure(TypeId(next as u32));
            next += 1;
        }
    }

    /// The type a node declares, built or not.
    fn type_at(&mut self, at: At) -> TypeId {
        if let Some(known) = self.type_of_node.get(&at) {
            return *known;
        }
        let id = TypeId(self.types.len() as u32);
        let placeholder = self.types[TypeId::ANY.index()].built.clone();
        self.types.push(Slot { node: Some(at), state: Building::Waiting, built: placeholder });
        self.type_of_node.insert(at, id);
        id
    }

    /// Builds a type now, because something is derived from it. `false` for a type that is derived from itself.
    fn ensure(&mut self, id: TypeId) -> bool {
        let slot = &mut self.types[id.index()];
        let (Building::Waiting, Some(at)) = (slot.state, slot.node) else { return slot.state == Building::Done };
        slot.state = Building::Started;
        self.depth += 1;
        let built = if self.depth > DEPTH_MAX {
            self.note(Code::Limit, at, format!("types derived from each other deeper than {DEPTH_MAX}"));
            None
        } else if &*self.node(at).local == "simpleType" {
            self.simple_type(at)
        } else {
            self.complex_type(at)
        };
        self.depth -= 1;
        let declared = self.declared(at);
        let slot = &mut self.types[id.index()];
        slot.state = Building::Done;
        match built {
            Some(built) => slot.built = built,
            None => slot.built.declared = declared,
        }
        true
    }

    fn type_of(&self, id: TypeId) -> &Type {
        &self.types[id.index()].built
    }

    fn document(&self, at: At) -> &Document {
        &self.documents[at.0 as usize]
    }

    fn node(&self, at: At) -> &Node {
        self.documents[at.0 as usize].tree.node(at.1)
    }

    fn attribute_of(&self, at: At, local: &str) -> Option<String> {
        self.node(at).attribute(local).map(str::to_owned)
    }

    /// Child elements of XML Schema, annotations left out.
    fn children(&self, at: At) -> Vec<(At, String)> {
        let tree = &self.documents[at.0 as usize].tree;
        let children = tree.children_in(at.1, XSD).filter(|(_, node)| &*node.local != "annotation");
        children.map(|(id, node)| ((at.0, id), node.local.to_string())).collect()
    }

    fn child(&self, at: At, local: &str) -> Option<At> {
        self.children(at).into_iter().find(|(_, name)| name == local).map(|(child, _)| child)
    }

    fn declared(&self, at: At) -> Declared {
        Declared { file: at.0, position: self.node(at).position }
    }

    fn note(&mut self, code: Code, at: At, message: impl Into<String>) {
        let position = self.node(at).position;
        let shown = self.document(at).shown.clone();
        let diagnostic = Diagnostic::new(code, shown, position, message);
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// `xml:lang` and its kin, for schemas that import the namespace without giving its schema.
    fn xml_attribute(&mut self, local: &str) -> Option<AttributeUse> {
        let builtin = match local {
            "lang" => Builtin::Language,
            "base" => Builtin::AnyUri,
            "space" => Builtin::NcName,
            "id" => Builtin::Id,
            _ => return None,
        };
        let name = self.names.intern(XML, local);
        let declared = Declared { file: u32::MAX, position: Position::default() };
        Some(AttributeUse { name, type_id: TypeId::built_in(builtin), required: false, constraint: None, declared })
    }

    fn namespace_id(&mut self, namespace: &str) -> NamespaceId {
        self.names.intern_namespace(namespace)
    }
}

impl Terms for Builder<'_> {
    fn element(&self, id: ElementId) -> (Symbol, TypeId) {
        let element = &self.elements[id.index()];
        (element.name, element.type_id)
    }

    fn wildcard(&self, id: WildcardId) -> &Wildcard {
        &self.wildcards[id.index()]
    }
}

impl SimpleTypes for Builder<'_> {
    fn simple_type(&self, id: TypeId) -> Option<&SimpleType> {
        match &self.type_of(id).kind {
            TypeKind::Simple(simple) => Some(simple),
            TypeKind::Complex(_) => None,
        }
    }
}
