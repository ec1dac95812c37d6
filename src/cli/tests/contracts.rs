//! `anslut contracts`, from a published folder into an environment, and everything that can be asked of it there.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Ran, anslut};
use crate::cli::failure::Exit;
use crate::contracts::builtin;

/// The files of one release that ships, as somebody would have unpacked them.
fn release(folder: &Path) -> String {
    let package = builtin::package();
    let domain = "itintegration_monitoring";
    for name in package.names().filter(|name| name.starts_with(domain)) {
        let path = folder.join("ServiceContracts_itintegration_monitoring_1.0").join(&name[domain.len() + 1..]);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, package.bytes(name).unwrap()).unwrap();
    }
    folder.join("ServiceContracts_itintegration_monitoring_1.0").display().to_string()
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn a_release_goes_into_an_environment_and_is_used_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let release = release(folder.path());
    let environment = folder.path().join("env").display().to_string();
    let imported = anslut(&["contracts", "import", "--env", &environment, "--json", &release], &[]);
    assert_eq!(imported.exit, Exit::Done, "{}{}", imported.out, imported.err);
    assert!(lines(&imported).len() == 2 && lines(&imported).iter().all(|line| line["compiled"] == true));
    // Nothing but the release, under its own name, and again over itself.
    let again = anslut(&["contracts", "import", "--env", &environment, &release], &[]);
    assert_eq!(again.exit, Exit::Done, "{}", again.err);
    let lying: Vec<_> =
        fs::read_dir(Path::new(&environment).join("contracts")).unwrap().map(|one| one.unwrap()).collect();
    assert_eq!(lying.len(), 1);
    assert_eq!(lying[0].file_name(), "ServiceContracts_itintegration_monitoring_1.0");
    let env = ["--env", &environment];
    let listed = anslut(&["--json", "contracts", "list", "ping", env[0], env[1]], &[]);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(
        (listed[0]["source"]["kind"].as_str(), listed[0]["source"]["release"].as_str()),
        (Some("folder"), Some("1.0"))
    );
    let shown = anslut(&["contracts", "show", "PingForConfiguration:1", "--files", env[0], env[1]], &[]);
    assert!(
        shown.out.contains("PingForConfigurationResponse [1]") && shown.out.contains(&environment),
        "{}",
        shown.out
    );
    let message = folder.path().join("m.xml").display().to_string();
    let sampled = anslut(
        &["contracts", "sample", "PingForConfiguration", "--direction", "response", "--seed", "3", env[0], env[1]],
        &[],
    );
    assert_eq!(sampled.exit, Exit::Done, "{}", sampled.err);
    fs::write(&message, &sampled.out).unwrap();
    let valid = anslut(&["contracts", "validate", "--json", &message, env[0], env[1]], &[]);
    assert_eq!((valid.exit, lines(&valid)[0]["valid"].as_bool()), (Exit::Done, Some(true)), "{}", valid.out);
    fs::write(&message, sampled.out.replace("PingForConfigurationResponse>", "PingResponse>")).unwrap();
    let invalid = anslut(&["contracts", "validate", "--json", &message, env[0], env[1]], &[]);
    assert_eq!((invalid.exit, lines(&invalid)[0]["valid"].as_bool()), (Exit::Failed, Some(false)));
    let checked = anslut(&["check", &environment], &[]);
    assert!(checked.out.contains("IW13") && checked.exit == Exit::Done, "{}", checked.out);
}

#[test]
fn a_single_description_brings_what_it_reaches() {
    let folder = tempfile::tempdir().unwrap();
    let wsdl = format!(
        "{}/schemas/interactions/PingForConfigurationInteraction/PingForConfigurationInteraction_1.0_RIVTABP21.wsdl",
        release(folder.path())
    );
    let environment = folder.path().join("env").display().to_string();
    let imported = anslut(&["contracts", "import", "--env", &environment, &wsdl], &[]);
    assert_eq!(imported.exit, Exit::Done, "{}{}", imported.out, imported.err);
    fs::remove_dir_all(folder.path().join("ServiceContracts_itintegration_monitoring_1.0")).unwrap();
    let listed = anslut(&["--json", "contracts", "list", "ping", "--env", &environment], &[]);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!((listed[0]["source"]["kind"].as_str(), listed[0]["state"].as_str()), (Some("folder"), Some("ok")));
}

#[test]
fn broken_contracts_and_mistakes_have_their_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let release = release(folder.path());
    let schema =
        format!("{release}/schemas/interactions/PingForConfigurationInteraction/PingForConfigurationResponder_1.0.xsd");
    let text = fs::read_to_string(&schema).unwrap();
    fs::write(&schema, text.replace("type=\"xs:string\"", "type=\"xs:strong\"")).unwrap();
    let broken = anslut(&["--json", "contracts", "import", &release], &[]);
    assert_eq!(broken.exit, Exit::Failed);
    let problem = &lines(&broken)[0]["problems"][0];
    assert!(problem["code"] == "IE02" && problem["line"].as_u64().unwrap() > 1, "{problem}");
    let zip = folder.path().join("no.zip").display().to_string();
    fs::write(&zip, "no zip").unwrap();
    for (line, exit) in [
        (vec!["contracts", "import", &zip], Exit::Failed),
        (vec!["contracts", "import", "--env", "demo", &release], Exit::Environment),
        (vec!["contracts", "import", "/does/not/exist"], Exit::Environment),
        (vec!["contracts", "import"], Exit::Usage),
        (vec!["contracts", "show", "nothing"], Exit::Usage),
        (vec!["contracts", "show", "PingForConfiguration:1", "--contracts", &release], Exit::Done),
        (vec!["contracts", "sample", "PingForConfiguration:1", "--contracts", &release], Exit::Failed),
        (vec!["contracts", "sample", "GetDiagnosis:2", "--variant", "most"], Exit::Usage),
        (vec!["contracts", "validate", "/does/not/exist.xml"], Exit::Environment),
        (vec!["contracts", "list", "--contracts", "/does/not/exist"], Exit::Environment),
        (vec!["contracts", "diff", "GetDiagnosis:2@x"], Exit::Usage),
        (vec!["contracts", "diff", "GetDiagnosis:2@2.0", "GetDiagnosis:2"], Exit::Done),
        (vec!["contracts", "diff", "PingForConfiguration:1", "--after", &release], Exit::Failed),
        (vec!["contracts", "diff", "GetCareContacts:2", "GetCareContacts:3"], Exit::Done),
    ] {
        let ran = anslut(&line, &[]);
        assert_eq!(ran.exit, exit, "{line:?}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn a_breaking_change_under_the_same_major_fails() {
    let folder = tempfile::tempdir().unwrap();
    let before = release(folder.path());
    let after = folder.path().join("after").display().to_string();
    fs::rename(&before, &after).unwrap();
    let before = release(folder.path());
    let schema =
        format!("{after}/schemas/interactions/PingForConfigurationInteraction/PingForConfigurationResponder_1.0.xsd");
    let text = fs::read_to_string(&schema).unwrap();
    // What every answer had is no longer in every answer.
    let version = "name=\"version\" type=\"xs:string\"";
    assert!(text.contains(version), "{text}");
    fs::write(&schema, text.replacen(version, &format!("{version} minOccurs=\"0\""), 1)).unwrap();
    let ran = anslut(&["contracts", "diff", "PingForConfiguration:1", "--before", &before, "--after", &after], &[]);
    assert_eq!(ran.exit, Exit::Failed, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("verdict: major") && ran.out.contains("breaks the version rule"), "{}", ran.out);
}
