//! `ei.md` §8.1: what Update accepts and stores.

use super::engagement::{DOMAIN, RESIDENT, Row, e};
use super::world::{World, envelope, request};
use super::{Statement, world};

const T1: &str = "20200101120000";
const T2: &str = "20210101120000";

pub(crate) const TABLE: &[Statement] = &[
    Statement { number: 1, tag: 'T', what: "one row is stored", check: one_row },
    Statement { number: 2, tag: 'T', what: "three rows that differ in address and system", check: three_rows },
    Statement { number: 3, tag: 'T', what: "an identical Update changes nothing", check: identical },
    Statement { number: 4, tag: 'T', what: "a delete removes its row only", check: delete_one },
    Statement { number: 5, tag: 'T', what: "deleting what is not there is OK", check: delete_nothing },
    Statement { number: 6, tag: 'S', what: "no deleteFlag is an add", check: no_delete_flag },
    Statement { number: 7, tag: 'T', what: "each key field makes another row", check: each_key_field },
    Statement { number: 8, tag: 'T', what: "new content in the same row", check: new_content },
    Statement { number: 9, tag: 'S', what: "older content overwrites", check: older_content },
    Statement { number: 10, tag: 'S', what: "no content erases", check: content_erased },
    Statement { number: 11, tag: 'T', what: "an insert has a creation time only", check: insert_times },
    Statement { number: 12, tag: 'T', what: "a change has an update time", check: change_times },
    Statement { number: 13, tag: 'T', what: "an identical re-send has no update time", check: resend_times },
    Statement { number: 14, tag: 'S', what: "the sender's times are not stored", check: own_times },
    Statement { number: 15, tag: 'T', what: "the owner is the index", check: own_owner },
    Statement { number: 16, tag: 'T', what: "elements in another order", check: other_order },
    Statement { number: 17, tag: 'T', what: "ten-digit identities", check: ten_digits },
    Statement { number: 18, tag: 'S', what: "the alternative id is accepted", check: alternative_id },
    Statement { number: 19, tag: 'T', what: "SOAPAction does not count", check: soap_action },
    Statement { number: 20, tag: 'T', what: "a thousand rows in and out", check: thousand },
    Statement { number: 21, tag: 'T', what: "2003 rows in three requests", check: two_thousand_and_three },
    Statement { number: 22, tag: 'S', what: "foreign elements are accepted and not found", check: foreign_element },
    Statement { number: 23, tag: 'T', what: "application/xml is accepted", check: application_xml },
];

fn one_row() {
    let world = world();
    let answer = world.update(&[e("a")]).ok();
    assert_eq!(answer.content_type, "text/xml;charset=UTF-8");
    assert!(answer.body.contains("<ns2:UpdateResponse") && answer.body.starts_with('<') && answer.body.ends_with('>'));
    assert_eq!(world.settled().rows().len(), 1);
}

fn three_rows() {
    let world = world();
    let row = |key: &str| e(key).with("sourceSystem", &format!("SYSTEM-{key}")).content(T1);
    let rows = world.updated(&[row("a"), row("b"), row("c")]).rows();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["mostRecentContent"] == T1));
}

fn identical() {
    let world = world();
    world.updated(&[e("a")]).updated(&[e("a")]);
    world.row();
}

fn delete_one() {
    let world = world();
    world.updated(&[e("a"), e("b")]).updated(&[e("a").delete()]);
    assert_eq!(world.row()["logicalAddress"], "LA-b");
}

fn delete_nothing() {
    assert_eq!(world().updated(&[e("a").delete()]).rows(), vec![]);
}

fn no_delete_flag() {
    world().updated(&[e("a").without_delete_flag()]).row();
}

fn each_key_field() {
    let world = world();
    world.updated(&[e("a")]);
    let fields = [
        "categorization",
        "logicalAddress",
        "businessObjectInstanceIdentifier",
        "clinicalProcessInterestId",
        "sourceSystem",
        "dataController",
        "registeredResidentIdentification",
        "serviceDomain",
    ];
    for (number, field) in (2..).zip(fields) {
        world.updated(&[e("a").with(field, "191212121213")]);
        assert_eq!(world.index.status().engagements, number, "{field}");
    }
}

fn new_content() {
    let world = world();
    world.updated(&[e("a").content(T1)]).updated(&[e("a").content(T2)]);
    assert_eq!(world.row()["mostRecentContent"], T2);
}

fn older_content() {
    let world = world();
    world.updated(&[e("a").content(T2)]).updated(&[e("a").content(T1), e("b").delete()]);
    assert_eq!(world.row()["mostRecentContent"], T1);
    let careful = World::new(|settings| settings.ignore_older = true);
    careful.updated(&[e("a").content(T2)]).updated(&[e("a").content(T1), e("b").delete()]);
    assert_eq!(careful.row()["mostRecentContent"], T2, "the switch of ei.md Q5");
}

fn content_erased() {
    let world = world();
    world.updated(&[e("a").content(T2)]).updated(&[e("a"), e("b").delete()]);
    assert!(!world.row().contains_key("mostRecentContent"));
}

fn insert_times() {
    let row = world().updated(&[e("a")]).row();
    assert_eq!(row["creationTime"], "20261122120000");
    assert!(!row.contains_key("updateTime"));
}

fn change_times() {
    let world = world();
    world.updated(&[e("a").content(T1)]).later(61);
    let row = world.updated(&[e("a").content(T2)]).row();
    assert_eq!((&*row["creationTime"], &*row["updateTime"]), ("20261122120000", "20261122120101"));
    world.later(60);
    assert_eq!(world.updated(&[e("a").content(T2)]).row()["updateTime"], "20261122120201", "ei.md §3.5: refreshed");
}

fn resend_times() {
    let world = world();
    world.updated(&[e("a").content(T1)]).later(61);
    let row = world.updated(&[e("a").content(T1)]).row();
    assert!(row["creationTime"] == "20261122120000" && !row.contains_key("updateTime"));
    world.updated(&[e("a").delete()]);
    assert_eq!(world.updated(&[e("a")]).row()["creationTime"], "20261122120101", "deleted and added is new");
}

fn own_times() {
    let row = world().updated(&[e("a").with("creationTime", T1).with("updateTime", T2)]).row();
    assert!(row["creationTime"] == "20261122120000" && !row.contains_key("updateTime"));
}

fn own_owner() {
    assert_eq!(world().updated(&[e("a").owner("SOMEONE-ELSE")]).row()["owner"], "ei-hsa-id");
}

fn other_order() {
    let world = world();
    let payload = e("a").with("serviceDomain", DOMAIN).content(T1).xml(false);
    world.send(request("Update", &envelope("Update", Some("ei-hsa-id"), &payload))).ok();
    assert_eq!(world.settled().row()["mostRecentContent"], T1);
}

fn ten_digits() {
    let world = world();
    world.updated(&[e("a").with("registeredResidentIdentification", "1212121212")]);
    let found = world.query(&[("registeredResidentIdentification", "1212121212"), ("serviceDomain", DOMAIN)]);
    assert_eq!(found.rows()[0]["registeredResidentIdentification"], "1212121212");
}

fn alternative_id() {
    let world = World::new(|settings| settings.alternative_id = "SE-OTHER".to_owned());
    world.update_to(Some("SE-OTHER"), &[e("a"), e("b")]).ok();
    world.update_to(Some("ei-hsa-id"), &[e("c"), e("d")]).ok();
    assert!(world.rows().len() == 4 && world.rows().iter().all(|row| row["owner"] == "ei-hsa-id"));
}

fn soap_action() {
    let world = world();
    let mut wrong = request("Update", &envelope("Update", Some("ei-hsa-id"), &e("a").xml(true)));
    wrong.headers_mut().insert("soapaction", "wrong".parse().unwrap());
    world.send(wrong).ok();
    world.settled().row();
}

fn many(range: std::ops::Range<usize>) -> Vec<Row> {
    range.map(|number| e(&number.to_string())).collect()
}

fn thousand() {
    let world = world();
    let rows = many(0..1_000);
    assert_eq!(world.updated(&rows).rows().len(), 1_000);
    let deletes: Vec<_> = rows.into_iter().map(Row::delete).collect();
    assert_eq!(world.updated(&deletes).rows(), vec![]);
}

fn two_thousand_and_three() {
    let world = world();
    let resident = |number: usize| format!("20010101TF{:02}", number % 100);
    let row = |number: usize| e(&number.to_string()).with("registeredResidentIdentification", &resident(number));
    for range in [0..1_000, 1_000..2_000, 2_000..2_003] {
        world.updated(&range.map(row).collect::<Vec<_>>());
    }
    for number in [0, 1, 999, 1_000, 1_999, 2_000, 2_001, 2_002] {
        let address = format!("LA-{number}");
        let fields = [
            ("registeredResidentIdentification", &*resident(number)),
            ("serviceDomain", DOMAIN),
            ("logicalAddress", &address),
        ];
        assert_eq!(world.query(&fields).rows().len(), 1, "{number}");
    }
    assert_eq!(world.index.status().engagements, 2_003);
}

fn foreign_element() {
    let world = world();
    world.updated(&[e("a").extra("<x:more xmlns:x='urn:x'>text</x:more>"), e("b")]);
    assert_eq!(world.rows().len(), 2);
    let answer = world.query(&[("registeredResidentIdentification", RESIDENT), ("serviceDomain", DOMAIN)]);
    assert!(!answer.body.contains("more"));
}

fn application_xml() {
    let world = world();
    let mut other = request("Update", &envelope("Update", Some("ei-hsa-id"), &e("a").xml(true)));
    other.headers_mut().insert("content-type", "application/xml;charset=UTF-8".parse().unwrap());
    world.send(other).ok();
    world.settled().row();
}
