//! `JsonPath Match`, and JSON paths of transfers: `$`, `.name`, `['name']`, `[n]`, `[a:b]`.

use serde_json::Value;

use super::Judgement;
use crate::qa::verdict::Verdict;

/// Judges an answer; path and content are expanded.
pub fn judge(path: &str, content: &str, body: &str) -> Judgement {
    match select(path, body) {
        Err(error) => Judgement::of(Verdict::Error, error),
        Ok(None) => Judgement::fail(format!("nothing selected by {path}")),
        Ok(Some(found)) => Judgement::when(found == content.trim() || is_same(&found, content), || {
            format!("expected {content}, found {found}")
        }),
    }
}

/// Two JSON texts that differ in white space only.
fn is_same(found: &str, expected: &str) -> bool {
    match (serde_json::from_str::<Value>(found), serde_json::from_str::<Value>(expected)) {
        (Ok(found), Ok(expected)) => found == expected,
        _ => false,
    }
}

/// The text of what the path selects: compact JSON, or the bare text of a single value.
pub fn select(path: &str, body: &str) -> Result<Option<String>, String> {
    let steps = steps(path.trim()).ok_or_else(|| format!("{path} is not a JSON path that is understood"))?;
    let Ok(document) = serde_json::from_str::<Value>(body) else {
        return Ok(None);
    };
    let mut current = document;
    for step in steps {
        let next = match (step, current) {
            (Step::Name(name), Value::Object(mut object)) => object.remove(&name),
            (Step::Index(index), Value::Array(mut array)) => {
                let at = if index < 0 {
                    array.len().checked_sub(usize::try_from(-index).unwrap_or(usize::MAX))
                } else {
                    usize::try_from(index).ok()
                };
                at.filter(|at| *at < array.len()).map(|at| array.swap_remove(at))
            }
            (Step::Slice(from, to), Value::Array(array)) => {
                let to = to.unwrap_or(array.len()).min(array.len());
                Some(Value::Array(array.get(from.min(to)..to).unwrap_or_default().to_vec()))
            }
            _ => None,
        };
        let Some(next) = next else {
            return Ok(None);
        };
        current = next;
    }
    Ok(Some(match current {
        Value::String(text) => text,
        other => other.to_string(),
    }))
}

enum Step {
    Name(String),
    Index(i64),
    Slice(usize, Option<usize>),
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = after.split_once(']')?;
            let inside = inside.trim();
            let quoted = inside.strip_prefix(['\'', '"']).and_then(|inside| inside.strip_suffix(['\'', '"']));
            steps.push(match (quoted, inside.split_once(':')) {
                (Some(name), _) => Step::Name(name.to_owned()),
                (None, Some((from, to))) => Step::Slice(
                    if from.is_empty() { 0 } else { from.parse().ok()? },
                    if to.is_empty() { None } else { Some(to.parse().ok()?) },
                ),
                (None, None) => Step::Index(inside.parse().ok()?),
            });
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('.').unwrap_or(rest);
        let end = name.find(['.', '[']).unwrap_or(name.len());
        if end == 0 {
            return None;
        }
        steps.push(Step::Name(name[..end].to_owned()));
        rest = &name[end..];
    }
    Some(steps)
}
