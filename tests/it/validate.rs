//! Messages held against their contract on their way through the hub, where `contracts.validate` says so
//! (`contracts.md` §4.5): noted on the record, or a fault, and nothing at all where it is off.

use std::sync::Arc;

use anslut::contracts::builtin;
use anslut::contracts::contract::{Contract, Direction};
use anslut::contracts::import::Importer;
use anslut::contracts::sample::{Envelope as Wrapped, Wanted, sample};
use wiremock::ResponseTemplate;

use crate::conformance::c0::C0;
use crate::support::client::Ask;
use crate::support::envelope::{ADDRESSING, GC, SOAP_11, ga, gc};
use crate::support::producer::{ANSWER, Producer};

/// A message of GetCertificate that follows the contract.
fn valid(direction: Direction) -> String {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    let contract: Contract = contracts.into_iter().find(|contract| contract.namespace == GC).expect("it ships");
    let wanted = Wanted { direction, envelope: Wrapped::None, ..Wanted::default() };
    let message = sample(&Arc::new(contract), &wanted).expect("it has samples").remove(0);
    let payload = message.split_once("?>").map_or(message.as_str(), |(_, payload)| payload).to_owned();
    format!(
        "<S:Envelope xmlns:S=\"{SOAP_11}\" xmlns:a=\"{ADDRESSING}\"><S:Header><a:To>HttpProducer</a:To></S:Header>\n\
         <S:Body>{payload}</S:Body></S:Envelope>"
    )
}

async fn producer(answer: &str) -> Producer {
    Producer::answering(ResponseTemplate::new(200).set_body_raw(answer.to_owned(), "text/xml;charset=UTF-8")).await
}

async fn platform(answer: &str, sets: &[(&str, &str)]) -> C0 {
    let sets: Vec<(String, String)> = sets.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    C0::before(producer(answer).await, |plan| sets.iter().fold(plan, |plan, (key, value)| plan.set(key, value))).await
}

fn ask(message: &str) -> Ask {
    Ask::post(message.to_owned()).internal("tp")
}

/// A call's judgements: direction, whether valid, how many findings are kept and how many were counted.
fn judged(c0: &C0) -> Vec<(Option<Direction>, bool, usize, usize)> {
    let record = c0.world.records().pop().expect("the call is recorded");
    record.judged.iter().map(|one| (one.direction, one.valid, one.errors.len(), one.error_count)).collect()
}

#[tokio::test]
async fn off_looks_at_nothing_and_log_changes_nothing() {
    for (mode, expected) in [("off", 0), ("log", 2)] {
        let c0 = platform(ANSWER, &[("contracts.validate", mode)]).await;
        c0.call(ask(&gc("HttpProducer"))).await.is_passed_on(ANSWER);
        assert_eq!(String::from_utf8_lossy(&c0.producer.only().await.body), gc("HttpProducer"), "{mode}");
        let judged = judged(&c0);
        assert_eq!(judged.len(), expected, "{mode}");
        assert!(judged.iter().all(|(_, is_valid, kept, _)| !is_valid && *kept > 0), "{mode}: {judged:?}");
        assert_eq!(c0.world.records()[0].outcome(), "ok");
    }
}

#[tokio::test]
async fn what_follows_the_contract_goes_through_in_every_mode() {
    let answer = valid(Direction::Response);
    for mode in ["log", "fault"] {
        let c0 = platform(&answer, &[("contracts.validate", mode)]).await;
        c0.call(ask(&valid(Direction::Request))).await.is_passed_on(&answer);
        let expected = [(Some(Direction::Request), true, 0, 0), (Some(Direction::Response), true, 0, 0)];
        assert_eq!(judged(&c0), expected, "{mode}: {:?}", c0.world.records()[0].judged);
    }
}

#[tokio::test]
async fn a_bad_request_is_refused_before_the_producer_sees_it() {
    let c0 = platform(ANSWER, &[("contracts.validate", "fault")]).await;
    let answer = c0.call(ask(&gc("HttpProducer"))).await;
    answer.is_own_fault();
    let text = answer.text();
    let expected =
        "<faultcode>SOAP-ENV:Client</faultcode><faultstring>Begäran följer inte tjänstekontraktet GetCertificate:1.";
    assert!(text.contains(expected) && text.contains(", rad 1, kolumn "), "{text}");
    assert!(!text.contains("VP0"), "no code of the reference: {text}");
    assert!(answer.detail().starts_with("1:") && answer.detail().contains(" V"), "{}", answer.detail());
    assert!(c0.producer.asked().await.is_empty());
    assert_eq!((judged(&c0).len(), c0.world.records()[0].outcome()), (1, "fault"));
}

#[tokio::test]
async fn a_bad_answer_is_the_servers_fault() {
    let c0 = platform(ANSWER, &[("contracts.validate", "fault")]).await;
    let answer = c0.call(ask(&valid(Direction::Request))).await;
    answer.is_own_fault();
    let expected =
        "<faultcode>SOAP-ENV:Server</faultcode><faultstring>Tjänsteproducentens svar följer inte tjänstekontraktet";
    assert!(answer.text().contains(expected), "{}", answer.text());
    let record = &c0.world.records()[0];
    assert_eq!(String::from_utf8_lossy(&record.received.as_ref().expect("it answered").body), ANSWER);
    assert_eq!(judged(&c0).iter().map(|one| one.1).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn exceptions_for_a_contract_and_a_producer_go_before_the_rule() {
    let contract = format!("contracts.validate_contract.{GC}");
    let c0 = platform(ANSWER, &[("contracts.validate", "fault"), (contract.as_str(), "off")]).await;
    c0.call(ask(&gc("HttpProducer"))).await.is_passed_on(ANSWER);
    assert!(judged(&c0).is_empty());
    let producer = producer(ANSWER).await;
    let key = format!("contracts.validate_producer.{}", producer.url(""));
    let c0 = C0::before(producer, |plan| plan.set(&key, "log").set(&contract, "fault")).await;
    c0.call(ask(&gc("HttpProducer"))).await.is_passed_on(ANSWER);
    assert_eq!(judged(&c0).len(), 2);
}

#[tokio::test]
async fn refusals_with_a_code_come_first_and_unknown_contracts_are_never_refused() {
    let c0 = platform(ANSWER, &[("contracts.validate", "fault")]).await;
    c0.call(ask(&gc("NotAuthorizedReceiver"))).await.is_vp_with(7, &[]);
    assert!(judged(&c0).is_empty());
    c0.call(ask(&ga("ReceiverRiv21"))).await.is_passed_on(ANSWER);
    assert!(judged(&c0).is_empty());
}

#[tokio::test]
async fn findings_are_kept_up_to_a_bound_and_shown() {
    let sets = [("contracts.validate", "log"), ("contracts.errors_max", "1"), ("listen.admin", "127.0.0.1:0")];
    let c0 = platform(ANSWER, &sets).await;
    let message = gc("HttpProducer").replace("<q:personId>", "<q:a/><q:b/><q:personId>");
    c0.call(ask(&message)).await.is_passed_on(ANSWER);
    let judged = judged(&c0);
    assert!(judged.iter().all(|(.., kept, counted)| *kept == 1 && counted >= kept), "{judged:?}");
    let admin = c0.world.platform.address("admin").expect("it is open");
    let get = |target: String| async move { Ask::get(&target).header("Host", admin.to_string()).send(admin).await };
    let id = c0.world.records()[0].id;
    let shown: serde_json::Value = serde_json::from_str(&get(format!("/api/v1/exchanges/{id}")).await.text()).unwrap();
    let finding = &shown["validation"][0]["errors"][0];
    assert_eq!((&shown["validation"][0]["direction"], &finding["line"]), (&"request".into(), &1.into()), "{shown}");
    for name in ["code", "rule", "path", "sv", "en"] {
        assert!(finding[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {finding}");
    }
    let page = get(format!("/calls/{id}")).await.text();
    assert!(
        page.contains("does not follow its contract") && page.contains(finding["path"].as_str().unwrap()),
        "{page}"
    );
}
