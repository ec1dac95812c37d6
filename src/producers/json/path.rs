//! JSONPath as stubs use it: members, places, slices, wildcards, descent, and filters that compare.

use serde_json::Value;

/// Deepest nesting of filters.
const DEPTH_MAX: usize = 16;
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

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn steps(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            if self.take("..") {
                steps.push(Step::Descend);
                if !self.rest().starts_with('[') {
                    steps.push(self.member()?);
                }
            } else if self.take(".") {
                steps.push(self.member()?);
            } else if self.take("[") {
                steps.push(self.bracket()?);
            } else {
                return Ok(steps);
            }
        }
    }

    fn member(&mut self) -> Result<Step, String> {
        if self.take("*") {
            return Ok(Step::All);
        }
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | ':');
        let length = self.rest().find(|c: char| !is_name(c)).unwrap_or(self.rest().len());
        if length == 0 {
            return Err(format!("a name is missing at {:?}", self.rest()));
        }
        let name = self.rest()[..length].to_owned();
        self.at += length;
        if self.take("()") {
            return match name.as_str() {
                "length" | "size" => Ok(Step::Length),
                _ => Err(format!("there is no function {name}()")),
            };
        }
        Ok(Step::Member(vec![name]))
    }

    fn bracket(&mut self) -> Result<Step, String> {
        self.blank();
        let step = if self.take("*") {
            Step::All
        } else if self.take("?(") || self.take("?") {
            let bracketed = self.text[..self.at].ends_with('(');
            let filter = self.either()?;
            self.blank();
            if bracketed && !self.take(")") {
                return Err("a filter lacks its \")\"".to_owned());
            }
            Step::Filter(filter)
        } else if self.rest().starts_with(['\'', '"']) {
            let mut names = vec![self.quoted()?];
            self.blank();
            while self.take(",") {
                self.blank();
                names.push(self.quoted()?);
                self.blank();
            }
            Step::Member(names)
        } else {
            self.places()?
        };
        self.blank();
        if self.take("]") { Ok(step) } else { Err(format!("\"]\" is missing at {:?}", self.rest())) }
    }

    fn places(&mut self) -> Result<Step, String> {
        let first = self.whole();
        self.blank();
        if self.take(":") {
            return Ok(Step::Slice(first, self.whole()));
        }
        let mut places = vec![first.ok_or_else(|| format!("a number is missing at {:?}", self.rest()))?];
        while self.take(",") {
            self.blank();
            places.push(self.whole().ok_or("a number is missing behind a comma")?);
            self.blank();
        }
        Ok(Step::Places(places))
    }

    fn whole(&mut self) -> Option<i64> {
        let is_part = |(place, c): (usize, char)| c.is_ascii_digit() || (c == '-' && place == 0);
        let length = self.rest().char_indices().take_while(|one| is_part(*one)).count();
        let number = self.rest()[..length].parse().ok()?;
        self.at += length;
        Some(number)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let quote = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or("a quoted name is missing")?;
        let mut out = String::new();
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if escaped => {
                    escaped = false;
                    out.push(c);
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.at += offset + 1;
                    return Ok(out);
                }
                c => out.push(c),
            }
        }
        Err("a text lacks its closing quote".to_owned())
    }

    fn either(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("filters are nested more than {DEPTH_MAX} deep"));
        }
        let mut left = self.both()?;
        self.blank();
        while self.take("||") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
            self.blank();
        }
        self.depth -= 1;
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, String> {
        let mut left = self.one()?;
        self.blank();
        while self.take("&&") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
            self.blank();
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, String> {
        self.blank();
        if self.take("!") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(format!("filters are nested more than {DEPTH_MAX} deep"));
            }
            let inner = self.one()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.take("(") {
            let inner = self.either()?;
            self.blank();
            return if self.take(")") { Ok(inner) } else { Err("a filter lacks its \")\"".to_owned()) };
        }
        if !self.take("@") {
            return Err(format!("a filter begins with @, found {:?}", self.rest()));
        }
        let path = self.steps()?;
        self.blank();
        const SIGNS: [&str; 7] = ["==", "!=", "<=", ">=", "=~", "<", ">"];
        let Some(sign) = SIGNS.into_iter().find(|sign| self.take(sign)) else { return Ok(Filter::There(path)) };
        self.blank();
        Ok(Filter::Compare(path, sign, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.rest().starts_with(['\'', '"']) {
            return Ok(Operand::Value(Value::String(self.quoted()?)));
        }
        if self.take("@") {
            return Ok(Operand::Path(self.steps()?));
        }
        if self.take("/") {
            let end = self.rest().find('/').ok_or("a pattern lacks its closing slash")?;
            let pattern = self.rest()[..end].to_owned();
            self.at += end + 1;
            return Ok(Operand::Pattern(if self.take("i") { format!("(?i){pattern}") } else { pattern }));
        }
        let length = self.rest().find([' ', ')', ']', '&', '|']).unwrap_or(self.rest().len());
        let value = serde_json::from_str(&self.rest()[..length]);
        let value = value.map_err(|_| format!("{:?} is no value", &self.rest()[..length]))?;
        self.at += length;
        Ok(Operand::Value(value))
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
