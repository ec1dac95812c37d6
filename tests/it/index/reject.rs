//! `ei.md` §8.2: what Update refuses, in which words, and that nothing of it is stored.

use super::engagement::{DOMAIN, RESIDENT, Row, e};
use super::world::{World, envelope, request};
use super::{Statement, world};

const MANDATORY: [&str; 8] = [
    "registeredResidentIdentification",
    "serviceDomain",
    "categorization",
    "logicalAddress",
    "businessObjectInstanceIdentifier",
    "clinicalProcessInterestId",
    "sourceSystem",
    "dataController",
];

pub(crate) const TABLE: &[Statement] = &[
    Statement { number: 24, tag: 'T', what: "wrong logical address", check: wrong_address },
    Statement { number: 25, tag: 'T', what: "no logical address", check: no_address },
    Statement { number: 26, tag: 'T', what: "no transaction", check: no_transaction },
    Statement { number: 27, tag: 'T', what: "1001 transactions", check: too_many },
    Statement { number: 28, tag: 'T', what: "routing before size", check: routing_first },
    Statement { number: 29, tag: 'T', what: "the same key twice", check: same_key },
    Statement { number: 30, tag: 'T', what: "second and fourth coincide", check: second_and_fourth },
    Statement { number: 31, tag: 'S', what: "add and delete of one key", check: add_and_delete },
    Statement { number: 32, tag: 'S', what: "one key with two contents", check: two_contents },
    Statement { number: 33, tag: 'T', what: "no dataController", check: no_controller },
    Statement { number: 34, tag: 'T', what: "each mandatory field in turn", check: each_mandatory },
    Statement { number: 35, tag: 'S', what: "each mandatory field empty", check: each_empty },
    Statement { number: 36, tag: 'S', what: "all fields absent", check: all_absent },
    Statement { number: 37, tag: 'T', what: "white space around", check: white_space },
    Statement { number: 38, tag: 'T', what: "white space at either end", check: either_end },
    Statement { number: 39, tag: 'S', what: "blanks only are accepted", check: blanks_only },
    Statement { number: 40, tag: 'T', what: "reserved logical address", check: reserved_address },
    Statement { number: 41, tag: 'T', what: "reserved source system", check: reserved_system },
    Statement { number: 42, tag: 'S', what: "lengths", check: lengths },
    Statement { number: 43, tag: 'S', what: "bad content time", check: bad_content },
    Statement { number: 44, tag: 'S', what: "content times that do not exist", check: impossible_content },
    Statement { number: 45, tag: 'S', what: "bad update time", check: bad_update_time },
    Statement { number: 46, tag: 'S', what: "empty times", check: empty_times },
    Statement { number: 47, tag: 'S', what: "no correlation id", check: no_correlation_id },
    Statement { number: 48, tag: 'S', what: "a bad second row refuses the first", check: all_or_nothing },
    Statement { number: 49, tag: 'S', what: "white space before reserved", check: white_space_first },
    Statement { number: 50, tag: 'S', what: "reserved before missing", check: reserved_first },
];

fn invalid(what: &str) -> String {
    format!("EI004: The payload does not validate, error messge: {what}")
}

/// Refused in these words, and nothing stored.
#[track_caller]
fn refused(rows: &[Row], text: &str) {
    let world = world();
    world.update(rows).refused(text);
    assert_eq!(world.settled().index.status().engagements, 0);
}

fn routing(address: &str) -> String {
    format!(
        "EI003: Invalid routing. Logical address is {address} but the owner is ei-hsa-id. They must be the same. See rule \
         for Update-R7 in service contract"
    )
}

fn wrong_address() {
    world().update_to(Some("wronglogicaladdress"), &[e("a")]).refused(&routing("wronglogicaladdress"));
    world().update_to(Some(" ei-hsa-id"), &[e("a")]).refused(&routing(" ei-hsa-id"));
    world().update_to(Some("EI-HSA-ID"), &[e("a")]).refused(&routing("EI-HSA-ID"));
}

fn no_address() {
    world().update_to(None, &[e("a")]).refused(&routing("missing"));
    world().update_to(Some(""), &[e("a")]).refused(&routing("missing"));
}

const TOO_FEW: &str = "EI000: A technical error has occurred, error message: The request contains less than 1 \
                       engagements. Minium number of engagements per request is 1.";
const TOO_MANY: &str = "EI000: A technical error has occurred, error message: The request contains more than 1000 \
                        engagements. Maximum number of engagements per request is 1000.";

fn no_transaction() {
    refused(&[], TOO_FEW);
}

fn too_many() {
    refused(&(0..1_001).map(|number| e(&number.to_string())).collect::<Vec<_>>(), TOO_MANY);
}

fn routing_first() {
    world().update_to(Some("wrong"), &[]).refused(&routing("wrong"));
}

fn same(one: &str, other: &str) -> String {
    format!(
        "EI002: EngagementTransaction #{one} and #{other} have the same key. That is not allowed. See rule for Update-R1 \
         in service contract"
    )
}

fn same_key() {
    refused(&[e("a"), e("a")], &same("1", "2"));
}

fn second_and_fourth() {
    refused(&[e("a"), e("b"), e("c"), e("b")], &same("2", "4"));
    let mut rows: Vec<_> = (1..1_000).map(|number| e(&number.to_string())).collect();
    rows.push(e("1"));
    refused(&rows, &same("1", "1,000"));
    // Texts that are shifted between fields make the same key (ei.md Q10), and NA stands in for an empty one.
    let shifted = e("a").with("categorization", "CATL").with("logicalAddress", "A-a");
    refused(&[e("a"), shifted], &same("1", "2"));
    refused(&[e("a"), e("a").with("clinicalProcessInterestId", "")], &same("1", "2"));
    // Only the sender's word on the owner tells these apart, and it is overwritten (ei.md Q9).
    world().updated(&[e("a").owner("one"), e("a").owner("other")]).row();
}

fn add_and_delete() {
    refused(&[e("a"), e("a").delete()], &same("1", "2"));
}

fn two_contents() {
    refused(&[e("a").content("20200101120000"), e("a").content("20210101120000")], &same("1", "2"));
}

fn no_controller() {
    refused(&[e("a").without("dataController"), e("b")], &invalid("mandatory field \"dataController\" is missing"));
}

fn each_mandatory() {
    for field in MANDATORY {
        refused(&[e("a").without(field)], &invalid(&format!("mandatory field \"{field}\" is missing")));
    }
}

fn each_empty() {
    for field in MANDATORY {
        refused(&[e("a").with(field, "")], &invalid(&format!("mandatory field \"{field}\" is missing")));
    }
}

fn all_absent() {
    refused(&[Row::empty()], &invalid("mandatory field \"registeredResidentIdentification\" is missing"));
}

fn around(field: &str) -> String {
    invalid(&format!("mandatory field \"{field}\" contains white space in beginning or end"))
}

fn white_space() {
    refused(&[e("a").with("businessObjectInstanceIdentifier", " x ")], &around("businessObjectInstanceIdentifier"));
    world().updated(&[e("a").with("businessObjectInstanceIdentifier", "\u{a0}x y\u{a0}")]).row();
}

fn either_end() {
    for text in [" x", "x ", "\tx", "x\n"] {
        refused(&[e("a").with("logicalAddress", text)], &around("logicalAddress"));
    }
}

fn blanks_only() {
    assert_eq!(world().updated(&[e("a").with("sourceSystem", "   ")]).row()["sourceSystem"], "   ");
}

fn reserved(place: usize) -> String {
    format!(
        "EI005: The logicalAddress in EngagementTransaction #{place} is reserved and not allowed, hsa-id: ei-hsa-id"
    )
}

fn reserved_address() {
    refused(&[e("a"), e("b"), e("c").with("logicalAddress", "ei-hsa-id")], &reserved(3));
    let world = World::new(|settings| settings.reserved_ids.clear());
    world.updated(&[e("c").with("logicalAddress", "ei-hsa-id")]).row();
}

fn reserved_system() {
    let rows = [e("a"), e("b"), e("c"), e("d"), e("e").with("sourceSystem", "vp-hsa-id")];
    refused(
        &rows,
        "EI006: The sourceSystem in EngagementTransaction #5 is reserved and not allowed, hsa-id: vp-hsa-id",
    );
}

fn lengths() {
    for (field, most) in MANDATORY.into_iter().zip([32, 255, 255, 64, 128, 128, 64, 64]) {
        refused(&[e("a").with(field, &"å".repeat(most + 1))], &invalid(&format!("Field \"{field}\" is to long")));
        let world = world();
        world.updated(&[e("a").with(field, &"å".repeat(most))]);
        assert_eq!(world.index.status().engagements, 1, "{field}");
    }
    refused(&[e("a").content("20200101120000x")], &invalid("Field \"mostRecentContent\" is to long"));
}

fn not_a_date(text: &str) -> String {
    format!("Input date is not according to expected format \"YYYYMMDDhhmmss\": {text}")
}

fn bad_content() {
    refused(&[e("a").content("2020-01-01")], &not_a_date("2020-01-01"));
    // It is read before anything else of its row.
    refused(&[Row::empty().content("x")], &not_a_date("x"));
}

fn impossible_content() {
    for text in ["20200230120000", "20200329023000"] {
        refused(&[e("a").content(text)], &not_a_date(text));
    }
    assert_eq!(world().updated(&[e("a").content("2020010112000")]).row()["mostRecentContent"], "20200101120000");
}

fn bad_update_time() {
    let wrong = |field: &str| invalid(&format!("Field \"{field}\": {}", not_a_date("abc")));
    refused(&[e("a").with("updateTime", "abc")], &wrong("updateTime"));
    refused(&[e("a").with("creationTime", "abc")], &wrong("creationTime"));
}

fn empty_times() {
    refused(&[e("a").content("")], &not_a_date(""));
    world().updated(&[e("a").with("updateTime", "").with("creationTime", "")]).row();
}

fn no_correlation_id() {
    let world = world();
    for operation in ["Update", "ProcessNotification", "FindContent"] {
        let mut without = request(operation, &envelope(operation, Some("wrong"), ""));
        without.headers_mut().remove("x-skltp-correlation-id");
        let answer = world.send(without);
        answer.refused("Mandatory HTTP header x-skltp-correlation-id is missing\n");
        let mut empty = request(operation, &envelope(operation, Some("wrong"), ""));
        empty.headers_mut().insert("X-SKLTP-Correlation-ID", "".parse().unwrap());
        assert!(!world.send(empty).fault().contains("Mandatory HTTP"), "{operation}");
    }
    let mut without = request("Update", "<broken");
    without.headers_mut().remove("x-skltp-correlation-id");
    assert!(world.send(without).fault().starts_with("Error reading XMLStreamReader: "), "XML comes first");
    let lenient = World::new(|settings| settings.correlation_id_required = false);
    let mut without = request("Update", &envelope("Update", Some("ei-hsa-id"), &e("a").xml(true)));
    without.headers_mut().remove("x-skltp-correlation-id");
    lenient.send(without).ok();
}

fn all_or_nothing() {
    refused(
        &[e("a"), e("b").without("owner").without("sourceSystem")],
        &invalid("mandatory field \"sourceSystem\" is missing"),
    );
}

fn white_space_first() {
    refused(&[e("a").with("logicalAddress", "ei-hsa-id ")], &around("logicalAddress"));
}

fn reserved_first() {
    refused(&[e("a").without("dataController").with("logicalAddress", "ei-hsa-id")], &reserved(1));
}

#[test]
fn what_is_hostile_or_no_call_is_refused_and_changes_nothing() {
    let world = World::new(|settings| settings.limits.body_bytes_max = 2_000);
    let deep = envelope("Update", Some("ei-hsa-id"), &"<a>".repeat(300));
    let long = "x".repeat(2_001);
    let doctype = format!("<!DOCTYPE a [<!ENTITY e 'x'>]>{}", envelope("Update", Some("ei-hsa-id"), &e("a").xml(true)));
    let other_service = envelope("FindContent", Some("ei-hsa-id"), "");
    for body in ["", "{}", &deep, &long, &doctype, &other_service, "\u{0}"] {
        let answer = world.send(request("Update", body));
        assert_eq!(answer.status, 500);
        assert!(answer.body.contains("<faultcode>soap:Client</faultcode>"), "{}", answer.body);
    }
    let no_engagement = "<p:engagementTransaction><c:deleteFlag>true</c:deleteFlag></p:engagementTransaction>";
    let answer = world.send(request("Update", &envelope("Update", Some("ei-hsa-id"), no_engagement)));
    answer.refused("The engagement in EngagementTransaction #1 is null");
    assert_eq!(world.get("update-service/v1").status, 405);
    assert_eq!(world.settled().index.status().engagements, 0);
    let found = world.query(&[("registeredResidentIdentification", RESIDENT), ("serviceDomain", DOMAIN)]);
    assert_eq!(found.rows(), vec![]);
}
