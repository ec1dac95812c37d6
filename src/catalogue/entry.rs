//! What the catalogue holds: routes and permissions, each as it was written and with the place where it was.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::period::Validity;

/// A text that many entries share: half a million permissions name a few thousand systems.
pub type Text = Arc<str>;

/// A route (*vägval*, also *virtualisering*): calls of a contract to a logical address go to this endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Id in the catalogue it comes from; empty where it has none.
    pub id: Text,
    /// Service contract namespace, as written.
    pub contract: Text,
    /// Logical address, as written: never trimmed (`vp.md` §12.6).
    pub address: Text,
    /// RIV-TA profile, as written; it need not be one that exists.
    pub profile: Text,
    /// Address of the producer, as written; blank where the catalogue has none (VP010).
    pub url: Text,
    /// When it holds.
    pub validity: Validity,
    /// Where it is written.
    pub origin: Origin,
}

/// A permission (*anropsbehörighet*): this consumer may call this contract at this address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Id in the catalogue it comes from; empty where it has none.
    pub id: Text,
    /// HSA-id of the consumer, as written.
    pub consumer: Text,
    /// Service contract namespace, as written.
    pub contract: Text,
    /// Logical address, as written.
    pub address: Text,
    /// When it holds.
    pub validity: Validity,
    /// Narrows the permission for those who ask the catalogue; the hub does not look at it (`vp.md` §5).
    pub filters: Box<[Filter]>,
    /// Where it is written.
    pub origin: Origin,
}

/// A narrowing of a permission (*filter*) to one service domain and, within it, to categories; none = all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Service domain.
    pub service_domain: String,
    /// Categories (*filterkategorisering*).
    pub categorizations: Vec<String>,
}

/// Where an entry is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was opened.
    pub file: Arc<Path>,
    /// Line, counted from 1.
    pub line: u32,
}

impl Origin {
    /// Of a row that was published through the API: the version it last changed in.
    pub fn of_version(version: u32) -> Self {
        let place = format!("catalogue version {version}");
        Self { file: Arc::from(Path::new(&place)), line: 0 }
    }

    /// Of a row nobody wrote down.
    pub fn nowhere() -> Self {
        Self { file: Arc::from(Path::new("catalogue")), line: 0 }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}", self.file.display());
        }
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}
