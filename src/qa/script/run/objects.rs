//! Calls on what a script finds there: the test and its properties, rule files, records, holders of a message.

use std::rc::Rc;

use super::super::content::{self, Problem};
use super::super::host::Scope;
use super::super::value::{Object, Value};
use super::super::xml::Slurped;
use super::values::{printed, text};
use super::{Running, Step, Stop, list};
use crate::qa::xpath::{Expression, Item, Node, Prefixes, Surroundings};

impl<'a> Running<'_, 'a> {
    pub(super) fn class_call(class: &str, name: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
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

    pub(super) fn object_call(&mut self, object: Object, name: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
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

    pub(super) fn schematron(&mut self, message: &Value<'a>, file: &Value<'a>) -> Step<Value<'a>> {
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

    pub(super) fn records(&mut self) -> Step<Vec<Node<'a>>> {
        let Some(document) = self.response_tree else {
            self.fail("the response is not XML".to_owned());
            return Err(Stop::Failed);
        };
        content::records(self.host, document).map_err(|problem| self.stopped(problem))
    }

    pub(super) fn content(&mut self, call: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
        let Some(document) = self.response_tree else {
            self.fail("the response is not XML".to_owned());
            return Err(Stop::Failed);
        };
        let arguments: Vec<String> = values.iter().map(Value::text).collect();
        content::judge(call, &arguments, self.host, document).map_err(|problem| self.stopped(problem))?;
        Ok(Value::Null)
    }

    pub(super) fn stopped(&mut self, problem: Problem) -> Stop {
        match problem {
            Problem::Failed(text) => {
                self.fail(text);
                Stop::Failed
            }
            Problem::Error(text) => Stop::Error(text),
        }
    }

    pub(super) fn holder_call(&mut self, of: &Value<'a>, name: &str, values: &[Value<'a>]) -> Step<Value<'a>> {
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
}
