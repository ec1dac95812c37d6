//! A compiled schema: everything one description (WSDL) reaches, resolved to numbers, with an automaton for each type's
//! content. Immutable and shared between threads (`contracts.md` §3, §4.5).

pub mod automaton;
pub mod build;
pub mod documents;
pub mod names;
pub mod simple;
mod stand_ins;

use std::collections::HashMap;

use automaton::Automaton;
use names::{Names, NamespaceId, Symbol};
use simple::SimpleType;

use super::diagnostic::Position;
use super::value::{Builtin, Value};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// Its place in the schema's table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A type of a schema.
    TypeId
);
id!(
    /// An element declaration of a schema.
    ElementId
);
id!(
    /// A wildcard of a schema.
    WildcardId
);

impl TypeId {
    /// `anyType`, the root of all types. The built-in simple types follow it in their own order.
    pub const ANY: Self = Self(0);

    /// The type of a built-in.
    pub fn built_in(builtin: Builtin) -> Self {
        Self(1 + builtin as u32)
    }
}

/// A compiled schema.
#[derive(Debug, Default)]
pub struct Schema {
    /// Names as numbers.
    pub names: Names,
    /// The files it was compiled from.
    pub files: Vec<SchemaFile>,
    /// Element declarations, global and local.
    pub elements: Vec<Element>,
    /// Types, `anyType` and the built-in ones first.
    pub types: Vec<Type>,
    /// Wildcards of content and attributes.
    pub wildcards: Vec<Wildcard>,
    /// Elements that may stand alone.
    pub global_elements: HashMap<Symbol, ElementId>,
    /// Types with a name.
    pub global_types: HashMap<Symbol, TypeId>,
    /// Attributes that may be referred to, or admitted by a wildcard.
    pub global_attributes: HashMap<Symbol, AttributeUse>,
    /// Identity of the closure: the hashes of all files.
    pub hash: [u8; 32],
}

/// A file of a closure.
#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SchemaFile {
    /// The file as shown to people.
    pub path: String,
    /// Its target namespace; empty for none.
    pub namespace: String,
    /// Its `version`, where given.
    pub version: Option<String>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Where something is declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Index into [`Schema::files`].
    pub file: u32,
    /// Where in the file.
    pub position: Position,
}

/// An element declaration.
#[derive(Clone, Debug)]
pub struct Element {
    /// Its name.
    pub name: Symbol,
    /// Its type.
    pub type_id: TypeId,
    /// Whether `xsi:nil` is allowed.
    pub nillable: bool,
    /// Its `default` or `fixed`.
    pub constraint: Option<ValueConstraint>,
    /// Derivations that `xsi:type` may not use.
    pub block: Derivations,
    /// Whether it may stand alone.
    pub is_global: bool,
    /// `unique`, `key` and `keyref`.
    pub identities: Vec<Identity>,
    /// Where it is declared.
    pub declared: Declared,
    /// Its documentation, for showing.
    pub documentation: Option<Box<str>>,
}

/// A `default` or `fixed` value.
#[derive(Clone, Debug)]
pub struct ValueConstraint {
    /// Whether no other value is allowed.
    pub is_fixed: bool,
    /// The text as written.
    pub text: Box<str>,
    /// Its value in the type, if the type has simple content.
    pub value: Option<Value>,
}

/// A type.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its name; anonymous types have none.
    pub name: Option<Symbol>,
    /// What it is derived from.
    pub base: TypeId,
    /// How.
    pub derivation: Derivation,
    /// Whether only types derived from it may be used.
    pub is_abstract: bool,
    /// Derivations that may not stand for it.
    pub block: Derivations,
    /// Derivations that are not allowed from it.
    pub is_final: Derivations,
    /// Simple or complex.
    pub kind: TypeKind,
    /// Where it is declared.
    pub declared: Declared,
}

/// What a type admits.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// Text.
    Simple(SimpleType),
    /// Attributes and content.
    Complex(ComplexType),
}

/// A type with attributes or child elements.
#[derive(Clone, Debug)]
pub struct ComplexType {
    /// What stands inside.
    pub content: Content,
    /// Its attributes, prohibited ones left out.
    pub attributes: Vec<AttributeUse>,
    /// Attributes that a restriction has prohibited.
    pub prohibited: Vec<Symbol>,
    /// Which further attributes it admits.
    pub any_attribute: Option<WildcardId>,
}

/// What stands inside an element of a complex type.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// Text of a simple type.
    Simple(TypeId),
    /// Elements, and text between them where `mixed`.
    Elements(ContentModel),
}

/// A content model in its two forms: as written, to show and to make samples from; and as what decides.
#[derive(Clone, Debug)]
pub struct ContentModel {
    /// Whether text may stand between the elements.
    pub mixed: bool,
    /// The model as written.
    pub particle: Particle,
    /// What decides.
    pub automaton: Automaton,
}

/// A part of a content model with how often it may occur.
#[derive(Clone, Debug)]
pub struct Particle {
    /// Fewest occurrences.
    pub min: u32,
    /// Most occurrences; `None` is unbounded.
    pub max: Option<u32>,
    /// What occurs.
    pub term: Term,
}

/// What occurs in a content model.
#[derive(Clone, Debug)]
pub enum Term {
    /// An element.
    Element(ElementId),
    /// Any element of some namespaces.
    Wildcard(WildcardId),
    /// All of these, in this order.
    Sequence(Vec<Particle>),
    /// One of these.
    Choice(Vec<Particle>),
    /// All of these, in any order.
    All(Vec<Particle>),
}

/// An attribute of a complex type.
#[derive(Clone, Debug)]
pub struct AttributeUse {
    /// Its name.
    pub name: Symbol,
    /// Its simple type.
    pub type_id: TypeId,
    /// Whether it must be present.
    pub required: bool,
    /// Its `default` or `fixed`.
    pub constraint: Option<ValueConstraint>,
    /// Where it is declared.
    pub declared: Declared,
}

/// Any element or attribute of some namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    /// Which namespaces.
    pub namespaces: NamespaceConstraint,
    /// How what it admits is judged.
    pub process: Process,
    /// Where it is declared.
    pub declared: Declared,
}

/// Which namespaces a wildcard admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespaceConstraint {
    /// Every one, and none.
    Any,
    /// Every one but this, and never none.
    Not(NamespaceId),
    /// These only.
    Of(Vec<NamespaceId>),
}

/// How what a wildcard admits is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It must be declared.
    Strict,
    /// It is judged where it is declared.
    Lax,
    /// It is not judged.
    Skip,
}

/// How a type is derived from its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// It admits less.
    Restriction,
    /// It adds to the end.
    Extension,
    /// A list of its base.
    List,
    /// One of several.
    Union,
}

/// A set of derivations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Derivations(u8);

impl Derivations {
    /// The set with one more member.
    pub fn with(self, derivation: Derivation) -> Self {
        Self(self.0 | 1 << derivation as u8)
    }

    /// Whether the derivation is a member.
    pub fn contains(self, derivation: Derivation) -> bool {
        self.0 & 1 << derivation as u8 != 0
    }

    /// Members of either set.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// `unique`, `key` or `keyref`.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its name.
    pub name: Symbol,
    /// Which of the three.
    pub kind: IdentityKind,
    /// Which elements are selected: alternative paths.
    pub selector: Vec<Path>,
    /// The parts of the key: alternative paths each.
    pub fields: Vec<Vec<Path>>,
}

/// Which kind of identity constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// Keys that are whole differ.
    Unique,
    /// Keys are whole and differ.
    Key,
    /// Keys that are whole are those of another constraint.
    Reference(Symbol),
}

/// A path of the small language of identity constraints.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// Whether it may start at any depth (`.//`).
    pub anywhere: bool,
    /// Child steps.
    pub steps: Vec<Step>,
    /// The attribute it ends in.
    pub attribute: Option<Step>,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `*`.
    Any,
    /// `p:*`.
    Namespace(NamespaceId),
    /// A name.
    Name(Symbol),
}

impl Step {
    /// Whether the step leads to an element or attribute of that name.
    pub fn admits(self, name: Symbol) -> bool {
        match self {
            Self::Any => true,
            Self::Namespace(namespace) => name.namespace() == namespace,
            Self::Name(expected) => expected == name,
        }
    }
}

impl NamespaceConstraint {
    /// Whether a name of that namespace is admitted.
    pub fn admits(&self, namespace: NamespaceId) -> bool {
        match self {
            Self::Any => true,
            Self::Not(not) => namespace != *not && namespace != NamespaceId::NONE,
            Self::Of(these) => these.contains(&namespace),
        }
    }

    /// Whether some namespace is admitted by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Of(these), other) | (other, Self::Of(these)) => {
                these.iter().any(|namespace| other.admits(*namespace))
            }
            _ => true,
        }
    }
}

impl Schema {
    /// An element declaration.
    pub fn element(&self, id: ElementId) -> &Element {
        &self.elements[id.index()]
    }

    /// A type.
    pub fn type_of(&self, id: TypeId) -> &Type {
        &self.types[id.index()]
    }

    /// A wildcard.
    pub fn wildcard(&self, id: WildcardId) -> &Wildcard {
        &self.wildcards[id.index()]
    }

    /// The simple type of a type's text, if it has any.
    pub fn simple_content(&self, id: TypeId) -> Option<TypeId> {
        match &self.type_of(id).kind {
            TypeKind::Simple(_) => Some(id),
            TypeKind::Complex(ComplexType { content: Content::Simple(simple), .. }) => Some(*simple),
            TypeKind::Complex(_) => None,
        }
    }

    /// The simple type itself; `None` for a complex one.
    pub fn simple(&self, id: TypeId) -> Option<&SimpleType> {
        match &self.type_of(id).kind {
            TypeKind::Simple(simple) => Some(simple),
            TypeKind::Complex(_) => None,
        }
    }

    /// A type's name, or what an anonymous one is derived from.
    pub fn type_name(&self, id: TypeId) -> &str {
        let mut at = id;
        loop {
            let this = self.type_of(at);
            match this.name {
                Some(name) => return self.names.local(name),
                None => at = this.base,
            }
        }
    }

    /// Where something is declared, as `file.xsd:88`.
    pub fn place(&self, declared: Declared) -> Option<String> {
        let file = self.files.get(declared.file as usize)?;
        let name = file.path.rsplit(['/', '!']).next().unwrap_or(&file.path);
        (declared.position.line > 0).then(|| format!("{name}:{}", declared.position.line))
    }

    /// Whether `derived` may stand where `base` is declared, and by which derivations; `None` if it is not derived.
    pub fn derivation_from(&self, derived: TypeId, base: TypeId) -> Option<Derivations> {
        let mut used = Derivations::default();
        let mut at = derived;
        loop {
            if at == base {
                return Some(used);
            }
            if let Some(simple) = self.simple(base)
                && let simple::Variety::Union(members) = &simple.variety
                && members.iter().any(|member| self.derivation_from(at, *member).is_some())
            {
                return Some(used.with(Derivation::Restriction));
            }
            if at == TypeId::ANY {
                return None;
            }
            let this = self.type_of(at);
            used = used.with(match this.derivation {
                Derivation::Extension => Derivation::Extension,
                _ => Derivation::Restriction,
            });
            at = this.base;
        }
    }
}
