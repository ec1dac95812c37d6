//! §6: one life of each person, the same for every contract and for the index.

use std::collections::BTreeSet;

use anslut::config::environment::Environment;
use anslut::domain::identity_number::{Hide, masked};
use anslut::producers::schema::element::Element;

use super::demo::{CLINICAL, Demo, SYSTEMS, allowed, envelope};
use crate::support::client::Ask;
use crate::support::rows::rows;

const TOLVAN: &str = "191212121212";
const A: &str = SYSTEMS[0];
const B: &str = SYSTEMS[1];

rows! {
    u16;
    26 "every careContactId of an answer is a care contact of the same system" => care_contacts_exist;
    27 "each record satisfies the filters, and removing one only adds records" => filters_only_take_away;
    28 "the days at the ends of a period belong to it" => period_ends_are_included;
    29 "an alert that became obsolete before the period is not returned" => obsolete_alert;
    30 "medication without an end is returned for any later period" => medication_goes_on;
    32 "another source system than the called address has no records" => another_source;
    33 "GetCareContacts compares careContactId with documentId" => care_contact_by_document;
    34 "the index has one row for each domain, categorization, system and giver" => one_row_each;
    35 "there is a record exactly where the index says" => index_and_answers_agree;
    37 "the aggregated answer is the union of what the systems answer" => aggregated_is_the_union;
    65 "the workspace goes through the hub, the aggregating service and the hub again" => workspace_goes_all_the_way;
    39 "all identities in records are of the test series" => identities;
}

fn period(name: &str, start: &str, end: &str) -> String {
    format!("<{name}><start>{start}</start><end>{end}</end></{name}>")
}

async fn care_contacts_exist() {
    let demo = Demo::start().await;
    let mut checked = 0;
    for system in [A, B] {
        let contacts = demo.ids("GetCareContacts:3", system, TOLVAN, "").await;
        for (name, element) in CLINICAL {
            let answer = demo.ask(name, system, TOLVAN, "").await;
            for record in answer.all(element) {
                if let Some(contact) = record.children[0].text_at("careContactId") {
                    assert!(contacts.iter().any(|known| known == contact), "{name} at {system}: {contact}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked >= 10, "{checked} references");
}

async fn filters_only_take_away() {
    let demo = Demo::start().await;
    let filters = [
        "<careUnitHSAId>SE2321000016-1004</careUnitHSAId>".to_owned(),
        period("timePeriod", "20260101", "20260531"),
        "<careContactId>JA-VK-0002</careContactId>".to_owned(),
    ];
    let all = demo.ids("GetDiagnosis:2", A, TOLVAN, "").await;
    for leave_out in 0..filters.len() {
        let every = demo.ids("GetDiagnosis:2", A, TOLVAN, &filters.concat()).await;
        let fewer: String =
            filters.iter().enumerate().filter(|(at, _)| *at != leave_out).map(|(_, one)| one.as_str()).collect();
        let without = demo.ids("GetDiagnosis:2", A, TOLVAN, &fewer).await;
        assert!(!every.is_empty() && every.iter().all(|id| without.contains(id)), "{every:?} {without:?}");
        assert!(without.iter().all(|id| all.contains(id)), "{without:?} {all:?}");
    }
    let other_unit = "<careUnitHSAId>SE2321000016-1010</careUnitHSAId>";
    assert!(demo.ids("GetDiagnosis:2", A, TOLVAN, other_unit).await.is_empty());
}

async fn period_ends_are_included() {
    let demo = Demo::start().await;
    for (start, end, expected) in [
        ("20260310", "20260310", 1),
        ("20260309", "20260309", 0),
        ("20260310", "20260312", 2),
        ("20260311", "20260312", 1),
    ] {
        let found = demo.ids("GetCareDocumentation:2", A, TOLVAN, &period("timePeriod", start, end)).await;
        assert_eq!(found.len(), expected, "{start}–{end}: {found:?}");
    }
}

async fn obsolete_alert() {
    let demo = Demo::start().await;
    let mut seen = 0;
    for patient in demo.people() {
        for system in SYSTEMS {
            let answer = demo.ask("GetAlertInformation:2", system, &patient, "").await;
            for record in answer.all("alertInformation") {
                let Some(obsolete) = record.text_at("alertInformationBody/obsoleteTime") else { continue };
                let id = record.text_at("alertInformationHeader/documentId").expect("an id").to_owned();
                let on_the_day = period("timePeriod", &obsolete[..8], "20991231");
                assert!(demo.ids("GetAlertInformation:2", system, &patient, &on_the_day).await.contains(&id));
                let next_year: u32 = obsolete[..4].parse::<u32>().expect("a year") + 1;
                let after = period("timePeriod", &format!("{next_year}0101"), "20991231");
                assert!(!demo.ids("GetAlertInformation:2", system, &patient, &after).await.contains(&id));
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "somebody has an alert that became obsolete");
}

async fn medication_goes_on() {
    let demo = Demo::start().await;
    let later = period("datePeriod", "20400101", "20401231");
    assert_eq!(demo.ids("GetMedicationHistory:2", A, TOLVAN, &later).await, ["JA-LM-0002", "JA-LM-0001"]);
    let before = period("datePeriod", "20250101", "20251231");
    assert!(demo.ids("GetMedicationHistory:2", A, TOLVAN, &before).await.is_empty());
}

async fn another_source() {
    let demo = Demo::start().await;
    let source = |system: &str| format!("<sourceSystemHSAId>{system}</sourceSystemHSAId>");
    assert!(!demo.ids("GetDiagnosis:2", A, TOLVAN, &source(A)).await.is_empty());
    assert!(demo.ids("GetDiagnosis:2", A, TOLVAN, &source(B)).await.is_empty());
}

async fn care_contact_by_document() {
    let demo = Demo::start().await;
    let contact = |id: &str| format!("<careContactId>{id}</careContactId>");
    assert_eq!(demo.ids("GetCareContacts:3", B, TOLVAN, &contact("JB-K-220")).await, ["JB-K-220"]);
    assert!(demo.ids("GetCareContacts:3", B, TOLVAN, &contact("JA-VK-0002")).await.is_empty());
}

const DOMAINS: [&str; 4] = [
    "clinicalprocess:healthcond:description",
    "clinicalprocess:logistics:logistics",
    "clinicalprocess:healthcond:actoutcome",
    "clinicalprocess:activityprescription:actoutcome",
];

async fn one_row_each() {
    let demo = Demo::start().await;
    for patient in demo.people() {
        for domain in DOMAINS {
            let found = demo.find(&patient, domain).await;
            let keys: BTreeSet<_> = found.iter().map(|row| &row[..4]).collect();
            assert_eq!(keys.len(), found.len(), "{domain}: {found:?}");
            for [category, address, source, _, latest] in &found {
                assert_eq!(address, source, "{category}");
                assert_eq!(latest.len(), 14, "{latest}");
            }
        }
    }
    let documents = demo.find(TOLVAN, DOMAINS[0]).await;
    let of = |category: &str, system: &str| {
        documents.iter().find(|row| row[0] == category && row[2] == system).map(|row| row[4].clone())
    };
    assert_eq!(of("voo", A).as_deref(), Some("20260914103000"));
    assert_eq!(of("dia", B).as_deref(), Some("20260604083000"));
}

/// The categorizations under which the index knows of what a contract answers.
fn categories(name: &str) -> (&'static str, &'static [&'static str]) {
    match name {
        "GetCareDocumentation:2" => (DOMAINS[0], &["voo"]),
        "GetDiagnosis:2" => (DOMAINS[0], &["dia"]),
        "GetAlertInformation:2" => (DOMAINS[0], &["upp"]),
        "GetFunctionalStatus:2" => (DOMAINS[0], &["pad-pad", "fun-fun"]),
        "GetCareContacts:3" | "GetCareContacts:2" => (DOMAINS[1], &["vko"]),
        "GetCarePlans:2" => (DOMAINS[1], &["cll-cp"]),
        "GetLaboratoryOrderOutcome:3" => (DOMAINS[2], &["und-kkm-ure"]),
        "GetImagingOutcome:1" => (DOMAINS[2], &["und-bdi-ure"]),
        "GetECGOutcome:1" => (DOMAINS[2], &["und-ekg-ure"]),
        "GetReferralOutcome:3" => (DOMAINS[2], &["und-kon-ure"]),
        "GetMaternityMedicalHistory:3" => (DOMAINS[2], &["utr-mtr"]),
        "GetMedicationHistory:2" => (DOMAINS[3], &["caa-gmh"]),
        "GetVaccinationHistory:2" => (DOMAINS[3], &["caa-gvh"]),
        other => panic!("{other} is in no domain"),
    }
}

async fn index_and_answers_agree() {
    let demo = Demo::start().await;
    let people = demo.people();
    assert_eq!(people.len(), 30);
    let (mut with, mut without) = (0, 0);
    // Everybody through every contract is done beside the code; here every fourth person, all the way through the hub.
    for patient in people.iter().step_by(4).map(String::as_str).chain([TOLVAN]) {
        for (name, _) in CLINICAL {
            let (domain, categories) = categories(name);
            let known = demo.find(patient, domain).await;
            for system in SYSTEMS {
                let is_known = known.iter().any(|row| categories.contains(&row[0].as_str()) && row[2] == system);
                let answered = demo.ids(name, system, patient, "").await;
                assert_eq!(is_known, !answered.is_empty(), "{name} at {system}: {answered:?}");
                *(if is_known { &mut with } else { &mut without }) += 1;
            }
        }
    }
    assert!(with > 30 && without > 30, "{with} with, {without} without");
}

/// Where the aggregating services answer.
const WHOLE_COUNTRY: &str = "5565594230";

/// The diagnoses of somebody, wherever they are. The aggregating services want every element in its own namespace.
async fn ask_the_country(demo: &Demo, patient: &str, workspace: Option<&str>) -> String {
    let fields = format!(
        "<patientId><c:id xmlns:c='urn:riv:clinicalprocess:healthcond:description:2'>{patient}</c:id>\
         <c:type xmlns:c='urn:riv:clinicalprocess:healthcond:description:2'>1.2.752.129.2.1.3.1</c:type></patientId>"
    );
    let ask = Ask::post(envelope(&demo.contract("GetDiagnosis:2"), WHOLE_COUNTRY, &fields));
    let ask = workspace.into_iter().fold(ask, |ask, key| ask.header("x-anslut-workspace", key));
    let answer = ask.send(demo.platform.address("hub_http").expect("the hub")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

async fn aggregated_is_the_union() {
    let demo = Demo::start().await;
    let mut from_several = 0;
    for patient in demo.people() {
        let known = demo.find(&patient, DOMAINS[0]).await;
        let sources: BTreeSet<_> = known.iter().filter(|row| row[0] == "dia").map(|row| row[1].clone()).collect();
        let mut expected = Vec::new();
        for source in &sources {
            expected.extend(demo.ids("GetDiagnosis:2", source, &patient, "").await);
        }
        let answer = ask_the_country(&demo, &patient, None).await;
        let body = allowed(&demo.contract("GetDiagnosis:2"), &answer);
        let id = |record: &Element| record.children[0].text_at("documentId").expect("an id").to_owned();
        let mut merged: Vec<_> = body.all("diagnosis").map(id).collect();
        expected.sort();
        merged.sort();
        assert_eq!(merged, expected, "{sources:?}");
        from_several += usize::from(sources.len() > 1);
    }
    assert!(from_several >= 3, "{from_several} people with diagnoses in several systems");
}

async fn workspace_goes_all_the_way() {
    let demo = Demo::start().await;
    ask_the_country(&demo, TOLVAN, Some("apart")).await;
    for (workspace, expected) in [("apart", 1), ("", 0)] {
        for system in ["journal-a", "journal-b"] {
            let target = format!("/__admin/requests?system={system}&workspace={workspace}");
            let listed = Ask::get(&target).header("Host", "localhost");
            let listed = listed.send(demo.platform.address("admin").expect("admin")).await;
            let listed: serde_json::Value = serde_json::from_slice(&listed.body).expect("JSON");
            assert_eq!(listed["meta"]["total"], expected, "{system} in {workspace:?}");
        }
    }
}

async fn identities() {
    let files = Environment::Demo.files_below("patients").expect("readable");
    assert!(files.len() > 30);
    for file in files {
        let text = String::from_utf8(file.contents).expect("UTF-8");
        assert_eq!(masked(&text, Hide::OutsideTestSeries), text, "{}", file.path.display());
        let name = file.path.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(masked(&name, Hide::Every), name, "no identity in a file name");
    }
}
