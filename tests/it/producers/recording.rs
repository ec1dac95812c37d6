//! Statements 57 and 58: what another system answers becomes mappings, without anybody's data.

use std::collections::BTreeMap;

use anslut::producers::identity::check_digit;
use anslut::producers::record::scrub::leftover;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{CONTRACT, Desk, Statement, holds, same};
use crate::support::client::Ask;

pub const FILES: &[(&str, &str)] = &[
    // The real system of the recording: it sends back what it was asked with.
    (
        "origin/mappings/a.json",
        r#"{"request": {"urlPath": "/echo"}, "response": {"body": "{{{request.headers.x-answer}}}", "transformers": ["response-template"]}}"#,
    ),
    ("taped/producer.toml", "answers = [\"mapping\"]\n"),
    ("leaky/producer.toml", "answers = [\"mapping\"]\n"),
    ("again/producer.toml", "answers = [\"mapping\"]\n"),
    ("detailed/producer.toml", "answers = [\"mapping\"]\n"),
    (
        "keeping/mappings/a.json",
        r#"{"priority": 1, "request": {"headers": {"x-known": {"equalTo": "yes"}}}, "response": {"body": "<ours/>"}}"#,
    ),
    ("mirrored/mappings/a.json", r#"{"request": {}, "response": {"body": "<a><b>ours</b></a>"}}"#),
];

/// An identity with a right check digit that is nobody's of the test series: its birth number is below 980. It stands
/// nowhere; the digits are made here.
fn made(n: u64) -> String {
    let eleven = format!("19{:02}{:02}{:02}{:03}", 30 + n % 60, 1 + n % 12, 1 + n % 28, 100 + n % 800);
    format!("{eleven}{}", check_digit(&eleven.as_bytes()[2..]))
}

/// What stands in front of a message that was written anew.
pub const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// What the real system says of a patient: other identities in text, attributes and base64.
fn answer(call: u64) -> String {
    let one = |n: u64| made(1_000 * call + n);
    let records: String = (0..16)
        .map(|n| {
            let hyphened = one(n + 20);
            let hyphened = format!("{}-{}", &hyphened[..8], &hyphened[8..]);
            let encoded = STANDARD.encode(format!("om patienten {} igen", one(n + 40)));
            format!("<q:r extension=\"{}\"><q:v>se {hyphened}</q:v><q:b>{encoded}</q:b></q:r>", one(n))
        })
        .collect();
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><q:GetDiagnosisResponse xmlns:q=\"{CONTRACT}\">\
         <q:id>{}</q:id>{records}</q:GetDiagnosisResponse></e:Body></e:Envelope>",
        one(99)
    )
}

fn question(patient: &str) -> String {
    super::diagnosis(patient)
}

/// Digits of twelve, or eight and four, in a text and in its base64, in order.
fn identities(text: &str) -> Vec<String> {
    let pattern = regex::Regex::new("[0-9]{8}-?[0-9]{4}|[A-Za-z0-9+/]{24,}={0,2}").unwrap();
    let mut found = Vec::new();
    for one in pattern.find_iter(text).map(|one| one.as_str()) {
        match STANDARD.decode(one).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(inner) if one.len() > 20 => found.extend(identities(&inner)),
            _ => found.push(one.replace('-', "")),
        }
    }
    found
}

async fn recording(desk: &Desk, system: &str, what: &str, body: Value) -> (u16, Value) {
    desk.admin("POST", &format!("/__admin/recordings/{what}?system={system}"), Some(body)).await
}

fn saved(desk: &Desk, system: &str) -> Vec<String> {
    let mut folders = vec![desk.world.path(&format!("producers/{system}/mappings"))];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for found in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            match found.is_dir() {
                true => folders.push(found),
                false => texts.push(std::fs::read_to_string(found).expect("readable")),
            }
        }
    }
    texts
}

pub const ROWS: &[Statement] = &[
    Statement {
        number: 57,
        what: "a recorded exchange replays equal once scrubbing is inverted, and no identity is saved",
        check: |desk| {
            Box::pin(async {
                const CALLS: u64 = 20;
                let target = format!("http://{}/origin", desk.producers);
                let (status, told) =
                    recording(desk, "taped", "start", json!({"targetBaseUrl": target, "persist": true})).await;
                same(&told.to_string(), status, 200)?;
                let mut originals = Vec::new();
                for call in 0..CALLS {
                    let patient = made(1_000 * call + 500);
                    let ask = Ask::post(question(&patient)).at("/echo").header("x-answer", answer(call));
                    let answered = desk.call("taped", ask).await;
                    holds("through", answered.text() == answer(call))?;
                    originals.push((patient, answered.text()));
                }
                let (status, told) = recording(desk, "taped", "stop", json!({})).await;
                same(&told.to_string(), status, 200)?;
                let files = saved(desk, "taped");
                same("files", files.len(), CALLS as usize)?;
                for file in &files {
                    same("nobody is left", leftover("", file), Ok(()))?;
                }
                let stubs = told["mappings"].as_array().cloned().unwrap_or_default();
                let mut planted = 0;
                for (stub, (patient, original)) in stubs.iter().zip(&originals) {
                    let other = stub["request"]["riv"]["patient"].as_str().unwrap_or_default();
                    holds("another patient", other.len() == 12 && other != patient)?;
                    let replayed = desk.call("taped", Ask::post(question(other)).at("/echo")).await.text();
                    let (before, after) = (identities(original), identities(&replayed));
                    same("identities", after.len(), before.len())?;
                    planted += before.len();
                    // The same became the same, wherever it stood; and with each put back, it is the answer as it was.
                    let mut became: BTreeMap<&str, &str> = BTreeMap::new();
                    for (one, other) in before.iter().zip(&after) {
                        let known = became.insert(one, other);
                        holds("the same for the same", known.is_none_or(|known| known == other))?;
                    }
                    let mut inverted = replayed;
                    for (one, other) in before.iter().zip(&after) {
                        let forms = |id: &str| {
                            let encoded = STANDARD.encode(format!("om patienten {id} igen"));
                            [id.to_owned(), format!("{}-{}", &id[..8], &id[8..]), encoded]
                        };
                        for (one, other) in forms(one).iter().zip(&forms(other)) {
                            inverted = inverted.replacen(other, one, 1);
                        }
                    }
                    // Nothing is shown of either: the digits are nobody's, but look like somebody's.
                    holds("inverted it is another answer", inverted.trim_start_matches(DECLARATION) == original)?;
                }
                holds(&format!("{planted} planted"), planted + CALLS as usize >= 1_000)
            })
        },
    },
    Statement {
        number: 58,
        what: "an identity that is left over aborts the save, and its place is named",
        check: |desk| {
            Box::pin(async {
                let target = format!("http://{}/origin", desk.producers);
                recording(desk, "leaky", "start", json!({"targetBaseUrl": target, "persist": true})).await;
                // Nobody scrubs what is encoded twice.
                let twice = STANDARD.encode(STANDARD.encode(format!("om patienten {} igen", made(7))));
                let ask = Ask::post(super::diagnosis("191212121212")).at("/echo");
                let body = format!("<a><b>{twice}</b></a>");
                same("through", desk.call("leaky", ask.header("x-answer", body.as_str())).await.text(), body.clone())?;
                let (status, told) = recording(desk, "leaky", "stop", json!({})).await;
                holds(&told.to_string(), status == 500 && told.to_string().contains("is left at /response/body"))?;
                same("files", saved(desk, "leaky").len(), 0)
            })
        },
    },
    Statement {
        number: 57,
        what: "a recorded exchange replays as often as it is asked for; what was answered in turn is answered in turn",
        check: |desk| {
            Box::pin(async {
                let target = format!("http://{}/origin", desk.producers);
                recording(desk, "again", "start", json!({"targetBaseUrl": target})).await;
                let ask = |patient: &'static str, answer: &str| {
                    desk.call("again", Ask::post(question(patient)).at("/echo").header("x-answer", answer))
                };
                ask("191212121212", "<a>once</a>").await;
                ask("195404039801", "<a>first</a>").await;
                ask("195404039801", "<a>second</a>").await;
                let (status, told) = recording(desk, "again", "stop", json!({})).await;
                same(&told.to_string(), (status, told["mappings"].as_array().map(Vec::len)), (200, Some(3)))?;
                let mut answers = Vec::new();
                for patient in ["191212121212", "191212121212", "195404039801", "195404039801", "195404039801"] {
                    answers.push(ask(patient, "").await.text().trim_start_matches(DECLARATION).to_owned());
                }
                let expected = ["<a>once</a>", "<a>once</a>", "<a>first</a>", "<a>second</a>", "<a>second</a>"];
                same("answers", answers, expected.map(str::to_owned).to_vec())
            })
        },
    },
    Statement {
        number: 57,
        what: "what a recording is asked for with decides how requests and bodies are kept",
        check: |desk| {
            Box::pin(async {
                let target = format!("http://{}/origin", desk.producers);
                let spec = json!({
                    "targetBaseUrl": target, "persist": true, "repeatsAsScenarios": false,
                    "captureHeaders": {"X-Kind": {"caseInsensitive": true}, "X-Absent": {}},
                    "requestBodyPattern": {"matcher": "equalTo", "caseInsensitive": true},
                    "extractBodyCriteria": {"textSizeThreshold": "1 kb"},
                    "transformers": ["response-template"], "transformerParameters": {"a": 1},
                });
                for (pointer, wrong) in [
                    (
                        "/requestBodyPattern/matcher",
                        json!({"targetBaseUrl": target, "requestBodyPattern": {"matcher": "x"}}),
                    ),
                    (
                        "/extractBodyCriteria/textSizeThreshold",
                        json!({"targetBaseUrl": target, "extractBodyCriteria": {"textSizeThreshold": "much"}}),
                    ),
                ] {
                    let (status, told) = recording(desk, "detailed", "start", wrong).await;
                    same(&told.to_string(), (status, &told["errors"][0]["source"]["pointer"]), (422, &json!(pointer)))?;
                }
                let (status, told) = recording(desk, "detailed", "start", spec).await;
                same(&told.to_string(), status, 200)?;
                let ask = |answer: String| {
                    let ask = Ask::post("plain text").at("/echo").header("x-kind", "One");
                    desk.call("detailed", ask.header("x-answer", answer))
                };
                ask("<a>small</a>".to_owned()).await;
                ask("<a>again</a>".to_owned()).await;
                let large = format!("<a>{}</a>", "x".repeat(2_000));
                let ask = Ask::post("another").at("/echo").header("x-answer", large.as_str());
                desk.call("detailed", ask).await;
                let (_, told) = recording(desk, "detailed", "stop", json!({})).await;
                let made = told["mappings"].as_array().cloned().unwrap_or_default();
                same(&told.to_string(), made.len(), 2)?;
                let small = &made[0];
                let condition = json!({"equalTo": "plain text", "caseInsensitive": true});
                same("body", &small["request"]["bodyPatterns"], &json!([condition]))?;
                let headers = json!({"X-Kind": {"equalTo": "One", "caseInsensitive": true}});
                same("headers", &small["request"]["headers"], &headers)?;
                same("transformers", &small["response"]["transformers"], &json!(["response-template"]))?;
                same("parameters", &small["response"]["transformerParameters"], &json!({"a": 1}))?;
                let file = made[1]["response"]["bodyFileName"].as_str().unwrap_or_default().to_owned();
                let path = desk.world.path(&format!("producers/detailed/__files/{file}"));
                let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                same("the large body", text.trim_start_matches(DECLARATION).to_owned(), large)?;
                holds("no body beside the file", made[1]["response"].get("body").is_none())
            })
        },
    },
    Statement {
        number: 57,
        what: "proxy.record makes a mapping of what no mapping answered, scrubbed, once, and it answers the next time",
        check: |desk| {
            Box::pin(async {
                let proxy = "answers = [\"mapping\"]\n[proxy]\nrecord = true\n";
                let proxy = format!("{proxy}url = \"http://{}/origin\"\n", desk.producers);
                desk.world.rewrite("producers/keeping/producer.toml", proxy);
                let ask = |patient: &str, answer: &str| {
                    desk.call("keeping", Ask::post(question(patient)).at("/echo").header("x-answer", answer))
                };
                let read = async { while ask("191212121212", "<x>1</x>").await.text() != "<x>1</x>" {} };
                tokio::time::timeout(std::time::Duration::from_secs(5), read).await.map_err(|_| "it is never read")?;
                let last = async || desk.rows("keeping").await[0]["answer"].clone();
                let first = last().await;
                let note = first["note"].as_str().unwrap_or_default().to_owned();
                holds(
                    &first.to_string(),
                    first["source"] == "proxy" && note.starts_with("recorded as mappings/recorded/"),
                )?;
                // Whatever the other system would say now: the mapping answers.
                let replayed = ask("191212121212", "<x>2</x>").await.text();
                same("replayed", replayed.trim_start_matches(DECLARATION), "<x>1</x>")?;
                same("source", last().await["source"].clone(), json!("mapping"))?;
                // What a mapping answers is not forwarded, and nothing is recorded of it.
                let known = Ask::post(question("195404039801")).at("/echo").header("x-known", "yes");
                same("ours", desk.call("keeping", known).await.text(), "<ours/>".to_owned())?;
                // Nobody's identity is kept; the same question about the same person is known again.
                let somebody = made(4_711);
                for note in ["recorded as ", "recorded before"] {
                    same("through", ask(&somebody, &answer(9)).await.text(), answer(9))?;
                    let told = last().await;
                    let said = told["note"].as_str().unwrap_or_default().to_owned();
                    holds(&told.to_string(), told["source"] == "proxy" && said.starts_with(note))?;
                }
                let files = saved(desk, "keeping");
                same("files: two recorded, one written by hand", files.len(), 3)?;
                for file in &files {
                    same("nobody is left", leftover("", file), Ok(()))?;
                }
                // One that was taken out is made again.
                let id = note.rsplit('/').next().and_then(|file| file.strip_suffix(".json")).unwrap_or_default();
                let file = desk.world.path(&format!("producers/keeping/mappings/recorded/{id}.json"));
                std::fs::remove_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
                // The folder may be being read meanwhile.
                let taken_out = async {
                    loop {
                        desk.admin("DELETE", &format!("/__admin/mappings/{id}?system=keeping"), None).await;
                        let forwarded = ask("191212121212", "<x>3</x>").await.text() == "<x>3</x>";
                        let note = last().await["note"].as_str().unwrap_or_default().to_owned();
                        if forwarded && note.starts_with("recorded as mappings/recorded/") {
                            return note;
                        }
                    }
                };
                let again = tokio::time::timeout(std::time::Duration::from_secs(5), taken_out).await;
                let again = again.map_err(|_| "it stays, or is not recorded again")?;
                holds(&again, again != note)?;
                let files = saved(desk, "keeping");
                // What says "not now" is passed on, and not kept; nor is what cannot be scrubbed.
                let twice = STANDARD.encode(STANDARD.encode(format!("om patienten {} igen", made(7))));
                let body = format!("<a><b>{twice}</b></a>");
                same("through", ask("198908219887", &body).await.text(), body.clone())?;
                let told = last().await["note"].clone();
                let said = told.as_str().unwrap_or_default();
                holds(
                    said,
                    said.starts_with("not recorded: mappings/recorded/") && said.ends_with("is left at /response/body"),
                )?;
                same("files", saved(desk, "keeping").len(), files.len())
            })
        },
    },
    Statement {
        number: 59,
        what: "what proxy.record may not forward to opens no socket and records nothing",
        check: |desk| {
            Box::pin(async {
                let proxy =
                    "answers = [\"mapping\"]\n[proxy]\nrecord = true\nurl = \"http://journal.test.example.se/\"\n";
                desk.world.rewrite("producers/keeping/producer.toml", proxy);
                let ask = || desk.call("keeping", Ask::post(question("199001011239")).at("/elsewhere"));
                let told = "forwarding to journal.test.example.se is not allowed; list it in proxy.allow";
                let read = async { while !ask().await.text().contains(told) {} };
                tokio::time::timeout(std::time::Duration::from_secs(5), read).await.map_err(|_| "it is never read")?;
                let before = saved(desk, "keeping").len();
                ask().await;
                let answer = desk.rows("keeping").await[0]["answer"].clone();
                same("the fault is ours", (&answer["source"], &answer["note"]), (&json!("fault"), &json!(told)))?;
                same("files", saved(desk, "keeping").len(), before)
            })
        },
    },
    Statement {
        number: 59,
        what: "what is always forwarded is compared with what we would have answered",
        check: |desk| {
            Box::pin(async {
                let proxy = format!("[proxy]\nurl = \"http://{}/origin\"\nwhen = \"always\"\n", desk.producers);
                desk.world.rewrite("producers/mirrored/producer.toml", proxy);
                let ask = |answer: &str| {
                    let ask = Ask::post(super::diagnosis("1")).at("/echo");
                    desk.call("mirrored", ask.header("x-answer", answer))
                };
                let read = async { while ask("<x/>").await.text() != "<x/>" {} };
                tokio::time::timeout(std::time::Duration::from_secs(5), read).await.map_err(|_| "it is never read")?;
                for (theirs, note) in
                    [("<a> <b>ours</b></a>", "the same as ours"), ("<a><b>theirs</b></a>", "differs from ours: /a/b")]
                {
                    same("theirs", ask(theirs).await.text(), theirs.to_owned())?;
                    let answer = desk.rows("mirrored").await[0]["answer"].clone();
                    let told = answer["note"].as_str().unwrap_or_default().to_owned();
                    holds(&told, answer["source"] == "proxy" && told.starts_with(note))?;
                }
                Ok(())
            })
        },
    },
];
