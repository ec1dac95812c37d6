//! `XPath Match` (`qa.md` §2.4).

use jiff::Zoned;
use roxmltree::{Document, Node};

use super::Judgement;
use crate::qa::run::glob;
use crate::qa::suite::project::XPathMatch;
use crate::qa::tree;
use crate::qa::verdict::Verdict;
use crate::qa::xpath::{Item, Node as Place, Surroundings, declared};

/// Values shown in a failure.
const SHOWN_MAX: usize = 5;

/// Judges an answer; `path` and `content` are expanded.
pub fn judge(check: &XPathMatch, path: &str, content: &str, body: &str, now: Zoned) -> Judgement {
    let expression = match declared::compile(path) {
        Ok(expression) => expression,
        Err(error) => return Judgement::of(Verdict::Error, error.to_string()),
    };
    let document = match tree::parse(body) {
        Ok(document) => document,
        Err(why) => return Judgement::fail(format!("the response is not XML: {why}")),
    };
    let items = match expression.evaluate(Place::Tree(document.root()), &Surroundings::at(now)) {
        Ok(items) => items,
        Err(error) => return Judgement::of(Verdict::Error, error.to_string()),
    };
    if items.is_empty() {
        return Judgement::fail(format!("nothing selected by {}", expression.text()));
    }
    let fragment = if path.trim_end().ends_with("text()") { None } else { fragment(content) };
    let fragment = fragment.as_deref().map(tree::parse).and_then(Result::ok);
    let matches = items.iter().any(|item| match (&fragment, item) {
        (Some(fragment), Item::Node(Place::Tree(node))) => {
            let node = if node.is_root() { node.document().root_element() } else { *node };
            node.is_element() && same_element(check, fragment.root_element(), node)
        }
        _ => same_text(check, content, &item.text()),
    });
    if matches {
        return Judgement::pass();
    }
    let found: Vec<String> = items.iter().take(SHOWN_MAX).map(Item::text).collect();
    let xpath = items.first().and_then(|item| match item {
        Item::Node(node) => Some(tree::location(*node)),
        Item::Atomic(_) => None,
    });
    Judgement { xpath, ..Judgement::fail(format!("expected {content}, found {}", found.join(", "))) }
}

/// The content as XML, if it is.
fn fragment(content: &str) -> Option<String> {
    let content = content.trim();
    (content.starts_with('<') && tree::parse(content).is_ok()).then(|| content.to_owned())
}

fn same_text(check: &XPathMatch, expected: &str, found: &str) -> bool {
    if check.wildcards { glob(expected, found) } else { expected == found }
}

/// A text of a fragment: white space around it does not count, and `*` stands for anything.
fn same_fragment_text(check: &XPathMatch, expected: &str, found: &str) -> bool {
    (check.wildcards && expected.trim() == "*") || expected.trim() == found.trim()
}

fn same_element(check: &XPathMatch, expected: Node<'_, '_>, found: Node<'_, '_>) -> bool {
    let namespaces = check.ignore_namespaces || expected.tag_name().namespace() == found.tag_name().namespace();
    if !namespaces || expected.tag_name().name() != found.tag_name().name() || !same_attributes(check, expected, found)
    {
        return false;
    }
    let (expected_parts, found_parts) = (parts(check, expected), parts(check, found));
    let only_text = |parts: &[Node<'_, '_>]| parts.iter().all(Node::is_text);
    if only_text(&expected_parts) {
        let (wanted, actual) = (tree::own_text(expected), tree::own_text(found));
        let anything = check.wildcards && wanted.trim() == "*";
        return anything || (only_text(&found_parts) && same_fragment_text(check, &wanted, &actual));
    }
    expected_parts.len() == found_parts.len()
        && expected_parts.iter().zip(&found_parts).all(|(expected, found)| {
            match (expected.is_element(), found.is_element()) {
                (true, true) => same_element(check, *expected, *found),
                (false, false) => same_fragment_text(check, expected.text().unwrap_or(""), found.text().unwrap_or("")),
                _ => false,
            }
        })
}

/// Children that count: white space alone does not, comments only when asked for.
fn parts<'a>(check: &XPathMatch, node: Node<'a, 'a>) -> Vec<Node<'a, 'a>> {
    let counts = |child: &Node<'a, 'a>| {
        child.is_element()
            || (child.is_text() && !child.text().unwrap_or("").trim().is_empty())
            || (child.is_comment() && !check.ignore_comments)
    };
    node.children().filter(counts).collect()
}

fn same_attributes(check: &XPathMatch, expected: Node<'_, '_>, found: Node<'_, '_>) -> bool {
    expected.attributes().len() == found.attributes().len()
        && expected.attributes().all(|wanted| {
            let same_name = |other: &roxmltree::Attribute<'_, '_>| {
                other.name() == wanted.name() && (check.ignore_namespaces || other.namespace() == wanted.namespace())
            };
            found
                .attributes()
                .find(same_name)
                .is_some_and(|other| same_fragment_text(check, wanted.value(), other.value()))
        })
}

/// Whether two documents are the same XML, prefixes and white space apart.
pub fn is_same(left: &Document<'_>, right: &Document<'_>) -> bool {
    same_element(&XPathMatch::default(), left.root_element(), right.root_element())
}
