//! A tree that can be changed and written again: what behaviours and scrubbing work on.

use super::tree::qualified;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Reader, Token};
use crate::soap::xml::text::{escape_attribute_into, escape_into};

/// An element with everything in it. Names are as written; declarations are attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branch {
    /// Prefix as written.
    pub prefix: String,
    /// Name without prefix.
    pub local: String,
    /// Attributes by their names as written.
    pub attributes: Vec<(String, String)>,
    /// What stands in it.
    pub content: Vec<Leaf>,
}

/// What stands in an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// An element.
    Branch(Branch),
    /// Text, references resolved.
    Text(String),
}

impl Branch {
    /// Reads a document; comments and instructions are left out.
    pub fn parse(input: &[u8]) -> Result<Self, XmlError> {
        let mut reader = Reader::new(input);
        let mut open: Vec<Self> = vec![Self::default()];
        while let Some(token) = reader.next()? {
            match token {
                Token::Start(name) => {
                    let mut attributes = Vec::with_capacity(reader.attributes().len());
                    for one in reader.attributes() {
                        let key = String::from_utf8_lossy(one.name.qualified()).into_owned();
                        attributes.push((key, reader.text_of(one.value)?.into_owned()));
                    }
                    open.push(Self {
                        prefix: String::from_utf8_lossy(name.prefix()).into_owned(),
                        local: String::from_utf8_lossy(name.local()).into_owned(),
                        attributes,
                        content: Vec::new(),
                    });
                }
                Token::End(_) => {
                    if let (Some(ended), Some(parent)) = (open.pop(), open.last_mut()) {
                        parent.content.push(Leaf::Branch(ended));
                    }
                }
                Token::Text(raw) => push_text(&mut open, &reader.text_of(raw)?),
                Token::Cdata(raw) => push_text(&mut open, &String::from_utf8_lossy(raw)),
                _ => {}
            }
        }
        let mut document = open.swap_remove(0);
        let root = document.content.iter().position(|leaf| matches!(leaf, Leaf::Branch(_)));
        match root.map(|place| document.content.swap_remove(place)) {
            Some(Leaf::Branch(root)) => Ok(root),
            _ => Err(reader.error_here("there is no element")),
        }
    }

    /// The document as text, with a declaration.
    pub fn document(&self) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.write(&mut out);
        out
    }

    /// Writes the element.
    pub fn write(&self, out: &mut String) {
        let name = qualified(&self.prefix, &self.local);
        out.push('<');
        out.push_str(&name);
        for (key, value) in &self.attributes {
            out.push(' ');
            out.push_str(key);
            out.push_str("=\"");
            escape_attribute_into(out, value);
            out.push('"');
        }
        if self.content.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for leaf in &self.content {
            match leaf {
                Leaf::Branch(branch) => branch.write(out),
                Leaf::Text(text) => escape_into(out, text),
            }
        }
        out.push_str("</");
        out.push_str(&name);
        out.push('>');
    }

    /// The child elements.
    pub fn branches(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|leaf| match leaf {
            Leaf::Branch(branch) => Some(branch),
            Leaf::Text(_) => None,
        })
    }

    /// The child elements, to be changed.
    pub fn branches_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.content.iter_mut().filter_map(|leaf| match leaf {
            Leaf::Branch(branch) => Some(branch),
            Leaf::Text(_) => None,
        })
    }

    /// The first child of a name.
    pub fn child_mut(&mut self, local: &str) -> Option<&mut Self> {
        self.branches_mut().find(|branch| branch.local == local)
    }

    /// The body's first element of an envelope.
    pub fn message_mut(&mut self) -> Option<&mut Self> {
        self.child_mut("Body")?.branches_mut().next()
    }

    /// Calls `change` on the element and on all below it, outer before inner.
    pub fn walk(&mut self, change: &mut impl FnMut(&mut Self)) {
        change(self);
        self.branches_mut().for_each(|branch| branch.walk(change));
    }

    /// All text directly in it.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|leaf| match leaf {
            Leaf::Text(text) => Some(text.as_str()),
            Leaf::Branch(_) => None,
        });
        texts.collect()
    }

    /// Makes the text its only content.
    pub fn set_text(&mut self, text: impl Into<String>) {
        self.content = vec![Leaf::Text(text.into())];
    }
}

fn push_text(open: &mut [Branch], more: &str) {
    // Text outside the outermost element is white space, and left out with it.
    if open.len() < 2 {
        return;
    }
    if let Some(parent) = open.last_mut() {
        match parent.content.last_mut() {
            Some(Leaf::Text(text)) => text.push_str(more),
            _ => parent.content.push(Leaf::Text(more.to_owned())),
        }
    }
}
