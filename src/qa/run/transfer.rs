//! Property transfers (`qa.md` §2.2).

use super::case::CaseRun;
use crate::qa::assert::json;
use crate::qa::result::StepResult;
use crate::qa::script::host::Scope;
use crate::qa::suite::expansion::Notice;
use crate::qa::suite::project::Transfer;
use crate::qa::verdict::Verdict;
use crate::qa::xpath::declared;
use crate::qa::xpath::{Node, Surroundings};

impl CaseRun<'_> {
    pub(super) fn transfers(&mut self, transfers: &[Transfer], result: &mut StepResult) {
        result.verdict = Verdict::Pass;
        for transfer in transfers.iter().filter(|transfer| !transfer.disabled) {
            if let Err(reason) = self.transfer(transfer) {
                let reason = format!("transfer {}: {reason}", transfer.name);
                if transfer.fail_on_error {
                    return (result.verdict, result.reason) = (Verdict::Error, reason);
                }
                self.notices.push(Notice::new("transfer", reason));
            }
        }
        // A transfer asserts nothing: it never makes a case pass.
        if result.verdict == Verdict::Pass {
            result.verdict = Verdict::Skip;
        }
    }

    fn transfer(&mut self, transfer: &Transfer) -> Result<(), String> {
        let path = self.expanded(&transfer.source_path)?;
        let source = match scope(&transfer.source_step) {
            Some(scope) => self.property_of(scope, &transfer.source_type),
            None => self.exchanges.get(&transfer.source_step).map(|exchange| match transfer.source_type.as_str() {
                "Request" => exchange.request.clone(),
                "Endpoint" => exchange.endpoint.clone(),
                _ => exchange.text(),
            }),
        };
        let source = source.ok_or_else(|| format!("{} has no {}", transfer.source_step, transfer.source_type))?;
        let value = match take(transfer, &path, &source, self.surroundings.now.clone())? {
            Some(value) => value,
            None if transfer.null_on_missing => String::new(),
            None => return Err(format!("nothing selected by {path}")),
        };
        if transfer.ignore_empty && value.is_empty() {
            return Ok(());
        }
        match scope(&transfer.target_step) {
            Some(scope) => self.set_property_of(scope, &transfer.target_type, value),
            None => {
                self.requests.insert(transfer.target_step.clone(), value);
            }
        }
        Ok(())
    }
}

fn scope(step: &str) -> Option<Scope> {
    match step {
        "#TestCase#" => Some(Scope::Case),
        "#TestSuite#" => Some(Scope::Suite),
        "#Project#" => Some(Scope::Project),
        _ => None,
    }
}

/// The value a transfer takes from its source; `Ok(None)` when there is nothing.
fn take(transfer: &Transfer, path: &str, source: &str, now: jiff::Zoned) -> Result<Option<String>, String> {
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
