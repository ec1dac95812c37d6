//! What happens to a request in which order (`producers.md` §1.1), that nothing of it is lost, and what is told of it (§10).

use std::time::Duration;

use serde_json::{Value, json};

use super::{Desk, Statement, diagnosis, holds, same};
use crate::support::client::Ask;

pub const FILES: &[(&str, &str)] = &[
    ("small/producer.toml", "answers = [\"mapping\"]\n[limits]\nbody_bytes_max = 200\n"),
    ("orderly/producer.toml", "answers = [\"mapping\"]\n[validate]\nrequest = \"fault\"\n"),
    ("orderly/mappings/a.json", r#"{"request": {}, "response": {"body": "<ours/>"}}"#),
    ("told/producer.toml", "answers = [\"mapping\"]\n"),
    (
        "told/mappings/a.json",
        r#"{"name": "nearly", "request": {"method": "POST", "riv": {"contract": "GetDiagnosis:2", "patient": "191212121212"},
        "bodyPatterns": [{"matchesXPath": "//q:GetDiagnosis/q:nothing"}]}, "response": {}}"#,
    ),
    ("two/mappings/a.json", r#"{"request": {"urlPath": "/a"}, "response": {"body": "a1"}}"#),
    ("two/mappings/b.json", r#"{"request": {"urlPath": "/b"}, "response": {"body": "b1"}}"#),
];

/// A message that does not follow its contract.
fn invalid() -> String {
    diagnosis("191212121212").replace("patientId", "patient")
}

/// The newest row of a system.
async fn newest(desk: &Desk, system: &str) -> Result<Value, String> {
    desk.rows(system).await.into_iter().next().ok_or_else(|| "there is no row".to_owned())
}

pub const ROWS: &[Statement] = &[
    Statement {
        number: 66,
        what: "what is turned away before anything is decided has a row that says why",
        check: |desk| {
            Box::pin(async {
                let large = desk.call("small", Ask::post("x".repeat(300))).await;
                same("status", large.status, 413)?;
                let nowhere = desk.call("small", Ask::post("x").header("x-anslut-workspace", "not a key")).await;
                same("status", nowhere.status, 503)?;
                let rows = desk.rows("small").await;
                same("rows", rows.len(), 2)?;
                for (row, status, why) in
                    [(&rows[1], 413, "takes bodies of at most 200 bytes"), (&rows[0], 503, "is no workspace")]
                {
                    let told = row["explanation"].as_str().unwrap_or_default();
                    holds(&row.to_string(), row["response"]["status"] == status && told.contains(why))?;
                    same("row", (&row["wasMatched"], &row["outcome"]), (&json!(false), &json!("sent")))?;
                }
                Ok(())
            })
        },
    },
    Statement {
        number: 40,
        what: "what goes wrong is drawn before the request is held against its contract, and goes wrong with a refusal too",
        check: |desk| {
            Box::pin(async {
                let refused = desk.call("orderly", Ask::post(invalid())).await;
                holds(
                    &refused.text(),
                    refused.status == 500 && refused.text().contains("does not follow its contract"),
                )?;
                let worse = Ask::post(invalid()).header("x-anslut-behaviour", "soap-fault-503");
                same("status", desk.call("orderly", worse).await.status, 503)?;
                let row = newest(desk, "orderly").await?;
                let errors = row["validation"]["request"].as_array().map_or(0, Vec::len);
                holds(&row.to_string(), row["answer"]["behaviour"] == "soap-fault-503" && errors > 0)
            })
        },
    },
    Statement {
        number: 54,
        what: "a miss names the row that explains it, condition by condition, with what the contract says of the request",
        check: |desk| {
            Box::pin(async {
                let missed = desk.call("told", Ask::post(invalid())).await;
                let id = missed.header("x-anslut-explain").ok_or("no x-anslut-explain")?.to_owned();
                let (status, row) = desk.admin("GET", &format!("/__admin/requests/{id}"), None).await;
                same("status", status, 200)?;
                let told = row["explanation"].as_str().unwrap_or_default();
                for line in [
                    "nearly (",
                    "\n  ✓ method is POST, expected POST\n",
                    "\n  ✓ riv.contract is urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2, expected",
                    "\n  ✗ riv.patient",
                    "\n  ✗ body: //q:GetDiagnosis/q:nothing selects nothing; //q:GetDiagnosis does",
                    "\nthe request does not follow its contract: V",
                ] {
                    holds(&format!("{line:?} in {told}"), told.contains(line))?;
                }
                let answered = desk.call("orderly", Ask::post(diagnosis("191212121212"))).await;
                same("of an answer", answered.header("x-anslut-explain"), None)
            })
        },
    },
    Statement {
        number: 13,
        what: "a broken file holds up no other of its system",
        check: |desk| {
            Box::pin(async {
                let ask = async |path: &str| desk.call("two", Ask::post("").at(path)).await.text();
                same("before", (ask("/a").await, ask("/b").await), ("a1".to_owned(), "b1".to_owned()))?;
                desk.world.rewrite("producers/two/mappings/b.json", "{\n");
                desk.world.rewrite(
                    "producers/two/mappings/a.json",
                    r#"{"request": {"urlPath": "/a"}, "response": {"body": "a2"}}"#,
                );
                let live = async { while ask("/a").await != "a2" {} };
                tokio::time::timeout(Duration::from_secs(5), live).await.map_err(|_| "a is never read")?;
                let named = async {
                    let problems = async || desk.admin("GET", "/api/v1/producers/problems", None).await.1.to_string();
                    while !problems().await.contains("two/mappings/b.json") {}
                };
                tokio::time::timeout(Duration::from_secs(5), named).await.map_err(|_| "the file is not named")?;
                same("kept", ask("/b").await, "b1".to_owned())
            })
        },
    },
    Statement {
        number: 17,
        what: "the delay of all stubs is told in the form in which it is set",
        check: |desk| {
            Box::pin(async {
                for settings in [
                    json!({"fixedDelay": 1, "delayDistribution": null}),
                    json!({"fixedDelay": null, "delayDistribution": {"type": "uniform", "lower": 0, "upper": 1}}),
                    json!({"fixedDelay": null, "delayDistribution":
                        {"type": "lognormal", "median": 0.5, "sigma": 0.1, "maxValue": 1}}),
                    json!({"fixedDelay": null, "delayDistribution": null}),
                ] {
                    same("set", desk.admin("POST", "/__admin/settings", Some(settings.clone())).await.0, 200)?;
                    let told = desk.admin("GET", "/__admin/settings", None).await.1;
                    same("told", told["settings"].clone(), settings)?;
                }
                Ok(())
            })
        },
    },
];
