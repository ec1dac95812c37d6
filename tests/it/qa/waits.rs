//! Cases that wait for a call: a record of calls as the hub tells it, in which calls come while a case waits.

use std::sync::{Arc, Mutex};

use anslut::domain::clock::Clock;
use anslut::qa::consumer::hub::Hub;
use anslut::qa::result::CaseResult;
use anslut::qa::run::{Options, World, run};
use anslut::qa::suite::folder::Published;
use anslut::soap::responder::{Answer, Responder};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::native::write;
use super::suite::{NAMESPACE, Stub};

/// One call: who, where to, second it came, outcome. Those after the first few come once somebody has looked.
pub type Row = (&'static str, &'static str, i64, &'static str);

pub struct Record {
    rows: Vec<Row>,
    /// How many are there already; one more comes with each look.
    there: Mutex<usize>,
    /// Whether anybody has looked for calls.
    looked: Mutex<bool>,
    /// The plan that runs.
    plan: Mutex<Option<String>>,
    /// The last that ran.
    ran: Mutex<Option<String>>,
    /// Whether the record breaks once a plan runs.
    breaks: bool,
    /// What each call's record tells beside its row, by number.
    told: Vec<Value>,
    /// The certificate that the platform shows, before and after the first look for calls.
    shown: [&'static str; 2],
    /// Under which names the catalogue knows whoever is asked about.
    registered: Vec<&'static str>,
}

fn envelope(address: &str) -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header><r:LogicalAddress xmlns:r=\"urn:riv:itintegration:registry:1\">{address}\
         </r:LogicalAddress></e:Header><e:Body><t:GetThing xmlns:t=\"{NAMESPACE}\"><t:patientId>191212121212</t:patientId></t:GetThing></e:Body></e:Envelope>"
    )
}

impl Record {
    fn summary(&self, number: usize) -> Value {
        let (sender, address, second, outcome) = self.rows[number - 1];
        let started = jiff::Timestamp::from_second(1_700_000_000 + second).unwrap().to_string();
        json!({"id": number, "started": started, "sender": sender, "address": address, "contract": NAMESPACE,
            "outcome": outcome, "total_us": 1500.0, "correlation_id": number.to_string()})
    }
}

impl Responder for Record {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or("").to_owned());
        let body = if path == "/api/v1/chaos" {
            let mut plan = self.plan.lock().unwrap();
            match request.method().as_str() {
                "PUT" => {
                    let sent: Value = serde_json::from_slice(request.body()).unwrap();
                    assert_eq!(sent["plan"][0]["contract"], "GetThing");
                    *plan = sent["name"].as_str().map(str::to_owned);
                    self.ran.lock().unwrap().clone_from(&plan);
                }
                "DELETE" => *plan = None,
                _ => {}
            }
            json!({"name": *plan})
        } else if path == "/__admin/requests" {
            // Every call met the plan, if there ever was one.
            let ran = self.ran.lock().unwrap();
            let row = |number: usize| json!({"riv": {"correlationId": number.to_string()}, "answer": {"chaos": {"plan": *ran}}});
            json!({"requests": (1..=self.rows.len()).map(row).collect::<Vec<_>>()})
        } else if let Some(number) = path.strip_prefix("/api/v1/exchanges/") {
            let number: usize = number.parse().unwrap();
            let mut whole = self.summary(number);
            if let Some(told) = self.told.get(number - 1).and_then(Value::as_object) {
                whole.as_object_mut().unwrap().extend(told.clone());
            }
            let headers = json!({"content-type": "text/xml; charset=UTF-8"});
            whole["target"] = json!("/");
            whole["messages"] = json!({"request": {"headers": headers, "body": envelope(self.rows[number - 1].1)}, "answer": {"headers": {}, "body": "<a/>"}});
            whole
        } else if path == "/api/v1/platform" {
            let looked = usize::from(*self.looked.lock().unwrap());
            let certificates: Vec<Value> = self
                .shown
                .get(looked)
                .filter(|shown| !shown.is_empty())
                .map(|shown| certificate(shown))
                .into_iter()
                .collect();
            let addresses = json!([{"name": "admin", "url": "http://127.0.0.1:9090"}, {"name": "hub_http", "url": "http://127.0.0.1:8080"}]);
            json!({"certificates": certificates, "addresses": addresses})
        } else if path == "/api/v1/catalogue/versions" {
            json!([{"version": 7, "time": "2026-02-01T08:00:00Z", "user": "u", "comment": "", "ofFiles": true}])
        } else if path.starts_with("/api/v1/contracts/") {
            json!({"major": 1, "minor": 3})
        } else if path == "/api/v1/catalogue/consumers/SE-A" {
            assert_eq!(query, "platform=NTJP-TEST");
            json!({"registered": self.registered, "permissions": 1})
        } else {
            *self.looked.lock().unwrap() = query.contains("since_id");
            if self.breaks && self.plan.lock().unwrap().is_some() {
                return Box::pin(async { Ok(Response::builder().status(503).body(Bytes::from("down")).unwrap()) });
            }
            let mut there = self.there.lock().unwrap();
            let since =
                query.split('&').find_map(|part| part.strip_prefix("since_id=")).map(|id| id.parse::<usize>().unwrap());
            let listed: Vec<Value> = match since {
                None => (*there > 0).then(|| self.summary(*there)).into_iter().collect(),
                Some(since) => {
                    *there = (*there + 1).min(self.rows.len());
                    (since + 1..=*there).rev().map(|number| self.summary(number)).collect()
                }
            };
            json!({"exchanges": listed})
        };
        Box::pin(async move { Ok(Response::new(Bytes::from(body.to_string()))) })
    }
}

fn certificate(sha256: &str) -> Value {
    json!({"listener": "hub_https", "sha256": sha256, "subject": "CN=tp", "not_after": "2030-01-01T00:00:00Z"})
}

/// What the record tells of a call over TLS.
fn over(version: &str, shown: &str) -> Value {
    json!({"platform": "NTJP-TEST", "identified_by": "client certificate", "tls": {"version": version, "cipher": "c",
        "resumed": false, "client_subject": "SERIALNUMBER=SE-A, CN=a", "server_certificate": certificate(shown)}})
}

/// A record with these calls: the first `before` came earlier.
pub fn record(rows: &[Row], before: usize) -> Record {
    let (plan, ran) = (Mutex::default(), Mutex::default());
    let (there, looked, told) = (Mutex::new(before), Mutex::default(), Vec::new());
    let (shown, registered) = (["aa", "aa"], vec!["SE-A"]);
    Record { rows: rows.to_vec(), there, looked, plan, ran, breaks: false, told, shown, registered }
}

/// Waits for sender A.
fn waited(rows: &[Row], before: usize, fault: &str) -> CaseResult {
    waited_at(&Arc::new(record(rows, before)), fault)
}

fn waited_at(record: &Arc<Record>, fault: &str) -> CaseResult {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "{ no_fault = true }");
    let case = format!("id = \"W1\"\nkind = \"await\"\n[await]\nsender = \"SE-A\"\nseconds = 1\n{fault}");
    std::fs::write(folder.path().join("cases/c1.toml"), case).unwrap();
    let published = Published::read(folder.path()).unwrap();
    let stub: Arc<dyn Responder> = Arc::new(Stub::default());
    let hub = Hub::new("http://hub/", None, Arc::clone(record) as Arc<dyn Responder>);
    let world = World { hub: Some(hub), ..World::new(stub, Clock::System) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let finished = runtime.block_on(run("run-1", &published.projects, &Options::default(), &world));
    finished.document.cases.into_iter().next().unwrap()
}

fn rules(case: &CaseResult) -> Vec<&str> {
    case.steps[0].assertions.iter().filter_map(|assertion| assertion.rule.as_deref()).collect()
}

#[test]
pub fn statement_64_a_case_waits_for_its_call_and_tells_near_misses() {
    let none = waited(&[], 0, "");
    assert_eq!((none.verdict.word(), none.reason.as_str()), ("not-run", "W1: no matching call within 1 s"));
    // A call of somebody else first, then the one that is waited for.
    let seen = waited(&[("SE-B", "SE1", 0, "ok"), ("SE-A", "SE1", 1, "ok")], 0, "");
    assert_eq!(seen.verdict.word(), "pass", "{seen:#?}");
    assert_eq!(seen.notices[0].text, "call 1: sender is SE-B, expected SE-A");
    // What came before arming never counts.
    assert_eq!(waited(&[("SE-A", "SE1", 0, "ok")], 1, "").verdict.word(), "not-run");
}

#[test]
pub fn statement_65_an_empty_logical_address_is_noticed() {
    let case = waited(&[("SE-A", "", 0, "fault")], 0, "");
    assert_eq!((case.verdict.word(), rules(&case)), ("fail", vec!["CR-01"]), "{case:#?}");
}

#[test]
pub fn statement_66_a_repetition_soon_after_a_fault_is_noticed() {
    let fault = "fault = \"FT-01\"\n";
    let case = waited(&[("SE-A", "SE1", 0, "fault"), ("SE-A", "SE1", 60, "ok")], 0, fault);
    assert_eq!((case.verdict.word(), rules(&case)), ("fail", vec!["CR-09"]), "{case:#?}");
    let case = waited(&[("SE-A", "SE1", 0, "fault"), ("SE-A", "SE1", 300, "ok")], 0, fault);
    // What the system showed is for somebody to say.
    assert_eq!((case.verdict.word(), rules(&case)), ("waiting", vec![]), "{case:#?}");
}

#[test]
fn what_a_consumer_declared_is_held_against_the_record() {
    let one = [("SE-A", "SE1", 0, "ok")];
    let case = waited(&one, 0, "calls_per_hour = \"0\"\ncertificate = \"true\"\n");
    assert_eq!((case.verdict.word(), rules(&case)), ("fail", vec!["CR-04", "CR-10"]), "{case:#?}");
    let case = waited(&one, 0, "calls_per_hour = \"1\"\ncalls_at_once = \"1\"\n");
    assert_eq!((case.verdict.word(), rules(&case)), ("pass", vec!["CR-10", "CR-10"]), "{case:#?}");
    // A form that nobody filled in asks for nothing, and one filled in with a word is said to be.
    let case = waited(&one, 0, "calls_per_hour = \"${consumer.callsPerHour}\"\ncertificate = \"\"\n");
    assert_eq!((case.verdict.word(), rules(&case)), ("pass", vec![]), "{case:#?}");
    let case = waited(&one, 0, "calls_per_hour = \"many\"\n");
    assert_eq!(case.verdict.word(), "error", "{case:#?}");
}

#[test]
fn a_producer_is_put_right_again_when_the_run_fails() {
    let broken = Arc::new(Record { breaks: true, ..record(&[("SE-A", "SE1", 0, "fault")], 0) });
    let case = waited_at(&broken, "fault = \"FT-01\"\n");
    assert!(case.verdict.word() == "error" && case.reason.contains("503"), "{case:#?}");
    assert!(broken.ran.lock().unwrap().is_some() && broken.plan.lock().unwrap().is_none());
    // Somebody else's plan is not taken away.
    let busy = record(&[("SE-A", "SE1", 0, "fault")], 0);
    *busy.plan.lock().unwrap() = Some("flaky-5pct".to_owned());
    let busy = Arc::new(busy);
    let case = waited_at(&busy, "fault = \"FT-01\"\n");
    assert!(case.verdict.word() == "error" && case.reason.contains("flaky-5pct"), "{case:#?}");
    assert_eq!(busy.plan.lock().unwrap().as_deref(), Some("flaky-5pct"));
}

/// Verdict of the case and, of the rules that were judged, each with its verdict.
fn judged(record: Record, fault: &str) -> (&'static str, Vec<(String, &'static str, String)>) {
    let case = waited_at(&Arc::new(record), fault);
    let rules = case.steps[0].assertions.iter().filter_map(|one| {
        Some((one.rule.clone()?, one.verdict.word(), one.messages.first().cloned().unwrap_or_default()))
    });
    (case.verdict.word(), rules.collect())
}

#[test]
fn a_certificate_names_a_component_that_the_catalogue_knows() {
    let of = |told: Value, registered: &[&'static str]| {
        let one = record(&[("SE-A", "SE1", 0, "ok")], 0);
        judged(Record { told: vec![told], registered: registered.to_vec(), ..one }, "certificate = \"true\"\n")
    };
    for (version, registered, verdict, text) in [
        ("TLSv1_3", &["SE-A"] as &[_], "pass", "1 calls with a client certificate, whose subject names SE-A"),
        ("TLSv1_2", &["SE-A", "se-a"], "pass", "1 calls with a client certificate, whose subject names SE-A"),
        ("TLSv1_1", &["SE-A"], "fail", "call 1: expected TLS 1.2 or later, got TLSv1_1"),
        (
            "TLSv1_3",
            &[],
            "fail",
            "call 1: expected a component that is registered in the catalogue, got SE-A (SERIALNUMBER=SE-A, CN=a)",
        ),
        (
            "TLSv1_3",
            &["se-a"],
            "fail",
            "call 1: expected se-a as the catalogue has it registered, got SE-A (SERIALNUMBER=SE-A, CN=a)",
        ),
    ] {
        let found = of(over(version, "aa"), registered);
        assert_eq!(found, (verdict, vec![("CR-04".to_owned(), verdict, text.to_owned())]), "{version} {registered:?}");
    }
}

#[test]
fn the_platforms_certificate_is_renewed_and_the_consumer_goes_on() {
    let calls = [("SE-A", "SE1", 0, "ok"), ("SE-A", "SE1", 600, "ok")];
    let of = |shown: [&'static str; 2], second: &str| {
        let told = vec![over("TLSv1_3", "aa"), over("TLSv1_3", second)];
        let (verdict, rules) = judged(Record { told, shown, ..record(&calls, 0) }, "fault = \"FT-20\"\n");
        (verdict, rules.into_iter().find(|(rule, ..)| rule == "FT-20").map(|(_, verdict, _)| verdict))
    };
    // Seen on a call: what the system showed is for somebody to say.
    assert_eq!(of(["aa", "bb"], "bb"), ("waiting", Some("pass")));
    assert_eq!(of(["aa", "bb"], "aa"), ("fail", Some("fail")), "it did not come back");
    assert_eq!(of(["aa", "aa"], "aa"), ("error", Some("error")), "nobody renewed it");
    assert_eq!(of(["", ""], "aa"), ("not-run", None), "there is none to renew");
}

#[test]
fn a_consumer_that_is_gone_too_soon_gave_up_and_one_that_closes_half_did_not() {
    let of = |after_ms: f64, how: &str| {
        let told = vec![json!({"consumer_left": {"after_ms": after_ms, "how": how}})];
        let case = waited_at(&Arc::new(Record { told, ..record(&[("SE-A", "SE1", 0, "VP009")], 0) }), "");
        let notices: Vec<String> = case.notices.iter().map(|notice| notice.code.clone()).collect();
        (case.verdict.word(), rules(&case).join(" "), notices.join(" "))
    };
    let said = |verdict: &'static str, rules: &str, notices: &str| (verdict, rules.to_owned(), notices.to_owned());
    assert_eq!(of(29_999.9, "gone"), said("fail", "CR-08", ""));
    assert_eq!(of(30_000.1, "gone"), said("pass", "CR-08", ""));
    assert_eq!(of(3.0, "closed its writing side"), said("pass", "", "half-close"));
}
