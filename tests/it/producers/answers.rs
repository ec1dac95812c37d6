//! Statements 14 to 25: answers.

use std::time::Duration;

use anslut::domain::clock::Clock;

use crate::support::client::Ask;

use super::{Statement, diagnosis, exchanged, holds, same};

pub const FILES: &[(&str, &str)] = &[
    ("outside/mappings/a.json", r#"{"name": "out", "request": {}, "response": {"bodyFileName": "../producer.toml"}}"#),
    (
        "filled/mappings/a.json",
        r#"{"mappings": [
        {"priority": 1, "request": {"urlPath": "/bad"}, "response": {"body": "<a>{{math 'x' '+' 1}}</a>", "transformers": ["response-template"]}},
        {"request": {}, "response": {"body": "<a>{{riv.patient.id}}|{{riv.correlationId}}|{{xPath request.body '//c:id/text()'}}</a>",
         "headers": {"x-echo": "{{riv.correlationId}}"}, "transformers": ["response-template"]}}
    ]}"#,
    ),
    (
        "drawn/mappings/a.json",
        r#"{"mappings": [
        {"request": {"urlPath": "/plain"}, "response": {"body": "<a/>"}},
        {"request": {"urlPath": "/uniform"}, "response": {"delayDistribution": {"type": "uniform", "lower": 15, "upper": 25}}},
        {"request": {"urlPath": "/fixed"}, "response": {"fixedDelayMilliseconds": 20}},
        {"request": {"urlPath": "/lognormal"}, "response": {"delayDistribution": {"type": "lognormal", "median": 20, "sigma": 0.4, "maxValue": 60}}}
    ]}"#,
    ),
    (
        "wire/mappings/a.json",
        r#"{"mappings": [
        {"request": {"urlPath": "/empty"}, "response": {"fault": "EMPTY_RESPONSE"}},
        {"request": {"urlPath": "/chunk"}, "response": {"fault": "MALFORMED_RESPONSE_CHUNK"}},
        {"request": {"urlPath": "/random"}, "response": {"fault": "RANDOM_DATA_THEN_CLOSE"}},
        {"request": {"urlPath": "/reset"}, "response": {"fault": "CONNECTION_RESET_BY_PEER"}}
    ]}"#,
    ),
    (
        "dribble/mappings/a.json",
        r#"{"request": {}, "response": {"body": "0123456789", "chunkedDribbleDelay": {"numberOfChunks": 5, "totalDuration": 1000}}}"#,
    ),
    ("named/producer.toml", "answers = [\"mapping\"]\n"),
    (
        "named/mappings/a.json",
        r#"{"mappings": [
        {"priority": 9, "request": {}, "response": {"body": "usual"}},
        {"priority": 9, "name": "EmptyResponse", "request": {"headers": {"x-mock-response": {"absent": false}}}, "response": {"body": "empty"}},
        {"priority": 9, "name": "SoapFault", "request": {"headers": {"x-mock-response": {"absent": false}}}, "response": {"status": 500, "body": "fault"}}
    ]}"#,
    ),
    ("strict/producer.toml", "[validate]\nrequest = \"fault\"\nresponse = \"fault\"\n"),
    (
        "strict/mappings/a.json",
        r#"{"name": "bad answer", "request": {}, "response": {"body": "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><x/></e:Body></e:Envelope>"}}"#,
    ),
];

pub const ROWS: &[Statement] = &[
    Statement {
        number: 14,
        what: "a bodyFileName that leads out is refused when the file is loaded",
        check: |desk| {
            Box::pin(async {
                let problem = desk.world.problems.iter().find(|one| one.file.to_string_lossy().contains("outside"));
                let text = problem.map(ToString::to_string).unwrap_or_default();
                holds(&text, text.contains("leads out of __files"))
            })
        },
    },
    Statement {
        number: 15,
        what: "templates fill in patient and correlation id, escaped",
        check: |desk| {
            Box::pin(async {
                let ask = Ask::post(diagnosis("191212121212")).header("x-skltp-correlation-id", "a<b");
                let answer = desk.call("filled", ask).await;
                same("text", answer.text(), "<a>191212121212|a&lt;b|191212121212</a>".to_owned())
            })
        },
    },
    Statement {
        number: 16,
        what: "a template that fails gives a SOAP fault",
        check: |desk| {
            Box::pin(async {
                let answer = desk.call("filled", Ask::post(diagnosis("1")).at("/bad")).await;
                same("status", answer.status, 500)?;
                let text = answer.text();
                holds(&text, text.contains("faultstring>anslut: template") && text.contains("math"))
            })
        },
    },
    Statement {
        number: 17,
        what: "a thousand drawn delays stay in their bounds, and the same seeds draw the same",
        check: |desk| {
            Box::pin(async move {
                let drawn = |space: &'static str, kind: &'static str| async move {
                    for _ in 0..4 {
                        let calls = (0..250).map(|_| {
                            let ask = Ask::get(&format!("/{kind}")).header("x-anslut-workspace", space);
                            desk.call("drawn", ask)
                        });
                        let answers = futures_util::future::join_all(calls).await;
                        same(kind, answers.iter().filter(|answer| answer.status == 200).count(), 250)?;
                    }
                    let target = format!("/__admin/requests?system=drawn&workspace={space}");
                    let listed = desk.admin("GET", &target, None).await.1;
                    let rows = listed["requests"].as_array().cloned().unwrap_or_default();
                    let mut waits: Vec<u64> = rows
                        .iter()
                        .filter(|row| row["request"]["url"].as_str().is_some_and(|url| url.contains(kind)))
                        .filter_map(|row| row["timing"]["addedDelay"].as_u64())
                        .collect();
                    waits.sort_unstable();
                    same(&format!("{kind}: rows"), waits.len(), 1_000).map(|()| waits)
                };
                let uniform = drawn("draw-a", "uniform").await?;
                holds(&format!("{uniform:?}"), uniform[0] == 15 && uniform[999] == 25 && uniform[500] == 20)?;
                same("drawn again", drawn("draw-b", "uniform").await?, uniform)?;
                let lognormal = drawn("draw-c", "lognormal").await?;
                holds(&format!("{lognormal:?}"), (18..=22).contains(&lognormal[500]) && lognormal[999] <= 60)?;
                // e^(0.4 * 1.28) of the median above nine in ten.
                holds(&format!("{lognormal:?}"), (30..=37).contains(&lognormal[900]))?;
                let fixed = drawn("draw-d", "fixed").await?;
                holds("fixed", fixed.iter().all(|wait| *wait == 20))
            })
        },
    },
    Statement {
        number: 19,
        what: "a raw client sees each fault of the wire as it is described",
        check: |desk| {
            Box::pin(async move {
                let seen = |path: &'static str| async move {
                    let ask = format!("POST /wire/{path} HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\na");
                    exchanged(desk.producers, &ask).await
                };
                let error = |error: std::io::Error| error.to_string();
                same("empty", seen("empty").await.map_err(error)?, Vec::new())?;
                let chunk = String::from_utf8_lossy(&seen("chunk").await.map_err(error)?).into_owned();
                let (head, garbage) = chunk.split_once("\r\n\r\n").unwrap_or_default();
                let is_chunked = head.starts_with("HTTP/1.1 200 OK") && head.contains("Transfer-Encoding: chunked");
                let length = garbage.split("\r\n").next().unwrap_or_default();
                holds(&chunk, is_chunked && !garbage.is_empty() && u64::from_str_radix(length, 16).is_err())?;
                let random = seen("random").await.map_err(error)?;
                holds("random", !random.is_empty() && !random.starts_with(b"HTTP"))?;
                let reset = seen("reset").await.map_err(|error| error.kind());
                same("reset", reset, Err(std::io::ErrorKind::ConnectionReset))?;
                let outcomes: Vec<_> = desk.rows("wire").await.iter().map(|row| row["outcome"].clone()).collect();
                same("rows", outcomes, vec![serde_json::json!("fault"); 4])
            })
        },
    },
    Statement {
        number: 18,
        what: "a dribble of five pieces over a second takes a second",
        check: |desk| {
            Box::pin(async {
                let began = Clock::instant();
                let ask = "GET /dribble/x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
                let answer = exchanged(desk.producers, ask).await.map_err(|error| error.to_string())?;
                let took = began.elapsed();
                let text = String::from_utf8_lossy(&answer).into_owned();
                let pieces = "2\r\n01\r\n2\r\n23\r\n2\r\n45\r\n2\r\n67\r\n2\r\n89\r\n0\r\n";
                holds(&text, text.contains(pieces))?;
                // No earlier; how much later is the machine's affair, and measured elsewhere.
                holds(&format!("{took:?}"), took >= Duration::from_millis(950))
            })
        },
    },
    Statement {
        number: 22,
        what: "x-mock-response takes a name however it is spelled, and an unknown one is the SoapFault",
        check: |desk| {
            Box::pin(async {
                let ask = |name: &str| Ask::post(diagnosis("191212121212")).header("x-mock-response", name);
                for name in ["EmptyResponse", "Empty Response", "empty_response"] {
                    same(name, desk.call("named", ask(name)).await.text(), "empty".to_owned())?;
                }
                same("unknown", desk.call("named", ask("Whatever")).await.text(), "fault".to_owned())?;
                same("none", desk.ask("named", "191212121212").await.1, "usual".to_owned())
            })
        },
    },
    Statement {
        number: 23,
        what: "a request that does not follow its contract gets a fault that says why, where that is asked for",
        check: |desk| {
            Box::pin(async {
                let body = diagnosis("191212121212").replace("patientId", "patient");
                let answer = desk.call("strict", Ask::post(body)).await;
                let text = answer.text();
                holds(
                    &text,
                    answer.status == 500 && text.contains("Client") && text.contains("does not follow its contract"),
                )
            })
        },
    },
    Statement {
        number: 24,
        what: "GET ?wsdl serves the contract",
        check: |desk| {
            Box::pin(async {
                let answer = desk.call("plain", Ask::get("/x?wsdl&contract=GetDiagnosis:2")).await;
                let text = answer.text();
                holds(&text[..text.len().min(300)], answer.status == 200 && text.contains("definitions"))
            })
        },
    },
    Statement {
        number: 25,
        what: "a mapping that does not follow the contract becomes a fault that names it, where that is asked for",
        check: |desk| {
            Box::pin(async {
                let body = diagnosis("191212121212");
                let whole = body.replace(
                    "</c:id>",
                    "</c:id><c:type xmlns:c='urn:riv:clinicalprocess:healthcond:description:2'>1.2.752.129.2.1.3.1</c:type>",
                );
                let answer = desk.call("strict", Ask::post(whole)).await;
                let text = answer.text();
                holds(&text, text.contains("the answer of bad answer"))
            })
        },
    },
];
