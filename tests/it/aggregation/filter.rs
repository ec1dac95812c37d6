//! `aggregation.md` §6, 21–36: which engagements lead to a call.

use super::world::{Around, Merged, ORIGINAL, PATIENT, SENDER, ask, hit, setup};
use crate::support::client::Answer;
use crate::support::tak::Tak;

crate::support::rows::rows! {
    u16;
    21 "no hits: an empty status, and nobody is called" => no_hits;
    22 "the services' own address is passed over" => own_address;
    23 "whom nobody may call is passed over in silence" => unauthorised;
    24 "the original consumer's permission is enough" => original_consumer;
    25 "the sender's permission is enough" => sender;
    26 "a permission for * is enough where there is a route" => standard_permission;
    27 "a route for * is enough where there is a permission" => standard_route;
    28 "a permission without a route, a route without a permission" => half;
    29 "addresses are compared ignoring case" => any_case;
    30 "a permission holds as long as it holds" => expired;
    31 "the permission is the logical address's" => logical_address;
    32 "a source filter leaves its logical address" => source_filter;
    33 "a source filter is not compared with the source system" => source_filter_system;
    34 "two categorizations: what comes is filtered" => categorizations;
    35 "typeOfRequest filters, in its own case" => type_of_request;
    36 "unit and time filter nothing, and go on" => passed_on;
}

const SOURCE: &str = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";

fn called(around: &Around, answer: &Answer) -> Vec<String> {
    let mut statuses: Vec<_> = answer.statuses().into_iter().map(|(address, _)| address).collect();
    statuses.sort();
    assert_eq!(statuses, around.sources.addresses(), "one entry for each call");
    statuses
}

async fn nobody_called(around: &Around) {
    let answer = around.call().await;
    assert!(called(around, &answer).is_empty(), "{}", answer.text());
    let empty = "<ProcessingStatus xmlns=\"urn:riv:interoperability:headers:1\"></ProcessingStatus>";
    assert!(answer.text().contains(empty), "{}", answer.text());
}

async fn no_hits() {
    nobody_called(&setup("GD", vec![]).start().await).await;
}

async fn own_address() {
    let around = setup("GD", vec![hit("5565594230"), hit("A")]).start().await;
    let answer = around.call().await;
    assert_eq!(called(&around, &answer), ["A"]);
    assert!(!answer.text().contains("5565594230"), "{}", answer.text());
    let around = setup("GD", vec![hit("SE-own"), hit("se-own")]).property("agp.logicalAddress", "SE-own").start().await;
    assert_eq!(called(&around, &around.call().await), ["se-own"], "case counts here");
}

/// A catalogue with a route for each address, and these permissions.
fn tak(routes: &[&str], permissions: &[(&str, &str)]) -> Tak {
    let tak = routes.iter().fold(Tak::default(), |tak, address| tak.route(SOURCE, address, "RIVTABP21", "http://x/"));
    permissions.iter().fold(tak, |tak, (sender, address)| tak.permission(SOURCE, address, sender))
}

async fn unauthorised() {
    let tak = tak(&["A", "B"], &[(SENDER, "A"), ("somebody-else", "B")]);
    let around = setup("GD", vec![hit("A"), hit("B")]).tak(tak).start().await;
    let answer = around.call().await;
    assert_eq!(called(&around, &answer), ["A"]);
    assert!(!answer.text().contains(">B<") && !answer.text().contains("VP007"), "{}", answer.text());
}

async fn original_consumer() {
    let around = setup("GD", vec![hit("A")]).tak(tak(&["A"], &[(ORIGINAL, "A")])).start().await;
    assert_eq!(called(&around, &around.call().await), ["A"]);
}

async fn sender() {
    let around = setup("GD", vec![hit("A")]).tak(tak(&["A"], &[(SENDER, "A")])).start().await;
    assert_eq!(called(&around, &around.call().await), ["A"]);
}

async fn standard_permission() {
    let around = setup("GD", vec![hit("A"), hit("B")]).tak(tak(&["A"], &[(SENDER, "*")])).start().await;
    assert_eq!(called(&around, &around.call().await), ["A"]);
}

async fn standard_route() {
    let around = setup("GD", vec![hit("A"), hit("B")]).tak(tak(&["*"], &[(SENDER, "A")])).start().await;
    assert_eq!(called(&around, &around.call().await), ["A"]);
}

async fn half() {
    let permission_only = tak(&["Z"], &[(SENDER, "A")]);
    let route_only = tak(&["A"], &[(SENDER, "Z")]);
    for tak in [permission_only, route_only] {
        nobody_called(&setup("GD", vec![hit("A")]).tak(tak).start().await).await;
    }
    // No climbing: a permission for the whole country is one for its own address alone.
    nobody_called(&setup("GD", vec![hit("A")]).tak(tak(&["SE"], &[(SENDER, "SE")])).start().await).await;
}

async fn any_case() {
    let around = setup("GD", vec![hit("abc")]).tak(tak(&["ABC"], &[("Sample-Sender-ID", "ABC")])).start().await;
    assert_eq!(called(&around, &around.call().await), ["abc"]);
}

async fn expired() {
    let periods = [
        ("2020-01-01T00:00:00+01:00", "2026-03-02T12:59:59+01:00", false),
        ("2026-03-02T13:00:01+01:00", "2030-01-01T00:00:00+01:00", false),
        ("2020-01-01T00:00:00+01:00", "2026-03-02T13:00:00+01:00", true),
        ("2026-03-02T13:00:00+01:00", "2030-01-01T00:00:00+01:00", true),
    ];
    for (from, to, holds) in periods {
        let mut permission = tak(&["A"], &[("z", "Z")]);
        permission.add_permission(SOURCE, "A", SENDER, (from, to));
        let mut route = tak(&["Z"], &[(SENDER, "A")]);
        route.add_route(SOURCE, "A", "RIVTABP21", "http://x/", (from, to));
        for tak in [permission, route] {
            let around = setup("GD", vec![hit("A")]).tak(tak).start().await;
            let answer = around.call().await;
            assert_eq!(called(&around, &answer).len(), usize::from(holds), "{from} to {to}");
        }
    }
}

async fn logical_address() {
    let hits = || vec![hit("A").system("B")];
    let around = setup("GD", hits()).tak(tak(&["A"], &[(SENDER, "A")])).start().await;
    assert_eq!(called(&around, &around.call().await), ["B"]);
    nobody_called(&setup("GD", hits()).tak(tak(&["B"], &[(SENDER, "B")])).start().await).await;
}

async fn source_filter() {
    let around = || setup("GD", vec![hit("A"), hit("B"), hit("a")]).start();
    let filtered = async |value: &str| {
        let around = around().await;
        let answer = around.call_with(&format!("<r:sourceSystemHSAId>{value}</r:sourceSystemHSAId>")).await;
        called(&around, &answer)
    };
    assert_eq!(filtered("A").await, ["A"]);
    assert_eq!(filtered("").await, ["A", "B", "a"]);
    assert!(filtered(" ").await.is_empty(), "a blank is a value");
    // Where the value stands one step further down.
    let around = setup("GCD3", vec![hit("A").categorization("voo"), hit("B")]).start().await;
    let answer =
        around.call_with("<r:sourceSystemId><c:root>x</c:root><c:extension>B</c:extension></r:sourceSystemId>").await;
    assert_eq!(called(&around, &answer), ["B"]);
}

async fn source_filter_system() {
    let around = setup("GD", vec![hit("A").system("S")]).start().await;
    let answer = around.call_with("<r:sourceSystemHSAId>S</r:sourceSystemHSAId>").await;
    assert!(called(&around, &answer).is_empty());
}

async fn categorizations() {
    let hits = ["fun-fun", "pad-pad", "FUN-Fun", "dia", ""].iter().zip(["A", "B", "C", "D", "E"]);
    let hits = hits.map(|(categorization, address)| hit(address).categorization(categorization)).collect();
    let around = setup("GFS", hits).start().await;
    assert_eq!(called(&around, &around.call().await), ["A", "B", "C"]);
    // One categorization: the index is asked for it, and nothing is filtered.
    let around = setup("GD", vec![hit("A").categorization("voo")]).start().await;
    assert_eq!(called(&around, &around.call().await), ["A"]);
    // Configured ones are compared as written.
    let hits = ["cat1", "cat2", "cat3"].iter().map(|one| hit(one).categorization(one)).collect();
    let around =
        setup("GD", hits).property("getaggregateddiagnosis.v2.eiCategorization", "cat1, cat2,cat3").start().await;
    assert_eq!(called(&around, &around.call().await), ["cat1", "cat3"]);
}

async fn type_of_request() {
    let around = || {
        setup("GRA1", vec![hit("A").categorization("1"), hit("B").categorization("10"), hit("C").categorization("x")])
            .start()
    };
    let filtered = async |values: &[&str]| {
        let around = around().await;
        let inside: String = values.iter().map(|value| format!("<r:typeOfRequest>{value}</r:typeOfRequest>")).collect();
        let answer = around.call_with(&inside).await;
        called(&around, &answer)
    };
    assert_eq!(filtered(&["1"]).await, ["A"]);
    assert_eq!(filtered(&[]).await, ["A", "B", "C"]);
    assert_eq!(filtered(&["10", "X"]).await, ["B"]);
    assert_eq!(filtered(&["x", "1"]).await, ["A", "C"]);
}

async fn passed_on() {
    let around = setup("GD", vec![hit("A"), hit("B")]).start().await;
    let inside = "<r:timePeriod><c:start>20240101</c:start><c:end>20241231</c:end></r:timePeriod>";
    let unit = "<r:careUnitHSAId>NOBODY</r:careUnitHSAId>";
    let message = around.contract.request_with(&format!("{unit}{}{inside}", around.contract.patient(PATIENT)));
    let answer = around.send(ask(around.contract, message)).await;
    assert_eq!(called(&around, &answer), ["A", "B"]);
    for seen in around.sources.seen() {
        assert!(seen.body.contains(inside) && seen.body.contains(unit), "{seen:?}");
    }
}
