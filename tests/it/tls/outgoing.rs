//! Producers at `https`: with every kind of certificate, and with demands of their own (`vp.md` §7.2, §8.2).

use rcgen::ExtendedKeyUsagePurpose;
use rustls::version::{TLS12, TLS13};

use crate::conformance::c0::t0;
use crate::support::client::Ask;
use crate::support::envelope::{GC, gc};
use crate::support::pki::{Ca, Held, Holder};
use crate::support::producer::ANSWER;
use crate::support::tls::{Demands, SecureProducer};
use crate::support::world::{Plan, World};

/// C0 before a producer of the row's own.
async fn before(url: &str, ca: &Ca, change: impl FnOnce(Plan) -> Plan) -> World {
    let hub = ca.issue(&Holder::of_unit("hub"));
    let plan = Plan::c0().tak(t0("http://127.0.0.1:1")).change(|tak| tak.move_route(GC, "HttpsProducer", url));
    change(plan.tls(ca, &hub).set("listen.hub_https", "off")).start().await
}

fn call() -> Ask {
    Ask::post(gc("HttpsProducer")).internal("tp")
}

fn producer() -> Holder {
    Holder::of_unit("producer").host("localhost")
}

#[tokio::test]
async fn our_certificate_is_shown_and_the_session_taken_up_again() {
    let ca = Ca::new();
    let own = ca.issue(&Holder::of_unit("hub as consumer"));
    for version in [&TLS12, &TLS13] {
        let held = ca.issue(&producer());
        let demands = Demands { versions: &[version], asks: Some(&ca), ..Demands::of(&held) };
        let behind = SecureProducer::start(&demands).await;
        let world = before(&behind.url("/p2"), &ca, |plan| {
            plan.set("tls.producer.cert", &own.certificate.display().to_string())
                .set("tls.producer.key", &own.key.display().to_string())
                .property("producer.https.hostnameVerification", "true")
                .property("producer.https.keepAlive", "false")
        })
        .await;
        for _ in 0..2 {
            world.call(call()).await.is_passed_on(ANSWER);
        }
        let shaken = behind.shaken();
        assert_eq!(shaken.iter().map(|one| one.resumed).collect::<Vec<_>>(), [false, true], "{:?}", version.version);
        for one in &shaken {
            assert_eq!(one.caller.as_ref(), Some(&own.chain[0]), "{:?}", version.version);
            assert_eq!(one.name.as_deref(), Some("localhost"));
        }
    }
}

#[tokio::test]
async fn connections_are_kept() {
    let ca = Ca::new();
    let behind = SecureProducer::start(&Demands::of(&ca.issue(&producer()))).await;
    let world = before(&behind.url("/p2"), &ca, |plan| plan).await;
    for _ in 0..3 {
        world.call(call()).await.is_passed_on(ANSWER);
    }
    assert_eq!((behind.shaken().len(), behind.asked().len()), (1, 3));
    assert_eq!(behind.shaken()[0].caller, None, "it did not ask");
}

#[tokio::test]
async fn a_handshake_that_fails_is_vp009_and_says_why() {
    let ca = Ca::new();
    let revoked = ca.list("intermediate.crl", &[7]).display().to_string();
    let elsewhere = || Holder::of_unit("producer").host("elsewhere.example");
    let stranger = Ca::new();
    let cases: [(Held, bool, &str); 9] = [
        (ca.issue(&producer().with(|it| it.until = -1)), false, "expired"),
        (ca.issue(&producer().with(|it| it.from = 1)), false, "not yet valid"),
        (stranger.issue(&producer()), false, "unknown CA"),
        (ca.issue(&producer().with(|it| it.serial = 7)), false, "revoked"),
        (
            ca.issue(&producer().with(|it| it.usage = vec![ExtendedKeyUsagePurpose::ClientAuth])),
            false,
            "wrong key usage",
        ),
        (ca.issue(&elsewhere()), true, "wrong name: it is for "),
        (ca.issue(&Holder::of_unit("producer")), true, "wrong name: it is for no host, and localhost was called"),
        // Without the name check, everything else is looked at all the same.
        (stranger.issue(&elsewhere()), false, "unknown CA"),
        (ca.issue(&elsewhere().with(|it| it.until = -1)), false, "expired"),
    ];
    for (held, verify, why) in &cases {
        let behind = SecureProducer::start(&Demands::of(held)).await;
        let world = before(&behind.url("/p2"), &ca, |plan| {
            plan.set("tls.crl", &revoked).property("producer.https.hostnameVerification", &verify.to_string())
        })
        .await;
        let answer = world.call(call()).await;
        let expected = format!("javax.net.ssl.SSLHandshakeException: {why}");
        answer.is_vp_with(9, &[&format!("at address {}.", behind.url("/p2")), &expected]);
        assert_eq!(world.records()[0].attempts, 1, "{why}: not tried again");
        assert_eq!(behind.asked().len(), 0, "{why}");
    }
    let behind = SecureProducer::start(&Demands::of(&ca.issue(&elsewhere()))).await;
    let world = before(&behind.url("/p2"), &ca, |plan| plan).await;
    world.call(call()).await.is_passed_on(ANSWER);
}

#[tokio::test]
async fn a_producer_that_mistrusts_us_is_vp009_in_both_versions() {
    let (ca, stranger) = (Ca::new(), Ca::new());
    for version in [&TLS12, &TLS13] {
        let held = ca.issue(&producer());
        let demands = Demands { versions: &[version], asks: Some(&stranger), ..Demands::of(&held) };
        let behind = SecureProducer::start(&demands).await;
        let world = before(&behind.url("/p2"), &ca, |plan| plan).await;
        let answer = world.call(call()).await;
        answer.is_vp_with(9, &["javax.net.ssl.SSLHandshakeException: received fatal alert: "]);
        assert_eq!(world.records()[0].attempts, 1, "{:?}", version.version);
    }
}

#[tokio::test]
async fn nothing_in_common_is_vp009() {
    let ca = Ca::new();
    let held = ca.issue(&producer());
    let behind = SecureProducer::start(&Demands { versions: &[&TLS13], ..Demands::of(&held) }).await;
    let world = before(&behind.url("/p2"), &ca, |plan| {
        plan.property("tp.tls.allowedOutgoingProtocols", "TLSv1,TLSv1.1,TLSv1.2")
    })
    .await;
    let answer = world.call(call()).await;
    answer.is_vp_with(9, &["javax.net.ssl.SSLHandshakeException: received fatal alert: protocol_version"]);
}

#[tokio::test]
async fn a_bundle_of_an_override_is_who_we_are_there() {
    let (ca, other) = (Ca::new(), Ca::new());
    let own = other.issue(&Holder::of_unit("special"));
    let held = other.issue(&producer());
    let behind = SecureProducer::start(&Demands { asks: Some(&other), ..Demands::of(&held) }).await;
    let world = before(&behind.url("/p2"), &ca, |plan| {
        plan.property("vp.tls.overrides[0].name", "special")
            .property("vp.tls.overrides[0].match.domain-name", "LOCALHOST")
            .property("vp.tls.overrides[0].match.port", &behind.address.port().to_string())
            .property("vp.tls.overrides[0].bundle", "special")
            .property(
                "spring.ssl.bundle.pem.special.keystore.certificate",
                &format!("file:{}", own.certificate.display()),
            )
            .property("spring.ssl.bundle.pem.special.keystore.private-key", &own.key.display().to_string())
            .property("spring.ssl.bundle.pem.special.truststore.certificate", &other.ca().display().to_string())
    })
    .await;
    world.call(call()).await.is_passed_on(ANSWER);
    assert_eq!(behind.shaken()[0].caller.as_ref(), Some(&own.chain[0]));
}
