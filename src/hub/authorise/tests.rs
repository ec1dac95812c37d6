//! The statements of `vp.md` §11.6 about authorisation. Each row carries its number.

use super::{AuthoriseError, authorise};
use crate::catalogue::tests::t0::{self, EXCEPTED, GA, GC};
use crate::catalogue::tests::{loaded, now};
use crate::config::checked::LookupSettings;

const DEFAULT: &str = "SenderWithDefaultBehorighet";

/// Statement, contract, receiver, sender, whether it is permitted, and the trace.
type Row = (&'static str, &'static str, &'static str, &'static str, bool, &'static str);

fn check(rows: &[Row], rules: &LookupSettings) {
    let loaded = t0::loaded();
    let snapshot = loaded.catalogue.snapshot();
    for (statement, contract, receiver, sender, expected, trace) in rows {
        let (permit, traced) = authorise(&snapshot, rules, contract, receiver, sender, now());
        let expected = if *expected { None } else { Some(AuthoriseError::Missing) };
        assert_eq!(permit.err(), expected, "{statement}: {contract} {receiver} {sender}");
        assert_eq!(traced, *trace, "{statement}: {contract} {receiver} {sender}");
    }
}

#[test]
fn authorisation_follows_the_reference() {
    check(
        &[
            ("65", GC, "NotAuthorizedReceiver", "tp", false, "NotAuthorizedReceiver,(default),*,(parent),SE"),
            ("69", GA, "AnyReceiver", DEFAULT, true, "AnyReceiver,(default),*"),
            ("71", GA, "AnyReceiver", "AnySender", false, "AnyReceiver,(default),*,(parent),SE"),
            (
                "72",
                GA,
                "GetActivitiesReceiverWithNoExplicitVagval",
                "tp",
                true,
                "GetActivitiesReceiverWithNoExplicitVagval",
            ),
            ("73", GA, "SE0000000001-1234", DEFAULT, true, "SE0000000001-1234,(default),*"),
            (
                "73",
                GA,
                "SE0000000001-1234",
                "treeSender",
                true,
                "SE0000000001-1234,(default),*,(parent),SE0000000002-1234,SE0000000003-1234",
            ),
            ("74", GA, "SE0000000004-1234", "treeSender", false, "SE0000000004-1234,(default),*,(parent),SE"),
            ("75", EXCEPTED, "SE0000000001-1234", "tp", false, "SE0000000001-1234,(default),*"),
            ("76", GA, "FirstReceiverRiv21#SecondReceiverRiv21", DEFAULT, true, "(leaf),SecondReceiverRiv21"),
            (
                "77",
                GA,
                "SecondReceiverRiv21#NotValidReceiver",
                DEFAULT,
                true,
                "(leaf),NotValidReceiver,SecondReceiverRiv21",
            ),
            (
                "78",
                GA,
                "TooManyReceivers#SecondReceiverRiv21#NotValidReceiver",
                DEFAULT,
                false,
                "(leaf),Invalid parameters",
            ),
            ("78: tokens count once", GA, "ReceiverRiv21#X#ReceiverRiv21", "tp", true, "(leaf),X,ReceiverRiv21"),
            ("79", GA, "ReceiverRiv21#ReceiverRiv21", "tp", true, "(leaf),ReceiverRiv21"),
            ("79", GA, "ReceiverRiv21#", "tp", true, "(leaf),ReceiverRiv21"),
            ("79", GA, "#ReceiverRiv21", "tp", true, "(leaf),ReceiverRiv21"),
            ("80: no lists", GA, "A#B", DEFAULT, false, "(leaf),B,A"),
            (
                "83",
                "URN:RIV:insuranceprocess:healthreporting:getcertificateresponder:1",
                "httpPRODUCER",
                "TP",
                true,
                "httpPRODUCER",
            ),
        ],
        &t0::rules(),
    );
}

#[test]
fn statement_80_lists_restrict_old_style_addresses_only_and_are_case_sensitive() {
    let rules = |contracts: &[&str], senders: &[&str]| LookupSettings {
        allowed_contracts: contracts.iter().map(|text| (*text).to_owned()).collect(),
        allowed_senders: senders.iter().map(|text| (*text).to_owned()).collect(),
        ..t0::rules()
    };
    let (yes, no) = ("(leaf),ReceiverRiv21", "(leaf),Invalid parameters");
    let row = |permitted, trace| [("80", GA, "X#ReceiverRiv21", "tp", permitted, trace)];
    check(&row(true, yes), &rules(&[GA], &["tp"]));
    check(&row(true, yes), &rules(&[], &["other", "tp"]));
    check(&row(false, no), &rules(&[GC], &[]));
    check(&row(false, no), &rules(&[GA], &["TP"]));
    check(&[("80", GA, "ReceiverRiv21", "tp", true, "ReceiverRiv21")], &rules(&[GC], &["other"]));
}

#[test]
fn statement_82_an_empty_delimiter_leaves_addresses_whole() {
    let rules = LookupSettings { delimiter: String::new(), ..t0::rules() };
    check(&[("82", GA, "X#ReceiverRiv21", "tp", false, "X#ReceiverRiv21,(default),*,(parent),SE")], &rules);
}

#[test]
fn statement_84_any_one_valid_permission_of_several_will_do() {
    let times =
        |from: &str, to: &str| format!("<v:fromTidpunkt>{from}</v:fromTidpunkt><v:tomTidpunkt>{to}</v:tomTidpunkt>");
    let past = times("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    let rows = [
        t0::route_xml("c", "A", "RIVTABP21", "http://a", ""),
        t0::permission_xml("s", "c", "A", &past),
        t0::permission_xml("s", "c", "B", &past),
        t0::permission_xml("s", "c", "B", &times("2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z")),
        t0::permission_xml("s", "c", "B", &times("2026-06-15T12:00:00Z", "2026-06-15T12:00:00Z")),
    ];
    let loaded = loaded(&[("tak/copy.xml", &t0::cache_xml(rows))]);
    let snapshot = loaded.catalogue.snapshot();
    let permitted = |receiver| authorise(&snapshot, &t0::rules(), "c", receiver, "s", now()).0.is_ok();
    assert!(!permitted("A"));
    assert!(permitted("B"));
}
