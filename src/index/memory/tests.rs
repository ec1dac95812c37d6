//! Rows go in, are changed and come out again, also by way of a snapshot.

use std::collections::BTreeSet;

use super::row::PackedRow;
use super::*;
use crate::index::engagement::{Field, Key};
use crate::index::timestamp::LocalTime;

fn time(second: u64) -> LocalTime {
    LocalTime::from_seconds(63_000_000_000 + second)
}

/// Adds the row of a key, as an Update would.
fn add(memory: &Memory, key: &Key<'_>, second: u64) {
    let (subject, holder) = memory.intern(|interner, dictionary| interner.codes(dictionary, key, None));
    let text = |field| Some(key.key_text(field)).filter(|text| *text != "NA").map(str::to_owned);
    let instance = text(Field::BusinessObjectInstanceIdentifier);
    let process = text(Field::ClinicalProcessInterestId);
    memory.edit(key.resident(), |person| {
        person.rows.push(PackedRow {
            subject,
            holder,
            fingerprint: 7,
            created: time(second),
            most_recent_content: second.is_multiple_of(2).then(|| time(second + 1)),
            updated: second.is_multiple_of(3).then(|| time(second + 2)),
            instance: instance.as_deref(),
            process: process.as_deref(),
        });
    });
}

fn key(resident: &str, number: usize) -> Key<'static> {
    let mut key = Key::default();
    for field in Field::ALL {
        key.0[field as usize] = format!("{}-{}", field.name(), number % (field as usize + 2)).into();
    }
    key.0[0] = resident.to_owned().into();
    if number.is_multiple_of(2) {
        key.0[Field::BusinessObjectInstanceIdentifier as usize] = "NA".into();
    }
    key
}

fn listed(memory: &Memory, resident: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    memory.visit(resident, &mut |row| {
        found.insert(told(row));
    });
    found
}

fn told(row: &Row<'_>) -> String {
    let texts: Vec<_> = Field::ALL.into_iter().map(|field| row.text(field)).collect();
    format!("{texts:?} {} {:?} {:?}", row.packed().created, row.packed().most_recent_content, row.packed().updated)
}

const RESIDENTS: [&str; 6] = ["191212121212", "20010101TF12", "1212121212", "Någon", "191212-1212", ""];

fn filled() -> Memory {
    let memory = Memory::default();
    for number in 0..60 {
        add(&memory, &key(RESIDENTS[number % RESIDENTS.len()], number), number as u64);
    }
    memory
}

#[test]
fn every_row_is_found_with_its_person_and_only_there() {
    let memory = filled();
    assert_eq!((memory.engagements(), memory.persons()), (60, 6));
    for (place, resident) in RESIDENTS.into_iter().enumerate() {
        let found = listed(&memory, resident);
        assert_eq!(found.len(), 10, "{resident}");
        let mut expected = key(resident, place).0.to_vec();
        expected[4] = key(resident, place).key_text(Field::BusinessObjectInstanceIdentifier).to_owned().into();
        assert!(found.iter().any(|row| row.starts_with(&format!("{expected:?}"))), "{resident}: {found:?}");
    }
    assert_eq!(listed(&memory, "191212121213"), BTreeSet::new());
}

#[test]
fn the_last_row_takes_the_person_with_it() {
    let memory = filled();
    for resident in RESIDENTS {
        memory.edit(resident, |person| person.rows.retain(|row| row.updated.is_none()));
    }
    memory.edit("191212121212", |person| person.rows.clear());
    memory.edit("nobody", |person| person.rows.clear());
    assert_eq!(memory.persons(), 4);
    // Every third second is a multiple of three, for two residents in six.
    assert_eq!(memory.engagements(), 40);
    assert_eq!(listed(&memory, "191212121212"), BTreeSet::new());
}

#[test]
fn a_snapshot_of_every_shard_gives_the_same_memory() {
    let memory = filled();
    let mut dictionary = Vec::new();
    memory.write_dictionary(&mut dictionary);
    let copy = Memory::default();
    let mut used = Used::default();
    for shard in 0..SHARDS {
        let mut bytes = Vec::new();
        memory.write_shard(shard, &mut bytes);
        used.merge(&copy.read_shard(shard, &bytes).unwrap());
        for cut in 0..bytes.len() {
            assert!(Memory::default().read_shard(shard, &bytes[..cut]).is_err(), "cut to {cut}");
        }
    }
    assert_eq!((copy.engagements(), copy.persons()), (60, 6));
    copy.read_dictionary(&dictionary, &used).unwrap();
    for resident in RESIDENTS {
        assert_eq!(listed(&copy, resident), listed(&memory, resident));
    }
    let mut by_shard = BTreeSet::new();
    for shard in 0..SHARDS {
        copy.visit_shard(shard, &mut |row| {
            by_shard.insert(told(row));
        });
    }
    assert_eq!(by_shard.len(), 60);
    for cut in 0..dictionary.len() {
        assert!(Memory::default().read_dictionary(&dictionary[..cut], &used).is_err(), "cut to {cut}");
    }
}

/// What a start finds that reads a snapshot of `memory`.
fn restarted(memory: &Memory) -> Memory {
    let (copy, mut used, mut bytes) = (Memory::default(), Used::default(), Vec::new());
    for shard in 0..SHARDS {
        bytes.clear();
        memory.write_shard(shard, &mut bytes);
        used.merge(&copy.read_shard(shard, &bytes).unwrap());
    }
    bytes.clear();
    memory.write_dictionary(&mut bytes);
    copy.read_dictionary(&bytes, &used).unwrap();
    copy
}

#[test]
fn a_start_forgets_texts_that_no_row_has_and_gives_their_codes_to_others() {
    let memory = filled();
    let others: Vec<_> = RESIDENTS[1..].iter().map(|resident| listed(&memory, resident)).collect();
    // Everything of his own: two texts of the subject, four of the holder.
    let mut own = key("191212121212", 0);
    own.0.iter_mut().skip(1).for_each(|text| *text = format!("only here: {text}").into());
    add(&memory, &own, 1);
    let before = memory.size().dictionary_bytes;
    memory.edit("191212121212", |person| person.rows.clear());
    assert_eq!(memory.size().dictionary_bytes, before, "rows may still be read by their codes");
    let copy = restarted(&memory);
    assert!(copy.size().dictionary_bytes < before);
    let ends = |memory: &Memory| memory.intern(|interner, _| interner.ends());
    assert_eq!(ends(&copy), ends(&memory), "codes of rows stay what they are");
    // Twice, so that free codes go through a snapshot themselves.
    let copy = restarted(&copy);
    add(&copy, &own, 2);
    assert_eq!(ends(&copy), ends(&memory), "free codes are used again");
    assert_eq!(listed(&copy, "191212121212").len(), 1);
    assert!(listed(&copy, "191212121212").iter().all(|row| row.matches("only here: ").count() == 8));
    let found: Vec<_> = RESIDENTS[1..].iter().map(|resident| listed(&copy, resident)).collect();
    assert_eq!(found, others);
}

#[test]
fn what_is_held_is_counted() {
    let memory = filled();
    let size = memory.size();
    assert_eq!(size.engagements, 60);
    assert!(size.block_bytes > 60 * 15 && size.unique_text_bytes > 0 && size.dictionary_bytes > 0);
    assert!(size.unique_text_bytes < size.block_bytes);
}

#[test]
fn the_rows_of_a_system_are_those_of_the_holders_that_name_it() {
    // A system that is gone before the others come: after a start its code is free, and the list of holders has a hole.
    let memory = Memory::default();
    let mut gone = key("191212121212", 0);
    gone.0[Field::SourceSystem as usize] = "gone".into();
    add(&memory, &gone, 1);
    memory.edit("191212121212", |person| person.rows.clear());
    (0..60).for_each(|number| add(&memory, &key(RESIDENTS[number % RESIDENTS.len()], number), number as u64));
    for memory in [&memory, &restarted(&memory)] {
        let names = |row: &Row<'_>, system: &str| {
            [Field::LogicalAddress, Field::SourceSystem].iter().any(|field| row.text(*field) == system)
        };
        let mut systems = BTreeSet::from(["nobody".to_owned()]);
        let each = |look: &mut dyn FnMut(&Row<'_>)| (0..SHARDS).for_each(|shard| memory.visit_shard(shard, look));
        each(&mut |row| {
            systems.extend([Field::LogicalAddress, Field::SourceSystem].map(|field| row.text(field).to_owned()));
        });
        assert!(systems.len() > 5, "{systems:?}");
        for system in &systems {
            let holders = memory.dictionary().holders_of(system);
            let (mut by_text, mut by_code) = (0, 0);
            each(&mut |row| {
                by_text += usize::from(names(row, system));
                by_code += usize::from(holders.contains(&row.packed().holder));
            });
            assert_eq!(by_code, by_text, "{system}");
            assert_eq!(by_text == 0, system == "nobody", "{system}");
        }
    }
}
