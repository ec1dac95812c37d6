//! `vp.md` §11.1: the happy path and transport.

use wiremock::ResponseTemplate;

use super::c0::{C0, Faulty};
use crate::support::client::{Ask, Wire};
use crate::support::envelope::{Envelope, PN, gc};
use crate::support::expect::fault_document;
use crate::support::producer::{ANSWER, Producer};
use crate::support::socket::{Act, Socket, body, ok};

crate::support::rows::rows! {
    u16;
    2 "internal headers, identical body, twice" => carried_twice;
    3 "any path below /vp" => any_path;
    4 "the query of the catalogue's address" => query_of_the_address;
    5 "a request of a megabyte" => large_request;
    6 "an answer shorter than announced" => short_answer;
    7 "an unsolicited 100 Continue from the producer" => unsolicited_continue;
    8 "Expect: 100-continue from the consumer" => expect_continue;
    9 "plain text from the producer" => plain_text;
    10 "a SOAP fault with status 200" => fault_with_200;
    11 "x-skltp-prt is an integer" => producer_time;
    12 "every response has a correlation id" => correlation_id_everywhere;
}

async fn carried_twice() {
    let c0 = C0::start().await;
    for _ in 0..2 {
        c0.call(Ask::post(gc("HttpsProducer")).internal("tp")).await.is_passed_on(ANSWER);
    }
    let asked = c0.producer.asked().await;
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|call| call.url.path() == "/p2" && call.body == gc("HttpsProducer").as_bytes()));
}

async fn any_path() {
    let c0 = C0::start().await;
    for path in ["/vp", "/vp/", "/vp/PATH1", "/vp/PATH1%20", "/vp/a/b/c", "/VP/x", "/vpx"] {
        let answer = c0.call(Ask::post(gc("HttpProducer")).internal("tp").at(path)).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, ANSWER), "{path}");
    }
}

async fn query_of_the_address() {
    let c0 = C0::start().await;
    c0.call(Ask::post(gc("HttpsProducerWsdl")).internal("tp")).await.is_passed_on(ANSWER);
    let call = c0.producer.only().await;
    assert_eq!((call.url.path(), call.url.query()), ("/p2/", Some("wsdl")));
}

async fn large_request() {
    let c0 = C0::start().await;
    let engagement = "<q:engagement>191212121212</q:engagement>".repeat(25_000);
    let request = Envelope::bp21(PN, "5565594230").in_body(&engagement).text();
    assert!(request.len() > 1_000_000);
    c0.call(Ask::post(request.clone()).internal("tp")).await.is_passed_on(ANSWER);
    assert!(c0.producer.only().await.body == request.as_bytes(), "the producer got something else");
}

async fn short_answer() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ANSWER}", ANSWER.len() + 5);
    let faulty = Faulty::start(Socket::always(Act::WriteAndClose(head.into_bytes())).await).await;
    faulty.call(Ask::post(gc("HttpProducer")).internal("tp")).await.is_passed_on(ANSWER);
}

async fn unsolicited_continue() {
    let mut bytes = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
    bytes.extend_from_slice(&ok(ANSWER));
    let faulty = Faulty::start(Socket::always(Act::Write(bytes)).await).await;
    for _ in 0..2 {
        faulty.call(Ask::post(gc("HttpProducer")).internal("tp")).await.is_passed_on(ANSWER);
    }
}

async fn expect_continue() {
    let faulty = Faulty::start(Socket::always(Act::Write(ok(ANSWER))).await).await;
    let ask = Ask::post(gc("HttpProducer")).internal("tp").header("Expect", "100-continue");
    let bytes = ask.bytes();
    let (head, request) = bytes.split_at(bytes.len() - ask.body.len());
    let mut wire = Wire::open(faulty.world.hub).await;
    wire.write(head).await;
    wire.continued().await;
    wire.write(request).await;
    wire.answer().await.is_passed_on(ANSWER);
    assert_eq!(body(&faulty.socket.asked()[0]), request);
}

async fn plain_text() {
    let text = "this is & no XML <at all";
    let producer = Producer::answering(ResponseTemplate::new(200).set_body_raw(text, "text/plain")).await;
    let c0 = C0::before(producer, |plan| plan).await;
    c0.call(Ask::post(gc("HttpProducer")).internal("tp")).await.is_passed_on(text);
}

async fn fault_with_200() {
    let fault = fault_document("Server", "something is wrong", "with the producer");
    let producer = Producer::answering(ResponseTemplate::new(200).set_body_raw(fault.as_str(), "text/xml")).await;
    let c0 = C0::before(producer, |plan| plan).await;
    c0.call(Ask::post(gc("HttpProducer")).internal("tp")).await.is_passed_on(&fault);
}

async fn producer_time() {
    let c0 = C0::start().await;
    let answer = c0.call(Ask::post(gc("HttpProducer")).internal("tp")).await;
    let time = answer.header("x-skltp-prt").expect("the header");
    assert!(!time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()), "{time:?}");
}

async fn correlation_id_everywhere() {
    let producer = Producer::answering(
        ResponseTemplate::new(200)
            .set_body_string(ANSWER)
            .insert_header("x-skltp-correlation-id", "the producer's own"),
    )
    .await;
    let c0 = C0::before(producer, |plan| plan).await;
    let asks = [
        Ask::post(gc("HttpProducer")).internal("tp"),
        Ask::post(gc("NoVagvalReceiver")).internal("tp"),
        Ask::post(gc("HttpProducer")),
        Ask::post("<Soap").internal("tp"),
        Ask::get("/vp/x?wsdl"),
        Ask::get("/vp/x?xsd=y"),
    ];
    for ask in asks {
        let answer = c0.call(ask.clone().header("x-skltp-correlation-id", "mine")).await;
        assert_eq!(answer.header("x-skltp-correlation-id"), Some("mine"), "{ask:?}");
        let answer = c0.call(ask.clone()).await;
        let made = answer.header("x-skltp-correlation-id").unwrap_or_default().to_owned();
        assert!(made.len() > 20, "{made:?} for {ask:?}");
        let answer = c0.call(ask.clone().header("x-skltp-correlation-id", "")).await;
        let made = answer.header("x-skltp-correlation-id").unwrap_or_default().to_owned();
        assert!(made.len() > 20, "{made:?} for {ask:?} with an empty one");
    }
}
