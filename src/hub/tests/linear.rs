//! The tables answer as a linear scan over the rows would, whatever the rows.

use std::fmt::Write as _;

use jiff::Timestamp;
use proptest::prelude::*;

use crate::catalogue::entry::{Permission, Route};
use crate::catalogue::snapshot::Snapshot;
use crate::catalogue::tests::t0::{cache_xml, hsa_xml, permission_xml, route_xml, rules};
use crate::catalogue::tests::{loaded, now};
use crate::config::checked::LookupSettings;
use crate::hub::authorise::authorise;
use crate::hub::route::{RouteError, route};

const CONTRACTS: &[&str] = &["urn:a:1", "URN:A:1", "urn:b:1", "namnrymd-2:c"];
const ADDRESSES: &[&str] =
    &["A", "a", "SE1", "se1", "SE2", "SE3", "SE", "*", "Ä", "ä", "A#SE1", "SE1#SE1#A", "#SE2", "x"];
const SENDERS: &[&str] = &["s", "S", "t"];
const TIMES: &[(&str, &str)] = &[
    ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
    ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
    ("2028-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
];
const TREE: &[&str] = &["SE1", "SE2", "SE3"];

/// `vp.md` §4.3, read aloud: the addresses in order, and the trace.
fn routing_order(rules: &LookupSettings, contract: &str, receiver: &str) -> Vec<(Option<String>, String)> {
    let mut steps = Vec::new();
    if receiver.contains('#') {
        steps.push((None, "(leaf)".to_owned()));
        steps.extend(tokens(receiver).into_iter().map(|token| (Some(token.clone()), token)));
        return steps;
    }
    steps.push((Some(receiver.to_owned()), receiver.to_owned()));
    if rules.route_climb.climbs(contract) {
        steps.extend(climb(receiver));
    }
    steps.extend(standard());
    steps
}

/// The same of §5.
fn permission_order(rules: &LookupSettings, contract: &str, receiver: &str) -> Vec<(Option<String>, String)> {
    if receiver.contains('#') {
        return routing_order(rules, contract, receiver);
    }
    let mut steps = vec![(Some(receiver.to_owned()), receiver.to_owned())];
    steps.extend(standard());
    if rules.permission_climb.climbs(contract) {
        steps.extend(climb(receiver));
    }
    steps
}

fn tokens(receiver: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for token in receiver.split('#').filter(|token| !token.is_empty()) {
        if !tokens.iter().any(|other| other == token) {
            tokens.push(token.to_owned());
        }
    }
    tokens.reverse();
    tokens
}

fn standard() -> [(Option<String>, String); 2] {
    [(None, "(default)".to_owned()), (Some("*".to_owned()), "*".to_owned())]
}

fn climb(receiver: &str) -> Vec<(Option<String>, String)> {
    let mut steps = vec![(None, "(parent)".to_owned())];
    let mut at = receiver;
    while at != "SE" {
        let place = TREE.iter().position(|id| *id == at);
        at = place.and_then(|place| TREE.get(place + 1)).copied().unwrap_or("SE");
        steps.push((Some(at.to_owned()), at.to_owned()));
    }
    steps
}

/// Runs through the steps until `found` is not empty; what was found, and the trace.
fn scan<T>(steps: Vec<(Option<String>, String)>, found: impl Fn(&str) -> Vec<T>) -> (Vec<T>, String) {
    let mut trace = String::new();
    for (address, word) in steps {
        write!(trace, "{}{word}", if trace.is_empty() { "" } else { "," }).unwrap();
        let here = address.map_or_else(Vec::new, |address| found(&address));
        if !here.is_empty() {
            return (here, trace);
        }
    }
    (Vec::new(), trace)
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn check(snapshot: &Snapshot, routes: &[Route], permissions: &[Permission], at: Timestamp) {
    let rules = rules();
    for contract in CONTRACTS {
        for receiver in ADDRESSES {
            let (found, trace) = scan(routing_order(&rules, contract, receiver), |address| {
                let here = |route: &&Route| {
                    same(&route.contract, contract)
                        && same(&route.address, address)
                        && route.validity.period.contains(at)
                };
                routes.iter().filter(here).collect()
            });
            let expected = match found.as_slice() {
                [] => Err(RouteError::None),
                [one] => Ok(*one),
                _ => Err(RouteError::Several),
            };
            assert_eq!(route(snapshot, &rules, contract, receiver, at), (expected, trace), "{contract} {receiver}");
            for sender in SENDERS {
                let (found, trace) = scan(permission_order(&rules, contract, receiver), |address| {
                    let here = |permission: &&Permission| {
                        same(&permission.contract, contract)
                            && same(&permission.address, address)
                            && same(&permission.consumer, sender)
                            && permission.validity.period.contains(at)
                    };
                    permissions.iter().filter(here).collect()
                });
                let (permit, traced) = authorise(snapshot, &rules, contract, receiver, sender, at);
                assert_eq!((permit.is_ok(), traced), (!found.is_empty(), trace), "{contract} {receiver} {sender}");
            }
        }
    }
}

fn times((from, to): (&str, &str)) -> String {
    format!("<v:fromTidpunkt>{from}</v:fromTidpunkt><v:tomTidpunkt>{to}</v:tomTidpunkt>")
}

fn any<T: Copy + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(of)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lookups_equal_a_linear_scan(
        routes in proptest::collection::vec((any(CONTRACTS), any(ADDRESSES), any(TIMES)), 1..12),
        permissions in proptest::collection::vec((any(SENDERS), any(CONTRACTS), any(ADDRESSES), any(TIMES)), 1..20),
    ) {
        let routes = routes.iter().enumerate().map(|(place, (contract, address, period))| {
            route_xml(contract, address, "RIVTABP21", &format!("http://{place}"), &times(*period))
        });
        let permissions = permissions.iter().map(|(sender, contract, address, period)| {
            permission_xml(sender, contract, address, &times(*period))
        });
        let xml = cache_xml(routes.chain(permissions));
        let loaded = loaded(&[("tak/copy.xml", &xml), ("hsa/tree.xml", &hsa_xml(TREE))]);
        let snapshot = loaded.catalogue.snapshot();
        check(&snapshot, snapshot.routes(), snapshot.permissions(), now());
    }
}
