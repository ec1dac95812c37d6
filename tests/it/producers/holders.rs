//! Whose records are whose, and who is told: `[records]` of `producer.toml`, `records.index = "update"`, and files that
//! change (`producers.md` §1.2, §4, §6.3).

use std::time::Duration;

use anslut::producers::schema::element::Element;
use serde_json::Value;

use super::demo::{Demo, allowed, message};
use crate::support::client::Ask;
use crate::support::world::{Plan, World};

const SYSTEM: &str = "SE2321000016-X1";
const UNIT: &str = "SE2321000016-1004";
const TOLVAN: &str = "191212121212";
const BEDA: &str = "195404039801";

fn organisation() -> String {
    format!(
        "[[giver]]\nhsa_id = \"SE2321000016-G\"\nname = \"G\"\norg_no = \"2321000016\"\n\
         [[unit]]\nhsa_id = \"{UNIT}\"\nname = \"U\"\ngiver = \"SE2321000016-G\"\n\
         [[system]]\nhsa_id = \"{SYSTEM}\"\nname = \"S\"\ngiver = \"SE2321000016-G\"\n"
    )
}

fn person(id: &str, entries: &[&str]) -> String {
    let entry = |entry: &&str| {
        format!(
            "[[entry]]\nid = \"{entry}\"\nkind = \"diagnosis\"\nsystem = \"{SYSTEM}\"\nunit = \"{UNIT}\"\n\
             authored = 2026-01-02T10:00:00\ntype = \"Huvuddiagnos\"\n\
             code = {{ code = \"I10\", system = \"icd10\", text = \"Hypertoni\" }}\n"
        )
    };
    format!("[patient]\nid = \"{id}\"\n{}", entries.iter().map(entry).collect::<String>())
}

fn plan(records: &str) -> Plan {
    Plan::bare()
        .set("listen.producers", "127.0.0.1:0")
        .set("listen.admin", "127.0.0.1:0")
        .set("records.index", "load")
        .file("patients/organisation.toml", organisation())
        .file("patients/tolvan.toml", person(TOLVAN, &["SHARED"]))
        .file("producers/one/records/beda.toml", person(BEDA, &["OWN"]))
        .file(
            "producers/one/producer.toml",
            format!("hsa_id = \"{SYSTEM}\"\nanswers = [\"record\"]\n[records]\n{records}"),
        )
}

async fn started(records: &str) -> World {
    let world = plan(records).start().await;
    assert_eq!(world.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [] as [String; 0]);
    world
}

/// Ids of a patient's diagnoses.
async fn ids(world: &World, patient: &str, change: impl Fn(Ask) -> Ask) -> Vec<String> {
    let contract = world.platform.contracts().registry().select("GetDiagnosis:2", None).expect("known");
    let ask = Ask::post(message(&contract, SYSTEM, patient, "")).at("/one/");
    let answer = change(ask).send(world.platform.address("producers").expect("the producers")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = allowed(&contract, &answer.text());
    let id = |one: &Element| one.children[0].text_at("documentId").expect("an id").to_owned();
    body.all("diagnosis").map(id).collect()
}

async fn audit(platform: &anslut::app::Platform) -> Value {
    let admin = platform.address("admin").expect("admin");
    let answer = Ask::get("/api/v1/producers/audit").header("Host", "localhost").send(admin).await;
    serde_json::from_slice(&answer.body).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_answers_from_the_files_it_names() {
    for (records, shared, own) in [
        ("", &["SHARED"][..], &["OWN"][..]),
        ("files = [\"records/*.toml\"]\n", &[], &["OWN"]),
        ("files = [\"../../patients/*.toml\"]\n", &["SHARED"], &[]),
        ("files = [\"records/nobody.toml\"]\n", &[], &[]),
    ] {
        let world = plan(records).start().await;
        assert_eq!(ids(&world, TOLVAN, |ask| ask).await, shared, "{records}");
        assert_eq!(ids(&world, BEDA, |ask| ask).await, own, "{records}");
        assert_eq!(audit(&world.platform).await["clean"], true, "{records}: the index says what the system answers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_by_header_gives_records_to_the_consumers_that_are_listed() {
    let world = started("consumers = [\"SE5565594230-LISTED\"]\n").await;
    let asking = |consumer: &'static str, named: &'static str| {
        move |ask: Ask| {
            let ask = ask.header("x-mock-response", named);
            if consumer.is_empty() { ask } else { ask.header("x-rivta-original-serviceconsumer-hsaid", consumer) }
        }
    };
    for named in ["HttpHeaderFilter", "HTTPHeader Response"] {
        assert_eq!(ids(&world, TOLVAN, asking("SE5565594230-LISTED", named)).await, ["SHARED"], "{named}");
        assert_eq!(ids(&world, TOLVAN, asking("SE5565594230-OTHER", named)).await, [] as [String; 0], "{named}");
        assert_eq!(ids(&world, TOLVAN, asking("", named)).await, [] as [String; 0], "{named}");
    }
    // Without a selection nothing is filtered.
    assert_eq!(ids(&world, TOLVAN, |ask| ask).await, ["SHARED"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_change_are_answered_and_found_anew() {
    let world = started("").await;
    assert_eq!(ids(&world, TOLVAN, |ask| ask).await, ["SHARED"]);
    world.rewrite("patients/tolvan.toml", person(TOLVAN, &["SHARED", "SHARED-2"]));
    world.rewrite("producers/one/records/beda.toml", person(BEDA, &[]));
    let changed = async {
        while ids(&world, TOLVAN, |ask| ask).await != ["SHARED", "SHARED-2"]
            || !ids(&world, BEDA, |ask| ask).await.is_empty()
        {}
        while audit(&world.platform).await["clean"] != true {}
    };
    tokio::time::timeout(Duration::from_secs(10), changed).await.expect("the change is live, and in the index");
    // One that cannot be read takes nothing away, and is named.
    world.rewrite("patients/tolvan.toml", "[patient\n");
    world.rewrite("producers/one/records/beda.toml", person(BEDA, &["OWN-2"]));
    let changed = async { while ids(&world, BEDA, |ask| ask).await != ["OWN-2"] {} };
    tokio::time::timeout(Duration::from_secs(10), changed).await.expect("the other file is live");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_is_told_by_updates_through_the_hub() {
    let demo = Demo::start_with(&["records.index=update"]).await;
    let told = async {
        loop {
            let audit = audit(&demo.platform).await;
            if audit["clean"] == true {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("the index knows of every record");
    let contract = "urn:riv:itintegration:engagementindex:UpdateResponder:1";
    let records = demo.platform.records().newest(usize::MAX, |_| true);
    let updates: Vec<_> = records.iter().filter(|record| record.contract.as_deref() == Some(contract)).collect();
    assert!(!updates.is_empty(), "they came through the hub");
    // Grouped by source system: three record systems with engagements, and the units with bookings.
    assert!(updates.len() < 60, "{} calls", updates.len());
    assert!(!demo.find(TOLVAN, "clinicalprocess:healthcond:description").await.is_empty());
}
