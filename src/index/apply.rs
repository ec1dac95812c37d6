//! Rows change: the rules of Update and ProcessNotification (`ei.md` §3.3–§3.5), for live calls and for recovery alike.

use super::engagement::{Field, Key, NA};
use super::memory::Memory;
use super::memory::row::PackedRow;
use super::memory::shard::PersonRows;
use super::record::{Accepted, Load, Source};
use super::timestamp::LocalTime;

/// What applying a transaction did, as far as notifications need to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether subscribers are told (`ei.md` §5.1).
    pub notify: bool,
    /// `creationTime` of the row that was there before.
    pub existed: Option<LocalTime>,
}

/// One row of a message, ready to be looked for and written.
struct Wanted<'a> {
    key: &'a Key<'a>,
    delete: bool,
    most_recent_content: Option<LocalTime>,
    /// The key without the resident.
    tail: Vec<u8>,
    /// The same with the index as owner, where a row of ours gives way (`ProcessNotification-R5`).
    own_tail: Option<Vec<u8>>,
    subject: u32,
    holder: u32,
}

/// Applies a message. `in_shard` says for a shard whether the message is still to be applied there; its transactions
/// get no outcome otherwise.
pub fn apply(memory: &Memory, message: &Accepted<'_>, in_shard: &dyn Fn(usize) -> bool) -> Vec<Outcome> {
    let own_id = (message.source == Source::Update).then_some(&*message.own_id);
    let wanted: Vec<Wanted<'_>> = memory.intern(|interner, dictionary| {
        let wanted = message.transactions.iter().map(|transaction| {
            let (subject, holder) = interner.codes(dictionary, &transaction.key, own_id);
            let tail = |owner| {
                let mut tail = Vec::with_capacity(192);
                transaction.key.write_tail(owner, &mut tail);
                tail
            };
            Wanted {
                key: &transaction.key,
                delete: transaction.delete,
                most_recent_content: transaction
                    .most_recent_content
                    .as_deref()
                    .and_then(|text| LocalTime::parse(text).ok()),
                tail: tail(own_id),
                own_tail: (message.source == Source::Notification).then(|| tail(Some(&message.own_id))),
                subject,
                holder,
            }
        });
        wanted.collect()
    });
    let mut outcomes = vec![Outcome::default(); wanted.len()];
    for group in by_person(&wanted, |wanted| wanted.key.resident()) {
        let resident = wanted[group[0]].key.resident();
        if in_shard(memory.shard_of(resident)) {
            memory.edit(resident, |person| {
                apply_to_person(memory, person, message, &wanted, &group, &mut outcomes);
            });
        }
    }
    outcomes
}

/// Takes rows in as they are; a row of the same key is replaced.
pub fn load(memory: &Memory, load: &Load<'_>, in_shard: &dyn Fn(usize) -> bool) {
    let codes: Vec<(u32, u32)> = memory.intern(|interner, dictionary| {
        load.rows.iter().map(|row| interner.codes(dictionary, &row.key, None)).collect()
    });
    for group in by_person(&load.rows, |row| row.key.resident()) {
        let resident = load.rows[group[0]].key.resident();
        if !in_shard(memory.shard_of(resident)) {
            continue;
        }
        memory.edit(resident, |person| {
            let mut tail = Vec::with_capacity(192);
            for place in group {
                let row = &load.rows[place];
                tail.clear();
                row.key.write_tail(None, &mut tail);
                let (subject, holder) = codes[place];
                let packed = PackedRow {
                    subject,
                    holder,
                    fingerprint: memory.fingerprint(&tail),
                    created: row.created,
                    most_recent_content: row.most_recent_content,
                    updated: row.updated,
                    instance: unless_na(&row.key, Field::BusinessObjectInstanceIdentifier),
                    process: unless_na(&row.key, Field::ClinicalProcessInterestId),
                };
                match memory.position(&person.rows, &tail) {
                    Some(found) => person.rows[found] = packed,
                    None => person.rows.push(packed),
                }
            }
        });
    }
}

/// The places of `rows`, those of one person together, otherwise in order.
fn by_person<'a, T>(rows: &'a [T], resident: impl Fn(&'a T) -> &'a str) -> Vec<Vec<usize>> {
    let mut places: Vec<usize> = (0..rows.len()).collect();
    places.sort_by_key(|place| resident(&rows[*place]));
    places.chunk_by(|one, other| resident(&rows[*one]) == resident(&rows[*other])).map(<[usize]>::to_vec).collect()
}

fn unless_na<'a>(key: &'a Key<'_>, field: Field) -> Option<&'a str> {
    Some(key.key_text(field)).filter(|text| *text != NA)
}

/// What was there is read before anything changes; then rows of ours give way, then deletes, then saves.
fn apply_to_person<'n>(
    memory: &Memory,
    person: &mut PersonRows<'_, 'n>,
    message: &Accepted<'_>,
    wanted: &'n [Wanted<'_>],
    group: &[usize],
    outcomes: &mut [Outcome],
) {
    for place in group {
        let existing = memory.position(&person.rows, &wanted[*place].tail).map(|found| &person.rows[found]);
        outcomes[*place] = outcome(&wanted[*place], existing, message);
    }
    let rows = &mut person.rows;
    let mut remove = |tail: &[u8]| {
        if let Some(found) = memory.position(rows, tail) {
            rows.remove(found);
        }
    };
    for place in group {
        wanted[*place].own_tail.iter().for_each(|tail| remove(tail));
    }
    for place in group.iter().filter(|place| wanted[**place].delete) {
        remove(&wanted[*place].tail);
    }
    for place in group.iter().filter(|place| !wanted[**place].delete) {
        save(memory, rows, &wanted[*place], message);
    }
}

fn outcome(wanted: &Wanted<'_>, existing: Option<&PackedRow<'_>>, message: &Accepted<'_>) -> Outcome {
    let changes = |row: &PackedRow<'_>| {
        row.most_recent_content != wanted.most_recent_content && !is_ignored(wanted, row, message)
    };
    let notify = message.source == Source::Notification || wanted.delete || existing.is_none_or(changes);
    Outcome { notify, existed: existing.map(|row| row.created) }
}

/// `ei.md` Q5, the development line of 2019: an Update older than what is stored, or without content, changes nothing.
fn is_ignored(wanted: &Wanted<'_>, row: &PackedRow<'_>, message: &Accepted<'_>) -> bool {
    message.ignore_older && wanted.most_recent_content < row.most_recent_content
}

fn save<'b, 'n: 'b>(memory: &Memory, rows: &mut Vec<PackedRow<'b>>, wanted: &'n Wanted<'_>, message: &Accepted<'_>) {
    let Some(found) = memory.position(rows, &wanted.tail) else {
        rows.push(PackedRow {
            subject: wanted.subject,
            holder: wanted.holder,
            fingerprint: memory.fingerprint(&wanted.tail),
            created: message.at,
            most_recent_content: wanted.most_recent_content,
            updated: None,
            instance: unless_na(wanted.key, Field::BusinessObjectInstanceIdentifier),
            process: unless_na(wanted.key, Field::ClinicalProcessInterestId),
        });
        return;
    };
    let row = &mut rows[found];
    if is_ignored(wanted, row, message) {
        return;
    }
    // Once there is an update time, every sending again refreshes it (`ei.md` §3.5).
    if row.most_recent_content != wanted.most_recent_content || row.updated.is_some() {
        row.most_recent_content = wanted.most_recent_content;
        row.updated = Some(message.at);
    }
}
