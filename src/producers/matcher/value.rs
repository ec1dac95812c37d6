//! Conditions on one value: a header, an address, a body.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use super::moment::{Moment, Order};
use crate::producers::asked::Asked;
use crate::producers::json::equal::ExpectedJson;
use crate::producers::json::path::{JsonPath, text_of};
use crate::producers::xml::equal::ExpectedXml;
use crate::producers::xml::tree::Document;
use crate::producers::xml::xpath::{Selected, XPath};

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
    /// The same bytes.
    BinaryEqualTo(Vec<u8>),
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
    /// A moment before, after or at another.
    Moment(Box<Moment>),
    /// All hold.
    And(Vec<Self>),
    /// One holds.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The same JSON.
    Json(Box<ExpectedJson>),
    /// The path leads somewhere, and what is there is accepted.
    JsonPath(Box<JsonPath>, Option<Box<Self>>),
    /// The same XML.
    Xml(Box<ExpectedXml>),
    /// The expression selects something, and what is selected is accepted.
    XPath(Box<XPath>, Option<Box<Self>>),
}

/// A value with where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Given<'g, 'a> {
    /// The value, if there is one.
    pub text: Option<&'g str>,
    /// The request.
    pub asked: &'g Asked<'a>,
    /// Whether the value is the request's whole body, so that its tree is there to be used.
    pub is_body: bool,
}

impl<'g, 'a> Given<'g, 'a> {
    /// A value that is not the body.
    pub fn value(text: Option<&'g str>, asked: &'g Asked<'a>) -> Self {
        Self { text, asked, is_body: false }
    }

    fn with_tree(&self, text: &str, use_it: impl FnOnce(&Document<'_>) -> bool) -> bool {
        if self.is_body {
            return self.asked.tree().is_some_and(use_it);
        }
        Document::parse(text.as_bytes()).is_ok_and(|document| !document.is_empty() && use_it(&document))
    }
}

impl ValueMatcher {
    /// Whether the value is accepted.
    pub fn accepts(&self, given: Given<'_, '_>) -> bool {
        let Some(value) = given.text else {
            return match self {
                Self::Absent(absent) => *absent,
                Self::Or(all) => all.iter().any(|one| one.accepts(given)),
                Self::And(all) => all.iter().all(|one| one.accepts(given)),
                Self::Not(inner) => matches!(**inner, Self::Absent(_)) && !inner.accepts(given),
                _ => false,
            };
        };
        match self {
            Self::EqualTo { text, ignore_case: false } => value == text,
            Self::EqualTo { text, ignore_case: true } => value == text || value.to_lowercase() == text.to_lowercase(),
            Self::BinaryEqualTo(bytes) if given.is_body => given.asked.body() == bytes,
            Self::BinaryEqualTo(bytes) => value.as_bytes() == bytes,
            Self::Contains(text) => memchr::memmem::find(value.as_bytes(), text.as_bytes()).is_some(),
            Self::DoesNotContain(text) => memchr::memmem::find(value.as_bytes(), text.as_bytes()).is_none(),
            Self::Matches(pattern) => pattern.is_match(value),
            Self::DoesNotMatch(pattern) => !pattern.is_match(value),
            Self::Absent(absent) => !absent,
            Self::Moment(moment) => moment.accepts(value, given.asked.now()),
            Self::And(all) => all.iter().all(|one| one.accepts(given)),
            Self::Or(all) => all.iter().any(|one| one.accepts(given)),
            Self::Not(inner) => !inner.accepts(given),
            Self::Json(expected) => expected.accepts(value),
            Self::JsonPath(path, inner) => {
                let Ok(document) = serde_json::from_str(value) else { return false };
                let found = path.select(&document);
                match inner {
                    None => !found.is_empty(),
                    Some(inner) if found.is_empty() => inner.accepts(Given::value(None, given.asked)),
                    Some(inner) => {
                        found.iter().any(|one| inner.accepts(Given::value(Some(&text_of(one)), given.asked)))
                    }
                }
            }
            Self::Xml(expected) => given.with_tree(value, |document| expected.accepts(document)),
            Self::XPath(path, inner) if given.is_body => {
                given.asked.selected(path).is_some_and(|selected| accepted(&selected, inner.as_deref(), given))
            }
            Self::XPath(path, inner) => given.with_tree(value, |document| {
                path.select(document).is_some_and(|selected| accepted(&selected, inner.as_deref(), given))
            }),
        }
    }

    /// Where the value is compared with a text and nothing else: that text.
    pub fn as_equal(&self) -> Option<(&str, bool)> {
        match self {
            Self::EqualTo { text, ignore_case } => Some((text, *ignore_case)),
            _ => None,
        }
    }
}

/// Whether what an expression gave is accepted. An element counts by its text and by its XML, so that an author need not
/// know which of the two his tool looked at.
fn accepted(selected: &Selected, inner: Option<&ValueMatcher>, given: Given<'_, '_>) -> bool {
    let accepts = |inner: &ValueMatcher, text: &str| inner.accepts(Given::value(Some(text), given.asked));
    match (selected, inner) {
        (Selected::Nodes(nodes), None) => !nodes.is_empty(),
        (Selected::Nodes(nodes), Some(inner)) if nodes.is_empty() => inner.accepts(Given::value(None, given.asked)),
        (Selected::Nodes(nodes), Some(inner)) => nodes
            .iter()
            .any(|node| accepts(inner, &node.text) || node.xml.as_deref().is_some_and(|xml| accepts(inner, xml))),
        (Selected::Truth(truth), None) => *truth,
        (Selected::Truth(truth), Some(inner)) => accepts(inner, if *truth { "true" } else { "false" }),
        (Selected::Text(text), None) => !text.is_empty(),
        (Selected::Text(text), Some(inner)) => accepts(inner, text),
    }
}

impl fmt::Display for ValueMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |all: &[Self], word: &str| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(word);
        match self {
            Self::EqualTo { text, .. } => write!(f, "{text:?}"),
            Self::BinaryEqualTo(bytes) => write!(f, "the bytes {}", STANDARD.encode(&bytes[..bytes.len().min(30)])),
            Self::Contains(text) => write!(f, "something containing {text:?}"),
            Self::DoesNotContain(text) => write!(f, "something without {text:?}"),
            Self::Matches(pattern) => write!(f, "something matching {:?}", written(pattern)),
            Self::DoesNotMatch(pattern) => write!(f, "something not matching {:?}", written(pattern)),
            Self::Absent(true) => f.write_str("none"),
            Self::Absent(false) => f.write_str("any"),
            Self::Moment(moment) => match moment.order {
                Order::Before => write!(f, "a moment before {}", moment.source),
                Order::After => write!(f, "a moment after {}", moment.source),
                Order::Same => write!(f, "the moment {}", moment.source),
            },
            Self::And(all) => write!(f, "({})", listed(all, " and ")),
            Self::Or(all) => write!(f, "({})", listed(all, " or ")),
            Self::Not(inner) => write!(f, "not {inner}"),
            Self::Json(_) => f.write_str("the JSON of the stub"),
            Self::JsonPath(path, None) => write!(f, "JSON with {}", path.source()),
            Self::JsonPath(path, Some(inner)) => write!(f, "JSON whose {} is {inner}", path.source()),
            Self::Xml(_) => f.write_str("the XML of the stub"),
            Self::XPath(path, None) => write!(f, "XML with {}", path.source()),
            Self::XPath(path, Some(inner)) => write!(f, "XML whose {} is {inner}", path.source()),
        }
    }
}

/// A condition on what may be there several times: a header, a parameter, a cookie.
#[derive(Clone, Debug)]
pub enum ManyMatcher {
    /// Any of the values is accepted.
    Any(ValueMatcher),
    /// The values are accepted one to one.
    Exactly(Vec<ValueMatcher>),
    /// Each of these accepts one of the values.
    Includes(Vec<ValueMatcher>),
}

impl ManyMatcher {
    /// Whether the values are accepted.
    pub fn accepts(&self, values: &[impl AsRef<str>], asked: &Asked<'_>) -> bool {
        let accepts = |one: &ValueMatcher, value: &str| one.accepts(Given::value(Some(value), asked));
        match self {
            Self::Any(matcher) if values.is_empty() => matcher.accepts(Given::value(None, asked)),
            Self::Any(matcher) => values.iter().any(|value| accepts(matcher, value.as_ref())),
            Self::Exactly(all) => {
                values.len() == all.len()
                    && all.iter().all(|one| values.iter().any(|value| accepts(one, value.as_ref())))
                    && values.iter().all(|value| all.iter().any(|one| accepts(one, value.as_ref())))
            }
            Self::Includes(all) => all.iter().all(|one| values.iter().any(|value| accepts(one, value.as_ref()))),
        }
    }

    /// Where one value must be equal to a text: that text.
    pub fn as_equal(&self) -> Option<(&str, bool)> {
        match self {
            Self::Any(matcher) => matcher.as_equal(),
            _ => None,
        }
    }
}

impl fmt::Display for ManyMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |all: &[ValueMatcher]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Any(matcher) => matcher.fmt(f),
            Self::Exactly(all) => write!(f, "exactly {}", listed(all)),
            Self::Includes(all) => write!(f, "among others {}", listed(all)),
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
