//! The collect stage: single updates wait a while and become one (`ei.md` §3.6).

use std::borrow::Cow;
use std::collections::HashMap;

use super::engagement::Transaction;
use super::record::{Accepted, Clears, Source};
use super::timestamp::LocalTime;

/// The open batch. What is in it is on disk already.
#[derive(Debug, Default)]
pub struct Collect {
    rows: Vec<Transaction<'static>>,
    by_key: HashMap<Vec<u8>, usize>,
    messages: usize,
    bytes: usize,
    /// Of the first message; it speaks for the batch.
    correlation_id: String,
    own_id: String,
    ignore_older: bool,
}

impl Collect {
    /// Adds the rows of a message.
    pub fn add(&mut self, message: Accepted<'_>) {
        if self.messages == 0 {
            self.correlation_id = message.correlation_id.into_owned();
        }
        self.own_id = message.own_id.into_owned();
        self.ignore_older = message.ignore_older;
        self.messages += 1;
        for new in message.transactions {
            let mut key = new.key.resident().as_bytes().to_vec();
            new.key.write_tail(Some(&self.own_id), &mut key);
            match self.by_key.get(&key) {
                None => {
                    self.bytes += new.weight() + key.len();
                    self.by_key.insert(key, self.rows.len());
                    self.rows.push(new.into_owned());
                }
                Some(place) if replaces(&self.rows[*place], &new) => {
                    self.bytes = self.bytes.saturating_sub(self.rows[*place].weight()) + new.weight();
                    self.rows[*place] = new.into_owned();
                }
                Some(_) => {}
            }
        }
    }

    /// How many messages wait.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// What waits, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The batch as one message, or `None` where nothing waits.
    pub fn merged(&self, at: LocalTime) -> Option<Accepted<'_>> {
        (self.messages > 0).then(|| Accepted {
            at,
            clears: Clears::Collected,
            source: Source::Update,
            ignore_older: self.ignore_older,
            own_id: Cow::Borrowed(&self.own_id),
            correlation_id: Cow::Borrowed(&self.correlation_id),
            transactions: self.rows.clone(),
        })
    }

    /// The batch has been applied.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// As many messages as were in a batch that is read back merged.
    pub fn restore_messages(&mut self, messages: usize) {
        self.messages = messages;
    }
}

/// Which of two transactions of one key is kept: a delete always wins, else the larger time, else the old one.
fn replaces(old: &Transaction<'_>, new: &Transaction<'_>) -> bool {
    let time = |transaction: &Transaction<'_>| {
        transaction.most_recent_content.as_deref().and_then(|text| LocalTime::parse(text).ok())
    };
    match (old.delete, new.delete) {
        (_, true) => true,
        (true, false) => false,
        // No time at all is smaller than any.
        (false, false) => time(new) > time(old),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: &str = "20200101120000";
    const T2: &str = "20210101120000";

    fn message(delete: bool, most_recent_content: Option<&'static str>, resident: &'static str) -> Accepted<'static> {
        let mut transaction = Transaction { delete, has_engagement: true, ..Transaction::default() };
        transaction.key.0[0] = resident.into();
        transaction.most_recent_content = most_recent_content.map(Cow::Borrowed);
        Accepted {
            at: LocalTime::from_seconds(1),
            clears: Clears::Nothing,
            source: Source::Update,
            ignore_older: false,
            own_id: "own".into(),
            correlation_id: format!("for {resident}").into(),
            transactions: vec![transaction],
        }
    }

    fn kept(messages: &[(bool, Option<&'static str>)]) -> (bool, Option<String>) {
        let mut collect = Collect::default();
        messages.iter().for_each(|(delete, time)| collect.add(message(*delete, *time, "1")));
        let merged = collect.merged(LocalTime::from_seconds(2)).unwrap();
        let [one] = &merged.transactions[..] else { panic!("{merged:?}") };
        (one.delete, one.most_recent_content.as_deref().map(str::to_owned))
    }

    /// The table of `ei.md` §3.6, row by row.
    #[test]
    fn the_merge_rules_hold() {
        let rows = [
            (vec![(false, Some(T1))], (false, Some(T1))),
            (vec![(false, Some(T2)), (true, Some(T1))], (true, Some(T1))),
            (vec![(true, None), (true, Some(T1))], (true, Some(T1))),
            (vec![(true, None), (false, Some(T2))], (true, None)),
            (vec![(false, Some(T1)), (false, None)], (false, Some(T1))),
            (vec![(false, None), (false, None)], (false, None)),
            (vec![(false, None), (false, Some(T1))], (false, Some(T1))),
            (vec![(false, Some(T1)), (false, Some(T2))], (false, Some(T2))),
            (vec![(false, Some(T2)), (false, Some(T1)), (false, None)], (false, Some(T2))),
        ];
        for (messages, (delete, time)) in rows {
            assert_eq!(kept(&messages), (delete, time.map(str::to_owned)), "{messages:?}");
        }
    }

    #[test]
    fn different_keys_stay_apart_and_the_first_correlation_id_is_kept() {
        let mut collect = Collect::default();
        assert_eq!(collect.merged(LocalTime::from_seconds(2)), None);
        collect.add(message(false, None, "1"));
        collect.add(message(false, None, "2"));
        collect.add(message(true, None, "1"));
        assert_eq!(collect.messages(), 3);
        let merged = collect.merged(LocalTime::from_seconds(2)).unwrap();
        assert_eq!((merged.transactions.len(), &*merged.correlation_id), (2, "for 1"));
        collect.clear();
        assert_eq!((collect.messages(), collect.bytes()), (0, 0));
    }
}
