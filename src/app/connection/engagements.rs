//! Rows of the index that name a system. Texts of a row are codes: what names the system is looked up once, and rows are
//! told by their codes.

use std::collections::HashSet;

use super::super::index::{IndexSlot, OpenIndex};
use crate::connection::platforms::PlatformError;
use crate::index::engagement::{Field, Key, Transaction};
use crate::index::memory::SHARDS;
use crate::index::memory::row::Row;
use crate::index::record::{Accepted, Clears, Record, Source};

/// Most rows of the index that are taken out with one record.
const DELETED_AT_ONCE_MAX: usize = 1_000;

/// How many there are, as address or as source.
pub(super) fn count(index: &IndexSlot, component: &str) -> u64 {
    let Some(open) = index.load_full() else { return 0 };
    settle(&open);
    let holders = holders(&open, component);
    let mut count = 0;
    for shard in shards(&holders) {
        visit(&open, &holders, shard, &mut |_| count += 1);
    }
    count
}

/// Takes them out; how many there were.
pub(super) fn remove(index: &IndexSlot, component: &str) -> Result<u64, PlatformError> {
    let Some(open) = index.load_full() else { return Ok(0) };
    let failed = |error: &dyn std::error::Error| PlatformError::Failed(error.to_string());
    let runtime = tokio::runtime::Handle::try_current().map_err(|error| failed(&error))?;
    settle(&open);
    let holders = holders(&open, component);
    let mut count = 0;
    for shard in shards(&holders) {
        // A shard is let go before it is written to, and no more than its rows are held at a time.
        let mut transactions = Vec::new();
        visit(&open, &holders, shard, &mut |row| {
            let key = Key(Field::ALL.map(|field| row.text(field).to_owned().into()));
            transactions.push(Transaction { delete: true, has_engagement: true, key, ..Transaction::default() });
        });
        count += transactions.len() as u64;
        for some in transactions.chunks(DELETED_AT_ONCE_MAX) {
            // As a notification: a row is taken out whoever owns it, and those who follow the index are told.
            let record = Record::Apply(Accepted {
                at: open.index.now(),
                clears: Clears::Nothing,
                source: Source::Notification,
                ignore_older: false,
                own_id: open.index.settings().own_id.as_str().into(),
                correlation_id: "".into(),
                transactions: some.to_vec(),
            });
            runtime.block_on(open.index.write(&record)).map_err(|error| failed(&error))?;
        }
    }
    Ok(count)
}

/// What was acknowledged counts, also where it still waits for its collect window to close.
fn settle(open: &OpenIndex) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current()
        && let Err(error) = runtime.block_on(open.index.settle())
    {
        tracing::warn!(%error, "the index's collect window could not be closed");
    }
}

fn holders(open: &OpenIndex, component: &str) -> HashSet<u32> {
    open.index.memory().dictionary().holders_of(component).into_iter().collect()
}

/// All shards, or none where no row can be meant.
fn shards(holders: &HashSet<u32>) -> std::ops::Range<usize> {
    0..if holders.is_empty() { 0 } else { SHARDS }
}

fn visit(open: &OpenIndex, holders: &HashSet<u32>, shard: usize, each: &mut dyn FnMut(&Row<'_>)) {
    open.index.memory().visit_shard(shard, &mut |row| {
        if holders.contains(&row.packed().holder) {
            each(row);
        }
    });
}
