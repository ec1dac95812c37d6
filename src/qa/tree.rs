//! Messages, suites and rule files as trees.

use roxmltree::{Document, Node, ParsingOptions};

use super::xpath::{self, Node as Place};

/// Nodes a document may have.
const NODES_MAX: u32 = 4_000_000;

/// Elements within each other.
const DEPTH_MAX: usize = 512;

/// Reads a document; document types are refused, and with them entities.
pub fn parse(text: &str) -> Result<Document<'_>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let depth = depth(text);
    if depth > DEPTH_MAX {
        return Err(format!("more than {DEPTH_MAX} elements within each other"));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| error.to_string())
}

/// How deep elements nest, by tags alone: enough to refuse a text before a tree is made of it.
fn depth(text: &str) -> usize {
    let (mut deepest, mut depth) = (0usize, 0usize);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")].iter().find_map(|(opens, closes)| {
            rest.starts_with(opens)
                .then(|| rest[opens.len()..].find(closes).map_or(rest.len(), |end| opens.len() + end + closes.len()))
        });
        let end = skipped.unwrap_or_else(|| end_of_tag(rest));
        if skipped.is_none() {
            if rest.starts_with("</") {
                depth = depth.saturating_sub(1);
            } else if !rest[..end].ends_with("/>") {
                depth += 1;
                deepest = deepest.max(depth);
            }
        }
        rest = &rest[end..];
    }
    deepest
}

/// The byte after the tag; `>` in an attribute's value does not end it.
fn end_of_tag(tag: &str) -> usize {
    let mut quote = None;
    for (index, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return index + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    tag.len()
}

/// Where a node stands: names as the message writes them, with positions among their like.
pub fn location(node: Place<'_>) -> String {
    let tree = node.tree();
    let mut steps: Vec<String> = Vec::new();
    for element in tree.ancestors().filter(Node::is_element) {
        let alike = |other: &Node<'_, '_>| other.is_element() && other.tag_name() == element.tag_name();
        let position =
            1 + std::iter::successors(element.prev_sibling(), |node| node.prev_sibling()).filter(alike).count();
        steps.push(format!("/{}[{position}]", Place::Tree(element).written_name()));
    }
    let mut path: String = steps.into_iter().rev().collect();
    match node {
        Place::Attribute(..) => {
            path.push_str("/@");
            path.push_str(&node.written_name());
        }
        Place::Tree(tree) if tree.is_text() => path.push_str("/text()"),
        Place::Tree(tree) if tree.is_comment() => path.push_str("/comment()"),
        _ => {}
    }
    if path.is_empty() { "/".to_owned() } else { path }
}

/// The line a node begins at, from 1.
pub fn line(node: Place<'_>) -> u32 {
    let tree = node.tree();
    tree.document().text_pos_at(tree.range().start).row
}

/// The text directly in an element, its parts joined; nothing of elements below.
pub fn own_text(element: Node<'_, '_>) -> String {
    element.children().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

/// The prefixes in scope at an element.
pub fn prefixes_at(element: Node<'_, '_>) -> xpath::Prefixes {
    element.namespaces().filter_map(|namespace| Some((namespace.name()?, namespace.uri()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_types_and_deep_documents_are_refused() {
        assert!(parse("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>").is_err());
        let deep = format!("{}{}", "<a b='>'>".repeat(DEPTH_MAX + 1), "</a>".repeat(DEPTH_MAX + 1));
        assert_eq!(parse(&deep).unwrap_err(), "more than 512 elements within each other");
        let wide = format!("<a>{}</a>", "<b c='/>'/><!-- <x> --><![CDATA[<y>]]>".repeat(DEPTH_MAX));
        assert!(parse(&wide).is_ok());
    }

    #[test]
    fn a_location_has_the_messages_own_prefixes_and_positions() {
        let document = parse("<s:e xmlns:s='urn:s'>\n<s:b/><x/><s:b a='1'>t</s:b></s:e>").unwrap();
        let last = document.root_element().last_element_child().unwrap();
        assert_eq!(location(Place::Tree(last)), "/s:e[1]/s:b[2]");
        assert_eq!(location(Place::Attribute(last, 0)), "/s:e[1]/s:b[2]/@a");
        assert_eq!(line(Place::Tree(last)), 2);
        assert_eq!(location(Place::Tree(document.root())), "/");
    }
}
