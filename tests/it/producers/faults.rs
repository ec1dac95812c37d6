//! Statements 40 to 49: behaviours, rules and chaos.

use serde_json::json;

use crate::support::client::Ask;

use super::{Statement, diagnosis, exchanged, holds, same};

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
        number: 42,
        what: "reset-once resets the first try of a correlation id and answers the next",
        check: |desk| {
            Box::pin(async {
                let raw = |id: &str| {
                    let body = diagnosis("1");
                    format!(
                        "POST /act/ HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-anslut-behaviour: reset-once\r\n\
                         x-skltp-correlation-id: {id}\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    )
                };
                let first = exchanged(desk.producers, &raw("once-1")).await;
                holds("the first is reset", first.is_err() || first.is_ok_and(|bytes| bytes.is_empty()))?;
                let second = exchanged(desk.producers, &raw("once-1")).await.map_err(|error| error.to_string())?;
                holds("the second is answered", second.starts_with(b"HTTP/1.1 200"))?;
                let rows = desk.rows("act").await;
                let same_id = rows.iter().filter(|row| row["riv"]["correlationId"] == "once-1").count();
                same("rows", same_id, 2)
            })
        },
    },
];
