//! `vp.md` §11.8: what a producer can do wrong.

use std::time::Duration;

use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use wiremock::ResponseTemplate;

use super::c0::{C0, Faulty};
use crate::support::client::Ask;
use crate::support::envelope::{GC, gc};
use crate::support::expect::fault_document;
use crate::support::producer::{ANSWER, Producer};
use crate::support::socket::{Act, Nobody, Socket, ok};
use crate::support::texts::caught;
use crate::support::until;

crate::support::rows::rows! {
    u16;
    95 "nobody at the producer's address" => nobody_there;
    96 "a producer slower than its timeout" => too_slow;
    97 "a contract's own timeout goes before the default" => own_timeout;
    97 "the timeout without a file" => timeout_without_file;
    98 "200 without a body" => empty_answer;
    99 "404" => not_found;
    100 "500 with a SOAP 1.1 fault" => passed_fault;
    101 "500 with something else" => not_a_fault;
    102 "a reset each time" => always_reset;
    102 "a reset once" => reset_once;
    103 "a kept-alive connection closed while idle" => closed_while_idle;
    104 "no TLS where TLS is expected" => no_tls;
    105 "an unexpected error" => unexpected;
}

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

const RESET: &str = "java.net.SocketException: Connection reset";
const TIMEOUT: &str = "io.netty.handler.timeout.ReadTimeoutException: Timeout when waiting on response from producer.";

async fn nobody_there() {
    let nobody = Nobody::there();
    let url = format!("https://{}/vardgivare", nobody.address);
    let c0 = C0::with(|plan| plan.change(|tak| tak.move_route(GC, "ReceiverNoProducerAvailable", &url))).await;
    let began = Clock::instant();
    let answer = c0.call(Ask::post(gc("ReceiverNoProducerAvailable")).internal("tp")).await;
    let took = Clock::instant() - began;
    answer.is_vp(9, &caught(&url, &format!("java.net.ConnectException: Cannot connect to {}", nobody.address)));
    assert!(took >= Duration::from_millis(200), "the retry delay is 200 ms, the call took {took:?}");
    assert_eq!(c0.world.records()[0].attempts, 2);
}

async fn too_slow() {
    let faulty = Faulty::with(Socket::always(Act::Silence).await, |plan| plan.timeouts(100, &[])).await;
    faulty.call(call()).await.is_vp(9, &caught(&faulty.socket.url("/p1"), TIMEOUT));
    faulty.socket.arrived(1).await;
    assert_eq!(faulty.socket.asked().len(), 1);
}

async fn own_timeout() {
    let socket = Socket::always(Act::Silence).await;
    let faulty = Faulty::with(socket, |plan| plan.timeouts(60_000, &[(GC, 100)])).await;
    faulty.call(call()).await.is_vp(9, &caught(&faulty.socket.url("/p1"), TIMEOUT));
    // Another's entry, and one in other letters, do not count.
    let socket = Socket::always(Act::Silence).await;
    let faulty = Faulty::with(socket, |plan| plan.timeouts(100, &[(&GC.to_uppercase(), 60_000)])).await;
    faulty.call(call()).await.is_vp(9, &caught(&faulty.socket.url("/p1"), TIMEOUT));
}

async fn timeout_without_file() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let loaded = raw::load(&Environment::Folder(folder.path().to_owned()), &[], &[]);
    let producer = loaded.settings.expect("no settings are good settings").hub.producer;
    assert_eq!((producer.timeout_default, producer.timeouts.len()), (Duration::from_millis(29_000), 0));
}

async fn empty_answer() {
    let c0 = C0::before(Producer::answering(ResponseTemplate::new(200)).await, |plan| plan).await;
    let answer = c0.call(call()).await;
    answer.is_empty_answer_fault(&c0.producer.url("/p1"), "200 OK");
}

fn failed_with(url: &str, status: &str) -> String {
    let class = "org.apache.camel.component.netty.http.NettyHttpOperationFailedException";
    let failed = format!("{class}: Netty HTTP operation failed invoking {url} with statusCode: {status}");
    format!("{}\nVP_PRODUCER_EXCEPTION_HTTP_STATUS={status}", caught(url, &failed))
}

async fn not_found() {
    let answer = ResponseTemplate::new(404).set_body_string("not here");
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
    c0.call(call()).await.is_vp(9, &failed_with(&c0.producer.url("/p1"), "404"));
    assert_eq!(c0.producer.asked().await.len(), 1, "HTTP errors are not retried");
}

async fn passed_fault() {
    let fault = fault_document("Server", "VÅRD001 something is wrong", "with the producer");
    let fault = fault.replace("SOAP-ENV", "soap").replace("<soap:Header/>", "\n");
    let answer = ResponseTemplate::new(500).set_body_raw(fault.as_str(), "text/xml").insert_header("x-own", "kept");
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
    let answer = c0.call(call()).await;
    assert_eq!((answer.status, answer.text()), (500, fault));
    assert_eq!(answer.header("content-type"), Some("text/xml; charset=UTF-8"));
    assert_eq!(answer.header("x-own"), Some("kept"));
    assert!(answer.header("x-skltp-prt").is_some());
}

async fn not_a_fault() {
    for body in ["", "an error", "<fault xmlns=\"http://www.w3.org/2003/05/soap-envelope\"/>"] {
        let answer = ResponseTemplate::new(500).set_body_string(body);
        let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
        c0.call(call()).await.is_vp(9, &failed_with(&c0.producer.url("/p1"), "500"));
    }
}

async fn always_reset() {
    let faulty = Faulty::start(Socket::always(Act::Reset).await).await;
    faulty.call(call()).await.is_vp(9, &caught(&faulty.socket.url("/p1"), RESET));
    assert_eq!(faulty.socket.asked().len(), 2);
}

async fn reset_once() {
    let script = |number| if number == 0 { Act::Reset } else { Act::Write(ok(ANSWER)) };
    let faulty = Faulty::start(Socket::start(script).await).await;
    faulty.call(call()).await.is_passed_on(ANSWER);
    assert_eq!(faulty.socket.asked().len(), 2);
    let asked = faulty.socket.asked();
    assert_eq!(asked[0], asked[1], "the same request twice");
}

async fn closed_while_idle() {
    let faulty = Faulty::start(Socket::always(Act::WriteAndClose(ok(ANSWER))).await).await;
    for count in 1..=3 {
        faulty.call(call()).await.is_passed_on(ANSWER);
        until("the producer's end of the connection to close", || faulty.socket.ended() == count).await;
    }
    assert_eq!((faulty.socket.asked().len(), faulty.socket.connections()), (3, 3));
    let log = faulty.world.drain().await;
    assert!(!log.actions().iter().any(|action| action == "error"), "{:?}", log.actions());
}

async fn no_tls() {
    // A producer that answers a handshake with something else.
    let producer = Socket::always(Act::Write(ok(ANSWER))).await;
    let url = format!("https://{}/p3", producer.address);
    let c0 = C0::with(|plan| plan.change(|tak| tak.move_route(GC, "HttpsProducerStrict", &url))).await;
    let answer = c0.call(Ask::post(gc("HttpsProducerStrict")).internal("tp")).await;
    answer
        .is_vp_with(9, &[&format!("Error connecting to service producer at address {url}."), "SSLHandshakeException"]);
    let error = c0.drain().await.event("error");
    assert!(error.get("error.stack_trace").contains("SSLHandshakeException"));
}

async fn unexpected() {
    let url = " http://leading.space/x";
    let c0 = C0::with(|plan| plan.change(|tak| tak.move_route(GC, "HttpProducer", url))).await;
    let answer = c0.call(call()).await;
    answer.is_raw_fault(&format!("Illegal character in scheme name at index 0: {url}"));
    let error = c0.drain().await.event("error");
    assert_eq!(error.get("labels.errorCode"), "VP009");
}
