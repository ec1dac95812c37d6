//! Every contract that ships, asked in the words of its own sample request.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderValue, Request};
use jiff::civil::date;
use jiff::tz::TimeZone;

use super::*;
use crate::contracts::builtin;
use crate::contracts::import::Importer;
use crate::contracts::validate::{Options, Target, validate};
use crate::producers::source::{Question as Asking, Wanted as Kind};
use crate::producers::spec::producer::Producer;

const PATIENT: &str = "191212121212";
const ADDRESS: &str = "SE2321000016-1A01";

/// The contracts that ship, compiled once for all tests.
pub(in crate::producers) fn registry() -> Arc<Registry> {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    let compiled = || {
        let (contracts, _) = builtin::contracts(&mut Importer::default());
        Arc::new(Registry::new(contracts, &Default::default(), &Default::default()).0)
    };
    REGISTRY.get_or_init(compiled).clone()
}

fn source() -> SchemaSource {
    let now = date(2026, 11, 1).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a time").timestamp();
    SchemaSource::new(Contracts::new(registry), Clock::fixed(now))
}

/// A request of a contract about a patient, as the sampler writes it.
fn request(contract: &Arc<Contract>, patient: &str) -> String {
    let wanted = Wanted { patient: Some(patient.to_owned()), variant: Variant::Min, ..Wanted::default() };
    sample(contract, &wanted).expect("a request").swap_remove(0)
}

fn select(name: &str) -> Arc<Contract> {
    registry().select(name, None).expect(name)
}

/// The text of an answer with status 200.
fn ask(message: &str, kind: Kind) -> String {
    let (status, text) = asked_of("anywhere", &Producer::default(), message, &kind).expect("an answer");
    assert_eq!(status, 200, "{text}");
    text
}

fn asked_of(system: &str, producer: &Producer, message: &str, wanted: &Kind) -> Option<(u16, String)> {
    let mut request = Request::new(Bytes::from(message.to_owned()));
    *request.headers_mut() = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"))]);
    let asked = Asked::read(system, &request, Timestamp::UNIX_EPOCH);
    let answer = source().answer(&Asking { system, producer, asked: &asked, own: None, wanted })?;
    Some((answer.status().as_u16(), String::from_utf8(answer.into_body().to_vec()).expect("UTF-8")))
}

fn errors(contract: &Arc<Contract>, answer: &str) -> Vec<String> {
    let target = Target::Contract(contract.clone(), Some(Direction::Response));
    validate(target, Options::default(), answer.as_bytes()).errors.iter().map(|error| error.en.clone()).collect()
}

#[test]
fn every_contract_answers_at_once_with_what_follows_its_schema() {
    let registry = registry();
    let contracts = registry.active();
    assert_eq!(contracts.len(), 45);
    for contract in contracts {
        let question = request(contract, PATIENT);
        for kind in [Kind::Usual, Kind::Variant("min".to_owned()), Kind::Variant("max".to_owned()), Kind::Empty] {
            let answer = ask(&question, kind.clone());
            assert_eq!(errors(contract, &answer), Vec::<String>::new(), "{} {kind:?}: {answer}", contract.short_name());
            assert_eq!(answer, ask(&question, kind), "{}: the same question, another answer", contract.short_name());
        }
    }
}

#[test]
fn records_are_about_the_patient_that_was_asked_for_and_differ_between_patients() {
    for name in ["GetDiagnosis:2", "GetCareContacts:3", "GetLaboratoryOrderOutcome:3", "GetSubjectOfCareSchedule:1"] {
        let contract = select(name);
        let (one, other) = (request(&contract, PATIENT), request(&contract, "198908219887"));
        let (one, other) = (ask(&one, Kind::Usual), ask(&other, Kind::Usual));
        assert!(one.contains(PATIENT) && !one.contains("198908219887"), "{one}");
        let other = other.replace("198908219887", PATIENT);
        assert_ne!(one, other, "{name}: only the patient differs");
    }
}

#[test]
fn an_answer_agrees_with_what_was_asked_for() {
    let contract = select("GetDiagnosis:2");
    let asked = request(&contract, PATIENT);
    let (before, after) = asked
        .split_once("<n1:patientId>")
        .map_or_else(|| panic!("another prefix in {asked}"), |(before, after)| (before.to_owned(), after.to_owned()));
    let end = after.find("</n1:GetDiagnosis>").expect("the end");
    let filters = "<n1:timePeriod><n2:start>20240110</n2:start><n2:end>20240112</n2:end></n1:timePeriod>\
                   <n1:sourceSystemHSAId>SE2321000016-1A01</n1:sourceSystemHSAId><n1:careContactId>VK-7</n1:careContactId>";
    let unit = "<n1:careUnitHSAId>SE2321000016-9X9X</n1:careUnitHSAId>";
    let patient_end = after.find("</n1:patientId>").expect("the patient's end") + "</n1:patientId>".len();
    let (patient, _) = (&after[..patient_end], end);
    let question = format!("{before}{unit}<n1:patientId>{patient}{filters}{}", &after[end..]);
    let answer = ask(&question, Kind::Usual);
    assert_eq!(errors(&contract, &answer), Vec::<String>::new());
    let body = Element::of_body(answer.as_bytes()).expect("a body");
    let records: Vec<_> = body.all("diagnosis").collect();
    assert_eq!(records.len(), 3);
    for record in records {
        let header = record.at("diagnosisHeader").expect("a header");
        assert_eq!(header.text_at("sourceSystemHSAId"), Some(ADDRESS));
        assert_eq!(header.text_at("patientId/id"), Some(PATIENT));
        assert_eq!(header.text_at("careContactId"), Some("VK-7"));
        let author = header.at("accountableHealthcareProfessional").expect("an author");
        assert_eq!(author.text_at("healthcareProfessionalCareUnitHSAId"), Some("SE2321000016-9X9X"));
        let time = author.text_at("authorTime").expect("a time");
        assert!(("20240110000000"..="20240112235959").contains(&time), "{time}");
    }
    let elsewhere =
        question.replace("<n1:sourceSystemHSAId>SE2321000016-1A01", "<n1:sourceSystemHSAId>SE2321000016-OTHER");
    let body = Element::of_body(ask(&elsewhere, Kind::Usual).as_bytes()).expect("a body");
    assert_eq!(body.all("diagnosis").count(), 0, "another source system has nothing here");
}

#[test]
fn seed_system_and_count_are_settings() {
    let question = request(&select("GetDiagnosis:2"), PATIENT);
    let text = |system: &str, schema: SchemaSettings| {
        let producer = Producer { schema, ..Producer::default() };
        asked_of(system, &producer, &question, &Kind::Usual).expect("an answer").1
    };
    let usual = text("a", SchemaSettings::default());
    assert_ne!(usual, text("b", SchemaSettings::default()));
    assert_ne!(usual, text("a", SchemaSettings { seed: 2, ..SchemaSettings::default() }));
    let none = text("a", SchemaSettings { count: 0, ..SchemaSettings::default() });
    assert!(usual.contains("diagnosisHeader") && !none.contains("diagnosisHeader"), "{none}");
}

#[test]
fn a_change_is_accepted_in_few_words() {
    for (name, words) in [
        ("Update:1", ">OK<"),
        ("MakeBooking:1", "bookingId"),
        ("AddMessageToPatientPortalInbox:1", "messageThreadId"),
        ("RegisterMedicalCertificate:3", ">OK<"),
        ("ProcessRequest:1", ">OK<"),
    ] {
        let contract = select(name);
        let answer = ask(&request(&contract, PATIENT), Kind::Usual);
        assert!(answer.contains(words), "{name}: {answer}");
        assert_eq!(errors(&contract, &answer), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn an_error_is_said_in_the_contracts_words_where_it_has_any() {
    let kind = Kind::Error("INVALID_REQUEST".to_owned());
    for name in ["GetDiagnosis:2", "MakeBooking:1", "ListCertificates:1", "ProcessRequest:1"] {
        let contract = select(name);
        let answer = ask(&request(&contract, PATIENT), kind.clone());
        assert!(answer.contains(">ERROR<"), "{name}: {answer}");
        assert_eq!(errors(&contract, &answer), Vec::<String>::new(), "{name}");
    }
    assert!(ask(&request(&select("GetDiagnosis:2"), PATIENT), kind.clone()).contains(">INVALID_REQUEST<"));
    let without_result = request(&select("GetSubjectOfCareSchedule:1"), PATIENT);
    assert_eq!(asked_of("a", &Producer::default(), &without_result, &kind), None);
}

#[test]
fn a_ping_says_what_is_true() {
    for contract in registry().active().into_iter().filter(|contract| contract.operation == "PingForConfiguration") {
        let answer = ask(&request(contract, PATIENT), Kind::Usual);
        assert_eq!(errors(contract, &answer), Vec::<String>::new(), "{answer}");
        assert!(answer.contains(env!("CARGO_PKG_VERSION")) && answer.contains("20261101130000"), "{answer}");
        assert!(answer.contains(">anywhere<"), "{answer}");
    }
}

#[test]
fn what_is_no_request_of_a_contract_gets_no_answer() {
    let answer = ask(&request(&select("GetDiagnosis:2"), PATIENT), Kind::Usual);
    for message in ["", "hello", "<Envelope><Body><x xmlns='urn:nothing'/></Body></Envelope>", &answer] {
        assert_eq!(asked_of("a", &Producer::default(), message, &Kind::Usual), None, "{message}");
    }
}
