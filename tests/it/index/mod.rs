//! The engagement index from outside: every statement of `ei.md` §8 is a row of a table, with its number and how it is
//! known (T tested by the reference, S seen in its source, C contract).

mod accept;
mod engagement;
mod find;
mod killed;
mod manage;
mod notification;
mod reject;
mod subscribers;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

/// One statement.
struct Statement {
    number: u32,
    tag: char,
    what: &'static str,
    /// Panics where the statement does not hold.
    check: fn(),
}

/// A world as §8 has it, unless it is changed.
fn world() -> World {
    World::new(|_| {})
}

#[test]
fn every_conformance_statement_holds() {
    let tables =
        [accept::TABLE, reject::TABLE, notification::TABLE, find::TABLE, subscribers::TABLE, manage::TABLE].concat();
    let numbers: Vec<u32> = tables.iter().map(|statement| statement.number).collect();
    assert_eq!(numbers, (1..=111).collect::<Vec<_>>(), "each statement of ei.md §8 once, in order");
    let fails = |statement: &&Statement| catch_unwind(AssertUnwindSafe(statement.check)).is_err();
    let failed: Vec<String> = tables
        .iter()
        .filter(fails)
        .map(|Statement { number, tag, what, .. }| format!("{number} ({tag}) {what}"))
        .collect();
    assert!(failed.is_empty(), "{} statements do not hold:\n{}", failed.len(), failed.join("\n"));
}

impl Clone for Statement {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}
