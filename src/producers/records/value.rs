//! What a record says, as text in the form contracts want it: times as fourteen digits, days as eight.

use std::sync::Arc;

/// A value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, and everything that is written as text.
    Text(String),
    /// Named values. Shared: a unit stands in every entry that was written there.
    Table(Arc<Vec<(&'static str, Self)>>),
    /// Several tables.
    List(Vec<Self>),
}

impl Value {
    /// A table.
    pub fn table(members: Vec<(&'static str, Self)>) -> Self {
        Self::Table(Arc::new(members))
    }

    /// A text.
    pub fn of(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A value of a table by its name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Table(members) = self else { return None };
        members.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The value at a path of names with dots between them.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, name| value.get(name))
    }

    /// Its text, if that is what it is.
    pub fn text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text)
    }

    /// The text at a path.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path)?.text()
    }

    /// All texts at a path, through every member of the lists on its way.
    pub fn texts_at<'a>(&'a self, path: &str) -> Vec<&'a str> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let members = match self {
            Self::List(members) => return members.iter().flat_map(|member| member.texts_at(path)).collect(),
            _ => self.get(first),
        };
        match (members, rest) {
            (None, _) => Vec::new(),
            (Some(value), Some(rest)) => value.texts_at(rest),
            (Some(value), None) => value.text().into_iter().collect(),
        }
    }

    /// Adds a named value, or replaces it.
    pub fn set(&mut self, name: &'static str, value: Self) {
        let Self::Table(members) = self else { return };
        let members = Arc::make_mut(members);
        match members.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => members.push((name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_through_tables_and_lists() {
        let member = |time: &str| Value::table(vec![("time", Value::of(time))]);
        let mut value = Value::table(vec![
            ("id", Value::of("1")),
            ("analyses", Value::List(vec![member("a"), member("b")])),
            ("referral", member("c")),
        ]);
        assert_eq!(value.text_at("referral.time"), Some("c"));
        assert_eq!(value.text_at("referral"), None);
        assert_eq!(value.texts_at("analyses.time"), ["a", "b"]);
        assert_eq!(value.texts_at("id"), ["1"]);
        assert!(value.texts_at("nothing.here").is_empty());
        value.set("id", Value::of("2"));
        value.set("new", Value::of("3"));
        assert_eq!((value.text_at("id"), value.text_at("new")), (Some("2"), Some("3")));
    }
}
