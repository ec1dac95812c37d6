//! `aggregation.md` §6, 12–20: the index is asked.

use super::contracts::{ALL, of};
use super::world;
use super::world::{Act, INSTANCE, Merged, ORIGINAL, PATIENT, SENDER, Seen, ask, everywhere, hit, setup};
use crate::support::socket::Nobody;

crate::support::rows::rows! {
    u16;
    12 "one question, about the patient of the request" => one_question;
    13 "every service asks for its own domain and categorization" => own_pair;
    14 "three services ask for no categorization" => no_categorization;
    15 "nobody asks for a source or an address" => no_source;
    16 "one service asks for the last year" => last_year;
    17 "the question is ours" => ours;
    18 "whom it is for goes along" => for_whom;
    19 "the index's fault is the consumer's" => fault;
    20 "an index that does not answer in time" => late;
    20 "an index that is not there, or is none" => away;
}

async fn one_question() {
    for patient in [PATIENT, "188803099368", "a&amp;b"] {
        let around = setup("GD", vec![hit("A")]).start().await;
        around.send(ask(around.contract, around.contract.request(patient))).await.records();
        let seen = around.index.only();
        assert_eq!(seen.text("registeredResidentIdentification").as_deref(), Some(patient));
        assert_eq!(seen.text("LogicalAddress").as_deref(), Some("556500000"));
    }
}

/// What the index is asked by every service, in one platform.
async fn questions() -> Vec<(&'static str, Vec<Seen>)> {
    let tags: Vec<_> = ALL.iter().map(|contract| contract.tag).collect();
    let around = setup("GD", Vec::new()).tak(everywhere(&tags)).start().await;
    let mut questions = Vec::new();
    for contract in ALL {
        let before = around.index.seen().len();
        let answer = around.send(ask(contract, contract.request(PATIENT))).await;
        assert_eq!(answer.status, 200, "{}: {}", contract.tag, answer.text());
        questions.push((contract.tag, around.index.seen().split_off(before)));
    }
    questions
}

async fn own_pair() {
    for (tag, seen) in questions().await {
        let contract = of(tag);
        if tag == "GALP" {
            assert!(seen.is_empty(), "{tag} asks no index");
            continue;
        }
        let [seen] = seen.as_slice() else { panic!("{tag}: {seen:?}") };
        assert_eq!(seen.text("registeredResidentIdentification").as_deref(), Some(PATIENT), "{tag}");
        assert_eq!(seen.text("serviceDomain").as_deref(), Some(contract.domain), "{tag}");
        let one = Some(contract.categorizations).filter(|text| !text.is_empty() && !text.contains(','));
        assert_eq!(seen.text("categorization").as_deref(), one, "{tag}");
    }
    let around = setup("GD", vec![]).start().await;
    around.call().await;
    let seen = around.index.only();
    assert_eq!(seen.text("serviceDomain").as_deref(), Some("riv:clinicalprocess:healthcond:description"));
    assert_eq!(seen.text("categorization").as_deref(), Some("dia"));
}

async fn no_categorization() {
    for (tag, seen) in questions().await.iter().filter(|(tag, _)| ["GFS", "GRA1", "GSOCS"].contains(tag)) {
        assert!(!seen[0].body.contains("categorization"), "{tag}: {:?}", seen[0]);
    }
}

async fn no_source() {
    let around = setup("GD", vec![hit("A")]).start().await;
    around.call_with("<r:sourceSystemHSAId>A</r:sourceSystemHSAId>").await.records();
    let seen = around.index.only();
    assert!(!seen.body.contains("sourceSystem") && !seen.body.contains("logicalAddress"), "{seen:?}");
}

async fn last_year() {
    for (tag, seen) in questions().await.iter().filter(|(_, seen)| !seen.is_empty()) {
        // The clock stands at 12:00 in UTC, which is 13:00 here.
        let expected = (*tag == "RES").then_some("20250302130000");
        assert_eq!(seen[0].text("mostRecentContent").as_deref(), expected, "{tag}");
    }
}

async fn ours() {
    let around = setup("GD", vec![]).property("ei.logicalAddress", "INDEX").start().await;
    around.call().await;
    let seen = around.index.only();
    assert_eq!(seen.header("x-vp-sender-id"), Some("ei-sender-id"));
    assert_eq!(seen.header("x-vp-instance-id"), Some(INSTANCE));
    assert_eq!(seen.text("LogicalAddress").as_deref(), Some("INDEX"));
    assert_ne!(SENDER, "ei-sender-id");
}

async fn for_whom() {
    let around = setup("GD", vec![]).start().await;
    let ask = ask(around.contract, around.contract.request(PATIENT)).header("SOAPAction", "\"urn:consumers\"");
    around.send(ask.header("x-custom", "1")).await;
    let seen = around.index.only();
    assert_eq!(seen.header("x-skltp-correlation-id"), Some("test-corr-id"));
    assert_eq!(seen.header("x-rivta-original-serviceconsumer-hsaid"), Some(ORIGINAL));
    let action = "\"urn:riv:itintegration:engagementindex:FindContentResponder:1:FindContent\"";
    assert_eq!(seen.header("soapaction"), Some(action));
    assert_eq!(seen.header("x-custom"), Some("1"));
}

async fn fault() {
    for status in [500, 200] {
        let around =
            setup("GD", vec![]).index(move |_| Act::Say(status, world::fault("Invalid Id: EI:INV_ID"))).start().await;
        let answer = around.call().await;
        assert_eq!(answer.fault_string(), "Invalid Id: EI:INV_ID");
        assert!(answer.text().contains("<detail><x>d</x></detail>"), "{}", answer.text());
        assert!(answer.text().contains("SOAP-ENV:Server</faultcode>"), "{}", answer.text());
        assert!(around.sources.seen().is_empty());
    }
}

async fn late() {
    let around = setup("GD", vec![]).index(|_| Act::Never).property("ei.receiveTimeout", "100").start().await;
    let text = around.call().await.fault_string().to_lowercase();
    assert!(text.contains("timeout") || text.contains("timed out"), "{text}");
}

async fn away() {
    let nobody = Nobody::there();
    let around = setup("GD", vec![]).index_at(&format!("http://{}/", nobody.address)).start().await;
    assert!(around.call().await.fault_string().contains("refused"));
    for body in ["hej", "<a/>", ""] {
        let around = setup("GD", vec![]).index(move |_| Act::ok(body)).start().await;
        assert!(!around.call().await.fault_string().is_empty(), "{body}");
    }
    let around = setup("GD", vec![]).index(|_| Act::Say(404, String::new())).start().await;
    assert!(around.call().await.fault_string().contains("404"));
}
