//! New files under a running platform: the catalogue is swapped whole, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anslut::domain::problem::Severity;
use anslut::index::request::PROCESS_NOTIFICATION;

use crate::conformance::c0::{C0, t0};
use crate::support::client::Ask;
use crate::support::envelope::{GC, gc};
use crate::support::producer::{ANSWER, Producer};
use crate::support::tak::{Tak, hsa_xml};
use crate::support::until;
use crate::support::world::Plan;

fn call(sender: &str) -> Ask {
    Ask::post(gc("HttpProducer")).internal(sender)
}

#[tokio::test]
async fn reload_reads_catalogue_and_tree() {
    let c0 = C0::start().await;
    c0.call(call("newcomer")).await.is_vp_with(7, &["senderId: newcomer"]);
    let changed = t0(&c0.producer.url("")).permission(GC, "HttpProducer", "newcomer");
    c0.world.rewrite("tak/copy.xml", changed.xml());
    c0.world.rewrite("hsa/tree.xml", hsa_xml(&["SE-A", "SE"]));
    c0.call(call("newcomer")).await.is_vp_with(7, &["senderId: newcomer"]);
    let problems = c0.world.platform.reload().await;
    assert!(problems.is_empty(), "{problems:?}");
    c0.call(call("newcomer")).await.is_passed_on(ANSWER);
    assert_eq!(c0.world.platform.catalogue().snapshot().hsa().len(), 2);
}

/// `ei.md` §5.1: the index asks its own catalogue who wants to be told.
#[tokio::test]
async fn the_subscribers_of_the_index_follow_the_catalogue() {
    let c0 = C0::start().await;
    let index = c0.world.platform.index().expect("the index is open");
    let consumer = index.settings().notify.discovery.logical_address.clone();
    let subscribers = || {
        let found = index.queues().subscription().subscribers;
        found.into_iter().map(|subscriber| subscriber.logical_address.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(subscribers(), Vec::<String>::new());
    let wants = |address: &str| t0(&c0.producer.url("")).permission(PROCESS_NOTIFICATION, address, &consumer).xml();
    c0.world.rewrite("tak/copy.xml", wants("S1"));
    c0.world.platform.reload().await;
    until("S1 to be told from now on", || subscribers() == ["S1"]).await;
    c0.world.rewrite("tak/copy.xml", wants("S2"));
    c0.call(Ask::get("/resetcache")).await;
    until("S2 to be told from now on", || subscribers() == ["S2"]).await;
}

#[tokio::test]
async fn a_broken_file_keeps_the_old_data_and_is_named() {
    let c0 = C0::start().await;
    c0.world.rewrite("tak/copy.xml", "<persistentCache>\n<virtualiseringsInfo>\n</persistentCache>");
    c0.world.rewrite("hsa/tree.xml", "<hsaUnits>\n<hsaUnit>");
    let problems = c0.world.platform.reload().await;
    for file in ["tak/copy.xml", "hsa/tree.xml"] {
        let path = c0.world.path(file);
        let problem = problems.iter().find(|problem| problem.file == path).unwrap_or_else(|| panic!("{problems:?}"));
        assert_eq!(problem.severity, Severity::Error);
        assert!(problem.line >= 2, "{problem}");
    }
    c0.call(call("tp")).await.is_passed_on(ANSWER);
    assert_eq!(c0.world.platform.catalogue().snapshot().hsa().len(), 5);
    let body = c0.call(Ask::get("/resetcache")).await.text();
    assert!(body.contains("Will continue to use already loaded TAK data."), "{body}");
    // A file in order again is used again.
    c0.world.rewrite("tak/copy.xml", t0(&c0.producer.url("")).permission(GC, "HttpProducer", "newcomer").xml());
    c0.world.rewrite("hsa/tree.xml", hsa_xml(&["SE-A", "SE"]));
    assert!(c0.world.platform.reload().await.is_empty());
    c0.call(call("newcomer")).await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn what_is_wrong_at_start_is_named_and_does_not_keep_the_platform_from_starting() {
    let plan = Plan::c0().file("tak/one.xml", "<persistentCache>\n<oops").file("hsa/tree.xml", "\n<broken");
    let world = plan.start().await;
    for file in ["tak/one.xml", "hsa/tree.xml"] {
        let path = world.path(file);
        let named = world.problems.iter().find(|problem| problem.file == path && problem.is_error());
        assert!(named.is_some_and(|problem| problem.line == 2), "{file} in {:?}", world.problems);
    }
    world.call(call("tp")).await.is_vp_with(8, &[]);
    let c0 = C0::start().await;
    assert!(c0.world.problems.is_empty(), "{:?}", c0.world.problems);
}

/// One of two catalogues: another address, and another sender who may call it.
fn version(base: &str, name: &str) -> String {
    Tak::default()
        .route(GC, "HttpProducer", "RIVTABP20", &format!("{base}/{name}"))
        .permission(GC, "HttpProducer", name)
        .xml()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_sees_half_a_change() {
    const RELOADS: usize = 40;
    let producer = Producer::start().await;
    let base = producer.url("");
    let world = Arc::new(Plan::c0().file("tak/copy.xml", version(&base, "one")).start().await);
    let over = Arc::new(AtomicBool::new(false));
    let mut callers = tokio::task::JoinSet::new();
    for sender in ["one", "two", "one", "two"] {
        let (world, over) = (Arc::clone(&world), Arc::clone(&over));
        callers.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                world.call(call(sender)).await;
            }
        });
    }
    for reload in 0..RELOADS {
        let name = if reload % 2 == 0 { "two" } else { "one" };
        world.rewrite("tak/copy.xml", version(&base, name));
        assert!(world.platform.reload().await.is_empty());
        assert_eq!(world.call(call(name)).await.status, 200, "what was loaded is served");
    }
    over.store(true, Ordering::Relaxed);
    callers.join_all().await;
    let records = world.records();
    assert!(records.len() > RELOADS, "{} calls", records.len());
    for record in records {
        let address = record.producer_address.as_deref().unwrap_or_default();
        let sender = record.sender.as_deref().unwrap_or_default();
        let of_sender = address == format!("{base}/{sender}");
        match record.outcome() {
            "ok" => assert!(of_sender, "{sender} was permitted to call {address}"),
            "VP007" => assert!(!of_sender && !address.is_empty(), "{sender} was not permitted to call {address}"),
            other => panic!("{other} for {sender} at {address}"),
        }
    }
}
