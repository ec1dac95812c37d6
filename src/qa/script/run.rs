//! A script that is understood, executed.

mod calls;
mod compare;
mod objects;
mod values;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use roxmltree::Document;

use super::ast::{Closure, Expr, Operator, Part, Statement, StatementKind};
use super::host::Host;
use super::value::{Holder, Object, Value};
use super::{Ending, Program};
use crate::qa::tree::{self, location};
use crate::qa::xpath::Node;

/// Statements one script may execute.
const STATEMENTS_MAX: u64 = 5_000_000;

/// Failures that are listed.
const FAILURES_MAX: usize = 200;

/// Executes a script; the documents it may look into are read before it begins.
pub(super) fn run(program: &Program, host: &mut dyn Host) -> Ending {
    let (response, request) = (host.response(), host.request());
    let (response_tree, request_tree) = (read(response.as_deref()), read(request.as_deref()));
    let mut running = Running {
        program,
        host,
        response: response.as_deref(),
        request: request.as_deref(),
        response_tree: response_tree.as_ref(),
        request_tree: request_tree.as_ref(),
        scopes: vec![HashMap::new()],
        paths: HashMap::new(),
        failures: Vec::new(),
        record: None,
        sought_header: None,
        left: STATEMENTS_MAX,
    };
    let stop = running.statements(&program.statements);
    let failures = std::mem::take(&mut running.failures);
    match stop {
        Err(Stop::Error(reason)) if failures.is_empty() => Ending::Error(reason),
        Err(Stop::Cancelled(text)) => Ending::Cancelled(text),
        Err(Stop::Skipped(text)) => Ending::Skipped(text),
        _ if !failures.is_empty() => Ending::Failed(failures),
        Err(Stop::Answer(Some(answer))) => Ending::Answer(answer),
        _ => Ending::Done,
    }
}

fn read(text: Option<&str>) -> Option<Document<'_>> {
    tree::parse(text?).ok()
}

/// Why statements are not gone on with.
pub(super) enum Stop {
    /// `return`, at the top of the script or of a closure.
    Answer(Option<String>),
    /// An assertion did not hold; the failure is noted.
    Failed,
    /// The case is given up.
    Cancelled(String),
    /// The assertion leaves itself out.
    Skipped(String),
    /// What there is cannot be worked with.
    Error(String),
}

type Step<T> = Result<T, Stop>;

pub(super) struct Running<'r, 'a> {
    program: &'r Program,
    host: &'r mut dyn Host,
    response: Option<&'a str>,
    request: Option<&'a str>,
    response_tree: Option<&'a Document<'a>>,
    request_tree: Option<&'a Document<'a>>,
    scopes: Vec<HashMap<String, Value<'a>>>,
    /// The path a variable's value was taken by, for messages.
    paths: HashMap<String, String>,
    failures: Vec<String>,
    /// The record that is judged, from 1, and where it stands.
    record: Option<(usize, String)>,
    sought_header: Option<String>,
    left: u64,
}

impl<'a> Running<'_, 'a> {
    fn statements(&mut self, statements: &[Statement]) -> Step<()> {
        for (number, statement) in statements.iter().enumerate() {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| Stop::Error(format!("more than {STATEMENTS_MAX} statements")))?;
            let last = number + 1 == statements.len() && self.scopes.len() == 1;
            self.statement(statement, last)?;
        }
        Ok(())
    }

    fn block(&mut self, statements: &[Statement]) -> Step<()> {
        self.scopes.push(HashMap::new());
        let result = self.statements(statements);
        self.scopes.pop();
        result
    }

    fn statement(&mut self, statement: &Statement, last: bool) -> Step<()> {
        match &statement.kind {
            StatementKind::Declare(name, value) => {
                let value = self.bound(name, value.as_ref())?;
                if let Some(scope) = self.scopes.last_mut() {
                    scope.insert(name.clone(), value);
                }
                Ok(())
            }
            StatementKind::Assign(target, value) => self.assign(target, value),
            StatementKind::Evaluate(expression) => {
                let value = self.value(expression)?;
                // The last expression of a script is what it answers; only mock services ask for it.
                if last && self.program.idiom == "M1" { Err(Stop::Answer(value.some_text())) } else { Ok(()) }
            }
            StatementKind::If(condition, then, otherwise) => {
                let chosen = if self.value(condition)?.is_true() { then } else { otherwise };
                self.block(chosen)
            }
            StatementKind::For(name, over, body) => {
                for (index, item) in self.items(over)?.into_iter().enumerate() {
                    let outer = self.enter(&item, index);
                    self.scopes.push(HashMap::from([(name.clone(), item)]));
                    let result = self.statements(body);
                    self.scopes.pop();
                    self.record = outer;
                    result?;
                }
                Ok(())
            }
            StatementKind::Assert(condition, text, message) => self.assertion(condition, text, message.as_ref()),
            StatementKind::Return(value) => {
                let value = value.as_ref().map(|value| self.value(value)).transpose()?;
                if value.is_none() && self.scopes.len() <= 2 && self.program.idiom == "G07d" {
                    let flag = self.flag_of_guard();
                    return Err(Stop::Skipped(flag));
                }
                Err(Stop::Answer(value.and_then(|value| value.some_text())))
            }
        }
    }

    /// What the guard of a conditional rule file looked at, for the reason.
    fn flag_of_guard(&self) -> String {
        let guard = self.program.statements.iter().find_map(|statement| match &statement.kind {
            StatementKind::If(Expr::Binary(_, left, _), ..) => match &**left {
                Expr::Property(_, name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        });
        let name = guard.unwrap_or_else(|| "the condition".to_owned());
        let value = self.host.variable(&name).unwrap_or_else(|| "null".to_owned());
        format!("{name} is {value}")
    }

    /// The value of a declaration; where it came from is remembered.
    fn bound(&mut self, name: &str, value: Option<&Expr>) -> Step<Value<'a>> {
        let Some(expression) = value else {
            return Ok(Value::Null);
        };
        if let Expr::Call { name: called, arguments, .. } = expression
            && called.starts_with("getNodeValue")
            && let Some(path) = arguments.first()
        {
            let path = self.value(path)?.text();
            self.paths.insert(name.to_owned(), path);
        }
        self.value(expression)
    }

    fn assign(&mut self, target: &Expr, value: &Expr) -> Step<()> {
        match target {
            Expr::Name(name) => {
                let value = self.bound(name, Some(value))?;
                let place = self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(name));
                match place {
                    Some(place) => *place = value,
                    None => {
                        if let Some(scope) = self.scopes.first_mut() {
                            scope.insert(name.clone(), value);
                        }
                    }
                }
                Ok(())
            }
            Expr::Property(of, name) => {
                let value = self.value(value)?;
                let of = self.value(of)?;
                self.assign_to(&of, name, &value)
            }
            Expr::Index(of, index) => {
                let value = self.value(value)?;
                let (of, index) = (self.value(of)?, self.value(index)?.text());
                self.assign_to(&of, &index, &value)
            }
            _ => Err(Stop::Error("something that cannot be assigned to".to_owned())),
        }
    }

    fn assign_to(&mut self, of: &Value<'a>, name: &str, value: &Value<'a>) -> Step<()> {
        match of {
            Value::Object(Object::Context) => {
                self.host.set_variable(name, value.some_text().unwrap_or_default());
                Ok(())
            }
            Value::Namespaces(holder) => {
                let mut holder = holder.borrow_mut();
                holder.namespaces.retain(|(known, _)| known != name);
                holder.namespaces.push((name.to_owned(), value.text()));
                Ok(())
            }
            _ => Err(Stop::Error(format!("{name} cannot be set"))),
        }
    }

    fn assertion(&mut self, condition: &Expr, text: &str, message: Option<&Expr>) -> Step<()> {
        if self.value(condition)?.is_true() {
            return Ok(());
        }
        let said = match message {
            Some(message) => self.value(message)?.text(),
            None => {
                let operands = match condition {
                    Expr::Binary(_, left, right) => {
                        let (left, right) = (self.value(left)?.text(), self.value(right)?.text());
                        format!(" ({left}, {right})")
                    }
                    _ => String::new(),
                };
                format!("{text}{operands}")
            }
        };
        self.fail(said);
        Err(Stop::Failed)
    }

    fn fail(&mut self, text: String) {
        if self.failures.len() == FAILURES_MAX {
            return;
        }
        let place =
            self.record.as_ref().map_or_else(String::new, |(number, place)| format!(" (record {number}, {place})"));
        self.failures.push(format!("{text}{place}"));
    }

    /// Notes which record is judged from now on; the one before is given back.
    fn enter(&mut self, item: &Value<'a>, index: usize) -> Option<(usize, String)> {
        let outer = self.record.clone();
        if let Value::Node(node) = item
            && outer.is_none()
        {
            self.record = Some((index + 1, location(*node)));
        }
        outer
    }

    /// What a loop goes through.
    fn items(&mut self, over: &Expr) -> Step<Vec<Value<'a>>> {
        if let Expr::Range(from, to) = over {
            let (from, to) = (self.number(from)?, self.number(to)?);
            let numbers = if from <= to { (from..=to).collect::<Vec<_>>() } else { Vec::new() };
            return Ok(numbers.into_iter().map(Value::Number).collect());
        }
        let value = self.value(over)?;
        Ok(self.parts_of(&value))
    }

    fn parts_of(&mut self, value: &Value<'a>) -> Vec<Value<'a>> {
        match value {
            Value::List(list) => list.borrow().clone(),
            Value::Nodes(nodes) => {
                if nodes.is_empty() {
                    self.host.notice("no-record", "no record to judge".to_owned());
                }
                nodes.iter().copied().map(Value::Node).collect()
            }
            Value::Findings(findings) => {
                findings.iter().cloned().map(|finding| Value::Finding(Rc::new(finding))).collect()
            }
            Value::Names(names) => names.iter().cloned().map(Value::Text).collect(),
            Value::Path(path) => path.each().map(Value::Path).collect(),
            _ => Vec::new(),
        }
    }

    fn number(&mut self, expression: &Expr) -> Step<i64> {
        let value = self.value(expression)?;
        match &value {
            Value::Number(number) => Ok(*number),
            other => other.text().trim().parse().map_err(|_| Stop::Error(format!("{} is not a number", other.text()))),
        }
    }

    fn value(&mut self, expression: &Expr) -> Step<Value<'a>> {
        match expression {
            Expr::Null => Ok(Value::Null),
            Expr::Number(value) => Ok(Value::Number(*value)),
            Expr::Boolean(value) => Ok(Value::Boolean(*value)),
            Expr::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(plain) => text.push_str(plain),
                        Part::Code(code) => text.push_str(&self.value(code)?.text()),
                    }
                }
                Ok(Value::Text(text))
            }
            Expr::Name(name) => self.name(name),
            Expr::Property(of, name) => self.property(of, name),
            Expr::Index(of, index) => self.index(of, index),
            Expr::Call { receiver, name, arguments, closure } => {
                self.call(receiver.as_deref(), name, arguments, closure.as_ref())
            }
            Expr::New(class, arguments) => self.construct(class, arguments),
            Expr::List(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Step<Vec<_>>>()?;
                Ok(list(items))
            }
            Expr::Range(..) => Ok(list(self.items(expression)?)),
            Expr::Not(inner) => Ok(Value::Boolean(!self.value(inner)?.is_true())),
            Expr::Negative(inner) => Ok(Value::Number(-self.number(inner)?)),
            Expr::Choice(condition, then, otherwise) => {
                let chosen = if self.value(condition)?.is_true() { then } else { otherwise };
                self.value(chosen)
            }
            Expr::Else(value, otherwise) => {
                let value = self.value(value)?;
                if value.is_true() { Ok(value) } else { self.value(otherwise) }
            }
            Expr::As(value, class) => {
                let value = self.value(value)?;
                Ok(match class.as_str() {
                    "String" => value.some_text().map_or(Value::Null, Value::Text),
                    "Integer" | "int" => Value::Number(
                        value
                            .text()
                            .trim()
                            .parse()
                            .map_err(|_| Stop::Error(format!("{} is not a number", value.text())))?,
                    ),
                    _ => value,
                })
            }
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right),
        }
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Step<Value<'a>> {
        let left = self.value(left)?;
        match operator {
            Operator::And if !left.is_true() => return Ok(Value::Boolean(false)),
            Operator::Or if left.is_true() => return Ok(Value::Boolean(true)),
            _ => {}
        }
        let right = self.value(right)?;
        Ok(match operator {
            Operator::And | Operator::Or => Value::Boolean(right.is_true()),
            Operator::Append => {
                if let Value::List(list) = &left {
                    list.borrow_mut().push(right);
                }
                left
            }
            Operator::Add => match (&left, &right) {
                (Value::Number(a), Value::Number(b)) => Value::Number(a.saturating_add(*b)),
                (Value::List(a), Value::List(b)) => list(a.borrow().iter().chain(b.borrow().iter()).cloned().collect()),
                _ => Value::Text(format!("{}{}", left.text(), right.text())),
            },
            Operator::Subtract | Operator::Multiply => {
                let (Value::Number(a), Value::Number(b)) = (&left, &right) else {
                    return Err(Stop::Error(format!("{} and {} are not numbers", left.text(), right.text())));
                };
                Value::Number(if operator == Operator::Subtract { a.saturating_sub(*b) } else { a.saturating_mul(*b) })
            }
            comparison => Value::Boolean(compare::holds(comparison, &left, &right)),
        })
    }

    fn name(&mut self, name: &str) -> Step<Value<'a>> {
        if let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            return Ok(value.clone());
        }
        Ok(Value::Object(match name {
            "context" | "requestContext" => Object::Context,
            "testRunner" => Object::TestRunner,
            "testCase" => Object::TestCase,
            "testSuite" => Object::TestSuite,
            "project" => Object::Project,
            "messageExchange" => Object::Exchange,
            "mockRequest" => Object::MockRequest,
            "mockOperation" | "mockResponse" | "mockRunner" => Object::Way,
            _ => return Ok(Value::Null),
        }))
    }

    fn closure(&mut self, closure: &Closure, arguments: Vec<Value<'a>>) -> Step<()> {
        self.scopes.push(closure.parameters.iter().cloned().zip(arguments).collect());
        let result = self.statements(&closure.body);
        self.scopes.pop();
        match result {
            // `return` in a closure goes to the next item.
            Err(Stop::Answer(_)) => Ok(()),
            other => other,
        }
    }

    /// The holder of a text that is one of the messages, or of an element.
    fn holder(&mut self, of: &Value<'a>) -> Step<Value<'a>> {
        let root = match of {
            Value::Node(node) => Node::Above(node.tree()),
            Value::Null => return Err(Stop::Error("there is no message to look into".to_owned())),
            other => {
                let text = other.text();
                let which = if self.response == Some(text.as_str()) {
                    (self.response_tree, "response")
                } else if self.request == Some(text.as_str()) {
                    (self.request_tree, "request")
                } else {
                    return Err(Stop::Error("only the request and the response can be looked into".to_owned()));
                };
                let Some(tree) = which.0 else {
                    self.fail(format!("the {} is not XML", which.1));
                    return Err(Stop::Failed);
                };
                Node::Tree(tree.root())
            }
        };
        Ok(Value::Holder(Rc::new(RefCell::new(Holder { root, namespaces: Vec::new() }))))
    }
}

fn list(items: Vec<Value<'_>>) -> Value<'_> {
    Value::List(Rc::new(RefCell::new(items)))
}
