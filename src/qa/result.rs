//! The document of a run, `anslut.qa.run/1` (`qa.md` §8.3). Fields are added, never renamed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::consumer::hub::Certificate;
use super::suite::expansion::Notice;
use super::verdict::Verdict;

/// The name of the document's form.
pub const SCHEMA: &str = "anslut.qa.run/1";

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunDocument {
    /// [`SCHEMA`]
    pub schema: String,
    /// The run's id.
    pub id: String,
    /// The worst of its cases.
    pub verdict: Verdict,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// A trial: never evidence.
    pub preparatory: bool,
    /// The session it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What was run.
    pub suite: Vec<SuiteReference>,
    /// What was judged.
    pub target: Target,
    /// The platform it was made in, where it could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformSeen>,
    /// Identities that its parameters declare to be test identities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_identities: Vec<String>,
    /// Counts of verdicts.
    pub totals: Totals,
    /// In the order of the suites.
    pub cases: Vec<CaseResult>,
    /// Scripts by the idiom they were recognised as.
    pub idioms: BTreeMap<String, usize>,
    /// Everything that was not executed.
    pub not_run: Vec<NotRun>,
    /// The program's version.
    pub program: String,
}

/// A suite and its files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuiteReference {
    /// The suite's name.
    pub name: String,
    /// Full namespace of the contract, where it is known.
    pub contract: Option<String>,
    /// Version of the contract as the suite carries it, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_version: Option<String>,
    /// As imported.
    pub files: Vec<FileReference>,
}

/// A platform as it told of itself when a run began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformSeen {
    /// Program and version.
    pub program: Option<String>,
    /// The version of its catalogue.
    pub catalogue: Option<CatalogueSeen>,
    /// The contracts of the run, as it has them.
    pub contracts: Vec<ContractSeen>,
    /// The certificates that its listeners showed.
    pub certificates: Vec<Certificate>,
    /// What could not be asked, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// A published version of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueSeen {
    /// Its number.
    pub version: u32,
    /// When it was published.
    pub time: Timestamp,
}

/// A contract, as a platform has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractSeen {
    /// Its namespace.
    pub namespace: String,
    /// Major and minor.
    pub version: String,
}

/// A file and what identifies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReference {
    /// Relative to what was imported.
    pub path: String,
    /// In hexadecimal.
    pub sha256: String,
}

/// The system under test.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Target {
    /// Where it was called, if one place was named for all.
    pub url: Option<String>,
    /// The platform it was called in.
    pub environment: Option<String>,
    /// Fingerprint of the client certificate.
    pub certificate_sha256: Option<String>,
}

/// Counts of cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// All.
    pub cases: usize,
    /// By verdict.
    pub pass: usize,
    /// By verdict.
    pub fail: usize,
    /// By verdict.
    pub error: usize,
    /// By verdict.
    pub skip: usize,
    /// By verdict.
    pub not_run: usize,
    /// By verdict.
    pub waiting: usize,
    /// Passed of those not skipped; never rounded up to 1.
    pub score: f64,
}

/// One case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CaseResult {
    /// Name of its suite.
    pub suite: String,
    /// Its name.
    pub name: String,
    /// The id its data was asked for by, else its name.
    pub id: String,
    /// Themes of the declaration it belongs to, as `TF 1.2`.
    pub themes: Vec<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// Why, in one line; empty for a pass.
    pub reason: String,
    /// How long it took.
    pub ms: u64,
    /// Variables of the case.
    pub data: BTreeMap<String, String>,
    /// In order.
    pub steps: Vec<StepResult>,
    /// What is worth knowing beside the verdict.
    pub notices: Vec<Notice>,
    /// Rules that were broken without being part of the case.
    pub observations: Vec<Observation>,
    /// What a reviewer decided instead.
    #[serde(rename = "override")]
    pub overridden: Option<Override>,
}

/// One step.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StepResult {
    /// Its name.
    pub name: String,
    /// Its type, as written.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Why, where it is not an assertion that says so.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// How long it took.
    pub ms: u64,
    /// File of the request, in the run's folder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<String>,
    /// File of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response: Option<String>,
    /// Elements that a consumer was answered with, as paths below the body.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub received: Vec<String>,
    /// Elements, choices and enumeration values of the contract's answer, and which of them a consumer was answered with.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parts: Vec<Part>,
    /// Messages of which only the beginning is kept.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cut: Vec<Cut>,
    /// In order.
    pub assertions: Vec<AssertionResult>,
}

/// Something that a contract's answer may hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where it stands, from the answer's element on.
    pub path: String,
    /// The branch or the value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub what: Option<String>,
    /// Whether the consumer was answered with it.
    #[serde(rename = "received")]
    pub is_received: bool,
}

/// What such a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// An element.
    Element,
    /// One of the ways a choice can go.
    Choice,
    /// A value of an enumeration.
    Value,
}

/// A message of which only the beginning is kept; all of it was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The file, in the run's folder.
    pub file: String,
    /// Bytes in the file.
    pub kept: usize,
    /// Bytes of the whole message.
    pub bytes: usize,
    /// Hash of the whole message, in hexadecimal.
    pub sha256: String,
}

/// One assertion.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AssertionResult {
    /// Its name.
    pub name: String,
    /// Its type, as written.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The idiom a script was recognised as.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idiom: Option<String>,
    /// The rule it judges by, as `RT-07`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// What was found.
    pub messages: Vec<String>,
    /// Where it stands.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// The first place in the message that is wrong.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub xpath: Option<String>,
}

/// A line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Relative to what was imported.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// A rule broken without being part of the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// As `RT-07`.
    pub rule: String,
    /// What was seen.
    pub text: String,
}

/// What a reviewer decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The decided verdict.
    pub verdict: Verdict,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Something that was not executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRun {
    /// Suite and case.
    pub case: String,
    /// File and line.
    #[serde(rename = "where")]
    pub place: String,
    /// Why.
    pub reason: String,
}

impl Totals {
    /// Counts the verdicts of cases.
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c CaseResult>) -> Self {
        let mut totals = Self::default();
        for case in cases {
            totals.cases += 1;
            *match case.verdict {
                Verdict::Pass => &mut totals.pass,
                Verdict::Fail => &mut totals.fail,
                Verdict::Error => &mut totals.error,
                Verdict::Skip => &mut totals.skip,
                Verdict::NotRun => &mut totals.not_run,
                Verdict::Waiting => &mut totals.waiting,
            } += 1;
        }
        let counted = totals.cases - totals.skip;
        #[expect(clippy::cast_precision_loss, reason = "a run has fewer cases than a double has digits")]
        if counted > 0 {
            // Cut, so that only all of them make 1.
            totals.score = (totals.pass as f64 / counted as f64 * 1000.0).floor() / 1000.0;
        }
        totals
    }
}
