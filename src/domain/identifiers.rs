//! Newtypes for the identifiers that travel with a call, so that one cannot stand where another belongs.
//!
//! They hold the text exactly as it was sent or written: the platform never trims a logical address and never changes the
//! case of a sender (`vp.md` §12.6). Comparison rules belong to the catalogue, not to these types.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it stands.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

identifier!(
    /// Logical address (*logisk adress*, also *logisk adressat* and *receiver*): who the message is for.
    LogicalAddress
);
identifier!(
    /// The HSA-id (*HSA-id*) of a party or system; the sender of a call (*tjänstekonsument*) is known by one.
    HsaId
);
identifier!(
    /// Service contract namespace (*tjänstekontrakt*), such as `urn:riv:…:GetCareDocumentationResponder:2`.
    ContractNamespace
);
identifier!(
    /// What ties the log lines of one business call together across platforms: `x-skltp-correlation-id`.
    CorrelationId
);

impl ContractNamespace {
    /// The operation's name: what stands before `Responder:N`, or the whole text where the namespace has another form.
    pub fn operation(&self) -> &str {
        operation_of(&self.0)
    }
}

/// The operation named by a contract namespace: `GetDiagnosis` of `urn:riv:…:GetDiagnosisResponder:2`.
pub fn operation_of(namespace: &str) -> &str {
    let before_major = namespace.rsplit_once(':').map_or(namespace, |(head, _)| head);
    let name = before_major.rsplit(':').next().unwrap_or(namespace);
    name.strip_suffix("Responder").unwrap_or(name)
}
