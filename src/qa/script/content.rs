//! The helper class that judges records by the project's `RecordElementPath` (`qa.md` §3.4).

use roxmltree::Document;

use super::host::{Host, Scope};
use crate::qa::xpath::{DynamicError, Expression, Item, Node, Prefixes, StaticError, Surroundings};

/// Why records could not be judged.
pub(super) enum Problem {
    /// Not as it should be.
    Failed(String),
    /// Cannot be judged.
    Error(String),
}

impl From<StaticError> for Problem {
    fn from(error: StaticError) -> Self {
        Self::Error(error.to_string())
    }
}

impl From<DynamicError> for Problem {
    fn from(error: DynamicError) -> Self {
        Self::Error(error.to_string())
    }
}

/// Prefixes are project properties named `xmlns:p`.
fn prefixes(host: &dyn Host) -> Prefixes {
    let all = host.project_properties();
    all.into_iter().filter_map(|(name, value)| Some((name.strip_prefix("xmlns:")?.to_owned(), value))).collect()
}

/// The records of the answer.
pub(super) fn records<'a>(host: &mut dyn Host, document: &'a Document<'a>) -> Result<Vec<Node<'a>>, Problem> {
    let path =
        host.property(Scope::Project, "RecordElementPath").or_else(|| host.property(Scope::Suite, "RecordElementPath"));
    let path = path
        .filter(|path| !path.trim().is_empty())
        .ok_or_else(|| Problem::Error("RecordElementPath is not set".to_owned()))?;
    let path = host.expand(&path).map_err(Problem::Error)?;
    let expression = Expression::compile(path.trim(), &prefixes(host))?;
    let items = expression.evaluate(Node::Tree(document.root()), &Surroundings::at(host.now()))?;
    Ok(items.into_iter().filter_map(|item| if let Item::Node(node) = item { Some(node) } else { None }).collect())
}

/// Texts of what a path selects in one record, the record being a document of its own.
fn hits<'a>(expression: &Expression, record: Node<'a>, host: &dyn Host) -> Result<Vec<String>, Problem> {
    let mut surroundings = Surroundings::at(host.now());
    surroundings.scope = Some(record.tree());
    Ok(expression.evaluate(Node::Above(record.tree()), &surroundings)?.iter().map(Item::text).collect())
}

/// One call of the class.
pub(super) fn judge<'a>(
    call: &str,
    arguments: &[String],
    host: &mut dyn Host,
    document: &'a Document<'a>,
) -> Result<(), Problem> {
    let records = records(host, document)?;
    let failed = |text: String| Err(Problem::Failed(text));
    match call {
        "assertNonEmptyResponse" => {
            return if records.is_empty() { failed(format!("{call}: no record")) } else { Ok(()) };
        }
        "assertExactNumberOfRecords" => {
            let expected = &arguments[0];
            let found = records.len();
            return if found.to_string() == *expected {
                Ok(())
            } else {
                failed(format!("{call}: expected {expected}, found {found}"))
            };
        }
        _ => {}
    }
    let path = host.expand(&arguments[0]).map_err(Problem::Error)?;
    let expression = Expression::compile(path.trim(), &prefixes(host))?;
    let expected = arguments.get(1).map_or("", String::as_str);
    let mut any = false;
    let mut last = (0, String::new());
    for (index, record) in records.iter().enumerate() {
        let texts = hits(&expression, *record, host)?;
        let number = index + 1;
        let shown = texts.join(", ");
        match call {
            "assertSpecificValueInAllRecords" if texts.is_empty() || texts.iter().any(|text| text != expected) => {
                return failed(format!("{call}: {path} expected \"{expected}\", record {number} has \"{shown}\""));
            }
            "assertElementExistsInAllRecords" if texts.is_empty() => {
                return failed(format!("{call}: {path} is not in record {number}"));
            }
            _ => {}
        }
        any = any || texts.iter().any(|text| text == expected);
        last = (number, shown);
    }
    if call == "assertSpecificValueInAnyRecord" && !any {
        let (number, shown) = last;
        return failed(format!("{call}: {path} expected \"{expected}\", record {number} has \"{shown}\""));
    }
    Ok(())
}
