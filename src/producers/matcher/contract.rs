//! Which service contract: the whole namespace, `GetDiagnosis:2`, or `GetDiagnosis` in any major version.

use std::fmt;

use crate::domain::identifiers::operation_of;
use crate::producers::asked::{major_of, quoted};

/// A contract as people write it (`producers.md` §3, `riv.contract`). Comparison is exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractPattern {
    /// The responder namespace.
    Namespace(String),
    /// Operation and major version.
    Major(String, String),
    /// Operation in any major version.
    Operation(String),
}

impl ContractPattern {
    /// Reads one; `None` where the text is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match text.split_once(':') {
            None if is_name(text) => Some(Self::Operation(text.to_owned())),
            Some((operation, major)) if is_name(operation) && major.bytes().all(|byte| byte.is_ascii_digit()) => {
                (!major.is_empty()).then(|| Self::Major(operation.to_owned(), major.to_owned()))
            }
            Some(_) if major_of(text).is_some() => Some(Self::Namespace(text.to_owned())),
            _ => None,
        }
    }

    /// Whether a contract is this one.
    pub fn accepts(&self, namespace: &str) -> bool {
        match self {
            Self::Namespace(expected) => expected == namespace,
            Self::Major(operation, major) => {
                operation_of(namespace) == operation && major_of(namespace) == Some(major.as_str())
            }
            Self::Operation(operation) => operation_of(namespace) == operation,
        }
    }

    /// Why a contract is not this one.
    pub fn complaint(&self, actual: Option<&str>) -> String {
        match (self, actual) {
            (_, None) => format!("riv.contract: the body names no contract, expected {self}"),
            (Self::Namespace(expected), Some(actual)) if operation_of(expected) == operation_of(actual) => {
                format!("riv.contract: namespace differs: is {}, expected {expected}", quoted(actual))
            }
            (_, Some(actual)) => format!("riv.contract is {}, expected {self}", quoted(actual)),
        }
    }
}

impl fmt::Display for ContractPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(text) | Self::Operation(text) => f.write_str(text),
            Self::Major(operation, major) => write!(f, "{operation}:{major}"),
        }
    }
}
