//! What native cases have beside their steps: parameters they need, and other ways to run than by calling.

use super::case::{CaseRun, Ended};
use super::load;
use crate::qa::native::written::CaseKind;
use crate::qa::result::StepResult;
use crate::qa::suite::expansion::Notice;
use crate::qa::suite::project::{Native, StepKind};
use crate::qa::verdict::Verdict;

impl CaseRun<'_> {
    /// The variables of the case, the weightiest last: suite, case, what the customer says, what the run is given.
    pub(super) fn prepare(&mut self, native: &Native) {
        let options = self.surroundings.options;
        let project = &self.surroundings.project.project;
        let mut set = |name: &str, value: &str| {
            self.variables.insert(name.to_owned(), value.to_owned());
        };
        let Some(suite) = &project.native else { return };
        suite.parameters.aliases.iter().for_each(|(name, value)| set(name, value));
        if let Some(parameters) = &options.parameters {
            parameters.aliases.iter().for_each(|(name, value)| set(name, value));
        }
        suite.data.iter().chain(&native.data).for_each(|(name, value)| set(name, value));
        let own = suite.parameters.cases.get(&self.case.name).into_iter().flatten();
        suite.parameters.common.iter().chain(own).for_each(|(name, value)| set(name, value));
        if let Some(parameters) = &options.parameters {
            let own = parameters.cases.get(&self.case.name).into_iter().flatten();
            parameters.common.iter().chain(own).for_each(|(name, value)| set(name, value));
        }
        if let Some(data) = &options.data {
            data.global.iter().for_each(|(name, value)| set(name, value));
            let cases = data.cases.iter().filter(|case| case.id == self.case.name);
            cases.flat_map(|case| case.data.iter().flatten()).for_each(|(name, value)| set(name, value));
        }
        if let Some(target) = &options.target {
            set("webServiceUrl", target);
            set("target.url", target);
        }
        options.set.iter().for_each(|(name, value)| set(name, value));
        // An HSA-id in letters that are not its own, for the case that asks for it so.
        if let Some(unit) = self.variables.get("careUnitHSAId").filter(|unit| unit.to_lowercase() != **unit) {
            let lower = unit.to_lowercase();
            self.variables.insert("careUnitHSAId.lower".to_owned(), lower);
        }
        self.data_id = Some(self.case.name.clone());
    }

    /// What keeps the case from being run, if anything does.
    pub(super) fn before(&self, native: &Native) -> Option<(Verdict, String)> {
        let project = &self.surroundings.project.project;
        let none = std::collections::BTreeMap::new();
        let suite = project.native.as_ref().map_or(&none, |suite| &suite.parameters.not_applicable);
        let run = self.surroundings.options.parameters.as_ref().map_or(&none, |run| &run.not_applicable);
        for name in &native.needs {
            let without = [suite, run, &self.surroundings.options.not_applicable].into_iter().find_map(|known| {
                known.get(name).or_else(|| name.rsplit_once('.').and_then(|(table, _)| known.get(table)))
            });
            if let Some(comment) = without {
                return Some((Verdict::Skip, format!("parameter {name} is not applicable: {comment}")));
            }
        }
        let missing = native.needs.iter().find(|name| self.variables.get(*name).is_none_or(String::is_empty));
        missing.map(|name| (Verdict::NotRun, format!("parameter {name} missing")))
    }

    /// Runs a case that does not go through its steps once.
    pub(super) async fn elsewhere(&mut self, native: &Native, ended: &mut Ended) {
        let mut result =
            StepResult { name: self.case.name.clone(), type_name: "wait".to_owned(), ..StepResult::default() };
        match native.kind {
            CaseKind::Load => return self.load(native, ended).await,
            CaseKind::Manual => {
                result.verdict = Verdict::Waiting;
                result.reason = "somebody has to say what was seen".to_owned();
            }
            CaseKind::Await if self.surroundings.world.hub.is_some() => return self.wait(native, ended).await,
            CaseKind::Audit => return self.audit(native, ended).await,
            CaseKind::Await | CaseKind::Drive => {
                let reason = "this case waits for others, and the run is not connected to a platform".to_owned();
                self.note_not_run(&reason, self.case.line);
                (result.verdict, result.reason) = (Verdict::NotRun, reason);
            }
        }
        ended.steps.push(result);
    }

    async fn load(&mut self, native: &Native, ended: &mut Ended) {
        let step = self.case.steps.first();
        let Some((step, StepKind::Request(request))) = step.map(|step| (step, &step.kind)) else { return };
        let mut result = StepResult { name: step.name.clone(), type_name: "load".to_owned(), ..StepResult::default() };
        let options = self.surroundings.options;
        let plan = load::Plan::of(native.load.unwrap_or_default(), options);
        if options.load_scale < 1.0 {
            self.notices.push(Notice::new("scaled", format!("durations were shortened to {}", options.load_scale)));
        }
        load::run(self, step, request, &plan, &mut result).await;
        ended.steps.push(result);
    }
}
