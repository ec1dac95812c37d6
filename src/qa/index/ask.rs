//! Asking: FindContent of an index, and the contract's own question of each producer.

use std::sync::Arc;

use jiff::Zoned;
use serde::Deserialize;

use super::updates::Key;
use crate::contracts::contract::Contract;
use crate::qa::assert::soap;
use crate::qa::generate::request::Asking;
use crate::qa::generate::shape::Shape;
use crate::qa::records::{Field, Layout, leaf, named};
use crate::qa::run::exchange::{Outgoing, send};
use crate::qa::tree;
use crate::soap::responder::Responder;
use crate::soap::xml::text::escape_into;

/// The kind of identity that a personal identity number (*personnummer*) is.
pub const PERSONAL_NUMBER: &str = "1.2.752.129.2.1.3.1";

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

/// What an engagement is to know of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Its moments.
    pub times: Vec<String>,
    /// The system it comes from, where it says so.
    pub source_system: Option<String>,
    /// Its care giver, likewise: the data controller of the engagement.
    pub data_controller: Option<String>,
}

/// What a producer answered about a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Its records.
    Records(Vec<Held>),
    /// It could not be asked.
    Unreachable(String),
}

/// The newest moment of records, to the second.
pub fn newest<'h>(records: impl IntoIterator<Item = &'h Held>) -> Option<String> {
    records.into_iter().flat_map(|record| &record.times).map(|text| format!("{text:0<14}")).max()
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
        .replace("${patientIdType}", PERSONAL_NUMBER)
        .replace("${logicalAddress}", &producer.logical_address);
    let original = producer.original_consumer.as_deref().filter(|original| !original.is_empty());
    match called(&producer.url, &contract.soap_action, &text, original, carrier).await {
        Err(why) => Answered::Unreachable(why),
        Ok((status, text)) => match tree::parse(&text) {
            Ok(document) if soap::body(&document).is_some() && soap::fault(&document).is_none() => {
                let layout = Layout::default();
                let records = layout.records(&document, now);
                let held = records.iter().map(|record| Held {
                    times: record.texts(Field::Times),
                    source_system: record.text(Field::SourceSystem),
                    data_controller: record.text(Field::CareGiver),
                });
                Answered::Records(held.collect())
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

/// A text as it may stand in an element.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape_into(&mut out, text);
    out
}

/// Where FindContent is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The endpoint.
    pub index: &'a str,
    /// The address of the index itself.
    pub address: &'a str,
    /// The domain that is asked about.
    pub service_domain: &'a str,
}

/// What the index says of a patient.
pub async fn find(asked: &Asked<'_>, patient: &str, carrier: &Arc<dyn Responder>) -> Result<Vec<Engagement>, String> {
    const NAMESPACE: &str = "urn:riv:itintegration:engagementindex:FindContentResponder:1";
    let text = format!(
        "<e:Envelope xmlns:e=\"{}\" xmlns:r=\"urn:riv:itintegration:registry:1\" xmlns:f=\"{NAMESPACE}\"><e:Header><r:LogicalAddress>{}</r:LogicalAddress>\
         </e:Header><e:Body><f:FindContent><f:registeredResidentIdentification>{}</f:registeredResidentIdentification>\
         <f:serviceDomain>{}</f:serviceDomain></f:FindContent></e:Body></e:Envelope>",
        soap::SOAP_1_1,
        escaped(asked.address),
        escaped(patient),
        escaped(asked.service_domain)
    );
    let (status, text) = called(asked.index, &format!("{NAMESPACE}:FindContent"), &text, None, carrier).await?;
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
