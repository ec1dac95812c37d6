//! The engagement index as a part of the platform: updated, found through the hub, told on, kept, and used from the
//! command line.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anslut::app::Platform;
use anslut::cli;
use anslut::cli::failure::Exit;
use anslut::cli::terminal::Terminal;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;

use crate::support::client::{Answer, Ask};
use crate::support::{soon, until};

const LISTENERS: [&str; 8] =
    ["hub_http", "hub_https", "index_update", "index_find", "catalogue", "aggregation", "producers", "admin"];
const UPDATE: &str = "/skltp-ei/update-service/v1";
const FIND: &str = "/skltp-ei/find-content-service/v1";

/// The engagements of the demo's files.
fn in_files() -> Vec<serde_json::Value> {
    let files = Environment::Demo.files_below("index").unwrap();
    let text = files.into_iter().map(|file| match file.path.extension() {
        Some(end) if end == "zst" => String::from_utf8(zstd::decode_all(&*file.contents).unwrap()).unwrap(),
        _ => String::from_utf8(file.contents).unwrap(),
    });
    text.flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>()).collect()
}

/// The demo with only these listeners open, keeping its data in a folder or nowhere.
async fn demo(open: &[&str], data: Option<&Path>) -> Platform {
    let listen = |name: &&str| format!("listen.{name}={}", if open.contains(name) { "127.0.0.1:0" } else { "off" });
    // What the file in index/ holds is all there is.
    let others = ["log.messages=off", "records.index=off"].map(str::to_owned);
    let sets: Vec<_> = LISTENERS.iter().map(listen).chain(others).collect();
    let settings = raw::load(&Environment::Demo, &sets, &[]).settings.unwrap();
    let started = Platform::start(Environment::Demo, settings, data.map(Path::to_owned), Clock::System);
    let (platform, problems) = soon("the demo to start", started).await.unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    platform
}

fn request(name: &str) -> String {
    let file = Environment::Demo.file(&format!("requests/{name}.xml")).unwrap().expect(name);
    String::from_utf8(file.contents).unwrap()
}

async fn send(platform: &Platform, listener: &str, path: &str, message: String) -> Answer {
    let ask = Ask::post(message).at(path).header("x-skltp-correlation-id", "correlation-1");
    ask.send(platform.address(listener).expect(listener)).await
}

async fn update(platform: &Platform, message: String) {
    let answer = send(platform, "index_update", UPDATE, message).await;
    assert!(answer.text().contains("<ns2:ResultCode>OK</ns2:ResultCode>"), "{}", answer.text());
}

/// How many engagements of Beda a FindContent finds.
async fn found(platform: &Platform, listener: &str, path: &str) -> usize {
    let answer = send(platform, listener, path, request("find-content-updated")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().matches("<engagement>").count()
}

#[tokio::test]
async fn an_update_is_found_through_the_hub_and_told_to_the_subscriber() {
    let platform = demo(&["hub_http", "index_update"], None).await;
    assert_eq!(found(&platform, "hub_http", "/vp").await, 2);
    update(&platform, request("update")).await;
    assert_eq!(found(&platform, "hub_http", "/vp").await, 3);
    let told = || platform.records().newest(9, |call| call.operation.as_deref() == Some("ProcessNotification"));
    until("the notification", || !told().is_empty()).await;
    let told = told().remove(0);
    assert_eq!(told.outcome(), "ok");
    assert_eq!(
        (told.sender.as_deref(), told.receiver.as_deref(), told.correlation_id.as_str(), told.listener.route_name()),
        (Some("SE5565594230-EI"), Some("SE2321000016-S030"), "correlation-1", "in-process")
    );
    // What nobody asked to hear of is not told: contacts are behind the subscriber's filter.
    update(&platform, request("update").replace("<c:categorization>dia<", "<c:categorization>vko<")).await;
    let index = platform.index().unwrap();
    until("the queue to be empty", || index.queues().depths().iter().all(|depth| depth.waiting == 0)).await;
    assert_eq!(index.queues().depths()[0].delivered_total, 1);
    drop(index);
    platform.drain().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart_and_what_was_deleted_is_not() {
    let data = tempfile::tempdir().unwrap();
    let open = ["index_update", "index_find"];
    let platform = demo(&open, Some(data.path())).await;
    update(&platform, request("update")).await;
    let deleted = request("update")
        .replace("<c:deleteFlag>false", "<c:deleteFlag>true")
        .replace("SE2321000016-S003", "SE2321000016-S001");
    update(&platform, deleted).await;
    assert_eq!(found(&platform, "index_find", FIND).await, 2);
    platform.drain().await;
    for _ in 0..2 {
        let platform = demo(&open, Some(data.path())).await;
        // Two of the environment's and one new, less one of the environment's, which is not loaded again.
        assert_eq!(found(&platform, "index_find", FIND).await, 2);
        assert_eq!(platform.index().unwrap().status().engagements, in_files().len() as u64);
        platform.drain().await;
    }
    let snapshots = fs::read_dir(data.path().join("index")).unwrap();
    let snapshots = snapshots.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("snapshot"));
    assert!(snapshots.count() >= 1, "a drain leaves a snapshot");
}

#[tokio::test]
async fn every_listener_works_with_the_others_off() {
    let platform = demo(&["index_find"], None).await;
    assert_eq!(found(&platform, "index_find", FIND).await, 2);
    platform.drain().await;
    let platform = demo(&["index_update"], None).await;
    update(&platform, request("update")).await;
    let status = Ask::get("/skltp-ei/status").send(platform.address("index_update").unwrap()).await;
    let engagements = format!("\"Engagements\" : {}", in_files().len() + 1);
    assert!(status.text().contains(&engagements), "{}", status.text());
    platform.drain().await;
    let platform = demo(&["hub_http"], None).await;
    assert_eq!(found(&platform, "hub_http", "/vp").await, 2);
    let answer = send(&platform, "hub_http", "/vp", request("update")).await;
    assert!(answer.text().contains("<ns2:ResultCode>OK</ns2:ResultCode>"), "{}", answer.text());
    assert_eq!(found(&platform, "hub_http", "/vp").await, 3);
    platform.drain().await;
    let platform = demo(&["admin"], None).await;
    let admin = platform.address("admin").unwrap();
    let ready = Ask::get("/health/ready").send(admin).await;
    assert!(ready.status == 200 && ready.text().contains("\"index\":{\"status\":\"UP\""), "{}", ready.text());
    let metrics = Ask::get("/metrics").send(admin).await;
    assert!(
        metrics.text().contains(&format!("\nanslut_index_engagements {}\n", in_files().len())),
        "{}",
        metrics.text()
    );
    assert!(metrics.text().contains("\nanslut_index_subscribers 1\n"));
    platform.drain().await;
}

#[tokio::test]
async fn bad_lines_of_an_environment_are_named_and_the_rest_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let good = Environment::Demo.file("index/engagements.ndjson").unwrap().unwrap().contents;
    let good = String::from_utf8(good).unwrap();
    let bad = good.lines().next().unwrap().replace("SE2321000016-S001", "");
    fs::create_dir(folder.path().join("index")).unwrap();
    fs::write(folder.path().join("index/rows.ndjson"), format!("{good}no row\n{bad}\n")).unwrap();
    fs::write(folder.path().join("index/notes.txt"), "").unwrap();
    let environment = Environment::Folder(folder.path().to_owned());
    let sets: Vec<_> = LISTENERS.iter().map(|name| format!("listen.{name}=off")).collect();
    let sets: Vec<_> = sets.into_iter().chain(["log.messages=off".to_owned()]).collect();
    let settings = raw::load(&environment, &sets, &[]).settings.unwrap();
    let (platform, problems) = Platform::start(environment, settings, None, Clock::System).await.unwrap();
    assert_eq!(platform.index().unwrap().status().engagements, good.lines().count() as u64);
    let problems: Vec<_> = problems.iter().map(ToString::to_string).filter(|text| text.contains("/index/")).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("notes.txt: warning: passed over"), "{problems:?}");
    assert!(problems[1].contains("rows.ndjson:21: error: not an engagement"), "{problems:?}");
    assert!(problems[2].contains("rows.ndjson:22: error: logicalAddress is missing"), "{problems:?}");
    platform.drain().await;
}

/// A finished command line.
fn anslut(line: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let mut terminal = Terminal::new(&mut out, &mut err, false, &[]);
        cli::run(["anslut", "index"].iter().chain(line).map(OsString::from), &[], &mut terminal)
    };
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[track_caller]
fn done(line: &[&str]) -> String {
    let (exit, out, err) = anslut(line);
    assert_eq!((exit, err.as_str()), (Exit::Done, ""), "{line:?}: {out}");
    out
}

/// The lines of a file of engagements in an order of their own.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn engagements_go_from_the_generator_through_a_data_directory_and_out_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (file, data) = (path("made.ndjson.zst"), path("data"));
    let mix = ["--residents", "200", "--engagements-per-resident", "5", "--seed", "7"];
    done(&[&["generate"], &mix[..], &["--out", &file]].concat());
    done(&[&["generate"], &mix[..], &["--out", &path("again.ndjson.zst")]].concat());
    assert_eq!(fs::read(&file).unwrap(), fs::read(path("again.ndjson.zst")).unwrap());
    let loaded: serde_json::Value = serde_json::from_str(&done(&["load", &file, "--data", &data, "--json"])).unwrap();
    let stat = || serde_json::from_str::<serde_json::Value>(&done(&["stat", "--data", &data, "--json"])).unwrap();
    assert_eq!((stat()["engagements"].as_u64(), stat()["residents"].as_u64()), (loaded["lines"].as_u64(), Some(200)));
    let dump = done(&["dump", "--data", &data]);
    assert_eq!(dump.lines().count() as u64, loaded["lines"].as_u64().unwrap());
    let resident = dump.split('"').nth(3).unwrap();
    let rows = done(&["find", resident, "--data", &data]);
    assert!(rows.lines().count() > 0 && rows.lines().all(|row| row.contains(resident) && dump.contains(row)));
    // What has been dumped is what is loaded, owners, times and all.
    done(&["dump", "--data", &data, "--out", &path("dump.ndjson")]);
    done(&["load", &path("dump.ndjson"), "--data", &path("copy")]);
    assert_eq!(sorted(&done(&["dump", "--data", &path("copy")])), sorted(&dump));
}

#[test]
fn a_bad_line_stops_a_load_unless_it_is_asked_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("rows.ndjson"), folder.path().join("data").display().to_string());
    let good = Environment::Demo.file("index/engagements.ndjson").unwrap().unwrap().contents;
    let good = String::from_utf8(good).unwrap();
    fs::write(&file, good.replacen('\n', "\nno row\n", 3)).unwrap();
    let file = file.display().to_string();
    let (exit, _, err) = anslut(&["load", &file, "--data", &data]);
    assert_eq!(exit, Exit::Failed);
    assert!(err.contains("rows.ndjson:2") && err.contains("not an engagement"), "{err}");
    let (exit, out, err) = anslut(&["load", &file, "--data", &data, "--skip-bad-lines"]);
    assert_eq!(exit, Exit::Done, "{err}");
    assert!(
        out.contains("23 lines loaded, 3 of them passed over") && err.contains("rows.ndjson:6: passed over"),
        "{out}{err}"
    );
    assert!(done(&["stat", "--data", &data]).contains("engagements           20"));
    assert_eq!(anslut(&["stat", "--data", &format!("{data}-not")]).0, Exit::Environment);
    assert_eq!(
        anslut(&["generate", "--residents", "0", "--engagements-per-resident", "1", "--seed", "1", "--out", &file]).0,
        Exit::Usage
    );
}

#[tokio::test]
async fn a_running_platform_is_loaded_counted_searched_and_dumped() {
    let platform = demo(&["index_update", "admin"], None).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made.ndjson").display().to_string();
    let [update, admin] = ["index_update", "admin"].map(|name| format!("http://{}", platform.address(name).unwrap()));
    let told = tokio::task::spawn_blocking(move || {
        done(&["generate", "--residents", "300", "--engagements-per-resident", "9", "--seed", "2", "--out", &file]);
        done(&["load", &file, "--url", &update]);
        let stat: serde_json::Value = serde_json::from_str(&done(&["stat", "--url", &admin, "--json"])).unwrap();
        let found = done(&["find", "191212121212", "--service-domain", "riv:crm:scheduling", "--url", &admin]);
        (stat, done(&["dump", "--url", &update]), found, anslut(&["stat", "--url", "http://127.0.0.1:9"]).0)
    });
    let (stat, dump, found, nobody) = soon("the command lines", told).await.unwrap();
    let in_files = in_files();
    let of_files: BTreeSet<_> = in_files.iter().map(|row| row["registeredResidentIdentification"].as_str()).collect();
    assert_eq!(stat["residents"], 300 + of_files.len());
    assert_eq!(stat["engagements"].as_u64(), Some(dump.lines().count() as u64));
    assert_eq!((found.lines().count(), found.matches("BOK-100").count()), (2, 2), "{found}");
    assert_eq!(nobody, Exit::Environment);
    platform.drain().await;
}
