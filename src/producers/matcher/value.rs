//! Conditions on one text: a header, an address, a body.

use std::fmt;

use regex::Regex;

/// What a value must be. A value that is missing is accepted by [`ValueMatcher::Absent`] only (`producers.md` §3).
#[derive(Clone, Debug)]
pub enum ValueMatcher {
    /// The same text.
    EqualTo {
        /// What is expected.
        text: String,
        /// Whether upper and lower case count as the same.
        ignore_case: bool,
    },
    /// The text stands in it.
    Contains(String),
    /// The text does not stand in it.
    DoesNotContain(String),
    /// The pattern fits the whole value; dot matches newline.
    Matches(Regex),
    /// The pattern does not fit the whole value.
    DoesNotMatch(Regex),
    /// `true`: there is no value; `false`: there is one.
    Absent(bool),
}

impl ValueMatcher {
    /// Whether the value is accepted.
    pub fn accepts(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return matches!(self, Self::Absent(true)) };
        match self {
            Self::EqualTo { text, ignore_case: false } => value == text,
            Self::EqualTo { text, ignore_case: true } => value == text || value.to_lowercase() == text.to_lowercase(),
            Self::Contains(text) => value.contains(text.as_str()),
            Self::DoesNotContain(text) => !value.contains(text.as_str()),
            Self::Matches(pattern) => pattern.is_match(value),
            Self::DoesNotMatch(pattern) => !pattern.is_match(value),
            Self::Absent(absent) => !absent,
        }
    }
}

impl fmt::Display for ValueMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EqualTo { text, .. } => write!(f, "{text:?}"),
            Self::Contains(text) => write!(f, "something containing {text:?}"),
            Self::DoesNotContain(text) => write!(f, "something without {text:?}"),
            Self::Matches(pattern) => write!(f, "something matching {:?}", written(pattern)),
            Self::DoesNotMatch(pattern) => write!(f, "something not matching {:?}", written(pattern)),
            Self::Absent(true) => f.write_str("none"),
            Self::Absent(false) => f.write_str("any"),
        }
    }
}

const BEFORE: &str = r"\A(?s:";
const AFTER: &str = r")\z";

/// A pattern for a whole value, its memory bounded by `bytes_max`.
pub fn whole(pattern: &str, bytes_max: usize) -> Result<Regex, regex::Error> {
    // Compiled alone first: an unbalanced bracket must not close ours.
    Regex::new(pattern)?;
    regex::RegexBuilder::new(&format!("{BEFORE}{pattern}{AFTER}")).size_limit(bytes_max).build()
}

/// The pattern as its author wrote it.
fn written(pattern: &Regex) -> &str {
    let text = pattern.as_str();
    text.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER)).unwrap_or(text)
}
