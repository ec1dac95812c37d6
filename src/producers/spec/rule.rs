//! `[[rule]]` of `producer.toml` (`producers.md` §1.2): which calls get which behaviour or answer.

use serde_json::Value as Json;

use super::json::{Notes, Value};
use super::value::many;
use crate::producers::asked::Asked;
use crate::producers::behaviour::act::Act;
use crate::producers::matcher::contract::ContractPattern;
use crate::producers::matcher::value::{ManyMatcher, ValueMatcher};
use crate::producers::matcher::{Condition, patient_matcher};
use crate::producers::xml::xpath::{Names, XPath};

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The line it starts on.
    pub line: usize,
    /// All must hold.
    pub conditions: Vec<RuleCondition>,
    /// Which of its matches it fires on.
    pub nth: Nth,
    /// What is done.
    pub act: Option<Act>,
    /// Which answer is given.
    pub answer: Option<String>,
}

/// Any of some conditions holds.
pub type RuleCondition = Vec<Condition>;

/// Which matches count, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// These, both ends included.
    Between(u64, u64),
    /// Every so many.
    Every(u64),
}

impl Nth {
    /// All of them.
    const ALL: Self = Self::Between(1, u64::MAX);

    /// Reads `3`, `2..`, `..5`, `2..4` or `every 4`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|number| *number > 0);
        if let Some(count) = text.strip_prefix("every ") {
            return number(count).map(Self::Every);
        }
        match text.split_once("..") {
            None => number(text).map(|n| Self::Between(n, n)),
            Some(("", last)) => Some(Self::Between(1, number(last)?)),
            Some((first, "")) => Some(Self::Between(number(first)?, u64::MAX)),
            Some((first, last)) => Some(Self::Between(number(first)?, number(last)?)),
        }
    }

    /// Whether the `n`th match counts.
    pub fn fires(self, n: u64) -> bool {
        match self {
            Self::Between(first, last) => (first..=last).contains(&n),
            Self::Every(count) => n.is_multiple_of(count),
        }
    }
}

impl Rule {
    /// Whether a request is one of the rule's.
    pub fn fits(&self, asked: &Asked<'_>) -> bool {
        self.conditions.iter().all(|any_of| any_of.iter().any(|condition| condition.holds(asked)))
    }

    /// Whether every call is one of the rule's, and each time.
    pub fn is_for_all(&self) -> bool {
        self.conditions.is_empty() && self.nth == Nth::ALL
    }

    /// Reads a rule from its table; `Err` names the key and what is wrong.
    pub fn read(table: &serde_json::Map<String, Json>, line: usize) -> Result<Self, String> {
        let mut rule = Self { line, conditions: Vec::new(), nth: Nth::ALL, act: None, answer: None };
        for (key, value) in table {
            match key.as_str() {
                "nth" => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    rule.nth = Nth::parse(&text).ok_or_else(|| {
                        format!("nth is {text:?}, expected such as \"3\", \"2..\", \"..5\" or \"every 4\"")
                    })?;
                }
                "behaviour" => rule.act = Some(Act::from_json(value)?),
                "answer" => {
                    let text = value.as_str().ok_or("answer is no text")?;
                    const KINDS: [&str; 6] = ["file", "schema", "record", "sample", "mapping", "fault"];
                    if !KINDS.contains(&text.split(':').next().unwrap_or_default()) {
                        return Err(format!(
                            "answer is {text:?}, expected one of {} with what it names",
                            KINDS.join(", ")
                        ));
                    }
                    rule.answer = Some(text.to_owned());
                }
                "header" => {
                    let headers = value.as_object().ok_or("header is no table")?;
                    for (name, value) in headers {
                        rule.conditions.push(header(name, value)?);
                    }
                }
                _ if key.starts_with("header.") => rule.conditions.push(header(&key["header.".len()..], value)?),
                _ => rule.conditions.push(condition(key, value)?),
            }
        }
        if rule.act.is_none() && rule.answer.is_none() {
            return Err("the rule has neither behaviour nor answer".to_owned());
        }
        Ok(rule)
    }
}

fn header(name: &str, value: &Json) -> Result<RuleCondition, String> {
    let header = http::HeaderName::try_from(name).map_err(|_| format!("{name:?} is not a header name"))?;
    let matchers = matchers(&format!("header.{name}"), value)?;
    Ok(matchers.into_iter().map(|matcher| Condition::Header(header.clone(), matcher)).collect())
}

fn condition(key: &str, value: &Json) -> Result<RuleCondition, String> {
    if key == "contract" {
        let parsed = texts(key, value)?.into_iter().map(|text| {
            let parsed = ContractPattern::parse(&text).map(Condition::Contract);
            parsed.ok_or_else(|| format!("contract: {text:?} is no contract, expected such as \"GetDiagnosis:2\""))
        });
        return parsed.collect();
    }
    if key == "xpath" {
        let parsed = texts(key, value)?.into_iter().map(|text| {
            let path = XPath::new(&text, Names::default()).map_err(|why| format!("xpath {text:?}: {why}"))?;
            Ok(Condition::Body(ValueMatcher::XPath(Box::new(path), None)))
        });
        return parsed.collect();
    }
    let make: fn(ValueMatcher) -> Condition = match key {
        "sender" => Condition::Sender,
        "original_consumer" => Condition::OriginalConsumer,
        "logical_address" => Condition::LogicalAddress,
        "patient" => |matcher| Condition::Patient(vec![patient_matcher(matcher)]),
        _ => {
            let known = [
                "contract",
                "sender",
                "original_consumer",
                "logical_address",
                "patient",
                "header",
                "xpath",
                "nth",
                "behaviour",
                "answer",
            ];
            let nearest = crate::config::nearest::nearest(key, known).unwrap_or("contract");
            return Err(format!("unknown key {key:?}, the nearest known one is {nearest:?}"));
        }
    };
    let ignored = |matcher: ManyMatcher| match matcher {
        ManyMatcher::Any(ValueMatcher::EqualTo { text, .. }) => ValueMatcher::EqualTo { text, ignore_case: true },
        ManyMatcher::Any(other) => other,
        ManyMatcher::Exactly(all) => ValueMatcher::And(all),
        ManyMatcher::Includes(all) => ValueMatcher::Or(all),
    };
    Ok(matchers(key, value)?.into_iter().map(|matcher| make(ignored(matcher))).collect())
}

fn texts(key: &str, value: &Json) -> Result<Vec<String>, String> {
    let wrong = || format!("{key} is {value}, expected a text or a list of texts");
    match value {
        Json::String(text) => Ok(vec![text.clone()]),
        Json::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect(),
        _ => Err(wrong()),
    }
}

/// A text, a list of texts, or a value matcher as mappings have it.
fn matchers(key: &str, value: &Json) -> Result<Vec<ManyMatcher>, String> {
    let items = match value {
        Json::Array(items) => items.clone(),
        other => vec![other.clone()],
    };
    let read = |item: Json| {
        let text = item.to_string();
        let document = Value::document(&text).map_err(|error| error.to_string())?;
        let mut notes = Notes::about(std::path::Path::new(""), key);
        many(document, key, &mut notes)
            .filter(|_| notes.inactive.is_none())
            .ok_or_else(|| notes.inactive.unwrap_or_else(|| format!("{key} is {text}, expected a text or a condition")))
    };
    items.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_matches_count() {
        let fired = |text: &str| -> Vec<u64> {
            let nth = Nth::parse(text).unwrap();
            (1..=12).filter(|n| nth.fires(*n)).collect()
        };
        assert_eq!(fired("3"), [3]);
        assert_eq!(fired("10.."), [10, 11, 12]);
        assert_eq!(fired("..2"), [1, 2]);
        assert_eq!(fired("2..4"), [2, 3, 4]);
        assert_eq!(fired("every 4"), [4, 8, 12]);
        for wrong in ["", "0", "x", "every 0", "every", "1..x"] {
            assert_eq!(Nth::parse(wrong), None, "{wrong}");
        }
    }
}
