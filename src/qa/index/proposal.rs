//! The Updates that would put an index right, as files: nobody sends them by themselves.

use std::collections::BTreeSet;

use super::ask::escaped;
use super::audit::Finding;
use super::updates::{Key, TRANSACTIONS_MAX};
use super::watched::UPDATE;
use crate::qa::assert::soap::SOAP_1_1;

/// What an engagement is made of, in an Update.
const CORE: &str = "urn:riv:itintegration:engagementindex:1";
const REGISTRY: &str = "urn:riv:itintegration:registry:1";

/// Updates, ready to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Each an envelope with no more transactions than one may have.
    pub updates: Vec<String>,
    /// Transactions in all of them.
    pub transactions: usize,
    /// What no Update can be made of, and why.
    pub left_out: Vec<String>,
}

struct Transaction<'f> {
    delete: bool,
    key: &'f Key,
    most_recent: Option<&'f str>,
}

/// The Updates that findings propose, to an index with this address. A key stands in them once.
pub fn of(findings: &[Finding], index_address: &str) -> Proposal {
    let mut proposal = Proposal::default();
    let mut seen: BTreeSet<&Key> = BTreeSet::new();
    let mut transactions: Vec<Transaction<'_>> = Vec::new();
    for finding in findings {
        let Some(proposed) = &finding.proposed else { continue };
        let newest = proposed.most_recent.as_deref();
        let first = Transaction { delete: proposed.delete, key: &finding.key, most_recent: newest };
        let moved = proposed.instead.as_ref().map(|key| Transaction { delete: false, key, most_recent: newest });
        for transaction in std::iter::once(first).chain(moved) {
            match lacking(transaction.key) {
                Some(field) => {
                    let (kind, address) = (finding.kind, &finding.key.logical_address);
                    proposal.left_out.push(format!("{kind} at {address}: nobody told {field}"));
                }
                None if seen.insert(transaction.key) => transactions.push(transaction),
                None => {}
            }
        }
    }
    proposal.transactions = transactions.len();
    proposal.updates = transactions.chunks(TRANSACTIONS_MAX).map(|some| update(some, index_address)).collect();
    proposal
}

/// The first field that an Update must have and a key has not.
fn lacking(key: &Key) -> Option<&'static str> {
    fields(key).into_iter().find(|(_, text)| text.is_empty()).map(|(name, _)| name)
}

/// The fields of a key, in the order an engagement has them.
fn fields(key: &Key) -> [(&'static str, &str); 8] {
    [
        ("registeredResidentIdentification", &key.registered_resident_identification),
        ("serviceDomain", &key.service_domain),
        ("categorization", &key.categorization),
        ("logicalAddress", &key.logical_address),
        ("businessObjectInstanceIdentifier", &key.business_object_instance_identifier),
        ("clinicalProcessInterestId", &key.clinical_process_interest_id),
        ("sourceSystem", &key.source_system),
        ("dataController", &key.data_controller),
    ]
}

fn update(transactions: &[Transaction<'_>], index_address: &str) -> String {
    let all: String = transactions.iter().map(written).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<e:Envelope xmlns:e=\"{SOAP_1_1}\"><e:Header>\
         <r:LogicalAddress xmlns:r=\"{REGISTRY}\">{}</r:LogicalAddress></e:Header><e:Body>\
         <u:Update xmlns:u=\"{UPDATE}\" xmlns:c=\"{CORE}\">\n{all}</u:Update></e:Body></e:Envelope>\n",
        escaped(index_address)
    )
}

fn written(transaction: &Transaction<'_>) -> String {
    let Transaction { delete, key, most_recent } = transaction;
    let element = |name: &str, text: &str| format!("<c:{name}>{}</c:{name}>", escaped(text));
    let (mut before, after): (String, String) = {
        let all = fields(key).map(|(name, text)| element(name, text));
        (all[..6].concat(), all[6..].concat())
    };
    before.extend(most_recent.map(|moment| element("mostRecentContent", moment)));
    format!(
        "<u:engagementTransaction><c:deleteFlag>{delete}</c:deleteFlag><c:engagement>{before}{after}</c:engagement>\
         </u:engagementTransaction>\n"
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::audit::Proposed;
    use super::super::updates::{Update, judge};
    use super::*;

    fn finding(patient: &str, delete: bool, instead: Option<Key>) -> Finding {
        let text = str::to_owned;
        let key = Key {
            registered_resident_identification: text(patient),
            service_domain: text("riv:d"),
            categorization: text("c"),
            logical_address: text("A&B"),
            business_object_instance_identifier: text("NA"),
            source_system: text("S"),
            data_controller: text("G"),
            clinical_process_interest_id: text("NA"),
        };
        let proposed = Some(Proposed { delete, most_recent: (!delete).then(|| text("20240101120000")), instead });
        Finding { kind: "orphan", key, evidence: String::new(), proposed }
    }

    #[test]
    fn updates_hold_each_key_once_and_no_more_than_they_may() {
        let mut findings: Vec<Finding> =
            (0..=TRANSACTIONS_MAX).map(|number| finding(&number.to_string(), false, None)).collect();
        findings.push(findings[0].clone());
        let proposal = of(&findings, "<5565594230>");
        assert_eq!((proposal.updates.len(), proposal.transactions), (2, TRANSACTIONS_MAX + 1));
        let read: Vec<Update> =
            proposal.updates.iter().map(|text| Update::read(Timestamp::UNIX_EPOCH, text, None).unwrap()).collect();
        assert_eq!(judge(&read, None, false), []);
        assert_eq!(read[0].transactions[0].key, findings[0].key);
        assert!(proposal.updates[0].contains("&lt;5565594230&gt;"));
    }

    #[test]
    fn what_lacks_a_field_is_left_out_and_what_moves_is_deleted_and_inserted() {
        let right = Key { categorization: "d".to_owned(), ..finding("p", true, None).key };
        let mut nameless = finding("q", false, None);
        nameless.key.data_controller.clear();
        let proposal = of(&[finding("p", true, Some(right)), nameless], "x");
        assert_eq!(proposal.left_out, ["orphan at A&B: nobody told dataController"]);
        let read = Update::read(Timestamp::UNIX_EPOCH, &proposal.updates[0], None).unwrap();
        let told: Vec<_> = read.transactions.iter().map(|one| (one.delete, one.key.categorization.as_str())).collect();
        assert_eq!(told, [(true, "c"), (false, "d")]);
        assert_eq!(of(&[], "x"), Proposal::default());
    }
}
