//! Native suites: the same verdicts as published ones, files that say where they are wrong, data that survives.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anslut::domain::clock::Clock;
use anslut::qa::run::{Options, World, run};
use anslut::qa::suite::folder::Published;
use anslut::soap::responder::Responder;

use super::suite::{NAMESPACE, Ran, Stub, Suite, assertion, envelope, wsdl};

/// A native suite of contract T with one case and one step.
pub fn write(folder: &Path, expect: &str) {
    let header = format!(
        "schema = 1\nid = \"Thing\"\ncontract = \"{NAMESPACE}\"\nrole = \"producer\"\nwsdl = \"T.wsdl\"\n\
         data = {{ webServiceUrl = \"http://stub/\" }}\nnamespaces = {{ t = \"{NAMESPACE}\" }}\n\
         [records]\npath = \"//t:record\"\nid = \"t:documentId\"\npatient = \"t:patientId\"\ncare_unit = \"t:careUnitHSAId\"\ntimes = [\"t:time\"]\n"
    );
    let case = format!(
        "id = \"C1\"\nthemes = [\"TF 1.2\"]\nneeds = [\"answer\"]\n[[step]]\nsend = \"requests/basic.xml\"\n\
         headers = {{ x-mock-response = \"${{answer}}\" }}\nexpect = [\n{expect}\n]\n"
    );
    let request =
        envelope(&format!("<t:GetThing xmlns:t=\"{NAMESPACE}\"><t:patientId>191212121212</t:patientId></t:GetThing>"));
    for sub in ["cases", "requests"] {
        fs::create_dir_all(folder.join(sub)).unwrap();
    }
    for (name, text) in
        [("suite.toml", &header), ("cases/c1.toml", &case), ("requests/basic.xml", &request), ("T.wsdl", &wsdl())]
    {
        fs::write(folder.join(name), text).unwrap();
    }
}

fn run_native(expect: &str, set: &[(&str, &str)], stub: Stub) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), expect);
    let published = Published::read(folder.path()).unwrap();
    let stub = Arc::new(stub);
    let world = World::new(Arc::clone(&stub) as Arc<dyn Responder>, Clock::System);
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = Options { set, ..Options::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let finished = runtime.block_on(run("run-1", &published.projects, &options, &world));
    Ran { document: finished.document, stub }
}

#[test]
pub fn statement_78_a_native_case_says_what_a_published_one_says() {
    let assertions = assertion("Schema Compliance", "")
        + &assertion("SOAP Fault Assertion", "")
        + &assertion("Response SLA Assertion", "<SLA>60000</SLA>");
    let native = "{ schema = true }, { no_fault = true }, { max_ms = 60000 }";
    for answer in ["ok1", "ok0", "fault", "bad", "junk"] {
        let published = Suite::of(assertions.clone()).run(answer, Stub::default());
        let ours = run_native(native, &[("answer", answer)], Stub::default());
        assert_eq!(ours.verdict(), published.verdict(), "{answer}: {}", ours.said());
        let verdicts = |ran: &Ran| -> Vec<&'static str> {
            ran.case().steps.last().unwrap().assertions.iter().map(|one| one.verdict.word()).collect()
        };
        assert_eq!(verdicts(&ours), verdicts(&published), "{answer}");
        assert_eq!(ours.case().themes, ["TF 1.2"]);
    }
}

#[test]
fn a_native_expectation_holds_or_does_not() {
    for (expect, answer, verdict, said) in [
        ("{ records = { exactly = 1, each_equals = { patient = \"191212121212\" } } }", "ok1", "pass", ""),
        ("{ records = { at_least = 1 } }", "ok0", "fail", "0 records, expected at least 1"),
        ("{ records = { each_equals = { patient = \"x\" } } }", "ok1", "fail", "patient is 191212121212, expected x"),
        ("{ records = { each_time_within = [\"20240115\", \"20240115\"] } }", "ok1", "pass", ""),
        ("{ records = { each_time_within = [\"20240116\", \"\"] } }", "ok1", "fail", "20240115 is not within"),
        ("{ records = { ids_include = \"d1, d2\", ids_exclude = \"d1\" } }", "ok1", "fail", "missing record d2"),
        ("{ records = { each_has = [\"t:note\"] } }", "ok1", "fail", "t:note is missing"),
        ("{ records = { each_one_of = { care_unit = [\"a\", \"SE2321000016-U1\"] } } }", "ok1", "pass", ""),
        ("{ fault = { code = \"Server\", contains = \"such\" } }", "fault", "pass", ""),
        ("{ fault = { code = \"Client\" } }", "fault", "fail", "expected Client"),
        ("{ refused = true }", "ok1", "fail", "answered with 1 records"),
        ("{ refused = true }", "fault", "pass", ""),
        ("{ refused = true }", "ok0", "fail", "expected a refusal"),
        ("{ xpath = { path = \"//t:record\", count = 1 } }", "ok1", "pass", ""),
        ("{ xpath = { path = \"//t:record\", exists = false } }", "ok1", "fail", "selects 1"),
        ("{ xpath = { path = \"//t:patientId\", wildcard = \"19*\" } }", "ok1", "pass", ""),
        ("{ status = [200, 202] }", "fault", "fail", "status 500"),
        ("{ header = { name = \"content-type\", contains = \"xml\" } }", "ok1", "pass", ""),
        ("{ header = { name = \"x-none\", present = true } }", "ok1", "fail", "missing"),
        ("{ charset = \"UTF-8\" }", "ok1", "pass", ""),
        ("{ charset = \"UTF-16\" }", "ok1", "fail", "UTF-8"),
        ("{ min_ms = 60000 }", "ok1", "fail", "at least 60000"),
        ("{ contains = \"record\" }", "ok1", "pass", ""),
        ("{ result = { code = \"OK\" } }", "ok1", "fail", "no resultCode"),
        ("{ no_fault = true, note = \"a\", when = { flag = \"f\", equals = \"x\" } }", "ok1", "pass", ""),
        ("{ min_ms = 60000, when = { flag = \"f\", equals = \"x\" } }", "ok1", "skip", ""),
    ] {
        let ran = run_native(expect, &[("answer", answer), ("f", "y")], Stub::default());
        assert_eq!(ran.verdict(), verdict, "{expect}: {}", ran.said());
        assert!(ran.said().contains(said), "{expect}: {}", ran.said());
    }
}

#[test]
fn a_case_without_its_parameters_is_not_run() {
    let ran = run_native("{ no_fault = true }", &[], Stub::default());
    assert_eq!((ran.verdict(), ran.case().reason.as_str()), ("not-run", "parameter answer missing"));
    assert_eq!(ran.document.not_run.len(), 1);
    assert!(ran.stub.bodies().is_empty());
}

#[test]
pub fn statement_80_an_unknown_key_is_refused_with_its_line() {
    for (expect, line, said) in [
        ("{ schema = true },\n{ smell = true }", 9, "smell"),
        ("{ schema = true, no_fault = true }", 8, "one key"),
        ("{ note = \"nothing\" }", 8, "found none"),
        ("{ soap = false }", 8, "written with true"),
        ("{ records = { atleast = 1 } }", 8, "atleast"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), expect);
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_anslut"))
            .args(["qa", "run", folder.path().to_str().unwrap()])
            .env("ANSLUT_DATA", folder.path())
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{expect}: {complaint}");
        assert!(complaint.contains(&format!("c1.toml:{line}:")) && complaint.contains(said), "{expect}: {complaint}");
    }
}
