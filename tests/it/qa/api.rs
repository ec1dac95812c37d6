//! `/api/v1/qa`, against a desk in a folder of its own.

use std::path::Path;
use std::sync::Arc;

use anslut::domain::clock::Clock;
use anslut::qa::api::router;
use anslut::qa::consumer::hub::Hub;
use anslut::qa::desk::Desk;
use axum::Router;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::mutants::Here;
use super::suite::{Stub, Suite, answer, assertion, record};

fn desk(data: &Path, stub: Stub) -> Router {
    let here = Here::default();
    here.known("stub", Arc::new(stub));
    router(Arc::new(Desk::open(Some(data), Clock::System, Arc::new(here)).unwrap()))
}

struct Reply {
    status: u16,
    location: Option<String>,
    bytes: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }
}

async fn call(router: &Router, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Reply {
    let mut request = Request::new(axum::body::Body::from(body.into()));
    (*request.method_mut(), *request.uri_mut()) = (method, path.parse().unwrap());
    let response: Response<_> = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
    let (head, body) = response.into_parts();
    Reply {
        status: head.status.as_u16(),
        location: head.headers.get("location").map(|value| value.to_str().unwrap().to_owned()),
        bytes: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

async fn post(router: &Router, path: &str, body: Value) -> Reply {
    call(router, Method::POST, path, body.to_string()).await
}

async fn get(router: &Router, path: &str) -> Reply {
    call(router, Method::GET, path, "").await
}

/// The suite as a zip.
fn zipped(suite: &Suite) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    suite.write(folder.path());
    let files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    anslut::qa::report::zip::write(&files).unwrap()
}

fn suite() -> Suite {
    Suite::of(assertion("Schema Compliance", "") + &assertion("SOAP Fault Assertion", ""))
        .data(&[("answer", "own")], &[("patientId", "191212121212")])
}

fn stub() -> Stub {
    Stub::with("own", 200, answer(&record("d1", "191212121212", "20240115120000")))
}

async fn handed_in(router: &Router) -> String {
    let taken = call(router, Method::POST, "/api/v1/qa/suites", zipped(&suite())).await;
    assert_eq!(taken.status, 201, "{}", taken.json());
    taken.json()["id"].as_str().unwrap().to_owned()
}

async fn finished(router: &Router, order: Value) -> String {
    let started = post(router, "/api/v1/qa/runs", order).await;
    assert_eq!(started.status, 202, "{}", started.json());
    let id = started.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(started.location.as_deref(), Some(format!("/api/v1/qa/runs/{id}").as_str()));
    get(router, &format!("/api/v1/qa/runs/{id}/events?wait=true")).await;
    id
}

#[tokio::test]
async fn a_suite_put_on_the_shelf_beside_is_deleted_and_stays_so() {
    let data = tempfile::tempdir().unwrap();
    let (router, beside) = (desk(data.path(), stub()), desk(data.path(), stub()));
    let suite = handed_in(&beside).await;
    let path = format!("/api/v1/qa/suites/{suite}");
    assert_eq!(call(&router, Method::DELETE, &path, "").await.status, 204, "nobody has listed it before");
    assert_eq!(get(&router, "/api/v1/qa/suites").await.json(), json!([]));
    assert_eq!(call(&router, Method::DELETE, &path, "").await.status, 404);
}

#[tokio::test]
async fn statement_83_a_run_is_started_watched_and_ended() {
    let data = tempfile::tempdir().unwrap();
    let router = desk(data.path(), stub());
    let suite = handed_in(&router).await;
    assert_eq!(get(&router, &format!("/api/v1/qa/suites/{suite}/cases")).await.json()[0]["name"], "C1");
    let id = finished(&router, json!({"suite": suite, "target": "http://stub/"})).await;
    let run = get(&router, &format!("/api/v1/qa/runs/{id}")).await.json();
    assert_eq!((&run["state"], &run["verdict"]), (&json!("finished"), &json!("pass")), "{run}");
    assert_eq!(run["totals"]["pass"], 1);
    // The same after a restart.
    let again = desk(data.path(), stub());
    assert_eq!(get(&again, &format!("/api/v1/qa/runs/{id}")).await.json(), run);
    assert_eq!(get(&again, &format!("/api/v1/qa/suites/{suite}")).await.status, 200);
    // Cancelled before its first case ends: what is left is not run.
    let slow = desk(tempfile::tempdir().unwrap().path(), Stub { delay: 200, ..stub() });
    let suite = handed_in(&slow).await;
    let order = json!({"suite": suite, "target": "http://stub/"});
    // Four run, the fifth waits, and is cancelled there.
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(post(&slow, "/api/v1/qa/runs", order.clone()).await.json()["id"].as_str().unwrap().to_owned());
    }
    let last = ids.pop().unwrap();
    let before = get(&slow, &format!("/api/v1/qa/runs/{last}")).await.json();
    assert_eq!(before["state"], "queued", "{before}");
    assert_eq!(post(&slow, &format!("/api/v1/qa/runs/{last}/cancel"), json!({})).await.status, 200);
    get(&slow, &format!("/api/v1/qa/runs/{last}/events?wait=true")).await;
    let run = get(&slow, &format!("/api/v1/qa/runs/{last}")).await.json();
    assert_eq!((&run["cases"][0]["verdict"], &run["cases"][0]["reason"]), (&json!("not-run"), &json!("cancelled")));
    for (order, status) in [
        (json!({"suite": "none"}), 404),
        (json!({"suite": suite, "cases": ["C9*"]}), 400),
        (json!({"suite": suite, "smell": 1}), 400),
        (json!({"suite": suite, "session": "none"}), 404),
    ] {
        assert_eq!(post(&slow, "/api/v1/qa/runs", order.clone()).await.status, status, "{order}");
    }
}

#[tokio::test]
async fn statement_76_a_reviewer_decides_with_a_reason() {
    let data = tempfile::tempdir().unwrap();
    let router = desk(data.path(), stub());
    let suite = handed_in(&router).await;
    let id = finished(&router, json!({"suite": suite, "target": "http://stub/"})).await;
    let path = format!("/api/v1/qa/runs/{id}/cases/0/override");
    for body in [
        json!({"verdict": "fail", "by": "Anna"}),
        json!({"verdict": "fail", "reason": "x"}),
        json!({"by": "A", "reason": "x"}),
    ] {
        assert_eq!(post(&router, &path, body.clone()).await.status, 400, "{body}");
    }
    let said = json!({"verdict": "fail", "by": "Anna", "reason": "fel i bilagan"});
    assert_eq!(post(&router, &path, said.clone()).await.status, 200);
    let run = get(&router, &format!("/api/v1/qa/runs/{id}")).await.json();
    assert_eq!((&run["cases"][0]["verdict"], &run["cases"][0]["override"]), (&json!("pass"), &said));
    let page = get(&router, &format!("/api/v1/qa/runs/{id}/report?format=html&lang=en")).await;
    let page = String::from_utf8(page.bytes).unwrap();
    assert!(page.contains("✓ passed") && page.contains("✗ failed") && page.contains("fel i bilagan"), "{page}");
}

#[tokio::test]
async fn statement_75_a_session_moves_as_its_deviations_allow() {
    let data = tempfile::tempdir().unwrap();
    let router = desk(data.path(), stub());
    let suite = handed_in(&router).await;
    let new = json!({"id": "s1", "party": "region-x", "contract": "urn:riv:test:qa:GetThingResponder:1", "role": "producer", "environment": "NTJP-QA", "suite": suite});
    assert_eq!(post(&router, "/api/v1/qa/sessions", new.clone()).await.status, 201);
    assert_eq!(post(&router, "/api/v1/qa/sessions", new).await.status, 409);
    let events = "/api/v1/qa/sessions/s1/events";
    for event in ["assign_test_env", "start_tests"] {
        assert_eq!(post(&router, events, json!({"event": event})).await.status, 200, "{event}");
    }
    let order = json!({"suite": suite, "target": "http://stub/", "session": "s1", "environment": "NTJP-QA"});
    let run = finished(&router, order.clone()).await;
    let mut trial = order;
    trial["preparatory"] = json!(true);
    finished(&router, trial).await;
    let plan = get(&router, "/api/v1/qa/sessions/s1/plan").await.json();
    assert_eq!((&plan["cases"][0]["verdict"], &plan["cases"][0]["run"]), (&json!("pass"), &json!(run)));
    for event in ["declare", "review"] {
        assert_eq!(post(&router, events, json!({"event": event})).await.status, 200, "{event}");
    }
    let raised = json!({"session": "s1", "title": "datum", "rule": "RT-12", "element": "time", "class": "stoppande"});
    let one = post(&router, "/api/v1/qa/deviations", raised.clone()).await;
    assert_eq!((one.status, one.json()["id"].clone()), (201, json!("AVV-1")));
    assert_eq!(post(&router, "/api/v1/qa/deviations", raised).await.json()["id"], "AVV-1");
    let refused = post(&router, events, json!({"event": "decide", "decision": "GODKAND"})).await;
    assert_eq!((refused.status, refused.json()["allowed"].clone()), (409, json!(["UNDERKAND"])));
    assert_eq!(post(&router, events, json!({"event": "decide", "decision": "UNDERKAND"})).await.status, 200);
    let refused = post(&router, events, json!({"event": "decide", "decision": "GODKAND"})).await;
    assert_eq!((refused.status, refused.json()["state"].clone()), (409, json!("UNDERKAND")));
    assert_eq!(refused.json()["allowed"], json!(["PLANNED"]));
    // All of it is there after a restart.
    let again = desk(data.path(), stub());
    let session = get(&again, "/api/v1/qa/sessions/s1").await.json();
    assert_eq!((&session["state"], session["runs"].as_array().unwrap().len()), (&json!("UNDERKAND"), 2));
    let evidence = get(&again, "/api/v1/qa/sessions/s1/evidence").await.json();
    let gate = |name: &str| {
        evidence["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == name).unwrap()["satisfied"].clone()
    };
    assert_eq!(
        (gate("CONN-39"), gate("CONN-42"), gate("CONN-43"), gate("CONN-38")),
        (json!(true), json!(false), json!(true), json!(false))
    );
    let changed =
        call(&again, Method::PATCH, "/api/v1/qa/deviations/AVV-1", json!({"status": "verified"}).to_string()).await;
    assert_eq!((changed.status, changed.json()["history"].as_array().unwrap().len()), (200, 3));
}

/// A desk that watches a hub nobody calls, with a suite of a case that waits for a call and one that waits for a person.
async fn waiting_desk(data: &Path) -> (Router, String) {
    let folder = tempfile::tempdir().unwrap();
    super::native::write(folder.path(), "{ no_fault = true }");
    let waits = "id = \"C1\"\nkind = \"await\"\n[await]\nsender = \"SE-A\"\nseconds = 600\n";
    std::fs::write(folder.path().join("cases/c1.toml"), waits).unwrap();
    std::fs::write(folder.path().join("cases/c2.toml"), "id = \"C2\"\nkind = \"manual\"\n").unwrap();
    let names = ["suite.toml", "T.wsdl", "cases/c1.toml", "cases/c2.toml", "requests/basic.xml"];
    let files = names.map(|name| (name.to_owned(), std::fs::read(folder.path().join(name)).unwrap()));
    let here = Here::default();
    here.known("stub", Arc::new(stub()));
    let mut desk = Desk::open(Some(data), Clock::System, Arc::new(here)).unwrap();
    desk.watch(Hub::new("http://hub/", None, Arc::new(super::waits::record(&[], 0))));
    let router = router(Arc::new(desk));
    let taken = call(&router, Method::POST, "/api/v1/qa/suites", anslut::qa::report::zip::write(&files).unwrap()).await;
    let suite = taken.json()["id"].as_str().unwrap().to_owned();
    (router, suite)
}

#[tokio::test]
async fn a_case_that_nobody_called_is_armed_again() {
    let data = tempfile::tempdir().unwrap();
    let (router, suite) = waiting_desk(data.path()).await;
    let order =
        json!({"suite": suite, "cases": ["C1"], "wait_seconds": 1, "session": null, "environment": "NTJP-TEST"});
    let first = finished(&router, order).await;
    let waiting = get(&router, "/api/v1/qa/waiting").await.json();
    let one = &waiting[0];
    assert_eq!(
        (&one["state"], &one["run"], &one["remaining_seconds"]),
        (&json!("EXPIRED"), &json!(first), &json!(0)),
        "{waiting}"
    );
    // Whoever is to call is told where, and with what.
    assert_eq!(one["call"]["to"], json!(["http://127.0.0.1:8080/vp"]));
    let message = one["call"]["message"].as_str().unwrap();
    assert!(message.contains("urn:riv:test:qa:GetThingResponder:1"), "{message}");
    let path = |what: &str| format!("/api/v1/qa/waiting/{}/{what}", one["id"].as_str().unwrap());
    assert_eq!(post(&router, &path("extend"), json!({"seconds": 60})).await.status, 409);
    let again = post(&router, &path("rearm"), json!({})).await;
    assert_eq!(again.status, 202, "{}", again.json());
    let second = again.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(again.location, Some(format!("/api/v1/qa/runs/{second}")));
    get(&router, &format!("/api/v1/qa/runs/{second}/events?wait=true")).await;
    let run = get(&router, &format!("/api/v1/qa/runs/{second}")).await.json();
    assert_eq!((run["cases"].as_array().unwrap().len(), &run["target"]["environment"]), (1, &json!("NTJP-TEST")));
    // It waited as long as it was told to, and once more is not twice.
    assert_eq!(run["cases"][0]["reason"], "C1: no matching call within 1 s");
    assert_eq!(post(&router, &path("rearm"), json!({})).await.status, 404);
    let waiting = get(&router, "/api/v1/qa/waiting").await.json();
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["run"]), (1, &json!(second)));
}

#[tokio::test]
async fn a_case_that_waits_is_given_more_time_or_given_up() {
    let data = tempfile::tempdir().unwrap();
    let (router, suite) = waiting_desk(data.path()).await;
    let started = post(&router, "/api/v1/qa/runs", json!({"suite": suite})).await.json();
    let run = started["id"].as_str().unwrap().to_owned();
    let waiting = loop {
        let waiting = get(&router, "/api/v1/qa/waiting").await.json();
        if waiting[0].is_object() {
            break waiting[0].clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&waiting["for"], &waiting["call"]["sender"]), (&json!("call"), &json!("SE-A")), "{waiting}");
    let path = |what: &str| format!("/api/v1/qa/waiting/{}/{what}", waiting["id"].as_str().unwrap());
    let more = post(&router, &path("extend"), json!({"seconds": 1_000})).await;
    assert!(more.status == 200 && more.json()["remaining_seconds"].as_u64() > Some(1_500), "{}", more.json());
    for body in [json!({}), json!({"seconds": 0})] {
        assert_eq!(post(&router, &path("extend"), body).await.status, 400);
    }
    assert_eq!(post(&router, &path("cancel"), json!({})).await.status, 200);
    get(&router, &format!("/api/v1/qa/runs/{run}/events?wait=true")).await;
    let cases = get(&router, &format!("/api/v1/qa/runs/{run}")).await.json()["cases"].clone();
    assert_eq!((&cases[0]["verdict"], &cases[0]["reason"]), (&json!("not-run"), &json!("C1: cancelled")));
    assert_eq!(post(&router, &path("cancel"), json!({})).await.status, 404);
    // The other waits for a person; what was given up is not armed again.
    let all = get(&router, "/api/v1/qa/waiting").await.json();
    assert_eq!(
        (all.as_array().unwrap().len(), post(&router, &path("rearm"), json!({})).await.status),
        (1, 404),
        "{all}"
    );
    let manual = all[0].clone();
    let path = |what: &str| format!("/api/v1/qa/waiting/{}/{what}", manual["id"].as_str().unwrap());
    assert_eq!(post(&router, &path("extend"), json!({"seconds": 60})).await.status, 409);
    assert_eq!(post(&router, &path("cancel"), json!({})).await.json()["verdict"], "not-run");
    assert_eq!(post(&router, &path("attest"), json!({"verdict": "pass", "by": "Anna"})).await.status, 404);
}
