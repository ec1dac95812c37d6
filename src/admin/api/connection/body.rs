//! Reading bodies so that a refusal names the field: serde knows where in the text it stopped, and the text knows which
//! field that is.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Trouble;
use crate::admin::api::problem::Problem;
use crate::admin::hide::hidden;

/// A body of this form.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Trouble> {
    of_text(body)
}

/// The same where nothing at all means nothing is said.
pub(super) fn read_or_default<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T, Trouble> {
    if body.trim_ascii().is_empty() { Ok(T::default()) } else { read(body) }
}

/// Something with a merge patch (RFC 7396) applied.
pub(super) fn patched<T: Serialize + DeserializeOwned>(known: &T, patch: &Value) -> Result<T, Trouble> {
    let mut whole = serde_json::to_value(known).expect("it was read from such a text");
    merge(&mut whole, patch);
    of_text(whole.to_string().as_bytes())
}

fn of_text<T: DeserializeOwned>(text: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason).to_owned();
        let detail = match error.is_data() {
            false => format!("the body is not JSON: {reason}"),
            true => match field_at(text, error.line(), error.column()) {
                field if field.is_empty() => format!("the body cannot be used: {reason}"),
                field => format!("{field} cannot be used: {reason}"),
            },
        };
        let expected = "the JSON that /openapi.json describes";
        Problem::new(StatusCode::BAD_REQUEST, hidden(&detail)).expected(expected).into()
    })
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.remove(key);
            }
            _ => merge(target.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
}

/// Where a walk through a text stands: in an object behind a key, or at a place in an array.
enum Step {
    Key(String),
    Place(usize),
}

/// The field in which a text is read at a line and column, both from 1: `rows[2].orgnr`.
fn field_at(text: &[u8], line: usize, column: usize) -> String {
    let starts = text.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len);
    let end = (starts.sum::<usize>() + column).min(text.len());
    let mut path: Vec<Step> = Vec::new();
    let mut at = 0;
    // The last text that ended, which is a key where a colon follows.
    let mut last = String::new();
    while at < end {
        match text[at] {
            b'"' => {
                let start = at + 1;
                at = start;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                last = String::from_utf8_lossy(text.get(start..at.min(text.len())).unwrap_or_default()).into_owned();
            }
            b':' => {
                if let Some(Step::Key(key)) = path.last_mut() {
                    *key = std::mem::take(&mut last);
                }
            }
            b'{' => path.push(Step::Key(String::new())),
            b'[' => path.push(Step::Place(0)),
            b'}' | b']' if at + 1 < end => drop(path.pop()),
            b',' if at + 1 < end => match path.last_mut() {
                Some(Step::Place(place)) => *place += 1,
                Some(Step::Key(key)) => key.clear(),
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    let mut field = String::new();
    for step in path {
        match step {
            Step::Key(key) if key.is_empty() => {}
            Step::Key(key) => {
                if !field.is_empty() {
                    field.push('.');
                }
                field.push_str(&key);
            }
            Step::Place(place) => field.push_str(&format!("[{place}]")),
        }
    }
    field
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connection::document::Document;
    use crate::connection::party::{CaregiverList, Contact};

    fn complaint<T: DeserializeOwned>(text: &str) -> String {
        match read::<T>(&Bytes::from(text.to_owned())) {
            Err(Trouble::Problem(problem)) => problem.detail().to_owned(),
            _ => panic!("{text} was taken"),
        }
    }

    #[test]
    fn a_refusal_names_the_field() {
        let caregivers = "{\"deliveredAt\":\"2025-02-10\",\n \"rows\":[{\"orgnr\":\"1\"},\n {\"name\":[1]}]}";
        assert!(complaint::<CaregiverList>(caregivers).starts_with("rows[1].name cannot be used: "));
        let line = r#"{"party":"p","service":"npo","lines":[{"env":"X","role":"sender"}]}"#;
        assert!(complaint::<Document>(line).starts_with("lines[0].role cannot be used: unknown variant `sender`"));
        let unknown = complaint::<Document>(r#"{"party":"p","service":"npo","colour":1}"#);
        assert!(unknown.contains("unknown field `colour`"), "{unknown}");
        let day = complaint::<Vec<Contact>>(r#"[{"role":"OPER","from":"igår"}]"#);
        assert!(day.starts_with("[0].from cannot be used: "), "{day}");
        assert!(complaint::<Document>("{\"party\":").starts_with("the body is not JSON: "));
        assert!(complaint::<Document>("{}").contains("missing field `party`"));
    }

    #[test]
    fn a_patch_merges_and_null_takes_away() {
        let known: Document =
            serde_json::from_value(json!({"party": "p", "service": "npo", "evidence": {"backupPlan": "pärm"}}))
                .unwrap();
        let patch = json!({"evidence": {"guidelines": true}, "lines": [{"env": "X"}]});
        let changed = patched(&known, &patch).ok().unwrap();
        assert_eq!(changed.evidence.backup_plan.as_deref(), Some("pärm"));
        assert_eq!((changed.evidence.guidelines, changed.lines.len()), (Some(true), 1));
        let without = patched(&changed, &json!({"evidence": {"backupPlan": null}})).ok().unwrap();
        assert_eq!(without.evidence.backup_plan, None);
        assert!(patched(&known, &json!({"party": null})).is_err());
        assert!(patched(&known, &json!({"state": "LIVE"})).is_err());
    }
}
