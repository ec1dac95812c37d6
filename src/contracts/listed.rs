//! The list of contracts, a line each (`contracts.md` §2.8).

use serde::Serialize;

use super::contract::{Contract, Source, State};
use super::registry::Registry;
use super::wsdl::QualifiedName;

/// The names and facts of a contract.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The contract's name in catalogue and routing.
    pub namespace: String,
    /// Its operation.
    pub operation: String,
    /// Major version.
    pub major: u32,
    /// Minor version; in the list, the one that is active.
    pub minor: u32,
    /// Every version that is there.
    pub versions: Vec<String>,
    /// Service domain.
    pub domain: String,
    /// Basic profiles it is described in.
    pub profiles: Vec<&'static str>,
    /// The published `soapAction`.
    pub soap_action: String,
    /// Request element as `{namespace}name`.
    pub request: String,
    /// Response element as `{namespace}name`.
    pub response: Option<String>,
    /// Header parts of the request.
    pub headers: Vec<ListedHeader>,
    /// Path in the hub.
    pub wsdl_path: String,
    /// Where it came from.
    pub source: Source,
    /// How well it imported.
    pub state: State,
}

/// A line of the list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Line {
    /// The contract.
    #[serde(flatten)]
    pub listed: Listed,
    /// How many remarks the import had.
    pub diagnostics: usize,
}

/// A header part of a request.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ListedHeader {
    /// Name of the message part.
    pub part: String,
    /// Element as `{namespace}name`.
    pub element: String,
    /// The profile that binds it.
    pub profile: &'static str,
}

/// The list, sorted by domain, operation and major; `domain` and `text` narrow it.
pub fn list(registry: &Registry, domain: Option<&str>, text: Option<&str>) -> Vec<Line> {
    let wanted = text.map(str::to_lowercase);
    let mut lines: Vec<Line> = Vec::new();
    for contract in registry.active() {
        let is_wanted = domain.is_none_or(|domain| contract.domain == domain)
            && wanted.as_ref().is_none_or(|wanted| contract.namespace.to_lowercase().contains(wanted));
        if !is_wanted {
            continue;
        }
        let diagnostics = contract.diagnostics.len();
        let is_known = |line: &&mut Line| {
            line.listed.namespace == contract.namespace && line.listed.operation == contract.operation
        };
        match lines.iter_mut().find(is_known) {
            Some(known) => {
                known.listed.join(registry, contract);
                known.diagnostics += diagnostics;
            }
            None => lines.push(Line { listed: Listed::of(registry, contract), diagnostics }),
        }
    }
    lines
}

/// The facts of a contract, with what its other profiles add.
pub fn listed(registry: &Registry, contract: &Contract) -> Listed {
    let mut listed = Listed::of(registry, contract);
    for other in registry.profiles(contract).filter(|other| other.profile != contract.profile) {
        listed.join(registry, other);
    }
    listed
}

impl Listed {
    fn of(registry: &Registry, contract: &Contract) -> Self {
        let mut listed = Self {
            namespace: contract.namespace.clone(),
            operation: contract.operation.clone(),
            major: contract.version.major,
            minor: contract.version.minor,
            versions: Vec::new(),
            domain: contract.domain.clone(),
            profiles: Vec::new(),
            soap_action: contract.soap_action.clone(),
            request: contract.request.clark(),
            response: contract.response.as_ref().map(QualifiedName::clark),
            headers: Vec::new(),
            wsdl_path: contract.hub_path.clone(),
            source: contract.sources[0].clone(),
            state: contract.state,
        };
        listed.join(registry, contract);
        listed
    }

    /// Takes up a description of the same contract in another profile.
    fn join(&mut self, registry: &Registry, contract: &Contract) {
        let profile = contract.profile.as_str();
        self.profiles.push(profile);
        self.headers.extend(contract.headers.iter().map(|(part, element)| ListedHeader {
            part: part.clone(),
            element: element.clark(),
            profile,
        }));
        self.versions.extend(registry.versions(contract).iter().map(|one| one.version.to_string()));
        self.versions.sort();
        self.versions.dedup();
        self.state = self.state.max(contract.state);
    }
}
