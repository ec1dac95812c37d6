//! The conformance table of `vp.md` §11: one row a statement, or a part of one, under the statement's number.
//!
//! What cannot be met yet stands in `not_met.toml` with its reason. A row of a statement that stands there must fail: one
//! that starts to pass must be struck from the list.

pub mod c0;
mod contact;
mod conversion;
mod encoding;
mod failures;
mod happy;
mod headers;
mod identity;
mod manage;
mod reading;
mod routing;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many rows run at a time.
const AT_A_TIME: usize = 8;
/// How long a row may take.
const ROW_PATIENCE: Duration = Duration::from_secs(30);
/// The statements of §11.
const STATEMENTS: std::ops::RangeInclusive<u16> = 1..=115;

/// One statement, or a part of it.
pub struct Row {
    pub number: u16,
    /// What is claimed, in short.
    pub claim: &'static str,
    /// Panics where the claim does not hold.
    pub check: fn() -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A table of rows: `number "claim" => check;`.
macro_rules! rows {
    ($($number:literal $claim:literal => $check:path;)*) => {
        pub const ROWS: &[super::Row] =
            &[$(super::Row { number: $number, claim: $claim, check: || Box::pin($check()) }),*];
    };
}
pub(crate) use rows;

fn all() -> impl Iterator<Item = &'static Row> {
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
        manage::ROWS,
    ];
    tables.into_iter().flatten()
}

/// A statement that is not met, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotMet {
    number: u16,
    /// What of it, where the rest is met and has rows.
    part: Option<String>,
    reason: String,
}

fn not_met() -> Vec<NotMet> {
    #[derive(Deserialize)]
    struct File {
        statement: Vec<NotMet>,
    }
    let file: File = toml::from_str(include_str!("not_met.toml")).expect("not_met.toml");
    file.statement
}

/// The statements of which nothing is met.
fn wholly_unmet() -> BTreeSet<u16> {
    not_met().iter().filter(|statement| statement.part.is_none()).map(|statement| statement.number).collect()
}

#[test]
fn every_statement_is_a_row_or_has_a_reason() {
    let (unmet, not_met) = (wholly_unmet(), not_met());
    let has_row = |number: u16| all().any(|row| row.number == number);
    let missing: Vec<_> = STATEMENTS.filter(|number| !unmet.contains(number) && !has_row(*number)).collect();
    assert!(missing.is_empty(), "statements without a row or a reason: {missing:?}");
    let named = all().map(|row| row.number).chain(not_met.iter().map(|statement| statement.number));
    let strange: Vec<_> = named.filter(|number| !STATEMENTS.contains(number)).collect();
    assert!(strange.is_empty(), "rows of statements that do not exist: {strange:?}");
    let unexplained: Vec<_> = not_met.iter().filter(|statement| statement.reason.trim().len() < 10).collect();
    assert!(unexplained.is_empty(), "statements not met for no reason: {unexplained:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let not_met = wholly_unmet();
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut running = JoinSet::new();
    for (place, row) in all().enumerate() {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire().await.expect("never closed");
            let checked = tokio::time::timeout(ROW_PATIENCE, tokio::spawn((row.check)())).await;
            let outcome = match checked {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(reason(error)),
                Err(_) => Err(format!("not done after {ROW_PATIENCE:?}")),
            };
            (place, row, outcome)
        });
    }
    let mut outcomes = running.join_all().await;
    outcomes.sort_by_key(|(place, row, _)| (row.number, *place));
    let mut complaints = Vec::new();
    for number in &not_met {
        let mut of_number = outcomes.iter().filter(|(_, row, _)| row.number == *number).peekable();
        if of_number.peek().is_some() && of_number.all(|(_, _, outcome)| outcome.is_ok()) {
            complaints.push(format!("{number}: stands in not_met.toml, and every row of it holds"));
        }
    }
    for (_, row, outcome) in &outcomes {
        if let (Err(reason), false) = (outcome, not_met.contains(&row.number)) {
            complaints.push(format!("{}: {}\n    {reason}", row.number, row.claim));
        }
    }
    assert!(complaints.is_empty(), "{} of {} rows:\n{}", complaints.len(), outcomes.len(), complaints.join("\n"));
}

fn reason(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "cancelled".to_owned() };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
