//! The message log (`vp.md` §9): which events a call leaves, in which order, and what they say.

use wiremock::ResponseTemplate;

use crate::conformance::c0::C0;
use crate::support::certificate::Certificate;
use crate::support::client::Ask;
use crate::support::envelope::{Envelope, GA, GC, gc};
use crate::support::expect::fault_document;
use crate::support::log::{Logged, Logline};
use crate::support::producer::{ANSWER, Producer};
use crate::support::texts::{self, no_route};
use crate::support::world::Plan;

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

/// What a platform logs of some calls.
async fn logged(change: impl FnOnce(Plan) -> Plan, answer: ResponseTemplate, asks: &[Ask]) -> Logged {
    let c0 = C0::before(Producer::answering(answer).await, change).await;
    for ask in asks {
        c0.call(ask.clone()).await;
    }
    c0.drain().await
}

fn good() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(ANSWER)
}

#[tokio::test]
async fn each_flow_leaves_its_events() {
    let fault = fault_document("Server", "x", "y");
    let certificate = Certificate::of_unit("other").on_one_line(" ");
    let identified = Ask::post(gc("HttpProducer")).header("X-Forwarded-Tls-Client-Cert-Info", certificate);
    let converted = Envelope::bp20(GA, "ReceiverRiv21").text().replace("</q:personId>", "</q:broken>");
    let early: &[&str] = &["error", "resp-out"];
    let refused: &[&str] = &["req-in", "error", "resp-out"];
    let failed: &[&str] = &["req-in", "req-out", "error", "resp-out"];
    let cases: &[(&str, Ask, ResponseTemplate, &[&str])] = &[
        ("success", call(), good(), &["req-in", "req-out", "resp-in", "resp-out"]),
        ("VP002", Ask::post(gc("HttpProducer")), good(), early),
        ("VP011", call().header("X-Forwarded-For", "9.9.9.9"), good(), early),
        ("VP013", identified.clone().header("x-rivta-original-serviceconsumer-hsaid", "x"), good(), early),
        ("VP014", identified.header("x-rivta-routing-history", "dev_env"), good(), early),
        ("VP015", Ask::post("<Soap").internal("tp"), good(), early),
        ("VP003", Ask::post(gc("")).internal("tp"), good(), refused),
        ("VP004", Ask::post(gc("Nowhere")).internal("tp"), good(), refused),
        ("VP005", Ask::post(gc("ReceiverUnknownRivVersion")).internal("tp"), good(), refused),
        ("VP006", Ask::post(gc("ReceiverMultipleVagval")).internal("tp"), good(), refused),
        ("VP007", Ask::post(gc("NotAuthorizedReceiver")).internal("tp"), good(), refused),
        ("VP010", Ask::post(gc("ReceiverNoPhysicalAddress")).internal("tp"), good(), refused),
        ("VP012", Ask::post(converted).internal("tp"), good(), refused),
        ("404", call(), ResponseTemplate::new(404), failed),
        ("fault with 500", call(), ResponseTemplate::new(500).set_body_string(fault), failed),
        ("empty", call(), ResponseTemplate::new(200), &["req-in", "req-out", "resp-in", "error", "resp-out"]),
        ("wsdl", call().at("/vp?wsdl"), good(), &[]),
        ("status", Ask::get("/status"), good(), &[]),
        ("reset", Ask::get("/resetcache"), good(), &[]),
        ("reset of the tree", Ask::get("/resethsacache"), good(), &[]),
    ];
    for (name, ask, answer, expected) in cases {
        let log = logged(|plan| plan, answer.clone(), std::slice::from_ref(ask)).await;
        assert_eq!(log.actions(), *expected, "{name}");
    }
    let without_catalogue = Plan::c0().start().await;
    without_catalogue.call(call()).await;
    assert_eq!(without_catalogue.drain().await.actions(), refused, "VP008");
}

fn has(event: &Logline, expected: &[(&str, &str)]) {
    for (field, value) in expected {
        assert_eq!(event.get(field), *value, "{field}");
    }
}

fn has_not(event: &Logline, fields: &[&str]) {
    for field in fields {
        assert_eq!(event.find(field), None, "{field}");
    }
}

#[tokio::test]
async fn events_say_what_is_known_by_then() {
    let producer = Producer::start().await;
    let (url, authority) = (producer.url("/p5"), producer.authority());
    let port = authority.rsplit(':').next().expect("a port").to_owned();
    let c0 = C0::before(producer, |plan| plan).await;
    let message = Envelope::bp20(GA, "ReceiverRiv21").text();
    let ask = Ask::post(message.clone())
        .internal("tp")
        .at("/vp/somewhere?x=y")
        .header("x-skltp-correlation-id", "business-1")
        .header("X-Forwarded-For", "5.6.7.8")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "vp.example")
        .header("X-Forwarded-Port", "443")
        .header("x-rivta-acting-on-behalf-of-hsaid", "SE-BEHALF")
        .header("x-rivta-original-serviceconsumer-hsaid", "SE-FIRST");
    c0.call(ask).await.is_passed_on(ANSWER);
    let log = c0.drain().await;
    for event in log.events() {
        assert!(event.fields().all(|(_, value)| value.is_string()), "all values are texts");
        let action = event.get("event.action").to_owned();
        has(
            &event,
            &[
                ("event.module", "skltp-messages"),
                ("event.kind", "event"),
                ("event.category", "[\"web\"]"),
                ("trace.id", "business-1"),
                ("message", &format!("{action} tp -> ReceiverRiv21")),
                ("source.address", "127.0.0.1"),
                ("source.ip", "5.6.7.8"),
                ("url.full", "http://hub.example/vp/somewhere?x=y"),
                ("labels.route", "vp-http-route"),
                ("labels.senderid", "tp"),
                ("labels.receiverid", "ReceiverRiv21"),
                ("labels.servicecontract_namespace", GA),
                ("labels.originalServiceconsumerHsaid_in", "SE-FIRST"),
                ("labels.originalServiceconsumerHsaid", "SE-FIRST"),
                ("labels.actingOnBehalfOfHsaid", "SE-BEHALF"),
            ],
        );
        for field in [
            "event.id",
            "span.id",
            "transaction.id",
            "service.name",
            "host.hostname",
            "host.ip",
            "host.architecture",
            "host.os.family",
            "host.os.name",
            "host.os.version",
            "host.os.platform",
            "host.type",
        ] {
            assert!(!event.get(field).is_empty(), "{field}");
        }
        let is_request = action.starts_with("req");
        has(&event, &[("event.type", if is_request { "[\"access\",\"start\"]" } else { "[\"access\",\"end\"]" })]);
        match is_request {
            true => has(&event, &[("http.request.method", "POST")]),
            false => assert!(event.get("event.duration").parse::<u64>().expect("nanoseconds") > 0),
        }
        has_not(
            &event,
            if is_request { &["event.duration", "http.response.status_code"] } else { &["http.request.method"] },
        );
        has_not(
            &event,
            &["labels.platform", "labels.sessionStatus", "labels.errorCode", "error.type", "http.request.body.content"],
        );
        has_not(&event, &["http.response.body.content"]);
    }
    let wsdl = "urn:riv:clinicalprocess:activity:actions:GetActivities:1";
    let first = log.event("req-in");
    has(&first, &[("labels.rivversion", "rivtabp20"), ("labels.wsdl_namespace", &format!("{wsdl}:rivtabp20"))]);
    has(&first, &[("labels.httpXForwardedProto", "https"), ("labels.httpXForwardedHost", "vp.example")]);
    has(&first, &[("labels.httpXForwardedPort", "443"), ("http.request.body.bytes", &message.len().to_string())]);
    has_not(&first, &["labels.routerVagvalTrace", "url.original"]);
    for action in ["req-out", "resp-in", "resp-out"] {
        let event = log.event(action);
        has_not(&event, &["labels.httpXForwardedProto", "labels.httpXForwardedHost", "labels.httpXForwardedPort"]);
        has(
            &event,
            &[("labels.routerVagvalTrace", "ReceiverRiv21"), ("labels.routerBehorighetTrace", "ReceiverRiv21")],
        );
        has(&event, &[("labels.rivversion", "RIVTABP21"), ("labels.wsdl_namespace", &format!("{wsdl}:RIVTABP21"))]);
        has(&event, &[("url.original", &url), ("destination.domain", "127.0.0.1"), ("destination.port", &port)]);
    }
    for action in ["resp-in", "resp-out"] {
        has(&log.event(action), &[("http.response.status_code", "200"), ("http.response.body.bytes", "16")]);
    }
    assert!(log.event("req-out").get("http.request.headers").contains("\"x-vp-sender-id\":\"tp\""));
}

#[tokio::test]
async fn the_call_to_the_producer_is_a_span_within_the_call() {
    let log = logged(|plan| plan, good(), &[call(), call()]).await;
    let events = log.events();
    let (first, second) = events.split_at(4);
    for call in [first, second] {
        let [outer_in, inner_out, inner_in, outer_out] = call else { panic!("four events") };
        let outer = outer_in.get("span.id");
        assert_eq!((outer_out.get("span.id"), outer_in.find("labels.parent.id")), (outer, None));
        let inner = inner_out.get("span.id");
        assert_ne!(inner, outer);
        assert_eq!(inner_in.get("span.id"), inner);
        assert!([inner_out, inner_in].iter().all(|event| event.get("labels.parent.id") == outer));
        let transactions: Vec<_> = call.iter().map(|event| event.get("transaction.id")).collect();
        assert!(transactions.iter().all(|transaction| transaction == &transactions[0]));
    }
    assert_ne!(first[0].get("span.id"), second[0].get("span.id"));
    let mut ids: Vec<_> = events.iter().map(|event| event.get("event.id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len(), "every event has an id of its own");
}

#[tokio::test]
async fn errors_are_told_in_full() {
    let log = logged(|plan| plan, good(), &[Ask::post(gc("Nowhere")).internal("tp")]).await;
    let detail = no_route(GC, "Nowhere");
    let text = format!("VP004 [NTjP Develop] {}", texts::of(4).1);
    for action in ["error", "resp-out"] {
        has(
            &log.event(action),
            &[
                ("labels.sessionStatus", "true"),
                ("labels.errorCode", "VP004"),
                ("labels.statusCode", "500 Internal Server Error"),
                ("labels.sessionErrorDescription", &text),
                ("labels.sessionErrorTechnicalDescription", &detail),
                ("labels.routerVagvalTrace", "Nowhere,(parent),SE,(default),*"),
            ],
        );
    }
    let error = log.event("error");
    has(&error, &[("error.message", &text), ("log.level", "ERROR")]);
    assert!(error.find("error.type").is_some() && error.find("error.stack_trace").is_some());
    has_not(&log.event("req-in"), &["labels.sessionStatus", "labels.errorCode"]);

    let fault = fault_document("Server", "the producer's text", "the producer's detail");
    let log = logged(|plan| plan, ResponseTemplate::new(500).set_body_string(fault), &[call()]).await;
    let labels = [
        ("labels.faultCode", "SOAP-ENV:Server"),
        ("labels.faultString", "the producer's text"),
        ("labels.faultDetail", "the producer's detail"),
        ("labels.statusCode", "500 Internal Server Error"),
    ];
    has(&log.event("error"), &labels);
    has(&log.event("resp-out"), &labels);
}

/// Everything of a call that can carry an identity number.
fn with_identity_numbers() -> Vec<Ask> {
    let number = "191212121212";
    vec![
        call()
            .header("x-custom", number)
            .header("x-skltp-correlation-id", number)
            .at("/vp/191212121212?p=19121212-1212"),
        Ask::post(gc(number)).internal("tp"),
        Ask::post(gc("HttpProducer")).internal(number),
        Ask::post(gc("HttpProducer")).internal("tp").header("X-Forwarded-For", "191212121212"),
        Ask::post("<a 191212121212").internal("tp"),
    ]
}

#[tokio::test]
async fn identity_numbers_are_masked_in_both_layouts() {
    let answer = || ResponseTemplate::new(200).set_body_string("<svar>191212121212 och 19121212-1212</svar>");
    for style in ["ECS", "LEGACY"] {
        let plan = |plan: Plan| plan.property("vp.logging.style", style).set("log.payload", "true");
        let log = logged(plan, answer(), &with_identity_numbers()).await;
        for number in ["191212121212", "19121212-1212", "1212121212"] {
            assert!(!log.text.contains(number), "{style}: {number} in {}", log.text);
        }
        assert!(log.text.contains("19xxxxxx-xxxx") && log.text.contains("svar"), "{style}: {}", log.text);
    }
}

#[tokio::test]
async fn certificates_are_left_out() {
    for style in ["ECS", "LEGACY"] {
        let names = ["X-Forwarded-Tls-Client-Cert", "x-vp-auth-cert", "X-FK-Auth-Cert"];
        let ask = names.iter().fold(call(), |ask, name| ask.header(name, "a certificate"));
        let log = logged(|plan| plan.property("vp.logging.style", style), good(), &[ask]).await;
        assert!(!log.text.contains("a certificate"), "{style}: {}", log.text);
        // All of them in req-in; and in req-out the one that no filter keeps from the producer (§3.7).
        assert_eq!(log.text.matches("<filtered>").count(), names.len() + 1, "{style}: {}", log.text);
    }
}

#[tokio::test]
async fn payload_is_logged_where_asked_for() {
    let log = logged(|plan| plan.set("log.payload", "true"), good(), &[call()]).await;
    assert!(log.event("req-in").get("http.request.body.content").starts_with("<S:Envelope"));
    has(&log.event("resp-out"), &[("http.response.body.content", ANSWER)]);
}

#[tokio::test]
async fn the_legacy_layout_is_a_block_of_lines() {
    let asks = [call().header("x-skltp-correlation-id", "business-1"), Ask::post(gc("Nowhere")).internal("tp")];
    let log = logged(|plan| plan.property("vp.logging.style", "LEGACY"), good(), &asks).await;
    let blocks: Vec<&str> = log.text.split("skltp-messages\n").skip(1).collect();
    assert_eq!(blocks.len(), 7, "{}", log.text);
    let kinds = ["info", "info", "info", "info", "info", "error", "info"];
    let names = ["req-in", "req-out", "resp-in", "resp-out", "req-in", "error", "resp-out"];
    for ((block, kind), name) in blocks.iter().zip(kinds).zip(names) {
        let lines: Vec<&str> = block.lines().collect();
        assert!(lines[0].starts_with(&format!("** logEvent-{kind}.start ***")), "{block}");
        assert!(lines.last().expect("lines").starts_with(&format!("** logEvent-{kind}.end ***")), "{block}");
        assert_eq!(lines[1], format!("LogMessage={name}"));
        let keys = [
            "ServiceImpl=",
            "Host=",
            "ComponentId=",
            "Endpoint=",
            "MessageId=",
            "BusinessCorrelationId=",
            "ExtraInfo=",
        ];
        for (line, key) in lines[2..].iter().zip(keys) {
            assert!(line.starts_with(key), "{line:?} where {key} is expected");
        }
        assert!(lines.contains(&"-senderIpAdress=127.0.0.1") && lines.contains(&"-senderid=tp"), "{block}");
    }
    assert!(blocks[0].contains("\nBusinessCorrelationId=business-1\n"));
    assert!(blocks[3].contains("\n-time.elapsed=") && blocks[3].contains("\n-time.producer="));
    assert!(blocks[5].contains("\n-errorCode=VP004\n") && blocks[5].contains("\nStacktrace="));
}

#[tokio::test]
async fn a_rotated_log_is_opened_again() {
    let c0 = C0::start().await;
    c0.call(call()).await.is_passed_on(ANSWER);
    let path = c0.world.path("messages.log");
    let lines = || std::fs::read_to_string(&path).unwrap_or_default().lines().count();
    crate::support::until("the first call to be logged", || lines() == 4).await;
    std::fs::rename(&path, c0.world.path("messages.old")).expect("renamed");
    c0.world.platform.reload().await;
    c0.call(call()).await.is_passed_on(ANSWER);
    crate::support::until("the log to be opened again", || lines() == 4).await;
    let old = Logged::read(&c0.world.path("messages.old"));
    assert_eq!(old.events().len(), 4);
}
