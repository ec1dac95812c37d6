//! One request, from its envelope to what it gets (`producers.md` §1.1, steps 2 to 9). Nothing here waits.

mod check;
mod choose;
mod stub;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use uuid::Uuid;

use super::asked::{Asked, CORRELATION_ID, Client, ORIGINAL_CONSUMER, major_of};
use super::behaviour::act::Act;
use super::behaviour::delay::Numbers;
use super::behaviour::perform::{Performing, perform};
use super::chaos::{Call, Fired};
use super::journal::{Answered, Entry, RivFacts, Row};
use super::miss;
use super::mounted::Wiring;
use super::reply::{Decision, Reply, plain};
use super::secure::fault::TlsFault;
use super::source::Wanted;
use super::space::{Mounted, WORKSPACE};
use super::spec::response::XML_TYPE;
use super::spec::rule::Rule;
use super::system::{Loaded, System};
use crate::contracts::contract::Direction;
use crate::domain::clock::Clock;
use crate::domain::identifiers::operation_of;
use crate::soap::charset;

/// HTTP header of an answer to what nothing answered: the id of the row that explains it.
const EXPLAIN: HeaderName = HeaderName::from_static("x-anslut-explain");

/// All that a call is decided with.
pub(super) struct Deciding<'d, 'a> {
    pub(super) system: &'d System,
    pub(super) files: &'d Loaded,
    pub(super) wiring: &'d Wiring,
    /// What the call's own workspace remembers.
    pub(super) own: &'d Mounted,
    /// What the default one holds: the same, or below it.
    pub(super) below: Option<&'d Mounted>,
    pub(super) asked: &'d Asked<'a>,
    pub(super) numbers: Numbers,
    pub(super) answered: Answered,
    pub(super) delay: Duration,
    pub(super) explanation: Option<String>,
    pub(super) request_errors: Option<Vec<String>>,
    response_errors: Option<Vec<String>>,
}

impl System {
    /// Decides what a request gets. Everything but the wait happens here, and nothing here waits but for the disk, where a
    /// large file is read whole: `System::decided` sees to that.
    pub fn decide(&self, request: Request<Bytes>) -> Decision {
        let began = Clock::instant();
        let (files, wiring) = (self.files(), self.shared.wiring.load_full());
        if request.body().len() > files.producer.limits.body_bytes_max {
            return self.turned_away(request, self.too_large());
        }
        let spaces = self.shared.spaces.load();
        let space = match spaces.open(&workspace_of(&request)) {
            Ok(space) => space,
            Err(error) => {
                let text = format!("anslut: {error}\n");
                return self.turned_away(request, plain(StatusCode::SERVICE_UNAVAILABLE, text));
            }
        };
        let own = space.system(self.name());
        let below = (!space.key().is_empty()).then(|| spaces.shared().system(self.name()));
        let at = wiring.clock.now();
        let request = Arc::new(in_utf8(request));
        let asked = Asked::read(self.name(), &request, at);
        let mut deciding = Deciding {
            system: self,
            files: &files,
            wiring: &wiring,
            own: &own,
            below: below.as_deref(),
            asked: &asked,
            numbers: Numbers::of(self.name(), own.count_call()),
            answered: Answered::default(),
            delay: Duration::ZERO,
            explanation: None,
            request_errors: None,
            response_errors: None,
        };
        let mut reply = deciding.reply();
        own.count_parsed(asked.parsed());
        let was_matched = deciding.explanation.is_none();
        let id = Uuid::new_v4().to_string();
        if let (Reply::Answer(answer), false) = (&mut reply, was_matched) {
            let id = HeaderValue::from_str(&id).expect("a UUID is hexadecimal digits and hyphens");
            answer.headers_mut().insert(EXPLAIN, id);
        }
        let row = Row {
            id,
            at,
            client: asked.client(),
            riv: facts(&asked),
            request_validation: deciding.request_errors.take(),
            response_validation: deciding.response_errors.take(),
            answered: std::mem::take(&mut deciding.answered),
            added_delay: deciding.delay,
            process_time: began.elapsed(),
            was_matched,
            explanation: deciding.explanation.take(),
            ..Row::of(self.shared_name(), Arc::clone(space.key()), Arc::clone(&request))
        };
        let delay = deciding.delay;
        Decision { delay, reply, entry: Some(Entry::new(Arc::clone(&space.journal), row)) }
    }

    /// A call that is turned away before anything is decided: it has a row too, in the default workspace where its own
    /// cannot be had.
    pub(super) fn turned_away(&self, request: Request<Bytes>, reply: Reply) -> Decision {
        let spaces = self.shared.spaces.load();
        let space = spaces.open(&workspace_of(&request)).unwrap_or_else(|_| spaces.shared());
        let text = match &reply {
            Reply::Answer(answer) => String::from_utf8_lossy(answer.body()).trim_end().to_owned(),
            _ => String::new(),
        };
        let row = Row {
            at: self.shared.wiring.load().clock.now(),
            client: request.extensions().get::<Client>().map(|client| client.0),
            explanation: Some(text),
            ..Row::of(self.shared_name(), Arc::clone(space.key()), Arc::new(request))
        };
        Decision { delay: Duration::ZERO, reply, entry: Some(Entry::new(Arc::clone(&space.journal), row)) }
    }
}

/// A message in another character set as the hub reads it (`vp.md` §2.2); what is no XML stays as it came.
fn in_utf8(request: Request<Bytes>) -> Request<Bytes> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.contains("xml") {
        return request;
    }
    let declared = charset::in_content_type(content_type);
    let decoded = charset::foreign(declared, request.body()).and_then(|charset| charset.decode(request.body()));
    let Some(text) = decoded else { return request };
    let (mut parts, _) = request.into_parts();
    parts.headers.insert(CONTENT_TYPE, XML_TYPE);
    Request::from_parts(parts, Bytes::from(text))
}

/// The workspace a request names: in its header, or in its query.
fn workspace_of(request: &Request<Bytes>) -> String {
    if let Some(named) = request.headers().get(WORKSPACE) {
        return String::from_utf8_lossy(named.as_bytes()).into_owned();
    }
    let query = request.uri().query().unwrap_or_default();
    query.split('&').find_map(|pair| pair.strip_prefix("workspace=")).unwrap_or_default().to_owned()
}

fn facts(asked: &Asked<'_>) -> RivFacts {
    let header = |name| asked.header(name).map(|value| value.into_owned());
    RivFacts {
        contract: asked.contract().map(str::to_owned),
        logical_address: asked.logical_address().map(str::to_owned),
        profile: asked.profile().map(Cow::Borrowed),
        sender: asked.sender().map(|value| value.into_owned()),
        original_consumer: header(ORIGINAL_CONSUMER),
        correlation_id: header(CORRELATION_ID),
        patient: asked.patient().map(str::to_owned),
    }
}

/// `GetDiagnosis:2`.
pub(super) fn short_name(namespace: &str) -> String {
    match major_of(namespace) {
        Some(major) => format!("{}:{major}", operation_of(namespace)),
        None => operation_of(namespace).to_owned(),
    }
}

impl Deciding<'_, '_> {
    fn reply(&mut self) -> Reply {
        let producer = &self.files.producer;
        self.delay = producer.delay.draw(&mut self.numbers) + self.system.shared.delay.load().draw(&mut self.numbers);
        let (mut act, fired) = self.chosen();
        self.answered.chaos = fired;
        if let Some(refusal) = self.refused() {
            // What goes wrong on the way goes wrong with a refusal as well.
            return self.performed(act, refusal);
        }
        let rule = if act.is_none() { self.rule() } else { None };
        if let Some((place, rule)) = &rule {
            self.answered.rule = Some(*place);
            act.clone_from(&rule.act);
        }
        let base = match rule.and_then(|(_, rule)| rule.answer.clone()) {
            Some(answer) => self.named_answer(&answer),
            None => self.answer(&mut act),
        };
        let reply = self.performed(act, base);
        self.check_response(reply)
    }

    /// What is for another system, and what does not follow its contract where that is refused.
    fn refused(&mut self) -> Option<Reply> {
        if let Some((text, detail)) = miss::not_ours(self.system.name(), &self.files.producer, self.asked) {
            self.explanation = Some(text.clone());
            return Some(self.refusal(&text, &detail));
        }
        self.check_request()
    }

    fn performed(&mut self, act: Option<Act>, base: Reply) -> Reply {
        match act {
            Some(act) if act.id != "normal" || !act.delay.is_zero() => self.perform(&act, base),
            _ => base,
        }
    }

    /// A behaviour from the request header, else from the chaos plan.
    fn chosen(&self) -> (Option<Act>, Option<Fired>) {
        if let Some(name) = &self.wiring.settings.behaviour_header
            && let Some(text) = self.asked.header(name)
            && let Ok(act) = Act::parse(&text)
        {
            return (Some(act), None);
        }
        let Some(running) = self.system.shared.chaos.load_full() else { return (None, None) };
        let contract = self.asked.contract().map(short_name).unwrap_or_default();
        let number = self.own.count_chaos(&contract);
        let running_number = number.to_string();
        let correlation_id = self.asked.header(CORRELATION_ID);
        let call = Call {
            system: self.system.name(),
            contract: &contract,
            key: correlation_id.as_deref().unwrap_or(&running_number),
            elapsed: running.since.elapsed(),
            number,
        };
        match running.plans.iter().find_map(|plan| plan.decide(&call)) {
            Some((fired, act)) => (Some(act), Some(fired)),
            None => (None, None),
        }
    }

    /// The first rule that fires.
    fn rule(&self) -> Option<(usize, Rule)> {
        let rules = self.files.producer.rules.iter().enumerate();
        let mut fitting = rules.filter(|(_, rule)| rule.fits(self.asked));
        let fired = fitting.find(|(place, rule)| rule.nth.fires(self.own.count_rule(*place)))?;
        Some((fired.0, fired.1.clone()))
    }

    fn perform(&mut self, act: &Act, base: Reply) -> Reply {
        // To wait is all that needs nothing of the answer.
        let base = if act.only_waits() { base } else { base.made_whole() };
        self.answered.behaviour = Some(act.to_string());
        // What left the connection unread has waited already.
        if !self.asked.held().is_some_and(|held| held.is_by(act)) {
            self.delay += act.delay;
        }
        if let Some(fault) = TlsFault::of(act).filter(|fault| fault.is_only_shaken())
            && self.asked.client().is_some()
        {
            self.system.shake_next(fault);
        }
        let correlation_id = self.asked.header(CORRELATION_ID).unwrap_or_default().into_owned();
        let own = self.own;
        let mut with = Performing {
            asked: self.asked,
            numbers: self.numbers.clone(),
            error: &|code| self.source_answer(None, &Wanted::Error(code.to_owned())).map(|(_, answer)| answer),
            errors: &|message| self.validated(message, Direction::Response),
            is_first: &|| own.is_first(&correlation_id),
            violation: None,
        };
        // A call that nothing answers is still a miss where the behaviour needs no answer; the row says what was done.
        let reply = perform(act, || base, &mut with);
        if let Some(violation) = with.violation.take() {
            // The row names what was done, so that the same can be asked for again, and what the contract says of it.
            self.answered.behaviour = Some(format!("{};mutation={};seed={}", act.id, violation.kind, violation.seed));
            self.response_errors = violation.errors;
        }
        reply
    }
}
