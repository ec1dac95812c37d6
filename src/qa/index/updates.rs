//! EI_TF 2.2 to 2.4 and what an Update must say: judged on the Updates that were seen. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::qa::records::{leaf, named};
use crate::qa::tree;

/// Transactions of one Update.
pub const TRANSACTIONS_MAX: usize = 1_000;
/// Shortest time between two Updates of the same key, in seconds.
const SAME_KEY_SECONDS: i64 = 300;
/// Longest time from a change to its Update, in seconds.
const DELAY_SECONDS_MAX: i64 = 3_600;
/// Shortest time between two calls of an initial load, in seconds.
const BURST_SECONDS: i64 = 5;

/// One engagement as an Update tells it; the key is all but the newest moment and the flag.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// The patient.
    pub registered_resident_identification: String,
    /// `riv:…`
    pub service_domain: String,
    /// What kind.
    pub categorization: String,
    /// Where to ask.
    pub logical_address: String,
    /// Which one, where the contract tells them apart.
    pub business_object_instance_identifier: String,
    /// Where it comes from.
    pub source_system: String,
    /// Who owns it.
    pub data_controller: String,
    /// The process.
    pub clinical_process_interest_id: String,
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// What it is about.
    pub key: Key,
    /// Whether it takes it away.
    pub delete: bool,
    /// The newest moment.
    pub most_recent: String,
}

/// One Update.
#[derive(Clone, Debug)]
pub struct Update {
    /// When it came.
    pub at: Timestamp,
    /// What it says.
    pub transactions: Vec<Transaction>,
    /// The code it was refused with, if it was.
    pub refused: Option<String>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `EI_TF 2.2`
    pub case: String,
    /// What was seen.
    pub text: String,
}

impl Update {
    /// Reads an Update; nothing where it is none.
    pub fn read(at: Timestamp, message: &str, refused: Option<String>) -> Option<Self> {
        let document = tree::parse(message).ok()?;
        let all = document.descendants().filter(|node| named(*node, "engagementTransaction"));
        let transactions = all.map(|node| {
            let text =
                |name: &str| node.descendants().find(|child| named(*child, name)).and_then(leaf).unwrap_or_default();
            Transaction {
                key: Key {
                    registered_resident_identification: text("registeredResidentIdentification"),
                    service_domain: text("serviceDomain"),
                    categorization: text("categorization"),
                    logical_address: text("logicalAddress"),
                    business_object_instance_identifier: text("businessObjectInstanceIdentifier"),
                    source_system: text("sourceSystem"),
                    data_controller: text("dataController"),
                    clinical_process_interest_id: text("clinicalProcessInterestId"),
                },
                delete: matches!(text("deleteFlag").as_str(), "true" | "1"),
                most_recent: text("mostRecentContent"),
            }
        });
        let transactions: Vec<_> = transactions.collect();
        (!transactions.is_empty()).then_some(Self { at, transactions, refused })
    }
}

/// What all Updates of a window break, and what became of the change that was attested at `attested`.
pub fn judge(updates: &[Update], attested: Option<Timestamp>, initial_load: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |case: &str, text: String| findings.push(Finding { case: case.to_owned(), text });
    let mut last: BTreeMap<&Key, Timestamp> = BTreeMap::new();
    for (number, update) in updates.iter().enumerate() {
        let number = number + 1;
        if let Some(code) = &update.refused {
            add("EI_TF", format!("Update {number} was refused with {code}"));
        }
        let count = update.transactions.len();
        if count > TRANSACTIONS_MAX {
            add("EI_TF 2.3", format!("Update {number} has {count} transactions, at most {TRANSACTIONS_MAX}"));
        }
        let mut own: Vec<&Key> = update.transactions.iter().map(|transaction| &transaction.key).collect();
        own.sort_unstable();
        if own.windows(2).any(|pair| pair[0] == pair[1]) {
            add("EI_TF 2.3", format!("Update {number} has the same key twice"));
        }
        own.dedup();
        // One finding for all keys of an Update: the one that came soonest tells enough.
        let mut repeated: Vec<i64> = Vec::new();
        for key in own {
            if let Some(before) = last.insert(key, update.at) {
                repeated.push(update.at.as_second() - before.as_second());
            }
        }
        repeated.retain(|seconds| *seconds < SAME_KEY_SECONDS);
        if let Some(seconds) = repeated.iter().min() {
            let keys = repeated.len();
            add(
                "EI_TF 2.2",
                format!("Update {number} repeats {keys} keys, one after {seconds} s, at least {SAME_KEY_SECONDS} s"),
            );
        }
    }
    if let (Some(attested), Some(first)) = (attested, updates.iter().find(|update| Some(update.at) >= attested)) {
        let seconds = first.at.as_second() - attested.as_second();
        if seconds > DELAY_SECONDS_MAX {
            add("EI_TF 2.1", format!("the Update came after {seconds} s, at most {DELAY_SECONDS_MAX} s"));
        }
    }
    for pair in updates.windows(2).filter(|_| initial_load) {
        let seconds = pair[1].at.as_second() - pair[0].at.as_second();
        if seconds < BURST_SECONDS {
            add(
                "EI_TF 2.4",
                format!("two calls of the initial load are {seconds} s apart, at least {BURST_SECONDS} s"),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(second: i64, patients: impl Iterator<Item = usize>) -> Update {
        let transactions = patients.map(|number| {
            format!(
                "<u:engagementTransaction><u:deleteFlag>false</u:deleteFlag><u:engagement><u:registeredResidentIdentification>{number}\
                 </u:registeredResidentIdentification><u:serviceDomain>riv:x</u:serviceDomain></u:engagement></u:engagementTransaction>"
            )
        });
        let message = format!("<u:Update xmlns:u='urn:u'>{}</u:Update>", transactions.collect::<String>());
        Update::read(Timestamp::from_second(second).unwrap(), &message, None).unwrap()
    }

    fn cases(updates: &[Update], attested: Option<i64>, initial: bool) -> Vec<String> {
        let attested = attested.map(|second| Timestamp::from_second(second).unwrap());
        judge(updates, attested, initial).into_iter().map(|finding| finding.case).collect()
    }

    #[test]
    fn statement_67_updates_are_few_apart_and_not_too_large() {
        assert_eq!(cases(&[update(0, 0..1_000), update(300, 0..2)], None, false), [""; 0]);
        assert_eq!(cases(&[update(0, 0..1_001)], None, false), ["EI_TF 2.3"]);
        assert_eq!(cases(&[update(0, 0..1), update(299, 0..1)], None, false), ["EI_TF 2.2"]);
        assert_eq!(cases(&[update(0, [1, 1].into_iter())], None, false), ["EI_TF 2.3"]);
        assert_eq!(cases(&[update(3_601, 0..1)], Some(0), false), ["EI_TF 2.1"]);
        assert_eq!(cases(&[update(0, 0..1), update(4, 1..2)], None, true), ["EI_TF 2.4"]);
        let refused = Update { refused: Some("EI004".to_owned()), ..update(0, 0..1) };
        assert_eq!(cases(&[refused], None, false), ["EI_TF"]);
    }
}
