//! Words into an expression.

use super::lex::{Word, words};
use super::syntax::{Axis, Expression, Path, Step, Test};

/// Deepest nesting of an expression.
const DEPTH_MAX: usize = 64;

const AXES: [(&str, Axis); 12] = [
    ("child", Axis::Child),
    ("descendant", Axis::Descendant),
    ("descendant-or-self", Axis::DescendantOrSelf),
    ("self", Axis::Itself),
    ("parent", Axis::Parent),
    ("ancestor", Axis::Ancestor),
    ("ancestor-or-self", Axis::AncestorOrSelf),
    ("following-sibling", Axis::FollowingSibling),
    ("preceding-sibling", Axis::PrecedingSibling),
    ("following", Axis::Following),
    ("preceding", Axis::Preceding),
    ("attribute", Axis::Attribute),
];

/// Reads an expression.
pub(super) fn parse(source: &str) -> Result<Expression, String> {
    let mut parser = Parser { source, words: words(source)?, at: 0, depth: 0 };
    let expression = parser.binary(0)?;
    if parser.at < parser.words.len() {
        return Err(parser.unexpected());
    }
    Ok(expression)
}

/// Operators from the loosest to the tightest.
const LEVELS: [&[&str]; 7] =
    [&["or"], &["and"], &["=", "!="], &["<", "<=", ">", ">="], &["+", "-"], &["*", "div", "mod"], &["|"]];

struct Parser<'s> {
    source: &'s str,
    words: Vec<(usize, Word)>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(_, word)| word)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Word::Sign(found)) if *found == sign)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take_sign(sign) { Ok(()) } else { Err(format!("{sign:?} is missing: {}", self.unexpected())) }
    }

    fn unexpected(&self) -> String {
        match self.words.get(self.at) {
            None => "the expression breaks off".to_owned(),
            Some((offset, _)) => {
                let rest: String = self.source[*offset..].chars().take(12).collect();
                format!("{rest:?} is not expected at character {}", offset + 1)
            }
        }
    }

    fn binary(&mut self, level: usize) -> Result<Expression, String> {
        // A minus binds tighter than all but `|`.
        if level == LEVELS.len() - 1 && matches!(self.peek(), Some(Word::Operator("-"))) {
            self.at += 1;
            self.deeper()?;
            let inner = self.binary(level)?;
            self.depth -= 1;
            return Ok(Expression::Negative(Box::new(inner)));
        }
        let Some(operators) = LEVELS.get(level) else { return self.union_part() };
        let mut left = self.binary(level + 1)?;
        while let Some(Word::Operator(found)) = self.peek() {
            let Some(operator) = operators.iter().find(|operator| *operator == found) else { break };
            self.at += 1;
            left = Expression::Binary(operator, Box::new(left), Box::new(self.binary(level + 1)?));
        }
        Ok(left)
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(format!("it is nested more than {DEPTH_MAX} deep")) } else { Ok(()) }
    }

    fn union_part(&mut self) -> Result<Expression, String> {
        let primary = match self.peek() {
            Some(Word::Literal(text)) => Expression::Literal(text.clone()),
            Some(Word::Number(number)) => Expression::Number(*number),
            Some(Word::Sign("(")) => {
                self.at += 1;
                self.deeper()?;
                let inner = self.binary(0)?;
                self.depth -= 1;
                if !self.is_sign(")") {
                    return Err(format!("\")\" is missing: {}", self.unexpected()));
                }
                inner
            }
            Some(Word::Name(name)) if self.calls(name) => return self.call(),
            _ => return self.path().map(Expression::Path),
        };
        self.at += 1;
        self.rest_of(primary)
    }

    fn calls(&self, name: &str) -> bool {
        let bracket = matches!(self.words.get(self.at + 1), Some((_, Word::Sign("("))));
        bracket && !matches!(name, "node" | "text" | "comment" | "processing-instruction")
    }

    fn call(&mut self) -> Result<Expression, String> {
        let Some(Word::Name(name)) = self.peek().cloned() else { return Err(self.unexpected()) };
        self.at += 2;
        let mut arguments = Vec::new();
        self.deeper()?;
        while !self.is_sign(")") {
            arguments.push(self.binary(0)?);
            if !self.is_sign(")") {
                self.expect(",")?;
            }
        }
        self.depth -= 1;
        self.expect(")")?;
        super::functions::check(&name, arguments.len())?;
        self.rest_of(Expression::Call(name, arguments))
    }

    /// Predicates and steps behind an expression in brackets or a function.
    fn rest_of(&mut self, primary: Expression) -> Result<Expression, String> {
        let predicates = self.predicates()?;
        let mut steps = Vec::new();
        while self.is_sign("/") || self.is_sign("//") {
            self.slash(&mut steps);
            steps.push(self.step()?);
        }
        if predicates.is_empty() && steps.is_empty() {
            return Ok(primary);
        }
        Ok(Expression::From(Box::new(primary), predicates, joined(steps)))
    }

    fn slash(&mut self, steps: &mut Vec<Step>) {
        if self.take_sign("//") {
            steps.push(Step {
                axis: Axis::DescendantOrSelf,
                test: Test::Node,
                predicates: Vec::new(),
                written: String::new(),
            });
        } else {
            self.at += 1;
        }
    }

    fn path(&mut self) -> Result<Path, String> {
        let absolute = self.is_sign("/") || self.is_sign("//");
        let mut steps = Vec::new();
        if absolute {
            self.slash(&mut steps);
            let is_root =
                steps.is_empty() && !matches!(self.peek(), Some(Word::Name(_) | Word::Sign("." | ".." | "@")));
            if is_root {
                return Ok(Path { absolute, steps });
            }
        }
        steps.push(self.step()?);
        while self.is_sign("/") || self.is_sign("//") {
            self.slash(&mut steps);
            steps.push(self.step()?);
        }
        Ok(Path { absolute, steps: joined(steps) })
    }

    fn step(&mut self) -> Result<Step, String> {
        let from = self.words.get(self.at).map_or(self.source.len(), |(offset, _)| *offset);
        let (axis, test) = if self.take_sign(".") {
            (Axis::Itself, Test::Node)
        } else if self.take_sign("..") {
            (Axis::Parent, Test::Node)
        } else {
            let axis = self.axis()?;
            (axis, self.test()?)
        };
        let predicates = self.predicates()?;
        let to = self.words.get(self.at).map_or(self.source.len(), |(offset, _)| *offset);
        Ok(Step { axis, test, predicates, written: self.source[from..to].trim().to_owned() })
    }

    fn axis(&mut self) -> Result<Axis, String> {
        if self.take_sign("@") {
            return Ok(Axis::Attribute);
        }
        if let (Some(Word::Name(name)), Some((_, Word::Sign("::")))) = (self.peek(), self.words.get(self.at + 1)) {
            let axis = AXES.iter().find(|(known, _)| known == name).map(|(_, axis)| *axis);
            let axis = axis.ok_or_else(|| format!("{name:?} is no axis"))?;
            self.at += 2;
            return Ok(axis);
        }
        Ok(Axis::Child)
    }

    fn test(&mut self) -> Result<Test, String> {
        let Some(Word::Name(name)) = self.peek().cloned() else { return Err(self.unexpected()) };
        self.at += 1;
        if self.take_sign("(") {
            if let Some(Word::Literal(_)) = self.peek() {
                self.at += 1;
            }
            self.expect(")")?;
            return match name.as_str() {
                "node" => Ok(Test::Node),
                "text" => Ok(Test::Text),
                "comment" | "processing-instruction" => Ok(Test::Nothing),
                _ => Err(format!("{name:?} is no kind of node")),
            };
        }
        Ok(match name.split_once(':') {
            None if name == "*" => Test::Any,
            None => Test::Name(None, name),
            Some((prefix, "*")) => Test::Prefix(prefix.to_owned()),
            Some((prefix, local)) => Test::Name(Some(prefix.to_owned()), local.to_owned()),
        })
    }

    fn predicates(&mut self) -> Result<Vec<Expression>, String> {
        let mut predicates = Vec::new();
        while self.take_sign("[") {
            self.deeper()?;
            predicates.push(self.binary(0)?);
            self.depth -= 1;
            self.expect("]")?;
        }
        Ok(predicates)
    }
}

/// `//name` as one step, where no predicate counts places: it visits each node once.
fn joined(steps: Vec<Step>) -> Vec<Step> {
    let mut joined: Vec<Step> = Vec::with_capacity(steps.len());
    for mut step in steps {
        let follows_all = joined.last().is_some_and(|last| {
            last.axis == Axis::DescendantOrSelf && last.test == Test::Node && last.written.is_empty()
        });
        if follows_all && step.axis == Axis::Child && !step.predicates.iter().any(Expression::counts_places) {
            joined.pop();
            step.axis = Axis::Descendant;
            step.written.insert(0, '/');
        }
        joined.push(step);
    }
    joined
}
