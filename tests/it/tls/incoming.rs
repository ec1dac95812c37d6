//! `hub_https`: consumers with every kind of certificate (`vp.md` §1.2, §3.1, §8.1).

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use rustls::AlertDescription;
use rustls::version::{TLS12, TLS13};

use super::{Secured, call};
use crate::support::client::{Ask, Wire};
use crate::support::pki::{Ca, Held, Holder};
use crate::support::producer::{ANSWER, header};
use crate::support::tls::Consumer;

#[tokio::test]
async fn every_wrong_certificate_ends_in_an_alert_that_fits() {
    let platform =
        Secured::with(|plan, ca| plan.set("tls.crl", &ca.list("intermediate.crl", &[7]).display().to_string())).await;
    let ca = &platform.ca;
    let tp = || Holder::of_unit("tp");
    let stranger = Ca::new().issue(&tp());
    let revoked = ca.issue(&tp().with(|it| it.serial = 7));
    let cases: [(&str, Option<Held>, AlertDescription); 9] = [
        ("none", None, AlertDescription::CertificateRequired),
        ("another CA of the same name", Some(stranger.clone()), AlertDescription::UnknownCA),
        ("the same without its chain", Some(without_chain(stranger)), AlertDescription::UnknownCA),
        ("expired", Some(ca.issue(&tp().with(|it| it.until = -1))), AlertDescription::CertificateExpired),
        ("not yet valid", Some(ca.issue(&tp().with(|it| it.from = 1))), AlertDescription::CertificateExpired),
        (
            "for servers",
            Some(ca.issue(&tp().with(|it| it.usage = vec![ExtendedKeyUsagePurpose::ServerAuth]))),
            AlertDescription::UnsupportedCertificate,
        ),
        (
            "for agreement alone",
            Some(ca.issue(&tp().with(|it| it.key_usage = vec![KeyUsagePurpose::KeyAgreement]))),
            AlertDescription::UnsupportedCertificate,
        ),
        ("revoked", Some(revoked.clone()), AlertDescription::CertificateRevoked),
        ("revoked, without its chain", Some(without_chain(revoked)), AlertDescription::CertificateRevoked),
    ];
    for (what, held, alert) in &cases {
        for version in [&TLS12, &TLS13] {
            let consumer = Consumer::new(ca, held.as_ref(), &[version]);
            assert_eq!(consumer.refused(platform.at).await, *alert, "{what}, {:?}", version.version);
        }
    }
    assert_eq!(platform.world.records().len(), 0, "nobody came as far as a call");
    for version in [&TLS12, &TLS13] {
        let good = Consumer::new(ca, Some(&ca.issue(&tp())), &[version]);
        good.call(platform.at, &call()).await.is_passed_on(ANSWER);
        // .NET sends its certificate alone where it is not on Windows; the hub knows the intermediate from its own chain.
        let alone = Consumer::new(ca, Some(&without_chain(ca.issue(&tp()))), &[version]);
        alone.call(platform.at, &call()).await.is_passed_on(ANSWER);
    }
}

fn without_chain(mut held: Held) -> Held {
    held.chain.truncate(1);
    held
}

#[tokio::test]
async fn the_sender_is_the_certificates_and_headers_have_no_say() {
    let platform = Secured::with(|plan, _| plan.property("ip.whitelist", "")).await;
    let ask = call()
        .internal("SENDER1")
        .header("x-rivta-routing-history", "dev_env")
        .header("X-Forwarded-For", "9.9.9.9")
        .header("X-Forwarded-Tls-Client-Cert-Info", "rubbish");
    platform.consumer(Holder::of_unit("tp")).call(platform.at, &ask).await.is_passed_on(ANSWER);
    let asked = platform.producer.only().await;
    assert_eq!(header(&asked, "x-vp-sender-id"), Some("tp"));
    assert_eq!(header(&asked, "x-rivta-routing-history"), Some("dev_env"), "neither judged nor extended");
    let record = &platform.world.records()[0];
    assert_eq!(record.identified_by.unwrap().as_str(), "client certificate");
    assert_eq!(record.listener.route_name(), "vp-https-route");
}

#[tokio::test]
async fn a_certificate_without_the_attribute_is_vp002() {
    let platform =
        Secured::with(|plan, _| plan.property("certificate.senderid.subject.pattern", "SERIALNUMBER=([^,]+)")).await;
    let answer = platform.consumer(Holder::of_unit("tp")).call(platform.at, &call()).await;
    answer.is_vp(2, "No senderId found in Certificate: CN=holder, OU=tp");
}

#[tokio::test]
async fn only_calls_are_answered_behind_tls() {
    let platform = Secured::start().await;
    let consumer = platform.consumer(Holder::of_unit("tp"));
    for path in ["/status", "/resetcache", "/resethsacache", "/"] {
        assert_eq!(consumer.call(platform.at, &Ask::get(path)).await.status, 404, "{path}");
    }
    let path = "/vp/itintegration/engagementindex/Update/1/rivtabp21";
    let described = consumer.call(platform.at, &Ask::get(&format!("{path}?wsdl"))).await.text();
    assert!(described.contains(&format!("https://{}{path}", platform.at)), "{described}");
}

#[tokio::test]
async fn sessions_are_taken_up_again_in_both_versions() {
    let platform = Secured::start().await;
    let held = platform.ca.issue(&Holder::of_unit("tp"));
    for version in [&TLS12, &TLS13] {
        let consumer = Consumer::new(&platform.ca, Some(&held), &[version]);
        assert!(!consumer.resumes(platform.at, &call()).await, "{:?}", version.version);
        assert!(consumer.resumes(platform.at, &call()).await, "{:?}", version.version);
    }
    let senders: Vec<_> = platform.world.records().iter().map(|record| record.sender.clone()).collect();
    assert_eq!(senders, vec![Some("tp".to_owned()); 4], "also where the certificate is not shown again");
}

#[tokio::test]
async fn a_session_does_not_outlive_its_certificate() {
    let platform = Secured::start().await;
    let consumer = platform.consumer(Holder::of_unit("tp").with(|it| it.until = 1));
    let mut kept = consumer.wire(platform.at).await;
    kept.ask(&call()).await.is_passed_on(ANSWER);
    platform.world.clock.set("2026-03-02T13:30:00Z".parse().unwrap());
    assert_eq!(kept.ask(&call()).await.status, 403, "on a connection that is open");
    let ended = match consumer.open(platform.at).await {
        Err(_) => true,
        Ok(stream) => {
            let mut wire = Wire::over(stream);
            wire.try_write(&call().bytes()).await.is_err() || wire.try_answer().await.is_err()
        }
    };
    assert!(ended, "on one that takes the session up again");
    assert_eq!(platform.world.records().len(), 1);
}

#[tokio::test]
async fn fidelity_leaves_what_the_reference_offers() {
    let platform = Secured::with(|plan, _| plan.set("tls.fidelity", "true")).await;
    let held = platform.ca.issue(&Holder::of_unit("tp"));
    let old = Consumer::new(&platform.ca, Some(&held), &[&TLS12]);
    old.call(platform.at, &call()).await.is_passed_on(ANSWER);
    let new = Consumer::new(&platform.ca, Some(&held), &[&TLS13]);
    assert_eq!(new.refused(platform.at).await, AlertDescription::ProtocolVersion);
}
