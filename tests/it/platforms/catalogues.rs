//! Each platform's own catalogue: its files, its book, its listener, its name in orders.

use anslut::domain::clock::Clock;
use serde_json::json;
use tempfile::TempDir;

use super::world::{Plan, Rows, SENDER, SYSTEM, World, diagnosis, source};
use crate::aggregation::world::Stub;
use crate::support::client::Ask;
use crate::support::rows::rows;
use crate::support::world::NOW;
use crate::tak::world::base64;

rows! { &'static str;
    "§1.1" "tak names a platform's folder; /resetcache at its hub reads that one only" => own_files;
    "§1.2" "publishing for one platform opens its hub and leaves the other's" => publishing;
    "§1.2" "without a name, the API means production; an unknown name is refused" => unnamed;
    "§1.2" "taking a version back concerns one platform" => taking_back;
    "§1.4" "name serves as tak_platform: orders for the other are refused" => orders;
    "§1.2" "each catalogue listener serves its own" => listeners;
    "§1.6" "--data keeps both catalogues over a restart, apart" => kept;
    "§1.5" "ready when both catalogues are loaded, and not before" => readiness;
}

async fn routed() -> (World, Stub) {
    let (source, contract) = (source().await, diagnosis());
    let rows = Rows::default().route(&contract, SYSTEM, &source.url()).permission(
        "urn:riv:other:OtherResponder:1",
        SYSTEM,
        SENDER,
    );
    let world = Plan::empty().qa(rows.clone()).production(rows).start().await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["VP007", "VP007"], "{:?}", world.problems);
    (world, source)
}

async fn own_files() {
    let (source, contract) = (source().await, diagnosis());
    let world = Plan::empty().qa(Rows::default()).production(Rows::default()).start().await;
    let rows = Rows::default().open(&contract, SYSTEM, &source.url());
    for folder in ["tak-qa", "tak-prod", "tak"] {
        std::fs::create_dir_all(world.folder.path().join(folder)).unwrap();
        std::fs::write(world.folder.path().join(folder).join("rows.toml"), rows.text()).unwrap();
    }
    Ask::get("/resetcache").send(world.at("NTJP-QA.hub_http")).await;
    let [qa, production] = world.both(&contract, SYSTEM).await;
    assert_eq!(qa, "200");
    assert_ne!(production, "200");
    // SIGHUP reads both.
    world.platform.reload().await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "200"]);
}

async fn publishing() {
    let ((world, _source), contract) = (routed().await, diagnosis());
    let (status, published) = world.permit("NTJP-QA", &contract).await;
    assert_eq!(status, 200, "{published}");
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "VP007"]);
    let (status, published) = world.permit("NTJP-PROD", &contract).await;
    assert_eq!(status, 200, "{published}");
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "200"]);
}

async fn unnamed() {
    let ((world, _source), contract) = (routed().await, diagnosis());
    let (status, published) = world.permit("", &contract).await;
    assert_eq!(status, 200, "{published}");
    assert_eq!(world.both(&contract, SYSTEM).await, ["VP007", "200"]);
    let (status, problem) = world.permit("NTJP-TEST", &contract).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("one of NTJP-PROD, NTJP-QA"), "{problem}");
}

async fn taking_back() {
    let ((world, _source), contract) = (routed().await, diagnosis());
    world.permit("NTJP-QA", &contract).await;
    let (_, published) = world.permit("NTJP-PROD", &contract).await;
    let body = json!({"user": "anna", "version": published["version"]});
    let (status, answer) = world.api("POST", "/api/v1/catalogue/rollback?platform=NTJP-QA", Some(&body)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(world.both(&contract, SYSTEM).await, ["VP007", "200"]);
    let versions = async |name: &str| {
        let (_, versions) = world.api("GET", &format!("/api/v1/catalogue/versions?platform={name}"), None).await;
        versions.as_array().unwrap().len()
    };
    assert_eq!([versions("NTJP-QA").await, versions("NTJP-PROD").await], [1, 2]);
}

async fn orders() {
    let world = Plan::empty().qa(Rows::default()).production(Rows::default()).start().await;
    let order = |platform: &str| {
        json!({
            "plattform": platform, "formatVersion": 1.0, "version": 1,
            "bestallningsTidpunkt": "2026-03-01T00:00:00+0100", "genomforandeTidpunkt": "2026-03-02T00:00:00+0100",
            "utforare": "beställaren", "kommentar": "k",
            "inkludera": {"logiskadresser": [{"hsaId": SYSTEM, "beskrivning": "d"}]}, "exkludera": {},
        })
        .to_string()
    };
    for (listener, own, other) in [("NTJP-QA", "NTJP-QA", "NTJP-PROD"), ("NTJP-PROD", "NTJP-PROD", "NTJP-QA")] {
        let send = async |platform: &str| {
            let encoded: String = order(platform).bytes().map(|byte| format!("%{byte:02X}")).collect();
            let ask = Ask::post(encoded)
                .at("/tak-web/rest/create")
                .content_type("application/x-www-form-urlencoded")
                .header("Authorization", format!("Basic {}", base64("anna:x")));
            ask.send(world.at(&format!("{listener}.catalogue"))).await.text()
        };
        let refused = send(other).await;
        let text = format!("Beställningen avser plattform {other}, men den här instansen av tak-web hanterar {own}.");
        assert!(refused.contains(&text), "{refused}");
        assert!(!send(own).await.contains("avser plattform"), "{own}");
    }
}

async fn listeners() {
    let (source, contract) = (source().await, diagnosis());
    let world = Plan::empty()
        .qa(Rows::default().open(&contract, SYSTEM, &source.url()))
        .production(Rows::default())
        .start()
        .await;
    let served = async |platform: &str| {
        let answer = Ask::get("/coop/api/v2/serviceContracts").send(world.at(&format!("{platform}.catalogue"))).await;
        assert_eq!(answer.status, 200);
        answer.text().contains(&contract)
    };
    assert_eq!([served("NTJP-QA").await, served("NTJP-PROD").await], [true, false]);
}

async fn kept() {
    let data = TempDir::new().unwrap();
    let (source, contract) = (source().await, diagnosis());
    let rows = Rows::default().route(&contract, SYSTEM, &source.url()).permission(
        "urn:riv:other:OtherResponder:1",
        SYSTEM,
        SENDER,
    );
    let world = Plan::empty().qa(rows.clone()).production(rows).keeping(data.path()).start().await;
    assert_eq!(world.permit("NTJP-QA", &contract).await.0, 200);
    let World { platform, folder, .. } = world;
    platform.drain().await;
    let world = World::start(folder, Some(data.path()), Clock::fixed(NOW.parse().unwrap())).await;
    assert_eq!(world.both(&contract, SYSTEM).await, ["200", "VP007"]);
    let versions: Vec<_> = world.platform.members().iter().map(|member| member.catalogue().versions().len()).collect();
    assert_eq!(versions, [1, 2], "production, then QA");
}

async fn readiness() {
    let rows = || Rows::default().open(&diagnosis(), SYSTEM, "http://127.0.0.1:1/");
    let world = Plan::empty().qa(rows()).production(rows()).file("hsa/tree.xml", &tree()).start().await;
    let (status, health) = world.api("GET", "/health/ready", None).await;
    assert_eq!((status, &health["components"]["takCache"]["status"]), (200, &"UP".into()), "{health}");
    for (missing, plan) in [("NTJP-PROD", Plan::empty().qa(rows())), ("NTJP-QA", Plan::empty().production(rows()))] {
        let world = plan.file("hsa/tree.xml", &tree()).start().await;
        let (status, health) = world.api("GET", "/health/ready", None).await;
        let tak = &health["components"]["takCache"];
        assert_eq!((status, &tak["status"]), (503, &"DOWN".into()), "{health}");
        assert_eq!(tak["details"][format!("{missing}.refreshStatus")], "REFRESH_FAILED", "{health}");
        assert_eq!(world.both(&diagnosis(), SYSTEM).await[usize::from(missing == "NTJP-PROD")], "VP008");
    }
}

fn tree() -> String {
    crate::support::tak::hsa_xml(crate::support::tak::TREE)
}
