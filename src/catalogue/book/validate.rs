//! What is accepted of a row that is typed in (`tak.md` §2.4), and what refers to what.

use super::rows::{AnyRow, Id, Kind, Row};
use super::state::{State, Table};
use crate::catalogue::entry::Text;
use crate::catalogue::import::rules;
use crate::catalogue::period::Validity;

/// Refuses a row without endpoint. The catalogue has a code for it, and no text.
const NO_ENDPOINT: &str = "missing.instance.anropsadress";

/// Everything that is wrong with a row, in the catalogue's words.
pub fn row(live: &State, row: &AnyRow) -> Vec<&'static str> {
    let mut refused = Vec::new();
    match row {
        AnyRow::Profile(Row { id, value, .. }) => {
            refused.extend(rules::profile(&value.name).err());
            refused.extend(rules::description(&value.description).err());
            let taken = is_taken(&live.profiles, *id, |other| same(&other.name, &value.name));
            refused.extend(taken.then_some("RIV-TA-profil är inte unik"));
        }
        AnyRow::Contract(Row { id, value, .. }) => {
            refused.extend(rules::contract(&value.namespace).err());
            refused.extend(rules::description(&value.description).err());
            let taken = is_taken(&live.contracts, *id, |other| same(&other.namespace, &value.namespace));
            refused.extend(taken.then_some("Tjänstekontrakt är inte unikt"));
        }
        AnyRow::Component(Row { id, value, .. }) => {
            refused.extend(rules::hsa_id(&value.hsa_id).err());
            refused.extend(rules::description(&value.description).err());
            let taken = is_taken(&live.components, *id, |other| same(&other.hsa_id, &value.hsa_id));
            refused.extend(taken.then_some("Tjänstekomponent är inte unik"));
        }
        AnyRow::Address(Row { id, value, .. }) => {
            refused.extend(rules::logical_address(&value.hsa_id).err());
            refused.extend(rules::description(&value.description).err());
            let taken = is_taken(&live.addresses, *id, |other| same(&other.hsa_id, &value.hsa_id));
            refused.extend(taken.then_some("Logisk adress är inte unik"));
        }
        AnyRow::Endpoint(Row { id, value, .. }) => {
            refused.extend(rules::url(&value.url).err());
            refused.extend(live.profiles.get(value.profile).is_none().then_some("RIV-TA-profil saknas"));
            refused.extend(live.components.get(value.component).is_none().then_some("Tjänstekomponent saknas"));
            let taken = is_taken(&live.endpoints, *id, |other| other == value);
            refused.extend(taken.then_some("Anropsadress är inte unik"));
        }
        AnyRow::Route(row) => refused.extend(route(live, row)),
        AnyRow::Permission(row) => refused.extend(permission(live, row)),
        AnyRow::Filter(Row { id, value, .. }) => {
            refused.extend(rules::service_domain(&value.service_domain).err());
            refused.extend(live.permissions.get(value.permission).is_none().then_some("Anropsbehörighet saknas"));
            refused.extend(is_taken(&live.filters, *id, |other| other == value).then_some("Filter är inte unikt"));
        }
        AnyRow::Category(Row { id, value, .. }) => {
            refused.extend(rules::category(&value.category).err());
            refused.extend(live.filters.get(value.filter).is_none().then_some("Filter saknas"));
            let taken = is_taken(&live.categories, *id, |other| other == value);
            refused.extend(taken.then_some("Filterkategorisering är inte unik"));
        }
    }
    refused
}

fn route(live: &State, row: &Row<super::rows::RouteRow>) -> Vec<&'static str> {
    let value = &row.value;
    let mut refused = Vec::new();
    refused.extend(live.addresses.get(value.address).is_none().then_some("Logisk adress saknas"));
    refused.extend(live.contracts.get(value.contract).is_none().then_some("Tjänstekontrakt saknas"));
    refused.extend(live.endpoints.get(value.endpoint).is_none().then_some(NO_ENDPOINT));
    refused.extend(days(&value.validity));
    let overlaps = is_taken(&live.routes, row.id, |other| {
        other.contract == value.contract && other.address == value.address && overlap(&other.validity, &value.validity)
    });
    refused.extend(overlaps.then_some(rules::ROUTE_OVERLAP));
    refused
}

fn permission(live: &State, row: &Row<super::rows::PermissionRow>) -> Vec<&'static str> {
    let value = &row.value;
    let mut refused = Vec::new();
    refused.extend(rules::agreement(&value.agreement).err());
    refused.extend(live.components.get(value.consumer).is_none().then_some("Tjänstekonsument saknas"));
    refused.extend(live.contracts.get(value.contract).is_none().then_some("Tjänstekontrakt saknas"));
    refused.extend(live.addresses.get(value.address).is_none().then_some("Logisk adress saknas"));
    refused.extend(days(&value.validity));
    let overlaps = is_taken(&live.permissions, row.id, |other| {
        (other.consumer, other.contract, other.address) == (value.consumer, value.contract, value.address)
            && overlap(&other.validity, &value.validity)
    });
    refused.extend(overlaps.then_some(rules::PERMISSION_OVERLAP));
    refused
}

fn days(validity: &Validity) -> Vec<&'static str> {
    let mut refused = Vec::new();
    refused.extend(validity.from.is_empty().then_some("From tidpunkt saknas"));
    refused.extend(validity.to.is_empty().then_some("Tom tidpunkt saknas"));
    if refused.is_empty() {
        let (from, to) = validity.days();
        refused.extend((from > to).then_some("Tidpunkter i fel ordning"));
    }
    refused
}

/// Whether two periods share a day.
pub fn overlap(one: &Validity, other: &Validity) -> bool {
    let ((from, to), (other_from, other_to)) = (one.days(), other.days());
    from.max(other_from) <= to.min(other_to)
}

fn is_taken<T: Clone>(table: &Table<T>, id: Id, is_same: impl Fn(&T) -> bool) -> bool {
    table.rows().iter().any(|other| other.id != id && is_same(&other.value))
}

fn same(one: &Text, other: &Text) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// The rows a row refers to.
pub fn references(row: &AnyRow) -> Vec<(Kind, Id)> {
    match row {
        AnyRow::Profile(_) | AnyRow::Contract(_) | AnyRow::Component(_) | AnyRow::Address(_) => Vec::new(),
        AnyRow::Endpoint(Row { value, .. }) => {
            vec![(Kind::Profile, value.profile), (Kind::Component, value.component)]
        }
        AnyRow::Route(Row { value, .. }) => {
            vec![(Kind::Address, value.address), (Kind::Contract, value.contract), (Kind::Endpoint, value.endpoint)]
        }
        AnyRow::Permission(Row { value, .. }) => {
            vec![(Kind::Component, value.consumer), (Kind::Contract, value.contract), (Kind::Address, value.address)]
        }
        AnyRow::Filter(Row { value, .. }) => vec![(Kind::Permission, value.permission)],
        AnyRow::Category(Row { value, .. }) => vec![(Kind::Filter, value.filter)],
    }
}

/// One row that refers to another.
pub fn dependent(state: &State, kind: Kind, id: Id) -> Option<AnyRow> {
    dependents(state, kind, id).into_iter().next()
}

/// Every row that refers to another.
pub fn dependents(state: &State, kind: Kind, id: Id) -> Vec<AnyRow> {
    let mut found = Vec::new();
    let endpoints = state.endpoints.rows().iter().cloned().map(AnyRow::Endpoint);
    let routes = state.routes.rows().iter().cloned().map(AnyRow::Route);
    let permissions = state.permissions.rows().iter().cloned().map(AnyRow::Permission);
    let refers = |row: &AnyRow| references(row).contains(&(kind, id));
    match kind {
        Kind::Profile => found.extend(endpoints.filter(refers)),
        Kind::Component => found.extend(endpoints.chain(permissions).filter(refers)),
        Kind::Contract | Kind::Address => found.extend(routes.chain(permissions).filter(refers)),
        Kind::Endpoint => found.extend(routes.filter(refers)),
        Kind::Permission => found.extend(state.filters.rows().iter().cloned().map(AnyRow::Filter).filter(refers)),
        Kind::Filter => found.extend(state.categories.rows().iter().cloned().map(AnyRow::Category).filter(refers)),
        Kind::Route | Kind::Category => {}
    }
    found
}
