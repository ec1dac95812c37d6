//! A message judged by a rule file.

use std::time::Duration;

use jiff::Zoned;
use roxmltree::Document;

use super::{ASSERTS_MAX, Group, Let, Piece, Rule, Schema, Test, VALIDATION_SECONDS_MAX};
use crate::domain::clock::Clock;
use crate::qa::tree::{line, location};
use crate::qa::xpath::{DynamicError, Expression, Item, Node, Surroundings};

/// What a test came to where it was not passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An `assert` that does not hold.
    Failed,
    /// A `report` that holds: information, since published validators collect failed asserts only.
    Reported,
    /// The test has no value for this message.
    Error,
}

/// One test that was not passed, at one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the test came to.
    pub outcome: Outcome,
    /// The rule file.
    pub file: String,
    /// The pattern's id, or its number.
    pub pattern: String,
    /// The rule's context.
    pub context: String,
    /// The test.
    pub test: String,
    /// Where the node stands.
    pub location: String,
    /// The line of the message, from 1.
    pub line: u32,
    /// The rule's message, or why the test has no value.
    pub text: String,
}

/// What a validation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of patterns, then of the message.
    pub findings: Vec<Finding>,
    /// Tests judged.
    pub judged: usize,
    /// Contexts, with their patterns, of rules that no node fits.
    pub unused: Vec<(String, String)>,
    /// Why the validation was given up, if it was.
    pub given_up: Option<String>,
}

impl Report {
    /// Findings of one kind.
    pub fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.outcome == outcome)
    }
}

impl Schema {
    /// Judges a whole message, envelope included.
    pub fn validate(&self, document: &Document<'_>, now: Zoned) -> Report {
        let root = document.root();
        let mut run = Run {
            schema: self,
            surroundings: Surroundings::at(now),
            report: Report::default(),
            until: Clock::instant() + Duration::from_secs(VALIDATION_SECONDS_MAX),
        };
        run.bind(&self.lets, Node::Tree(root), "schema");
        for group in &self.patterns {
            run.group(group, root);
            if run.report.given_up.is_some() {
                break;
            }
        }
        run.report
    }
}

struct Run<'s, 'a> {
    schema: &'s Schema,
    surroundings: Surroundings<'a>,
    report: Report,
    until: std::time::Instant,
}

impl<'a> Run<'_, 'a> {
    fn group(&mut self, group: &Group, root: roxmltree::Node<'a, 'a>) {
        let bound = self.surroundings.variables.len();
        self.bind(&group.lets, Node::Tree(root), &group.id);
        let mut used = vec![false; group.rules.len()];
        for tree in root.descendants().filter(|node| !node.is_text()) {
            self.node(group, Node::Tree(tree), &mut used);
            if self.schema.visits_attributes {
                for index in 0..tree.attributes().len() {
                    self.node(group, Node::Attribute(tree, index), &mut used);
                }
            }
            if self.report.given_up.is_some() {
                break;
            }
        }
        self.surroundings.variables.truncate(bound);
        let unused = group.rules.iter().zip(used).filter(|(_, used)| !used);
        self.report.unused.extend(unused.map(|(rule, _)| (group.id.clone(), rule.context.text().to_owned())));
    }

    /// The first rule of the pattern that fits the node fires, and no other.
    fn node(&mut self, group: &Group, node: Node<'a>, used: &mut [bool]) {
        for (rule, used) in group.rules.iter().zip(used) {
            match rule.context.matches(node, &self.surroundings) {
                Ok(false) => {}
                Ok(true) => {
                    *used = true;
                    self.fire(group, rule, node);
                    return;
                }
                Err(error) => return self.error(group, rule.context.text(), rule.context.text(), node, &error),
            }
        }
    }

    fn fire(&mut self, group: &Group, rule: &Rule, node: Node<'a>) {
        let bound = self.surroundings.variables.len();
        self.bind(&rule.lets, node, &group.id);
        for test in &rule.tests {
            if self.report.judged == ASSERTS_MAX {
                self.report.given_up = Some(format!("more than {ASSERTS_MAX} asserts"));
                break;
            }
            if Clock::instant() > self.until {
                self.report.given_up = Some(format!("more than {VALIDATION_SECONDS_MAX} seconds"));
                break;
            }
            self.report.judged += 1;
            self.test(group, rule, test, node);
        }
        self.surroundings.variables.truncate(bound);
    }

    fn test(&mut self, group: &Group, rule: &Rule, test: &Test, node: Node<'a>) {
        match test.condition.is_true(node, &self.surroundings) {
            Err(error) => self.error(group, rule.context.text(), test.condition.text(), node, &error),
            Ok(holds) if holds == test.report => {
                let outcome = if test.report { Outcome::Reported } else { Outcome::Failed };
                let text = self.message(&test.message, node);
                self.find(outcome, group, rule.context.text(), test.condition.text(), node, text);
            }
            Ok(_) => {}
        }
    }

    fn bind(&mut self, lets: &[Let], node: Node<'a>, pattern: &str) {
        for binding in lets {
            match binding.value.evaluate(node, &self.surroundings) {
                Ok(value) => self.surroundings.variables.push((binding.name.clone(), value)),
                Err(error) => {
                    let text = format!("let {}: {error}", binding.name);
                    self.report.findings.push(Finding {
                        outcome: Outcome::Error,
                        file: self.schema.file.clone(),
                        pattern: pattern.to_owned(),
                        context: String::new(),
                        test: binding.value.text().to_owned(),
                        location: location(node),
                        line: line(node),
                        text,
                    });
                }
            }
        }
    }

    fn error(&mut self, group: &Group, context: &str, test: &str, node: Node<'a>, error: &DynamicError) {
        if *error == DynamicError::Steps {
            self.report.given_up = Some(error.to_string());
        }
        self.find(Outcome::Error, group, context, test, node, error.to_string());
    }

    fn find(&mut self, outcome: Outcome, group: &Group, context: &str, test: &str, node: Node<'a>, text: String) {
        self.report.findings.push(Finding {
            outcome,
            file: self.schema.file.clone(),
            pattern: group.id.clone(),
            context: context.to_owned(),
            test: test.to_owned(),
            location: location(node),
            line: line(node),
            text,
        });
    }

    /// The message with its values, white space collapsed.
    fn message(&self, pieces: &[Piece], node: Node<'a>) -> String {
        let first = |expression: &Expression| {
            expression.evaluate(node, &self.surroundings).ok().and_then(|items| items.into_iter().next())
        };
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Name(None) => text.push_str(&node.written_name()),
                Piece::Name(Some(path)) => {
                    if let Some(Item::Node(named)) = first(path) {
                        text.push_str(&named.written_name());
                    }
                }
                Piece::ValueOf(expression) => {
                    if let Some(item) = first(expression) {
                        text.push_str(&item.text());
                    }
                }
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
