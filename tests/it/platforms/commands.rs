//! The command line on an environment with two platforms.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anslut::cli;
use anslut::cli::failure::Exit;
use anslut::cli::terminal::Terminal;
use serde_json::Value;

use super::world::{Plan, Rows, SENDER, SYSTEM, diagnosis, sets};
use crate::support::rows::rows;

rows! { &'static str;
    "§1.2" "serve --print-addresses names every platform's listeners" => addresses;
    "§1.1" "check looks into every platform's folder" => checked;
    "§1.4" "explain --platform tells each platform's decision; production's without" => explained;
}

/// A finished command line.
fn anslut(line: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let mut terminal = Terminal::new(&mut out, &mut err, false, &[]);
        cli::run(["anslut"].iter().chain(line).map(OsString::from), &[], &mut terminal)
    };
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

async fn addresses() {
    let folder = Plan::empty().qa(Rows::default()).production(Rows::default()).write();
    let mut command = Command::new(env!("CARGO_BIN_EXE_anslut"));
    command.args(["serve", &folder.path().display().to_string(), "--ephemeral", "--print-addresses"]);
    command.args(sets().iter().flat_map(|set| ["--set", set]));
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(running.stdout.take().unwrap()).lines().map(Result::unwrap);
    let names: Vec<_> = lines.take(9).map(|line| line.split_once('=').unwrap().0.to_owned()).collect();
    running.kill().unwrap();
    running.wait().unwrap();
    for name in ["NTJP-QA.hub_http", "NTJP-QA.catalogue", "NTJP-PROD.hub_http", "NTJP-PROD.catalogue", "admin"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
}

async fn checked() {
    let folder = Plan::empty()
        .file("hsa/tree.xml", &crate::support::tak::hsa_xml(crate::support::tak::TREE))
        .file("tak-qa/rows.toml", "[[route]]\ncontract = \"urn:a\"\n")
        .file("tak-prod/rows.toml", "\n[[permision]]\n")
        .write();
    let (exit, out, _) = anslut(&["check", &folder.path().display().to_string()]);
    assert_eq!(exit, Exit::Failed);
    assert!(out.contains("tak-qa/rows.toml:1: error") && out.contains("tak-prod/rows.toml:2: error"), "{out}");
    assert!(!out.contains("/tak: "), "{out}");
}

async fn explained() {
    let contract = diagnosis();
    let folder = Plan::empty()
        .qa(Rows::default().open(&contract, SYSTEM, "http://qa/"))
        .production(Rows::default().route(&contract, SYSTEM, "http://production/"))
        .write();
    let environment = folder.path().display().to_string();
    let line = ["explain", &environment, "--contract", &contract, "--address", SYSTEM, "--sender", SENDER, "--json"];
    let code = |more: &[&str]| {
        let (exit, out, err) = anslut(&[&line[..], more].concat());
        assert_eq!(exit, Exit::Done, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()["code"].clone()
    };
    assert_eq!(code(&["--platform", "NTJP-QA"]), Value::Null);
    assert_eq!(code(&["--platform", "NTJP-PROD"]), "VP007");
    assert_eq!(code(&[]), "VP007");
    let (exit, _, err) = anslut(&[&line[..], &["--platform", "NTJP"]].concat());
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("no platform \"NTJP\"; expected NTJP-PROD or NTJP-QA"), "{err}");
}

#[test]
fn the_demo_walks_from_first_contact_to_closed() {
    let (exit, out, err) = anslut(&["connection", "demo", "--json"]);
    assert_eq!((exit, err.as_str()), (Exit::Done, ""), "{out}");
    let steps: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = steps
        .iter()
        .map(|step| ["state", "qa", "production"].map(|key| step[key].as_str().unwrap().to_owned()).join(" "))
        .collect();
    let expected = [
        "PROSPECT VP004 VP004",
        "QUALIFIED VP004 VP004",
        "AGREED VP004 VP004",
        "ORDERED VP004 VP004",
        "PREPARED VP004 VP004",
        "QA_CONNECTED 200 VP004",
        "QA_TESTING 200 VP004",
        "QA_DECLARED 200 VP004",
        "APPROVED 200 VP004",
        "PROD_ORDERED 200 VP004",
        "ESTABLISHED 200 200",
        "LIVE 200 200",
        "DECOMMISSIONING 200 200",
        "DECOMMISSIONING VP004 VP004",
        "CLOSED VP004 VP004",
    ];
    assert_eq!(told, expected);
    let calling = |state: &str| &steps.iter().find(|step| step["state"] == state).unwrap()["consumer"];
    assert_eq!(calling("QA_CONNECTED"), &serde_json::json!({"qa": "200", "production": "VP007"}));
    assert_eq!(calling("CLOSED"), &serde_json::json!({"qa": "VP007", "production": "VP007"}));
}
