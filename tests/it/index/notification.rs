//! `ei.md` §8.3: ProcessNotification.

use super::engagement::{Row, e};
use super::{Statement, world};

const T1: &str = "20200101120000";

pub(crate) const TABLE: &[Statement] = &[
    Statement { number: 51, tag: 'T', what: "a row of another owner is stored", check: foreign_row },
    Statement { number: 52, tag: 'T', what: "any logical address will do", check: any_address },
    Statement { number: 53, tag: 'T', what: "no owner", check: no_owner },
    Statement { number: 54, tag: 'T', what: "what we own is not news", check: own_row },
    Statement { number: 55, tag: 'T', what: "of two rows, ours is dropped", check: one_of_two },
    Statement { number: 56, tag: 'T', what: "an add takes our row over", check: takeover },
    Statement { number: 57, tag: 'T', what: "other rows of ours stay", check: others_stay },
    Statement { number: 58, tag: 'T', what: "one of two is taken over", check: one_taken },
    Statement { number: 59, tag: 'S', what: "a delete takes our row along", check: delete_takes_over },
    Statement { number: 60, tag: 'S', what: "two foreign owners, two rows", check: two_owners },
    Statement { number: 61, tag: 'S', what: "an Update beside a foreign row", check: update_beside },
    Statement { number: 62, tag: 'T', what: "a delete with the stored owner", check: delete },
    Statement { number: 63, tag: 'S', what: "a delete with another owner", check: delete_of_other },
    Statement { number: 64, tag: 'T', what: "times are ours", check: times },
    Statement { number: 65, tag: 'T', what: "no fields at all", check: no_fields },
    Statement { number: 66, tag: 'T', what: "two identical rows", check: identical },
    Statement { number: 67, tag: 'S', what: "rows that differ in owner only", check: owners_differ },
    Statement { number: 68, tag: 'T', what: "1007 transactions", check: too_many },
    Statement { number: 69, tag: 'T', what: "our address is reserved", check: reserved },
    Statement { number: 70, tag: 'S', what: "a single one is not collected", check: at_once },
];

fn remote(key: &str) -> Row {
    e(key).owner("remote-owner")
}

fn foreign_row() {
    let world = world();
    let answer = world.notify(&[remote("a")]).ok();
    assert!(answer.body.contains("<ns2:ProcessNotificationResponse"));
    assert_eq!(world.row()["owner"], "remote-owner");
}

fn any_address() {
    // The world's notifications are addressed to "anything".
    world().notify(&[remote("a")]).ok();
}

fn no_owner() {
    world()
        .notify(&[e("a")])
        .refused("EI004: The payload does not validate, error messge: mandatory field \"owner\" is missing");
    assert_eq!(world().notified(&[e("a").owner(" o ")]).row()["owner"], " o ", "never trimmed");
}

fn own_row() {
    assert_eq!(world().notified(&[e("a").owner("ei-hsa-id")]).rows(), vec![]);
}

fn one_of_two() {
    let world = world();
    world.notified(&[e("a").owner("ei-hsa-id"), remote("b")]);
    assert_eq!(world.row()["logicalAddress"], "LA-b");
}

fn takeover() {
    let world = world();
    world.updated(&[e("a")]).notified(&[remote("a")]);
    assert_eq!(world.row()["owner"], "remote-owner");
}

fn others_stay() {
    let world = world();
    world.updated(&[e("a"), e("b"), e("c")]).notified(&[remote("a")]);
    let ours = world.find(&[("owner", "ei-hsa-id")]);
    assert_eq!(ours.iter().map(|row| &*row["logicalAddress"]).collect::<Vec<_>>(), ["LA-b", "LA-c"]);
}

fn one_taken() {
    let world = world();
    world.updated(&[e("a"), e("b")]).notified(&[remote("a")]);
    let mut owners: Vec<_> = world.rows().into_iter().map(|mut row| row.remove("owner").unwrap()).collect();
    owners.sort();
    assert_eq!(owners, ["ei-hsa-id", "remote-owner"]);
}

fn delete_takes_over() {
    let world = world();
    assert_eq!(world.updated(&[e("a"), e("b")]).notified(&[remote("a").delete()]).row()["logicalAddress"], "LA-b");
}

fn two_owners() {
    assert_eq!(world().notified(&[e("a").owner("remote-A")]).notified(&[e("a").owner("remote-B")]).rows().len(), 2);
}

fn update_beside() {
    assert_eq!(world().notified(&[remote("a")]).updated(&[e("a")]).rows().len(), 2);
}

fn delete() {
    assert_eq!(world().notified(&[remote("a")]).notified(&[remote("a").delete()]).rows(), vec![]);
}

fn delete_of_other() {
    assert_eq!(
        world().notified(&[remote("a")]).notified(&[e("a").owner("other").delete()]).row()["owner"],
        "remote-owner"
    );
}

fn times() {
    let world = world();
    world.notified(&[remote("a").with("creationTime", T1)]).later(61);
    let row = world.notified(&[remote("a").content(T1)]).row();
    assert_eq!((&*row["creationTime"], &*row["updateTime"]), ("20261122120000", "20261122120101"));
}

fn no_fields() {
    let answer = world().notify(&[Row::empty()]);
    assert!(answer.fault().starts_with("EI004: The payload does not validate"), "{answer:?}");
}

fn identical() {
    world().notify(&[remote("a"), remote("a")]).refused(
        "EI002: EngagementTransaction #1 and #2 have the same key. That is not allowed. See rule for Update-R1 in service \
         contract",
    );
}

fn owners_differ() {
    assert_eq!(world().notified(&[remote("a"), e("a").owner("other")]).rows().len(), 2);
}

fn too_many() {
    let rows: Vec<_> = (0..1_007).map(|number| remote(&number.to_string())).collect();
    world().notify(&rows).refused(
        "EI000: A technical error has occurred, error message: The request contains more than 1000 engagements. Maximum \
         number of engagements per request is 1000.",
    );
}

fn reserved() {
    world().notify(&[remote("a").with("logicalAddress", "ei-hsa-id")]).refused(
        "EI005: The logicalAddress in EngagementTransaction #1 is reserved and not allowed, hsa-id: ei-hsa-id",
    );
}

fn at_once() {
    let world = world();
    world.notify(&[remote("a")]).ok();
    world.row();
    // A single Update waits for its window.
    world.update(&[e("b")]).ok();
    world.row();
    assert_eq!(world.settled().rows().len(), 2);
}
