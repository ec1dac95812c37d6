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
        ("1 to 3", "1 2 3"),
        ("3 to 1", ""),
        ("2 to 2", "2"),
        ("() to 3", ""),
        ("1 to ()", ""),
        ("-1 to 1", "-1 0 1"),
        ("1 + 1 to 2 * 2", "2 3 4"),
        ("count(1 to 1000)", "1000"),
        ("for $i in 1 to 3 return $i * $i", "1 4 9"),
        ("for $i in 1 to count(//t:record) return //t:record[$i]/t:id", "a b"),
        ("every $i in 1 to 2 satisfies //t:record[$i]/@n = $i", "true"),
        ("//t:record[position() = 1 to 2]/@n", "1 2"),
        ("(1 to 5)[. mod 2 = 1]", "1 3 5"),
        ("(1 to 3, 7)", "1 2 3 7"),
        ("1 to 2 = 2", "true"),
        ("//t:record[1]/@n to 3", "1 2 3"),
        ("//t:id to 3", "dynamic: 3 values where one is expected"),
        ("'1' to 3", "dynamic: xs:string 1 is not an end of a range"),
        ("1 to 2.0", "dynamic: xs:decimal 2 is not an end of a range"),
        ("1 to 3 to 5", "static: expected the end of the expression at character 8 of \u{201c}1 to 3 to 5\u{201d}"),
        ("1 to", "static: the expression ends where a value is expected at character 5 of \u{201c}1 to\u{201d}"),
        ("count(//*:record[*:id = 'a']) = 2", "true"),
        ("//*:record/*:id", "a b a"),
        ("namespace-uri(//t:record[1])", "urn:t"),
        ("local-name(//t:record[1]/@n)", "n"),
        ("//*[local-name() = 'id' and namespace-uri() = 'urn:t']", "a b a"),
        ("count(distinct-values(//t:id)) = count(//t:id)", "false"),
        ("distinct-values((1, 1.0, '1', 2))", "1 1 2"),
        ("every $id in //t:id satisfies string-length($id) = 1", "true"),
        ("some $x in //t:amount, $y in //t:amount satisfies $x > $y", "true"),
        ("every $r in //t:record satisfies exists($r/t:time) or exists($r/t:note)", "true"),
        ("not(exists(//t:missing))", "true"),
        ("if (count(//t:record) > 1) then 'many' else if (//t:record) then 'one' else 'none'", "many"),
        ("substring-before('SE2321000016-1003', '-')", "SE2321000016"),
        ("substring-after((), 'x')", ""),
        ("substring-after('abc', '')", "abc"),
        ("string-length(normalize-space(//t:note)) > 0", "true"),
        ("string-length(//t:missing)", "0"),
        ("tokenize('a b  c', '\\s+')", "a b c"),
        ("tokenize('a.b', '\\.')[last()]", "b"),
        ("count(tokenize('', ','))", "0"),
        (
            "xs:date(replace(//t:record[1]/t:time, '^(\\d{4})(\\d{2})(\\d{2})$', '$1-$2-$3')) lt xs:date('2024-01-31')",
            "true",
        ),
        ("replace('a$b', '\\$', '\\$\\$')", "a$$b"),
        ("replace('abc', 'x*', '-')", "dynamic: regular expression \u{201c}x*\u{201d}: it matches the empty text"),
        ("matches('19121212-1212', '^[0-9]{8}-?[0-9]{4}$')", "true"),
        ("matches('åäö', '^\\p{L}+$')", "true"),
        ("matches('ABC', '^[A-Z-[D]]+$')", "true"),
        ("matches(//t:id, 'a')", "dynamic: 3 values where one is expected"),
        ("//t:id[matches(., '^[ab]$')]", "a b a"),
        ("//t:amount = (9, 11)", "true"),
        ("not(//t:amount = 11)", "true"),
        ("(1, 2) != (1, 2)", "true"),
        ("() = ()", "false"),
        ("avg(//t:amount)", "9.5"),
        ("avg((1, 2))", "1.5"),
        ("//t:record[t:amount = max(//t:record/t:amount)]/@n", "1"),
        ("number('x') = number('x')", "false"),
        ("//t:id union //t:note", "a b   two   words  a"),
        ("count(//t:record intersect //t:record[1])", "1"),
        ("(//t:id except //t:record[1]/t:id)/string()", "b a"),
        ("//t:record[1] is //t:record[@n = '1']", "true"),
        ("//t:record[1] << //t:record[2]", "true"),
        ("//t:record[position() != last()]/@n", "1"),
        ("//t:record[t:note][1]/@n", "2"),
        ("//t:record[1][t:note]/@n", ""),
        ("//t:note/following::t:id", "a"),
        ("//o:record/preceding::t:id", "a b"),
        ("xs:date('2024-02-30')", "dynamic: \u{201c}2024-02-30\u{201d} is not a xs:date"),
        ("xs:dateTime('2024-01-31T10:00:00') - xs:dateTime('2024-01-30T09:00:00')", "P1DT1H"),
        ("days-from-duration(xs:date('2024-03-01') - xs:date('2024-02-28'))", "2"),
        ("hours-from-duration(xs:dayTimeDuration('P1DT3H4M'))", "3"),
        ("month-from-dateTime(xs:dateTime('2024-01-31T10:30:05'))", "1"),
        ("0.1 + 0.2", "0.3"),
        ("1e6", "1.0E6"),
        ("round(-2.5)", "-2"),
        ("substring('12345', -1.5, 4)", "12"),
        ("insert-before((1, 2), 2, 9)", "1 9 2"),
        ("remove((1, 2, 3), 2)", "1 3"),
        ("//t:record/concat(@n, t:id)", "1a 2b"),
        ("//t:record/position()", "1 2"),
        ("for $r in //t:record, $i in $r/t:id return concat($r/@n, $i)", "1a 2b"),
        ("count(//t:record/*[self::t:id or self::t:note])", "3"),
        ("1 = '1'", "dynamic: xs:integer 1 cannot be compared with xs:string 1"),
        ("(1, 2) + 1", "dynamic: 2 values where one is expected"),
        ("//t:record/(t:note | t:id)", "a b   two   words "),
        ("(//t:record/t:id, //o:record/t:id)[3]", "a"),
        ("'10' < '9'", "true"),
        ("//t:amount[1] - 1", "dynamic: 2 values where one is expected"),
        ("xs:yearMonthDuration('P1M')", "P1M"),
        ("xs:yearMonthDuration('P1Y2M')", "P1Y2M"),
        ("xs:yearMonthDuration('P14M')", "P1Y2M"),
        ("xs:yearMonthDuration('-P14M')", "-P1Y2M"),
        ("xs:yearMonthDuration('P0Y')", "P0M"),
        ("xs:yearMonthDuration('P')", "dynamic: \u{201c}P\u{201d} is not a xs:yearMonthDuration"),
        ("xs:yearMonthDuration('P1D')", "dynamic: \u{201c}P1D\u{201d} is not a xs:yearMonthDuration"),
        ("xs:yearMonthDuration('P1Y1D')", "dynamic: \u{201c}P1Y1D\u{201d} is not a xs:yearMonthDuration"),
        ("xs:yearMonthDuration('P1YT')", "dynamic: \u{201c}P1YT\u{201d} is not a xs:yearMonthDuration"),
        ("xs:yearMonthDuration('P2M1Y')", "dynamic: \u{201c}P2M1Y\u{201d} is not a xs:yearMonthDuration"),
        ("xs:yearMonthDuration(' P1Y ')", "P1Y"),
        ("xs:yearMonthDuration('+P1Y')", "dynamic: \u{201c}+P1Y\u{201d} is not a xs:yearMonthDuration"),
        ("xs:yearMonthDuration('P-1Y')", "dynamic: \u{201c}P-1Y\u{201d} is not a xs:yearMonthDuration"),
        ("xs:yearMonthDuration(())", ""),
        ("'P1Y' castable as xs:yearMonthDuration", "true"),
        ("'P1D' castable as xs:yearMonthDuration", "false"),
        ("'P1Y' cast as xs:yearMonthDuration", "P1Y"),
        ("xs:date('2024-01-31') + xs:yearMonthDuration('P1M')", "2024-02-29"),
        ("xs:date('2024-02-29') + xs:yearMonthDuration('P1Y')", "2025-02-28"),
        ("xs:date('2024-03-31') - xs:yearMonthDuration('P1M')", "2024-02-29"),
        ("xs:date('2024-03-31Z') - xs:yearMonthDuration('P13M')", "2023-02-28Z"),
        ("xs:yearMonthDuration('P1M') + xs:date('2024-01-31')", "2024-02-29"),
        ("xs:dayTimeDuration('P1D') + xs:date('2024-01-31')", "2024-02-01"),
        ("xs:dateTime('2024-01-31T12:30:00') + xs:yearMonthDuration('P1M')", "2024-02-29T12:30:00"),
        ("xs:dateTime('2024-01-31T12:30:00+01:00') - xs:yearMonthDuration('P1Y11M')", "2022-02-28T12:30:00+01:00"),
        ("xs:yearMonthDuration('P1Y') + xs:yearMonthDuration('P3M')", "P1Y3M"),
        ("xs:yearMonthDuration('P1Y') - xs:yearMonthDuration('P15M')", "-P3M"),
        ("xs:yearMonthDuration('P1Y') * 2", "P2Y"),
        ("2 * xs:yearMonthDuration('P1Y')", "P2Y"),
        ("2 * xs:dayTimeDuration('P1D')", "P2D"),
        ("xs:yearMonthDuration('P1Y') * 0.2", "P2M"),
        ("xs:yearMonthDuration('P5M') div 2", "P3M"),
        ("xs:yearMonthDuration('-P5M') div 2", "-P2M"),
        ("xs:yearMonthDuration('P1Y') div 1.5", "P8M"),
        ("xs:yearMonthDuration('P3Y4M') div xs:yearMonthDuration('-P1Y4M')", "-2.5"),
        ("xs:yearMonthDuration('P1Y') div xs:yearMonthDuration('P5M')", "2.4"),
        ("xs:yearMonthDuration('P1Y') div xs:yearMonthDuration('P0M')", "dynamic: a date out of range"),
        ("xs:yearMonthDuration('P1Y') div 0", "dynamic: a date out of range"),
        (
            "xs:yearMonthDuration('P1Y') idiv xs:yearMonthDuration('P5M')",
            "dynamic: xs:yearMonthDuration and xs:yearMonthDuration cannot be computed with",
        ),
        (
            "xs:yearMonthDuration('P1Y') + xs:dayTimeDuration('P1D')",
            "dynamic: xs:yearMonthDuration and xs:dayTimeDuration cannot be computed with",
        ),
        ("- xs:yearMonthDuration('P1Y')", "dynamic: xs:integer and xs:yearMonthDuration cannot be computed with"),
        ("- xs:dayTimeDuration('P1D')", "dynamic: xs:integer and xs:dayTimeDuration cannot be computed with"),
        ("0 - xs:dayTimeDuration('P1D')", "dynamic: xs:integer and xs:dayTimeDuration cannot be computed with"),
        ("xs:yearMonthDuration('P1Y') + 1", "dynamic: xs:yearMonthDuration and xs:integer cannot be computed with"),
        ("xs:yearMonthDuration('P1Y') = xs:yearMonthDuration('P12M')", "true"),
        ("xs:yearMonthDuration('P1Y') eq xs:yearMonthDuration('P12M')", "true"),
        ("xs:yearMonthDuration('P1Y') lt xs:yearMonthDuration('P13M')", "true"),
        ("xs:yearMonthDuration('P1Y') > xs:yearMonthDuration('P13M')", "false"),
        ("xs:yearMonthDuration('P0M') = xs:dayTimeDuration('PT0S')", "true"),
        ("xs:yearMonthDuration('P1M') = xs:dayTimeDuration('P30D')", "false"),
        ("xs:yearMonthDuration('P1M') != xs:dayTimeDuration('P30D')", "true"),
        (
            "xs:yearMonthDuration('P1M') lt xs:dayTimeDuration('P30D')",
            "dynamic: xs:yearMonthDuration P1M cannot be compared with xs:dayTimeDuration P30D",
        ),
        (
            "xs:yearMonthDuration('P1M') = 'P1M'",
            "dynamic: xs:yearMonthDuration P1M cannot be compared with xs:string P1M",
        ),
        ("xs:yearMonthDuration('P1M') = xs:untypedAtomic('P1M')", "true"),
        (
            "xs:yearMonthDuration('P1M') = xs:untypedAtomic('x')",
            "dynamic: \u{201c}x\u{201d} is not a xs:yearMonthDuration",
        ),
        ("xs:yearMonthDuration('P1M') instance of xs:yearMonthDuration", "true"),
        ("xs:yearMonthDuration('P1M') instance of xs:dayTimeDuration", "false"),
        ("xs:yearMonthDuration('P1M') instance of xs:anyAtomicType", "true"),
        ("xs:dayTimeDuration(xs:yearMonthDuration('P1M'))", "PT0S"),
        ("xs:yearMonthDuration(xs:dayTimeDuration('P31D'))", "P0M"),
        ("xs:yearMonthDuration('P1M') cast as xs:string", "P1M"),
        ("xs:yearMonthDuration('P1M') cast as xs:integer", "dynamic: \u{201c}P1M\u{201d} is not a xs:integer"),
        ("string(xs:yearMonthDuration('P30M'))", "P2Y6M"),
        ("sum((xs:yearMonthDuration('P8M'), xs:yearMonthDuration('P5M')))", "P1Y1M"),
        ("max((xs:yearMonthDuration('P8M'), xs:yearMonthDuration('P1Y')))", "P1Y"),
        ("min((xs:yearMonthDuration('P8M'), xs:yearMonthDuration('P1Y')))", "P8M"),
        ("avg((xs:yearMonthDuration('P8M'), xs:yearMonthDuration('P1Y')))", "P10M"),
        (
            "sum((xs:yearMonthDuration('P8M'), xs:dayTimeDuration('P1D')))",
            "dynamic: xs:yearMonthDuration and xs:dayTimeDuration cannot be computed with",
        ),
        ("count(distinct-values((xs:yearMonthDuration('P1Y'), xs:yearMonthDuration('P12M'))))", "1"),
        ("index-of((xs:yearMonthDuration('P1Y'), xs:yearMonthDuration('P1M')), xs:yearMonthDuration('P12M'))", "1"),
        ("years-from-duration(xs:yearMonthDuration('P30M'))", "2"),
        ("months-from-duration(xs:yearMonthDuration('-P30M'))", "-6"),
        ("days-from-duration(xs:yearMonthDuration('P30M'))", "0"),
        ("years-from-duration(xs:dayTimeDuration('P400D'))", "0"),
        ("//t:id instance of element()", "false"),
        ("//t:id instance of element()+", "true"),
        ("//t:id instance of element()*", "true"),
        ("(//t:id)[1] instance of element()", "true"),
        ("(//t:id)[1] instance of element(*)", "true"),
        ("(//t:id)[1] instance of element(t:id)", "true"),
        ("(//t:id)[1] instance of element(t:note)", "false"),
        ("(//t:id)[1] instance of element(id)", "false"),
        ("(//t:id)[1] instance of element(t:id, xs:untyped)", "true"),
        ("(//t:id)[1] instance of element(t:id, xs:anyType)", "true"),
        ("(//t:id)[1] instance of element(*, xs:string)", "false"),
        ("(//t:id)[1] instance of node()", "true"),
        ("(//t:id)[1] instance of item()", "true"),
        ("(//t:id)[1] instance of text()", "false"),
        ("(//t:id)[1] instance of attribute()", "false"),
        ("(//@n)[1] instance of attribute()", "true"),
        ("(//@n)[1] instance of attribute(n)", "true"),
        ("(//@n)[1] instance of attribute(*)", "true"),
        ("(//@n)[1] instance of attribute(m)", "false"),
        ("(//@n)[1] instance of element()", "false"),
        ("(//@n)[1] instance of node()", "true"),
        ("(//@n)[1] instance of attribute(n, xs:untypedAtomic)", "true"),
        ("(//t:id/text())[1] instance of text()", "true"),
        ("//comment() instance of comment()", "true"),
        ("//comment() instance of node()", "true"),
        ("//comment() instance of processing-instruction()", "false"),
        ("/t:answer instance of document-node()", "false"),
        ("() instance of empty-sequence()", "true"),
        ("1 instance of empty-sequence()", "false"),
        ("() instance of element()?", "true"),
        ("() instance of element()", "false"),
        ("() instance of item()*", "true"),
        ("1 instance of item()", "true"),
        ("1 instance of node()", "false"),
        ("1 instance of element()", "false"),
        ("(1, 'a') instance of item()+", "true"),
        ("(1, 'a') instance of xs:anyAtomicType+", "true"),
        ("//t:missing instance of element()*", "true"),
        ("//t:missing instance of element()?", "true"),
        ("(//t:id, 1) instance of element()*", "false"),
        ("(//t:id)[1] instance of element()+ and true()", "true"),
        (
            "(//t:id)[1] instance of foo()",
            "static: unknown type foo() at character 25 of \u{201c}(//t:id)[1] instance of foo()\u{201d}",
        ),
        (
            "(//t:id)[1] instance of element(u:id)",
            "static: the prefix u is not declared at character 33 of \u{201c}(//t:id)[1] instance of element(u:id)\u{201d}",
        ),
        ("(//t:id)[1] instance of xs:string", "false"),
        ("1 instance of xs:integer*", "true"),
        ("(/) instance of document-node()", "true"),
        ("(/) instance of document-node(element())", "true"),
        ("(/) instance of document-node(element(t:answer))", "true"),
        ("(/) instance of document-node(element(t:other))", "false"),
        ("(/) instance of element()", "false"),
        ("avg((xs:dayTimeDuration('P1D'), xs:dayTimeDuration('PT12H')))", "PT18H"),
        ("sum((xs:dayTimeDuration('P1D'), 1))", "dynamic: xs:dayTimeDuration and xs:integer cannot be computed with"),
        (
            "(//t:id)[1] instance of element(t:id, xs:foo)",
            "static: expected a type, as xs:date at character 39 of \u{201c}(//t:id)[1] instance of element(t:id, xs:foo)\u{201d}",
        ),
        ("(//t:id)[1] instance of element(t:id, xs:untyped?)", "true"),
        ("(//processing-instruction()) instance of processing-instruction('a')*", "true"),
        ("(//t:id)[1] instance of attribute(*, xs:anyType)", "false"),
        (
            "() instance of empty-sequence()*",
            "static: the expression ends where a value is expected at character 33 of \u{201c}() instance of empty-sequence()*\u{201d}",
        ),
        (
            "xs:yearMonthDuration('P1Y') * xs:yearMonthDuration('P1Y')",
            "dynamic: xs:yearMonthDuration and xs:yearMonthDuration cannot be computed with",
        ),
        (
            "xs:dayTimeDuration('P1D') * xs:dayTimeDuration('P1D')",
            "dynamic: xs:dayTimeDuration and xs:dayTimeDuration cannot be computed with",
        ),
        ("xs:yearMonthDuration('P1Y') mod 2", "dynamic: xs:yearMonthDuration and xs:integer cannot be computed with"),
        ("xs:yearMonthDuration('P1Y') * '2'", "dynamic: xs:yearMonthDuration and xs:string cannot be computed with"),
        ("xs:yearMonthDuration('P1Y') * xs:untypedAtomic('2')", "P2Y"),
        ("xs:yearMonthDuration('P1Y') * //t:record[2]/t:amount", "P9Y"),
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
fn a_range_and_a_for_are_of_a_bounded_length() {
    assert_eq!(value(&format!("count(1 to {ITEMS_MAX})")), ITEMS_MAX.to_string());
    for expression in [
        format!("count(1 to {})", ITEMS_MAX + 1),
        "count(-9223372036854775807 to 9223372036854775807)".to_owned(),
        "count(for $i in 1 to 2000 return 1 to 2000)".to_owned(),
    ] {
        assert_eq!(value(&expression), "dynamic: a range or a for of more than 1000000 items", "{expression}");
    }
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
