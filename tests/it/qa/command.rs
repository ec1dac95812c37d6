//! The command line and what is made of a run, against a real listener.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::suite::{NAMESPACE, Suite, answer, assertion, data, record};

fn anslut(arguments: &[&str], home: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_anslut"))
        .args(arguments)
        .env("ANSLUT_DATA", home)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    })
}

/// A listener that answers everything alike.
async fn listener(body: String) -> wiremock::MockServer {
    let server = wiremock::MockServer::start().await;
    let template = wiremock::ResponseTemplate::new(200).set_body_raw(body, "text/xml; charset=UTF-8");
    wiremock::Mock::given(wiremock::matchers::method("POST")).respond_with(template).mount(&server).await;
    server
}

fn written(suite: &Suite, patient: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let suite = Suite {
        data: Some(data(&[("answer", "x")], &[("patientId", patient)])),
        ..Suite::of(suite.assertions.clone())
    };
    suite.write(folder.path());
    folder
}

#[test]
pub fn a_run_is_kept_reported_and_bundled() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(listener(answer(&record("d1", "191212121212", "20240115120000"))));
    let home = tempfile::tempdir().unwrap();
    let folder = written(
        &Suite::of(assertion("Schema Compliance", "") + &assertion("SOAP Fault Assertion", "")),
        "191212121212",
    );
    let path = folder.path().to_str().unwrap();
    let junit = home.path().join("junit.xml");
    let output = anslut(
        &["--json", "qa", "run", path, "--target", &server.uri(), "--junit", junit.to_str().unwrap()],
        home.path(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let run = json(&output);
    assert_eq!((run["schema"].as_str(), run["verdict"].as_str()), (Some("anslut.qa.run/1"), Some("pass")));
    assert_eq!(run["totals"]["pass"], 1);
    assert_eq!(run["cases"][0]["data"]["patientId"], "191212121212");
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert!(xml.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""), "{xml}");

    let id = run["id"].as_str().unwrap();
    let bundle = home.path().join("evidence.zip");
    let bundled = anslut(&["qa", "report", id, "--format", "bundle", "--out", bundle.to_str().unwrap()], home.path());
    assert_eq!(bundled.status.code(), Some(0), "{}", String::from_utf8_lossy(&bundled.stderr));
    // Statement 72: whole, and not whole after any change.
    let verify = |file: &Path| anslut(&["--json", "qa", "verify-bundle", file.to_str().unwrap()], home.path());
    assert_eq!(verify(&bundle).status.code(), Some(0));
    let bytes = std::fs::read(&bundle).unwrap();
    let changed = home.path().join("changed.zip");
    for at in (0..bytes.len()).step_by(bytes.len() / 9) {
        let mut other = bytes.clone();
        other[at] ^= 1;
        std::fs::write(&changed, other).unwrap();
        assert_eq!(verify(&changed).status.code(), Some(1), "byte {at}");
    }
    let entries = anslut::qa::report::zip::read(&bytes).unwrap();
    let named: Vec<_> = entries.iter().filter(|(name, _)| name != "junit.xml").cloned().collect();
    std::fs::write(&changed, anslut::qa::report::zip::write(&named).unwrap()).unwrap();
    let without = verify(&changed);
    assert_eq!(without.status.code(), Some(1));
    assert_eq!(json(&without)["wrong"][0], "junit.xml is missing");
    // The same from a tool that packs in its own way: other moments in the headers, for one.
    let mut packed = anslut::qa::report::zip::write(&named).unwrap();
    packed[12] ^= 1;
    std::fs::write(&changed, &packed).unwrap();
    assert_eq!(json(&verify(&changed))["wrong"][0], "junit.xml is missing");
    let mut packed = bytes.clone();
    packed[12] ^= 1;
    std::fs::write(&changed, &packed).unwrap();
    assert_eq!(verify(&changed).status.code(), Some(1));
    let mut more = entries.clone();
    more.push(("extra.txt".to_owned(), b"x"));
    std::fs::write(&changed, anslut::qa::report::zip::write(&more).unwrap()).unwrap();
    assert_eq!(json(&verify(&changed))["wrong"][0], "extra.txt does not belong to the bundle");

    // Signed: whole by that key alone.
    let key = |name: &str| {
        let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let [private, public] = [".pem", ".pub"].map(|end| home.path().join(format!("{name}{end}")));
        std::fs::write(&private, made.serialize_pem()).unwrap();
        std::fs::write(&public, made.public_key_pem()).unwrap();
        [private, public].map(|path| path.to_str().unwrap().to_owned())
    };
    let ([private, public], [_, other]) = (key("own"), key("other"));
    let verify_by = |file: &Path, key: &str| {
        let verified = anslut(&["--json", "qa", "verify-bundle", file.to_str().unwrap(), "--key", key], home.path());
        (verified.status.code(), json(&verified)["wrong"][0].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(verify_by(&bundle, &public), (Some(1), "manifest.sig is missing".to_owned()));
    let signed = home.path().join("signed.zip");
    let out = signed.to_str().unwrap();
    let made = anslut(&["qa", "report", id, "--format", "bundle", "--sign", &private, "--out", out], home.path());
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(json(&verify(&signed))["signed_by"].as_str().map(str::len), Some(64));
    assert_eq!(verify_by(&signed, &public), (Some(0), String::new()));
    let (code, said) = verify_by(&signed, &other);
    assert!(code == Some(1) && said.starts_with("manifest.json names another key"), "{said}");
    let bytes = std::fs::read(&signed).unwrap();
    let entries = anslut::qa::report::zip::read(&bytes).unwrap();
    let (manifest, forged) = (entries[0].1, [0u8; 64]);
    assert_eq!((entries[0].0.as_str(), entries[1].0.as_str()), ("manifest.json", "manifest.sig"));
    let forged = [("manifest.json", manifest), ("manifest.sig", &forged[..])].into_iter();
    let rest = entries[2..].iter().map(|(name, bytes)| (name.as_str(), *bytes));
    let forged: Vec<_> = forged.chain(rest).collect();
    std::fs::write(&changed, anslut::qa::report::zip::write(&forged).unwrap()).unwrap();
    let said = json(&verify(&changed))["wrong"][0].as_str().unwrap_or_default().to_owned();
    assert!(said.starts_with("manifest.sig is not the signature of manifest.json"), "{said}");
    // The key of the data directory signs by itself.
    std::fs::create_dir_all(home.path().join("qa")).unwrap();
    std::fs::copy(&private, home.path().join("qa/bundle-key.pem")).unwrap();
    let by_itself = home.path().join("by-itself.zip");
    let out = by_itself.to_str().unwrap();
    assert_eq!(anslut(&["qa", "report", id, "--format", "bundle", "--out", out], home.path()).status.code(), Some(0));
    assert_eq!(std::fs::read(&by_itself).unwrap(), bytes);

    // Statement 71: the page needs nothing from anywhere.
    let page = anslut(&["qa", "report", id, "--format", "html", "--lang", "en"], home.path());
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains("<html lang=\"en\">"), "{page}");
    for reference in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
pub fn statement_73_identities_that_may_be_somebodys_stay_here() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Nobody's in fact: a birth number that is not of the test series, on a day long before the numbers began.
    let unknown = "180001012384";
    let server = runtime.block_on(listener(answer(&record("d1", unknown, "20240115120000"))));
    let home = tempfile::tempdir().unwrap();
    let folder = written(&Suite::of(assertion("SOAP Response", "")), "191212121212");
    let output =
        anslut(&["--json", "qa", "run", folder.path().to_str().unwrap(), "--target", &server.uri()], home.path());
    let id = json(&output)["id"].as_str().unwrap().to_owned();
    let bundle = home.path().join("evidence.zip");
    let make = |more: &[&str]| {
        let mut arguments = vec!["qa", "report", &id, "--format", "bundle", "--out", bundle.to_str().unwrap()];
        arguments.extend(more);
        anslut(&arguments, home.path())
    };
    let refused = make(&[]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("18000101-****") && !said.contains(unknown), "{said}");
    assert!(!bundle.exists());
    assert_eq!(make(&["--redact"]).status.code(), Some(0));
    let bytes = std::fs::read(&bundle).unwrap();
    let entries = anslut::qa::report::zip::read(&bytes).unwrap();
    assert!(entries.iter().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains(unknown)));
    // Whoever runs the place says that it is nobody's.
    std::fs::create_dir_all(home.path().join("qa")).unwrap();
    std::fs::write(home.path().join("qa/test-identities.txt"), format!("# ours\n{unknown}  # nobody\n")).unwrap();
    assert_eq!(make(&[]).status.code(), Some(0));
}

#[test]
fn check_tells_rules_that_no_recorded_answer_has_anything_for() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(listener(answer(&record("d1", "191212121212", "20240115120000"))));
    let home = tempfile::tempdir().unwrap();
    let folder = written(&Suite::of(assertion("SOAP Response", "")), "191212121212");
    let rule = |context: &str| format!("<rule context='{context}'><assert test='true()'>x</assert></rule>");
    let rules = format!(
        "<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt2'><ns prefix='t' uri='{NAMESPACE}'/>\
         <pattern id='p'>{}{}</pattern></schema>",
        rule("t:record"),
        rule("t:recrod")
    );
    std::fs::write(folder.path().join("constraints.xml"), rules).unwrap();
    let path = folder.path().to_str().unwrap();
    let dead = || json(&anslut(&["--json", "qa", "suites", "check", path], home.path()))["dead_rules"].clone();
    // Without an answer nothing is known of any rule.
    assert_eq!(dead(), serde_json::json!([]));
    let ran = anslut(&["qa", "run", path, "--target", &server.uri()], home.path());
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stdout));
    let dead = dead();
    assert_eq!((dead[0]["context"].as_str(), dead.as_array().unwrap().len()), (Some("t:recrod"), 1), "{dead}");
}

#[test]
pub fn exit_codes_tell_what_kind_of_trouble_it_is() {
    let home = tempfile::tempdir().unwrap();
    let folder = written(&Suite::of(assertion("SOAP Response", "")), "191212121212");
    let path = folder.path().to_str().unwrap();
    // Statement 40: nobody at all answers. A port that was just given back is nobody's.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = anslut(&["qa", "run", path, "--target", &format!("http://{nobody}/")], home.path());
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
    // Statement 63: no case of that name.
    let output = anslut(&["qa", "run", path, "--case", "C9*"], home.path());
    assert_eq!(output.status.code(), Some(2));
    let listed = json(&anslut(&["--json", "qa", "suites", path], home.path()));
    assert_eq!(listed["suites"][0]["name"], "TS");
    assert_eq!(listed["suites"][0]["runnable_share"], 1.0);
    assert_eq!(listed["suites"][0]["cases"][0]["runnable"], true);
    let empty = tempfile::tempdir().unwrap();
    let output = anslut(&["qa", "suites", empty.path().to_str().unwrap()], home.path());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_generated_suite_is_one_that_can_be_checked_and_keeps_what_was_filled_in() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("suite");
    let (suite, folder) = (concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/qa/GetDiagnosis"), out.to_str().unwrap());
    for _ in 0..2 {
        let made = anslut(&["qa", "suites", "generate", suite, "--out", folder], home.path());
        assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let checked = anslut(&["qa", "suites", "check", folder], home.path());
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{}{}",
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&checked.stderr)
    );
    let form = out.join("data.toml");
    std::fs::write(&form, "# mine\n").unwrap();
    anslut(&["qa", "suites", "generate", suite, "--out", folder], home.path());
    assert_eq!(std::fs::read_to_string(form).unwrap(), "# mine\n");
}

#[test]
fn a_converted_suite_says_what_its_original_said_and_gives_its_data_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let good = runtime.block_on(listener(answer(&record("d1", "191212121212", "20240115120000"))));
    let broken = runtime.block_on(listener(answer("<t:record><t:wrong/></t:record>")));
    let home = tempfile::tempdir().unwrap();
    let folder = written(
        &Suite::of(assertion("Schema Compliance", "") + &assertion("SOAP Fault Assertion", "")),
        "191212121212",
    );
    let (original, native) = (folder.path().to_str().unwrap(), home.path().join("native"));
    let native = native.to_str().unwrap();
    let converted = anslut(&["--json", "qa", "suites", "convert", original, "--out", native], home.path());
    assert_eq!(converted.status.code(), Some(0), "{}", String::from_utf8_lossy(&converted.stderr));
    assert_eq!(json(&converted)["kept"], serde_json::json!([]), "every case is one of our own now");
    for (target, verdict, code) in [(good.uri(), "pass", 0), (broken.uri(), "fail", 1)] {
        for suite in [original, native] {
            let output = anslut(&["--json", "qa", "run", suite, "--target", &target], home.path());
            assert_eq!(output.status.code(), Some(code), "{suite}: {}", String::from_utf8_lossy(&output.stderr));
            let run = json(&output);
            assert_eq!(run["verdict"], verdict, "{suite}: {run}");
            assert_eq!(run["cases"].as_array().unwrap().len(), 1, "{suite}");
            assert_eq!(run["cases"][0]["data"]["patientId"], "191212121212", "{suite}");
        }
    }
    // Back to the data file that others read.
    let file = home.path().join("data.xml");
    let exported = anslut(&["qa", "suites", "export", native, "--data-xml", file.to_str().unwrap()], home.path());
    assert_eq!(exported.status.code(), Some(0), "{}", String::from_utf8_lossy(&exported.stderr));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("<testcase id=\"C1\">") && text.contains("<patientId>191212121212</patientId>"), "{text}");
}

/// `anslut qa session …` at a data directory.
fn session(home: &Path, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["--json", "qa", "session", "--data", home.to_str().unwrap()];
    all.extend(arguments);
    let output = anslut(&all, home);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    if code == 0 || !output.stdout.is_empty() { json(&output) } else { Value::String(told) }
}

#[test]
fn a_session_is_walked_from_plan_to_decision_on_the_command_line() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(listener(answer(&record("d1", "191212121212", "20240115120000"))));
    let home = tempfile::tempdir().unwrap();
    let folder = written(&Suite::of(assertion("Not SOAP Fault Assertion", "")), "191212121212");
    let (suite, url) = (folder.path().to_str().unwrap(), server.uri());
    let go = |arguments: &[&str], code| session(home.path(), arguments, code);
    let contract = "urn:riv:test:qa:GetThingResponder:1";
    let begun = go(
        &[
            "add",
            "--id",
            "s1",
            "--party",
            "region-x",
            "--contract",
            contract,
            "--role",
            "producer",
            "--environment",
            "NTJP-QA",
            "--suite",
            suite,
        ],
        0,
    );
    assert_eq!((begun["state"].as_str(), begun["plan"][0]["case"].as_str()), (Some("PLANNED"), Some("C1")), "{begun}");
    go(&["step", "s1", "assign_test_env"], 0);
    go(&["step", "s1", "start_tests"], 0);
    // The case fails; a retry runs it again, and it fails again.
    let run = go(&["run", "s1", "--target", &url], 1);
    assert_eq!((run["verdict"].as_str(), run["session"].as_str()), (Some("fail"), Some("s1")), "{run}");
    let again = go(&["run", "s1", "--target", &url, "--retry"], 1);
    let runs = [again["id"].as_str().unwrap(), "--compare", run["id"].as_str().unwrap()];
    let mut compare = vec!["--json", "qa", "report", "--data", home.path().to_str().unwrap()];
    compare.extend(runs);
    // C1 came to the same; what was made from the contract is new in the second run.
    let compared = json(&anslut(&compare, home.path()));
    let changed = compared["changed"].as_array().unwrap();
    assert!(!changed.is_empty() && changed.iter().all(|one| one["before"].is_null()), "{compared:#}");
    assert!(changed.iter().all(|one| !one["case"].as_str().unwrap().ends_with("/C1")), "{compared:#}");
    let plan = go(&["plan", "s1"], 0);
    assert_eq!((&plan["cases"][0]["verdict"], &plan["cases"][0]["run"]), (&"fail".into(), &again["id"]));
    // A run made from outside for the session belongs to it as well.
    let beside = anslut(&["--json", "qa", "run", suite, "--target", &url, "--session", "s1"], home.path());
    assert_eq!(beside.status.code(), Some(1), "{}", String::from_utf8_lossy(&beside.stderr));
    let shown = go(&["show", "s1"], 0);
    assert_eq!(shown["runs"].as_array().unwrap().len(), 3, "{shown}");
    let unknown = anslut(&["qa", "run", suite, "--target", &url, "--session", "none"], home.path());
    assert_eq!(unknown.status.code(), Some(2));
    // What failed becomes a deviation, in one step.
    let run_id = run["id"].as_str().unwrap();
    let raised = go(&["raise", "--run", run_id, "--case", "C1", "--class", "åtgärd", "--due", "2026-12-01"], 0);
    assert_eq!(
        (raised["session"].as_str(), raised["title"].as_str()),
        (Some("s1"), Some("response is not a SOAP fault"))
    );
    assert_eq!(raised["class"], "ej stoppande, kräver åtgärd");
    for event in ["declare", "review"] {
        go(&["step", "s1", event], 0);
    }
    let refused = go(&["step", "s1", "decide", "--decision", "GODKAND"], 1);
    assert!(refused.as_str().unwrap().contains("possible: GODKAND_FORBEHALL, UNDERKAND"), "{refused}");
    go(&["comment", "s1", "rättas i 2.1", "--by", "Anna"], 0);
    let decided = go(&["step", "s1", "decide", "--decision", "GODKAND_FORBEHALL", "--due", "2099-12-01"], 0);
    assert_eq!((decided["state"].as_str(), decided["due"].as_str()), (Some("GODKAND_FORBEHALL"), Some("2099-12-01")));
    assert_eq!(go(&["change", "AVV-1", "--status", "verified", "--comment", "sett"], 0)["status"], "verified");
    assert_eq!(go(&["deviations", "s1"], 0)[0]["comments"][0], "sett");
    let about = go(&["coverage", "s1"], 0);
    assert!(about["rows"].is_array(), "{about}");
    // A reviewer's verdict counts, and the case that is taken out of the plan needs a reason.
    let decided = go(
        &["override", again["id"].as_str().unwrap(), "0", "--verdict", "pass", "--by", "Anna", "--reason", "känd"],
        0,
    );
    assert_eq!((decided["verdict"].as_str(), decided["override"]["verdict"].as_str()), (Some("fail"), Some("pass")));
    go(&["plan", "s1", "--case", "C1", "--status", "removed"], 2);
    let removed = go(&["plan", "s1", "--case", "C1", "--status", "removed", "--comment", "utgår"], 0);
    assert_eq!(removed["cases"][0]["status"], "removed");
    let text = anslut(&["qa", "session", "--data", home.path().to_str().unwrap(), "declaration", "s1"], home.path());
    assert!(String::from_utf8_lossy(&text.stdout).contains("# Självdeklaration"));
    // The evidence holds the declaration and the deviations.
    let bundle = home.path().join("evidence.zip");
    let made = anslut(
        &[
            "qa",
            "report",
            run_id,
            "--format",
            "bundle",
            "--out",
            bundle.to_str().unwrap(),
            "--data",
            home.path().to_str().unwrap(),
        ],
        home.path(),
    );
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    let bytes = std::fs::read(&bundle).unwrap();
    let entries = anslut::qa::report::zip::read(&bytes).unwrap();
    let entry = |name: &str| entries.iter().find(|(known, _)| known == name).map(|(_, bytes)| *bytes);
    for name in ["declaration.json", "declaration.md", "declaration.html"] {
        assert!(entry(name).is_some(), "{name}");
    }
    let deviations: Value = serde_json::from_slice(entry("deviations.json").unwrap()).unwrap();
    assert_eq!(deviations[0]["id"], "AVV-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_system_of_the_demo_stands_the_generated_suite() {
    let demo = crate::producers::demo::Demo::start().await;
    let target = format!("http://{}/journal-a/", demo.platform.address("producers").expect("a listener"));
    let home = tempfile::tempdir().unwrap();
    let suite = home.path().join("suite");
    std::fs::create_dir_all(&suite).unwrap();
    let contract = "urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2";
    std::fs::write(
        suite.join("suite.toml"),
        format!("schema = 1\nid = \"GetCareDocumentation\"\ncontract = \"{contract}\"\nrole = \"producer\"\n"),
    )
    .unwrap();
    let data = "[target]\nlogicalAddress = \"SE2321000016-S001\"\nsourceSystemHSAId = \"SE2321000016-S001\"\n\
                httpHeaderHsaId = \"SE5565594230-ORIG\"\n[patient]\n\
                rich = { id = \"191212121212\", type = \"1.2.752.129.2.1.3.1\" }\n\
                unknown = { id = \"200409149812\", type = \"1.2.752.129.2.1.3.1\" }\n\
                [selection]\ncareUnitHSAId = \"SE2321000016-1004\"\n";
    std::fs::write(suite.join("data.toml"), data).unwrap();
    let path = suite.to_str().unwrap().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        // The cases of load take minutes: they are about time, and this is about answers.
        let cases = ["TF-1*", "TF-2*", "TF-3*", "TF-4*", "TF-5*", "GEN-*"].map(|case| ["--case", case]);
        let mut arguments = vec!["--json", "qa", "run", &path, "--generated", "--target", &target];
        arguments.extend(cases.iter().flatten());
        json(&anslut(&arguments, home.path()))
    });
    let run = output.await.unwrap();
    let cases = run["cases"].as_array().expect("cases");
    let of = |verdict: &str| -> Vec<String> {
        let found = cases.iter().filter(|case| case["verdict"] == verdict);
        found.map(|case| format!("{}: {}", case["id"], case["reason"])).collect()
    };
    assert_eq!(of("fail"), [] as [String; 0]);
    let passed = of("pass");
    for case in ["other-source", "mandatory", "date", "broken"] {
        assert!(passed.iter().any(|one| one.contains(&format!("TF-1.7-{case}"))), "{case} not among {passed:?}");
    }
}

#[test]
fn a_suite_is_imported_and_known_by_its_name() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(listener(answer(&record("d1", "191212121212", "20240115120000"))));
    let home = tempfile::tempdir().unwrap();
    let folder = written(&Suite::of(assertion("SOAP Fault Assertion", "")), "191212121212");
    let path = folder.path().to_str().unwrap();
    let said = |arguments: &[&str]| {
        let output = anslut(arguments, home.path());
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout),
        )
    };
    assert_eq!(said(&["qa", "suites"]).0, Some(0), "nothing is imported, which is no mistake");
    let imported = anslut(&["--json", "qa", "suites", "import", path, "--name", "Mine"], home.path());
    assert_eq!(imported.status.code(), Some(0), "{}", String::from_utf8_lossy(&imported.stderr));
    let one = &json(&imported)["imported"][0];
    assert_eq!(
        (&one["name"], &one["is_new"], &one["suites"][0]["cases"][0]["name"]),
        (&"Mine".into(), &true.into(), &"C1".into())
    );
    let again = json(&anslut(&["--json", "qa", "suites", "import", path], home.path()));
    assert_eq!(
        (&again["imported"][0]["id"], &again["imported"][0]["is_new"]),
        (&one["id"], &false.into()),
        "the same bytes"
    );
    // As imported: the files are those of the folder.
    let listed = json(&anslut(&["--json", "qa", "suites", "list"], home.path()));
    let of_folder = json(&anslut(&["--json", "qa", "suites", path], home.path()));
    assert_eq!(listed["suites"][0]["files"], of_folder["suites"][0]["files"]);
    assert_eq!((&listed["suites"][0]["imported_as"], &listed["suites"][0]["id"]), (&"Mine".into(), &one["id"]));
    for name in ["Mine", one["id"].as_str().unwrap()] {
        let (code, text) = said(&["qa", "suites", "show", name, "--scripts"]);
        assert!(code == Some(0) && text.contains("G01"), "{name}: {text}");
        // A folder after --data is the data directory, as it is elsewhere; the usual one is not touched.
        let other = tempfile::tempdir().unwrap();
        let data = home.path().to_str().unwrap();
        let ran = anslut(&["--json", "qa", "run", name, "--target", &server.uri(), "--data", data], other.path());
        assert_eq!(ran.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
        let run = home.path().join("qa/runs").join(json(&ran)["id"].as_str().unwrap());
        assert!(run.join("run.json").exists() && !other.path().join("qa").exists());
    }
    let zip = home.path().join("evil.zip");
    std::fs::write(&zip, anslut::qa::report::zip::write(&[("../x.xml", "<a/>")]).unwrap()).unwrap();
    let folder = written(&Suite::of(assertion("SOAP Response", "")), "191212121212");
    let (other, evil) = (folder.path().to_str().unwrap(), zip.to_str().unwrap());
    for (arguments, why) in [
        (vec!["import", evil], "../x.xml"),
        (vec!["import", path, evil], "../x.xml"),
        (vec!["import", other, "--name", "Mine"], "has the name Mine already"),
        (vec!["import", path, other, "--name", "Two"], "--name names one suite"),
        (vec!["import", other, "--name", " "], "cannot be given"),
        (vec!["import"], "needs a path"),
        (vec!["check", "Yours"], "no suite of that name"),
        (vec![path, "--name", "Mine"], "--name belongs to import"),
    ] {
        let (code, text) = said(&[&["qa", "suites"], arguments.as_slice()].concat());
        assert!(code == Some(2) && text.contains(why), "{arguments:?}: {text}");
    }
    assert_eq!(json(&anslut(&["--json", "qa", "suites"], home.path()))["suites"].as_array().unwrap().len(), 1);
}
