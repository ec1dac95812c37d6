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
