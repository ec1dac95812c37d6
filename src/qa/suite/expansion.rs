//! `${…}` in texts (`qa.md` §1.6).

use std::collections::BTreeMap;

use crate::config::nearest::nearest;
use crate::qa::xpath::declared::first_text;

/// Named values.
pub type Properties = BTreeMap<String, String>;

/// How often the result of an expansion is expanded again.
const NESTING_MAX: usize = 10;

/// Bytes an expanded text may have.
const EXPANDED_BYTES_MAX: usize = 64 << 20;

/// What a run says beside its verdicts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Notice {
    /// A short word, as `unresolved-property`.
    pub code: String,
    /// The sentence.
    pub text: String,
}

impl Notice {
    /// A notice.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into() }
    }
}

/// Where names are looked up.
pub trait Scopes {
    /// A variable of the run, else a property of case, suite or project.
    fn variable(&self, name: &str) -> Option<String>;
    /// A property of a scope named as in the text: `TestSuite`, `TestCase`, `Project`, `Global`, …
    fn property(&self, scope: &str, name: &str) -> Option<String>;
    /// The last exchange of a step: `Response`, `Request` or `Endpoint`, if there is such a step.
    fn step(&self, step: &str, part: &str) -> Option<String>;
    /// A new UUID.
    fn uuid(&self) -> String;
    /// Names that could be meant by a name that is not known.
    fn known(&self) -> Vec<String>;
}

/// Code in a text that is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpansionError {
    /// `${=…}` other than a new UUID.
    #[error("inline code is not run: ${{={0}}}")]
    Code(String),
    /// The text has grown beyond what is sent.
    #[error("the expanded text is larger than {EXPANDED_BYTES_MAX} bytes")]
    Size,
}

/// The text with its names replaced. Names nobody knows become nothing, and a notice.
pub fn expand(text: &str, scopes: &dyn Scopes, notices: &mut Vec<Notice>) -> Result<String, ExpansionError> {
    let mut current = text.to_owned();
    for _ in 0..NESTING_MAX {
        let (next, replaced) = once(&current, scopes, notices)?;
        if !replaced {
            return Ok(next.replace(LITERAL, "${"));
        }
        current = next;
    }
    Ok(current.replace(LITERAL, "${"))
}

/// Stands for a literal `${` until all is expanded; no XML document can hold it.
const LITERAL: &str = "\u{0}{";

fn once(text: &str, scopes: &dyn Scopes, notices: &mut Vec<Notice>) -> Result<(String, bool), ExpansionError> {
    let mut out = String::with_capacity(text.len());
    let mut replaced = false;
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        if out.ends_with('$') {
            out.pop();
            out.push_str(LITERAL);
            rest = after;
            continue;
        }
        let Some(end) = closing(after) else {
            out.push_str("${");
            rest = after;
            continue;
        };
        out.push_str(&value(&after[..end], scopes, notices)?);
        if out.len() > EXPANDED_BYTES_MAX {
            return Err(ExpansionError::Size);
        }
        replaced = true;
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok((out, replaced))
}

/// The brace that ends the expansion; braces within it are counted.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(index),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn value(name: &str, scopes: &dyn Scopes, notices: &mut Vec<Notice>) -> Result<String, ExpansionError> {
    if let Some(code) = name.strip_prefix('=') {
        let plain: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let uuid = matches!(
            plain.as_str(),
            "java.util.UUID.randomUUID()" | "UUID.randomUUID()" | "java.util.UUID.randomUUID().toString()"
        );
        return if uuid { Ok(scopes.uuid()) } else { Err(ExpansionError::Code(code.to_owned())) };
    }
    let found = if let Some(scoped) = name.strip_prefix('#') {
        scoped.split_once('#').and_then(|(scope, name)| scopes.property(scope, name))
    } else if let Some((step, part)) = name.split_once('#') {
        from_step(step, part, scopes)
    } else {
        scopes.variable(name)
    };
    Ok(found.unwrap_or_else(|| {
        notices.push(unresolved(name, &scopes.known()));
        String::new()
    }))
}

/// `${Step#Response}`, or what an XPath selects in it.
fn from_step(step: &str, part: &str, scopes: &dyn Scopes) -> Option<String> {
    let (part, path) = part.split_once('#').map_or((part, None), |(part, path)| (part, Some(path)));
    let text = scopes.step(step, part)?;
    let Some(path) = path else {
        return Some(text);
    };
    first_text(path, &text)
}

fn unresolved(name: &str, known: &[String]) -> Notice {
    let near = nearest(name, known.iter().map(String::as_str).filter(|known| *known != name));
    let meant = near.map_or_else(String::new, |near| format!("; {near} is known"));
    Notice::new("unresolved-property", format!("unresolved property {name}{meant}"))
}
