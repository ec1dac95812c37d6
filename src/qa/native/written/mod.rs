//! What the files of a native suite say, as written (`qa.md` §5.1). Unknown keys are refused with their line.

pub mod expectation;
pub mod waits;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use expectation::Expectation;
use waits::{AuditFile, AwaitFile};

/// `suite.toml`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteFile {
    /// The form of the files: 1.
    pub schema: u32,
    /// The suite's name.
    pub id: String,
    /// What people read.
    #[serde(default, skip_serializing_if = "Titles::is_empty")]
    pub title: Titles,
    /// Full namespace of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Whom the cases judge.
    #[serde(default)]
    pub role: Role,
    /// The contract's description, beside the suite; without it, the contract is one of those that come with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wsdl: Option<String>,
    /// Values for every case, *globaldata*.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, toml::Value>,
    /// Prefixes of all paths.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: BTreeMap<String, String>,
    /// What one record is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordsFile>,
}

/// Whom a suite judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A system that answers.
    #[default]
    Producer,
    /// A system that asks.
    Consumer,
    /// A system that tells the index.
    Index,
}

/// A text in both languages; either may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Titles {
    /// Swedish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sv: Option<String>,
    /// English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

impl Titles {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sv.is_none() && self.en.is_none()
    }
}

/// `[records]`: where records stand, and their fields in them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsFile {
    /// All records of an answer.
    pub path: String,
    /// What tells a record from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Identity of the patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_type: Option<String>,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care_unit: Option<String>,
    /// Its care giver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care_giver: Option<String>,
    /// The system it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// The contact it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care_contact: Option<String>,
    /// Whether the patient may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<String>,
    /// When it was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Moments that decide whether it lies in a period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<String>,
}

/// `cases/<id>.toml`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The case's name, and its id in `data.xml`.
    pub id: String,
    /// What people read.
    #[serde(default, skip_serializing_if = "Titles::is_empty")]
    pub title: Titles,
    /// Themes of the declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub themes: Vec<String>,
    /// How it is run.
    #[serde(default)]
    pub kind: CaseKind,
    /// Parameters it cannot do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Which platform rules count.
    #[serde(default, skip_serializing_if = "RuleChoice::is_none")]
    pub rules: RuleChoice,
    /// Values for this case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, toml::Value>,
    /// For `load`: how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadFile>,
    /// For `await`: which call.
    #[serde(rename = "await", skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<AwaitFile>,
    /// For `audit`: what is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditFile>,
    /// In order.
    #[serde(default, rename = "step", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Spanned<StepFile>>,
}

/// Which platform rules count in a case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum RuleChoice {
    /// All, or none.
    All(bool),
    /// These.
    Some(Vec<String>),
}

impl Default for RuleChoice {
    fn default() -> Self {
        Self::All(false)
    }
}

impl RuleChoice {
    /// Whether no rule counts.
    pub fn is_none(&self) -> bool {
        match self {
            Self::All(all) => !all,
            Self::Some(rules) => rules.is_empty(),
        }
    }

    /// Whether a rule counts.
    pub fn has(&self, rule: &str) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Some(rules) => rules.iter().any(|known| known == rule),
        }
    }
}

/// How a case is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseKind {
    /// Calls are made and answers judged.
    #[default]
    Drive,
    /// Somebody else calls, and is judged.
    Await,
    /// Many calls at once.
    Load,
    /// Index and producers are compared.
    Audit,
    /// A person says what was seen.
    Manual,
}

/// `[load]` of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LoadFile {
    /// Callers at once.
    pub threads: u32,
    /// Callers at the peak; as many as `threads` where there is none.
    #[serde(default)]
    pub peak: u32,
    /// Pause between two calls of a caller.
    pub delay_ms: u64,
    /// How long.
    pub seconds: u64,
    /// Most of the calls must be answered within this: the 95th percentile.
    pub p95_ms: u64,
    /// How much slower the last tenth may be than the first; 0 is not asked.
    #[serde(default)]
    pub drift: f64,
}

/// `[[step]]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StepFile {
    /// Its name; by its place where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The request's file.
    pub send: String,
    /// Where to; `${webServiceUrl}` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// HTTP method; POST where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Character set of the request; UTF-8 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// HTTP headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Sent as `x-mock-response` only when the target is our own mock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mock_response: Option<String>,
    /// So many bytes of white space are put before the end of the envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pad_bytes: Option<usize>,
    /// Sent without our client certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_certificate: bool,
    /// What must hold.
    #[serde(default)]
    pub expect: Vec<Spanned<Expectation>>,
}
