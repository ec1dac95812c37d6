//! `vp.md` §2: what is read of a request, beyond the conformance statements.

use wiremock::ResponseTemplate;

use crate::conformance::c0::{C0, DEFAULT_SENDER, Faulty};
use crate::support::client::Ask;
use crate::support::envelope::{ADDRESSING, Envelope, GA, GC, REGISTRY, SOAP_11, ga, gc, utf16};
use crate::support::expect::fault_document;
use crate::support::producer::{ANSWER, Producer};
use crate::support::socket::{Act, Nobody, Socket};
use crate::support::texts::{NO_RECEIVER, caught, no_route};
use crate::support::world::Plan;

crate::support::rows::rows! {
    &'static str;
    "§2.1" "no address element, or no Header: VP003, never VP001" => no_address;
    "§2.1" "the last address before the body child wins, at any depth" => last_address;
    "§2.1" "an address in front of any Header does not count" => address_before_header;
    "§2.1" "only the event behind the start tag is the address" => next_event;
    "§2.1" "a body broken behind its child's start tag is forwarded" => broken_body_forwarded;
    "§2.1" "the same, to be converted: VP012" => broken_body_converted;
    "§2.1" "the same, to be re-encoded: a raw fault" => broken_body_encoded;
    "§2.1" "no body child: contract null" => no_body_child;
    "§2.1" "a body child without a namespace" => no_contract_namespace;
    "§2.1" "no body at all: VP015" => no_body;
    "§2.1" "a document type is never processed" => document_type;
    "§2.2" "another character set: there and back" => latin;
    "§2.2" "a producer's fault comes back in the request's character set" => fault_in_utf16;
    "§2.2" "faults before step 11 are in UTF-8, later ones are not" => own_fault_in_utf16;
    "§7.2" "a compressed body is not decoded: VP015" => compressed;
}

async fn no_address() {
    let c0 = C0::start().await;
    let body = format!("<S:Body><q:GetCertificate xmlns:q=\"{GC}\"/></S:Body>");
    for head in [
        "",
        "<S:Header/>",
        "<S:Header></S:Header>",
        "<S:Header><x:Other xmlns:x=\"u\">HttpProducer</x:Other></S:Header>",
    ] {
        let message = format!("<S:Envelope xmlns:S=\"{SOAP_11}\">{head}{body}</S:Envelope>");
        c0.call(Ask::post(message).internal("tp")).await.is_vp(3, NO_RECEIVER);
    }
}

async fn last_address() {
    let c0 = C0::start().await;
    let wsa = |receiver: &str| format!("<w:To xmlns:w=\"{ADDRESSING}\">{receiver}</w:To>");
    let registry = |receiver: &str| format!("<r:LogicalAddress xmlns:r=\"{REGISTRY}\">{receiver}</r:LogicalAddress>");
    let message = |header: &str, contract: &str| {
        format!(
            "<S:Envelope xmlns:S=\"{SOAP_11}\"><S:Header>{header}</S:Header><S:Body><op xmlns=\"{contract}\"/></S:Body></S:Envelope>"
        )
    };
    // Two of one profile, one of each, and one deep inside something else.
    for header in [
        wsa("NoVagvalReceiver") + &wsa("HttpProducer"),
        registry("NoVagvalReceiver") + &wsa("HttpProducer"),
        format!("{}<a><b><c>{}</c></b></a>", wsa("NoVagvalReceiver"), wsa("HttpProducer")),
    ] {
        c0.call(Ask::post(message(&header, GC)).internal("tp")).await.is_passed_on(ANSWER);
    }
    let header = wsa("HttpProducer") + &registry("");
    c0.call(Ask::post(message(&header, GC)).internal("tp")).await.is_vp(3, NO_RECEIVER);
    // The last one's profile counts as well: no conversion is needed here.
    let converted = message(&(wsa("x") + &registry("HttpProducer")), GA);
    c0.call(Ask::post(converted.clone()).internal(DEFAULT_SENDER)).await.is_passed_on(ANSWER);
    assert_eq!(c0.producer.asked().await.last().expect("a call").body, converted.as_bytes());
    // Header has been seen, so an address between Header and Body, and in Body before its child's start tag, counts.
    let behind = message("", GC).replace("</S:Header>", &format!("</S:Header>{}", wsa("HttpProducer")));
    c0.call(Ask::post(behind).internal("tp")).await.is_passed_on(ANSWER);
}

async fn address_before_header() {
    let c0 = C0::start().await;
    let message = gc("HttpProducer");
    let (address, rest) = message.split_once("<a:To>").expect("an address");
    let (receiver, rest) = rest.split_once("</a:To>").expect("an address");
    let moved =
        format!("{}<a:To>{receiver}</a:To><S:Header>{rest}", address.strip_suffix("<S:Header>").expect("a header"));
    c0.call(Ask::post(moved).internal("tp")).await.is_vp(3, NO_RECEIVER);
}

async fn next_event() {
    let c0 = C0::start().await;
    c0.call(Ask::post(gc("<x/>HttpProducer")).internal("tp")).await.is_vp(3, NO_RECEIVER);
    c0.call(Ask::post(gc("<![CDATA[HttpProducer]]>")).internal("tp")).await.is_passed_on(ANSWER);
    c0.call(Ask::post(gc("Http&#80;roducer")).internal("tp")).await.is_passed_on(ANSWER);
    let answer = c0.call(Ask::post(gc("A&amp;B")).internal("tp")).await;
    answer.is_vp(4, &no_route(GC, "A&B"));
}

/// A message that is not well-formed behind the start tag of the body's child.
fn broken(message: &str) -> String {
    message.replace("<q:personId>", "<q:personId></q:wrong>&nonsense;")
}

async fn broken_body_forwarded() {
    let c0 = C0::start().await;
    let message = broken(&gc("HttpProducer"));
    c0.call(Ask::post(message.clone()).internal("tp")).await.is_passed_on(ANSWER);
    assert_eq!(c0.producer.only().await.body, message.as_bytes());
}

async fn broken_body_converted() {
    let c0 = C0::start().await;
    for (message, sender) in [(Envelope::bp20(GA, "ReceiverRiv21"), "tp"), (Envelope::bp21(GA, "ReceiverRiv20"), "tp")]
    {
        let answer = c0.call(Ask::post(broken(&message.text())).internal(sender)).await;
        answer.is_vp_with(12, &["[row,col {unknown-source}]: ["]);
    }
    assert!(c0.producer.asked().await.is_empty());
}

async fn broken_body_encoded() {
    let c0 = C0::start().await;
    let message = broken(&Envelope::bp20(GC, "HttpProducer").encoding("UTF-16").text());
    let ask = Ask::post(utf16(&message, true, true)).internal("tp").content_type("text/xml;charset=UTF-16");
    let answer = c0.call(ask).await;
    let detail = answer.detail();
    let text = detail.split_once(": ").expect("error type and message").1.to_owned();
    answer.is_raw_fault(&text);
    assert!(text.contains("[row,col {unknown-source}]: ["), "{text}");
    assert!(c0.producer.asked().await.is_empty());
}

fn without_exceptions(plan: Plan) -> Plan {
    plan.property("hsa.lookup.vagval.exceptedNamespaces", "").property("hsa.lookup.behorighet.exceptedNamespaces", "")
}

fn with_body(body: &str) -> String {
    format!(
        "<S:Envelope xmlns:S=\"{SOAP_11}\"><S:Header><To xmlns=\"{ADDRESSING}\">HttpProducer</To></S:Header>{body}</S:Envelope>"
    )
}

async fn no_body_child() {
    let c0 = C0::with(without_exceptions).await;
    for body in ["<S:Body/>", "<S:Body></S:Body>", "<S:Body> text <!-- and comment --></S:Body>", ""] {
        let answer = c0.call(Ask::post(with_body(body)).internal("tp")).await;
        answer.is_vp(4, &no_route("null", "HttpProducer"));
    }
}

async fn no_contract_namespace() {
    let c0 = C0::with(without_exceptions).await;
    let answer = c0.call(Ask::post(with_body("<S:Body><GetCertificate/></S:Body>")).internal("tp")).await;
    answer.is_vp_with(4, &["receiverId: HttpProducer"]);
}

async fn no_body() {
    let c0 = C0::start().await;
    c0.call(Ask::get("/vp").internal("tp")).await.is_vp_with(15, &["Unexpected EOF in prolog"]);
    c0.call(Ask::post("").internal("tp")).await.is_vp_with(15, &["Unexpected EOF in prolog"]);
    c0.call(Ask::post("  ").internal("tp")).await.is_vp_with(15, &["Unexpected EOF in prolog"]);
}

async fn document_type() {
    let c0 = C0::start().await;
    let file = c0.world.path("secret.txt");
    std::fs::write(&file, "HttpProducer").expect("a file");
    let types = [
        "<!DOCTYPE x [<!ENTITY e \"HttpProducer\">]>".to_owned(),
        format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file://{}\">]>", file.display()),
        "<!DOCTYPE x [<!ENTITY a \"HttpProducer\"><!ENTITY e \"&a;&a;&a;\">]>".to_owned(),
    ];
    for document_type in types {
        let answer = c0.call(Ask::post(format!("{document_type}{}", gc("&e;"))).internal("tp")).await;
        assert_eq!(answer.status, 500);
        assert!(!answer.text().contains("HttpProducer"), "the entity was resolved: {}", answer.text());
    }
    assert!(c0.producer.asked().await.is_empty());
    // One that declares nothing that is used changes nothing.
    c0.call(Ask::post(format!("<!DOCTYPE x>{}", gc("HttpProducer"))).internal("tp")).await.is_passed_on(ANSWER);
}

async fn latin() {
    let answer = ResponseTemplate::new(200).set_body_raw("<svar>åäö</svar>", "text/xml;charset=UTF-8");
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
    let message = Envelope::bp20(GC, "HttpProducer").encoding("ISO-8859-1").in_body("<q:namn>Örjan</q:namn>").text();
    let bytes: Vec<u8> = message.chars().map(|c| u8::try_from(u32::from(c)).expect("latin")).collect();
    for ask in [
        Ask::post(bytes.clone()).without("content-type"),
        Ask::post(bytes.clone()).content_type("text/xml; charset=ISO-8859-1"),
        Ask::post(bytes.clone()).content_type("text/xml; charset=\"ISO-8859-1\""),
    ] {
        let answer = c0.call(ask.internal("tp")).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"<svar>\xe5\xe4\xf6</svar>".as_slice()));
        assert_eq!(answer.header("content-type"), Some("text/xml; charset=ISO-8859-1"));
        let call = c0.producer.asked().await.pop().expect("a call");
        assert_eq!(String::from_utf8(call.body).expect("UTF-8"), message.replace("ISO-8859-1", "UTF-8"));
    }
}

fn in_utf16(message: &str) -> Ask {
    Ask::post(utf16(message, true, true)).internal("tp").content_type("text/xml;charset=UTF-16")
}

async fn fault_in_utf16() {
    let fault = fault_document("Server", "fel å", "detalj ä");
    let answer = ResponseTemplate::new(500).set_body_raw(fault.as_str(), "text/xml");
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan).await;
    let answer = c0.call(in_utf16(&gc("HttpProducer"))).await;
    assert_eq!(answer.status, 500);
    assert_eq!(crate::support::envelope::from_utf16(&answer.body), fault);
    assert_eq!(answer.header("content-type"), Some("text/xml; charset=UTF-16"));
}

async fn own_fault_in_utf16() {
    let nobody = Nobody::there();
    let url = format!("http://{}/x", nobody.address);
    let c0 = C0::with(|plan| {
        plan.change(|tak| tak.move_route(GC, "HttpProducer", &url)).property("vp.producer.retry.attempts", "0")
    })
    .await;
    c0.call(in_utf16(&gc("NoVagvalReceiver"))).await.is_vp(4, &no_route(GC, "NoVagvalReceiver"));
    c0.call(in_utf16(&ga("HttpProducer"))).await.is_vp_with(7, &["senderId: tp"]);
    let answer = c0.call(in_utf16(&gc("HttpProducer"))).await;
    let text = crate::support::envelope::from_utf16(&answer.body);
    let refused = format!("java.net.ConnectException: Cannot connect to {}", nobody.address);
    assert_eq!(text, crate::support::expect::vp_document(9, &caught(&url, &refused)));
    assert_eq!(answer.header("content-type"), Some("text/xml; charset=UTF-16"));
}

async fn compressed() {
    let faulty = Faulty::start(Socket::always(Act::Silence).await).await;
    let ask = Ask::post(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0]).internal("tp").header("Content-Encoding", "gzip");
    faulty.call(ask).await.is_vp_with(15, &[]);
}
