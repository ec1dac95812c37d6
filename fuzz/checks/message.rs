//! The validator: however a message is cut into pieces the findings are the same, what it accepts another reader finds
//! well-formed, and no finding shows a person's identity number. The first byte chooses the pieces and the target.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use anslut::config::contracts::{ImportLimits, MessageLimits};
use anslut::contracts::builtin;
use anslut::contracts::contract::{Contract, Direction, State};
use anslut::contracts::import::Importer;
use anslut::contracts::registry::Registry;
use anslut::contracts::sample::{Envelope, Variant, Wanted, sample};
use anslut::contracts::validate::finding::Finding;
use anslut::contracts::validate::{Options, Report, Target, Validation, validate};
use anslut::domain::identity_number::{Hide, masked};
use anslut::soap::xml::reader;

pub(super) const PIECES: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "&",
    "&amp;",
    "&#x0;",
    "&#x41;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?x ",
    "?>",
    "\"",
    "'",
    "=",
    " ",
    "\r\n",
    "\u{0}",
    "å",
    "\u{feff}",
    "\u{ffff}",
    "\u{10000}",
    "xmlns:",
    "xmlns=\"\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"",
    " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"",
    " xsi:nil=\"true\"",
    " xsi:type=\"xs:int\"",
    " xsi:type=\"e:Wider\"",
    "<!DOCTYPE a>",
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
    "<x:f xmlns:x=\"urn:x\"/>",
    "191212121212",
    "2026-02-29T24:00:00",
    "QUJDRA==",
    "-1.50",
    "NaN",
];

/// A request of the contract that has everything, with keys that differ.
const ASK: &str = concat!(
    r#"<e:Ask xmlns:e="urn:riv:fuzz:AskResponder:1" xmlns:c="urn:riv:fuzz:core:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">"#,
    r#"<e:item key="a">1.50</e:item><e:item key="b">-0</e:item><e:refers>b</e:refers><e:code>A</e:code>"#,
    r#"<e:from>2026-01-15T08:00:00Z</e:from><e:to xsi:nil="true"/><e:either>42</e:either>"#,
    r#"<e:counted>1</e:counted><e:counted> 2 </e:counted><e:counted>+3</e:counted>"#,
    r#"<e:period id="p" lang="sv-SE" xml:base="y"><c:start>20260115080000</c:start></e:period>"#,
    r#"<e:shape xsi:type="e:Narrow"><e:width>7</e:width></e:shape>"#,
    r#"<e:unordered><e:b>A ÅÄÖ</e:b><e:a>true</e:a><e:f/></e:unordered><c:remark>åäö</c:remark></e:Ask>"#,
);

/// An answer of the same contract.
const ANSWER: &str = concat!(
    r#"<e:AskResponse xmlns:e="urn:riv:fuzz:AskResponder:1" id="a"><e:text>one<x xmlns="">two</x></e:text>"#,
    r#"<e:tree depth="0"><e:tree depth="255"><e:tree/></e:tree><e:tree/></e:tree><e:data>QUJD RA==</e:data>"#,
    r#"<e:short>åäö</e:short><e:price>-9.99</e:price><e:word>bcÅ</e:word><e:name>e:n</e:name><e:point>a</e:point>"#,
    r#"<e:span>P1DT0.5S</e:span><e:hex/><e:where>http://x/%C3%A5</e:where><e:open><e:tree/>text</e:open></e:AskResponse>"#,
);

/// The shipped contracts, and one that has everything a schema may have.
static CONTRACTS: LazyLock<Vec<Arc<Contract>>> = LazyLock::new(|| {
    let (mut contracts, _) = builtin::contracts(&mut Importer::default());
    let everything = Importer::default().import(&super::schema::everything(), Vec::new()).into_contracts();
    contracts.extend(everything);
    assert!(contracts.iter().all(|contract| contract.state != State::Broken), "a contract of the checks is broken");
    contracts.into_iter().map(Arc::new).collect()
});

static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(|| {
    let (mut contracts, _) = builtin::contracts(&mut Importer::default());
    contracts.extend(Importer::default().import(&super::schema::everything(), Vec::new()).into_contracts());
    Arc::new(Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0)
});

pub(super) fn check(input: &[u8]) {
    let Some((choice, message)) = input.split_first() else { return };
    let size = 1 + usize::from(choice & 0x7f);
    let target = || match choice & 0x80 {
        0 => Target::Registry(REGISTRY.clone()),
        _ => Target::Contract(CONTRACTS[CONTRACTS.len() - 1].clone(), None),
    };
    let limits = MessageLimits { errors_max: 20, errors_counted_max: 200, ..MessageLimits::default() };
    let options = || Options { limits: limits.clone(), ..Options::default() };
    let whole = validate(target(), options(), message);
    let mut validation = Validation::new(target(), options());
    message.chunks(size).for_each(|piece| validation.feed(piece));
    let pieces = validation.finish();
    assert_eq!(told(&whole), told(&pieces), "cut into pieces of {size} bytes it is judged otherwise");
    assert_eq!(whole.valid, whole.error_count == 0 && whole.unusable.is_none());
    assert!(whole.errors.len() <= limits.errors_max && whole.errors.len() <= whole.error_count);
    for finding in whole.errors.iter().chain(&whole.warnings) {
        check_finding(finding, message);
    }
    if whole.valid && is_plain(message) {
        let text = message.strip_prefix("\u{feff}".as_bytes()).unwrap_or(message);
        reader::check(text).expect("what the validator accepts is well-formed");
    }
}

/// What a report says, in a form that two can be compared by.
fn told(report: &Report) -> (bool, usize, Vec<String>) {
    let line = |finding: &Finding| {
        format!("{}:{} {} {} {} {}", finding.line, finding.column, finding.offset, finding.path, finding.sv, finding.en)
    };
    (report.valid, report.error_count, report.errors.iter().chain(&report.warnings).map(line).collect())
}

fn check_finding(finding: &Finding, message: &[u8]) {
    assert!(finding.line >= 1 && finding.column >= 1);
    if is_plain(message) {
        let lines = 1 + message.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert!(finding.line <= lines && finding.offset <= message.len() as u64, "{finding:?}");
    }
    let texts = [&finding.path, &finding.namespaced_path, &finding.element, &finding.found, &finding.sv, &finding.en];
    for text in texts.into_iter().chain(&finding.attribute).chain(&finding.fix) {
        // What is cut off may leave half a number of the test series, which looks like another one.
        if !text.contains('…') {
            assert_eq!(&masked(text, Hide::OutsideTestSeries), text, "an identity number is shown");
        }
    }
}

/// Whether the bytes are what they seem: UTF-8 that does not say it is something else.
fn is_plain(message: &[u8]) -> bool {
    let says_otherwise = memchr::memmem::find(&message[..message.len().min(512)], b"encoding").is_some();
    !says_otherwise && std::str::from_utf8(message).is_ok()
}

fn samples(contract: &Arc<Contract>, envelope: Envelope) -> Vec<String> {
    let mut found = Vec::new();
    for direction in [Direction::Request, Direction::Response] {
        for variant in [Variant::Min, Variant::Max] {
            let wanted = Wanted { direction, variant, envelope, ..Wanted::default() };
            let made = sample(contract, &wanted).unwrap_or_else(|error| panic!("{}: {error}", contract.namespace));
            found.extend(made);
        }
    }
    found
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let named = ["GetDiagnosis", "MakeBooking", "FindContent", "PingForConfiguration", "GetLaboratoryOrderOutcome"];
    let mut seeds = Vec::new();
    for contract in CONTRACTS.iter().filter(|contract| named.contains(&contract.operation.as_str())) {
        let samples = samples(contract, Envelope::Own).into_iter();
        seeds.extend(samples.map(|text| [&[60], text.as_bytes()].concat()));
    }
    // Made by hand: of keys and references the sampler knows nothing.
    for text in [ASK, ANSWER] {
        let report = validate(Target::Registry(REGISTRY.clone()), Options::default(), text.as_bytes());
        assert!(report.valid, "{:?}", report.errors);
        seeds.push([&[0x80 | 9], text.as_bytes()].concat());
        seeds.push([&[7], text.replace("><", ">\r\n<!-- -->\r\n<").as_bytes()].concat());
    }
    seeds
}

pub(super) fn envelopes() -> Vec<Vec<u8>> {
    let named = ["MakeBooking", "PingForConfiguration", "FindContent"];
    let contracts = CONTRACTS.iter().filter(|contract| named.contains(&contract.operation.as_str()));
    contracts.flat_map(|contract| samples(contract, Envelope::Own)).map(String::into_bytes).collect()
}
