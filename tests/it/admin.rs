//! What became of a call, as the admin listener tells it: in the API, on the page, in the stream and in the metrics.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Answer, Ask};
use crate::support::envelope::{Envelope, GC};
use crate::support::producer::Producer;
use crate::support::soon;
use crate::support::tak::Tak;
use crate::support::world::{Plan, World};

/// A platform with one producer, which `tp` may call, and its admin listener.
async fn platform(producer: &Producer, sets: &[(&str, &str)]) -> (World, SocketAddr) {
    let tak = Tak::default().route(GC, "Known", "RIVTABP20", &producer.url("/p")).permission(GC, "Known", "tp");
    let plan = Plan::c0().tak(tak).set("listen.admin", "127.0.0.1:0");
    let world = sets.iter().fold(plan, |plan, (key, value)| plan.set(key, value)).start().await;
    let admin = world.platform.address("admin").unwrap();
    (world, admin)
}

async fn get(admin: SocketAddr, target: &str) -> Answer {
    Ask::get(target).header("Host", admin.to_string()).send(admin).await
}

async fn json(admin: SocketAddr, target: &str) -> Value {
    let answer = get(admin, target).await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

fn request(receiver: &str, patient: &str) -> Ask {
    let envelope = Envelope::bp20(GC, receiver).in_body(&format!("<q:personId>{patient}</q:personId>"));
    Ask::post(envelope.text()).internal("tp")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_shows_up_everywhere_as_it_was() {
    let producer = Producer::start().await;
    let (world, admin) = platform(&producer, &[]).await;
    let mut stream = Stream::open(admin).await;
    let answered = world.call(request("Known", "191212121212").header("x-skltp-correlation-id", "corr-1")).await;
    assert_eq!(answered.status, 200);
    let refused = world.call(request("Unknown", "198501011234").header("x-patient", "198501011234")).await;
    assert_eq!(refused.status, 500);

    let first = stream.next().await;
    let second = stream.next().await;
    assert_eq!((&first["outcome"], &first["correlation_id"]), (&"ok".into(), &"corr-1".into()));
    assert_eq!((&second["outcome"], &second["address"]), (&"VP004".into(), &"Unknown".into()));

    let list = json(admin, "/api/v1/exchanges").await;
    assert_eq!(list["exchanges"], serde_json::json!([second, first]), "the list and the stream tell the same");
    let found = json(admin, "/api/v1/exchanges?contract=GetCertificate&sender=TP&code=VP004").await;
    assert_eq!(found["exchanges"], serde_json::json!([second]));

    let call = json(admin, &format!("/api/v1/exchanges/{}", first["id"])).await;
    assert_eq!(call["messages"]["answer"]["body"], crate::support::producer::ANSWER);
    assert!(call["messages"]["request"]["body"].as_str().unwrap().contains("191212121212"));
    let explained = json(admin, call["links"]["explain"].as_str().unwrap()).await;
    assert_eq!((&explained["outcome"], &explained["producer_address"]), (&"ok".into(), &producer.url("/p").into()));

    let api = get(admin, &format!("/api/v1/exchanges/{}", second["id"])).await.text();
    let page = get(admin, &format!("/calls/{}", second["id"])).await.text();
    for shown in [&api, &page] {
        assert!(!shown.contains("198501011234") && shown.contains("19xxxxxx-xxxx"), "{shown}");
        assert!(shown.contains("No receiverId (logical address) found for serviceNamespace"));
    }
    assert!(page.contains("<li class=\"refused\"") && page.contains("What to do next"), "{page}");
    let calls = get(admin, "/").await.text();
    assert!(calls.contains(&format!("href=\"/calls/{}\"", first["id"])) && calls.contains("VP004"));

    for path in ["/metrics", "/actuator/prometheus"] {
        let metrics = get(admin, path).await.text();
        for line in ["anslut_hub_calls_total{outcome=\"ok\"} 1", "anslut_hub_calls_total{outcome=\"VP004\"} 1"] {
            assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
        }
    }
    assert_eq!(json(admin, "/api/v1/records").await["calls"], 2);
    assert_eq!(get(admin, "/health/ready").await.status, 200);
    world.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_catalogue_it_is_alive_and_not_ready() {
    let world = Plan::bare().set("listen.admin", "127.0.0.1:0").start().await;
    let admin = world.platform.address("admin").unwrap();
    let expected = [
        ("/health/live", 200),
        ("/health/ready", 503),
        ("/actuator/health", 503),
        ("/actuator/health/liveness", 200),
        ("/actuator/health/readiness", 503),
    ];
    for (path, status) in expected {
        assert_eq!(get(admin, path).await.status, status, "{path}");
    }
    let health: Value = serde_json::from_slice(&get(admin, "/actuator/health").await.body).unwrap();
    assert_eq!(health["components"]["takCache"]["status"], "DOWN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loopback_reads_without_the_token_and_by_no_other_name() {
    let producer = Producer::start().await;
    let (_world, admin) = platform(&producer, &[("admin.token", "s3cret")]).await;
    let ask = |headers: &[(&str, &str)]| {
        let ask = Ask::get("/api/v1/exchanges");
        headers.iter().fold(ask, |ask, (name, value)| ask.header(name, *value))
    };
    let own = admin.to_string();
    let cases: &[(&[(&str, &str)], u16)] = &[
        (&[("Host", &own)], 200),
        (&[("Host", "attacker.example")], 421),
        (&[("Host", &own), ("Origin", "http://attacker.example")], 403),
        (&[("Host", &own), ("Authorization", "Bearer wrong")], 401),
        (&[("Host", "attacker.example"), ("Authorization", "Bearer s3cret")], 200),
    ];
    for (headers, status) in cases {
        assert_eq!(ask(headers).send(admin).await.status, *status, "{headers:?}");
    }
}

/// The stream of calls, read as it comes.
struct Stream {
    stream: TcpStream,
    unread: String,
}

impl Stream {
    async fn open(admin: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(admin).await.unwrap();
        let head = format!("GET /api/v1/exchanges/stream HTTP/1.1\r\nHost: {admin}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut opened = Self { stream, unread: String::new() };
        assert!(opened.until("\r\n\r\n").await.starts_with("HTTP/1.1 200 OK\r\n"));
        opened
    }

    /// The next call.
    async fn next(&mut self) -> Value {
        let event = self.until("\n\n").await;
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_else(|| panic!("{event:?}"));
        serde_json::from_str(data).unwrap()
    }

    async fn until(&mut self, end: &str) -> String {
        let mut piece = Vec::new();
        while !self.unread.contains(end) {
            piece.clear();
            let read = soon("the stream", self.stream.read_buf(&mut piece)).await.unwrap();
            assert!(read > 0, "the stream ended");
            self.unread.push_str(std::str::from_utf8(&piece).unwrap());
        }
        let at = self.unread.find(end).unwrap() + end.len();
        self.unread.drain(..at).collect()
    }
}
