//! `vp.md` §11.4: who calls.

use super::c0::C0;
use crate::support::certificate::Certificate;
use crate::support::client::{Answer, Ask};
use crate::support::envelope::{GC, gc};
use crate::support::expect::vp_document;
use crate::support::producer::{ANSWER, header};
use crate::support::texts::not_whitelisted;
use crate::support::world::Plan;

crate::support::rows::rows! {
    u16;
    30 "nothing that names a sender" => nothing_that_names_a_sender;
    31 "another instance's sender id, and a certificate" => foreign_instance;
    32 "internal headers from an address not whitelisted" => internal_not_whitelisted;
    33 "internal headers, forwarded for an address not whitelisted" => forwarded_for_a_stranger;
    34 "internal headers, forwarded for a whitelisted address" => forwarded_for_a_friend;
    35 "a certificate from an address not whitelisted" => certificate_not_whitelisted;
    36 "a certificate, forwarded for an address not whitelisted" => certificate_forwarded_for_a_stranger;
    37 "an empty whitelist" => empty_whitelist;
    38 "a whitelist of beginnings" => whitelist_of_beginnings;
    39 "PEM with white space for line ends" => pem_on_one_line;
    40 "a bare base64 chain" => bare_chain;
    41 "PEM markers around garbage" => garbage_in_pem;
    42 "a certificate without the attribute" => certificate_without_attribute;
    43 "a serial number in hexadecimal" => serial_number_in_hexadecimal;
    44 "the whole VP002" => whole_vp002;
    45 "an original consumer from a sender not allowed" => original_consumer_refused;
    46 "the same, tolerated" => original_consumer_tolerated;
    47 "the same sender without that header" => no_original_consumer;
    48 "the same, internal by instance id" => original_consumer_internal;
    49 "an empty list of allowed senders" => everybody_allowed;
    50 "routing history begins" => history_begins;
    51 "routing history continues" => history_continues;
    52 "routing history loops" => history_loops;
    53 "routing history of an internal call" => history_of_an_internal_call;
}

/// The certificate header of C0.
const CERTIFICATE: &str = "X-Forwarded-Tls-Client-Cert-Info";
const ORIGINAL: &str = "x-rivta-original-serviceconsumer-hsaid";
const HISTORY: &str = "x-rivta-routing-history";

/// A call with a certificate for `unit`.
fn with_certificate(unit: &str) -> Ask {
    Ask::post(gc("HttpProducer")).header(CERTIFICATE, Certificate::of_unit(unit).on_one_line(" "))
}

/// Permits `sender` to call GC/HttpProducer.
fn permitting(sender: &'static str) -> impl FnOnce(Plan) -> Plan {
    move |plan| plan.change(|tak| tak.add_permission(GC, "HttpProducer", sender, crate::support::tak::EVER))
}

/// The call is answered, and the producer is told that `sender` makes it.
async fn is_from(c0: &C0, answer: Answer, sender: &str) {
    answer.is_passed_on(ANSWER);
    assert_eq!(header(c0.producer.asked().await.last().expect("a call"), "x-vp-sender-id"), Some(sender));
}

async fn nothing_that_names_a_sender() {
    let c0 = C0::start().await;
    let detail = format!("No certificate found in httpheader {CERTIFICATE}");
    c0.call(Ask::post(gc("HttpProducer"))).await.is_vp(2, &detail);
    c0.call(Ask::post(gc("HttpProducer")).header("x-vp-sender-id", "tp")).await.is_vp(2, &detail);
    c0.call(Ask::post(gc("HttpProducer")).header("x-vp-instance-id", "dev_env")).await.is_vp(2, &detail);
}

async fn foreign_instance() {
    let c0 = C0::with(permitting("urken")).await;
    for instance in ["other_env", "DEV_ENV", "dev_env2", ""] {
        let ask = with_certificate("urken").header("x-vp-sender-id", "tp");
        is_from(&c0, c0.call(ask.header("x-vp-instance-id", instance)).await, "urken").await;
    }
}

async fn internal_not_whitelisted() {
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "1.2.3.4")).await;
    let answer = c0.call(Ask::post(gc("HttpProducer")).internal("tp")).await;
    answer.is_vp(11, &not_whitelisted("127.0.0.1", "CamelNettyRemoteAddress"));
}

async fn forwarded_for_a_stranger() {
    let c0 = C0::start().await;
    let answer = c0.call(Ask::post(gc("HttpProducer")).internal("tp").header("X-Forwarded-For", "10.20.30.40")).await;
    answer.is_vp(
        11,
        "Caller was not on the white list of accepted IP-addresses.  IP-address: 10.20.30.40. HTTP header that caused checking: X-Forwarded-For",
    );
}

async fn forwarded_for_a_friend() {
    let c0 = C0::start().await;
    c0.call(Ask::post(gc("HttpProducer")).internal("tp").header("X-Forwarded-For", "1.2.3.4"))
        .await
        .is_passed_on(ANSWER);
}

async fn certificate_not_whitelisted() {
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "1.2.3.4")).await;
    c0.call(with_certificate("tp")).await.is_vp(11, &not_whitelisted("127.0.0.1", "CamelNettyRemoteAddress"));
    let forwarded = with_certificate("tp").header("X-Forwarded-For", "1.2.3.4");
    c0.call(forwarded).await.is_vp(11, &not_whitelisted("127.0.0.1", "CamelNettyRemoteAddress"));
}

async fn certificate_forwarded_for_a_stranger() {
    let c0 = C0::start().await;
    let ask = with_certificate("tp").header("x-vp-instance-id", "other_env").header("X-Forwarded-For", "10.20.30.40");
    is_from(&c0, c0.call(ask).await, "tp").await;
}

async fn empty_whitelist() {
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "")).await;
    let detail = not_whitelisted("127.0.0.1", "CamelNettyRemoteAddress");
    c0.call(Ask::post(gc("HttpProducer")).internal("tp")).await.is_vp(11, &detail);
    c0.call(with_certificate("tp")).await.is_vp(11, &detail);
    c0.call(Ask::post("<Soap")).await.is_vp(11, &detail);
}

async fn whitelist_of_beginnings() {
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "127.0.0,127.0.1")).await;
    let ask = || Ask::post(gc("HttpProducer")).internal("tp");
    c0.call(ask()).await.is_passed_on(ANSWER);
    c0.call(ask().header("X-Forwarded-For", "127.0.1.7")).await.is_passed_on(ANSWER);
    c0.call(ask().header("X-Forwarded-For", "127.0.2.1"))
        .await
        .is_vp(11, &not_whitelisted("127.0.2.1", "X-Forwarded-For"));
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "9.9.9.9, 127.0.0.1,  1.2.3.4")).await;
    c0.call(ask().header("X-Forwarded-For", "1.2.3.40")).await.is_passed_on(ANSWER);
}

async fn pem_on_one_line() {
    let c0 = C0::start().await;
    let certificate = Certificate::of_unit("tp");
    for space in [" ", "\t", "  ", ""] {
        let ask = Ask::post(gc("HttpProducer")).header(CERTIFICATE, certificate.on_one_line(space));
        is_from(&c0, c0.call(ask).await, "tp").await;
    }
}

const PATTERN: &str = "certificate.senderid.subject.pattern";

async fn bare_chain() {
    let number = "TSTNMT2321000156-B02";
    let plan =
        |plan: Plan| permitting("TSTNMT2321000156-B02")(plan).property(PATTERN, "(?:OU|2.5.4.5|SERIALNUMBER)=([^,]+)");
    let c0 = C0::with(plan).await;
    let (leaf, issuer) = (Certificate::of_serial_number(number).bare(), Certificate::of_unit("issuer").bare());
    for value in [format!("{leaf},{issuer}"), leaf] {
        is_from(&c0, c0.call(Ask::post(gc("HttpProducer")).header(CERTIFICATE, value)).await, number).await;
    }
}

async fn garbage_in_pem() {
    let c0 = C0::start().await;
    let detail = format!("Exception occured parsing certificate in httpheader {CERTIFICATE}");
    for inside in ["garbage", "AAAA", "", " MIIB "] {
        let value = format!("-----BEGIN CERTIFICATE-----{inside}-----END CERTIFICATE-----");
        c0.call(Ask::post(gc("HttpProducer")).header(CERTIFICATE, value)).await.is_vp(2, &detail);
    }
}

async fn certificate_without_attribute() {
    let c0 = C0::start().await;
    let value = Certificate::of_serial_number("SE1-A").on_one_line(" ");
    let answer = c0.call(Ask::post(gc("HttpProducer")).header(CERTIFICATE, value)).await;
    answer.is_vp(2, "No senderId found in Certificate");
}

async fn serial_number_in_hexadecimal() {
    let number = "TSTNMT2321000156-B02";
    let plan =
        |plan: Plan| permitting("TSTNMT2321000156-B02")(plan).property(PATTERN, "(?:2.5.4.5|SERIALNUMBER)=([^,]+)");
    let c0 = C0::with(plan).await;
    let value = Certificate::of_serial_number(number).on_one_line(" ");
    is_from(&c0, c0.call(Ask::post(gc("HttpProducer")).header(CERTIFICATE, value)).await, number).await;
}

async fn whole_vp002() {
    let c0 = C0::start().await;
    let answer = c0.call(Ask::post(gc("HttpProducer"))).await;
    let text = "VP002 [NTjP Develop] Fel i klientcertifikat. Saknas, är av felaktig typ, eller är felaktigt utformad.";
    assert!(answer.text().contains(&format!("<faultstring>{text}</faultstring>")), "{}", answer.text());
    let detail = format!("No certificate found in httpheader {CERTIFICATE}");
    assert_eq!(answer.text(), vp_document(2, &detail));
}

const NOT_APPROVED: &str = "Sender is not approved to set header x-rivta-original-serviceconsumer-hsaid.";

async fn original_consumer_refused() {
    let c0 = C0::with(permitting("urken")).await;
    c0.call(with_certificate("urken").header(ORIGINAL, "SE-ORIGINAL")).await.is_vp(13, NOT_APPROVED);
    assert!(c0.producer.asked().await.is_empty());
    is_from(&c0, c0.call(with_certificate("tp").header(ORIGINAL, "SE-ORIGINAL")).await, "tp").await;
}

async fn original_consumer_tolerated() {
    let tolerant = |plan: Plan| plan.property("throw.vp013.when.originalconsumer.not.allowed", "false");
    let c0 = C0::with(|plan| permitting("urken")(tolerant(plan))).await;
    is_from(&c0, c0.call(with_certificate("urken").header(ORIGINAL, "SE-ORIGINAL")).await, "urken").await;
    assert_eq!(header(&c0.producer.only().await, ORIGINAL), Some("SE-ORIGINAL"));
}

async fn no_original_consumer() {
    let c0 = C0::with(permitting("urken")).await;
    is_from(&c0, c0.call(with_certificate("urken")).await, "urken").await;
}

async fn original_consumer_internal() {
    let c0 = C0::with(permitting("urken")).await;
    let ask = Ask::post(gc("HttpProducer")).internal("urken").header(ORIGINAL, "SE-ORIGINAL");
    is_from(&c0, c0.call(ask).await, "urken").await;
    // The exemption looks at the instance id alone, though the sender is a certificate's (§12.27).
    let ask = with_certificate("urken").header("x-vp-instance-id", "dev_env").header(ORIGINAL, "SE-ORIGINAL");
    is_from(&c0, c0.call(ask).await, "urken").await;
}

async fn everybody_allowed() {
    let c0 = C0::with(|plan| permitting("urken")(plan).property("sender.id.allowed.list", "")).await;
    is_from(&c0, c0.call(with_certificate("urken").header(ORIGINAL, "SE-ORIGINAL")).await, "urken").await;
}

async fn history_is(ask: Ask, expected: Option<&str>) {
    let c0 = C0::start().await;
    c0.call(ask).await.is_passed_on(ANSWER);
    assert_eq!(header(&c0.producer.only().await, HISTORY), expected);
}

async fn history_begins() {
    history_is(with_certificate("tp"), Some("tp#dev_env")).await;
    history_is(with_certificate("tp").header(HISTORY, ""), Some("tp#dev_env")).await;
}

async fn history_continues() {
    let ask = with_certificate("tp").header(HISTORY, "some_server#some_other_server");
    history_is(ask, Some("some_server#some_other_server#dev_env")).await;
}

async fn history_loops() {
    let c0 = C0::start().await;
    for history in ["dev_env#some_server", "some_server#dev_env", "a# dev_env #b", "dev_env"] {
        c0.call(with_certificate("tp").header(HISTORY, history)).await.is_vp(14, "");
    }
    c0.call(with_certificate("tp").header(HISTORY, "DEV_ENV#dev_env2")).await.is_passed_on(ANSWER);
}

async fn history_of_an_internal_call() {
    for history in ["some-server", "dev_env#some-server"] {
        history_is(Ask::post(gc("HttpProducer")).internal("tp").header(HISTORY, history), Some(history)).await;
    }
    history_is(Ask::post(gc("HttpProducer")).internal("tp"), None).await;
}
