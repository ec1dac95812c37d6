//! Call records: one for every exchange, whatever happens to it, within bounds.

use std::collections::BTreeSet;

use anslut::hub::exchange::{Event, IdentifiedBy, Stage};
use anslut::hub::listen::lanes::LANES_MAX;
use anslut::net::hang_up::Left;
use wiremock::ResponseTemplate;

use crate::conformance::c0::{C0, Faulty};
use crate::support::client::{Ask, Wire};
use crate::support::envelope::{GC, gc};
use crate::support::producer::{ANSWER, Producer};
use crate::support::socket::{Act, Socket, body, ok};
use crate::support::until;

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

#[tokio::test]
async fn a_record_says_what_was_known_at_each_stage() {
    let c0 = C0::start().await;
    c0.call(call().header("x-skltp-correlation-id", "one").at("/vp/a?b=c")).await.is_passed_on(ANSWER);
    c0.call(Ask::post(gc("NotAuthorizedReceiver")).internal("tp")).await.is_vp_with(7, &[]);
    c0.call(Ask::post(gc("HttpProducer"))).await.is_vp_with(2, &[]);
    let records = c0.world.records();
    let [good, refused, unknown] = records.as_slice() else { panic!("{} records", records.len()) };
    assert_eq!(good.outcome(), "ok");
    assert_eq!(
        (good.correlation_id.as_str(), good.method.as_str(), good.target.as_str()),
        ("one", "POST", "/vp/a?b=c")
    );
    assert_eq!((good.sender.as_deref(), good.identified_by), (Some("tp"), Some(IdentifiedBy::InternalHeaders)));
    assert_eq!((good.receiver.as_deref(), good.contract.as_deref()), (Some("HttpProducer"), Some(GC)));
    assert_eq!((good.operation.as_deref(), good.attempts), (Some("GetCertificate"), 1));
    assert!(good.refusal.is_none() && good.producer_time.is_some_and(|time| time <= good.total));
    assert_eq!(good.answer.status, 200);
    assert_eq!(good.request.body, gc("HttpProducer"));
    let bodies = [good.sent.as_ref(), good.received.as_ref(), Some(&good.answer)]
        .map(|message| String::from_utf8_lossy(&message.expect("all").body).into_owned());
    assert_eq!(bodies, [gc("HttpProducer"), ANSWER.to_owned(), ANSWER.to_owned()]);
    let events = |events: &[(Event, std::time::Duration)]| events.iter().map(|(event, _)| *event).collect::<Vec<_>>();
    assert_eq!(events(&good.events), [Event::ReqIn, Event::ReqOut, Event::RespIn, Event::RespOut]);
    let ends: Vec<_> = good.stages.iter().flatten().collect();
    assert_eq!(ends.len(), Stage::ALL.len(), "every stage was passed");
    assert!(ends.windows(2).all(|pair| pair[0].end <= pair[1].begin), "one stage after the other: {ends:?}");
    assert!(ends.iter().all(|span| span.begin <= span.end && span.end <= good.total));

    assert_eq!((refused.outcome(), refused.answer.status), ("VP007", 500));
    assert!(refused.stages[Stage::Authorise as usize].is_some(), "the stage that refused");
    assert!(refused.stages[Stage::Call as usize].is_none() && refused.sent.is_none() && refused.received.is_none());
    assert_eq!((unknown.outcome(), unknown.sender.as_deref()), ("VP002", None));
    assert!(unknown.stages[Stage::Read as usize].is_none());
}

#[tokio::test]
async fn every_exchange_leaves_one_record() {
    let c0 = C0::start().await;
    let asks = [
        call(),
        Ask::post(gc("Nowhere")).internal("tp"),
        Ask::post("<Soap").internal("tp"),
        Ask::post(gc("HttpProducer")),
        Ask::get("/vp"),
    ];
    let calls: Vec<_> = (0..60).map(|place| c0.call(asks[place % asks.len()].clone())).collect();
    let mut running = Vec::new();
    for call in calls {
        running.push(call);
    }
    futures_util::future::join_all(running).await;
    // What is not a call leaves none.
    for ask in [Ask::get("/status"), Ask::get("/vp?wsdl"), Ask::get("/nowhere"), Ask::get("/vp").method("OPTIONS")] {
        c0.call(ask).await;
    }
    let records = c0.world.records();
    assert_eq!(records.len(), 60);
    let ids: BTreeSet<_> = records.iter().map(|record| record.id).collect();
    assert_eq!(ids.len(), 60, "each has a number of its own");
    let of = |outcome: &str| records.iter().filter(|record| record.outcome() == outcome).count();
    assert_eq!((of("ok"), of("VP004"), of("VP015"), of("VP002")), (12, 12, 12, 24));
    let fill = c0.world.platform.records().fill();
    assert_eq!((fill.total, fill.dropped), (60, 0));
}

#[tokio::test]
async fn bodies_are_kept_up_to_a_bound() {
    let answer = ResponseTemplate::new(200).set_body_string("x".repeat(5_000));
    let producer = Producer::answering(answer).await;
    let c0 = C0::before(producer, |plan| plan.set("records.body_bytes_max", "100")).await;
    let message = gc("HttpProducer");
    c0.call(call()).await.is_passed_on(&"x".repeat(5_000));
    let records = c0.world.records();
    let record = &records[0];
    assert_eq!((record.request.body.as_ref(), record.request.body_bytes), (&message.as_bytes()[..100], message.len()));
    let received = record.received.as_ref().expect("an answer");
    assert_eq!((received.body.len(), received.body_bytes), (100, 5_000));
    assert_eq!((record.answer.body.len(), record.answer.body_bytes), (100, 5_000));
    assert_eq!(record.sent.as_ref().expect("a call").body.len(), 100);
}

#[tokio::test]
async fn the_ring_is_bounded_by_bytes() {
    let c0 = C0::with(|plan| plan.set("records.bytes_max", "40000")).await;
    let mut last = 0;
    for _ in 0..30 {
        c0.call(call()).await.is_passed_on(ANSWER);
        let fill = c0.world.platform.records().fill();
        assert!(fill.bytes <= fill.bytes_max, "{fill:?}");
        last = fill.total;
    }
    let fill = c0.world.platform.records().fill();
    assert_eq!((last, fill.total, fill.bytes_max), (30, 30, 40_000));
    assert!(fill.dropped > 0 && fill.calls > 1, "{fill:?}");
    assert_eq!(fill.calls as u64 + fill.dropped, 30);
    let ids: Vec<_> = c0.world.records().iter().map(|record| record.id).collect();
    let newest: Vec<_> = (31 - ids.len() as u64..=30).collect();
    assert_eq!(ids, newest, "the oldest go first");
    // A record that is too large for the ring is counted, and leaves room for the next.
    let c0 = C0::with(|plan| plan.set("records.bytes_max", "100")).await;
    c0.call(call()).await.is_passed_on(ANSWER);
    let fill = c0.world.platform.records().fill();
    assert_eq!((fill.calls, fill.bytes, fill.total, fill.dropped), (0, 0, 1, 1));
}

/// Asks something on every lane: what came before has been heard by then.
async fn heard_everywhere(faulty: &Faulty) {
    let mut open = Vec::new();
    for _ in 0..=LANES_MAX {
        let mut wire = Wire::open(faulty.world.hub).await;
        assert_eq!(wire.ask(&Ask::get("/status")).await.status, 200);
        open.push(wire);
    }
}

#[tokio::test]
async fn a_consumer_that_hangs_up_leaves_its_record_and_its_call() {
    let faulty = Faulty::start(Socket::always(Act::Hold(ok(ANSWER))).await).await;
    let mut wire = Wire::open(faulty.world.hub).await;
    wire.write(&call().bytes()).await;
    faulty.socket.arrived(1).await;
    drop(wire);
    heard_everywhere(&faulty).await;
    assert!(faulty.world.records().is_empty(), "the call is not over yet");
    faulty.socket.release();
    let records = faulty.world.recorded(1).await;
    assert_eq!((records.len(), records[0].outcome()), (1, "ok"));
    let departure = records[0].departure.clone().expect("it hung up");
    assert!(departure.after < records[0].total, "{departure:?} of {:?}", records[0].total);
    until("the answer to be refused", || departure.meant() == Left::Gone).await;
    assert_eq!(body(&faulty.socket.asked()[0]), gc("HttpProducer").as_bytes(), "the producer got its whole call");
    assert_eq!(faulty.world.drain().await.actions(), ["req-in", "req-out", "resp-in", "resp-out"]);
}

#[tokio::test]
async fn a_consumer_that_closes_what_it_writes_is_answered_and_its_record_says_so() {
    let faulty = Faulty::start(Socket::always(Act::Hold(ok(ANSWER))).await).await;
    let mut wire = Wire::open(faulty.world.hub).await;
    wire.write(&call().bytes()).await;
    faulty.socket.arrived(1).await;
    wire.close_writing().await;
    heard_everywhere(&faulty).await;
    // A second call, of somebody who stays, is held meanwhile.
    let mut stays = Wire::open(faulty.world.hub).await;
    stays.write(&call().bytes()).await;
    faulty.socket.arrived(2).await;
    faulty.socket.release();
    wire.answer().await.is_passed_on(ANSWER);
    stays.answer().await.is_passed_on(ANSWER);
    let records = faulty.world.recorded(2).await;
    let departures: Vec<_> = records.iter().filter_map(|record| record.departure.clone()).collect();
    let [departure] = departures.as_slice() else { panic!("one closed what it writes: {departures:?}") };
    until("both sides to be done", || departure.meant() != Left::Unsettled).await;
    assert_eq!(departure.meant(), Left::ClosedWriting);
}

#[tokio::test]
async fn a_consumer_that_hangs_up_before_the_end_of_its_request_makes_no_call() {
    let faulty = Faulty::start(Socket::always(Act::Write(ok(ANSWER))).await).await;
    let bytes = call().bytes();
    let mut wire = Wire::open(faulty.world.hub).await;
    wire.write(&bytes[..bytes.len() - 10]).await;
    drop(wire);
    // A whole call behind it is the only one.
    faulty.call(call()).await.is_passed_on(ANSWER);
    until("the whole call to be recorded", || faulty.world.records().len() == 1).await;
    assert_eq!(faulty.socket.asked().len(), 1);
}
