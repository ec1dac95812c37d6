//! What the journal's batches say (`docs/STORE.md`, "Records"): one record a batch.
//!
//! A record of rows is complete in itself and carries the time and the own id it was accepted under, so that it does
//! the same whenever it is applied. Records are read without copying their texts.

use std::borrow::Cow;

use super::engagement::{Field, Key, Transaction};
use super::timestamp::LocalTime;

/// A batch of the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Record<'a> {
    /// Rows change.
    Apply(Accepted<'a>),
    /// Acknowledged; waits in the collect window.
    Collect(Accepted<'a>),
    /// Acknowledged; waits for the write lock to open.
    Hold(Accepted<'a>),
    /// Rows are taken in as they are, and nobody is told.
    Load(Load<'a>),
    /// From here on these are the subscribers: an opaque text of `notify`.
    Subscribers(Cow<'a, [u8]>),
    /// A notification leaves its queue.
    Settle(Settle<'a>),
}

/// A message that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted<'a> {
    /// The index clock.
    pub at: LocalTime,
    /// What waits no longer when this is applied.
    pub clears: Clears,
    /// By which operation it came.
    pub source: Source,
    /// Whether older content leaves newer alone (`ei.md` Q5).
    pub ignore_older: bool,
    /// The index's own id.
    pub own_id: Cow<'a, str>,
    /// Correlation id of the request; empty where there was none.
    pub correlation_id: Cow<'a, str>,
    /// The rows, in the order of the request.
    pub transactions: Vec<Transaction<'a>>,
}

/// What waits no longer when rows are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clears {
    /// These rows did not wait.
    Nothing,
    /// The whole collect batch.
    Collected,
    /// The first message behind the write lock.
    Held,
}

/// By which operation a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Update: the owner is the index itself.
    Update,
    /// ProcessNotification: the owner is the sender's.
    Notification,
}

/// Rows of a bulk load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load<'a> {
    /// What is loaded; a load that was broken off goes on by this name.
    pub name: Cow<'a, str>,
    /// Lines of it that are in with this batch.
    pub lines: u64,
    /// The rows.
    pub rows: Vec<LoadRow<'a>>,
}

/// A row with its times.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadRow<'a> {
    /// Its key, owner included.
    pub key: Key<'a>,
    /// `mostRecentContent`.
    pub most_recent_content: Option<LocalTime>,
    /// `creationTime`.
    pub created: LocalTime,
    /// `updateTime`.
    pub updated: Option<LocalTime>,
}

/// What became of a notification.
#[derive(Clone, Debug, PartialEq)]
pub struct Settle<'a> {
    /// Logical address of the subscriber.
    pub subscriber: Cow<'a, str>,
    /// The batch that caused the notification.
    pub notification: u64,
    /// Why it could not be delivered; `None` for one that was.
    pub failure: Option<Cow<'a, str>>,
}

const APPLY: u8 = 1;
const COLLECT: u8 = 2;
const HOLD: u8 = 3;
const LOAD: u8 = 4;
const SUBSCRIBERS: u8 = 5;
const SETTLE: u8 = 6;

const DELETE: u16 = 1 << 9;
const HAS_CONTENT: u16 = 1 << 10;
const HAS_CREATION: u16 = 1 << 11;
const HAS_UPDATE: u16 = 1 << 12;
const HAS_ENGAGEMENT_EXTENSION: u16 = 1 << 13;
const HAS_TRANSACTION_EXTENSION: u16 = 1 << 14;

/// An encoded [`Accepted`] that waited for the write lock, as one that is applied now. `None` for any other record.
pub fn released(held: &[u8], at: LocalTime) -> Option<Vec<u8>> {
    let mut out = held.to_vec();
    if *out.first()? != HOLD {
        return None;
    }
    out[0] = APPLY;
    out.get_mut(1..9)?.copy_from_slice(&at.seconds().to_le_bytes());
    *out.get_mut(9)? = Clears::Held as u8;
    Some(out)
}

/// Turns an encoded record to be applied into one that waits for the write lock.
pub fn hold(encoded: &mut [u8]) {
    if let Some(kind) = encoded.first_mut().filter(|kind| **kind == APPLY) {
        *kind = HOLD;
    }
}

/// Whether an encoded record joins the collect batch.
pub fn collects(encoded: &[u8]) -> bool {
    encoded.first() == Some(&COLLECT)
}

/// Whether an encoded record makes something wait.
pub fn waits(encoded: &[u8]) -> bool {
    matches!(encoded.first(), Some(&COLLECT | &HOLD))
}

impl Record<'_> {
    /// The record's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        match self {
            Self::Apply(accepted) => out.accepted(APPLY, accepted),
            Self::Collect(accepted) => out.accepted(COLLECT, accepted),
            Self::Hold(accepted) => out.accepted(HOLD, accepted),
            Self::Load(load) => out.load(load),
            Self::Subscribers(text) => {
                out.0.push(SUBSCRIBERS);
                out.0.extend_from_slice(text);
            }
            Self::Settle(settle) => {
                out.0.push(SETTLE);
                out.0.extend_from_slice(&settle.notification.to_le_bytes());
                out.text(&settle.subscriber);
                out.0.push(u8::from(settle.failure.is_some()));
                out.text(settle.failure.as_deref().unwrap_or_default());
            }
        }
        out.0
    }
}

impl<'a> Record<'a> {
    /// Reads a record; the error says what was found instead.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, String> {
        let mut reader = Reader(bytes);
        let [kind] = reader.take::<1>()?;
        let record = match kind {
            APPLY => Self::Apply(reader.accepted()?),
            COLLECT => Self::Collect(reader.accepted()?),
            HOLD => Self::Hold(reader.accepted()?),
            LOAD => Self::Load(reader.load()?),
            SUBSCRIBERS => Self::Subscribers(Cow::Borrowed(std::mem::take(&mut reader.0))),
            SETTLE => {
                let notification = u64::from_le_bytes(reader.take()?);
                let subscriber = reader.text()?;
                let [failed] = reader.take::<1>()?;
                let failure = reader.text()?;
                Self::Settle(Settle { subscriber, notification, failure: (failed == 1).then_some(failure) })
            }
            other => return Err(format!("a record of kind {other}, known are {APPLY} to {SETTLE}")),
        };
        reader.end()?;
        Ok(record)
    }
}

/// Writes numbers and texts.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Length and bytes.
    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn time(&mut self, time: Option<LocalTime>) {
        // Second 0 lies before the first year that is read.
        self.number(time.map_or(0, LocalTime::seconds));
    }

    fn accepted(&mut self, kind: u8, accepted: &Accepted<'_>) {
        self.0.reserve(64 + accepted.transactions.len() * 160);
        self.0.push(kind);
        self.0.extend_from_slice(&accepted.at.seconds().to_le_bytes());
        self.0.push(accepted.clears as u8);
        self.0.push(u8::from(accepted.source == Source::Notification) | u8::from(accepted.ignore_older) << 1);
        self.text(&accepted.own_id);
        self.text(&accepted.correlation_id);
        self.transactions(&accepted.transactions);
    }

    /// Count, then each transaction; a text that is the same as in the one before is left out.
    pub(super) fn transactions(&mut self, transactions: &[Transaction<'_>]) {
        self.number(transactions.len() as u64);
        let mut before: Option<&Key<'_>> = None;
        for transaction in transactions {
            let optional = [
                (transaction.most_recent_content.as_deref(), HAS_CONTENT),
                (some(&transaction.creation_time), HAS_CREATION),
                (some(&transaction.update_time), HAS_UPDATE),
                (some(&transaction.engagement_extension), HAS_ENGAGEMENT_EXTENSION),
                (some(&transaction.transaction_extension), HAS_TRANSACTION_EXTENSION),
            ];
            let mut flags = if transaction.delete { DELETE } else { 0 };
            flags |= optional.iter().filter(|(text, _)| text.is_some()).fold(0, |flags, (_, flag)| flags | flag);
            self.key(&transaction.key, before, flags);
            optional.iter().filter_map(|(text, _)| *text).for_each(|text| self.text(text));
            before = Some(&transaction.key);
        }
    }

    fn key(&mut self, key: &Key<'_>, before: Option<&Key<'_>>, flags: u16) {
        let same = |field: &Field| before.is_some_and(|before| before.text(*field) == key.text(*field));
        let repeated = Field::ALL.iter().filter(|field| same(field)).fold(0, |mask, field| mask | 1 << *field as u16);
        self.0.extend_from_slice(&(flags | repeated).to_le_bytes());
        for field in Field::ALL.into_iter().filter(|field| repeated & 1 << *field as u16 == 0) {
            self.text(key.text(field));
        }
    }

    fn load(&mut self, load: &Load<'_>) {
        self.0.push(LOAD);
        self.text(&load.name);
        self.number(load.lines);
        self.number(load.rows.len() as u64);
        let mut before: Option<&Key<'_>> = None;
        for row in &load.rows {
            self.key(&row.key, before, 0);
            self.time(row.most_recent_content);
            self.time(Some(row.created));
            self.time(row.updated);
            before = Some(&row.key);
        }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Reads what a [`Writer`] wrote.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or("the record ends too early")?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn number(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for place in 0..10 {
            let [byte] = self.take::<1>()?;
            value |= u64::from(byte & 0x7f) << (place * 7);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number longer than ten bytes".to_owned())
    }

    /// A number of things of which each takes at least `bytes_min` bytes.
    pub(super) fn count(&mut self, bytes_min: usize) -> Result<usize, String> {
        let count = self.number()?;
        usize::try_from(count)
            .ok()
            .filter(|count| count.saturating_mul(bytes_min) <= self.0.len())
            .ok_or_else(|| format!("{count} things in {} bytes", self.0.len()))
    }

    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, String> {
        let length = self.count(1)?;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| "a text that is not UTF-8".to_owned())
    }

    pub(super) fn end(&self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("{} bytes too many", self.0.len())) }
    }

    fn time(&mut self) -> Result<Option<LocalTime>, String> {
        let seconds = self.number()?;
        Ok((seconds != 0).then(|| LocalTime::from_seconds(seconds)))
    }

    fn accepted(&mut self) -> Result<Accepted<'a>, String> {
        let at = LocalTime::from_seconds(u64::from_le_bytes(self.take()?));
        let [clears, flags] = self.take::<2>()?;
        Ok(Accepted {
            at,
            clears: match clears {
                0 => Clears::Nothing,
                1 => Clears::Collected,
                2 => Clears::Held,
                other => return Err(format!("{other} as what waits no longer, known are 0 to 2")),
            },
            source: if flags & 1 == 1 { Source::Notification } else { Source::Update },
            ignore_older: flags & 2 == 2,
            own_id: self.text()?,
            correlation_id: self.text()?,
            transactions: self.transactions()?,
        })
    }

    pub(super) fn transactions(&mut self) -> Result<Vec<Transaction<'a>>, String> {
        let count = self.count(2)?;
        let mut transactions: Vec<Transaction<'a>> = Vec::with_capacity(count);
        for _ in 0..count {
            let (key, flags) = self.key(transactions.last().map(|before| &before.key))?;
            let mut optional = |flag: u16| if flags & flag != 0 { self.text().map(Some) } else { Ok(None) };
            transactions.push(Transaction {
                delete: flags & DELETE != 0,
                has_engagement: true,
                key,
                most_recent_content: optional(HAS_CONTENT)?,
                creation_time: optional(HAS_CREATION)?.unwrap_or_default(),
                update_time: optional(HAS_UPDATE)?.unwrap_or_default(),
                engagement_extension: optional(HAS_ENGAGEMENT_EXTENSION)?.unwrap_or_default(),
                transaction_extension: optional(HAS_TRANSACTION_EXTENSION)?.unwrap_or_default(),
            });
        }
        Ok(transactions)
    }

    fn key(&mut self, before: Option<&Key<'a>>) -> Result<(Key<'a>, u16), String> {
        let flags = u16::from_le_bytes(self.take()?);
        let mut key = Key::default();
        for field in Field::ALL {
            key.0[field as usize] = match (flags & 1 << field as u16 != 0, before) {
                (false, _) => self.text()?,
                (true, Some(before)) => before.0[field as usize].clone(),
                (true, None) => return Err("the first row repeats a text".to_owned()),
            };
        }
        Ok((key, flags))
    }

    fn load(&mut self) -> Result<Load<'a>, String> {
        let (name, lines) = (self.text()?, self.number()?);
        let count = self.count(5)?;
        let mut rows: Vec<LoadRow<'a>> = Vec::with_capacity(count);
        for _ in 0..count {
            let (key, _) = self.key(rows.last().map(|before| &before.key))?;
            let most_recent_content = self.time()?;
            let created = self.time()?.ok_or("a row without time of creation")?;
            rows.push(LoadRow { key, most_recent_content, created, updated: self.time()? });
        }
        Ok(Load { name, lines, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(number: usize) -> Transaction<'static> {
        let mut transaction = Transaction { has_engagement: true, delete: number % 2 == 1, ..Transaction::default() };
        for field in Field::ALL {
            transaction.key.0[field as usize] = format!("{} {}", field.name(), number / (field as usize + 1)).into();
        }
        transaction.most_recent_content = number.is_multiple_of(3).then(|| "20200101120000".into());
        if number.is_multiple_of(4) {
            transaction.creation_time = "20190101120000".into();
            transaction.update_time = "20190102120000".into();
            transaction.engagement_extension = "<a xmlns=\"å\"/>".into();
            transaction.transaction_extension = "<b/>".into();
        }
        transaction
    }

    fn records() -> Vec<Record<'static>> {
        let accepted = Accepted {
            at: LocalTime::from_seconds(63_000_000_000),
            clears: Clears::Collected,
            source: Source::Notification,
            ignore_older: true,
            own_id: "ei-hsa-id".into(),
            correlation_id: "".into(),
            transactions: (0..20).map(transaction).collect(),
        };
        let row = |number| LoadRow {
            key: transaction(number).key,
            most_recent_content: None,
            created: LocalTime::from_seconds(63_000_000_000),
            updated: Some(LocalTime::from_seconds(63_000_000_001)),
        };
        let settle = |failure: Option<&'static str>| {
            Record::Settle(Settle {
                subscriber: "S1".into(),
                notification: u64::MAX,
                failure: failure.map(Cow::Borrowed),
            })
        };
        vec![
            Record::Apply(accepted.clone()),
            Record::Collect(Accepted { transactions: vec![transaction(4)], ..accepted.clone() }),
            Record::Hold(Accepted { clears: Clears::Nothing, source: Source::Update, ..accepted }),
            Record::Load(Load { name: "index/a.ndjson".into(), lines: 7, rows: (0..9).map(row).collect() }),
            Record::Subscribers(Cow::Borrowed(b"whatever")),
            settle(None),
            settle(Some("timed out")),
        ]
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_never_in_part() {
        for record in records() {
            let bytes = record.encode();
            assert_eq!(Record::decode(&bytes).unwrap(), record);
            if matches!(record, Record::Subscribers(_)) {
                continue; // Opaque, so any length of it is one.
            }
            for cut in 0..bytes.len() {
                assert!(Record::decode(&bytes[..cut]).is_err(), "{record:?} cut to {cut}");
            }
        }
        assert_eq!(Record::decode(&[9]).unwrap_err(), "a record of kind 9, known are 1 to 6");
    }

    #[test]
    fn damaged_bytes_give_an_error_or_another_record_and_never_a_panic() {
        for record in records() {
            let bytes = record.encode();
            for at in 0..bytes.len() {
                for change in [0x01, 0x80, 0xff] {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= change;
                    let _ = Record::decode(&damaged);
                }
            }
        }
    }

    #[test]
    fn what_was_held_is_applied_at_the_time_of_its_release() {
        let now = LocalTime::from_seconds(64_000_000_000);
        for record in records() {
            let bytes = record.encode();
            match record {
                Record::Hold(held) => {
                    let released = released(&bytes, now).unwrap();
                    let expected = Accepted { at: now, clears: Clears::Held, ..held };
                    assert_eq!(Record::decode(&released).unwrap(), Record::Apply(expected));
                }
                _ => assert_eq!(released(&bytes, now), None),
            }
        }
    }
}
