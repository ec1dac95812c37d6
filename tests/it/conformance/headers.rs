//! `vp.md` §11.5: headers in and out.
//!
//! What goes to https producers is seen at a plain one whose scheme is written in capitals: by §4.6 such an address is
//! called without TLS, and does not count as an http producer.

use wiremock::{Request, ResponseTemplate};

use super::c0::C0;
use crate::support::client::Ask;
use crate::support::envelope::{GC, gc};
use crate::support::producer::{ANSWER, Producer, header};
use crate::support::world::Plan;

crate::support::rows::rows! {
    u16;
    54 "sender and instance to an http producer" => identity_to_http;
    55 "neither to an https producer" => identity_to_https;
    56 "SOAPAction goes in and does not come out" => soap_action;
    57 "answer headers that are filtered" => answer_headers;
    58 "User-Agent and Content-Type as configured" => configured_headers;
    59 "correlation id to an http producer" => correlation_id_to_http;
    60 "correlation id to an https producer" => correlation_id_to_https;
    61 "the original consumer" => original_consumer;
    62 "x-rivta headers go through" => rivta_headers;
    63 "request headers that are filtered" => request_headers;
}

const ORIGINAL: &str = "x-rivta-original-serviceconsumer-hsaid";
const CORRELATION: &str = "x-skltp-correlation-id";

/// GC/HttpsProducer under the header rules of https producers.
fn as_https(base: &str) -> impl FnOnce(Plan) -> Plan {
    let url = base.replace("http://", "HTTP://") + "/p2";
    move |plan| plan.change(|tak| tak.move_route(GC, "HttpsProducer", &url))
}

async fn https_c0(change: impl FnOnce(Plan) -> Plan) -> C0 {
    let producer = Producer::start().await;
    let base = producer.url("");
    C0::before(producer, |plan| change(as_https(&base)(plan))).await
}

/// What the producer gets of a call.
async fn sent(c0: &C0, ask: Ask) -> Request {
    c0.call(ask).await.is_passed_on(ANSWER);
    c0.producer.asked().await.pop().expect("a call")
}

fn to_http() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

fn to_https() -> Ask {
    Ask::post(gc("HttpsProducer")).internal("tp")
}

async fn identity_to_http() {
    let c0 = C0::start().await;
    let call = sent(&c0, to_http()).await;
    assert_eq!(header(&call, "x-vp-sender-id"), Some("tp"));
    assert_eq!(header(&call, "x-vp-instance-id"), Some("dev_env"));
}

async fn identity_to_https() {
    let c0 = https_c0(|plan| plan).await;
    let call = sent(&c0, to_https()).await;
    assert_eq!(call.url.path(), "/p2");
    assert_eq!((header(&call, "x-vp-sender-id"), header(&call, "x-vp-instance-id")), (None, None));
}

async fn soap_action() {
    let answer = ResponseTemplate::new(200).set_body_string(ANSWER).insert_header("SOAPAction", "the producer's");
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
    let answer = c0.call(to_http().header("SOAPAction", "\"urn:action\"")).await;
    answer.is_passed_on(ANSWER);
    assert_eq!(answer.header("SOAPAction"), None);
    assert_eq!(header(&c0.producer.only().await, "SOAPAction"), Some("\"urn:action\""));
}

async fn answer_headers() {
    let answer = ResponseTemplate::new(200)
        .set_body_string(ANSWER)
        .insert_header("MULE_ENDPOINT", "x")
        .insert_header("X-MULE_SESSION", "x")
        .insert_header("LOCAL_CERTIFICATE", "x")
        .insert_header("PEER_CERTIFICATES", "x")
        .insert_header("http.method", "x")
        .insert_header("MyRandomHeader", "kept");
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
    let answer = c0.call(to_http().header("RequestHeader", "not echoed")).await;
    answer.is_passed_on(ANSWER);
    assert_eq!(answer.header("MyRandomHeader"), Some("kept"));
    answer.has_only(&[
        "content-type",
        "content-length",
        "connection",
        "x-skltp-prt",
        "x-skltp-correlation-id",
        "myrandomheader",
    ]);
}

async fn configured_headers() {
    let c0 = C0::start().await;
    let ask = to_http().header("User-Agent", "consumer/1").content_type("application/soap+xml");
    let call = sent(&c0, ask).await;
    assert_eq!(header(&call, "User-Agent"), Some("SKLTP VP/4.3.x"));
    assert_eq!(header(&call, "Content-Type"), Some("text/xml;charset=UTF-8"));
    let c0 = C0::with(|plan| {
        plan.property("vp.header.user.agent", "Agent/7").property("vp.header.content.type", "text/xml; x=y")
    })
    .await;
    let call = sent(&c0, to_http()).await;
    assert_eq!(header(&call, "User-Agent"), Some("Agent/7"));
    assert_eq!(header(&call, "Content-Type"), Some("text/xml; x=y"));
}

async fn correlation_id_to_http() {
    let c0 = C0::start().await;
    let call = sent(&c0, to_http().header(CORRELATION, "given")).await;
    assert_eq!(header(&call, CORRELATION), Some("given"));
    for ask in [to_http(), to_http().header(CORRELATION, "")] {
        let answer = c0.call(ask).await;
        let call = c0.producer.asked().await.pop().expect("a call");
        let made = header(&call, CORRELATION).expect("a correlation id");
        assert!(made.len() > 20, "{made}");
        assert_eq!(answer.header(CORRELATION), Some(made));
    }
}

async fn correlation_id_to_https() {
    let c0 = https_c0(|plan| plan).await;
    assert_eq!(header(&sent(&c0, to_https().header(CORRELATION, "given")).await, CORRELATION), None);
    assert_eq!(header(&sent(&c0, to_https()).await, CORRELATION), None);
    let c0 = https_c0(|plan| plan.property("propagate.correlation.id.for.https", "true")).await;
    assert_eq!(header(&sent(&c0, to_https().header(CORRELATION, "given")).await, CORRELATION), Some("given"));
    let call = sent(&c0, to_https()).await;
    assert!(header(&call, CORRELATION).is_some_and(|made| made.len() > 20));
}

async fn original_consumer() {
    let c0 = https_c0(|plan| plan).await;
    for to in [to_http, to_https] {
        assert_eq!(header(&sent(&c0, to().header(ORIGINAL, "SE-FIRST")).await, ORIGINAL), Some("SE-FIRST"));
        assert_eq!(header(&sent(&c0, to()).await, ORIGINAL), Some("tp"));
        assert_eq!(header(&sent(&c0, to().header(ORIGINAL, "")).await, ORIGINAL), Some("tp"));
    }
}

async fn rivta_headers() {
    let c0 = https_c0(|plan| plan).await;
    for to in [to_http, to_https] {
        let ask = to().header("x-rivta-acting-on-behalf-of-hsaid", "SE-BEHALF").header("x-rivta-custom", "mine");
        let call = sent(&c0, ask).await;
        assert_eq!(header(&call, "x-rivta-acting-on-behalf-of-hsaid"), Some("SE-BEHALF"));
        assert_eq!(header(&call, "x-rivta-custom"), Some("mine"));
    }
}

async fn request_headers() {
    let c0 = https_c0(|plan| plan).await;
    let filtered = [
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "X-Forwarded-Tls-Client-Cert",
        "X-Forwarded-Tls-Client-Cert-Info",
        "x-forwarded-anything",
        "x-vp-auth-cert",
        "x-vp-auth-dn",
        "X-VP-Forwarded-Host",
        "PEER_CERTIFICATES",
        "MULE_ENDPOINT",
        "X-MULE_SESSION",
        "Accept-Encoding",
    ];
    for to in [to_http, to_https] {
        let ask = filtered.iter().fold(to(), |ask, name| ask.header(name, "x")).header("X-Forwarded-For", "1.2.3.4");
        let call = sent(&c0, ask).await;
        for name in filtered.iter().chain(&["X-Forwarded-For"]) {
            assert_eq!(header(&call, name), None, "{name}");
        }
    }
}
