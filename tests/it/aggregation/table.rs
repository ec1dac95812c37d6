//! Services from files: those that ship, and an environment's own.

use super::contracts::{ALL, of};
use super::world::{Merged, PATIENT, SENDER, ask, everywhere, hit, setup};
use crate::support::client::Ask;

#[tokio::test]
async fn every_service_answers_on_its_path() {
    let tags: Vec<_> = ALL.iter().map(|contract| contract.tag).collect();
    let tak = ALL.iter().fold(everywhere(&tags), |tak, contract| tak.permission(&contract.responder(), "A", SENDER));
    let around = setup("GD", vec![hit("A").categorization("pad-pad")])
        .tak(tak)
        .sources(|seen| {
            let contract = ALL.iter().find(|contract| seen.body.contains(&contract.responder())).expect("a contract");
            super::world::Act::ok(contract.answer("A", 1))
        })
        .start()
        .await;
    for contract in ALL {
        let answer = around.send(ask(contract, contract.request(PATIENT))).await;
        let lists = contract.lists.split(' ').filter(|list| !list.is_empty()).count();
        assert_eq!(answer.records().len(), lists, "{}: {}", contract.tag, answer.text());
        assert_eq!(answer.statuses(), [("A".to_owned(), "DataFromSource".to_owned())], "{}", contract.tag);
        let response = format!("<{}Response xmlns=\"{}\"", contract.operation, contract.responder());
        assert!(answer.text().contains(&response), "{}: {}", contract.tag, answer.text());
    }
}

#[tokio::test]
async fn a_few_lines_make_a_service_and_change_one() {
    let rows = r#"
[[aggregator]]
operation = "GetThings"
contract_version = "1.0"
domain = "riv:some:where"
ei_categorization = ["thing"]
patient_id_path = "r:patientId/c:id"
merge_lists = ["r:thing"]

[[aggregator]]
operation = "GetDiagnosis"
contract_major = 2
domain = "riv:clinicalprocess:healthcond:description"
ei_categorization = ["other"]
patient_id_path = "r:patientId/c:id"
merge_lists = ["r:diagnosis"]
"#;
    let around = setup("GD", vec![hit("A")]).plan(|plan| plan.file("aggregators.toml", rows)).start().await;
    assert!(around.world.problems.is_empty(), "{:?}", around.world.problems);
    around.call().await.records();
    assert_eq!(around.index.only().text("categorization").as_deref(), Some("other"));
    let contract = of("GD");
    let message = contract.request(PATIENT).replace(&contract.responder(), "urn:riv:some:where:GetThingsResponder:1");
    let message = message.replace(&contract.core(), "urn:riv:some:where:1").replace("GetDiagnosis", "GetThings");
    let answer = around.send(ask(contract, message).at("/GetAggregatedThings/service/v1")).await;
    assert_eq!(answer.statuses(), [], "nobody is permitted to call it, and it answers: {}", answer.text());
    assert_eq!(around.index.seen()[1].text("serviceDomain").as_deref(), Some("riv:some:where"));
    let described = around.send(Ask::get("/GetAggregatedThings/service/v1?wsdl")).await;
    assert!(described.text().contains("urn:riv:some:where:GetThingsResponder:1"), "{}", described.text());
}

#[tokio::test]
async fn what_is_wrong_with_a_row_is_told_with_its_line() {
    let rows = "[[aggregator]]\noperation = \"GetX\"\ndomain = \"riv:x\"\npatient_id_path = \"r:a\"\n\n\
                [[aggregator]]\noperation = \"GetY\"\ncontract_major = 1\ndomain = \"riv:y\"\npatient_id_path = \"q:a\"\n\n\
                [[aggregator]]\noperation = \"GetZ\"\ncontract_major = 1\ndomain = \"riv:z\"\n\n\
                [[aggregator]]\noperation = \"GetDiagnosis\"\nid = \"another\"\ncontract_major = 2\ndomain = \"riv:z\"\n\
                patient_id_path = \"r:a\"\nmerge_list = []\n\n[aggregatr]\n";
    let around = setup("GD", vec![])
        .plan(|plan| plan.file("aggregators.toml", rows).property("getaggregateddiagnossis.v2.receiveTimeout", "1"))
        .start()
        .await;
    let problems: Vec<String> = around.world.problems.iter().map(ToString::to_string).collect();
    let expected = [
        ("aggregators.toml:1: ", "contract_major"),
        ("aggregators.toml:6: ", "\"q:a\" is no name"),
        ("aggregators.toml:12: ", "patient_id_path"),
        ("aggregators.toml:23: ", "did you mean \"merge_lists\"?"),
        ("aggregators.toml:17: ", "where GetAggregatedDiagnosis-v2 does already"),
        ("aggregators.toml:25: ", "aggregatr"),
        ("anslut.toml: ", "did you mean \"getaggregateddiagnosis.v2\"?"),
    ];
    for (place, words) in expected {
        assert!(
            problems.iter().any(|text| text.contains(place) && text.contains(words)),
            "{place} {words}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[tokio::test]
async fn a_service_is_moved_and_sent_elsewhere_by_its_own_settings() {
    let contract = of("GD");
    let elsewhere = super::world::Stub::start(move |_| super::world::Act::ok(contract.answer("elsewhere", 1))).await;
    let around = setup("GD", vec![hit("A")])
        .property("getaggregateddiagnosis.v2.inboundServiceURL", "http://0.0.0.0:9008/Own/path")
        .property("getaggregateddiagnosis.v2.outboundServiceURL", &elsewhere.url())
        .property("getaggregateddiagnosis.v2.eiServiceDomain", "riv:own")
        .start()
        .await;
    let answer = around.send(ask(contract, contract.request(PATIENT)).at("/Own/path")).await;
    assert_eq!(answer.records(), ["elsewhere"]);
    assert_eq!(around.index.only().text("serviceDomain").as_deref(), Some("riv:own"));
    assert_eq!(around.send(ask(contract, contract.request(PATIENT))).await.status, 404);
}
