//! The register of deviations, *avvikelser*: what is not as it should be, how bad it is, and what was decided.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// Keeps the system from being approved.
    #[serde(rename = "stoppande")]
    Stoppande,
    /// Does not, and must be put right.
    #[serde(rename = "ej stoppande, kräver åtgärd")]
    KraverAtgard,
    /// Stays as it is.
    #[serde(rename = "godkänd avvikelse")]
    Godkand,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of the process")]
pub enum Status {
    #[default]
    Open,
    Proposed,
    Decided,
    Fixed,
    Verified,
    Accepted,
}

/// One deviation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deviation {
    /// `AVV-1`
    #[serde(default)]
    pub id: String,
    /// The session it belongs to.
    #[serde(default)]
    pub session: Option<String>,
    /// In a few words.
    pub title: String,
    /// In more.
    #[serde(default)]
    pub description: String,
    /// Full namespace of the contract.
    #[serde(default)]
    pub contract: Option<String>,
    /// The element it is about.
    #[serde(default)]
    pub element: Option<String>,
    /// The rule or case that found it.
    #[serde(default)]
    pub rule: Option<String>,
    /// The run it was first seen in.
    #[serde(default)]
    pub first_run: Option<String>,
    /// How bad; nobody has said yet where there is none.
    #[serde(default)]
    pub class: Option<Class>,
    /// How far it has come.
    #[serde(default)]
    pub status: Status,
    /// Who puts it right.
    #[serde(default)]
    pub owner: Option<String>,
    /// Until when.
    #[serde(default)]
    pub due: Option<Date>,
    /// What was decided.
    #[serde(default)]
    pub decision: Option<String>,
    /// By whom.
    #[serde(default)]
    pub decided_by: Option<String>,
    /// Services that can live with it.
    #[serde(default)]
    pub acceptable_for: Vec<String>,
    /// Services that can for a while.
    #[serde(default)]
    pub temporarily_acceptable_for: Vec<String>,
    /// Services that cannot.
    #[serde(default)]
    pub not_acceptable_for: Vec<String>,
    /// What people said.
    #[serde(default)]
    pub comments: Vec<String>,
    /// What was done.
    #[serde(default)]
    pub history: Vec<Change>,
}

/// What was done to a deviation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: String,
}

impl Deviation {
    /// Whether it still weighs on a decision.
    pub fn is_open(&self) -> bool {
        !matches!(self.status, Status::Verified | Status::Accepted)
    }

    /// Whether another report is of the same thing: the same rule at the same element, in the same session.
    pub fn is_same(&self, other: &Self) -> bool {
        self.session == other.session && self.rule.is_some() && self.rule == other.rule && self.element == other.element
    }
}
