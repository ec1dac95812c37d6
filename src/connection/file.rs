//! A connection as the platform keeps it: what its party wrote, how far it has come, and every step with its evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::document::{Decision, Document, LeavingPlan, Line, Outcome, Role, Run, RunCase};
use super::effect::Begun;
use super::gates::Failed;
use super::moment::Moment;
use super::state::{Event, State};

/// What a step is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Arguments {
    /// `assign_test_env`: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// `review`: how it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// `review` with a reservation: until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub due: Option<Date>,
    /// `change`: what is to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// `accept_change`: whether quality assurance is to be run again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requalify: Option<bool>,
    /// `suspend`: which gate failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// `remedy`: whether the fix is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_verified: Option<bool>,
    /// `decommission`: when the agreement ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub end_date: Option<Date>,
    /// `decommission`: who does what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<LeavingPlan>,
}

/// One line of a connection's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number, from 1.
    pub n: u32,
    /// What was to be done.
    pub event: Event,
    /// Where the connection was.
    pub from: State,
    /// Where it is; the same, where the step was refused.
    pub to: State,
    /// When it is said to have happened.
    #[cfg_attr(test, schema(value_type = String))]
    pub at: Moment,
    /// When the platform was told.
    #[cfg_attr(test, schema(value_type = String))]
    pub recorded_at: Timestamp,
    /// Who.
    pub actor: String,
    /// With what.
    pub arguments: Arguments,
    /// Whether it was refused; then nothing changed.
    pub refused: bool,
    /// Gates that refused it.
    pub failed: Vec<Failed>,
    /// Gates that failed and refused nothing.
    pub warnings: Vec<Failed>,
    /// What the gates saw, as of then.
    #[serde(skip)]
    #[cfg_attr(test, schema(ignore))]
    pub seen: Arc<Document>,
}

/// A connection as the platform keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionFile {
    /// As its party wrote it.
    pub document: Arc<Document>,
    /// How far it has come.
    pub progress: Progress,
    /// Every step, those refused included.
    pub entries: Vec<Entry>,
    /// Runs of test cases, oldest first.
    pub runs: Vec<Run>,
    /// A step that has begun to change a catalogue, and of which nobody has said yet how it ended.
    pub begun: Option<Begun>,
}

/// How far a connection has come: what its steps, one after the other, make of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Where it is.
    pub state: State,
    /// Where it is tested.
    pub assigned_env: Option<String>,
    /// The last review.
    pub decision: Option<Decision>,
    /// What that review was of: contracts, and what the system is to them.
    pub assured: BTreeSet<(String, Role)>,
    /// Until when a reservation is to be met.
    pub due: Option<Date>,
    /// Whether it was.
    pub fix_verified: bool,
    /// Whether the last review's reservation is overdue.
    pub overdue: bool,
    /// The day it was prepared; contacts must be there from then on.
    pub prepared: Option<Date>,
    /// The day it was to leave.
    pub leaving: Option<Date>,
    /// What is published on each platform.
    pub published: BTreeMap<String, Vec<Line>>,
    /// Supplementary orders that earlier changes have used up.
    pub orders_used: usize,
    /// Number of the log's entry with which it last went live.
    pub live_since: u32,
    /// Gates that failed at the last step and refused nothing.
    pub warnings: Vec<Failed>,
}

impl ConnectionFile {
    /// The last run of a contract in a role.
    pub fn run_of(&self, contract: &str, role: Role) -> Option<&Run> {
        self.runs.iter().rev().find(|run| run.contract == contract && run.role == role)
    }

    /// What counts of each case of a contract in a role: what came of it in the newest run that has it. Cases of the newest
    /// plan that no run has stand there without an outcome; without any plan, the runs' own cases are all there are.
    pub fn counting(&self, contract: &str, role: Role) -> Vec<(&str, Option<Outcome>)> {
        let runs: Vec<&Run> = self.runs.iter().filter(|run| run.contract == contract && run.role == role).collect();
        let planned = runs.iter().rposition(|run| !run.planned.is_empty());
        let plan = planned.map_or(&[][..], |place| &runs[place].planned);
        let since = &runs[planned.unwrap_or(0)..];
        let own = since.iter().flat_map(|run| &run.cases).map(|case| case.case.as_str());
        let mut seen = BTreeSet::new();
        let names = plan.iter().map(String::as_str).chain(own).filter(|name| seen.insert(*name));
        // The newest is asked first.
        let mut newest: BTreeMap<&str, Option<Outcome>> = BTreeMap::new();
        for case in runs.iter().rev().flat_map(|run| run.cases.iter().rev()) {
            newest.entry(&case.case).or_insert(case.outcome);
        }
        names.map(|name| (name, newest.get(name).copied().flatten())).collect()
    }

    /// What the runs say of tests of index updates (*EI_TF*), by number: of each case what came of it last, and of the cases
    /// of a test the worst.
    pub fn index_tests(&self) -> BTreeMap<String, Outcome> {
        let mut newest: BTreeMap<&str, &RunCase> = BTreeMap::new();
        for case in self.runs.iter().flat_map(|run| &run.cases) {
            newest.insert(&case.case, case);
        }
        let mut tests: BTreeMap<String, Outcome> = BTreeMap::new();
        for case in newest.values() {
            let numbers = case.themes.iter().filter_map(|theme| theme.strip_prefix("EI_TF "));
            for (number, outcome) in numbers.filter_map(|number| Some((number.to_owned(), case.outcome?))) {
                let worst = tests.entry(number).or_insert(outcome);
                *worst = match (*worst, outcome) {
                    (Outcome::Failed, _) | (_, Outcome::Failed) => Outcome::Failed,
                    (Outcome::Deviation, _) | (_, Outcome::Deviation) => Outcome::Deviation,
                    (Outcome::Passed, Outcome::Passed) => Outcome::Passed,
                };
            }
        }
        tests
    }

    /// When its last step is said to have happened.
    pub fn last_at(&self) -> Option<Moment> {
        // A refused step changes nothing, the order of time included.
        self.entries.iter().rev().find(|entry| !entry.refused).map(|entry| entry.at)
    }
}
