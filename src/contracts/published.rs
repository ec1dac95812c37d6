//! The documents of `?wsdl` and `?xsd` (`vp.md` §1.3): as published, with the addresses of whoever asked.

use std::collections::HashMap;
use std::sync::Arc;

use super::contract::{Closure, Contract};
use super::package::{Location, resolve};
use super::registry::Registry;
use super::schema::names::XSD;
use super::tree::{NodeId, Tree};
use super::wsdl::WSDL;

/// `Content-Type` of a document, spelled as the reference platform does.
pub const DOCUMENT_TYPE: &str = "text/xml;UTF-8";
/// `Content-Type` of the list of paths.
pub const LIST_TYPE: &str = "text/plain;UTF-8";

/// The URL a request was made to, as the platform sees it (`vp.md` §1.3): forwarded headers, else the listener's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveUrl {
    /// `http` or `https`.
    pub scheme: String,
    /// Without port.
    pub host: String,
    /// As it is to be written; none where it is the listener's own 80 or 443.
    pub port: Option<String>,
    /// With its leading slash, without query.
    pub path: String,
}

impl EffectiveUrl {
    fn origin(&self) -> String {
        let Self { scheme, host, port, .. } = self;
        match port {
            None => format!("{scheme}://{host}"),
            Some(port) => format!("{scheme}://{host}:{port}"),
        }
    }

    /// The whole URL.
    pub fn text(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// `?wsdl`.
    Wsdl,
    /// `?xsd=…`, URL-decoded.
    Xsd(&'a str),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// The document, to be answered with 200 and [`DOCUMENT_TYPE`].
    Found(String),
    /// No description on this path: the list of those there are, to be answered with 500 and [`LIST_TYPE`].
    UnknownPath(String),
    /// No schema of this name: the fault's text.
    UnknownSchema(String),
}

/// The descriptions by path in the hub.
#[derive(Debug, Default)]
pub struct Published {
    by_path: HashMap<String, Described>,
    paths: Vec<String>,
}

/// Where a description's files are.
#[derive(Debug)]
enum Described {
    By(Arc<Contract>),
    Alone(Arc<Closure>),
}

impl Described {
    fn closure(&self) -> &Closure {
        match self {
            Self::By(contract) => contract.closure(),
            Self::Alone(closure) => closure,
        }
    }
}

impl Published {
    /// Adds every known contract, by its name and, where a published description calls itself otherwise, by that.
    pub fn add_all(&mut self, registry: &Registry) {
        for contract in registry.active() {
            self.put(&contract.hub_path, Described::By(contract.clone()));
        }
        for contract in registry.active() {
            if let Some(path) = &contract.described_path {
                self.put(path, Described::By(contract.clone()));
            }
        }
    }

    /// Adds a contract that is known under another path than its own in the hub; the first to come stays.
    pub fn add_at(&mut self, path: &str, contract: Arc<Contract>) {
        self.put(path, Described::By(contract));
    }

    /// Adds a description on a path of its own.
    pub fn add(&mut self, path: &str, closure: Arc<Closure>) {
        self.put(path, Described::Alone(closure));
    }

    /// The first to come stays.
    fn put(&mut self, path: &str, described: Described) {
        let key = path.trim_start_matches('/').to_lowercase();
        if !self.by_path.contains_key(&key) {
            self.paths.push(path.trim_start_matches('/').to_owned());
            self.by_path.insert(key, described);
        }
    }

    /// The document that is asked for.
    pub fn document(&self, url: &EffectiveUrl, asked: Asked<'_>) -> Document {
        let key = url.path.strip_prefix('/').unwrap_or(&url.path).to_lowercase();
        let Some(described) = self.by_path.get(&key) else { return Document::UnknownPath(self.known(url)) };
        match asked {
            Asked::Wsdl => Document::Found(rewritten(&described.closure().wsdl.1, &url.text())),
            Asked::Xsd(name) => match schema_named(described.closure(), name) {
                Some(bytes) => Document::Found(rewritten(bytes, &url.text())),
                None => Document::UnknownSchema(format!(
                    "WSDLException: faultCode=OTHER_ERROR: Couldn't find xsd named {name}"
                )),
            },
        }
    }

    fn known(&self, url: &EffectiveUrl) -> String {
        let mut text = "No wsdl found on this path, following wsdl paths is available:".to_owned();
        for path in &self.paths {
            text.push_str(&format!("\n{}/{path}?wsdl", url.origin()));
        }
        text
    }
}

/// The schema whose location, as some document of the closure writes it, is `name`.
fn schema_named<'c>(closure: &'c Closure, name: &str) -> Option<&'c Arc<[u8]>> {
    let documents = std::iter::once(&closure.wsdl).chain(&closure.files);
    for (from, bytes) in documents {
        let Ok(tree) = Tree::parse(bytes, 256) else { continue };
        let is_imported = imports(&tree).any(|location| location == name);
        if !is_imported {
            continue;
        }
        if let Location::Inside(path) = resolve(from, name) {
            let found = closure.files.iter().find(|(file, _)| *file == path || file.eq_ignore_ascii_case(&path));
            if let Some((_, bytes)) = found {
                return Some(bytes);
            }
        }
    }
    None
}

fn imports(tree: &Tree) -> impl Iterator<Item = &str> {
    let nodes = tree.nodes.iter().filter(|node| node.is(XSD, "import"));
    nodes.filter_map(|node| node.attribute("schemaLocation"))
}

/// The document with addresses and import locations leading back here. Attribute order is kept.
fn rewritten(bytes: &[u8], url: &str) -> String {
    let Ok(tree) = Tree::parse(bytes, 256) else { return String::from_utf8_lossy(bytes).into_owned() };
    let text = text_of(bytes);
    let mut out = String::with_capacity(text.len() + 512);
    let mut copied = 0;
    let mut reader = crate::soap::xml::reader::Reader::new(text.as_bytes());
    let mut element: NodeId = 0;
    while let Ok(Some(token)) = reader.next() {
        if !matches!(token, crate::soap::xml::reader::Token::Start(_)) {
            continue;
        }
        let node = tree.node(element);
        let replaced = if is_address(&tree, element) {
            Some(("location", url.to_owned()))
        } else if node.is(XSD, "import") {
            node.attribute("schemaLocation").map(|location| ("schemaLocation", format!("{url}?xsd={location}")))
        } else {
            None
        };
        if let Some((name, value)) = replaced {
            let found = reader.attributes().iter().find(|attribute| attribute.name.qualified() == name.as_bytes());
            if let Some(attribute) = found {
                let start = attribute.value.as_ptr() as usize - text.as_ptr() as usize;
                out.push_str(&text[copied..start]);
                crate::soap::xml::text::escape_attribute_into(&mut out, &value);
                copied = start + attribute.value.len();
            }
        }
        element += 1;
    }
    out.push_str(&text[copied..]);
    out
}

/// The text without its byte-order mark, declared as what it is sent as.
fn text_of(bytes: &[u8]) -> String {
    let text = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding.decode(bytes).0.into_owned(),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
        },
    };
    let text = text.trim_start_matches('\u{feff}');
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{rest}"),
        None => text.to_owned(),
    }
}

/// `soap:address` of a port of a service.
fn is_address(tree: &Tree, id: NodeId) -> bool {
    let node = tree.node(id);
    let parent = |id: NodeId| tree.node(id).parent;
    let Some(port) = parent(id) else { return false };
    let Some(service) = parent(port) else { return false };
    &*node.local == "address" && tree.node(port).is(WSDL, "port") && tree.node(service).is(WSDL, "service")
}

#[cfg(test)]
mod tests;
