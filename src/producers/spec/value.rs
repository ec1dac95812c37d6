//! Value matchers as files write them (`producers.md` §2.2).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::json::{Notes, Value};
use crate::producers::json::equal::ExpectedJson;
use crate::producers::json::path::JsonPath;
use crate::producers::matcher::moment::{self, Moment, Order};
use crate::producers::matcher::value::{ManyMatcher, ValueMatcher, whole};
use crate::producers::settings::REGEX_BYTES_MAX;
use crate::producers::xml::equal::{Awareness, Comparison, ExpectedXml, Options};
use crate::producers::xml::xpath::{Names, XPath};

type Members<'a> = BTreeMap<String, Value<'a>>;

/// Members that change what another one means.
const MODIFIERS: [&str; 17] = [
    "caseInsensitive",
    "actualFormat",
    "truncateExpected",
    "truncateActual",
    "expectedOffset",
    "expectedOffsetUnit",
    "applyTruncationLast",
    "ignoreArrayOrder",
    "ignoreExtraElements",
    "enablePlaceholders",
    "placeholderOpeningDelimiterRegex",
    "placeholderClosingDelimiterRegex",
    "exemptedComparisons",
    "ignoreOrderOfSameNode",
    "namespaceAwareness",
    "xPathNamespaces",
    "xPathLocalNames",
];

/// A pattern for a whole value.
pub(crate) fn pattern(member: Value<'_>, field: &str, text: &str, notes: &mut Notes<'_>) -> Option<regex::Regex> {
    match whole(text, REGEX_BYTES_MAX) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            // The library draws the pattern over several lines; the last one says what is wrong.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            notes.wrong(member, &format!("{field} {text:?} is not a regular expression we can run: {reason}"));
            None
        }
    }
}

/// A condition on what may be there several times.
pub(crate) fn many(value: Value<'_>, what: &str, notes: &mut Notes<'_>) -> Option<ManyMatcher> {
    if let Some(members) = value.object() {
        for (name, make) in
            [("hasExactly", ManyMatcher::Exactly as fn(_) -> _), ("includes", ManyMatcher::Includes as fn(_) -> _)]
        {
            if let Some(member) = members.get(name) {
                let items = notes.read(*member, name, "a list", |value| value.list())?;
                let matchers: Option<Vec<_>> =
                    items.into_iter().map(|item| matcher(item, what, false, notes)).collect();
                return matchers.map(make);
            }
        }
    }
    matcher(value, what, false, notes).map(ManyMatcher::Any)
}

/// A value matcher: a plain string (equal, case ignored where `ignore_case`), or an object with one condition.
pub(crate) fn matcher(value: Value<'_>, what: &str, ignore_case: bool, notes: &mut Notes<'_>) -> Option<ValueMatcher> {
    if let Some(text) = value.string() {
        return Some(ValueMatcher::EqualTo { text, ignore_case });
    }
    let members = notes.read(value, what, "a string, or an object with one condition", Value::object)?;
    let ignore_case = switch(&members, "caseInsensitive", notes)?;
    let mut found = None;
    for (name, member) in members.iter().filter(|(name, _)| !MODIFIERS.contains(&name.as_str())) {
        if name == "expression" {
            continue;
        }
        let one = condition(name, *member, &members, ignore_case, what, notes)?;
        if found.replace(one).is_some() {
            notes.wrong(value, &format!("{what} has more than one condition"));
            return None;
        }
    }
    if found.is_none() {
        notes.wrong(
            value,
            &format!("{what} has no condition, expected one such as equalTo, contains, matches or absent"),
        );
    }
    found
}

fn switch(members: &Members<'_>, name: &str, notes: &mut Notes<'_>) -> Option<bool> {
    match members.get(name) {
        Some(member) => notes.read(*member, name, "true or false", |value| value.boolean()),
        None => Some(false),
    }
}

fn condition(
    name: &str,
    member: Value<'_>,
    members: &Members<'_>,
    ignore_case: bool,
    what: &str,
    notes: &mut Notes<'_>,
) -> Option<ValueMatcher> {
    let text = |notes: &mut Notes<'_>| notes.read(member, name, "a string", |value| value.string());
    let list = |notes: &mut Notes<'_>| -> Option<Vec<ValueMatcher>> {
        let items = notes.read(member, name, "a list", |value| value.list())?;
        items.into_iter().map(|item| matcher(item, what, false, notes)).collect()
    };
    Some(match name {
        "equalTo" => ValueMatcher::EqualTo { text: text(notes)?, ignore_case },
        "binaryEqualTo" => match STANDARD.decode(text(notes)?) {
            Ok(bytes) => ValueMatcher::BinaryEqualTo(bytes),
            Err(_) => {
                notes.expected(member, name, "base64");
                return None;
            }
        },
        "contains" => ValueMatcher::Contains(text(notes)?),
        "doesNotContain" => ValueMatcher::DoesNotContain(text(notes)?),
        "matches" => ValueMatcher::Matches(pattern(member, name, &text(notes)?, notes)?),
        "doesNotMatch" => ValueMatcher::DoesNotMatch(pattern(member, name, &text(notes)?, notes)?),
        "absent" => ValueMatcher::Absent(notes.read(member, name, "true or false", |value| value.boolean())?),
        "before" => moment(name, member, members, Order::Before, notes)?,
        "after" => moment(name, member, members, Order::After, notes)?,
        "equalToDateTime" => moment(name, member, members, Order::Same, notes)?,
        "and" => ValueMatcher::And(list(notes)?),
        "or" => ValueMatcher::Or(list(notes)?),
        "not" => ValueMatcher::Not(Box::new(matcher(member, what, false, notes)?)),
        "equalToJson" => json(member, members, notes)?,
        "matchesJsonPath" => json_path(member, notes)?,
        "equalToXml" => xml(member, members, notes)?,
        "matchesXPath" => xpath(member, members, notes)?,
        _ => {
            notes.unsupported(member, &format!("condition {name:?} on {what}"));
            return None;
        }
    })
}

fn moment(
    name: &str,
    member: Value<'_>,
    members: &Members<'_>,
    order: Order,
    notes: &mut Notes<'_>,
) -> Option<ValueMatcher> {
    let text = notes.read(member, name, "a string", |value| value.string())?;
    let optional = |name: &str| members.get(name).and_then(|value| value.string());
    let count = members.get("expectedOffset").and_then(|value| value.number()).map(|number| number as i64);
    let options = moment::Options {
        format: optional("actualFormat"),
        truncates_expected: optional("truncateExpected"),
        truncates_actual: optional("truncateActual"),
        offset: count.map(|count| (count, optional("expectedOffsetUnit").unwrap_or_else(|| "days".to_owned()))),
    };
    match Moment::new(&text, order, options) {
        Ok(moment) => Some(ValueMatcher::Moment(Box::new(moment))),
        Err(why) => {
            notes.wrong(member, &format!("{name}: {why}"));
            None
        }
    }
}

fn json(member: Value<'_>, members: &Members<'_>, notes: &mut Notes<'_>) -> Option<ValueMatcher> {
    let text = member.string().unwrap_or_else(|| member.written().to_owned());
    let ignores_order = switch(members, "ignoreArrayOrder", notes)?;
    let ignores_extra = switch(members, "ignoreExtraElements", notes)?;
    match serde_json::from_str(&text) {
        Ok(value) => Some(ValueMatcher::Json(Box::new(ExpectedJson { value, ignores_order, ignores_extra }))),
        Err(error) => {
            notes.wrong(member, &format!("equalToJson is not JSON: {error}"));
            None
        }
    }
}

/// The expression of a path and the condition on what it leads to.
fn expression<'a>(
    member: Value<'a>,
    name: &str,
    notes: &mut Notes<'_>,
) -> Option<(String, Option<Box<ValueMatcher>>, Value<'a>)> {
    if let Some(text) = member.string() {
        return Some((text, None, member));
    }
    let members = notes.read(member, name, "a string, or an object with \"expression\"", Value::object)?;
    let Some(at) = members.get("expression").copied() else {
        notes.wrong(member, &format!("{name} has no \"expression\""));
        return None;
    };
    let text = notes.read(at, "expression", "a string", |value| value.string())?;
    let conditions = members.keys().filter(|key| *key != "expression" && !MODIFIERS.contains(&key.as_str())).count();
    let inner = match conditions {
        0 => None,
        _ => Some(Box::new(matcher(member, name, false, notes)?)),
    };
    Some((text, inner, at))
}

fn json_path(member: Value<'_>, notes: &mut Notes<'_>) -> Option<ValueMatcher> {
    let (text, inner, at) = expression(member, "matchesJsonPath", notes)?;
    match JsonPath::new(&text) {
        Ok(path) => Some(ValueMatcher::JsonPath(Box::new(path), inner)),
        Err(why) => {
            notes.wrong(at, &format!("matchesJsonPath {text:?}: {why}"));
            None
        }
    }
}

fn xpath(member: Value<'_>, members: &Members<'_>, notes: &mut Notes<'_>) -> Option<ValueMatcher> {
    let (text, inner, at) = expression(member, "matchesXPath", notes)?;
    // The namespaces stand beside the expression, or beside the matcher.
    let nested = member.object().unwrap_or_default();
    let beside = |name: &str| members.get(name).or_else(|| nested.get(name)).copied();
    let bindings = match beside("xPathNamespaces") {
        None => None,
        Some(value) => {
            let listed = notes.read(value, "xPathNamespaces", "an object", Value::object)?;
            let mut bindings = BTreeMap::new();
            for (prefix, uri) in listed {
                bindings.insert(prefix, notes.read(uri, "xPathNamespaces", "strings", |value| value.string())?);
            }
            Some(bindings)
        }
    };
    let local_only = match beside("xPathLocalNames") {
        None => false,
        Some(value) => notes.read(value, "xPathLocalNames", "true or false", |value| value.boolean())?,
    };
    match XPath::new(&text, Names { bindings, local_only }) {
        Ok(path) => Some(ValueMatcher::XPath(Box::new(path), inner)),
        Err(why) => {
            notes.wrong(at, &format!("matchesXPath {text:?} cannot be used: {why}"));
            None
        }
    }
}

fn xml(member: Value<'_>, members: &Members<'_>, notes: &mut Notes<'_>) -> Option<ValueMatcher> {
    let text = notes.read(member, "equalToXml", "a string", |value| value.string())?;
    let mut options = Options::default();
    if switch(members, "enablePlaceholders", notes)? {
        let delimiter = |name: &str, usual: &str| {
            members.get(name).and_then(|value| value.string()).unwrap_or_else(|| usual.to_owned())
        };
        options.placeholders = Some((
            delimiter("placeholderOpeningDelimiterRegex", r"\$\{"),
            delimiter("placeholderClosingDelimiterRegex", r"\}"),
        ));
    }
    options.ignores_order = switch(members, "ignoreOrderOfSameNode", notes)?;
    if let Some(value) = members.get("namespaceAwareness") {
        let name = notes.read(*value, "namespaceAwareness", "STRICT, LEGACY or NONE", |value| {
            value.string().filter(|name| ["STRICT", "LEGACY", "NONE"].contains(&name.as_str()))
        })?;
        if name == "NONE" {
            options.awareness = Awareness::AsWritten;
        }
    }
    if let Some(value) = members.get("exemptedComparisons") {
        for item in notes.read(*value, "exemptedComparisons", "a list", |value| value.list())? {
            let one = notes.read(item, "exemptedComparisons", "names of comparisons", |value| {
                Comparison::parse(&value.string()?)
            })?;
            options.exempted.push(one);
        }
    }
    match ExpectedXml::new(&text, options) {
        Ok(expected) => Some(ValueMatcher::Xml(Box::new(expected))),
        Err(why) => {
            notes.wrong(member, &format!("equalToXml is not XML: {why}"));
            None
        }
    }
}
