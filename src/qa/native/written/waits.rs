//! What a case waits for, and what it holds the index against, as written.

use serde::{Deserialize, Serialize};

/// The fault that no producer has.
const RENEWAL: &str = "FT-20";

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
    /// Whether it is the platform that changes meanwhile, and not a producer: its certificate is renewed.
    pub fn is_renewal(&self) -> bool {
        self.behaviour.is_none() && self.fault.as_deref().is_some_and(|fault| fault.eq_ignore_ascii_case(RENEWAL))
    }

    /// Whether the case watches as long as it may, however many calls have come.
    pub fn watches_to_the_end(&self) -> bool {
        let misbehaves = self.fault.is_some() && !self.is_renewal();
        misbehaves || self.behaviour.is_some() || self.updates.as_ref().is_some_and(|one| one.about.watches())
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
