//! XPath 2.0, as far as published test suites and their rule files use it (`qa.md` §4.1).
//!
//! One engine for XPath assertions, property transfers, the recognised scripts, Schematron and native cases. There are no
//! schema types: the value of a node is untyped. What is not known, a function or a prefix, is an error when the
//! expression is compiled; what cannot be computed is an error when it is evaluated. Both say where.

mod arithmetic;
mod ast;
mod atomic;
mod axes;
mod casting;
mod comparing;
pub mod declared;
mod evaluate;
mod functions;
mod item;
mod lexer;
mod parser;
mod pattern;
mod regexes;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Zoned;

pub use atomic::Atomic;
pub use item::{Item, Node, Sequence};
pub use pattern::Pattern;

/// The namespace of `xs:date` and its kin; its usual prefixes are known without a declaration.
pub const SCHEMA_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema";

/// The namespace of functions written with a prefix.
const FUNCTION_NAMESPACE: &str = "http://www.w3.org/2005/xpath-functions";

/// Steps an evaluation may take: a node visited or an expression evaluated is one.
pub const STEPS_MAX: u64 = 20_000_000;

/// Items a range or a `for` may make.
pub const ITEMS_MAX: u64 = 1_000_000;

/// Prefixes and the namespaces they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixes(BTreeMap<String, String>);

impl Prefixes {
    /// Declares a prefix; the last declaration of one counts.
    pub fn declare(&mut self, prefix: impl Into<String>, namespace: impl Into<String>) {
        self.0.insert(prefix.into(), namespace.into());
    }

    /// The namespace of a prefix, those that need no declaration included.
    pub fn namespace(&self, prefix: &str) -> Option<&str> {
        self.0.get(prefix).map(String::as_str).or(match prefix {
            "xs" | "xsd" => Some(SCHEMA_NAMESPACE),
            "fn" => Some(FUNCTION_NAMESPACE),
            "xml" => Some("http://www.w3.org/XML/1998/namespace"),
            _ => None,
        })
    }

    /// All declared prefixes with their namespaces.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(prefix, namespace)| (prefix.as_str(), namespace.as_str()))
    }
}

impl<P: Into<String>, N: Into<String>> FromIterator<(P, N)> for Prefixes {
    fn from_iter<I: IntoIterator<Item = (P, N)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(prefix, namespace)| (prefix.into(), namespace.into())).collect())
    }
}

/// Why an expression was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {at} of \u{201c}{expression}\u{201d}")]
pub struct StaticError {
    /// What is wrong.
    pub message: String,
    /// Where, in characters from 1.
    pub at: usize,
    /// The whole expression.
    pub expression: String,
}

/// Why an expression has no value for this document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DynamicError {
    /// A value is not of the type that is needed.
    #[error("{0}")]
    Type(String),
    /// A text cannot be read as the type asked for.
    #[error("\u{201c}{value}\u{201d} is not a {type_name}")]
    Cast {
        /// The text.
        value: String,
        /// The type's name.
        type_name: &'static str,
    },
    /// A variable that was never bound.
    #[error("variable ${0} has no value")]
    Variable(String),
    /// A computation without a result: division by zero, a number too large.
    #[error("{0}")]
    Arithmetic(String),
    /// A regular expression that cannot be used.
    #[error("regular expression \u{201c}{pattern}\u{201d}: {message}")]
    Regex {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// More than [`ITEMS_MAX`].
    #[error("a range or a for of more than {ITEMS_MAX} items")]
    Items,
    /// [`STEPS_MAX`] is reached.
    #[error("the expression was given up after {STEPS_MAX} steps")]
    Steps,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    tree: ast::Expr,
}

impl Expression {
    /// Compiles `text`; every prefix in it must be declared.
    pub fn compile(text: &str, prefixes: &Prefixes) -> Result<Self, StaticError> {
        Ok(Self { text: text.to_owned(), tree: parser::parse(text, prefixes)? })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value, with `node` as the context item.
    pub fn evaluate<'a>(&self, node: Node<'a>, surroundings: &Surroundings<'a>) -> Result<Sequence<'a>, DynamicError> {
        evaluate::Evaluation::new(surroundings).expression(&self.tree, evaluate::Focus::on(node))
    }

    /// The value as a condition.
    pub fn is_true<'a>(&self, node: Node<'a>, surroundings: &Surroundings<'a>) -> Result<bool, DynamicError> {
        item::effective_boolean(&self.evaluate(node, surroundings)?)
    }
}

/// What an evaluation knows beside the context item.
pub struct Surroundings<'a> {
    /// The root that `/` stands for is this element's own document when set; nothing above it can be reached.
    pub scope: Option<roxmltree::Node<'a, 'a>>,
    /// The run's clock, in Europe/Stockholm.
    pub now: Zoned,
    /// Values of variables, the innermost last.
    pub variables: Vec<(String, Sequence<'a>)>,
    /// Steps left before the evaluation is given up.
    pub steps: Cell<u64>,
}

impl Surroundings<'_> {
    /// No scope, no variables.
    pub fn at(now: Zoned) -> Self {
        Self { scope: None, now, variables: Vec::new(), steps: Cell::new(STEPS_MAX) }
    }
}
