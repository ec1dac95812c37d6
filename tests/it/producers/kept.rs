//! `journal.persist`: what a platform with a data directory was asked is there after a restart (`producers.md` §10).

use std::path::Path;

use anslut::app::Platform;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use anslut::domain::problem::Problem;
use serde_json::Value;

use super::diagnosis;
use crate::support::client::Ask;
use crate::support::soon;

const MAPPINGS: &str = r#"{"mappings": [{"id": "the-one", "request": {"riv": {"patient": "191212121212"}},
    "response": {"body": "<answer/>", "riv": {"envelope": true}}, "metadata": {"about": "one"}}]}"#;

async fn started(folder: &Path, data: Option<&Path>) -> (Platform, Vec<Problem>) {
    let listeners = ["hub_http", "hub_https", "index_update", "index_find", "aggregation", "catalogue"];
    let mut sets: Vec<_> = listeners.iter().map(|name| format!("listen.{name}=off")).collect();
    sets.extend(["producers", "admin"].map(|name| format!("listen.{name}=127.0.0.1:0")));
    sets.push("journal.persist=true".to_owned());
    let environment = Environment::Folder(folder.to_owned());
    let settings = raw::load(&environment, &sets, &[]).settings.unwrap();
    soon("the platform", Platform::start(environment, settings, data.map(Path::to_owned), Clock::System)).await.unwrap()
}

async fn asked(platform: &Platform, workspace: &str, patient: &str) -> String {
    let ask = Ask::post(diagnosis(patient)).at("/x/").header("x-anslut-workspace", workspace);
    ask.send(platform.address("producers").unwrap()).await.text()
}

async fn admin(platform: &Platform, method: &str, target: &str) -> Value {
    let admin = platform.address("admin").unwrap();
    let ask = Ask::get(target).method(method).header("Host", admin.to_string()).header("Content-Length", "0");
    let answer = ask.send(admin).await;
    assert_eq!(answer.status, 200, "{method} {target}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

#[tokio::test]
async fn what_was_asked_is_shown_after_a_restart_and_the_counters_go_on() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(folder.path().join("producers/x/mappings")).unwrap();
    std::fs::write(folder.path().join("producers/x/mappings/a.json"), MAPPINGS).unwrap();
    std::fs::write(folder.path().join("producers/x/producer.toml"), "answers = [\"mapping\"]\n").unwrap();
    let (platform, problems) = started(folder.path(), Some(data.path())).await;
    assert_eq!(problems, []);
    assert!(asked(&platform, "", "191212121212").await.contains("<answer/>"));
    assert!(asked(&platform, "", "191001259827").await.contains("has no answer"));
    asked(&platform, "tester", "191212121212").await;
    asked(&platform, "", "191212121212").await;
    let last = admin(&platform, "GET", "/__admin/requests").await["requests"][0]["id"].as_str().unwrap().to_owned();
    admin(&platform, "DELETE", &format!("/__admin/requests/{last}")).await;
    let targets = [
        "/__admin/requests",
        "/__admin/requests?workspace=tester",
        "/__admin/requests?matchingStub=the-one",
        "/__admin/requests?unmatched=true",
        "/__admin/requests/unmatched/near-misses",
        "/api/v1/workspaces",
    ];
    let mut before = Vec::new();
    for target in targets {
        before.push(admin(&platform, "GET", target).await);
    }
    assert_eq!(before[0]["meta"]["total"], 2);
    assert_eq!((&before[0]["counts"]["served"], &before[0]["counts"]["unkept"]), (&3.into(), &0.into()));
    assert_eq!((&before[2]["meta"]["total"], &before[3]["meta"]["total"]), (&1.into(), &1.into()));
    platform.drain().await;
    let (platform, problems) = started(folder.path(), Some(data.path())).await;
    assert_eq!(problems, []);
    for (target, before) in targets.iter().zip(before) {
        assert_eq!(admin(&platform, "GET", target).await, before, "{target}");
    }
    asked(&platform, "", "191212121212").await;
    let counts = admin(&platform, "GET", "/__admin/requests").await["counts"].clone();
    assert_eq!((&counts["served"], &counts["unmatched"]), (&4.into(), &1.into()));
    platform.drain().await;
}

#[tokio::test]
async fn without_a_data_directory_it_is_said_that_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, problems) = started(folder.path(), None).await;
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().any(|told| told.contains("warning: journal.persist has no effect: there is no data directory")),
        "{told:?}"
    );
    platform.drain().await;
}
