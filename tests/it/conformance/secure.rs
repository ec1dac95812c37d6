//! `vp.md` §11.1, §11.5 and §11.9 where TLS is really spoken.

use std::net::SocketAddr;

use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, ProtocolVersion, SupportedProtocolVersion};

use super::c0::t0;
use crate::support::client::Ask;
use crate::support::envelope::{Envelope, GC, PN, gc};
use crate::support::pki::{Ca, Holder};
use crate::support::producer::{ANSWER, Producer};
use crate::support::tls::{BOTH, Consumer, Demands, SecureProducer};
use crate::support::world::{Plan, World};

crate::support::rows::rows! {
    u16;
    1 "https, identical body" => over_https;
    2 "to an https producer, twice" => to_https;
    5 "a request of a megabyte over https" => large_over_https;
    12 "every response over https has a correlation id" => correlation_id_over_https;
    55 "neither identity header over TLS" => headers_to_https;
    61 "the original consumer over TLS" => headers_to_https;
    104 "the name check and a handshake that is really made" => name_check;
    106 "three producers with demands of their own" => three_demands;
    107 "the first override that matches wins; a port alone never does" => first_match;
    108 "a description over https" => description;
}

/// C0 and T0 with both listeners, and a consumer with the certificate of `tp`.
struct Both {
    /// Not to be stopped.
    _world: World,
    https: SocketAddr,
    consumer: Consumer,
    producer: Producer,
}

async fn both(change: impl FnOnce(Plan) -> Plan) -> Both {
    let (ca, producer) = (Ca::new(), Producer::start().await);
    let hub = ca.issue(&Holder::of_unit("hub").host("localhost"));
    let world = change(Plan::c0().tak(t0(&producer.url(""))).tls(&ca, &hub)).start().await;
    let https = world.platform.address("hub_https").expect("the listener");
    let consumer = Consumer::new(&ca, Some(&ca.issue(&Holder::of_unit("tp"))), BOTH);
    Both { _world: world, https, consumer, producer }
}

async fn over_https() {
    let both = both(|plan| plan).await;
    both.consumer.call(both.https, &Ask::post(gc("HttpProducer"))).await.is_passed_on(ANSWER);
    assert!(both.producer.only().await.body == gc("HttpProducer").as_bytes());
}

async fn description() {
    let both = both(|plan| plan).await;
    let path = "/vp/clinicalprocess/healthcond/description/GetDiagnosis/2/rivtabp21";
    let answer = both.consumer.call(both.https, &Ask::get(&format!("{path}?wsdl"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let location = text.split("location=\"").find(|rest| rest.starts_with("http") && rest.contains("rivtabp21\""));
    let location = location.and_then(|rest| rest.split('"').next()).unwrap_or_default();
    assert!(location.starts_with("https://") && location.ends_with(path), "{location:?} in {text}");
}

async fn large_over_https() {
    let both = both(|plan| plan).await;
    let engagement = "<q:engagement>191212121212</q:engagement>".repeat(25_000);
    let request = Envelope::bp21(PN, "5565594230").in_body(&engagement).text();
    both.consumer.call(both.https, &Ask::post(request.clone())).await.is_passed_on(ANSWER);
    assert!(both.producer.only().await.body == request.as_bytes(), "the producer got something else");
}

async fn correlation_id_over_https() {
    let both = both(|plan| plan).await;
    for ask in [Ask::post(gc("HttpProducer")), Ask::post(gc("Nowhere")), Ask::post("<Soap"), Ask::get("/vp/x?wsdl")] {
        let answer = both.consumer.call(both.https, &ask.header("x-skltp-correlation-id", "mine")).await;
        assert_eq!(answer.header("x-skltp-correlation-id"), Some("mine"));
    }
}

/// A producer with demands.
async fn producer(
    ca: &Ca,
    versions: &[&'static SupportedProtocolVersion],
    suite: Option<CipherSuite>,
) -> SecureProducer {
    let held = ca.issue(&Holder::of_unit("producer").host("localhost"));
    SecureProducer::start(&Demands { versions, suite, ..Demands::of(&held) }).await
}

async fn to_https() {
    let ca = Ca::new();
    let behind = producer(&ca, BOTH, None).await;
    let hub = ca.issue(&Holder::of_unit("hub"));
    let url = behind.url("/p2");
    let tak = t0("http://127.0.0.1:1");
    let plan = Plan::c0().tak(tak).change(|tak| tak.move_route(GC, "HttpsProducer", &url)).tls(&ca, &hub);
    let world = plan.start().await;
    for _ in 0..2 {
        world.call(Ask::post(gc("HttpsProducer")).internal("tp")).await.is_passed_on(ANSWER);
    }
    assert!(behind.asked().iter().all(|call| call.ends_with(gc("HttpsProducer").as_bytes())));
}

async fn headers_to_https() {
    let ca = Ca::new();
    let behind = producer(&ca, BOTH, None).await;
    let url = behind.url("/p2");
    let hub = ca.issue(&Holder::of_unit("hub").host("localhost"));
    let plan = Plan::c0().tak(t0("http://127.0.0.1:1")).change(|tak| tak.move_route(GC, "HttpsProducer", &url));
    let world = plan.tls(&ca, &hub).start().await;
    let consumer = Consumer::new(&ca, Some(&ca.issue(&Holder::of_unit("tp"))), BOTH);
    let https = world.platform.address("hub_https").expect("the listener");
    let ask = Ask::post(gc("HttpsProducer")).internal("tp");
    world.call(ask.clone()).await.is_passed_on(ANSWER);
    consumer.call(https, &ask).await.is_passed_on(ANSWER);
    for call in behind.asked() {
        let head = String::from_utf8_lossy(&call).to_ascii_lowercase();
        assert!(!head.contains("x-vp-sender-id") && !head.contains("x-vp-instance-id"), "{head}");
        assert!(!head.contains("x-skltp-correlation-id"), "{head}");
        assert!(head.contains("x-rivta-original-serviceconsumer-hsaid: tp"), "{head}");
    }
    assert_eq!(behind.asked().len(), 2);
}

async fn name_check() {
    let ca = Ca::new();
    let held = ca.issue(&Holder::of_unit("producer").host("elsewhere.example"));
    let behind = SecureProducer::start(&Demands::of(&held)).await;
    let url = behind.url("/p3");
    for (verify, passes) in [("false", true), ("true", false)] {
        let hub = ca.issue(&Holder::of_unit("hub"));
        let plan =
            Plan::c0().tak(t0("http://127.0.0.1:1")).change(|tak| tak.move_route(GC, "HttpsProducerStrict", &url));
        let world = plan.tls(&ca, &hub).property("producer.https.hostnameVerification", verify).start().await;
        let answer = world.call(Ask::post(gc("HttpsProducerStrict")).internal("tp")).await;
        if passes {
            answer.is_passed_on(ANSWER);
            continue;
        }
        answer.is_vp_with(9, &["SSLHandshakeException: wrong name: it is for ", "elsewhere.example"]);
        let error = world.drain().await.event("error");
        assert!(error.get("error.stack_trace").contains("SSLHandshakeException"));
    }
}

/// Three producers on one machine, told apart by suffix and port, by name and port, and not at all.
async fn three_demands() {
    const STRICT: CipherSuite = CipherSuite::TLS13_CHACHA20_POLY1305_SHA256;
    const LEGACY: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    let ca = Ca::new();
    let strict = producer(&ca, &[&TLS13], Some(STRICT)).await;
    let legacy = producer(&ca, &[&TLS12], Some(LEGACY)).await;
    let usual = producer(&ca, BOTH, None).await;
    let hub = ca.issue(&Holder::of_unit("hub"));
    let (strict_url, legacy_url, usual_url) = (strict.url("/p3"), legacy.url_of("127.0.0.1", "/p4"), usual.url("/p2"));
    let plan = Plan::c0().tak(t0("http://127.0.0.1:1")).change(|tak| {
        tak.move_route(GC, "HttpsProducerStrict", &strict_url);
        tak.move_route(GC, "HttpsProducerLegacy", &legacy_url);
        tak.move_route(GC, "HttpsProducer", &usual_url);
    });
    let world = plan
        .tls(&ca, &hub)
        .property("vp.tls.default-config.name", "usual")
        .property("vp.tls.default-config.protocols-include", "TLSv1.2,TLSv1.3")
        .property("vp.tls.default-config.protocols-exclude", "TLSv1.3")
        .property("vp.tls.overrides[0].name", "strict")
        .property("vp.tls.overrides[0].match.domain-suffix", "HOST")
        .property("vp.tls.overrides[0].match.port", &strict.address.port().to_string())
        .property("vp.tls.overrides[0].protocols-include[0]", "TLSv1.3")
        .property("vp.tls.overrides[0].cipher-suites-include[0]", "TLS_CHACHA20_POLY1305_SHA256")
        .property("vp.tls.overrides[1].name", "legacy")
        .property("vp.tls.overrides[1].match.domain-name", "127.0.0.1")
        .property("vp.tls.overrides[1].match.port", &legacy.address.port().to_string())
        .property("vp.tls.overrides[1].cipher-suites-exclude", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
        .start()
        .await;
    for receiver in ["HttpsProducerStrict", "HttpsProducerLegacy", "HttpsProducer"] {
        world.call(Ask::post(gc(receiver)).internal("tp")).await.is_passed_on(ANSWER);
    }
    let agreed = |producer: &SecureProducer| (producer.shaken()[0].version, producer.shaken()[0].suite);
    assert_eq!(agreed(&strict), (ProtocolVersion::TLSv1_3, STRICT));
    assert_eq!(agreed(&legacy), (ProtocolVersion::TLSv1_2, LEGACY));
    assert_eq!(agreed(&usual).0, ProtocolVersion::TLSv1_2, "the default leaves 1.3 out");
}

async fn first_match() {
    let ca = Ca::new();
    let behind = producer(&ca, BOTH, None).await;
    let port = behind.address.port().to_string();
    let hub = ca.issue(&Holder::of_unit("hub"));
    let url = behind.url("/p2");
    let plan = Plan::c0().tak(t0("http://127.0.0.1:1")).change(|tak| tak.move_route(GC, "HttpsProducer", &url));
    let world = plan
        .tls(&ca, &hub)
        .property("vp.tls.overrides[0].name", "port alone")
        .property("vp.tls.overrides[0].match.port", &port)
        .property("vp.tls.overrides[0].protocols-include", "TLSv1.3")
        .property("vp.tls.overrides[1].name", "suffix")
        .property("vp.tls.overrides[1].match.domain-suffix", "localhost")
        .property("vp.tls.overrides[1].protocols-include", "TLSv1.2")
        .property("vp.tls.overrides[2].name", "more specific")
        .property("vp.tls.overrides[2].match.domain-name", "localhost")
        .property("vp.tls.overrides[2].match.port", &port)
        .property("vp.tls.overrides[2].protocols-include", "TLSv1.3")
        .start()
        .await;
    world.call(Ask::post(gc("HttpsProducer")).internal("tp")).await.is_passed_on(ANSWER);
    assert_eq!(behind.shaken()[0].version, ProtocolVersion::TLSv1_2);
}
