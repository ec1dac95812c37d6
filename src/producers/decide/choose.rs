//! Where an answer comes from: a recording, another system, a name, and the sources in their order.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode, header};

use super::{Deciding, short_name};
use crate::producers::asked::{ORIGINAL_CONSUMER, quoted};
use crate::producers::behaviour::Forwarding;
use crate::producers::behaviour::act::Act;
use crate::producers::file::FileBody;
use crate::producers::journal::Answered;
use crate::producers::miss;
use crate::producers::named::{self, BuiltIn};
use crate::producers::record::{Keep, Ours, Status};
use crate::producers::reply::{Reply, fault, plain, response};
use crate::producers::source::{Question, Wanted};
use crate::producers::spec::mapping::Stub;
use crate::producers::spec::producer::Miss;
use crate::producers::spec::response::{XML_TYPE, is_inside, plain_path};
use crate::soap::fault::Side;

impl Deciding<'_, '_> {
    /// The first of `answers` that has something to give.
    pub(super) fn answer(&mut self, act: &mut Option<Act>) -> Reply {
        if let Some(base) = self.recorded_from() {
            self.answered.source = Some("proxy".to_owned());
            let forwarding = Forwarding { base, ..Forwarding::default() };
            return Reply::Forward(Box::new((forwarding, self.asked.request().clone())));
        }
        if self.files.producer.proxy.as_ref().is_some_and(|proxy| proxy.always) {
            return self.forward_and_compare(act);
        }
        self.own_answer(act)
    }

    /// The other system's answer, and ours to be compared with it: what it is decided by leaves no mark.
    fn forward_and_compare(&mut self, act: &mut Option<Act>) -> Reply {
        let (delay, chaos, rule) = (self.delay, self.answered.chaos.clone(), self.answered.rule);
        let ours = self.own_answer(&mut act.clone());
        let is_mapped = self.answered.stub.is_some();
        self.delay = delay;
        self.explanation = None;
        self.answered = Answered { chaos, rule, ..Answered::default() };
        match self.forward() {
            Some(Reply::Forward(mut forward)) => {
                if is_mapped {
                    forward.1.extensions_mut().remove::<Keep>();
                }
                if let Reply::Answer(ours) = ours.made_whole() {
                    forward.1.extensions_mut().insert(Ours(ours.into_body()));
                }
                Reply::Forward(forward)
            }
            _ => ours,
        }
    }

    /// What the sources of the system give.
    fn own_answer(&mut self, act: &mut Option<Act>) -> Reply {
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
        let mut request = self.asked.request().clone();
        if proxy.record {
            request.extensions_mut().insert(Keep);
        }
        Some(Reply::Forward(Box::new((forwarding, request))))
    }

    fn nothing_fits(&mut self) -> Reply {
        let miss = miss::nothing_fits(self);
        self.explanation = Some(miss.story);
        self.refusal(&miss.text, &miss.detail)
    }

    pub(in crate::producers) fn refusal(&self, text: &str, detail: &str) -> Reply {
        match self.files.producer.miss {
            Miss::NotFound => plain(StatusCode::NOT_FOUND, format!("{text}\n")),
            Miss::SoapFault => fault(Side::Client, text, detail),
        }
    }

    /// The stub that serves; its scenario has moved on. Of the workspace's own and those below, the better priority wins,
    /// and at the same the own.
    pub(in crate::producers) fn stub(&self, allows: &dyn Fn(&Stub) -> bool) -> Option<Arc<Stub>> {
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

    pub(super) fn built_in(&mut self, built_in: &BuiltIn) -> Option<Reply> {
        let wanted = match built_in {
            BuiltIn::Fault(side, text) => {
                self.answered.source = Some("x-mock-response".to_owned());
                return Some(fault(*side, text, ""));
            }
            BuiltIn::Source(wanted) => wanted.clone(),
            BuiltIn::ByConsumer => {
                let listed = &self.files.producer.records.consumers;
                let consumer = self.asked.header(ORIGINAL_CONSUMER);
                let is_listed = consumer.is_some_and(|one| listed.iter().any(|known| known.eq_ignore_ascii_case(&one)));
                if is_listed { Wanted::Usual } else { Wanted::Empty }
            }
        };
        let (name, answer) = self.source_answer(None, &wanted)?;
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
    pub(super) fn named_answer(&mut self, answer: &str) -> Reply {
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
    pub(super) fn of_source(&self, wanted: &str) -> Option<Response<Bytes>> {
        let (name, variant) = wanted.split_once(':').unwrap_or((wanted, ""));
        let wanted = if variant.is_empty() { Wanted::Usual } else { Wanted::Variant(variant.to_owned()) };
        self.source_answer(Some(name), &wanted).map(|(_, answer)| answer)
    }

    /// The answer of a source, of any in the order of `answers` where none is named.
    pub(super) fn source_answer(&self, name: Option<&str>, wanted: &Wanted) -> Option<(&'static str, Response<Bytes>)> {
        let producer = &self.files.producer;
        let own = self.below.is_some().then_some(self.own);
        let question = Question { system: self.system.name(), producer, asked: self.asked, own, wanted };
        let named = |name: &str| self.wiring.sources.iter().find(move |source| source.name() == name);
        let ask = |name: &str| {
            let source = named(name)?;
            source.answer(&question).map(|answer| (source.name(), answer))
        };
        match name {
            Some("record") => ask("state").or_else(|| ask("record")),
            Some(name) => ask(name),
            None => producer.answers.iter().find_map(|name| match name.as_str() {
                // What the system keeps account of goes before what its records say.
                "record" => ask("state").or_else(|| ask("record")),
                name => ask(name),
            }),
        }
    }
}

fn xml_answer(body: FileBody) -> Reply {
    let headers = http::HeaderMap::from_iter([(header::CONTENT_TYPE, XML_TYPE)]);
    Reply::Answer(body.answer(response(StatusCode::OK, headers, Bytes::new())))
}
