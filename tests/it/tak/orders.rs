//! Statements 13 to 28: orders.

use serde_json::{Value, json};

use super::world::{ACTIVITIES, CARE_DOCUMENTATION, get, info, json_of, order, order_text, publish, world};
use crate::support::rows::rows;
use crate::support::world::World;

rows! { u16;
    13 "another platform" => platform;
    14 "text around the object" => around;
    15 "an unknown property" => unknown_property;
    16 "the canonical samples" => samples;
    17 "duplicates whatever the case" => case;
    18 "an existing address keeps its description" => description;
    19 "new HSA-ids are upper-cased" => upper;
    20 "an existing permission is prolonged" => prolonged;
    21 "a new URL ends the old route" => new_url;
    22 "a route that has not begun goes away" => not_begun;
    23 "a permission that is not there" => missing_permission;
    24 "plain objects are not excluded" => plain;
    25 "200, whatever becomes of it" => always_200;
    26 "the agreement of new permissions" => agreement;
    27 "the report's sections" => sections;
    28 "an order is invisible until it is published" => invisible;
}

const DAY: &str = "2026-04-01";
const REFUSED: &str = "JsonBestallning ERROR:::";

async fn include(world: &World, parts: Value) -> String {
    order(world, "anna", &order_text(DAY, &parts, &json!({}))).await
}

async fn exclude(world: &World, parts: Value) -> String {
    order(world, "anna", &order_text(DAY, &json!({}), &parts)).await
}

/// The errors of a refused order.
fn errors(answer: &str) -> Vec<&str> {
    let errors = answer.strip_prefix(REFUSED).unwrap_or_else(|| panic!("{answer}"));
    errors.lines().filter(|line| !line.is_empty()).collect()
}

/// What is exported after the user's publication.
async fn published(world: &World) -> Value {
    let (status, answer) = publish(world, "anna").await;
    assert_eq!(status, 200, "{answer}");
    json_of(&get(world, "/tak-services/export/pv").await)["data"].take()
}

fn rows<'d>(data: &'d Value, table: &str, is: impl Fn(&Value) -> bool) -> Vec<&'d Value> {
    data[table].as_array().unwrap().iter().filter(|row| is(row)).collect()
}

async fn platform() {
    let world = world().await;
    let other = order_text(DAY, &json!({"vagval": [{}]}), &json!({})).replace("NTJP-TEST", "NTJP-PROD");
    let answer = order(&world, "anna", &other).await;
    let text = "Beställningen avser plattform NTJP-PROD, men den här instansen av tak-web hanterar NTJP-TEST.";
    assert_eq!(errors(&answer), [text]);
}

async fn around() {
    let world = world().await;
    let text = format!("Hej!\n{}\nMvh", order_text(DAY, &json!({}), &json!({})));
    assert!(order(&world, "anna", &text).await.starts_with("Plattform: NTJP-TEST\n"));
    let none = order(&world, "anna", "hej").await;
    assert_eq!(none, "RUNTIME ERROR:::\nBeställning does not contain JSON object");
    let lacking = order(&world, "anna", "{}").await;
    assert_eq!(lacking, "RUNTIME ERROR:::\nBestallning is missing mandatory field: plattform");
}

async fn unknown_property() {
    let world = world().await;
    for parts in [
        json!({"vagval": [{"adres": "x"}]}),
        json!({"routes": []}),
        json!({"tjanstekontrakt": [{"namnrymd": "urn:x", "minorVersion": 1}]}),
    ] {
        assert_eq!(include(&world, parts).await, "JsonBestallning ERROR::: {}");
    }
}

async fn samples() {
    let world = world().await;
    let permission = json!({"logiskAdress": "HSA-A", "tjanstekontrakt": ACTIVITIES, "tjanstekonsument": "tp"});
    let doubled = include(
        &world,
        json!({
            "tjanstekontrakt": [{"namnrymd": "urn:x"}, {"namnrymd": "urn:x"}],
            "logiskadresser": [{"hsaId": "A"}, {"hsaId": "A"}, {"hsaId": "A"}],
            "tjanstekomponenter": [{"hsaId": "K"}, {"hsaId": "K"}],
            "anropsbehorigheter": [permission, permission],
        }),
    );
    assert_eq!(
        errors(&doubled.await),
        [
            format!("Anropsbehörigheten [HSA-A, tp, {ACTIVITIES}] får inte finnas på flera ställen i beställningen."),
            "Tjänstekontraktet urn:x får inte finnas på flera ställen i beställningen.".to_owned(),
            "Tjänstekomponenten K får inte finnas på flera ställen i beställningen.".to_owned(),
            "Den logiska adressen A får inte finnas på flera ställen i beställningen.".to_owned(),
        ]
    );
    let unrelated = include(
        &world,
        json!({
            "vagval": [{"adress": "http://x", "logiskAdress": "la", "tjanstekontrakt": "tk", "rivtaprofil": "rp", "tjanstekomponent": "ko"}],
            "anropsbehorigheter": [{"logiskAdress": "la", "tjanstekontrakt": "tk", "tjanstekonsument": "ko"}],
        }),
    );
    assert_eq!(
        errors(&unrelated.await),
        [
            "Skapa Vägval: RivTaProfil med namn = rp finns inte.",
            "Skapa Vägval: Tjänstekomponent med HSAId = ko finns inte.",
            "Skapa Vägval: Logisk Adress med HSAId = la finns inte.",
            "Skapa Vägval: Tjänstekontrakt med namnrymd = tk finns inte.",
            "Skapa Anropsbehörighet: Tjänstekomponent med HSAId = ko finns inte.",
            "Skapa Anropsbehörighet: Tjänstekontrakt med namnrymd = tk finns inte.",
            "Skapa Anropsbehörighet: Logisk Adress med HSAId = la finns inte.",
        ]
    );
    let empty =
        json!({"tjanstekontrakt": [{"namnrymd": ""}], "logiskadresser": [{}], "tjanstekomponenter": [{"hsaId": null}]});
    assert_eq!(
        errors(&include(&world, empty).await),
        [
            "Skapa Tjänstekontrakt: Namnrymd får inte vara tom",
            "Skapa Tjänstekomponent: HSA-ID får inte vara tomt",
            "Skapa Logisk Adress: HSA-ID får inte vara tomt",
        ]
    );
    let mut route = json!({"logiskAdress": "HSA-A", "tjanstekontrakt": ACTIVITIES, "rivtaprofil": "RIVTABP21", "tjanstekomponent": "tp"});
    let without = include(&world, json!({"vagval": [route]})).await;
    assert_eq!(errors(&without), ["Det saknas information i beställningen för att kunna skapa Vägval."]);
    route["adress"] = json!("");
    let blank = include(&world, json!({"vagval": [route]})).await;
    assert_eq!(errors(&blank), ["Skapa Vägval: Adress får inte vara tom"]);
    let removal = exclude(&world, json!({"vagval": [{"adress": "x"}], "anropsbehorigheter": [{}]})).await;
    assert_eq!(
        errors(&removal),
        [
            "Det saknas information i beställningen för att kunna radera Vägval.",
            "Det saknas information i beställningen för att kunna radera Anropsbehörighet.",
        ]
    );
}

async fn case() {
    let world = world().await;
    let parts = json!({"tjanstekomponenter": [{"hsaId": "KONS-001"}, {"hsaId": "Kons-001"}]});
    let text = "Tjänstekomponenten KONS-001 får inte finnas på flera ställen i beställningen.";
    assert_eq!(errors(&include(&world, parts).await), [text]);
    let parts = [json!({"logiskadresser": [{"hsaId": "a"}]}), json!({"logiskadresser": [{"hsaId": "A"}]})];
    let both = order(&world, "anna", &order_text(DAY, &parts[0], &parts[1])).await;
    assert_eq!(errors(&both).len(), 1, "also across both parts");
}

async fn description() {
    let world = world().await;
    include(&world, json!({"logiskadresser": [{"hsaId": "hsa-a", "beskrivning": "ny"}, {"hsaId": "x"}]})).await;
    let data = published(&world).await;
    let address = rows(&data, "logiskadress", |row| row["hsaId"] == "HSA-A");
    assert_eq!((address.len(), address[0]["beskrivning"].as_str()), (1, Some("En enhet")));
}

async fn upper() {
    let world = world().await;
    let parts = json!({
        "logiskadresser": [{"hsaId": "ny-adress", "beskrivning": " två\nrader "}],
        "tjanstekomponenter": [{"hsaId": "ny-komponent"}, {"hsaId": "TP"}],
    });
    include(&world, parts).await;
    let data = published(&world).await;
    let new = rows(&data, "logiskadress", |row| row["hsaId"] == "NY-ADRESS");
    assert_eq!(new[0]["beskrivning"], "två rader");
    assert_eq!(rows(&data, "tjanstekomponent", |row| row["hsaId"] == "NY-KOMPONENT").len(), 1);
    assert_eq!(rows(&data, "tjanstekomponent", |row| row["hsaId"] == "tp").len(), 1, "untouched");
}

async fn prolonged() {
    let world = world().await;
    let permission = json!({"logiskAdress": "HSA-A", "tjanstekontrakt": ACTIVITIES, "tjanstekonsument": "KONS-001"});
    let answer = include(&world, json!({"anropsbehorigheter": [permission]})).await;
    let line = format!("Uppdaterad: HSA-A - KONS-001 - {ACTIVITIES}  (2026-01-01 - 2126-04-01)\n");
    assert!(answer.contains(&line), "{answer}");
    let data = published(&world).await;
    let found = rows(&data, "anropsbehorighet", |row| row["relationships"]["tjanstekonsument"] == "KONS-001");
    assert_eq!(found.len(), 1, "no second row");
    assert_eq!(found[0]["tomTidpunkt"], "2126-04-01T00:00:00+0200");
    assert_eq!(found[0]["fromTidpunkt"], "2026-01-01T00:00:00+0100");
}

async fn new_url() {
    let world = world().await;
    let route = json!({
        "adress": "https://new.example.org/x", "logiskAdress": "HSA-A", "tjanstekontrakt": ACTIVITIES,
        "rivtaprofil": "RIVTABP21", "tjanstekomponent": "KONS-001",
    });
    let answer = include(&world, json!({"vagval": [route]})).await;
    let old = format!(
        "Deaktiverad: HSA-A - {ACTIVITIES} - KONS-001 - RIVTABP21 - https://long.host.unet.org:443/path/v1 (2026-01-01 - 2026-03-31)\n"
    );
    let new = format!(
        "Nyskapad: HSA-A - {ACTIVITIES} - KONS-001 - RIVTABP21 - https://new.example.org/x (2026-04-01 - 2126-04-01)\n"
    );
    assert!(answer.contains(&old) && answer.contains(&new), "{answer}");
    let data = published(&world).await;
    let found = rows(&data, "vagval", |row| row["relationships"]["tjanstekontrakt"] == ACTIVITIES);
    let days: Vec<_> = found.iter().map(|row| (&row["fromTidpunkt"], &row["tomTidpunkt"])).collect();
    assert_eq!(days[0].1, "2026-03-31T00:00:00+0200");
    assert_eq!((days.len(), days[1].0.as_str()), (2, Some("2026-04-01T00:00:00+0200")));
    // The same again is the route there is.
    let answer = include(
        &world,
        json!({"vagval": [json!({
            "adress": "https://new.example.org/x", "logiskadress": "hsa-a", "tjanstekontrakt": ACTIVITIES,
            "rivtaprofil": "RIVTABP21", "tjanstekomponent": "kons-001",
        })]}),
    );
    let answer = answer.await;
    assert!(answer.contains("Vägval\nUppdaterad: HSA-A - "), "{answer}");
}

async fn not_begun() {
    let world = world().await;
    let answer =
        exclude(&world, json!({"vagval": [{"logiskAdress": "HSA-A", "tjanstekontrakt": CARE_DOCUMENTATION}]})).await;
    assert!(answer.contains("Exkludera:\nVägval\nBorttagen: HSA-A - "), "{answer}");
    let data = published(&world).await;
    assert_eq!(rows(&data, "vagval", |row| row["id"] == 13), Vec::<&Value>::new());
    assert_eq!(rows(&data, "anropsadress", |row| row["id"] == 2), Vec::<&Value>::new(), "nobody else uses it");
    assert_eq!(rows(&data, "vagval", |row| row["id"] == 12).len(), 1, "it was over before the day");
}

async fn missing_permission() {
    let world = world().await;
    let answer = exclude(
        &world,
        json!({"anropsbehorigheter": [{"logiskAdress": "X", "tjanstekontrakt": "Y", "tjanstekonsument": "Z"}],
               "vagval": [{"logiskAdress": "X", "tjanstekontrakt": "Y"}]}),
    );
    let answer = answer.await;
    let permission = "Anropsbehörigheter\nExisterar ej: Logisk adress: X, Tjänstekonsument: Z, Tjänstekontrakt: Y\n";
    let route =
        "Vägval\nExisterar ej: Logisk adress: X, Tjänstekontrakt: Y, Tjänstekomponent: , RivTaProfil: , Adress: \n";
    assert!(answer.ends_with(&format!("Exkludera:\n{permission}{route}")), "{answer}");
    assert_eq!(publish(&world, "anna").await.0, 409, "nothing is pending");
}

async fn plain() {
    let world = world().await;
    let parts = json!({
        "tjanstekontrakt": [{"namnrymd": ACTIVITIES}], "logiskadresser": [{"hsaId": "HSA-A"}, {"hsaId": "nej"}],
        "tjanstekomponenter": [{"hsaId": "tp"}],
    });
    let answer = exclude(&world, parts).await;
    assert!(answer.ends_with("\nInkludera:\n\nExkludera:\n"), "{answer}");
    assert_eq!(publish(&world, "anna").await.0, 409, "nothing is pending");
}

async fn always_200() {
    // `order` itself looks at the status of each of these.
    let world = world().await;
    assert!(include(&world, json!({"logiskadresser": [{"hsaId": "A"}]})).await.contains("Nyskapad: A\n"));
    assert!(include(&world, json!({"logiskadresser": [{"hsaId": "å"}]})).await.starts_with(REFUSED));
    assert_eq!(order(&world, "anna", "{,}").await, "JsonBestallning ERROR::: {}");
    let text = order_text(DAY, &json!({}), &json!({})).replace("bestallningsTidpunkt", "kommentar2");
    assert_eq!(order(&world, "anna", &text).await, "JsonBestallning ERROR::: {}");
}

async fn agreement() {
    let world = world().await;
    let permission = json!({"logiskAdress": "*", "tjanstekontrakt": ACTIVITIES, "tjanstekonsument": "other"});
    include(&world, json!({"anropsbehorigheter": [permission]})).await;
    let data = published(&world).await;
    let found = rows(&data, "anropsbehorighet", |row| row["relationships"]["logiskAdress"] == "*");
    assert_eq!((found.len(), found[0]["integrationsavtal"].as_str()), (1, Some("AUTOTAKNING")));
}

async fn sections() {
    let world = world().await;
    let parts = json!({
        "vagval": [{"adress": "https://new.example.org/x", "logiskAdress": "NY", "tjanstekontrakt": "urn:ny:1", "rivtaprofil": "RIVTABP21", "tjanstekomponent": "ny"}],
        "anropsbehorigheter": [{"logiskAdress": "NY", "tjanstekontrakt": "urn:ny:1", "tjanstekonsument": "ny"}],
        "tjanstekontrakt": [{"namnrymd": "urn:ny:1", "majorVersion": 1}],
        "tjanstekomponenter": [{"hsaId": "ny"}],
        "logiskadresser": [{"hsaId": "ny"}],
    });
    let answer = include(&world, parts).await;
    let expected = "Plattform: NTJP-TEST\nFormat Version: 1.0\nVersion: 1\nBeställningstidpunkt: 2026-03-01\n\
        Genomförandetidpunkt: 2026-04-01\nUtförare: beställaren\nKommentar: k\n\nInkludera:\n\
        Logiska adresser\nNyskapad: NY\nTjänstekomponenter\nNyskapad: NY\nTjänstekontrakt\nNyskapad: urn:ny:1\n\
        Anropsbehörigheter\nNyskapad: NY - NY - urn:ny:1  (2026-04-01 - 2126-04-01)\n\
        Vägval\nNyskapad: NY - urn:ny:1 - NY - RIVTABP21 - https://new.example.org/x (2026-04-01 - 2126-04-01)\n\
        \nExkludera:\n";
    assert_eq!(answer, expected);
}

async fn invisible() {
    let world = world().await;
    include(&world, json!({"tjanstekontrakt": [{"namnrymd": "urn:ny:1", "majorVersion": 1}]})).await;
    assert!(!info(&world, "hamtaAllaTjanstekontrakt").await.contains("urn:ny:1"));
    assert_eq!(publish(&world, "bo").await.0, 409, "it is not his");
    assert!(!info(&world, "hamtaAllaTjanstekontrakt").await.contains("urn:ny:1"));
    assert_eq!(publish(&world, "anna").await.0, 200);
    assert!(info(&world, "hamtaAllaTjanstekontrakt").await.contains("urn:ny:1"));
}
