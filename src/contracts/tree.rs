//! A schema file as a tree: small, read whole, with the line of every element and the prefixes it may use.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::diagnostic::{Code, Position};
use crate::soap::xml::error::XmlError;
use crate::soap::xml::names::XML_NAMESPACE;
use crate::soap::xml::reader::{Reader, Token};

/// Index of an element in its tree; the root is 0.
pub type NodeId = u32;

/// A parsed file.
#[derive(Debug)]
pub struct Tree {
    /// Elements in document order.
    pub nodes: Vec<Node>,
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
    /// Whether the file starts with a byte-order mark or has carriage returns.
    pub has_odd_bytes: bool,
}

/// An element of a schema file.
#[derive(Debug)]
pub struct Node {
    /// Its namespace; empty for none.
    pub namespace: Arc<str>,
    /// Its local name.
    pub local: Box<str>,
    /// Its attributes, namespace declarations apart.
    pub attributes: Vec<NodeAttribute>,
    /// Its child elements, in order.
    pub children: Vec<NodeId>,
    /// The element it stands in.
    pub parent: Option<NodeId>,
    /// Where its start tag begins.
    pub position: Position,
    /// Character data directly inside it.
    pub text: String,
    declared: Vec<(Box<str>, Arc<str>)>,
}

/// An attribute of an element of a schema file.
#[derive(Debug)]
pub struct NodeAttribute {
    /// Its namespace; empty for none.
    pub namespace: Arc<str>,
    /// Its local name.
    pub local: Box<str>,
    /// Its value, references resolved.
    pub value: Box<str>,
}

/// Why a file is not a tree.
#[derive(Debug)]
pub struct TreeError {
    /// Which kind of finding it is.
    pub code: Code,
    /// Where.
    pub position: Position,
    /// What is wrong.
    pub message: String,
}

impl From<XmlError> for TreeError {
    fn from(error: XmlError) -> Self {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let position = Position { line: number(error.row), column: number(error.column) };
        Self { code: Code::NotXml, position, message: format!("not well-formed XML: {}", error.message) }
    }
}

impl Node {
    /// The value of an attribute without namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        let found =
            self.attributes.iter().find(|attribute| &*attribute.local == local && attribute.namespace.is_empty());
        found.map(|attribute| &*attribute.value)
    }

    /// The values of its attributes, and the namespaces it declares.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let declared = self.declared.iter().map(|(_, namespace)| &**namespace);
        self.attributes.iter().map(|attribute| &*attribute.value).chain(declared)
    }

    /// Whether it is the element of that namespace and name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        &*self.local == local && &*self.namespace == namespace
    }
}

impl Tree {
    /// Parses a file. Document types are refused, entities never expanded.
    pub fn parse(bytes: &[u8], depth_max: usize) -> Result<Self, TreeError> {
        let text = decode(bytes)?;
        let hash = Sha256::digest(bytes).into();
        let has_odd_bytes = bytes.starts_with(b"\xef\xbb\xbf") || bytes.contains(&b'\r');
        let mut building = Building {
            reader: Reader::new(text.as_bytes()),
            text: &text,
            nodes: Vec::new(),
            open: Vec::new(),
            line: 1,
            counted: 0,
        };
        building.run(depth_max)?;
        Ok(Self { nodes: building.nodes, hash, has_odd_bytes })
    }

    /// The outermost element.
    pub fn root(&self) -> &Node {
        &self.nodes[0]
    }

    /// An element.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The child elements of an element that are in `namespace`.
    pub fn children_in<'a>(&'a self, id: NodeId, namespace: &'a str) -> impl Iterator<Item = (NodeId, &'a Node)> {
        let children = self.node(id).children.iter().map(|child| (*child, self.node(*child)));
        children.filter(move |(_, node)| &*node.namespace == namespace)
    }

    /// The namespace a prefix stands for at an element; the empty prefix is the default namespace.
    pub fn namespace_of_prefix(&self, at: NodeId, prefix: &str) -> Option<Arc<str>> {
        if prefix == "xml" {
            return Some(Arc::from("http://www.w3.org/XML/1998/namespace"));
        }
        let mut node = Some(at);
        while let Some(id) = node {
            let declared = &self.node(id).declared;
            if let Some((_, namespace)) = declared.iter().find(|(known, _)| &**known == prefix) {
                return Some(namespace.clone());
            }
            node = self.node(id).parent;
        }
        prefix.is_empty().then(|| Arc::from(""))
    }
}

struct Building<'a> {
    reader: Reader<'a>,
    text: &'a str,
    nodes: Vec<Node>,
    open: Vec<NodeId>,
    line: u32,
    counted: usize,
}

impl<'a> Building<'a> {
    fn run(&mut self, depth_max: usize) -> Result<(), TreeError> {
        let mut namespaces: Vec<Arc<str>> = Vec::new();
        while let Some(token) = self.reader.next()? {
            match token {
                Token::Start(name) => {
                    if self.open.len() == depth_max {
                        let message = format!("xml_depth_max: elements nested deeper than {depth_max}");
                        return Err(TreeError { code: Code::Limit, position: self.position(), message });
                    }
                    let namespace = self.reader.namespaces().resolve(name.prefix()).unwrap_or_default();
                    let namespace = shared(&mut namespaces, namespace);
                    let node = self.node(namespace, name.local(), &mut namespaces)?;
                    let id = NodeId::try_from(self.nodes.len()).unwrap_or(NodeId::MAX);
                    if let Some(parent) = self.open.last() {
                        self.nodes[*parent as usize].children.push(id);
                    }
                    self.nodes.push(node);
                    self.open.push(id);
                }
                Token::End(_) => {
                    self.open.pop();
                }
                Token::Text(raw) => {
                    let text = self.reader.text_of(raw)?;
                    self.add_text(&text);
                }
                Token::Cdata(raw) => {
                    let text = String::from_utf8_lossy(raw).into_owned();
                    self.add_text(&text);
                }
                Token::Doctype => {
                    let message = "a document type is not allowed in a schema; remove it".to_owned();
                    return Err(TreeError { code: Code::Doctype, position: self.position(), message });
                }
                _ => {}
            }
        }
        self.reader.check_characters()?;
        Ok(())
    }

    fn node(&mut self, namespace: Arc<str>, local: &[u8], namespaces: &mut Vec<Arc<str>>) -> Result<Node, TreeError> {
        let (mut attributes, mut declared) = (Vec::new(), Vec::new());
        for attribute in self.reader.attributes() {
            let value = self.reader.text_of(attribute.value)?;
            let value: String = value.replace(['\t', '\n', '\r'], " ");
            if let Some(prefix) = attribute.declares() {
                declared.push((boxed(prefix), shared(namespaces, value.as_bytes())));
                continue;
            }
            let prefix = attribute.name.prefix();
            let namespace = match prefix {
                b"" => b"".as_slice(),
                b"xml" => XML_NAMESPACE,
                prefix => self.reader.namespaces().resolve(prefix).unwrap_or_default(),
            };
            let namespace = shared(namespaces, namespace);
            attributes.push(NodeAttribute { namespace, local: boxed(attribute.name.local()), value: value.into() });
        }
        let (local, position) = (boxed(local), self.position());
        let parent = self.open.last().copied();
        Ok(Node { namespace, local, attributes, children: Vec::new(), parent, position, text: String::new(), declared })
    }

    fn add_text(&mut self, text: &str) {
        if let Some(open) = self.open.last() {
            self.nodes[*open as usize].text.push_str(text);
        }
    }

    fn position(&mut self) -> Position {
        let start = self.reader.token_start();
        let between = &self.text.as_bytes()[self.counted..start];
        self.line += u32::try_from(between.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0);
        self.counted = start;
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let before = self.text[line_start..start].trim_start_matches('\u{feff}').chars().count();
        Position { line: self.line, column: u32::try_from(before).unwrap_or(0) + 1 }
    }
}

fn boxed(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).into()
}

/// One allocation per namespace, not per element.
fn shared(known: &mut Vec<Arc<str>>, namespace: &[u8]) -> Arc<str> {
    if let Some(found) = known.iter().find(|known| known.as_bytes() == namespace) {
        return found.clone();
    }
    let namespace: Arc<str> = Arc::from(String::from_utf8_lossy(namespace));
    known.push(namespace.clone());
    namespace
}

/// The text of a file by byte-order mark, then declaration, else UTF-8.
pub fn decode(bytes: &[u8]) -> Result<String, TreeError> {
    let wrong = |offset: usize, encoding: &str| {
        let line = 1 + bytes[..offset].iter().filter(|byte| **byte == b'\n').count();
        let position = Position { line: u32::try_from(line).unwrap_or(u32::MAX), column: 0 };
        let message = format!("byte {offset} is not {encoding}, which the file says it is; save it in that encoding");
        TreeError { code: Code::NotXml, position, message }
    };
    let declared = declared_encoding(bytes);
    let mark = encoding_rs::Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let label = declared.as_deref().unwrap_or("UTF-8");
    if mark.is_none() && label.to_ascii_lowercase().contains("ascii") {
        return match bytes.iter().position(|byte| *byte >= 0x80) {
            Some(offset) => Err(wrong(offset, label)),
            None => Ok(String::from_utf8_lossy(bytes).into_owned()),
        };
    }
    let encoding = mark.or_else(|| encoding_rs::Encoding::for_label(label.as_bytes())).ok_or_else(|| TreeError {
        code: Code::NotXml,
        position: Position { line: 1, column: 1 },
        message: format!("encoding \"{label}\" is not known; save the file as UTF-8"),
    })?;
    if encoding == encoding_rs::UTF_8 {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(wrong(error.valid_up_to(), "UTF-8")),
        };
    }
    let (text, _, malformed) = encoding.decode(bytes);
    if malformed {
        let mut decoder = encoding.new_decoder();
        let mut out = vec![0u16; bytes.len() + 16];
        let (_, read, _) = decoder.decode_to_utf16_without_replacement(bytes, &mut out, true);
        return Err(wrong(read.saturating_sub(1), encoding.name()));
    }
    Ok(text.into_owned())
}

fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = head.strip_prefix(b"<?xml")?;
    let end = memchr::memmem::find(head, b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let value = declaration.split("encoding").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value[1..].split(quote).next()?.to_owned())
}
