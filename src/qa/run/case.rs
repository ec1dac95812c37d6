//! One case: its steps in order, and what came of them.

use std::collections::BTreeMap;

use jiff::Zoned;

use super::exchange::Exchange;
use super::messages::Messages;
use super::scopes::CaseScopes;
use super::{Options, Remembered, World};
use crate::domain::clock::Clock;
use crate::qa::native::written::CaseKind;
use crate::qa::result::{CaseResult, NotRun, StepResult};
use crate::qa::script::host::Scope;
use crate::qa::script::{Ending, Program};
use crate::qa::suite::expansion::{Notice, expand};
use crate::qa::suite::folder::PublishedProject;
use crate::qa::suite::project::{Case, Script, Step, StepKind, Suite};
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
        notices: Vec::new(),
        data_id: None,
        requests: BTreeMap::new(),
    };
    let mut ended = Ended::default();
    if let Some(native) = &case.native {
        running.prepare(native);
        if let Some((verdict, reason)) = running.before(native) {
            if verdict == Verdict::NotRun {
                running.note_not_run(&reason, case.line);
            }
            let (data, notices) = (running.variables, running.notices);
            return CaseResult { verdict, reason, data, notices, ..named(suite, case) };
        }
    }
    running.scripted(case.setup.as_ref(), "setup", &mut ended);
    match case.native.as_deref() {
        Some(native) if native.kind != CaseKind::Drive => running.elsewhere(native, &mut ended).await,
        _ => running.steps(&mut ended).await,
    }
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
pub(super) struct Ended {
    pub(super) steps: Vec<StepResult>,
    pub(super) observations: Vec<crate::qa::result::Observation>,
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
    pub(super) messages: &'r mut Messages,
    pub(super) idioms: &'r mut BTreeMap<String, usize>,
    not_run: &'r mut Vec<NotRun>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) exchanges: BTreeMap<String, Exchange>,
    pub(super) by_id: BTreeMap<String, String>,
    pub(super) notices: Vec<Notice>,
    pub(super) data_id: Option<String>,
    /// Request parameters that transfers have set, by step.
    pub(super) requests: BTreeMap<String, String>,
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
    pub(super) fn expanded(&mut self, text: &str) -> Result<String, String> {
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
