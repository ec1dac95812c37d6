//! What connecting a producer costs (`connection.md` §7): a fee for each contract and service.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::document::Role;
use super::file::ConnectionFile;
use super::holdings::Holdings;
use super::services::Services;
use super::state::State;

/// Whole kronor for each contract and service.
pub const FEE: u64 = 25_000;
/// The day from which the fee is taken.
const FROM: Date = date(2021, 1, 1);
/// What is counted in.
pub const CURRENCY: &str = "SEK";

/// Something that is to be connected.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceLine {
    /// Full responder namespace; a major version is a contract of its own.
    pub contract: String,
    /// For which service.
    pub service: String,
    /// What the system is.
    pub role: Role,
}

/// One contract and service that bears the fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PricePair {
    /// The contract.
    pub contract: String,
    /// The service.
    pub service: String,
    /// Whole kronor.
    pub fee: u64,
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Price {
    /// Whole kronor.
    pub fee: u64,
    /// Always `SEK`.
    pub currency: &'static str,
    /// What it is for; only what costs something.
    pub pairs: Vec<PricePair>,
}

/// What lines cost: each contract and service once, producers of fee-bearing services only.
pub fn of(services: &Services, lines: &[PriceLine]) -> Price {
    let bears = |service: &str| services.get(service).and_then(|profile| profile.fee_bearing.get()) == Some(true);
    let producers = lines.iter().filter(|line| line.role == Role::Producer && bears(&line.service));
    let pairs: BTreeSet<(&str, &str)> = producers.map(|line| (line.service.as_str(), line.contract.as_str())).collect();
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(service, contract)| PricePair { contract: contract.to_owned(), service: service.to_owned(), fee: FEE })
        .collect();
    Price { fee: FEE * pairs.len() as u64, currency: CURRENCY, pairs }
}

/// What a connection costs: its producer contracts that the same system does not have live for that service already.
pub fn of_connection(holdings: &Holdings, services: &Services, file: &ConnectionFile) -> u64 {
    let document = &file.document;
    if document.start.is_some_and(|start| start < FROM) {
        return 0;
    }
    let mut lives = holdings.connections.values().filter(|other| {
        other.document.id != document.id
            && other.document.service == document.service
            && other.document.component == document.component
            && other.progress.state == State::Live
    });
    let live: BTreeSet<&str> =
        lives.by_ref().flat_map(|other| other.progress.assured.iter().map(|(contract, _)| contract.as_str())).collect();
    let lines: Vec<PriceLine> = document
        .lines
        .iter()
        .filter_map(|line| {
            let contract = line.contract.clone().filter(|contract| !live.contains(contract.as_str()))?;
            Some(PriceLine { contract, service: document.service.clone(), role: line.role? })
        })
        .collect();
    of(services, &lines).fee
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(lines: &[(&str, &str, Role)]) -> (u64, usize) {
        let (services, _) = Services::shipped();
        let line = |(contract, service, role): &(&str, &str, Role)| PriceLine {
            contract: (*contract).to_owned(),
            service: (*service).to_owned(),
            role: *role,
        };
        let price = of(&services, &lines.iter().map(line).collect::<Vec<_>>());
        (price.fee, price.pairs.len())
    }

    #[test]
    fn each_contract_and_service_costs_once_for_producers_of_three_services() {
        use Role::{Consumer, Producer};
        let three = ["urn:a:1", "urn:b:1", "urn:c:1"];
        let both: Vec<_> =
            three.iter().flat_map(|one| [(*one, "npo", Producer), (*one, "journalen", Producer)]).collect();
        assert_eq!(fee(&both), (150_000, 6));
        let with_register = [both.as_slice(), &[("urn:a:1", "iutkr", Producer)]].concat();
        assert_eq!(fee(&with_register), (175_000, 7));
        assert_eq!(fee(&[("urn:a:1", "npo", Producer), ("urn:a:2", "npo", Producer)]), (50_000, 2));
        assert_eq!(fee(&[("urn:a:1", "npo", Producer), ("urn:a:1", "npo", Producer)]), (25_000, 1));
        assert_eq!(
            fee(&[("urn:a:1", "npo", Consumer), ("urn:a:1", "pu", Producer), ("urn:a:1", "x", Producer)]),
            (0, 0)
        );
    }
}
