//! One service as it is asked for and shown (`connection.md` §10, `connection-api.md` §4).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::connection::category::Category;

use super::fact::{self, Confidence, Fact};

/// What is known of one service.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceProfile {
    /// `npo`.
    pub id: String,
    /// Its row in `connection.md` §8.
    pub row: u32,
    /// The service's name in the texts.
    pub name: String,
    /// What it is for, one sentence.
    pub description: String,
    /// What a customer may order it for; never empty.
    pub purposes: Vec<String>,
    /// Whether calls of this service go over the platform.
    pub over_ntjp: Fact<bool>,
    /// Whether it handles personal data.
    pub personal_data: Fact<bool>,
    /// Which processor agreement it demands instead of the usual one.
    pub dpa: Fact<Dpa>,
    /// Who may order it.
    #[serde(serialize_with = "fact::list")]
    pub eligible: Fact<Vec<Category>>,
    /// Who may order it with an individual exception only.
    #[serde(serialize_with = "fact::list")]
    pub eligible_by_exception: Fact<Vec<Category>>,
    /// The day from which agreements cover it.
    pub from: Fact<Date>,
    /// Whether it can be ordered.
    pub lifecycle: Fact<Lifecycle>,
    /// Whether an Agent may broker it.
    pub agent_allowed: Fact<bool>,
    /// What must be ordered and connected besides.
    pub depends_on: Vec<Dependency>,
    /// What must be ordered besides and is not given by name, in the texts' words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_dependencies: Vec<String>,
    /// Security services that must be connected.
    #[serde(serialize_with = "fact::list")]
    pub security_services: Fact<Vec<String>>,
    /// Whether its producers keep the engagement index up to date.
    pub ei: Fact<bool>,
    /// Whether it is a national medical information system.
    pub nmi: Fact<bool>,
    /// Whether connecting a producer costs the fee of `connection.md` §7.
    pub fee_bearing: Fact<bool>,
    /// Whether the customer has duties concerning indirectly connected caregivers.
    pub indirect_duty: Fact<bool>,
    /// The reference application in which a producer's data are verified end to end.
    pub e2e_app: Fact<ReferenceApplication>,
    /// Percent of a calendar month.
    pub target_availability: Fact<f64>,
    /// What is called; empty where unknown.
    pub contracts: Vec<ServiceContract>,
    /// Services of which this is a collective name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alias_of: Vec<String>,
    /// What connected systems must keep to.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// What else the texts say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The contract texts that name it.
    pub source: Vec<String>,
    /// How sure the contracts are.
    pub confidence: Confidence,
    /// How sure each fact is; dependencies as `dependsOn.<id>`.
    pub facts: BTreeMap<String, Confidence>,
}

impl ServiceProfile {
    /// Its contract with this responder namespace.
    pub fn contract(&self, namespace: &str) -> Option<&ServiceContract> {
        self.contracts.iter().find(|contract| contract.namespace == namespace)
    }

    /// Whether a producer of `namespace` keeps the index up to date for this service; `None` where nobody has said.
    pub fn uses_index(&self, namespace: &str) -> Option<bool> {
        self.contract(namespace).and_then(|contract| contract.ei).or_else(|| self.ei.get())
    }

    /// Whether nothing is known of what is called.
    pub fn contracts_unknown(&self) -> bool {
        self.confidence == Confidence::Unknown
    }
}

/// A processor agreement demanded instead of Modellavtal 1 or PuB-avtal 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpa {
    /// None: the usual one holds.
    Usual,
    /// SKR-koncernens personuppgiftsbiträdesavtal.
    Skr,
}

impl Serialize for Dpa {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Usual => serializer.serialize_none(),
            Self::Skr => serializer.serialize_str("SKR"),
        }
    }
}

/// Whether a service can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// It can.
    Active,
    /// Not by new customers.
    Decommissioning,
    /// By nobody.
    Closed,
}

/// Where a producer's data are verified end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceApplication {
    /// Nowhere: the service has none.
    None,
    /// `NPÖ`.
    Named(String),
}

impl ReferenceApplication {
    /// Its name, where there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Named(name) => Some(name),
        }
    }
}

impl Serialize for ReferenceApplication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}

/// A service that must be ordered and connected as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Which.
    pub service: String,
    /// The day from which it holds; always, where there is none.
    pub from: Option<Date>,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Dependency {
    /// Whether it is demanded on a day.
    pub fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day)
    }
}

impl Serialize for Dependency {
    /// A plain id, where nothing else is to be said.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(from) = self.from else { return serializer.serialize_str(&self.service) };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("service", &self.service)?;
        map.serialize_entry("from", &from)?;
        map.end()
    }
}

/// A service contract that a service is called by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceContract {
    /// The responder namespace.
    pub namespace: String,
    /// What the customer is to it.
    pub customer_role: CustomerRole,
    /// `RIVTABP21`.
    pub profile: String,
    /// Whose logical address it is called at; `None` where nobody has said.
    pub addressing: Option<Addressing>,
    /// Where it differs from the service's own: whether its producers keep the index up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ei: Option<bool>,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a customer is to a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CustomerRole {
    /// Calls.
    Consumer,
    /// Is called.
    Producer,
    /// Either, or both.
    Both,
    /// Nothing: Inera runs the system, and the customer is its user.
    None,
}

/// Whose logical address a contract is called at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// The source system's.
    System,
    /// The care unit's.
    Unit,
    /// The caregiver's.
    Caregiver,
    /// Inera's, or another national party's.
    National,
    /// The county's.
    County,
}

/// What the published descriptions demand of connected systems. Every one is optional: it is there where it is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Calls a second, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second_max: Option<u32>,
    /// Size of a message, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_bytes_max: Option<u64>,
    /// Pause before a call is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_pause_ms: Option<u64>,
    /// Longest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms_max: Option<u64>,
    /// Mean of all answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms_mean_max: Option<u64>,
    /// 95 of 100 answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms_p95_max: Option<u64>,
    /// Calls at once that must be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent_calls_min: Option<u32>,
    /// Percent of a calendar month that a customer's producer is to be available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer_availability: Option<f64>,
}

impl Limits {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
