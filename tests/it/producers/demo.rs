//! The built-in environment with everything in it, and how its people are asked for.

use std::sync::Arc;

use anslut::app::Platform;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::contracts::contract::{Contract, Direction};
use anslut::contracts::validate::{Options, Target, validate};
use anslut::domain::clock::Clock;
use anslut::producers::schema::element::Element;

use crate::support::client::Ask;
use crate::support::soon;

/// Every contract that records are projected through and the index knows of, with the element of a record.
pub const CLINICAL: &[(&str, &str)] = &[
    ("GetCareDocumentation:2", "careDocumentation"),
    ("GetDiagnosis:2", "diagnosis"),
    ("GetAlertInformation:2", "alertInformation"),
    ("GetFunctionalStatus:2", "functionalStatusAssessment"),
    ("GetCareContacts:3", "careContact"),
    ("GetCareContacts:2", "careContact"),
    ("GetCarePlans:2", "carePlan"),
    ("GetLaboratoryOrderOutcome:3", "laboratoryOrderOutcome"),
    ("GetImagingOutcome:1", "imagingOutcome"),
    ("GetECGOutcome:1", "ecgOutcome"),
    ("GetReferralOutcome:3", "referralOutcome"),
    ("GetMaternityMedicalHistory:3", "maternityMedicalRecord"),
    ("GetMedicationHistory:2", "medicationMedicalRecord"),
    ("GetVaccinationHistory:2", "vaccinationMedicalRecord"),
];

/// The systems with records of care.
pub const SYSTEMS: [&str; 3] = ["SE2321000016-S001", "SE2321000016-S002", "SE5590000000-S001"];

/// A running demo.
pub struct Demo {
    pub platform: Platform,
}

impl Demo {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with other settings.
    pub async fn start_with(more: &[&str]) -> Self {
        let listeners = ["hub_http", "index_update", "index_find", "producers", "admin"];
        let listen = listeners.map(|name| format!("listen.{name}=127.0.0.1:0"));
        let others = ["listen.hub_https=off", "listen.catalogue=off", "listen.aggregation=off", "log.messages=off"];
        let others = others.iter().chain(more).map(|set| (*set).to_owned());
        let sets: Vec<_> = listen.into_iter().chain(others).collect();
        let loaded = raw::load(&Environment::Demo, &sets, &[]);
        let settings = loaded.settings.expect("usable settings");
        let started = Platform::start(Environment::Demo, settings, None, Clock::System);
        let (platform, problems) = soon("the demo to start", started).await.expect("started");
        assert!(problems.is_empty(), "{problems:?}");
        Self { platform }
    }

    pub fn contract(&self, name: &str) -> Arc<Contract> {
        self.platform.contracts().registry().select(name, None).expect(name)
    }

    /// The identity numbers of everybody who has a record.
    pub fn people(&self) -> Vec<String> {
        let files = Environment::Demo.files_below("patients").expect("readable");
        let id = |text: &str| text.split("[patient]\nid = \"").nth(1).map(|rest| rest[..12].to_owned());
        files.iter().filter_map(|file| id(std::str::from_utf8(&file.contents).expect("UTF-8"))).collect()
    }

    /// The answer through the hub, in a body that its contract allows.
    pub async fn ask(&self, name: &str, address: &str, patient: &str, fields: &str) -> Element {
        let contract = self.contract(name);
        let message = message(&contract, address, patient, fields);
        let answer = Ask::post(message).send(self.platform.address("hub_http").expect("the hub")).await;
        assert_eq!(answer.status, 200, "{name} at {address}: {}", answer.text());
        allowed(&contract, &answer.text())
    }

    /// Ids of the records of an answer through the hub.
    pub async fn ids(&self, name: &str, address: &str, patient: &str, fields: &str) -> Vec<String> {
        let answer = self.ask(name, address, patient, fields).await;
        let (_, element) = CLINICAL.iter().find(|(known, _)| *known == name).expect(name);
        let id = |record: &Element| record.children[0].text_at("documentId").expect("an id").to_owned();
        answer.all(element).map(id).collect()
    }

    /// What FindContent knows of a patient in a domain: categorization, logical address, source system, data controller,
    /// most recent content.
    pub async fn find(&self, patient: &str, domain: &str) -> Vec<[String; 5]> {
        let fields = format!(
            "<registeredResidentIdentification>{patient}</registeredResidentIdentification>\
             <serviceDomain>riv:{domain}</serviceDomain>"
        );
        let contract = self.contract("FindContent:1");
        let message = envelope(&contract, "5565594230", &fields);
        let answer = Ask::post(message).send(self.platform.address("hub_http").expect("the hub")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = Element::of_body(answer.text().as_bytes()).expect("a body");
        let names = ["categorization", "logicalAddress", "sourceSystem", "dataController", "mostRecentContent"];
        let row = |engagement: &Element| {
            for na in ["businessObjectInstanceIdentifier", "clinicalProcessInterestId"] {
                assert_eq!(engagement.text_at(na), Some("NA"));
            }
            names.map(|name| engagement.text_at(name).expect(name).to_owned())
        };
        body.all("engagement").map(row).collect()
    }
}

/// A request about a patient.
pub fn message(contract: &Contract, address: &str, patient: &str, fields: &str) -> String {
    let id = format!("<patientId><id>{patient}</id><type>1.2.752.129.2.1.3.1</type></patientId>");
    envelope(contract, address, &format!("{id}{fields}"))
}

pub fn envelope(contract: &Contract, address: &str, fields: &str) -> String {
    format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>\
         <h:LogicalAddress xmlns:h='urn:riv:itintegration:registry:1'>{address}</h:LogicalAddress></e:Header>\
         <e:Body><{0} xmlns='{1}'>{fields}</{0}></e:Body></e:Envelope>",
        contract.request.local, contract.namespace
    )
}

/// The body of an answer that its contract allows.
pub fn allowed(contract: &Arc<Contract>, answer: &str) -> Element {
    let target = Target::Contract(contract.clone(), Some(Direction::Response));
    let report = validate(target, Options::default(), answer.as_bytes());
    let errors: Vec<_> = report.errors.iter().map(|error| format!("{}: {}", error.path, error.en)).collect();
    assert_eq!(errors, Vec::<String>::new(), "{}: {answer}", contract.short_name());
    Element::of_body(answer.as_bytes()).expect("a body")
}
