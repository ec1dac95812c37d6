//! JSON whose every value knows the line it stands on, and the notes taken while it is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::problem::{Problem, line_at};

/// A value somewhere in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    raw: &'a RawValue,
    /// The text it stands in, as far as lines are counted from.
    text: &'a str,
    /// The line that begins with.
    first: usize,
}

impl<'a> Value<'a> {
    /// Reads a whole file.
    pub(crate) fn document(text: &'a str) -> Result<Self, serde_json::Error> {
        Ok(Self { raw: serde_json::from_str(text)?, text, first: 1 })
    }

    /// The line it starts on.
    pub(crate) fn line(self) -> usize {
        self.first - 1 + line_at(self.text.as_bytes(), self.offset_of(self.raw))
    }

    fn offset_of(self, raw: &RawValue) -> usize {
        (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    /// The value as written.
    pub(crate) fn written(self) -> &'a str {
        self.raw.get()
    }

    fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.raw.get()).ok()
    }

    /// Its members, if it is an object.
    pub(crate) fn object(self) -> Option<BTreeMap<String, Self>> {
        let members: BTreeMap<String, &'a RawValue> = self.read()?;
        Some(members.into_iter().map(|(name, raw)| (name, Self { raw, ..self })).collect())
    }

    /// Its items, if it is a list.
    pub(crate) fn list(self) -> Option<Vec<Self>> {
        let items: Vec<&'a RawValue> = self.read()?;
        // Lines are counted once, however many items there are: each counts from its own beginning.
        let mut here = self;
        let counted = items.into_iter().map(|raw| {
            let offset = here.offset_of(raw);
            let first = here.first - 1 + line_at(here.text.as_bytes(), offset);
            here = Self { raw, text: here.text.get(offset..).unwrap_or_default(), first };
            here
        });
        Some(counted.collect())
    }

    /// Its text, if it is a string.
    pub(crate) fn string(self) -> Option<String> {
        self.read()
    }

    /// Its truth, if it is `true` or `false`.
    pub(crate) fn boolean(self) -> Option<bool> {
        self.read()
    }

    /// Its number, if it is a whole one that is not negative.
    pub(crate) fn whole_number(self) -> Option<u64> {
        self.read()
    }

    /// Its number.
    pub(crate) fn number(self) -> Option<f64> {
        self.read()
    }
}

/// A text whose comments, `//` and `/* */`, are blanks: every line stays where it was.
pub(crate) fn without_comments(text: &str) -> Cow<'_, str> {
    // A slash is in a string, or begins a comment; in JSON it is nothing else.
    if !text.contains("//") && !text.contains("/*") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let length = if from.starts_with('"') { string_length(from) } else { comment_length(from) };
        let (one, behind) = from.split_at(length);
        if from.starts_with('"') || length < 2 {
            out.push_str(one);
        } else {
            out.extend(one.chars().map(|c| if c == '\n' { c } else { ' ' }));
        }
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// How long the string is that a text begins with.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

/// How long the comment is that a text begins with; a slash that begins none is one character.
fn comment_length(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if let Some(rest) = text.strip_prefix("/*") {
        return rest.find("*/").map_or(text.len(), |end| end + 4);
    }
    1
}

/// What was noticed while one stub was read.
#[derive(Debug)]
pub(crate) struct Notes<'a> {
    file: &'a Path,
    stub: String,
    /// Everything noticed, in order.
    pub(crate) problems: Vec<Problem>,
    /// Why the stub is inactive: the first reason.
    pub(crate) inactive: Option<String>,
}

impl<'a> Notes<'a> {
    /// Notes about the stub called `stub`.
    pub(crate) fn about(file: &'a Path, stub: &str) -> Self {
        Self { file, stub: stub.to_owned(), problems: Vec::new(), inactive: None }
    }

    /// Something that has no effect; the stub serves all the same.
    pub(crate) fn no_effect(&mut self, at: Value<'_>, what: &str) {
        let message = format!("stub {:?}: {what} has no effect", self.stub);
        self.problems.push(Problem::warning(self.file, at.line(), message));
    }

    /// Something that would change the stub's meaning and is not supported: the stub is inactive.
    pub(crate) fn unsupported(&mut self, at: Value<'_>, what: &str) {
        let message = format!("stub {:?} is inactive: {what} is not supported", self.stub);
        self.problems.push(Problem::warning(self.file, at.line(), message));
        self.inactive.get_or_insert_with(|| format!("{what} is not supported"));
    }

    /// A mistake: the stub is inactive.
    pub(crate) fn wrong(&mut self, at: Value<'_>, message: &str) {
        self.wrong_at(at.line(), message);
    }

    /// A mistake on a line of its own.
    pub(crate) fn wrong_at(&mut self, line: usize, message: &str) {
        let whole = format!("stub {:?} is inactive: {message}", self.stub);
        self.problems.push(Problem::error(self.file, line, whole));
        self.inactive.get_or_insert_with(|| message.to_owned());
    }

    /// A value of the wrong kind.
    pub(crate) fn expected(&mut self, at: Value<'_>, field: &str, expected: &str) {
        let written: String = at.written().chars().take(40).collect();
        self.wrong(at, &format!("{field} is {written}, expected {expected}"));
    }

    /// A member read by `read`; `None`, with a note, where it is of the wrong kind.
    pub(crate) fn read<'v, T>(
        &mut self,
        at: Value<'v>,
        field: &str,
        expected: &str,
        read: impl Fn(Value<'v>) -> Option<T>,
    ) -> Option<T> {
        let value = read(at);
        if value.is_none() {
            self.expected(at, field, expected);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blanks_and_strings_and_lines_stay() {
        for (text, expected) in [
            ("{\"a\": 1} // x\n", "{\"a\": 1}     \n"),
            ("/* a\n\"b */{\"c\": \"d//e\"}", "    \n     {\"c\": \"d//e\"}"),
            (r#"{"a": "\"//", "b": 1} // c"#, r#"{"a": "\"//", "b": 1}     "#),
            ("{\"a\": 1 / 2} //", "{\"a\": 1 / 2}   "),
            ("[\"open // ", "[\"open // "),
            ("{} /* open", "{}        "),
        ] {
            assert_eq!(without_comments(text), expected, "{text}");
        }
    }
}
