//! A producer that does everything right, or everything but one thing.
//!
//! Read [`Producer::judge_request`] for what it turns away, [`Producer::select`] for what it answers with, `spoil` for how
//! a mutant spoils what it answers with, `wire` for how it spoils the message, and `timing` for how it keeps one waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use roxmltree::{Document, Node};

use super::dataset::{Dataset, Entry, utc, written};
use super::table::Wrong;
use super::{spoil, timing, wire};
use crate::contracts::contract::Direction;
use crate::contracts::validate::{Options, Target, validate};
use crate::domain::clock::Clock;
use crate::qa::assert::soap;
use crate::qa::records::{leaf, named};
use crate::qa::rules::Asked;
use crate::qa::run::exchange::{charset, decode};
use crate::qa::tree;
use crate::soap::fault::SOAP_11;
use crate::soap::responder::{Answer, Responder, TransportFault};

/// Largest request that is read.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The producer.
pub struct Producer {
    pub(super) data: Arc<Dataset>,
    pub(super) wrong: Wrong,
    /// By how much its delays are shortened.
    pub(super) scale: f64,
    pub(super) calls: AtomicU64,
    pub(super) in_flight: AtomicUsize,
    /// Whether there were ever more calls at once than it can bear.
    pub(super) was_crowded: AtomicU64,
    pub(super) began: Instant,
    /// The patient of the last call that came, for a producer that mixes calls up.
    pub(super) last_asked: std::sync::Mutex<Option<String>>,
}

/// What a request asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
    pub(super) contacts: Vec<String>,
    /// `x-rivta-original-serviceconsumer-hsaid`
    pub(super) original: Option<String>,
}

/// What is answered before anything is spoilt.
pub(super) enum Reply {
    Records(Vec<Entry>),
    /// Turned away, for this reason.
    Refused(String),
}

impl Producer {
    /// A producer of these records that does one thing wrong.
    pub fn new(data: Arc<Dataset>, wrong: Wrong, scale: f64) -> Self {
        Self {
            data,
            wrong,
            scale,
            calls: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            was_crowded: AtomicU64::new(0),
            began: Clock::instant(),
            last_asked: std::sync::Mutex::default(),
        }
    }

    /// Whether the contract gives the mutant an opportunity.
    pub fn is_applicable(data: &Dataset, wrong: Wrong) -> bool {
        spoil::is_applicable(data, wrong)
    }

    pub(super) fn is(&self, wrong: Wrong) -> bool {
        self.wrong == wrong
    }

    async fn reply(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportFault> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let (head, body) = request.into_parts();
        let content_type = head.headers.get(http::header::CONTENT_TYPE);
        let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let text = decode(&body, content_type.as_deref().and_then(charset).as_deref());
        let original = head.headers.get("x-rivta-original-serviceconsumer-hsaid");
        let original = original.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let is_wide = content_type.as_deref().is_some_and(|kind| kind.to_ascii_uppercase().contains("UTF-16"));
        let judged = if body.len() > BODY_BYTES_MAX {
            Err("frågan är för stor".to_owned())
        } else if head.method == http::Method::POST {
            self.judge_request(&text, content_type.as_deref().unwrap_or(""))
        } else {
            Err("bara POST besvaras".to_owned())
        };
        let mut question = judged.clone().unwrap_or_default();
        question.original = original;
        timing::wait(self, number, &question).await?;
        let reply = match judged {
            Ok(_) if is_wide && self.is(Wrong::NoUtf16) => Reply::Refused("teckenkodningen känns inte igen".to_owned()),
            Ok(_) => {
                let asked = self.mixed(&question);
                self.select(&asked)
            }
            Err(_) if self.is(Wrong::InvalidAnswered) => {
                let patient = self.data.parameters.get("patientId").cloned();
                let asked = Asked { patient, ..Asked::default() };
                Reply::Records(
                    self.data
                        .entries
                        .iter()
                        .filter(|entry| Some(&entry.patient.0) == asked.patient.as_ref())
                        .cloned()
                        .collect(),
                )
            }
            Err(why) => Reply::Refused(why),
        };
        Ok(wire::response(self, &question, reply, number))
    }

    /// What is asked, or why it is turned away.
    fn judge_request(&self, text: &str, content_type: &str) -> Result<Question, String> {
        let mut resolved = None;
        if text.contains("<!DOCTYPE") {
            if !self.is(Wrong::DocumentType) {
                return Err("dokumenttyper tas inte emot".to_owned());
            }
            resolved = Some(without_document_type(text));
        }
        let text = resolved.as_deref().unwrap_or(text);
        if !content_type.trim_start().to_ascii_lowercase().starts_with("text/xml") {
            return Err("meddelandet är inte SOAP 1.1".to_owned());
        }
        let document = tree::parse(text).map_err(|_| "meddelandet är inte XML".to_owned())?;
        let body = body_1_1(&document)?;
        let elements: Vec<_> = body.children().filter(Node::is_element).collect();
        let [element] = elements.as_slice() else { return Err("Body ska ha ett element".to_owned()) };
        let wanted = &self.data.shape.contract.request;
        if element.tag_name().name() != wanted.local || element.tag_name().namespace() != Some(&wanted.namespace) {
            return Err("tjänsten känner inte igen frågan".to_owned());
        }
        if self.is(Wrong::PrefixesRefused) && !text.contains("<soapenv:Envelope") {
            return Err("meddelandet går inte att tolka".to_owned());
        }
        let asked = Asked::of(text);
        let has_address =
            self.data.shape.contract.headers.iter().any(|(_, element)| &*element.local == "LogicalAddress");
        let own = self.data.parameters.get("logicalAddress");
        if has_address && asked.logical_address.as_ref() != own {
            return Err("den logiska adressen finns inte här".to_owned());
        }
        let target = Target::Contract(Arc::clone(&self.data.shape.contract), Some(Direction::Request));
        if !validate(target, Options::default(), text.as_bytes()).valid {
            return Err("frågan följer inte tjänstekontraktet".to_owned());
        }
        let of =
            |name: &str| element.descendants().filter(|node| named(*node, name)).filter_map(leaf).collect::<Vec<_>>();
        let period = self.data.shape.period.as_ref();
        let end_of = |name: Option<&String>| name.and_then(|name| of(name).into_iter().next());
        let question = Question {
            start: end_of(period.map(|period| &period.start)),
            end: end_of(period.map(|period| &period.end)),
            contacts: self.data.shape.contact.as_ref().map(|name| of(name)).unwrap_or_default(),
            asked,
            original: None,
        };
        self.judge_rules(&question)?;
        Ok(question)
    }

    /// What the contract's own rules do not allow.
    fn judge_rules(&self, question: &Question) -> Result<(), String> {
        let has_source = self.data.shape.source.is_some();
        let source = question.asked.source_system.as_ref();
        if !question.contacts.is_empty() && has_source && source.is_none() && !self.is(Wrong::ContactAlone) {
            return Err("vårdkontakt kräver källsystem".to_owned());
        }
        let called = question.asked.logical_address.as_ref().or(self.data.parameters.get("logicalAddress"));
        let accepts_any = self.is(Wrong::SourceMismatch) || self.is(Wrong::SourceIgnored);
        if source.is_some() && source != called && !accepts_any {
            return Err("källsystemet är inte det anropade".to_owned());
        }
        let days: Vec<&String> = question.start.iter().chain(&question.end).collect();
        if days.iter().any(|day| day.len() < 8 || !day.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err("datumet går inte att tolka".to_owned());
        }
        Ok(())
    }

    /// The question of another call that is there at the same time, for a producer that mixes them up.
    fn mixed(&self, question: &Question) -> Question {
        let mut question = question.clone();
        if self.is(Wrong::Mixed)
            && let Some(other) = self.last_asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
        {
            question.asked.patient = Some(other);
            question.asked.patient_type = None;
        }
        question
    }

    /// The records that are asked for.
    fn select(&self, question: &Question) -> Reply {
        let data = &*self.data;
        let parameter = |name: &str| data.parameters.get(name).map(String::as_str);
        let asked = &question.asked;
        let is_patient = |name: &str| asked.patient.as_deref() == parameter(&format!("patient.{name}.id"));
        if is_patient("unknown") && self.is(Wrong::UnknownFault) {
            return Reply::Refused("patienten finns inte".to_owned());
        }
        let any_patient = is_patient("unknown") && self.is(Wrong::UnknownAll);
        let mut limited = false;
        match question.original.as_deref() {
            None if parameter("consumer.absent") == Some("refused") && !self.is(Wrong::AbsentAll) => {
                return Reply::Refused("ursprunglig konsument saknas".to_owned());
            }
            original if original.is_some() && original == parameter("consumer.limited") => {
                if self.is(Wrong::LimitedFault) {
                    return Reply::Refused("konsumenten har inte åtkomst".to_owned());
                }
                limited = !self.is(Wrong::OriginalIgnored);
            }
            _ => {}
        }
        let forbidden = parameter("consumer.forbiddenUnits").unwrap_or("");
        let found = data.entries.iter().filter(|entry| {
            let is_own = asked.patient.as_ref().is_none_or(|patient| *patient == entry.patient.0)
                && asked.patient_type.as_ref().is_none_or(|kind| *kind == entry.patient.1);
            (is_own || (any_patient && entry.patient.0 == parameter("patientId").unwrap_or("")))
                && !(limited && entry.unit == forbidden)
                && self.fits(question, entry)
        });
        let mut found: Vec<Entry> = found.cloned().collect();
        if self.is(Wrong::CutAt100) {
            found.truncate(100);
        }
        Reply::Records(found)
    }

    /// Whether a record is among those that the selections leave.
    fn fits(&self, question: &Question, entry: &Entry) -> bool {
        let is = |wrong| self.is(wrong);
        let mut units = question.asked.units.as_slice();
        if is(Wrong::FirstUnitOnly) {
            units = units.get(..1).unwrap_or(units);
        }
        let is_unit =
            |unit: &String| *unit == entry.unit || (is(Wrong::UnitAnyCase) && unit.eq_ignore_ascii_case(&entry.unit));
        let by_unit = units.is_empty() || is(Wrong::UnitIgnored) || units.iter().any(is_unit);
        let by_contact =
            question.contacts.is_empty() || is(Wrong::ContactIgnored) || question.contacts.contains(&entry.contact);
        let source = question.asked.source_system.as_ref();
        let by_source = source.is_none_or(|source| *source == entry.source)
            || is(Wrong::SourceIgnored)
            || is(Wrong::SourceMismatch);
        let by_time = is(Wrong::PeriodIgnored) || self.is_within(question, entry);
        if is(Wrong::AnyOf) {
            let asked = [
                (!units.is_empty(), by_unit),
                (!question.contacts.is_empty(), by_contact),
                (question.start.is_some() || question.end.is_some(), by_time),
            ];
            let mut asked = asked.into_iter().filter(|(asked, _)| *asked).peekable();
            return by_source && (asked.peek().is_none() || asked.any(|(_, fits)| fits));
        }
        by_unit && by_contact && by_source && by_time
    }

    fn is_within(&self, question: &Question, entry: &Entry) -> bool {
        let at = match self.wrong {
            Wrong::WrongTime => entry.registered,
            Wrong::AsUtc => utc(entry.at),
            _ => entry.at,
        };
        let day = &written(at)[..8];
        let end = question.end.as_ref().or(question.start.as_ref().filter(|_| self.is(Wrong::EndSameDay)));
        let (start, end) = (question.start.as_deref().map(|day| &day[..8]), end.map(|day| &day[..8]));
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            return self.is(Wrong::ReversedAll);
        }
        let after = start.is_none_or(|start| if self.is(Wrong::StartExclusive) { day > start } else { day >= start });
        let before = end.is_none_or(|end| if self.is(Wrong::EndExclusive) { day < end } else { day <= end });
        after && before
    }
}

impl Responder for Producer {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(self.reply(request))
    }
}

fn body_1_1<'a>(document: &'a Document<'_>) -> Result<Node<'a, 'a>, String> {
    let root = document.root_element();
    if !root.has_tag_name((SOAP_11, "Envelope")) {
        return Err("meddelandet är inte SOAP 1.1".to_owned());
    }
    soap::body(document).ok_or_else(|| "Body saknas".to_owned())
}

/// The text with its one entity put in, as a parser does that nobody has told not to.
fn without_document_type(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<!DOCTYPE") else { return text.to_owned() };
    let Some((kind, after)) = rest.split_once("]>") else { return text.to_owned() };
    let value = kind.split('"').nth(1).unwrap_or("");
    format!("{before}{}", after.replace("&e;", value))
}

/// The HTTP answer with a body.
pub(super) fn http_answer(status: StatusCode, content_type: &str, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert(http::header::CONTENT_TYPE, value);
    }
    response
}
