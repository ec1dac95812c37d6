//! Statements 50 to 66: journal, verification, scenarios and workspaces.

use serde_json::{Value, json};

use crate::support::client::Ask;

use super::{Statement, diagnosis, holds, same};

pub const FILES: &[(&str, &str)] = &[
    ("journal/mappings/a.json", r#"{"request": {"riv": {"patient": "191212121212"}}, "response": {"body": "<a/>"}}"#),
    (
        "near/mappings/a.json",
        r#"{"mappings": [
        {"name": "other namespace", "request": {"riv": {"contract": "urn:riv:other:GetDiagnosisResponder:2"}}, "response": {}},
        {"name": "path", "request": {"urlPath": "/near", "bodyPatterns": [{"matchesXPath": "/e:Envelope/e:Body/q:GetDiagnosis/q:patient"}]}, "response": {}}
    ]}"#,
    ),
    ("near/producer.toml", "answers = [\"mapping\"]\n"),
    ("shared/mappings/a.json", r#"{"request": {}, "response": {"body": "shared"}}"#),
    (
        "state/mappings/a.json",
        r#"{"mappings": [
        {"scenarioName": "s", "requiredScenarioState": "Started", "newScenarioState": "two", "request": {}, "response": {"body": "one"}},
        {"scenarioName": "s", "requiredScenarioState": "two", "request": {}, "response": {"body": "two"}}
    ]}"#,
    ),
    ("proxied/producer.toml", "answers = [\"mapping\"]\n"),
    ("late/mappings/a.json", r#"{"request": {}, "response": {"body": "late", "fixedDelayMilliseconds": 60000}}"#),
];

fn stub(body: &str) -> Value {
    json!({"request": {"method": "POST"}, "response": {"body": body}})
}

pub const ROWS: &[Statement] = &[
    Statement {
        number: 51,
        what: "count with a pattern is the number of rows that fit",
        check: |desk| {
            Box::pin(async {
                for patient in ["191212121212", "191212121212", "191001219805"] {
                    desk.ask("journal", patient).await;
                }
                let count = |patient: &str| {
                    let pattern = json!({"method": "POST", "riv": {"patient": patient}});
                    desk.admin("POST", "/__admin/requests/count?system=journal", Some(pattern))
                };
                same("two", count("191212121212").await.1["count"].clone(), json!(2))?;
                same("one", count("191001219805").await.1["count"].clone(), json!(1))?;
                let found = desk.admin("POST", "/__admin/requests/find?system=journal", Some(json!({}))).await.1;
                same("found", found["requests"].as_array().map(Vec::len), Some(3))
            })
        },
    },
    Statement {
        number: 52,
        what: "verify: a sequence bears others in between, strict does not",
        check: |desk| {
            Box::pin(async {
                let expect = json!([
                    {"pattern": {"riv": {"patient": "191212121212"}}, "count": {"min": 1}},
                    {"pattern": {"riv": {"patient": "191001219805"}}, "count": {"exactly": 1}}
                ]);
                let verify = |order: &str| {
                    let body = json!({"expect": expect, "order": order});
                    desk.admin("POST", "/api/v1/producers/verify?system=journal", Some(body))
                };
                same("any", verify("any").await.0, 200)?;
                same("sequence", verify("sequence").await.0, 200)?;
                let (status, told) = verify("strict").await;
                same("strict", status, 409)?;
                holds(&told.to_string(), told["reason"].is_string())
            })
        },
    },
    Statement {
        number: 53,
        what: "a near miss for a wrong namespace names both",
        check: |desk| {
            Box::pin(async {
                let (status, text) = desk.ask("near", "191212121212").await;
                same("status", status, 500)?;
                holds(&text, text.contains("namespace differs") && text.contains("urn:riv:other"))?;
                let misses = desk.admin("GET", "/__admin/requests/unmatched/near-misses?system=near", None).await.1;
                let first = &misses["nearMisses"][0];
                holds(
                    &misses.to_string(),
                    first["matchResult"]["distance"].as_f64().is_some_and(|distance| distance > 0.0),
                )
            })
        },
    },
    Statement {
        number: 54,
        what: "a miss on an XPath names the beginning that does select",
        check: |desk| {
            Box::pin(async {
                let answer = desk.call("near", Ask::post(diagnosis("191212121212")).at("/near")).await;
                let text = answer.text();
                holds(&text, text.contains("selects nothing; /e:Envelope/e:Body/q:GetDiagnosis does"))
            })
        },
    },
    Statement {
        number: 55,
        what: "the fault of a miss holds no patient",
        check: |desk| {
            Box::pin(async {
                let (_, text) = desk.ask("near", "191001219805").await;
                holds(
                    &text,
                    !text.contains("191001219805") && text.contains("has no answer for GetDiagnosis 2 at SE-1"),
                )
            })
        },
    },
    Statement {
        number: 56,
        what: "a client that goes early leaves a row that says so",
        check: |desk| {
            Box::pin(async {
                use tokio::io::AsyncWriteExt;
                let mut stream =
                    tokio::net::TcpStream::connect(desk.producers).await.map_err(|error| error.to_string())?;
                let text = "POST /late/ HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
                // Calls behind it have been answered when it goes: the server has it.
                for _ in 0..20 {
                    desk.ask("shared", "191001219805").await;
                }
                drop(stream);
                let gone = async {
                    loop {
                        if let Some(row) = desk.rows("late").await.first() {
                            return row["outcome"].clone();
                        }
                    }
                };
                let outcome = tokio::time::timeout(std::time::Duration::from_secs(10), gone).await;
                same("outcome", outcome.map_err(|_| "there is no row")?, json!("client-gone"))
            })
        },
    },
    Statement {
        number: 59,
        what: "forwarding to a host that is not allowed opens no socket, and says so",
        check: |desk| {
            Box::pin(async {
                let elsewhere =
                    tokio::net::TcpListener::bind("127.0.0.2:0").await.map_err(|error| error.to_string())?;
                let target = elsewhere.local_addr().map_err(|error| error.to_string())?;
                let stub = json!({"request": {}, "response": {"proxyBaseUrl": format!("http://{target}/")}});
                same("made", desk.admin("POST", "/__admin/mappings?system=proxied", Some(stub)).await.0, 201)?;
                let (status, text) = desk.ask("proxied", "1").await;
                holds(&text, status == 500 && text.contains("forwarding to 127.0.0.2 is not allowed"))?;
                let knocked =
                    std::future::poll_fn(|context| std::task::Poll::Ready(elsewhere.poll_accept(context))).await;
                holds("nobody knocked", knocked.is_pending())
            })
        },
    },
    Statement {
        number: 63,
        what: "workspaces in parallel, each with a stub of its own for the same request, cross no answer",
        check: |desk| {
            Box::pin(async move {
                let one = |n: usize| async move {
                    let key = format!("w{n}");
                    let target = format!("/__admin/mappings?system=shared&workspace={key}");
                    let (status, _) = desk.admin("POST", &target, Some(stub(&key))).await;
                    let ask = Ask::post(diagnosis("1")).header("x-anslut-workspace", key.as_str());
                    let by_path = Ask::post(diagnosis("1")).at(&format!("/w/{key}/shared/")).send(desk.producers).await;
                    (status, desk.call("shared", ask).await.text() == key && by_path.text() == key)
                };
                let all = futures_util::future::join_all((0..200).map(one)).await;
                same("made and answered", all.iter().filter(|one| **one == (201, true)).count(), 200)?;
                same("the default", desk.ask("shared", "1").await.1, "shared".to_owned())
            })
        },
    },
    Statement {
        number: 64,
        what: "a reset of one workspace leaves the others",
        check: |desk| {
            Box::pin(async {
                let ask = |key: &str| desk.call("state", Ask::post("").header("x-anslut-workspace", key));
                same("first", ask("a").await.text(), "one".to_owned())?;
                same("again", ask("a").await.text(), "two".to_owned())?;
                same("the other", ask("b").await.text(), "one".to_owned())?;
                desk.admin("POST", "/__admin/reset?workspace=b&system=state", None).await;
                same("untouched", ask("a").await.text(), "two".to_owned())?;
                same("reset", ask("b").await.text(), "one".to_owned())?;
                let scenarios = desk.admin("GET", "/__admin/scenarios?system=state&workspace=a", None).await.1;
                same("state", scenarios["scenarios"][0]["state"].clone(), json!("two"))?;
                let rows = desk.admin("GET", "/__admin/requests?system=state&workspace=a", None).await.1;
                same("rows", rows["meta"]["total"].clone(), json!(3))
            })
        },
    },
    Statement {
        number: 66,
        what: "what is beyond a limit is refused by name",
        check: |desk| {
            Box::pin(async {
                let ask = Ask::post(diagnosis("1")).header("x-anslut-workspace", "not a key");
                let answer = desk.call("shared", ask).await;
                let text = answer.text();
                holds(&text, answer.status == 503 && text.contains("is no workspace"))
            })
        },
    },
    Statement {
        number: 67,
        what: "a stop: calls due within the grace are served, the others get a fault at its end, and every row is whole",
        check: |_| Box::pin(stopping()),
    },
];

async fn stopping() -> Result<(), String> {
    use tokio::net::TcpStream;
    let stub = |path: &str, ms: u32| json!({"request": {"urlPath": path}, "response": {"body": "served", "fixedDelayMilliseconds": ms}});
    let stubs = json!({"mappings": [stub("/soon", 700), stub("/late", 60_000)]});
    let plan = crate::support::world::Plan::bare()
        .set("listen.producers", "127.0.0.1:0")
        .set("hub.drain_timeout_ms", "2000")
        .file("producers/stopped/mappings/a.json", stubs.to_string());
    let world = plan.start().await;
    let producers = world.platform.address("producers").ok_or("no listener")?;
    let mut calls = Vec::new();
    for path in ["/stopped/soon", "/stopped/late"] {
        let mut wire = crate::support::client::Wire::open(producers).await;
        wire.write(&Ask::post("<a/>").at(path).bytes()).await;
        calls.push(wire);
    }
    // A call that is answered came behind them: they wait.
    Ask::get("/stopped/").send(producers).await;
    let (platform, _folder) = world.keep();
    let began = anslut::domain::clock::Clock::instant();
    let draining = tokio::spawn(platform.drain());
    let refused = async { while TcpStream::connect(producers).await.is_ok() {} };
    tokio::time::timeout(std::time::Duration::from_secs(1), refused).await.map_err(|_| "it still lets callers in")?;
    let (mut late, mut soon) = (calls.pop().ok_or("two")?, calls.pop().ok_or("two")?);
    same("due within the grace", soon.answer().await.text(), "served".to_owned())?;
    let told = late.answer().await;
    holds(&told.text(), told.status == 500 && told.text().contains(":Server</faultcode>"))?;
    holds(&told.text(), told.text().contains("stops before the answer is due"))?;
    draining.await.map_err(|error| error.to_string())?;
    holds(&format!("{:?}", began.elapsed()), began.elapsed() < std::time::Duration::from_millis(2_400))
}
