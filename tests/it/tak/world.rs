//! A platform with a published catalogue, and everybody who asks it.

use serde_json::{Value, json};

use crate::support::client::{Answer, Ask};
use crate::support::world::{Plan, World};

pub const SNAPSHOT: &str = include_str!("snapshot.json");
pub const ACTIVITIES: &str = "urn:riv:clinicalprocess:activity:actions:GetActivitiesResponder:1";
pub const CARE_DOCUMENTATION: &str = "urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2";
pub const NOTIFICATION: &str = "urn:riv:itintegration:engagementindex:ProcessNotificationResponder:1";
pub const INFO_2: &str = "urn:skl:tp:vagvalsinfo:v2";
pub const CONTRACTS_2: &str = "urn:riv:infrastructure:itintegration:registry:GetSupportedServiceContractsResponder:2";

/// The platform with the usual snapshot.
pub async fn world() -> World {
    with(plan()).await
}

pub fn plan() -> Plan {
    Plan::bare()
        .set("listen.catalogue", "127.0.0.1:0")
        .set("listen.admin", "127.0.0.1:0")
        .set("platform.tak_platform", "NTJP-TEST")
        .file("tak/snapshot.json", SNAPSHOT)
        .file("hsa/tree.xml", crate::support::tak::hsa_xml(crate::support::tak::TREE))
}

pub async fn with(plan: Plan) -> World {
    let world = plan.start().await;
    assert!(world.problems.iter().all(|problem| !problem.is_error()), "{:?}", world.problems);
    world
}

/// Asks the listener `catalogue`.
pub async fn ask(world: &World, ask: Ask) -> Answer {
    ask.send(world.platform.address("catalogue").unwrap()).await
}

pub async fn get(world: &World, target: &str) -> Answer {
    ask(world, Ask::get(target)).await
}

pub fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

/// Sends an order as a form.
pub async fn order(world: &World, user: &str, text: &str) -> String {
    let encoded: String = text
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let form = Ask::post(encoded)
        .at("/tak-web/rest/create")
        .content_type("application/x-www-form-urlencoded")
        .header("Authorization", format!("Basic {}", base64(&format!("{user}:x"))));
    let answer = ask(world, form).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain;charset=UTF-8")));
    answer.text()
}

/// An order for a day, with these two parts.
pub fn order_text(day: &str, include: &Value, exclude: &Value) -> String {
    json!({
        "plattform": "NTJP-TEST", "formatVersion": 1.0, "version": 1,
        "bestallningsTidpunkt": "2026-03-01T00:00:00+0100", "genomforandeTidpunkt": format!("{day}T00:00:00+0100"),
        "utforare": "beställaren", "kommentar": "k", "inkludera": include, "exkludera": exclude,
    })
    .to_string()
}

/// Calls the admin API.
pub async fn api(world: &World, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let ask = Ask::post(body.to_string())
        .method(method)
        .at(&format!("/api/v1/catalogue/{path}"))
        .content_type("application/json")
        .header("Host", "localhost");
    let answer = ask.send(world.platform.address("admin").unwrap()).await;
    (answer.status, json_of(&answer))
}

pub async fn publish(world: &World, user: &str) -> (u16, Value) {
    api(world, "POST", "publish", &json!({"user": user, "comment": "test"})).await
}

/// Saves a row; its number, or what is wrong with it.
pub async fn save(world: &World, user: &str, table: &str, row: Value) -> Result<i64, String> {
    let (status, answer) = api(world, "POST", "rows", &json!({"user": user, "table": table, "row": row})).await;
    match status {
        200 => Ok(answer["id"].as_i64().unwrap()),
        _ => Err(answer["detail"].as_str().unwrap().to_owned()),
    }
}

pub async fn delete(world: &World, user: &str, table: &str, id: i64) -> (u16, Value) {
    api(world, "DELETE", &format!("rows/{table}/{id}?user={user}"), &json!({})).await
}

/// A new route of the usual address to a contract.
pub fn route(contract: &str, from: &str, to: &str) -> Value {
    json!({
        "logiskAdress": "HSA-A", "tjanstekontrakt": contract, "adress": "https://old.example.org/x",
        "rivtaprofil": "RIVTABP21", "tjanstekomponent": "KONS-001", "fromTidpunkt": from, "tomTidpunkt": to,
    })
}

/// A SOAP call to a service.
pub async fn soap(world: &World, path: &str, namespace: &str, operation: &str, fields: &str) -> Answer {
    let body = envelope(namespace, operation, fields);
    ask(world, Ask::post(body).at(&format!("/tak-services/{path}"))).await
}

pub fn envelope(namespace: &str, operation: &str, fields: &str) -> String {
    format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header/><e:Body>\
         <{operation} xmlns='{namespace}'>{fields}</{operation}></e:Body></e:Envelope>"
    )
}

/// An answer of SokVagvalsInfo 2.
pub async fn info(world: &World, operation: &str) -> String {
    let answer = soap(world, "SokVagvalsInfo/v2", INFO_2, operation, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

/// The contracts of GetSupportedServiceContracts 2, sorted.
pub async fn contracts(world: &World, address: &str, consumer: Option<&str>) -> Vec<String> {
    let consumer = consumer.map(|name| format!("<serviceConsumerHsaId>{name}</serviceConsumerHsaId>"));
    let fields = format!("{}<logicalAdress>{address}</logicalAdress>", consumer.unwrap_or_default());
    let path = "GetSupportedServiceContracts/v2";
    let answer = soap(world, path, CONTRACTS_2, "GetSupportedServiceContracts", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    texts(&answer.text(), "ServiceContractNamespace")
}

/// The texts of all elements of a local name.
pub fn texts(xml: &str, name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in xml.split('<').filter(|piece| !piece.starts_with('/')) {
        let Some((tag, text)) = piece.split_once('>') else { continue };
        let local = tag.split(' ').next().unwrap_or_default();
        if local.rsplit(':').next() == Some(name) {
            found.push(text.to_owned());
        }
    }
    found
}

/// Base64 of a short text.
pub fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            match place <= chunk.len() {
                true => out.push(char::from(LETTERS[(bits >> (18 - 6 * place) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}
