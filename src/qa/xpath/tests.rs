use jiff::civil::date;

use super::*;
use crate::domain::clock::stockholm;

const MESSAGE: &str = "<?xml version='1.0'?><t:answer xmlns:t='urn:t' xmlns:o='urn:o'>
  <t:record n='1'><t:id>a</t:id><t:time>20240101</t:time><t:day>2024-01-31</t:day><t:amount>10</t:amount></t:record>
  <t:record n='2'><t:id>b</t:id><t:note>  two   words </t:note><t:amount>9</t:amount></t:record>
  <o:record n='3'><t:id>a</t:id></o:record><!-- remark --></t:answer>";

fn prefixes() -> Prefixes {
    [("t", "urn:t"), ("o", "urn:o")].into_iter().collect()
}

fn now() -> Zoned {
    date(2026, 3, 1).at(12, 0, 0, 0).to_zoned(stockholm()).unwrap()
}

/// The items' texts with blanks between, or the error.
fn value(expression: &str) -> String {
    let document = roxmltree::Document::parse(MESSAGE).unwrap();
    let compiled = match Expression::compile(expression, &prefixes()) {
        Ok(compiled) => compiled,
        Err(error) => return format!("static: {error}"),
    };
    let surroundings = Surroundings::at(now());
    match compiled.evaluate(Node::Tree(document.root()), &surroundings) {
        Ok(items) => items.iter().map(Item::text).collect::<Vec<_>>().join(" "),
        Err(error) => format!("dynamic: {error}"),
    }
}

#[test]
fn statement_58_values_are_those_xpath_2_defines() {
    let table = [
        ("count(//t:record)", "2"),
        ("count(//*:record)", "3"),
        ("count(//t:*)", "11"),
        ("count(/t:answer/*)", "3"),
        ("count(//t:record/t:id) + count(//t:record/t:note) = 3", "true"),
        ("count(//t:record[1]/t:id)+count(//t:record[1]/t:note)=1", "true"),
        ("//t:day castable as xs:date", "true"),
        ("//t:record[1]/t:time castable as xs:date", "false"),
        ("(//t:id)[1] castable as xs:date", "false"),
        ("//t:record[2]/count(*) = 3", "true"),
        ("//t:record/count(*)", "4 3"),
        ("if (//t:note) then 'yes' else 'no'", "yes"),
        ("matches(normalize-space(//t:note),'^(two words|B)$')", "true"),
        ("matches(//t:record[1]/t:time, '^\\d{8}$')", "true"),
        ("matches('abc', 'B', 'i')", "true"),
        ("not(//t:record[2][preceding-sibling::t:record/t:id = t:id])", "true"),
        ("not(//o:record[preceding-sibling::t:record/t:id = t:id])", "false"),
        ("//t:record[2]/t:note/normalize-space()", "two words"),
        ("//t:amount > 9", "true"),
        ("//t:record[1]/t:amount lt //t:record[2]/t:amount", "true"),
        ("number(//t:record[1]/t:amount) lt number(//t:record[2]/t:amount)", "false"),
        ("'HALFTEN' le 'HELTEN'", "true"),
        ("//t:id = 5", "dynamic: \u{201c}a\u{201d} is not a xs:double"),
        ("number(//t:record[1]/t:id) = 5", "false"),
        ("//t:missing eq 'x'", ""),
        ("//t:id eq 'a'", "dynamic: 3 values where one is expected"),
        ("//t:record[last()]/@n", "2"),
        ("//t:record[position() < 2]/@n", "1"),
        ("//t:record[t:id='b']/@n", "2"),
        ("//@n", "1 2 3"),
        ("//t:id[. = 'a'][2]/../@n", ""),
        ("(//t:id[. = 'a'])[2]/../@n", "3"),
        ("//t:note/ancestor::*/name()", "t:answer t:record"),
        ("//t:note/following-sibling::*/local-name()", "amount"),
        ("string-join(//t:record/@n, ',')", "1,2"),
        ("for $r in //t:record return $r/t:id", "a b"),
        ("some $r in //t:record satisfies $r/t:note", "true"),
        ("every $r in //t:record satisfies $r/t:note", "false"),
        ("year-from-date(current-date())", "2026"),
        ("xs:date(//t:day) + xs:dayTimeDuration('P1D')", "2024-02-01"),
        ("xs:date('2024-03-01') - xs:date('2024-02-28')", "P2D"),
        ("xs:date(//t:day) < current-date()", "true"),
        ("7 div 2", "3.5"),
        ("6 div 2", "3"),
        ("7 idiv 2", "3"),
        ("-7 mod 3", "-1"),
        ("1 div 0", "dynamic: division by zero"),
        ("sum(//t:amount)", "19"),
        ("max(//t:amount)", "10"),
        ("min((3, 1, 2))", "1"),
        ("substring('20240131235959', 1, 8)", "20240131"),
        ("translate('a-b-c', '-', '')", "abc"),
        ("tokenize('a,b,,c', ',')", "a b  c"),
        ("replace('2024-01-31', '(\\d+)-(\\d+)-(\\d+)', '$3/$2')", "31/01"),
        ("distinct-values(//t:id)", "a b"),
        ("index-of(('a','b','a'), 'a')", "1 3"),
        ("exists(())", "false"),
        ("'it''s'", "it's"),
        ("concat('a', 1, true())", "a1true"),
        ("5 instance of xs:integer", "true"),
        ("'5' cast as xs:integer + 1", "6"),
        ("/t:answer/comment()", " remark "),
        ("round(2.5)", "3"),
        ("abs(-3)", "3"),
        ("string-length('åäö')", "3"),
        ("//t:record[1]/t:id | //t:record[2]/t:id", "a b"),
        ("descendant::t:note/parent::t:record/@n", "2"),
        ("(: remark (: in it :) :) 1", "1"),
        ("1 to 3", "static: expected the end of the expression at character 3 of \u{201c}1 to 3\u{201d}"),
        ("//x:a", "static: the prefix x is not declared at character 3 of \u{201c}//x:a\u{201d}"),
        ("a(1)", "static: unknown function a() at character 1 of \u{201c}a(1)\u{201d}"),
        ("count()", "static: count() does not take 0 arguments at character 1 of \u{201c}count()\u{201d}"),
        ("$x", "dynamic: variable $x has no value"),
        ("matches('a', '(')", "dynamic: regular expression \u{201c}(\u{201d}: error: unclosed group"),
    ];
    let wrong: Vec<_> = table
        .into_iter()
        .filter_map(|(expression, expected)| {
            let found = value(expression);
            (found != expected).then(|| format!("{expression}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_element_can_be_a_document_of_its_own() {
    let document = roxmltree::Document::parse(MESSAGE).unwrap();
    let record = document.descendants().filter(|node| node.has_tag_name(("urn:t", "record"))).nth(1).unwrap();
    let mut surroundings = Surroundings::at(now());
    surroundings.scope = Some(record);
    for (expression, expected) in [
        ("/t:record/t:id", "b"),
        ("t:record/t:id", "b"),
        ("//t:id", "b"),
        ("count(//t:record)", "1"),
        ("//t:id/ancestor::*/@n", "2"),
        ("count(//t:id/ancestor::node())", "2"),
        ("count(/t:record/preceding-sibling::*)", "0"),
        ("count(/t:answer)", "0"),
    ] {
        let compiled = Expression::compile(expression, &prefixes()).unwrap();
        let found = compiled.evaluate(Node::Above(record), &surroundings).unwrap();
        assert_eq!(found.iter().map(Item::text).collect::<Vec<_>>().join(" "), expected, "{expression}");
    }
}

#[test]
fn match_patterns_say_which_nodes_a_rule_is_for() {
    let document = roxmltree::Document::parse(MESSAGE).unwrap();
    let surroundings = Surroundings::at(now());
    for (pattern, expected) in [
        ("t:record", 2),
        ("t:answer/t:record", 2),
        ("//t:record[@n='2']", 1),
        ("*[t:id='a']", 2),
        ("/t:answer", 1),
        ("/t:record", 0),
        ("/t:answer//t:id", 3),
        ("t:record[1]", 1),
        ("t:record | o:record", 3),
        ("t:answer/t:id", 0),
        ("t:answer//t:id[not(../t:note)]", 2),
        ("/", 1),
        ("text()[normalize-space()='b']", 1),
    ] {
        let compiled = Pattern::compile(pattern, &prefixes()).unwrap();
        let count =
            document.descendants().filter(|node| compiled.matches(Node::Tree(*node), &surroundings).unwrap()).count();
        assert_eq!(count, expected, "{pattern}");
    }
}

#[test]
fn an_expression_that_does_not_end_is_given_up() {
    let text = format!("<a>{}</a>", "<b/>".repeat(3000));
    let document = roxmltree::Document::parse(&text).unwrap();
    let compiled = Expression::compile("count(//b[count(//b[count(//b) > 0]) > 0])", &Prefixes::default()).unwrap();
    let found = compiled.evaluate(Node::Tree(document.root()), &Surroundings::at(now()));
    assert_eq!(found.unwrap_err(), DynamicError::Steps);
}

#[test]
fn nothing_nests_without_a_limit() {
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(Expression::compile(&deep, &Prefixes::default()).is_err());
    let deep = format!("{}1", "if (1) then 1 else ".repeat(100_000));
    assert!(Expression::compile(&deep, &Prefixes::default()).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in r#"[a-c/@\[\]().,:*+<>=!|$'" \-0-9]{0,40}"#) {
        let document = roxmltree::Document::parse("<a><b c='1'>x</b></a>").unwrap();
        if let Ok(compiled) = Expression::compile(&text, &prefixes()) {
            let _ = compiled.evaluate(Node::Tree(document.root()), &Surroundings::at(now()));
        }
    }
}
