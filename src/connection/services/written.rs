//! A profile file as written: `contracts/services/<id>.toml`. Every fact of the table `[facts]` must be there, also one that
//! is unknown.

use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::connection::category::Category;
use crate::domain::problem::{Problem, line_at};

use super::fact::{Confidence, Fact};
use super::profile::{Addressing, CustomerRole, Dpa, Lifecycle, Limits, ReferenceApplication};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    pub id: Spanned<String>,
    pub row: Spanned<u32>,
    pub name: String,
    pub description: String,
    pub purposes: Spanned<Vec<String>>,
    #[serde(default)]
    pub alias_of: Vec<Spanned<String>>,
    #[serde(default)]
    pub notes: Vec<String>,
    #[serde(default)]
    pub source: Vec<String>,
    /// How sure the contracts are.
    pub confidence: Spanned<Confidence>,
    #[serde(default)]
    pub depends_on: Vec<Spanned<Needed>>,
    pub facts: Facts,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub contracts: Vec<Spanned<Group>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Facts {
    pub over_ntjp: Known<bool>,
    pub personal_data: Known<bool>,
    pub dpa: Known<Dpa>,
    pub eligible: Known<Vec<Category>>,
    pub eligible_by_exception: Known<Vec<Category>>,
    pub from: Known<Date>,
    pub lifecycle: Known<Lifecycle>,
    pub agent_allowed: Known<bool>,
    pub security_services: Known<Vec<String>>,
    pub ei: Known<bool>,
    pub nmi: Known<bool>,
    pub fee_bearing: Known<bool>,
    pub indirect_duty: Known<bool>,
    pub e2e_app: Known<ReferenceApplication>,
    pub target_availability: Known<f64>,
}

/// `{ value = true, confidence = "stated" }`, or `{ confidence = "unknown" }`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Told<T>", bound = "T: Deserialize<'de>")]
pub(super) struct Known<T>(pub Fact<T>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told<T> {
    value: Option<T>,
    confidence: Confidence,
}

impl<T> TryFrom<Told<T>> for Known<T> {
    type Error = &'static str;

    fn try_from(told: Told<T>) -> Result<Self, Self::Error> {
        let why = match told.value {
            Some(_) => {
                "a fact with a value has confidence \"unknown\"; expected \"stated\", \"public\" or \"inferred\""
            }
            None => "a fact without a value; expected one, or confidence = \"unknown\"",
        };
        Fact::new(told.value, told.confidence).map(Self).ok_or(why)
    }
}

impl<'de> Deserialize<'de> for Dpa {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "SKR" => Ok(Self::Skr),
            "usual" => Ok(Self::Usual),
            other => Err(serde::de::Error::custom(format!("dpa is {other:?}; expected \"SKR\" or \"usual\""))),
        }
    }
}

impl<'de> Deserialize<'de> for ReferenceApplication {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(if name == "none" { Self::None } else { Self::Named(name) })
    }
}

/// A service that is needed besides.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Needed {
    pub service: Option<String>,
    pub from: Option<Date>,
    pub confidence: Confidence,
    pub note: Option<String>,
}

/// Contracts of one domain, or those of another service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Group {
    /// The service whose contracts these are.
    pub same_as: Option<String>,
    /// `urn:riv` unless written.
    pub scheme: Option<String>,
    /// `clinicalprocess:healthcond:description`.
    pub domain: Option<String>,
    /// `GetDiagnosis:2`.
    #[serde(default)]
    pub operations: Vec<String>,
    pub customer_role: Option<CustomerRole>,
    pub profile: Option<String>,
    pub addressing: Option<Addressing>,
    pub ei: Option<bool>,
    pub confidence: Confidence,
}

/// Reads one file; what is wrong with it names the line.
pub(super) fn read(path: &Path, text: &str) -> Result<File, Problem> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| line_at(text.as_bytes(), span.start));
        Problem::error(path, line, error.message().trim().to_owned())
    })
}
