//! The documents of a closure: what a description's inline schemas reach by import and include (`contracts.md` §2.2).

use std::collections::HashMap;
use std::sync::Arc;

use super::names::XSD;
use crate::config::contracts::ImportLimits;
use crate::contracts::diagnostic::{Code, Diagnostic, Position};
use crate::contracts::package::{Location, Package, resolve};
use crate::contracts::tree::{Node, NodeId, Tree, TreeError};

/// A file's tree, or why it has none.
pub type Parsed = Result<Arc<Tree>, Arc<TreeError>>;

/// Parsed files by their content, shared by all closures of an import: a file is parsed once however many contracts reach
/// it, and two packages of one name cannot be taken for each other.
#[derive(Default)]
pub struct Trees {
    parsed: HashMap<Arc<[u8]>, Parsed>,
}

impl Trees {
    /// The tree of an entry.
    pub fn tree(&mut self, package: &Package, name: &str, limits: &ImportLimits) -> Option<Parsed> {
        let bytes = package.bytes(name)?;
        if let Some(known) = self.parsed.get(bytes) {
            return Some(known.clone());
        }
        let parsed = Tree::parse(bytes, limits.xml_depth_max).map(Arc::new).map_err(Arc::new);
        self.parsed.insert(bytes.clone(), parsed.clone());
        Some(parsed)
    }
}

/// A schema document in a closure.
#[derive(Debug)]
pub struct Document {
    /// The file's tree.
    pub tree: Arc<Tree>,
    /// The `xs:schema` element: the root, or inline in a description.
    pub root: NodeId,
    /// Entry name in the package.
    pub name: String,
    /// The file as shown to people.
    pub shown: String,
    /// Namespace of what it declares: its own, or that of whoever includes it.
    pub target: Arc<str>,
    /// Whether it has no target namespace of its own and took that of its includer.
    pub is_chameleon: bool,
    /// Namespaces it may refer to.
    pub imports: Vec<Arc<str>>,
    /// Imports whose target cannot be used.
    pub missing: Vec<Missing>,
}

/// An import or include that leads nowhere.
#[derive(Debug)]
pub struct Missing {
    /// Namespace that was to be imported; the document's own for an include.
    pub namespace: Arc<str>,
    /// Why.
    pub reason: MissingReason,
    /// Where it stands.
    pub position: Position,
    /// The location as written.
    pub location: String,
    /// Whether something refers to what is missing.
    pub is_used: bool,
}

/// Why an import leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingReason {
    /// No such file.
    NotFound,
    /// Outside what is imported.
    Outside,
    /// The file has another target namespace.
    OtherNamespace(String),
}

impl Document {
    /// The `xs:schema` element.
    pub fn schema(&self) -> &Node {
        self.tree.node(self.root)
    }
}

/// Collects the documents of one closure.
pub struct Loading<'a> {
    package: &'a Package,
    trees: &'a mut Trees,
    limits: &'a ImportLimits,
    /// What was found, in the order it was reached.
    pub documents: Vec<Document>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    visited: HashMap<(String, NodeId, Arc<str>), ()>,
}

impl<'a> Loading<'a> {
    /// Starts with nothing.
    pub fn new(package: &'a Package, trees: &'a mut Trees, limits: &'a ImportLimits) -> Self {
        Self { package, trees, limits, documents: Vec::new(), diagnostics: Vec::new(), visited: HashMap::new() }
    }

    /// Adds the inline schemas of a description; they see each other, and their own namespace may be imported too (IW01).
    pub fn inline(&mut self, name: &str, tree: &Arc<Tree>, schemas: &[NodeId]) {
        for root in schemas {
            let target: Arc<str> = Arc::from(tree.node(*root).attribute("targetNamespace").unwrap_or_default());
            let imports_itself = tree.children_in(*root, XSD).find(|(_, child)| {
                &*child.local == "import" && child.attribute("namespace").unwrap_or_default() == &*target
            });
            if let Some((_, import)) = imports_itself {
                let message = format!("the inline schema imports its own namespace \"{target}\"; both are used as one");
                self.note(Code::ImportsItself, name, import.position, message);
            }
            self.document(name, tree.clone(), *root, target, false);
        }
    }

    /// Adds a schema file.
    pub fn file(&mut self, name: &str) {
        if let Some(tree) = self.tree(name) {
            let target = Arc::from(tree.root().attribute("targetNamespace").unwrap_or_default());
            self.document(name, tree, 0, target, false);
        }
    }

    fn note(&mut self, code: Code, name: &str, position: Position, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(code, self.package.shown(name), position, message));
    }

    fn tree(&mut self, name: &str) -> Option<Arc<Tree>> {
        match self.trees.tree(self.package, name, self.limits)? {
            Ok(tree) => Some(tree),
            Err(error) => {
                self.note(error.code, name, error.position, error.message.clone());
                None
            }
        }
    }

    fn document(&mut self, name: &str, tree: Arc<Tree>, root: NodeId, target: Arc<str>, is_chameleon: bool) {
        if self.visited.insert((name.to_owned(), root, target.clone()), ()).is_some() {
            return;
        }
        let at = self.documents.len();
        let shown = self.package.shown(name);
        let document = Document {
            tree: tree.clone(),
            root,
            name: name.to_owned(),
            shown,
            target: target.clone(),
            is_chameleon,
            imports: Vec::new(),
            missing: Vec::new(),
        };
        self.documents.push(document);
        for (_, child) in tree.children_in(root, XSD) {
            match &*child.local {
                "import" => self.import(at, name, child),
                "include" => self.include(at, name, child, &target),
                "redefine" => self.note(
                    Code::Unsupported,
                    name,
                    child.position,
                    "redefine is not supported; publish the type as it is meant",
                ),
                _ => {}
            }
        }
    }

    fn import(&mut self, at: usize, name: &str, child: &Node) {
        let namespace: Arc<str> = Arc::from(child.attribute("namespace").unwrap_or_default());
        self.documents[at].imports.push(namespace.clone());
        let Some(location) = child.attribute("schemaLocation") else { return };
        match self.target_of(name, location, child.position) {
            Err(reason) => self.miss(at, namespace, reason, child, location),
            Ok(None) => {}
            Ok(Some((target_name, tree))) => {
                let found = tree.root().attribute("targetNamespace").unwrap_or_default().to_owned();
                if found == *namespace {
                    self.document(&target_name, tree, 0, namespace, false);
                } else {
                    self.miss(at, namespace, MissingReason::OtherNamespace(found), child, location);
                }
            }
        }
    }

    fn include(&mut self, at: usize, name: &str, child: &Node, target: &Arc<str>) {
        let location = child.attribute("schemaLocation").unwrap_or_default();
        match self.target_of(name, location, child.position) {
            Err(reason) => self.miss(at, target.clone(), reason, child, location),
            Ok(None) => {}
            Ok(Some((target_name, tree))) => match tree.root().attribute("targetNamespace").map(str::to_owned) {
                Some(other) if *other != **target => {
                    let message = format!(
                        "include of \"{location}\", which has target namespace \"{other}\", not \"{target}\"; import it instead"
                    );
                    self.note(Code::IncludeNamespace, name, child.position, message);
                }
                other => self.document(&target_name, tree, 0, target.clone(), other.is_none() && !target.is_empty()),
            },
        }
    }

    fn miss(&mut self, at: usize, namespace: Arc<str>, reason: MissingReason, child: &Node, location: &str) {
        let missing =
            Missing { namespace, reason, position: child.position, location: location.to_owned(), is_used: false };
        self.documents[at].missing.push(missing);
    }

    /// The file a location leads to; `Ok(None)` if it is there and cannot be read, which is reported once.
    fn target_of(
        &mut self,
        from: &str,
        location: &str,
        position: Position,
    ) -> Result<Option<(String, Arc<Tree>)>, MissingReason> {
        let Location::Inside(path) = resolve(from, location) else { return Err(MissingReason::Outside) };
        let name = if self.package.bytes(&path).is_some() {
            path
        } else {
            let other = self.package.name_ignoring_case(&path).ok_or(MissingReason::NotFound)?.to_owned();
            let message =
                format!("\"{location}\" is found only as \"{other}\", ignoring case; name the file as it is written");
            self.note(Code::PathCase, from, position, message);
            other
        };
        let Some(tree) = self.tree(&name) else { return Ok(None) };
        if !tree.root().is(XSD, "schema") {
            self.note(
                Code::NotXml,
                &name,
                tree.root().position,
                format!("the root is {}, expected xs:schema", tree.root().local),
            );
            return Ok(None);
        }
        Ok(Some((name, tree)))
    }
}
