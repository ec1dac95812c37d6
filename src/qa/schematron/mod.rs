//! Schematron as the published suites write it (`qa.md` §4.2, §4.3): XPath 2.0 in rules, abstract patterns and rules,
//! `let`, and messages with values in them.

mod expand;
mod read;
mod run;
#[cfg(test)]
mod tests;

use super::xpath::{Expression, Pattern};

pub use read::{Loaded, load};
pub use run::{Finding, Outcome, Report};

/// Asserts that one validation may judge.
pub const ASSERTS_MAX: usize = 20_000;

/// Seconds after which one validation is given up.
pub const VALIDATION_SECONDS_MAX: u64 = 10;

const NAMESPACE: &str = "http://purl.oclc.org/dsdl/schematron";

/// A compiled rule file.
#[derive(Debug)]
pub struct Schema {
    file: String,
    lets: Vec<Let>,
    patterns: Vec<Group>,
    visits_attributes: bool,
}

/// A `pattern`: of its rules only the first that fits a node fires.
#[derive(Debug)]
struct Group {
    id: String,
    lets: Vec<Let>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    context: Pattern,
    lets: Vec<Let>,
    tests: Vec<Test>,
}

#[derive(Debug)]
struct Let {
    name: String,
    value: Expression,
}

/// An `assert`, or a `report`.
#[derive(Debug)]
struct Test {
    report: bool,
    condition: Expression,
    message: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    /// The name of the context node, or of the node a path leads to.
    Name(Option<Expression>),
    ValueOf(Expression),
}

impl Schema {
    /// The contexts of all rules, with the pattern each stands in.
    pub fn contexts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.patterns.iter().flat_map(|group| group.rules.iter().map(|rule| (group.id.as_str(), rule.context.text())))
    }

    /// Asserts and reports of all rules.
    pub fn tests(&self) -> usize {
        self.patterns.iter().flat_map(|group| &group.rules).map(|rule| rule.tests.len()).sum()
    }
}
