//! A message as a tree. Nodes are numbered in document order, so that comparing numbers is comparing places.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use crate::producers::settings::TREE_NODES_MAX;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Name, Reader, Token};
use crate::soap::xml::text::{escape_attribute_into, escape_into, is_white_space};

/// The place of a node. 0 is the document, 1 its element.
pub type NodeId = usize;

/// A whole document. Comments and processing instructions are left out: nothing that is asked here depends on them.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    nodes: Vec<Node<'a>>,
    attributes: Vec<Attribute<'a>>,
}

/// An element, a piece of text, or the document itself.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// The node it stands in; the document stands in itself.
    pub parent: NodeId,
    /// One past its last descendant.
    pub end: NodeId,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind<'a> {
    /// The document.
    Document,
    /// An element.
    Element(Element<'a>),
    /// Text, references resolved; CDATA is text.
    Text(Cow<'a, str>),
}

/// An element's name and attributes.
#[derive(Clone, Debug)]
pub struct Element<'a> {
    /// Prefix as written; empty without one.
    pub prefix: Cow<'a, str>,
    /// Name without prefix.
    pub local: Cow<'a, str>,
    /// Its namespace; empty without one.
    pub namespace: Cow<'a, str>,
    attributes: Range<usize>,
}

/// An attribute; namespace declarations are among them, with the prefix `xmlns` or that name.
#[derive(Clone, Debug)]
pub struct Attribute<'a> {
    /// Prefix as written; empty without one.
    pub prefix: Cow<'a, str>,
    /// Name without prefix.
    pub local: Cow<'a, str>,
    /// Its namespace; empty without one.
    pub namespace: Cow<'a, str>,
    /// Its value, references resolved.
    pub value: Cow<'a, str>,
}

impl Attribute<'_> {
    /// Whether it declares a namespace.
    pub fn is_declaration(&self) -> bool {
        self.prefix == "xmlns" || (self.prefix.is_empty() && self.local == "xmlns")
    }
}

impl<'a> Document<'a> {
    /// Reads a document in UTF-8.
    pub fn parse(input: &'a [u8]) -> Result<Self, XmlError> {
        let mut reader = Reader::new(input);
        let document = Node { parent: 0, end: 1, kind: Kind::Document };
        let mut made = Self { nodes: vec![document], attributes: Vec::new() };
        let mut open: Vec<NodeId> = vec![0];
        while let Some(token) = reader.next()? {
            let parent = open.last().copied().unwrap_or_default();
            match token {
                Token::Start(name) => {
                    let element = made.element(&reader, name)?;
                    open.push(made.push(&reader, parent, Kind::Element(element))?);
                }
                Token::End(_) => {
                    let end = made.nodes.len();
                    if let Some(ended) = open.pop() {
                        made.nodes[ended].end = end;
                    }
                }
                Token::Text(raw) if parent != 0 => {
                    let text = reader.text_of(raw)?;
                    made.text(&reader, parent, text)?;
                }
                Token::Cdata(raw) if parent != 0 => {
                    let text = std::str::from_utf8(raw).map_err(|_| reader.error_here("Invalid UTF-8"))?;
                    made.text(&reader, parent, Cow::Borrowed(text))?;
                }
                _ => {}
            }
        }
        made.nodes[0].end = made.nodes.len();
        Ok(made)
    }

    fn element(&mut self, reader: &Reader<'a>, name: Name<'a>) -> Result<Element<'a>, XmlError> {
        let first = self.attributes.len();
        for attribute in reader.attributes() {
            let prefix = attribute.name.prefix();
            let namespace = if prefix.is_empty() { None } else { reader.namespaces().resolve(prefix) };
            self.attributes.push(Attribute {
                prefix: text(reader, prefix)?,
                local: text(reader, attribute.name.local())?,
                namespace: namespace.map_or(Ok(Cow::Borrowed("")), |raw| reader.text_of(raw))?,
                value: reader.text_of(attribute.value)?,
            });
        }
        let namespace = reader.namespaces().resolve(name.prefix());
        Ok(Element {
            prefix: text(reader, name.prefix())?,
            local: text(reader, name.local())?,
            namespace: namespace.map_or(Ok(Cow::Borrowed("")), |raw| reader.text_of(raw))?,
            attributes: first..self.attributes.len(),
        })
    }

    fn push(&mut self, reader: &Reader<'a>, parent: NodeId, kind: Kind<'a>) -> Result<NodeId, XmlError> {
        if self.nodes.len() >= TREE_NODES_MAX {
            return Err(reader.error_here(format!("more than {TREE_NODES_MAX} nodes")));
        }
        let id = self.nodes.len();
        self.nodes.push(Node { parent, end: id + 1, kind });
        Ok(id)
    }

    /// Text next to text is one text.
    fn text(&mut self, reader: &Reader<'a>, parent: NodeId, more: Cow<'a, str>) -> Result<(), XmlError> {
        if let Some(Node { parent: of_last, kind: Kind::Text(text), .. }) = self.nodes.last_mut()
            && *of_last == parent
        {
            text.to_mut().push_str(&more);
            return Ok(());
        }
        self.push(reader, parent, Kind::Text(more)).map(|_| ())
    }

    /// The outermost element.
    pub fn root(&self) -> NodeId {
        1
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() < 2
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id]
    }

    /// A node's element.
    pub fn element_at(&self, id: NodeId) -> Option<&Element<'a>> {
        match &self.nodes[id].kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// All attributes of a node, declarations included.
    pub fn attributes(&self, id: NodeId) -> &[Attribute<'a>] {
        self.element_at(id).map_or(&[], |element| &self.attributes[element.attributes.clone()])
    }

    /// The children of a node, in order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.nodes[id].end;
        let mut next = id + 1;
        std::iter::from_fn(move || {
            let this = (next < end).then_some(next)?;
            next = self.nodes[this].end;
            Some(this)
        })
    }

    /// The child elements of a node, in order.
    pub fn elements(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.children(id).filter(|child| matches!(self.nodes[*child].kind, Kind::Element(_)))
    }

    /// All text within a node.
    pub fn text_of(&self, id: NodeId) -> Cow<'_, str> {
        let mut found: Option<Cow<'_, str>> = None;
        for node in &self.nodes[id..self.nodes[id].end] {
            if let Kind::Text(text) = &node.kind {
                match &mut found {
                    None => found = Some(Cow::Borrowed(text)),
                    Some(so_far) => so_far.to_mut().push_str(text),
                }
            }
        }
        found.unwrap_or(Cow::Borrowed(""))
    }

    /// The first namespace that a prefix is declared as, anywhere in the document.
    pub fn declared(&self, prefix: &str) -> Option<&str> {
        let declares = |one: &&Attribute<'_>| one.prefix == "xmlns" && one.local == prefix;
        self.attributes.iter().find(declares).map(|attribute| attribute.value.as_ref())
    }

    /// The body's first element: what the message says.
    pub fn message(&self) -> Option<NodeId> {
        let named = |id: NodeId, local: &str| self.element_at(id).is_some_and(|element| element.local == local);
        let root = (!self.is_empty()).then(|| self.root())?;
        let body = self.elements(root).find(|child| named(*child, "Body"))?;
        self.elements(body).next()
    }

    /// The path of a node's names, `/Envelope/Body/…`, without prefixes; a number where it has namesakes before it.
    pub fn path(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        while at != 0 {
            if let Some(element) = self.element_at(at) {
                let parent = self.nodes[at].parent;
                let same = |one: &NodeId| self.element_at(*one).is_some_and(|other| other.local == element.local);
                let before = self.elements(parent).take_while(|one| *one != at).filter(same).count();
                steps.push(match before {
                    0 => element.local.to_string(),
                    before => format!("{}[{}]", element.local, before + 1),
                });
            }
            at = self.nodes[at].parent;
        }
        steps.iter().rev().fold(String::new(), |path, step| path + "/" + step)
    }

    /// The node as XML by itself: prefixes it takes from outside are declared on it.
    pub fn written(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write(id, &mut out, true);
        out
    }

    fn write(&self, id: NodeId, out: &mut String, is_top: bool) {
        let element = match &self.nodes[id].kind {
            Kind::Text(text) => return escape_into(out, text),
            Kind::Document => return self.children(id).for_each(|child| self.write(child, out, true)),
            Kind::Element(element) => element,
        };
        let name = qualified(&element.prefix, &element.local);
        // Writing to a string cannot fail.
        let _ = write!(out, "<{name}");
        let mut declared: Vec<Cow<'_, str>> = Vec::new();
        for attribute in self.attributes(id) {
            let _ = write!(out, " {}=\"", qualified(&attribute.prefix, &attribute.local));
            escape_attribute_into(out, &attribute.value);
            out.push('"');
            if attribute.is_declaration() {
                declared.push(qualified(&attribute.prefix, &attribute.local));
            }
        }
        if is_top {
            for (prefix, namespace) in self.used(id) {
                let key = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
                if !namespace.is_empty() && prefix != "xml" && !declared.contains(&Cow::Borrowed(key.as_str())) {
                    let _ = write!(out, " {key}=\"");
                    escape_attribute_into(out, namespace);
                    out.push('"');
                }
            }
        }
        if self.nodes[id].end == id + 1 {
            out.push_str("/>");
            return;
        }
        out.push('>');
        self.children(id).for_each(|child| self.write(child, out, false));
        let _ = write!(out, "</{name}>");
    }

    /// The prefixes used in a node, each with the namespace of its first use.
    fn used(&self, id: NodeId) -> Vec<(&str, &str)> {
        let mut used: Vec<(&str, &str)> = Vec::new();
        for at in id..self.nodes[id].end {
            let Some(element) = self.element_at(at) else { continue };
            let of_attributes =
                self.attributes(at).iter().filter(|one| !one.prefix.is_empty() && !one.is_declaration());
            let pairs = std::iter::once((element.prefix.as_ref(), element.namespace.as_ref()))
                .chain(of_attributes.map(|one| (one.prefix.as_ref(), one.namespace.as_ref())));
            for (prefix, namespace) in pairs {
                if !used.iter().any(|(known, _)| *known == prefix) {
                    used.push((prefix, namespace));
                }
            }
        }
        used
    }

    /// Whether a text node is nothing but white space.
    pub fn is_blank(&self, id: NodeId) -> bool {
        matches!(&self.nodes[id].kind, Kind::Text(text) if is_white_space(text.as_bytes()))
    }
}

/// A name as written.
pub fn qualified<'n>(prefix: &str, local: &'n str) -> Cow<'n, str> {
    if prefix.is_empty() { Cow::Borrowed(local) } else { Cow::Owned(format!("{prefix}:{local}")) }
}

fn text<'a>(reader: &Reader<'a>, raw: &'a [u8]) -> Result<Cow<'a, str>, XmlError> {
    std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|_| reader.error_here("Invalid UTF-8 in a name"))
}

impl Document<'_> {
    /// The same document, with nothing borrowed.
    pub fn into_owned(self) -> Document<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let nodes = self.nodes.into_iter().map(|node| Node {
            parent: node.parent,
            end: node.end,
            kind: match node.kind {
                Kind::Document => Kind::Document,
                Kind::Text(text) => Kind::Text(own(text)),
                Kind::Element(element) => Kind::Element(Element {
                    prefix: own(element.prefix),
                    local: own(element.local),
                    namespace: own(element.namespace),
                    attributes: element.attributes,
                }),
            },
        });
        let attributes = self.attributes.into_iter().map(|one| Attribute {
            prefix: own(one.prefix),
            local: own(one.local),
            namespace: own(one.namespace),
            value: own(one.value),
        });
        Document { nodes: nodes.collect(), attributes: attributes.collect() }
    }
}
