//! What the index says beside what producers answer: for each patient, the engagements of one contract and the records at
//! each logical address. [`compare`] is pure; [`run`] asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Zoned;
use serde::{Deserialize, Serialize};

use super::updates::Key;
use crate::contracts::contract::Contract;
use crate::qa::assert::soap;
use crate::qa::generate::request::Asking;
use crate::qa::generate::shape::Shape;
use crate::qa::records::{Field, Layout, leaf, named};
use crate::qa::run::exchange::{Outgoing, send};
use crate::qa::tree;
use crate::qa::verdict::Verdict;
use crate::soap::responder::Responder;

/// Patients of one audit.
pub const PATIENTS_MAX: usize = 10_000;
/// What clocks and batches may make of the newest moment, in minutes.
const TOLERANCE_MINUTES: i64 = 60;

/// What is compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Identities.
    pub patients: Vec<String>,
    /// Name or namespace of the producers' contract.
    pub contract: String,
    /// Whom to ask.
    pub producers: Vec<ProducerOf>,
    /// Where FindContent is asked; of the platform itself where nothing is said.
    #[serde(default)]
    pub index: String,
    /// What the contract's engagements are filed under.
    pub service_domain: String,
    /// The same.
    pub categorization: String,
    /// The address of the index itself.
    #[serde(default = "index_address")]
    pub index_address: String,
}

/// The address that the national index has.
pub fn index_address() -> String {
    "5565594230".to_owned()
}

/// A producer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerOf {
    /// The address it answers for.
    pub logical_address: String,
    /// Where.
    pub url: String,
    /// Who asks first, for producers that want to know.
    #[serde(default)]
    pub original_consumer: Option<String>,
}

/// An engagement that the index told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engagement {
    /// All but its newest moment.
    pub key: Key,
    /// `mostRecentContent`
    pub most_recent: String,
}

/// What a producer answered about a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The moments of its records; each list is a record's.
    Records(Vec<Vec<String>>),
    /// It could not be asked.
    Unreachable(String),
}

/// What does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `missing`, `stale`, `ahead`, `orphan`, `duplicate`, `wrong-source`, `wrong-category`, `unreachable`
    pub kind: &'static str,
    /// What it is about.
    pub key: Key,
    /// What was seen.
    pub evidence: String,
    /// What would put it right: `insert` or `delete`, and the newest moment.
    pub proposed: Option<Proposed>,
}

/// An Update that nobody sends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposed {
    /// Whether it takes the engagement away.
    pub delete: bool,
    /// `mostRecentContent`
    pub most_recent: Option<String>,
}

/// What a contract's engagements are filed under.
#[derive(Clone, Copy, Debug)]
pub struct Filed<'f> {
    /// Service domain.
    pub service_domain: &'f str,
    /// Categorization.
    pub categorization: &'f str,
}

/// The verdict of findings.
pub fn verdict(findings: &[Finding]) -> Verdict {
    let wrong = findings.iter().any(|finding| finding.kind != "unreachable");
    match (findings.is_empty(), wrong) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Fail,
        (false, false) => Verdict::Error,
    }
}

/// Compares what the index says of one patient with what producers answered, by their addresses.
pub fn compare(
    patient: &str,
    filed: Filed<'_>,
    engagements: &[Engagement],
    answers: &BTreeMap<String, Answered>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |kind: &'static str, key: &Key, evidence: String, proposed: Option<Proposed>| {
        findings.push(Finding { kind, key: key.clone(), evidence, proposed });
    };
    let delete = || Some(Proposed { delete: true, most_recent: None });
    let mut seen: Vec<&Key> = Vec::new();
    for engagement in engagements {
        let key = &engagement.key;
        if seen.contains(&key) {
            add("duplicate", key, "the same engagement is there more than once".to_owned(), delete());
            continue;
        }
        seen.push(key);
        if key.service_domain != filed.service_domain || key.categorization != filed.categorization {
            let evidence = format!(
                "filed under {} {}, expected {} {}",
                key.service_domain, key.categorization, filed.service_domain, filed.categorization
            );
            add("wrong-category", key, evidence, delete());
            continue;
        }
        match answers.get(&key.logical_address) {
            None => {
                let evidence = format!("no producer answers for {}", key.logical_address);
                add("wrong-source", key, evidence, delete());
            }
            Some(Answered::Unreachable(_)) => {}
            Some(Answered::Records(records)) if records.is_empty() => {
                add("orphan", key, "the producer answers without records".to_owned(), delete());
            }
            Some(Answered::Records(records)) => {
                let Some(newest) = newest(records) else { continue };
                let proposed = || Some(Proposed { delete: false, most_recent: Some(newest.clone()) });
                match minutes(&engagement.most_recent, &newest) {
                    Some(late) if late > TOLERANCE_MINUTES => {
                        add(
                            "stale",
                            key,
                            format!("mostRecentContent {}, newest record {newest}", engagement.most_recent),
                            proposed(),
                        );
                    }
                    Some(late) if late < 0 => {
                        add(
                            "ahead",
                            key,
                            format!("mostRecentContent {}, newest record {newest}", engagement.most_recent),
                            proposed(),
                        );
                    }
                    _ => {}
                }
            }
        }
    }
    for (address, answered) in answers {
        let key = Key {
            registered_resident_identification: patient.to_owned(),
            service_domain: filed.service_domain.to_owned(),
            categorization: filed.categorization.to_owned(),
            logical_address: address.clone(),
            ..Key::default()
        };
        let is_known = engagements.iter().any(|known| known.key.logical_address == *address);
        match answered {
            Answered::Unreachable(why) => add("unreachable", &key, why.clone(), None),
            Answered::Records(records) if !records.is_empty() && !is_known => {
                let proposed = Some(Proposed { delete: false, most_recent: newest(records) });
                add("missing", &key, format!("{} records, and no engagement", records.len()), proposed);
            }
            Answered::Records(_) => {}
        }
    }
    findings
}

/// The newest moment of records, to the second.
pub fn newest(records: &[Vec<String>]) -> Option<String> {
    records.iter().flatten().map(|text| format!("{text:0<14}")).max()
}

/// By how many minutes the second moment is later than the first.
fn minutes(first: &str, second: &str) -> Option<i64> {
    let read = |text: &str| {
        let padded = format!("{text:0<14}");
        jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", &padded).ok()
    };
    let span = read(first)?.until((jiff::Unit::Minute, read(second)?)).ok()?;
    Some(span.get_minutes())
}

/// Asks the index and the producers about each patient, and compares.
pub async fn run(
    order: &Order,
    contract: &Arc<Contract>,
    carrier: &Arc<dyn Responder>,
    now: &Zoned,
) -> Result<Vec<Finding>, String> {
    let template = template(contract)?;
    let filed = Filed { service_domain: &order.service_domain, categorization: &order.categorization };
    let mut findings = Vec::new();
    for patient in order.patients.iter().take(PATIENTS_MAX) {
        let engagements = find(order, patient, carrier).await?;
        let mut answers = BTreeMap::new();
        for producer in &order.producers {
            let answered = answered(&template, patient, producer, contract, carrier, now).await;
            answers.insert(producer.logical_address.clone(), answered);
        }
        findings.extend(compare(patient, filed, &engagements, &answers));
    }
    Ok(findings)
}

/// The request that everybody is asked with; who is asked about whom is left open.
pub fn template(contract: &Arc<Contract>) -> Result<String, String> {
    let shape = Shape::of(Arc::clone(contract)).map_err(|error| error.to_string())?;
    shape.request(&Asking::default()).ok_or_else(|| "the contract has no request to ask with".to_owned())
}

/// What a producer answers about a patient.
pub async fn answered(
    template: &str,
    patient: &str,
    producer: &ProducerOf,
    contract: &Contract,
    carrier: &Arc<dyn Responder>,
    now: &Zoned,
) -> Answered {
    let text = template
        .replace("${patientId}", patient)
        .replace("${patientIdType}", "1.2.752.129.2.1.3.1")
        .replace("${logicalAddress}", &producer.logical_address);
    let original = producer.original_consumer.as_deref().filter(|original| !original.is_empty());
    match called(&producer.url, &contract.soap_action, &text, original, carrier).await {
        Err(why) => Answered::Unreachable(why),
        Ok((status, text)) => match tree::parse(&text) {
            Ok(document) if soap::body(&document).is_some() && soap::fault(&document).is_none() => {
                let layout = Layout::default();
                let records = layout.records(&document, now);
                Answered::Records(records.iter().map(|record| record.texts(Field::Times)).collect())
            }
            // A refusal says nothing of whether there are records.
            _ => Answered::Unreachable(format!("status {status}, and no answer of the contract")),
        },
    }
}

async fn called(
    url: &str,
    action: &str,
    text: &str,
    original: Option<&str>,
    carrier: &Arc<dyn Responder>,
) -> Result<(u16, String), String> {
    let mut headers = vec![
        ("Content-Type".to_owned(), "text/xml; charset=UTF-8".to_owned()),
        ("SOAPAction".to_owned(), format!("\"{action}\"")),
    ];
    // The index takes no call without one.
    headers.push(("x-skltp-correlation-id".to_owned(), uuid::Uuid::new_v4().to_string()));
    headers.extend(original.map(|original| ("x-rivta-original-serviceconsumer-hsaid".to_owned(), original.to_owned())));
    let body = bytes::Bytes::from(text.to_owned());
    let exchange = send(carrier, Outgoing { method: "POST", endpoint: url, headers, text, body }).await?;
    Ok((exchange.status, exchange.text()))
}

async fn find(order: &Order, patient: &str, carrier: &Arc<dyn Responder>) -> Result<Vec<Engagement>, String> {
    const NAMESPACE: &str = "urn:riv:itintegration:engagementindex:FindContentResponder:1";
    let text = format!(
        "<e:Envelope xmlns:e=\"{}\" xmlns:r=\"urn:riv:itintegration:registry:1\" xmlns:f=\"{NAMESPACE}\"><e:Header><r:LogicalAddress>{}</r:LogicalAddress>\
         </e:Header><e:Body><f:FindContent><f:registeredResidentIdentification>{patient}</f:registeredResidentIdentification>\
         <f:serviceDomain>{}</f:serviceDomain></f:FindContent></e:Body></e:Envelope>",
        soap::SOAP_1_1,
        order.index_address,
        order.service_domain
    );
    let (status, text) = called(&order.index, &format!("{NAMESPACE}:FindContent"), &text, None, carrier).await?;
    let document =
        tree::parse(&text).map_err(|why| format!("the index answered with something that is not XML: {why}"))?;
    if let Some((code, reason)) = soap::fault(&document) {
        return Err(format!("the index answered with status {status}: {code} {reason}"));
    }
    let all = document.descendants().filter(|node| named(*node, "engagement"));
    Ok(all
        .map(|node| {
            let text =
                |name: &str| node.descendants().find(|child| named(*child, name)).and_then(leaf).unwrap_or_default();
            Engagement {
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
                most_recent: text("mostRecentContent"),
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILED: Filed<'_> = Filed { service_domain: "riv:d", categorization: "c" };

    fn engagement(address: &str, most_recent: &str) -> Engagement {
        let key = Key {
            registered_resident_identification: "191212121212".to_owned(),
            service_domain: "riv:d".to_owned(),
            categorization: "c".to_owned(),
            logical_address: address.to_owned(),
            ..Key::default()
        };
        Engagement { key, most_recent: most_recent.to_owned() }
    }

    fn records(times: &[&str]) -> Answered {
        Answered::Records(times.iter().map(|time| vec![(*time).to_owned()]).collect())
    }

    #[test]
    fn statement_68_index_and_producers_are_held_against_each_other() {
        let down = || Answered::Unreachable("the connection was refused".to_owned());
        let other = Engagement {
            key: Key { categorization: "x".to_owned(), ..engagement("A", "").key },
            ..engagement("A", "")
        };
        for (engagements, answers, kinds, wanted) in [
            (vec![engagement("A", "20240101120000")], vec![("A", records(&["20240101120000"]))], vec![], Verdict::Pass),
            (vec![engagement("A", "20240101120000")], vec![("A", records(&[]))], vec!["orphan"], Verdict::Fail),
            (vec![], vec![("A", records(&["20240101120000"]))], vec!["missing"], Verdict::Fail),
            (vec![engagement("A", "20240101120000")], vec![("A", down())], vec!["unreachable"], Verdict::Error),
            (vec![engagement("A", "20240101120000")], vec![("A", records(&["20240101125959"]))], vec![], Verdict::Pass),
            (
                vec![engagement("A", "20240101120000")],
                vec![("A", records(&["20240101130100"]))],
                vec!["stale"],
                Verdict::Fail,
            ),
            (
                vec![engagement("A", "20240101120000")],
                vec![("A", records(&["20240101115900"]))],
                vec!["ahead"],
                Verdict::Fail,
            ),
            (vec![engagement("B", "20240101120000")], vec![("A", records(&[]))], vec!["wrong-source"], Verdict::Fail),
            (vec![other], vec![("A", records(&[]))], vec!["wrong-category"], Verdict::Fail),
            (
                vec![engagement("A", "20240101120000"); 2],
                vec![("A", records(&["20240101120000"]))],
                vec!["duplicate"],
                Verdict::Fail,
            ),
        ] {
            let answers = answers.into_iter().map(|(address, answer)| (address.to_owned(), answer)).collect();
            let findings = compare("191212121212", FILED, &engagements, &answers);
            let found: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
            assert_eq!((found, verdict(&findings)), (kinds, wanted), "{findings:?}");
        }
    }
}
