//! `vp.md` §11.2: content types, encodings, attachments.

use wiremock::ResponseTemplate;

use super::c0::C0;
use crate::support::client::Ask;
use crate::support::envelope::GC;
use crate::support::envelope::{CB, Envelope, GS, from_utf16, gc, utf16};
use crate::support::producer::{ANSWER, Producer, header};

crate::support::rows::rows! {
    u16;
    13 "the producer's content type is overwritten" => content_type_forced;
    14 "a fault is text/xml in UTF-8" => content_type_of_a_fault;
    15 "UTF-16 by content type" => utf16_by_content_type;
    16 "UTF-16 by byte-order mark and declaration" => utf16_by_itself;
    17 "UTF-8 that calls itself UTF-16" => utf8_called_utf16;
    18 "the same, with a content type that says UTF-8" => utf8_called_utf16_labelled;
    19 "attachments: the producer gets the envelope alone" => attachments;
    20 "attachments: lower case, another registry" => attachments_lower_case;
    21 "attachments without a prefixed envelope" => attachments_without_envelope;
}

async fn content_type_forced() {
    for content_type in ["text/plain;charset=UTF-8", "multipart/related; boundary=x", "text/xml;charset=ISO-8859-1"] {
        let answer = ResponseTemplate::new(200).set_body_raw(ANSWER, content_type);
        let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
        c0.call(Ask::post(gc("HttpProducer")).internal("tp")).await.is_passed_on(ANSWER);
    }
}

async fn content_type_of_a_fault() {
    let c0 = C0::start().await;
    let answer = c0.call(Ask::post(gc("NoVagvalReceiver")).internal("tp")).await;
    answer.is_vp_with(4, &[]);
    assert_eq!(answer.header("content-type"), Some("text/xml; charset=UTF-8"));
}

/// What everybody sees of a request in UTF-16.
async fn in_utf16(ask: Ask) {
    let text = "<svar>åäö</svar>";
    let answer = ResponseTemplate::new(200).set_body_raw(text, "text/xml;charset=UTF-8");
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
    let answer = c0.call(ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(from_utf16(&answer.body), text);
    let label = answer.header("content-type").unwrap_or_default();
    assert!(label.starts_with("text/xml; charset=UTF-16"), "{label}");
    let call = c0.producer.only().await;
    assert_eq!(header(&call, "content-type"), Some("text/xml;charset=UTF-8"));
    assert_eq!(String::from_utf8(call.body).expect("UTF-8"), with_umlauts("UTF-8"));
}

fn with_umlauts(encoding: &str) -> String {
    Envelope::bp20(GC, "HttpProducer").encoding(encoding).in_body("<q:text>åäö</q:text>").text()
}

async fn utf16_by_content_type() {
    for (big_endian, marked) in [(true, true), (false, true), (true, false)] {
        let body = utf16(&with_umlauts("UTF-16"), big_endian, marked);
        in_utf16(Ask::post(body).internal("tp").content_type("text/xml;charset=UTF-16")).await;
    }
}

async fn utf16_by_itself() {
    for (big_endian, marked) in [(true, true), (false, true), (true, false)] {
        let body = utf16(&with_umlauts("UTF-16"), big_endian, marked);
        in_utf16(Ask::post(body).internal("tp").without("content-type")).await;
    }
}

async fn called_utf16(ask: Ask) {
    let c0 = C0::start().await;
    let sent = ask.body.clone();
    c0.call(ask.internal("tp")).await.is_passed_on(ANSWER);
    assert_eq!(c0.producer.only().await.body, sent);
}

async fn utf8_called_utf16() {
    called_utf16(Ask::post(with_umlauts("UTF-16")).without("content-type")).await;
}

async fn utf8_called_utf16_labelled() {
    called_utf16(Ask::post(with_umlauts("UTF-16")).content_type("text/xml;charset=UTF-8")).await;
}

/// A message with an attachment, around an envelope.
fn multipart(envelope: &str) -> Ask {
    let body = format!(
        "--part\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\n\r\n{envelope}\r\n--part\r\n\
         Content-Type: application/octet-stream\r\n\r\nattached\r\n--part--\r\n"
    );
    let content_type = "multipart/related; type=\"application/xop+xml\"; boundary=\"part\"; start-info=\"text/xml\"";
    Ask::post(body).content_type(content_type)
}

async fn attachments() {
    let c0 = C0::start().await;
    let envelope = Envelope::bp21(CB, "HttpProducer").text();
    c0.call(multipart(&envelope).internal("tp")).await.is_passed_on(ANSWER);
    let call = c0.producer.only().await;
    assert_eq!(String::from_utf8(call.body).expect("UTF-8"), envelope);
}

async fn attachments_lower_case() {
    let c0 = C0::start().await;
    let envelope =
        Envelope::bp21(GS, "HttpProducer").namespace("urn:riv:infrastructure:itintegration:registry:2").text();
    let envelope = envelope.replace("S:Envelope", "soapenv:envelope").replace("xmlns:S=", "xmlns:soapenv=");
    let envelope = envelope.replace("<S:", "<soapenv:").replace("</S:", "</soapenv:");
    c0.call(multipart(&envelope).internal("tp")).await.is_passed_on(ANSWER);
    let call = c0.producer.only().await;
    assert_eq!(String::from_utf8(call.body).expect("UTF-8"), envelope);
}

async fn attachments_without_envelope() {
    let c0 = C0::start().await;
    let detail = "Inkommande begäran är ej korrekt utformat och kan därför inte behandlas.";
    let unprefixed = "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Header/><Body/></Envelope>";
    c0.call(multipart(unprefixed).internal("tp")).await.is_vp(15, detail);
    c0.call(multipart("").internal("tp")).await.is_vp(15, detail);
}
