//! The API: what it lists, what it refuses, and what it never shows.

use futures_util::StreamExt;

use super::samples::{answered, fault_passed_on, refused};
use super::*;
use crate::domain::vp_code::VpCode;

fn ids(list: &Value) -> Vec<u64> {
    list["exchanges"].as_array().unwrap().iter().map(|call| call["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn every_filter_finds_its_calls_newest_first() {
    let router = router(parts());
    let cases: &[(&str, &[u64])] = &[
        ("", &[5, 4, 3, 2, 1]),
        ("?sender=SE2321000016-a100", &[5, 2, 1]),
        ("?sender=SE2321000016-A200", &[4]),
        ("?sender=SE", &[]),
        ("?contract=GetCareDocumentation", &[5, 2, 1]),
        ("?contract=urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2", &[5, 2, 1]),
        ("?contract=GetCareDoc", &[]),
        ("?address=SE2321000016-1001", &[5, 2, 1]),
        ("?address=SE2321000016-1001%20", &[]),
        ("?address=198501011234", &[3]),
        ("?code=VP004", &[2]),
        ("?code=vp007", &[3]),
        ("?code=VP001", &[]),
        ("?outcome=ok", &[1]),
        ("?outcome=failed", &[5, 4, 3, 2]),
        ("?outcome=fault", &[5]),
        ("?outcome=VP015", &[4]),
        ("?correlation_id=b7e1c7c0-0000-4000-8000-000000000002", &[2]),
        ("?since_id=3", &[5, 4]),
        ("?since_id=0", &[5, 4, 3, 2, 1]),
        ("?since_id=99", &[]),
        ("?limit=2", &[5, 4]),
        ("?limit=500", &[5, 4, 3, 2, 1]),
        ("?outcome=failed&contract=GetCareDocumentation&limit=1", &[5]),
        ("?sender=&code=&limit=", &[5, 4, 3, 2, 1]),
    ];
    for (query, expected) in cases {
        let answer = get(&router, &format!("/api/v1/exchanges{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
        assert_eq!(ids(&answer.json()), *expected, "{query}");
    }
}

#[tokio::test]
async fn calls_recorded_later_come_after_a_call_though_their_numbers_are_smaller() {
    let records = Arc::new(Records::new(8 << 20));
    [5, 2, 7].into_iter().for_each(|id| records.push(answered(id)));
    let router = router(AdminParts { records, ..parts() });
    assert_eq!(ids(&get(&router, "/api/v1/exchanges?since_id=5").await.json()), [7, 2]);
}

#[tokio::test]
async fn a_bad_parameter_is_named_with_its_value_and_what_was_expected() {
    let router = router(parts());
    let list = "/api/v1/exchanges";
    let stream = "/api/v1/exchanges/stream";
    let explain = "/api/v1/explain";
    let rest = "contract=c&address=a&sender=s";
    let cases = [
        (format!("{list}?code=VP016"), "code", "VP016", "a VP code, VP001 to VP015"),
        (format!("{list}?code=4"), "code", "4", "a VP code, VP001 to VP015"),
        (format!("{list}?outcome=good"), "outcome", "good", "ok, failed, fault, or a VP code"),
        (format!("{list}?since_id=-1"), "since_id", "-1", "the id of a call, a whole number"),
        (format!("{list}?since_id=x"), "since_id", "x", "the id of a call, a whole number"),
        (format!("{list}?limit=0"), "limit", "0", "a whole number from 1 to 500"),
        (format!("{list}?limit=501"), "limit", "501", "a whole number from 1 to 500"),
        (format!("{list}?limit=1.5"), "limit", "1.5", "a whole number from 1 to 500"),
        (format!("{list}?code=198501011234"), "code", "19xxxxxx-xxxx", "a VP code, VP001 to VP015"),
        (format!("{stream}?limit=none"), "limit", "none", "a whole number from 1 to 500"),
        (format!("{list}/x"), "id", "x", "the id of a call, a whole number"),
        (explain.to_owned(), "contract", "", "a service contract namespace"),
        (format!("{explain}?contract=c&sender=s"), "address", "", "a logical address"),
        (format!("{explain}?contract=c&address=a&sender="), "sender", "", "the HSA-id of a consumer"),
        (
            format!("{explain}?{rest}&at=yesterday"),
            "at",
            "yesterday",
            "a time as 2026-11-22T10:00:00Z, or with +01:00 written %2B01:00",
        ),
        (format!("{explain}?{rest}&profile=rivtabp22"), "profile", "rivtabp22", "rivtabp20 or rivtabp21"),
    ];
    for (target, name, value, expected) in cases {
        let answer = get(&router, &target).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{target}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{target}");
        let problem = answer.json();
        let found = [&problem["name"], &problem["value"], &problem["expected"]];
        assert_eq!(found, [name, value, expected], "{target}");
        assert_eq!((&problem["title"], &problem["status"]), (&"Bad Request".into(), &400.into()), "{target}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(name) && detail.contains(expected), "{target}: {detail}");
    }
    // What has no name of its own is still a problem document.
    for target in ["?colour=red", "?code=VP001&code=VP002", "/%ff"] {
        let answer = get(&router, &format!("{list}{target}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{target}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{target}");
    }
    assert!(get(&router, &format!("{list}?colour=red")).await.text.contains("colour"));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let router = router(parts());
    let cases = [
        (Method::GET, "/api/v1/exchanges/77", 404),
        (Method::GET, "/api/v1/no-such", 404),
        (Method::GET, "/no-such", 404),
        (Method::GET, "/assets/no-such", 404),
        (Method::DELETE, "/metrics", 415),
    ];
    for (method, target, expected) in cases {
        let answer = ask(&router, method.clone(), target, &[], Some("127.0.0.1")).await;
        assert_eq!(answer.status, expected, "{method} {target}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {target}");
    }
    let json = [("content-type", "application/json")];
    let answer = ask(&router, Method::POST, "/api/v1/exchanges", &json, Some("127.0.0.1")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn one_call_tells_everything() {
    let router = router(parts());
    let call = get(&router, "/api/v1/exchanges/1").await.json();
    let cases: &[(&str, Value)] = &[
        ("/id", 1.into()),
        ("/started", "2026-11-22T09:58:12.345678Z".into()),
        ("/outcome", "ok".into()),
        ("/status", 200.into()),
        ("/total_us", 4731.9.into()),
        ("/producer_us", 4210.0.into()),
        ("/identified_by", "demo sender".into()),
        ("/profile_in", "rivtabp21".into()),
        ("/profile_out", "RIVTABP21".into()),
        ("/stages/0/name", "listen".into()),
        ("/stages/6/state", "passed".into()),
        ("/events/0/name", "req-in".into()),
        ("/events/3/at_us", 4700.0.into()),
        ("/messages/answer/status", 200.into()),
        ("/messages/request/headers/soapaction", "\"urn:riv:x\"".into()),
        ("/refusal", Value::Null),
        ("/links/self", "/api/v1/exchanges/1".into()),
        ("/links/page", "/calls/1".into()),
    ];
    for (place, expected) in cases {
        assert_eq!(call.pointer(place), Some(expected), "{place}");
    }
    let explain = call["links"]["explain"].as_str().unwrap();
    let explained = get(&router, explain).await;
    assert_eq!((explained.status, &explained.json()["at"]), (StatusCode::OK, &"2026-11-22T09:58:12.345678Z".into()));

    let states = |call: &Value| -> Vec<String> {
        call["stages"].as_array().unwrap().iter().map(|stage| stage["state"].as_str().unwrap().to_owned()).collect()
    };
    let refused = get(&router, "/api/v1/exchanges/2").await.json();
    let (p, r, n) = ("passed", "refused", "not_reached");
    assert_eq!(states(&refused), [p, p, p, r, n, n, p]);
    assert_eq!((&refused["refusal"]["code"], &refused["refusal"]["side"]), (&"VP004".into(), &"Client".into()));
    assert!(refused["refusal"]["next_step"].as_str().unwrap().contains("[[route]]"));
    let passed_on = get(&router, "/api/v1/exchanges/5").await.json();
    assert_eq!(states(&passed_on), [p, p, p, p, p, r, p]);
    assert_eq!((&passed_on["outcome"], &passed_on["refusal"]), (&"fault".into(), &Value::Null));
    assert_eq!(passed_on["producer_fault"]["text"], "patient 19xxxxxx-xxxx <b>unknown</b>");
}

#[tokio::test]
async fn numbers_of_real_people_are_nowhere_and_test_numbers_stay() {
    let router = router(parts());
    let explain = "/api/v1/explain?contract=c&address=198501011234&sender=19850101-1234";
    let targets = ["/api/v1/exchanges", "/api/v1/exchanges/3", "/api/v1/exchanges/4", "/api/v1/exchanges/5", explain];
    let pages = ["/", "/calls/3", "/calls/4", "/calls/5"];
    for target in targets.into_iter().chain(pages) {
        let text = get(&router, target).await.text;
        assert!(!text.contains("198501011234") && !text.contains("19850101-1234"), "{target}: {text}");
    }
    let hidden = get(&router, "/api/v1/exchanges/3").await.json();
    for place in ["/address", "/target", "/permission_trace", "/refusal/detail", "/messages/request/body"] {
        assert!(hidden.pointer(place).unwrap().as_str().unwrap().contains("19xxxxxx-xxxx"), "{place}");
    }
    assert_eq!(hidden["messages"]["request"]["headers"]["x-p"], "19xxxxxx-xxxx");
    let shown = get(&router, "/api/v1/exchanges/1").await.json();
    assert!(shown["messages"]["request"]["body"].as_str().unwrap().contains("191212121212"));
}

#[tokio::test]
async fn the_platform_and_its_memory_describe_themselves() {
    let router = router(parts());
    let records = get(&router, "/api/v1/records").await.json();
    assert_eq!((&records["calls"], &records["total"], &records["dropped"]), (&5.into(), &5.into(), &0.into()));
    assert_eq!(records["bytes_max"], 8 << 20);
    assert!(records["bytes"].as_u64().unwrap() > 1_000);
    let platform = get(&router, "/api/v1/platform").await.json();
    assert_eq!((&platform["name"], &platform["instance"]), (&"anslut".into(), &"NTjP Develop".into()));
    assert_eq!(platform["addresses"][0]["url"], "http://127.0.0.1:8080");
}

#[tokio::test]
async fn the_description_and_the_answers_agree() {
    let router = router(parts());
    let document = get(&router, "/openapi.json").await.json();
    let described = |schema: &str| -> Vec<String> {
        let schema = &document["components"]["schemas"][schema];
        let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        let mut names = Vec::new();
        for part in parts {
            let target = part["$ref"].as_str().map(|to| document.pointer(&to[1..]).unwrap().clone()).unwrap_or(part);
            names.extend(target["properties"].as_object().unwrap().keys().cloned());
        }
        names.sort();
        names
    };
    let cases = [
        ("/api/v1/exchanges", "", "ExchangeList"),
        ("/api/v1/exchanges", "/exchanges/0", "Summary"),
        ("/api/v1/exchanges/2", "", "Exchange"),
        ("/api/v1/exchanges/2", "/refusal", "ShownRefusal"),
        ("/api/v1/exchanges/5", "/producer_fault", "ShownFault"),
        ("/api/v1/exchanges/2", "/messages", "Messages"),
        ("/api/v1/exchanges/2", "/messages/request", "ShownMessage"),
        ("/api/v1/explain?contract=c&address=a&sender=s", "", "Explanation"),
        ("/api/v1/explain?contract=c&address=a&sender=s", "/routes/0", "Candidate"),
        ("/api/v1/records", "", "RingFill"),
        ("/api/v1/platform", "", "Platform"),
        ("/api/v1/exchanges?limit=0", "", "Problem"),
    ];
    for (target, place, schema) in cases {
        let answer = get(&router, target).await.json();
        let mut found: Vec<_> = answer.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect();
        found.sort();
        assert_eq!(found, described(schema), "{schema} at {target}{place}");
    }
}

/// A stream of calls, open.
struct Events(axum::body::BodyDataStream);

impl Events {
    async fn open(router: &Router, query: &str, last_seen: Option<&str>) -> Result<Self, StatusCode> {
        let mut request = Request::get(format!("/api/v1/exchanges/stream{query}"));
        if let Some(id) = last_seen {
            request = request.header("last-event-id", id);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(SocketAddr::from(([127, 0, 0, 1], 50_000))));
        let answer = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
        if answer.status() != StatusCode::OK {
            return Err(answer.status());
        }
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Ok(Self(answer.into_body().into_data_stream()))
    }

    /// The next event as it stands on the wire; `None` where the stream has ended.
    async fn next(&mut self) -> Option<String> {
        let next = tokio::time::timeout(std::time::Duration::from_secs(10), self.0.next());
        next.await.expect("an event").map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap())
    }

    async fn id(&mut self) -> u64 {
        let event = self.next().await.unwrap();
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let call: Value = serde_json::from_str(data).unwrap();
        let id = call["id"].as_u64().unwrap();
        assert!(event.contains("event: call\n") && event.contains(&format!("id: {id}\n")), "{event}");
        id
    }
}

#[tokio::test]
async fn the_stream_brings_what_is_recorded_and_what_was_missed() {
    let parts = parts();
    let records = Arc::clone(&parts.records);
    let closing = CancellationToken::new();
    let router = router_until(parts, Beside::default(), closing.clone());
    let mut all = Events::open(&router, "", None).await.unwrap();
    let mut some = Events::open(&router, "?code=VP004", None).await.unwrap();
    let mut since = Events::open(&router, "?since_id=3", None).await.unwrap();
    let mut again = Events::open(&router, "?since_id=1", Some("4")).await.unwrap();
    records.push(answered(6));
    records.push(refused(7, VpCode::Vp004, 4));
    records.push(fault_passed_on(8));
    assert_eq!([all.id().await, all.id().await, all.id().await], [6, 7, 8]);
    assert_eq!(some.id().await, 7);
    assert_eq!([since.id().await, since.id().await, since.id().await], [4, 5, 6]);
    assert_eq!([again.id().await, again.id().await], [5, 6]);
    closing.cancel();
    assert_eq!(some.next().await, None, "the stream ends with the listener");
}

#[tokio::test]
async fn a_watcher_that_missed_calls_is_told_how_many() {
    let records = Arc::new(Records::new(64 << 20));
    (1..=150).for_each(|id| records.push(answered(id)));
    let router = router(AdminParts { records: Arc::clone(&records), ..parts() });
    let mut returned = Events::open(&router, "?since_id=10", None).await.unwrap();
    assert_eq!(returned.next().await.unwrap(), "event: missed\ndata: 40\n\n");
    assert_eq!(returned.id().await, 51);
    // More than wait for a slow watcher: the oldest are gone.
    let mut slow = Events::open(&router, "", None).await.unwrap();
    (151..=450).for_each(|id| records.push(answered(id)));
    assert_eq!(slow.next().await.unwrap(), "event: missed\ndata: 44\n\n");
    assert_eq!(slow.id().await, 195);
}

#[tokio::test]
async fn so_many_may_watch_and_no_more() {
    let router = router(parts());
    let mut open = Vec::new();
    for _ in 0..WATCHERS_MAX {
        open.push(Events::open(&router, "", None).await.unwrap());
    }
    assert_eq!(Events::open(&router, "", None).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    open.pop();
    assert!(Events::open(&router, "", None).await.is_ok(), "a place is free again");
}
