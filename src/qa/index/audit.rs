//! What the index says beside what producers answer: for each patient, the engagements of one contract and the records at
//! each logical address. [`compare`] is pure; [`run`] asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Zoned;
use serde::Serialize;

use super::ask::{Answered, Asked, Engagement, Held, ProducerOf, answered, find, newest, template};
use super::filing::Filing;
use super::updates::Key;
use crate::contracts::contract::Contract;
use crate::qa::verdict::Verdict;
use crate::soap::responder::Responder;

/// Patients of one audit.
pub const PATIENTS_MAX: usize = 10_000;
/// What clocks and batches may make of the newest moment, in minutes.
const TOLERANCE_MINUTES: i64 = 60;
/// What stands in a field of an engagement that does not apply.
pub const NOT_APPLICABLE: &str = "NA";

/// What is compared.
#[derive(Clone, Debug)]
pub struct Order {
    /// Identities.
    pub patients: Vec<String>,
    /// Whom to ask.
    pub producers: Vec<ProducerOf>,
    /// Where FindContent is asked.
    pub index: String,
    /// What the contract's engagements are filed under.
    pub filing: Filing,
    /// The address of the index itself.
    pub index_address: String,
}

/// The address that the national index has.
pub fn index_address() -> String {
    "5565594230".to_owned()
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
    /// What would put it right, where an Update can.
    pub proposed: Option<Proposed>,
}

/// An Update that nobody sends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposed {
    /// Whether it takes the engagement away.
    pub delete: bool,
    /// `mostRecentContent`
    pub most_recent: Option<String>,
    /// The engagement that takes the place of the one taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<Key>,
}

impl Proposed {
    fn delete() -> Option<Self> {
        Some(Self { delete: true, most_recent: None, instead: None })
    }

    fn insert(newest: Option<String>) -> Option<Self> {
        Some(Self { delete: false, most_recent: newest, instead: None })
    }
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
    filing: &Filing,
    engagements: &[Engagement],
    answers: &BTreeMap<String, Answered>,
) -> Vec<Finding> {
    let systems = systems(answers);
    let is_asked = |key: &Key| {
        let system = key.source_system.as_str();
        answers.contains_key(&key.logical_address) || system.is_empty() || has(&systems, system)
    };
    // Other contracts' engagements, and those of systems that nobody asked, are not what this is about.
    let is_own = |one: &&Engagement| !filing.is_others(&one.key) && is_asked(&one.key);
    let own: Vec<&Engagement> = engagements.iter().filter(is_own).collect();
    let mut findings = Vec::new();
    for (place, engagement) in own.iter().enumerate() {
        let key = engagement.key.clone();
        let told = if own[..place].iter().any(|before| before.key == key) {
            // No Update takes one of two away that have the same key.
            Some(("duplicate", "the same engagement is there more than once".to_owned(), None))
        } else if let Some(other) = own.iter().find(|other| is_said_by(&key, &other.key)) {
            let evidence = format!("an engagement with {NOT_APPLICABLE} says the same: {}", other.key.logical_address);
            Some(("duplicate", evidence, Proposed::delete()))
        } else {
            of_engagement(filing, engagement, answers.get(&key.logical_address))
        };
        findings.extend(told.map(|(kind, evidence, proposed)| Finding { kind, key, evidence, proposed }));
    }
    for (address, answered) in answers {
        let key = Key {
            registered_resident_identification: patient.to_owned(),
            service_domain: filing.service_domain.clone(),
            categorization: filing.category().unwrap_or_default().to_owned(),
            logical_address: address.clone(),
            ..Key::default()
        };
        let is_known = own.iter().any(|known| known.key.logical_address == *address);
        match answered {
            Answered::Unreachable(why) => {
                findings.push(Finding { kind: "unreachable", key, evidence: why.clone(), proposed: None });
            }
            Answered::Records(records) if !is_known => findings.extend(missing(&key, records)),
            Answered::Records(_) => {}
        }
    }
    findings
}

/// The systems that are asked, by their addresses and by what their records say.
fn systems(answers: &BTreeMap<String, Answered>) -> Vec<&str> {
    let mut systems: Vec<&str> = answers.keys().map(String::as_str).collect();
    for answered in answers.values() {
        if let Answered::Records(records) = answered {
            systems.extend(records.iter().filter_map(|record| record.source_system.as_deref()));
        }
    }
    systems
}

fn has(systems: &[&str], wanted: &str) -> bool {
    systems.iter().any(|system| system.eq_ignore_ascii_case(wanted))
}

/// Whether an engagement differs from another only where that one says that the field does not apply.
fn is_said_by(key: &Key, other: &Key) -> bool {
    let fields =
        |key: &Key| [key.business_object_instance_identifier.clone(), key.clinical_process_interest_id.clone()];
    let without = |key: &Key| Key {
        business_object_instance_identifier: String::new(),
        clinical_process_interest_id: String::new(),
        ..key.clone()
    };
    let fixed = |(own, other): (String, String)| own == other || other == NOT_APPLICABLE;
    key != other && without(key) == without(other) && fields(key).into_iter().zip(fields(other)).all(fixed)
}

type Told = (&'static str, String, Option<Proposed>);

/// What is wrong with an engagement, beside what is answered at its address.
fn of_engagement(filing: &Filing, engagement: &Engagement, answered: Option<&Answered>) -> Option<Told> {
    let key = &engagement.key;
    let records = match answered {
        Some(Answered::Records(records)) => records.as_slice(),
        _ => &[],
    };
    let newest = newest(records);
    if !filing.fits(key) {
        let evidence = format!("filed under {} {}, expected {}", key.service_domain, key.categorization, filing.said());
        let right = filing.category().map(|category| Key {
            service_domain: filing.service_domain.clone(),
            categorization: category.to_owned(),
            ..key.clone()
        });
        // What there are no records of is taken away; the rest moves.
        let proposed = match (right, &newest) {
            (Some(right), Some(_)) => Some(Proposed { delete: true, most_recent: newest, instead: Some(right) }),
            _ => Proposed::delete(),
        };
        return Some(("wrong-category", evidence, proposed));
    }
    match answered {
        None => {
            let evidence = format!("no producer answers for {}", key.logical_address);
            return Some(("wrong-source", evidence, Proposed::delete()));
        }
        Some(Answered::Unreachable(_)) => return None,
        Some(Answered::Records(records)) if records.is_empty() => {
            return Some(("orphan", "the producer answers without records".to_owned(), Proposed::delete()));
        }
        Some(Answered::Records(_)) => {}
    }
    let mut named: Vec<&str> = records.iter().filter_map(|record| record.source_system.as_deref()).collect();
    if !named.is_empty() && !key.source_system.is_empty() && !has(&named, &key.source_system) {
        named.dedup();
        let evidence = format!("sourceSystem {}, records of {}", key.source_system, named.join(", "));
        let right = match named.as_slice() {
            [one] => Some(Key { source_system: (*one).to_owned(), ..key.clone() }),
            _ => None,
        };
        return Some(("wrong-source", evidence, Some(Proposed { delete: true, most_recent: newest, instead: right })));
    }
    let newest = newest?;
    let evidence = format!("mostRecentContent {}, newest record {newest}", engagement.most_recent);
    match minutes(&engagement.most_recent, &newest)? {
        late if late > TOLERANCE_MINUTES => Some(("stale", evidence, Proposed::insert(Some(newest)))),
        late if late < 0 => Some(("ahead", evidence, Proposed::insert(Some(newest)))),
        _ => None,
    }
}

/// Records that the index knows nothing of: an engagement for each system and data controller that they name.
fn missing(key: &Key, records: &[Held]) -> Vec<Finding> {
    let mut together: BTreeMap<(String, String), Vec<&Held>> = BTreeMap::new();
    for record in records {
        let named = |text: &Option<String>| text.clone().unwrap_or_default();
        together.entry((named(&record.source_system), named(&record.data_controller))).or_default().push(record);
    }
    let finding = |((source_system, data_controller), records): ((String, String), Vec<&Held>)| Finding {
        kind: "missing",
        key: Key {
            source_system,
            data_controller,
            business_object_instance_identifier: NOT_APPLICABLE.to_owned(),
            clinical_process_interest_id: NOT_APPLICABLE.to_owned(),
            ..key.clone()
        },
        evidence: format!("{} records, and no engagement", records.len()),
        proposed: Proposed::insert(newest(records)),
    };
    together.into_iter().map(finding).collect()
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
    let service_domain = &order.filing.service_domain;
    let asked = Asked { index: &order.index, address: &order.index_address, service_domain };
    let mut findings = Vec::new();
    for patient in order.patients.iter().take(PATIENTS_MAX) {
        let engagements = find(&asked, patient, carrier).await?;
        let mut answers = BTreeMap::new();
        for producer in &order.producers {
            let answered = answered(&template, patient, producer, contract, carrier, now).await;
            answers.insert(producer.logical_address.clone(), answered);
        }
        findings.extend(compare(patient, &order.filing, &engagements, &answers));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests;
