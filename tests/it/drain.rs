//! Stopping: calls in flight finish, nobody else gets in, and the log is written to its end.

use std::sync::Arc;

use tokio::net::TcpStream;

use crate::conformance::c0::{C0, Faulty};
use crate::support::client::{Ask, Wire};
use crate::support::envelope::gc;
use crate::support::log::Logged;
use crate::support::producer::ANSWER;
use crate::support::socket::{Act, Socket, ok};
use crate::support::soon;

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

#[tokio::test]
async fn calls_in_flight_finish_and_none_is_cut() {
    const CALLS: usize = 20;
    let Faulty { world, socket } = Faulty::start(Socket::always(Act::Hold(ok(ANSWER))).await).await;
    let socket = Arc::new(socket);
    let (hub, log) = (world.hub, world.path("messages.log"));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        running.spawn(async move { call().send(hub).await });
    }
    socket.arrived(CALLS).await;
    let mut idle = Wire::open(hub).await;
    idle.write(b"POST /vp HTTP/1.1\r\nHost: x\r\n").await;
    drop(idle);
    let mut between_calls = Wire::open(hub).await;
    assert_eq!(between_calls.ask(&Ask::get("/status")).await.status, 200);
    let records = Arc::clone(world.platform.records());
    let (platform, _folder) = world.keep();
    let draining = tokio::spawn(soon("the drain", platform.drain()));
    // Who waits between two calls is shown out, and nobody new gets in, while calls are still in flight.
    assert_eq!(between_calls.rest().await, b"");
    refuses(hub).await;
    assert_eq!(records.fill().total, 0);
    assert!(!draining.is_finished());
    socket.release();
    while let Some(answer) = running.join_next().await {
        let answer = answer.expect("an answer");
        answer.is_passed_on(ANSWER);
        assert!(answer.header("connection").is_some_and(|options| options.ends_with("close")), "{:?}", answer.headers);
    }
    draining.await.expect("drained");
    let logged = Logged::read(&log);
    assert_eq!(logged.events().len(), 4 * CALLS, "the log is written to its end");
    assert_eq!(records.fill().total, CALLS as u64);
}

/// New connections are refused from some moment on.
async fn refuses(hub: std::net::SocketAddr) {
    let refused = async {
        while TcpStream::connect(hub).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    soon("new connections to be refused", refused).await;
}

#[tokio::test]
async fn an_idle_platform_stops_at_once() {
    let c0 = C0::start().await;
    c0.call(call()).await.is_passed_on(ANSWER);
    let hub = c0.world.hub;
    assert_eq!(c0.drain().await.events().len(), 4);
    assert!(TcpStream::connect(hub).await.is_err());
}

#[tokio::test]
async fn the_drain_has_an_end() {
    let socket = Socket::always(Act::Silence).await;
    let faulty = Faulty::with(socket, |plan| plan.set("hub.drain_timeout_ms", "100").timeouts(3_600_000, &[])).await;
    let mut wire = Wire::open(faulty.world.hub).await;
    wire.write(&call().bytes()).await;
    faulty.socket.arrived(1).await;
    let logged = faulty.world.drain().await;
    assert_eq!(logged.actions(), ["req-in", "req-out", "error"], "what was known is in the log, and that it was cut");
}
