//! The values of the file, with the line of what is wrong.

use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use crate::domain::problem::{Problem, line_at};

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

pub(super) struct Reading<'a> {
    pub(super) file: &'a Path,
    pub(super) contents: &'a [u8],
    pub(super) problems: Vec<Problem>,
}

impl Reading<'_> {
    pub(super) fn string(&mut self, value: &Value<'_>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.error(value, format!("{key}: expected a string, found {}", value.get_ref().type_str()));
        }
        text
    }

    pub(super) fn strings(&mut self, value: &Value<'_>, key: &str) -> Vec<String> {
        let Some(items) = value.get_ref().as_array() else {
            self.error(value, format!("{key}: expected a list of strings, found {}", value.get_ref().type_str()));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.string(item, key)).collect()
    }

    /// Place of the value among `words`.
    pub(super) fn one_of<const N: usize>(&mut self, value: &Value<'_>, key: &str, words: [&str; N]) -> Option<usize> {
        let text = self.string(value, key)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            self.error(
                value,
                format!("{key} is {text:?}, expected {}", words.map(|word| format!("{word:?}")).join(" or ")),
            );
        }
        found
    }

    pub(super) fn unknown(&mut self, key: &str, offset: usize, known: &[&str]) {
        let nearest = known.iter().min_by_key(|word| distance(key, word)).copied().unwrap_or_default();
        let line = self.line(offset);
        let message = format!("unknown key {key:?}, the nearest known one is {nearest:?}");
        self.problems.push(Problem::error(self.file, line, message));
    }

    pub(super) fn error(&mut self, at: &Value<'_>, message: impl Into<String>) {
        let line = self.line(at.span().start);
        self.problems.push(Problem::error(self.file, line, message));
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        line_at(self.contents, offset)
    }
}

pub(super) fn whole(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

pub(super) fn number(value: &DeValue<'_>) -> Option<f64> {
    match value.as_float() {
        Some(float) => float.as_str().parse().ok(),
        None => whole(value).map(|number| number as f64),
    }
}

/// A value in its JSON form.
pub(crate) fn json(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(_) => whole(value).map_or(serde_json::Value::Null, Into::into),
        DeValue::Float(_) => number(value).map_or(serde_json::Value::Null, Into::into),
        DeValue::Boolean(truth) => (*truth).into(),
        DeValue::Datetime(at) => at.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let members = table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())));
            serde_json::Value::Object(members.collect())
        }
    }
}

/// Edit distance, for the nearest key.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let cost = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
