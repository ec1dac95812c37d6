//! The state that the journal's records drive: rows, what waits to be applied, and what waits to be told.
//!
//! A record does the same whether it was just written or is read back at a start; that is why recovery needs no rules
//! of its own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::apply::{self, Outcome};
use super::collect::Collect;
use super::engagement::{Field, Transaction};
use super::memory::Memory;
use super::notify::queue::Queues;
use super::notify::subscription::Subscription;
use super::record::{Accepted, Clears, Reader, Record, Source, Writer};

/// What is derived from the journal.
#[derive(Debug)]
pub struct Machine {
    /// The rows.
    pub memory: Arc<Memory>,
    /// What subscribers are to be told.
    pub queues: Arc<Queues>,
    /// Single updates in their window.
    pub collect: Collect,
    /// Messages behind the write lock, encoded.
    pub held: VecDeque<Vec<u8>>,
    /// What the messages behind the write lock weigh.
    pub held_bytes: usize,
    /// How many lines of each bulk load are in.
    pub loads: BTreeMap<String, u64>,
    /// The last record taken.
    pub applied: u64,
}

/// Up to which records a snapshot already covers the parts of the state.
#[derive(Clone, Debug, Default)]
pub struct Covered {
    /// Everything but rows.
    pub state: u64,
    /// Rows, by shard; empty where no snapshot was read.
    pub shards: Vec<u64>,
}

impl Covered {
    fn shard(&self, shard: usize) -> u64 {
        self.shards.get(shard).copied().unwrap_or(0)
    }
}

impl Machine {
    /// Nothing yet.
    pub fn new(memory: Arc<Memory>, queues: Arc<Queues>) -> Self {
        Self {
            memory,
            queues,
            collect: Collect::default(),
            held: VecDeque::new(),
            held_bytes: 0,
            loads: BTreeMap::new(),
            applied: 0,
        }
    }

    /// Takes the record with number `sequence`, as far as the state does not cover it. The error says what is wrong
    /// with its bytes.
    pub fn take(&mut self, sequence: u64, bytes: &[u8], covered: &Covered) -> Result<(), String> {
        let in_shard = |shard| sequence > covered.shard(shard);
        let whole = sequence > covered.state;
        match Record::decode(bytes)? {
            Record::Apply(message) => {
                let outcomes = apply::apply(&self.memory, &message, &in_shard);
                if whole {
                    self.clear(message.clears);
                    self.notify(sequence, message, &outcomes);
                }
            }
            Record::Load(load) => {
                apply::load(&self.memory, &load, &in_shard);
                if whole {
                    self.loads.insert(load.name.into_owned(), load.lines);
                }
            }
            _ if !whole => {}
            Record::Collect(message) => self.collect.add(message),
            Record::Hold(_) => {
                self.held_bytes += bytes.len();
                self.held.push_back(bytes.to_vec());
            }
            Record::Subscribers(text) => self.queues.subscribe(Subscription::decode(&text)?),
            Record::Settle(settle) => self.queues.settle(&settle),
        }
        self.applied = self.applied.max(sequence);
        Ok(())
    }

    fn clear(&mut self, clears: Clears) {
        match clears {
            Clears::Nothing => {}
            Clears::Collected => self.collect.clear(),
            Clears::Held => {
                let first = self.held.pop_front();
                self.held_bytes -= first.map_or(0, |held| held.len());
            }
        }
    }

    fn notify(&self, sequence: u64, message: Accepted<'_>, outcomes: &[Outcome]) {
        if !self.queues.has_subscribers() {
            return;
        }
        let Accepted { source, own_id, at, correlation_id, transactions, .. } = message;
        let told = |(transaction, outcome): (Transaction<'_>, &Outcome)| {
            outcome.notify.then(|| as_told(transaction.into_owned(), outcome, source, &own_id, &at.to_string()))
        };
        let changes: Vec<_> = transactions.into_iter().zip(outcomes).filter_map(told).collect();
        if !changes.is_empty() {
            self.queues.push(sequence, &correlation_id, changes);
        }
    }

    /// Everything but rows, for a snapshot.
    pub fn write_state(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.number(self.applied);
        let waiting = self.collect.merged(super::timestamp::LocalTime::from_seconds(0));
        out.number(self.collect.messages() as u64);
        let waiting = waiting.map(|merged| Record::Collect(merged).encode()).unwrap_or_default();
        out.number(waiting.len() as u64);
        out.0.extend_from_slice(&waiting);
        out.number(self.held.len() as u64);
        for held in &self.held {
            out.number(held.len() as u64);
            out.0.extend_from_slice(held);
        }
        out.number(self.loads.len() as u64);
        for (name, lines) in &self.loads {
            out.text(name);
            out.number(*lines);
        }
        self.queues.write(&mut out);
        out.0
    }

    /// Takes in what [`Machine::write_state`] wrote.
    pub fn read_state(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut reader = Reader(bytes);
        self.applied = reader.number()?;
        let messages = usize::try_from(reader.number()?).map_err(|_| "too many collected messages")?;
        let waiting = take_bytes(&mut reader)?;
        if !waiting.is_empty() {
            match Record::decode(waiting)? {
                Record::Collect(message) => self.collect.add(message),
                _ => return Err("another record where collected rows were expected".to_owned()),
            }
            self.collect.restore_messages(messages);
        }
        for _ in 0..reader.count(1)? {
            let held = take_bytes(&mut reader)?.to_vec();
            self.held_bytes += held.len();
            self.held.push_back(held);
        }
        for _ in 0..reader.count(2)? {
            let name = reader.text()?.into_owned();
            self.loads.insert(name, reader.number()?);
        }
        self.queues.read(&mut reader)?;
        reader.end()
    }
}

fn take_bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], String> {
    let length = reader.count(1)?;
    let (taken, rest) = reader.0.split_at(length);
    reader.0 = rest;
    Ok(taken)
}

/// A transaction as subscribers are told of it (`ei.md` §5.2).
fn as_told(
    mut transaction: Transaction<'static>,
    outcome: &Outcome,
    source: Source,
    own_id: &str,
    now: &str,
) -> Transaction<'static> {
    if source == Source::Update {
        transaction.key.0[Field::Owner as usize] = own_id.to_owned().into();
        transaction.creation_time = outcome.existed.map_or_else(|| now.to_owned(), |at| at.to_string()).into();
        if outcome.existed.is_some() {
            transaction.update_time = now.to_owned().into();
        }
    }
    transaction
}
