//! What was imported: only what holds on the day, under numbers of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::catalogue::book::rows::{AddressRow, ComponentRow, Id, Row};
use crate::catalogue::book::state::State;
use crate::catalogue::formats::stored::moment;

/// Characters of a host that are shown.
const HOST_SHOWN: usize = 6;

/// A consumer or a producer.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) id: i64,
    pub(super) hsa_id: String,
    pub(super) description: String,
}

#[derive(Debug)]
pub(super) struct Address {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) description: String,
}

#[derive(Debug)]
pub(super) struct Contract {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) major: i64,
    pub(super) minor: i64,
    pub(super) domain: i64,
}

#[derive(Debug)]
pub(super) struct Domain {
    pub(super) id: i64,
    pub(super) namespace: String,
}

/// A permission that holds. The numbers are of this import.
#[derive(Debug)]
pub(super) struct Cooperates {
    pub(super) id: i64,
    pub(super) consumer: i64,
    pub(super) address: i64,
    pub(super) contract: i64,
}

/// A route that holds.
#[derive(Debug)]
pub(super) struct Produces {
    pub(super) id: i64,
    pub(super) url: String,
    pub(super) profile: String,
    pub(super) producer: i64,
    pub(super) address: i64,
    pub(super) contract: i64,
}

/// One import. Every list is in the order of its numbers, which begin at 1.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) platform: String,
    pub(super) environment: String,
    pub(super) snapshot_time: String,
    pub(super) consumers: Vec<Party>,
    pub(super) producers: Vec<Party>,
    pub(super) addresses: Vec<Address>,
    pub(super) contracts: Vec<Contract>,
    pub(super) domains: Vec<Domain>,
    /// Numbers of the contracts that have a route: each is an installed contract.
    pub(super) installed: Vec<i64>,
    pub(super) cooperations: Vec<Cooperates>,
    pub(super) productions: Vec<Produces>,
}

/// Numbers from 1 on, by what they stand for in the catalogue.
type Numbers = HashMap<Id, i64>;

fn numbered(ids: impl Iterator<Item = Id>) -> Numbers {
    ids.zip(1..).collect()
}

impl Model {
    pub(super) fn import(state: &State, (platform, environment): (String, String), now: Timestamp) -> Self {
        let permissions = || state.permissions.rows().iter().filter(|row| row.value.validity.period.contains(now));
        let routes = || state.routes.rows().iter().filter(|row| row.value.validity.period.contains(now));
        let consuming: BTreeSet<Id> = permissions().map(|row| row.value.consumer).collect();
        let producing: BTreeSet<Id> = state.endpoints.rows().iter().map(|row| row.value.component).collect();
        let consumers = numbered(consuming.iter().copied());
        let producers = numbered(producing.iter().copied());
        let addresses = numbered(state.addresses.rows().iter().map(|row| row.id));
        let contracts = numbered(state.contracts.rows().iter().map(|row| row.id));
        let number = |of: &Numbers, id: Id| of.get(&id).copied().unwrap_or(0);
        let parties = |ids: &BTreeSet<Id>| {
            let rows = ids.iter().zip(1..).filter_map(|(id, number)| Some((state.components.get(*id)?, number)));
            let party = |(row, id): (&Row<ComponentRow>, i64)| Party {
                id,
                hsa_id: row.value.hsa_id.to_string(),
                description: row.value.description.to_string(),
            };
            rows.map(party).collect::<Vec<_>>()
        };
        let cooperations = permissions().zip(1..).map(|(row, id)| Cooperates {
            id,
            consumer: number(&consumers, row.value.consumer),
            address: number(&addresses, row.value.address),
            contract: number(&contracts, row.value.contract),
        });
        let productions = routes().zip(1..).map(|(row, id)| {
            let endpoint = state.endpoints.get(row.value.endpoint).map(|row| &row.value);
            let profile = endpoint.and_then(|endpoint| state.profiles.get(endpoint.profile));
            Produces {
                id,
                url: endpoint.map_or_else(String::new, |endpoint| endpoint.url.to_string()),
                profile: profile.map_or_else(String::new, |row| row.value.name.to_string()),
                producer: endpoint.map_or(0, |endpoint| number(&producers, endpoint.component)),
                address: number(&addresses, row.value.address),
                contract: number(&contracts, row.value.contract),
            }
        });
        let productions: Vec<Produces> = productions.collect();
        let installed: BTreeSet<i64> = productions.iter().map(|produces| produces.contract).collect();
        let (domains, contracts) = domains_and_contracts(state);
        let address = |(row, id): (&Row<AddressRow>, i64)| Address {
            id,
            name: row.value.hsa_id.to_string(),
            description: row.value.description.to_string(),
        };
        Self {
            platform,
            environment,
            snapshot_time: moment(now),
            consumers: parties(&consuming),
            producers: parties(&producing),
            addresses: state.addresses.rows().iter().zip(1..).map(address).collect(),
            contracts,
            domains,
            installed: installed.into_iter().collect(),
            cooperations: cooperations.collect(),
            productions,
        }
    }
}

fn domains_and_contracts(state: &State) -> (Vec<Domain>, Vec<Contract>) {
    let names = state.contracts.rows().iter().map(|row| domain_of(&row.value.namespace));
    let numbers: BTreeMap<&str, i64> = names.collect::<BTreeSet<_>>().into_iter().zip(1..).collect();
    let contracts = state.contracts.rows().iter().zip(1..).map(|(row, id)| {
        let value = &row.value;
        Contract {
            id,
            name: name_of(&value.namespace).to_owned(),
            namespace: value.namespace.to_string(),
            major: value.major,
            minor: value.minor,
            domain: numbers[domain_of(&value.namespace)],
        }
    });
    let domain = |(namespace, id): (&&str, &i64)| Domain { id: *id, namespace: (*namespace).to_owned() };
    (numbers.iter().map(domain).collect(), contracts.collect())
}

/// A namespace without `urn:riv:`, up to the first colon before a capital letter.
fn domain_of(namespace: &str) -> &str {
    let rest = namespace.strip_prefix("urn:riv:").unwrap_or(namespace);
    let ends = rest.match_indices(':').map(|(place, _)| place);
    let end = ends.into_iter().find(|place| rest[place + 1..].starts_with(|c: char| c.is_uppercase()));
    &rest[..end.unwrap_or(rest.len())]
}

/// The interaction's name: the part before the version, without `Responder`.
fn name_of(namespace: &str) -> &str {
    let domain = domain_of(namespace);
    let rest = namespace.strip_prefix("urn:riv:").unwrap_or(namespace)[domain.len()..].trim_start_matches(':');
    let name = rest.split(':').next().unwrap_or(rest);
    name.strip_suffix("Responder").unwrap_or(name)
}

/// A producer's address as strangers see it: protocol, the end of the host, port, the last part of the path.
pub(super) fn masked(url: &str) -> String {
    let Some((protocol, rest)) = url.split_once("://") else { return "....".to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let usual = if protocol.eq_ignore_ascii_case("https") { "443" } else { "80" };
    let (host, port) = host.rsplit_once(':').unwrap_or((host, usual));
    let hidden = host.chars().count().saturating_sub(HOST_SHOWN);
    let host: String = host.chars().skip(hidden).collect();
    let last = path.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    format!("{protocol}://....{host}....{port}..../{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_s_domain_and_name_are_in_its_namespace() {
        let namespace = "urn:riv:itintegration:engagementindex:UpdateResponder:1";
        assert_eq!((domain_of(namespace), name_of(namespace)), ("itintegration:engagementindex", "Update"));
        assert_eq!((domain_of("urn:x:1"), name_of("urn:x:1")), ("urn:x:1", ""));
        assert_eq!(domain_of(""), "");
    }

    #[test]
    fn an_address_is_masked_but_for_its_ends() {
        assert_eq!(masked("https://a.sjunet.org:8443/x/y/v1?z"), "https://....et.org....8443..../v1");
        assert_eq!(masked("http://ab"), "http://....ab....80..../");
        assert_eq!(masked("producer:x"), "....");
    }
}
