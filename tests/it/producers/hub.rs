//! Statements 20, 42 and 43: what the hub makes of a mocked producer that it reaches over a socket.

use std::net::SocketAddr;

use serde_json::json;

use super::{CONTRACT, Statement, diagnosis, holds, same};
use crate::support::client::{Answer, Ask};
use crate::support::tak::Tak;
use crate::support::world::{Plan, World};

/// Address of the system `act` of the desk, through the hub.
const ADDRESS: &str = "ACT";
const SENDER: &str = "tp";

/// A hub whose producers are the desk's.
pub async fn start(producers: SocketAddr) -> World {
    let tak = Tak::default()
        .route(CONTRACT, ADDRESS, "RIVTABP21", &format!("http://{producers}/act/"))
        .permission(CONTRACT, ADDRESS, SENDER);
    Plan::bare()
        .property("vp.instance.id", "dev_env")
        .property("vp.instance.name", "NTjP Develop")
        .property("ip.whitelist", "127.0.0.1")
        .property("vp.producer.retry.attempts", "1")
        .property("vp.producer.retry.delay", "1")
        .tak(tak)
        .start()
        .await
}

/// A call through the hub of a producer that behaves so.
async fn behaving(hub: &World, behaviour: &str, correlation_id: &str) -> Answer {
    let body = diagnosis("191212121212").replace(">SE-1<", &format!(">{ADDRESS}<"));
    let ask = Ask::post(body).internal(SENDER).header("x-anslut-behaviour", behaviour);
    hub.call(ask.header("x-skltp-correlation-id", correlation_id)).await
}

pub const ROWS: &[Statement] = &[
    Statement {
        number: 20,
        what: "through the hub each fault of the wire has the outcome of the hub's table",
        check: |desk| {
            Box::pin(async {
                for (fault, told) in [
                    ("EMPTY_RESPONSE", "No response received from remote server: "),
                    ("MALFORMED_RESPONSE_CHUNK", "VP009 [NTjP Develop]"),
                    ("RANDOM_DATA_THEN_CLOSE", "VP009 [NTjP Develop]"),
                    ("CONNECTION_RESET_BY_PEER", "java.net.SocketException: Connection reset"),
                ] {
                    let answer = behaving(&desk.hub, fault, &format!("wire-{fault}")).await;
                    let text = answer.text();
                    holds(&format!("{fault}: {text}"), answer.status == 500 && text.contains(told))?;
                    let rows = desk.rows("act").await;
                    let ours = |row: &&serde_json::Value| row["riv"]["correlationId"] == format!("wire-{fault}");
                    let count = rows.iter().filter(ours).count();
                    // Only a reset is tried again: once.
                    let tries = if fault == "CONNECTION_RESET_BY_PEER" { 2 } else { 1 };
                    same(&format!("{fault}: rows"), count, tries)?;
                    let named = rows.iter().find(ours).map(|row| row["answer"]["behaviour"].clone());
                    same("row", named, Some(json!(fault)))?;
                }
                Ok(())
            })
        },
    },
    Statement {
        number: 42,
        what: "reset-once succeeds through the hub, and shows two rows with one correlation id",
        check: |desk| {
            Box::pin(async {
                let answer = behaving(&desk.hub, "reset-once", "once-through-the-hub").await;
                holds(&answer.text(), answer.status == 200 && answer.text().contains("GetDiagnosisResponse"))?;
                let rows = desk.rows("act").await;
                let ours = rows.iter().filter(|row| row["riv"]["correlationId"] == "once-through-the-hub");
                let outcomes: Vec<_> = ours.map(|row| row["outcome"].clone()).collect();
                same("newest first", outcomes, vec![json!("sent"), json!("fault")])
            })
        },
    },
    Statement {
        number: 43,
        what: "soap-fault-200 passes the hub as success, soap-fault-503 becomes VP009",
        check: |desk| {
            Box::pin(async {
                let passed = behaving(&desk.hub, "soap-fault-200", "fault-200").await;
                holds(&passed.text(), passed.status == 200 && passed.text().contains("<faultcode>soap:Server<"))?;
                let refused = behaving(&desk.hub, "soap-fault-503", "fault-503").await;
                let text = refused.text();
                let expected = ["VP009 [NTjP Develop]", "with statusCode: 503"];
                holds(&text, refused.status == 500 && expected.iter().all(|part| text.contains(part)))
            })
        },
    },
];
