//! What becomes of a call, by where it came in.

use super::world::{
    FIND, NATIONAL, NOTIFICATION, Plan, Rows, SENDER, SYSTEM, UPDATE, World, diagnosis, engagement, outcome, question,
    source, update,
};
use crate::aggregation::world::Stub;
use crate::support::client::Ask;
use crate::support::envelope::Envelope;
use crate::support::rows::rows;
use crate::support::until;

rows! { &'static str;
    "§1.4" "a call uses the catalogue of the hub it came through: VP004 and VP007 at one, 200 at the other" => own_catalogue;
    "§1.4" "a call uses the instance id of the hub it came through, and is believed by that one only" => own_instance;
    "§1.4" "a call that goes round comes back to the hub it came through" => own_loop;
    "§1.4" "one platform's hub may be a producer of the other's" => chained;
    "§1.4" "an aggregation through a hub asks that platform's sources, as that platform" => own_aggregation;
    "§1.4" "a call straight at aggregation uses production" => straight_aggregation;
    "§1.4" "the index is reached through the hub whose catalogue leads to it" => own_index;
    "§1.4" "calls straight at index_* and notifications use production, wherever the update came in" => notifications;
    "§1.4" "every record names its platform, and no two have one number" => records;
    "§1.4" "message log and pages say which of several platforms a call was made to" => told;
    "§1.3" "producers serve both" => producers;
}

const OTHER: &str = "SE2321000016-S002";

async fn own_catalogue() {
    let source = source().await;
    let contract = diagnosis();
    let world = Plan::empty()
        .qa(Rows::default().open(&contract, SYSTEM, &source.url()).route(&contract, OTHER, &source.url()))
        .production(Rows::default().route(&contract, SYSTEM, &source.url()).permission(&contract, OTHER, SENDER))
        .start()
        .await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "VP007"]);
    assert_eq!(world.both(&contract, OTHER).await, ["VP007", "VP004"]);
    // The fault names the platform that speaks.
    let fault = world.call("NTJP-PROD", Envelope::bp21(&contract, OTHER).text()).await.text();
    assert!(fault.contains("VP004 [NTJP-PROD]"), "{fault}");
}

async fn own_instance() {
    let (source, contract) = (source().await, diagnosis());
    let rows = Rows::default().open(&contract, SYSTEM, &source.url());
    let world = Plan::empty().qa(rows.clone()).production(rows).start().await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "200"]);
    let seen = source.seen();
    let told: Vec<_> = seen.iter().map(|seen| seen.header("x-vp-instance-id").unwrap()).collect();
    assert_eq!(told, ["SE-QA", "SE-PROD"]);
    // Whoever names the other instance is a stranger, and needs a certificate.
    let message = Envelope::bp21(&contract, SYSTEM).text();
    for (platform, instance) in [("NTJP-QA", "SE-PROD"), ("NTJP-PROD", "SE-QA")] {
        assert_eq!(outcome(&world.call_as(platform, instance, message.clone()).await), "VP002", "{platform}");
    }
}

async fn own_loop() {
    let contract = diagnosis();
    let source = source().await;
    let world = Plan::empty()
        .qa(Rows::default().open(&contract, SYSTEM, &source.url()))
        .production(Rows::default().open(&contract, SYSTEM, &source.url()))
        .toml(&format!("\n[hub]\ndemo_sender = \"{SENDER}\"\n"))
        .start()
        .await;
    let message = Envelope::bp21(&contract, SYSTEM).text();
    for (platform, own, others) in [("NTJP-QA", "SE-QA", "SE-PROD"), ("NTJP-PROD", "SE-PROD", "SE-QA")] {
        for (history, expected) in [(own, "VP014"), (others, "200")] {
            let ask = Ask::post(message.clone()).header("x-rivta-routing-history", history);
            let answer = ask.send(world.at(&format!("{platform}.hub_http"))).await;
            assert_eq!(outcome(&answer), expected, "{platform} after {history}: {}", answer.text());
        }
    }
    let seen = source.seen();
    let told: Vec<_> = seen.iter().map(|seen| seen.header("x-rivta-routing-history").unwrap()).collect();
    assert_eq!(told, ["SE-PROD#SE-QA", "SE-QA#SE-PROD"]);
}

async fn chained() {
    let (source, contract) = (source().await, diagnosis());
    // Production's port is known before QA's catalogue is read again.
    let world = Plan::empty()
        .qa(Rows::default().open(&contract, SYSTEM, "http://127.0.0.1:1/vp"))
        .production(Rows::default().open(&contract, SYSTEM, &source.url()))
        .start()
        .await;
    let url = format!("http://{}/vp", world.at("NTJP-PROD.hub_http"));
    let rows = Rows::default().open(&contract, SYSTEM, &url);
    std::fs::write(world.folder.path().join("tak-qa/rows.toml"), rows.text()).unwrap();
    let reset = Ask::get("/resetcache").send(world.at("NTJP-QA.hub_http")).await;
    assert_eq!(reset.status, 200);
    // QA's hub is a stranger to production's: it has no certificate, and its instance is another.
    assert_eq!(world.both(&contract, SYSTEM).await, ["VP002", "200"]);
    assert_eq!(source.seen().len(), 1);
}

/// Both platforms with an aggregating address, and a source each that has the patient's diagnoses.
async fn aggregating() -> (World, Stub, Stub) {
    let (qa, production, contract) = (source().await, source().await, diagnosis());
    let service = "aggregation:GetAggregatedDiagnosis-v2";
    let rows =
        |source: &Stub| Rows::default().open(&contract, NATIONAL, service).open(&contract, SYSTEM, &source.url());
    let plan = Plan::empty().file("index/rows.ndjson", &engagement(SYSTEM));
    let world = plan.qa(rows(&qa)).production(rows(&production)).start().await;
    (world, qa, production)
}

async fn own_aggregation() {
    let (world, qa, production) = aggregating().await;
    for (platform, own, other, instance) in
        [("NTJP-QA", &qa, &production, "SE-QA"), ("NTJP-PROD", &production, &qa, "SE-PROD")]
    {
        let before = other.seen().len();
        let answer = world.call(platform, question()).await;
        assert_eq!((answer.status, answer.text().matches("DataFromSource").count()), (200, 1), "{}", answer.text());
        let seen = own.only();
        assert_eq!(
            (seen.header("x-vp-instance-id"), seen.text("LogicalAddress").as_deref()),
            (Some(instance), Some(SYSTEM))
        );
        assert_eq!(other.seen().len(), before, "{platform}");
    }
}

async fn straight_aggregation() {
    let (world, qa, production) = aggregating().await;
    let ask = Ask::post(question()).at("/GetAggregatedDiagnosis/service/v2").header("x-vp-sender-id", SENDER);
    let answer = ask
        .header("x-rivta-original-serviceconsumer-hsaid", SENDER)
        .header("x-skltp-correlation-id", "id")
        .send(world.at("aggregation"))
        .await;
    assert_eq!((answer.status, answer.text().matches("DataFromSource").count()), (200, 1), "{}", answer.text());
    assert_eq!(production.only().header("x-vp-instance-id"), Some("SE-PROD"));
    assert_eq!(qa.seen().len(), 0);
}

/// Only QA's catalogue leads to the index; both have a subscriber.
async fn indexing() -> (World, Stub, Stub) {
    let (qa, production) = (source().await, source().await);
    let subscriber = |rows: Rows, source: &Stub| {
        rows.route(NOTIFICATION, "SE-SUBSCRIBER", &source.url()).permission(
            NOTIFICATION,
            "SE-SUBSCRIBER",
            "SE5565594230-EI",
        )
    };
    let reached = Rows::default().open(UPDATE, NATIONAL, "index:update").open(FIND, NATIONAL, "index:find");
    let world = Plan::empty()
        .qa(subscriber(reached, &qa))
        .production(subscriber(Rows::default(), &production))
        .toml("\n[properties]\n\"vp.hsa.id\" = \"SE5565594230-EI\"\n\"ei.hsa.id\" = \"5565594230\"\n\"update.collect.threshold\" = \"0\"\n")
        .start()
        .await;
    (world, qa, production)
}

const FOUND: &str = include_str!("../../../fixtures/demo/requests/find-content.xml");

async fn own_index() {
    let (world, ..) = indexing().await;
    let answer = world.call("NTJP-QA", update(SYSTEM)).await;
    assert!(answer.text().contains("<ns2:ResultCode>OK</ns2:ResultCode>"), "{}", answer.text());
    assert_eq!(outcome(&world.call("NTJP-PROD", update(SYSTEM)).await), "VP004");
    let find = FOUND.replace("191212121212", "195404039801");
    let found = world.call("NTJP-QA", find.clone()).await.text();
    assert!(found.contains(SYSTEM), "{found}");
    assert_eq!(outcome(&world.call("NTJP-PROD", find).await), "VP004");
    assert_eq!(world.platform.index().unwrap().status().engagements, 1);
}

async fn notifications() {
    let (world, qa, production) = indexing().await;
    world.call("NTJP-QA", update(SYSTEM)).await;
    let straight = Ask::post(update(OTHER)).at("/skltp-ei/update-service/v1").header("x-skltp-correlation-id", "id");
    let answer = straight.send(world.at("index_update")).await;
    assert!(answer.text().contains("<ns2:ResultCode>OK</ns2:ResultCode>"), "{}", answer.text());
    until("both notifications", || production.seen().len() == 2).await;
    for seen in production.seen() {
        assert_eq!(seen.header("x-vp-instance-id"), Some("SE-PROD"));
    }
    assert_eq!(qa.seen().len(), 0);
    let told = || world.platform.records().newest(9, |call| call.contract.as_deref() == Some(NOTIFICATION));
    until("their records", || told().len() == 2).await;
    assert!(told().iter().all(|call| &*call.platform == "NTJP-PROD"));
}

async fn records() {
    let (world, ..) = aggregating().await;
    world.call("NTJP-QA", question()).await;
    world.call("NTJP-PROD", question()).await;
    let recorded = || world.platform.records().newest(99, |_| true);
    until("four records", || recorded().len() == 4).await;
    let mut numbers: Vec<_> = recorded().iter().map(|call| call.id).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
    let (_, listed) = world.api("GET", "/api/v1/exchanges?platform=NTJP-QA", None).await;
    let listed = listed["exchanges"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2, "the call and its source's");
    for call in listed {
        assert_eq!(call["platform"], "NTJP-QA");
        let (status, whole) = world.api("GET", &format!("/api/v1/exchanges/{}", call["id"]), None).await;
        assert_eq!((status, &whole["platform"]), (200, &call["platform"]));
        let (status, explained) = world.api("GET", whole["links"]["explain"].as_str().unwrap(), None).await;
        assert_eq!((status, &explained["outcome"]), (200, &"ok".into()));
    }
}

async fn told() {
    let (contract, source) = (diagnosis(), source().await);
    let rows = Rows::default().open(&contract, SYSTEM, &source.url());
    let folder = Plan::empty().qa(rows.clone()).production(rows).write();
    let log = folder.path().join("messages.log");
    let clock = anslut::domain::clock::Clock::fixed(crate::support::world::NOW.parse().unwrap());
    let set = [format!("log.messages={}", log.display())];
    let world = World::start_set(folder, None, clock, &set).await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "200"]);
    let page = async |path: &str| {
        let answer = Ask::get(path).header("Host", "localhost").send(world.at("admin")).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text()
    };
    let list = page("/").await;
    for platform in ["NTJP-QA", "NTJP-PROD"] {
        assert!(list.contains(&format!("<td>{platform}</td>")), "{list}");
        let own = page(&format!("/?platform={platform}")).await;
        assert_eq!(own.matches("href=\"/calls/").count(), 1, "{own}");
        let call = world.platform.records().newest(1, |call| *call.platform == *platform).remove(0);
        let shown = page(&format!("/calls/{}", call.id)).await;
        assert!(shown.contains(&format!("<dt>Platform</dt><dd><code>{platform}</code>")), "{shown}");
    }
    let World { platform, folder, .. } = world;
    platform.drain().await;
    let events = crate::support::log::Logged::read(&log).events();
    let told: Vec<_> = events.iter().map(|event| event.get("labels.platform")).collect();
    assert_eq!(told, [["NTJP-QA"; 4], ["NTJP-PROD"; 4]].concat());
    drop(folder);
}

async fn producers() {
    let contract = diagnosis();
    let rows = Rows::default().open(&contract, SYSTEM, "producer:journal");
    let producer = format!("hsa_id = \"{SYSTEM}\"\n");
    let world = Plan::empty()
        .file("producers/journal/producer.toml", &producer)
        .qa(rows.clone())
        .production(rows)
        .start()
        .await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "200"], "{:?}", world.problems);
}
