//! Statements 40 to 49: behaviours, rules and chaos.

use anslut::cli::failure::Exit;
use anslut::cli::terminal::Terminal;
use serde_json::json;

use crate::support::client::Ask;

use super::{Desk, Statement, diagnosis, holds, same};

const ANSWER: &str = r#"{"request": {}, "response": {"body": "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><q:GetDiagnosisResponse xmlns:q='urn:x'><q:diagnosis><q:id>åäö</q:id></q:diagnosis><q:result><q:resultCode>OK</q:resultCode></q:result></q:GetDiagnosisResponse></e:Body></e:Envelope>"}}"#;

pub const FILES: &[(&str, &str)] = &[
    ("act/mappings/a.json", ANSWER),
    ("ruled/mappings/a.json", ANSWER),
    (
        "ruled/producer.toml",
        "[[rule]]\npatient = \"191212121212\"\nnth = \"every 4\"\nbehaviour = \"soap-fault\"\n\
         [[rule]]\n\"header.x-break\" = \"yes\"\nbehaviour = { id = \"http-404\" }\n\
         [[rule]]\npatient = \"191001219805\"\nanswer = \"fault:not today\"\n",
    ),
    (
        "mapped/mappings/a.json",
        r#"{"request": {}, "response": {"body": "<a/>", "riv": {"behaviour": "soap-fault-503"}}}"#,
    ),
    ("chaotic/mappings/a.json", ANSWER),
    ("valid/producer.toml", "answers = [\"schema\"]\n"),
    ("hung/mappings/a.json", ANSWER),
];

pub const ROWS: &[Statement] = &[
    Statement {
        number: 40,
        what: "a behaviour is set by header, rule, mapping and plan, and the row names it",
        check: |desk| {
            Box::pin(async {
                let by_header = Ask::post(diagnosis("1")).header("x-anslut-behaviour", "http-429");
                same("header", desk.call("act", by_header).await.status, 429)?;
                same("row", desk.rows("act").await[0]["answer"]["behaviour"].clone(), json!("http-429"))?;
                let by_rule = Ask::post(diagnosis("1")).header("x-break", "yes");
                same("rule", desk.call("ruled", by_rule).await.status, 404)?;
                let row = &desk.rows("ruled").await[0];
                same(
                    "row",
                    (row["answer"]["behaviour"].clone(), row["answer"]["rule"].clone()),
                    (json!("http-404"), json!(1)),
                )?;
                same("mapping", desk.ask("mapped", "1").await.0, 503)?;
                let plan = json!({"seed": 1, "plan": [{"system": "chaotic", "behaviour": "http-401"}]});
                same("plan", desk.admin("PUT", "/api/v1/chaos", Some(plan)).await.0, 200)?;
                let asked = desk.ask("chaotic", "1").await.0;
                same("stop", desk.admin("DELETE", "/api/v1/chaos", None).await.0, 200)?;
                same("chaos", asked, 401)?;
                let row = &desk.rows("chaotic").await[0]["answer"];
                same("row", row["chaos"]["row"].clone(), json!(0))?;
                let (status, text) = desk.ask("ruled", "191001219805").await;
                holds(&text, status == 500 && text.contains("not today"))
            })
        },
    },
    Statement {
        number: 44,
        what: "bad-encoding declares UTF-8 and sends ISO-8859-1",
        check: |desk| {
            Box::pin(async {
                let ask = Ask::post(diagnosis("1")).header("x-anslut-behaviour", "bad-encoding");
                let answer = desk.call("act", ask).await;
                let has = |bytes: &[u8]| answer.body.windows(bytes.len()).any(|window| window == bytes);
                holds("declares UTF-8", has(b"encoding=\"UTF-8\""))?;
                holds("sends ISO-8859-1", has(b"<q:id>\xe5\xe4\xf6</q:id>"))
            })
        },
    },
    Statement {
        number: 48,
        what: "every 4 fires on 4, 8 and 12, many callers at once",
        check: |desk| {
            Box::pin(async {
                let calls = (0..12).map(|_| desk.ask("ruled", "191212121212"));
                let answers = futures_util::future::join_all(calls).await;
                same("faults", answers.iter().filter(|(status, _)| *status == 500).count(), 3)
            })
        },
    },
    Statement {
        number: 45,
        what: "schema-invalid with a seed makes the same single violation, and the row names its code",
        check: |desk| {
            Box::pin(async move {
                let mut kinds = std::collections::BTreeSet::new();
                for seed in 1..=12 {
                    let behaviour = format!("schema-invalid;seed={seed}");
                    let ask = || Ask::post(diagnosis("191212121212")).header("x-anslut-behaviour", behaviour.as_str());
                    let first = desk.call("valid", ask()).await.text();
                    let row = desk.rows("valid").await.swap_remove(0);
                    same("again", desk.call("valid", ask()).await.text(), first.clone())?;
                    let errors = row["validation"]["response"].as_array().cloned().unwrap_or_default();
                    same(&format!("{errors:?} in {first}"), errors.len(), 1)?;
                    let code = errors[0].as_str().unwrap_or_default().split(' ').next().unwrap_or_default().to_owned();
                    let is_code = code.len() == 3 && code.starts_with('V');
                    holds(&code, is_code && code[1..].bytes().all(|byte| byte.is_ascii_digit()))?;
                    let behaviour = row["answer"]["behaviour"].as_str().unwrap_or_default().to_owned();
                    let prefix = "schema-invalid;mutation=";
                    holds(&behaviour, behaviour.starts_with(prefix) && behaviour.ends_with(&format!(";seed={seed}")))?;
                    kinds.insert(behaviour[prefix.len()..].split(';').next().unwrap_or_default().to_owned());
                }
                holds(&format!("{kinds:?}"), kinds.len() >= 3)
            })
        },
    },
    Statement {
        number: 46,
        what: "one caller or sixteen: the same seed decides the same for each correlation id",
        check: |desk| {
            Box::pin(async move {
                let plan = json!({"seed": 7, "plan": [{"system": "drawn", "share": 0.3, "behaviour": "http-401"}]});
                same("plan", desk.admin("PUT", "/api/v1/chaos", Some(plan)).await.0, 200)?;
                let ask = |space: &'static str, n: u32| {
                    let ask = Ask::get("/plain").header("x-anslut-workspace", space);
                    async move { desk.call("drawn", ask.header("x-skltp-correlation-id", format!("c-{n}"))).await.status }
                };
                let mut alone = Vec::new();
                for n in 0..200 {
                    alone.push(ask("alone", n).await == 401);
                }
                // Sixteen at a time, each from its own end.
                let parts = (0..16_u32).map(|part| async move {
                    let mut decided = Vec::new();
                    for n in (0..200).filter(|n| n % 16 == part).rev() {
                        decided.push((n, ask("crowd", n).await == 401));
                    }
                    decided
                });
                let mut crowd: Vec<_> = futures_util::future::join_all(parts).await.concat();
                crowd.sort_unstable();
                desk.admin("DELETE", "/api/v1/chaos", None).await;
                same("decisions", crowd.into_iter().map(|(_, fired)| fired).collect::<Vec<_>>(), alone.clone())?;
                let fired = alone.iter().filter(|fired| **fired).count();
                holds(&format!("{fired} of 200"), (30..90).contains(&fired))
            })
        },
    },
    Statement {
        number: 49,
        what: "hang ends when the peer closes, and gives everything back",
        check: |desk| {
            Box::pin(async {
                use tokio::io::AsyncWriteExt;
                const CALLS: usize = 20;
                let head = "POST /hung/ HTTP/1.1\r\nhost: h\r\nx-anslut-behaviour: hang\r\ncontent-length: 0\r\n\r\n";
                let mut open = Vec::new();
                for _ in 0..CALLS {
                    let mut stream =
                        tokio::net::TcpStream::connect(desk.producers).await.map_err(|error| error.to_string())?;
                    stream.write_all(head.as_bytes()).await.map_err(|error| error.to_string())?;
                    open.push(stream);
                }
                // Each is held while its peer stays, and a call that hangs is no call that is over.
                for _ in 0..20 {
                    desk.ask("shared", "191001219805").await;
                }
                same("while they hang", desk.rows("hung").await.len(), 0)?;
                drop(open);
                let over = async { while desk.rows("hung").await.len() < CALLS {} };
                tokio::time::timeout(std::time::Duration::from_secs(10), over).await.map_err(|_| "they still hang")?;
                Ok(())
            })
        },
    },
    Statement {
        number: 47,
        what: "the command that explains a key says what the journal says",
        check: |desk| Box::pin(explained(desk)),
    },
    Statement {
        number: 40,
        what: "each id of a behaviour is set by header, and named in the row",
        check: |desk| Box::pin(every_id(desk)),
    },
    Statement {
        number: 40,
        what: "a plan of the environment runs from the start, a changed one anew, and a broken one is named with its line",
        check: |_| Box::pin(plans_as_files()),
    },
];

const PLAN: &str = "seed = 11\nplan = [{ system = \"drawn\", contract = \"*\", share = 0.4, behaviour = \"http-401\" }, \
                    { share = 0.5, behaviour = \"http-429\" }]\n";

/// A command line: how it ended, and what it wrote to both streams.
pub fn cli(line: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = anslut::cli::run(line.iter().map(Into::into), &[], &mut Terminal::new(&mut out, &mut err, false, &[]));
    (exit, String::from_utf8(out).expect("UTF-8"), String::from_utf8(err).expect("UTF-8"))
}

async fn explained(desk: &Desk) -> Result<(), String> {
    desk.world.rewrite("plans/mine.toml", PLAN);
    let value: toml::Value = toml::from_str(PLAN).map_err(|error| error.to_string())?;
    let sent = serde_json::to_value(value).map_err(|error| error.to_string())?;
    let (status, told) = desk.admin("PUT", "/api/v1/chaos", Some(sent)).await;
    same(&told.to_string(), status, 200)?;
    for n in 0..30 {
        let ask = Ask::get("/plain").header("x-anslut-workspace", "explained");
        desk.call("drawn", ask.header("x-skltp-correlation-id", format!("key-{n}"))).await;
    }
    desk.admin("DELETE", "/api/v1/chaos", None).await;
    let listed = desk.admin("GET", "/__admin/requests?system=drawn&workspace=explained", None).await.1;
    let rows = listed["requests"].as_array().cloned().unwrap_or_default();
    same("rows", rows.len(), 30)?;
    let mut seen = std::collections::BTreeSet::new();
    for row in rows {
        let key = row["riv"]["correlationId"].as_str().unwrap_or_default().to_owned();
        let file = desk.world.path("plans/mine.toml").display().to_string();
        let environment = desk.world.path("").display().to_string();
        let line = [
            "anslut",
            "--json",
            "producers",
            "chaos",
            &file,
            "--explain",
            &key,
            "--system",
            "drawn",
            "--env",
            &environment,
        ];
        let (exit, out, err) = cli(&line);
        same(&err, exit, Exit::Done)?;
        let told: serde_json::Value = serde_json::from_str(&out).map_err(|error| error.to_string())?;
        let fired = &told["decisions"][0]["fired"];
        let journal = &row["answer"]["chaos"];
        same(
            &key,
            (&fired["row"], &fired["behaviour"], &fired["seed"]),
            (&journal["row"], &journal["behaviour"], &journal["seed"]),
        )?;
        seen.insert(journal["row"].to_string());
    }
    same("each row fires, and none does", seen.len(), 3)
}

/// Ids that end a call only after minutes, or never: each is asked for with a caller that goes away.
const ENDLESS: [&str; 2] = ["hang", "stall-mid"];

async fn every_id(desk: &Desk) -> Result<(), String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let all = anslut::producers::behaviour::act::IDS;
    // The long ones wait; how long, `ci/producers.sh` measures. Here the row is what counts, so their callers leave.
    let is_long = |id: &str| ENDLESS.contains(&id) || id.starts_with("edge-");
    for id in all.into_iter().chain(anslut::producers::behaviour::act::TLS_IDS) {
        let (space, body) = (format!("id-{id}"), diagnosis("191212121212"));
        let small = match id {
            "huge" | "long-text" => ";mb=1",
            "too-many" => ";n=5",
            id if id.starts_with("slow") || id == "100-continue-slow" => ";ms=1",
            "drip" => ";ms=10",
            _ => "",
        };
        let text = format!(
            "POST /valid/ HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-anslut-workspace: {space}\r\n\
             x-anslut-behaviour: {id}{small}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(desk.producers).await.map_err(|error| error.to_string())?;
        stream.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
        if is_long(id) {
            // A call that is answered came behind it.
            desk.ask("shared", "1").await;
        } else {
            let mut all = Vec::new();
            // A reset is what some are for.
            let _ = stream.read_to_end(&mut all).await;
        }
        drop(stream);
        let target = format!("/__admin/requests?system=valid&workspace={space}");
        let row = async {
            loop {
                let listed = desk.admin("GET", &target, None).await.1;
                if let Some(row) = listed["requests"].as_array().and_then(|rows| rows.first()).cloned() {
                    return row;
                }
            }
        };
        let row = tokio::time::timeout(std::time::Duration::from_secs(10), row).await;
        let row = row.map_err(|_| format!("{id}: there is no row"))?;
        let named = row["answer"]["behaviour"].as_str().unwrap_or_default().to_owned();
        // To behave as usual is nothing to be named.
        holds(&format!("{id}: {named}"), named.split(';').next() == Some(id) || id == "normal")?;
        desk.admin("DELETE", &format!("/api/v1/workspaces/{space}"), None).await;
    }
    Ok(())
}

async fn plans_as_files() -> Result<(), String> {
    let plan = crate::support::world::Plan::bare()
        .set("listen.producers", "127.0.0.1:0")
        .set("listen.admin", "127.0.0.1:0")
        .file("producers/act/mappings/a.json", ANSWER)
        .file("chaos/all.toml", "seed = 1\nplan = [{ behaviour = \"http-401\" }]\n");
    let world = plan.start().await;
    same("problems", world.problems.len(), 0)?;
    let producers = world.platform.address("producers").ok_or("no listener")?;
    let ask = || async move { Ask::post(diagnosis("1")).at("/act/").send(producers).await.status };
    same("from the start", ask().await, 401)?;
    world.rewrite("chaos/all.toml", "seed = 1\n\nplan = [\n  { behaviour = \"http-429\" },\n]\n");
    let changed = async { while ask().await != 429 {} };
    tokio::time::timeout(std::time::Duration::from_secs(5), changed).await.map_err(|_| "it never changed")?;
    world.rewrite("chaos/all.toml", "seed = 1\n\nplan = [\n  { behaviour = \"http-4299\" },\n]\n");
    let environment = world.path("").display().to_string();
    let (exit, told, _) = cli(&["anslut", "check", &environment]);
    holds(&told, exit == Exit::Failed && told.contains("chaos/all.toml:4: error: "))?;
    holds(&told, told.contains("the nearest is \"http-429\""))?;
    same("what ran goes on", ask().await, 429)
}
