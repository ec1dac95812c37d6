//! From the text of a rule file to compiled rules. All problems are listed, each with its line.

use std::path::Path;

use super::expand::{Child, Element, parts, patterns};
use super::{Group, Let, NAMESPACE, Piece, Rule, Schema, Test};
use crate::domain::problem::Problem;
use crate::qa::tree;
use crate::qa::xpath::{Expression, Pattern, Prefixes, StaticError};

/// A rule file that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// What to validate with.
    pub schema: Schema,
    /// What was not understood and does not hinder.
    pub warnings: Vec<Problem>,
}

/// Compiles the rule file `file` with this text.
pub fn load(file: &str, text: &str) -> Result<Loaded, Vec<Problem>> {
    let document = tree::parse(text).map_err(|message| vec![Problem::error(Path::new(file), 1, message)])?;
    let root = document.root_element();
    if !root.has_tag_name((NAMESPACE, "schema")) {
        let message = format!("the root is {}, expected schema in {NAMESPACE}", root.tag_name().name());
        return Err(vec![Problem::error(Path::new(file), 1, message)]);
    }
    let element = Element::of(root);
    let mut reader = Reader { file, prefixes: Prefixes::default(), problems: Vec::new(), warnings: Vec::new() };
    let schema = reader.schema(&element);
    if reader.problems.is_empty() { Ok(Loaded { schema, warnings: reader.warnings }) } else { Err(reader.problems) }
}

struct Reader<'f> {
    file: &'f str,
    prefixes: Prefixes,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

const KNOWN: [&str; 17] = [
    "schema", "ns", "title", "p", "pattern", "param", "rule", "extends", "let", "assert", "report", "name", "value-of",
    "emph", "span", "dir", "dbl",
];

impl Reader<'_> {
    fn schema(&mut self, schema: &Element) -> Schema {
        let binding = schema.attribute("queryBinding").unwrap_or("xslt");
        if !matches!(binding, "xslt" | "xpath" | "xslt2" | "xpath2") {
            self.problem(schema.line, format!("queryBinding {binding} is not one of xslt, xpath, xslt2, xpath2"));
        }
        for ns in schema.named("ns") {
            if let (Some(prefix), Some(uri)) = (ns.attribute("prefix"), ns.attribute("uri")) {
                self.prefixes.declare(prefix, uri);
            }
        }
        self.warn_of_unknown(schema);
        let lets = self.lets(schema);
        let running = patterns(schema).unwrap_or_else(|(message, line)| {
            self.problem(line, message);
            Vec::new()
        });
        let patterns: Vec<Group> =
            running.iter().enumerate().map(|(number, pattern)| self.group(number, pattern, schema)).collect();
        let visits_attributes =
            patterns.iter().flat_map(|group| &group.rules).any(|rule| rule.context.can_be_attribute());
        Schema { file: self.file.to_owned(), lets, patterns, visits_attributes }
    }

    fn warn_of_unknown(&mut self, element: &Element) {
        if !KNOWN.contains(&element.name.as_str()) {
            let message = format!("the element {} is not known and has no effect", element.name);
            self.warnings.push(Problem::warning(Path::new(self.file), element.line as usize, message));
            return;
        }
        for child in element.elements() {
            self.warn_of_unknown(child);
        }
    }

    fn group(&mut self, number: usize, pattern: &Element, schema: &Element) -> Group {
        let mut rules = Vec::new();
        for rule in pattern.named("rule").filter(|rule| !rule.is_abstract()) {
            rules.extend(self.rule(rule, pattern, schema));
        }
        let id = pattern.attribute("id").map_or_else(|| format!("pattern {}", number + 1), str::to_owned);
        Group { id, lets: self.lets(pattern), rules }
    }

    fn rule(&mut self, rule: &Element, pattern: &Element, schema: &Element) -> Option<Rule> {
        let context = rule.attribute("context").unwrap_or("");
        let compiled = Pattern::compile(context, &self.prefixes);
        let context = self.compiled(rule.line, compiled);
        let mut lets = Vec::new();
        let mut tests = Vec::new();
        let parts = parts(rule, schema, pattern).unwrap_or_else(|(message, line)| {
            self.problem(line, message);
            Vec::new()
        });
        for part in parts {
            match part.name.as_str() {
                "let" => lets.extend(self.binding(part)),
                "assert" | "report" => tests.extend(self.test(part)),
                _ => {}
            }
        }
        Some(Rule { context: context?, lets, tests })
    }

    fn lets(&mut self, element: &Element) -> Vec<Let> {
        let bindings: Vec<_> = element.named("let").collect();
        bindings.into_iter().filter_map(|binding| self.binding(binding)).collect()
    }

    fn binding(&mut self, element: &Element) -> Option<Let> {
        let name = element.attribute("name")?.to_owned();
        let value = self.expression(element.line, element.attribute("value").unwrap_or(""))?;
        Some(Let { name, value })
    }

    fn test(&mut self, element: &Element) -> Option<Test> {
        let condition = self.expression(element.line, element.attribute("test").unwrap_or(""));
        let mut message = Vec::new();
        self.message(element, &mut message);
        Some(Test { report: element.name == "report", condition: condition?, message })
    }

    fn message(&mut self, element: &Element, pieces: &mut Vec<Piece>) {
        for child in &element.children {
            match child {
                Child::Text(text) => pieces.push(Piece::Text(text.clone())),
                Child::Element(child) => match child.name.as_str() {
                    "name" => {
                        let path = child.attribute("path").and_then(|path| self.expression(child.line, path));
                        pieces.push(Piece::Name(path));
                    }
                    "value-of" => {
                        let value = self.expression(child.line, child.attribute("select").unwrap_or("."));
                        pieces.extend(value.map(Piece::ValueOf));
                    }
                    _ => self.message(child, pieces),
                },
            }
        }
    }

    fn expression(&mut self, line: u32, text: &str) -> Option<Expression> {
        let compiled = Expression::compile(text, &self.prefixes);
        self.compiled(line, compiled)
    }

    fn compiled<T>(&mut self, line: u32, compiled: Result<T, StaticError>) -> Option<T> {
        compiled.map_err(|error| self.problem(line, error.to_string())).ok()
    }

    fn problem(&mut self, line: u32, message: String) {
        self.problems.push(Problem::error(Path::new(self.file), line as usize, message));
    }
}
