//! What an expression's value is made of: nodes of the message and single values.

use std::borrow::Cow;

use roxmltree::NodeType;

use super::DynamicError;
use super::atomic::Atomic;

/// A value: items in order.
pub type Sequence<'a> = Vec<Item<'a>>;

/// One item of a value.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// A node of the document.
    Node(Node<'a>),
    /// Anything else.
    Atomic(Atomic),
}

/// A node of a document; unlike in the tree's own interface, attributes are nodes too.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// Document, element, text, comment or processing instruction.
    Tree(roxmltree::Node<'a, 'a>),
    /// The attribute with this number of this element.
    Attribute(roxmltree::Node<'a, 'a>, usize),
    /// The document made of this element alone.
    Above(roxmltree::Node<'a, 'a>),
}

impl<'a> Node<'a> {
    /// The node itself, or the element of an attribute.
    pub fn tree(self) -> roxmltree::Node<'a, 'a> {
        match self {
            Self::Tree(node) | Self::Attribute(node, _) | Self::Above(node) => node,
        }
    }

    /// Where the node stands: equal for the same node, ordered as the document.
    pub(super) fn order(self) -> (usize, usize) {
        match self {
            Self::Above(node) => (node.id().get_usize(), 0),
            Self::Tree(node) => (node.id().get_usize(), 1),
            Self::Attribute(node, index) => (node.id().get_usize(), 2 + index),
        }
    }

    /// Namespace and local name, of elements and attributes; a processing instruction has its target.
    pub(super) fn name(self) -> Option<(Option<&'a str>, &'a str)> {
        match self {
            Self::Above(_) => None,
            Self::Tree(node) if node.is_element() => Some((node.tag_name().namespace(), node.tag_name().name())),
            Self::Tree(node) => node.pi().map(|instruction| (None, instruction.target)),
            Self::Attribute(node, index) => {
                node.attributes().nth(index).map(|attribute| (attribute.namespace(), attribute.name()))
            }
        }
    }

    /// The name as the message writes it, prefix included.
    pub fn written_name(self) -> String {
        match self {
            Self::Above(_) => String::new(),
            Self::Tree(node) if node.is_element() => written_element_name(node).to_owned(),
            Self::Tree(_) => self.name().map_or_else(String::new, |(_, local)| local.to_owned()),
            Self::Attribute(node, index) => match node.attributes().nth(index) {
                Some(attribute) => match attribute.namespace().and_then(|namespace| node.lookup_prefix(namespace)) {
                    Some(prefix) => format!("{prefix}:{}", attribute.name()),
                    None => attribute.name().to_owned(),
                },
                None => String::new(),
            },
        }
    }

    /// The text of the node: of an element, all text in it.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Attribute(node, index) => {
                Cow::Borrowed(node.attributes().nth(index).map_or("", |attribute| attribute.value()))
            }
            Self::Tree(node) | Self::Above(node) => match node.node_type() {
                NodeType::Text | NodeType::Comment => Cow::Borrowed(node.text().unwrap_or("")),
                NodeType::PI => Cow::Borrowed(node.pi().and_then(|instruction| instruction.value).unwrap_or("")),
                NodeType::Element | NodeType::Root => all_text(node),
            },
        }
    }
}

/// The element's name as written, prefix included.
pub(super) fn written_element_name<'a>(element: roxmltree::Node<'a, 'a>) -> &'a str {
    let source = &element.document().input_text()[element.range()];
    let name = source.strip_prefix('<').unwrap_or(source);
    let end = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(name.len());
    &name[..end]
}

fn all_text<'a>(node: roxmltree::Node<'a, 'a>) -> Cow<'a, str> {
    let mut texts = node.descendants().filter(roxmltree::Node::is_text).filter_map(|text| text.text());
    let Some(first) = texts.next() else {
        return Cow::Borrowed("");
    };
    let Some(second) = texts.next() else {
        return Cow::Borrowed(first);
    };
    let mut all = format!("{first}{second}");
    all.extend(texts);
    Cow::Owned(all)
}

impl<'a> Item<'a> {
    /// The item as a single value: a node's is its text, without a type.
    pub fn atomized(&self) -> Atomic {
        match self {
            Self::Node(node) => Atomic::Untyped(node.text().into_owned()),
            Self::Atomic(value) => value.clone(),
        }
    }

    /// The text of the item.
    pub fn text(&self) -> String {
        match self {
            Self::Node(node) => node.text().into_owned(),
            Self::Atomic(value) => value.to_string(),
        }
    }
}

/// The value as a condition, or why it cannot be one.
pub(super) fn effective_boolean(value: &Sequence<'_>) -> Result<bool, DynamicError> {
    match value.as_slice() {
        [] => Ok(false),
        [Item::Node(_), ..] => Ok(true),
        [Item::Atomic(single)] => match single {
            Atomic::Boolean(value) => Ok(*value),
            Atomic::Untyped(text) | Atomic::String(text) => Ok(!text.is_empty()),
            Atomic::Integer(value) => Ok(*value != 0),
            Atomic::Decimal(value) | Atomic::Double(value) => Ok(*value != 0.0 && !value.is_nan()),
            other => Err(DynamicError::Type(format!("{} is not a condition", other.atomic_type().name()))),
        },
        _ => Err(DynamicError::Type(format!("{} values are not a condition", value.len()))),
    }
}

/// Nodes in document order, each once.
pub(super) fn in_document_order(nodes: &mut Vec<Node<'_>>) {
    let sorted = nodes.windows(2).all(|pair| pair[0].order() < pair[1].order());
    if !sorted {
        nodes.sort_by_key(|node| node.order());
        nodes.dedup_by_key(|node| node.order());
    }
}
