//! `qa.md` §10.1: import and data.

use anslut::qa::suite::folder::Published;

use super::suite::{Stub, Suite, assertion, data, envelope};

fn sent(suite: &Suite) -> (String, super::suite::Ran) {
    let ran = suite.run("ok1", Stub::default());
    let body = ran.stub.bodies().first().cloned().unwrap_or_default();
    (body, ran)
}

fn asking(text: &str) -> Suite {
    Suite { envelope: envelope(&format!("<x>{text}</x>")), ..Suite::of(assertion("SOAP Response", "")) }
}

#[test]
pub fn statements_1_2_and_4_a_folder_and_its_zip_are_the_same_suite() {
    let folder = tempfile::tempdir().unwrap();
    Suite::of(assertion("SOAP Response", "")).write(folder.path());
    std::fs::write(folder.path().join("README.txt"), "read me").unwrap();
    std::fs::write(
        folder.path().join("all-workspace.xml"),
        "<con:soapui-workspace xmlns:con=\"http://eviware.com/soapui/config\"/>",
    )
    .unwrap();
    let published = Published::read(folder.path()).unwrap();
    assert_eq!(published.projects.len(), 1);
    let project = &published.projects[0];
    assert_eq!(project.project.suites[0].name, "TS");
    assert_eq!(project.project.suites[0].cases.len(), 1);
    assert_eq!(project.contract.as_deref(), Some(super::suite::NAMESPACE));
    assert_eq!(published.skipped.len(), 1);
    assert_eq!(published.skipped[0].file, "all-workspace.xml");

    let files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    let zip = anslut::qa::report::zip::write(&files).unwrap();
    let zipped = Published::read_zip("suite.zip", &zip).unwrap();
    assert_eq!(zipped.projects[0].files, project.files);
    assert_eq!(zipped.projects[0].project.suites[0].cases.len(), 1);
}

#[test]
pub fn statement_3_a_zip_that_leads_out_of_itself_is_refused() {
    let zip = anslut::qa::report::zip::write(&[("../x.xml".to_owned(), b"<a/>".to_vec())]).unwrap();
    assert!(Published::read_zip("suite.zip", &zip).unwrap_err().contains("../x.xml"));
}

#[test]
pub fn statements_5_to_7_a_case_overrides_what_is_global() {
    let (body, _) = sent(&asking("${a}").data(&[("a", "1")], &[("a", "2")]));
    assert!(body.contains("<x>2</x>"), "{body}");
    let (body, _) = sent(&asking("${a}").data(&[("a", "1")], &[]));
    assert!(body.contains("<x>1</x>"), "{body}");
    let mut suite = asking("${a}");
    suite.data = Some(data(&[("a", "1")], &[]).replace("<data></data>", ""));
    let (body, ran) = sent(&suite);
    assert!(body.contains("<x>1</x>"), "{body}");
    assert_eq!(ran.verdict(), "pass", "{}", ran.said());
}

#[test]
pub fn statements_8_to_10_data_that_is_not_there_is_an_error_with_its_text() {
    let mut suite = asking("x");
    suite.case_id = "c1".to_owned();
    let twice = data(&[], &[]).replace("</testsuite>", "<testcase id=\"C1\"/></testsuite>");
    let rows = [
        (suite, "Could not find data for TestCaseName: c1"),
        (Suite { data: Some(twice), ..asking("x") }, "TestCaseName is not unique: C1"),
        (Suite { data: None, ..asking("x") }, "dataFile does not exist: "),
    ];
    for (suite, reason) in rows {
        let ran = suite.run("ok1", Stub::default());
        assert_eq!(ran.verdict(), "error", "{}", ran.said());
        assert!(ran.case().reason.contains(reason), "{}", ran.said());
        assert!(ran.stub.bodies().is_empty());
    }
}

#[test]
pub fn statement_11_a_name_nobody_knows_is_empty_and_the_nearest_is_named() {
    let (body, ran) = sent(&asking("[${careUnitHSAId}]").data(&[], &[("careUnitHSAid", "U")]));
    assert!(body.contains("<x>[]</x>"), "{body}");
    let notice = ran.case().notices.iter().find(|notice| notice.code == "unresolved-property").unwrap();
    assert!(notice.text.contains("careUnitHSAId") && notice.text.contains("careUnitHSAid"), "{}", notice.text);
}

#[test]
pub fn statements_12_to_15_expansions() {
    let mut suite = asking("${#TestSuite#urn} ${=java.util.UUID.randomUUID()} ${=java.util.UUID.randomUUID()} $${x}");
    suite.suite_properties.push(("urn".to_owned(), "urn:x".to_owned()));
    suite.headers.push(("x-urn".to_owned(), "${#TestSuite#urn}".to_owned()));
    let (body, ran) = sent(&suite);
    let words: Vec<&str> = body.split("<x>").nth(1).unwrap().split("</x>").next().unwrap().split(' ').collect();
    assert_eq!((words[0], words[3]), ("urn:x", "${x}"), "{body}");
    assert_ne!(words[1], words[2]);
    assert_eq!(words[1].len(), 36);
    assert_eq!(ran.stub.asked.lock().unwrap()[0].headers()["x-urn"], "urn:x");
    let (_, ran) = sent(&asking("${=1+1}"));
    assert_eq!(ran.verdict(), "not-run", "{}", ran.said());
    assert!(ran.stub.bodies().is_empty());
}

#[test]
pub fn statement_16_headers_come_without_the_blanks_around_them() {
    let mut suite = asking("x");
    suite.headers.push(("x-rivta-original-serviceconsumer-hsaid".to_owned(), " ${httpHeaderHsaId}".to_owned()));
    let (_, ran) = sent(&suite.data(&[("httpHeaderHsaId", "SE1")], &[]));
    let asked = ran.stub.asked.lock().unwrap();
    assert_eq!(asked[0].headers()["x-rivta-original-serviceconsumer-hsaid"], "SE1");
    assert_eq!(asked[0].headers()["x-mock-response"], "ok1");
    assert_eq!(asked[0].headers()["soapaction"], format!("\"{}:GetThing\"", super::suite::NAMESPACE));
}
