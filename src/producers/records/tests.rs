//! The records of the built-in environment: everybody, through every contract that has a place for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::Request;

use super::book::Book;
use super::books::Books;
use super::projection::{ContractRow, projection};
use super::refuse::Refusal;
use super::rows::rows;
use super::*;
use crate::config::environment::Environment;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::validate::{Options, Target, validate};
use crate::producers::asked::{Asked, ORIGINAL_CONSUMER};
use crate::producers::schema::Contracts;
use crate::producers::schema::element::Element;
use crate::producers::schema::tests::registry;
use crate::producers::source::{Question, Wanted};
use crate::producers::spec::producer::Producer;

const TOLVAN: &str = "191212121212";

fn demo() -> &'static RecordSource {
    static DEMO: OnceLock<RecordSource> = OnceLock::new();
    DEMO.get_or_init(|| {
        let (source, problems) = RecordSource::load(&Environment::Demo, Contracts::new(registry));
        assert_eq!(problems, []);
        source
    })
}

/// Their records.
fn books() -> &'static Books {
    static BOOKS: OnceLock<Arc<Books>> = OnceLock::new();
    BOOKS.get_or_init(|| demo().books())
}

fn contract(name: &str) -> Arc<Contract> {
    registry().select(name, None).expect(name)
}

/// The HSA-ids of all systems that have records.
fn systems() -> BTreeSet<&'static str> {
    let entries = books().all().flat_map(Book::patients).flat_map(|(_, patient)| &patient.entries);
    entries.map(|entry| entry.system.as_str()).collect()
}

/// A request with these fields, the patient's among them, to the system's own address.
fn request(contract: &Contract, system: &str, patient: &str, fields: &str) -> String {
    let patient = match contract.operation.as_str() {
        "GetSubjectOfCareSchedule" => format!("<subject_of_care>{patient}</subject_of_care>"),
        "GetRequestStatus" => format!("<personId root='1.2.752.129.2.1.3.1' extension='{patient}'/>"),
        "ListCertificates" | "GetCertificate" => format!("<nationalIdentityNumber>{patient}</nationalIdentityNumber>"),
        "GetBookingDetails" => String::new(),
        _ => format!("<patientId><id>{patient}</id><type>1.2.752.129.2.1.3.1</type></patientId>"),
    };
    format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>\
         <h:LogicalAddress xmlns:h='urn:riv:itintegration:registry:1'>{system}</h:LogicalAddress></e:Header>\
         <e:Body><{0} xmlns='{1}'>{patient}{fields}</{0}></e:Body></e:Envelope>",
        contract.request.local, contract.namespace
    )
}

/// What a system of that HSA-id answers.
fn asked(
    system: &str,
    message: &str,
    change: impl Fn(&mut Producer, &mut Request<Bytes>),
) -> Option<Result<Written, Refusal>> {
    let mut producer = Producer { hsa_id: Some(system.to_owned()), ..Producer::default() };
    let mut request = Request::new(Bytes::from(message.to_owned()));
    *request.method_mut() = http::Method::POST;
    change(&mut producer, &mut request);
    let asked = Asked::read("anywhere", &request, jiff::Timestamp::UNIX_EPOCH);
    demo().written(&Question {
        system: "anywhere",
        producer: &producer,
        asked: &asked,
        own: None,
        wanted: &Wanted::Usual,
    })
}

/// The answer's body, after a look at whether the contract allows it.
fn body(contract: &Arc<Contract>, system: &str, message: &str) -> Element {
    let written = asked(system, message, |_, _| {}).expect("records").expect("an answer");
    let target = Target::Contract(contract.clone(), Some(Direction::Response));
    let report = validate(target, Options::default(), written.envelope.as_bytes());
    let errors: Vec<_> = report.errors.iter().map(|error| format!("{}: {}", error.path, error.en)).collect();
    assert_eq!(errors, Vec::<String>::new(), "{} of {system}: {}", contract.short_name(), written.envelope);
    Element::of_body(written.envelope.as_bytes()).expect("a body")
}

/// Ids of the records that are answered.
fn ids(contract_name: &str, system: &str, patient: &str, fields: &str) -> Vec<String> {
    let contract = contract(contract_name);
    let row = projection().contract(contract_name).expect("a row");
    let body = body(&contract, system, &request(&contract, system, patient, fields));
    body.all(&row.list).map(id_of).collect()
}

fn id_of(record: &Element) -> String {
    const PATHS: [&str; 4] = ["documentId", "bookingId", "requestStatusId/@extension", "certificateId"];
    let header = record.children.first().filter(|child| child.name.ends_with("Header")).unwrap_or(record);
    PATHS.iter().find_map(|path| header.text_at(path)).expect("an id").to_owned()
}

/// Fields without which a contract gives nothing though the patient has something.
fn needed(row: &ContractRow, entry: &book::Entry) -> String {
    let text = |path: &str| entry.values.text_at(path).unwrap_or_default();
    match row.name.as_str() {
        "GetSubjectOfCareSchedule:1" => format!("<healthcare_facility>{}</healthcare_facility>", text("unit.hsa_id")),
        "GetBookingDetails:1" => format!("<bookingId>{}</bookingId>", text("id")),
        "GetCertificate:1" => format!("<certificateId>{}</certificateId>", text("id")),
        _ => String::new(),
    }
}

#[test]
fn thirty_people_of_the_test_series_with_care_at_several_units() {
    let book = books().all().next().expect("the shared book");
    assert_eq!(book.patients().count(), 30);
    let mut units = BTreeSet::new();
    for (id, patient) in book.patients() {
        let entries = &patient.entries;
        assert!(entries.len() >= 4, "{id} has {} entries", entries.len());
        units.extend(entries.iter().filter_map(|entry| entry.values.text_at("unit.hsa_id")));
        for entry in entries {
            let written = entry.values.text_at("authored").expect("a time");
            assert!(("2010".."2027").contains(&written), "{id}: {written}");
        }
    }
    assert!(units.len() >= 6, "{units:?}");
}

#[test]
fn every_entry_is_answered_once_by_its_system_in_words_its_contract_allows() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &projection().contracts {
        let contract = contract(&row.name);
        for (id, patient) in books().all().flat_map(Book::patients) {
            for system in systems() {
                let entries = patient.entries.iter().filter(|entry| entry.kind == row.kind && entry.system == system);
                for entry in entries {
                    let message = request(&contract, system, id, &needed(row, entry));
                    let wanted = entry.values.text_at("id").expect("an id");
                    let found = body(&contract, system, &message);
                    let found = found.all(&row.list).filter(|record| id_of(record) == wanted).count();
                    assert_eq!(found, 1, "{} {wanted}", row.name);
                    *seen.entry(row.name.as_str()).or_default() += 1;
                }
            }
        }
    }
    let silent: Vec<_> = projection()
        .contracts
        .iter()
        .filter(|row| !seen.contains_key(row.name.as_str()))
        .map(|row| &row.name)
        .collect();
    assert!(silent.is_empty(), "nobody has anything for {silent:?}");
}

#[test]
fn nothing_of_an_entry_is_lost_on_the_way() {
    for row in &projection().contracts {
        let contract = contract(&row.name);
        for (id, patient) in books().all().flat_map(Book::patients) {
            for entry in patient.entries.iter().filter(|entry| entry.kind == row.kind) {
                let message = request(&contract, &entry.system, id, &needed(row, entry));
                let written = asked(&entry.system, &message, |_, _| {}).expect("records").expect("an answer");
                // Versions differ in what a header can say, and not all contracts have a result; bodies have all of it.
                let lost: Vec<_> = written.left_out.iter().filter(|path| path.contains("Body")).collect();
                assert!(lost.is_empty(), "{}: {lost:?}", row.name);
            }
        }
    }
}

#[test]
fn whatever_refers_to_a_care_contact_refers_to_one_of_the_same_system() {
    for system in systems() {
        for (id, patient) in books().all().flat_map(Book::patients) {
            let contacts = ids("GetCareContacts:3", system, id, "");
            for entry in patient.entries.iter().filter(|entry| entry.system == system) {
                if let Some(contact) = entry.values.text_at("contact") {
                    assert!(contacts.iter().any(|known| known == contact), "{contact} of {system}");
                }
            }
        }
    }
}

#[test]
fn the_index_says_what_the_systems_answer_and_nothing_else() {
    let rows = rows(books().all());
    let mut keys = BTreeSet::new();
    for row in &rows {
        let key = [
            &row.registered_resident_identification,
            &row.service_domain,
            &row.categorization,
            &row.source_system,
            &row.data_controller,
            &row.business_object_instance_identifier,
        ];
        assert!(keys.insert(key), "two rows of {key:?}");
        assert_eq!(row.clinical_process_interest_id, "NA");
        assert_eq!(row.most_recent_content.len(), 14, "{row:?}");
        assert!(row.service_domain == "riv:crm:scheduling" || row.logical_address == row.source_system, "{row:?}");
    }
    let mut expected = 0;
    for contract_row in &projection().contracts {
        let kind = &projection().kinds[&contract_row.kind];
        let Some(domain) = kind.domain.as_ref().filter(|_| !kind.per_entry) else { continue };
        for (id, _) in books().all().flat_map(Book::patients) {
            for system in systems() {
                let answered = ids(&contract_row.name, system, id, "");
                let is_row = |row: &&rows::Row| {
                    row.registered_resident_identification == id
                        && row.service_domain == format!("riv:{domain}")
                        && row.source_system == system
                        && kind.category.as_ref().is_none_or(|category| *category == row.categorization)
                        && (kind.category_of.is_none() || ["pad-pad", "fun-fun"].contains(&row.categorization.as_str()))
                };
                let known = rows.iter().filter(is_row).count();
                assert_eq!(known > 0, !answered.is_empty(), "{} {system} {id}: {answered:?}", contract_row.name);
                expected += known;
            }
        }
    }
    assert!(expected > 200, "{expected} rows were looked at");
}

#[test]
fn the_engagements_in_the_file_are_what_the_records_say() {
    let objects = |lines: &[u8]| -> Vec<serde_json::Value> {
        let text = std::str::from_utf8(lines).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
    };
    let known = objects(&rows::lines(&rows(books().all())));
    let file = Environment::Demo.file("index/engagements.ndjson").expect("readable").expect("there");
    let strange: Vec<_> = objects(&file.contents).into_iter().filter(|row| !known.contains(row)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn each_filter_leaves_only_what_it_asks_for_and_adds_nothing() {
    let everything = |name: &str, system: &str, patient: &str| ids(name, system, patient, "");
    let (journal_a, journal_b) = ("SE2321000016-S001", "SE2321000016-S002");
    let unit = |hsa_id: &str| format!("<careUnitHSAId>{hsa_id}</careUnitHSAId>");
    let period = |start: &str, end: &str| format!("<timePeriod><start>{start}</start><end>{end}</end></timePeriod>");
    let rows: [(&str, &str, &str, String, usize); 16] = [
        ("GetDiagnosis:2", journal_a, TOLVAN, String::new(), 2),
        ("GetDiagnosis:2", journal_a, TOLVAN, unit("SE2321000016-1004"), 2),
        ("GetDiagnosis:2", journal_a, TOLVAN, unit("SE2321000016-1010"), 0),
        ("GetDiagnosis:2", journal_a, TOLVAN, unit("SE2321000016-1010") + &unit("SE2321000016-1004"), 2),
        ("GetDiagnosis:2", journal_a, TOLVAN, period("20260312", "20260312"), 2),
        ("GetDiagnosis:2", journal_a, TOLVAN, period("20260313", "20261231"), 0),
        ("GetDiagnosis:2", journal_a, TOLVAN, "<sourceSystemHSAId>SE2321000016-S001</sourceSystemHSAId>".to_owned(), 2),
        ("GetDiagnosis:2", journal_a, TOLVAN, "<sourceSystemHSAId>SE2321000016-S002</sourceSystemHSAId>".to_owned(), 0),
        ("GetDiagnosis:2", journal_a, TOLVAN, "<careContactId>JA-VK-0002</careContactId>".to_owned(), 2),
        ("GetDiagnosis:2", journal_a, TOLVAN, "<careContactId>JA-VK-0003</careContactId>".to_owned(), 0),
        ("GetCareContacts:3", journal_b, TOLVAN, "<careContactId>JB-K-220</careContactId>".to_owned(), 1),
        ("GetCareContacts:3", journal_b, TOLVAN, "<careGiverHSAId>SE2321000016-1000</careGiverHSAId>".to_owned(), 2),
        ("GetCareContacts:3", journal_b, TOLVAN, "<careGiverHSAId>SE5590000000-2000</careGiverHSAId>".to_owned(), 0),
        // Written in 2026 and without an end: it goes on.
        ("GetMedicationHistory:2", journal_a, TOLVAN, "<datePeriod><start>20300101</start></datePeriod>".to_owned(), 2),
        ("GetMedicationHistory:2", journal_a, TOLVAN, "<datePeriod><end>20250101</end></datePeriod>".to_owned(), 0),
        (
            "GetMedicationHistory:2",
            journal_a,
            TOLVAN,
            "<prescriptionStatus>Inactive</prescriptionStatus>".to_owned(),
            0,
        ),
    ];
    for (name, system, patient, fields, expected) in rows {
        let found = ids(name, system, patient, &fields);
        assert_eq!(found.len(), expected, "{name} {fields}: {found:?}");
        let all = everything(name, system, patient);
        assert!(found.iter().all(|id| all.contains(id)), "{name} {fields}");
    }
    let other_type = "<patientId><id>191212121212</id><type>1.2.752.129.2.1.3.3</type></patientId>";
    let diagnosis = contract("GetDiagnosis:2");
    let message = request(&diagnosis, journal_a, TOLVAN, "");
    let usual = "<patientId><id>191212121212</id><type>1.2.752.129.2.1.3.1</type></patientId>";
    assert_eq!(body(&diagnosis, journal_a, &message.replace(usual, other_type)).all("diagnosis").count(), 0);
}

#[test]
fn records_come_newest_first_and_the_same_every_time() {
    let (contract, system) = (contract("GetCareDocumentation:2"), "SE2321000016-S001");
    let message = request(&contract, system, TOLVAN, "");
    let one = asked(system, &message, |_, _| {}).expect("records").expect("an answer");
    assert_eq!(Ok(one.clone()), asked(system, &message, |_, _| {}).expect("records"));
    assert_eq!(ids("GetCareDocumentation:2", system, TOLVAN, ""), ["JA-VOO-0003", "JA-VOO-0002", "JA-VOO-0001"]);
}

#[test]
fn somebody_unknown_has_an_empty_record_or_what_the_system_says() {
    let (contract, system) = (contract("GetDiagnosis:2"), "SE2321000016-S001");
    let message = request(&contract, system, "200409149812", "");
    assert_eq!(body(&contract, system, &message).all("diagnosis").count(), 0);
    let set = |unknown_patient| {
        move |producer: &mut Producer, _: &mut Request<Bytes>| producer.records.unknown_patient = unknown_patient
    };
    assert_eq!(asked(system, &message, set(UnknownPatient::Pass)), None);
    assert!(asked(system, &message, set(UnknownPatient::Fault)).expect("an answer").is_err());
    // A system that no record names has no records at all.
    assert_eq!(asked("SE2321000016-S999", &message, |_, _| {}), None);
}

#[test]
fn what_was_nullified_says_so_and_no_more_than_it_must() {
    let fredrik = "197711219977";
    let (contract, system) = (contract("GetDiagnosis:2"), nullified_in(fredrik));
    let message = request(&contract, system, fredrik, "");
    let body = body(&contract, system, &message);
    let is_nullified = |record: &&Element| record.text_at("diagnosisHeader/nullified") == Some("true");
    let record = body.all("diagnosis").find(is_nullified).expect("a nullified record");
    assert_eq!(record.text_at("diagnosisHeader/nullifiedReason"), Some("Fel diagnos vald"));
    assert_eq!((record.at("diagnosisBody/diagnosisCode"), record.at("diagnosisHeader/documentTitle")), (None, None));
    let omitted = asked(system, &message, |producer, _| producer.records.omits_nullified = true);
    assert!(!omitted.expect("records").expect("an answer").envelope.contains("nullified"));
}

fn nullified_in(patient: &str) -> &'static str {
    let patient = books().all().find_map(|book| book.patient(patient)).expect("known");
    let entry = patient.entries.iter().find(|entry| entry.values.get("nullified").is_some());
    entry.map(|entry| entry.system.as_str()).expect("somebody has a nullified entry")
}

#[test]
fn what_is_not_approved_is_kept_from_the_consumers_named() {
    let fredrik = "197711219977";
    let (contract, system) = (contract("GetCareDocumentation:2"), nullified_in(fredrik));
    let message = request(&contract, system, fredrik, "");
    let count = |consumer: &'static str| {
        let change = move |producer: &mut Producer, request: &mut Request<Bytes>| {
            producer.records.approved_only_for = vec!["SE1-CITIZENS".to_owned()];
            request.headers_mut().insert(ORIGINAL_CONSUMER, consumer.parse().expect("a header"));
        };
        let written = asked(system, &message, change).expect("records").expect("an answer");
        written.envelope.matches("<n1:careDocumentation>").count()
    };
    assert_eq!(count("SE1-DOCTORS"), count("SE1-CITIZENS") + 1);
}
