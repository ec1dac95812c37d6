//! Bounds: what one client, one producer or one message may take, and what is answered beyond (`vp.md` §1.1).

use crate::conformance::c0::{C0, Faulty, t0};
use crate::story;
use crate::support::client::{Answer, Ask, Wire};
use crate::support::envelope::{GC, gc};
use crate::support::producer::{ANSWER, Producer};
use crate::support::socket::{Act, Socket, ok};
use crate::support::{soon, until};

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

/// An answer of HTTP's own: no body, and the connection closed behind it.
#[track_caller]
fn is_turned_away(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.text().as_str()), (status, ""));
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("connection").map(str::to_ascii_lowercase).as_deref(), Some("close"));
}

#[tokio::test]
async fn what_http_decides() {
    let c0 = C0::start().await;
    for ask in [Ask::get("/"), Ask::get("/vq"), Ask::post("x").at("/status/"), Ask::get("/RESETCACHE"), Ask::get("/v")]
    {
        let answer = c0.call(ask.clone()).await;
        is_turned_away(&answer, 404);
        assert_eq!(answer.header("content-type"), Some("text/plain"), "{ask:?}");
    }
    is_turned_away(&c0.call(call().method("TRACE")).await, 405);
    let options = c0.call(Ask::get("/vp/x").method("OPTIONS")).await;
    assert_eq!((options.status, options.text().as_str()), (200, ""));
    let allowed = options.header("allow").expect("Allow");
    assert!(allowed.split(',').any(|method| method.trim() == "POST"), "{allowed}");
    assert!(c0.producer.asked().await.is_empty() && c0.world.records().is_empty());
}

#[tokio::test]
async fn requests_that_are_none() {
    let c0 = C0::start().await;
    for bytes in [
        "GET /vp HTTP/1.1\r\n\r\n".to_owned(),
        "POST /vp HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        "GET /vp HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(),
        "GET /vp HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n".to_owned(),
        "POST /vp HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n".to_owned(),
        format!("GET /vp/{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(4_096)),
        format!("GET /vp HTTP/1.1\r\nHost: x\r\nx-long: {}\r\n\r\n", "a".repeat(8_192)),
    ] {
        let mut wire = Wire::open(c0.world.hub).await;
        wire.write(bytes.as_bytes()).await;
        let answer = wire.answer().await;
        let shown = &bytes[..bytes.len().min(60)];
        assert_eq!((answer.status, answer.text().as_str()), (400, ""), "{shown:?}");
        assert_eq!(wire.rest().await, b"", "{shown:?}");
    }
    // Just within.
    let ask = call().at(&format!("/vp/{}", "a".repeat(4_000))).header("x-long", "a".repeat(3_500));
    c0.call(ask).await.is_passed_on(ANSWER);
    // The older protocol does without a host.
    let mut wire = Wire::open(c0.world.hub).await;
    wire.write(b"GET /status HTTP/1.0\r\n\r\n").await;
    assert_eq!(wire.answer().await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit() {
    let message = gc("HttpProducer");
    let limit = message.len().to_string();
    let c0 = C0::with(|plan| plan.property("vp.max.receive.length", &limit)).await;
    c0.call(call()).await.is_passed_on(ANSWER);
    let longer = format!("{message} ");
    is_turned_away(&c0.call(Ask::post(longer.clone()).internal("tp")).await, 413);
    // Announced and not sent; and sent in pieces without being announced.
    let mut wire = Wire::open(c0.world.hub).await;
    wire.write(b"POST /vp HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n").await;
    is_turned_away(&wire.answer().await, 413);
    let pieces = format!("{:x}\r\n{longer}\r\n0\r\n\r\n", longer.len());
    is_turned_away(&c0.call(Ask::post(pieces).internal("tp").header("Transfer-Encoding", "chunked")).await, 413);
    assert_eq!(c0.producer.asked().await.len(), 1);
}

/// Of a socket that is closed on unread bytes nobody hears why: whoever writes all before he reads gets a reset.
#[tokio::test]
async fn who_sends_too_much_hears_so_on_every_listener() {
    const BYTES: usize = 60_000_000;
    let platform = story::demo().await;
    let piece = vec![b'x'; 1_000_000];
    for (listener, target, status) in [
        ("hub_http", "/vp", 413),
        ("index_update", "/skltp-ei/update-service/v1", 500),
        ("index_find", "/skltp-ei/find-content-service/v1", 500),
        ("aggregation", "/GetCareDocumentation/service/v2", 500),
        ("producers", "/journal-a/", 413),
        ("admin", "/api/v1/catalogue/rows", 413),
    ] {
        let mut wire = Wire::open(platform.address(listener).expect(listener)).await;
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {BYTES}\r\n\r\n"
        );
        wire.write(head.as_bytes()).await;
        for sent in (0..BYTES).step_by(piece.len()) {
            wire.try_write(&piece).await.unwrap_or_else(|error| panic!("{listener}: {error} after {sent} bytes"));
        }
        let answer = wire.answer().await;
        assert_eq!(answer.status, status, "{listener}: {}", answer.text());
    }
    platform.drain().await;
}

#[tokio::test]
async fn calls_in_flight_are_bounded() {
    let socket = Socket::always(Act::Hold(ok(ANSWER))).await;
    let faulty = Faulty::with(socket, |plan| plan.set("hub.calls_max", "2")).await;
    let hub = faulty.world.hub;
    let held: Vec<_> = (0..2).map(|_| tokio::spawn(async move { call().send(hub).await })).collect();
    faulty.socket.arrived(2).await;
    is_turned_away(&faulty.call(call()).await, 503);
    assert_eq!(faulty.call(Ask::get("/status")).await.status, 200, "the status is not a call");
    faulty.socket.release();
    for answer in held {
        answer.await.expect("an answer").is_passed_on(ANSWER);
    }
    // The places are free again.
    let again = tokio::spawn(async move { call().send(hub).await });
    faulty.socket.arrived(3).await;
    faulty.socket.release();
    again.await.expect("an answer").is_passed_on(ANSWER);
}

#[tokio::test]
async fn a_stuck_producer_holds_its_share_and_no_more() {
    let stuck = Socket::always(Act::Hold(ok(ANSWER))).await;
    let good = Producer::start().await;
    let tak = {
        let mut tak = t0(&good.url(""));
        tak.move_route(GC, "HttpProducer", &stuck.url("/p1"));
        tak
    };
    let c0 = C0::before(good, |plan| plan.tak(tak).set("hub.calls_per_producer_max", "3")).await;
    let hub = c0.world.hub;
    let held: Vec<_> = (0..3).map(|_| tokio::spawn(async move { call().send(hub).await })).collect();
    stuck.arrived(3).await;
    let answer = c0.call(call()).await;
    let address = format!("Error connecting to service producer at address {}", stuck.url("/p1"));
    answer.is_vp_with(9, &[&address, "3 calls"]);
    for _ in 0..5 {
        c0.call(Ask::post(gc("HttpsProducer")).internal("tp")).await.is_passed_on(ANSWER);
    }
    stuck.release();
    for answer in held {
        answer.await.expect("an answer").is_passed_on(ANSWER);
    }
    assert_eq!(stuck.asked().len(), 3);
}

#[tokio::test]
async fn connections_of_one_client_are_bounded() {
    let c0 = C0::with(|plan| plan.set("hub.connections_per_client_max", "2")).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::open(c0.world.hub).await;
        wire.ask(&call()).await.is_passed_on(ANSWER);
        open.push(wire);
    }
    assert_eq!(Wire::open(c0.world.hub).await.rest().await, b"", "a third is closed without a word");
    open[0].ask(&call()).await.is_passed_on(ANSWER);
    drop(open.pop());
    let again = async {
        loop {
            let mut wire = Wire::open(c0.world.hub).await;
            wire.write(&Ask::get("/status").bytes()).await;
            if wire.try_answer().await.is_ok_and(|answer| answer.status == 200) {
                return;
            }
        }
    };
    soon("the place to be free again", again).await;
}

#[tokio::test]
async fn connections_altogether_are_bounded() {
    let c0 = C0::with(|plan| plan.set("hub.connections_max", "2")).await;
    let mut first = Wire::open(c0.world.hub).await;
    let mut second = Wire::open(c0.world.hub).await;
    first.ask(&call()).await.is_passed_on(ANSWER);
    second.ask(&call()).await.is_passed_on(ANSWER);
    // A third waits for a place, and then gets it.
    let mut third = Wire::open(c0.world.hub).await;
    third.write(&call().bytes()).await;
    first.ask(&call()).await.is_passed_on(ANSWER);
    assert_eq!(c0.world.records().len(), 3);
    drop(second);
    third.answer().await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn who_says_nothing_is_shown_out() {
    let c0 = C0::with(|plan| plan.set("hub.idle_timeout_ms", "150")).await;
    let silent = Wire::open(c0.world.hub).await;
    let mut between = Wire::open(c0.world.hub).await;
    between.ask(&call()).await.is_passed_on(ANSWER);
    let mut half = Wire::open(c0.world.hub).await;
    half.write(b"POST /vp HTTP/1.1\r\nHost: x\r\nx-half: ").await;
    let (silent, between, half) = tokio::join!(silent.rest(), between.rest(), half.rest());
    assert_eq!((silent.len(), between.len()), (0, 0));
    // Half a head may be told so, or simply be closed.
    assert!(half.is_empty() || half.starts_with(b"HTTP/1.1 408"), "{:?}", String::from_utf8_lossy(&half));
    c0.call(call()).await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn a_body_that_never_ends() {
    let c0 = C0::with(|plan| plan.set("hub.body_timeout_ms", "150")).await;
    let mut wire = Wire::open(c0.world.hub).await;
    wire.write(b"POST /vp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<S:Env").await;
    is_turned_away(&wire.answer().await, 408);
    assert_eq!(wire.rest().await, b"");
    assert!(c0.world.records().is_empty());
    c0.call(call()).await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn a_consumer_that_takes_no_answer_is_let_go() {
    // Larger than what the operating system holds for somebody who does not read.
    let large = "x".repeat(12_000_000);
    let socket = Socket::always(Act::Write(ok(&large))).await;
    let faulty =
        Faulty::with(socket, |plan| plan.set("hub.write_timeout_ms", "150").set("hub.connections_per_client_max", "1"))
            .await;
    let mut wire = Wire::open(faulty.world.hub).await;
    wire.write(&call().bytes()).await;
    faulty.world.recorded(1).await;
    // Its only place is free again once it has been let go.
    let again = async {
        loop {
            let mut wire = Wire::open(faulty.world.hub).await;
            wire.write(&Ask::get("/status").bytes()).await;
            if wire.try_answer().await.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    soon("the place to be free again", again).await;
    drop(wire);
}

#[tokio::test]
async fn idle_connections_to_producers_are_bounded() {
    let socket = Socket::always(Act::Hold(ok(ANSWER))).await;
    let faulty = Faulty::with(socket, |plan| plan.set("hub.pool_idle_max", "2")).await;
    let hub = faulty.world.hub;
    let held: Vec<_> = (0..5).map(|_| tokio::spawn(async move { call().send(hub).await })).collect();
    faulty.socket.arrived(5).await;
    faulty.socket.release();
    for answer in held {
        answer.await.expect("an answer").is_passed_on(ANSWER);
    }
    assert_eq!(faulty.socket.connections(), 5);
    until("the connections beyond the bound to be closed", || faulty.socket.ended() == 3).await;
}

#[tokio::test]
async fn a_consumer_that_will_send_no_more_still_gets_its_answer() {
    let faulty = Faulty::start(Socket::always(Act::Hold(ok(ANSWER))).await).await;
    let mut wire = Wire::open(faulty.world.hub).await;
    wire.write(&call().bytes()).await;
    wire.close_writing().await;
    faulty.socket.arrived(1).await;
    faulty.socket.release();
    wire.answer().await.is_passed_on(ANSWER);
    assert_eq!(wire.rest().await, b"");
}

#[tokio::test]
async fn several_requests_at_once_are_answered_in_order() {
    let c0 = C0::start().await;
    let mut wire = Wire::open(c0.world.hub).await;
    let asks =
        [call().header("x-skltp-correlation-id", "1"), Ask::post("<Soap").internal("tp"), Ask::get("/status"), call()];
    wire.write(&asks.iter().flat_map(Ask::bytes).collect::<Vec<_>>()).await;
    let first = wire.answer().await;
    first.is_passed_on(ANSWER);
    assert_eq!(first.header("x-skltp-correlation-id"), Some("1"));
    wire.answer().await.is_vp_with(15, &[]);
    assert_eq!(wire.answer().await.header("content-type"), Some("application/json"));
    wire.answer().await.is_passed_on(ANSWER);
}
