//! `equalToJson`: the same values, with the two freedoms a stub may give and the placeholders of json-unit.

use serde_json::Value;

/// What is expected, and how strictly.
#[derive(Clone, Debug)]
pub struct ExpectedJson {
    /// The expectation.
    pub value: Value,
    /// Whether the order of lists does not matter.
    pub ignores_order: bool,
    /// Whether members that are not expected may be there.
    pub ignores_extra: bool,
}

impl ExpectedJson {
    /// Whether a text is JSON as expected.
    pub fn accepts(&self, text: &str) -> bool {
        serde_json::from_str(text).is_ok_and(|actual| self.is_equal(&self.value, &actual))
    }

    fn is_equal(&self, expected: &Value, actual: &Value) -> bool {
        match (expected, actual) {
            (Value::String(text), _) if text.starts_with("${json-unit.") => placeholder(text, actual),
            (Value::Object(one), Value::Object(other)) => {
                (self.ignores_extra || one.keys().len() >= other.keys().len())
                    && one.iter().all(|(key, value)| match other.get(key) {
                        Some(actual) => self.is_equal(value, actual),
                        None => value == "${json-unit.ignore-element}",
                    })
                    && (self.ignores_extra || other.keys().all(|key| one.contains_key(key)))
            }
            (Value::Array(one), Value::Array(other)) => self.is_same_list(one, other),
            (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
            _ => expected == actual,
        }
    }

    fn is_same_list(&self, one: &[Value], other: &[Value]) -> bool {
        let extra_fit = self.ignores_extra && self.ignores_order && other.len() >= one.len();
        if one.len() != other.len() && !extra_fit {
            return false;
        }
        if !self.ignores_order {
            return one.iter().zip(other).all(|(one, other)| self.is_equal(one, other));
        }
        let mut left: Vec<&Value> = other.iter().collect();
        one.iter().all(|expected| {
            let place = left.iter().position(|actual| self.is_equal(expected, actual));
            place.map(|place| left.swap_remove(place)).is_some()
        })
    }
}

fn placeholder(text: &str, actual: &Value) -> bool {
    let name = text.trim_start_matches("${json-unit.");
    match name.trim_end_matches('}') {
        "ignore" | "ignore-element" => true,
        "any-string" => actual.is_string(),
        "any-number" => actual.is_number(),
        "any-boolean" => actual.is_boolean(),
        other => match other.strip_prefix("regex") {
            Some(pattern) => actual.as_str().is_some_and(|actual| {
                let whole = format!(r"(?s)\A(?:{pattern})\z");
                regex::RegexBuilder::new(&whole)
                    .size_limit(crate::producers::settings::REGEX_BYTES_MAX)
                    .build()
                    .is_ok_and(|pattern| pattern.is_match(actual))
            }),
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_strictly_as_asked() {
        let cases = [
            (r#"{"a": 1, "b": [1, 2]}"#, r#"{"b": [1, 2], "a": 1.0}"#, false, false, true),
            (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false, false, false),
            (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false, true, true),
            ("[1, 2]", "[2, 1]", false, false, false),
            ("[1, 2]", "[2, 1]", true, false, true),
            ("[1, 1]", "[1, 2]", true, false, false),
            (r#"{"a": "${json-unit.any-string}"}"#, r#"{"a": "x"}"#, false, false, true),
            (r#"{"a": "${json-unit.any-string}"}"#, r#"{"a": 1}"#, false, false, false),
            (r#"{"a": "${json-unit.regex[0-9]+}"}"#, r#"{"a": "12"}"#, false, false, true),
            (r#"{"a": "${json-unit.ignore}"}"#, r#"{"a": [1]}"#, false, false, true),
            ("1", "not json", false, false, false),
        ];
        for (expected, actual, ignores_order, ignores_extra, holds) in cases {
            let value = serde_json::from_str(expected).unwrap();
            let found = ExpectedJson { value, ignores_order, ignores_extra }.accepts(actual);
            assert_eq!(found, holds, "{expected} {actual}");
        }
    }
}
