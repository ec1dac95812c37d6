//! The conformance table of `vp.md` §11: one row a statement, or a part of one, under the statement's number.
//!
//! What cannot be met yet stands in `not_met.toml` with its reason. A row of a statement that stands there must fail: one
//! that starts to pass must be struck from the list.

pub mod c0;
mod contact;
mod conversion;
mod describe;
mod encoding;
mod failures;
mod happy;
mod headers;
mod identity;
mod manage;
mod reading;
mod routing;
mod secure;

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::support::rows::{Row, complaint, outcomes};

/// The statements of §11.
const STATEMENTS: std::ops::RangeInclusive<u16> = 1..=115;

fn all() -> impl Iterator<Item = &'static Row<u16>> {
    let tables = [
        happy::ROWS,
        encoding::ROWS,
        reading::ROWS,
        identity::ROWS,
        headers::ROWS,
        routing::ROWS,
        contact::ROWS,
        conversion::ROWS,
        failures::ROWS,
        describe::ROWS,
        manage::ROWS,
        secure::ROWS,
    ];
    tables.into_iter().flatten()
}

/// A statement that is not met, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotMet {
    pub number: u16,
    /// What of it, where the rest is met and has rows.
    pub part: Option<String>,
    pub reason: String,
}

/// A row outside §11 that does not hold, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuirkNotMet {
    pub claim: String,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    statement: Vec<NotMet>,
    quirk: Vec<QuirkNotMet>,
    /// Of `aggregation.md` §6.
    #[serde(default)]
    aggregation: Vec<NotMet>,
    /// Statements of `tak.md` §9.
    #[serde(default)]
    tak: Vec<NotMet>,
    /// Scenarios of `connection.md` §11.
    #[serde(default)]
    connection: Vec<NotMet>,
    /// Gates of `connection.md` §4, by number; their rows stand beside them, in the library.
    #[serde(default)]
    gate: Vec<NotMet>,
}

fn file() -> File {
    toml::from_str(include_str!("not_met.toml")).expect("not_met.toml")
}

fn not_met() -> Vec<NotMet> {
    file().statement
}

/// The statements of the aggregating services that are not met.
pub fn not_met_by_aggregation() -> Vec<NotMet> {
    file().aggregation
}

/// The scenarios of `connection.md` §11 that are not met.
pub fn not_met_by_connection() -> Vec<NotMet> {
    file().connection
}

/// The gates of `connection.md` §4 that are not met.
pub fn not_met_by_gates() -> Vec<NotMet> {
    file().gate
}

/// The rows outside §11 that do not hold.
pub fn quirks_not_met() -> Vec<QuirkNotMet> {
    file().quirk
}

/// The statements of `tak.md` §9 that are not met, each with its reason.
pub fn tak_not_met() -> Vec<(u16, String)> {
    file().tak.into_iter().map(|statement| (statement.number, statement.reason)).collect()
}

/// The statements of which nothing is met.
fn wholly_unmet() -> BTreeSet<u16> {
    not_met().iter().filter(|statement| statement.part.is_none()).map(|statement| statement.number).collect()
}

#[test]
fn every_statement_is_a_row_or_has_a_reason() {
    let (unmet, not_met) = (wholly_unmet(), not_met());
    let has_row = |number: u16| all().any(|row| row.label == number);
    let missing: Vec<_> = STATEMENTS.filter(|number| !unmet.contains(number) && !has_row(*number)).collect();
    assert!(missing.is_empty(), "statements without a row or a reason: {missing:?}");
    let named = all().map(|row| row.label).chain(not_met.iter().map(|statement| statement.number));
    let strange: Vec<_> = named.filter(|number| !STATEMENTS.contains(number)).collect();
    assert!(strange.is_empty(), "rows of statements that do not exist: {strange:?}");
    let unexplained: Vec<_> = not_met.iter().filter(|statement| statement.reason.trim().len() < 10).collect();
    assert!(unexplained.is_empty(), "statements not met for no reason: {unexplained:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let unmet = wholly_unmet();
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
