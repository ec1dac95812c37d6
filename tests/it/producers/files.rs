//! Large files of `__files` are sent from disk (`producers.md` §12): they are what was written, whoever asks and however slowly.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{CONTRACT, diagnosis};
use crate::support::client::{Answer, Ask};
use crate::support::tak::Tak;
use crate::support::world::{Plan, World};

const PATIENCE: Duration = Duration::from_secs(30);
const SIZE: usize = 8 << 20;

/// A file in which every line is another.
fn large(line: &str) -> Vec<u8> {
    let mut text = "<rows>\n".to_owned();
    for number in 0.. {
        if text.len() >= SIZE {
            break;
        }
        text.push_str(&format!("<row n='{number}'>{line} åäö</row>\n"));
    }
    text.push_str("</rows>");
    text.into_bytes()
}

const MAPPINGS: &str = r#"{"mappings": [
    {"request": {"urlPath": "/plain"}, "response": {"bodyFileName": "large.xml"}},
    {"request": {"urlPath": "/named"}, "response": {"bodyFileName": "{{request.query.file}}.xml", "transformers": ["response-template"]}},
    {"request": {"urlPath": "/filled"}, "response": {"bodyFileName": "places.xml", "transformers": ["response-template"]}},
    {"request": {"urlPath": "/wrapped"}, "response": {"bodyFileName": "large.xml", "riv": {"envelope": true}}},
    {"request": {"urlPath": "/dribbled"}, "response": {"bodyFileName": "large.xml",
      "chunkedDribbleDelay": {"numberOfChunks": 3, "totalDuration": 30}}},
    {"request": {"urlPath": "/late"}, "response": {"bodyFileName": "large.xml", "riv": {"behaviour": "slow;ms=5"}}},
    {"request": {"urlPath": "/cut"}, "response": {"bodyFileName": "large.xml", "riv": {"behaviour": "truncated;at=0.25"}}},
    {"request": {}, "priority": 9, "response": {"bodyFileName": "large.xml"}}]}"#;

async fn started() -> World {
    let mut places = large("x");
    places.extend_from_slice(b"<!-- {{request.query.q}} -->");
    let tak = Tak::default().route(CONTRACT, "INSIDE", "RIVTABP21", "producer:x").permission(CONTRACT, "INSIDE", "tp");
    Plan::bare()
        .property("vp.instance.id", "dev_env")
        .property("ip.whitelist", "127.0.0.1")
        .set("listen.admin", "127.0.0.1:0")
        .set("listen.producers", "127.0.0.1:0")
        .tak(tak)
        .file("producers/x/mappings/a.json", MAPPINGS)
        .file("producers/x/__files/large.xml", large("first"))
        .file("producers/x/__files/places.xml", places)
        .start()
        .await
}

async fn asked(world: &World, path: &str) -> Answer {
    Ask::get(&format!("/x{path}")).header("SOAPAction", "x").send(world.platform.address("producers").unwrap()).await
}

async fn newest(world: &World) -> Value {
    let admin = world.platform.address("admin").unwrap();
    let answer = Ask::get("/__admin/requests?limit=1").header("Host", admin.to_string()).send(admin).await;
    let listed: Value = serde_json::from_slice(&answer.body).unwrap();
    listed["requests"][0].clone()
}

fn digest(bytes: &[u8]) -> Value {
    json!(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[tokio::test]
async fn a_large_file_is_what_was_written_whatever_is_done_to_it() {
    let world = started().await;
    assert_eq!(world.problems, []);
    let whole = large("first");
    for path in ["/plain", "/named?file=large", "/late"] {
        let answer = asked(&world, path).await;
        assert_eq!((answer.status, answer.body.len()), (200, whole.len()), "{path}");
        assert!(answer.body == whole, "{path}: other bytes");
        let text = answer.header("content-length").map(str::to_owned);
        assert_eq!(text, Some(whole.len().to_string()), "{path}");
        if path == "/plain" {
            assert_eq!(answer.header("content-type"), Some("text/xml; charset=UTF-8"));
        }
        let row = newest(&world).await;
        assert_eq!(row["outcome"], "sent", "{path}");
        let response = &row["response"];
        assert_eq!((&response["bodySize"], &response["bodySha256"]), (&json!(whole.len()), &digest(&whole)), "{path}");
        let shown = response["body"].as_str().unwrap();
        assert!(shown.starts_with("<rows>") && shown.contains("[...]") && shown.ends_with("</rows>"), "{path}");
    }
    let wrapped = asked(&world, "/wrapped").await.text();
    assert!(wrapped.starts_with("<soap:Envelope") && wrapped.contains(std::str::from_utf8(&whole).unwrap()));
    assert!(asked(&world, "/filled?q=there").await.text().ends_with("<!-- there -->"));
    let producers = world.platform.address("producers").unwrap();
    let raw = |path: &'static str| async move {
        let text = format!("GET /x{path} HTTP/1.1\r\nHost: h\r\nSOAPAction: x\r\nConnection: close\r\n\r\n");
        tokio::time::timeout(PATIENCE, super::exchanged(producers, &text)).await.unwrap().unwrap()
    };
    let dribbled = raw("/dribbled").await;
    assert!(dribbled.len() > whole.len() && dribbled.ends_with(b"0\r\n\r\n"), "{} bytes", dribbled.len());
    let cut = raw("/cut").await;
    assert!(cut.len() > whole.len() / 4 && cut.len() < whole.len() / 2, "{} bytes", cut.len());
    // In the process, where bodies are whole.
    let body = diagnosis("191212121212").replace(">SE-1<", ">INSIDE<");
    let inside = world.call(Ask::post(body).internal("tp")).await;
    assert!(inside.status == 200 && inside.body == whole, "{}", inside.status);
}

#[tokio::test]
async fn a_slow_reader_has_the_file_it_began_with_and_one_that_goes_leaves_a_row() {
    let world = started().await;
    let producers = world.platform.address("producers").unwrap();
    let begin = || async {
        let mut stream = TcpStream::connect(producers).await.unwrap();
        stream
            .write_all(b"GET /x/plain HTTP/1.1\r\nHost: h\r\nSOAPAction: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut head = vec![0; 4_096];
        stream.read_exact(&mut head).await.unwrap();
        (stream, head)
    };
    let (mut slow, mut read) = begin().await;
    let (gone, _) = begin().await;
    world.rewrite("producers/x/__files/large.xml", large("second"));
    let second = large("second");
    let changed = async { while asked(&world, "/plain").await.body != second {} };
    tokio::time::timeout(PATIENCE, changed).await.expect("the other file is live");
    slow.read_to_end(&mut read).await.unwrap();
    assert!(read.ends_with(&large("first")), "{} bytes", read.len());
    drop(gone);
    let left = async {
        loop {
            let admin = world.platform.address("admin").unwrap();
            let answer = Ask::get("/__admin/requests").header("Host", admin.to_string()).send(admin).await;
            let listed: Value = serde_json::from_slice(&answer.body).unwrap();
            let rows = listed["requests"].as_array().unwrap().clone();
            if let Some(row) = rows.into_iter().find(|row| row["outcome"] == "client-gone") {
                return row;
            }
        }
    };
    let row = tokio::time::timeout(PATIENCE, left).await.expect("a row");
    let sent = row["response"]["bodySize"].as_u64().unwrap();
    assert!(sent > 0 && sent < SIZE as u64, "{sent}");
}
