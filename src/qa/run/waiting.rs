//! Cases that wait for a call: armed, perhaps with a producer that misbehaves meanwhile, and judged by what came.

use std::sync::Arc;

use super::case::{CaseRun, Ended};
use crate::contracts::contract::Contract;
use crate::qa::consumer::certificate::{self, Registered};
use crate::qa::consumer::faults::Misbehaviour;
use crate::qa::consumer::hub::{Call, Certificate, Hub};
use crate::qa::consumer::patience;
use crate::qa::consumer::received;
use crate::qa::consumer::rules;
use crate::qa::consumer::wait::{self, Seen};
use crate::qa::consumer::waits::What;
use crate::qa::index::ask;
use crate::qa::index::watched;
use crate::qa::native::written::waits::{AwaitFile, UpdatesFile};
use crate::qa::result::{AssertionResult, Observation, StepResult};
use crate::qa::suite::expansion::Notice;
use crate::qa::suite::project::Native;
use crate::qa::verdict::Verdict;

/// The rule that a consumer goes on calling once the platform's certificate is renewed.
const RENEWAL: &str = "FT-20";

/// What is not as usual while a case waits.
enum Changing {
    /// A producer misbehaves.
    Producer(Misbehaviour),
    /// The platform's certificate is renewed; those that it showed before.
    Certificate(Vec<Certificate>),
}

impl Changing {
    /// What changes, if anything; `Err` says why it cannot.
    async fn of(hub: &Hub, wanted: &AwaitFile, misbehaving: Option<Misbehaviour>) -> Result<Option<Self>, String> {
        if !wanted.is_renewal() {
            return Ok(misbehaving.map(Self::Producer));
        }
        let before = hub.certificates().await?;
        if before.is_empty() {
            return Err("the platform shows no certificate that could be renewed: listen.hub_https is off".to_owned());
        }
        Ok(Some(Self::Certificate(before)))
    }

    fn said(&self) -> String {
        match self {
            Self::Producer(misbehaving) => format!("while its producer did {}", misbehaving.name),
            Self::Certificate(_) => "while the platform's certificate was renewed, and after".to_owned(),
        }
    }
}

impl CaseRun<'_> {
    /// Waits for somebody's call, and judges what came.
    pub(super) async fn wait(&mut self, native: &Native, ended: &mut Ended) {
        let mut result =
            StepResult { name: self.case.name.clone(), type_name: "await".to_owned(), ..StepResult::default() };
        let world = self.surroundings.world;
        let (Some(hub), Some(file)) = (&world.hub, &native.waits_for) else { return };
        let wanted = self.wanted(file);
        let suite = self.surroundings.project.project.native.as_ref().and_then(|native| native.contract.clone());
        let of_updates = wanted.updates.as_ref().map(|_| watched::UPDATE.to_owned());
        let contract = wanted.contract.clone().or(of_updates).or(suite).unwrap_or_default();
        let misbehaving = match Misbehaviour::of(&wanted, &contract, &self.case.name) {
            Ok(misbehaving) => misbehaving,
            Err(reason) => return self.not_waited(reason, result, ended),
        };
        let armed = world.clock.now();
        let changing = match Changing::of(hub, &wanted, misbehaving).await {
            Ok(changing) => changing,
            Err(reason) => return self.not_waited(reason, result, ended),
        };
        match self.watched(hub, &wanted, &contract, changing.as_ref(), &mut result).await {
            Err(reason) => (result.verdict, result.reason) = (Verdict::Error, reason),
            Ok(seen) => {
                self.notices.extend(seen.near.iter().map(|near| Notice::new("near-miss", near.clone())));
                let came = seen.calls.len();
                // All Updates of a window may be none; any other case is about calls.
                if came < wanted.count as usize {
                    let reason = match seen.is_given_up {
                        true => "cancelled".to_owned(),
                        false => format!("no matching call within {} s", wanted.seconds),
                    };
                    return self.not_waited(reason, result, ended);
                }
                result.assertions.insert(0, assertion(&format!("{came} calls seen"), Verdict::Pass, Vec::new()));
                if let Some(call) = seen.calls.first() {
                    self.messages.keep(call.request.as_bytes(), Some(call.answer.as_bytes()), &mut result);
                }
                match &wanted.updates {
                    Some(file) => {
                        let earlier = match hub.recorded(&wanted.sender, &contract).await {
                            Ok(earlier) => earlier,
                            Err(reason) => {
                                (result.verdict, result.reason) = (Verdict::Error, reason);
                                return ended.steps.push(result);
                            }
                        };
                        judge_updates(&wanted, file, armed, &seen.calls, &earlier, &mut result);
                    }
                    None => {
                        self.judge_calls(hub, &seen.calls, &wanted, &mut result).await;
                        result.received = received::elements(&seen.calls);
                        result.parts = received::parts(&seen.calls, self.contract().as_ref());
                        judge_load(hub, &wanted, &contract, &mut result).await;
                    }
                }
                result.verdict = Verdict::of(result.assertions.iter().map(|assertion| assertion.verdict));
            }
        }
        ended.steps.push(result);
        if let Some(changing) = changing {
            // What the consumer made of it stands on its screen, not in its calls.
            ended.steps.push(StepResult {
                name: "What the system showed".to_owned(),
                type_name: "attest".to_owned(),
                verdict: Verdict::Waiting,
                reason: format!("somebody has to say what the system showed {}", changing.said()),
                ..StepResult::default()
            });
        }
    }

    fn not_waited(&mut self, reason: String, mut result: StepResult, ended: &mut Ended) {
        self.note_not_run(&reason, self.case.line);
        (result.verdict, result.reason) = (Verdict::NotRun, reason);
        ended.steps.push(result);
    }

    /// What is waited for, with the values of this run.
    fn wanted(&mut self, file: &AwaitFile) -> AwaitFile {
        let mut wanted = file.clone();
        let updates = wanted.updates.iter_mut().flat_map(|updates| {
            let UpdatesFile { source_system, most_recent, service_domain, categorization, attested, .. } = updates;
            [source_system, most_recent, service_domain, categorization, attested].into_iter().flatten()
        });
        let texts = std::iter::once(&mut wanted.sender).chain(&mut wanted.logical_address).chain(&mut wanted.patient);
        let declared = [&mut wanted.certificate, &mut wanted.calls_per_hour, &mut wanted.calls_at_once];
        let declared = declared.into_iter().flatten();
        for text in texts.chain(&mut wanted.system).chain(declared).chain(updates) {
            if let Ok(expanded) = self.expand_text(text) {
                *text = expanded;
            }
        }
        // A parameter nobody has filled in asks for nothing.
        for text in [&mut wanted.certificate, &mut wanted.calls_per_hour, &mut wanted.calls_at_once] {
            text.take_if(|text| text.is_empty());
        }
        if let Some(UpdatesFile { source_system, most_recent, service_domain, categorization, attested, .. }) =
            &mut wanted.updates
        {
            for text in [source_system, most_recent, service_domain, categorization, attested] {
                text.take_if(|text| text.is_empty());
            }
        }
        if let Some(seconds) = self.surroundings.options.wait_seconds {
            wanted.seconds = seconds;
        }
        wanted
    }

    /// Waits, with the producer misbehaving meanwhile where the case says so: it is put right again however the wait ends.
    async fn watched(
        &self,
        hub: &Hub,
        wanted: &AwaitFile,
        contract: &str,
        changing: Option<&Changing>,
        result: &mut StepResult,
    ) -> Result<Seen, String> {
        let world = self.surroundings.world;
        let (suite, case) = (self.surroundings.suite.name.clone(), self.case.name.clone());
        let last = hub.newest().await?;
        let (message, contract) = (self.message(wanted, contract), contract.to_owned());
        let what = What { suite, case, wanted: wanted.clone(), contract, message };
        let armed = world.waits.arm(what, world.clock.now());
        if let Some(Changing::Producer(misbehaving)) = changing {
            misbehaving.start(hub, armed.left().unwrap_or_default()).await?;
        }
        let counts = |call: &Call| match changing {
            Some(Changing::Certificate(before)) => certificate::renewed(call, before).is_some(),
            _ => true,
        };
        let seen = wait::calls(hub, last, wanted, &armed, &counts, &*world.is_cancelled).await;
        let misbehaving = match changing {
            None => return seen,
            Some(Changing::Certificate(before)) => {
                let seen = seen?;
                let (verdict, text) = certificate::of_renewal(before, &hub.certificates().await?, &seen.calls);
                result.assertions.push(AssertionResult { verdict, ..broken(RENEWAL.to_owned(), text) });
                return Ok(seen);
            }
            Some(Changing::Producer(misbehaving)) => misbehaving,
        };
        let struck = misbehaving.end(hub).await;
        let (seen, struck) = (seen?, struck.map_err(|why| format!("the producer could not be put right: {why}"))?);
        // A producer that never misbehaved shows nothing of how the consumer copes.
        let met = seen.calls.iter().filter(|call| struck.contains(&call.correlation_id)).count();
        let name = format!("the producer did {} to {met} calls", misbehaving.name);
        let (verdict, messages) = match met {
            0 => (
                Verdict::Error,
                vec![format!("no call of the consumer met a mocked producer that did {}", misbehaving.name)],
            ),
            _ => (Verdict::Pass, Vec::new()),
        };
        result.assertions.push(assertion(&name, verdict, messages));
        Ok(seen)
    }

    /// A message that would be the call that is waited for.
    fn message(&self, wanted: &AwaitFile, namespace: &str) -> Option<String> {
        let contract = self.contract().filter(|contract| contract.namespace == namespace)?;
        let template = ask::template(&contract).ok()?;
        let filled = |text: String, name: &str, value: Option<&String>| match value {
            Some(value) => text.replace(name, &ask::escaped(value)),
            None => text,
        };
        let text = filled(template, "${logicalAddress}", wanted.logical_address.as_ref());
        Some(filled(text, "${patientId}", wanted.patient.as_ref()).replace("${patientIdType}", ask::PERSONAL_NUMBER))
    }

    /// The contract that the suite is about, as it carries it.
    fn contract(&self) -> Option<Arc<Contract>> {
        let project = self.surroundings.project;
        let interface = project.project.interfaces.first()?;
        let operation = interface.operations.first()?;
        project.schemas(&interface.name)?.contract(&operation.name).cloned()
    }

    async fn judge_calls(&mut self, hub: &Hub, calls: &[Call], wanted: &AwaitFile, result: &mut StepResult) {
        let known = self.contract();
        let mut found: Vec<Observation> = calls.iter().flat_map(|call| rules::of_call(call, known.as_ref())).collect();
        found.extend(calls.iter().filter_map(|call| rules::of_original_consumer(call, wanted.original_consumer)));
        let together = rules::of_calls(calls);
        let registered = registered(hub, calls).await;
        let is_demanded = wanted.certificate.as_deref() == Some("true");
        let judged = certificate::of_certificate(calls, is_demanded, &wanted.sender, &registered);
        result.assertions.extend(
            judged.into_iter().map(|(verdict, text)| AssertionResult { verdict, ..broken("CR-04".to_owned(), text) }),
        );
        if !together.iter().any(|one| one.rule == "CR-08") {
            result.assertions.extend(patience::waited_long(calls).map(|text| ruled("CR-08", Ok(text))));
        }
        self.notices.extend(patience::half_closed(calls).into_iter().map(|text| Notice::new("half-close", text)));
        found.extend(together);
        result.assertions.extend(found.into_iter().map(|one| broken(one.rule, one.text)));
    }
}

/// What the catalogue knows of those who called with a certificate.
async fn registered(hub: &Hub, calls: &[Call]) -> Registered {
    let mut registered = Registered::new();
    for call in calls.iter().filter(|call| certificate::is_shown(call)) {
        let Some(sender) = call.sender.as_ref().filter(|sender| !registered.contains_key(*sender)) else { continue };
        registered.insert(sender.clone(), hub.registered(&call.platform, sender).await);
    }
    registered
}

/// Holds what the record has of the consumer's calls to what it declared, where it declared anything.
async fn judge_load(hub: &Hub, wanted: &AwaitFile, contract: &str, result: &mut StepResult) {
    let declared =
        |text: &Option<String>| text.as_deref().map(|text| text.trim().parse::<usize>().map_err(|_| text.to_owned()));
    let (per_hour, at_once) = (declared(&wanted.calls_per_hour), declared(&wanted.calls_at_once));
    if per_hour.is_none() && at_once.is_none() {
        return;
    }
    let judged = match (per_hour.transpose(), at_once.transpose()) {
        (Err(text), _) | (_, Err(text)) => Err(format!("declared calls are {text:?}, expected a number")),
        (Ok(per_hour), Ok(at_once)) => {
            let moments = hub.moments(&wanted.sender, contract).await;
            moments.map(|moments| rules::of_load(&moments, per_hour, at_once))
        }
    };
    match judged {
        Ok(held) => result.assertions.extend(held.into_iter().map(|held| ruled("CR-10", held))),
        Err(why) => result.assertions.push(assertion("CR-10", Verdict::Error, vec![why])),
    }
}

/// Updates are held to what the index must be told; those before the wait are what the index knew.
fn judge_updates(
    wanted: &AwaitFile,
    file: &UpdatesFile,
    armed: jiff::Timestamp,
    calls: &[Call],
    recorded: &[Call],
    result: &mut StepResult,
) {
    let attested = file.attested.as_deref().filter(|text| !text.is_empty()).map(str::parse);
    let attested = match attested {
        Some(Err(_)) => {
            let text = format!("attested is {:?}, expected a moment such as 2026-03-01T12:00:00Z", file.attested);
            return result.assertions.push(assertion("attested", Verdict::Error, vec![text]));
        }
        Some(Ok(attested)) => attested,
        None => armed,
    };
    let source_system = file.source_system.as_deref().unwrap_or(&wanted.sender);
    let first = calls.first().map(|call| call.id);
    let before: Vec<Call> = recorded.iter().take_while(|call| Some(call.id) != first).cloned().collect();
    let read = watched::read(calls);
    let held = watched::Wanted { file, patient: wanted.patient.as_deref(), source_system, attested };
    let findings = watched::findings(&held, &read.updates, &watched::read(&before).updates);
    result.assertions.extend(findings.into_iter().map(|finding| broken(finding.case, finding.text)));
    result.assertions.extend(read.unread.into_iter().map(|why| assertion("Update", Verdict::Error, vec![why])));
}

fn assertion(name: &str, verdict: Verdict, messages: Vec<String>) -> AssertionResult {
    AssertionResult {
        name: name.to_owned(),
        type_name: "await".to_owned(),
        verdict,
        messages,
        ..AssertionResult::default()
    }
}

/// What came of a rule; the text says by what.
fn ruled(rule: &str, held: Result<String, String>) -> AssertionResult {
    match held {
        Ok(text) => AssertionResult { verdict: Verdict::Pass, ..broken(rule.to_owned(), text) },
        Err(text) => broken(rule.to_owned(), text),
    }
}

fn broken(rule: String, text: String) -> AssertionResult {
    AssertionResult {
        name: rule.clone(),
        type_name: "rule".to_owned(),
        rule: Some(rule),
        verdict: Verdict::Fail,
        messages: vec![text],
        ..AssertionResult::default()
    }
}
