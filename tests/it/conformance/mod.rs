//! The conformance table of `vp.md` §11: one row a statement, or a part of one, under the statement's number.
//!
//! What cannot be met yet stands in `not_met.toml` with its reason. A row of a statement that stands there must fail: one
//! that starts to pass must be struck from the list.

mod c0;
mod encoding;
mod happy;
mod reading;

use std::collections::BTreeMap;
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
    [happy::ROWS, encoding::ROWS, reading::ROWS].into_iter().flatten()
}

/// A statement that is not met, and why.
#[derive(Debug, Deserialize)]
struct NotMet {
    number: u16,
    reason: String,
}

fn not_met() -> BTreeMap<u16, String> {
    #[derive(Deserialize)]
    struct File {
        statement: Vec<NotMet>,
    }
    let file: File = toml::from_str(include_str!("not_met.toml")).expect("not_met.toml");
    file.statement.into_iter().map(|NotMet { number, reason }| (number, reason)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let not_met = not_met();
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
    for number in not_met.keys() {
        let mut of_number = outcomes.iter().filter(|(_, row, _)| row.number == *number).peekable();
        if of_number.peek().is_some() && of_number.all(|(_, _, outcome)| outcome.is_ok()) {
            complaints.push(format!("{number}: stands in not_met.toml, and every row of it holds"));
        }
    }
    for (_, row, outcome) in &outcomes {
        if let (Err(reason), false) = (outcome, not_met.contains_key(&row.number)) {
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
