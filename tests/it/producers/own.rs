//! Systems with listeners of their own, and the two behaviours of a listener (`producers.md` §7.2, §7.4): `refuse` closes the
//! socket, `slow-accept` leaves what is accepted unread.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anslut::domain::clock::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::secure::{ANSWER, Pki, rows, through, toml};
use super::{CONTRACT, diagnosis};
use crate::support::client::{Ask, Wire};
use crate::support::tak::Tak;
use crate::support::world::{Plan, World};

const PATIENCE: Duration = Duration::from_secs(20);
const HTTP: &str = "[http]\nlisten = \"127.0.0.1:0\"\n";
/// Unread for so long.
const UNREAD: Duration = Duration::from_millis(1_200);
/// More than the operating system takes for a peer that does not read.
const MUCH: usize = 48 << 20;

fn ruled(listener: &str, behaviour: &str) -> String {
    format!("[[rule]]\nbehaviour = \"{behaviour}\"\n{listener}")
}

fn plan(systems: &[(&str, String)]) -> Plan {
    let mut plan = Plan::bare().set("listen.admin", "127.0.0.1:0").set("listen.producers", "127.0.0.1:0");
    for (system, toml) in systems {
        plan = plan
            .file(&format!("producers/{system}/producer.toml"), toml.as_str())
            .file(&format!("producers/{system}/mappings/a.json"), ANSWER);
    }
    plan
}

fn address(world: &World, listener: &str) -> SocketAddr {
    world.platform.address(listener).unwrap_or_else(|| panic!("no {listener}"))
}

async fn admin(world: &World, method: &str, target: &str, body: &Value) -> Value {
    let admin = address(world, "admin");
    let ask = Ask::post(body.to_string()).method(method).at(target).content_type("application/json");
    let answer = ask.header("Host", admin.to_string()).send(admin).await;
    assert_eq!(answer.status, 200, "{method} {target}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// URL and state of a system's own listeners, as the API tells them.
async fn shown(world: &World, system: &str) -> Vec<(String, bool)> {
    let told = admin(world, "GET", "/api/v1/producers", &Value::Null).await;
    let systems = told["systems"].as_array().unwrap();
    let own = systems.iter().find(|one| one["name"] == system).unwrap()["listeners"].as_array().unwrap().clone();
    own.iter().map(|own| (own["url"].as_str().unwrap().to_owned(), own["isOpen"].as_bool().unwrap())).collect()
}

/// Asks again until connecting is refused, or is not.
async fn until_refused(address: SocketAddr, is_refused: bool) {
    let settled = async {
        loop {
            // In between, what waited to be accepted is reset.
            match TcpStream::connect(address).await {
                Err(error) if is_refused && error.kind() == io::ErrorKind::ConnectionRefused => return,
                Ok(_) if !is_refused => return,
                _ => {}
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.unwrap_or_else(|_| panic!("{address}: refused is not {is_refused}"));
}

/// A hub with a route to each system's own listener, by its name as address.
async fn hub(producers: &World, systems: &[&str], timeout_ms: u64) -> World {
    let mut tak = Tak::default();
    for system in systems {
        let port = address(producers, &format!("producers.{system}.http")).port();
        let (to, url) = (system.to_uppercase(), format!("http://localhost:{port}/{system}/"));
        tak = tak.route(CONTRACT, &to, "RIVTABP21", &url).permission(CONTRACT, &to, "tp");
    }
    Plan::bare()
        .property("vp.instance.id", "dev_env")
        .property("vp.instance.name", "NTjP Develop")
        .property("ip.whitelist", "127.0.0.1")
        .property("vp.producer.retry.attempts", "1")
        .property("vp.producer.retry.delay", "1")
        .timeouts(timeout_ms, &[])
        .tak(tak)
        .start()
        .await
}

#[tokio::test]
async fn a_rule_for_all_that_refuses_closes_the_socket_and_without_it_the_same_address_is_open_again() {
    let pki = Pki::new();
    let own = [("plain", HTTP.to_owned()), ("secured", toml("pki:secured", "none"))];
    let mut plan = pki.producers();
    for (system, toml) in &own {
        plan = plan
            .file(&format!("producers/{system}/producer.toml"), toml.as_str())
            .file(&format!("producers/{system}/mappings/a.json"), ANSWER);
    }
    // One that refuses from the start has its address all the same.
    let world = plan.file("producers/gone/producer.toml", ruled(HTTP, "refuse")).start().await;
    assert_eq!(world.problems, []);
    let gone = address(&world, "producers.gone.http");
    until_refused(gone, true).await;
    assert_eq!(shown(&world, "gone").await, [(format!("http://{gone}"), false)]);
    let (plain, secured) = (address(&world, "producers.plain.http"), address(&world, "producers.secured"));
    assert_eq!(shown(&world, "plain").await, [(format!("http://{plain}"), true)]);
    assert_eq!(shown(&world, "secured").await, [(format!("https://{secured}"), true)]);
    let ask = || Ask::post(diagnosis("191212121212")).at("/anything");
    for _ in 0..2 {
        // A kept connection that idles is closed with the socket.
        let mut kept = Wire::open(plain).await;
        kept.write(&ask().bytes()).await;
        assert!(kept.answer().await.text().contains("<answer/>"));
        for (system, toml) in &own {
            world.rewrite(&format!("producers/{system}/producer.toml"), ruled(toml, "refuse"));
        }
        for address in [plain, secured] {
            until_refused(address, true).await;
        }
        assert!(kept.rest().await.is_empty(), "the kept connection is closed");
        for _ in 0..20 {
            let refused = TcpStream::connect(plain).await.map(drop).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        }
        for (system, toml) in &own {
            world.rewrite(&format!("producers/{system}/producer.toml"), toml);
        }
        for address in [plain, secured] {
            until_refused(address, false).await;
        }
        assert!(ask().send(plain).await.text().contains("<answer/>"));
        let told = pki.consumer(None).call(secured, &ask()).await;
        assert!(told.text().contains("<answer/>"), "{}", told.text());
    }
    // A rule with a condition needs a request, and gets one.
    let picky = format!("[[rule]]\npatient = \"191212121212\"\nbehaviour = \"refuse\"\n{HTTP}");
    world.rewrite("producers/gone/producer.toml", picky);
    until_refused(gone, false).await;
    assert_eq!(shown(&world, "gone").await, [(format!("http://{gone}"), true)]);
}

#[tokio::test]
async fn a_plan_for_the_whole_system_closes_the_socket_for_as_long_as_its_row_is_due() {
    let world = plan(&[("a-one", HTTP.to_owned()), ("b-two", HTTP.to_owned())]).start().await;
    let [one, two] = ["a-one", "b-two"].map(|system| address(&world, &format!("producers.{system}.http")));
    // As `rolling-restart`, one after the other.
    for (system, closed, open) in [("a-*", one, two), ("b-*", two, one)] {
        let plan = json!({"seed": 1, "plan": [{"system": system, "behaviour": "refuse"}]});
        admin(&world, "PUT", "/api/v1/chaos", &plan).await;
        until_refused(closed, true).await;
        until_refused(open, false).await;
    }
    // A row for some calls, before the one for all, leaves it to the request.
    let rows = json!([
        {"system": "b-two", "share": 0.5, "behaviour": "http-401"},
        {"system": "b-two", "behaviour": "refuse"},
    ]);
    admin(&world, "PUT", "/api/v1/chaos", &json!({"seed": 1, "plan": rows})).await;
    until_refused(two, false).await;
    admin(&world, "DELETE", "/api/v1/chaos", &Value::Null).await;
    let ask = Ask::post(diagnosis("191212121212")).at("/");
    assert!(ask.send(two).await.text().contains("<answer/>"));
}

#[tokio::test]
async fn what_slow_accept_has_accepted_stays_in_the_socket_until_its_time_is_over() {
    let pki = Pki::new();
    let small = "[limits]\nbody_bytes_max = 1000\n";
    let slow = format!("slow-accept;ms={}", UNREAD.as_millis());
    let world = pki
        .producers()
        .file("producers/plain/producer.toml", ruled(&format!("{HTTP}{small}"), &slow))
        .file("producers/plain/mappings/a.json", ANSWER)
        .file("producers/secured/producer.toml", ruled(&toml("pki:secured", "none"), &slow))
        .file("producers/secured/mappings/a.json", ANSWER)
        .start()
        .await;
    assert_eq!(world.problems, []);
    let (plain, secured) = (address(&world, "producers.plain.http"), address(&world, "producers.secured"));
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {MUCH}\r\nConnection: close\r\n\r\n");
    for (address, head) in [(plain, head.as_str()), (secured, "")] {
        let began = Clock::instant();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let written = async {
            stream.write_all(head.as_bytes()).await?;
            // What is no handshake is refused once it is read; so much of it is not taken before.
            stream.write_all(&vec![b'x'; MUCH]).await
        };
        let written = tokio::time::timeout(PATIENCE, written).await.expect("it is read in the end");
        let passed = began.elapsed();
        assert!(passed >= UNREAD, "{address}: {written:?} after {passed:?}");
        if !head.is_empty() {
            written.expect("all of it is taken");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&answer));
        }
    }
    // A call that fits is answered as always, and the wait is waited once for a connection.
    let mut kept = Wire::open(plain).await;
    let ask = Ask::post(diagnosis("191212121212")).at("/");
    for _ in 0..2 {
        kept.write(&ask.bytes()).await;
        assert!(kept.answer().await.text().contains("<answer/>"));
    }
    for row in rows(&world, "plain").await.iter().take(2) {
        assert_eq!((&row["timing"]["addedDelay"], &row["answer"]["behaviour"]), (&json!(0), &json!(slow)), "{row}");
    }
    let began = Clock::instant();
    let told = pki.consumer(None).call(secured, &ask).await;
    assert!(told.text().contains("<answer/>") && began.elapsed() >= UNREAD, "{:?} {}", began.elapsed(), told.text());
    // On the listener that all share, a request is what decides: it is read, and its answer waits.
    let shared = plan(&[("shared", ruled("", "slow-accept;ms=1"))]).start().await;
    assert_eq!(ask.at("/shared/").send(address(&shared, "producers")).await.status, 200);
    assert_eq!(rows(&shared, "shared").await[0]["timing"]["addedDelay"], json!(1));
}

#[tokio::test]
async fn the_hub_makes_of_both_what_its_table_says() {
    let systems = [
        ("gone", ruled(HTTP, "refuse")),
        ("late", ruled(HTTP, "slow-accept;ms=60000")),
        ("soon", ruled(HTTP, "slow-accept;ms=50")),
    ];
    let producers = plan(&systems).start().await;
    let hub = hub(&producers, &["gone", "late", "soon"], 2_000).await;
    let port = address(&producers, "producers.gone.http").port();
    let cases = [
        ("gone", 500, format!("java.net.ConnectException: Cannot connect to localhost:{port}")),
        ("late", 500, "ReadTimeoutException: Timeout when waiting on response from producer.".to_owned()),
        ("soon", 200, "<answer/>".to_owned()),
    ];
    for (system, status, told) in cases {
        let answer = through(&hub, system, None).await;
        let text = answer.text();
        assert!(answer.status == status && text.contains(&told), "{system}: {} {text}", answer.status);
        assert_eq!(text.contains("VP009 [NTjP Develop]"), status == 500, "{system}: {text}");
    }
    // Nothing was read of the first two, so there is nothing to remember.
    for (system, count) in [("gone", 0), ("late", 0), ("soon", 1)] {
        assert_eq!(rows(&producers, system).await.len(), count, "{system}");
    }
    producers.rewrite("producers/gone/producer.toml", HTTP);
    until_refused(address(&producers, "producers.gone.http"), false).await;
    let answer = through(&hub, "gone", None).await;
    assert_eq!((answer.status, answer.text().contains("<answer/>")), (200, true), "{}", answer.text());
}
