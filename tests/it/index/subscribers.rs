//! `ei.md` §8.5: who is told, of what, and how.

use super::Statement;
use super::engagement::{Row, e};
use super::world::World;

const T1: &str = "20200101120000";
const T2: &str = "20210101120000";

pub(crate) const TABLE: &[Statement] = &[
    Statement { number: 87, tag: 'T', what: "both are told of both rows", check: both_told },
    Statement { number: 88, tag: 'T', what: "only who wants the domain", check: only_second },
    Statement { number: 89, tag: 'S', what: "an unfiltered domain; no filters", check: unfiltered },
    Statement { number: 90, tag: 'T', what: "a filter without categorizations", check: domain_only },
    Statement { number: 91, tag: 'S', what: "case does not count", check: case },
    Statement { number: 92, tag: 'T', what: "sender and instance id", check: identity },
    Statement { number: 93, tag: 'T', what: "only what is new", check: only_new },
    Statement { number: 94, tag: 'T', what: "only the delete", check: only_delete },
    Statement { number: 95, tag: 'T', what: "content comes, stays away, goes", check: content_comes_and_goes },
    Statement { number: 96, tag: 'T', what: "the new content and the times", check: new_content },
    Statement { number: 97, tag: 'T', what: "a delete of nothing", check: delete_of_nothing },
    Statement { number: 98, tag: 'S', what: "notifications are echoed twice", check: echoed },
    Statement { number: 99, tag: 'T', what: "all rows are ours", check: all_ours },
    Statement { number: 100, tag: 'T', what: "n + 1 attempts, then a dead letter", check: dead_letter },
    Statement { number: 101, tag: 'S', what: "ERROR counts as delivered", check: result_code },
    Statement { number: 102, tag: 'T', what: "two singles in one window", check: one_window },
    Statement { number: 103, tag: 'T', what: "singles for one key", check: one_key },
    Statement { number: 104, tag: 'T', what: "resetcache asks again", check: resetcache },
    Statement { number: 105, tag: 'S', what: "the saved list is used", check: saved_list },
];

fn record(address: &str, filters: &[(&str, &[&str])]) -> String {
    let filter = |(domain, categorizations): &(&str, &[&str])| {
        let categorizations: String =
            categorizations.iter().map(|text| format!("<c:categorization>{text}</c:categorization>")).collect();
        format!("<c:filter><c:serviceDomain>{domain}</c:serviceDomain>{categorizations}</c:filter>")
    };
    let filters: String = filters.iter().map(filter).collect();
    format!("<logicalAddressRecord><c:logicalAddress>{address}</c:logicalAddress>{filters}</logicalAddressRecord>")
}

/// S1 wants D1, S2 wants D1 and D2, in each the categorizations C1 and C2.
fn two() -> World {
    let wanted: &[&str] = &["C1", "C2"];
    let records = record("S1", &[("D1", wanted)]) + &record("S2", &[("D1", wanted), ("D2", wanted)]);
    World::with_subscribers(&records, |_| {})
}

/// S wants everything.
fn one() -> World {
    World::with_subscribers(&record("S", &[]), |_| {})
}

fn row(key: &str, domain: &str, categorization: &str) -> Row {
    e(key).with("serviceDomain", domain).with("categorization", categorization)
}

fn both_told() {
    let world = two();
    world.updated(&[row("a", "D1", "C1"), row("b", "D1", "C1")]);
    for subscriber in ["S1", "S2"] {
        let told = world.told(subscriber);
        assert_eq!(told.len(), 1, "{subscriber}");
        assert_eq!(told[0].count("engagementTransaction"), 2);
        assert_eq!((told[0].text("owner"), told[0].text("deleteFlag")), ("ei-hsa-id".into(), "false".into()));
        assert_eq!(told[0].text("creationTime"), "20261122120000");
        assert_eq!(told[0].count("updateTime"), 0);
    }
}

fn only_second() {
    let world = two();
    world.updated(&[row("a", "D2", "C2"), row("b", "D2", "C2")]);
    assert_eq!((world.told("S1").len(), world.told("S2").len()), (0, 1));
}

fn unfiltered() {
    let world = two();
    world.updated(&[row("a", "D3", "C1"), row("b", "D3", "C1")]);
    assert_eq!((world.told("S1").len(), world.told("S2").len()), (0, 0));
    let everything = one();
    everything.updated(&[row("a", "D3", "C1"), row("b", "D3", "C1")]);
    assert_eq!(everything.told("S").len(), 1);
}

fn domain_only() {
    let world = World::with_subscribers(&(record("S", &[("D1", &[])]) + &record("T", &[("D1", &["C1"])])), |_| {});
    world.updated(&[row("a", "D1", "C7"), row("b", "D1", "C8")]);
    assert_eq!((world.told("S").len(), world.told("T").len()), (1, 0));
    world.updated(&[row("c", "D1", "C1"), row("d", "D1", "C8")]);
    assert_eq!((world.told("S")[0].count("engagement"), world.told("T")[0].count("engagement")), (2, 1));
}

fn case() {
    let world = World::with_subscribers(&record("S", &[("DoMain", &["CATegory"])]), |_| {});
    world.updated(&[row("a", "dOmAIN", "catEGORY"), row("b", "x", "y")]);
    assert_eq!(world.told("S").len(), 1);
}

fn identity() {
    let world = World::with_subscribers(&record("S", &[]), |settings| {
        settings.notify.sender_id = "SENDER".to_owned();
        settings.notify.instance_id = "INSTANCE".to_owned();
        settings.notify.discovery.logical_address = "VP".to_owned();
    });
    world.updated(&[e("a"), e("b")]);
    let headers = world.told("S").remove(0).headers;
    assert_eq!((&*headers["x-vp-sender-id"], &*headers["x-vp-instance-id"]), ("SENDER", "INSTANCE"));
    assert_eq!(headers["x-skltp-correlation-id"], "correlation-1");
    let asked = world.stub.registry_calls.lock().unwrap()[0].clone();
    assert_eq!((asked.text("LogicalAddress"), asked.text("serviceConsumerHsaId")), ("VP".into(), "VP".into()));
    let contract = "urn:riv:itintegration:engagementindex:ProcessNotificationResponder:1";
    assert_eq!(asked.text("ServiceContractNamespace"), contract);
    assert_eq!(
        (&*asked.headers["x-vp-sender-id"], &*asked.headers["x-vp-instance-id"]),
        ("vp-hsa-id", "vp-instance-id")
    );
}

fn only_new() {
    let world = one();
    world.updated(&[e("a"), e("b")]);
    world.told("S");
    world.updated(&[e("a"), e("new")]);
    let told = world.told("S");
    assert_eq!((told.len(), told[0].count("engagement"), told[0].text("logicalAddress")), (1, 1, "LA-new".into()));
    world.updated(&[e("a"), e("b")]);
    assert_eq!(world.told("S").len(), 0);
}

fn only_delete() {
    let world = one();
    world.updated(&[e("a"), e("b")]);
    world.told("S");
    world.updated(&[e("a").delete(), e("b")]);
    let told = world.told("S");
    assert_eq!((told.len(), told[0].count("engagement"), told[0].text("deleteFlag")), (1, 1, "true".into()));
    assert_eq!(told[0].text("logicalAddress"), "LA-a");
}

fn content_comes_and_goes() {
    let world = one();
    world.updated(&[e("a"), e("b")]);
    world.told("S");
    let told = |row: Row| {
        world.updated(&[row, e("b")]);
        world.told("S").len()
    };
    assert_eq!(told(e("a").content(T1)), 1);
    assert_eq!(told(e("a").content(T1)), 0);
    assert_eq!(told(e("a")), 1);
    assert_eq!(told(e("a")), 0);
}

fn new_content() {
    let world = one();
    let extension = "<x:more xmlns:x='urn:x'>1</x:more>";
    world.updated(&[e("a").content(T1), e("b")]).later(61);
    world.told("S");
    world.updated(&[e("a").content(T2).extra(extension), e("b")]);
    let told = world.told("S").remove(0);
    assert_eq!(told.text("mostRecentContent"), T2);
    assert_eq!(
        (told.text("creationTime"), told.text("updateTime")),
        ("20261122120000".into(), "20261122120101".into())
    );
    assert!(told.body.contains(&format!("{extension}</c:engagement>")), "{}", told.body);
}

fn delete_of_nothing() {
    let world = one();
    world.updated(&[e("a").delete()]);
    assert_eq!(world.told("S")[0].text("deleteFlag"), "true");
}

fn echoed() {
    let world = one();
    let row = e("a").owner("remote-owner");
    world.notified(std::slice::from_ref(&row)).notified(&[row]);
    let told = world.told("S");
    assert_eq!((told.len(), told[0].text("owner")), (2, "remote-owner".into()));
    assert_eq!(told[0].count("creationTime"), 0, "as received");
}

fn all_ours() {
    let world = one();
    world.notified(&[e("a").owner("ei-hsa-id"), e("b").owner("ei-hsa-id")]);
    assert_eq!(world.told("S").len(), 0);
}

fn dead_letter() {
    let records = record("S1", &[]) + &record("S2", &[]);
    let world = World::with_subscribers(&records, |settings| settings.notify.redelivery.attempts = 3);
    world.fails("S1");
    world.updated(&[e("a"), e("b")]);
    assert_eq!(world.stub.attempts.lock().unwrap()["S1"], 4);
    assert_eq!(world.told("S2").len(), 1);
    let dead = world.index.queues().dead_letters("S1");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].reason, "status 500: no");
    let status = world.get("subscriber/status").body;
    assert!(status.contains("\"deadLetterQueueName\" : \"DLQ.EI.NOTIFICATION.S1\""), "{status}");
    assert!(status.contains("\"deadLetters\" : 1"), "{status}");
}

fn result_code() {
    let world = one();
    world.answers_with("ERROR");
    world.updated(&[e("a"), e("b")]);
    assert_eq!((world.stub.attempts.lock().unwrap()["S"], world.index.queues().dead_letters("S").len()), (1, 0));
}

fn one_window() {
    let world = one();
    world.update(&[e("a")]).ok();
    world.updated(&[e("b")]);
    let told = world.told("S");
    assert_eq!((told.len(), told[0].count("engagement")), (1, 2));
    world.update(&[e("c")]).ok();
    world.updated(&[e("c")]);
    let told = world.told("S");
    assert_eq!((told.len(), told[0].count("engagement")), (1, 1));
    let never = World::with_subscribers(&record("S", &[]), |settings| settings.collect.threshold = 0);
    never.update(&[e("a")]).ok();
    never.row();
}

fn one_key() {
    let world = one();
    world.update(&[e("a").content(T2)]).ok();
    world.update(&[e("a").content(T1)]).ok();
    world.updated(&[e("a")]);
    assert_eq!(world.row()["mostRecentContent"], T2);
    world.update(&[e("a").content(T2)]).ok();
    world.update(&[e("a").delete()]).ok();
    world.updated(&[e("a").content("20220101120000")]);
    assert_eq!(world.rows(), vec![]);
    let window = World::new(|settings| settings.collect.completion_size = 2);
    window.update(&[e("a")]).ok();
    assert_eq!(window.rows().len(), 0);
    window.update(&[e("b")]).ok();
    // The batch is full: the writing thread applies it right behind the answer, so the next write finds it applied.
    window.notify(&[e("c").owner("o")]).ok();
    assert_eq!(window.rows().len(), 3);
}

fn resetcache() {
    let world = one();
    let before = world.stub.registry_calls.lock().unwrap().len();
    assert_eq!(world.get("resetcache").body, "Subscriber cache reset");
    assert_eq!(world.stub.registry_calls.lock().unwrap().len(), before + 1);
    world.registry_answers(Some(&record("T", &[])));
    world.updated(&[e("a"), e("b")]);
    assert_eq!((world.told("S").len(), world.told("T").len()), (1, 0), "the list is still fresh");
    world.get("resetcache");
    world.updated(&[e("c"), e("d")]);
    assert_eq!((world.told("S").len(), world.told("T").len()), (0, 1));
}

fn saved_list() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("subscribers.xml");
    let world = World::with_subscribers(&record("S", &[("D1", &[])]), |settings| {
        settings.notify.cache_file = Some(file);
    });
    world.registry_answers(None);
    world.get("resetcache");
    world.updated(&[row("a", "D1", "C1"), row("b", "D1", "C1")]);
    assert_eq!(world.told("S").len(), 1);
    let without = one();
    without.registry_answers(None);
    without.get("resetcache");
    assert!(without.get("subscriber/status").body.contains("\"Subscribers\" : null"));
    without.registry_answers(Some(&record("S", &[])));
    without.updated(&[e("a"), e("b")]);
    assert_eq!(without.told("S").len(), 1, "ei.md Q20: asked again with the next message");
}
