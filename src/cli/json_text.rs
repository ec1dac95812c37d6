//! JSON documents as people read them: pieces that several commands share.

use serde_json::Value;

use super::terminal::printable;

/// A value as text. Nothing in it moves the cursor.
pub(in crate::cli) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text),
        Value::Null => String::new(),
        other => printable(&other.to_string()),
    }
}

/// The items of a list; none where it is no list.
pub(in crate::cli) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The items of a list in one line.
pub(in crate::cli) fn joined(value: &Value) -> String {
    items(value).iter().map(text).collect::<Vec<_>>().join(", ")
}
