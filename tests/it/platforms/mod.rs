//! Two platforms in one process (`connection-api.md` §1): one row a statement, or a part of one.

mod calls;
mod catalogues;
mod commands;
mod settings;
pub mod world;

use crate::support::rows::{Row, complaint, outcomes};

fn all() -> impl Iterator<Item = &'static Row<&'static str>> {
    [calls::ROWS, catalogues::ROWS, settings::ROWS, commands::ROWS].into_iter().flatten()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let outcomes = outcomes(all()).await;
    let complaints: Vec<_> = outcomes.iter().filter_map(complaint).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
