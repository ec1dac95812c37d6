//! Findings of an audit and what is proposed.

use super::*;

fn filing() -> Filing {
    Filing { service_domain: "riv:d".to_owned(), categorizations: vec!["c".to_owned()], others: vec!["o".to_owned()] }
}

fn engagement(address: &str, most_recent: &str) -> Engagement {
    let key = Key {
        registered_resident_identification: "191212121212".to_owned(),
        service_domain: "riv:d".to_owned(),
        categorization: "c".to_owned(),
        logical_address: address.to_owned(),
        ..Key::default()
    };
    Engagement { key, most_recent: most_recent.to_owned() }
}

fn records(times: &[&str]) -> Answered {
    Answered::Records(times.iter().map(|time| Held { times: vec![(*time).to_owned()], ..Held::default() }).collect())
}

#[test]
fn statement_68_index_and_producers_are_held_against_each_other() {
    let down = || Answered::Unreachable("the connection was refused".to_owned());
    let other =
        Engagement { key: Key { categorization: "x".to_owned(), ..engagement("A", "").key }, ..engagement("A", "") };
    for (engagements, answers, kinds, wanted) in [
        (vec![engagement("A", "20240101120000")], vec![("A", records(&["20240101120000"]))], vec![], Verdict::Pass),
        (vec![engagement("A", "20240101120000")], vec![("A", records(&[]))], vec!["orphan"], Verdict::Fail),
        (vec![], vec![("A", records(&["20240101120000"]))], vec!["missing"], Verdict::Fail),
        (vec![engagement("A", "20240101120000")], vec![("A", down())], vec!["unreachable"], Verdict::Error),
        (vec![engagement("A", "20240101120000")], vec![("A", records(&["20240101125959"]))], vec![], Verdict::Pass),
        (
            vec![engagement("A", "20240101120000")],
            vec![("A", records(&["20240101130100"]))],
            vec!["stale"],
            Verdict::Fail,
        ),
        (
            vec![engagement("A", "20240101120000")],
            vec![("A", records(&["20240101115900"]))],
            vec!["ahead"],
            Verdict::Fail,
        ),
        (vec![engagement("B", "20240101120000")], vec![("A", records(&[]))], vec!["wrong-source"], Verdict::Fail),
        (vec![other], vec![("A", records(&[]))], vec!["wrong-category"], Verdict::Fail),
        (
            vec![engagement("A", "20240101120000"); 2],
            vec![("A", records(&["20240101120000"]))],
            vec!["duplicate"],
            Verdict::Fail,
        ),
    ] {
        let answers = answers.into_iter().map(|(address, answer)| (address.to_owned(), answer)).collect();
        let findings = compare("191212121212", &filing(), &engagements, &answers);
        let found: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!((found, verdict(&findings)), (kinds, wanted), "{findings:?}");
    }
}

#[test]
fn what_puts_it_right_is_proposed() {
    let held = |time: &str, giver: &str| Held {
        times: vec![time.to_owned()],
        source_system: Some("SE-S".to_owned()),
        data_controller: Some(giver.to_owned()),
    };
    let of = |engagements: &[Engagement], answered: Answered| {
        let answers = BTreeMap::from([("A".to_owned(), answered)]);
        compare("191212121212", &filing(), engagements, &answers)
    };
    // What belongs to another contract of the domain is nobody's mistake, and stands for nothing.
    let others =
        Engagement { key: Key { categorization: "O".to_owned(), ..engagement("A", "").key }, ..Engagement::default() };
    assert_eq!(of(std::slice::from_ref(&others), records(&[])), []);
    let found =
        of(&[others], Answered::Records(vec![held("20240101", "G1"), held("20240201", "G2"), held("20240301", "G1")]));
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.kind, one.key.source_system.as_str(), one.key.data_controller.as_str(), one.proposed.clone()))
        .collect();
    let insert = |newest: &str| Proposed::insert(Some(newest.to_owned()));
    assert_eq!(
        told,
        [("missing", "SE-S", "G1", insert("20240301000000")), ("missing", "SE-S", "G2", insert("20240201000000"))]
    );
    assert_eq!(found[0].key.clinical_process_interest_id, NOT_APPLICABLE);
    // A wrong category with records behind it moves; one without is taken away.
    let wrong =
        Engagement { key: Key { categorization: "x".to_owned(), ..engagement("A", "").key }, ..Engagement::default() };
    let moved = of(std::slice::from_ref(&wrong), records(&["20240101120000"]));
    let proposed = moved[0].proposed.as_ref().unwrap();
    assert_eq!(
        (moved.len(), proposed.delete, &proposed.instead.as_ref().unwrap().categorization),
        (1, true, &"c".to_owned())
    );
    assert_eq!(of(&[wrong], records(&[]))[0].proposed, Proposed::delete());
}

#[test]
fn an_engagement_says_which_of_the_asked_systems_has_the_records() {
    let from = |address: &str, system: &str| Engagement {
        key: Key { source_system: system.to_owned(), ..engagement(address, "").key },
        most_recent: "20240101120000".to_owned(),
    };
    let held = |system: &str| Held {
        times: vec!["20240101120000".to_owned()],
        source_system: Some(system.to_owned()),
        ..Held::default()
    };
    for (address, system, wanted) in [
        ("A", "SE-S", vec![]),
        ("A", "se-s", vec![]),
        ("A", "SE-T", vec![("wrong-source", Some("SE-S"))]),
        // A system that is asked answers at another address.
        ("B", "SE-S", vec![("wrong-source", None)]),
        // And one that is not asked is not what this is about; nobody proposes to take its engagements away.
        ("B", "SE-T", vec![]),
    ] {
        let answers = BTreeMap::from([("A".to_owned(), Answered::Records(vec![held("SE-S")]))]);
        let engagements = [from("A", "SE-S"), from(address, system)];
        let engagements = if address == "A" { &engagements[1..] } else { &engagements[..] };
        let found = compare("191212121212", &filing(), engagements, &answers);
        let right = |one: &Finding| one.proposed.clone().unwrap().instead.map(|key| key.source_system);
        let told: Vec<_> = found.iter().map(|one| (one.kind, right(one))).collect();
        let wanted: Vec<_> = wanted.into_iter().map(|(kind, right)| (kind, right.map(str::to_owned))).collect();
        assert_eq!(told, wanted, "{address} {system}");
    }
}

#[test]
fn an_engagement_that_one_with_na_says_too_is_a_duplicate() {
    let with = |object: &str, process: &str| Engagement {
        key: Key {
            business_object_instance_identifier: object.to_owned(),
            clinical_process_interest_id: process.to_owned(),
            ..engagement("A", "").key
        },
        most_recent: "20240101120000".to_owned(),
    };
    for (engagements, wanted) in [
        (vec![with("NA", "NA"), with("b1", "NA")], vec![("duplicate", "b1")]),
        (vec![with("b1", "p1"), with("NA", "NA")], vec![("duplicate", "b1")]),
        // Each is about something of its own.
        (vec![with("b1", "NA"), with("b2", "NA")], vec![]),
        (vec![with("NA", "p1"), with("b1", "NA")], vec![]),
    ] {
        let answers = BTreeMap::from([("A".to_owned(), records(&["20240101120000"]))]);
        let found = compare("191212121212", &filing(), &engagements, &answers);
        let told: Vec<_> =
            found.iter().map(|one| (one.kind, one.key.business_object_instance_identifier.as_str())).collect();
        assert_eq!(told, wanted, "{engagements:?}");
    }
}
