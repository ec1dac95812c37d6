//! Calls on values: texts, lists, maps, and what a closure is called with.

use std::rc::Rc;

use super::super::ast::{Closure, Expr};
use super::super::value::Value;
use super::super::xml::Slurped;
use super::{Running, Step, Stop, compare, list};

impl<'a> Running<'_, 'a> {
    pub(super) fn with_closure(&mut self, of: &Value<'a>, name: &str, closure: &Closure) -> Step<Value<'a>> {
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
    pub(super) fn filtered(&mut self, of: &Value<'a>, name: &str, closure: &Closure) -> Step<Value<'a>> {
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

    pub(super) fn text_call(
        &mut self,
        receiver: &Expr,
        of: &Value<'a>,
        name: &str,
        values: &[Value<'a>],
    ) -> Step<Value<'a>> {
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
    pub(super) fn tokenized(&mut self, receiver: &Expr, text: &str, separators: &str) -> Value<'a> {
        let tokens: Vec<_> = text.split(|c| separators.contains(c)).filter(|token| !token.is_empty()).collect();
        if let Expr::Property(_, name) | Expr::Name(name) = receiver
            && tokens.iter().any(|token| token.trim() != *token)
        {
            self.host.notice("blank-in-list", format!("blank in list {name}"));
        }
        list(tokens.into_iter().map(|token| Value::Text(token.to_owned())).collect())
    }
}

pub(super) fn text<'a>(text: Option<&str>) -> Value<'a> {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}

pub(super) fn list_call<'a>(
    items: &Rc<std::cell::RefCell<Vec<Value<'a>>>>,
    name: &str,
    values: &[Value<'a>],
) -> Value<'a> {
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
pub(super) fn formatted(at: &jiff::Zoned, pattern: &str) -> String {
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
pub(super) fn printed(format: &str, values: &[Value<'_>]) -> String {
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
