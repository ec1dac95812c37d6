//! Forwarding and recording over https (`producers.md` §9): a certificate of the CA is shown, and whom to trust is said.

use serde_json::{Value, json};

use super::diagnosis;
use super::recording::DECLARATION;
use super::secure::{ANSWER, Pki, toml};
use crate::support::client::Ask;
use crate::support::world::World;

async fn admin(world: &World, target: &str, body: Value) -> Value {
    let admin = world.platform.address("admin").unwrap();
    let ask = Ask::post(body.to_string()).at(target).content_type("application/json");
    let answer = ask.header("Host", admin.to_string()).send(admin).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn requests_are_sent_on_over_tls_with_a_certificate_of_the_ca_and_recorded() {
    let pki = Pki::new();
    let by_sender = r#"{"mappings": [
        {"request": {"riv": {"sender": "SE5565594230-CALLER"}}, "response": {"body": "<known/>"}}]}"#;
    let origin = pki
        .producers()
        .file("producers/origin/producer.toml", toml("pki:origin", "required"))
        .file("producers/origin/mappings/a.json", by_sender)
        .file("producers/other/producer.toml", toml("cert-expired", "none"))
        .file("producers/other/mappings/a.json", ANSWER)
        .start()
        .await;
    assert_eq!(origin.problems, []);
    let url = |system: &str| {
        let port = origin.platform.address(&format!("producers.{system}")).unwrap().port();
        format!("https://localhost:{port}/{system}")
    };
    let proxy = |system: &str, more: &str| {
        format!("answers = [\"proxy\"]\nhsa_id = \"SE5565594230-CALLER\"\n[proxy]\nurl = \"{}\"\n{more}", url(system))
    };
    let trusting = "certificate = \"pki:caller\"\nca = \"origins.pem\"\n";
    let world = pki
        .producers()
        .set("listen.producers", "127.0.0.1:0")
        .set("proxy.allow", "localhost")
        .file("producers/caller/producer.toml", proxy("origin", trusting))
        .file("producers/caller/origins.pem", pki.ca_pem())
        .file("producers/plain/producer.toml", proxy("origin", ""))
        .file("producers/meets-expired/producer.toml", proxy("other", trusting))
        .file("producers/meets-expired/origins.pem", pki.ca_pem())
        .file("producers/lost/producer.toml", proxy("origin", "ca = \"nowhere.pem\"\n"))
        .start()
        .await;
    assert_eq!(world.problems, []);
    let producers = world.platform.address("producers").unwrap();
    let ask = |system: &'static str| async move {
        Ask::post(diagnosis("191212121212")).at(&format!("/{system}/")).send(producers).await
    };

    let start = json!({"targetBaseUrl": url("origin")});
    admin(&world, "/__admin/recordings/start?system=caller", start).await;
    let answer = ask("caller").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "<known/>"));
    let told = admin(&world, "/__admin/recordings/stop?system=caller", json!({})).await;
    let made = &told["mappings"];
    assert_eq!(made.as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(made[0]["response"]["body"], json!(format!("{DECLARATION}<known/>")));
    assert_eq!(made[0]["request"]["riv"]["patient"], json!("191212121212"), "an identity of the test series stays");

    for (system, told) in
        [("plain", "there is no TLS here"), ("meets-expired", "no handshake with localhost:"), ("lost", "nowhere.pem")]
    {
        let answer = ask(system).await;
        assert_eq!(answer.status, 500, "{system}");
        assert!(answer.text().contains(told), "{system}: {}", answer.text());
    }
    assert!(ask("meets-expired").await.text().contains(": expired"));
}
