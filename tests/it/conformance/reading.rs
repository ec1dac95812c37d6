//! `vp.md` §11.3: what is read of a request.

use super::c0::{C0, DEFAULT_SENDER};
use crate::support::client::Ask;
use crate::support::envelope::{ADDRESSING, Declared, Envelope, GA, GC, SOAP_11, gc};
use crate::support::producer::ANSWER;
use crate::support::texts::{NO_RECEIVER, no_route};

crate::support::rows::rows! {
    u16;
    22 "an empty address" => empty_address;
    23 "an address of spaces" => blank_address;
    24 "a trailing space" => trailing_space;
    25 "a leading space" => leading_space;
    26 "a document that breaks off" => broken_off;
    27 "an attribute without a value" => bare_attribute;
    28 "the address namespace declared anywhere" => address_declared_anywhere;
    29 "the contract namespace declared anywhere" => contract_declared_anywhere;
}

async fn empty_address() {
    let c0 = C0::start().await;
    c0.call(Ask::post(gc("")).internal("tp")).await.is_vp(3, NO_RECEIVER);
    c0.call(Ask::post(Envelope::bp21(GA, "").text()).internal("tp")).await.is_vp(3, NO_RECEIVER);
    let closed = gc("").replace("<a:To></a:To>", "<a:To/>");
    c0.call(Ask::post(closed).internal("tp")).await.is_vp(3, NO_RECEIVER);
}

async fn blank_address() {
    let c0 = C0::start().await;
    for blank in [" ", "   ", "\n\t "] {
        c0.call(Ask::post(gc(blank)).internal("tp")).await.is_vp(3, NO_RECEIVER);
    }
}

async fn with_space(receiver: &str) {
    let c0 = C0::start().await;
    let detail = format!("{}. Whitespace detected in incoming request!", no_route(GC, receiver));
    c0.call(Ask::post(gc(receiver)).internal("tp")).await.is_vp(4, &detail);
}

async fn trailing_space() {
    with_space("HttpsProducer ").await;
}

async fn leading_space() {
    with_space(" HttpsProducer").await;
}

async fn broken_off() {
    let c0 = C0::start().await;
    c0.call(Ask::post("<Soap").internal("tp")).await.is_vp_with(15, &["Unexpected EOF"]);
}

async fn bare_attribute() {
    let c0 = C0::start().await;
    let request = format!("<S:Envelope bareWord xmlns:S=\"{SOAP_11}\"><S:Body/></S:Envelope>");
    let answer = c0.call(Ask::post(request).internal("tp")).await;
    answer
        .is_vp_with(15, &["Unexpected character 'x' (code 120) expected '='\n at [row,col {unknown-source}]: [1,22]"]);
    let answer = c0.call(Ask::post("<Soap:Envelope ss s>").internal("tp")).await;
    answer.is_vp(15, "Unexpected character 's' (code 115) expected '='\n at [row,col {unknown-source}]: [1,19]");
}

async fn address_declared_anywhere() {
    let c0 = C0::start().await;
    for place in [Declared::Envelope, Declared::Around, Declared::Itself] {
        for (envelope, sender) in
            [(Envelope::bp20(GC, "HttpProducer"), "tp"), (Envelope::bp21(GA, "HttpProducer"), DEFAULT_SENDER)]
        {
            let request = envelope.address_declared(place).text();
            c0.call(Ask::post(request.clone()).internal(sender)).await.is_passed_on(ANSWER);
            assert_eq!(c0.producer.asked().await.last().expect("a call").body, request.as_bytes(), "{place:?}");
        }
    }
}

async fn contract_declared_anywhere() {
    let c0 = C0::start().await;
    for place in [Declared::Envelope, Declared::Around, Declared::Itself] {
        let request = Envelope::bp20(GC, "HttpProducer").contract_declared(place).text();
        c0.call(Ask::post(request).internal("tp")).await.is_passed_on(ANSWER);
    }
    let default = format!(
        "<S:Envelope xmlns:S=\"{SOAP_11}\"><S:Header><To xmlns=\"{ADDRESSING}\">HttpProducer</To></S:Header>\
         <S:Body><GetCertificate xmlns=\"{GC}\"/></S:Body></S:Envelope>"
    );
    c0.call(Ask::post(default).internal("tp")).await.is_passed_on(ANSWER);
}
