//! Statements 46 to 55: the cooperation API.

use serde_json::{Value, json};

use super::world::{ACTIVITIES, SNAPSHOT, ask, base64, get, json_of, plan, publish, save, with, world};
use crate::support::client::Ask;
use crate::support::rows::rows;
use crate::support::world::World;

rows! { u16;
    46 "no credentials, and the closed version" => refused;
    47 "every collection in JSON and XML" => formats;
    48 "cooperations with and without what they are related to" => include;
    49 "one cooperation with everything" => one;
    50 "addresses are masked" => masked;
    51 "domains by prefix" => domains;
    52 "unknown and unreadable numbers" => unknown;
    53 "a component that is both" => both;
    54 "what does not hold is not there" => valid_only;
    55 "the time of the import" => imported;
}

const BASE: &str = "/coop/api/v2";

async fn found(world: &World, path: &str) -> Value {
    let answer = get(world, &format!("{BASE}/{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    json_of(&answer)
}

fn names<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|item| item[name].as_str().unwrap()).collect()
}

async fn refused() {
    let world = with(plan().set("catalogue.users.anna", "hemligt")).await;
    let answer = get(&world, "/coop/api/v2/cooperations").await;
    let body = json_of(&answer);
    let expected = json!({
        "timestamp": world.clock.now().as_millisecond(), "status": 401, "error": "Unauthorized",
        "path": "/coop/api/v2/cooperations",
    });
    assert_eq!((answer.status, body), (401, expected));
    let with_user =
        Ask::get("/coop/api/v2/cooperations").header("Authorization", format!("Basic {}", base64("anna:hemligt")));
    assert_eq!(ask(&world, with_user).await.status, 200);
    let closed = get(&world, "/coop/api/v1/cooperations").await;
    let text = "Cooperation API v1 has been closed.\nPlease use v2 instead.\nFor more information about changes needed for v2, contact API maintainer and provider.";
    assert_eq!((closed.status, closed.text().as_str()), (410, text));
}

const ROOTS: [(&str, &str, &str); 9] = [
    ("connectionPoints", "connectionPoints", "connectionPoint"),
    ("serviceConsumers", "serviceConsumers", "serviceConsumer"),
    ("serviceProducers", "serviceProducers", "serviceProducer"),
    ("logicalAddresses", "logicalAddresss", "logicalAddress"),
    ("serviceContracts", "serviceContracts", "serviceContract"),
    ("serviceDomains", "serviceDomain", "serviceDomain"),
    ("installedContracts", "installedContracts", "installedContract"),
    ("cooperations", "cooperations", "cooperation"),
    ("serviceProductions", "serviceProductions", "serviceProduction"),
];

async fn formats() {
    let world = world().await;
    for (collection, many, one) in ROOTS {
        let list = found(&world, collection).await;
        assert!(!list.as_array().unwrap().is_empty(), "{collection}");
        assert_eq!(found(&world, &format!("{collection}.json")).await, list);
        for (path, root) in [(format!("{collection}.xml"), many), (format!("{collection}/1.xml"), one)] {
            let answer = get(&world, &format!("{BASE}/{path}")).await;
            assert_eq!(answer.header("content-type"), Some("application/xml;charset=UTF-8"), "{path}");
            let text = answer.text();
            let inside = text.split_once("?>").unwrap().1;
            assert!(inside.starts_with(&format!("<{root}>")) && inside.ends_with(&format!("</{root}>")), "{text}");
        }
        let accept = Ask::get(&format!("{BASE}/{collection}")).header("Accept", "application/xml");
        assert!(ask(&world, accept).await.text().starts_with("<?xml"), "{collection}");
    }
    assert_eq!(found(&world, "serviceConsumers?logicalAddressId=4").await, json!([]));
    let points = found(&world, "connectionPoints").await;
    assert_eq!((points[0]["platform"].as_str(), points[0]["environment"].as_str()), (Some("NTJP"), Some("TEST")));
    let consumer = &found(&world, "serviceConsumers?connectionPointId=1").await[0];
    assert!(consumer.get("connectionPoint").is_none(), "it was asked for by its number: {consumer}");
    assert!(found(&world, "serviceConsumers").await[0]["connectionPoint"]["id"] == 1);
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

async fn include() {
    let world = world().await;
    let plain = found(&world, "cooperations").await;
    assert!(plain.as_array().unwrap().iter().all(|item| keys(item) == ["id"]), "{plain}");
    let two = found(&world, "cooperations?include=serviceConsumer,logicalAddress").await;
    let expected = ["id", "logicalAddress", "serviceConsumer"];
    assert!(two.as_array().unwrap().iter().all(|item| keys(item) == expected), "{two}");
}

async fn one() {
    let world = world().await;
    let one = found(&world, "cooperations/1").await;
    assert_eq!(keys(&one), ["connectionPoint", "id", "logicalAddress", "serviceConsumer", "serviceContract"]);
    assert_eq!(one["serviceContract"]["namespace"], ACTIVITIES);
    assert_eq!(
        (one["serviceContract"]["name"].as_str(), one["serviceConsumer"]["hsaId"].as_str()),
        (Some("GetActivities"), Some("tp"))
    );
    let one = found(&world, "serviceProductions/1").await;
    assert_eq!(
        keys(&one),
        [
            "connectionPoint",
            "id",
            "logicalAddress",
            "physicalAddress",
            "rivtaProfile",
            "serviceContract",
            "serviceProducer"
        ]
    );
}

async fn masked() {
    let world = world().await;
    let url = |list: &Value| list[0]["physicalAddress"].as_str().unwrap().to_owned();
    assert_eq!(url(&found(&world, "serviceProductions").await), "https://....et.org....443..../v1");
    let shown = found(&world, "serviceProductions?include=physicalAddress").await;
    assert_eq!(url(&shown), "https://long.host.unet.org:443/path/v1");
    assert!(!found(&world, "serviceProductions/1").await["physicalAddress"].as_str().unwrap().contains("long.host"));
}

async fn domains() {
    let world = world().await;
    let list = found(&world, "serviceDomains?namespace=itintegration").await;
    assert_eq!(names(&list, "namespace"), ["itintegration:engagementindex", "itintegration:monitoring"]);
    assert!(names(&list, "name").iter().all(|name| *name == "namn"));
    let id = list[0]["id"].as_i64().unwrap();
    let contracts = found(&world, &format!("serviceContracts?serviceDomainId={id}")).await;
    assert_eq!(names(&contracts, "name"), ["ProcessNotification", "Update"]);
}

async fn unknown() {
    let world = world().await;
    for (path, called) in [
        ("serviceConsumers", "Service consumer"),
        ("serviceContracts", "Connection point"),
        ("serviceDomains", "Connection point"),
    ] {
        let answer = get(&world, &format!("{BASE}/{path}/999")).await;
        let expected = json!({
            "type": "http://httpstatus.es/404", "title": "Not Found", "status": 404,
            "detail": format!("{called} with id 999 not found"), "instance": format!("{BASE}/{path}/999"),
        });
        assert_eq!((answer.status, json_of(&answer)), (404, expected));
    }
    for path in ["cooperations/abc", "cooperations?serviceConsumerId=abc"] {
        let answer = get(&world, &format!("{BASE}/{path}")).await;
        assert_eq!(
            (answer.status, json_of(&answer)["detail"].as_str()),
            (400, Some("Argument with the value abc is not valid"))
        );
    }
}

async fn both() {
    let world = world().await;
    let consumers = found(&world, "serviceConsumers").await;
    let producers = found(&world, "serviceProducers?hsaId=KONS-001").await;
    assert!(names(&consumers, "hsaId").contains(&"KONS-001") && names(&producers, "hsaId") == ["KONS-001"]);
    // They meet where they share address and contract.
    let producer = producers[0]["id"].as_i64().unwrap();
    let meeting = found(&world, &format!("serviceConsumers?serviceProducerId={producer}")).await;
    assert_eq!(names(&meeting, "hsaId"), ["KONS-001"]);
}

async fn valid_only() {
    let world = world().await;
    let productions = found(&world, "serviceProductions?include=serviceContract").await;
    assert_eq!(productions.as_array().unwrap().len(), 1, "of three, one is over and one has not begun");
    assert_eq!(found(&world, "cooperations").await.as_array().unwrap().len(), 7);
    let installed = found(&world, "installedContracts").await;
    assert_eq!(installed[0]["serviceContract"]["namespace"], ACTIVITIES);
    world.clock.set("2030-06-01T00:00:00Z".parse().unwrap());
    assert_eq!(found(&world, "serviceProductions").await.as_array().unwrap().len(), 2, "another day, another import");
    assert_eq!(found(&world, "cooperations").await.as_array().unwrap().len(), 6);
}

async fn imported() {
    let world = world().await;
    let time = |list: Value| list[0]["snapshotTime"].as_str().unwrap().to_owned();
    assert_eq!(time(found(&world, "connectionPoints").await), "2026-03-02T13:00:00+0100");
    world.clock.set("2026-03-02T20:00:00Z".parse().unwrap());
    assert_eq!(time(found(&world, "connectionPoints").await), "2026-03-02T13:00:00+0100");
    world.clock.set("2026-03-02T23:30:00Z".parse().unwrap());
    assert_eq!(time(found(&world, "connectionPoints").await), "2026-03-03T00:30:00+0100");
    // What is published is there at once.
    save(&world, "anna", "logiskadress", json!({"hsaId": "NY-1"})).await.unwrap();
    publish(&world, "anna").await;
    let list = found(&world, "logicalAddresses?logicalAdress=ny-1").await;
    assert_eq!(names(&list, "logicalAddress"), ["NY-1"]);
    assert!(!SNAPSHOT.contains("NY-1"));
}
