//! A service contract as imported: one operation in one profile, with its names, its origin and its compiled schema.

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::diagnostic::Diagnostic;
use super::package::Kind;
use super::schema::{ElementId, Schema};
use super::wsdl::QualifiedName;
use crate::domain::profile::Profile;

/// A major and minor version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The last number of the namespace.
    pub major: u32,
    /// The second number of the file names; not visible on the wire.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Which of the two messages of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From consumer to producer.
    Request,
    /// Back.
    Response,
}

/// How well a contract imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing to remark.
    Ok,
    /// Sloppy, and usable.
    Warnings,
    /// Listed and routable, but neither validated nor sampled.
    Broken,
}

/// Where a contract came from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Source {
    /// Zip, folder or built in.
    pub kind: Kind,
    /// The description's file as shown to people.
    pub path: String,
    /// The release in the zip's or folder's name, where it has one.
    pub release: Option<String>,
    /// Whether test cases of the operation lie in the package (`test-suite/`).
    pub has_test_cases: bool,
    /// Whether a description in words lies there (*TKB*, `docs/`).
    pub has_description: bool,
}

/// One operation of one description.
#[derive(Debug)]
pub struct Contract {
    /// Namespace of the request element: the contract's name in catalogue and routing.
    pub namespace: String,
    /// Name of the operation.
    pub operation: String,
    /// Service domain, with `:` between its words.
    pub domain: String,
    /// Major from the namespace, minor from the file name.
    pub version: Version,
    /// Basic profile; a description that tells none is taken as 2.1.
    pub profile: Profile,
    /// The published `soapAction`.
    pub soap_action: String,
    /// Request element.
    pub request: QualifiedName,
    /// Response element; a one-way operation has none.
    pub response: Option<QualifiedName>,
    /// Header parts of the request with their elements.
    pub headers: Vec<(String, QualifiedName)>,
    /// Names of declared faults.
    pub faults: Vec<String>,
    /// Path of the consumer's endpoint in the hub, without leading slash.
    pub hub_path: String,
    /// The path its description calls itself by, where that is another.
    pub described_path: Option<String>,
    /// Where it came from; every place that holds the same.
    pub sources: Vec<Source>,
    /// How well it imported.
    pub state: State,
    /// What was found out about it.
    pub diagnostics: Vec<Diagnostic>,
    /// What it reaches, shared by all operations of the description.
    pub reached: Arc<Reached>,
}

/// Everything a description reaches: compiled at once for what somebody brought, so that its problems are known, and on
/// first use for what ships, so that a start does not wait for it.
pub struct Reached(LazyLock<Compiled, Box<dyn FnOnce() -> Compiled + Send>>);

/// The two forms of what a description reaches.
#[derive(Debug)]
pub struct Compiled {
    /// To judge and to make messages.
    pub schema: Arc<Schema>,
    /// The files, to be served.
    pub closure: Closure,
}

impl Reached {
    /// Compiled on first use.
    pub fn later(compile: impl FnOnce() -> Compiled + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(compile)))
    }

    /// Compiled already.
    pub fn now(compiled: Compiled) -> Self {
        let reached = Self::later(move || compiled);
        LazyLock::force(&reached.0);
        reached
    }
}

impl fmt::Debug for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reached")
    }
}

/// The files a description reaches.
#[derive(Debug, Default)]
pub struct Closure {
    /// Entry name of the description and its bytes.
    pub wsdl: (String, Arc<[u8]>),
    /// Entry name and bytes of every schema file.
    pub files: Vec<(String, Arc<[u8]>)>,
}

impl Contract {
    /// The compiled schema. The first use of a contract that ships takes some milliseconds.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.reached.0.schema
    }

    /// The files it reaches.
    pub fn closure(&self) -> &Closure {
        &self.reached.0.closure
    }

    /// The element of a direction, if the contract can be used.
    pub fn element(&self, direction: Direction) -> Option<ElementId> {
        if self.state == State::Broken {
            return None;
        }
        let name = match direction {
            Direction::Request => &self.request,
            Direction::Response => self.response.as_ref()?,
        };
        let schema = self.schema();
        let symbol = schema.names.symbol(&name.namespace, &name.local);
        schema.global_elements.get(&symbol).copied()
    }

    /// The name people use: `GetDiagnosis:2`.
    pub fn short_name(&self) -> String {
        format!("{}:{}", self.operation, self.version.major)
    }

    /// Why it cannot be used, if it is broken.
    pub fn first_error(&self) -> Option<&Diagnostic> {
        self.diagnostics.iter().find(|diagnostic| diagnostic.is_error())
    }
}

/// Reads the domain and major of a contract's namespace: `urn:riv:<domain>:<Op>Responder:<major>`.
pub(crate) fn domain_and_major(namespace: &str) -> (String, u32) {
    let rest = namespace.strip_prefix("urn:riv:").or_else(|| namespace.strip_prefix("urn:")).unwrap_or(namespace);
    let mut parts: Vec<&str> = rest.split(':').collect();
    let last = parts.last().copied().unwrap_or_default();
    let digits = last.trim_start_matches('v').split('.').next().unwrap_or_default();
    let major = digits.parse().unwrap_or(0);
    if major > 0 {
        parts.pop();
        // An operation starts with a capital; a namespace without one is the domain's own.
        if parts.last().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_uppercase())) {
            parts.pop();
        }
    }
    (parts.join(":"), major)
}

/// The path in the hub of an interaction's namespace: `urn:riv:a:b:GetX:2:rivtabp21` is `vp/a/b/GetX/2/rivtabp21`.
pub(super) fn path_of_interaction(namespace: &str) -> Option<String> {
    let parts = namespace.strip_prefix("urn:riv:")?;
    parts.to_lowercase().contains("rivtabp").then(|| format!("vp/{}", parts.replace(':', "/")))
}

/// The numbers of `…_2.1_RIVTABP21.wsdl`.
pub(super) fn version_in_file_name(name: &str) -> Option<Version> {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.split(['_', '-']).find_map(|part| {
        let (major, minor) = part.trim_end_matches(".wsdl").trim_end_matches(".xsd").split_once('.')?;
        Some(Version { major: major.parse().ok()?, minor: minor.split('.').next()?.parse().ok()? })
    })
}

/// The release in the name of a zip or folder: `ServiceContracts_crm_scheduling_1.1.zip`.
pub(super) fn release_in_path(path: &str) -> Option<String> {
    let file = path.trim_end_matches('/').rsplit(['/', '\\']).next()?;
    let stem = file.strip_suffix(".zip").unwrap_or(file);
    let at = stem.rmatch_indices('_').map(|(at, _)| at + 1).find(|at| {
        let rest = &stem[*at..];
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains(['.', '_'])
    })?;
    Some(stem[at..].to_owned())
}
