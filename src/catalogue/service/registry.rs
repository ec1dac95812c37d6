//! The registry contracts (`tak.md` §6.3): which contracts are there for an address, and where a contract is served.
//! Both are answered from permissions.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::request::Call;
use super::soap::{Fault, element};
use crate::catalogue::book::rows::{Id, Row};
use crate::catalogue::book::state::State;
use crate::catalogue::entry::Text;
use crate::soap::xml::text::escape_into;

const CONTRACTS_1: &str = "urn:riv:itintegration:registry:GetSupportedServiceContractsResponder:1";
const CONTRACTS_2: &str = "urn:riv:infrastructure:itintegration:registry:GetSupportedServiceContractsResponder:2";
const ADDRESSEES_1: &str = "urn:riv:itintegration:registry:GetLogicalAddresseesByServiceContractResponder:1";
const ADDRESSEES_2: &str =
    "urn:riv:infrastructure:itintegration:registry:GetLogicalAddresseesByServiceContractResponder:2";
const CORE_1: &str = "urn:riv:itintegration:registry:1";
const CORE_2: &str = "urn:riv:infrastructure:itintegration:registry:2";

const NO_ADDRESS: &str = "LogicalAddress must not be empty or null";
const NO_CONSUMER: &str = "ServiceConsumerHsaId must not be empty or null";
/// Spelled as the reference spells it.
const NO_CONTRACT: &str = "ServiceContractNamespece must not be empty or null";

pub(super) fn is_supported_contracts(namespace: &str) -> bool {
    matches!(namespace, CONTRACTS_1 | CONTRACTS_2)
}

pub(super) fn is_logical_addressees(namespace: &str) -> bool {
    matches!(namespace, ADDRESSEES_1 | ADDRESSEES_2)
}

/// GetSupportedServiceContracts: the contracts of the permissions that hold now.
pub(super) fn supported_contracts(state: &State, call: &Call, now: Timestamp) -> Result<String, Fault> {
    let second = call.namespace == CONTRACTS_2;
    let consumer = call.field("serviceConsumerHsaId");
    if !second && consumer.is_none_or(|consumer| consumer.trim().is_empty()) {
        return Err(Fault::server(NO_CONSUMER));
    }
    let address = given(call.field("logicalAdress"), NO_ADDRESS)?;
    let addresses = named(state.addresses.rows(), address, |row| &row.hsa_id);
    let consumers = consumer.map(|consumer| named(state.components.rows(), consumer, |row| &row.hsa_id));
    let contracts = state.permissions.rows().iter().map(|row| &row.value).filter(|permission| {
        addresses.contains(&permission.address)
            && consumers.as_ref().is_none_or(|consumers| consumers.contains(&permission.consumer))
            && permission.validity.period.contains(now)
    });
    let contracts: BTreeSet<Id> = contracts.map(|permission| permission.contract).collect();
    let core = if second { CORE_2 } else { CORE_1 };
    let mut out = format!("<GetSupportedServiceContractsResponse xmlns=\"{}\" xmlns:ns2=\"{core}\">", call.namespace);
    for contract in contracts.iter().filter_map(|id| state.contracts.get(*id)) {
        out.push_str("<serviceContractNamespace>");
        element(&mut out, "ns2:ServiceContractNamespace", &contract.value.namespace);
        out.push_str("</serviceContractNamespace>");
    }
    out.push_str("</GetSupportedServiceContractsResponse>");
    Ok(out)
}

/// GetLogicalAddresseesByServiceContract: a record for each permission of the consumer for the contract. `now` leaves
/// out those that do not hold, as the contract's rule R1 has it; the reference leaves them in.
pub(super) fn logical_addressees(state: &State, call: &Call, now: Option<Timestamp>) -> Result<String, Fault> {
    let second = call.namespace == ADDRESSEES_2;
    let consumer = given(call.field("serviceConsumerHsaId"), NO_CONSUMER)?;
    let contract = call.field("ServiceContractNamespace").or_else(|| call.field("serviceContractNameSpace"));
    let contract = given(contract, NO_CONTRACT)?;
    let consumers = named(state.components.rows(), consumer, |row| &row.hsa_id);
    let contracts: BTreeSet<Id> =
        state.contracts.rows().iter().filter(|row| &*row.value.namespace == contract).map(|row| row.id).collect();
    let matching = state.permissions.rows().iter().filter(|row| {
        consumers.contains(&row.value.consumer)
            && contracts.contains(&row.value.contract)
            && now.is_none_or(|now| row.value.validity.period.contains(now))
    });
    let matching: Vec<_> = matching.collect();
    let mut out = format!("<GetLogicalAddresseesByServiceContractResponse xmlns=\"{}\">", call.namespace);
    let filters = if second && !matching.is_empty() { state.filters_by_permission() } else { Default::default() };
    for row in matching {
        let address = state.addresses.get(row.value.address).map_or("", |row| &*row.value.hsa_id);
        if !second {
            element(&mut out, "logicalAddress", address);
            continue;
        }
        out.push_str("<logicalAddressRecord>");
        element(&mut out, "logicalAddress", address);
        for filter in filters.get(&row.id).into_iter().flatten() {
            out.push_str("<filter><serviceDomain>");
            escape_into(&mut out, &filter.service_domain);
            out.push_str("</serviceDomain>");
            filter.categorizations.iter().for_each(|category| element(&mut out, "categorization", category));
            out.push_str("</filter>");
        }
        out.push_str("</logicalAddressRecord>");
    }
    out.push_str("</GetLogicalAddresseesByServiceContractResponse>");
    Ok(out)
}

fn given<'c>(field: Option<&'c str>, refusal: &str) -> Result<&'c str, Fault> {
    field.filter(|text| !text.trim().is_empty()).ok_or_else(|| Fault::server(refusal))
}

/// The rows of a name, whatever its case.
fn named<T>(rows: &[Row<T>], name: &str, of: impl Fn(&T) -> &Text) -> BTreeSet<Id> {
    let name = name.to_lowercase();
    rows.iter().filter(|row| of(&row.value).to_lowercase() == name).map(|row| row.id).collect()
}
