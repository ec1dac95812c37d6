//! What both hubs say while a connection goes its road.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::road::{CONNECTION, Road, SYSTEM, catalogue};
use crate::platforms::world::{NATIONAL, SENDER, UPDATE, World, diagnosis, outcome};
use crate::support::client::Ask;
use crate::support::envelope::Envelope;
use crate::support::rows::rows;

rows! { &'static str;
    "§5 assign_test_env" "opens the QA lines at once, and leaves production untouched" => qa_first;
    "§5 publish" "opens production: until then VP004 for producer lines and VP007 for consumer lines, 200 after" => then_production;
    "§5 removal" "takes routes, permissions and index rows away on both platforms, and counts them" => removal;
    "§1" "--data keeps the connection, its log and its published orders over a restart" => kept;
    "§1" "--ephemeral forgets them" => forgotten;
    "§5 publish" "a process that ends between the catalogue and the log: the step is there after a restart" => broken_off;
    "§4 CONN-54" "a call that production let through and no connection agreed on is warned of by check" => outside_use;
    "§4 CONN-61" "a message of the system's own without a logical address is warned of by check" => violation;
    "§4 CONN-31" "a package without test cases and description is warned of; one that has both is not" => package;
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

async fn broken_off() {
    let data = TempDir::new().unwrap();
    let road = Road::keeping(Some(data.path())).await;
    road.papers().await;
    road.walk("qualify", "publish", None).await;
    let before = road.get(&format!("connections/{CONNECTION}/events")).await;
    let Road { world, source } = road;
    let World { platform, folder, .. } = world;
    platform.drain().await;
    // What was written of the step itself never reached the disk; that it had begun did.
    let log = data.path().join("connection");
    let is_lost = |path: &std::path::PathBuf| {
        let mut bytes = std::fs::read(path).unwrap();
        let needle = b"\"step\":";
        let last = bytes.windows(needle.len()).rposition(|window| window == needle);
        if let Some(at) = last {
            bytes[at + 2] ^= 1;
        }
        std::fs::write(path, bytes).unwrap();
        last.is_some()
    };
    let mut files: Vec<_> = std::fs::read_dir(&log).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.iter().rev().any(is_lost));
    let mut last = None;
    let mut keeper = anslut::connection::log::Keeper::open(data.path()).unwrap();
    keeper.replay(&mut |change| last = Some(change)).unwrap();
    drop(keeper);
    assert!(matches!(last, Some(anslut::connection::holdings::Change::Begun(..))), "{last:?}");
    let clock = anslut::domain::clock::Clock::fixed(crate::support::world::NOW.parse().unwrap());
    let road = Road { world: World::start(folder, Some(data.path()), clock).await, source };
    assert_eq!(road.get(&format!("connections/{CONNECTION}")).await["state"], "ESTABLISHED");
    assert_eq!(road.get(&format!("connections/{CONNECTION}/events")).await, before);
    assert_eq!(said(&road).await, owned((["200", "200"], ["200", "200"])));
    road.walk("go_live", "go_live", None).await;
}

/// The gates that a check warns of, with what each misses.
async fn warned(road: &Road) -> Vec<(String, String)> {
    let (status, answer) = road.step(CONNECTION, "check", json!({"actor": "inera"})).await;
    assert_eq!(status, 200, "{answer}");
    let warnings = answer["warnings"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    warnings
        .map(|failed| {
            (format!("{} {}", text(&failed["gate"]), text(&failed["message"])), failed["missing"].to_string())
        })
        .collect()
}

async fn outside_use() {
    // Somebody else that production knows, for something else.
    let known = catalogue().permission(UPDATE, NATIONAL, SENDER);
    let road = Road::with(|plan| plan.production(known)).await;
    road.papers().await;
    road.walk("qualify", "go_live", None).await;
    assert_eq!(said(&road).await, owned((["200", "200"], ["200", "200"])));
    assert_eq!(warned(&road).await, [], "everybody was agreed on");
    let message = Envelope::bp21(&diagnosis(), SYSTEM).text();
    assert_eq!(outcome(&road.world.call("NTJP-PROD", message.clone()).await), "VP007");
    assert_eq!(warned(&road).await, [], "who is refused has used nothing");
    // Somebody opens the catalogue past the connection.
    let (status, answer) = road.world.permit("NTJP-PROD", &diagnosis()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(outcome(&road.world.call("NTJP-PROD", message).await), "200");
    let missing = json!([format!("calls[consumer={SENDER},contract={},logicalAddress={SYSTEM}]", diagnosis())]);
    assert_eq!(warned(&road).await, [("CONN-54 use outside agreed purpose".to_owned(), missing.to_string())]);
}

async fn violation() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "go_live", None).await;
    let message = crate::platforms::world::update(SYSTEM).replace("LogicalAddress>", "Annat>");
    let ask = Ask::post(message).header("x-vp-instance-id", "SE-PROD").header("x-vp-sender-id", SYSTEM);
    let answer = ask.header("x-skltp-correlation-id", "id").send(road.world.at("NTJP-PROD.hub_http")).await;
    assert_eq!(outcome(&answer), "VP003");
    let missing = json!(["calls.violations[VP003]"]).to_string();
    assert_eq!(warned(&road).await, [("CONN-61 RIV-TA violation VP003".to_owned(), missing)]);
}

async fn package() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts/clinicalprocess_healthcond_description");
    let whole =
        [("docs/TKB_description.docx", "x"), ("test-suite/GetDiagnosis/GetDiagnosis-soapui-project.xml", "<a/>")];
    for (files, lacking) in
        [(&whole[..0], vec!["testCases", "description"]), (&whole[..1], vec!["testCases"]), (&whole[..], vec![])]
    {
        let road = Road::with(|plan| {
            let mut plan = plan;
            for (name, text) in files_below(&shipped) {
                plan = plan.file(&format!("contracts/description/{name}"), &text);
            }
            files.iter().fold(plan, |plan, (name, text)| plan.file(&format!("contracts/description/{name}"), text))
        })
        .await;
        road.papers().await;
        road.walk("qualify", "order_service", None).await;
        let (status, answer) = road.step(CONNECTION, "prepare", json!({"dryRun": true})).await;
        assert_eq!(status, 200, "{answer}");
        let failed: Vec<_> =
            answer["warnings"].as_array().unwrap().iter().filter(|gate| gate["gate"] == "CONN-31").collect();
        let keys: Vec<_> = lacking.iter().map(|part| format!("contracts[{}].{part}", diagnosis())).collect();
        match failed.as_slice() {
            [] => assert!(keys.is_empty(), "{files:?}: {answer}"),
            [failed] => {
                assert_eq!(
                    (&failed["message"], &failed["missing"]),
                    (&"contract package incomplete".into(), &json!(keys))
                );
                assert_eq!(failed["blocking"], false, "it is Inera's");
            }
            _ => panic!("{answer}"),
        }
    }
}

/// Names and texts of the files below a folder.
fn files_below(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    super::runs::files(folder, "", &mut files);
    files.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

async fn forgotten() {
    let road = Road::start().await;
    road.papers().await;
    let other = Road::start().await;
    let (status, _) = other.world.api("GET", &format!("/api/v1/connections/{CONNECTION}"), None).await;
    assert_eq!(status, 404);
    assert_eq!(road.get(&format!("connections/{CONNECTION}")).await["state"], "PROSPECT");
}
