//! What an expression finds: nodes, a text, a number or a truth, and how one becomes another.

use std::borrow::Cow;

use super::{Picked, Text};
use crate::producers::xml::tree::{Document, Kind, NodeId};

/// A node: one of the tree, or an attribute of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    pub(super) node: NodeId,
    /// 0 for the node itself, else one more than the attribute's place.
    pub(super) attribute: usize,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Found<'d> {
    /// Nodes, in document order.
    Nodes(Vec<Item>),
    /// A text.
    Text(Text<'d>),
    /// A number.
    Number(f64),
    /// A truth.
    Truth(bool),
}

impl Item {
    /// A node of the tree.
    pub fn of(node: NodeId) -> Self {
        Self { node, attribute: 0 }
    }

    /// Its text.
    pub fn text<'d>(self, document: &'d Document<'_>) -> Text<'d> {
        match self.attribute {
            0 => document.text_of(self.node),
            place => Cow::Borrowed(document.attributes(self.node).get(place - 1).map_or("", |one| &one.value)),
        }
    }

    pub(super) fn picked(self, document: &Document<'_>) -> Picked {
        let is_element = self.attribute == 0 && !matches!(document.node(self.node).kind, Kind::Text(_));
        Picked { text: self.text(document).into_owned(), xml: is_element.then(|| document.written(self.node)) }
    }

    /// Prefix, local name and namespace.
    pub(super) fn name<'d>(self, document: &'d Document<'_>) -> Option<(&'d str, &'d str, &'d str)> {
        match self.attribute {
            0 => document.element_at(self.node).map(|one| (&*one.prefix, &*one.local, &*one.namespace)),
            place => {
                document.attributes(self.node).get(place - 1).map(|one| (&*one.prefix, &*one.local, &*one.namespace))
            }
        }
    }
}

impl<'d> Found<'d> {
    /// As a truth.
    pub fn truth(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Truth(truth) => *truth,
        }
    }

    /// As a text.
    pub fn text(self, document: &'d Document<'_>) -> Text<'d> {
        match self {
            Self::Nodes(nodes) => nodes.first().map_or(Cow::Borrowed(""), |node| node.text(document)),
            Self::Text(text) => text,
            Self::Number(number) => Cow::Owned(number_text(number)),
            Self::Truth(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        }
    }

    /// As a number.
    pub fn number(self, document: &Document<'_>) -> f64 {
        match self {
            Self::Number(number) => number,
            Self::Truth(truth) => f64::from(u8::from(truth)),
            Self::Text(text) => number_of(&text),
            Self::Nodes(nodes) => nodes.first().map_or(f64::NAN, |node| number_of(&node.text(document))),
        }
    }
}

/// A text as a number, by XPath's rule: no exponent, no plus.
pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim();
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// A number as XPath writes it.
pub(super) fn number_text(number: f64) -> String {
    match number {
        n if n.is_nan() => "NaN".to_owned(),
        n if n.is_infinite() => if n > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        0.0 => "0".to_owned(),
        n => n.to_string(),
    }
}
