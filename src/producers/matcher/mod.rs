//! Which requests a stub fits: a list of conditions that must all hold (`producers.md` §2.2, §3).

pub mod contract;
#[cfg(test)]
mod tests;
pub mod value;

use std::fmt::Write as _;

use http::HeaderName;
use regex::Regex;

use self::contract::ContractPattern;
use self::value::ValueMatcher;
use super::asked::{Asked, CORRELATION_ID, ORIGINAL_CONSUMER, SENDER, plain_identity, quoted};

/// One condition on a request.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `method`: case-sensitive.
    Method(String),
    /// One of `url`, `urlPath`, `urlPattern`, `urlPathPattern`.
    Target(TargetMatcher),
    /// `headers`: any of a header's values is accepted.
    Header(HeaderName, ValueMatcher),
    /// `riv.contract`.
    Contract(ContractPattern),
    /// `riv.logicalAddress`.
    LogicalAddress(ValueMatcher),
    /// `riv.sender`.
    Sender(ValueMatcher),
    /// `riv.originalConsumer`.
    OriginalConsumer(ValueMatcher),
    /// `riv.correlationId`.
    CorrelationId(ValueMatcher),
    /// `riv.profile`.
    Profile(ValueMatcher),
    /// `riv.patient`: any of them accepts.
    Patient(Vec<ValueMatcher>),
    /// One of `bodyPatterns`.
    Body(ValueMatcher),
}

/// A condition on the request's target.
#[derive(Clone, Debug)]
pub enum TargetMatcher {
    /// Path and query, equal.
    Url(String),
    /// Path without query, equal.
    Path(String),
    /// Path and query, a pattern.
    UrlPattern(Regex),
    /// Path without query, a pattern.
    PathPattern(Regex),
}

impl TargetMatcher {
    fn accepts(&self, target: &str) -> bool {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        match self {
            Self::Url(expected) => target == expected,
            Self::Path(expected) => path == expected,
            Self::UrlPattern(pattern) => pattern.is_match(target),
            Self::PathPattern(pattern) => pattern.is_match(path),
        }
    }
}

impl Condition {
    /// Whether the request fulfils it.
    pub fn holds(&self, asked: &Asked<'_>) -> bool {
        match self {
            Self::Method(expected) => expected == asked.method(),
            Self::Target(matcher) => asked.targets().into_iter().any(|target| matcher.accepts(target)),
            Self::Header(name, matcher) => {
                let mut values = asked.headers().get_all(name).iter().peekable();
                match values.peek() {
                    None => matcher.accepts(None),
                    Some(_) => values.any(|value| matcher.accepts(Some(&String::from_utf8_lossy(value.as_bytes())))),
                }
            }
            Self::Contract(pattern) => asked.contract().is_some_and(|namespace| pattern.accepts(namespace)),
            Self::LogicalAddress(matcher) => matcher.accepts(asked.logical_address()),
            Self::Sender(matcher) => matcher.accepts(asked.header(SENDER).as_deref()),
            Self::OriginalConsumer(matcher) => matcher.accepts(asked.header(ORIGINAL_CONSUMER).as_deref()),
            Self::CorrelationId(matcher) => matcher.accepts(asked.header(CORRELATION_ID).as_deref()),
            Self::Profile(matcher) => matcher.accepts(asked.profile()),
            Self::Patient(any_of) => any_of.iter().any(|matcher| matcher.accepts(asked.patient())),
            Self::Body(matcher) => matcher.accepts(Some(asked.text())),
        }
    }

    /// What the condition weighs when stubs are compared for nearness (`producers.md` §10).
    pub fn weight(&self) -> u32 {
        match self {
            Self::Contract(_) => 4,
            Self::LogicalAddress(_) | Self::Patient(_) | Self::Body(_) => 2,
            _ => 1,
        }
    }

    /// Place in the order of cost: what is cheap to check is checked first.
    pub fn cost(&self) -> u8 {
        match self {
            Self::Body(_) => 2,
            Self::Patient(_) => 1,
            _ => 0,
        }
    }

    /// Why the condition does not hold, in one line. Names no patient and quotes no body.
    pub fn complaint(&self, asked: &Asked<'_>) -> String {
        match self {
            Self::Method(expected) => format!("method is {}, expected {expected}", asked.method()),
            Self::Target(_) => format!("url is {}", quoted(asked.targets()[0])),
            Self::Header(name, matcher) => differs(&format!("header {name}"), asked.header(name.as_str()), matcher),
            Self::Contract(pattern) => pattern.complaint(asked.contract()),
            Self::LogicalAddress(matcher) => differs("riv.logicalAddress", asked.logical_address(), matcher),
            Self::Sender(matcher) => differs("riv.sender", asked.header(SENDER), matcher),
            Self::OriginalConsumer(matcher) => {
                differs("riv.originalConsumer", asked.header(ORIGINAL_CONSUMER), matcher)
            }
            Self::CorrelationId(matcher) => differs("riv.correlationId", asked.header(CORRELATION_ID), matcher),
            Self::Profile(matcher) => differs("riv.profile", asked.profile(), matcher),
            Self::Patient(_) if asked.patient().is_none() => "riv.patient: the request names no patient".to_owned(),
            Self::Patient(_) => "riv.patient is another".to_owned(),
            Self::Body(matcher) => format!("body: expected it to be {matcher}"),
        }
    }
}

/// The stub's own words for a value, made ready to be compared with an identity without hyphens and spaces.
pub fn patient_matcher(matcher: ValueMatcher) -> ValueMatcher {
    match matcher {
        ValueMatcher::EqualTo { text, ignore_case } => {
            ValueMatcher::EqualTo { text: plain_identity(&text), ignore_case }
        }
        other => other,
    }
}

fn differs(what: &str, actual: Option<impl AsRef<str>>, matcher: &ValueMatcher) -> String {
    let mut line = what.to_owned();
    // Writing to a string cannot fail.
    let _ = match actual {
        Some(actual) => write!(line, " is {:?}, expected {matcher}", quoted(actual.as_ref())),
        None => write!(line, " is missing, expected {matcher}"),
    };
    line
}
