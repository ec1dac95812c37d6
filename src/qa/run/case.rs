//! One case: its steps in order, and what came of them.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Zoned;

use super::exchange::{Exchange, Messages, Outgoing, send};
use super::scopes::CaseScopes;
use super::transfer::take;
use super::{Options, Remembered, World};
use crate::domain::clock::Clock;
use crate::qa::assert::Judgement;
use crate::qa::assert::schema::InterfaceSchemas;
use crate::qa::result::{AssertionResult, CaseResult, NotRun, Place, StepResult};
use crate::qa::rules;
use crate::qa::run::judge::Judging;
use crate::qa::script::host::Scope;
use crate::qa::script::{Ending, Program};
use crate::qa::suite::expansion::{Notice, expand};
use crate::qa::suite::folder::PublishedProject;
use crate::qa::suite::project::{Assertion, Case, Request, RestRequest, Script, Step, StepKind, Suite, Transfer};
use crate::qa::verdict::Verdict;

/// Jumps back that scripts of one case may make.
const JUMPS_MAX: usize = 1_000;

/// What a case runs in.
pub(super) struct Surroundings<'r> {
    pub(super) project: &'r PublishedProject,
    pub(super) suite: &'r Suite,
    pub(super) options: &'r Options,
    pub(super) world: &'r World,
    pub(super) now: Zoned,
}

/// A case that nobody started, since the run was ended.
pub(super) fn cancelled(suite: &Suite, case: &Case) -> CaseResult {
    CaseResult { verdict: Verdict::NotRun, reason: "cancelled".to_owned(), ..named(suite, case) }
}

fn named(suite: &Suite, case: &Case) -> CaseResult {
    CaseResult { suite: suite.name.clone(), name: case.name.clone(), id: case.name.clone(), ..CaseResult::default() }
}

/// Runs a case.
pub(super) async fn run(
    surroundings: &Surroundings<'_>,
    case: &Case,
    remembered: &mut Remembered,
    messages: &mut Messages,
    idioms: &mut BTreeMap<String, usize>,
    not_run: &mut Vec<NotRun>,
) -> CaseResult {
    let suite = surroundings.suite;
    if suite.disabled || case.disabled {
        return CaseResult {
            verdict: Verdict::Skip,
            reason: "disabled by the publisher".to_owned(),
            ..named(suite, case)
        };
    }
    let began = Clock::instant();
    remembered.cases.entry((suite.name.clone(), case.name.clone())).or_insert_with(|| case.properties.clone());
    let mut running = CaseRun {
        surroundings,
        case,
        remembered,
        messages,
        idioms,
        not_run,
        variables: BTreeMap::new(),
        exchanges: BTreeMap::new(),
        by_id: BTreeMap::new(),
        schemas: BTreeMap::new(),
        notices: Vec::new(),
        data_id: None,
        requests: BTreeMap::new(),
    };
    let mut ended = Ended::default();
    running.scripted(case.setup.as_ref(), "setup", &mut ended);
    running.steps(&mut ended).await;
    running.scripted(case.tear_down.as_ref(), "tear down", &mut ended);
    let (data, id) = (running.variables, running.data_id.unwrap_or_else(|| case.name.clone()));
    let notices = running.notices;
    let observations = ended.observations;
    let (verdict, reason) = verdict_of(&ended.steps, ended.cancelled);
    CaseResult {
        id,
        verdict,
        reason,
        ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        data,
        steps: ended.steps,
        notices,
        observations,
        ..named(suite, case)
    }
}

/// How far a case has come.
#[derive(Default)]
struct Ended {
    steps: Vec<StepResult>,
    observations: Vec<crate::qa::result::Observation>,
    /// The text of the script that gave the case up.
    cancelled: Option<String>,
    /// The first step that failed, where that ends the case.
    failed_at: Option<String>,
    /// A script that was not run: what follows may lack its data.
    unknown: Option<String>,
}

/// The case's verdict and, in one line, why.
fn verdict_of(steps: &[StepResult], cancelled: Option<String>) -> (Verdict, String) {
    let executed = Verdict::of(steps.iter().map(|step| step.verdict));
    if let Some(text) = cancelled
        && executed <= Verdict::Pass.max(Verdict::Skip)
    {
        return (Verdict::Skip, text);
    }
    let asserted = steps.iter().flat_map(|step| &step.assertions).any(|assertion| assertion.verdict != Verdict::Skip);
    if !asserted && executed <= Verdict::Skip {
        return (Verdict::Skip, "asserts nothing".to_owned());
    }
    if executed <= Verdict::Skip {
        let verdict = if executed == Verdict::Pass { Verdict::Pass } else { Verdict::Skip };
        return (verdict, if verdict == Verdict::Pass { String::new() } else { "nothing was executed".to_owned() });
    }
    let worst = steps.iter().find(|step| step.verdict == executed);
    let reason = worst.map(|step| {
        let assertion = step.assertions.iter().find(|assertion| assertion.verdict == executed);
        let first = assertion.and_then(|assertion| assertion.messages.first().cloned());
        let what = if step.reason.is_empty() { first.unwrap_or_default() } else { step.reason.clone() };
        format!("{}: {what}", step.name)
    });
    (executed, reason.unwrap_or_default())
}

/// A case while it runs.
pub(super) struct CaseRun<'r> {
    pub(super) surroundings: &'r Surroundings<'r>,
    pub(super) case: &'r Case,
    pub(super) remembered: &'r mut Remembered,
    messages: &'r mut Messages,
    idioms: &'r mut BTreeMap<String, usize>,
    not_run: &'r mut Vec<NotRun>,
    pub(super) variables: BTreeMap<String, String>,
    exchanges: BTreeMap<String, Exchange>,
    by_id: BTreeMap<String, String>,
    schemas: BTreeMap<String, InterfaceSchemas>,
    pub(super) notices: Vec<Notice>,
    pub(super) data_id: Option<String>,
    /// Request parameters that transfers have set, by step.
    requests: BTreeMap<String, String>,
}

impl CaseRun<'_> {
    async fn steps(&mut self, ended: &mut Ended) {
        let mut next = 0;
        let mut jumps = 0;
        while let Some(step) = self.case.steps.get(next) {
            next += 1;
            let mut result =
                StepResult { name: step.name.clone(), type_name: step.type_name.clone(), ..StepResult::default() };
            if let Some(why) = self.left_out(step, ended) {
                (result.verdict, result.reason) = why;
                ended.steps.push(result);
                continue;
            }
            let jump = self.step(step, &mut result, ended).await;
            let stop = matches!(result.verdict, Verdict::Fail | Verdict::Error) && self.case.fail_on_error;
            if stop && ended.failed_at.is_none() {
                ended.failed_at = Some(step.name.clone());
            }
            ended.steps.push(result);
            if let Some(target) = jump
                && let Some(at) = self.case.steps.iter().position(|step| step.name == target)
                && jumps < JUMPS_MAX
            {
                (next, jumps) = (at, jumps + 1);
            }
        }
    }

    /// Why a step is not executed, if it is not.
    fn left_out(&self, step: &Step, ended: &Ended) -> Option<(Verdict, String)> {
        if step.disabled {
            return Some((Verdict::Skip, "disabled by the publisher".to_owned()));
        }
        if ended.cancelled.is_some() {
            return Some((Verdict::Skip, "the case was given up before".to_owned()));
        }
        if let Some(name) = &ended.failed_at {
            return Some((Verdict::Skip, format!("{name} failed before")));
        }
        ended
            .unknown
            .as_ref()
            .map(|name| (Verdict::NotRun, format!("{name} was not run, and what follows may need it")))
    }

    async fn step(&mut self, step: &Step, result: &mut StepResult, ended: &mut Ended) -> Option<String> {
        match &step.kind {
            StepKind::Request(request) => self.request(step, request, result, ended).await,
            StepKind::Rest(request) | StepKind::Http(request) => self.rest(step, request, result).await,
            StepKind::Groovy(script) => return self.groovy(step, script, result, ended),
            StepKind::Delay(ms) => {
                result.verdict = Verdict::Skip;
                result.reason = format!("a pause of {ms} ms");
                if !self.surroundings.options.virtual_clock {
                    tokio::time::sleep(std::time::Duration::from_millis(*ms)).await;
                    result.ms = *ms;
                }
            }
            StepKind::Transfer(transfers) => self.transfers(transfers, result),
            StepKind::AssertionTest(entries) => self.assertion_steps(step, entries, result),
            StepKind::Unsupported => {
                let reason = format!("step type {} not supported", step.type_name);
                self.note_not_run(&reason, step.line);
                (result.verdict, result.reason) = (Verdict::NotRun, reason);
            }
        }
        None
    }

    /// A text with its names replaced; an error is the reason the step was not run.
    fn expanded(&mut self, text: &str) -> Result<String, String> {
        let scopes = CaseScopes {
            suite: &self.surroundings.suite.name,
            case: &self.case.name,
            variables: &self.variables,
            remembered: self.remembered,
            set: &self.surroundings.options.set,
            exchanges: &self.exchanges,
            folder: &self.surroundings.project.folder,
        };
        expand(text, &scopes, &mut self.notices).map_err(|error| error.to_string())
    }

    async fn request(&mut self, step: &Step, request: &Request, result: &mut StepResult, ended: &mut Ended) {
        let envelope = self.requests.get(&step.name).cloned().unwrap_or_else(|| request.envelope.clone());
        let prepared = (|| {
            let headers = request.headers.iter().map(|(name, value)| Ok((name.clone(), self.expanded(value)?)));
            let headers = headers.collect::<Result<Vec<_>, String>>()?;
            Ok::<_, String>((self.expanded(&request.endpoint)?, self.expanded(&envelope)?, headers))
        })();
        let (endpoint, envelope, mut headers) = match prepared {
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
        let body = encoded(&envelope, &request.encoding);
        let outgoing = Outgoing { method: "POST", endpoint: &endpoint, headers, text: &envelope, body };
        if let Some(exchange) = self.exchanged(step, outgoing, result).await {
            self.judge(step, &request.assertions, Some(request), &exchange, result);
            let observed = rules::observe(&exchange, self.variables.get("patientId").map(String::as_str));
            if self.surroundings.options.rules {
                for observation in observed {
                    result.assertions.push(AssertionResult {
                        name: observation.rule.clone(),
                        type_name: "rule".to_owned(),
                        rule: Some(observation.rule),
                        verdict: Verdict::Fail,
                        messages: vec![observation.text],
                        ..AssertionResult::default()
                    });
                }
            } else {
                ended.observations.extend(observed);
            }
            result.verdict = step_verdict(result);
        }
    }

    async fn rest(&mut self, step: &Step, request: &RestRequest, result: &mut StepResult) {
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
        if let Some(exchange) = self.exchanged(step, outgoing, result).await {
            self.judge(step, &request.assertions, None, &exchange, result);
            result.verdict = step_verdict(result);
        }
    }

    /// Sends, keeps what went over the wire, and remembers the exchange under the step's name.
    async fn exchanged(&mut self, step: &Step, outgoing: Outgoing<'_>, result: &mut StepResult) -> Option<Exchange> {
        let sent = outgoing.body.clone();
        match send(&self.surroundings.world.carrier, outgoing).await {
            Ok(exchange) => {
                (result.request, result.response) = self.messages.keep(&sent, Some(&exchange.body));
                (result.status, result.ms) = (Some(exchange.status), exchange.ms);
                self.by_id.insert(step.id.clone(), step.name.clone());
                self.exchanges.insert(step.name.clone(), exchange.clone());
                Some(exchange)
            }
            Err(reason) => {
                (result.request, result.response) = self.messages.keep(&sent, None);
                (result.verdict, result.reason) = (Verdict::Error, reason);
                None
            }
        }
    }

    fn judge(
        &mut self,
        step: &Step,
        assertions: &[Assertion],
        request: Option<&Request>,
        exchange: &Exchange,
        result: &mut StepResult,
    ) {
        let text = exchange.text();
        for assertion in assertions {
            let judged = self.judged(assertion, request, exchange, &text, &step.name);
            result.assertions.push(judged);
        }
    }

    fn judged(
        &mut self,
        assertion: &Assertion,
        request: Option<&Request>,
        exchange: &Exchange,
        text: &str,
        _step: &str,
    ) -> AssertionResult {
        let place = Place { file: self.surroundings.project.file.clone(), line: assertion.line };
        let mut result = AssertionResult {
            name: assertion.name.clone(),
            type_name: assertion.type_name.clone(),
            place: Some(place),
            ..AssertionResult::default()
        };
        if assertion.disabled {
            result.messages.push("disabled by the publisher".to_owned());
            return result;
        }
        let mut schemas = std::mem::take(&mut self.schemas);
        let judging = Judging { request, exchange, text, schemas: &mut schemas };
        let (judgement, idiom) = judging.judge(assertion, self);
        self.schemas = schemas;
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

    fn assertion_steps(&mut self, step: &Step, entries: &[(String, Assertion)], result: &mut StepResult) {
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
            let judged = self.judged(assertion, request, &exchange, &text, &step.name);
            result.assertions.push(judged);
        }
        result.verdict = step_verdict(result);
    }

    fn transfers(&mut self, transfers: &[Transfer], result: &mut StepResult) {
        result.verdict = Verdict::Pass;
        for transfer in transfers.iter().filter(|transfer| !transfer.disabled) {
            if let Err(reason) = self.transfer(transfer) {
                let reason = format!("transfer {}: {reason}", transfer.name);
                if transfer.fail_on_error {
                    return (result.verdict, result.reason) = (Verdict::Error, reason);
                }
                self.notices.push(Notice::new("transfer", reason));
            }
        }
        // A transfer asserts nothing: it never makes a case pass.
        if result.verdict == Verdict::Pass {
            result.verdict = Verdict::Skip;
        }
    }

    fn transfer(&mut self, transfer: &Transfer) -> Result<(), String> {
        let path = self.expanded(&transfer.source_path)?;
        let source = match scope(&transfer.source_step) {
            Some(scope) => self.property_of(scope, &transfer.source_type),
            None => self.exchanges.get(&transfer.source_step).map(|exchange| match transfer.source_type.as_str() {
                "Request" => exchange.request.clone(),
                "Endpoint" => exchange.endpoint.clone(),
                _ => exchange.text(),
            }),
        };
        let source = source.ok_or_else(|| format!("{} has no {}", transfer.source_step, transfer.source_type))?;
        let value = match take(transfer, &path, &source, self.surroundings.now.clone())? {
            Some(value) => value,
            None if transfer.null_on_missing => String::new(),
            None => return Err(format!("nothing selected by {path}")),
        };
        if transfer.ignore_empty && value.is_empty() {
            return Ok(());
        }
        match scope(&transfer.target_step) {
            Some(scope) => self.set_property_of(scope, &transfer.target_type, value),
            None => {
                self.requests.insert(transfer.target_step.clone(), value);
            }
        }
        Ok(())
    }

    pub(super) fn property_of(&self, scope: Scope, name: &str) -> Option<String> {
        let suite = &self.surroundings.suite.name;
        match scope {
            Scope::Case => self.remembered.cases.get(&(suite.clone(), self.case.name.clone()))?.get(name).cloned(),
            Scope::Suite => self.remembered.suites.get(suite)?.get(name).cloned(),
            Scope::Project => self.remembered.project.get(name).cloned(),
        }
    }

    pub(super) fn set_property_of(&mut self, scope: Scope, name: &str, value: String) {
        let suite = self.surroundings.suite.name.clone();
        let properties = match scope {
            Scope::Case => self.remembered.cases.entry((suite, self.case.name.clone())).or_default(),
            Scope::Suite => self.remembered.suites.entry(suite).or_default(),
            Scope::Project => &mut self.remembered.project,
        };
        properties.insert(name.to_owned(), value);
    }

    fn groovy(&mut self, step: &Step, script: &Script, result: &mut StepResult, ended: &mut Ended) -> Option<String> {
        let program = match Program::compile(script) {
            Ok(program) => program,
            Err(unknown) => {
                let reason = unknown.to_string();
                self.note_not_run(&reason, unknown.line);
                ended.unknown = Some(step.name.clone());
                (result.verdict, result.reason) = (Verdict::NotRun, reason);
                return None;
            }
        };
        *self.idioms.entry(program.idiom().to_owned()).or_default() += 1;
        let mut host = super::judge::ScriptHost::new(self, None);
        let ending = program.run(&mut host);
        let jump = host.jump.take();
        // A step that is a script asserts nothing by having run.
        match ending {
            Ending::Done => (result.verdict, result.reason) = (Verdict::Skip, program.idiom().to_owned()),
            Ending::Skipped(reason) => (result.verdict, result.reason) = (Verdict::Skip, reason),
            Ending::Cancelled(text) => {
                ended.cancelled = Some(text.clone());
                (result.verdict, result.reason) = (Verdict::Skip, text);
            }
            Ending::Failed(messages) => (result.verdict, result.reason) = (Verdict::Fail, messages.join("; ")),
            Ending::Error(reason) => (result.verdict, result.reason) = (Verdict::Error, reason),
            Ending::Answer(_) => result.verdict = Verdict::Skip,
        }
        jump
    }

    /// A script before or after the steps; it has a step's result only when something came of it.
    fn scripted(&mut self, script: Option<&Script>, name: &str, ended: &mut Ended) {
        let Some(script) = script else { return };
        let step = Step {
            name: name.to_owned(),
            id: String::new(),
            type_name: "groovy".to_owned(),
            disabled: false,
            line: script.line,
            kind: StepKind::Unsupported,
        };
        let mut result =
            StepResult { name: step.name.clone(), type_name: step.type_name.clone(), ..StepResult::default() };
        self.groovy(&step, script, &mut result, ended);
        if result.verdict != Verdict::Skip {
            ended.steps.push(result);
        }
    }

    pub(super) fn note_not_run(&mut self, reason: &str, line: u32) {
        self.not_run.push(NotRun {
            case: format!("{}/{}", self.surroundings.suite.name, self.case.name),
            place: format!("{}:{line}", self.surroundings.project.file),
            reason: reason.to_owned(),
        });
    }

    pub(super) fn expand_text(&mut self, text: &str) -> Result<String, String> {
        self.expanded(text)
    }
}

/// The worst of a step's assertions; a step without any is nothing to go by.
fn step_verdict(step: &StepResult) -> Verdict {
    Verdict::of(step.assertions.iter().map(|assertion| assertion.verdict))
}

fn scope(step: &str) -> Option<Scope> {
    match step {
        "#TestCase#" => Some(Scope::Case),
        "#TestSuite#" => Some(Scope::Suite),
        "#Project#" => Some(Scope::Project),
        _ => None,
    }
}

/// The envelope in the character set the step names.
fn encoded(envelope: &str, encoding: &str) -> Bytes {
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
