//! Before anything is executed: is everything in the script known, and what does it do?

use std::collections::HashMap;

use super::ast::{Closure, Expr, Operator, Part, Statement, StatementKind};
use super::kinds::{Kind, constructed, element, global, method, property};
use super::{Unrecognised, unrecognised};

/// What a script does, as far as the catalogue tells scripts apart by it.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) is_empty: bool,
    pub(super) loads: bool,
    pub(super) guarded_load: bool,
    pub(super) sets_property: bool,
    pub(super) sets_variable: bool,
    pub(super) dates: bool,
    pub(super) date_format: bool,
    pub(super) cancels: bool,
    pub(super) content: bool,
    pub(super) counts_records: bool,
    pub(super) schematron: bool,
    pub(super) findings_loop: bool,
    pub(super) returns_early: bool,
    pub(super) asserts: bool,
    pub(super) fails: bool,
    pub(super) tokenizes: bool,
    pub(super) collects: bool,
    pub(super) counts_nodes: bool,
    pub(super) record_loop: bool,
    pub(super) loop_in_record: bool,
    pub(super) request_holder: bool,
    pub(super) holder: bool,
    pub(super) cuts: bool,
    pub(super) ors: bool,
    pub(super) headers: bool,
    pub(super) slurps: bool,
    pub(super) parses: bool,
    pub(super) json: bool,
    pub(super) time_taken: bool,
    pub(super) counts_text: bool,
    pub(super) mock: bool,
    pub(super) returns_value: bool,
    pub(super) random: bool,
}

impl Facts {
    /// Whether anything can fail.
    pub(super) fn can_fail(&self) -> bool {
        self.asserts || self.fails || self.content || self.loads
    }
}

/// Checks every statement; the first with something unknown in it is the error.
pub(super) fn recognise(statements: &[Statement], source: &str) -> Result<Facts, Unrecognised> {
    let mut reader = Reader {
        source,
        scopes: vec![HashMap::new()],
        facts: Facts::default(),
        line: 1,
        in_record: 0,
        in_findings: false,
    };
    reader.facts.is_empty = statements.is_empty();
    reader.statements(statements)?;
    if reader.facts.is_empty || reader.does_something() {
        return Ok(reader.facts);
    }
    let line = statements.first().map_or(1, |statement| statement.line);
    Err(unrecognised(source, line))
}

struct Reader<'s> {
    source: &'s str,
    scopes: Vec<HashMap<String, Kind>>,
    facts: Facts,
    line: u32,
    in_record: usize,
    in_findings: bool,
}

type Known<T> = Result<T, Unrecognised>;

impl Reader<'_> {
    fn does_something(&self) -> bool {
        let f = &self.facts;
        f.can_fail()
            || f.sets_property
            || f.sets_variable
            || f.cancels
            || f.schematron
            || f.mock
            || f.returns_value
            || f.json
            || f.dates
    }

    fn unknown<T>(&self) -> Known<T> {
        Err(unrecognised(self.source, self.line))
    }

    fn statements(&mut self, statements: &[Statement]) -> Known<()> {
        for statement in statements {
            self.line = statement.line;
            self.statement(statement)?;
        }
        Ok(())
    }

    fn block(&mut self, statements: &[Statement]) -> Known<()> {
        self.scopes.push(HashMap::new());
        let result = self.statements(statements);
        self.scopes.pop();
        result
    }

    fn declare(&mut self, name: &str, kind: Kind) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), kind);
        }
    }

    fn lookup(&self, name: &str) -> Option<Kind> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).copied().or_else(|| global(name))
    }

    fn statement(&mut self, statement: &Statement) -> Known<()> {
        match &statement.kind {
            StatementKind::Declare(name, value) => {
                let kind = value.as_ref().map_or(Ok(Kind::Scalar), |value| self.kind(value))?;
                self.declare(name, kind);
                Ok(())
            }
            StatementKind::Assign(target, value) => self.assign(target, value),
            StatementKind::Evaluate(expression) => match expression {
                Expr::Call { .. } | Expr::Binary(Operator::Append, ..) => self.kind(expression).map(|_| ()),
                // A value nobody takes does nothing; only at the end of a mock service's script it is the answer.
                _ => {
                    self.facts.returns_value = true;
                    self.kind(expression).map(|_| ())
                }
            },
            StatementKind::If(condition, then, otherwise) => {
                self.condition(condition)?;
                self.block(then)?;
                self.block(otherwise)
            }
            StatementKind::For(name, over, body) => {
                let over = match over {
                    Expr::Range(..) => self.kind(over).map(|_| Kind::Scalar)?,
                    over => {
                        let of = self.kind(over)?;
                        element(of).map_or_else(|| self.unknown(), Ok)?
                    }
                };
                if over == Kind::Node {
                    self.enter_nodes();
                }
                self.scopes.push(HashMap::from([(name.clone(), over)]));
                let result = self.statements(body);
                self.scopes.pop();
                if over == Kind::Node {
                    self.in_record -= 1;
                }
                result
            }
            StatementKind::Assert(condition, _, message) => {
                self.facts.asserts = true;
                self.condition(condition)?;
                message.as_ref().map_or(Ok(()), |message| self.kind(message).map(|_| ()))
            }
            StatementKind::Return(value) => {
                match value {
                    None => self.facts.returns_early = true,
                    Some(value) => {
                        self.facts.returns_value = true;
                        self.kind(value)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn enter_nodes(&mut self) {
        if self.in_record > 0 {
            self.facts.loop_in_record = true;
        }
        self.in_record += 1;
        self.facts.record_loop = true;
    }

    fn assign(&mut self, target: &Expr, value: &Expr) -> Known<()> {
        let kind = self.kind(value)?;
        match target {
            Expr::Name(name) => {
                if self.lookup(name).is_none() {
                    // Without `def` the name is the script's own.
                    let Some(outermost) = self.scopes.first_mut() else { return self.unknown() };
                    outermost.insert(name.clone(), kind);
                }
                Ok(())
            }
            Expr::Property(of, _) | Expr::Index(of, _) => match self.kind(of)? {
                Kind::Context => {
                    self.facts.sets_variable = true;
                    Ok(())
                }
                Kind::Namespaces => Ok(()),
                _ => self.unknown(),
            },
            _ => self.unknown(),
        }
    }

    fn condition(&mut self, condition: &Expr) -> Known<()> {
        if let Expr::Binary(Operator::NotEqual, left, right) = condition
            && matches!(**right, Expr::Null)
            && matches!(&**left, Expr::Call { name, .. } if name == "getProperty")
        {
            self.facts.guarded_load = true;
        }
        self.kind(condition).map(|_| ())
    }

    fn kind(&mut self, expression: &Expr) -> Known<Kind> {
        match expression {
            Expr::Number(_) | Expr::Boolean(_) | Expr::Null => Ok(Kind::Scalar),
            Expr::Text(parts) => {
                for part in parts {
                    if let Part::Code(code) = part {
                        self.kind(code)?;
                    }
                }
                Ok(Kind::Scalar)
            }
            Expr::Name(name) => self.lookup(name).map_or_else(|| self.unknown(), Ok),
            Expr::Property(of, name) => self.property(of, name),
            Expr::Index(of, index) => {
                if let Expr::Range(from, to) = &**index {
                    self.kind(from)?;
                    self.kind(to)?;
                    self.facts.cuts = true;
                } else {
                    self.kind(index)?;
                }
                let of = self.kind(of)?;
                if of == Kind::Headers {
                    self.facts.headers = true;
                }
                element(of).map_or_else(|| self.unknown(), Ok)
            }
            Expr::Call { receiver, name, arguments, closure } => {
                self.call(receiver.as_deref(), name, arguments, closure.as_ref())
            }
            Expr::New(class, arguments) => self.construct(class, arguments),
            Expr::List(items) => {
                for item in items {
                    self.kind(item)?;
                }
                Ok(Kind::List)
            }
            Expr::Range(from, to) => {
                self.kind(from)?;
                self.kind(to)?;
                Ok(Kind::List)
            }
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right),
            Expr::Not(inner) | Expr::Negative(inner) => self.kind(inner).map(|_| Kind::Scalar),
            Expr::Choice(condition, then, otherwise) => {
                self.kind(condition)?;
                let then_kind = self.kind(then)?;
                let otherwise = self.kind(otherwise)?;
                Ok(if matches!(**then, Expr::Null) { otherwise } else { then_kind })
            }
            Expr::Else(value, otherwise) => {
                let kind = self.kind(value)?;
                self.kind(otherwise)?;
                Ok(kind)
            }
            Expr::As(value, class) => {
                let kind = self.kind(value)?;
                match class.as_str() {
                    "List" | "ArrayList" | "Set" | "String" | "Integer" | "int" => {
                        Ok(if class == "String" { Kind::Scalar } else { kind })
                    }
                    _ => self.unknown(),
                }
            }
        }
    }

    fn property(&mut self, of: &Expr, name: &str) -> Known<Kind> {
        // `File.separator` is the only property of a class in use.
        if matches!(of, Expr::Name(class) if class == "File") && name == "separator" {
            return Ok(Kind::Scalar);
        }
        let of = self.kind(of)?;
        match (of, name) {
            (Kind::Exchange | Kind::Response, "timeTaken") => self.facts.time_taken = true,
            (Kind::Headers, _) | (Kind::Exchange | Kind::Response, "responseHeaders") => self.facts.headers = true,
            (Kind::Nodes, "length" | "size") => self.facts.counts_nodes = true,
            (Kind::MockRequest, _) => self.facts.mock = true,
            _ => {}
        }
        property(of, name).map_or_else(|| self.unknown(), Ok)
    }

    fn construct(&mut self, class: &str, arguments: &[Expr]) -> Known<Kind> {
        let mut kinds = Vec::with_capacity(arguments.len());
        for argument in arguments {
            // `log` is an argument of one class, and nothing else.
            if matches!(argument, Expr::Name(name) if name == "log") {
                kinds.push(Kind::Nothing);
            } else {
                kinds.push(self.kind(argument)?);
            }
        }
        let Some(kind) = constructed(class, arguments.len()) else { return self.unknown() };
        match kind {
            Kind::Holder => {
                self.facts.holder = true;
                let of_request = arguments.iter().any(|argument| mentions(argument, "request"));
                self.facts.request_holder |= of_request;
            }
            Kind::Date => self.facts.dates = true,
            Kind::DateFormat => self.facts.date_format = true,
            Kind::Slurper => self.facts.slurps = true,
            Kind::Parser => self.facts.parses = true,
            Kind::JsonSlurper => self.facts.json = true,
            Kind::Content => self.facts.content = true,
            Kind::Schematron => self.facts.schematron = true,
            Kind::Random => self.facts.random = true,
            _ => {}
        }
        Ok(kind)
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Known<Kind> {
        let kind = self.kind(left)?;
        self.kind(right)?;
        match operator {
            Operator::Or => self.facts.ors = true,
            Operator::Append => {
                self.facts.collects = true;
                return if kind == Kind::List { Ok(Kind::List) } else { self.unknown() };
            }
            Operator::Add if kind == Kind::List => return Ok(Kind::List),
            _ => {}
        }
        Ok(Kind::Scalar)
    }

    fn call(
        &mut self,
        receiver: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
        closure: Option<&Closure>,
    ) -> Known<Kind> {
        let Some(receiver) = receiver else {
            // Calls of the script itself do not occur but for printing.
            return if name == "println" { Ok(Kind::Nothing) } else { self.unknown() };
        };
        if let Expr::Name(class) = receiver
            && self.lookup(class).is_none()
        {
            return self.class_call(class, name, arguments);
        }
        let of = self.kind(receiver)?;
        for argument in arguments {
            self.kind(argument)?;
        }
        let Some((kind, parameters)) = method(of, name, arguments.len(), closure.is_some()) else {
            return self.unknown();
        };
        self.remember(of, name);
        if let Some(closure) = closure {
            self.closure(of, closure, parameters)?;
        }
        Ok(kind)
    }

    fn class_call(&mut self, class: &str, name: &str, arguments: &[Expr]) -> Known<Kind> {
        for argument in arguments {
            self.kind(argument)?;
        }
        match (class, name, arguments.len()) {
            ("String", "format", 1..) | ("Integer", "parseInt" | "valueOf", 1) | ("String", "valueOf", 1) => {
                Ok(Kind::Scalar)
            }
            ("UUID", "randomUUID", 0) => Ok(Kind::Scalar),
            _ => self.unknown(),
        }
    }

    fn remember(&mut self, of: Kind, name: &str) {
        let facts = &mut self.facts;
        match (of, name) {
            (Kind::DataReader, _) => facts.loads = true,
            (Kind::TestCase | Kind::TestSuite | Kind::Project, "setPropertyValue") => facts.sets_property = true,
            (Kind::Context, "setProperty") => facts.sets_variable = true,
            (Kind::TestRunner, "cancel") => facts.cancels = true,
            (Kind::TestRunner, "gotoStepByName") => facts.json = true,
            (Kind::ContextHelper, "fail") | (Kind::TestRunner, "fail") => facts.fails = true,
            (Kind::Content, "getContentRecords") => facts.counts_records = true,
            (Kind::Scalar, "tokenize") => facts.tokenizes = true,
            (Kind::Scalar, "substring") => facts.cuts = true,
            (Kind::Scalar, "count") => facts.counts_text = true,
            (Kind::List, "add" | "addAll") => facts.collects = true,
            (Kind::Nodes, "size" | "isEmpty") | (Kind::List, "size") => facts.counts_nodes = true,
            (Kind::Exchange | Kind::Response, "getResponseHeaders") | (Kind::Headers, _) => facts.headers = true,
            (Kind::Exchange | Kind::Response, "getTimeTaken") => facts.time_taken = true,
            (Kind::Utils, "getXmlHolder") => facts.holder = true,
            _ => {}
        }
    }

    fn closure(&mut self, of: Kind, closure: &Closure, parameters: &[Kind]) -> Known<()> {
        if closure.parameters.len() > parameters.len() {
            return self.unknown();
        }
        let (record, findings) = (of == Kind::Nodes, of == Kind::Findings);
        if record {
            self.enter_nodes();
        }
        self.facts.findings_loop |= findings;
        let outer = std::mem::replace(&mut self.in_findings, findings);
        self.scopes.push(closure.parameters.iter().cloned().zip(parameters.iter().copied()).collect());
        let result = self.statements(&closure.body);
        self.scopes.pop();
        self.in_findings = outer;
        if record {
            self.in_record -= 1;
        }
        result
    }
}

/// Whether a path through the tool's objects leads by a name beginning so.
fn mentions(expression: &Expr, word: &str) -> bool {
    match expression {
        Expr::Property(of, name) => name.to_lowercase().starts_with(word) || mentions(of, word),
        Expr::Call { receiver, name, .. } => {
            name.to_lowercase().starts_with(&format!("get{word}"))
                || receiver.as_deref().is_some_and(|receiver| mentions(receiver, word))
        }
        _ => false,
    }
}
