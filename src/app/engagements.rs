//! What records say and calls change, told to the index: straight, or by Updates through the hub as source systems send
//! them (`producers.md` §6.3).

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};

use super::index::IndexSlot;
use crate::config::index::TRANSACTIONS_MAX;
use crate::hub::Hub;
use crate::hub::within::Within;
use crate::index::engagement::Field;
use crate::index::memory::SHARDS;
use crate::index::memory::row::Row as Known;
use crate::index::request::{CORE, REGISTRY, UPDATE};
use crate::index::service::CORRELATION_ID;
use crate::producers::records::books::Change;
use crate::producers::records::rows::Row;
use crate::producers::records::{Engagements, Untold};
use crate::soap::responder::SharedResponder;
use crate::soap::xml::text::escape_into;

/// The index, as those see it who hold records.
pub(super) struct RecordsToIndex {
    pub(super) index: Arc<IndexSlot>,
    /// The hub, where Updates go through it; it knows the producers, and so is not held by them.
    pub(super) hub: Option<Weak<Hub>>,
    /// What Updates are addressed to.
    pub(super) own_id: String,
    /// The platform's id in `x-vp-instance-id`.
    pub(super) instance_id: String,
}

impl std::fmt::Debug for RecordsToIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordsToIndex").field("own_id", &self.own_id).finish_non_exhaustive()
    }
}

impl RecordsToIndex {
    fn carrier(&self) -> Result<SharedResponder, String> {
        if let Some(hub) = &self.hub {
            return Ok(Arc::new(Within::new(hub.upgrade().ok_or("the hub has stopped")?)));
        }
        let open = self.index.load_full().ok_or("the index is not open")?;
        open.responder("update").ok_or_else(|| "the index takes no Updates".to_owned())
    }

    async fn send(&self, system: &str, changes: &[Change]) -> Result<(), String> {
        let carrier = self.carrier()?;
        let request = Request::builder()
            .method(Method::POST)
            .uri("/vp")
            .header(CONTENT_TYPE, "text/xml;charset=UTF-8")
            .header("SOAPAction", format!("\"{UPDATE}:Update\""))
            .header("x-vp-sender-id", system)
            .header("x-vp-instance-id", &self.instance_id)
            .header(CORRELATION_ID, uuid::Uuid::new_v4().to_string())
            .body(Bytes::from(update(&self.own_id, changes)))
            .map_err(|error| error.to_string())?;
        let answer = carrier.answer(request).await.map_err(|fault| fault.to_string())?;
        if answer.status().is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(answer.body());
        let fault = text.split_once("<faultstring>").and_then(|(_, rest)| rest.split_once("</faultstring>"));
        Err(fault.map_or_else(|| format!("status {}", answer.status()), |(fault, _)| fault.to_owned()))
    }
}

impl Engagements for RecordsToIndex {
    fn apply(&self, changes: Vec<Change>) -> Pin<Box<dyn Future<Output = Result<(), Untold>> + Send + '_>> {
        Box::pin(async move {
            // A system that may not tell the index holds up nobody but itself.
            let mut failed: BTreeMap<String, String> = BTreeMap::new();
            let mut untold = Vec::new();
            // One Update has no two engagements of the same key: what comes later goes into a later one.
            for round in rounds(changes) {
                let mut by_system: BTreeMap<String, Vec<Change>> = BTreeMap::new();
                for change in round {
                    by_system.entry(change.row.source_system.clone()).or_default().push(change);
                }
                for (system, changes) in by_system {
                    for part in changes.chunks(TRANSACTIONS_MAX) {
                        if !failed.contains_key(&system)
                            && let Err(why) = self.send(&system, part).await
                        {
                            failed.insert(system.clone(), why);
                        }
                        if failed.contains_key(&system) {
                            untold.extend_from_slice(part);
                        }
                    }
                }
            }
            match failed.into_iter().next() {
                Some((system, why)) => Err(Untold { changes: untold, why: format!("{system}: {why}") }),
                None => Ok(()),
            }
        })
    }

    fn known(&self, systems: &BTreeSet<String>) -> Vec<Row> {
        let Some(open) = self.index.load_full() else { return Vec::new() };
        let mut rows = Vec::new();
        for shard in 0..SHARDS {
            open.index.memory().visit_shard(shard, &mut |row| {
                if systems.contains(row.text(Field::SourceSystem)) {
                    rows.push(known(row));
                }
            });
        }
        rows
    }
}

/// The changes in their order, each key at most once in a round.
fn rounds(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut rounds: Vec<(BTreeSet<[String; 7]>, Vec<Change>)> = Vec::new();
    for change in changes {
        let key = change.row.key().map(str::to_owned);
        // Behind the last round that has it.
        let place = rounds.iter().rposition(|(keys, _)| keys.contains(&key)).map_or(0, |place| place + 1);
        if place == rounds.len() {
            rounds.push((BTreeSet::new(), Vec::new()));
        }
        rounds[place].0.insert(key);
        rounds[place].1.push(change);
    }
    rounds.into_iter().map(|(_, changes)| changes).collect()
}

fn known(row: &Known<'_>) -> Row {
    let text = |field| row.text(field).to_owned();
    Row {
        registered_resident_identification: text(Field::RegisteredResidentIdentification),
        service_domain: text(Field::ServiceDomain),
        categorization: text(Field::Categorization),
        logical_address: text(Field::LogicalAddress),
        business_object_instance_identifier: text(Field::BusinessObjectInstanceIdentifier),
        clinical_process_interest_id: text(Field::ClinicalProcessInterestId),
        source_system: text(Field::SourceSystem),
        data_controller: text(Field::DataController),
        most_recent_content: row.packed().most_recent_content.map(|time| time.to_string()).unwrap_or_default(),
    }
}

fn update(own_id: &str, changes: &[Change]) -> String {
    let mut address = String::new();
    escape_into(&mut address, own_id);
    let mut out = format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header>\
         <r:LogicalAddress xmlns:r=\"{REGISTRY}\">{address}</r:LogicalAddress></soap:Header><soap:Body>\
         <p:Update xmlns:p=\"{UPDATE}\" xmlns:c=\"{CORE}\">"
    );
    for Change { is_deleted, row } in changes {
        out.push_str(&format!("<p:engagementTransaction><c:deleteFlag>{is_deleted}</c:deleteFlag><c:engagement>"));
        for (name, text) in [
            ("registeredResidentIdentification", &row.registered_resident_identification),
            ("serviceDomain", &row.service_domain),
            ("categorization", &row.categorization),
            ("logicalAddress", &row.logical_address),
            ("businessObjectInstanceIdentifier", &row.business_object_instance_identifier),
            ("clinicalProcessInterestId", &row.clinical_process_interest_id),
            ("mostRecentContent", &row.most_recent_content),
            ("sourceSystem", &row.source_system),
            ("dataController", &row.data_controller),
        ] {
            out.push_str(&format!("<c:{name}>"));
            escape_into(&mut out, text);
            out.push_str(&format!("</c:{name}>"));
        }
        out.push_str("</c:engagement></p:engagementTransaction>");
    }
    out.push_str("</p:Update></soap:Body></soap:Envelope>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_changes_twice_goes_into_two_updates() {
        let change = |category: &str, is_deleted| {
            let text = str::to_owned;
            let row = Row {
                registered_resident_identification: text("191212121212"),
                service_domain: text("riv:d"),
                categorization: text(category),
                logical_address: text("S"),
                business_object_instance_identifier: text("NA"),
                clinical_process_interest_id: text("NA"),
                source_system: text("S"),
                data_controller: text("g"),
                most_recent_content: text("20260101000000"),
            };
            Change { is_deleted, row }
        };
        let rounds = rounds(vec![change("a", false), change("b", false), change("a", true), change("a", false)]);
        let shown: Vec<Vec<_>> = rounds
            .iter()
            .map(|round| round.iter().map(|one| (one.row.categorization.as_str(), one.is_deleted)).collect())
            .collect();
        assert_eq!(shown, [vec![("a", false), ("b", false)], vec![("a", true)], vec![("a", false)]]);
        let message = update("<5565594230>", &rounds[1]);
        assert!(message.contains("&lt;5565594230&gt;") && message.contains("<c:deleteFlag>true<"), "{message}");
    }
}
