//! Property transfers (`qa.md` §2.2).

use crate::qa::assert::json;
use crate::qa::suite::project::Transfer;
use crate::qa::xpath::declared;
use crate::qa::xpath::{Node, Surroundings};

/// The value a transfer takes from its source; `Ok(None)` when there is nothing.
pub(super) fn take(transfer: &Transfer, path: &str, source: &str, now: jiff::Zoned) -> Result<Option<String>, String> {
    if path.trim().is_empty() {
        return Ok(Some(source.to_owned()));
    }
    if transfer.json {
        return json::select(path, source);
    }
    let expression = declared::compile(path).map_err(|error| error.to_string())?;
    let document = crate::qa::tree::parse(source).map_err(|why| format!("the source is not XML: {why}"))?;
    let items =
        expression.evaluate(Node::Tree(document.root()), &Surroundings::at(now)).map_err(|error| error.to_string())?;
    Ok(items.first().map(crate::qa::xpath::Item::text))
}
