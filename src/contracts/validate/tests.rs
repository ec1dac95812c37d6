use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::config::contracts::ImportLimits;
use crate::contracts::import::{Import, Importer};
use crate::contracts::package::{Kind, Package};

const NAMESPACE: &str = "urn:riv:test:area:TestResponder:1";
const CORE: &str = "urn:riv:test:area:1";

/// Imports a description whose message schema holds `body` and whose core schema holds `core`.
fn import(body: &str, core: &str) -> Import {
    let wsdl = format!(
        r#"<w:definitions name="TestInteraction" targetNamespace="urn:riv:test:area:Test:1:rivtabp21" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
          xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:riv:test:area:Test:1:rivtabp21" xmlns:r="{NAMESPACE}">
          <w:types><x:schema targetNamespace="urn:riv:test:area:Test:1:rivtabp21"><x:import namespace="{NAMESPACE}" schemaLocation="a.xsd"/></x:schema></w:types>
          <w:message name="TestRequest"><w:part name="parameters" element="r:Test"/></w:message>
          <w:portType name="P"><w:operation name="Test"><w:input message="t:TestRequest"/></w:operation></w:portType>
          <w:binding name="B" type="t:P"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
            <w:operation name="Test"><s:operation soapAction="{NAMESPACE}:Test"/><w:input><s:body use="literal" parts="parameters"/></w:input></w:operation></w:binding>
        </w:definitions>"#
    );
    let schema = |target: &str, body: &str| {
        format!(
            r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:r="{NAMESPACE}" xmlns:c="{CORE}" targetNamespace="{target}" elementFormDefault="qualified">
{body}</xs:schema>"#
        )
    };
    let imported = format!(r#"<xs:import namespace="{CORE}" schemaLocation="core.xsd"/>{body}"#);
    let files = [("a.wsdl", wsdl), ("a.xsd", schema(NAMESPACE, &imported)), ("core.xsd", schema(CORE, core))];
    let files: BTreeMap<String, Arc<[u8]>> =
        files.into_iter().map(|(name, text)| (name.to_owned(), Arc::from(text.into_bytes()))).collect();
    Importer::default().import(&Package::new("test", Kind::Folder, files), Vec::new())
}

fn target(body: &str, core: &str) -> Target {
    let import = import(body, core);
    let errors: Vec<_> =
        import.descriptions.iter().flat_map(|one| &one.diagnostics).filter(|one| one.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let (registry, _) = Registry::new(import.into_contracts(), &HashMap::new(), &ImportLimits::default());
    Target::Registry(Arc::new(registry))
}

/// A contract whose request holds what stands in `content`, with `more` beside it.
struct Made {
    target: Target,
}

fn made(content: &str, more: &str, core: &str) -> Made {
    let body = format!(
        r#"<xs:element name="Test"><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType></xs:element>{more}"#
    );
    Made { target: target(&body, core) }
}

impl Made {
    fn report(&self, inside: &str) -> Report {
        let message = format!(
            r#"<r:Test xmlns:r="{NAMESPACE}" xmlns:c="{CORE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema">{inside}</r:Test>"#
        );
        validate(self.target.clone(), Options::default(), message.as_bytes())
    }

    #[track_caller]
    fn codes(&self, inside: &str, expected: &[&str]) {
        let report = self.report(inside);
        let found: Vec<_> = report.errors.iter().map(|error| error.code).collect();
        assert_eq!(found, expected, "{inside}\n{:#?}", report.errors.iter().map(|error| &error.en).collect::<Vec<_>>());
    }
}

const OPEN: &str = r###"<xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>"###;

#[test]
fn other_is_relative_to_the_declaring_schema() {
    let core = format!(
        r#"<xs:complexType name="T"><xs:sequence>{OPEN}</xs:sequence></xs:complexType><xs:element name="g" type="xs:int"/>"#
    );
    let made = made(r#"<xs:element name="a" type="c:T"/>"#, r#"<xs:element name="known" type="xs:int"/>"#, &core);
    made.codes("<r:a><r:known>1</r:known></r:a>", &[]);
    made.codes("<r:a><c:g>1</c:g></r:a>", &["V24"]);
    made.codes(r#"<r:a><plain xmlns="">1</plain></r:a>"#, &["V24"]);
    made.codes(r#"<r:a><x:x xmlns:x="urn:x"><x:y><r:known>abc</r:known></x:y></x:x></r:a>"#, &["V09"]);
    made.codes(r#"<r:a><x:x xmlns:x="urn:x" xsi:type="xs:int">abc</x:x></r:a>"#, &["V09"]);
    made.codes(r#"<r:a><x:x xmlns:x="urn:x" xsi:type="xs:int">42</x:x></r:a>"#, &[]);
    made.codes(r#"<r:a><x:x xmlns:x="urn:x" xsi:type="xs:nothing">42</x:x></r:a>"#, &["V21"]);
}

#[test]
fn nil_asks_for_a_nillable_empty_element() {
    let made =
        made(r#"<xs:element name="a" type="xs:int" nillable="true"/><xs:element name="b" type="xs:string"/>"#, "", "");
    made.codes(r#"<r:a xsi:nil="true"/><r:b/>"#, &[]);
    made.codes(r#"<r:a xsi:nil=" 1 "><!-- nothing --></r:a><r:b/>"#, &[]);
    made.codes(r#"<r:a xsi:nil="true"> </r:a><r:b/>"#, &["V20"]);
    made.codes(r#"<r:a xsi:nil="false">1</r:a><r:b/>"#, &[]);
    made.codes(r#"<r:a xsi:nil="ja">1</r:a><r:b/>"#, &["V09"]);
    made.codes(r#"<r:a>1</r:a><r:b xsi:nil="false">x</r:b>"#, &["V19"]);
}

#[test]
fn values_are_gathered_and_normalised_before_they_are_judged() {
    let types = r#"<xs:simpleType name="two"><xs:restriction base="xs:int"><xs:pattern value="\d\d"/></xs:restriction></xs:simpleType>
        <xs:simpleType name="plain"><xs:restriction base="xs:string"><xs:pattern value="\d\d"/></xs:restriction></xs:simpleType>
        <xs:simpleType name="one"><xs:restriction base="xs:string"><xs:length value="1"/></xs:restriction></xs:simpleType>"#;
    let made = made(
        r#"<xs:element name="a" type="r:two" minOccurs="0"/><xs:element name="b" type="r:plain" minOccurs="0"/>
        <xs:element name="c" type="r:one" minOccurs="0"/><xs:element name="d" type="xs:int" default="7" minOccurs="0"/>
        <xs:element name="e" type="xs:decimal" fixed="1" minOccurs="0"/>"#,
        types,
        "",
    );
    made.codes("<r:a> 42 </r:a>", &[]);
    made.codes("<r:a>4<!-- in between -->2</r:a>", &[]);
    made.codes("<r:a><![CDATA[4]]>&#50;</r:a>", &[]);
    made.codes("<r:b>42 </r:b>", &["V08"]);
    made.codes("<r:c>😀</r:c>", &[]);
    made.codes("<r:c>a\u{30a}</r:c>", &["V12"]);
    made.codes("<r:d/>", &[]);
    made.codes("<r:d> </r:d>", &["V09"]);
    made.codes("<r:e>1.0</r:e>", &[]);
    made.codes("<r:e>2</r:e>", &["V18"]);
    made.codes("<r:e/>", &[]);
}

#[test]
fn attributes_are_declared_or_refused() {
    let made = made(
        r#"<xs:element name="a"><xs:complexType><xs:attribute name="x" type="xs:int" use="required"/><xs:attribute name="y" type="xs:string"/></xs:complexType></xs:element>"#,
        "",
        "",
    );
    made.codes(r#"<r:a x="1" y="z" xsi:schemaLocation="a b"/>"#, &[]);
    made.codes(r#"<r:a y="z"/>"#, &["V16"]);
    made.codes(r#"<r:a x="1" z="1"/>"#, &["V15"]);
    made.codes(r#"<r:a x="1" xml:lang="sv"/>"#, &["V15"]);
    made.codes(r#"<r:a x="1" xsi:foo="1"/>"#, &["V15"]);
    made.codes(r#"<r:a x="a"/>"#, &["V09"]);
    made.codes(r#"<r:a x="1"> </r:a>"#, &["V33"]);
    made.codes(r#"<r:a x="1" x="1"/>"#, &["V01"]);
    made.codes(r#"<r:a x="1" u:x="1"/>"#, &["V01"]);
}

#[test]
fn identifiers_are_unique_and_met() {
    let made = made(
        r#"<xs:element name="a" type="xs:ID" maxOccurs="unbounded"/><xs:element name="b" type="xs:IDREFS" minOccurs="0"/>"#,
        "",
        "",
    );
    made.codes("<r:a>i1</r:a><r:a>i2</r:a><r:b>i2 i1</r:b>", &[]);
    made.codes("<r:a>i1</r:a><r:a>i1</r:a>", &["V29"]);
    made.codes("<r:a>i1</r:a><r:b>i1 i3</r:b>", &["V30"]);
}

#[test]
fn keys_are_whole_unique_and_met() {
    let body = r#"<xs:element name="Test"><xs:complexType><xs:sequence>
        <xs:element name="a" maxOccurs="unbounded"><xs:complexType><xs:attribute name="k" type="xs:string"/></xs:complexType></xs:element>
        <xs:element name="b" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:attribute name="to" type="xs:string"/></xs:complexType></xs:element>
        </xs:sequence></xs:complexType>
        <xs:key name="K"><xs:selector xpath="r:a"/><xs:field xpath="@k"/></xs:key>
        <xs:keyref name="R" refer="r:K"><xs:selector xpath="r:b"/><xs:field xpath="@to"/></xs:keyref></xs:element>"#;
    let made = Made { target: target(body, "") };
    made.codes(r#"<r:a k="1"/><r:a k="2"/><r:b to="2"/><r:b/>"#, &[]);
    made.codes(r#"<r:a k="1"/><r:a k="1"/>"#, &["V31"]);
    made.codes(r#"<r:a k="1"/><r:a/>"#, &["V31"]);
    made.codes(r#"<r:a k="1"/><r:b to="9"/>"#, &["V31"]);
}

#[test]
fn derived_types_may_stand_for_their_base_unless_blocked() {
    let types = r#"<xs:complexType name="Base" abstract="true"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:complexType>
        <xs:complexType name="More"><xs:complexContent><xs:extension base="r:Base"><xs:sequence><xs:element name="y" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
        <xs:complexType name="Other"><xs:sequence/></xs:complexType>"#;
    let made = made(
        r#"<xs:element name="a" type="r:Base"/><xs:element name="b" type="r:Base" block="extension" minOccurs="0"/>"#,
        types,
        "",
    );
    made.codes(r#"<r:a xsi:type="r:More"><r:x>1</r:x><r:y>2</r:y></r:a>"#, &[]);
    made.codes(r#"<r:a><r:x>1</r:x></r:a>"#, &["V23"]);
    made.codes(r#"<r:a xsi:type="r:Other"/>"#, &["V22", "V23", "V04"]);
    made.codes(r#"<r:a xsi:type="r:Gone"><r:x>1</r:x></r:a>"#, &["V21", "V23"]);
    let more = r#"<r:a xsi:type="r:More"><r:x>1</r:x><r:y>2</r:y></r:a><r:b xsi:type="r:More"><r:x>1</r:x></r:b>"#;
    made.codes(more, &["V22", "V23"]);
}

#[test]
fn content_errors_say_what_is_wrong() {
    let made = made(
        r#"<xs:element name="alpha" type="xs:string"/><xs:element name="beta" type="xs:int" minOccurs="0" maxOccurs="2"/>
        <xs:element name="gamma" type="xs:string"/><xs:element name="gone" type="xs:string" minOccurs="0" maxOccurs="0"/>"#,
        "",
        "",
    );
    made.codes("<r:alpha/><r:gamma/>", &[]);
    made.codes("<r:alpha/>", &["V04"]);
    made.codes("<r:gamma/>", &["V04"]);
    made.codes("<r:alpha/><r:beta>1</r:beta><r:beta>2</r:beta><r:beta>3</r:beta><r:gamma/>", &["V05"]);
    made.codes("<r:alpha/><r:gamma/><r:beta>1</r:beta>", &["V27"]);
    made.codes("<r:alpha/><c:gamma/>", &["V26"]);
    made.codes("<r:alpha/><r:Gamma/>", &["V28"]);
    made.codes("<r:alpha/><r:gama/>", &["V28"]);
    made.codes("<r:alpha/><r:wholly/>", &["V03"]);
    made.codes("<r:alpha/><r:gamma/><r:gone/>", &["V03"]);
    made.codes("<r:alpha>x<r:y/></r:alpha><r:gamma/>", &["V32"]);
    made.codes("stray<r:alpha/><r:gamma/>", &["V06"]);
    made.codes("\u{a0}<r:alpha/><r:gamma/>", &["V06"]);
    // One error for each parent, and its children are judged all the same.
    made.codes("<r:beta>x</r:beta><r:wholly/><r:beta>y</r:beta>", &["V04", "V09", "V03", "V09"]);
}

#[test]
fn places_are_those_of_what_is_wrong() {
    let made = made(r#"<xs:element name="alpha" type="xs:int"/><xs:element name="beta" type="xs:int"/>"#, "", "");
    let report = made.report("\n  <r:alpha>ett</r:alpha>\n  <r:beta>2</r:beta>");
    assert_eq!((report.errors[0].line, report.errors[0].column), (2, 12));
    assert_eq!(report.errors[0].path, "/Test/alpha");
    assert_eq!(report.errors[0].namespaced_path, format!("/{{{NAMESPACE}}}Test/{{{NAMESPACE}}}alpha"));
    let report = made.report("\n  <r:alpha>1</r:alpha>\n\n");
    assert_eq!((report.errors[0].line, report.errors[0].column), (4, 1));
    assert_eq!(report.errors[0].expected, ["beta"]);
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let made = made(r#"<xs:element name="a" type="xs:string"/>"#, "", "");
    for inside in [
        "<r:a>",
        "</r:a>",
        "<r:a>x</r:b>",
        "<r:a>&x;</r:a>",
        "<r:a>&</r:a>",
        "<r:a>]]></r:a>",
        "<r:a b=c/>",
        "<r:a b='<'/>",
        "<r:a <b/>",
        "<r:a><!-- -- --></r:a>",
        "<r:a>\u{1}</r:a>",
        "<r:a>&#0;</r:a>",
        "<r:a>\u{ffff}</r:a>",
        "<:a/>",
        "<r:1a/>",
        "<r:a:b/>",
        "<z:a/>",
        "<r:a xmlns:z=''/>",
        "<!DOCTYPE a>",
        "<?xml version='1.0'?>",
        "<r:a/",
        "<",
        "<r:a xmlns:xml='urn:x'/>",
    ] {
        let report = made.report(inside);
        assert!(
            !report.valid && matches!(report.errors.last().unwrap().code, "V01" | "V37"),
            "{inside}: {:?}",
            report.errors
        );
    }
    let alone = |message: &str| validate(made.target.clone(), Options::default(), message.as_bytes());
    for message in ["", " ", "x", "<a/><b/>", "<a/>x", "<!-- -->"] {
        assert_eq!(alone(message).errors.last().unwrap().code, "V01", "{message:?}");
    }
    assert_eq!(alone("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>").errors[0].code, "V37");
}

#[test]
fn encodings_are_told_by_mark_content_type_and_declaration() {
    let made = made(r#"<xs:element name="a" type="xs:string"/>"#, "", "");
    let message = |declared: &str| {
        format!(r#"<?xml version="1.0" encoding="{declared}"?><r:Test xmlns:r="{NAMESPACE}"><r:a>å</r:a></r:Test>"#)
    };
    let judged = |bytes: &[u8]| validate(made.target.clone(), Options::default(), bytes);
    let latin: Vec<u8> = message("ISO-8859-1").chars().map(|c| c as u8).collect();
    assert!(judged(&latin).valid);
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(message("UTF-16").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert!(judged(&wide).valid, "{:?}", judged(&wide).errors);
    let marked: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(message("UTF-8").bytes()).collect();
    assert!(judged(&marked).valid);
    let lying: Vec<u8> = message("UTF-8").chars().map(|c| c as u8).collect();
    assert_eq!(judged(&lying).errors[0].code, "V35");
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(message("UTF-8").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(judged(&wide).errors[0].code, "V35");
    let options = Options { charset: Some("ISO-8859-1".to_owned()), ..Options::default() };
    assert!(validate(made.target.clone(), options, &lying).valid);
}

#[test]
fn envelopes_hold_one_message_of_a_known_contract() {
    let made = made(r#"<xs:element name="a" type="xs:string"/>"#, "", "");
    let judged = |body: &str| {
        let message = format!(
            r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:r="{NAMESPACE}"><s:Header/>{body}</s:Envelope>"#
        );
        let report = validate(made.target.clone(), Options::default(), message.as_bytes());
        report.errors.iter().map(|error| error.code).collect::<Vec<_>>()
    };
    let one = "<r:Test><r:a/></r:Test>";
    assert_eq!(judged(&format!("<s:Body>{one}</s:Body>")), Vec::<&str>::new());
    assert_eq!(judged("<s:Body/>"), ["V38"]);
    assert_eq!(judged(&format!("<s:Body>{one}{one}</s:Body>")), ["V38"]);
    assert_eq!(judged(""), ["V38"]);
    assert_eq!(judged("<s:Body><r:Nothing/></s:Body>"), ["V02"]);
    assert_eq!(judged(r#"<s:Body><Test xmlns="urn:riv:test:area:TestResponder:2"/></s:Body>"#), ["V34"]);
    assert_eq!(judged("<s:Body><s:Fault><faultcode>s:Server</faultcode></s:Fault></s:Body>"), Vec::<&str>::new());
}

#[test]
fn limits_stop_what_is_hostile() {
    let made = made(r#"<xs:element name="a" minOccurs="0" maxOccurs="unbounded" type="xs:anyType"/>"#, "", "");
    let stopped = |inside: &str, code: &str| {
        let report = made.report(inside);
        assert_eq!(report.errors.last().map(|error| error.code), Some(code), "{:.80}", inside);
        assert!(report.truncated);
    };
    stopped(&"<r:a>".repeat(1_000_000), "V36");
    let attributes: String = (0..100_000).map(|number| format!(" a{number}=\"1\"")).collect();
    stopped(&format!("<r:a{attributes}/>"), "V36");
    stopped(&format!("<r:a {}=\"1\"/>", "n".repeat(1_000_000)), "V36");
    stopped(&format!("<r:a b=\"{}\"/>", "v".repeat(1_200_000)), "V36");
    stopped(&format!("<r:a b=\"{}", "v".repeat(4_000_000)), "V36");
    // A million errors: a hundred are kept, the rest counted up to the limit.
    let strict = self::made(r#"<xs:element name="a" maxOccurs="unbounded" type="xs:int"/>"#, "", "");
    let report = strict.report(&"<r:a>x</r:a>".repeat(100_000));
    assert_eq!((report.errors.len(), report.error_count, report.truncated), (100, 10_000, true));
}

#[test]
fn identity_numbers_outside_the_test_series_are_not_quoted() {
    let made = made(r#"<xs:element name="a" type="xs:int"/>"#, "", "");
    let shown = serde_json::to_string(&made.report("<r:a>id 195001011234</r:a>").errors).unwrap();
    assert!(shown.contains("19xxxxxx-xxxx") && !shown.contains("195001011234"), "{shown}");
    let shown = serde_json::to_string(&made.report("<r:a>id 191212121212</r:a>").errors).unwrap();
    assert!(shown.contains("191212121212"));
}

#[test]
fn a_compiled_contract_is_shared_between_threads() {
    let made = made(r#"<xs:element name="a" maxOccurs="unbounded" type="xs:int"/>"#, "", "");
    let inside = "<r:a>1</r:a><r:a>x</r:a>".repeat(50);
    let alone = serde_json::to_string(&made.report(&inside).errors).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..16).map(|_| scope.spawn(|| serde_json::to_string(&made.report(&inside).errors).unwrap())).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}

/// Statement 20 of `contracts.md` §3.1 and its neighbours: what is not supported or not right is refused at import.
#[test]
fn schemas_that_are_wrong_are_refused_with_their_place() {
    let cases = [
        (r#"<xs:element name="Test" type="r:Gone"/>"#, "IE02"),
        (r#"<xs:element name="Test" type="xs:gone"/>"#, "IE02"),
        (r#"<xs:element name="Test" type="xs:string" substitutionGroup="r:X"/>"#, "IE08"),
        (r#"<xs:element name="Test" abstract="true"/>"#, "IE08"),
        (r#"<xs:element name="Test"/><xs:element name="Test"/>"#, "IE06"),
        (r#"<xs:redefine schemaLocation="core.xsd"/><xs:element name="Test"/>"#, "IE08"),
        (
            r#"<xs:element name="Test"><xs:complexType><xs:sequence><xs:element name="a" minOccurs="0"/><xs:element name="a"/></xs:sequence></xs:complexType></xs:element>"#,
            "IE07",
        ),
        (
            r#"<xs:element name="Test"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b"/><xs:element name="a" type="xs:string"/></xs:sequence></xs:complexType></xs:element>"#,
            "IE07",
        ),
        (
            r#"<xs:element name="Test"><xs:complexType><xs:sequence><xs:element name="a" minOccurs="0"/><xs:any/></xs:sequence></xs:complexType></xs:element>"#,
            "IE07",
        ),
        (
            r#"<xs:element name="Test"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[a-"/></xs:restriction></xs:simpleType></xs:element>"#,
            "IE10",
        ),
        (
            r#"<xs:element name="Test"><xs:simpleType><xs:restriction base="xs:int"><xs:enumeration value="ett"/></xs:restriction></xs:simpleType></xs:element>"#,
            "IE10",
        ),
        (r#"<xs:element name="Test" type="xs:int" default="ett"/>"#, "IE10"),
        (
            r#"<xs:complexType name="A"><xs:complexContent><xs:extension base="r:A"/></xs:complexContent></xs:complexType><xs:element name="Test"/>"#,
            "IE09",
        ),
        (r#"<xs:element name="Test"><xs:complexType><xs:assert test="true()"/></xs:complexType></xs:element>"#, "IE08"),
        (r#"<xs:element name="Test" type="u:T" xmlns:u="urn:elsewhere"/>"#, "IE05"),
        (r#"<xs:element name="Other"/>"#, "IE12"),
    ];
    for (body, code) in cases {
        let import = import(body, "");
        let errors: Vec<_> = import.descriptions[0].diagnostics.iter().filter(|one| one.is_error()).collect();
        assert!(errors.iter().any(|error| error.code.as_str() == code), "{body}: {errors:#?}");
        assert!(errors.iter().all(|error| error.line > 0));
        assert!(!import.descriptions[0].is_usable);
    }
}

#[test]
fn every_rule_has_its_texts() {
    for rule in finding::Rule::ALL {
        let finding =
            Finding::new(*rule, place::Place::default(), (String::new(), String::new()), finding::Facts::default());
        assert!(
            !finding.sv.contains('{') && !finding.en.contains('{') && !finding.sv.is_empty() && !finding.en.is_empty()
        );
    }
}

#[test]
fn a_value_is_read_once_wherever_the_message_is_cut() {
    let made = made(r#"<xs:element name="a" type="xs:string" fixed="x&amp;y]z"/>"#, "", "");
    let message = format!(r#"<r:Test xmlns:r="{NAMESPACE}"><r:a>x&#x26;y]z</r:a></r:Test>"#);
    for size in 1..message.len() {
        let mut validation = Validation::new(made.target.clone(), Options::default());
        message.as_bytes().chunks(size).for_each(|piece| validation.feed(piece));
        let report = validation.finish();
        assert!(report.valid, "pieces of {size} bytes: {:?}", report.errors);
    }
}

#[test]
fn a_name_that_looks_like_a_person_is_hidden() {
    let made = made(r#"<xs:element name="a" type="xs:string"/>"#, "", "");
    let report = made.report("<x191212121213 xmlns=\"urn:191212121213\"/>");
    let told = serde_json::to_string(&report).expect("a report can be written");
    assert!(!report.valid && !told.contains("191212121213"), "{told}");
}
