//! The aggregating services: the conformance table of `aggregation.md` §6, one row a statement or a part of one, and what the
//! platform adds: the way through its own hub, the tree of calls, and services from files.
//!
//! What cannot be met stands in `../conformance/not_met.toml` with its reason, and must fail there.

mod calls;
pub mod contracts;
mod filter;
mod hub;
mod inbound;
mod index;
mod logged;
mod merge;
mod response;
mod table;
pub mod world;

use crate::conformance::not_met_by_aggregation;
use crate::support::rows::{Row, complaint, outcomes};

/// The statements of §6.
const STATEMENTS: std::ops::RangeInclusive<u16> = 1..=62;

fn all() -> impl Iterator<Item = &'static Row<u16>> {
    let tables = [inbound::ROWS, index::ROWS, filter::ROWS, calls::ROWS, merge::ROWS, response::ROWS];
    tables.into_iter().flatten()
}

#[test]
fn every_statement_is_a_row_or_has_a_reason() {
    let not_met = not_met_by_aggregation();
    let has_row = |number: u16| all().any(|row| row.label == number);
    let excused = |number: u16| not_met.iter().any(|statement| statement.number == number);
    let missing: Vec<_> = STATEMENTS.filter(|number| !has_row(*number) && !excused(*number)).collect();
    assert!(missing.is_empty(), "statements without a row or a reason: {missing:?}");
    let strange: Vec<_> = all().map(|row| row.label).filter(|number| !STATEMENTS.contains(number)).collect();
    assert!(strange.is_empty(), "rows of statements that do not exist: {strange:?}");
    assert!(not_met.iter().all(|statement| statement.reason.trim().len() > 10), "{not_met:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let unmet: Vec<u16> = not_met_by_aggregation()
        .into_iter()
        .filter(|statement| statement.part.is_none())
        .map(|statement| statement.number)
        .collect();
    let outcomes = outcomes(all()).await;
    let mut complaints = Vec::new();
    for number in &unmet {
        let mut of_number = outcomes.iter().filter(|outcome| outcome.row.label == *number).peekable();
        if of_number.peek().is_some() && of_number.all(|outcome| outcome.failure.is_none()) {
            complaints.push(format!("{number}: stands in not_met.toml, and every row of it holds"));
        }
    }
    complaints.extend(outcomes.iter().filter(|outcome| !unmet.contains(&outcome.row.label)).filter_map(complaint));
    assert!(complaints.is_empty(), "{} of {} rows:\n{}", complaints.len(), outcomes.len(), complaints.join("\n"));
}
