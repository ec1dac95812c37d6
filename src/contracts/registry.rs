//! The contracts that are known: several domains, versions and profiles side by side (`contracts.md` §2.6, §2.7).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::contract::{Contract, Direction, State, Version};
use super::diagnostic::{Code, Diagnostic, Position};
use super::package::Kind;
use crate::config::contracts::ImportLimits;
use crate::domain::profile::Profile;

type Key = (String, String, &'static str);
/// A contract, and which of its messages.
type Message = (Arc<Contract>, Direction);

/// Every known contract. Immutable once made; a reload makes a new one.
#[derive(Debug, Default)]
pub struct Registry {
    /// All descriptions of one contract, the active one first.
    entries: BTreeMap<Key, Vec<Arc<Contract>>>,
    /// Which contracts an element of a body belongs to.
    by_element: HashMap<(String, String), Vec<Message>>,
    namespaces: HashSet<String>,
}

/// Why a name leads to no single contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Nothing has that name.
    #[error("no contract is named \"{0}\"; see contracts list")]
    Unknown(String),
    /// Several have.
    #[error("\"{0}\" names several contracts: {1}")]
    Ambiguous(String, String),
}

impl Registry {
    /// Makes a registry. `pins` names, by namespace, the version that is active instead of the highest.
    pub fn new(
        contracts: Vec<Contract>,
        pins: &HashMap<String, String>,
        limits: &ImportLimits,
    ) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let contracts = without_replaced(contracts, &mut diagnostics);
        let mut entries: BTreeMap<Key, Vec<Contract>> = BTreeMap::new();
        let mut refused = 0;
        for contract in contracts {
            if entries.len() >= limits.contracts_max {
                refused += 1;
                continue;
            }
            let key = (contract.namespace.clone(), contract.operation.clone(), contract.profile.as_str());
            let versions = entries.entry(key).or_default();
            match versions.iter_mut().find(|known| is_same(known, &contract)) {
                Some(known) => known.sources.extend(contract.sources),
                None => versions.push(contract),
            }
        }
        if refused > 0 {
            let message =
                format!("contracts_max: {refused} contracts above the limit of {} are left out", limits.contracts_max);
            diagnostics.push(Diagnostic::new(Code::Limit, "", Position::default(), message));
        }
        let mut registry = Self::default();
        for (key, mut versions) in entries {
            let pin = pins.get(&key.0);
            let is_pinned = |contract: &Contract| pin.is_some_and(|pin| *pin == contract.version.to_string());
            // Stable: of equals, the one that was imported last comes first.
            versions.reverse();
            versions.sort_by_key(|contract| std::cmp::Reverse(order(contract, is_pinned(contract))));
            if versions.iter().filter(|contract| contract.version == versions[0].version).count() > 1 {
                let message =
                    format!("several descriptions of {} version {}; this one is used", key.0, versions[0].version);
                diagnostics.push(Diagnostic::new(
                    Code::Several,
                    versions[0].sources[0].path.clone(),
                    Position::default(),
                    message,
                ));
            }
            registry.add(key, versions.into_iter().map(Arc::new).collect());
        }
        (registry, diagnostics)
    }

    fn add(&mut self, key: Key, versions: Vec<Arc<Contract>>) {
        let active = &versions[0];
        self.namespaces.insert(key.0.clone());
        let mut elements = vec![(active.request.clone(), Direction::Request)];
        elements.extend(active.response.clone().map(|response| (response, Direction::Response)));
        for (element, direction) in elements {
            let name = (element.namespace, element.local);
            self.by_element.entry(name).or_default().push((active.clone(), direction));
        }
        self.entries.insert(key, versions);
    }

    /// The active description of every contract and profile, by domain, operation and major.
    pub fn active(&self) -> Vec<&Arc<Contract>> {
        let mut all: Vec<_> = self.entries.values().map(|versions| &versions[0]).collect();
        all.sort_by(|one, other| {
            let key = |contract: &Contract| {
                (contract.domain.clone(), contract.operation.clone(), contract.version.major, contract.profile.as_str())
            };
            key(one).cmp(&key(other))
        });
        all
    }

    /// The active description of a contract in each of its profiles.
    pub fn profiles(&self, contract: &Contract) -> impl Iterator<Item = &Arc<Contract>> {
        let first = (contract.namespace.clone(), contract.operation.clone(), "");
        let own = (contract.namespace.clone(), contract.operation.clone());
        let from = self.entries.range(first..);
        let of_contract =
            from.take_while(move |((namespace, operation, _), _)| (namespace, operation) == (&own.0, &own.1));
        of_contract.map(|(_, versions)| &versions[0])
    }

    /// Every version of a contract in a profile, the active one first.
    pub fn versions(&self, contract: &Contract) -> &[Arc<Contract>] {
        let key = (contract.namespace.clone(), contract.operation.clone(), contract.profile.as_str());
        self.entries.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The contract a body's element belongs to. Of several profiles, 2.1 first: their messages are the same.
    pub fn by_element(&self, namespace: &str, local: &str) -> Option<(&Arc<Contract>, Direction)> {
        let found = self.by_element.get(&(namespace.to_owned(), local.to_owned()))?;
        let best = found
            .iter()
            .max_by_key(|(contract, _)| (contract.state != State::Broken, contract.profile == Profile::Rivtabp21))?;
        Some((&best.0, best.1))
    }

    /// Whether some contract has that namespace.
    pub fn knows_namespace(&self, namespace: &str) -> bool {
        self.namespaces.contains(namespace)
    }

    /// The major version that is known of a contract whose namespace names another.
    pub fn other_major(&self, namespace: &str) -> Option<u32> {
        let (head, _) = namespace.rsplit_once(':')?;
        let known = self.namespaces.iter().filter_map(|known| known.rsplit_once(':'));
        known.filter(|(known, _)| *known == head).filter_map(|(_, major)| major.parse().ok()).max()
    }

    /// The contracts a user means: a namespace, `GetDiagnosis:2` or `GetDiagnosis`, in any case, with an optional minor.
    pub fn select(&self, name: &str, minor: Option<u32>) -> Result<Arc<Contract>, SelectionError> {
        let wanted = name.to_lowercase();
        let names = |contract: &Contract| {
            [contract.namespace.to_lowercase(), contract.short_name().to_lowercase(), contract.operation.to_lowercase()]
                .contains(&wanted)
        };
        let candidates: Vec<_> = self.active().into_iter().filter(|contract| names(contract)).collect();
        let namespaces: HashSet<_> =
            candidates.iter().map(|contract| (&contract.namespace, &contract.operation)).collect();
        let first = match namespaces.len() {
            0 => return Err(SelectionError::Unknown(name.to_owned())),
            1 => candidates
                .iter()
                .max_by_key(|contract| contract.profile == Profile::Rivtabp21)
                .unwrap_or(&candidates[0]),
            _ => {
                let mut listed: Vec<_> =
                    namespaces.iter().map(|(namespace, operation)| format!("{namespace} ({operation})")).collect();
                listed.sort();
                return Err(SelectionError::Ambiguous(name.to_owned(), listed.join(", ")));
            }
        };
        let Some(minor) = minor else { return Ok((*first).clone()) };
        let version = Version { minor, ..first.version };
        let found = self.versions(first).iter().find(|contract| contract.version == version);
        found.cloned().ok_or_else(|| SelectionError::Unknown(format!("{name} {version}")))
    }
}

/// What decides which version is active, greatest first.
fn order(contract: &Contract, is_pinned: bool) -> (bool, Version, Option<String>) {
    (is_pinned, contract.version, contract.sources[0].release.clone())
}

fn is_same(one: &Contract, other: &Contract) -> bool {
    one.version == other.version && one.schema().hash == other.schema().hash && one.soap_action == other.soap_action
}

/// A contract of the environment replaces the built-in one of its namespace as a whole.
fn without_replaced(contracts: Vec<Contract>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Contract> {
    let is_built_in = |contract: &Contract| contract.sources[0].kind == Kind::BuiltIn;
    let brought: HashMap<String, String> = contracts
        .iter()
        .filter(|contract| !is_built_in(contract))
        .map(|contract| (contract.namespace.clone(), contract.sources[0].path.clone()))
        .collect();
    let mut noted = HashSet::new();
    contracts
        .into_iter()
        .filter(|contract| {
            let replacement = brought.get(&contract.namespace).filter(|_| is_built_in(contract));
            if let Some(path) = replacement
                && noted.insert(contract.namespace.clone())
            {
                let message = format!("replaces the built-in contract {}", contract.namespace);
                diagnostics.push(Diagnostic::new(Code::ReplacesBuiltIn, path.clone(), Position::default(), message));
            }
            replacement.is_none()
        })
        .collect()
}

#[cfg(test)]
mod tests;
