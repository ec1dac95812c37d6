//! What the files of a native suite say, as written (`qa.md` §5.1). Unknown keys are refused with their line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

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

/// `[await]` of a case: the call that is waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AwaitFile {
    /// HSA-id of the consumer.
    pub sender: String,
    /// Namespace of the contract; the suite's where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Where the call must go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_address: Option<String>,
    /// Whom it must be about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// How many calls.
    #[serde(default = "one")]
    pub count: u32,
    /// How long it is waited for.
    #[serde(default = "window")]
    pub seconds: u64,
    /// How the producer misbehaves meanwhile: `FT-01` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The same as a behaviour of the mocked producers, such as `soap-fault` or `slow;ms=500`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behaviour: Option<String>,
    /// Mocked producers that misbehave, by name; `*` is any run of characters, and all of them where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Whether the calls must name an original consumer (`true`) or must not (`false`), CR-05.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_consumer: Option<bool>,
    /// `"true"`: the consumer shows a client certificate of its own (CR-04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Most calls in an hour, as the consumer declares them (CR-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_hour: Option<String>,
    /// Most calls at the same time, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_at_once: Option<String>,
    /// The calls are Updates of the index, and are judged as such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updates: Option<UpdatesFile>,
}

impl AwaitFile {
    /// Whether the case watches as long as it may, however many calls have come.
    pub fn watches_to_the_end(&self) -> bool {
        self.fault.is_some() || self.behaviour.is_some() || self.updates.as_ref().is_some_and(|one| one.about.watches())
    }
}

/// `[await.updates]`: what the Updates must tell (`qa.md` §6.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UpdatesFile {
    /// What the source system did.
    #[serde(default)]
    pub about: About,
    /// Its HSA-id, where it is not the sender's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// The newest relevant moment of the patient's records, `YYYYMMDDhhmmss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_recent: Option<String>,
    /// What the engagement is filed under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_domain: Option<String>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categorization: Option<String>,
    /// When the source system did it, RFC 3339; when the case began to wait, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested: Option<String>,
}

/// What a source system did, for Updates to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Nothing in particular: all Updates of the window are looked at, EI_TF 2.2 and 2.3.
    #[default]
    Window,
    /// A new record, EI_TF 1.1.
    New,
    /// A changed record, EI_TF 1.2.
    Changed,
    /// The patient's last record removed, EI_TF 1.3.
    Removed,
    /// A record moved or nullified, EI_TF 1.4.
    Moved,
    /// Everything for the first time, EI_TF 2.4.
    InitialLoad,
}

impl About {
    /// Whether it is about all Updates of a window, and not about one.
    pub fn is_window(self) -> bool {
        matches!(self, Self::Window | Self::InitialLoad)
    }

    /// Whether more than one Update may belong to it, so that all of the time is watched.
    pub fn watches(self) -> bool {
        self.is_window() || self == Self::Moved
    }

    /// The theme of the declaration.
    pub fn theme(self) -> &'static str {
        match self {
            Self::Window => "EI_TF 2.2",
            Self::New => "EI_TF 1.1",
            Self::Changed => "EI_TF 1.2",
            Self::Removed => "EI_TF 1.3",
            Self::Moved => "EI_TF 1.4",
            Self::InitialLoad => "EI_TF 2.4",
        }
    }
}

fn one() -> u32 {
    1
}

fn window() -> u64 {
    900
}

/// `[audit]` of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuditFile {
    /// Identities; the patient of the customer's parameters where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<String>,
    /// Where the index is asked.
    pub index: String,
    /// The logical address of the index itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_address: Option<String>,
    /// What the contract's engagements are filed under.
    pub service_domain: String,
    /// The same.
    pub categorization: String,
    /// Whom to ask; the system under test where there is nobody.
    #[serde(default, rename = "producer", skip_serializing_if = "Vec::is_empty")]
    pub producers: Vec<AuditedFile>,
}

/// `[[audit.producer]]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedFile {
    /// The address it answers for.
    pub logical_address: String,
    /// Where.
    pub url: String,
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

/// One entry of `expect`: one key, and who asks for it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are those of the format, each said in `Expected`")]
pub struct Expectation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soap: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_fault: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schematron: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xpath: Option<XPathWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Statuses>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordsWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_personal_data: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexWanted>,
}

/// `when`: the entry is judged only where a parameter has a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The parameter.
    pub flag: String,
    /// The value.
    pub equals: String,
}

/// `fault`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum FaultWanted {
    /// A fault, or none.
    Is(bool),
    /// A fault like this.
    Like(FaultLike),
}

/// What a fault must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultLike {
    /// Local part of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// In its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

/// `xpath`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct XPathWanted {
    /// The path.
    pub path: String,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// How much it selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Whether it selects anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// Its text, `*` being any run of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wildcard: Option<String>,
    /// XML it must be the same as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fragment: Option<String>,
}

/// `status`: one, or one of these.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Statuses {
    /// This.
    One(u16),
    /// One of these.
    Any(Vec<u16>),
}

/// `header`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderWanted {
    /// Its name.
    pub name: String,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// In its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// `json`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JsonWanted {
    /// The path.
    pub path: String,
    /// What it selects.
    pub equals: String,
}

/// `records`: several keys hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsWanted {
    /// So many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exactly: Option<usize>,
    /// No fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
    /// No more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<usize>,
    /// Field or path, and the value each record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each_equals: BTreeMap<String, String>,
    /// Field or path, and the values one of which each record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each_one_of: BTreeMap<String, Vec<String>>,
    /// Fields or paths that each record has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each_has: Vec<String>,
    /// First and last day, either empty; a relevant moment of each record lies between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each_time_within: Option<[String; 2]>,
    /// Ids with commas between them, all of which are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids_include: Option<String>,
    /// Ids, none of which is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids_exclude: Option<String>,
    /// No two records have the same id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_ids: Option<bool>,
    /// Field or path, and values each of which some record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values_include: BTreeMap<String, Vec<String>>,
    /// Field or path, and values that no record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values_exclude: BTreeMap<String, Vec<String>>,
    /// What holds for the records with these ids, those that are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub where_ids: Option<WhereIds>,
    /// A refusal will do as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub or_fault: bool,
}

/// `where_ids`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WhereIds {
    /// Ids with commas between them.
    pub ids: String,
    /// Field or path.
    pub field: String,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// Whether it is there at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// `result`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ResultWanted {
    /// `resultCode`
    pub code: String,
    /// `errorCode`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// `index`: what an Update must say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IndexWanted {
    /// `deleteFlag`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<bool>,
    /// `sourceSystem`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// Most transactions of one Update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions_max: Option<usize>,
}
