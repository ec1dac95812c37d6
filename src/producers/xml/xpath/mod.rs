//! XPath 1.0 over a [`Document`]: an expression is read once, when its stub is loaded, and run on every message.
//!
//! A run visits a bounded number of nodes; one that would visit more fails, as a message that is not XML does.

pub mod evaluate;
pub mod found;
mod functions;
mod lex;
mod parse;
pub mod syntax;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use self::evaluate::Run;
use self::found::Found;
use self::syntax::Expression;
use super::tree::Document;

/// How the names of an expression are compared with those of a message (`producers.md` §2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names {
    /// `xPathNamespaces`; without them prefixes are the message's own.
    pub bindings: Option<BTreeMap<String, String>>,
    /// Only local names are compared.
    pub local_only: bool,
}

/// An expression with its names.
#[derive(Clone, Debug)]
pub struct XPath {
    source: String,
    names: Names,
    expression: Expression,
    key: u128,
}

/// What an expression gives, made simple.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// Nodes, each as a value: text of an attribute or a text, and for an element its XML as well.
    Nodes(Vec<Picked>),
    /// A text or a number.
    Text(String),
    /// A truth.
    Truth(bool),
}

/// A node that was selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// All text in it.
    pub text: String,
    /// The element as XML by itself.
    pub xml: Option<String>,
}

impl XPath {
    /// Reads an expression; `Err` says what is wrong and where.
    pub fn new(source: &str, names: Names) -> Result<Self, String> {
        let expression = parse::parse(source)?;
        if let Some(bindings) = &names.bindings {
            let unbound = expression.prefixes().into_iter().find(|prefix| !bindings.contains_key(*prefix));
            if let Some(prefix) = unbound {
                return Err(format!("the prefix {prefix:?} is not in xPathNamespaces"));
            }
        }
        // What is written the same and bound the same is the same; 128 bits of SHA-256 keep the others apart.
        let digest = Sha256::digest(format!("{source}\u{0}{names:?}"));
        let key = digest[..16].iter().fold(0, |key: u128, byte| key << 8 | u128::from(*byte));
        Ok(Self { source: source.to_owned(), names, expression, key })
    }

    /// What two expressions share exactly when they mean the same.
    pub fn key(&self) -> u128 {
        self.key
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Runs the expression; `None` where it would visit too many nodes.
    pub fn select(&self, document: &Document<'_>) -> Option<Selected> {
        let found = Run::new(document, &self.names).whole(&self.expression)?;
        Some(match found {
            Found::Nodes(nodes) => Selected::Nodes(nodes.iter().map(|node| node.picked(document)).collect()),
            Found::Text(text) => Selected::Text(text.into_owned()),
            Found::Number(number) => Selected::Text(found::number_text(number)),
            Found::Truth(truth) => Selected::Truth(truth),
        })
    }

    /// Whether the expression holds: it selects something, or is true, or is a text that is not empty.
    pub fn holds(&self, document: &Document<'_>) -> bool {
        Run::new(document, &self.names).whole(&self.expression).is_some_and(|found| found.truth())
    }

    /// The result as one text.
    pub fn text(&self, document: &Document<'_>) -> Option<String> {
        Run::new(document, &self.names).whole(&self.expression).map(|found| found.text(document).into_owned())
    }

    /// The longest beginning of the path that selects something, and its namespace problem where there is one: for people
    /// who ask why the whole selects nothing.
    pub fn longest_prefix(&self, document: &Document<'_>) -> Option<String> {
        let path = self.expression.as_path()?;
        (1..path.steps.len()).rev().find_map(|count| {
            let shorter = path.cut(count);
            let found = Run::new(document, &self.names).whole(&shorter)?;
            found.truth().then(|| shorter.to_string())
        })
    }
}

/// Text of a value, borrowed where it can be.
pub(super) type Text<'d> = Cow<'d, str>;
