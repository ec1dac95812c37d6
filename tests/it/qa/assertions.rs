//! `qa.md` §10.2: assertions, each against answers that must pass and answers that must not.

use super::suite::{Stub, Suite, answer, assertion, record};

/// Statement, assertions, answer asked for, verdict, and a text that must have been said.
type Row = (u16, String, &'static str, &'static str, &'static str);

fn xpath(path: &str, content: &str, more: &str) -> String {
    let declared = format!("declare namespace t='urn:riv:test:qa:GetThingResponder:1';\n{path}");
    assertion(
        "XPath Match",
        &format!(
            "<path>{}</path><content>{}</content>{more}",
            super::suite::escaped(&declared),
            super::suite::escaped(content)
        ),
    )
}

const WILDCARDS: &str = "<allowWildcards>true</allowWildcards>";

fn rows() -> Vec<Row> {
    let no_fault = assertion("SOAP Fault Assertion", "");
    let fault = assertion("Not SOAP Fault Assertion", "");
    let schema = assertion("Schema Compliance", "<definition/>");
    let sla = |ms: &str| assertion("Response SLA Assertion", &format!("<SLA>{ms}</SLA>"));
    let valid = |codes: &str| assertion("Valid HTTP Status Codes", &format!("<codes>{codes}</codes>"));
    let contains = |token: &str, more: &str| assertion("Simple Contains", &format!("<token>{token}</token>{more}"));
    let lacks = |token: &str, more: &str| assertion("Simple NotContains", &format!("<token>{token}</token>{more}"));
    let (case, regex) = ("<ignoreCase>true</ignoreCase>", "<useRegEx>true</useRegEx>");
    vec![
        (19, no_fault.clone(), "fault", "fail", "response is a SOAP fault: s:Server no such thing"),
        (19, no_fault, "ok1", "pass", ""),
        (20, fault.clone(), "ok1", "fail", "response is not a SOAP fault"),
        (20, fault, "fault", "pass", ""),
        (21, assertion("SOAP Response", ""), "junk", "fail", "not a SOAP response"),
        (21, assertion("SOAP Response", ""), "ok1", "pass", ""),
        (22, schema.clone(), "bad", "fail", "/record"),
        (22, schema.clone(), "ok1", "pass", ""),
        (22, schema, "fault", "pass", ""),
        (23, sla("200"), "slow", "fail", "limit 200 ms"),
        (23, sla("60000"), "slow", "pass", ""),
        (24, valid("200"), "fault", "fail", "status 500 not among 200"),
        (24, valid("500"), "fault", "pass", ""),
        (24, valid("404\n"), "missing", "pass", ""),
        (
            25,
            assertion("Invalid HTTP Status Codes", "<codes>500 Internal Server Error</codes>"),
            "fault",
            "pass",
            "status-never-equal",
        ),
        (25, assertion("Invalid HTTP Status Codes", "<codes>500</codes>"), "fault", "fail", "status 500 is excluded"),
        (26, contains("rec", ""), "ok1", "pass", ""),
        (26, contains("REC", ""), "ok1", "fail", "missing token [REC]"),
        (26, contains("REC", case), "ok1", "pass", ""),
        (26, contains("rec", regex), "ok1", "fail", "missing token [rec]"),
        (26, contains("(?s).*rec.*", regex), "ok1", "pass", ""),
        (27, lacks("rec", ""), "ok1", "fail", "unwanted token [rec]"),
        (27, lacks("REC", ""), "ok1", "pass", ""),
        (27, lacks("REC", case), "ok1", "fail", ""),
        (27, lacks("rec", regex), "ok1", "pass", ""),
        (28, xpath("count(//t:record)", "1", ""), "ok1", "pass", ""),
        (28, xpath("count(//t:record)", "1.0", ""), "ok1", "fail", "expected 1.0, found 1"),
        (29, xpath("//t:record/t:patientId", "19*", WILDCARDS), "ok1", "pass", ""),
        (29, xpath("//t:record/t:patientId", "19*", ""), "ok1", "fail", "expected 19*"),
        (30, xpath("//t:record/t:note", "*", WILDCARDS), "ok1", "fail", "nothing selected by"),
        (31, xpath("//t:record/t:documentId", "d2", ""), "two", "pass", ""),
        (
            32,
            xpath("//t:record", &fragment("x", "20240115120000", "urn:riv:test:qa:GetThingResponder:1"), ""),
            "ok1",
            "pass",
            "",
        ),
        (32, xpath("//t:record", &fragment("x", "20240115120000", "urn:other"), ""), "ok1", "fail", ""),
        (
            32,
            xpath(
                "//t:record",
                &fragment("x", "20240115120000", "urn:other"),
                "<ignoreNamspaceDifferences>true</ignoreNamspaceDifferences>",
            ),
            "ok1",
            "pass",
            "",
        ),
        (
            32,
            xpath("//t:record", &fragment("x", "*", "urn:riv:test:qa:GetThingResponder:1"), WILDCARDS),
            "ok1",
            "pass",
            "",
        ),
        (33, xpath("//t:result/t:logId[matches(., '.*')]", "*", WILDCARDS), "logged", "pass", ""),
        (33, xpath("//t:result/t:logId[matches(., '.*')]", "*", WILDCARDS), "ok1", "fail", ""),
        (34, xpath("//u:record", "1", ""), "ok1", "error", "the prefix u is not declared"),
        (36, assertion("JsonPath Match", "<path>$[0].platform</path><content>NTJP</content>"), "json", "pass", ""),
        (
            36,
            assertion("JsonPath Match", "<path>$[0].platform</path><content>X</content>"),
            "json",
            "fail",
            "expected X, found NTJP",
        ),
        (
            37,
            assertion("Simple Contains", "<token>nowhere</token>").replace("type=", "disabled=\"true\" type=")
                + &sla("60000"),
            "ok1",
            "pass",
            "",
        ),
        (38, String::new(), "ok1", "skip", "asserts nothing"),
        (39, contains("nowhere", "") + &contains("neither", ""), "ok1", "fail", "missing token [neither]"),
    ]
}

fn fragment(prefix: &str, time: &str, namespace: &str) -> String {
    format!(
        "<{prefix}:record xmlns:{prefix}=\"{namespace}\"><{prefix}:documentId>d1</{prefix}:documentId><{prefix}:patientId>191212121212</{prefix}:patientId>\
         <{prefix}:careUnitHSAId>SE2321000016-U1</{prefix}:careUnitHSAId><{prefix}:time>{time}</{prefix}:time></{prefix}:record>"
    )
}

fn stub(asked: &str) -> Stub {
    match asked {
        "slow" => Stub { delay: 500, ..Stub::default() },
        "missing" => Stub::with("missing", 404, answer("")),
        "two" => Stub::with(
            "two",
            200,
            answer(&(record("d1", "1", "20240115120000") + &record("d2", "2", "20240115120000"))),
        ),
        "logged" => Stub::with(
            "logged",
            200,
            answer("<t:result><t:resultCode>OK</t:resultCode><t:logId>1</t:logId></t:result>"),
        ),
        "json" => Stub::with("json", 200, "[{\"platform\":\"NTJP\"}]"),
        _ => Stub::default(),
    }
}

#[test]
pub fn statements_19_to_39_say_what_each_assertion_comes_to() {
    let mut wrong = Vec::new();
    for (statement, assertions, asked, verdict, said) in rows() {
        let ran = Suite::of(&assertions).run(asked, stub(asked));
        if ran.verdict() != verdict || !ran.said().contains(said) {
            wrong.push(format!(
                "statement {statement}, {asked}: expected {verdict} {said:?}\n{assertions}\n{}",
                ran.said()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
pub fn statement_35_an_assertion_step_judges_the_answer_of_another() {
    let step = |source: &str| {
        let inner = xpath("count(//t:record)", "1", "");
        format!(
            "<con:testStep type=\"assertionteststep\" name=\"THEN one record\" id=\"a\"><con:config><entry xmlns=\"\"><sourceId>{source}</sourceId><propertyName>Response</propertyName>{inner}</entry></con:config></con:testStep>"
        )
    };
    let ran = Suite { after: step("call-1"), ..Suite::default() }.run("ok1", Stub::default());
    assert_eq!(ran.verdict(), "pass", "{}", ran.said());
    let ran = Suite { after: step("call-1"), ..Suite::default() }.run("ok0", Stub::default());
    assert_eq!(ran.verdict(), "fail", "{}", ran.said());
    let ran = Suite { after: step("no-such"), ..Suite::default() }.run("ok1", Stub::default());
    assert_eq!(ran.verdict(), "not-run", "{}", ran.said());
}

#[test]
pub fn statement_40_a_refused_connection_is_an_error() {
    let ran = Suite::of(assertion("SOAP Response", "")).run("ok1", Stub { refuses: true, ..Stub::default() });
    assert_eq!(ran.verdict(), "error", "{}", ran.said());
    assert!(ran.said().contains("the connection was refused"), "{}", ran.said());
}
