//! A connection as it is shown.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::document::{Declaration, Document, Outcome, Role};
use super::file::ConnectionFile;
use super::gates::Failed;
use super::holdings::Holdings;
use super::price;
use super::services::Services;
use super::state::{Event, State};

/// A connection as it is shown.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// As its party wrote it.
    #[serde(flatten)]
    pub document: Document,
    /// How far it has come.
    pub state: State,
    /// Where it is tested.
    pub assigned_env: Option<String>,
    /// Until when a reservation is to be met.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub due: Option<Date>,
    /// What quality assurance costs, in whole kronor.
    pub fee: u64,
    /// What may be done now.
    pub allowed: Vec<Event>,
    /// Gates that failed at the last step and refused nothing.
    pub warnings: Vec<Failed>,
}

/// How it stands.
pub fn now(holdings: &Holdings, services: &Services, file: &ConnectionFile) -> View {
    let progress = &file.progress;
    View {
        document: (*file.document).clone(),
        state: progress.state,
        assigned_env: progress.assigned_env.clone(),
        due: progress.due,
        fee: price::of_connection(holdings, services, file),
        allowed: progress.state.allowed(),
        warnings: progress.warnings.clone(),
    }
}

/// How it stood at the end of a day: before its first step as it was at birth, else as its last step saw it.
pub fn at(holdings: &Holdings, services: &Services, file: &ConnectionFile, day: Date) -> View {
    let taken = file.entries.iter().filter(|entry| entry.at.day() <= day && !entry.refused);
    let mut then = ConnectionFile { document: file.document.clone(), ..ConnectionFile::default() };
    for entry in taken {
        then.document = entry.seen.clone();
        let progress = &mut then.progress;
        progress.state = entry.to;
        progress.warnings.clone_from(&entry.warnings);
        match entry.event {
            Event::AssignTestEnv => progress.assigned_env.clone_from(&entry.arguments.env),
            Event::Review => progress.due = entry.arguments.due,
            _ => {}
        }
    }
    now(holdings, services, &then)
}

/// A self-declaration with what the runs add to it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// As the party wrote it.
    #[serde(flatten)]
    pub declaration: Declaration,
    /// The last run of each contract and role.
    pub results: Vec<Results>,
    /// All of them together.
    pub figures: Figures,
    /// Tests of index updates that the runs have, by number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ei_results: BTreeMap<String, Outcome>,
}

/// What counts of a contract in a role, its newest run first of all.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Results {
    /// Full responder namespace.
    pub contract: String,
    /// What the system was.
    pub role: Role,
    /// The newest run.
    pub run: String,
    /// Where it ran.
    pub env: Option<String>,
    /// Version of the system.
    pub version: Option<String>,
    /// How many cases came out how.
    #[serde(flatten)]
    pub figures: Figures,
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// All.
    pub cases: usize,
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Otherwise, in a known way.
    pub deviation: usize,
    /// Not at all.
    pub not_run: usize,
}

/// The self-declaration of a connection, results included.
pub fn declared(file: &ConnectionFile) -> Declared {
    let mut results = Vec::new();
    let mut total = Figures::default();
    let pairs: std::collections::BTreeSet<(&str, Role)> =
        file.runs.iter().map(|run| (run.contract.as_str(), run.role)).collect();
    for run in pairs.into_iter().filter_map(|(contract, role)| file.run_of(contract, role)) {
        let counting = file.counting(&run.contract, run.role);
        let count = |outcome: Option<Outcome>| counting.iter().filter(|case| case.1 == outcome).count();
        let figures = Figures {
            cases: counting.len(),
            passed: count(Some(Outcome::Passed)),
            failed: count(Some(Outcome::Failed)),
            deviation: count(Some(Outcome::Deviation)),
            not_run: count(None),
        };
        total.cases += figures.cases;
        total.passed += figures.passed;
        total.failed += figures.failed;
        total.deviation += figures.deviation;
        total.not_run += figures.not_run;
        results.push(Results {
            contract: run.contract.clone(),
            role: run.role,
            run: run.id.clone(),
            env: run.env.clone(),
            version: run.version.clone(),
            figures,
        });
    }
    let declaration = file.document.declaration.clone().unwrap_or_default();
    Declared { declaration, results, figures: total, ei_results: file.index_tests() }
}
