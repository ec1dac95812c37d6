//! Paths as assertions and transfers write them: declarations of prefixes, then one expression.

use std::sync::LazyLock;

use regex::Regex;

use super::{Expression, Node, Prefixes, StaticError, Surroundings};
use crate::domain::clock::{Clock, stockholm};
use crate::qa::tree;

/// `declare namespace p='uri';` at the beginning of what is left; either quote, the semicolon optional.
static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*declare\s+namespace\s+([\w.\-]+)\s*=\s*(?:'([^']*)'|"([^"]*)")\s*;?"#)
        .expect("the pattern is well-formed")
});

/// The declarations of a path, and the expression after them.
pub fn split(text: &str) -> (Prefixes, &str) {
    let mut prefixes = Prefixes::default();
    let mut rest = text;
    while let Some(found) = DECLARATION.captures(rest) {
        let uri = found.get(2).or_else(|| found.get(3)).map_or("", |uri| uri.as_str());
        prefixes.declare(&found[1], uri);
        rest = &rest[found[0].len()..];
    }
    (prefixes, rest.trim())
}

/// Compiles a path with its declarations.
pub fn compile(text: &str) -> Result<Expression, StaticError> {
    let (prefixes, expression) = split(text);
    Expression::compile(expression, &prefixes)
}

/// The text of the first item a path selects in a document; nothing when it selects nothing or cannot be used.
pub fn first_text(path: &str, document: &str) -> Option<String> {
    let document = tree::parse(document).ok()?;
    let now = Clock::System.now().to_zoned(stockholm());
    let items = compile(path).ok()?.evaluate(Node::Tree(document.root()), &Surroundings::at(now)).ok()?;
    items.first().map(super::Item::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_stand_before_the_expression() {
        let text = "declare namespace a='urn:a';\n declare namespace b = \"urn:b\" ;\n//a:x/b:y";
        let (prefixes, expression) = split(text);
        assert_eq!(prefixes, [("a", "urn:a"), ("b", "urn:b")].into_iter().collect());
        assert_eq!(expression, "//a:x/b:y");
        assert_eq!(first_text(text, "<x xmlns='urn:a'><y xmlns='urn:b'>1</y></x>").as_deref(), Some("1"));
    }
}
