//! Statements 1 to 12: saving, publishing, taking back.

use serde_json::json;

use super::world::{
    ACTIVITIES, CARE_DOCUMENTATION, NOTIFICATION, api, delete, get, info, json_of, publish, route, save, world,
};
use crate::support::rows::rows;

rows! { u16;
    1 "a saved route is absent from every reply and from the export" => unpublished;
    2 "after publication it is there exactly once" => published_once;
    3 "publishing as one user leaves another's rows alone" => own_rows;
    4 "publishing nothing" => nothing;
    5 "two publications at once" => at_once;
    6 "rollback of the newest version, and of an older one" => rollback;
    7 "a deleted key can be created again" => again;
    8 "routes that share a day, and adjacent ones" => route_days;
    9 "permissions that share a day, and of another consumer" => permission_days;
    10 "HSA-ids" => hsa_ids;
    11 "an address of four characters" => short_address;
    12 "a component with a live endpoint" => needed_component;
}

async fn unpublished() {
    let world = world().await;
    let id = save(&world, "anna", "vagval", route(NOTIFICATION, "2026-01-01", "2030-01-01")).await.unwrap();
    for operation in ["hamtaAllaVirtualiseringar", "hamtaAllaTjanstekomponenter", "hamtaAllaAnropsBehorigheter"] {
        let told = info(&world, operation).await;
        assert!(!told.contains(&format!("<virtualiseringsInfoId>{id}<")), "{operation}");
        assert_eq!(told.matches(NOTIFICATION).count(), if operation.ends_with("Virtualiseringar") { 0 } else { 2 });
    }
    let export = json_of(&get(&world, "/tak-services/export/pv").await);
    assert_eq!((export["version"].as_i64(), export["data"]["vagval"].as_array().unwrap().len()), (Some(7), 3));
}

async fn published_once() {
    let world = world().await;
    let id = save(&world, "anna", "vagval", route(NOTIFICATION, "2026-01-01", "2030-01-01")).await.unwrap();
    let (status, answer) = publish(&world, "anna").await;
    assert_eq!((status, answer["version"].as_i64()), (200, Some(8)), "{answer}");
    assert_eq!(answer["message"], "Publicerad version 8 skapad.");
    assert!(answer["report"].as_str().unwrap().starts_with("Vägval:\nSkapad/uppdaterad - HSA-A - "), "{answer}");
    let reset = json_of(&get(&world, "/tak-services/reset/pv").await);
    assert_eq!(reset["currentVersion"], 8);
    let told = info(&world, "hamtaAllaVirtualiseringar").await;
    assert_eq!(told.matches(&format!("<virtualiseringsInfoId>{id}<")).count(), 1);
    assert_eq!(told.matches(NOTIFICATION).count(), 1);
}

async fn own_rows() {
    let world = world().await;
    save(&world, "anna", "logiskadress", json!({"hsaId": "ANNA-1"})).await.unwrap();
    save(&world, "bo", "logiskadress", json!({"hsaId": "BO-1"})).await.unwrap();
    assert_eq!(publish(&world, "anna").await.0, 200);
    let export = get(&world, "/tak-services/export/pv").await.text();
    assert!(export.contains("ANNA-1") && !export.contains("BO-1"));
    // A row that needs another user's cannot go first.
    let route = json!({
        "logiskAdress": "BO-1", "tjanstekontrakt": ACTIVITIES, "adress": "https://old.example.org/x",
        "rivtaprofil": "RIVTABP21", "tjanstekomponent": "KONS-001",
    });
    save(&world, "anna", "vagval", route).await.unwrap();
    let (status, answer) = publish(&world, "anna").await;
    let text = answer["detail"].as_str().unwrap();
    assert_eq!(status, 409);
    assert!(text.starts_with("Olika användare har uppdaterat beroende objekt. \nHuvudobjekt BO-1 - "), "{text}");
    assert!(text.ends_with("(användare anna). \n Underobjekt BO-1 (användare bo)."), "{text}");
    assert_eq!(publish(&world, "bo").await.1["version"], 9);
    assert_eq!(publish(&world, "anna").await.1["version"], 10);
}

const NOTHING: &str = "Det finns inga ändringar, genomförda av inloggad användare, att publicera";

async fn nothing() {
    let world = world().await;
    let (status, answer) = publish(&world, "anna").await;
    assert_eq!((status, answer["detail"].as_str()), (409, Some(NOTHING)));
    save(&world, "bo", "logiskadress", json!({"hsaId": "BO-1"})).await.unwrap();
    assert_eq!(publish(&world, "anna").await.0, 409);
    let versions = api(&world, "GET", "versions", &json!({})).await.1;
    assert_eq!(versions.as_array().unwrap().len(), 1, "{versions}");
}

async fn at_once() {
    let world = world().await;
    save(&world, "anna", "logiskadress", json!({"hsaId": "ANNA-1"})).await.unwrap();
    let catalogue = world.platform.catalogue();
    let lock = catalogue.lock_publishing().expect("nobody publishes");
    let (status, answer) = publish(&world, "anna").await;
    let text = "Publish failed. A publication job is already running";
    assert_eq!((status, answer["detail"].as_str()), (409, Some(text)));
    drop(lock);
    assert_eq!(publish(&world, "anna").await.1["version"], 8);
}

async fn rollback() {
    let world = world().await;
    let before = info(&world, "hamtaAllaVirtualiseringar").await;
    save(&world, "anna", "vagval", route(NOTIFICATION, "2026-01-01", "2030-01-01")).await.unwrap();
    publish(&world, "anna").await;
    save(&world, "anna", "logiskadress", json!({"hsaId": "ANNA-1"})).await.unwrap();
    publish(&world, "anna").await;
    let (status, answer) = api(&world, "POST", "rollback", &json!({"user": "anna", "version": 8})).await;
    let text = "Rollback får endast göras på senaste version.";
    assert_eq!((status, answer["detail"].as_str()), (409, Some(text)));
    for version in [9, 8] {
        let (status, answer) = api(&world, "POST", "rollback", &json!({"user": "bo", "version": version})).await;
        let text = format!("Rollback av Publicerad version {version} genomförd.");
        assert_eq!((status, answer["message"].as_str()), (200, Some(text.as_str())), "{answer}");
    }
    assert_eq!(info(&world, "hamtaAllaVirtualiseringar").await, before);
    // The rows are pending again, and the user's who took the version back.
    let pending = api(&world, "GET", "pending", &json!({})).await.1;
    let users: Vec<_> = pending.as_array().unwrap().iter().map(|row| row["user"].as_str().unwrap()).collect();
    assert_eq!(users, ["bo", "bo"]);
    let (_, answer) = publish(&world, "bo").await;
    assert_eq!(answer["version"], 10, "no number is given twice: {answer}");
    assert!(info(&world, "hamtaAllaVirtualiseringar").await.contains(NOTIFICATION));
}

async fn again() {
    let world = world().await;
    for _ in 0..2 {
        let id = save(&world, "anna", "logiskadress", json!({"hsaId": "NY-1"})).await.unwrap();
        assert_eq!(
            save(&world, "anna", "logiskadress", json!({"hsaId": "ny-1"})).await,
            Err("Logisk adress är inte unik".to_owned())
        );
        publish(&world, "anna").await;
        assert_eq!(delete(&world, "anna", "logiskadress", id).await.0, 200);
        publish(&world, "anna").await;
        assert!(!get(&world, "/tak-services/export/pv").await.text().contains("NY-1"));
    }
    // One that was never published is gone at once.
    let id = save(&world, "anna", "logiskadress", json!({"hsaId": "NY-1"})).await.unwrap();
    assert_eq!(delete(&world, "anna", "logiskadress", id).await.0, 200);
    assert_eq!(publish(&world, "anna").await.0, 409);
}

async fn route_days() {
    let world = world().await;
    let text = "En vägval med samma tjänstekontrakt och logisk adress finns med överlappande datum";
    let saved = save(&world, "anna", "vagval", route(CARE_DOCUMENTATION, "2021-06-30", "2022-01-01")).await;
    assert_eq!(saved, Err(text.to_owned()), "one shared day");
    save(&world, "anna", "vagval", route(CARE_DOCUMENTATION, "2021-07-01", "2029-12-31")).await.unwrap();
    let order = save(&world, "anna", "vagval", route(NOTIFICATION, "2026-02-01", "2026-01-31")).await;
    assert_eq!(order, Err("Tidpunkter i fel ordning".to_owned()));
    let none = save(&world, "anna", "vagval", route(NOTIFICATION, "", "")).await;
    assert_eq!(none, Err("From tidpunkt saknas\nTom tidpunkt saknas".to_owned()));
}

async fn permission_days() {
    let world = world().await;
    let permission = |consumer: &str| {
        json!({
            "logiskAdress": "HSA-A", "tjanstekontrakt": ACTIVITIES, "tjanstekonsument": consumer,
            "integrationsavtal": "A", "fromTidpunkt": "2030-01-01", "tomTidpunkt": "2031-01-01",
        })
    };
    let text = "En likvärdig anropsbehörighet finns med överlappande datum";
    assert_eq!(save(&world, "anna", "anropsbehorighet", permission("KONS-001")).await, Err(text.to_owned()));
    save(&world, "anna", "anropsbehorighet", permission("tp")).await.unwrap();
    let lacking = save(&world, "anna", "anropsbehorighet", json!({"integrationsavtal": " x"})).await.unwrap_err();
    assert_eq!(
        lacking.lines().collect::<Vec<_>>(),
        [
            "Integrationsavtal får inte ha blanktecken i början eller slutet",
            "Tjänstekonsument saknas",
            "Tjänstekontrakt saknas",
            "Logisk adress saknas",
        ]
    );
}

async fn hsa_ids() {
    let world = world().await;
    for name in ["A B", "å", "*"] {
        let saved = save(&world, "anna", "tjanstekomponent", json!({"hsaId": name})).await;
        assert_eq!(saved, Err("HSA-ID har ogiltigt innehåll".to_owned()), "{name}");
    }
    let saved = save(&world, "anna", "logiskadress", json!({"hsaId": "*"})).await;
    assert_eq!(saved, Err("Logisk adress är inte unik".to_owned()), "it is accepted, but there is one");
    let empty = save(&world, "anna", "tjanstekomponent", json!({"hsaId": ""})).await;
    assert_eq!(empty, Err("HSA-ID får inte vara tomt".to_owned()));
}

async fn short_address() {
    let world = world().await;
    let endpoint = |url: &str| json!({"adress": url, "rivtaprofil": "RIVTABP21", "tjanstekomponent": "tp"});
    let saved = save(&world, "anna", "anropsadress", endpoint("http")).await;
    assert_eq!(saved, Err("Adress har felaktig längd".to_owned()));
    save(&world, "anna", "anropsadress", endpoint("http:")).await.unwrap();
    let lacking = save(&world, "anna", "anropsadress", json!({"adress": ""})).await.unwrap_err();
    assert_eq!(lacking, "Adress får inte vara tom\nRIV-TA-profil saknas\nTjänstekomponent saknas");
}

async fn needed_component() {
    let world = world().await;
    let (status, answer) = delete(&world, "anna", "tjanstekomponent", 3).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["detail"].as_str().unwrap().starts_with("KONS-001 används av KONS-001 - RIVTABP21 - "), "{answer}");
    // Nobody refers to the profile of 2.0.
    assert_eq!(delete(&world, "anna", "rivtaprofil", 1).await.0, 200);
    // Somebody else's deletion is not published yet: until then the row is needed.
    assert_eq!(delete(&world, "bo", "vagval", 13).await.0, 200);
    assert_eq!(delete(&world, "anna", "anropsadress", 2).await.0, 409);
    assert_eq!(delete(&world, "bo", "anropsadress", 2).await.0, 200);
}
