//! Which of an operation's responses a mock service gives, as mappings: one after the other, or by what the request holds.

use serde_json::{Map, Value, json};

use super::child_text;
use crate::contracts::sample::hashed;
use crate::producers::xml::edit::Branch;

/// Priority of a mapping that a query chooses: before the usual answer.
const CHOSEN: u64 = 4;

/// Each response follows the one before it, and the first the last; SoapUI gives them so where nothing else is chosen.
pub(super) fn in_sequence(mappings: &mut [Value], operation: &str) {
    let count = mappings.len();
    if count < 2 {
        return;
    }
    let state = |place: usize| {
        if place.is_multiple_of(count) { "Started".to_owned() } else { format!("{}", place % count + 1) }
    };
    for (place, mapping) in mappings.iter_mut().enumerate() {
        mapping["scenarioName"] = json!(format!("{operation} in sequence"));
        mapping["requiredScenarioState"] = json!(state(place));
        mapping["newScenarioState"] = json!(state(place + 1));
        mapping["priority"] = json!(5);
        if let Some(request) = mapping.get_mut("request").and_then(Value::as_object_mut) {
            request.remove("headers");
        }
    }
}

/// The responses again, each where its query finds its value in a request: `QUERY_MATCH` has a query for each, `XPATH` one
/// that gives the response's name.
pub(super) fn by_query(mappings: &[Value], operation: &Branch, style: &str) -> Vec<Value> {
    let named = |name: &str| mappings.iter().find(|mapping| mapping["name"] == name);
    if style == "XPATH" {
        let query = child_text(operation, "dispatchPath").unwrap_or_default();
        let all = mappings.iter().filter_map(|mapping| Some((mapping, mapping["name"].as_str()?)));
        return all.map(|(mapping, name)| chosen(mapping, &query, name)).collect();
    }
    let config = operation.branches().find(|one| one.local == "dispatchConfig");
    let queries = config.into_iter().flat_map(Branch::branches).filter(|one| one.local == "query");
    let enabled = queries.filter(|one| child_text(one, "disabled").as_deref() != Some("true"));
    enabled
        .filter_map(|one| {
            let mapping = named(&child_text(one, "response")?)?;
            Some(chosen(mapping, &child_text(one, "query")?, &child_text(one, "match")?))
        })
        .collect()
}

fn chosen(mapping: &Value, query: &str, value: &str) -> Value {
    let (namespaces, expression) = declared(query);
    let mut pattern = json!({"matchesXPath": {"expression": expression, "equalTo": value}});
    if !namespaces.is_empty() {
        pattern["xPathNamespaces"] = Value::Object(namespaces);
    }
    let mut made = mapping.clone();
    let key = format!("{}\n{expression}\n{value}", mapping["id"]);
    let bits = (u128::from(hashed(0, &key)) << 64) | u128::from(hashed(1, &key));
    made["id"] = json!(uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string());
    made["priority"] = json!(CHOSEN);
    made["request"]["bodyPatterns"] = json!([pattern]);
    if let Some(request) = made.get_mut("request").and_then(Value::as_object_mut) {
        request.remove("headers");
    }
    // Whoever asks for a response by its name asks for the one without a query.
    made["metadata"] = json!({"operation": mapping["metadata"]["operation"], "query": expression});
    made["name"] = json!(format!("{} ({value})", mapping["name"].as_str().unwrap_or_default()));
    made
}

/// A query without its `declare namespace p='…';`, and what they declare.
fn declared(query: &str) -> (Map<String, Value>, String) {
    let mut namespaces = Map::new();
    let mut rest = query.trim();
    while let Some(declaration) = rest.strip_prefix("declare namespace") {
        let Some((one, behind)) = declaration.split_once(';') else { break };
        if let Some((prefix, uri)) = one.split_once('=') {
            let uri = uri.trim().trim_matches(['"', '\'']);
            namespaces.insert(prefix.trim().to_owned(), json!(uri));
        }
        rest = behind.trim_start();
    }
    (namespaces, rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_taken_off_a_query() {
        let (namespaces, rest) = declared("declare namespace a='urn:1';\n declare namespace b = \"urn:2\"; //a:x/b:y");
        assert_eq!((namespaces["a"].as_str(), namespaces["b"].as_str()), (Some("urn:1"), Some("urn:2")));
        assert_eq!(rest, "//a:x/b:y");
        assert_eq!(declared("//x").1, "//x");
    }
}
