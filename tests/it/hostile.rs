//! Input nobody thought of: no input panics, what another parser refuses we refuse, and what need not be touched is not.

use anslut::domain::profile::Profile;
use anslut::hub::call::profile::convert;
use anslut::hub::identify::certificate;
use anslut::hub::read::read;
use anslut::soap::{envelope, fault};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::conformance::c0::{C0, DEFAULT_SENDER};
use crate::support::client::Ask;
use crate::support::envelope::{Declared, Envelope, GA, GC, ga, gc, utf16};
use crate::support::producer::ANSWER;

/// Cases of a test that calls functions, and of one that calls a platform.
const MANY: u32 = 4_000;
const FEW: u32 = 150;

fn runner(cases: u32) -> TestRunner {
    // Failures are reported with their input; nothing is written beside the source. The seed is fixed, so that a run
    // says something about a change and not about luck.
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// What the other parser refuses and ours takes, by its words, and why.
const DIFFERENCES: &[(&str, &str)] = &[];

/// Pieces that matter to a reader of XML.
const PIECES: &[&str] = &[
    "<",
    ">",
    "/",
    "=",
    "\"",
    "'",
    "&",
    ";",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<?xml version='1.0'?>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "&b;",
    "&#0;",
    "&#x110000;",
    "&lt;",
    "xmlns:a=''",
    "xmlns=''",
    " xmlns:xml='x'",
    ":",
    "<a:To/>",
    "</S:Header>",
    "<S:Body>",
    "S:",
    "\0",
    "\u{feff}",
    "\u{fffe}",
    "å",
    " ",
    "\r",
    "<x y='1' y='2'/>",
];

#[derive(Clone, Debug)]
enum Edit {
    Delete { at: prop::sample::Index, count: usize },
    Insert { at: prop::sample::Index, piece: Vec<u8> },
    Repeat { at: prop::sample::Index, count: usize },
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<prop::sample::Index>;
    let piece =
        prop_oneof![prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()), vec(any::<u8>(), 1..4),];
    let edit = prop_oneof![
        2 => (at(), 1_usize..40).prop_map(|(at, count)| Edit::Delete { at, count }),
        4 => (at(), piece).prop_map(|(at, piece)| Edit::Insert { at, piece }),
        1 => (at(), 1_usize..200).prop_map(|(at, count)| Edit::Repeat { at, count }),
    ];
    vec(edit, 0..5)
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        if bytes.is_empty() {
            break;
        }
        match edit {
            Edit::Delete { at, count } => {
                let at = at.index(bytes.len());
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Edit::Insert { at, piece } => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, piece.iter().copied());
            }
            Edit::Repeat { at, count } => {
                let at = at.index(bytes.len());
                let part = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

fn bases() -> Vec<Vec<u8>> {
    let declared = Envelope::bp20(GC, "Receiver").encoding("UTF-16").text();
    vec![
        gc("Receiver").into_bytes(),
        ga("Receiver").into_bytes(),
        Envelope::bp21(GA, "Receiver")
            .address_declared(Declared::Itself)
            .contract_declared(Declared::Itself)
            .text()
            .into(),
        Envelope::bp20(GA, "R")
            .encoding("ISO-8859-1")
            .in_header("<!-- x --><a:Action>&amp;</a:Action><?pi x?>")
            .text()
            .into(),
        utf16(&declared, true, true),
        utf16(&declared, false, false),
        format!("--x\r\nContent-Type: application/xop+xml\r\n\r\n{}\r\n--x--", gc("Receiver")).into_bytes(),
        fault::document(fault::Side::Client, "text", "detail").into_bytes(),
    ]
}

fn messages() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => (prop::sample::select(bases()), edits()).prop_map(|(base, edits)| edited(base, &edits)),
        1 => vec(any::<u8>(), 0..200),
    ]
}

#[test]
fn no_message_panics_a_reader() {
    let content_types = [
        "",
        "text/xml",
        "text/xml;charset=UTF-16",
        "text/xml; charset=iso-8859-1",
        "text/xml;charset=utf-7",
        "text/xml;charset=\"",
        "multipart/related;type=\"application/xop+xml\"",
        "charset=UTF-16LE;charset=UTF-16LE",
        ";;;charset==;",
    ];
    let strategy = (messages(), prop::sample::select(content_types.to_vec()));
    let checked = runner(MANY).run(&strategy, |(message, content_type)| {
        let _ = envelope::scan(&message);
        let _ = fault::read(&message);
        for (from, to) in [(Profile::Rivtabp20, Profile::Rivtabp21), (Profile::Rivtabp21, Profile::Rivtabp20)] {
            if let Ok(converted) = convert(&message, from, to) {
                // What was converted is well-formed, and converting it back finds it so.
                prop_assert!(convert(&converted, to, from).is_ok(), "{}", String::from_utf8_lossy(&converted));
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let _ = read(&headers, message.into());
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn no_subject_panics_the_search_for_a_sender() {
    let pattern = regex::Regex::new("(?:2.5.4.5|SERIALNUMBER|OU)=([^,]+)").unwrap();
    let subject = prop_oneof!["(2\\.5\\.4\\.5|OU|SERIALNUMBER)=#?[0-9a-fA-F]{0,12}(,.*)?", ".{0,60}", "OU=#[^,]{0,10}"];
    let checked = runner(MANY).run(&subject, |subject| {
        let _ = certificate::sender_in(&pattern, &subject);
        Ok(())
    });
    checked.unwrap();
}

/// Why quick-xml refuses a document, with every check it has.
fn refused_by_another(document: &[u8]) -> Option<String> {
    let mut reader = quick_xml::NsReader::from_reader(document);
    reader.config_mut().check_comments = true;
    let mut buffer = Vec::new();
    let mut depth = 0_usize;
    loop {
        match reader.read_resolved_event_into(&mut buffer) {
            Err(error) => return Some(error.to_string()),
            Ok((quick_xml::name::ResolveResult::Unknown(prefix), event)) => {
                return Some(format!("prefix {prefix:?} of {event:?}"));
            }
            Ok((_, quick_xml::events::Event::Eof)) => {
                return (depth > 0).then(|| "an element is not closed".to_owned());
            }
            Ok((_, event)) => {
                let tag = match &event {
                    quick_xml::events::Event::Start(tag) => {
                        depth += 1;
                        tag
                    }
                    quick_xml::events::Event::Empty(tag) => tag,
                    quick_xml::events::Event::End(_) => {
                        depth -= 1;
                        continue;
                    }
                    _ => continue,
                };
                if let Some(error) = tag.attributes().find_map(Result::err) {
                    return Some(error.to_string());
                }
            }
        }
        buffer.clear();
    }
}

#[test]
fn what_another_parser_refuses_we_refuse() {
    let utf8: Vec<_> =
        bases().into_iter().filter(|base| base.starts_with(b"<S:") || base.starts_with(b"<SOAP")).collect();
    let strategy = (prop::sample::select(utf8), edits());
    let (mut refused, mut taken) = (0, 0);
    let cell = std::cell::RefCell::new((&mut refused, &mut taken));
    let checked = runner(MANY).run(&strategy, |(base, edits)| {
        let message = edited(base, &edits);
        let ours = convert(&message, Profile::Rivtabp20, Profile::Rivtabp21);
        match (refused_by_another(&message), ours) {
            (Some(why), Ok(_)) if DIFFERENCES.iter().any(|(words, _)| why.contains(words)) => Ok(()),
            (Some(why), Ok(_)) => Err(TestCaseError::fail(format!("{why}: {}", String::from_utf8_lossy(&message)))),
            (Some(_), Err(_)) => {
                *cell.borrow_mut().0 += 1;
                Ok(())
            }
            (None, _) => {
                *cell.borrow_mut().1 += 1;
                Ok(())
            }
        }
    });
    checked.unwrap();
    assert!(refused > 500 && taken > 500, "{refused} refused, {taken} taken: the test must see both");
}

/// Calls a platform with generated input, on a runtime of its own.
fn calling<S: Strategy>(strategy: &S, check: impl AsyncFn(&C0, S::Value) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let c0 = runtime.block_on(C0::start());
    let checked = runner(FEW).run(strategy, |value| runtime.block_on(check(&c0, value)));
    if let Err(error) = checked {
        panic!("{error}");
    }
}

#[test]
fn what_needs_no_change_passes_byte_for_byte() {
    let (head, tail) = ("<q:GetActivities>", "</q:GetActivities>");
    calling(&vec(any::<u8>(), 0..3_000), async |c0, inside| {
        let message = ga("HttpProducer");
        let from = message.find("<q:GetActivities").unwrap() + head.len();
        let to = message.find(tail).unwrap();
        let bytes = [&message.as_bytes()[..from], &inside, &message.as_bytes()[to..]].concat();
        let answer = c0.call(Ask::post(bytes.clone()).internal(DEFAULT_SENDER)).await;
        prop_assert_eq!((answer.status, answer.text()), (200, ANSWER.to_owned()));
        let sent = c0.producer.asked().await.pop().expect("a call").body;
        prop_assert!(sent == bytes, "the producer got {}", String::from_utf8_lossy(&sent));
        Ok(())
    });
}

#[test]
fn every_message_gets_an_answer_and_a_record() {
    calling(&messages(), async |c0, message| {
        let before = c0.world.platform.records().fill().total;
        let answer = c0.call(Ask::post(message).internal("tp").without("content-type")).await;
        prop_assert!(matches!(answer.status, 200 | 500), "{}", answer.status);
        prop_assert!(answer.header("x-skltp-correlation-id").is_some());
        prop_assert_eq!(c0.world.platform.records().fill().total, before + 1);
        Ok(())
    });
}

#[test]
fn every_header_gets_an_answer() {
    let names = [
        "X-Forwarded-Tls-Client-Cert-Info",
        "x-vp-sender-id",
        "x-vp-instance-id",
        "x-rivta-routing-history",
        "X-Forwarded-For",
        "x-rivta-original-serviceconsumer-hsaid",
        "x-skltp-correlation-id",
        "Content-Type",
        "SOAPAction",
        "Expect",
        "wsdl",
    ];
    let value = prop_oneof![
        "[ -~]{0,80}",
        "MII[A-Za-z0-9+/=]{0,200}",
        "-----BEGIN CERTIFICATE-----[A-Za-z0-9+/= ]{0,120}-----END CERTIFICATE-----",
        "-----END CERTIFICATE----------BEGIN CERTIFICATE-----",
        "[åäö€]{1,8}",
    ];
    let headers = vec((prop::sample::select(names.to_vec()), value), 1..5);
    calling(&headers, async |c0, headers| {
        let ask = Ask::post(gc("HttpProducer")).without("content-type");
        let ask = headers.into_iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        let answer = c0.call(ask).await;
        prop_assert!(matches!(answer.status, 200 | 500), "{} {}", answer.status, answer.text());
        Ok(())
    });
}
