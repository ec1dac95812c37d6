//! The conformance table of `tak.md` §9: one row a statement, or a part of one, under the statement's number. What the
//! catalogue does beyond the statements stands in `beyond.rs`.
//!
//! What cannot be met stands in `../conformance/not_met.toml` with its reason.

mod beyond;
mod coop;
mod orders;
mod publishing;
mod services;
pub mod world;

use std::collections::BTreeSet;

use crate::conformance::tak_not_met;
use crate::support::rows::{Row, complaint, outcomes};

/// The statements of §9.
const STATEMENTS: std::ops::RangeInclusive<u16> = 1..=55;

fn all() -> impl Iterator<Item = &'static Row<u16>> {
    [publishing::ROWS, orders::ROWS, services::ROWS, coop::ROWS].into_iter().flatten()
}

#[test]
fn every_statement_is_a_row_or_has_a_reason() {
    let unmet: BTreeSet<u16> = tak_not_met().into_iter().map(|(number, _)| number).collect();
    let missing: Vec<_> =
        STATEMENTS.filter(|number| !unmet.contains(number) && !all().any(|row| row.label == *number)).collect();
    assert!(missing.is_empty(), "statements without a row or a reason: {missing:?}");
    let strange: Vec<_> =
        all().map(|row| row.label).chain(unmet).filter(|number| !STATEMENTS.contains(number)).collect();
    assert!(strange.is_empty(), "rows of statements that do not exist: {strange:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let unmet: BTreeSet<u16> = tak_not_met().into_iter().map(|(number, _)| number).collect();
    let outcomes = outcomes(all()).await;
    let mut complaints: Vec<String> = Vec::new();
    for number in &unmet {
        let mut of_number = outcomes.iter().filter(|outcome| outcome.row.label == *number).peekable();
        if of_number.peek().is_some() && of_number.all(|outcome| outcome.failure.is_none()) {
            complaints.push(format!("{number}: stands in not_met.toml, and every row of it holds"));
        }
    }
    complaints.extend(outcomes.iter().filter(|outcome| !unmet.contains(&outcome.row.label)).filter_map(complaint));
    assert!(complaints.is_empty(), "{} of {} rows:\n{}", complaints.len(), outcomes.len(), complaints.join("\n"));
}
