//! Calls as the hub would leave them: one that went well, and refusals of several kinds.

use std::time::Duration;

use bytes::Bytes;

use crate::aggregation::service::{self, Service};
use crate::config::aggregation::SourceCalls;
use crate::config::environment::Environment;
use crate::domain::profile::Profile;
use crate::domain::vp_code::VpCode;
use crate::hub::answer::texts::{fault_string, side};
use crate::hub::exchange::*;
use crate::hub::explain::{Candidate, Explanation, Question};
use crate::soap::fault::{Fault, document};

pub(super) const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2";

/// Calls 1 to 5: answered; VP004; VP007 with hostile values and a real person's number; VP015 in Latin-1; a producer's
/// own fault.
pub(super) fn calls() -> Vec<CallRecord> {
    vec![answered(1), refused(2, VpCode::Vp004, 4), hostile(3), unreadable(4), fault_passed_on(5)]
}

/// A call that went through all stages.
pub(super) fn answered(id: u64) -> CallRecord {
    let body = envelope("SE2321000016-1001", "191212121212");
    let answer = message(200, &body.replace("GetCareDocumentation>", "GetCareDocumentationResponse>"));
    CallRecord {
        id,
        started: "2026-11-22T09:58:12.345678901Z".parse().unwrap(),
        listener: Listener::Http,
        correlation_id: format!("b7e1c7c0-0000-4000-8000-00000000000{id}"),
        method: "POST".to_owned(),
        target: "/vp/clinicalprocess/healthcond/description/GetCareDocumentation/2/rivtabp21".to_owned(),
        peer: "127.0.0.1:50312".to_owned(),
        source_ip: "127.0.0.1".to_owned(),
        sender: Some("SE2321000016-A100".to_owned()),
        identified_by: Some(IdentifiedBy::DemoSender),
        original_consumer_in: None,
        original_consumer: Some("SE2321000016-A100".to_owned()),
        acting_on_behalf_of: None,
        receiver: Some("SE2321000016-1001".to_owned()),
        contract: Some(CONTRACT.to_owned()),
        operation: Some("GetCareDocumentation".to_owned()),
        profile_in: Some(Profile::Rivtabp21),
        profile_out: Some("RIVTABP21".into()),
        charset: None,
        route_trace: Some("SE2321000016-1001,(parent),SE2321000016-1000".to_owned()),
        permission_trace: Some("SE2321000016-1001,(default),*".to_owned()),
        producer_address: Some("http://127.0.0.1:8090/journal/GetCareDocumentation".into()),
        attempts: 1,
        producer_time: Some(Duration::from_micros(4_210)),
        total: Duration::from_nanos(4_731_900),
        stages: spans(7),
        events: [(Event::ReqIn, 130), (Event::ReqOut, 190), (Event::RespIn, 4_400), (Event::RespOut, 4_700)]
            .map(|(event, at)| (event, Duration::from_micros(at)))
            .to_vec(),
        request: message(0, &body),
        sent: Some(message(0, &body)),
        received: Some(answer.clone()),
        answer,
        ..CallRecord::default()
    }
}

/// A call whose producer answered with a SOAP fault of its own.
pub(super) fn fault_passed_on(id: u64) -> CallRecord {
    let mut call = answered(id);
    call.producer_fault = Some(Fault {
        code: "soap:Server".to_owned(),
        text: "patient 198501011234 <b>unknown</b>".to_owned(),
        detail: "journal is closed".to_owned(),
    });
    call.answer.status = 500;
    call
}

/// A call refused with `code` in the last of `reached` stages.
pub(super) fn refused(id: u64, code: VpCode, reached: usize) -> CallRecord {
    let mut call = answered(id);
    let text = fault_string(code, "NTjP Develop");
    let detail = format!(
        "No receiverId (logical address) found for serviceNamespace: {CONTRACT}, receiverId: {}",
        call.receiver.as_deref().unwrap()
    );
    call.answer = message(500, &document(side(code), &text, &detail));
    call.refusal = Some(Refusal { code: Some(code), side: side(code), text, detail });
    call.stages = spans(reached);
    call.stages[Stage::Answer as usize] =
        Some(Span { begin: Duration::from_micros(150), end: Duration::from_micros(180) });
    call.total = Duration::from_micros(181);
    call.events = vec![
        (Event::ReqIn, Duration::from_micros(120)),
        (Event::Error, Duration::from_micros(150)),
        (Event::RespOut, Duration::from_micros(180)),
    ];
    (call.sent, call.received, call.producer_time, call.producer_address) = (None, None, None, None);
    (call.profile_out, call.permission_trace, call.attempts) = (None, None, 0);
    call
}

/// Markup wherever a consumer can put some, and an identity number that is not of the test series.
fn hostile(id: u64) -> CallRecord {
    let mut call = refused(id, VpCode::Vp007, 5);
    let evil = "<script>alert(1)</script>\"'&";
    call.sender = Some(evil.to_owned());
    call.receiver = Some("198501011234".to_owned());
    call.operation = Some("<img src=x onerror=alert(1)>".to_owned());
    call.contract = Some(format!("urn:x:{evil}:1"));
    call.correlation_id = format!("corr-{evil}");
    call.route_trace = Some(format!("{evil},(default),*"));
    call.permission_trace = Some("198501011234,(default),*".to_owned());
    call.target = "/vp/x?patient=198501011234".to_owned();
    call.request = message(0, &envelope("198501011234", "19850101-1234"));
    call.request.headers_json = format!("{{\"x-evil\":{},\"x-p\":\"198501011234\"}}", serde_json::json!(evil));
    if let Some(refusal) = &mut call.refusal {
        refusal.detail = format!("Authorization missing for receiverId: 198501011234, senderId: {evil}");
    }
    call
}

/// Not XML, and not UTF-8.
fn unreadable(id: u64) -> CallRecord {
    let mut call = refused(id, VpCode::Vp015, 3);
    call.sender = Some("SE2321000016-A200".to_owned());
    (call.receiver, call.contract, call.operation, call.profile_in, call.route_trace) = (None, None, None, None, None);
    call.request.body = Bytes::from_static(b"<Soap \xe5 198501011234");
    call.request.body_bytes = call.request.body.len();
    call
}

fn spans(count: usize) -> [Option<Span>; Stage::ALL.len()] {
    let ends: [u64; 8] = [0, 21_000, 35_500, 120_000, 120_310, 120_900, 4_400_000, 4_700_000];
    std::array::from_fn(|at| {
        (at < count).then(|| Span { begin: Duration::from_nanos(ends[at]), end: Duration::from_nanos(ends[at + 1]) })
    })
}

fn message(status: u16, body: &str) -> Message {
    Message {
        status,
        headers_json:
            r#"{"content-type":"text/xml; charset=UTF-8","soapaction":"\"urn:riv:x\"","x-forwarded-for":"127.0.0.1"}"#
                .to_owned(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        body_bytes: body.len(),
    }
}

fn envelope(address: &str, patient: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:urn=\"urn:riv:itintegration:registry:1\" xmlns:urn1=\"{CONTRACT}\"><soapenv:Header>\
         <urn:LogicalAddress>{address}</urn:LogicalAddress></soapenv:Header><soapenv:Body>\
         <urn1:GetCareDocumentation><urn1:patientId><urn1:id>{patient}</urn1:id>\
         <urn1:type>1.2.752.129.2.1.3.1</urn1:type></urn1:patientId></urn1:GetCareDocumentation>\
         </soapenv:Body></soapenv:Envelope>"
    )
}

/// Says VP004 for an address that begins with `No`, and else finds a route.
pub(super) fn explanation(question: &Question) -> Explanation {
    let missing = question.address.starts_with("No");
    let candidate = |taken: bool| Candidate {
        step: "climbed to SE2321000016-1000".to_owned(),
        address: question.address.clone(),
        contract: question.contract.clone(),
        consumer: None,
        profile: Some("RIVTABP21".to_owned()),
        url: Some("http://127.0.0.1:8090/journal/GetCareDocumentation".to_owned()),
        from: "2020-01-01".to_owned(),
        to: if taken { "2036-12-31".to_owned() } else { "2024-12-31".to_owned() },
        origin: "tak/journal.toml:14".to_owned(),
        taken,
        why: if taken { "the only route valid at this time" } else { "expired 2024-12-31" }.to_owned(),
    };
    Explanation {
        contract: question.contract.clone(),
        address: question.address.clone(),
        sender: question.sender.clone(),
        at: question.at,
        outcome: if missing { "VP004" } else { "ok" }.to_owned(),
        code: missing.then_some(VpCode::Vp004),
        fault_string: missing.then(|| fault_string(VpCode::Vp004, "NTjP Develop")),
        detail: missing.then(|| format!("receiverId: {}", question.address)),
        route_trace: format!("{},(parent),SE2321000016-1000", question.address),
        permission_trace: if missing { String::new() } else { format!("{},(default),*", question.address) },
        routes: vec![candidate(false), candidate(!missing)],
        permissions: Vec::new(),
        producer_address: (!missing).then(|| "http://127.0.0.1:8090/journal".to_owned()),
        producer_profile: (!missing).then(|| "RIVTABP21".to_owned()),
        converts: question.profile.map(|profile| profile == Profile::Rivtabp20),
        hints: vec![format!("{} is close to an address of the catalogue", question.address)],
    }
}

/// The services that ship.
pub(super) fn aggregating(contract: &str) -> Vec<Service> {
    let second = Duration::from_secs(1);
    let sources = SourceCalls { url: None, connect_timeout: second, receive_timeout: second, total_timeout: second };
    let (services, _) = service::load(&Environment::Demo, &std::collections::BTreeMap::new(), &sources);
    services.into_iter().filter(|service| service.contract == contract).collect()
}
