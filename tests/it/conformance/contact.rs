//! `vp.md` §11.6, second half: a catalogue that can be read, or cannot.

use super::c0::{C0, t0, t0_size};
use crate::support::client::Ask;
use crate::support::envelope::gc;
use crate::support::producer::{ANSWER, Producer};
use crate::support::tak::Tak;
use crate::support::texts::NO_CONTACT;
use crate::support::world::{Plan, World};

crate::support::rows::rows! {
    u16;
    85 "no catalogue and no copy" => no_contact;
    86 "a catalogue lost after a good load" => contact_lost;
    87 "a catalogue that is away at start, and a local copy" => local_copy;
    88 "an empty list counts as a failure" => empty_lists;
    89 "/resetcache uses what has changed" => reset;
}

const COPY: &str = "takcache.persistent.file.name";
const REUSED: &str = "Failed to get virtualizations and/or permissions from TAK, see logfiles for details. Will continue to use already loaded TAK data.";
const RESTORING: &str = "Failed to get virtualizations and/or permissions from TAK, see logfiles for details. Restore from local TAK copy...";
const SAVING: &str = "Succeeded to get virtualizations and/or permissions from TAK, save to local TAK copy...";

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

/// The lines of the reset's log behind host and time, which are what they should be.
async fn reset_lines(world: &World) -> Vec<String> {
    let answer = world.call(Ask::get("/resetcache")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html;")));
    let text = answer.text();
    let mut lines = text.split("<br>").map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some(""), "{text}");
    let host = lines.next().unwrap_or_default();
    assert!(host.len() > "Host: ".len() && host.starts_with("Host: "), "{text}");
    assert_eq!(lines.next().as_deref(), Some("Time: 2026-03-02 13:00:00"), "{text}");
    assert_eq!(lines.next().as_deref(), Some("Initialize TAK cache resources..."), "{text}");
    lines.collect()
}

fn counts(permissions: usize, routes: usize, successful: bool) -> Vec<String> {
    vec![
        format!("Init TAK cache loaded number of permissions: {permissions}"),
        format!("Init TAK cache loaded number of virtualizations: {routes}"),
        format!("Init done, was successful: {successful}"),
    ]
}

async fn no_contact() {
    let world = Plan::c0().start().await;
    for message in [gc("HttpProducer"), gc("NoVagvalReceiver"), gc("")] {
        world.call(Ask::post(message).internal("tp")).await.is_vp(8, NO_CONTACT);
    }
    let mut expected = vec![
        RESTORING.to_owned(),
        "Failed to restore virtualizations and permissions from local TAK copy: ".to_owned(),
        "Reason for failure: No filename defined for local cache".to_owned(),
    ];
    expected.extend(counts(0, 0, false));
    assert_eq!(reset_lines(&world).await, expected);
    world.call(call()).await.is_vp(8, NO_CONTACT);
}

async fn contact_lost() {
    let c0 = C0::start().await;
    let (routes, permissions) = t0_size();
    for broken in ["<persistentCache><virtualiseringsInfo>", "", "<persistentCache/>"] {
        c0.world.rewrite("tak/copy.xml", broken);
        let mut expected = vec![REUSED.to_owned()];
        expected.extend(counts(permissions, routes, true));
        assert_eq!(reset_lines(&c0.world).await, expected, "{broken}");
        c0.call(call()).await.is_passed_on(ANSWER);
    }
}

async fn local_copy() {
    let (routes, permissions) = t0_size();
    let producer = Producer::start().await;
    let copy = t0(&producer.url("")).xml();
    let plan = Plan::c0().property(COPY, "copy/tak.xml").file("copy/tak.xml", copy);
    let world = plan.file("tak/copy.xml", "<persistentCache>").start().await;
    world.call(call()).await.is_passed_on(ANSWER);
    let path = world.path("copy/tak.xml").display().to_string();
    assert_eq!(reset_lines(&world).await[0], REUSED);
    // Once there is contact, the copy is written anew, and is as good as the original.
    world.rewrite("tak/copy.xml", t0(&producer.url("")).xml());
    world.rewrite("copy/tak.xml", "");
    let mut expected =
        vec![SAVING.to_owned(), format!("Succesfully saved virtualizations and permissions to local TAK copy: {path}")];
    expected.extend(counts(permissions, routes, true));
    assert_eq!(reset_lines(&world).await, expected);
    let saved = std::fs::read(world.path("copy/tak.xml")).expect("the copy");
    let world = Plan::c0().property(COPY, "copy/tak.xml").file("copy/tak.xml", saved).start().await;
    world.call(call()).await.is_passed_on(ANSWER);
    let path = world.path("copy/tak.xml").display().to_string();
    let mut expected = vec![REUSED.to_owned()];
    expected.extend(counts(permissions, routes, true));
    assert_eq!(reset_lines(&world).await, expected, "{path}");
}

async fn empty_lists() {
    let producer = Producer::start().await;
    let whole = t0(&producer.url(""));
    let no_routes = Tak { routes: Vec::new(), ..whole.clone() };
    let no_permissions = Tak { permissions: Vec::new(), ..whole.clone() };
    // At start, without a copy: no routes are no contact, no permissions are VP007 (§12.25).
    let world = Plan::c0().tak(no_routes.clone()).start().await;
    world.call(call()).await.is_vp(8, NO_CONTACT);
    let world = Plan::c0().tak(no_permissions.clone()).start().await;
    world.call(call()).await.is_vp_with(7, &["Authorization missing"]);
    // Later: what is loaded stays.
    for emptied in [no_routes, no_permissions] {
        let world = Plan::c0().tak(whole.clone()).start().await;
        world.rewrite("tak/copy.xml", emptied.xml());
        assert_eq!(reset_lines(&world).await[0], REUSED);
        world.call(call()).await.is_passed_on(ANSWER);
    }
}

async fn reset() {
    let c0 = C0::start().await;
    let ask = || Ask::post(gc("NewReceiver")).internal("tp");
    c0.call(ask()).await.is_vp_with(4, &["NewReceiver"]);
    let base = c0.producer.url("");
    let changed = t0(&base)
        .route(crate::support::envelope::GC, "NewReceiver", "RIVTABP20", &format!("{base}/new"))
        .permission(crate::support::envelope::GC, "NewReceiver", "tp");
    c0.world.rewrite("tak/copy.xml", changed.xml());
    c0.call(ask()).await.is_vp_with(4, &["NewReceiver"]);
    let mut expected = vec![
        SAVING.to_owned(),
        "Failed to save virtualizations and permissions to local TAK copy: ".to_owned(),
        "Reason for failure: No filename defined for local cache".to_owned(),
    ];
    let (routes, permissions) = t0_size();
    expected.extend(counts(permissions + 1, routes + 1, true));
    assert_eq!(reset_lines(&c0.world).await, expected);
    c0.call(ask()).await.is_passed_on(ANSWER);
    let posted = c0.call(Ask::get("/resetcache").method("POST")).await;
    assert_eq!(posted.status, 200);
}
