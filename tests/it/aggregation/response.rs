//! `aggregation.md` §6, 6 and 57–62: what goes back, and what the operator sees.

use anslut::contracts::contract::Direction;
use anslut::contracts::validate::{Options, Target, validate};

use super::contracts::{ALL, Contract, of};
use super::world::{Act, Merged, PATIENT, SENDER, ask, everywhere, hit, setup};
use crate::support::client::Ask;
use crate::support::tak::Tak;

crate::support::rows::rows! {
    u16;
    6 "?wsdl of a contract that is known" => wsdl;
    6 "?wsdl of one that is not names it" => no_wsdl;
    57 "headers of the answer" => headers;
    58 "the status is a header of the message" => place;
    59 "an entry for each call, each address once" => entries;
    60 "the answer is valid, also when all sources fail" => valid;
    61 "/resetcache" => reset;
    62 "not ready before the catalogue is there" => readiness;
}

/// The deployed services whose contract ships.
fn known() -> Vec<&'static Contract> {
    let library = anslut::contracts::library::Library::loaded(
        anslut::config::environment::Environment::Folder("/nowhere".into()),
        anslut::config::contracts::ContractSettings::default(),
    );
    let registry = library.registry();
    let known: Vec<_> = ALL
        .iter()
        .filter(|contract| {
            registry.by_element(&contract.responder(), contract.request_element().trim_start_matches("r:")).is_some()
        })
        .collect();
    assert!(known.len() >= 8, "{}", known.len());
    known
}

async fn wsdl() {
    let around = setup("GD", vec![]).start().await;
    for contract in known() {
        let path = contract.path();
        let answer = around.send(Ask::get(&format!("{path}?wsdl"))).await;
        let text = answer.text();
        assert_eq!(answer.status, 200, "{}: {text}", contract.tag);
        assert!(text.contains("definitions") && text.contains(contract.operation), "{text}");
        assert!(text.contains(&format!("http://{}{path}", around.at)), "{}: our own address: {text}", contract.tag);
        anslut::soap::xml::reader::check(&answer.body).expect("well-formed");
    }
}

async fn no_wsdl() {
    let around = setup("GD", vec![]).start().await;
    let tags: Vec<_> = known().iter().map(|contract| contract.tag).collect();
    let unknown = ALL.iter().find(|contract| !tags.contains(&contract.tag)).expect("not every contract ships");
    let answer = around.send(Ask::get(&format!("{}?WSDL", unknown.path()))).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains(&unknown.responder()), "{}", answer.text());
}

async fn headers() {
    let contract = of("GD");
    let act = Act::Headed(contract.answer("A", 1), "x-rivta-routing-history", "a#b#c");
    let around = setup("GD", vec![hit("A")]).sources(move |_| act.clone()).start().await;
    let ask = || ask(contract, contract.request(PATIENT)).header("x-vp-instance-id", "x").header("x-custom", "1");
    let answer = around.send(ask().header("x-rivta-routing-history", "a#b")).await;
    assert_eq!(answer.header("content-type"), Some("text/xml; charset=UTF-8"));
    assert_eq!(answer.header("x-skltp-correlation-id"), Some("test-corr-id"));
    assert_eq!(answer.header("x-rivta-routing-history"), Some("a#b#c"));
    answer.has_only(&["content-type", "x-skltp-correlation-id", "x-rivta-routing-history", "content-length", "date"]);
    // Without a source that says so, the consumer's own comes back.
    let around = setup("GD", vec![]).start().await;
    let answer = around.send(ask().header("x-rivta-routing-history", "a#b")).await;
    assert_eq!(answer.header("x-rivta-routing-history"), Some("a#b"));
    let refused = around.send(ask().without("x-vp-sender-id")).await;
    assert_eq!(refused.header("x-skltp-correlation-id"), Some("test-corr-id"));
    assert!(refused.header("content-type").is_some_and(|value| value.starts_with("text/xml")));
}

async fn place() {
    let around = setup("GD", vec![hit("gemenlogiskadress")]).start().await;
    let text = around.call().await.text();
    let (_, behind) = text.split_once("<soap:Header>").expect("a header");
    assert!(
        behind.starts_with("<ProcessingStatus xmlns=\"urn:riv:interoperability:headers:1\"><ProcessingStatusList>"),
        "{text}"
    );
    assert!(text.contains("<logicalAddress>gemenlogiskadress</logicalAddress>"), "{text}");
    anslut::soap::xml::reader::check(text.as_bytes()).expect("well-formed");
}

async fn entries() {
    let hits = ["A", "B", "A", "C", "B"].map(hit).to_vec();
    let around = setup("GD", hits).source(&[("B", Act::fault("no"))]).start().await;
    let answer = around.call().await;
    let mut addresses: Vec<_> = answer.statuses().into_iter().map(|(address, _)| address).collect();
    addresses.sort();
    assert_eq!(addresses, ["A", "B", "C"]);
    assert_eq!(around.sources.addresses(), addresses);
    // More sources than may be asked: each is told of all the same.
    let around = setup("GD", ["A", "B", "C"].map(hit).to_vec())
        .plan(|plan| plan.set("aggregation.sources_max", "2"))
        .start()
        .await;
    let answer = around.call().await;
    assert_eq!((answer.records().len(), answer.statuses().len(), around.sources.seen().len()), (2, 3, 2));
    let around = setup("GD", ["A", "B"].map(hit).to_vec())
        .plan(|plan| plan.set("aggregation.source_calls_max", "1"))
        .start()
        .await;
    assert!(around.call().await.fault_string().contains("rejected"));
    let around = setup("GD", ["A", "B"].map(hit).to_vec())
        .plan(|plan| plan.set("aggregation.answer_bytes_max", "2000"))
        .start()
        .await;
    assert_eq!(around.call().await.records().len(), 2);
    let around = setup("GD", vec![hit("A")]).plan(|plan| plan.set("aggregation.held_bytes_max", "10")).start().await;
    assert_eq!(around.call().await.statuses()[0].1, "NoDataSynchFailed");
}

async fn valid() {
    let known = known();
    let tags: Vec<_> = known.iter().map(|contract| contract.tag).collect();
    let around = setup("GD", vec![hit("A")]).tak(everywhere(&tags)).sources(|_| Act::fault("no")).start().await;
    let registry = around.world.platform.contracts().registry();
    for contract in known {
        let answer = around.send(ask(contract, contract.request(PATIENT))).await;
        assert_eq!(answer.statuses().len(), usize::from(contract.tag != "GFS"), "{}", contract.tag);
        let element = contract.request_element();
        let (compiled, _) =
            registry.by_element(&contract.responder(), element.trim_start_matches("r:")).expect(contract.tag);
        let target = Target::Contract(compiled.clone(), Some(Direction::Response));
        let text = answer.text();
        // The status header's schema wants what the reference leaves out, so it is not judged.
        let (head, rest) = text.split_once("<soap:Header>").expect("a header");
        let body = rest.split_once("</soap:Header>").expect("its end").1;
        let report = validate(target, Options::default(), format!("{head}{body}").as_bytes());
        assert!(report.valid, "{}: {:?}", contract.tag, report.errors);
    }
}

async fn reset() {
    let contract = of("GD").responder();
    let before = Tak::default().route(&contract, "*", "RIVTABP21", "http://x/").permission(&contract, "Z", SENDER);
    let around = setup("GD", vec![hit("A")]).tak(before.clone()).start().await;
    assert!(around.call().await.statuses().is_empty());
    let after = before.permission(&contract, "A", SENDER);
    around.world.rewrite("tak/copy.xml", after.xml());
    assert!(around.call().await.statuses().is_empty(), "not before it is read");
    let answer = around.send(Ask::get("/resetcache")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html")));
    let text = answer.text();
    let lines: Vec<_> = text.split("<br>").skip(1).collect();
    for line in ["Init TAK cache loaded number of permissions: 2", "Init TAK cache loaded number of virtualizations: 1"]
    {
        assert!(lines.contains(&line), "{lines:?}");
    }
    assert_eq!(lines.last(), Some(&"Init done, was successful: true"));
    assert_eq!(around.call().await.statuses().len(), 1);
    let status = around.send(Ask::get("/status")).await;
    let status: serde_json::Value = serde_json::from_slice(&status.body).expect("JSON");
    assert_eq!(status["ServiceStatus"], "Started");
    assert_eq!(status["TakCacheResetInfo"], "Date:2026-03-02T13:00 Status:REFRESH_OK vagval:1 behorigheter:2");
    assert_eq!(status["Endpoints"].as_array().map(Vec::len), Some(ALL.len()));
    assert!(status["ServiceImplementations"]["GetAggregatedSubjectOfCareSchedule.v1"].is_string(), "{status}");
    assert!(status["ServiceImplementations"]["GetAggregatedDiagnosis-v2"].is_string(), "{status}");
}

async fn readiness() {
    let without =
        setup("GD", vec![]).tak(Tak::default()).plan(|plan| plan.set("listen.admin", "127.0.0.1:0")).start().await;
    let admin = |around: &super::world::Around| around.world.platform.address("admin").expect("admin");
    let ready = Ask::get("/actuator/health/readiness").send(admin(&without)).await;
    assert_eq!(ready.status, 503, "{}", ready.text());
    assert!(ready.text().contains("takCache") && ready.text().contains("refreshStatus"), "{}", ready.text());
    let with = setup("GD", vec![]).plan(|plan| plan.set("listen.admin", "127.0.0.1:0")).start().await;
    let ready = Ask::get("/actuator/health/readiness").send(admin(&with)).await;
    assert!(ready.text().contains("takCache"), "{}", ready.text());
    assert!(ready.text().contains("REFRESH_OK"), "{}", ready.text());
}
