//! Expressions on a message, with XPath's own corners.

use std::collections::BTreeMap;

use super::*;

const MESSAGE: &str = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>\
    <q:GetX xmlns:q='urn:riv:a:b:GetXResponder:2' xmlns='urn:riv:a:b:2'><q:patientId><id>191212121212</id>\
    <type root='1.2'>x</type></q:patientId><item n='1'>a</item><item n='2'>b<i>c</i></item><num>10</num></q:GetX>\
    </s:Body></s:Envelope>";

fn text(expression: &str) -> String {
    let document = Document::parse(MESSAGE.as_bytes()).unwrap();
    let path = XPath::new(expression, Names::default()).unwrap_or_else(|why| panic!("{expression}: {why}"));
    path.text(&document).unwrap_or_else(|| panic!("{expression} gives nothing"))
}

#[test]
fn expressions_give_what_the_standard_says() {
    let cases = [
        ("/s:Envelope/s:Body/q:GetX/q:patientId/id", "191212121212"),
        ("//id", "191212121212"),
        ("//q:patientId/id/text()", "191212121212"),
        ("/soapenv:Envelope//id", "191212121212"),
        ("//r:patientId/id", "191212121212"),
        ("//c:id", "191212121212"),
        ("//GetX", ""),
        ("//*[local-name()='GetX']/*[local-name()='num']", "10"),
        ("//item[2]", "bc"),
        ("//item[last()]/@n", "2"),
        ("//item[@n='1']", "a"),
        ("//item[@n=1]", "a"),
        ("count(//item)", "2"),
        ("count(//*)", "10"),
        ("//num + 5 * 2", "20"),
        ("(1 + 2) * -3", "-9"),
        ("7 mod 4", "3"),
        ("10 div 4", "2.5"),
        ("1 div 0", "Infinity"),
        ("number('x')", "NaN"),
        ("//num > 9 and not(//num < 10)", "true"),
        ("boolean(//nothing)", "false"),
        ("//item = 'a'", "true"),
        ("//item != 'a'", "true"),
        ("concat('a', 'b', 'c')", "abc"),
        ("substring('12345', 2, 3)", "234"),
        ("substring('12345', 0)", "12345"),
        ("substring('12345', 1.5, 2.6)", "234"),
        ("substring-before('1999/04', '/')", "1999"),
        ("substring-after('1999/04', '/')", "04"),
        ("translate('bar', 'abc', 'AB')", "BAr"),
        ("normalize-space('  a   b ')", "a b"),
        ("string-length('åäö')", "3"),
        ("starts-with('abc', 'ab')", "true"),
        ("sum(//@n)", "3"),
        ("floor(2.6) + ceiling(2.1) + round(2.5)", "8"),
        ("name(//id/..)", "q:patientId"),
        ("namespace-uri(//id)", "urn:riv:a:b:2"),
        ("//i/ancestor::item/@n", "2"),
        ("//item[1]/following-sibling::num", "10"),
        ("//num/preceding-sibling::item[1]/@n", "2"),
        ("(//item)[1]", "a"),
        ("(//item | //num)[3]", "10"),
        ("//item[i]", "bc"),
        ("//item[position()=2]/i", "c"),
        ("//q:*", "191212121212xabc10"),
        ("//i/parent::node()/@n", "2"),
        ("//type/@root", "1.2"),
        ("//id | //num", "191212121212"),
        ("string(//missing)", ""),
        ("true() or false()", "true"),
    ];
    for (expression, expected) in cases {
        assert_eq!(text(expression), expected, "{expression}");
    }
}

#[test]
fn what_is_no_expression_is_said_when_it_is_read() {
    let cases = [
        ("", "breaks off"),
        ("//", "breaks off"),
        ("//a[", "breaks off"),
        ("//a]", "not expected"),
        ("foo(1)", "no function"),
        ("count()", "arguments"),
        ("'a", "closing quote"),
        ("$x", "variables"),
        ("a b", "not expected"),
        ("wrong::a", "no axis"),
        ("//a[1", "missing"),
    ];
    for (expression, expected) in cases {
        let why = XPath::new(expression, Names::default()).expect_err(expression);
        assert!(why.contains(expected), "{expression}: {why}");
    }
    let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(XPath::new(&deep, Names::default()).unwrap_err().contains("nested"));
}

#[test]
fn names_are_bound_or_as_written_or_local() {
    let document = Document::parse(MESSAGE.as_bytes()).unwrap();
    let bound = |namespace: &str| Names {
        bindings: Some(BTreeMap::from([("p".to_owned(), namespace.to_owned())])),
        local_only: false,
    };
    let holds = |expression: &str, names: Names| XPath::new(expression, names).unwrap().holds(&document);
    assert!(holds("//p:id", bound("urn:riv:a:b:2")));
    assert!(!holds("//p:id", bound("urn:riv:a:b:3")));
    assert!(!holds("//id", bound("urn:riv:a:b:2")), "with bindings, no prefix is no namespace");
    assert!(holds("//id", Names::default()), "without, it is a name written without prefix");
    assert!(!holds("//patientId", Names::default()));
    assert!(holds("//patientId/id", Names { bindings: None, local_only: true }));
    let unbound = XPath::new("//z:id", bound("urn:x")).unwrap_err();
    assert!(unbound.contains("\"z\" is not in xPathNamespaces"), "{unbound}");
}

#[test]
fn the_longest_beginning_that_selects_is_named() {
    let document = Document::parse(MESSAGE.as_bytes()).unwrap();
    let path = XPath::new("/s:Envelope/s:Body/q:GetX/q:patient/id", Names::default()).unwrap();
    assert_eq!(path.longest_prefix(&document).as_deref(), Some("/s:Envelope/s:Body/q:GetX"));
}

#[test]
fn a_run_that_visits_too_much_selects_nothing() {
    let wide = format!("<a>{}</a>", "<b/>".repeat(3_000));
    let document = Document::parse(wide.as_bytes()).unwrap();
    let path = XPath::new("//b[count(//b) > 0]", Names::default()).unwrap();
    assert_eq!(path.select(&document), None);
}
