//! Handshakes have an end, and nobody has too many of them.

use rustls::version::TLS13;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Secured, call};
use crate::support::client::{Ask, Wire};
use crate::support::pki::Holder;
use crate::support::producer::ANSWER;
use crate::support::soon;
use crate::support::tls::Consumer;

/// The beginning of a ClientHello: a record that announces 512 bytes, and ends.
const BEGUN: &[u8] = &[22, 3, 1, 2, 0, 1, 0, 1];

#[tokio::test]
async fn a_client_that_says_nothing_or_half_a_word_is_left() {
    let platform = Secured::with(|plan, _| plan.set("hub.handshake_timeout_ms", "200")).await;
    for said in [&[][..], BEGUN] {
        let mut silent = TcpStream::connect(platform.at).await.unwrap();
        silent.write_all(said).await.unwrap();
        let mut rest = Vec::new();
        // An alert, or nothing, or a reset: but an end.
        let _ = soon("the platform to give up", silent.read_to_end(&mut rest)).await;
    }
    platform.consumer(Holder::of_unit("tp")).call(platform.at, &call()).await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn those_who_say_nothing_keep_nobody_out() {
    let platform = Secured::with(|plan, _| plan.set("hub.handshakes_max", "1")).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(platform.at).await.unwrap();
        stream.write_all(BEGUN).await.unwrap();
        silent.push(stream);
    }
    platform.consumer(Holder::of_unit("tp")).call(platform.at, &call()).await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn many_at_once_wait_for_their_turn() {
    let platform = Secured::with(|plan, _| plan.set("hub.handshakes_max", "2")).await;
    let held = platform.ca.issue(&Holder::of_unit("tp"));
    let calls = (0..24).map(|_| async {
        let consumer = Consumer::new(&platform.ca, Some(&held), &[&TLS13]);
        consumer.call(platform.at, &call()).await.is_passed_on(ANSWER);
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(platform.world.records().len(), 24);
}

#[tokio::test]
async fn what_is_no_tls_is_told_so() {
    let platform = Secured::start().await;
    let mut wire = Wire::open(platform.at).await;
    wire.write(&Ask::get("/vp").bytes()).await;
    let rest = wire.rest().await;
    assert_eq!(rest.first(), Some(&21), "an alert: {rest:?}");
}

#[tokio::test]
async fn a_drain_does_not_wait_for_handshakes() {
    let platform = Secured::start().await;
    let mut silent = TcpStream::connect(platform.at).await.unwrap();
    silent.write_all(BEGUN).await.unwrap();
    platform.consumer(Holder::of_unit("tp")).call(platform.at, &call()).await.is_passed_on(ANSWER);
    platform.world.drain().await;
    let mut rest = Vec::new();
    let _ = soon("the end", silent.read_to_end(&mut rest)).await;
}
