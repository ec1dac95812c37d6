//! Tables of claims, checked side by side.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

/// How many rows are checked at a time.
const AT_A_TIME: usize = 8;
/// How long a row may take.
const ROW_PATIENCE: Duration = Duration::from_secs(30);

/// One claim, under the number or section of what it comes from.
pub struct Row<L: 'static> {
    pub label: L,
    /// What is claimed, in short.
    pub claim: &'static str,
    /// Panics where the claim does not hold.
    pub check: fn() -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A table of rows: `label "claim" => check;`.
macro_rules! rows {
    ($type:ty; $($label:literal $claim:literal => $check:path;)*) => {
        pub const ROWS: &[$crate::support::rows::Row<$type>] = &[
            $($crate::support::rows::Row { label: $label, claim: $claim, check: || Box::pin($check()) }),*
        ];
    };
}
pub(crate) use rows;

/// How a row came out: why it does not hold, if it does not.
pub struct Outcome<L: 'static> {
    pub row: &'static Row<L>,
    pub failure: Option<String>,
}

/// Checks every row, and gives the outcomes in the order of the table.
pub async fn outcomes<L: Sync + 'static>(rows: impl Iterator<Item = &'static Row<L>>) -> Vec<Outcome<L>> {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut running = JoinSet::new();
    for (place, row) in rows.enumerate() {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire().await.expect("never closed");
            let checked = tokio::time::timeout(ROW_PATIENCE, tokio::spawn((row.check)())).await;
            let failure = match checked {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(reason(error)),
                Err(_) => Some(format!("not done after {ROW_PATIENCE:?}")),
            };
            (place, Outcome { row, failure })
        });
    }
    let mut outcomes = running.join_all().await;
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// What is to be said of a row that does not hold.
pub fn complaint<L: fmt::Display>(outcome: &Outcome<L>) -> Option<String> {
    let Outcome { row, failure } = outcome;
    failure.as_ref().map(|failure| format!("{}: {}\n    {failure}", row.label, row.claim))
}

fn reason(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "cancelled".to_owned() };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
