//! Statement 66: what is beyond a limit of `producers.md` §12 gets 503, or an error that names the limit. A row is how it is
//! exceeded, and what comes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::diagnosis;
use crate::support::client::{Answer, Ask};
use crate::support::world::{Plan, World};

const PATIENCE: Duration = Duration::from_secs(60);
const MIB: usize = 1024 * 1024;

/// A limit, how it is exceeded, and what comes: a status and a text in which the limit stands.
struct Limit {
    what: &'static str,
    exceeded: How,
    status: u16,
    told: &'static str,
}

enum How {
    /// By a call of a system with such a body.
    Call(&'static str, fn() -> Vec<u8>),
    /// By a body that is announced and not sent.
    Announced(&'static str, usize),
    /// By a body in pieces, of which nobody knows how much will come.
    Chunked(&'static str, usize),
    /// By one stub more, sent to the system.
    Stub(&'static str, fn() -> Value),
    /// By two calls at once, one of which is not let in.
    TwoCalls(&'static str),
    /// By one workspace more.
    Workspaces(usize),
    /// By the files of the environment: it is told at the start.
    Files,
}

fn template() -> Vec<u8> {
    vec![b'x'; 6 * MIB]
}

/// Every `a` is looked at for every `a`.
fn many_elements() -> Vec<u8> {
    format!("<r>{}</r>", "<a/>".repeat(1_500)).into_bytes()
}

fn long_message() -> Vec<u8> {
    format!("<r>{}</r>", "x".repeat(MIB)).into_bytes()
}

/// What takes a matcher that goes back and forth longer than anybody lives.
fn hard_to_match() -> Vec<u8> {
    [vec![b'a'; MIB], b"b".to_vec()].concat()
}

fn one_more() -> Value {
    json!({"request": {"urlPath": "/one-more"}, "response": {"body": "x"}})
}

fn large_expression() -> Value {
    json!({"request": {"bodyPatterns": [{"matches": "(((a{1000}){1000}){1000})"}]}, "response": {}})
}

fn referring_back() -> Value {
    json!({"request": {"bodyPatterns": [{"matches": "(a+)\\1"}]}, "response": {}})
}

const LIMITS: &[Limit] = &[
    Limit {
        what: "stubs, in files",
        exceeded: How::Files,
        status: 0,
        told: "has more than 50000 stubs, 1 are left out",
    },
    Limit {
        what: "stubs, by the API",
        exceeded: How::Stub("full", one_more),
        status: 503,
        told: "there are 50000 stubs already",
    },
    Limit {
        what: "body, announced",
        exceeded: How::Announced("plain", 52_428_801),
        status: 413,
        told: "takes bodies of at most 52428800 bytes (limits.body_bytes_max)",
    },
    Limit {
        what: "body, as it comes",
        exceeded: How::Chunked("plain", 52_428_801),
        status: 413,
        told: "takes bodies of at most 52428800 bytes (limits.body_bytes_max)",
    },
    Limit {
        what: "template output",
        exceeded: How::Call("template", template),
        status: 500,
        told: "its body exceeds 16777216 bytes",
    },
    Limit {
        what: "nodes of an XPath",
        exceeded: How::Call("xpath", many_elements),
        status: 500,
        told: "visits more than 1000000 nodes",
    },
    Limit {
        what: "inputs of an XML difference",
        exceeded: How::Call("xml", long_message),
        status: 500,
        told: "of which at most 1048576 are compared",
    },
    Limit {
        what: "delayed calls",
        exceeded: How::TwoCalls("delayed"),
        status: 503,
        told: "has 1 delayed calls already (limits.delayed_max)",
    },
    Limit {
        what: "a dribble's time",
        exceeded: How::Files,
        status: 0,
        told: "what exceeds 600000 ms of a delay of 700000 ms",
    },
    Limit {
        what: "an expression that goes back and forth",
        exceeded: How::Call("regex", hard_to_match),
        status: 500,
        told: "anslut: regex has no answer",
    },
    Limit {
        what: "a large expression",
        exceeded: How::Stub("plain", large_expression),
        status: 422,
        told: "is not a regular expression we can run",
    },
    Limit {
        what: "an expression that refers back",
        exceeded: How::Stub("plain", referring_back),
        status: 422,
        told: "is not a regular expression we can run",
    },
    Limit {
        what: "workspaces",
        exceeded: How::Workspaces(1_000),
        status: 503,
        told: "there are 1000 workspaces already",
    },
];

fn plan() -> Plan {
    let stubs: Vec<Value> = (0..=50_000)
        .map(|number| json!({"request": {"urlPath": format!("/{number}")}, "response": {"body": "x"}}))
        .collect();
    let template = r#"{"request": {}, "response": {"body": "{{request.body}}{{request.body}}{{request.body}}",
        "transformers": ["response-template"]}}"#;
    let xpath =
        r#"{"request": {"bodyPatterns": [{"matchesXPath": "//a[count(//a) = 1]"}]}, "response": {"body": "x"}}"#;
    let xml = r#"{"request": {"bodyPatterns": [{"equalToXml": "<r>other</r>"}]}, "response": {"body": "x"}}"#;
    let regex = r#"{"request": {"bodyPatterns": [{"matches": "(a+)+c"}]}, "response": {"body": "x"}}"#;
    let dribble = r#"{"request": {}, "response": {"body": "x",
        "chunkedDribbleDelay": {"numberOfChunks": 2, "totalDuration": 700000}}}"#;
    let delayed = r#"{"request": {}, "response": {"body": "x", "fixedDelayMilliseconds": 600000}}"#;
    let mut plan = Plan::bare().set("listen.producers", "127.0.0.1:0").set("listen.admin", "127.0.0.1:0");
    let systems = [
        ("full", json!({"mappings": stubs}).to_string()),
        ("plain", r#"{"request": {}, "response": {"body": "x"}}"#.to_owned()),
        ("template", template.to_owned()),
        ("xpath", xpath.to_owned()),
        ("xml", xml.to_owned()),
        ("regex", regex.to_owned()),
        ("dribble", dribble.to_owned()),
        ("delayed", delayed.to_owned()),
    ];
    for (system, mappings) in systems {
        plan = plan.file(&format!("producers/{system}/mappings/a.json"), mappings);
    }
    plan.file("producers/delayed/producer.toml", "[limits]\ndelayed_max = 1\n")
}

async fn call(world: &World, ask: Ask) -> Answer {
    ask.send(world.platform.address("producers").unwrap()).await
}

/// What the server answers while, and after, so many pieces are sent to it.
async fn chunked(world: &World, system: &str, length: usize) -> (u16, String) {
    let mut stream = TcpStream::connect(world.platform.address("producers").unwrap()).await.unwrap();
    let head =
        format!("POST /{system}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut left = length;
    while left > 0 {
        let size = left.min(MIB);
        let piece = [format!("{size:x}\r\n").into_bytes(), vec![b'x'; size], b"\r\n".to_vec()].concat();
        stream.write_all(&piece).await.unwrap();
        left -= size;
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    parted(&mut stream).await
}

/// Status and text of what comes until the end.
async fn parted(stream: &mut TcpStream) -> (u16, String) {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let text = String::from_utf8_lossy(&all).into_owned();
    (text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default(), text)
}

async fn exceeded(world: &World, how: &How) -> (u16, String) {
    match how {
        How::Call(system, body) => {
            let ask = Ask::post(body()).at(&format!("/{system}/")).content_type("text/plain");
            let answer = call(world, ask).await;
            (answer.status, answer.text())
        }
        How::Announced(system, length) => {
            let mut stream = TcpStream::connect(world.platform.address("producers").unwrap()).await.unwrap();
            let head = format!(
                "POST /{system}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\r\nx"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            // Nothing more comes: what was announced is enough to be refused.
            stream.shutdown().await.unwrap();
            parted(&mut stream).await
        }
        How::Chunked(system, length) => chunked(world, system, *length).await,
        How::Stub(system, stub) => {
            let admin = world.platform.address("admin").unwrap();
            let ask = Ask::post(stub().to_string()).at(&format!("/__admin/mappings?system={system}"));
            let answer = ask.content_type("application/json").header("Host", admin.to_string()).send(admin).await;
            (answer.status, answer.text())
        }
        How::TwoCalls(system) => {
            let ask = || call(world, Ask::post(diagnosis("1")).at(&format!("/{system}/")));
            // Only one of them ends.
            let answer = tokio::select! {
                answer = ask() => answer,
                answer = ask() => answer,
            };
            (answer.status, answer.text())
        }
        How::Workspaces(most) => {
            for number in 0..*most {
                let ask = Ask::post("x").at("/plain/").header("x-anslut-workspace", format!("w{number}"));
                assert_eq!(call(world, ask).await.status, 200, "workspace {number}");
            }
            let answer = call(world, Ask::post("x").at("/plain/").header("x-anslut-workspace", "one-more")).await;
            (answer.status, answer.text())
        }
        How::Files => (0, world.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[tokio::test]
async fn each_limit_is_refused_by_its_name() {
    let world = plan().start().await;
    let mut complaints = Vec::new();
    for Limit { what, exceeded: how, status, told } in LIMITS {
        let found = tokio::time::timeout(PATIENCE, exceeded(&world, how)).await;
        match found {
            Err(_) => complaints.push(format!("{what}: nothing within {PATIENCE:?}")),
            Ok((found, text)) if found == *status && text.contains(told) => {}
            Ok((found, text)) => {
                let text: String = text.chars().take(500).collect();
                complaints.push(format!("{what}: {found} {text:?}, expected {status} {told:?}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // And it goes on.
    assert_eq!(call(&world, Ask::post("x").at("/plain/")).await.text(), "x");
    assert_eq!(call(&world, Ask::post("x").at("/full/49999")).await.text(), "x");
    assert_eq!(call(&world, Ask::post("x").at("/full/50000")).await.status, 500);
}
