//! `qa.md` §10.3: scripts of published suites, recognised and executed.

use super::suite::{Ran, Stub, Suite, answer, assertion, groovy, record, script};

/// What every script that looks into the answer begins with.
const HOLDER: &str = "import com.eviware.soapui.support.XmlHolder\ndef contextHelper = new ContextHelper(context)\n\
    def holder = new XmlHolder(messageExchange.responseContentAsXml)\nholder.namespaces['t'] = 'urn:riv:test:qa:GetThingResponder:1'\n";

fn run(script_text: &str, case: &[(&str, &str)], records: &str) -> Ran {
    Suite::of(script(script_text)).data(&[], case).run("own", Stub::with("own", 200, answer(records)))
}

fn records(ids: &[&str]) -> String {
    ids.iter().map(|id| record(id, "191212121212", "20240115120000")).collect()
}

/// Verdict, idiom of the assertion, and what was said.
fn expect(ran: &Ran, verdict: &str, idiom: &str, said: &[&str]) {
    assert_eq!(ran.verdict(), verdict, "{}", ran.said());
    let assertion = &ran.case().steps.last().unwrap().assertions[0];
    assert_eq!(assertion.idiom.as_deref(), Some(idiom), "{}", ran.said());
    for text in said {
        assert!(ran.said().contains(text), "{text:?} was not said:\n{}", ran.said());
    }
}

const LISTS: &str = "def ids = holder.getNodeValues('//t:record/t:documentId') as List\n\
    def expected = context.expectedDocumentIds ? context.expectedDocumentIds.tokenize(',') : []\n\
    def unexpected = context.unexpectedDocumentIds ? context.unexpectedDocumentIds.tokenize(',') : []\n\
    expected.each { if (!ids.contains(it)) { contextHelper.fail(\"missing ${it}\") } }\n\
    unexpected.each {\n  if (ids.contains(it)) {\n    contextHelper.fail('unwanted ' + it)\n  }\n}\n";

#[test]
pub fn statements_41_and_42_lists_of_ids() {
    let text = format!("{HOLDER}{LISTS}");
    let wanted = [("expectedDocumentIds", "a,b")];
    expect(&run(&text, &wanted, &records(&["a", "b", "c"])), "pass", "G08a", &[]);
    expect(&run(&text, &wanted, &records(&["a"])), "fail", "G08a", &["missing b"]);
    expect(&run(&text, &[("unexpectedDocumentIds", "c")], &records(&["c"])), "fail", "G08a", &["unwanted c"]);
    expect(
        &run(&text, &[("expectedDocumentIds", "a, b")], &records(&["a", "b"])),
        "fail",
        "G08a",
        &["missing  b", "blank in list expectedDocumentIds"],
    );
}

fn record_loop(guard: &str) -> String {
    format!(
        "{HOLDER}def records = holder.getDomNodes(\"//t:record\")\n{guard}records.each {{ r ->\n  def recordHolder = new XmlHolder(r)\n\
         holder.namespaces.each {{ key, value -> recordHolder.namespaces[key] = value }}\n\
         def patient = recordHolder.getNodeValue(\"/t:record/t:patientId\")\n\
         if (patient != context.patientId) {{ contextHelper.fail(\"patient ${{patient}} is not ${{context.patientId}}\") }}\n}}"
    )
}

#[test]
pub fn statement_43_every_record_is_of_the_patient() {
    let asked = [("patientId", "191212121212")];
    let foreign = records(&["a"]) + &record("b", "198001012397", "20240115120000");
    expect(
        &run(&record_loop(""), &asked, &foreign),
        "fail",
        "G10a",
        &["patient 198001012397 is not 191212121212", "record 2"],
    );
    expect(&run(&record_loop(""), &asked, &records(&["a"])), "pass", "G10a", &[]);
    expect(&run(&record_loop(""), &asked, ""), "pass", "G10a", &["no record to judge"]);
    let guard = "if (records.length == 0) { contextHelper.fail('no records'); return }\n";
    expect(&run(&record_loop(guard), &asked, ""), "fail", "G10a", &["no records"]);
}

#[test]
pub fn statement_44_dates_lie_in_the_period() {
    let text = format!(
        "{HOLDER}def records = holder.getDomNodes('//t:record')\nfor (r in records) {{\n  def h = new XmlHolder(r)\n  h.namespaces['t'] = holder.namespaces['t']\n\
         def time = h.getNodeValue('/t:record/t:time')\n  def day = time[0..7]\n\
         if (day < context.timePeriodStart || day > context.timePeriodEnd) {{ contextHelper.fail('outside: ' + day) }}\n}}"
    );
    let period = [("timePeriodStart", "20240101"), ("timePeriodEnd", "20240131")];
    expect(&run(&text, &period, &record("a", "1", "20240131235959")), "pass", "G11", &[]);
    expect(&run(&text, &period, &record("a", "1", "20240201000000")), "fail", "G11", &["outside: 20240201"]);
    let without = record("a", "1", "x").replace("<t:time>x</t:time>", "");
    expect(&run(&text, &period, &without), "fail", "G11", &["value missing or too short: /t:record/t:time, record 1"]);
}

#[test]
pub fn statement_46_content_assertions() {
    let text = |call: &str| format!("def ca = new ContentAssertions(context, messageExchange, log)\nca.{call}");
    let run = |call: &str, records: &str, set: bool| {
        let mut suite = Suite::of(script(&text(call)));
        if set {
            suite.project_properties.push(("RecordElementPath".to_owned(), "//t:record".to_owned()));
        }
        suite.project_properties.push(("xmlns:t".to_owned(), super::suite::NAMESPACE.to_owned()));
        suite.run("own", Stub::with("own", 200, answer(records)))
    };
    let one = records(&["a"]);
    expect(&run("assertExactNumberOfRecords(2)", &one, true), "fail", "G05", &["expected 2, found 1"]);
    expect(&run("assertExactNumberOfRecords(1)", &one, true), "pass", "G05", &[]);
    expect(&run("assertSpecificValueInAllRecords('/t:record/t:documentId', 'a')", "", true), "pass", "G05", &[]);
    expect(
        &run("assertSpecificValueInAllRecords('/t:record/t:documentId', 'b')", &one, true),
        "fail",
        "G05",
        &["expected \"b\", record 1 has \"a\""],
    );
    expect(&run("assertSpecificValueInAnyRecord('/t:record/t:documentId', 'a')", &one, true), "pass", "G05", &[]);
    expect(
        &run("assertElementExistsInAllRecords('/t:record/t:note')", &one, true),
        "fail",
        "G05",
        &["is not in record 1"],
    );
    expect(&run("assertNonEmptyResponse()", "", true), "fail", "G05", &["no record"]);
    expect(&run("assertNonEmptyResponse()", &one, false), "error", "G05", &["RecordElementPath is not set"]);
}

#[test]
pub fn statement_47_a_case_is_given_up_by_its_environment() {
    let before = groovy(
        "Check",
        "if (!context.webServiceUrl.contains(\"https\")) testRunner.cancel(\"needs https, is ${context.webServiceUrl}\")",
    );
    let ran = Suite { before, ..Suite::of(assertion("SOAP Response", "")) }.run("ok1", Stub::default());
    assert_eq!(ran.verdict(), "skip", "{}", ran.said());
    assert_eq!(ran.case().reason, "needs https, is http://stub/");
    assert!(ran.stub.bodies().is_empty());
}

const RULES: &str = "<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt2'><ns prefix='t' uri='urn:riv:test:qa:GetThingResponder:1'/>\
    <pattern id='notes'><rule context='t:record'><assert test='t:note'>a record without note</assert></rule></pattern></schema>";

fn with_rules(text: &str, case: &[(&str, &str)], strict: bool) -> Ran {
    let suite = Suite { rules: Some(RULES.to_owned()), ..Suite::of(script(text)) }.data(&[], case);
    let set = [("answer".to_owned(), "ok1".to_owned())].into();
    suite.run_with(anslut::qa::run::Options { set, strict, ..Default::default() }, Stub::default())
}

const VALIDATE: &str = "def utils = new GroovyUtils(context)\ndef validator = new SchematronValidator()\n\
    def failures = validator.validateMessage(messageExchange.response.responseContent, new File(utils.projectPath + \"/constraints.xml\"))\n";

#[test]
pub fn statement_48_rule_files() {
    let fails = format!(
        "def contextHelper = new ContextHelper(context)\n{VALIDATE}failures.each {{ f -> contextHelper.fail(f.text) }}"
    );
    expect(&with_rules(&fails, &[], false), "fail", "G07a", &["a record without note"]);
    let asserts = format!("{VALIDATE}failures.each {{ f -> log.error(f.text) }}\nassert (failures.isEmpty())");
    expect(&with_rules(&asserts, &[], false), "fail", "G07b", &["a record without note", "notes", "/t:record[1]"]);
    let logs = format!("{VALIDATE}failures.each {{ f -> log.error(f.text) }}");
    let ran = with_rules(&logs, &[], false);
    expect(&ran, "skip", "G07c", &["script cannot fail", "a record without note"]);
    expect(&with_rules(&logs, &[], true), "fail", "G07c", &["a record without note"]);
}

/// `report` of a rule file fails when it is asked to (`qa.md` §4.3, 6); else it is told beside, also of scripts that are
/// strict about what they only log.
#[test]
fn a_report_of_a_rule_file_fails_when_reports_fail() {
    let rules = RULES.replace(
        "<assert test='t:note'>a record without note</assert>",
        "<report test='t:patientId'>a record of <value-of select='t:documentId'/></report>",
    );
    let asserts = format!("{VALIDATE}failures.each {{ f -> log.error(f.text) }}\nassert (failures.isEmpty())");
    let logs = format!("{VALIDATE}failures.each {{ f -> log.error(f.text) }}");
    let run = |text: &str, strict: bool, reports_fail: bool| {
        let suite = Suite { rules: Some(rules.clone()), ..Suite::of(script(text)) };
        let set = [("answer".to_owned(), "ok1".to_owned())].into();
        let options = anslut::qa::run::Options { set, strict, reports_fail, ..Default::default() };
        suite.run_with(options, Stub::default())
    };
    let told = |ran: &Ran| ran.case().notices.iter().filter(|one| one.code == "schematron-report").count();
    let ran = run(&asserts, false, false);
    expect(&ran, "pass", "G07b", &[]);
    assert_eq!(told(&ran), 1, "{}", ran.said());
    assert!(ran.case().notices.iter().any(|one| one.text.starts_with("a record of ")), "{}", ran.said());
    let ran = run(&asserts, false, true);
    expect(&ran, "fail", "G07b", &["a record of ", "notes", "/t:record[1]"]);
    assert_eq!(told(&ran), 0, "{}", ran.said());
    expect(&run(&logs, true, false), "skip", "G07c", &["script cannot fail"]);
    expect(&run(&logs, true, true), "fail", "G07c", &["a record of "]);
}

#[test]
pub fn statement_49_rules_that_are_switched_off_are_left_out() {
    let text = format!("if(context.validateNPO != \"true\") {{ return }}\n{VALIDATE}assert (failures.isEmpty())");
    let ran = with_rules(&text, &[("validateNPO", "false")], false);
    expect(&ran, "skip", "G07d", &["validateNPO is false"]);
    expect(&with_rules(&text, &[("validateNPO", "true")], false), "fail", "G07d", &["a record without note"]);
}

#[test]
pub fn statement_50_header_values_are_equal_or_not() {
    let text = |value: &str| {
        format!(
            "def headers = messageExchange.getResponseHeaders()\ndef type = ''\nfor (header in headers.keySet()) {{\n  if (header.equalsIgnoreCase(\"content-type\")) type = header\n}}\n\
             assert headers[type].contains(\"{value}\")"
        )
    };
    expect(&run(&text("text/xml; charset=UTF-8"), &[], ""), "pass", "G13", &[]);
    expect(&run(&text("text/xml"), &[], ""), "fail", "G13", &[]);
}

#[test]
pub fn statement_51_names_quotes_and_comments_do_not_matter() {
    let text = format!("{HOLDER}{LISTS}");
    let other = text
        .replace("holder", "labHolder")
        .replace("ids", "found")
        .replace("'//t:record/t:documentId'", "\"//t:record/t:documentId\"")
        .replace('\n', "\n\n// a remark\n")
        .replace("def expected", "/* what\n is wanted */ expected");
    let wanted = [("expectedDocumentIds", "a,b")];
    expect(&run(&other, &wanted, &records(&["a", "b"])), "pass", "G08a", &[]);
    expect(&run(&other, &wanted, &records(&["a"])), "fail", "G08a", &["missing b"]);
}

#[test]
pub fn statement_52_what_is_not_known_is_not_run() {
    let ran = run("def x = 1\nnew URL(\"http://x\").text", &[], "");
    assert_eq!(ran.verdict(), "not-run", "{}", ran.said());
    assert!(ran.said().contains("script line 2: new URL(\"http://x\").text"), "{}", ran.said());
    assert_eq!(ran.document.not_run.len(), 1);
    // Another assertion may fail the case all the same; none can pass it.
    let both = script("new URL('x').text") + &assertion("SOAP Fault Assertion", "");
    assert_eq!(Suite::of(&both).run("fault", Stub::default()).verdict(), "fail");
    assert_eq!(Suite::of(&both).run("ok1", Stub::default()).verdict(), "not-run");
}

#[test]
pub fn statement_53_an_empty_script_proves_nothing() {
    let ran = Suite::of(script("// nothing here\n") + &assertion("SOAP Response", "")).run("ok1", Stub::default());
    assert_eq!(ran.case().steps.last().unwrap().assertions[0].verdict.word(), "skip", "{}", ran.said());
    assert_eq!(ran.verdict(), "pass", "{}", ran.said());
}

#[test]
pub fn statement_54_what_follows_an_unknown_script_is_not_run() {
    let before = groovy("Insert", "def sql = Sql.newInstance('jdbc:x')\nsql.execute('insert')");
    let ran = Suite { before, ..Suite::of(assertion("SOAP Response", "")) }.run("ok1", Stub::default());
    assert_eq!(ran.verdict(), "not-run", "{}", ran.said());
    assert!(ran.stub.bodies().is_empty());
    assert!(ran.said().contains("script line 1: def sql = Sql.newInstance('jdbc:x')"), "{}", ran.said());
}

#[test]
pub fn statement_61_properties_outlive_a_case_and_variables_do_not() {
    let before = groovy("Set", "testRunner.testCase.testSuite.setPropertyValue(\"kept\", \"1\")\ncontext.lost = \"2\"");
    let mut suite = Suite { before, ..Suite::of(assertion("SOAP Response", "")) };
    suite.envelope = super::suite::envelope("<x>[${#TestSuite#kept}][${lost}]</x>");
    let project = suite.project();
    let from = project.find("<con:testCase").unwrap();
    let to = project.find("</con:testCase>").unwrap() + "</con:testCase>".len();
    let step = groovy("Set", "testRunner.testCase.testSuite.setPropertyValue(\"kept\", \"1\")\ncontext.lost = \"2\"");
    suite.more_cases = project[from..to].replace("name=\"C1\"", "name=\"C2\"").replace(&step, "");
    let ran = suite.run("ok1", Stub::default());
    let bodies = ran.stub.bodies();
    assert!(bodies[0].contains("[1][2]"), "{}", bodies[0]);
    assert!(bodies[1].contains("[1][]"), "{}", bodies[1]);
}

#[test]
pub fn statement_62_a_failing_step_ends_the_case_or_does_not() {
    let after = "<con:testStep type=\"delay\" name=\"Wait\"><con:config><delay xmlns=\"\">1</delay></con:config></con:testStep>".to_owned();
    for (fail_on_error, reason) in [(true, "Call failed before"), (false, "a pause of 1 ms")] {
        let suite = Suite { after: after.clone(), fail_on_error, ..Suite::of(assertion("SOAP Fault Assertion", "")) };
        let ran = suite.run("fault", Stub::default());
        assert_eq!(ran.verdict(), "fail");
        assert_eq!(ran.case().steps.last().unwrap().reason, reason);
    }
}

#[test]
pub fn statement_82_platform_rules_are_observations_unless_asked_for() {
    let stub = || Stub {
        answers: [(
            "own".to_owned(),
            (
                200,
                super::suite::envelope(
                    "<s:Fault><faultcode>x</faultcode><faultstring>191212121212</faultstring></s:Fault>",
                ),
            ),
        )]
        .into(),
        ..Stub::default()
    };
    let suite = Suite::of(assertion("SOAP Response", "")).data(&[], &[("patientId", "191212121212")]);
    let ran = suite.run("own", stub());
    assert_eq!(ran.verdict(), "pass", "{}", ran.said());
    let rules: Vec<_> = ran.case().observations.iter().map(|observation| observation.rule.as_str()).collect();
    assert_eq!(rules, ["RT-04", "RT-05", "RT-06"]);
    let set = [("answer".to_owned(), "own".to_owned())].into();
    let ran = suite.run_with(anslut::qa::run::Options { set, rules: true, ..Default::default() }, stub());
    assert_eq!(ran.verdict(), "fail", "{}", ran.said());
}
