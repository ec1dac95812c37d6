//! `anslut tak`: orders and files in, files out, and what two catalogues differ in.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::anslut;
use crate::cli::failure::Exit;

const ROUTES: &str = r#"
[[route]]
contract = "urn:riv:x:GetXResponder:1"
address = "A"
profile = "RIVTABP21"
component = "K"
url = "http://one"

[[permission]]
consumer = "K"
contract = "urn:riv:x:GetXResponder:1"
address = "A"
"#;

fn order(url: &str) -> String {
    format!(
        r#"Hej! {{"plattform":"NTJP-TEST","formatVersion":1.0,"version":3,"bestallningsTidpunkt":"2020-01-01T00:00:00+0100",
        "genomforandeTidpunkt":"2020-02-01T00:00:00+0100","utforare":"ulla","inkludera":{{"vagval":[{{"adress":"{url}",
        "logiskAdress":"A","tjanstekontrakt":"urn:riv:x:GetXResponder:1","rivtaprofil":"RIVTABP21","tjanstekomponent":"K"}}]}},
        "exkludera":{{}}}}"#
    )
}

/// An environment with these files, and the path of something in it.
fn environment(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    folder
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

const SETTINGS: &str = "[platform]\ntak_platform = \"NTJP-TEST\"\n";

#[test]
fn an_order_goes_in_and_every_format_comes_out() {
    let order = order("http://two");
    let folder = environment(&[("anslut.toml", SETTINGS), ("tak/routes.toml", ROUTES), ("order.json", &order)]);
    let (env, data) = (text(folder.path()), text(&folder.path().join("data")));
    let file = text(&folder.path().join("order.json"));
    let place = ["--env", env.as_str(), "--data", data.as_str()];
    let run = |arguments: &[&str]| anslut(&[&["tak"], arguments, &place[..]].concat(), &[]);

    let dry = run(&["import", &file, "--dry-run"]);
    assert_eq!(dry.exit, Exit::Done, "{}{}", dry.out, dry.err);
    assert!(dry.out.contains("3 rows would be pending for ulla"), "{}", dry.out);
    assert!(
        dry.out
            .contains("Nyskapad: A - urn:riv:x:GetXResponder:1 - K - RIVTABP21 - http://two (2020-02-01 - 2120-02-01)"),
        "{}",
        dry.out
    );
    let before = run(&["export"]);
    assert!(!before.out.contains("http://two"), "nothing was saved: {}", before.out);

    let taken = run(&["import", &file, "--publish", "--comment", "k"]);
    assert_eq!(taken.exit, Exit::Done, "{}{}", taken.out, taken.err);
    assert!(taken.out.ends_with("✓ Publicerad version 2 skapad.\n"), "{}", taken.out);
    let exported: Value = serde_json::from_str(&run(&["export", "--format", "export"]).out).unwrap();
    assert_eq!((exported["version"].as_i64(), exported["utforare"].as_str()), (Some(2), Some("ulla")));
    assert_eq!(exported["data"]["vagval"].as_array().unwrap().len(), 2);
    let old: Value = serde_json::from_str(&run(&["export", "--version", "1", "--compact"]).out).unwrap();
    assert_eq!(old["data"]["vagval"].as_array().unwrap().len(), 1, "the past is kept");
    assert_eq!(run(&["export", "--version", "9"]).exit, Exit::Failed);
    let dump: Value = serde_json::from_str(&run(&["export", "--format", "dump"]).out).unwrap();
    assert_eq!(dump["utforare"], "TakExport script");
    let permission = &dump["data"]["anropsbehorighet"][0];
    assert!(permission["pubversion"].is_null() && permission["relationships"]["tjanstekonsument"].is_i64(), "{dump}");
    let copy = run(&["export", "--format", "copy"]).out;
    assert!(copy.starts_with("<?xml") && copy.matches("<virtualiseringsInfo ").count() == 2, "{copy}");
    let packed = folder.path().join("v.gz");
    let written = run(&["export", "--format", "gzip", "--out", &text(&packed)]);
    assert_eq!(written.exit, Exit::Done, "{}", written.err);
    assert!(fs::read(packed).unwrap().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn what_is_refused_is_told_and_nothing_is_published() {
    let order = order("http").replace("\"K\"", "\"nobody\"");
    let folder = environment(&[("anslut.toml", SETTINGS), ("tak/routes.toml", ROUTES), ("order.json", &order)]);
    let env = text(folder.path());
    let file = text(&folder.path().join("order.json"));
    let ran = anslut(&["--json", "tak", "import", &file, "--publish", "--env", &env, "--ephemeral"], &[]);
    assert_eq!(ran.exit, Exit::Failed);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let errors =
        ["Skapa Vägval: Tjänstekomponent med HSAId = nobody finns inte.", "Skapa Vägval: Adress har felaktig längd"];
    assert_eq!(told["files"][0]["errors"], serde_json::json!(errors));
    assert!(told.get("published").is_none(), "{told}");
    fs::write(folder.path().join("order.json"), "ingenting").unwrap();
    let ran = anslut(&["tak", "import", &file, "--env", &env, "--ephemeral"], &[]);
    assert!(ran.exit == Exit::Failed && ran.out.contains("Beställning does not contain JSON object"), "{}", ran.out);
}

#[test]
fn a_snapshot_goes_into_an_empty_catalogue_and_only_new_rows_into_another() {
    let folder = environment(&[("anslut.toml", SETTINGS), ("tak/routes.toml", ROUTES)]);
    let env = text(folder.path());
    let snapshot = text(&folder.path().join("snapshot.json"));
    let exported = anslut(&["tak", "export", "--env", &env, "--ephemeral", "--out", &snapshot], &[]);
    assert_eq!(exported.exit, Exit::Done, "{}", exported.err);
    let again = anslut(&["tak", "import", &snapshot, "--env", &env, "--ephemeral"], &[]);
    assert!(again.out.contains("✓ 0 rows pending"), "{}", again.out);
    let other = environment(&[("anslut.toml", "")]);
    let into = anslut(&["tak", "import", &snapshot, "--env", &text(other.path()), "--ephemeral", "--publish"], &[]);
    assert!(into.out.contains("✓ Publicerad version 1 skapad."), "{}{}", into.out, into.err);
    let broken = folder.path().join("broken.json");
    fs::write(&broken, "{\"data\":{\"vagval\":[{\"id\":1}]}}").unwrap();
    let ran = anslut(&["tak", "import", &text(&broken), "--env", &env, "--ephemeral"], &[]);
    assert!(ran.exit == Exit::Failed && ran.out.contains("missing field"), "{}", ran.out);
}

#[test]
fn what_is_exported_says_the_same_in_every_format() {
    let folder = environment(&[("tak/routes.toml", ROUTES)]);
    let env = text(folder.path());
    for (format, name) in [("snapshot", "s.json"), ("copy", "c.xml")] {
        let file = text(&folder.path().join(name));
        let exported =
            anslut(&["tak", "export", "--env", &env, "--ephemeral", "--format", format, "--out", &file], &[]);
        assert_eq!(exported.exit, Exit::Done, "{}", exported.err);
        let ran = anslut(&["tak", "diff", &env, &file], &[]);
        assert!(
            ran.exit == Exit::Done && ran.out == "✓ no difference\n" && ran.err.is_empty(),
            "{}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn a_difference_names_rows_and_who_gets_another_answer() {
    let moved = ROUTES.replace("http://one", "http://two");
    let standard = format!(
        "{ROUTES}\n[[route]]\ncontract = \"urn:riv:x:GetXResponder:1\"\naddress = \"*\"\nprofile = \"RIVTABP21\"\nurl = \"http://std\"\n\
         [[permission]]\nconsumer = \"L\"\ncontract = \"urn:riv:x:GetXResponder:1\"\naddress = \"*\"\n"
    );
    let folder =
        environment(&[("a.toml", ROUTES), ("b.toml", &moved), ("c.toml", &standard), ("env/tak/x.toml", ROUTES)]);
    let path = |name: &str| text(&folder.path().join(name));
    let same = anslut(&["tak", "diff", &path("a.toml"), &path("env")], &[]);
    assert!(same.exit == Exit::Done && same.out == "✓ no difference\n", "{}{}", same.out, same.err);
    let ran = anslut(&["--json", "tak", "diff", &path("a.toml"), &path("b.toml")], &[]);
    assert_eq!(ran.exit, Exit::Failed, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((told["added"].as_array().unwrap().len(), told["removed"].as_array().unwrap().len()), (1, 1));
    let answers = told["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 1, "{told}");
    assert_eq!((answers[0]["consumer"].as_str(), answers[0]["address"].as_str()), (Some("K"), Some("A")));
    assert_eq!(
        (answers[0]["before"].as_str(), answers[0]["after"].as_str()),
        (Some("RIVTABP21 http://one"), Some("RIVTABP21 http://two"))
    );
    // A permission for all addresses reaches the addresses that have a route of their own.
    let ran = anslut(&["tak", "diff", &path("a.toml"), &path("c.toml")], &[]);
    assert!(ran.out.contains("L → A (urn:riv:x:GetXResponder:1): VP007 → RIVTABP21 http://one\n"), "{}", ran.out);
    assert!(ran.out.contains("L → * "), "{}", ran.out);
    let none = anslut(&["tak", "diff", &path("a.toml"), &path("nowhere")], &[]);
    assert_eq!(none.exit, Exit::Environment);
}
