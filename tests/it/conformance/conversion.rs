//! `vp.md` §11.7: from one RIV-TA profile to the other.

use super::c0::{C0, DEFAULT_SENDER};
use crate::support::client::Ask;
use crate::support::envelope::{ADDRESSING, Declared, Envelope, GA, REGISTRY, SOAP_11};
use crate::support::producer::ANSWER;

crate::support::rows::rows! {
    u16;
    90 "from profile 2.0 to 2.1" => to_21;
    91 "from profile 2.1 to 2.0" => to_20;
    92 "what conversion keeps" => kept;
    93 "declarations in the body are left alone" => body_declarations;
    94 "the same profile: not a byte is changed" => untouched;
}

/// What the producer gets of a message to `receiver`, without the declaration that conversion adds.
async fn converted(message: &str) -> String {
    let c0 = C0::start().await;
    let answer = c0.call(Ask::post(message).internal("tp").header("SOAPAction", "urn:unchanged")).await;
    answer.is_passed_on(ANSWER);
    let call = c0.producer.only().await;
    assert_eq!(crate::support::producer::header(&call, "SOAPAction"), Some("urn:unchanged"));
    let text = String::from_utf8(call.body).expect("UTF-8");
    let (declaration, rest) = text.split_once("?>").expect("an XML declaration");
    assert!(declaration.starts_with("<?xml ") && declaration.contains("UTF-8"), "{declaration}");
    rest.trim_start().to_owned()
}

/// The message after conversion to profile 2.1, where the address is all there is to convert.
fn in_21(message: &str) -> String {
    message.replace(ADDRESSING, REGISTRY).replace("a:To", "a:LogicalAddress")
}

async fn to_21() {
    for place in [Declared::Envelope, Declared::Around, Declared::Itself] {
        let message = Envelope::bp20(GA, "ReceiverRiv21").address_declared(place).text();
        assert_eq!(converted(&message).await, in_21(&message));
    }
}

async fn to_20() {
    for place in [Declared::Envelope, Declared::Around, Declared::Itself] {
        let message = Envelope::bp21(GA, "ReceiverRiv20").address_declared(place).text();
        let expected = message.replace(REGISTRY, ADDRESSING).replace("a:LogicalAddress", "a:To");
        assert_eq!(converted(&message).await, expected);
    }
}

async fn kept() {
    let beside = "<!-- a comment --><o:Other xmlns:o=\"urn:other\" o:kept=\"&lt;yes&gt;\">text &amp; more</o:Other>\
                  <a:MessageID>uuid:1</a:MessageID>";
    for place in [Declared::Envelope, Declared::Around] {
        let message = Envelope::bp20(GA, "ReceiverRiv21").address_declared(place).in_header(beside).text();
        assert_eq!(converted(&message).await, in_21(&message), "{place:?}");
    }
    let message = format!(
        "<S:Envelope xmlns:S=\"{SOAP_11}\"><S:Header><To xmlns=\"{ADDRESSING}\" xmlns:z=\"urn:z\" z:kept=\"1\">ReceiverRiv21\
         </To></S:Header><S:Body><GetActivities xmlns=\"{GA}\"/></S:Body></S:Envelope>"
    );
    let expected =
        message.replace(ADDRESSING, REGISTRY).replace("<To ", "<LogicalAddress ").replace("/To>", "/LogicalAddress>");
    assert_eq!(converted(&message).await, expected);
    // With the address's own declaration and another one on the envelope, each keeps its prefix.
    let message = Envelope::bp20(GA, "ReceiverRiv21").address_declared(Declared::Itself).in_header("<!--x-->").text();
    let message = message.replace("<S:Envelope ", "<S:Envelope xmlns:i=\"urn:inera\" ");
    assert_eq!(converted(&message).await, in_21(&message));
}

async fn body_declarations() {
    let with = |namespace: &str| format!("<q:personId xmlns:z=\"{namespace}\">1</q:personId>");
    let message =
        Envelope::bp20(GA, "ReceiverRiv21").address_declared(Declared::Itself).in_body(&with(REGISTRY)).text();
    assert_eq!(converted(&message).await, in_21(&message));
    let message =
        Envelope::bp21(GA, "ReceiverRiv20").address_declared(Declared::Itself).in_body(&with(REGISTRY)).text();
    let (head, body) = message.split_once("<S:Body>").expect("a body");
    let head = head.replace(REGISTRY, ADDRESSING).replace("a:LogicalAddress", "a:To");
    assert_eq!(converted(&message).await, format!("{head}<S:Body>{body}"));
    // The same of the other address namespace.
    let message =
        Envelope::bp20(GA, "ReceiverRiv21").address_declared(Declared::Itself).in_body(&with(ADDRESSING)).text();
    let (head, body) = message.split_once("<S:Body>").expect("a body");
    assert_eq!(converted(&message).await, format!("{}<S:Body>{body}", in_21(head)));
}

async fn untouched() {
    let c0 = C0::start().await;
    let message = format!(
        "<?xml version='1.0'  encoding='utf-8' ?>\r\n<!-- first -->\n<?pi here?><S:Envelope\txmlns:S='{SOAP_11}' >\n<S:Header><h:LogicalAddress  \
         xmlns:h = '{REGISTRY}' ><![CDATA[HttpProducer]]></h:LogicalAddress ></S:Header><S:Body><q:GetActivities xmlns:q='{GA}'>&#229;å\
         <![CDATA[<raw>&]]><empty></empty></q:GetActivities></S:Body></S:Envelope>\n\n"
    );
    for body in [message.clone(), format!("\u{feff}{message}"), message.replace('\n', "\r\n")] {
        c0.call(Ask::post(body.clone()).internal(DEFAULT_SENDER)).await.is_passed_on(ANSWER);
        let call = c0.producer.asked().await.pop().expect("a call");
        assert_eq!(String::from_utf8(call.body).expect("UTF-8"), body);
    }
}
