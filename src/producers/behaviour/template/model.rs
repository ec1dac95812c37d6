//! What the names in a template stand for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Filling, Scope};
use crate::domain::identifiers::operation_of;
use crate::producers::asked::{Asked, CORRELATION_ID, ORIGINAL_CONSUMER, SENDER, major_of};
use crate::producers::matcher::target::path_of;

/// What a name may begin with.
pub(super) const ROOTS: [&str; 6] = ["request", "riv", "parameters", "record", "state", "this"];
const OF_REQUEST: [&str; 14] = [
    "id",
    "url",
    "path",
    "pathSegments",
    "query",
    "headers",
    "cookies",
    "method",
    "host",
    "port",
    "scheme",
    "body",
    "bodyAsBase64",
    "clientIp",
];
const OF_RIV: [&str; 8] =
    ["contract", "operation", "major", "logicalAddress", "sender", "originalConsumer", "correlationId", "patient"];

/// Whether a path can lead anywhere.
pub(super) fn is_known(parts: &[String]) -> bool {
    let second = parts.get(1).map(String::as_str);
    match parts[0].as_str() {
        "request" => second.is_none_or(|name| OF_REQUEST.contains(&name)),
        "riv" => second.is_some_and(|name| OF_RIV.contains(&name)),
        root => ROOTS.contains(&root) || root.starts_with('@'),
    }
}

/// What a path leads to; nothing is null.
pub(super) fn find(up: usize, parts: &[String], filling: &Filling<'_, '_>, scope: &Scope) -> Value {
    let frame = scope.stack.len().checked_sub(1 + up).and_then(|place| scope.stack.get(place));
    let first = parts[0].as_str();
    if let Some(frame) = frame {
        let special = match first {
            "@index" => frame.index.map(|(place, _)| json!(place)),
            "@first" => frame.index.map(|(place, _)| json!(place == 0)),
            "@last" => frame.index.map(|(place, count)| json!(place + 1 == count)),
            "@key" => frame.key.clone().map(Value::String),
            _ => None,
        };
        if let Some(value) = special {
            return value;
        }
        if matches!(first, "this" | "." | "") {
            return below(&frame.this, &parts[1..]);
        }
        if frame.this.get(first).is_some() {
            return below(&frame.this, parts);
        }
    }
    if let Some((_, value)) = scope.assigned.iter().rev().find(|(name, _)| name == first) {
        return below(value, &parts[1..]);
    }
    match first {
        "request" => request(&parts[1..], filling.asked),
        "riv" => riv(&parts[1..], filling.asked),
        "parameters" => below(filling.parameters, &parts[1..]),
        "state" => below(filling.state, &parts[1..]),
        _ => Value::Null,
    }
}

/// A value below another; a number is a place in a list.
pub(super) fn below(value: &Value, parts: &[String]) -> Value {
    let mut at = value;
    for part in parts {
        let next = match at {
            Value::Array(list) => part.parse::<usize>().ok().and_then(|place| list.get(place)),
            Value::Object(members) => members.get(part),
            // A single value counts as a list of one.
            Value::String(_) if part == "0" => Some(at),
            _ => None,
        };
        let Some(next) = next else { return Value::Null };
        at = next;
    }
    at.clone()
}

fn request(parts: &[String], asked: &Asked<'_>) -> Value {
    let Some(first) = parts.first() else { return Value::Null };
    let rest = &parts[1..];
    // Below the system, as the stub's own conditions have it: a file that was made elsewhere knows no systems.
    let target = asked.targets()[0];
    let segments = || -> Vec<Value> {
        path_of(target).split('/').filter(|part| !part.is_empty()).map(|part| json!(part)).collect()
    };
    let whole = match first.as_str() {
        "id" => asked.header(CORRELATION_ID).map_or(Value::Null, |id| json!(id)),
        "url" => json!(target),
        "path" if !rest.is_empty() => Value::Array(segments()),
        "path" => json!(path_of(target)),
        "pathSegments" => Value::Array(segments()),
        "query" => grouped(asked.query()),
        "headers" => {
            let wanted = rest.first().map(|name| name.to_ascii_lowercase());
            let Some(name) = wanted else { return Value::Null };
            let values = asked.headers().get_all(name.as_str()).iter();
            return of_many(values.map(|value| json!(String::from_utf8_lossy(value.as_bytes()))).collect(), &rest[1..]);
        }
        "cookies" => {
            let Some(name) = rest.first() else { return Value::Null };
            return of_many(asked.cookies(name).into_iter().map(Value::String).collect(), &rest[1..]);
        }
        "method" => json!(asked.method()),
        "host" => asked.host().map_or(Value::Null, |host| json!(host.split(':').next().unwrap_or(&host))),
        "port" => {
            let port =
                asked.host().and_then(|host| host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()));
            json!(port.unwrap_or(80))
        }
        "scheme" => json!(asked.scheme()),
        "body" => json!(asked.text()),
        "bodyAsBase64" => json!(STANDARD.encode(asked.body())),
        "clientIp" => asked.client().map_or(Value::Null, |ip| json!(ip.to_string())),
        _ => Value::Null,
    };
    below(&whole, rest)
}

fn of_many(values: Vec<Value>, rest: &[String]) -> Value {
    match (rest.is_empty(), values.first()) {
        (true, Some(first)) => first.clone(),
        _ => below(&Value::Array(values), rest),
    }
}

fn grouped(pairs: &[(String, String)]) -> Value {
    let mut members = Map::new();
    for (name, value) in pairs {
        match members.get_mut(name) {
            None => _ = members.insert(name.clone(), json!(value)),
            Some(Value::Array(list)) => list.push(json!(value)),
            Some(one) => *one = json!([one.clone(), value]),
        }
    }
    Value::Object(members)
}

fn riv(parts: &[String], asked: &Asked<'_>) -> Value {
    let header = |name| asked.header(name).map(|value| value.into_owned());
    let contract = asked.contract();
    let value = match parts.first().map(String::as_str) {
        Some("contract") => contract.map(str::to_owned),
        Some("operation") => contract.map(|namespace| operation_of(namespace).to_owned()),
        Some("major") => contract.and_then(major_of).map(str::to_owned),
        Some("logicalAddress") => asked.logical_address().map(str::to_owned),
        Some("sender") => header(SENDER),
        Some("originalConsumer") => header(ORIGINAL_CONSUMER),
        Some("correlationId") => header(CORRELATION_ID),
        Some("patient") => match parts.get(1).map(String::as_str) {
            Some("type") => asked.patient_type().map(str::to_owned),
            _ => asked.patient().map(str::to_owned),
        },
        _ => None,
    };
    value.map_or(Value::Null, Value::String)
}
