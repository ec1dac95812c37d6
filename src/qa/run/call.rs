//! The calls of a case: what is sent, what comes, and what is said of it.

use bytes::Bytes;

use super::case::{CaseRun, Ended};
use super::exchange::{Exchange, Outgoing, send};
use crate::qa::assert::Judgement;
use crate::qa::native::written::RuleChoice;
use crate::qa::result::{AssertionResult, Place, StepResult};
use crate::qa::rules::{self, Facts};
use crate::qa::run::judge::Judging;
use crate::qa::suite::project::{Assertion, Request, RestRequest, Step, StepKind};
use crate::qa::verdict::Verdict;

impl CaseRun<'_> {
    pub(super) async fn request(&mut self, step: &Step, request: &Request, result: &mut StepResult, ended: &mut Ended) {
        let envelope = self.requests.get(&step.name).cloned().unwrap_or_else(|| request.envelope.clone());
        let prepared = (|| {
            Ok::<_, String>((self.expanded(&request.endpoint)?, self.expanded(&envelope)?, self.headers_of(request)?))
        })();
        let (endpoint, envelope, headers) = match prepared {
            Ok(prepared) => prepared,
            Err(reason) => {
                self.note_not_run(&reason, step.line);
                return (result.verdict, result.reason) = (Verdict::NotRun, reason);
            }
        };
        for (what, value, template) in
            [("endpoint", &endpoint, &request.endpoint), ("request", &envelope, &request.envelope)]
        {
            if value.trim().is_empty() {
                return (result.verdict, result.reason) =
                    (Verdict::Error, format!("the {what} {} is empty after expansion", template.trim()));
            }
        }
        let body = outgoing_bytes(&envelope, &request.encoding);
        let method = request.method.as_deref().unwrap_or("POST");
        let body = padded(body, request.pad_bytes);
        // Other methods have no body to be read, and a request that says it has one is another case.
        let body = if method == "GET" { Bytes::new() } else { body };
        let bare = request.without_certificate;
        if bare && !endpoint.trim_start().to_ascii_lowercase().starts_with("https:") {
            return (result.verdict, result.reason) = (Verdict::Skip, "the target is not reached by https".to_owned());
        }
        let outgoing = Outgoing { method, endpoint: &endpoint, headers, text: &envelope, body };
        let exchange = self.exchanged(step, outgoing, bare, result).await;
        if let Some(exchange) = exchange {
            self.judge(&request.assertions, Some(request), &exchange, result);
            self.by_rules(request, &exchange, result, ended);
            result.verdict = step_verdict(result);
        } else if bare {
            // Without a certificate, no connection is the best of answers.
            result.assertions.push(AssertionResult {
                name: "refused".to_owned(),
                type_name: "refused".to_owned(),
                rule: Some("RT-20".to_owned()),
                verdict: Verdict::Pass,
                messages: vec![std::mem::take(&mut result.reason)],
                ..AssertionResult::default()
            });
            result.verdict = Verdict::Pass;
        }
    }

    /// The headers of a request, with those that every SOAP call has.
    pub(super) fn headers_of(&mut self, request: &Request) -> Result<Vec<(String, String)>, String> {
        let headers = request.headers.iter().map(|(name, value)| Ok((name.clone(), self.expanded(value)?)));
        let mut headers = headers.collect::<Result<Vec<_>, String>>()?;
        let interface =
            self.surroundings.project.project.interfaces.iter().find(|interface| interface.name == request.interface);
        let version_1_2 = interface.is_some_and(|interface| interface.soap_1_2);
        let action = interface
            .and_then(|interface| interface.operations.iter().find(|operation| operation.name == request.operation));
        let has = |headers: &[(String, String)], name: &str| {
            headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        if !has(&headers, "content-type") {
            let kind = if version_1_2 { "application/soap+xml" } else { "text/xml" };
            headers.push(("Content-Type".to_owned(), format!("{kind}; charset={}", request.encoding)));
        }
        if !has(&headers, "soapaction") && !version_1_2 {
            headers.push((
                "SOAPAction".to_owned(),
                format!("\"{}\"", action.map_or("", |operation| operation.action.as_str())),
            ));
        }
        // A header without a value is one that is not sent.
        headers.retain(|(_, value)| !value.trim().is_empty() || self.case.native.is_none());
        Ok(headers)
    }

    /// The platform rules: part of the verdict where they are asked for, else beside it.
    fn by_rules(&mut self, request: &Request, exchange: &Exchange, result: &mut StepResult, ended: &mut Ended) {
        let project = self.surroundings.project;
        let schemas = project.schemas(&request.interface);
        let personal: Vec<String> = self
            .variables
            .iter()
            .filter(|(name, value)| is_personal(name) && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect();
        let options = self.surroundings.options;
        let observed = rules::observe(&Facts {
            exchange,
            schemas: schemas.as_ref().map(|schemas| (schemas, request.operation.as_str())),
            layout: &project.project.layout,
            sla_ms: options.limit_ms(rules::SLA_MS),
            now: &self.surroundings.now,
            personal: &personal,
        });
        let none = RuleChoice::default();
        let choice = self.case.native.as_ref().map_or(&none, |native| &native.rules);
        let (counted, beside): (Vec<_>, Vec<_>) =
            observed.into_iter().partition(|broken| options.rules || choice.has(&broken.rule));
        ended.observations.extend(beside);
        if counted.is_empty() && !choice.is_none() {
            result.assertions.push(AssertionResult {
                name: "platform rules".to_owned(),
                type_name: "rule".to_owned(),
                verdict: Verdict::Pass,
                ..AssertionResult::default()
            });
        }
        for observation in counted {
            result.assertions.push(AssertionResult {
                name: observation.rule.clone(),
                type_name: "rule".to_owned(),
                rule: Some(observation.rule),
                verdict: Verdict::Fail,
                messages: vec![observation.text],
                ..AssertionResult::default()
            });
        }
    }

    pub(super) async fn rest(&mut self, step: &Step, request: &RestRequest, result: &mut StepResult) {
        let prepared = (|| {
            let mut path = request.resource_path.clone();
            let mut query: Vec<String> = Vec::new();
            for (name, value) in &request.parameters {
                let value = self.expanded(value)?;
                let holder = format!("{{{name}}}");
                if path.contains(&holder) {
                    path = path.replace(&holder, &escaped(&value));
                } else if !value.is_empty() {
                    query.push(format!("{}={}", escaped(name), escaped(&value)));
                }
            }
            let mut endpoint = format!("{}{}", self.expanded(&request.endpoint)?, self.expanded(&path)?);
            if !query.is_empty() {
                endpoint.push(if endpoint.contains('?') { '&' } else { '?' });
                endpoint.push_str(&query.join("&"));
            }
            let body = self.expanded(&request.body)?;
            let headers = request.headers.iter().map(|(name, value)| Ok((name.clone(), self.expanded(value)?)));
            Ok::<_, String>((endpoint, body, headers.collect::<Result<Vec<_>, String>>()?))
        })();
        let (endpoint, body, headers) = match prepared {
            Ok(prepared) => prepared,
            Err(reason) => {
                self.note_not_run(&reason, step.line);
                return (result.verdict, result.reason) = (Verdict::NotRun, reason);
            }
        };
        if endpoint.trim().is_empty() {
            return (result.verdict, result.reason) =
                (Verdict::Error, format!("the endpoint {} is empty after expansion", request.endpoint));
        }
        let sent = if body.trim().is_empty() { Bytes::new() } else { Bytes::from(body.clone()) };
        let outgoing = Outgoing { method: &request.method, endpoint: &endpoint, headers, text: &body, body: sent };
        if let Some(exchange) = self.exchanged(step, outgoing, false, result).await {
            self.judge(&request.assertions, None, &exchange, result);
            result.verdict = step_verdict(result);
        }
    }

    /// Sends, keeps what went over the wire, and remembers the exchange under the step's name.
    async fn exchanged(
        &mut self,
        step: &Step,
        outgoing: Outgoing<'_>,
        bare: bool,
        result: &mut StepResult,
    ) -> Option<Exchange> {
        let sent = outgoing.body.clone();
        let world = self.surroundings.world;
        let carrier = if bare { world.bare.as_ref().unwrap_or(&world.carrier) } else { &world.carrier };
        match send(carrier, outgoing).await {
            Ok(exchange) => {
                self.messages.keep(&sent, Some(&exchange.body), result);
                (result.status, result.ms) = (Some(exchange.status), exchange.ms);
                self.by_id.insert(step.id.clone(), step.name.clone());
                self.exchanges.insert(step.name.clone(), exchange.clone());
                Some(exchange)
            }
            Err(reason) => {
                self.messages.keep(&sent, None, result);
                (result.verdict, result.reason) = (Verdict::Error, reason);
                None
            }
        }
    }

    fn judge(
        &mut self,
        assertions: &[Assertion],
        request: Option<&Request>,
        exchange: &Exchange,
        result: &mut StepResult,
    ) {
        let text = exchange.text();
        for assertion in assertions {
            let judged = self.judged(assertion, request, exchange, &text);
            result.assertions.push(judged);
        }
    }

    fn judged(
        &mut self,
        assertion: &Assertion,
        request: Option<&Request>,
        exchange: &Exchange,
        text: &str,
    ) -> AssertionResult {
        let native = self.case.native.as_ref().map(|native| &native.file);
        let file = native.unwrap_or(&self.surroundings.project.file).clone();
        let place = Place { file, line: assertion.line };
        let mut result = AssertionResult {
            name: assertion.name.clone(),
            type_name: assertion.type_name.clone(),
            place: Some(place),
            rule: assertion.rule.clone(),
            ..AssertionResult::default()
        };
        if assertion.disabled {
            result.messages.push("disabled by the publisher".to_owned());
            return result;
        }
        let (judgement, idiom) = Judging { request, exchange, text }.judge(assertion, self);
        if judgement.verdict == Verdict::NotRun {
            self.note_not_run(judgement.messages.first().map_or("not run", String::as_str), assertion.line);
        }
        if let Some(idiom) = &idiom {
            *self.idioms.entry(idiom.clone()).or_default() += 1;
        }
        let Judgement { verdict, messages, notices, xpath } = judgement;
        self.notices.extend(notices);
        AssertionResult { verdict, messages, xpath, idiom, ..result }
    }

    pub(super) fn assertion_steps(&mut self, step: &Step, entries: &[(String, Assertion)], result: &mut StepResult) {
        for (source, assertion) in entries {
            let Some(exchange) = self.by_id.get(source).and_then(|name| self.exchanges.get(name)).cloned() else {
                let reason = format!("there is no answer of a step with id {source}");
                self.note_not_run(&reason, step.line);
                (result.verdict, result.reason) = (Verdict::NotRun, reason);
                return;
            };
            let name = self.by_id.get(source).cloned().unwrap_or_default();
            let request = self.case.steps.iter().find(|step| step.name == name).and_then(|step| match &step.kind {
                StepKind::Request(request) => Some(request),
                _ => None,
            });
            let text = exchange.text();
            let judged = self.judged(assertion, request, &exchange, &text);
            result.assertions.push(judged);
        }
        result.verdict = step_verdict(result);
    }
}

/// Variables that are a person's name or address, by their names.
fn is_personal(name: &str) -> bool {
    name.starts_with("patient") && (name.ends_with("name") || name.ends_with("Name") || name.ends_with("address"))
}

/// With white space before the end of the envelope, so that a body has a size without having a content.
fn padded(body: Bytes, bytes: Option<usize>) -> Bytes {
    let Some(bytes) = bytes else { return body };
    let Some(end) = memchr::memmem::rfind(&body, b"</") else { return body };
    let mut padded = Vec::with_capacity(body.len() + bytes);
    padded.extend_from_slice(&body[..end]);
    padded.resize(end + bytes, b' ');
    padded.extend_from_slice(&body[end..]);
    padded.into()
}

/// The worst of a step's assertions; a step without any is nothing to go by.
fn step_verdict(step: &StepResult) -> Verdict {
    Verdict::of(step.assertions.iter().map(|assertion| assertion.verdict))
}

/// The envelope in the character set the step names.
pub(super) fn outgoing_bytes(envelope: &str, encoding: &str) -> Bytes {
    match encoding.to_ascii_uppercase().as_str() {
        // `encoding_rs` reads these and does not write them.
        "UTF-16" | "UTF-16BE" => {
            std::iter::once(0xfeff).chain(envelope.encode_utf16()).flat_map(u16::to_be_bytes).collect::<Vec<_>>().into()
        }
        "UTF-16LE" => {
            std::iter::once(0xfeff).chain(envelope.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<_>>().into()
        }
        name => {
            let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap_or(encoding_rs::UTF_8);
            Bytes::from(encoding.encode(envelope).0.into_owned())
        }
    }
}

/// A value as it stands in a URL.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b':' | b',') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
