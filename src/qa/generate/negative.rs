//! Requests that must be turned away: TF 1.7, GEN-N, GEN-C.

use super::families::{basic, by_rule, none, records};
use super::request::Asking;
use super::shape::Shape;
use super::{Building, Made};
use crate::qa::native::written::StepFile;
use crate::qa::native::written::expectation::Expectation;
use crate::qa::records::named;
use crate::qa::tree;

/// A body that no producer needs to take.
const HUGE_BYTES: usize = 50 << 20;

/// Rules that hold for a refusal whatever way it takes.
const OF_REFUSALS: [&str; 2] = ["RT-05", "RT-06"];

fn refused() -> Expectation {
    Expectation { refused: Some(true), ..Expectation::default() }
}

/// TF 1.7: what the contract or its rules do not allow.
pub(super) fn refusals(shape: &Shape, cases: &mut Vec<Made>) {
    let mut add = |id: &str, sv: &str, en: &str, needs: &[&str], request: Option<String>| {
        let Some(request) = request else { return };
        let case = Building::new(&format!("TF-1.7-{id}"), "TF 1.7", sv, en).needing(&["patientId"]).needing(needs);
        cases.push(case.step(request, vec![refused()]).done());
    };
    if shape.source.is_some() {
        let request = shape.request(&Asking { contact: Some("${careContactId}"), ..Asking::default() });
        add(
            "contact-alone",
            "Vårdkontakt utan källsystem",
            "Care contact without source system",
            &["careContactId"],
            request,
        );
        let request = shape.request(&Asking { source: Some("SE2321000016-ANNAT"), ..Asking::default() });
        add(
            "other-source",
            "Källsystem som inte är det anropade",
            "Source system that is not the one called",
            &[],
            request,
        );
    }
    let whole = basic(shape);
    add(
        "mandatory",
        "Obligatoriskt element saknas",
        "Mandatory element missing",
        &[],
        whole.as_ref().and_then(|whole| without_patient(shape, whole)),
    );
    if let Some(period) = &shape.period {
        let moment = if period.has_time { "2013-13-45T99:00" } else { "2013-13-45" };
        let request = shape.request(&Asking { start: Some(moment), end: Some(moment), ..Asking::default() });
        add(
            "date",
            "Felaktigt datum",
            "Malformed date",
            &[],
            request.map(|request| request.replace("T99:00000000", "T99:00")),
        );
    }
    let broken = whole.map(|whole| whole[..whole.rfind("</").unwrap_or(whole.len())].to_owned());
    add("broken", "Trasig XML", "Broken XML", &[], broken);
}

fn without_patient(shape: &Shape, request: &str) -> Option<String> {
    let name = shape.patient.as_ref()?;
    let document = tree::parse(request).ok()?;
    let range = document.descendants().find(|node| named(*node, name))?.range();
    Some(format!("{}{}", &request[..range.start], &request[range.end..]))
}

/// GEN-N and GEN-C: what is no call of the contract at all.
pub(super) fn broken(shape: &Shape, cases: &mut Vec<Made>) {
    let Some(whole) = basic(shape) else { return };
    let mut add = |id: &str, sv: &str, en: &str, request: String, change: &dyn Fn(&mut StepFile)| {
        let case = Building::new(&format!("GEN-N-{id}"), "GEN-N", sv, en).needing(&["patientId"]).rules(&OF_REFUSALS);
        let case = case.step_with(request, vec![refused()], change);
        cases.push(case.done());
    };
    let address = |with: &str| whole.replace("${logicalAddress}", with);
    let as_is = |_: &mut StepFile| {};
    if whole.contains("${logicalAddress}") {
        add("no-address", "Utan LogicalAddress", "No LogicalAddress", header_without(&whole), &as_is);
        add("empty-address", "Tom LogicalAddress", "Empty LogicalAddress", address(""), &as_is);
        add(
            "unknown-address",
            "Okänd LogicalAddress",
            "Unknown LogicalAddress",
            address("SE2321000016-FINNSINTE"),
            &as_is,
        );
    }
    let soap_12 = whole.replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope");
    add("soap-1.2", "SOAP 1.2", "SOAP 1.2", soap_12, &|step| {
        step.headers.insert("Content-Type".to_owned(), "application/soap+xml; charset=UTF-8".to_owned());
    });
    let operation = &shape.contract.request.local;
    let other = whole
        .replace(&format!(":{operation} "), ":GetSomethingElse ")
        .replace(&format!(":{operation}>"), ":GetSomethingElse>");
    add("wrong-element", "Fel element i Body", "Wrong element in the Body", other, &as_is);
    if let Some(body) = body_of(&whole) {
        let twice = whole.replacen(&whole[body.clone()], &whole[body.clone()].repeat(2), 1);
        add("two-elements", "Två element i Body", "Two elements in the Body", twice, &as_is);
    }
    add("get", "GET", "GET", whole.clone(), &|step| step.method = Some("GET".to_owned()));
    add("huge", "50 MiB", "50 MiB", whole.clone(), &|step| step.pad_bytes = Some(HUGE_BYTES));
    let entity = format!("<!DOCTYPE a [<!ENTITY e \"${{patientId}}\">]>\n{}", whole.replace("${patientId}", "&e;"));
    let document_type = Building::new("GEN-N-entity", "GEN-N", "Entitetsdeklaration", "Entity declaration");
    let case = document_type.needing(&["patientId"]).rules(&OF_REFUSALS);
    cases.push(case.step(entity, vec![by_rule("RT-17", refused())]).done());
    let bare = Building::new("GEN-N-certificate", "GEN-N", "Utan klientcertifikat", "No client certificate");
    let case = bare.needing(&["patientId"]).rules(&OF_REFUSALS);
    let case = case.step_with(whole.clone(), vec![by_rule("RT-20", refused())], |step| step.without_certificate = true);
    cases.push(case.done());
    let charset =
        Building::new("GEN-C", "GEN-C", "Teckenkodning i fel", "Character set of refusals").needing(&["patientId"]);
    let case = charset.rules(&["RT-01", "RT-02", "RT-05", "RT-06"]);
    let cut = whole[..whole.rfind("</").unwrap_or(whole.len())].to_owned();
    let case = case.step(cut.clone(), vec![records(none(true))]);
    cases.push(case.step_with(cut, vec![records(none(true))], |step| step.encoding = Some("UTF-16".to_owned())).done());
}

fn header_without(request: &str) -> String {
    let Ok(document) = tree::parse(request) else { return request.to_owned() };
    let Some(header) = document.root_element().children().find(|node| named(*node, "Header")) else {
        return request.to_owned();
    };
    let range = header.range();
    format!("{}{}", &request[..range.start], &request[range.end..])
}

/// Where the one element of the body stands.
fn body_of(request: &str) -> Option<std::ops::Range<usize>> {
    let document = tree::parse(request).ok()?;
    let body = document.root_element().children().find(|node| named(*node, "Body"))?;
    body.first_element_child().map(|element| element.range())
}
