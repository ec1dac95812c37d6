//! `request` of a stub: its conditions (`producers.md` §2.2, §3).

use http::HeaderName;

use super::json::{Notes, Value};
use crate::producers::matcher::contract::ContractPattern;
use crate::producers::matcher::value::{ValueMatcher, whole};
use crate::producers::matcher::{Condition, TargetMatcher, patient_matcher};
use crate::producers::settings::REGEX_BYTES_MAX;

/// Conditions we do not evaluate yet: without them a stub would serve what its author did not mean it to.
const NOT_YET: [&str; 12] = [
    "urlPathTemplate",
    "queryParameters",
    "formParameters",
    "cookies",
    "pathParameters",
    "basicAuthCredentials",
    "scheme",
    "host",
    "port",
    "clientIp",
    "multipartPatterns",
    "customMatcher",
];

/// Reads all conditions.
pub(crate) fn conditions(request: Value<'_>, notes: &mut Notes<'_>) -> Vec<Condition> {
    let Some(members) = notes.read(request, "request", "an object", Value::object) else { return Vec::new() };
    let mut conditions = Vec::new();
    let mut targets = 0;
    for (field, member) in members {
        match field.as_str() {
            "method" => {
                let method = notes.read(member, "method", "a string", Value::string);
                conditions.extend(method.filter(|method| method != "ANY").map(Condition::Method));
            }
            "url" | "urlPath" | "urlPattern" | "urlPathPattern" => {
                targets += 1;
                conditions.extend(target(&field, member, notes).map(Condition::Target));
            }
            "headers" => headers(member, notes, &mut conditions),
            "bodyPatterns" => {
                let patterns = notes.read(member, "bodyPatterns", "a list", Value::list).unwrap_or_default();
                for pattern in patterns {
                    conditions.extend(matcher(pattern, "bodyPatterns", false, notes).map(Condition::Body));
                }
            }
            "riv" => riv(member, notes, &mut conditions),
            known if NOT_YET.contains(&known) => notes.unsupported(member, &format!("request field {known:?}")),
            _ => notes.no_effect(member, &format!("unknown field {field:?} of request")),
        }
    }
    if targets > 1 {
        notes.wrong(request, "only one of url, urlPath, urlPattern and urlPathPattern may be given");
    }
    conditions
}

fn target(field: &str, member: Value<'_>, notes: &mut Notes<'_>) -> Option<TargetMatcher> {
    let text = notes.read(member, field, "a string", Value::string)?;
    match field {
        "url" => Some(TargetMatcher::Url(text)),
        "urlPath" => Some(TargetMatcher::Path(text)),
        "urlPattern" => pattern(member, field, &text, notes).map(TargetMatcher::UrlPattern),
        _ => pattern(member, field, &text, notes).map(TargetMatcher::PathPattern),
    }
}

fn pattern(member: Value<'_>, field: &str, text: &str, notes: &mut Notes<'_>) -> Option<regex::Regex> {
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

fn headers(member: Value<'_>, notes: &mut Notes<'_>, conditions: &mut Vec<Condition>) {
    for (name, value) in notes.read(member, "headers", "an object", Value::object).unwrap_or_default() {
        match HeaderName::try_from(name.as_str()) {
            Ok(header) => {
                let found = matcher(value, &format!("header {name:?}"), false, notes);
                conditions.extend(found.map(|matcher| Condition::Header(header, matcher)));
            }
            Err(_) => notes.wrong(value, &format!("{name:?} is not a header name")),
        }
    }
}

fn riv(member: Value<'_>, notes: &mut Notes<'_>, conditions: &mut Vec<Condition>) {
    for (field, value) in notes.read(member, "riv", "an object", Value::object).unwrap_or_default() {
        let what = format!("riv.{field}");
        let condition = match field.as_str() {
            "contract" => contract(value, notes).map(Condition::Contract),
            "logicalAddress" => matcher(value, &what, true, notes).map(Condition::LogicalAddress),
            "sender" => matcher(value, &what, true, notes).map(Condition::Sender),
            "originalConsumer" => matcher(value, &what, true, notes).map(Condition::OriginalConsumer),
            "correlationId" => matcher(value, &what, false, notes).map(Condition::CorrelationId),
            "profile" => matcher(value, &what, true, notes).map(Condition::Profile),
            "patient" => {
                let items = value.list().unwrap_or_else(|| vec![value]);
                let any_of: Vec<_> = items.into_iter().filter_map(|item| matcher(item, &what, true, notes)).collect();
                Some(Condition::Patient(any_of.into_iter().map(patient_matcher).collect()))
            }
            "patientType" | "field" => {
                notes.unsupported(value, &format!("{what:?}"));
                None
            }
            // Ours, so a misspelt condition is a mistake, not a foreign extension.
            _ => {
                let expected = "contract, logicalAddress, sender, originalConsumer, correlationId, profile or patient";
                notes.wrong(value, &format!("unknown condition {what:?}, expected {expected}"));
                None
            }
        };
        conditions.extend(condition);
    }
}

fn contract(value: Value<'_>, notes: &mut Notes<'_>) -> Option<ContractPattern> {
    let text = notes.read(value, "riv.contract", "a string", Value::string)?;
    let parsed = ContractPattern::parse(&text);
    if parsed.is_none() {
        let expected = "a responder namespace, \"GetDiagnosis:2\" or \"GetDiagnosis\"";
        notes.wrong(value, &format!("riv.contract {text:?} is no contract, expected {expected}"));
    }
    parsed
}

/// A value matcher: a plain string (equal, case ignored where `ignore_case`), or an object with one condition.
fn matcher(value: Value<'_>, what: &str, ignore_case: bool, notes: &mut Notes<'_>) -> Option<ValueMatcher> {
    if let Some(text) = value.string() {
        return Some(ValueMatcher::EqualTo { text, ignore_case });
    }
    let members = notes.read(value, what, "a string, or an object with one condition", Value::object)?;
    let ignore_case = match members.get("caseInsensitive") {
        Some(member) => notes.read(*member, "caseInsensitive", "true or false", |value| value.boolean())?,
        None => false,
    };
    let mut found = None;
    for (name, member) in &members {
        let text = |notes: &mut Notes<'_>| notes.read(*member, name, "a string", |value| value.string());
        let one = match name.as_str() {
            "caseInsensitive" => continue,
            "equalTo" => ValueMatcher::EqualTo { text: text(notes)?, ignore_case },
            "contains" => ValueMatcher::Contains(text(notes)?),
            "doesNotContain" => ValueMatcher::DoesNotContain(text(notes)?),
            "matches" => ValueMatcher::Matches(pattern(*member, name, &text(notes)?, notes)?),
            "doesNotMatch" => ValueMatcher::DoesNotMatch(pattern(*member, name, &text(notes)?, notes)?),
            "absent" => ValueMatcher::Absent(notes.read(*member, name, "true or false", |value| value.boolean())?),
            _ => {
                notes.unsupported(*member, &format!("condition {name:?} on {what}"));
                return None;
            }
        };
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
