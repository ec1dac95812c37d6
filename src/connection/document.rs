//! A connection as its party writes it (`connection-api.md` §5): what is to be connected, and the evidence for it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The contract by which the index is kept up to date.
pub const INDEX_UPDATE: &str = "urn:riv:itintegration:engagementindex:UpdateResponder:1";

/// A connection as it is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Whose.
    pub party: String,
    /// HSA-id of the system.
    #[serde(default)]
    pub component: String,
    /// Which service.
    pub service: String,
    /// When connecting is to start.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub start: Option<Date>,
    /// What for.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Who operates the service in Inera's place.
    #[serde(default)]
    pub external_operator: Option<String>,
    /// What is ordered of each platform.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// What information owners have approved.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// What the party has shown.
    #[serde(default)]
    pub evidence: Evidence,
    /// The self-declaration (*egendeklaration*).
    #[serde(default)]
    pub declaration: Option<Declaration>,
    /// What was invoiced.
    #[serde(default)]
    pub invoices: Vec<Invoice>,
}

/// What a system is to a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Is called (*tjänsteproducent*).
    Producer,
    /// Calls (*tjänstekonsument*).
    Consumer,
}

impl Role {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// One line of a technical order. What is absent is for a gate to complain of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Line {
    /// The platform.
    pub env: Option<String>,
    /// What the system is.
    pub role: Option<Role>,
    /// The system.
    pub hsa_id: Option<String>,
    /// Full responder namespace.
    pub contract: Option<String>,
    /// Logical address.
    pub logical_address: Option<String>,
    /// RIV-TA profile; producers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Where the producer answers; producers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who may call the producer; producers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Vec<String>>,
}

impl Line {
    /// Whether it is for a platform.
    pub fn is_of(&self, env: &str) -> bool {
        self.env.as_deref() == Some(env)
    }

    /// Names of keys that are absent or empty.
    pub fn lacking(&self) -> Vec<&'static str> {
        let empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        let producer = self.role == Some(Role::Producer);
        [
            ("env", empty(&self.env)),
            ("role", self.role.is_none()),
            ("hsaId", empty(&self.hsa_id)),
            ("contract", empty(&self.contract)),
            ("logicalAddress", empty(&self.logical_address)),
            ("profile", producer && empty(&self.profile)),
            ("url", producer && empty(&self.url)),
            ("consumers", producer && self.consumers.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, is_lacking)| is_lacking.then_some(name))
        .collect()
    }
}

/// An information owner's consent to one consumer (*samverkan*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// Who may call.
    pub consumer: String,
    /// What.
    pub contract: String,
    /// At which address.
    pub logical_address: String,
    /// Who says so.
    #[serde(default)]
    pub by: Option<String>,
    /// Since when.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub date: Option<Date>,
}

/// What a party has shown of a connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Evidence {
    /// What is done by hand when the service is out (*reservrutin*).
    pub backup_plan: Option<String>,
    /// Whether the service's guidelines are followed.
    pub guidelines: Option<bool>,
    /// Whether duties towards indirect caregivers are accepted.
    pub indirect_duty: Option<bool>,
    /// Who is the manufacturer of a modified medical system (*NMI*).
    pub nmi_responsibility: Option<String>,
    /// Whether such a system was modified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<bool>,
    /// Whether the party has consented to an external operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_consent: Option<bool>,
    /// Whether a reservation's fix is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_verified: Option<bool>,
    /// How the system behaves in operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Calls that were seen (*anrop*).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<SeenCall>,
    /// Rules of RIV-TA that were broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<String>,
    /// The platform's host that production uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production_host: Option<String>,
    /// When a decommissioned connection ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub end_date: Option<Date>,
    /// Who does what when it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<LeavingPlan>,
}

/// How a system behaves in operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Metrics {
    /// Calls a second at the peak.
    pub calls_per_second: Option<f64>,
    /// Longest time to answer, in milliseconds.
    pub answer_ms: Option<u64>,
    /// Mean time to answer, in milliseconds.
    pub answer_ms_mean: Option<u64>,
    /// Time within which 95 of 100 answers came, in milliseconds.
    pub answer_ms_p95: Option<u64>,
    /// Percent of the time that it was there.
    pub availability: Option<f64>,
    /// Percent of calls that ended in an error.
    pub error_percent: Option<f64>,
}

/// A call that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenCall {
    /// By whom.
    pub consumer: String,
    /// What.
    pub contract: String,
    /// Of whom.
    pub logical_address: String,
}

/// Who does what when a connection ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LeavingPlan {
    /// Inera's part.
    pub inera: Vec<String>,
    /// The party's part.
    pub party: Vec<String>,
}

/// A self-declaration (*egendeklaration*).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Declaration {
    /// Whose.
    pub organisation: Option<String>,
    /// Its organisation number.
    pub orgnr: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Deviations that the party itself finds stopping.
    pub stopping: Option<u32>,
    /// Deviations that are known.
    #[cfg_attr(test, schema(value_type = Vec<Object>))]
    pub deviations: Vec<serde_json::Value>,
    /// The party's own judgement.
    pub decision: Option<Decision>,
    /// Tests of index updates, by number.
    pub ei: BTreeMap<String, String>,
    /// Verification in the application that shows the data.
    pub e2e: Option<EndToEnd>,
    /// Who has approved which mapping.
    pub mapping: Vec<Mapping>,
}

/// Verification in the application that shows the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EndToEnd {
    /// Which application.
    pub app: Option<String>,
    /// What was seen.
    pub report: Option<String>,
}

/// A caregiver's approval of how information is mapped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Mapping {
    /// Kind of information.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Who approved.
    pub by: Option<String>,
}

/// A judgement of quality assurance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Decision {
    /// Approved.
    Godkand,
    /// Approved with deviations.
    GodkandAvvikelser,
    /// Approved with a reservation until a day (*förbehåll*).
    GodkandForbehall,
    /// Not approved.
    Underkand,
}

/// What was invoiced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invoice {
    /// Whole kronor.
    pub amount: u64,
    /// When.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub at: Option<Date>,
}

/// A run of contract test cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Full responder namespace.
    pub contract: String,
    /// What the system was.
    pub role: Role,
    /// The platform it ran in.
    #[serde(default)]
    pub env: Option<String>,
    /// Version of the system.
    #[serde(default)]
    pub version: Option<String>,
    /// Each case and how it came out.
    #[serde(default)]
    pub cases: Vec<RunCase>,
    /// Every case that belongs to it, also those that this run did not have; empty where nobody has said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<String>,
    /// Identity numbers that occurred.
    #[serde(default)]
    pub identities: Vec<String>,
    /// Where the system was called, if one place was named for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The run of `anslut qa` that it was made of, as that is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qa_run: Option<String>,
    /// When it was handed in.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub at: Option<jiff::Timestamp>,
}

/// One case of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunCase {
    /// Its number.
    pub case: String,
    /// How it came out; none = it was not run.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Themes of the self-declaration that it belongs to, as `EI_TF 2.1`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub themes: Vec<String>,
}

/// How a case came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed,
    /// Otherwise, in a known way.
    Deviation,
}

/// A permission that a line comes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permitted<'d> {
    /// Who may call.
    pub consumer: &'d str,
    /// What.
    pub contract: &'d str,
    /// At which address.
    pub address: &'d str,
}

impl Document {
    /// Its lines for one platform.
    pub fn lines_of<'d>(&'d self, env: &'d str) -> impl Iterator<Item = &'d Line> {
        self.lines.iter().filter(move |line| line.is_of(env))
    }

    /// Whether the system is called for this service.
    pub fn is_producer(&self) -> bool {
        self.lines.iter().any(|line| line.role == Some(Role::Producer))
    }

    /// What is quality assured: each contract and role that is ordered. Updates of the index are covered by their own
    /// tests (EI_TF), unless the service is the index itself.
    pub fn assured(&self) -> BTreeSet<(&str, Role)> {
        let pairs = self.lines.iter().filter_map(|line| Some((line.contract.as_deref()?, line.role?)));
        pairs.filter(|(contract, _)| self.service == "ei" || *contract != INDEX_UPDATE).collect()
    }
}

/// The permissions that lines come to.
pub fn permitted<'d>(lines: impl Iterator<Item = &'d Line>) -> Vec<Permitted<'d>> {
    let mut all = Vec::new();
    for line in lines {
        let (Some(contract), Some(address)) = (line.contract.as_deref(), line.logical_address.as_deref()) else {
            continue;
        };
        match line.role {
            Some(Role::Producer) => {
                let consumers = line.consumers.iter().flatten();
                all.extend(consumers.map(|consumer| Permitted { consumer, contract, address }));
            }
            Some(Role::Consumer) => {
                all.extend(line.hsa_id.as_deref().map(|consumer| Permitted { consumer, contract, address }));
            }
            None => {}
        }
    }
    all.sort();
    all.dedup();
    all
}
