//! From records to an HTTP answer, and how mutants spoil it on the way.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::edit::escaped;
use super::producer::{Producer, Question, Reply, http_answer};
use super::spoil;
use super::table::Wrong;
use crate::soap::fault::SOAP_11;

/// The content type of a right answer.
const XML: &str = "text/xml; charset=utf-8";
/// The number that a refusal can be asked about by.
const LOG_ID: &str = "7f0c1d52-93ab-4c11-8a7e-51b7e9a3d6f4";

/// The answer.
pub(super) fn response_of(status: StatusCode, body: String) -> Response<Bytes> {
    http_answer(status, XML, body.into_bytes())
}

/// The answer to a question.
pub(super) fn response(producer: &Producer, question: &Question, reply: Reply, number: u64) -> Response<Bytes> {
    let is = |wrong| producer.is(wrong);
    let entries = match reply {
        Reply::Refused(why) => return refused(producer, question, &why),
        Reply::Records(entries) => entries,
    };
    if entries.is_empty() && is(Wrong::EmptyNotFound) && asks_for_empty(producer, question) {
        return http_answer(StatusCode::NOT_FOUND, "text/plain", b"not found".to_vec());
    }
    let count = entries.len();
    let records = spoil::records(producer, question, &entries, number);
    let (head, tail) = &producer.data.frame;
    let mut text = format!("{head}{records}{tail}");
    let contract = &producer.data.shape.contract;
    match producer.wrong {
        Wrong::Soap12 => text = text.replace(SOAP_11, crate::qa::assert::soap::SOAP_1_2),
        Wrong::OtherVersion => {
            if let Some((before, major)) = contract.namespace.rsplit_once(':') {
                let other = major.parse::<u32>().map_or(9, |major| major + 1);
                text = text.replace(&contract.namespace, &format!("{before}:{other}"));
            }
        }
        Wrong::TwoBodies => text = text.replacen("</soapenv:Body>", "<extra/></soapenv:Body>", 1),
        Wrong::CutMidElement if count > 100 => {
            let cut = text.len() * 2 / 3;
            let cut = (cut..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(cut);
            text.truncate(cut);
        }
        Wrong::Question => text = text.replace(['å', 'ä', 'ö', 'é', 'Å', 'Ä', 'Ö'], "?"),
        Wrong::DoubleEscape => text = text.replace("&amp;", "&amp;amp;"),
        Wrong::NoLogId => {
            text = super::edit::remove(text.trim_start_matches(|c| c != '\n').trim_start(), |node| {
                super::edit::name(node) == "logid"
            })
            .unwrap_or(text);
        }
        _ => {}
    }
    match producer.wrong {
        Wrong::Latin1 => {
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'-')).collect();
            http_answer(StatusCode::OK, XML, bytes)
        }
        Wrong::Utf16Unsaid => {
            let text = text.replace("encoding=\"UTF-8\"", "encoding=\"UTF-16\"");
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            http_answer(StatusCode::OK, "text/xml", units.flat_map(u16::to_be_bytes).collect())
        }
        Wrong::ApplicationXml => http_answer(StatusCode::OK, "application/xml; charset=utf-8", text.into_bytes()),
        _ => response_of(StatusCode::OK, text),
    }
}

fn asks_for_empty(producer: &Producer, question: &Question) -> bool {
    question.asked.patient.as_ref() == producer.data.parameters.get("patient.empty.id")
}

/// A refusal: in the contract's own words where it has some, else a fault.
fn refused(producer: &Producer, question: &Question, why: &str) -> Response<Bytes> {
    let data = &producer.data;
    let patient =
        question.asked.patient.clone().or_else(|| data.parameters.get("patientId").cloned()).unwrap_or_default();
    let name = data.parameters.get("patient.rich.name").cloned().unwrap_or_default();
    let (mut text, mut detail) = (why.to_owned(), format!("<logId>{LOG_ID}</logId>"));
    match producer.wrong {
        Wrong::Html => {
            let page = "<html><head><title>Fel<body><h1>Internt fel</h1>".to_owned();
            return http_answer(StatusCode::BAD_GATEWAY, "text/html; charset=utf-8", page.into_bytes());
        }
        Wrong::OkWithError => {
            let (head, tail) = &data.frame;
            let text = format!("{head}{tail}");
            let spoilt = super::edit::set(
                text.split_once('\n').map_or(&*text, |(_, rest)| rest),
                |node| ["resulttext", "message", "text", "errortext"].contains(&super::edit::name(node).as_str()),
                "fel: frågan misslyckades",
            );
            return response_of(StatusCode::OK, spoilt.unwrap_or(text));
        }
        Wrong::FaultPatient => text = format!("{why}: {patient}"),
        Wrong::FaultName => detail = format!("<info>{}</info>{detail}", escaped(&name)),
        Wrong::StackTrace => {
            detail = format!(
                "<info>java.lang.NullPointerException\n\tat se.exempel.Tjanst.hamta(Tjanst.java:42)</info>{detail}"
            );
        }
        Wrong::NoLogId => detail = "<info/>".to_owned(),
        _ => {}
    }
    let spoils_faults = [Wrong::Fault200, Wrong::FaultPatient, Wrong::FaultName, Wrong::StackTrace, Wrong::NoLogId];
    if let Some(refusal) = data.refusal.as_ref().filter(|_| !spoils_faults.contains(&producer.wrong)) {
        return response_of(StatusCode::OK, refusal.clone());
    }
    let envelope = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"{SOAP_11}\"><soapenv:Body><soapenv:Fault>\
         <faultcode>soapenv:Server</faultcode><faultstring>{}</faultstring><detail>{detail}</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>",
        escaped(&text)
    );
    let status = if producer.is(Wrong::Fault200) { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    response_of(status, envelope)
}
