//! The demo environment, and what the other tests of this folder share.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{Request, Response};
use proptest::prelude::{any, proptest};
use proptest::{collection, sample};
use tempfile::TempDir;

use super::behaviour::act::{IDS, TLS_IDS};
use super::mounted::Producers;
use super::records::RecordSource;
use super::schema::{self, Contracts, SchemaSource};
use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::domain::identity_number::{Hide, masked};
use crate::domain::problem::Problem;
use crate::soap::responder::TransportFault;

/// Systems from files, given as path below `producers/` and content.
pub(super) fn loaded(files: &[(&str, &str)]) -> (Producers, Vec<Problem>) {
    let folder = TempDir::new().unwrap();
    for (path, content) in files {
        let path = folder.path().join("producers").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    Producers::load(&Environment::Folder(folder.path().to_owned()))
}

/// Systems from files without a single problem.
pub(super) fn sound(files: &[(&str, &str)]) -> Arc<Producers> {
    let (producers, problems) = loaded(files);
    assert_eq!(problems, [], "the files are sound");
    Arc::new(producers)
}

/// An envelope for an address, with a body.
pub(super) fn envelope(address: &str, body: &str) -> String {
    format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header><h:LogicalAddress \
         xmlns:h='urn:riv:itintegration:registry:1'>{address}</h:LogicalAddress></e:Header><e:Body>{body}</e:Body>\
         </e:Envelope>"
    )
}

/// A GetDiagnosis call.
pub(super) fn get_diagnosis(address: &str, patient: &str) -> String {
    let namespace = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
    let id = format!("<c:id xmlns:c='urn:c'>{patient}</c:id>");
    let body = format!("<q:GetDiagnosis xmlns:q='{namespace}'><q:patientId>{id}</q:patientId></q:GetDiagnosis>");
    envelope(address, &body)
}

/// A POST to a target.
pub(super) fn post(target: &str, body: &str) -> Request<Bytes> {
    Request::post(target).body(Bytes::from(body.to_owned())).unwrap()
}

/// What a system answers in process.
pub(super) async fn answered(
    producers: &Producers,
    system: &str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportFault> {
    producers.responder(system).expect("the system is mounted").answer(request).await
}

/// The same as status and text.
pub(super) async fn text_of(producers: &Producers, system: &str, request: Request<Bytes>) -> (u16, String) {
    let response = answered(producers, system, request).await.expect("an answer");
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
}

fn demo() -> Producers {
    let (producers, problems) = Producers::load(&Environment::Demo);
    assert_eq!(problems, [], "the demo environment loads without a single problem");
    let contracts = Contracts::new(schema::tests::registry);
    let (records, problems) = RecordSource::load(&Environment::Demo, contracts.clone());
    assert_eq!(problems, [], "nor do its records have any");
    producers.with_sources(&[Arc::new(records), Arc::new(SchemaSource::new(contracts, Clock::System))])
}

fn demo_request(name: &str) -> Request<Bytes> {
    let file = Environment::Demo.file(&format!("requests/{name}.xml")).unwrap().expect(name);
    Request::post("/").body(Bytes::from(file.contents)).unwrap()
}

#[test]
fn the_demo_environment_loads_without_a_problem_and_nothing_in_it_is_inactive() {
    let producers = demo();
    let names: Vec<_> = producers.systems().iter().map(|system| system.name().to_owned()).collect();
    let with_mappings = ["broken", "inbox", "journal-20", "load-mocks", "regional-index", "skltp-mock100"];
    let with_records_alone = ["booking", "certificates", "journal-a", "journal-b", "journal-c", "referrals"];
    let with_schemas_alone = ["cert-mock", "skltp-mock01", "skltp-mock02", "skltp-mock03"];
    let without_mappings = [with_records_alone.as_slice(), &with_schemas_alone].concat();
    let mut expected = [with_mappings.as_slice(), &without_mappings].concat();
    expected.sort_unstable();
    assert_eq!(names, expected);
    for system in producers.systems().iter() {
        assert!(system.inactive().is_empty(), "{}", system.name());
        assert_eq!(system.stubs().is_empty(), without_mappings.contains(&system.name()), "{}", system.name());
    }
}

#[tokio::test]
async fn each_demo_request_gets_the_answer_it_should() {
    let cases = [
        ("first-call", "journal-a", "JA-VOO-0003"),
        ("get-care-documentation", "journal-a", "Återbesök för förmaksflimmer"),
        ("get-care-documentation-unknown-patient", "journal-a", ":resultCode>OK</"),
        ("get-diagnosis", "journal-b", "Diabetes mellitus typ 2"),
        ("get-care-contacts", "journal-b", "JB-K-220"),
        ("get-alert-information", "journal-a", "Fenoximetylpenicillin"),
        ("get-laboratory-order-outcome", "journal-b", "B-HbA1c"),
        ("get-laboratory-order-outcome-old-style", "journal-b", "B-HbA1c"),
        ("get-medication-history", "journal-a", "Apixaban"),
        ("get-vaccination-history", "journal-b", "DEMO-77A"),
        ("get-imaging-outcome", "journal-b", "inga infiltrat"),
        ("get-referral-outcome", "journal-b", "Ultraljud"),
        ("get-subject-of-care-schedule", "booking", "BOK-1002"),
        ("is-active-user", "inbox", "<r:status>true</r:status>"),
    ];
    let producers = demo();
    for (name, system, expected) in cases {
        let (status, text) = text_of(&producers, system, demo_request(name)).await;
        assert_eq!(status, 200, "{name}: {text}");
        assert!(text.contains(expected), "{name}: {expected:?} is not in {text}");
    }
    let (_, empty) = text_of(&producers, "journal-a", demo_request("get-care-documentation-unknown-patient")).await;
    assert!(!empty.contains("careDocumentation>"), "nothing is known of the patient: {empty}");
}

#[tokio::test]
async fn the_old_system_answers_only_what_the_hub_has_converted() {
    let producers = demo();
    let as_sent = demo_request("get-diagnosis-converted");
    let text = String::from_utf8(as_sent.body().to_vec()).unwrap();
    let converted = text
        .replace("h:LogicalAddress", "h:To")
        .replace("urn:riv:itintegration:registry:1", "http://www.w3.org/2005/08/addressing");
    let (status, fault) = text_of(&producers, "journal-20", as_sent).await;
    assert_eq!(status, 500);
    assert!(fault.contains("riv.profile is \"rivtabp21\", expected \"rivtabp20\""), "{fault}");
    let (status, answer) = text_of(&producers, "journal-20", post("/", &converted)).await;
    assert_eq!(status, 200);
    assert!(answer.contains("Primär knäledsartros"), "{answer}");
}

#[tokio::test]
async fn the_broken_system_breaks_as_its_addresses_say() {
    let producers = demo();
    let faults = [
        ("F001", TransportFault::Closed),
        ("F002", TransportFault::Reset),
        ("F003", TransportFault::Reset),
        ("F004", TransportFault::Reset),
    ];
    let request = |suffix: &str| {
        let text = String::from_utf8(demo_request("first-call").body().to_vec()).unwrap();
        post("/", &text.replace("SE2321000016-S001", &format!("SE2321000016-{suffix}")))
    };
    for (suffix, expected) in faults {
        assert_eq!(answered(&producers, "broken", request(suffix)).await.unwrap_err(), expected, "{suffix}");
    }
    assert_eq!(text_of(&producers, "broken", request("F005")).await.0, 503);
    assert!(text_of(&producers, "broken", request("F006")).await.1.contains("Journaldatabasen svarar inte"));
    assert_eq!(text_of(&producers, "broken", request("F009")).await, (200, String::new()));
}

#[test]
fn the_first_call_is_one_line_that_can_stand_in_single_quotes() {
    let file = Environment::Demo.file("requests/first-call.xml").unwrap().expect("it exists");
    let text = String::from_utf8(file.contents).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1);
    assert!(!text.contains('\'') && text.len() < 600, "{} bytes", text.len());
}

/// The rows of the demo catalogue, by table.
fn catalogue_rows(kind: &str) -> Vec<toml::Table> {
    let files = Environment::Demo.files_below("tak").unwrap();
    let tables = files.iter().map(|file| str::from_utf8(&file.contents).unwrap().parse::<toml::Table>().unwrap());
    let rows = tables.filter_map(|table| table.get(kind).cloned());
    rows.flat_map(|rows| rows.try_into::<Vec<toml::Table>>().unwrap()).collect()
}

/// The values of a column; a row may have a list of them.
fn column(rows: &[toml::Table], name: &str) -> BTreeSet<String> {
    let values = rows.iter().filter_map(|row| row.get(name)).flat_map(|value| match value {
        toml::Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    });
    values.filter_map(|value| Some(value.as_str()?.to_owned())).collect()
}

#[test]
fn the_demo_catalogue_leads_to_systems_that_exist_and_holds_what_a_newcomer_tries() {
    let (routes, permissions) = (catalogue_rows("route"), catalogue_rows("permission"));
    let (contracts, producers) = (catalogue_rows("contract"), demo());
    assert!(routes.len() >= 40 && permissions.len() >= 40 && contracts.len() >= 12);

    let known = column(&contracts, "namespace");
    for rows in [&routes, &permissions] {
        let unknown: Vec<_> = column(rows, "contract").difference(&known).cloned().collect();
        assert_eq!(unknown, [] as [String; 0], "every contract is described");
    }
    for system in column(&routes, "producer") {
        assert!(producers.system(&system).is_some(), "{system} is a mocked system");
    }
    let care_documentation = "urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2";
    let is = |row: &toml::Table, name: &str, text: &str| row.get(name).and_then(|value| value.as_str()) == Some(text);
    let mut defaults = routes.iter().filter(|row| is(row, "address", "*")).peekable();
    assert!(defaults.peek().is_some());
    assert!(defaults.all(|row| !is(row, "contract", care_documentation)), "VP004 must be reachable");
    assert!(routes.iter().any(|row| is(row, "url", "http://127.0.0.1:9/journal")));
    assert!(routes.iter().any(|row| is(row, "profile", "RIVTABP20")));
    assert!(permissions.iter().any(|row| is(row, "address", "*")));
}

#[test]
fn broken_has_a_rule_for_each_behaviour_and_an_address_that_may_be_called() {
    let producers = demo();
    let broken = producers.system("broken").expect("it is there").files();
    let shown: Vec<_> = broken.producer.rules.iter().filter_map(|rule| Some(rule.act.as_ref()?.id)).collect();
    // That nothing is wrong is nothing to show, and waits by chance are those of a chaos plan.
    let expected = IDS.iter().chain(&TLS_IDS).filter(|id| !["normal", "lognormal"].contains(*id));
    assert_eq!(shown, expected.copied().collect::<Vec<_>>());
    let rows = |kind: &str| column(&catalogue_rows(kind), "address");
    for id in shown {
        let address = format!("SE2321000016-F-{}", id.to_uppercase().replace('_', "-"));
        assert!(rows("route").contains(&address) && rows("permission").contains(&address), "{address}");
    }
}

#[test]
fn everybody_in_the_demo_environment_carries_an_official_test_identity() {
    for folder in ["patients", "producers", "requests", "tak", "hsa"] {
        for file in Environment::Demo.files_below(folder).unwrap() {
            let text = String::from_utf8(file.contents).unwrap();
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap();
            assert_eq!(masked(&text, Hide::OutsideTestSeries), text, "{}", file.path.display());
            assert_eq!(masked(name, Hide::Every), name, "no identity in a file name");
        }
    }
}

proptest! {
    #[test]
    fn no_request_panics_a_system(
        bytes in collection::vec(any::<u8>(), 0..400),
        at in any::<sample::Index>(),
        target in "/[ -~]{0,40}",
    ) {
        // Half garbage, half a call that garbage has been written into.
        let mut call = demo_request("first-call").into_body().to_vec();
        let at = at.index(call.len());
        call.splice(at..at, bytes.iter().copied());
        let (producers, _) = DEMO.get_or_init(|| Producers::load(&Environment::Demo));
        for system in producers.systems() {
            for body in [&bytes, &call] {
                if let Ok(request) = Request::post(target.as_str()).body(Bytes::from(body.clone())) {
                    system.decide(request);
                }
            }
        }
    }

    #[test]
    fn no_file_panics_the_loader(bytes in collection::vec(any::<u8>(), 1..60), at in any::<sample::Index>(), kind in 0..3) {
        let file = ["producers/broken/mappings/faults.json", "producers/journal-a/producer.toml",
            "producers/inbox/mappings/add-message.json"][kind as usize];
        let mut contents = Environment::Demo.file(file).unwrap().unwrap().contents;
        let at = at.index(contents.len());
        let end = (at + bytes.len()).min(contents.len());
        contents.splice(at..end, bytes.iter().copied());
        let mut problems = Vec::new();
        if file.ends_with(".toml") {
            super::spec::producer::read(Path::new(file), &contents, &mut problems);
        } else {
            let bodies = Arc::default();
            let reading =
                super::spec::mapping::Reading { system: "x", bodies: &bodies, templating: true, is_file: true };
            super::spec::mapping::read(Path::new(file), &contents, &reading);
        }
    }
}

static DEMO: OnceLock<(Producers, Vec<Problem>)> = OnceLock::new();
