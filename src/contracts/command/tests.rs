use std::fs;

use super::*;
use crate::contracts::contract::Direction;
use crate::contracts::sample::{Envelope, Variant};

fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    output.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sample_of(contract: &str, direction: Direction) -> String {
    let output = sample::run(&sample::Arguments {
        sources: Sources::default(),
        contract: contract.to_owned(),
        minor: None,
        direction,
        variant: Variant::Typical,
        seed: 1,
        count: 1,
        patient: None,
        envelope: Envelope::Own,
        json: false,
    });
    assert_eq!((output.code, output.err.as_str()), (0, ""));
    output.out
}

#[test]
fn validate_gives_a_json_line_for_each_file() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.xml"), folder.path().join("bad.xml"));
    let message = sample_of("GetDiagnosis:2", Direction::Response);
    fs::write(&good, &message).unwrap();
    fs::write(&bad, message.replace("approvedForPatient>true<", "approvedForPatient>ja<")).unwrap();
    let files = vec![good.clone(), bad.clone()];
    let output = validate::run(&validate::Arguments { files, json: true, ..Default::default() });
    let lines = json_lines(&output);
    assert_eq!(output.code, 1);
    assert_eq!(lines[0]["file"], good.display().to_string());
    assert_eq!((lines[0]["valid"].as_bool(), lines[0]["errors"].as_array().unwrap().len()), (Some(true), 0));
    let error = &lines[1]["errors"][0];
    assert_eq!((lines[1]["valid"].as_bool(), error["rule"].as_str()), (Some(false), Some("cvc-datatype-valid")));
    let path = "/Envelope/Body/GetDiagnosisResponse/diagnosis[1]/diagnosisHeader/approvedForPatient";
    assert_eq!(error["path"], path);
    assert!(error["line"].as_u64().unwrap() > 5 && error["column"].as_u64().unwrap() > 5);
    assert!(error["message"].as_str().unwrap().contains("\"ja\" is not a valid boolean"));
}

#[test]
fn validate_says_when_a_description_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let (wsdl, message) = (folder.path().join("a.wsdl"), folder.path().join("m.xml"));
    fs::write(&wsdl, "<definitions").unwrap();
    fs::write(&message, "<a/>").unwrap();
    let sources = Sources { wsdl: Some(wsdl), ..Sources::default() };
    let output =
        validate::run(&validate::Arguments { sources, files: vec![message], json: true, ..Default::default() });
    assert_eq!(output.code, 1);
    assert_eq!(json_lines(&output)[0]["errors"][0]["rule"], "IE01");
}

#[test]
fn import_gives_a_json_line_for_each_description_and_copies_to_the_environment() {
    let (folder, environment) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let package = builtin::package();
    let domain = "itintegration_monitoring/";
    for name in package.names().filter(|name| name.starts_with(domain)) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, package.bytes(name).unwrap()).unwrap();
    }
    fs::write(folder.path().join("broken.wsdl"), "<wsdl:definitions/>").unwrap();
    let output = import::run(&import::Arguments {
        paths: vec![folder.path().to_owned()],
        environment: Some(environment.path().to_owned()),
        json: true,
        ..Default::default()
    });
    let lines = json_lines(&output);
    assert_eq!((output.code, lines.len()), (1, 3));
    let broken = lines.iter().find(|line| line["wsdl"].as_str().unwrap().ends_with("broken.wsdl")).unwrap();
    assert_eq!((broken["compiled"].as_bool(), broken["problems"][0]["code"].as_str()), (Some(false), Some("IE01")));
    assert!(lines.iter().filter(|line| line["compiled"] == true).count() == 2);
    let sources = Sources { contracts: vec![environment.path().join("contracts")], ..Sources::default() };
    let listed = list::list(&sources, Some("itintegration:monitoring"), None, true);
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(listed[0]["source"]["kind"], "folder");
    assert_eq!(listed[0]["profiles"].as_array().unwrap().len(), 2);
}

#[test]
fn show_gives_the_tree_with_cardinality() {
    let output = list::show(&Sources::default(), "getdiagnosis", None, true, false);
    assert_eq!(output.code, 0);
    assert!(output.out.contains("    diagnosis [0..*] DiagnosisType"), "{}", output.out);
    assert!(
        output.out.contains("typeOfDiagnosis [1] DiagnosisTypeEnum (\"Huvuddiagnos\", \"Bidiagnos\")"),
        "{}",
        output.out
    );
    assert_eq!(list::show(&Sources::default(), "GetCareContacts", None, false, false).code, 2);
    assert!(
        list::show(&Sources::default(), "nonsense", None, false, false)
            .err
            .contains("no contract is named \"nonsense\"")
    );
}

#[test]
fn diff_of_a_contract_with_itself_is_identical() {
    let side = compare::Side { contract: "GetDiagnosis:2".to_owned(), ..Default::default() };
    let output = compare::run(&Sources::default(), &side, &side, true);
    assert_eq!((output.code, json_lines(&output)[0]["verdict"].as_str()), (0, Some("identical")));
}

#[test]
fn lint_finds_the_same_in_a_zip_and_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Sources::default().load().registry;
    let contract = registry.select("GetCareContacts:2", None).unwrap();
    let packed = crate::contracts::repacked::repacked(&contract, None).unwrap();
    let (zip, unpacked) = (folder.path().join("release.zip"), folder.path().join("release"));
    fs::write(&zip, &packed.bytes).unwrap();
    for (name, bytes) in crate::store::zip::read(&packed.bytes).unwrap() {
        let path = unpacked.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let found = |paths: &[&std::path::Path], format, only: Option<&str>| {
        let paths = paths.iter().map(|path| path.to_path_buf()).collect();
        lint::run(&lint::Arguments { paths, format, only: only.map(str::to_owned), ..lint::Arguments::default() })
    };
    let [in_zip, in_folder] = [(&zip, "!"), (&unpacked, "/")].map(|(path, between)| {
        let output = found(&[path.as_path()], lint::Format::Text, None);
        assert_eq!(output.code, 1, "{}", output.out);
        let start = format!("{}{between}schemas/", path.display());
        let lines: Vec<_> =
            output.out.lines().filter_map(|line| line.strip_prefix(&start).map(str::to_owned)).collect();
        assert!(lines.iter().any(|line| line.contains(" L10: type CVType: ")), "{}", output.out);
        lines
    });
    assert_eq!(in_zip, in_folder);
    let sarif = found(&[zip.as_path()], lint::Format::Sarif, None);
    let document: serde_json::Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(document["runs"][0]["results"].as_array().unwrap().len(), in_zip.len());
    let shipped = found(&[], lint::Format::Text, None);
    assert_eq!((shipped.code, shipped.out.starts_with("0 to mend in 45 contracts, ")), (0, true), "{}", shipped.out);
    assert_eq!(found(&[], lint::Format::Text, Some("nothing")).code, 3);
}

#[test]
fn coverage_reads_files_and_folders_of_messages() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.xml", sample_of("GetDiagnosis:2", Direction::Request)),
        ("b.xml", sample_of("GetDiagnosis:2", Direction::Response)),
        (".hidden", sample_of("GetCarePlans:2", Direction::Request)),
        ("c.txt", "no message".to_owned()),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let covered = |contract: Option<&str>, json| {
        let (messages, contract) = (vec![folder.path().to_owned()], contract.map(str::to_owned));
        let sources = Sources::default();
        coverage::run(&coverage::Arguments { sources, contract, minor: None, messages, json })
    };
    let all = covered(None, true);
    let found = &json_lines(&all)[0];
    assert_eq!((found.as_array().unwrap().len(), found[0]["operation"].as_str()), (1, Some("GetDiagnosis")));
    assert_eq!((&found[0]["request"]["messages"], &found[0]["response"]["messages"]), (&1.into(), &1.into()));
    let text = covered(Some("GetDiagnosis"), false).out;
    assert!(text.contains("by 1 message\n") && text.contains("not used: "), "{text}");
    assert!(text.ends_with("3 files, 1 of them no message of the contract\n"), "{text}");
    assert_eq!(covered(Some("nothing"), false).code, 2);
}
