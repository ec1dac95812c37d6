//! What an explanation says: the decision, the candidates, and the hints for near misses.

use super::{Explanation, Question, explain};
use crate::catalogue::tests::t0::{self, GA, GC};
use crate::catalogue::tests::{Loaded, loaded, now};
use crate::config::checked::LookupSettings;
use crate::domain::profile::Profile;

fn ask(loaded: &Loaded, rules: &LookupSettings, contract: &str, address: &str, sender: &str) -> Explanation {
    let question = Question {
        contract: contract.to_owned(),
        address: address.to_owned(),
        sender: sender.to_owned(),
        at: now(),
        profile: Some(Profile::Rivtabp20),
    };
    explain(&loaded.catalogue.snapshot(), rules, "NTjP Develop", &question)
}

fn of_t0(contract: &str, address: &str, sender: &str) -> Explanation {
    ask(&t0::loaded(), &t0::rules(), contract, address, sender)
}

#[track_caller]
fn hints(explanation: &Explanation, expected: &[&str]) {
    for part in expected {
        assert!(explanation.hints.iter().any(|hint| hint.contains(part)), "{part:?} in {:#?}", explanation.hints);
    }
    assert!(explanation.hints.len() <= super::hints::HINTS_MAX);
    for hint in &explanation.hints {
        assert!(hint.ends_with(['.', '?']), "a whole sentence: {hint}");
    }
}

#[test]
fn a_call_that_would_succeed() {
    let said = of_t0(GA, "SE0000000001-1234", "SenderWithDefaultBehorighet");
    assert_eq!((said.outcome.as_str(), said.code, said.fault_string.as_deref()), ("ok", None, None));
    assert_eq!(said.producer_address.as_deref(), Some("http://tree"));
    assert_eq!((said.producer_profile.as_deref(), said.converts), (Some("RIVTABP21"), Some(true)));
    assert_eq!(said.routes.len(), 1);
    assert_eq!(said.routes[0].step, "climbed to SE0000000003-1234");
    assert!(said.routes[0].taken && said.permissions[0].taken);
    assert_eq!(said.permissions[0].step, "default");
    assert!(said.routes[0].origin.ends_with("tak/copy.xml:11"), "{}", said.routes[0].origin);
    assert!(said.hints.is_empty());
}

#[test]
fn each_refusal_has_its_code_and_detail() {
    let unread = crate::catalogue::tests::unread(&[], None);
    for (said, code, detail) in [
        (of_t0(GC, "No", "tp"), "VP004", "No receiverId (logical address) found for serviceNamespace: "),
        (of_t0(GC, "ReceiverUnknownRivVersion", "tp"), "VP005", "with matching Riv-version found for rivtabp20"),
        (of_t0(GC, "ReceiverMultipleVagval", "tp"), "VP006", "More than one receiverId"),
        (of_t0(GC, "NotAuthorizedReceiver", "tp"), "VP007", "Authorization missing for serviceNamespace: "),
        (ask(&unread, &t0::rules(), GC, "HttpProducer", "tp"), "VP008", "No contact with TAK at startup"),
        (of_t0(GC, "ReceiverNoPhysicalAddress", "tp"), "VP010", "Physical Address field is empty"),
    ] {
        assert_eq!(said.outcome, code);
        assert!(said.fault_string.as_deref().unwrap().starts_with(&format!("{code} [NTjP Develop] ")), "{code}");
        assert!(said.detail.as_deref().unwrap().contains(detail), "{code}: {:?}", said.detail);
        assert!(!said.hints.is_empty(), "{code}");
        hints(&said, &[]);
        let routed = matches!(code, "VP005" | "VP007");
        assert_eq!(said.permission_trace.is_empty(), !routed, "{code}");
        assert_eq!(said.producer_address.is_some(), routed, "{code}");
    }
}

#[test]
fn near_misses_of_the_address() {
    hints(
        &of_t0(GC, "HttpProducer ", "tp"),
        &["\"HttpProducer\"", "differs from \"HttpProducer \" by white space only"],
    );
    hints(
        &of_t0(GC, "HttpsProducr", "tp"),
        &["\"HttpsProducer\" (at ", "did you mean that rather than \"HttpsProducr\"?"],
    );
    hints(&of_t0(GC, "ReceiverRiv20", "tp"), &["\"ReceiverRiv20\" has routes for 1 other contract(s), such as"]);
    hints(&of_t0(GC, "se0000000001-1234", "tp"), &["The HSA tree spells \"SE0000000001-1234\" (at "]);
    hints(&of_t0(GA, "X#Y", "tp"), &["\"X#Y\" is an old-style address"]);
    hints(
        &of_t0(t0::EXCEPTED, "SE0000000002-1234", "tp"),
        &["There is a valid route for \"SE0000000003-1234\" above \"SE0000000002-1234\"", "hsa.lookup.vagval"],
    );
}

#[test]
fn near_misses_of_the_contract() {
    let other = GC.replace(":1", ":2");
    hints(&of_t0(&other, "HttpProducer", "tp"), &[&format!("routes for {GC:?}, another version of GetCertificate")]);
    hints(&of_t0(&format!(" {GC}"), "HttpProducer", "tp"), &["by white space only"]);
    hints(&of_t0(&GC.replace("Certificate", "Certifcate"), "X", "tp"), &["did you mean \"urn:riv:insuranceprocess"]);
    hints(&of_t0("urn:riv:other:GetCertificateResponder:1", "X", "tp"), &["an operation of the same name"]);
    hints(
        &of_t0("urn:nothing:like", "X", "tp"),
        &["No route in the catalogue names the contract \"urn:nothing:like\"."],
    );
}

#[test]
fn near_misses_of_the_sender() {
    hints(&of_t0(GC, "HttpProducer", "tp "), &["a permission here for the consumer \"tp\"", "white space only"]);
    let said = of_t0(GC, "NotAuthorizedReceiver", "SenderWithDefaultBehorigheter");
    assert_eq!(said.outcome, "VP007");
    hints(&said, &["\"SenderWithDefaultBehorighet\" (at ", "No permission in the catalogue names the consumer"]);
    hints(
        &of_t0(GC, "NotAuthorizedReceiver", "tp"),
        &["\"tp\" may call this contract at \"HttpProducer\", \"HttpsProducer\", \"HttpsProducerWsdl\" and 1 more"],
    );
    hints(&of_t0(GA, "HttpProducer", "treeSender"), &["may call this contract at \"SE0000000003-1234\", but not at"]);
}

#[test]
fn old_style_addresses_name_the_rule_that_stops_them() {
    let rules = LookupSettings { allowed_senders: vec!["TP".to_owned()], ..t0::rules() };
    let three = of_t0(GA, "A#SecondReceiverRiv21#B", "SenderWithDefaultBehorighet");
    assert_eq!(three.permission_trace, "(leaf),Invalid parameters");
    hints(&three, &["\"A#SecondReceiverRiv21#B\" has 3 different tokens"]);
    hints(
        &ask(&t0::loaded(), &rules, GA, "X#ReceiverRiv21", "tp"),
        &["\"tp\" is not in defaultrouting.allowedSenderIds", "The list has \"TP\"."],
    );
}

#[test]
fn entries_out_of_time_are_candidates_with_a_reason() {
    let toml = "[[route]]\ncontract = \"c:R:1\"\naddress = \"A\"\nprofile = \"RIVTABP20\"\nurl = \"http://old\"\nto = \"2026-06-14\"\n\
                [[route]]\ncontract = \"c:R:1\"\naddress = \"*\"\nprofile = \"RIVTABP20\"\nurl = \"http://standard\"\n\
                [[route]]\ncontract = \"d:R:1\"\naddress = \"A\"\nprofile = \"RIVTABP20\"\nurl = \"http://old\"\nfrom = \"2026-06-16\"\n\
                [[permission]]\nconsumer = \"s\"\ncontract = \"c:R:1\"\naddress = \"*\"\nto = \"2026-06-14\"\n";
    let loaded = loaded(&[("tak/a.toml", toml)]);
    let said = ask(&loaded, &t0::rules(), "c:R:1", "A", "s");
    let whys: Vec<_> = said.routes.iter().map(|route| (route.step.as_str(), route.taken, route.why.as_str())).collect();
    assert_eq!(
        whys,
        [
            ("exact", false, "expired: valid until 2026-06-14"),
            ("default", true, "the only valid route of the first address that has one"),
        ]
    );
    assert_eq!(said.outcome, "VP007");
    assert_eq!(said.permissions[0].why, "expired: valid until 2026-06-14");
    hints(&said, &["The permission of \"s\" to \"*\" at", "is expired: valid until 2026-06-14."]);
    let future = ask(&loaded, &t0::rules(), "d:R:1", "A", "s");
    assert_eq!((future.outcome.as_str(), future.routes[0].from.as_str()), ("VP004", "2026-06-16"));
    hints(&future, &["The route to \"A\" at", "is not yet valid: valid from 2026-06-16."]);
}

#[test]
fn an_address_that_is_no_uri_is_pointed_out() {
    let xml =
        t0::cache_xml([t0::route_xml("c", "A", "RIVTABP20", " http://a", ""), t0::permission_xml("s", "c", "A", "")]);
    let loaded = loaded(&[("tak/copy.xml", &xml)]);
    let said = ask(&loaded, &t0::rules(), "c", "A", "s");
    assert_eq!((said.outcome.as_str(), said.converts), ("fault", Some(false)));
    hints(&said, &["contains white space, so it is no valid URI"]);
}
