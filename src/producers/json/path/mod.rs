//! JSONPath as stubs use it: members, places, slices, wildcards, descent, and filters that compare.

mod parse;

use serde_json::Value;

use self::parse::Parser;

/// Most values a path may visit.
const VALUES_MAX: usize = 1_000_000;

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    source: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Member(Vec<String>),
    Places(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    All,
    Descend,
    Filter(Filter),
    /// `.length()` and `.size()`.
    Length,
}

#[derive(Clone, Debug, PartialEq)]
enum Filter {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    There(Vec<Step>),
    Compare(Vec<Step>, &'static str, Operand),
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Value(Value),
    Path(Vec<Step>),
    Pattern(String),
}

impl JsonPath {
    /// Reads a path; `Err` says what is wrong and where.
    pub fn new(source: &str) -> Result<Self, String> {
        let mut parser = Parser { text: source.trim(), at: 0, depth: 0 };
        if !parser.take("$") {
            return Err("a JSON path begins with $".to_owned());
        }
        let steps = parser.steps()?;
        if parser.at < parser.text.len() {
            return Err(format!("{:?} is not expected in a JSON path", &parser.text[parser.at..]));
        }
        Ok(Self { source: source.to_owned(), steps })
    }

    /// The path as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// All values it leads to.
    pub fn select(&self, document: &Value) -> Vec<Value> {
        let mut left = VALUES_MAX;
        walk(&self.steps, document, document, &mut left)
    }
}

/// A value as a text: a string by itself, anything else as JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn walk(steps: &[Step], root: &Value, from: &Value, left: &mut usize) -> Vec<Value> {
    let mut values = vec![from.clone()];
    for step in steps {
        let mut next = Vec::new();
        for value in &values {
            if *left == 0 {
                return Vec::new();
            }
            *left -= 1;
            one_step(step, root, value, &mut next, left);
        }
        values = next;
    }
    values
}

fn one_step(step: &Step, root: &Value, value: &Value, next: &mut Vec<Value>, left: &mut usize) {
    let place = |list: &[Value], place: i64| {
        let place = if place < 0 { place + list.len() as i64 } else { place };
        usize::try_from(place).ok().and_then(|place| list.get(place).cloned())
    };
    match (step, value) {
        (Step::Member(names), Value::Object(members)) => {
            next.extend(names.iter().filter_map(|name| members.get(name).cloned()));
        }
        (Step::Places(places), Value::Array(list)) => next.extend(places.iter().filter_map(|at| place(list, *at))),
        (Step::Slice(from, to), Value::Array(list)) => {
            let length = list.len() as i64;
            let bound = |at: i64| if at < 0 { (at + length).max(0) } else { at.min(length) };
            let (from, to) = (bound(from.unwrap_or(0)), bound(to.unwrap_or(length)));
            next.extend((from..to).filter_map(|at| place(list, at)));
        }
        (Step::All, Value::Array(list)) => next.extend(list.iter().cloned()),
        (Step::All, Value::Object(members)) => next.extend(members.values().cloned()),
        (Step::Descend, _) => descend(value, next, left),
        (Step::Filter(filter), Value::Array(list)) => {
            next.extend(list.iter().filter(|item| holds(filter, root, item, left)).cloned());
        }
        (Step::Filter(filter), Value::Object(_)) if holds(filter, root, value, left) => next.push(value.clone()),
        (Step::Length, Value::Array(list)) => next.push(list.len().into()),
        (Step::Length, Value::Object(members)) => next.push(members.len().into()),
        (Step::Length, Value::String(text)) => next.push(text.chars().count().into()),
        _ => {}
    }
}

/// The value and all below it; a document's own nesting is bounded by its reader.
fn descend(value: &Value, next: &mut Vec<Value>, left: &mut usize) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    next.push(value.clone());
    match value {
        Value::Array(list) => list.iter().for_each(|item| descend(item, next, left)),
        Value::Object(members) => members.values().for_each(|item| descend(item, next, left)),
        _ => {}
    }
}

fn holds(filter: &Filter, root: &Value, item: &Value, left: &mut usize) -> bool {
    match filter {
        Filter::And(one, other) => holds(one, root, item, left) && holds(other, root, item, left),
        Filter::Or(one, other) => holds(one, root, item, left) || holds(other, root, item, left),
        Filter::Not(inner) => !holds(inner, root, item, left),
        Filter::There(path) => !walk(path, root, item, left).is_empty(),
        Filter::Compare(path, sign, operand) => {
            let Some(actual) = walk(path, root, item, left).into_iter().next() else { return *sign == "!=" };
            match operand {
                Operand::Value(value) => compares(&actual, sign, value),
                Operand::Path(path) => {
                    walk(path, root, item, left).first().is_some_and(|value| compares(&actual, sign, value))
                }
                Operand::Pattern(pattern) => actual.as_str().is_some_and(|text| {
                    regex::RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
                        .size_limit(crate::producers::settings::REGEX_BYTES_MAX)
                        .build()
                        .is_ok_and(|pattern| pattern.is_match(text))
                }),
            }
        }
    }
}

fn compares(actual: &Value, sign: &str, expected: &Value) -> bool {
    let order = match (actual.as_f64(), expected.as_f64()) {
        (Some(one), Some(other)) => one.partial_cmp(&other),
        _ => match (actual.as_str(), expected.as_str()) {
            (Some(one), Some(other)) => Some(one.cmp(other)),
            _ => None,
        },
    };
    match sign {
        "==" => actual == expected || order.is_some_and(std::cmp::Ordering::is_eq),
        "!=" => !(actual == expected || order.is_some_and(std::cmp::Ordering::is_eq)),
        "<" => order.is_some_and(std::cmp::Ordering::is_lt),
        "<=" => order.is_some_and(std::cmp::Ordering::is_le),
        ">" => order.is_some_and(std::cmp::Ordering::is_gt),
        _ => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_they_say() {
        let document: Value = serde_json::from_str(
            r#"{"a": {"b": [1, 2, 3]}, "c d": "x", "items": [{"n": "one", "p": 5}, {"n": "two", "p": 15, "q": null}]}"#,
        )
        .unwrap();
        let cases = [
            ("$.a.b[0]", "[1]"),
            ("$.a.b[-1]", "[3]"),
            ("$.a.b[0,2]", "[1,3]"),
            ("$.a.b[1:]", "[2,3]"),
            ("$.a.b[*]", "[1,2,3]"),
            ("$['c d']", "[\"x\"]"),
            ("$..n", "[\"one\",\"two\"]"),
            ("$.items[?(@.p > 10)].n", "[\"two\"]"),
            ("$.items[?(@.n == 'one' || @.p >= 15)].p", "[5,15]"),
            ("$.items[?(@.q)].n", "[\"two\"]"),
            ("$.items[?(!@.q)].n", "[\"one\"]"),
            ("$.items[?(@.n =~ /t.*/)].p", "[15]"),
            ("$.items.length()", "[2]"),
            ("$.missing", "[]"),
            ("$", "[ALL]"),
        ];
        for (path, expected) in cases {
            let found =
                Value::Array(JsonPath::new(path).unwrap_or_else(|why| panic!("{path}: {why}")).select(&document));
            let expected = expected.replace("ALL", &document.to_string());
            assert_eq!(found.to_string(), expected, "{path}");
        }
        for wrong in ["", "a", "$.", "$[", "$[?(@.a ==", "$.a b", "$[?(a)]", "$.x()"] {
            assert!(JsonPath::new(wrong).is_err(), "{wrong}");
        }
    }
}
