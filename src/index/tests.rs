//! Durability, end to end but for the wire: what was acknowledged is there after any crash, whole, and nothing else is
//! there in part.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::engagement::{Field, Transaction};
use super::notify::subscription::Subscription;
use super::open::Index;
use super::record::{Accepted, Clears, Load, LoadRow, Record, Settle, Source};
use crate::config::index::{IndexLimits, IndexSettings};
use crate::domain::clock::Clock;
use crate::domain::subscriber::Subscriber;
use crate::store::disk::fake::{FakeDisk, Unsynced};

const SEGMENT: u64 = 4_096;
const OWN: &str = "ei-hsa-id";

fn settings() -> IndexSettings {
    // Snapshots so often that some crash hits each of their steps.
    let limits = IndexLimits { snapshot_journal_bytes: 1_500, ..IndexLimits::default() };
    IndexSettings { limits, ..IndexSettings::default() }
}

fn open(disk: &FakeDisk) -> Index {
    Index::on_disk(Arc::new(disk.clone()), SEGMENT, settings(), Clock::System).unwrap()
}

fn transaction(resident: usize, address: &str) -> Transaction<'static> {
    let mut transaction = Transaction { has_engagement: true, ..Transaction::default() };
    for field in Field::ALL {
        transaction.key.0[field as usize] = field.name().into();
    }
    transaction.key.0[0] = resident_id(resident).into();
    transaction.key.0[Field::LogicalAddress as usize] = address.to_owned().into();
    transaction
}

fn resident_id(resident: usize) -> String {
    format!("20010101TF{resident:02}")
}

fn accepted(transactions: Vec<Transaction<'static>>) -> Accepted<'static> {
    Accepted {
        at: super::timestamp::LocalTime::parse("20261122120000").unwrap(),
        clears: Clears::Nothing,
        source: Source::Update,
        ignore_older: false,
        own_id: OWN.into(),
        correlation_id: "c".into(),
        transactions,
    }
}

/// Message `number`: a row each for three persons.
fn message(number: usize) -> Accepted<'static> {
    accepted((0..3).map(|row| transaction(number * 3 + row, "A")).collect())
}

fn found(index: &Index, resident: usize) -> Vec<String> {
    let mut found = Vec::new();
    index.memory().visit(&resident_id(resident), &mut |row| found.push(row.text(Field::LogicalAddress).to_owned()));
    found
}

/// Rows of a message that are there.
fn rows_of(index: &Index, number: usize) -> usize {
    (0..3).map(|row| found(index, number * 3 + row).len()).sum()
}

#[tokio::test]
async fn power_lost_at_any_sync_loses_nothing_acknowledged_and_serves_no_half() {
    const DIRECT: usize = 12;
    for stop in 1.. {
        let disk = FakeDisk::default();
        disk.stop_after_syncs(stop);
        let mut acknowledged = BTreeSet::new();
        let mut refused = false;
        // The disk may stop before there is an index at all.
        let opened = Index::on_disk(Arc::new(disk.clone()), SEGMENT, settings(), Clock::System);
        if let Ok(index) = opened {
            for number in 0..DIRECT + 4 {
                let record = match number {
                    0..DIRECT => Record::Apply(message(number)),
                    _ => Record::Collect(message(number)),
                };
                match index.write(&record).await {
                    Ok(_) => drop(acknowledged.insert(number)),
                    Err(_) => refused = true,
                }
            }
            index.close();
        }
        for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Some(stop as u64)] {
            let again = open(&disk.after_crash(unsynced));
            again.settle().await.unwrap();
            for number in 0..DIRECT + 4 {
                let expected: &[usize] = if acknowledged.contains(&number) { &[3] } else { &[0, 3] };
                let rows = rows_of(&again, number);
                assert!(
                    expected.contains(&rows),
                    "stopped after {stop}, {unsynced:?}: message {number} has {rows} rows"
                );
            }
            assert_eq!(again.status().unready(), None);
        }
        if !refused && disk.syncs() < stop {
            assert!(stop > 16, "the loop saw every sync: {stop}");
            return;
        }
    }
}

#[tokio::test]
async fn a_start_from_snapshot_and_journal_gives_the_same_state() {
    let disk = FakeDisk::default();
    let index = open(&disk);
    let subscriber = Subscriber { logical_address: "S".into(), filters: vec![] };
    let subscription = Subscription::new(vec![subscriber], &IndexLimits::default());
    index.write(&Record::Subscribers(Cow::Owned(subscription.encode()))).await.unwrap();
    for number in 0..10 {
        index.write(&Record::Apply(message(number))).await.unwrap();
    }
    index.write(&Record::Collect(message(20))).await.unwrap();
    index.snapshot().await.unwrap();
    let before = index.queues().front("S").unwrap();
    index
        .write(&Record::Settle(Settle { subscriber: "S".into(), notification: before.sequence, failure: None }))
        .await
        .unwrap();
    index.write(&Record::Apply(message(10))).await.unwrap();
    index.write(&Record::Collect(message(21))).await.unwrap();
    index.close();
    let again = open(&disk.after_crash(Unsynced::Lost));
    assert_eq!(again.queues().depths(), index.queues().depths());
    assert_eq!(again.queues().front("S"), index.queues().front("S"));
    let (one, other) = (index.status(), again.status());
    assert_eq!(
        (one.engagements, one.persons, one.collected_messages, one.applied),
        (other.engagements, other.persons, other.collected_messages, other.applied)
    );
    assert_eq!(other.collected_messages, 2);
    assert!(other.replayed_batches < 10, "the snapshot covers the rest");
    again.settle().await.unwrap();
    assert_eq!((rows_of(&again, 20), rows_of(&again, 21)), (3, 3));
}

#[tokio::test]
async fn the_write_lock_holds_back_and_does_not_outlive_the_process() {
    let disk = FakeDisk::default();
    let index = open(&disk);
    index.lock(true).await.unwrap();
    index.lock(true).await.unwrap();
    index.write(&Record::Apply(message(0))).await.unwrap();
    index.write(&Record::Collect(message(1))).await.unwrap();
    index.settle().await.unwrap();
    assert_eq!((rows_of(&index, 0), rows_of(&index, 1), index.status().held_messages), (0, 0, 1));
    assert!(index.status().write_locked);
    let again = open(&disk.after_crash(Unsynced::Lost));
    again.settle().await.unwrap();
    assert_eq!((rows_of(&again, 0), rows_of(&again, 1), again.status().held_messages), (3, 3, 0));
    index.lock(false).await.unwrap();
    assert_eq!((rows_of(&index, 0), rows_of(&index, 1), index.status().collected_messages), (3, 0, 1));
    index.settle().await.unwrap();
    assert_eq!(rows_of(&index, 1), 3);
}

#[tokio::test]
async fn a_failed_write_stops_updates_and_leaves_reads() {
    let disk = FakeDisk::default();
    let index = open(&disk);
    index.write(&Record::Apply(message(0))).await.unwrap();
    disk.fail_writes();
    for _ in 0..2 {
        let error = index.write(&Record::Apply(message(1))).await.unwrap_err();
        assert!(error.to_string().starts_with("the index cannot write its journal: "), "{error}");
    }
    assert_eq!((rows_of(&index, 0), rows_of(&index, 1)), (3, 0));
    assert!(index.status().unready().unwrap().starts_with("updates are refused: cannot write journal-"));
}

#[tokio::test]
async fn damage_to_acknowledged_batches_is_told_until_the_next_start() {
    let disk = FakeDisk::default();
    let quiet = || IndexSettings::default();
    let start = |disk: &FakeDisk| Index::on_disk(Arc::new(disk.clone()), 1 << 20, quiet(), Clock::System).unwrap();
    let index = start(&disk);
    for number in 0..3 {
        index.write(&Record::Apply(message(number))).await.unwrap();
    }
    index.close();
    disk.tamper("journal-00000000000000000001.log", |bytes| {
        let second = bytes.windows(4).enumerate().filter(|(_, four)| four == b"aFRM").nth(1).unwrap().0;
        bytes[second + 50] ^= 1;
    });
    let again = start(&disk);
    assert_eq!((rows_of(&again, 0), rows_of(&again, 1), rows_of(&again, 2)), (3, 0, 3));
    assert!(again.status().unready().unwrap().starts_with("acknowledged updates were lost: "));
    again.snapshot().await.unwrap();
    again.close();
    let third = start(&disk);
    assert_eq!((third.status().unready(), third.status().engagements), (None, 6));
}

#[tokio::test]
async fn concurrent_updates_share_syncs() {
    let disk = FakeDisk::default();
    let index =
        Arc::new(Index::on_disk(Arc::new(disk.clone()), 1 << 20, IndexSettings::default(), Clock::System).unwrap());
    let callers = (0..30).map(|number| {
        let index = Arc::clone(&index);
        tokio::spawn(async move { index.write(&Record::Apply(message(number))).await.unwrap() })
    });
    let mut sequences = BTreeSet::new();
    for caller in callers.collect::<Vec<_>>() {
        sequences.insert(caller.await.unwrap());
    }
    assert_eq!(sequences.len(), 30, "each has a batch of its own");
    assert!(disk.syncs() <= 32);
    assert_eq!(index.status().engagements, 90);
}

#[tokio::test]
async fn a_bulk_load_goes_on_where_it_broke_off() {
    let disk = FakeDisk::default();
    let index = open(&disk);
    let row = |address| LoadRow {
        key: transaction(0, address).key,
        most_recent_content: None,
        created: super::timestamp::LocalTime::parse("20200101000000").unwrap(),
        updated: None,
    };
    let name = || Cow::Borrowed("index/a.ndjson");
    let first = Load { name: name(), lines: 2, rows: vec![row("A"), row("B"), row("A")] };
    let second = Load { name: name(), lines: 5, rows: vec![row("C")] };
    let index = Arc::new(index);
    for load in [first, second] {
        let index = Arc::clone(&index);
        tokio::task::spawn_blocking(move || index.load(load)).await.unwrap().unwrap();
    }
    index.close();
    let again = open(&disk.after_crash(Unsynced::Lost));
    assert_eq!((again.loaded_lines("index/a.ndjson"), again.loaded_lines("other")), (5, 0));
    assert_eq!(found(&again, 0), ["A", "B", "C"]);
}
