//! Descriptions: WSDL 1.1 as the domains publish it (`contracts.md` §1.2).
//!
//! Names are taken from the message parts and the binding, never derived: published descriptions are irregular.

use std::collections::HashSet;
use std::sync::Arc;

use super::diagnostic::{Code, Diagnostic, Position};
use super::package::{Location, Package, resolve};
use super::schema::documents::Trees;
use super::schema::names::XSD;
use super::tree::{NodeId, Tree};
use crate::config::contracts::ImportLimits;

/// Namespace of WSDL 1.1.
pub const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
const SOAP: &str = "http://schemas.xmlsoap.org/wsdl/soap/";

/// A namespace and local name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualifiedName {
    /// Empty for none.
    pub namespace: String,
    /// Without prefix.
    pub local: String,
}

impl QualifiedName {
    /// As `{namespace}local`.
    pub fn clark(&self) -> String {
        format!("{{{}}}{}", self.namespace, self.local)
    }
}

/// One operation of a description.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// The published `soapAction`, whatever it is.
    pub soap_action: String,
    /// The element of the request's body.
    pub request: QualifiedName,
    /// The element of the response's body, if there is a response.
    pub response: Option<QualifiedName>,
    /// Header elements of the request: part name and element.
    pub headers: Vec<(String, QualifiedName)>,
    /// Names of declared faults.
    pub faults: Vec<String>,
    /// Where it is bound.
    pub position: Position,
}

/// A description, with what it imports merged in.
#[derive(Debug)]
pub struct Description {
    /// Its target namespace.
    pub target: String,
    /// The file's tree.
    pub tree: Arc<Tree>,
    /// Its inline schemas, and those of the descriptions it imports: entry name, tree, nodes.
    pub schemas: Vec<(String, Arc<Tree>, Vec<NodeId>)>,
    /// Its operations.
    pub operations: Vec<Operation>,
    /// Whether it binds anything itself; a wrapper that only names a service does not.
    pub has_binding: bool,
}

/// Reads the description at an entry. What is wrong goes to `diagnostics`; `None` if nothing can be made of it.
pub fn read(
    package: &Package,
    name: &str,
    trees: &mut Trees,
    limits: &ImportLimits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Description> {
    let mut reading = Reading { package, trees, limits, diagnostics, files: Vec::new(), visited: HashSet::new() };
    reading.collect(name)?;
    let files = std::mem::take(&mut reading.files);
    let tree = files[0].1.clone();
    let schemas = files.iter().map(|(name, tree)| (name.clone(), tree.clone(), inline_schemas(tree))).collect();
    let has_binding = tree.children_in(0, WSDL).any(|(_, node)| &*node.local == "binding");
    let target = tree.root().attribute("targetNamespace").unwrap_or_default().to_owned();
    let operations = if has_binding { reading.operations(&files) } else { Vec::new() };
    if operations.is_empty() {
        let (code, message) = match has_binding {
            false => (Code::WithoutOperation, "the description has no operation of its own"),
            true => (
                Code::NoOperation,
                "no operation can be called: no SOAP 1.1 binding in document style with a body part",
            ),
        };
        reading.diagnostics.push(Diagnostic::new(code, package.shown(name), tree.root().position, message));
    }
    Some(Description { target, tree, schemas, operations, has_binding })
}

fn inline_schemas(tree: &Tree) -> Vec<NodeId> {
    let types = tree.children_in(0, WSDL).filter(|(_, node)| &*node.local == "types").map(|(id, _)| id);
    let schemas = types.flat_map(|types| tree.children_in(types, XSD)).filter(|(_, node)| &*node.local == "schema");
    schemas.map(|(id, _)| id).collect()
}

type Files = [(String, Arc<Tree>)];

struct Reading<'a> {
    package: &'a Package,
    trees: &'a mut Trees,
    limits: &'a ImportLimits,
    diagnostics: &'a mut Vec<Diagnostic>,
    files: Vec<(String, Arc<Tree>)>,
    visited: HashSet<String>,
}

impl Reading<'_> {
    /// The file and what it imports, the file itself first.
    fn collect(&mut self, name: &str) -> Option<()> {
        if !self.visited.insert(name.to_owned()) {
            return Some(());
        }
        let tree = match self.trees.tree(self.package, name, self.limits)? {
            Ok(tree) => tree,
            Err(error) => {
                let shown = self.package.shown(name);
                self.diagnostics.push(Diagnostic::new(error.code, shown, error.position, error.message.clone()));
                return None;
            }
        };
        if !tree.root().is(WSDL, "definitions") {
            return None;
        }
        self.files.push((name.to_owned(), tree.clone()));
        for (_, import) in tree.children_in(0, WSDL).filter(|(_, node)| &*node.local == "import") {
            let location = import.attribute("location").unwrap_or_default();
            let target = match resolve(name, location) {
                Location::Inside(path) if self.package.bytes(&path).is_some() => Some(path),
                Location::Inside(path) => self.package.name_ignoring_case(&path).map(str::to_owned),
                Location::Outside => None,
            };
            if target.and_then(|target| self.collect(&target)).is_none() {
                let message = format!("wsdl:import of \"{location}\", which does not exist within what is imported");
                self.diagnostics.push(Diagnostic::new(
                    Code::MissingUnused,
                    self.package.shown(name),
                    import.position,
                    message,
                ));
            }
        }
        Some(())
    }

    fn operations(&mut self, files: &Files) -> Vec<Operation> {
        let mut operations = Vec::new();
        let (name, tree) = &files[0];
        for (binding, node) in tree.children_in(0, WSDL).filter(|(_, node)| &*node.local == "binding") {
            let soap =
                tree.children_in(binding, SOAP).find(|(_, child)| &*child.local == "binding").map(|(_, child)| child);
            let Some(soap) = soap else { continue };
            let style = soap.attribute("style").unwrap_or("document");
            let port_type = expand(tree, binding, node.attribute("type").unwrap_or_default());
            for (operation, node) in tree.children_in(binding, WSDL).filter(|(_, node)| &*node.local == "operation") {
                let bound = Bound { files, tree, operation, style, port_type: port_type.as_ref() };
                match bound.read(node.position) {
                    Ok(read) => operations.push(read),
                    Err((code, message)) => {
                        self.diagnostics.push(Diagnostic::new(code, self.package.shown(name), node.position, message));
                    }
                }
            }
        }
        operations
    }
}

/// An operation within a binding.
struct Bound<'a> {
    files: &'a Files,
    tree: &'a Tree,
    operation: NodeId,
    style: &'a str,
    port_type: Option<&'a QualifiedName>,
}

type Wrong = (Code, String);

impl Bound<'_> {
    fn read(&self, position: Position) -> Result<Operation, Wrong> {
        let node = self.tree.node(self.operation);
        let name = node.attribute("name").unwrap_or_default().to_owned();
        let soap = self.tree.children_in(self.operation, SOAP).find(|(_, child)| &*child.local == "operation");
        let style = soap.and_then(|(_, soap)| soap.attribute("style")).unwrap_or(self.style);
        if style != "document" {
            return Err((
                Code::NoOperation,
                format!("operation {name} has style \"{style}\"; only document is supported"),
            ));
        }
        let soap_action = soap.and_then(|(_, soap)| soap.attribute("soapAction")).unwrap_or_default().to_owned();
        let (input, output) = self.messages(&name)?;
        let input = input.ok_or_else(|| (Code::NoOperation, format!("operation {name} has no input message")))?;
        let request = self.body_element(&name, "input", &input)?;
        let response = match output {
            Some(output) => Some(self.body_element(&name, "output", &output)?),
            None => None,
        };
        let faults = self.tree.children_in(self.operation, WSDL).filter(|(_, child)| &*child.local == "fault");
        let faults = faults.filter_map(|(_, child)| child.attribute("name").map(str::to_owned)).collect();
        Ok(Operation { headers: self.headers(), name, soap_action, request, response, faults, position })
    }

    /// The input and output message of the port type's operation.
    fn messages(&self, name: &str) -> Result<(Option<QualifiedName>, Option<QualifiedName>), Wrong> {
        let wanted =
            self.port_type.ok_or_else(|| (Code::NoOperation, format!("the binding of {name} names no port type")))?;
        for (_, tree) in self.files {
            let target = tree.root().attribute("targetNamespace").unwrap_or_default();
            for (id, node) in tree.children_in(0, WSDL) {
                let is_wanted = &*node.local == "portType"
                    && node.attribute("name") == Some(&wanted.local)
                    && target == wanted.namespace;
                if !is_wanted {
                    continue;
                }
                let operation = tree
                    .children_in(id, WSDL)
                    .find(|(_, child)| &*child.local == "operation" && child.attribute("name") == Some(name));
                if let Some((operation, _)) = operation {
                    let message = |way: &str| {
                        let (id, node) = tree.children_in(operation, WSDL).find(|(_, child)| &*child.local == way)?;
                        expand(tree, id, node.attribute("message")?)
                    };
                    return Ok((message("input"), message("output")));
                }
            }
        }
        Err((Code::NoOperation, format!("port type {} has no operation {name}", wanted.clark())))
    }

    /// The parts of a message: name and element.
    fn parts(&self, message: &QualifiedName) -> Option<Vec<(String, Result<QualifiedName, String>)>> {
        for (_, tree) in self.files {
            if tree.root().attribute("targetNamespace").unwrap_or_default() != message.namespace {
                continue;
            }
            let found = tree
                .children_in(0, WSDL)
                .find(|(_, node)| &*node.local == "message" && node.attribute("name") == Some(&message.local));
            let Some((id, _)) = found else { continue };
            let parts = tree.children_in(id, WSDL).filter(|(_, node)| &*node.local == "part");
            return Some(
                parts
                    .map(|(id, node)| {
                        let name = node.attribute("name").unwrap_or_default().to_owned();
                        let element = node.attribute("element");
                        let expanded = element.and_then(|element| expand(tree, id, element));
                        let wrong = || match (element, node.attribute("type")) {
                            (Some(element), _) => format!("element=\"{element}\", whose prefix is not bound"),
                            (None, Some(of)) => format!("type=\"{of}\"; only element= is supported"),
                            (None, None) => "neither element nor type".to_owned(),
                        };
                        (name, expanded.ok_or_else(wrong))
                    })
                    .collect(),
            );
        }
        None
    }

    /// The element of the part that is the body.
    fn body_element(&self, operation: &str, way: &str, message: &QualifiedName) -> Result<QualifiedName, Wrong> {
        let missing =
            || (Code::MessagePart, format!("message {} of operation {operation} does not exist", message.clark()));
        let parts = self.parts(message).ok_or_else(missing)?;
        let side = self.tree.children_in(self.operation, WSDL).find(|(_, node)| &*node.local == way).map(|(id, _)| id);
        let soap = |local: &str| {
            side.and_then(|side| self.tree.children_in(side, SOAP).find(|(_, node)| &*node.local == local))
        };
        let named = soap("body")
            .and_then(|(_, body)| body.attribute("parts"))
            .and_then(|parts| parts.split_whitespace().next().map(str::to_owned));
        let headers = self.header_parts(way);
        let body = match named {
            Some(named) => parts.into_iter().find(|(name, _)| *name == named),
            None => parts.into_iter().find(|(name, _)| !headers.contains(name)),
        };
        match body {
            Some((_, Ok(element))) => Ok(element),
            Some((part, Err(wrong))) => {
                Err((Code::MessagePart, format!("part {part} of message {} has {wrong}", message.clark())))
            }
            None => Err((
                Code::NoOperation,
                format!("message {} of operation {operation} has no body part", message.clark()),
            )),
        }
    }

    fn header_nodes(&self, way: &str) -> Vec<NodeId> {
        let side = self.tree.children_in(self.operation, WSDL).find(|(_, node)| &*node.local == way).map(|(id, _)| id);
        let headers = side.into_iter().flat_map(|side| self.tree.children_in(side, SOAP));
        headers.filter(|(_, node)| &*node.local == "header").map(|(id, _)| id).collect()
    }

    fn header_parts(&self, way: &str) -> Vec<String> {
        let nodes = self.header_nodes(way).into_iter();
        nodes.filter_map(|id| self.tree.node(id).attribute("part").map(str::to_owned)).collect()
    }

    fn headers(&self) -> Vec<(String, QualifiedName)> {
        let mut headers = Vec::new();
        for id in self.header_nodes("input") {
            let node = self.tree.node(id);
            let message = node.attribute("message").and_then(|message| expand(self.tree, id, message));
            let parts = message.and_then(|message| self.parts(&message)).unwrap_or_default();
            let part = node.attribute("part").unwrap_or_default();
            let element = parts.into_iter().find(|(name, _)| name == part).and_then(|(_, element)| element.ok());
            headers.extend(element.map(|element| (part.to_owned(), element)));
        }
        headers
    }
}

/// The name a QName stands for; `None` if its prefix is not bound.
fn expand(tree: &Tree, at: NodeId, qualified: &str) -> Option<QualifiedName> {
    let (prefix, local) = qualified.trim().split_once(':').unwrap_or(("", qualified.trim()));
    let namespace = tree.namespace_of_prefix(at, prefix)?;
    Some(QualifiedName { namespace: namespace.to_string(), local: local.to_owned() })
}
