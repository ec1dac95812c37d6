//! What both hubs say while a connection goes its road.

use serde_json::json;
use tempfile::TempDir;

use super::road::{CONNECTION, Road, SYSTEM};
use crate::support::rows::rows;

rows! { &'static str;
    "§5 assign_test_env" "opens the QA lines at once, and leaves production untouched" => qa_first;
    "§5 publish" "opens production: until then VP004 for producer lines and VP007 for consumer lines, 200 after" => then_production;
    "§5 removal" "takes routes, permissions and index rows away on both platforms, and counts them" => removal;
    "§1" "--data keeps the connection, its log and its published orders over a restart" => kept;
    "§1" "--ephemeral forgets them" => forgotten;
}

const SHUT: ([&str; 2], [&str; 2]) = (["VP004", "VP004"], ["VP007", "VP007"]);

async fn said(road: &Road) -> ([String; 2], [String; 2]) {
    (road.called().await, road.updates().await)
}

fn owned((called, updates): ([&str; 2], [&str; 2])) -> ([String; 2], [String; 2]) {
    (called.map(str::to_owned), updates.map(str::to_owned))
}

async fn qa_first() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "prepare", None).await;
    assert_eq!(said(&road).await, owned(SHUT));
    road.walk("assign_test_env", "assign_test_env", None).await;
    assert_eq!(said(&road).await, owned((["200", "VP004"], ["200", "VP007"])));
}

async fn then_production() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "order_production", None).await;
    assert_eq!(said(&road).await, owned((["200", "VP004"], ["200", "VP007"])));
    road.walk("publish", "publish", None).await;
    assert_eq!(said(&road).await, owned((["200", "200"], ["200", "200"])));
}

async fn removal() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "go_live", None).await;
    let (status, early) = road.send("POST", &format!("connections/{CONNECTION}/removal"), &json!({})).await;
    assert_eq!(status, 409, "before the connection is on its way out: {early}");
    let plan = json!({"inera": ["vägval"], "party": ["integration"]});
    road.stepped(CONNECTION, "decommission", json!({"endDate": "2026-06-30", "plan": plan})).await;
    assert_eq!(road.world.platform.index().unwrap().status().engagements, 1);
    let removed = road.ok("POST", &format!("connections/{CONNECTION}/removal"), json!({"actor": "inera"})).await;
    let counted = ["routes", "permissions", "engagements"].map(|key| removed[key].as_u64().unwrap());
    assert_eq!(counted, [2, 4, 1], "a route and two permissions in each, and the test row");
    assert_eq!(road.world.platform.index().unwrap().status().engagements, 0);
    assert_eq!(said(&road).await, owned(SHUT));
}

async fn kept() {
    let data = TempDir::new().unwrap();
    let road = Road::keeping(Some(data.path())).await;
    road.papers().await;
    road.walk("qualify", "assign_test_env", None).await;
    let before = road.get(&format!("connections/{CONNECTION}")).await;
    let log = road.get(&format!("connections/{CONNECTION}/events")).await;
    let road = road.again(data.path()).await;
    assert_eq!(road.get(&format!("connections/{CONNECTION}")).await, before);
    assert_eq!(road.get(&format!("connections/{CONNECTION}/events")).await, log);
    assert_eq!(said(&road).await, owned((["200", "VP004"], ["200", "VP007"])));
    // And it goes on from there.
    road.walk("start_tests", "publish", None).await;
    assert_eq!(road.called().await, ["200", "200"]);
    assert_eq!(road.get(&format!("connections/{CONNECTION}")).await["component"], SYSTEM);
}

async fn forgotten() {
    let road = Road::start().await;
    road.papers().await;
    let other = Road::start().await;
    let (status, _) = other.world.api("GET", &format!("/api/v1/connections/{CONNECTION}"), None).await;
    assert_eq!(status, 404);
    assert_eq!(road.get(&format!("connections/{CONNECTION}")).await["state"], "PROSPECT");
}
