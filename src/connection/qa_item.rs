//! Quality assurance items (`connection.md` §3.2): how far each contract has come in each role, derived from the
//! connection's steps and runs.

use jiff::civil::Date;
use serde::Serialize;

use super::document::{Decision, Role};
use super::file::ConnectionFile;
use super::state::State;

/// How far an item has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemState {
    /// Nothing yet.
    Planned,
    /// A test environment is assigned.
    EnvReady,
    /// Being tested.
    Testing,
    /// Declared by the party.
    Declared,
    /// Approved.
    Godkand,
    /// Approved with deviations.
    GodkandAvvikelser,
    /// Approved with a reservation.
    GodkandForbehall,
    /// Not approved.
    Underkand,
    /// A reservation was not met in time.
    Overdue,
}

impl ItemState {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::EnvReady => "ENV_READY",
            Self::Testing => "TESTING",
            Self::Declared => "DECLARED",
            Self::Godkand => "GODKAND",
            Self::GodkandAvvikelser => "GODKAND_AVVIKELSER",
            Self::GodkandForbehall => "GODKAND_FORBEHALL",
            Self::Underkand => "UNDERKAND",
            Self::Overdue => "OVERDUE",
        }
    }
}

/// One contract in one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Item {
    /// Full responder namespace.
    pub contract: String,
    /// What the system is.
    pub role: Role,
    /// The service.
    pub service: String,
    /// Where it is tested.
    pub env: Option<String>,
    /// How far it has come.
    pub state: ItemState,
    /// The last run.
    pub run: Option<String>,
    /// The last review.
    pub decision: Option<Decision>,
    /// Until when a reservation is to be met.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub due: Option<Date>,
}

/// The items of a connection on a day.
pub fn items(file: &ConnectionFile, day: Date) -> Vec<Item> {
    let mut pairs = file.document.assured();
    pairs.extend(file.runs.iter().map(|run| (run.contract.as_str(), run.role)));
    let progress = &file.progress;
    pairs
        .into_iter()
        .map(|(contract, role)| {
            let was_reviewed = progress.assured.contains(&(contract.to_owned(), role));
            let decision = progress.decision.filter(|_| was_reviewed);
            Item {
                contract: contract.to_owned(),
                role,
                service: file.document.service.clone(),
                env: progress.assigned_env.clone(),
                state: state(file, decision, day),
                run: file.run_of(contract, role).map(|run| run.id.clone()),
                decision,
                due: progress.due.filter(|_| decision == Some(Decision::GodkandForbehall)),
            }
        })
        .collect()
}

fn state(file: &ConnectionFile, decision: Option<Decision>, day: Date) -> ItemState {
    let progress = &file.progress;
    match progress.state {
        State::Prospect | State::Qualified | State::Agreed | State::Ordered | State::Prepared => ItemState::Planned,
        State::QaConnected => ItemState::EnvReady,
        State::QaTesting => ItemState::Testing,
        State::QaDeclared => ItemState::Declared,
        _ => match decision {
            None => ItemState::Planned,
            Some(Decision::Godkand) => ItemState::Godkand,
            Some(Decision::GodkandAvvikelser) => ItemState::GodkandAvvikelser,
            Some(Decision::Underkand) => ItemState::Underkand,
            Some(Decision::GodkandForbehall) if progress.fix_verified => ItemState::Godkand,
            Some(Decision::GodkandForbehall) if progress.overdue || progress.due.is_some_and(|due| day > due) => {
                ItemState::Overdue
            }
            Some(Decision::GodkandForbehall) => ItemState::GodkandForbehall,
        },
    }
}
