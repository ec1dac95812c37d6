use jiff::civil::date;

use super::*;
use crate::domain::clock::stockholm;
use crate::qa::tree;

const HEAD: &str =
    "<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt2'><ns prefix='t' uri='urn:t'/>";

const MESSAGE: &str = "<t:answer xmlns:t='urn:t'>
<t:record><t:id>a</t:id><t:time>20240101</t:time></t:record>
<t:record><t:id>b</t:id></t:record>
</t:answer>";

/// Findings as `outcome pattern location: text`, one to a line.
fn findings(rules: &str) -> String {
    let loaded = load("rules.sch", &format!("{HEAD}{rules}</schema>")).unwrap();
    let document = tree::parse(MESSAGE).unwrap();
    let report = loaded.schema.validate(&document, date(2026, 3, 1).at(12, 0, 0, 0).to_zoned(stockholm()).unwrap());
    let lines =
        report.findings.iter().map(|f| format!("{:?} {} {}:{}: {}", f.outcome, f.pattern, f.location, f.line, f.text));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn statement_55_an_abstract_pattern_writes_its_parameters_into_messages_too() {
    let rules = "<pattern abstract='true' id='m'><rule context='$path'><assert test='t:time'>In $path there is no time in <name/></assert></rule></pattern>
        <pattern id='records' is-a='m'><param name='path' value='t:record'/></pattern>";
    assert_eq!(findings(rules), "Failed records /t:answer[1]/t:record[2]:3: In t:record there is no time in t:record");
}

#[test]
fn statement_56_only_the_first_rule_of_a_pattern_fires_for_a_node() {
    let one = "<pattern id='p'><rule context='t:record'><assert test='true()'>x</assert></rule>
        <rule context='t:record[not(t:time)]'><assert test='false()'>second</assert></rule></pattern>";
    assert_eq!(findings(one), "");
    let two = "<pattern id='p'><rule context='t:record'><assert test='true()'>x</assert></rule></pattern>
        <pattern id='q'><rule context='t:record[not(t:time)]'><assert test='false()'>second</assert></rule></pattern>";
    assert_eq!(findings(two), "Failed q /t:answer[1]/t:record[2]:3: second");
}

#[test]
fn statement_57_an_extended_rule_brings_its_asserts_and_lets_are_seen_by_tests() {
    let rules = "<let name='all' value='count(//t:record)'/><pattern id='p'>
        <rule abstract='true' id='text'><assert test='string-length(.) > 5'>too short: <value-of select='.'/> of <value-of select='$all'/></assert></rule>
        <rule context='t:time'><let name='year' value='substring(., 1, 4)'/><extends rule='text'/><assert test=\"$year = '2023'\">year <value-of select='$year'/></assert></rule>
        <rule context='t:id'><extends rule='text'/></rule></pattern>";
    assert_eq!(
        findings(rules),
        "Failed p /t:answer[1]/t:record[1]/t:id[1]:2: too short: a of 2
Failed p /t:answer[1]/t:record[1]/t:time[1]:2: year 2024
Failed p /t:answer[1]/t:record[2]/t:id[1]:3: too short: b of 2"
    );
}

#[test]
fn statement_59_a_report_that_holds_is_no_failure() {
    let rules =
        "<pattern id='p'><rule context='t:answer'><report test='t:record'>has records</report></rule></pattern>";
    assert_eq!(findings(rules), "Reported p /t:answer[1]:1: has records");
}

#[test]
fn statement_60_an_unknown_function_is_an_error_with_its_line() {
    let text = format!(
        "{HEAD}\n<pattern>\n<rule context='t:record'>\n<assert test='is-nice(.)'>x</assert></rule></pattern></schema>"
    );
    let problems = load("rules.sch", &text).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].to_string().contains("rules.sch:4"), "{}", problems[0]);
    assert!(problems[0].to_string().contains("unknown function is-nice()"), "{}", problems[0]);
}

#[test]
fn a_test_without_a_value_is_an_error_and_the_others_go_on() {
    let rules = "<pattern id='p'><rule context='t:answer'><assert test=\"t:record/t:id eq 'a'\">one</assert><assert test='false()'>two</assert></rule></pattern>";
    assert_eq!(findings(rules), "Error p /t:answer[1]:1: 2 values where one is expected\nFailed p /t:answer[1]:1: two");
}

#[test]
fn a_context_that_fits_nothing_is_listed() {
    let rules = "<pattern id='p'><rule context='t:recrod'><assert test='false()'>x</assert></rule></pattern><pattern id='q'><rule context='t:record'/></pattern>";
    let loaded = load("rules.sch", &format!("{HEAD}{rules}</schema>")).unwrap();
    let document = tree::parse(MESSAGE).unwrap();
    let report = loaded.schema.validate(&document, date(2026, 3, 1).at(12, 0, 0, 0).to_zoned(stockholm()).unwrap());
    assert_eq!(report.unused, [("p".to_owned(), "t:recrod".to_owned())]);
    assert_eq!(loaded.schema.contexts().count(), 2);
    assert_eq!(loaded.schema.tests(), 1);
}

#[test]
fn unknown_elements_are_warned_of_and_unknown_bindings_refused() {
    let text = format!("{HEAD}<phase id='x'/></schema>");
    assert_eq!(load("rules.sch", &text).unwrap().warnings.len(), 1);
    let text = text.replace("xslt2", "xquery");
    assert!(load("rules.sch", &text).unwrap_err()[0].to_string().contains("queryBinding xquery"));
}
