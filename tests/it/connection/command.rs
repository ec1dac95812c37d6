//! `anslut connection` against a running platform (`connection-api.md` §7).

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::road::{CONNECTION, PARTY, Road};
use crate::support::rows::rows;

rows! { &'static str;
    "§7" "a refusal exits 1 and prints one line for each failed gate; what is taken exits 0" => refusals;
    "§7" "--json prints the API's reply, also of a refusal" => as_json;
    "§7 --token" "without the token nothing is changed, with a wrong one nothing is read" => token;
}

/// The command against a platform, while that goes on.
async fn anslut(road: &Road, arguments: &[&str]) -> (Option<i32>, String) {
    let url = format!("http://{}", road.world.at("admin"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_anslut"));
    command.args(arguments).args(["--url", &url]).env("NO_COLOR", "1");
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

async fn refusals() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "order_service", None).await;
    let contacts = super::road::contacts();
    let without: Vec<Value> =
        contacts.as_array().unwrap().iter().filter(|contact| contact["role"] != "OPER").cloned().collect();
    road.ok("PUT", &format!("parties/{PARTY}/contacts"), json!(without)).await;
    let step = ["connection", "event", CONNECTION, "prepare"];
    let said = anslut(&road, &step).await;
    let line = "CONN-13 operative contact missing or unreachable (contacts[role=OPER])\n";
    assert_eq!(said, (Some(1), line.to_owned()));
    let (code, text) = anslut(&road, &["connection", "gates", CONNECTION, "--event", "prepare"]).await;
    assert!(code == Some(1) && text.contains(line.trim_end()), "{text}");
    let (code, text) = anslut(&road, &["connection", "next", CONNECTION]).await;
    assert!(code == Some(0) && text.contains("CONN-13") && text.contains("003_9e5e34bfe011a958.txt §5.3"), "{text}");
    road.ok("PUT", &format!("parties/{PARTY}/contacts"), contacts).await;
    let (code, text) = anslut(&road, &step).await;
    assert!(code == Some(0) && text.contains("PREPARED"), "{text}");
    let (code, text) = anslut(&road, &["connection", "log", CONNECTION]).await;
    assert!(code == Some(0) && text.contains("CONN-13") && text.contains("PREPARED"), "{text}");
    assert_eq!(anslut(&road, &["connection", "show", "ingen"]).await.0, Some(2));
}

async fn as_json() {
    let road = Road::start().await;
    road.papers().await;
    let (code, text) = anslut(&road, &["--json", "connection", "list"]).await;
    let all: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((code, &all[0]["id"], &all[0]["state"]), (Some(0), &CONNECTION.into(), &"PROSPECT".into()));
    let (code, text) = anslut(&road, &["--json", "connection", "event", CONNECTION, "publish"]).await;
    let refused: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((code, &refused["type"]), (Some(1), &"urn:anslut:illegal-event".into()));
}

async fn token() {
    let road = Road::with(|plan| plan.toml("\n[admin]\ntoken = \"hemlig\"\n")).await;
    let step = ["connection", "event", "ingen", "qualify"];
    let (code, text) = anslut(&road, &step).await;
    assert!(code == Some(3) && text.contains("401"), "{text}");
    for read_or_change in [&step[..], &["connection", "list"]] {
        let (code, text) = anslut(&road, &[read_or_change, &["--token", "fel"]].concat()).await;
        assert!(code == Some(3) && text.contains("the token is not right"), "{text}");
        assert!(!text.contains("hemlig"), "{text}");
    }
    // The right one comes as far as the connection, which is not there.
    let (code, text) = anslut(&road, &[&step[..], &["--token", "hemlig"]].concat()).await;
    assert!(code == Some(2) && text.contains("there is no connection ingen"), "{text}");
    assert_eq!(anslut(&road, &["connection", "list", "--token", "hemlig"]).await.0, Some(0));
}
