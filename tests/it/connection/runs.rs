//! Runs of test cases that add themselves to the connection they are about: those of the platform's desk, and those of
//! `anslut qa run --connection`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::road::{CONNECTION, CONSUMERS, PARTY, Road, SYSTEM, gates_of, with};
use crate::platforms::world::diagnosis;
use crate::support::client::Ask;
use crate::support::rows::rows;

rows! { &'static str;
    "§5 runs" "a run at the place that a QA line names adds itself, and the declaration has its figures" => by_the_place;
    "§5 runs" "a run through QA's hub at the line's address adds itself, one through production's does not" => by_the_hub;
    "§5 runs" "a run of a session of the connection's own adds itself, another party's does not" => by_the_session;
    "§5 runs" "trials, other places and connections before or after quality assurance take none" => not_taken;
    "qa.md §7" "CONN-41 asks for every case of the suite; the newest result of each counts" => newest_counts;
    "qa.md §7 CONN-43" "a run in which an identity outside the test series was seen is refused by the command" => identities;
    "§5 runs" "anslut qa run --connection hands in, and says what it cannot hand in" => by_the_command;
}

/// An identity number of the right form that nobody has: birth numbers begin with 001.
const OUTSIDE: &str = "202001010004";

/// A suite of the usual contract with these cases, each with one question about a patient.
fn suite(cases: &[&str], patient: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let request = crate::aggregation::contracts::of("GD").request(patient).replace("5565594230", SYSTEM);
    let header = format!(
        "schema = 1\nid = \"Diagnoser\"\ncontract = \"{}\"\nrole = \"producer\"\n[data]\nwebServiceUrl = \"http://none.invalid/\"\n",
        diagnosis()
    );
    let write = |name: &str, text: &str| {
        let path: PathBuf = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("suite.toml", &header);
    write("requests/basic.xml", &request);
    for case in cases {
        let headers = format!("x-vp-instance-id = \"SE-QA\", x-vp-sender-id = \"{}\"", CONSUMERS[0]);
        let step = format!(
            "[[step]]\nsend = \"requests/basic.xml\"\nheaders = {{ {headers} }}\nexpect = [{{ no_fault = true }}]\n"
        );
        write(&format!("cases/{case}.toml"), &format!("id = \"{case}\"\nthemes = [\"TF 1.2\"]\n{step}"));
    }
    folder
}

pub fn files(folder: &Path, prefix: &str, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => files(&entry.path(), &format!("{name}/"), into),
            false => into.push((name, fs::read(entry.path()).unwrap())),
        }
    }
}

impl Road {
    /// Hands a suite to the platform's desk.
    async fn suite(&self, folder: &TempDir) -> String {
        let mut all = Vec::new();
        files(folder.path(), "", &mut all);
        let ask = Ask::post(anslut::qa::report::zip::write(&all).unwrap()).content_type("application/zip");
        let answer = ask.at("/api/v1/qa/suites").header("Host", "localhost").send(self.world.at("admin")).await;
        let taken: Value = serde_json::from_slice(&answer.body).unwrap();
        taken["id"].as_str().unwrap_or_else(|| panic!("{taken}")).to_owned()
    }

    /// Has the desk run something, until it is done.
    async fn run(&self, order: Value) -> Value {
        let started = self.ok("POST", "qa/runs", order).await;
        let id = started["id"].as_str().unwrap().to_owned();
        let watch = Ask::get(&format!("/api/v1/qa/runs/{id}/events?wait=true")).header("Host", "localhost");
        watch.send(self.world.at("admin")).await;
        self.get(&format!("qa/runs/{id}")).await
    }

    async fn added(&self) -> Vec<Value> {
        self.get(&format!("connections/{CONNECTION}/runs")).await.as_array().unwrap().clone()
    }

    async fn in_tests() -> Self {
        let road = Self::start().await;
        road.papers().await;
        road.walk("qualify", "start_tests", None).await;
        road
    }

    fn hub(&self, platform: &str) -> String {
        format!("http://{}/vp", self.world.at(&format!("{platform}.hub_http")))
    }
}

async fn by_the_place() {
    let road = Road::in_tests().await;
    let suite = road.suite(&suite(&["c1", "c2"], "191212121212")).await;
    let run = road.run(json!({"suite": suite, "target": road.source.url()})).await;
    assert_eq!(run["verdict"], "pass", "{run}");
    let added = road.added().await;
    assert_eq!(added.len(), 1, "{added:?}");
    let own = &added[0];
    assert_eq!((&own["contract"], &own["role"]), (&diagnosis().into(), &"producer".into()));
    assert_eq!((&own["env"], &own["version"]), (&"NTJP-QA".into(), &"4.2".into()), "{own}");
    assert_eq!(own["identities"], json!(["191212121212"]));
    assert_eq!(own["qaRun"], run["id"]);
    let declared = road.get(&format!("connections/{CONNECTION}/declaration")).await;
    assert_eq!(declared["figures"], json!({"cases": 2, "passed": 2, "failed": 0, "deviation": 0, "notRun": 0}));
    assert_eq!(declared["results"][0]["run"], own["id"]);
    let items = road.get(&format!("connections/{CONNECTION}/qa")).await;
    assert!(items.as_array().unwrap().iter().any(|item| item["run"] == own["id"]), "{items}");
}

async fn by_the_hub() {
    let road = Road::in_tests().await;
    let suite = road.suite(&suite(&["c1"], "191212121212")).await;
    let run = road.run(json!({"suite": suite, "target": road.hub("NTJP-PROD")})).await;
    assert_ne!(run["verdict"], "pass", "production is shut: {run}");
    assert_eq!(road.added().await, [] as [Value; 0]);
    let run = road.run(json!({"suite": suite, "target": road.hub("NTJP-QA")})).await;
    assert_eq!(run["verdict"], "pass", "{run}");
    let added = road.added().await;
    assert_eq!((added.len(), &added[0]["env"]), (1, &"NTJP-QA".into()));
    assert_eq!(added[0]["cases"], json!([{"case": "c1", "outcome": "passed", "themes": ["TF 1.2"]}]));
}

async fn by_the_session() {
    let road = Road::in_tests().await;
    let suite = road.suite(&suite(&["c1"], "191212121212")).await;
    // A place that no line names: only the session says whose system it is.
    let elsewhere = format!("{}/annat", road.source.url());
    for (party, count) in [("region-y", 0), (PARTY, 1)] {
        let session = json!({"id": format!("s-{party}"), "party": party, "contract": diagnosis(), "role": "producer"});
        let session = road.ok("POST", "qa/sessions", session).await["id"].clone();
        road.run(json!({"suite": suite, "target": elsewhere, "session": session})).await;
        assert_eq!(road.added().await.len(), count, "{party}");
    }
    assert_eq!(road.added().await[0]["env"], "NTJP-QA");
}

async fn not_taken() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "prepare", None).await;
    let suite = road.suite(&suite(&["c1"], "191212121212")).await;
    let order = json!({"suite": suite, "target": road.source.url()});
    road.run(order.clone()).await;
    assert_eq!(road.added().await.len(), 0, "no environment is assigned");
    road.walk("assign_test_env", "start_tests", None).await;
    road.run(with(order.clone(), &json!({"preparatory": true}))).await;
    road.run(with(order.clone(), &json!({"environment": "NTJP-PROD"}))).await;
    road.run(with(order.clone(), &json!({"target": format!("{}/annat", road.source.url())}))).await;
    assert_eq!(road.added().await.len(), 0);
    road.run(order.clone()).await;
    assert_eq!(road.added().await.len(), 1);
    road.results().await;
    let before = road.added().await.len();
    road.stepped(CONNECTION, "declare", json!({})).await;
    road.walk("review", "review", None).await;
    road.run(order).await;
    assert_eq!(road.added().await.len(), before, "quality assurance is over");
}

async fn newest_counts() {
    let road = Road::in_tests().await;
    let suite = road.suite(&suite(&["c1", "c2"], "191212121212")).await;
    let order = json!({"suite": suite, "target": road.source.url()});
    road.run(with(order.clone(), &json!({"cases": ["c1"]}))).await;
    let (status, answer) = road.step(CONNECTION, "declare", json!({"dryRun": true})).await;
    assert_eq!(status, 200, "{answer}");
    let failed = answer["failed"].as_array().unwrap().iter().find(|failed| failed["gate"] == "CONN-41").unwrap();
    assert_eq!(failed["message"], "missing test result c2");
    let key = format!("runs[contract={},role=producer].cases[c2]", diagnosis());
    assert_eq!(failed["missing"], json!([key]));
    let figures = async || road.get(&format!("connections/{CONNECTION}/declaration")).await["figures"].clone();
    assert_eq!(figures().await, json!({"cases": 2, "passed": 1, "failed": 0, "deviation": 0, "notRun": 1}));
    // The other case alone, at a place where nobody answers: that is a result, and not a good one.
    let unseen = json!({"cases": ["c2"], "target": "http://127.0.0.1:1/", "environment": "NTJP-QA"});
    road.run(with(order.clone(), &unseen)).await;
    assert_eq!(figures().await, json!({"cases": 2, "passed": 1, "failed": 1, "deviation": 0, "notRun": 0}));
    road.run(with(order, &json!({"cases": ["c2"]}))).await;
    assert_eq!(figures().await, json!({"cases": 2, "passed": 2, "failed": 0, "deviation": 0, "notRun": 0}));
    let (_, answer) = road.step(CONNECTION, "declare", json!({"dryRun": true})).await;
    assert!(!gates_of(&answer).contains(&"CONN-41"), "{answer}");
}

/// The command, while the platform goes on.
async fn command(road: &Road, folder: &TempDir, more: &[&str]) -> Output {
    let home = TempDir::new().unwrap();
    let url = format!("http://{}", road.world.at("admin"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_anslut"));
    command.args(["qa", "run", folder.path().to_str().unwrap(), "--out", home.path().to_str().unwrap(), "--url", &url]);
    command.args(more).env("NO_COLOR", "1").env("ANSLUT_DATA", home.path());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

async fn identities() {
    let road = Road::in_tests().await;
    let target = road.source.url();
    let output = command(&road, &suite(&["c1"], OUTSIDE), &["--target", &target, "--connection", CONNECTION]).await;
    let (code, text) = said(&output);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("CONN-43 non-test identity used"), "{text}");
    assert!(!text.contains(OUTSIDE), "the number is not repeated: {text}");
    assert_eq!(road.added().await.len(), 0);
}

async fn by_the_command() {
    let road = Road::in_tests().await;
    let target = road.source.url();
    let suite = suite(&["c1", "c2"], "191212121212");
    let with_target = ["--target", target.as_str()];
    let output = command(&road, &suite, &[&with_target[..], &["--connection", CONNECTION]].concat()).await;
    let (code, text) = said(&output);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("added to {CONNECTION}: run ")) && text.contains("2 cases"), "{text}");
    assert_eq!(road.added().await[0]["env"], "NTJP-QA");
    // Another place: the environment has to be said, and is judged.
    let elsewhere = format!("{target}/annat");
    let flags = ["--target", elsewhere.as_str(), "--connection", CONNECTION];
    let (code, text) = said(&command(&road, &suite, &flags).await);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("CONN-39 test run in wrong environment"), "{text}");
    let (code, text) = said(&command(&road, &suite, &[&flags[..], &["--environment", "NTJP-QA"]].concat()).await);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = said(&command(&road, &suite, &[&with_target[..], &["--connection", "ingen"]].concat()).await);
    assert_eq!(code, Some(2), "{text}");
    let trial = [&flags[..], &["--preparatory"]].concat();
    assert_eq!(command(&road, &suite, &trial).await.status.code(), Some(2), "a trial is no evidence");
    assert_eq!(road.added().await.len(), 2);
}
