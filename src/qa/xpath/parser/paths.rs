//! Paths, their steps and what stands in them: the tightest part of the grammar.

use super::super::ast::{Axis, Expr, Step, Test};
use super::super::atomic::{Atomic, AtomicType};
use super::super::lexer::Token;
use super::super::{FUNCTION_NAMESPACE, SCHEMA_NAMESPACE, StaticError, functions};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn path(&mut self) -> Parsed {
        let mut steps = Vec::new();
        let from_root = if self.take_symbol("//") {
            steps.push(Step::Axis { axis: Axis::DescendantOrSelf, test: Test::Any, predicates: Vec::new() });
            true
        } else if self.take_symbol("/") {
            if !self.begins_step() {
                return Ok(Expr::Path { from_root: true, steps });
            }
            true
        } else {
            false
        };
        loop {
            steps.push(self.step()?);
            if self.take_symbol("//") {
                steps.push(Step::Axis { axis: Axis::DescendantOrSelf, test: Test::Any, predicates: Vec::new() });
            } else if !self.take_symbol("/") {
                break;
            }
        }
        if !from_root && steps.len() == 1 && matches!(steps[0], Step::Each { .. }) {
            let Some(Step::Each { expression, predicates }) = steps.pop() else {
                return self.fail("expected an expression");
            };
            return Ok(if predicates.is_empty() {
                expression
            } else {
                Expr::Filtered(Box::new(expression), predicates)
            });
        }
        Ok(Expr::Path { from_root, steps: shorten(steps) })
    }

    fn begins_step(&self) -> bool {
        match self.token() {
            Token::Name { prefix: None, local } => !matches!(
                local.as_str(),
                "or" | "and"
                    | "eq"
                    | "ne"
                    | "lt"
                    | "le"
                    | "gt"
                    | "ge"
                    | "div"
                    | "idiv"
                    | "mod"
                    | "union"
                    | "then"
                    | "else"
                    | "return"
                    | "satisfies"
            ),
            Token::Name { .. } | Token::AnyLocal(_) | Token::AnyNamespace(_) | Token::String(_) => true,
            Token::Integer(_) | Token::Decimal(_) | Token::Double(_) => true,
            Token::Symbol(symbol) => matches!(*symbol, "." | ".." | "@" | "*" | "(" | "$"),
            Token::End => false,
        }
    }

    fn step(&mut self) -> Result<Step, StaticError> {
        let plain = |axis, test| Step::Axis { axis, test, predicates: Vec::new() };
        let mut step = match self.token().clone() {
            Token::Symbol("..") => {
                self.advance();
                plain(Axis::Parent, Test::Any)
            }
            Token::Symbol("@") => {
                self.advance();
                plain(Axis::Attribute, self.test(Axis::Attribute)?)
            }
            Token::Symbol("*") | Token::AnyLocal(_) | Token::AnyNamespace(_) => {
                plain(Axis::Child, self.test(Axis::Child)?)
            }
            Token::Name { prefix, local } => match self.after(1) {
                Token::Symbol("::") if prefix.is_none() => {
                    let Some(axis) = Axis::named(&local) else {
                        return self.fail(format!("unknown axis {local}"));
                    };
                    self.advance();
                    self.advance();
                    plain(axis, self.test(axis)?)
                }
                Token::Symbol("(") if !(prefix.is_none() && is_kind_test(&local)) => {
                    Step::Each { expression: self.primary()?, predicates: Vec::new() }
                }
                _ => {
                    let axis = if prefix.is_none() && local == "attribute" && *self.after(1) == Token::Symbol("(") {
                        Axis::Attribute
                    } else {
                        Axis::Child
                    };
                    plain(axis, self.test(axis)?)
                }
            },
            _ => Step::Each { expression: self.primary()?, predicates: Vec::new() },
        };
        while self.take_symbol("[") {
            let predicate = self.sequence()?;
            self.expect_symbol("]")?;
            match &mut step {
                Step::Axis { predicates, .. } | Step::Each { predicates, .. } => predicates.push(predicate),
            }
        }
        Ok(step)
    }

    fn test(&mut self, axis: Axis) -> Result<Test, StaticError> {
        let token = self.token().clone();
        let test = match token {
            Token::Symbol("*") => Test::AnyName,
            Token::AnyNamespace(local) => Test::AnyNamespace(local),
            Token::AnyLocal(prefix) => Test::AnyLocal(self.namespace(&prefix)?),
            Token::Name { prefix: None, local } if *self.after(1) == Token::Symbol("(") => {
                self.advance();
                self.advance();
                let test = self.kind_test(&local, axis)?;
                if *self.token() != Token::Symbol(")") {
                    return self.fail("expected )");
                }
                test
            }
            Token::Name { prefix, local } => {
                let namespace = prefix.map(|prefix| self.namespace(&prefix)).transpose()?;
                Test::Name { namespace, local }
            }
            _ => return self.fail("expected a name or a node test"),
        };
        self.advance();
        Ok(test)
    }

    /// What stands between the parentheses of a node test.
    pub(super) fn kind_test(&mut self, kind: &str, axis: Axis) -> Result<Test, StaticError> {
        Ok(match kind {
            "node" => Test::Any,
            "text" => Test::Text,
            "comment" => Test::Comment,
            "document-node" => Test::Document,
            "processing-instruction" => match self.token().clone() {
                Token::String(name) | Token::Name { prefix: None, local: name } => {
                    self.advance();
                    Test::Instruction(Some(name))
                }
                _ => Test::Instruction(None),
            },
            "element" | "attribute" if *self.token() == Token::Symbol(")") => Test::AnyName,
            "element" | "attribute" => {
                let test = self.test(axis)?;
                if matches!(test, Test::Name { .. } | Test::AnyName) {
                    test
                } else {
                    return self.fail("expected a name");
                }
            }
            _ => return self.fail(format!("unknown node test {kind}()")),
        })
    }

    fn namespace(&self, prefix: &str) -> Result<String, StaticError> {
        match self.prefixes.namespace(prefix) {
            Some(namespace) => Ok(namespace.to_owned()),
            None => self.fail(format!("the prefix {prefix} is not declared")),
        }
    }

    fn primary(&mut self) -> Parsed {
        let literal = match self.token().clone() {
            Token::String(value) => Atomic::String(value),
            Token::Integer(digits) => match digits.parse() {
                Ok(value) => Atomic::Integer(value),
                Err(_) => return self.fail(format!("{digits} is too large a number")),
            },
            Token::Decimal(digits) => Atomic::Decimal(digits.parse().unwrap_or_default()),
            Token::Double(digits) => Atomic::Double(digits.parse().unwrap_or_default()),
            Token::Symbol("$") => {
                self.advance();
                return Ok(Expr::Variable(self.variable_name()?));
            }
            Token::Symbol(".") => {
                self.advance();
                return Ok(Expr::ContextItem);
            }
            Token::Symbol("(") => {
                self.advance();
                if self.take_symbol(")") {
                    return Ok(Expr::Sequence(Vec::new()));
                }
                let inner = self.sequence()?;
                self.expect_symbol(")")?;
                return Ok(inner);
            }
            Token::Name { prefix, local } => return self.call(prefix, &local),
            Token::End => return self.fail("the expression ends where a value is expected"),
            _ => return self.fail("expected a value"),
        };
        self.advance();
        Ok(Expr::Literal(literal))
    }

    pub(super) fn variable_name(&mut self) -> Result<String, StaticError> {
        let Token::Name { prefix, local } = self.token().clone() else {
            return self.fail("expected the name of a variable");
        };
        self.advance();
        Ok(prefix.map_or(local.clone(), |prefix| format!("{prefix}:{local}")))
    }

    fn call(&mut self, prefix: Option<String>, local: &str) -> Parsed {
        let namespace = match &prefix {
            Some(prefix) => self.namespace(prefix)?,
            None => FUNCTION_NAMESPACE.to_owned(),
        };
        let written = prefix.map_or(local.to_owned(), |prefix| format!("{prefix}:{local}"));
        let constructor = if namespace == SCHEMA_NAMESPACE { AtomicType::named(local) } else { None };
        let function = if namespace == FUNCTION_NAMESPACE { functions::named(local) } else { None };
        if constructor.is_none() && function.is_none() {
            return self.fail(format!("unknown function {written}()"));
        }
        let start = self.next;
        self.advance();
        self.expect_symbol("(")?;
        let mut arguments = Vec::new();
        if !self.take_symbol(")") {
            loop {
                arguments.push(self.nested_single()?);
                if self.take_symbol(")") {
                    break;
                }
                self.expect_symbol(",")?;
            }
        }
        let (least, most) = function.map_or((1, 1), functions::Function::arity);
        if !(least..=most).contains(&arguments.len()) {
            self.next = start;
            return self.fail(format!("{written}() does not take {} arguments", arguments.len()));
        }
        Ok(match (constructor, function) {
            (Some(target), _) => Expr::Cast { operand: Box::new(arguments.remove(0)), target, empty_allowed: true },
            (None, Some(function)) => Expr::Call(function, arguments),
            (None, None) => return self.fail(format!("unknown function {written}()")),
        })
    }
}

fn is_kind_test(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction" | "element" | "attribute" | "document-node")
}

/// `//name` without a position is one walk over the descendants instead of one for each of them.
fn shorten(steps: Vec<Step>) -> Vec<Step> {
    let mut short: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let any_below = matches!(
            short.last(),
            Some(Step::Axis { axis: Axis::DescendantOrSelf, test: Test::Any, predicates }) if predicates.is_empty()
        );
        match step {
            Step::Axis { axis: Axis::Child, test, predicates }
                if any_below && !predicates.iter().any(Expr::may_be_positional) =>
            {
                short.pop();
                short.push(Step::Axis { axis: Axis::Descendant, test, predicates });
            }
            step => short.push(step),
        }
    }
    short
}
