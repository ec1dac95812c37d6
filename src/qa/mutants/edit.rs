//! Changes to the text of a record: small, and each in one place.

use roxmltree::{Document, Node};

use crate::qa::tree;

/// The first element that fits gets another text.
pub(super) fn set(xml: &str, fits: impl Fn(Node<'_, '_>) -> bool, text: &str) -> Option<String> {
    let document = tree::parse(xml).ok()?;
    let node = first(&document, fits)?;
    let range = match (node.first_child(), node.last_child()) {
        (Some(first), Some(last)) => first.range().start..last.range().end,
        _ => return None,
    };
    Some(format!("{}{}{}", &xml[..range.start], escaped(text), &xml[range.end..]))
}

/// The first element that fits is left out.
pub(super) fn remove(xml: &str, fits: impl Fn(Node<'_, '_>) -> bool) -> Option<String> {
    let document = tree::parse(xml).ok()?;
    let range = first(&document, fits)?.range();
    Some(format!("{}{}", &xml[..range.start], &xml[range.end..]))
}

/// Every way to change one element, the first that leads to what is wanted.
pub(super) fn search(
    xml: &str,
    change: impl Fn(&str, Node<'_, '_>) -> Option<String>,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<String> {
    let document = tree::parse(xml).ok()?;
    let candidates = document.root_element().descendants().skip(1).filter(Node::is_element);
    candidates.filter_map(|node| change(xml, node)).find(|changed| is_wanted(changed))
}

fn first<'d>(document: &'d Document<'d>, fits: impl Fn(Node<'_, '_>) -> bool) -> Option<Node<'d, 'd>> {
    document.root_element().descendants().find(|node| node.is_element() && fits(*node))
}

/// Whether an element holds text and no elements.
pub(super) fn is_leaf(node: Node<'_, '_>) -> bool {
    node.is_element() && !node.children().any(|child| child.is_element()) && node.text().is_some()
}

/// An element's name in lower case.
pub(super) fn name(node: Node<'_, '_>) -> String {
    node.tag_name().name().to_ascii_lowercase()
}

/// A text as it stands in an element.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
