//! Templates: which element of a contract gets which value of a record. They are data (`projection.toml`), and know
//! neither namespaces nor the order of elements: those are the contract's ([`crate::producers::schema::write`]).
//!
//! `name = "path"` puts the value at a path into the element, a table (such as a code) with all it has, a list once for
//! each member; `"path|form"` in another form. `name = "'text'"` puts that text there. `name = { … }` is an element with
//! others inside; it is left out when no path inside leads to a value. Inside one, `_each` repeats it for each member of a
//! list and `_of` goes into a table: paths are then of that member or table, unless they begin with `/`, for the entry.
//! `_use` takes in a block, and `_needs` leaves the element out where there is no such value.

use std::collections::BTreeMap;

use super::value::Value;
use crate::producers::schema::element::Element;

/// Elements and what goes into them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<(String, Part)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Value(String, Form),
    Group(Group),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Group {
    each: Option<String>,
    of: Option<String>,
    needs: Option<String>,
    inside: Template,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it stands in the record.
    Own,
    /// The day of a moment, in eight digits.
    Day,
    /// The day, with hyphens.
    IsoDay,
    /// The moment, with hyphens and colons.
    IsoTime,
    /// Base64 of the text.
    Base64,
    /// `1` for a man, `2` for a woman.
    Gender,
    /// `true` where there is a value.
    Present,
}

impl Template {
    /// Reads a template of `projection.toml`; `blocks` are what `_use` may name. Panics on what is no template: it is part
    /// of the program, and read by a test.
    pub fn read(value: &toml::Value, blocks: &BTreeMap<String, Self>) -> Self {
        let table = value.as_table().expect("a template is a table");
        let mut template = match table.get("_use") {
            Some(block) => blocks[block.as_str().expect("the name of a block")].clone(),
            None => Self::default(),
        };
        for (name, value) in table.iter().filter(|(name, _)| !name.starts_with('_')) {
            let part = Part::read(value, blocks);
            template.parts.retain(|(known, _)| known != name);
            template.parts.push((name.clone(), part));
        }
        template
    }

    /// Fills an element; says whether a path led to a value. The innermost scope is the last.
    pub fn fill(&self, scopes: &mut Vec<&Value>, into: &mut Element) -> bool {
        let mut found = false;
        for (name, part) in &self.parts {
            match part {
                Part::Literal(text) => into.children.push(Element::text(name.clone(), text.clone())),
                Part::Value(path, form) => {
                    for value in look_up_all(scopes, path) {
                        put(name, value, *form, into);
                        found = true;
                    }
                }
                Part::Group(group) => found |= group.fill(name, scopes, into),
            }
        }
        found
    }
}

impl Part {
    fn read(value: &toml::Value, blocks: &BTreeMap<String, Template>) -> Self {
        let Some(text) = value.as_str() else {
            let own = |name: &str| value.get(name).map(|value| value.as_str().expect("a path").to_owned());
            let inside = Template::read(value, blocks);
            return Self::Group(Group { each: own("_each"), of: own("_of"), needs: own("_needs"), inside });
        };
        if let Some(literal) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Self::Literal(literal.to_owned());
        }
        let (path, form) = text.split_once('|').unwrap_or((text, ""));
        let form = match form {
            "" => Form::Own,
            "day" => Form::Day,
            "iso-day" => Form::IsoDay,
            "iso-time" => Form::IsoTime,
            "base64" => Form::Base64,
            "gender" => Form::Gender,
            "present" => Form::Present,
            other => unreachable!("projection.toml knows no form {other}"),
        };
        Self::Value(path.to_owned(), form)
    }
}

impl Group {
    fn fill<'v>(&self, name: &str, scopes: &mut Vec<&'v Value>, into: &mut Element) -> bool {
        if self.needs.as_ref().is_some_and(|path| look_up(scopes, path).is_none()) {
            return false;
        }
        let members: Vec<Option<&'v Value>> = match (&self.each, &self.of) {
            (Some(path), _) => match look_up(scopes, path) {
                Some(Value::List(members)) => members.iter().map(Some).collect(),
                _ => Vec::new(),
            },
            (None, Some(path)) => match look_up(scopes, path) {
                Some(table) => vec![Some(table)],
                None => Vec::new(),
            },
            (None, None) => vec![None],
        };
        let mut found = false;
        for member in members {
            let depth = scopes.len();
            scopes.extend(member);
            let mut element = Element::new(name);
            if self.inside.fill(scopes, &mut element) {
                into.children.push(element);
                found = true;
            }
            scopes.truncate(depth);
        }
        found
    }
}

/// The value at a path: in the innermost scope, or in the outermost for a path that begins with `/`.
fn look_up<'v>(scopes: &[&'v Value], path: &str) -> Option<&'v Value> {
    match path.strip_prefix('/') {
        Some(path) => scopes.first()?.at(path),
        None => scopes.last()?.at(path),
    }
}

/// All values at a path, through the members of lists on its way.
fn look_up_all<'v>(scopes: &[&'v Value], path: &str) -> Vec<&'v Value> {
    match look_up(scopes, path) {
        Some(value) => vec![value],
        None => path.split_once('.').map_or_else(Vec::new, |(list, rest)| match look_up(scopes, list) {
            Some(Value::List(members)) => members.iter().filter_map(|member| member.at(rest)).collect(),
            _ => Vec::new(),
        }),
    }
}

fn put(name: &str, value: &Value, form: Form, into: &mut Element) {
    match value {
        Value::Text(text) => into.children.push(Element::text(name, written(text, form))),
        Value::Table(members) => {
            let mut element = Element::new(name);
            members.iter().for_each(|(name, value)| put(name, value, Form::Own, &mut element));
            into.children.push(element);
        }
        Value::List(members) => members.iter().for_each(|member| put(name, member, form, into)),
    }
}

fn written(text: &str, form: Form) -> String {
    let digits = |from: usize, to: usize| text.get(from..to).unwrap_or("00");
    let day = || format!("{}-{}-{}", digits(0, 4), digits(4, 6), digits(6, 8));
    match form {
        Form::Own => text.to_owned(),
        Form::Day => digits(0, 8).to_owned(),
        Form::IsoDay => day(),
        Form::IsoTime => format!("{}T{}:{}:{}", day(), digits(8, 10), digits(10, 12), digits(12, 14)),
        Form::Base64 => base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text),
        Form::Gender => if text == "man" { "1" } else { "2" }.to_owned(),
        Form::Present => "true".to_owned(),
    }
}
