//! The statements of `vp.md` §11.6 about routing. Each row carries its number.

use super::{RouteError, route};
use crate::catalogue::tests::t0::{self, EXCEPTED, GA, GC};
use crate::catalogue::tests::{loaded, now};
use crate::config::checked::LookupSettings;

/// Contract, receiver, the url or the error, and the trace.
type Row = (&'static str, &'static str, &'static str, Result<&'static str, RouteError>, &'static str);

fn check(rows: &[Row], rules: &LookupSettings) {
    let loaded = t0::loaded();
    let snapshot = loaded.catalogue.snapshot();
    for (statement, contract, receiver, expected, trace) in rows {
        let (found, traced) = route(&snapshot, rules, contract, receiver, now());
        assert_eq!(found.map(|route| &*route.url), *expected, "{statement}: {contract} {receiver}");
        assert_eq!(traced, *trace, "{statement}: {contract} {receiver}");
    }
}

#[test]
fn routing_follows_the_reference() {
    let none = Err(RouteError::None);
    check(
        &[
            ("64", GC, "NoVagvalReceiver", none, "NoVagvalReceiver,(parent),SE,(default),*"),
            ("64", "urn:unknown:1", "HttpProducer", none, "HttpProducer,(parent),SE,(default),*"),
            ("66", GC, "ReceiverMultipleVagval", Err(RouteError::Several), "ReceiverMultipleVagval"),
            ("67", GC, "ReceiverNoPhysicalAddress", Err(RouteError::NoUrl), "ReceiverNoPhysicalAddress"),
            ("68", GC, "ReceiverUnknownRivVersion", Ok("http://p1/x"), "ReceiverUnknownRivVersion"),
            ("69", GA, "AnyReceiver", Ok("http://default"), "AnyReceiver,(parent),SE,(default),*"),
            ("70", GA, "HttpProducer", Ok("http://explicit"), "HttpProducer"),
            (
                "73",
                GA,
                "SE0000000001-1234",
                Ok("http://tree"),
                "SE0000000001-1234,(parent),SE0000000002-1234,SE0000000003-1234",
            ),
            ("74", GA, "SE0000000004-1234", Ok("http://default"), "SE0000000004-1234,(parent),SE,(default),*"),
            ("75", EXCEPTED, "SE0000000002-1234", none, "SE0000000002-1234,(default),*"),
            ("75", EXCEPTED, "SE0000000001-1234", Ok("http://excepted/exact"), "SE0000000001-1234"),
            ("76", GA, "FirstReceiverRiv21#SecondReceiverRiv21", Ok("http://default"), "(leaf),SecondReceiverRiv21"),
            (
                "77",
                GA,
                "SecondReceiverRiv21#NotValidReceiver",
                Ok("http://default"),
                "(leaf),NotValidReceiver,SecondReceiverRiv21",
            ),
            (
                "78",
                GA,
                "TooManyReceivers#SecondReceiverRiv21#NotValidReceiver",
                Ok("http://default"),
                "(leaf),NotValidReceiver,SecondReceiverRiv21",
            ),
            ("79", GA, "ReceiverRiv21#ReceiverRiv21", Ok("http://p5"), "(leaf),ReceiverRiv21"),
            ("79", GA, "ReceiverRiv21#", Ok("http://p5"), "(leaf),ReceiverRiv21"),
            ("79", GA, "#ReceiverRiv21", Ok("http://p5"), "(leaf),ReceiverRiv21"),
            ("81", GA, "A#B", none, "(leaf),B,A"),
            ("81", GA, "SE0000000001-1234#SE0000000002-1234", none, "(leaf),SE0000000002-1234,SE0000000001-1234"),
            (
                "83",
                "URN:RIV:ClinicalProcess:activity:actions:getactivitiesresponder:1",
                "HTTPproducer",
                Ok("http://explicit"),
                "HTTPproducer",
            ),
            (
                "12.6: the tree is case-sensitive",
                GA,
                "se0000000001-1234",
                Ok("http://default"),
                "se0000000001-1234,(parent),SE,(default),*",
            ),
            ("12.6: never trimmed", GC, "HttpsProducer ", none, "HttpsProducer ,(parent),SE,(default),*"),
            ("12.8", GC, "SE", none, "SE,(parent),(default),*"),
        ],
        &t0::rules(),
    );
}

#[test]
fn an_empty_delimiter_leaves_addresses_whole() {
    let rules = LookupSettings { delimiter: String::new(), ..t0::rules() };
    check(&[("82", GC, "HttpProducer#X", Err(RouteError::None), "HttpProducer#X,(parent),SE,(default),*")], &rules);
}

#[test]
fn exceptions_invert_the_default() {
    let mut rules = t0::rules();
    rules.route_climb.enabled = false;
    check(
        &[
            ("75", GA, "SE0000000002-1234", Ok("http://default"), "SE0000000002-1234,(default),*"),
            (
                "75",
                EXCEPTED,
                "SE0000000002-1234",
                Ok("http://excepted"),
                "SE0000000002-1234,(parent),SE0000000003-1234",
            ),
        ],
        &rules,
    );
}

#[test]
fn statement_84_a_route_outside_its_time_is_as_if_absent() {
    let times =
        |from: &str, to: &str| format!("<v:fromTidpunkt>{from}</v:fromTidpunkt><v:tomTidpunkt>{to}</v:tomTidpunkt>");
    let past = times("2020-01-01T00:00:00Z", "2026-06-15T11:59:59.999Z");
    let future = times("2026-06-15T12:00:00.001Z", "2030-01-01T00:00:00Z");
    let at_the_edge = times("2026-06-15T12:00:00Z", "2026-06-15T12:00:00Z");
    let rows = [
        t0::route_xml("c", "Past", "RIVTABP21", "http://past", &past),
        t0::route_xml("c", "Future", "RIVTABP21", "http://future", &future),
        t0::route_xml("c", "Edge", "RIVTABP21", "http://edge", &at_the_edge),
        t0::route_xml("c", "Edge", "RIVTABP21", "http://past", &past),
        t0::permission_xml("s", "c", "Edge", ""),
    ];
    let loaded = loaded(&[("tak/copy.xml", &t0::cache_xml(rows))]);
    let snapshot = loaded.catalogue.snapshot();
    let url = |receiver| route(&snapshot, &t0::rules(), "c", receiver, now()).0.map(|route| &*route.url);
    assert_eq!(url("Past"), Err(RouteError::None));
    assert_eq!(url("Future"), Err(RouteError::None));
    assert_eq!(url("Edge"), Ok("http://edge"));
}

#[test]
fn statement_85_without_a_catalogue_there_is_no_contact() {
    let loaded = loaded(&[]);
    let snapshot = loaded.catalogue.snapshot();
    let (found, trace) = route(&snapshot, &t0::rules(), GC, "HttpProducer", now());
    assert_eq!((found.err(), trace.as_str()), (Some(RouteError::NoContact), ""));
}
