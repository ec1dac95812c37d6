//! The administrators' catalogue through power cuts.

use std::sync::Arc;

use jiff::Timestamp;

use super::core::{Book, Refusal};
use super::keep::Keeper;
use super::rows::{AnyRow, ContractRow, Row};
use crate::store::disk::fake::{FakeDisk, Unsynced};

/// Small enough that a save of a few rows is cut in pieces, and a few of them fill a segment.
const PIECE_BYTES: usize = 24;
const SEGMENT_BYTES: u64 = 1024;

fn book(disk: &FakeDisk) -> Book {
    Book::open(Keeper::with_bounds(Arc::new(disk.clone()), SEGMENT_BYTES, PIECE_BYTES).unwrap()).unwrap()
}

fn at() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn contract(name: &str) -> AnyRow {
    let value = ContractRow { namespace: name.into(), description: "en beskrivning".into(), major: 1, minor: 0 };
    AnyRow::Contract(Row { id: 0, published: 0, value })
}

/// Everything that is done, in order; whether it was acknowledged.
fn steps() -> Vec<fn(&mut Book) -> Result<(), Refusal>> {
    vec![
        |book| book.save_row("anna", contract("urn:a:1"), at()).map(drop),
        |book| book.publish("anna", "första", at()).map(drop),
        |book| book.save_row("bo", contract("urn:b:1"), at()).map(drop),
        |book| book.save_row("anna", contract("urn:c:1"), at()).map(drop),
        |book| book.publish("anna", "andra", at()).map(drop),
        |book| book.rollback("cecilia", 2, at()),
        |book| book.discard("bo").map(drop).map_err(Refusal::Log),
        |book| book.publish("cecilia", "tredje", at()).map(drop),
    ]
}

/// What can be seen of a book.
fn seen(book: &Book) -> String {
    let versions: Vec<_> = book.versions().iter().map(|version| (version.id, version.comment.to_string())).collect();
    let pending: Vec<_> = book.pending().map(|pending| (pending.user.to_string(), pending.change.key())).collect();
    let names = |state: &super::state::State| {
        state.contracts.rows().iter().map(|row| (row.value.namespace.to_string(), row.published)).collect::<Vec<_>>()
    };
    let past: Vec<_> = (1..=3).map(|version| book.state_of(version).map(|state| names(&state))).collect();
    format!("{versions:?} {pending:?} {:?} {:?} {past:?}", names(book.published()), names(book.live()))
}

#[test]
fn power_lost_at_any_sync_loses_nothing_acknowledged_and_shows_no_half() {
    let mut whole = Book::open(Keeper::volatile()).unwrap();
    let mut expected = vec![seen(&whole)];
    for step in steps() {
        step(&mut whole).unwrap();
        expected.push(seen(&whole));
    }
    assert!(expected.last().unwrap().starts_with("[(1, \"första\"), (3, \"tredje\")] []"), "{expected:#?}");
    for stop in 1.. {
        let disk = FakeDisk::default();
        disk.stop_after_syncs(stop);
        let mut writing = book(&disk);
        let acknowledged = steps().into_iter().take_while(|step| step(&mut writing).is_ok()).count();
        for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Some(stop as u64)] {
            let found = disk.after_crash(unsynced);
            let again = book(&found);
            // What was written and not acknowledged may be there, but then whole.
            let next = (acknowledged + 1).min(steps().len());
            let state = seen(&again);
            assert!(
                state == expected[acknowledged] || state == expected[next],
                "stopped after sync {stop}, {unsynced:?}, {acknowledged} acknowledged: {state}"
            );
            drop(again);
            let mut again = book(&found);
            again.save_row("dag", contract("urn:d:1"), at()).unwrap();
            assert!(seen(&book(&found)).contains("urn:d:1"), "it goes on where it was");
        }
        if acknowledged == steps().len() {
            assert!(stop > steps().len(), "the loop saw every sync");
            return;
        }
    }
}

#[test]
fn after_a_failed_write_nothing_is_taken_and_everything_is_told() {
    let disk = FakeDisk::default();
    let mut book = book(&disk);
    book.save_row("anna", contract("urn:a:1"), at()).unwrap();
    book.publish("anna", "", at()).unwrap();
    disk.fail_writes();
    assert!(matches!(book.save_row("anna", contract("urn:b:1"), at()), Err(Refusal::Log(_))));
    assert!(matches!(book.rollback("anna", 1, at()), Err(Refusal::Beginning(1))));
    assert_eq!((book.published().contracts.len(), book.live().contracts.len()), (1, 1));
}
