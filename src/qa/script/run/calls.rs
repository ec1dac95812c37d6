//! Properties, calls and constructions of a running script; all of them stand in the table of `kinds`.

use std::rc::Rc;

use jiff::ToSpan;

use super::super::ast::{Closure, Expr};
use super::super::content::{self, Problem};
use super::super::host::Scope;
use super::super::value::{Object, Value};
use super::super::xml::Slurped;
use super::{Running, Step, Stop, compare, list};
use crate::qa::xpath::{Expression, Item, Node, Prefixes, Surroundings};

impl<'a> Running<'_, 'a> {
    pub(super) fn property(&mut self, of: &Expr, name: &str) -> Step<Value<'a>> {
        if matches!(of, Expr::Name(class) if class == "File") {
            return Ok(Value::Text("/".to_owned()));
        }
        let of = self.value(of)?;
        Ok(match (&of, name) {
            (Value::Null, _) => Value::Null,
            (Value::Object(object), name) => self.of_object(*object, name),
            (Value::Holder(holder), "namespaces") => Value::Namespaces(Rc::clone(holder)),
            (Value::Holder(holder), _) => Value::Text(holder.borrow().root.text().into_owned()),
            (Value::File(name), "text") => self.host.file(name).map_or(Value::Null, Value::Text),
            (Value::File(name), _) => Value::Text(name.clone()),
            (Value::Finding(finding), "location") => Value::Text(finding.location.clone()),
            (Value::Finding(finding), "test") => Value::Text(finding.test.clone()),
            (Value::Finding(finding), _) => Value::Text(finding.text.clone()),
            (Value::Headers(_), name) => self.header(&of, name)?,
            (Value::Path(path), name) => Value::Path(path.child(name)),
            (Value::Json(json), name) => {
                Value::Json(Rc::new(std::cell::RefCell::new(json.borrow().get(name).cloned().unwrap_or_default())))
            }
            (_, "length" | "size") => self.size(&of),
            _ => Value::Null,
        })
    }

    fn of_object(&mut self, object: Object, name: &str) -> Value<'a> {
        match (object, name) {
            (_, "testCase") => Value::Object(Object::TestCase),
            (_, "testSuite") => Value::Object(Object::TestSuite),
            (_, "project") => Value::Object(Object::Project),
            (Object::Context, "testRunner") => Value::Object(Object::TestRunner),
            (Object::Context, name) => self.host.variable(name).map_or(Value::Null, Value::Text),
            (Object::TestCase, "name") => Value::Text(self.host.case_name()),
            (Object::Utils, "projectPath") => Value::Text(String::new()),
            (Object::MockRequest, "requestHeaders") => Value::Headers(Rc::new(self.host.request_headers())),
            (Object::Exchange, "response") => Value::Object(Object::Response),
            (Object::Exchange | Object::Response, "responseHeaders") => {
                Value::Headers(Rc::new(self.host.response_headers()))
            }
            (_, "timeTaken") => Value::Number(i64::try_from(self.host.time_taken()).unwrap_or(i64::MAX)),
            (_, name) if name.starts_with("request") || name == "rawRequestData" => text(self.request),
            (Object::Exchange | Object::Response, _) => text(self.response),
            (Object::Way, _) => Value::Object(Object::Way),
            _ => Value::Null,
        }
    }

    fn size(&self, of: &Value<'a>) -> Value<'a> {
        let size = match of {
            Value::List(list) => list.borrow().len(),
            Value::Nodes(nodes) => nodes.len(),
            Value::Findings(findings) => findings.len(),
            Value::Names(names) => names.len(),
            Value::Path(path) => path.len(),
            Value::Json(json) => json.borrow().as_array().map_or(0, Vec::len),
            other => other.text().chars().count(),
        };
        Value::Number(i64::try_from(size).unwrap_or(i64::MAX))
    }

    pub(super) fn index(&mut self, of: &Expr, index: &Expr) -> Step<Value<'a>> {
        let value = self.value(of)?;
        if let Expr::Range(from, to) = index {
            let (from, to) = (self.number(from)?, self.number(to)?);
            return self.cut(of, &value, from, Some(to + 1));
        }
        let index = self.value(index)?;
        let at = |length: usize| match &index {
            Value::Number(at) if *at < 0 => length.checked_sub(usize::try_from(-at).ok()?),
            Value::Number(at) => usize::try_from(*at).ok(),
            _ => None,
        };
        Ok(match &value {
            Value::Object(Object::Context) => self.host.variable(&index.text()).map_or(Value::Null, Value::Text),
            Value::Headers(_) if matches!(index, Value::Null) => {
                let name = self.sought_header.clone().unwrap_or_default();
                self.fail(format!("header {name} missing"));
                return Err(Stop::Failed);
            }
            Value::Headers(_) => self.header(&value, &index.text())?,
            Value::List(list) => {
                at(list.borrow().len()).and_then(|at| list.borrow().get(at).cloned()).unwrap_or(Value::Null)
            }
            Value::Nodes(nodes) => {
                at(nodes.len()).and_then(|at| nodes.get(at)).map_or(Value::Null, |node| Value::Node(*node))
            }
            Value::Findings(findings) => at(findings.len())
                .and_then(|at| findings.get(at))
                .map_or(Value::Null, |finding| Value::Finding(Rc::new(finding.clone()))),
            Value::Names(names) => {
                at(names.len()).and_then(|at| names.get(at)).map_or(Value::Null, |name| Value::Text(name.clone()))
            }
            Value::Path(path) => Value::Path(match &index {
                Value::Number(at) => path.at(*at),
                other => path.child(&other.text()),
            }),
            Value::Json(json) => {
                let json = json.borrow();
                let found = at(json.as_array().map_or(0, Vec::len))
                    .and_then(|at| json.get(at))
                    .or_else(|| json.get(index.text()));
                Value::Json(Rc::new(std::cell::RefCell::new(found.cloned().unwrap_or_default())))
            }
            Value::Namespaces(holder) => {
                let wanted = index.text();
                let found =
                    holder.borrow().namespaces.iter().find(|(prefix, _)| *prefix == wanted).map(|(_, uri)| uri.clone());
                found.map_or(Value::Null, Value::Text)
            }
            Value::Null => Value::Null,
            other => {
                let text = other.text();
                at(text.chars().count())
                    .and_then(|at| text.chars().nth(at))
                    .map_or(Value::Null, |c| Value::Text(c.to_string()))
            }
        })
    }

    /// Values of a header; names are looked up without regard to capitals. One that is not there is nothing.
    fn header(&mut self, headers: &Value<'a>, name: &str) -> Step<Value<'a>> {
        let Value::Headers(headers) = headers else { return Ok(Value::Null) };
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        Ok(found.map_or(Value::Null, |(_, values)| list(values.iter().cloned().map(Value::Text).collect())))
    }

    /// Part of a text; one that is missing or too short fails as the original throws.
    fn cut(&mut self, of: &Expr, value: &Value<'a>, from: i64, to: Option<i64>) -> Step<Value<'a>> {
        let units: Option<Vec<u16>> = value.some_text().map(|text| text.encode_utf16().collect());
        let range = units.as_ref().and_then(|units| {
            let from = usize::try_from(from).ok()?;
            let to = to.map_or(Some(units.len()), |to| usize::try_from(to).ok())?;
            units.get(from..to)
        });
        let Some(units) = range else {
            let path = match of {
                Expr::Name(name) => self.paths.get(name).cloned().unwrap_or_else(|| name.clone()),
                _ => "value".to_owned(),
            };
            let number = self.record.as_ref().map_or(0, |(number, _)| *number);
            self.fail(format!("value missing or too short: {path}, record {number}"));
            return Err(Stop::Failed);
        };
        Ok(Value::Text(String::from_utf16_lossy(units)))
    }

    pub(super) fn construct(&mut self, class: &str, arguments: &[Expr]) -> Step<Value<'a>> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        let object = match class {
            "File" => {
                let joined: Vec<_> = values.iter().map(Value::text).collect();
                return Ok(Value::File(joined.join("/").trim_start_matches('/').to_owned()));
            }
            "XmlDataReader" => return Ok(Value::DataReader(values[1].text())),
            "XmlHolder" => return self.holder(&values[0]),
            "ArrayList" | "LinkedList" | "HashSet" | "LinkedHashMap" => return Ok(list(Vec::new())),
            "Date" => return Ok(Value::Date(self.host.now())),
            "SimpleDateFormat" => return Ok(Value::DateFormat(values[0].text())),
            "GroovyUtils" => Object::Utils,
            "ContextHelper" => Object::ContextHelper,
            "SchematronValidator" => Object::Schematron,
            "ContentAssertions" => Object::Content,
            "XmlSlurper" | "XmlParser" => Object::Slurper,
            "JsonSlurper" => Object::JsonSlurper,
            "WsdlContext" => Object::WsdlContext,
            "WsdlValidator" => Object::WsdlValidator,
            _ => Object::Random,
        };
        Ok(Value::Object(object))
    }

    pub(super) fn call(
        &mut self,
        receiver: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
        closure: Option<&Closure>,
    ) -> Step<Value<'a>> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        let Some(receiver) = receiver else {
            return Ok(Value::Null);
        };
        if let Expr::Name(class) = receiver
            && matches!(class.as_str(), "String" | "Integer" | "UUID")
        {
            return Self::class_call(class, name, &values);
        }
        let of = self.value(receiver)?;
        if let Some(closure) = closure {
            return self.with_closure(&of, name, closure);
        }
        match &of {
            Value::Object(object) => self.object_call(*object, name, &values),
            Value::DataReader(file) => {
                let file = file.clone();
                self.host.load(&file, &values[0].text()).map_err(Stop::Error)?;
                Ok(Value::Null)
            }
            Value::Holder(_) => self.holder_call(&of, name, &values),
            Value::File(file) => Ok(match name {
                "exists" => Value::Boolean(self.host.file(file).is_some()),
                _ => self.host.file(file).map_or(Value::Null, Value::Text),
            }),
            Value::Date(at) => Ok(match name {
                "format" => Value::Text(formatted(at, &values[0].text())),
                _ => {
                    let days = values[0].text().parse::<i64>().unwrap_or(0) * if name == "minus" { -1 } else { 1 };
                    Value::Date(at.checked_add(days.days()).unwrap_or_else(|_| at.clone()))
                }
            }),
            Value::DateFormat(pattern) => {
                let at = if let Value::Date(at) = &values[0] { at.clone() } else { self.host.now() };
                Ok(Value::Text(formatted(&at, pattern)))
            }
            Value::Headers(headers) => Ok(match name {
                "keySet" => Value::Names(Rc::new(headers.iter().map(|(name, _)| name.clone()).collect())),
                "containsKey" => Value::Boolean(headers.iter().any(|(known, _)| *known == values[0].text())),
                "isEmpty" => Value::Boolean(headers.is_empty()),
                _ => self.header(&of, &values[0].text())?,
            }),
            Value::Names(names) => Ok(Value::Boolean(names.contains(&values[0].text()))),
            Value::List(items) => Ok(list_call(items, name, &values)),
            Value::Nodes(_) | Value::Findings(_) => Ok(match name {
                "isEmpty" => Value::Boolean(!of.is_true()),
                _ => self.size(&of),
            }),
            Value::Finding(finding) => Ok(Value::Text(finding.text.clone())),
            Value::Path(path) => Ok(match name {
                "size" => self.size(&of),
                "equals" => Value::Boolean(path.text() == values[0].text()),
                "children" => Value::Path(path.children()),
                _ => Value::Text(path.text()),
            }),
            Value::Json(json) => Ok(match name {
                "pop" => {
                    let last = json.borrow_mut().as_array_mut().and_then(Vec::pop);
                    last.map_or(Value::Null, |last| Value::Json(Rc::new(std::cell::RefCell::new(last))))
                }
                "size" => self.size(&of),
                _ => Value::Text(of.text()),
            }),
            Value::Null => {
                let shown = match receiver {
                    Expr::Property(_, name) | Expr::Name(name) => name.clone(),
                    _ => "a value".to_owned(),
                };
                self.fail(format!("{shown} is missing"));
                Err(Stop::Failed)
            }
            scalar => self.text_call(receiver, scalar, name, &values),
        }
    }

    fn class_call(class: &str, name: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
        Ok(match (class, name) {
            ("String", "format") => Value::Text(printed(&values[0].text(), &values[1..])),
            ("UUID", _) => Value::Text(uuid::Uuid::new_v4().to_string()),
            ("Integer", _) => {
                let text = values[0].text();
                Value::Number(text.trim().parse().map_err(|_| Stop::Error(format!("{text} is not a number")))?)
            }
            _ => Value::Text(values[0].text()),
        })
    }

    fn object_call(&mut self, object: Object, name: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
        let scope = match object {
            Object::TestCase => Some(Scope::Case),
            Object::TestSuite => Some(Scope::Suite),
            Object::Project => Some(Scope::Project),
            _ => None,
        };
        Ok(match (object, name) {
            (Object::ContextHelper, _) | (Object::TestRunner, "fail") => {
                self.fail(values[0].text());
                Value::Null
            }
            (Object::TestRunner, "cancel") => return Err(Stop::Cancelled(values[0].text())),
            (Object::TestRunner, "gotoStepByName") => {
                self.host.go_to(&values[0].text());
                Value::Null
            }
            (Object::Context, "expand") => Value::Text(self.host.expand(&values[0].text()).map_err(Stop::Error)?),
            (Object::Context, "getProperty") => self.host.variable(&values[0].text()).map_or(Value::Null, Value::Text),
            (Object::Context, "setProperty") => {
                self.host.set_variable(&values[0].text(), values[1].some_text().unwrap_or_default());
                Value::Null
            }
            (_, "getTestCase") => Value::Object(Object::TestCase),
            (_, "getTestSuite") => Value::Object(Object::TestSuite),
            (_, "getProject") => Value::Object(Object::Project),
            (_, "getTestRunner") => Value::Object(Object::TestRunner),
            (Object::TestCase, "getName" | "getLabel") => Value::Text(self.host.case_name()),
            (_, "getPropertyValue") => {
                let scope = scope.unwrap_or(Scope::Suite);
                self.host.property(scope, &values[0].text()).map_or(Value::Null, Value::Text)
            }
            (_, "setPropertyValue") => {
                self.host.set_property(
                    scope.unwrap_or(Scope::Suite),
                    &values[0].text(),
                    values[1].some_text().unwrap_or_default(),
                );
                Value::Null
            }
            (Object::Utils, "getXmlHolder") => return self.holder(&values[0]),
            (Object::Utils, _) => Value::Text(String::new()),
            (Object::Schematron, _) => self.schematron(&values[0], &values[1])?,
            (Object::Content, "getContentRecords") => Value::Nodes(Rc::new(self.records()?)),
            (Object::Content, call) => self.content(call, values)?,
            (Object::Slurper, _) => Value::Path(Slurped::parse(&values[0].text()).map_err(|why| {
                self.fail(format!("not XML: {why}"));
                Stop::Failed
            })?),
            (Object::JsonSlurper, _) => {
                let json = serde_json::from_str(&values[0].text())
                    .map_err(|error| Stop::Error(format!("not JSON: {error}")))?;
                Value::Json(Rc::new(std::cell::RefCell::new(json)))
            }
            (Object::Random, _) => Value::Number(self.host.random(values[0].text().parse().unwrap_or(1))),
            (Object::WsdlValidator, _) => list(self.host.request_violations().into_iter().map(Value::Text).collect()),
            (_, "getResponse") => Value::Object(Object::Response),
            (_, "getResponseHeaders") => Value::Headers(Rc::new(self.host.response_headers())),
            (_, "getTimeTaken") => Value::Number(i64::try_from(self.host.time_taken()).unwrap_or(i64::MAX)),
            (_, name) if name.starts_with("getRequest") => text(self.request),
            _ => text(self.response),
        })
    }

    fn schematron(&mut self, message: &Value<'a>, file: &Value<'a>) -> Step<Value<'a>> {
        let report = self.host.schematron(file.text().trim_start_matches('/'), &message.text()).map_err(|why| {
            if why.starts_with("the response is not XML") {
                self.fail(why);
                Stop::Failed
            } else {
                Stop::Error(why)
            }
        })?;
        if let Some(why) = &report.given_up {
            return Err(Stop::Error(format!("the rule file was given up: {why}")));
        }
        let failed: Vec<_> = report.of(crate::qa::schematron::Outcome::Failed).cloned().collect();
        let error = report.of(crate::qa::schematron::Outcome::Error).next();
        if let Some(error) = error.filter(|_| failed.is_empty()) {
            return Err(Stop::Error(format!("{}: {}", error.test, error.text)));
        }
        // The list alone does not say why an `assert` on it failed.
        if !self.program.statements.is_empty() && matches!(self.program.idiom, "G07b" | "G07d") {
            for finding in &failed {
                self.fail(format!("{} [{}] {}", finding.text, finding.pattern, finding.location));
            }
        }
        Ok(Value::Findings(Rc::new(failed)))
    }

    fn records(&mut self) -> Step<Vec<Node<'a>>> {
        let Some(document) = self.response_tree else {
            self.fail("the response is not XML".to_owned());
            return Err(Stop::Failed);
        };
        content::records(self.host, document).map_err(|problem| self.stopped(problem))
    }

    fn content(&mut self, call: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
        let Some(document) = self.response_tree else {
            self.fail("the response is not XML".to_owned());
            return Err(Stop::Failed);
        };
        let arguments: Vec<String> = values.iter().map(Value::text).collect();
        content::judge(call, &arguments, self.host, document).map_err(|problem| self.stopped(problem))?;
        Ok(Value::Null)
    }

    fn stopped(&mut self, problem: Problem) -> Stop {
        match problem {
            Problem::Failed(text) => {
                self.fail(text);
                Stop::Failed
            }
            Problem::Error(text) => Stop::Error(text),
        }
    }

    fn holder_call(&mut self, of: &Value<'a>, name: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
        let Value::Holder(holder) = of else { return Ok(Value::Null) };
        if name == "declareNamespace" {
            holder.borrow_mut().namespaces.push((values[0].text(), values[1].text()));
            return Ok(Value::Null);
        }
        let path = values[0].text();
        let (root, mut prefixes) = {
            let holder = holder.borrow();
            (holder.root, holder.namespaces.iter().cloned().collect::<Prefixes>())
        };
        // Prefixes that nobody declared are those of the message itself.
        for namespace in root.tree().document().descendants().take(64).flat_map(|node| node.namespaces()) {
            if let Some(prefix) = namespace.name().filter(|prefix| prefixes.namespace(prefix).is_none()) {
                prefixes.declare(prefix, namespace.uri());
            }
        }
        let error = |text: String| Stop::Error(format!("{path}: {text}"));
        let expression = Expression::compile(path.trim(), &prefixes).map_err(|why| error(why.to_string()))?;
        let mut surroundings = Surroundings::at(self.host.now());
        if let Node::Above(element) = root {
            surroundings.scope = Some(element);
        }
        let items = expression.evaluate(root, &surroundings).map_err(|why| error(why.to_string()))?;
        Ok(match name {
            "getNodeValue" => items.first().map_or(Value::Null, |item| Value::Text(item.text())),
            "getNodeValues" => list(items.iter().map(|item| Value::Text(item.text())).collect()),
            _ => {
                let nodes: Vec<_> = items
                    .into_iter()
                    .filter_map(|item| if let Item::Node(node) = item { Some(node) } else { None })
                    .collect();
                if name == "getDomNode" {
                    nodes.first().map_or(Value::Null, |node| Value::Node(*node))
                } else {
                    Value::Nodes(Rc::new(nodes))
                }
            }
        })
    }

    fn with_closure(&mut self, of: &Value<'a>, name: &str, closure: &Closure) -> Step<Value<'a>> {
        match (of, name) {
            (Value::Namespaces(holder), _) => {
                let pairs = holder.borrow().namespaces.clone();
                for (prefix, uri) in pairs {
                    self.closure(closure, vec![Value::Text(prefix), Value::Text(uri)])?;
                }
            }
            (Value::Headers(headers), _) => {
                for (name, values) in headers.iter() {
                    let values = list(values.iter().cloned().map(Value::Text).collect());
                    self.closure(closure, vec![Value::Text(name.clone()), values])?;
                }
            }
            (of, "each") => {
                for (index, item) in self.parts_of(of).into_iter().enumerate() {
                    let outer = self.enter(&item, index);
                    let result = self.closure(closure, vec![item]);
                    self.record = outer;
                    result?;
                }
            }
            (of, name) => return self.filtered(of, name, closure),
        }
        Ok(Value::Null)
    }

    /// `findAll`, `find`, `any`, `every`, `collect`: the closure's only expression says.
    fn filtered(&mut self, of: &Value<'a>, name: &str, closure: &Closure) -> Step<Value<'a>> {
        let mut kept = Vec::new();
        let mut truths = Vec::new();
        for item in self.parts_of(of) {
            self.scopes.push(closure.parameters.iter().cloned().zip([item.clone()]).collect());
            let value = match closure.body.as_slice() {
                [single] => match &single.kind {
                    super::super::ast::StatementKind::Evaluate(expression) => self.value(expression),
                    _ => Ok(Value::Null),
                },
                _ => Err(Stop::Error(format!("{name} with more than one statement"))),
            };
            self.scopes.pop();
            let value = value?;
            truths.push(value.is_true());
            match name {
                "collect" => kept.push(value),
                _ if value.is_true() => kept.push(item),
                _ => {}
            }
        }
        Ok(match name {
            "any" => Value::Boolean(truths.contains(&true)),
            "every" => Value::Boolean(!truths.contains(&false)),
            _ if matches!(of, Value::Path(_)) => {
                Value::Path(Slurped::of(kept.into_iter().filter_map(|item| match item {
                    Value::Path(path) => Some(path),
                    _ => None,
                })))
            }
            _ => list(kept),
        })
    }

    fn text_call(&mut self, receiver: &Expr, of: &Value<'a>, name: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
        let text = of.text();
        let argument = values.first().map(Value::text).unwrap_or_default();
        Ok(match name {
            "contains" => Value::Boolean(text.contains(&argument)),
            "startsWith" => Value::Boolean(text.starts_with(&argument)),
            "endsWith" => Value::Boolean(text.ends_with(&argument)),
            "equals" => Value::Boolean(compare::equal(of, &values[0])),
            "equalsIgnoreCase" => {
                self.sought_header = Some(argument.clone());
                Value::Boolean(text.to_lowercase() == argument.to_lowercase())
            }
            "matches" => {
                let regex = regex::Regex::new(&format!("\\A(?:{argument})\\z"))
                    .map_err(|error| Stop::Error(error.to_string()))?;
                Value::Boolean(regex.is_match(&text))
            }
            "indexOf" => Value::Number(text.find(&argument).map_or(-1, |at| i64::try_from(at).unwrap_or(-1))),
            "count" => Value::Number(i64::try_from(text.matches(&argument).count()).unwrap_or(0)),
            "compareTo" => Value::Number(text.encode_utf16().cmp(argument.encode_utf16()) as i64),
            "trim" => Value::Text(text.trim().to_owned()),
            "length" | "size" => Value::Number(i64::try_from(text.encode_utf16().count()).unwrap_or(0)),
            "isEmpty" => Value::Boolean(text.is_empty()),
            "toInteger" | "toLong" => {
                Value::Number(text.trim().parse().map_err(|_| Stop::Error(format!("{text} is not a number")))?)
            }
            "toLowerCase" => Value::Text(text.to_lowercase()),
            "toUpperCase" => Value::Text(text.to_uppercase()),
            "replace" => Value::Text(text.replace(&argument, &values[1].text())),
            "plus" | "concat" => Value::Text(format!("{text}{argument}")),
            "substring" => {
                let number = |value: &Value<'_>| {
                    value.text().parse::<i64>().map_err(|_| Stop::Error(format!("{} is not a number", value.text())))
                };
                let from = number(&values[0])?;
                let to = values.get(1).map(number).transpose()?;
                return self.cut(receiver, of, from, to);
            }
            "tokenize" | "split" => self.tokenized(receiver, &text, if values.is_empty() { " " } else { &argument }),
            _ => Value::Text(text),
        })
    }

    /// Empty tokens are dropped, blanks are kept: `"a, b"` has the token `" b"`, which matches nothing.
    fn tokenized(&mut self, receiver: &Expr, text: &str, separators: &str) -> Value<'a> {
        let tokens: Vec<_> = text.split(|c| separators.contains(c)).filter(|token| !token.is_empty()).collect();
        if let Expr::Property(_, name) | Expr::Name(name) = receiver
            && tokens.iter().any(|token| token.trim() != *token)
        {
            self.host.notice("blank-in-list", format!("blank in list {name}"));
        }
        list(tokens.into_iter().map(|token| Value::Text(token.to_owned())).collect())
    }
}

fn text<'a>(text: Option<&str>) -> Value<'a> {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}

fn list_call<'a>(items: &Rc<std::cell::RefCell<Vec<Value<'a>>>>, name: &str, values: &[Value<'a>]) -> Value<'a> {
    match name {
        "contains" => Value::Boolean(items.borrow().iter().any(|item| compare::equal(item, &values[0]))),
        "add" => {
            items.borrow_mut().push(values[0].clone());
            Value::Boolean(true)
        }
        "addAll" => {
            if let Value::List(more) = &values[0] {
                let more = more.borrow().clone();
                items.borrow_mut().extend(more);
            }
            Value::Boolean(true)
        }
        "remove" => {
            items.borrow_mut().retain(|item| !compare::equal(item, &values[0]));
            Value::Boolean(true)
        }
        "isEmpty" => Value::Boolean(items.borrow().is_empty()),
        "first" => items.borrow().first().cloned().unwrap_or(Value::Null),
        "last" => items.borrow().last().cloned().unwrap_or(Value::Null),
        "join" => Value::Text(items.borrow().iter().map(Value::text).collect::<Vec<_>>().join(&values[0].text())),
        _ => Value::Number(i64::try_from(items.borrow().len()).unwrap_or(0)),
    }
}

/// `yyyyMMddHHmmss` and its kin; letters that mean nothing here stand as they are.
fn formatted(at: &jiff::Zoned, pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(letter).len();
        let width = run;
        match letter {
            'y' => out.push_str(&format!("{:0width$}", at.year())),
            'M' => out.push_str(&format!("{:0width$}", at.month())),
            'd' => out.push_str(&format!("{:0width$}", at.day())),
            'H' => out.push_str(&format!("{:0width$}", at.hour())),
            'm' => out.push_str(&format!("{:0width$}", at.minute())),
            's' => out.push_str(&format!("{:0width$}", at.second())),
            'S' => out.push_str(&format!("{:0width$}", at.millisecond())),
            '\'' => {}
            _ => out.push_str(&rest[..run]),
        }
        rest = &rest[run..];
    }
    out
}

/// `%s`, `%d` and `%02d`.
fn printed(format: &str, values: &[Value<'_>]) -> String {
    let mut out = String::new();
    let mut values = values.iter();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(end) = after.find(|c: char| c.is_ascii_alphabetic() || c == '%') else {
            out.push('%');
            rest = after;
            continue;
        };
        let (flags, kind) = (&after[..end], &after[end..=end]);
        if kind == "%" {
            out.push('%');
        } else {
            let text = values.next().map(Value::text).unwrap_or_default();
            let width: usize = flags.trim_start_matches('0').parse().unwrap_or(0);
            let fill = if flags.starts_with('0') { '0' } else { ' ' };
            out.extend(std::iter::repeat_n(fill, width.saturating_sub(text.chars().count()).min(1_000)));
            out.push_str(&text);
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    out
}
