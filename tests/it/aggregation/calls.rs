//! `aggregation.md` §6, 37–44: sources are called.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::contracts::ALL;
use super::world::{Act, INSTANCE, Merged, ORIGINAL, PATIENT, SENDER, ask, everywhere, hit, setup, texts};
use crate::support::client::Ask;

crate::support::rows::rows! {
    u16;
    37 "one call for each source system" => one_each;
    38 "the address of the call is the source system" => address;
    39 "schedules: by logical address, body made anew, actor along" => schedule;
    40 "the call is the consumer's" => consumers;
    41 "other headers go along, some do not" => other_headers;
    42 "every service has its SOAPAction" => soap_action;
    43 "all at once" => at_once;
    44 "a source that fails is called once" => no_retry;
}

async fn one_each() {
    let hits = vec![hit("A").system("S1"), hit("B").system("S2"), hit("C").system("S1")];
    let around = setup("GD", hits).start().await;
    let answer = around.call().await;
    assert_eq!(around.sources.addresses(), ["S1", "S2"]);
    assert_eq!(answer.statuses().len(), 2);
    // The systems are told apart to the letter.
    let around = setup("GD", vec![hit("A").system("s"), hit("B").system("S")]).start().await;
    around.call().await;
    assert_eq!(around.sources.addresses(), ["S", "s"]);
}

async fn address() {
    let around = setup("GD", vec![hit("A").system("B&amp;C")]).start().await;
    let answer = around.call().await;
    let seen = around.sources.only();
    assert_eq!(seen.text("LogicalAddress").as_deref(), Some("B&amp;C"));
    assert_eq!(texts(&seen.body, "LogicalAddress").len(), 1, "the consumer's own does not go along");
    assert_eq!(seen.text("id").as_deref(), Some(PATIENT));
    assert_eq!(answer.statuses()[0].0, "B&C");
}

async fn schedule() {
    let hits = vec![hit("A").system("S1"), hit("B").system("S1")];
    let around = setup("GSOCS", hits).start().await;
    let actor = "<x:Actor xmlns:x=\"urn:riv:interoperability:headers:1\"><x:actorId>19</x:actorId>\
                 <x:actorType>subject_of_care</x:actorType></x:Actor><x:Other xmlns:x=\"urn:other\">no</x:Other>";
    let inside = format!("<r:healthcare_facility>IGNORED</r:healthcare_facility>{}", around.contract.patient(PATIENT));
    let message = around.contract.request_with(&inside).replace("<e:Header>", &format!("<e:Header>{actor}"));
    let answer = around.send(ask(around.contract, message)).await;
    assert_eq!(around.sources.addresses(), ["A", "B"], "{}", answer.text());
    for seen in around.sources.seen() {
        assert_eq!(seen.text("healthcare_facility"), seen.text("LogicalAddress"), "{seen:?}");
        assert_eq!(seen.text("subject_of_care").as_deref(), Some(PATIENT));
        assert!(!seen.body.contains("IGNORED") && !seen.body.contains("urn:other"), "{seen:?}");
        let (header, _) = seen.body.split_once("Body>").expect("a body");
        assert!(header.contains("<x:actorId>19</x:actorId><x:actorType>subject_of_care</x:actorType>"), "{seen:?}");
        assert!(header.contains("urn:riv:interoperability:headers:1"), "{seen:?}");
    }
}

async fn consumers() {
    let around = setup("GD", vec![hit("A")]).start().await;
    around.call().await;
    let seen = around.sources.only();
    let expected = [
        ("x-vp-sender-id", SENDER),
        ("x-vp-instance-id", INSTANCE),
        ("x-skltp-correlation-id", "test-corr-id"),
        ("x-rivta-original-serviceconsumer-hsaid", ORIGINAL),
    ];
    for (name, value) in expected {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
}

async fn other_headers() {
    let headed =
        |ask: Ask| ask.header("x-custom", "1").header("x-skltp-prt", "17").header("x-rivta-routing-history", "a#b");
    let around = setup("GD", vec![hit("A")]).start().await;
    around.send(headed(ask(around.contract, around.contract.request(PATIENT)))).await;
    let seen = around.sources.only();
    assert_eq!((seen.header("x-custom"), seen.header("x-skltp-prt")), (Some("1"), None));
    assert_eq!(seen.header("x-rivta-routing-history"), Some("a#b"));
    assert_eq!(seen.header("host"), Some(around.sources.address.to_string().as_str()));
    // The index is told the one, and which are left out can be said.
    assert_eq!(around.index.only().header("x-skltp-prt"), Some("17"));
    let around = setup("GD", vec![hit("A")]).property("headers.request.filter", "(?i)x-cus.*").start().await;
    around.send(headed(ask(around.contract, around.contract.request(PATIENT)))).await;
    let seen = around.sources.only();
    assert_eq!((seen.header("x-custom"), seen.header("x-skltp-prt")), (None, Some("17")));
}

async fn soap_action() {
    let tags: Vec<_> = ALL.iter().map(|contract| contract.tag).collect();
    let tak = ALL.iter().fold(everywhere(&tags), |tak, contract| tak.permission(&contract.responder(), "A", SENDER));
    let hits = vec![hit("A").categorization("fun-fun")];
    let around = setup("GD", hits).tak(tak).sources(|_| Act::fault("no")).start().await;
    for contract in ALL {
        let before = around.sources.seen().len();
        let answer = around.send(ask(contract, contract.request(PATIENT))).await;
        assert_eq!(answer.statuses().len(), 1, "{}: {}", contract.tag, answer.text());
        let seen = around.sources.seen().split_off(before);
        let action = format!("\"{}\"", contract.soap_action());
        assert_eq!(seen[0].header("soapaction"), Some(action.as_str()), "{}", contract.tag);
        assert_eq!(seen[0].text("LogicalAddress").as_deref(), Some("A"), "{}", contract.tag);
    }
}

async fn at_once() {
    const SOURCES: usize = 40;
    let hits = (0..SOURCES).map(|number| hit(&format!("S{number}"))).collect();
    let barrier = Arc::new(Barrier::new(SOURCES));
    let contract = super::contracts::of("GD");
    // Nobody answers before everybody has been asked.
    let act = Act::Together(barrier, contract.answer("x", 1));
    let around = setup("GD", hits).sources(move |_| act.clone()).start().await;
    assert_eq!(around.call().await.records().len(), SOURCES);
}

async fn no_retry() {
    for act in [Act::fault("no"), Act::Close, Act::Say(503, String::new()), Act::ok("hej")] {
        let shown = format!("{act:?}");
        let around = setup("GD", vec![hit("A")]).source(&[("A", act)]).start().await;
        around.call().await.statuses();
        assert_eq!(around.sources.seen().len(), 1, "{shown}");
    }
}
