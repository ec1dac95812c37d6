//! New certificates and revocation lists under a running platform.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::AlertDescription;
use sha2::{Digest, Sha256};

use super::{Secured, call};
use crate::support::client::Wire;
use crate::support::pki::Holder;
use crate::support::producer::ANSWER;
use crate::support::tls::{BOTH, Consumer};
use crate::support::until;

/// Reads everything again; nothing is wrong with it.
async fn reload(platform: &Secured) {
    let problems = platform.world.platform.reload().await;
    assert!(problems.is_empty(), "{problems:?}");
}

#[tokio::test]
async fn a_revoked_consumer_is_out_and_nobody_else_notices() {
    let platform = Secured::with(|plan, ca| plan.set("tls.crl", &ca.list("list.crl", &[]).display().to_string())).await;
    let leaver = platform.consumer(Holder::of_unit("tp").with(|it| it.serial = 7));
    let stayer = platform.consumer(Holder::of_unit("tp").with(|it| it.serial = 8));
    let (mut leaving, mut staying) = (leaver.wire(platform.at).await, stayer.wire(platform.at).await);
    for wire in [&mut leaving, &mut staying] {
        wire.ask(&call()).await.is_passed_on(ANSWER);
    }
    platform.ca.list("list.crl", &[7]);
    staying.ask(&call()).await.is_passed_on(ANSWER);
    leaving.ask(&call()).await.is_passed_on(ANSWER);
    reload(&platform).await;
    staying.ask(&call()).await.is_passed_on(ANSWER);
    assert_eq!(leaving.ask(&call()).await.status, 403, "on the connection it had");
    assert_eq!(leaver.refused(platform.at).await, AlertDescription::CertificateRevoked, "and with its old session");
    staying.ask(&call()).await.is_passed_on(ANSWER);
    stayer.call(platform.at, &call()).await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections() {
    let platform = Secured::start().await;
    let held = platform.ca.issue(&Holder::of_unit("tp"));
    let shown = async || {
        let consumer = Consumer::new(&platform.ca, Some(&held), BOTH);
        let stream = consumer.open(platform.at).await.unwrap();
        let leaf = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
        (leaf, Wire::over(stream))
    };
    let (first, mut open) = shown().await;
    open.ask(&call()).await.is_passed_on(ANSWER);
    let renewed = platform.ca.issue(&Holder::of_unit("hub").host("localhost"));
    let (certificate, key) = (&platform.hub.certificate, &platform.hub.key);
    fs::copy(&renewed.certificate, certificate).unwrap();
    // Half of a pair is no pair: the former one stays, and is named.
    let problems = platform.world.platform.reload().await;
    assert!(problems.iter().any(|problem| problem.file == *certificate && problem.is_error()), "{problems:?}");
    assert_eq!(shown().await.0, first);
    fs::copy(&renewed.key, key).unwrap();
    reload(&platform).await;
    let (leaf, mut anew) = shown().await;
    assert_eq!(leaf, renewed.chain[0]);
    open.ask(&call()).await.is_passed_on(ANSWER);
    anew.ask(&call()).await.is_passed_on(ANSWER);
    // Each call's record tells which certificate its connection was shown.
    let told: Vec<_> = platform.world.records().iter().map(|record| record.handshake.clone().unwrap()).collect();
    let expected = [&first, &first, &leaf]
        .map(|leaf| Sha256::digest(leaf).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(told.iter().map(|handshake| handshake.shown.sha256.clone()).collect::<Vec<_>>(), expected);
    assert!(
        told.iter().all(|handshake| handshake.version == "TLSv1_3" && handshake.subject.contains("OU=tp")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_drop_no_call() {
    const RELOADS: usize = 20;
    let platform = Secured::start().await;
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..4)
        .map(|number| {
            let (consumer, at) = (platform.consumer(Holder::of_unit("tp")), platform.at);
            let (stop, calls) = (Arc::clone(&stop), Arc::clone(&calls));
            tokio::spawn(async move {
                let mut kept = consumer.wire(at).await;
                while !stop.load(Ordering::Relaxed) {
                    // Half of the callers connect anew each time.
                    if number % 2 == 0 {
                        kept = consumer.wire(at).await;
                    }
                    kept.ask(&call()).await.is_passed_on(ANSWER);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for _ in 0..RELOADS {
        let before = calls.load(Ordering::Relaxed);
        until("calls between two reloads", || calls.load(Ordering::Relaxed) > before + 4).await;
        reload(&platform).await;
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("every call is answered");
    }
}
