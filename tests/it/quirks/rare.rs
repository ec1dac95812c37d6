//! Rare lines of the tables; those that are not met stand in `not_met.toml`.

use std::time::Duration;

use crate::conformance::c0::{C0, Faulty};
use crate::support::client::{Ask, Wire};
use crate::support::envelope::{ADDRESSING, SOAP_11, gc};
use crate::support::producer::ANSWER;
use crate::support::socket::{Act, Socket, ok};

crate::support::rows::rows! {
    &'static str;
    "§2.1" "no body child, with exceptions to HSA lookup: a raw fault" => no_body_child_with_exceptions;
    "§7.1" "the wait is for silence in the head of the answer as well" => slow_head;
    "§1.1" "a head larger than any buffer: 400" => huge_head;
}

async fn no_body_child_with_exceptions() {
    let c0 = C0::start().await;
    let message = format!(
        "<S:Envelope xmlns:S=\"{SOAP_11}\"><S:Header><To xmlns=\"{ADDRESSING}\">HttpProducer</To></S:Header><S:Body/></S:Envelope>"
    );
    let answer = c0.call(Ask::post(message).internal("tp")).await;
    let detail = answer.detail();
    answer.is_raw_fault(detail.split_once(": ").expect("error type and message").1);
}

async fn slow_head() {
    let bytes = ok(ANSWER);
    // All pieces together take longer than the timeout; each comes long before it, on a busy machine too.
    let pieces = bytes.chunks(bytes.len().div_ceil(6)).map(<[u8]>::to_vec).collect();
    let socket = Socket::always(Act::Slowly(pieces, Duration::from_millis(300))).await;
    let faulty = Faulty::with(socket, |plan| plan.timeouts(1_500, &[])).await;
    faulty.call(Ask::post(gc("HttpProducer")).internal("tp")).await.is_passed_on(ANSWER);
}

async fn huge_head() {
    let c0 = C0::start().await;
    let mut wire = Wire::open(c0.world.hub).await;
    let ask = Ask::get("/status").header("x-long", "a".repeat(200_000));
    // The platform may answer, and close, before it has all of it.
    let _ = wire.try_write(&ask.bytes()).await;
    assert_eq!(wire.try_answer().await.map(|answer| answer.status).ok(), Some(400));
}
