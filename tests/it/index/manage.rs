//! `ei.md` §8.6: the management paths.

use super::engagement::e;
use super::world::World;
use super::{Statement, world};

pub(crate) const TABLE: &[Statement] = &[
    Statement { number: 106, tag: 'T', what: "the write lock says so", check: enable },
    Statement { number: 107, tag: 'T', what: "locked, rows wait", check: rows_wait },
    Statement { number: 108, tag: 'T', what: "twice is once", check: twice },
    Statement { number: 109, tag: 'S', what: "locked, FindContent answers", check: find_answers },
    Statement { number: 110, tag: 'T', what: "the status document", check: status },
    Statement { number: 111, tag: 'T', what: "the status of subscribers", check: subscribers },
];

const EVERYTHING: &str = "<logicalAddressRecord><c:logicalAddress>S</c:logicalAddress><c:filter>\
    <c:serviceDomain>riv:clinicalprocess:test</c:serviceDomain></c:filter></logicalAddressRecord>";

fn enable() {
    let world = world();
    assert_eq!(world.get("writelock/enable").body, "Write lock enabled");
    let status = world.get("writelock/status");
    assert!(status.body.contains("\"writeLockEnabled\" : true"), "{}", status.body);
    assert_eq!(status.body.matches("Suspended").count(), 2);
    assert_eq!(status.content_type, "application/json");
}

fn rows_wait() {
    let world = World::with_subscribers(EVERYTHING, |_| {});
    world.get("writelock/enable");
    world.update(&[e("a"), e("b")]).ok();
    world.update(&[e("c")]).ok();
    assert_eq!(world.settled().rows(), vec![]);
    assert_eq!(world.told("S").len(), 0);
    assert_eq!(world.get("writelock/disable").body, "Write lock disabled");
    assert_eq!(world.settled().rows().len(), 3);
    assert_eq!(world.told("S").len(), 2);
}

fn twice() {
    let world = world();
    for (path, expected) in [("enable", "true"), ("disable", "false")] {
        for _ in 0..2 {
            assert_eq!(world.get(&format!("writelock/{path}")).status, 200);
            let status = world.get("writelock/status").body;
            assert!(status.contains(&format!("\"writeLockEnabled\" : {expected}")), "{status}");
        }
    }
    assert_eq!(world.get("writelock/status").body.matches("Started").count(), 2);
}

fn find_answers() {
    let world = world();
    world.updated(&[e("a")]);
    world.get("writelock/enable");
    world.row();
}

fn status() {
    let status = world().get("status").body;
    assert!(status.starts_with('{') && status.ends_with('}'), "{status}");
    for expected in ["\"ServiceStatus\" : \"Started\"", "\"Name\" : \"", "\"Version\" : \""] {
        assert!(status.contains(expected), "{expected} in {status}");
    }
}

fn subscribers() {
    let status = World::with_subscribers(EVERYTHING, |_| {}).get("subscriber/status").body;
    for expected in ["Subscribers", "riv:clinicalprocess:test", "\"logicalAdress\" : \"S\"", "\"EI.NOTIFICATION.S\""] {
        assert!(status.contains(expected), "{expected} in {status}");
    }
}
