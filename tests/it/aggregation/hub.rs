//! Through the platform's own hub, to its own index and through the hub again to the sources; and what its records say.

use anslut::soap::fan_out::Outcome;

use super::contracts::of;
use super::world::{Act, Merged, PATIENT, SENDER, Stub, ask as ask_service, child, entry_of, hit, setup};
use crate::support::client::Ask;
use crate::support::tak::Tak;
use crate::support::until;
use crate::support::world::{Plan, World};

/// A row of the environment's own index.
fn engagement(categorization: &str, address: &str) -> String {
    format!(
        "{{\"registeredResidentIdentification\":\"{PATIENT}\",\"serviceDomain\":\"riv:clinicalprocess:healthcond:description\",\
         \"categorization\":\"{categorization}\",\"logicalAddress\":\"{address}\",\"businessObjectInstanceIdentifier\":\"NA\",\
         \"clinicalProcessInterestId\":\"NA\",\"mostRecentContent\":\"20260101000000\",\"sourceSystem\":\"{address}\",\
         \"dataController\":\"{address}\"}}\n"
    )
}

/// A platform that is its own index and its own hub. The aggregating address is `5565594230`; sources are behind `source`.
async fn platform(source: &Stub, url: &str, change: impl FnOnce(Plan) -> Plan) -> World {
    let contract = of("GD").responder();
    let mut tak =
        Tak::default().route(&contract, "5565594230", "RIVTABP21", url).permission(&contract, "5565594230", SENDER);
    for address in ["A", "B", "C"] {
        tak = tak.route(&contract, address, "RIVTABP21", &source.url()).permission(&contract, address, SENDER);
    }
    let rows: String = [("dia", "A"), ("dia", "B"), ("voo", "C"), ("dia", "D"), ("dia", "5565594230")]
        .iter()
        .map(|(categorization, address)| engagement(categorization, address))
        .collect();
    let plan = Plan::bare()
        .property("vp.instance.id", "dev_env")
        .property("vp.instance.name", "NTjP Develop")
        .property("vp.producer.retry.attempts", "0")
        .file("index/rows.ndjson", rows)
        .tak(tak);
    change(plan).start().await
}

fn ask() -> Ask {
    Ask::post(of("GD").request(PATIENT)).internal(SENDER).header("x-skltp-correlation-id", "one-business-call")
}

async fn sources() -> Stub {
    Stub::start(|seen| match seen.text("LogicalAddress").as_deref() {
        Some("B") => Act::fault("Fel hos B"),
        address => Act::ok(of("GD").answer(address.unwrap_or_default(), 2)),
    })
    .await
}

#[tokio::test]
async fn one_question_through_the_hub_and_the_tree_of_calls_it_becomes() {
    let source = sources().await;
    let world = platform(&source, "aggregation:GetAggregatedDiagnosis-v2", |plan| plan).await;
    let answer = world.call(ask()).await;
    assert_eq!(answer.records(), ["A", "A"]);
    assert_eq!(child(&entry_of(&answer, "B"), "text"), Some("Fel hos B"));
    assert_eq!(answer.statuses().len(), 2, "{}", answer.text());
    // The sources see the consumer, and the hub's own platform.
    for seen in source.seen() {
        assert_eq!(seen.header("x-vp-sender-id"), Some(SENDER));
        assert_eq!(seen.header("x-skltp-correlation-id"), Some("one-business-call"));
    }
    let records = world.recorded(3).await;
    let whole = records.iter().find(|record| record.fan_out.is_some()).expect("a record with a tree");
    assert_eq!((records.len(), whole.receiver.as_deref()), (3, Some("5565594230")));
    let tree = whole.fan_out.as_ref().expect("a tree");
    assert_eq!(tree.service, "GetAggregatedDiagnosis-v2");
    let lookup = tree.lookup.as_ref().expect("a lookup");
    assert_eq!((lookup.items, &lookup.outcome), (4, &Outcome::Answered));
    let passed: Vec<_> = tree.passed_over.iter().map(|passed| passed.address.as_str()).collect();
    assert!(passed.len() == 2 && passed.contains(&"D") && passed.contains(&"5565594230"), "{passed:?}");
    for branch in &tree.sources {
        let own = records.iter().find(|record| Some(record.id) == branch.record).expect("the branch's own record");
        assert_eq!(own.receiver.as_deref(), Some(branch.address.as_str()));
        assert!(branch.begin <= branch.end && branch.end <= whole.total && branch.bytes > 0, "{branch:?}");
        match branch.address.as_str() {
            "A" => assert_eq!((branch.items, &branch.outcome), (2, &Outcome::Answered)),
            _ => assert!(
                matches!(&branch.outcome, Outcome::Failed { code, text } if code == "500" && text == "Fel hos B")
            ),
        }
    }
    assert!(tree.waited.is_some_and(|(begin, end)| lookup.end <= begin && begin <= end));
}

#[tokio::test]
async fn the_tree_is_in_the_api_and_on_the_page() {
    let source = sources().await;
    let world = platform(&source, "aggregation:GD", |plan| plan.set("listen.admin", "127.0.0.1:0")).await;
    world.call(ask()).await;
    let id = world.recorded(3).await.iter().find(|record| record.fan_out.is_some()).expect("a tree").id;
    let admin = world.platform.address("admin").expect("admin");
    let get = async |target: String| Ask::get(&target).header("Host", "localhost").send(admin).await;
    let shown: serde_json::Value =
        serde_json::from_slice(&get(format!("/api/v1/exchanges/{id}")).await.body).expect("JSON");
    let tree = &shown["fan_out"];
    let sources = tree["sources"].as_array().expect("sources");
    assert_eq!(sources.len(), 2, "{tree}");
    assert!(tree["lookup"]["took_us"].as_f64().is_some_and(|took| took > 0.0), "{tree}");
    let failed = sources.iter().find(|source| source["address"] == "B").expect("B");
    assert_eq!(
        (&failed["outcome"], &failed["code"], &failed["text"]),
        (&"failed".into(), &"500".into(), &"Fel hos B".into())
    );
    let link = failed["exchange"].as_str().expect("a link");
    assert!(get(link.to_owned()).await.text().contains("Fel hos B"));
    let page = get(format!("/calls/{id}")).await.text();
    for part in ["Asked in turn by", "Passed over", failed["page"].as_str().expect("a page")] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[tokio::test]
async fn a_call_past_the_hub_has_its_tree_as_well() {
    let around = setup("GD", vec![hit("A"), hit("5565594230")]).start().await;
    around.call().await.records();
    let record = around.world.recorded(1).await.remove(0);
    assert_eq!((record.outcome(), record.sender.as_deref()), ("ok", Some(SENDER)));
    assert_eq!(record.operation.as_deref(), Some("GetDiagnosis"));
    let tree = record.fan_out.as_ref().expect("a tree");
    assert_eq!((tree.sources.len(), tree.passed_over.len()), (1, 1));
    assert!(tree.sources[0].end <= record.total && tree.sources[0].record.is_none());
    around.send(ask_service(around.contract, "hej")).await.fault_string();
    let record = around.world.recorded(2).await.remove(1);
    assert_eq!((record.outcome(), record.answer.status), ("fault", 500));
}

#[tokio::test]
async fn any_service_answers_by_the_message_itself() {
    let source = sources().await;
    let world = platform(&source, "aggregation:any", |plan| plan).await;
    assert_eq!(world.call(ask()).await.records(), ["A", "A"]);
    let world = platform(&source, "aggregation:nobody", |plan| plan).await;
    let refused = world.call(ask()).await;
    assert!(refused.text().contains("VP009"), "{}", refused.text());
}

#[tokio::test]
async fn a_call_given_up_goes_on_and_is_recorded() {
    let told = std::sync::Arc::new(tokio::sync::Notify::new());
    let act = Act::When(told.clone(), of("GD").answer("late", 1));
    let source = Stub::start(move |_| act.clone()).await;
    let late = |plan: Plan| plan.property("vp.defaultReceiveTimeout", "200");
    let world = platform(&source, "aggregation:GD", late).await;
    let answer = world.call(ask()).await;
    assert!(answer.statuses().iter().all(|(_, code)| code == "NoDataSynchFailed"), "{}", answer.text());
    let tree = world.recorded(1).await[0].fan_out.clone().expect("a tree");
    assert!(tree.sources.iter().all(|branch| branch.record.is_some()), "{tree:?}");
    told.notify_one();
    told.notify_one();
    until("the calls to be answered", || {
        told.notify_one();
        world.records().iter().filter(|record| record.fan_out.is_none() && record.outcome() == "ok").count() == 2
    })
    .await;
}
