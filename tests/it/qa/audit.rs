//! The index of a running platform beside its mocked producers (`qa.md` §6.3): over HTTP, as anybody asks.

use anslut::app::Platform;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use serde_json::{Value, json};

use crate::support::client::{Answer, Ask};
use crate::support::soon;

/// A journal of the demo, and the system it is.
const JOURNAL: (&str, &str) = ("SE2321000016-S001", "journal-a");

async fn demo() -> Platform {
    let off = ["hub_https", "catalogue", "aggregation"].map(|name| format!("listen.{name}=off"));
    let on = ["hub_http", "admin", "index_update", "index_find", "producers"];
    let on = on.map(|name| format!("listen.{name}=127.0.0.1:0"));
    let sets: Vec<_> = off.into_iter().chain(on).chain(["log.messages=off".to_owned()]).collect();
    let settings = raw::load(&Environment::Demo, &sets, &[]).settings.unwrap();
    let started = Platform::start(Environment::Demo, settings, None, Clock::System);
    soon("the demo to start", started).await.unwrap().0
}

fn order(demo: &Platform, more: &Value) -> Value {
    let url = format!("http://{}/{}/", demo.address("producers").unwrap(), JOURNAL.1);
    let mut order = json!({"contract": "GetDiagnosis", "producers": [{"logical_address": JOURNAL.0, "url": url}]});
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

async fn asked(demo: &Platform, query: &str, more: Value) -> Answer {
    let ask = Ask::post(order(demo, &more).to_string()).at(&format!("/api/v1/qa/audit{query}"));
    let ask = ask.content_type("application/json").header("Host", "127.0.0.1");
    ask.send(demo.address("admin").unwrap()).await
}

async fn document(demo: &Platform, more: Value) -> Value {
    let answer = asked(demo, "?format=json", more).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

fn kinds(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_sample_is_audited_and_the_update_that_is_proposed_puts_the_index_right() {
    let demo = demo().await;
    let sample = json!({"source_system": JOURNAL.0, "count": 3, "seed": 7});
    // Nothing but the contract and the producer is named: the rest is the platform's to know.
    let right = document(&demo, json!({"sample": sample})).await;
    assert_eq!((right["verdict"].as_str(), right["patients"].as_u64()), (Some("pass"), Some(3)), "{right}");
    assert_eq!(right["filed"]["categorizations"], json!(["dia"]));
    // The index forgets what it knows of them, by an Update made of an audit under a category that nobody uses.
    let misfiled = document(&demo, json!({"sample": sample, "categorization": "xyz", "update": true})).await;
    assert!(
        !kinds(&misfiled).is_empty() && kinds(&misfiled).iter().all(|kind| *kind == "wrong-category"),
        "{misfiled}"
    );
    let update = |message: &Value| {
        let ask = Ask::post(message.as_str().unwrap().to_owned()).at("/skltp-ei/update-service/v1");
        ask.header("x-skltp-correlation-id", "c1").header("x-vp-sender-id", "SE-X")
    };
    let sent = update(&misfiled["updates"][0]).send(demo.address("index_update").unwrap()).await;
    assert!(sent.status == 200 && sent.text().contains(">OK<"), "{}", sent.text());
    let patients: Vec<&Value> = misfiled["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["key"]["registeredResidentIdentification"])
        .collect();
    let now_wrong = document(&demo, json!({"patients": patients, "update": true})).await;
    assert!(kinds(&now_wrong).contains(&"wrong-category"), "{now_wrong}");
    let sent = update(&now_wrong["updates"][0]).send(demo.address("index_update").unwrap()).await;
    assert!(sent.status == 200 && sent.text().contains(">OK<"), "{}", sent.text());
    let again = document(&demo, json!({"patients": patients})).await;
    assert_eq!((kinds(&again), again["verdict"].as_str()), (vec![], Some("pass")), "{again}");
    demo.drain().await;
}

#[tokio::test]
async fn findings_are_lines_and_the_update_a_file_of_its_own() {
    let demo = demo().await;
    let more = json!({"sample": 2, "categorization": "xyz"});
    let lines = asked(&demo, "", more.clone()).await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, findings) = lines.split_last().unwrap();
    assert_eq!(
        (summary["verdict"].as_str(), summary["findings"].as_u64()),
        (Some("fail"), Some(findings.len() as u64))
    );
    assert!(
        findings.iter().all(|one| one["kind"] == "wrong-category" && one["proposed"]["delete"] == true),
        "{lines:?}"
    );
    let file = asked(&demo, "?format=update", more).await;
    assert!(file.text().contains("<c:deleteFlag>true</c:deleteFlag>"), "{}", file.text());
    for (query, more, said) in [
        ("", json!({}), "patients are 0"),
        ("", json!({"sample": 0}), "sample.count is 0"),
        ("", json!({"sample": "all"}), "sample is a number of residents"),
        ("", json!({"sample": 1, "patients": ["191212121212"]}), "expected one of them"),
        ("", json!({"sample": {"source_system": "SE-NOBODY"}}), "the index has nobody of SE-NOBODY"),
        ("", json!({"sample": 1, "producers": []}), "producers are 0"),
        ("", json!({"sample": 1, "contract": "Update"}), "would know them"),
        ("", json!({"sample": 1, "contract": "GetNothing"}), "contract GetNothing is not known"),
        ("?format=pdf", json!({"sample": 1}), "expected ndjson, json or update"),
    ] {
        let answer = asked(&demo, query, more.clone()).await;
        assert!(answer.status == 400 && answer.text().contains(said), "{more}: {}", answer.text());
    }
    demo.drain().await;
}
