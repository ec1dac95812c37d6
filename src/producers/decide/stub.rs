//! The answer of a stub.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Response};
use serde_json::{Value, json};

use super::Deciding;
use crate::producers::asked::quoted;
use crate::producers::behaviour::act::Act;
use crate::producers::behaviour::template::{Filling, Template};
use crate::producers::behaviour::{Body, HeaderText, Outcome as Given};
use crate::producers::file::FileBody;
use crate::producers::named;
use crate::producers::reply::{Reply, fault, response};
use crate::producers::spec::mapping::Stub;
use crate::producers::spec::response::{is_inside, plain_path};
use crate::soap::fault::Side;

impl Deciding<'_, '_> {
    pub(super) fn of_stub(&mut self, stub: &Arc<Stub>, act: &mut Option<Act>) -> Reply {
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
        let Some((chunks, total)) = stub.behaviour.dribble else { return reply };
        match reply.made_whole() {
            Reply::Answer(response) => Reply::Dribble(response, chunks, total),
            reply => reply,
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
        let mut body = match body {
            Body::Fixed(bytes) => FileBody::Held(bytes.clone()),
            Body::Template(template) => FileBody::Held(Bytes::from(template.fill(&filling)?)),
            Body::File(file) => file.clone(),
            Body::Named(template, bodies) => {
                let name = template.fill(&filling)?;
                let found = if is_inside(&name) { bodies.get(&plain_path(&name)) } else { None };
                found
                    .cloned()
                    .ok_or_else(|| format!("bodyFileName {:?} is not among the files of __files", quoted(&name)))?
            }
        };
        if *envelope && memchr::memmem::find(body.head(), b"Envelope").is_none_or(|at| at >= 200) {
            let bytes = body.whole()?;
            let inner = String::from_utf8_lossy(&bytes).into_owned();
            let soap = crate::soap::fault::SOAP_11;
            let whole = format!("<soap:Envelope xmlns:soap=\"{soap}\"><soap:Body>{inner}</soap:Body></soap:Envelope>");
            body = FileBody::Held(whole.into());
        }
        let made = response(*status, http::HeaderMap::with_capacity(headers.len()), Bytes::new());
        let mut made = body.answer(made);
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
