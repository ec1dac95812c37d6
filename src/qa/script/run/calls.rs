//! Properties, calls and constructions of a running script; all of them stand in the table of `kinds`.

use std::rc::Rc;

use jiff::ToSpan;

use super::super::ast::{Closure, Expr};
use super::super::value::{Object, Value};
use super::values::{formatted, list_call, text};
use super::{Running, Step, Stop, list};

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
    pub(super) fn cut(&mut self, of: &Expr, value: &Value<'a>, from: i64, to: Option<i64>) -> Step<Value<'a>> {
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
}
