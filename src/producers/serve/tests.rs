//! The listener, seen by a raw client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::serve;
use crate::producers::mounted::Producers;
use crate::producers::settings::ServerSettings;
use crate::producers::tests::{get_diagnosis, sound};

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

async fn started(producers: Arc<Producers>, settings: ServerSettings) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(serve(listener, producers, settings, shutdown.clone()));
    Server { address, shutdown, task }
}

/// Everything the server sends until it closes.
async fn exchanged(server: &Server, bytes: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server.address).await?;
    stream.write_all(bytes.as_bytes()).await?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await?;
    Ok(all)
}

async fn got(server: &Server, bytes: &str) -> String {
    String::from_utf8(exchanged(server, bytes).await.unwrap()).unwrap()
}

fn post(target: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {target} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
}

const STUBS: &str = r#"{"mappings": [
    {"name": "empty", "request": {"urlPath": "/empty"}, "response": {"fault": "EMPTY_RESPONSE"}},
    {"name": "chunk", "request": {"urlPath": "/chunk"}, "response": {"fault": "MALFORMED_RESPONSE_CHUNK"}},
    {"name": "random", "request": {"urlPath": "/random"}, "response": {"fault": "RANDOM_DATA_THEN_CLOSE"}},
    {"name": "reset", "request": {"urlPath": "/reset"}, "response": {"fault": "CONNECTION_RESET_BY_PEER"}},
    {"name": "slow", "request": {"urlPath": "/slow"}, "response": {"body": "slow", "fixedDelayMilliseconds": 300}},
    {"name": "stuck", "request": {"urlPath": "/stuck"}, "response": {"body": "", "fixedDelayMilliseconds": 60000}},
    {"name": "big", "request": {"urlPath": "/big"}, "response": {"bodyFileName": "big.txt"}},
    {"name": "diagnoses", "request": {"riv": {"contract": "GetDiagnosis:2"}}, "response": {"body": "<yes/>"}}]}"#;

async fn server_with(settings: ServerSettings) -> Server {
    // More than the buffers of a socket hold.
    let big = "0123456789".repeat(2_000_000);
    let other = "name = \"Other\"\n[limits]\nbody_bytes_max = 10\nconcurrency_max = 1\n";
    started(sound(&[("x/mappings/a.json", STUBS), ("x/__files/big.txt", &big), ("y/producer.toml", other)]), settings)
        .await
}

#[tokio::test]
async fn a_call_is_answered_and_systems_have_an_index() {
    let server = server_with(ServerSettings::default()).await;
    let answer = got(&server, &post("/x/any/path", &get_diagnosis("A", "191212121212"))).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("<yes/>"), "{answer}");
    assert!(answer.contains("content-type: text/xml; charset=UTF-8\r\n"));

    let unknown = got(&server, &post("/z/a", "")).await;
    assert!(
        unknown.starts_with("HTTP/1.1 404 ") && unknown.ends_with("no system \"z\"; there are x, y\n"),
        "{unknown}"
    );
    for target in ["/x/", "/x"] {
        let index = got(&server, &get(target)).await;
        assert!(index.contains("x: a mocked producer, any logical address\n5  diagnoses  "), "{index}");
        assert_eq!(index.split("\r\n\r\n").nth(1).unwrap().lines().count(), 9);
    }
}

#[tokio::test]
async fn each_fault_is_seen_on_the_wire_as_described() {
    let server = server_with(ServerSettings::default()).await;
    assert_eq!(exchanged(&server, &post("/x/empty", "a")).await.unwrap(), b"");
    let chunk = got(&server, &post("/x/chunk", "a")).await;
    assert!(chunk.starts_with("HTTP/1.1 200 OK\r\n") && chunk.contains("Encoding: chunked\r\n\r\nlskdu"), "{chunk}");
    let random = exchanged(&server, &post("/x/random", "a")).await.unwrap();
    assert!(random.len() == 512 && !random.starts_with(b"HTTP"), "{}", random.len());
    let reset = exchanged(&server, &post("/x/reset", "a")).await.unwrap_err();
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    // The next connection is served as ever.
    assert!(got(&server, &get("/x/")).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn bodies_beyond_the_limit_and_calls_beyond_the_limit_are_refused() {
    let server = server_with(ServerSettings::default()).await;
    let large = got(&server, &post("/y/a", "eleven byte")).await;
    assert!(
        large.starts_with("HTTP/1.1 413 ") && large.contains("at most 10 bytes (limits.body_bytes_max)"),
        "{large}"
    );

    let long = format!("GET /x/ HTTP/1.1\r\nhost: h\r\na: {}\r\n\r\n", "a".repeat(70_000));
    assert!(got(&server, &long).await.starts_with("HTTP/1.1 431 "));

    let mut reading = TcpStream::connect(server.address).await.unwrap();
    let head = b"POST /y/a HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    reading.write_all(head).await.unwrap();
    // The interim answer says that the body is being read now.
    let mut interim = [0; 25];
    reading.read_exact(&mut interim).await.unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100 Continue"));
    let refused = got(&server, &post("/y/a", "")).await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("limits.concurrency_max"), "{refused}");
}

#[tokio::test]
async fn a_client_that_says_nothing_or_takes_nothing_is_let_go() {
    let short = Duration::from_millis(100);
    let settings =
        ServerSettings { idle_timeout: short, body_timeout: short, write_timeout: short, ..ServerSettings::default() };
    let server = server_with(settings).await;
    let silent = got(&server, "POST /x/a HTTP/1.1\r\nho").await;
    assert!(silent.is_empty() || silent.starts_with("HTTP/1.1 408"), "{silent}");
    let half = got(&server, "POST /x/a HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhalf").await;
    assert!(half.starts_with("HTTP/1.1 408 "), "{half}");

    let mut stalled = TcpStream::connect(server.address).await.unwrap();
    stalled.write_all(post("/x/big", "").as_bytes()).await.unwrap();
    let mut byte = [0];
    stalled.read_exact(&mut byte).await.unwrap();
    server.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), server.task).await.expect("the write gives up").unwrap();
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let server = server_with(ServerSettings { connections_max: 1, ..ServerSettings::default() }).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(get("/x/").as_bytes()).await.unwrap();
    let mut byte = [0];
    let waited = tokio::time::timeout(Duration::from_millis(100), second.read(&mut byte)).await;
    assert!(waited.is_err(), "the second waits while the first is open");
    drop(first);
    assert_eq!(second.read(&mut byte).await.unwrap(), 1);
}

#[tokio::test]
async fn shutdown_lets_calls_in_flight_finish_and_cuts_those_that_take_too_long() {
    let settings = ServerSettings { drain_timeout: Duration::from_secs(1), ..ServerSettings::default() };
    let server = server_with(settings).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(post("/x/slow", "").as_bytes()).await.unwrap();
    let mut stuck = TcpStream::connect(server.address).await.unwrap();
    stuck.write_all(post("/x/stuck", "").as_bytes()).await.unwrap();
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    // Answered behind the three, so the server has them.
    got(&server, &get("/x/")).await;
    server.shutdown.cancel();
    let mut all = String::new();
    slow.read_to_string(&mut all).await.unwrap();
    assert!(all.ends_with("slow"), "{all}");
    let mut none = Vec::new();
    idle.read_to_end(&mut none).await.unwrap();
    assert!(none.is_empty());
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    let mut cut = Vec::new();
    // Whoever waits beyond the drain is told so before it is over.
    let _ = stuck.read_to_end(&mut cut).await;
    let cut = String::from_utf8(cut).unwrap();
    assert!(cut.contains("SOAP-ENV:Server") && cut.contains("stops before the answer is due"), "{cut}");
}

#[tokio::test]
async fn a_call_that_waits_holds_little() {
    let big = "big";
    let producers = sound(&[("x/mappings/a.json", STUBS), ("x/__files/big.txt", big)]);
    let system = producers.system("x").unwrap();
    let decision = system.decide(http::Request::post("/x/stuck").body(bytes::Bytes::new()).unwrap());
    let (settings, shutdown) = (ServerSettings::default(), CancellationToken::new());
    // Of ten thousand waiting calls each costs this, beside the buffers of its connection.
    let bytes = size_of_val(&super::waited(&system, decision, &settings, &shutdown));
    assert!(bytes <= 2_048, "{bytes} bytes");
}
