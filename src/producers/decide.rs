//! One request, from its envelope to what it gets (`producers.md` §1.1, steps 2 to 9). Nothing here waits.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::asked::{Asked, CORRELATION_ID, ORIGINAL_CONSUMER, SENDER, major_of, quoted};
use super::behaviour::act::Act;
use super::behaviour::delay::Numbers;
use super::behaviour::perform::{Performing, perform};
use super::behaviour::template::{Filling, Template};
use super::behaviour::{Body, Forwarding, HeaderText, Outcome as Given};
use super::chaos::{Call, Fired};
use super::journal::{Answered, Entry, Kept, Outcome, RivFacts, Row};
use super::miss;
use super::mounted::{Decision, Loaded, Reply, System, Wiring, fault, plain, response};
use super::named::{self, BuiltIn};
use super::record::Status;
use super::source::{Question, Wanted};
use super::space::{Mounted, WORKSPACE};
use super::spec::mapping::Stub;
use super::spec::producer::{Miss, Validation};
use super::spec::response::{is_inside, plain_path};
use super::spec::rule::Rule;
use crate::contracts::contract::Direction;
use crate::contracts::validate::{Options, Target, validate};
use crate::domain::clock::Clock;
use crate::domain::identifiers::operation_of;
use crate::soap::fault::Side;

/// Most errors of a validation that a fault or a row lists.
const ERRORS_MAX: usize = 5;

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
    request_errors: Option<Vec<String>>,
    response_errors: Option<Vec<String>>,
}

impl System {
    /// Decides what a request gets. Everything but the wait happens here, and nothing here waits.
    pub fn decide(&self, request: Request<Bytes>) -> Decision {
        let began = Clock::instant();
        let (files, wiring) = (self.files(), self.shared.wiring.load_full());
        if request.body().len() > files.producer.limits.body_bytes_max {
            return Decision { delay: Duration::ZERO, reply: self.too_large(), entry: None };
        }
        let spaces = self.shared.spaces.load();
        let space = match spaces.open(&workspace_of(&request)) {
            Ok(space) => space,
            Err(error) => {
                let reply = plain(StatusCode::SERVICE_UNAVAILABLE, format!("anslut: {error}\n"));
                return Decision { delay: Duration::ZERO, reply, entry: None };
            }
        };
        let own = space.system(self.name());
        let below = (!space.key().is_empty()).then(|| spaces.shared().system(self.name()));
        let at = wiring.clock.now();
        let request = Arc::new(request);
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
        let reply = deciding.reply();
        let was_matched = deciding.explanation.is_none();
        let row = Row {
            id: Uuid::new_v4().to_string(),
            at,
            system: self.shared_name(),
            workspace: Arc::clone(space.key()),
            client: asked.client(),
            riv: facts(&asked),
            request_validation: deciding.request_errors.take(),
            response_validation: deciding.response_errors.take(),
            answered: std::mem::take(&mut deciding.answered),
            sent: None,
            added_delay: deciding.delay,
            process_time: began.elapsed(),
            send_time: Duration::ZERO,
            was_matched,
            outcome: Outcome::Sent,
            explanation: deciding.explanation.take(),
            request_body: Kept::default(),
            request: Arc::clone(&request),
        };
        let delay = deciding.delay;
        Decision { delay, reply, entry: Some(Entry::new(Arc::clone(&space.journal), row)) }
    }
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
        profile: asked.profile(),
        sender: header(SENDER),
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
        if let Some((text, detail)) = miss::not_ours(self.system.name(), producer, self.asked) {
            self.explanation = Some(text.clone());
            return self.refusal(&text, &detail);
        }
        if let Some(reply) = self.check_request() {
            return reply;
        }
        let (mut act, fired) = self.chosen();
        self.answered.chaos = fired;
        let rule = if act.is_none() { self.rule() } else { None };
        if let Some((place, rule)) = &rule {
            self.answered.rule = Some(*place);
            act.clone_from(&rule.act);
        }
        let base = match rule.and_then(|(_, rule)| rule.answer.clone()) {
            Some(answer) => self.named_answer(&answer),
            None => self.answer(&mut act),
        };
        let reply = match act {
            Some(act) if act.id != "normal" || !act.delay.is_zero() => self.perform(&act, base),
            _ => base,
        };
        self.check_response(reply)
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
        match running.plan.decide(&call) {
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
        self.answered.behaviour = Some(act.to_string());
        self.delay += act.delay;
        let correlation_id = self.asked.header(CORRELATION_ID).unwrap_or_default().into_owned();
        let own = self.own;
        let mut with = Performing {
            asked: self.asked,
            numbers: self.numbers.clone(),
            error: &|code| self.source_answer(None, &Wanted::Error(code.to_owned())).map(|(_, answer)| answer),
            is_valid: &|message| self.validated(message, Direction::Response).map(|errors| errors.is_empty()),
            is_first: &|| own.is_first(&correlation_id),
        };
        // A call that nothing answers is still a miss where the behaviour needs no answer; the row says what was done.
        perform(act, || base, &mut with)
    }

    /// The first of `answers` that has something to give.
    fn answer(&mut self, act: &mut Option<Act>) -> Reply {
        if let Some(base) = self.recorded_from() {
            self.answered.source = Some("proxy".to_owned());
            let forwarding = Forwarding { base, ..Forwarding::default() };
            return Reply::Forward(Box::new((forwarding, self.asked.request().clone())));
        }
        if self.files.producer.proxy.as_ref().is_some_and(|proxy| proxy.always)
            && let Some(reply) = self.forward()
        {
            return reply;
        }
        let names = self.files.producer.answers.clone();
        if self.files.producer.x_mock_response
            && let Some(wanted) = named::wanted(self.asked)
            && let Some(reply) = self.mock_response(&wanted, act)
        {
            return reply;
        }
        for name in &names {
            match name.as_str() {
                "mapping" => {
                    if let Some(stub) = self.stub(&|_| true) {
                        return self.of_stub(&stub, act);
                    }
                }
                "proxy" => {
                    if let Some(reply) = self.forward() {
                        return reply;
                    }
                }
                "fault" => {
                    self.answered.source = Some("fault".to_owned());
                    let what = self.asked.operation().unwrap_or_else(|| "this call".to_owned());
                    let text = format!("anslut: {} answers {what} with a fault", self.system.name());
                    return fault(Side::Server, &text, "");
                }
                source => {
                    if let Some((name, answer)) = self.source_answer(Some(source), &Wanted::Usual) {
                        self.answered.source = Some(name.to_owned());
                        return Reply::Answer(answer);
                    }
                }
            }
        }
        if let Some(proxy) = &self.files.producer.proxy
            && proxy.on_miss
            && let Some(reply) = self.forward()
        {
            return reply;
        }
        self.nothing_fits()
    }

    /// Where this system's answers are recorded from, while they are.
    fn recorded_from(&self) -> Option<String> {
        let recording = self.system.shared.recording.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_ours = recording.status == Status::Recording && recording.system == self.system.name();
        is_ours.then(|| recording.spec.target.clone())
    }

    fn forward(&mut self) -> Option<Reply> {
        let proxy = self.files.producer.proxy.as_ref()?;
        self.answered.source = Some("proxy".to_owned());
        let forwarding = Forwarding { base: proxy.url.clone(), ..Forwarding::default() };
        Some(Reply::Forward(Box::new((forwarding, self.asked.request().clone()))))
    }

    fn nothing_fits(&mut self) -> Reply {
        let (text, detail) = miss::nothing_fits(self);
        self.explanation = Some(format!("{text}\n{detail}"));
        self.refusal(&text, &detail)
    }

    pub(super) fn refusal(&self, text: &str, detail: &str) -> Reply {
        match self.files.producer.miss {
            Miss::NotFound => plain(StatusCode::NOT_FOUND, format!("{text}\n")),
            Miss::SoapFault => fault(Side::Client, text, detail),
        }
    }

    /// The stub that serves; its scenario has moved on. Of the workspace's own and those below, the better priority wins,
    /// and at the same the own.
    pub(super) fn stub(&self, allows: &dyn Fn(&Stub) -> bool) -> Option<Arc<Stub>> {
        loop {
            let own = self.own.first(self.asked, self.own, allows);
            let below = self.below.and_then(|below| below.first(self.asked, self.own, allows));
            let chosen = match (own, below) {
                (Some(own), Some(below)) if below.priority < own.priority => below,
                (Some(own), _) => own,
                (None, below) => below?,
            };
            if self.own.advance(&chosen) {
                return Some(chosen);
            }
        }
    }

    /// What `x-mock-response` selects; `None` where it selects nothing.
    fn mock_response(&mut self, wanted: &str, act: &mut Option<Act>) -> Option<Reply> {
        let invalid = self.request_errors.as_ref().is_some_and(|errors| !errors.is_empty());
        if invalid && let Some(reply) = self.named_fixture("SoapFault-Request", act) {
            return Some(reply);
        }
        if let Some(reply) = self.named_fixture(wanted, act) {
            return Some(reply);
        }
        match named::built_in(wanted) {
            Some(built_in) => self.built_in(&built_in),
            None => self.named_fixture("SoapFault", act),
        }
    }

    fn built_in(&mut self, built_in: &BuiltIn) -> Option<Reply> {
        let wanted = match built_in {
            BuiltIn::Fault(side, text) => {
                self.answered.source = Some("x-mock-response".to_owned());
                return Some(fault(*side, text, ""));
            }
            BuiltIn::Source(wanted) => wanted,
        };
        let (name, answer) = self.source_answer(None, wanted)?;
        self.answered.source = Some(name.to_owned());
        Some(Reply::Answer(answer))
    }

    /// A mapping or a file of that name.
    fn named_fixture(&mut self, name: &str, act: &mut Option<Act>) -> Option<Reply> {
        for exact in [true, false] {
            let is_named = |stub: &Stub| named::names(stub).any(|known| named::is_same(&known, name, exact));
            if let Some(stub) = self.stub(&is_named) {
                return Some(self.of_stub(&stub, act));
            }
        }
        let contract = short_name(self.asked.contract()?);
        let body = named::file(&self.files.bodies, &contract, name)?;
        self.answered.source = Some("file".to_owned());
        Some(xml_answer(body))
    }

    /// The answer a rule names.
    fn named_answer(&mut self, answer: &str) -> Reply {
        let (kind, rest) = answer.split_once(':').unwrap_or((answer, ""));
        self.answered.source = Some(kind.to_owned());
        let found = match kind {
            "file" => {
                let path = plain_path(rest.strip_prefix("__files/").unwrap_or(rest));
                is_inside(rest).then(|| self.files.bodies.get(&path).cloned()).flatten().map(xml_answer)
            }
            "fault" => Some(fault(Side::Server, rest, "")),
            "mapping" => {
                let stub = self.own.stubs().by_id(rest).cloned();
                let stub = stub.or_else(|| self.below.and_then(|below| below.stubs().by_id(rest).cloned()));
                stub.map(|stub| self.of_stub(&stub, &mut None))
            }
            "sample" => match named::built_in(rest) {
                Some(built_in) => self.built_in(&built_in),
                None => self.named_fixture(rest, &mut None),
            },
            _ => self.of_source(answer).map(Reply::Answer),
        };
        found.unwrap_or_else(|| {
            let text =
                format!("anslut: {}: nothing gives the answer {} of the rule", self.system.name(), quoted(answer));
            self.explanation = Some(text.clone());
            fault(Side::Server, &text, "")
        })
    }

    /// `record`, `schema` or `schema:max` of the sources.
    fn of_source(&self, wanted: &str) -> Option<Response<Bytes>> {
        let (name, variant) = wanted.split_once(':').unwrap_or((wanted, ""));
        let wanted = if variant.is_empty() { Wanted::Usual } else { Wanted::Variant(variant.to_owned()) };
        self.source_answer(Some(name), &wanted).map(|(_, answer)| answer)
    }

    /// The answer of a source, of any in the order of `answers` where none is named.
    fn source_answer(&self, name: Option<&str>, wanted: &Wanted) -> Option<(&'static str, Response<Bytes>)> {
        let producer = &self.files.producer;
        let question = Question { system: self.system.name(), producer, asked: self.asked, wanted };
        let named = |name: &str| self.wiring.sources.iter().find(move |source| source.name() == name);
        let ask = |name: &str| {
            let source = named(name)?;
            source.answer(&question).map(|answer| (source.name(), answer))
        };
        match name {
            Some(name) => ask(name),
            None => producer.answers.iter().find_map(|name| ask(name)),
        }
    }

    fn of_stub(&mut self, stub: &Arc<Stub>, act: &mut Option<Act>) -> Reply {
        self.answered.source = Some("mapping".to_owned());
        self.answered.stub = Some(Arc::clone(stub));
        self.delay += stub.behaviour.delay.draw(&mut self.numbers);
        if act.is_none() {
            act.clone_from(&stub.behaviour.act);
        }
        let reply = match &stub.behaviour.outcome {
            Given::Fault(fault) => Reply::Fault(*fault, self.numbers.clone()),
            Given::Forward(forwarding) => Reply::Forward(Box::new((forwarding.clone(), self.asked.request().clone()))),
            Given::Source(wanted) => match self.source_of(wanted) {
                Some(reply) => reply,
                None => {
                    let text = format!("anslut: {}: no source gives {wanted:?} for this request", stub.name);
                    fault(Side::Server, &text, "")
                }
            },
            Given::Answer { .. } => match self.filled(stub) {
                Ok(response) => Reply::Answer(response),
                // Never an empty 200 (`producers.md` §2.4).
                Err(reason) => {
                    let text = format!("anslut: template {}:{}: {reason}", stub.file.display(), stub.line);
                    self.answered.note = Some(text.clone());
                    fault(Side::Server, &text, "")
                }
            },
        };
        match (reply, stub.behaviour.dribble) {
            (Reply::Answer(response), Some((chunks, total))) => Reply::Dribble(response, chunks, total),
            (reply, _) => reply,
        }
    }

    fn source_of(&mut self, wanted: &str) -> Option<Reply> {
        match wanted.strip_prefix("sample:") {
            Some(name) => named::built_in(name).and_then(|built_in| self.built_in(&built_in)),
            None => self.of_source(wanted).map(Reply::Answer),
        }
    }

    /// The answer of a stub with its places filled in.
    fn filled(&self, stub: &Stub) -> Result<Response<Bytes>, String> {
        let Given::Answer { status, reason, headers, body, envelope } = &stub.behaviour.outcome else {
            return Err("the stub gives no answer".to_owned());
        };
        let state = stub
            .scenario
            .as_ref()
            .map_or(Value::Null, |one| json!({"scenario": one.name, "state": self.own.state(&one.name)}));
        let source = |wanted: &str| {
            let answer = self.of_source(wanted)?;
            Some(String::from_utf8_lossy(answer.body()).into_owned())
        };
        let filling = Filling {
            asked: self.asked,
            parameters: &stub.behaviour.parameters,
            state: &state,
            numbers: RefCell::new(self.numbers.clone()),
            source: &source,
        };
        let mut bytes = match body {
            Body::Fixed(bytes) => bytes.clone(),
            Body::Template(template) => Bytes::from(template.fill(&filling)?),
            Body::Named(template, bodies) => {
                let name = template.fill(&filling)?;
                let found = if is_inside(&name) { bodies.get(&plain_path(&name)) } else { None };
                found
                    .cloned()
                    .ok_or_else(|| format!("bodyFileName {:?} is not among the files of __files", quoted(&name)))?
            }
        };
        if *envelope && memchr::memmem::find(&bytes, b"Envelope").is_none_or(|at| at >= 200) {
            let inner = String::from_utf8_lossy(&bytes).into_owned();
            let soap = crate::soap::fault::SOAP_11;
            bytes =
                format!("<soap:Envelope xmlns:soap=\"{soap}\"><soap:Body>{inner}</soap:Body></soap:Envelope>").into();
        }
        let mut made = response(*status, http::HeaderMap::with_capacity(headers.len()), bytes);
        for (name, text) in headers {
            let value = match text {
                HeaderText::Fixed(value) => value.clone(),
                HeaderText::Template(template) => header_value(name, template, &filling)?,
            };
            made.headers_mut().append(name.clone(), value);
        }
        if let Some(reason) = reason.as_ref().and_then(|reason| hyper::ext::ReasonPhrase::try_from(reason.clone()).ok())
        {
            made.extensions_mut().insert(reason);
        }
        Ok(made)
    }

    /// What the contract says of a message; `None` where nobody knows the contract.
    pub(super) fn validated(&self, message: &[u8], direction: Direction) -> Option<Vec<String>> {
        let registry = self.wiring.contracts.as_ref()?.registry();
        let contract = self.asked.contract()?;
        let (known, _) = registry.by_element(contract, operation_of(contract))?;
        let target = Target::Contract(Arc::clone(known), Some(direction));
        let report = validate(target, Options::default(), message);
        if report.unusable.is_some() {
            return None;
        }
        Some(report.errors.iter().take(ERRORS_MAX).map(|error| format!("{}: {}", error.path, error.en)).collect())
    }

    /// Checks the request as `validate.request` says; a fault where it asks for one.
    fn check_request(&mut self) -> Option<Reply> {
        let how = self.files.producer.validate_request;
        if how == Validation::Off {
            return None;
        }
        self.request_errors = self.validated(self.asked.body(), Direction::Request);
        let errors = self.request_errors.as_ref().filter(|errors| !errors.is_empty())?;
        if how != Validation::Fault {
            return None;
        }
        self.answered.source = Some("validation".to_owned());
        Some(fault(
            Side::Client,
            &format!("anslut: the request does not follow its contract: {}", errors.join("; ")),
            "",
        ))
    }

    /// Checks the answer as `validate.response` says, unless something was to be wrong with it.
    fn check_response(&mut self, reply: Reply) -> Reply {
        let how = self.files.producer.validate_response;
        let Reply::Answer(answer) = &reply else { return reply };
        if how == Validation::Off || self.answered.behaviour.is_some() || answer.status() != StatusCode::OK {
            return reply;
        }
        let is_xml =
            answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/xml"));
        if !is_xml || answer.body().is_empty() {
            return reply;
        }
        self.response_errors = self.validated(answer.body(), Direction::Response);
        let errors = self.response_errors.iter().flatten().cloned().collect::<Vec<_>>();
        if how != Validation::Fault || errors.is_empty() {
            return reply;
        }
        let which = match &self.answered.stub {
            Some(stub) => format!("{} ({}:{})", stub.name, stub.file.display(), stub.line),
            None => self.answered.source.clone().unwrap_or_default(),
        };
        let text = format!("anslut: the answer of {which} does not follow its contract: {}", errors.join("; "));
        fault(Side::Server, &text, "")
    }
}

fn header_value(
    name: &HeaderName,
    template: &Template,
    filling: &Filling<'_, '_>,
) -> Result<http::HeaderValue, String> {
    let text = template.fill(filling)?;
    http::HeaderValue::from_str(&text)
        .map_err(|_| format!("header {name} became {:?}, which no header can be", quoted(&text)))
}

fn xml_answer(body: Bytes) -> Reply {
    let headers = http::HeaderMap::from_iter([(header::CONTENT_TYPE, super::spec::response::XML_TYPE)]);
    Reply::Answer(response(StatusCode::OK, headers, body))
}
