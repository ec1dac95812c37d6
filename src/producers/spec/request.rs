//! `request` of a stub: its conditions (`producers.md` §2.2, §3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, header};

use super::json::{Notes, Value};
use super::value::{many, matcher, pattern};
use crate::producers::matcher::contract::ContractPattern;
use crate::producers::matcher::multipart::PartMatcher;
use crate::producers::matcher::target::{PathTemplate, TargetMatcher};
use crate::producers::matcher::value::{ManyMatcher, ValueMatcher};
use crate::producers::matcher::{Condition, patient_matcher};

const TARGETS: [&str; 5] = ["url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate"];

/// Reads all conditions.
pub(crate) fn conditions(request: Value<'_>, notes: &mut Notes<'_>) -> Vec<Condition> {
    let Some(members) = notes.read(request, "request", "an object", Value::object) else { return Vec::new() };
    let mut conditions = Vec::new();
    let template = members.get("urlPathTemplate").and_then(|member| path_template(*member, notes));
    for (field, member) in &members {
        let member = *member;
        match field.as_str() {
            "method" => {
                let method = notes.read(member, "method", "a string", Value::string);
                conditions.extend(method.filter(|method| method != "ANY").map(Condition::Method));
            }
            "urlPathTemplate" => {
                let target = template.clone().map(TargetMatcher::Template);
                conditions.extend(target.map(Condition::Target));
            }
            target if TARGETS.contains(&target) => {
                conditions.extend(self::target(target, member, notes).map(Condition::Target));
            }
            "headers" => headers(member, notes, &mut conditions),
            "queryParameters" => pairs(member, field, notes, &mut conditions, Condition::Query),
            "formParameters" => pairs(member, field, notes, &mut conditions, Condition::Form),
            "cookies" => pairs(member, field, notes, &mut conditions, Condition::Cookie),
            "pathParameters" => path_parameters(member, template.as_ref(), notes, &mut conditions),
            "basicAuthCredentials" => conditions.extend(basic_auth(member, notes)),
            "scheme" => {
                conditions.extend(notes.read(member, field, "a string", Value::string).map(Condition::Scheme));
            }
            "host" => conditions.extend(matcher(member, field, true, notes).map(Condition::Host)),
            "port" => {
                conditions.extend(notes.read(member, field, "a number", Value::whole_number).map(Condition::Port));
            }
            "clientIp" => conditions.extend(matcher(member, field, false, notes).map(Condition::ClientIp)),
            "bodyPatterns" => {
                let patterns = notes.read(member, "bodyPatterns", "a list", Value::list).unwrap_or_default();
                for pattern in patterns {
                    conditions.extend(matcher(pattern, "bodyPatterns", false, notes).map(Condition::Body));
                }
            }
            "multipartPatterns" => multipart(member, notes, &mut conditions),
            "riv" => riv(member, notes, &mut conditions),
            "customMatcher" => notes.unsupported(member, "request field \"customMatcher\""),
            _ => notes.no_effect(member, &format!("unknown field {field:?} of request")),
        }
    }
    if TARGETS.iter().filter(|target| members.contains_key(**target)).count() > 1 {
        notes.wrong(request, "only one of url, urlPath, urlPattern, urlPathPattern and urlPathTemplate may be given");
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

fn path_template(member: Value<'_>, notes: &mut Notes<'_>) -> Option<PathTemplate> {
    let text = notes.read(member, "urlPathTemplate", "a string", Value::string)?;
    match PathTemplate::new(&text) {
        Ok(template) => Some(template),
        Err(why) => {
            notes.wrong(member, &format!("urlPathTemplate {text:?} cannot be used: {why}"));
            None
        }
    }
}

fn path_parameters(
    member: Value<'_>,
    template: Option<&PathTemplate>,
    notes: &mut Notes<'_>,
    conditions: &mut Vec<Condition>,
) {
    let Some(template) = template else {
        return notes.wrong(member, "pathParameters need a urlPathTemplate");
    };
    for (name, value) in notes.read(member, "pathParameters", "an object", Value::object).unwrap_or_default() {
        if !template.names().contains(&name) {
            notes.wrong(value, &format!("path parameter {name:?} is not in the urlPathTemplate"));
        }
        let found = matcher(value, &format!("path parameter {name:?}"), false, notes);
        conditions.extend(found.map(|matcher| Condition::PathParameter(template.clone(), name, matcher)));
    }
}

fn pairs(
    member: Value<'_>,
    field: &str,
    notes: &mut Notes<'_>,
    conditions: &mut Vec<Condition>,
    make: fn(String, ManyMatcher) -> Condition,
) {
    for (name, value) in notes.read(member, field, "an object", Value::object).unwrap_or_default() {
        let found = many(value, &format!("{field} {name:?}"), notes);
        conditions.extend(found.map(|matcher| make(name, matcher)));
    }
}

fn basic_auth(member: Value<'_>, notes: &mut Notes<'_>) -> Option<Condition> {
    let members = notes.read(member, "basicAuthCredentials", "an object", Value::object)?;
    let text = |name: &str| members.get(name).and_then(|value| value.string());
    let (Some(username), Some(password)) = (text("username"), text("password")) else {
        notes.expected(member, "basicAuthCredentials", "username and password");
        return None;
    };
    let text = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
    let matcher = ManyMatcher::Any(ValueMatcher::EqualTo { text, ignore_case: false });
    Some(Condition::Header(header::AUTHORIZATION, matcher))
}

fn multipart(member: Value<'_>, notes: &mut Notes<'_>, conditions: &mut Vec<Condition>) {
    for one in notes.read(member, "multipartPatterns", "a list", Value::list).unwrap_or_default() {
        let Some(members) = notes.read(one, "multipartPatterns", "objects", Value::object) else { continue };
        let mut part = PartMatcher { name: None, all: false, headers: Vec::new(), body: Vec::new() };
        for (field, value) in members {
            match field.as_str() {
                "name" => part.name = notes.read(value, "name", "a string", Value::string),
                "matchingType" => match notes.read(value, "matchingType", "ANY or ALL", Value::string).as_deref() {
                    Some("ALL") => part.all = true,
                    Some("ANY") | None => {}
                    Some(_) => notes.expected(value, "matchingType", "ANY or ALL"),
                },
                "headers" => {
                    let headers = notes.read(value, "headers", "an object", Value::object).unwrap_or_default();
                    for (name, value) in headers {
                        let found = many(value, &format!("header {name:?}"), notes);
                        part.headers.extend(found.map(|matcher| (name, matcher)));
                    }
                }
                "bodyPatterns" => {
                    let patterns = notes.read(value, "bodyPatterns", "a list", Value::list).unwrap_or_default();
                    part.body.extend(patterns.into_iter().filter_map(|one| matcher(one, "bodyPatterns", false, notes)));
                }
                _ => notes.no_effect(value, &format!("unknown field {field:?} of a multipart pattern")),
            }
        }
        conditions.push(Condition::Multipart(part));
    }
}

fn headers(member: Value<'_>, notes: &mut Notes<'_>, conditions: &mut Vec<Condition>) {
    for (name, value) in notes.read(member, "headers", "an object", Value::object).unwrap_or_default() {
        match HeaderName::try_from(name.as_str()) {
            Ok(header) => {
                let found = many(value, &format!("header {name:?}"), notes);
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
            "patientType" => matcher(value, &what, false, notes).map(Condition::PatientType),
            "field" => {
                pairs(value, "riv.field", notes, conditions, Condition::Field);
                None
            }
            // Ours, so a misspelt condition is a mistake, not a foreign extension.
            _ => {
                let expected = "contract, logicalAddress, sender, originalConsumer, correlationId, profile, patient, \
                                patientType or field";
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
