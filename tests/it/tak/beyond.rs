//! The catalogue as a part of the platform: what is kept, what the hub sees, other catalogues, and what files change.

use std::path::Path;

use anslut::app::Platform;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use serde_json::json;
use tempfile::TempDir;

use super::world::{
    ACTIVITIES, CONTRACTS_2, NOTIFICATION, SNAPSHOT, api, base64, envelope, get, info, json_of, order, order_text,
    plan, publish, route, save, texts, with, world,
};
use crate::support::client::Ask;
use crate::support::soon;
use crate::support::world::NOW;

/// A platform that keeps its data.
async fn keeping(environment: &Path, data: &Path) -> Platform {
    let off = ["hub_http", "hub_https", "index_update", "index_find", "aggregation", "producers", "admin"];
    let sets = off.map(|name| format!("listen.{name}=off")).into_iter();
    let sets = sets.chain(["listen.catalogue=127.0.0.1:0", "log.messages=off"].map(str::to_owned));
    let environment = Environment::Folder(environment.to_owned());
    let settings = raw::load(&environment, &sets.collect::<Vec<_>>(), &[]).settings.unwrap();
    let clock = Clock::fixed(NOW.parse().unwrap());
    soon("the platform", Platform::start(environment, settings, Some(data.to_owned()), clock)).await.unwrap().0
}

fn contract(name: &str) -> anslut::catalogue::book::rows::AnyRow {
    use anslut::catalogue::book::rows::{AnyRow, ContractRow, Row};
    let value = ContractRow { namespace: name.into(), description: "".into(), major: 1, minor: 0 };
    AnyRow::Contract(Row { id: 0, published: 0, value })
}

#[tokio::test]
async fn what_is_published_and_what_is_pending_outlive_the_process_and_changed_files_join_them() {
    let (environment, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let tak = environment.path().join("tak");
    std::fs::create_dir(&tak).unwrap();
    let toml = |url: &str| {
        format!(
            "[[route]]\ncontract = \"urn:a:1\"\naddress = \"A\"\nprofile = \"RIVTABP21\"\nurl = \"{url}\"\n[[contract]]\nnamespace = \"urn:a:1\"\ndescription = \"ett\"\n"
        )
    };
    std::fs::write(tak.join("routes.toml"), toml("http://one")).unwrap();
    let platform = keeping(environment.path(), data.path()).await;
    let catalogue = platform.catalogue();
    catalogue.save("anna", contract("urn:anna:1")).unwrap();
    assert_eq!(catalogue.publish("anna", "c").unwrap().version, 2);
    catalogue.save("bo", contract("urn:bo:1")).unwrap();
    let described = |platform: &Platform, name: &str| {
        let served = platform.catalogue().served();
        served
            .state
            .contracts
            .rows()
            .iter()
            .find(|row| &*row.value.namespace == name)
            .map(|row| row.value.description.to_string())
    };
    assert_eq!(described(&platform, "urn:a:1").as_deref(), Some("ett"), "[[contract]] is kept");
    platform.drain().await;

    // Unchanged files change nothing.
    let platform = keeping(environment.path(), data.path()).await;
    let catalogue = platform.catalogue();
    assert_eq!(catalogue.versions().iter().map(|version| version.id).collect::<Vec<_>>(), [1, 2]);
    assert!(described(&platform, "urn:anna:1").is_some() && described(&platform, "urn:bo:1").is_none());
    assert_eq!(catalogue.pending().len(), 1);
    platform.drain().await;

    // Changed files are read, and what was published stays.
    std::fs::write(tak.join("routes.toml"), toml("http://two")).unwrap();
    let platform = keeping(environment.path(), data.path()).await;
    let catalogue = platform.catalogue();
    assert_eq!(catalogue.versions().len(), 3);
    assert!(described(&platform, "urn:anna:1").is_some());
    let urls: Vec<_> = catalogue.snapshot().routes().iter().map(|route| route.url.to_string()).collect();
    assert_eq!(urls, ["http://two"]);
    let origin = catalogue.snapshot().routes()[0].origin.to_string();
    assert!(origin.ends_with("tak/routes.toml:1"), "{origin}");
    catalogue.publish("bo", "").unwrap();
    assert!(described(&platform, "urn:bo:1").is_some());
    assert_eq!(catalogue.version(1).unwrap().1.contracts.len(), 1, "the past is still there");
    platform.drain().await;
}

#[tokio::test]
async fn the_hub_sees_what_is_published_and_calls_the_catalogue_s_own_services() {
    let mut plan = plan();
    let contract = CONTRACTS_2;
    plan = plan.file(
        "tak/own.toml",
        format!(
            "[[route]]\ncontract = \"{contract}\"\naddress = \"5565594230\"\nprofile = \"RIVTABP21\"\nurl = \"catalogue:GetSupportedServiceContracts\"\n\
             [[permission]]\nconsumer = \"tp\"\ncontract = \"{contract}\"\naddress = \"5565594230\"\n"
        ),
    );
    let world = with(plan).await;
    let call = |contract: &str, operation: &str, address: &str, fields: &str| {
        let envelope = envelope(contract, operation, fields);
        let header = format!(
            "<e:Header><LogicalAddress xmlns='urn:riv:itintegration:registry:1'>{address}</LogicalAddress></e:Header>"
        );
        Ask::post(envelope.replace("<e:Header/>", &header)).internal("tp")
    };
    let fields = "<logicalAdress>5565594230</logicalAdress>";
    let answer = world.call(call(contract, "GetSupportedServiceContracts", "5565594230", fields)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(texts(&answer.text(), "ServiceContractNamespace").len(), 6, "{}", answer.text());
    // A route by order: the hub has it as soon as it is published.
    let unknown = world.call(call("urn:ny:1", "Ny", "NY", "")).await;
    assert!(unknown.text().contains("VP004"), "{}", unknown.text());
    let parts = json!({
        "vagval": [{"adress": "catalogue:All", "logiskAdress": "NY", "tjanstekontrakt": "urn:ny:1", "rivtaprofil": "RIVTABP21", "tjanstekomponent": "tp"}],
        "tjanstekontrakt": [{"namnrymd": "urn:ny:1", "majorVersion": 1}], "logiskadresser": [{"hsaId": "NY"}],
    });
    let report = order(&world, "anna", &order_text("2026-03-01", &parts, &json!({}))).await;
    assert!(report.contains("Vägval\nNyskapad: NY - urn:ny:1 - tp - RIVTABP21 - catalogue:All"), "{report}");
    assert!(world.call(call("urn:ny:1", "Ny", "NY", "")).await.text().contains("VP004"));
    publish(&world, "anna").await;
    assert!(world.call(call("urn:ny:1", "Ny", "NY", "")).await.text().contains("VP007"));
    api(&world, "POST", "rollback", &json!({"user": "anna", "version": 8})).await;
    assert!(world.call(call("urn:ny:1", "Ny", "NY", "")).await.text().contains("VP004"));
}

#[tokio::test]
async fn our_hub_loads_its_routes_from_another_catalogue_and_keeps_a_copy() {
    let other = world().await;
    let address = other.platform.address("catalogue").unwrap();
    let copies = TempDir::new().unwrap();
    let copy = copies.path().join("copy.xml");
    let own = || {
        plan()
            .property("takcache.endpoint.address", &format!("http://{address}/tak-services/SokVagvalsInfo/v2"))
            .property("takcache.persistent.file.name", &copy.display().to_string())
            .file("tak/snapshot.json", SNAPSHOT.replace("\"version\":\"7\"", "\"version\":\"3\""))
    };
    let world = with(own()).await;
    let routes = |world: &crate::support::world::World| world.platform.catalogue().snapshot().routes().len();
    assert_eq!((routes(&world), routes(&other)), (3, 3));
    save(&other, "anna", "vagval", route(NOTIFICATION, "2026-01-01", "2030-01-01")).await.unwrap();
    publish(&other, "anna").await;
    let reset = world.call(Ask::get("/resetcache")).await;
    assert!(reset.text().contains("Init TAK cache loaded number of virtualizations: 4"), "{}", reset.text());
    // The catalogue's own services tell what is published here.
    assert_eq!(json_of(&get(&world, "/tak-services/export/pv").await)["version"], 3);
    // It goes away: what is loaded stays, and a start finds the copy.
    soon("the other to stop", other.drain()).await;
    let reset = world.call(Ask::get("/resetcache")).await;
    assert!(reset.text().contains("Will continue to use already loaded TAK data."), "{}", reset.text());
    assert_eq!(routes(&world), 4);
    let restarted = own().start().await;
    assert_eq!(routes(&restarted), 4);
    assert!(restarted.problems.iter().any(|problem| problem.to_string().contains("hamtaAllaVirtualiseringar")));
}

#[tokio::test]
async fn the_past_is_told_as_it_was() {
    let world = world().await;
    let t0 = world.clock.now();
    let later = |minutes: i64| t0 + jiff::SignedDuration::from_mins(minutes);
    world.clock.set(later(10));
    save(&world, "anna", "vagval", route(NOTIFICATION, "2026-01-01", "2030-01-01")).await.unwrap();
    publish(&world, "anna").await;
    world.clock.set(later(20));
    api(&world, "POST", "rollback", &json!({"user": "anna", "version": 8})).await;
    for (minutes, version, count) in [(5, 7, 0), (15, 8, 1), (25, 7, 0)] {
        let path = format!("history?at={}&contract={NOTIFICATION}", later(minutes));
        let (status, told) = api(&world, "GET", &path, &json!({})).await;
        assert_eq!((status, told["version"].as_i64()), (200, Some(version)), "{told}");
        assert_eq!(told["routes"].as_array().unwrap().len(), count, "{told}");
    }
    let (_, told) = api(&world, "GET", "history?at=2026-01-15T09:20:30Z", &json!({})).await;
    assert_eq!(
        (told["user"].as_str(), told["comment"].as_str()),
        (Some("anna"), Some("början")),
        "the snapshot says so"
    );
    assert_eq!(api(&world, "GET", "history?at=2026-01-15T09:20:29Z", &json!({})).await.0, 404);
    assert_eq!(api(&world, "GET", "history?at=x", &json!({})).await.0, 400);
    let (_, told) = api(&world, "GET", "versions/8", &json!({})).await;
    assert!(told["report"].as_str().unwrap().starts_with("Vägval:\nSkapad/uppdaterad - "), "{told}");
    assert_eq!(api(&world, "GET", "versions/99", &json!({})).await.0, 404);
    // What is not wanted is forgotten.
    assert_eq!(api(&world, "POST", "discard", &json!({"user": "anna"})).await.1["discarded"], 1);
    assert_eq!(publish(&world, "anna").await.0, 409);
}

#[tokio::test]
async fn users_are_asked_for_where_there_are_any() {
    let world = with(plan().set("catalogue.users.anna", "hemligt")).await;
    let ask = |credentials: Option<&str>| {
        let ask = Ask::post("x").at("/tak-web/rest/create");
        match credentials {
            Some(text) => ask.header("Authorization", format!("Basic {}", base64(text))),
            None => ask,
        }
    };
    let address = world.platform.address("catalogue").unwrap();
    for (credentials, status) in [
        (None, 401),
        (Some("anna:fel"), 401),
        (Some("bo:hemligt"), 401),
        (Some("bo:"), 401),
        (Some("anna:hemligt"), 200),
    ] {
        assert_eq!(ask(credentials).send(address).await.status, status, "{credentials:?}");
    }
    let foreign = ask(Some("anna:hemligt")).header("Origin", "http://evil.example").send(address).await;
    assert_eq!(foreign.status, 403, "a page elsewhere sent it");
    assert_eq!(get(&world, "/tak-services/export/pv").await.status, 200, "the services are open");
    assert!(info(&world, "hamtaAllaVirtualiseringar").await.contains(ACTIVITIES));
}

#[tokio::test]
async fn another_users_unpublished_rows_cannot_be_built_upon() {
    let world = world().await;
    let parts = json!({"tjanstekomponenter": [{"hsaId": "ny"}], "logiskadresser": [{"hsaId": "LA"}]});
    order(&world, "bo", &order_text("2026-04-01", &parts, &json!({}))).await;
    let parts = json!({"anropsbehorigheter": [{"logiskAdress": "LA", "tjanstekontrakt": ACTIVITIES, "tjanstekonsument": "ny"}]});
    let refused = order(&world, "anna", &order_text("2026-04-01", &parts, &json!({}))).await;
    assert_eq!(
        refused,
        "JsonBestallning ERROR:::\n\
         Skapa Anropsbehörighet: Tjänstekomponent med HSAId = ny är opublicerad och skapad av bo.\n\
         Skapa Anropsbehörighet: Logisk Adress med HSAId = LA är opublicerad och skapad av bo."
    );
    assert!(order(&world, "bo", &order_text("2026-04-01", &parts, &json!({}))).await.contains("Nyskapad: LA - NY"));
}

#[tokio::test]
async fn an_order_is_shown_before_it_is_carried_out() {
    let world = with(plan().set("catalogue.users.anna", "hemligt")).await;
    let address = world.platform.address("catalogue").unwrap();
    let post = |path: &str, fields: &[(&str, &str)]| {
        let encoded = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        Ask::post(body.join("&")).at(path).content_type("application/x-www-form-urlencoded")
    };
    let wrong = post("/tak-web/auth/login", &[("username", "anna"), ("password", "fel")]).send(address).await;
    assert_eq!((wrong.status, wrong.header("location")), (302, Some("/tak-web/auth/login?error=true")));
    assert!(Ask::get("/tak-web/auth/login?error=true").send(address).await.text().contains("Ogiltigt"));
    assert_eq!(Ask::get("/tak-web/bestallning").send(address).await.status, 401);
    let signed_in = post("/tak-web/auth/login", &[("username", "anna"), ("password", "hemligt")]).send(address).await;
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let ask = |path: &str, fields: &[(&str, &str)]| {
        let ask = post(path, fields).header("Cookie", cookie.clone());
        async move { ask.send(address).await }
    };

    let text = order_text("2026-04-01", &json!({"logiskadresser": [{"hsaId": "ny"}]}), &json!({}));
    let shown = ask("/tak-web/bestallning/confirm", &[("jsonBestallningText", &text)]).await.text();
    assert!(shown.contains("Nyskapad: NY\n"), "{shown}");
    let hash = shown.split("name=\"bestallningHash\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(publish(&world, "anna").await.0, 409, "nothing is saved yet");
    let refused = ask("/tak-web/bestallning/save", &[("bestallningHash", "x")]).await.text();
    assert!(refused.contains("inte den som granskades"), "{refused}");
    ask("/tak-web/bestallning/confirm", &[("jsonBestallningText", &text)]).await;
    assert_eq!(ask("/tak-web/bestallning/cancel", &[]).await.status, 302);
    assert!(ask("/tak-web/bestallning/save", &[("bestallningHash", hash)]).await.text().contains("inte den"));
    ask("/tak-web/bestallning/confirm", &[("jsonBestallningText", &text)]).await;
    let saved = ask("/tak-web/bestallning/save", &[("bestallningHash", hash)]).await.text();
    assert!(saved.contains("Nyskapad: NY\n"), "{saved}");
    assert_eq!(publish(&world, "anna").await.0, 200);
    let wrong = ask("/tak-web/bestallning/confirm", &[("jsonBestallningText", "{}")]).await.text();
    assert!(wrong.contains("missing mandatory field: plattform"), "{wrong}");
    let number = ask("/tak-web/bestallning", &[("bestallningsNummer", "7")]).await.text();
    assert!(number.contains("Hämtning av beställning via beställningsnummer är avstängt."), "{number}");
}
