//! SokVagvalsInfo (`tak.md` §6.1): the whole catalogue, from which other platforms fill their caches. Every row of the
//! served version is told, whatever its validity; who asks filters.

use std::collections::HashMap;

use super::request::Call;
use super::soap::element;
use crate::catalogue::book::rows::{EndpointRow, Id, PermissionRow, RouteRow, Row};
use crate::catalogue::book::state::State;
use crate::catalogue::entry::{Filter, Text};
use crate::catalogue::period::Validity;

const NAMESPACES: [&str; 2] = ["urn:skl:tp:vagvalsinfo:v1", "urn:skl:tp:vagvalsinfo:v2"];

/// The version a namespace is of.
pub(super) fn version(namespace: &str) -> Option<usize> {
    NAMESPACES.iter().position(|known| *known == namespace).map(|place| place + 1)
}

/// The body of the answer; `None` for an operation the version does not have.
pub(super) fn answer(state: &State, call: &Call) -> Option<String> {
    let version = version(&call.namespace)?;
    let mut out = String::new();
    out.push_str(&format!("<{}Response xmlns=\"{}\">", call.operation, call.namespace));
    match (call.operation.as_str(), version) {
        ("hamtaAllaVirtualiseringar", _) => routes(state, &mut out),
        ("hamtaAllaAnropsBehorigheter", version) => permissions(state, version == 2, &mut out),
        ("hamtaAllaTjanstekontrakt", 2) => contracts(state, &mut out),
        ("hamtaAllaTjanstekomponenter", 2) => components(state, &mut out),
        _ => return None,
    }
    out.push_str(&format!("</{}Response>", call.operation));
    Some(out)
}

fn text(text: Option<&Text>) -> &str {
    text.map_or("", |text| text)
}

/// Local midnight, without zone.
fn days(out: &mut String, validity: &Validity) {
    let (from, to) = validity.days();
    element(out, "fromTidpunkt", &format!("{from}T00:00:00.000"));
    element(out, "tomTidpunkt", &format!("{to}T00:00:00.000"));
}

fn routes(state: &State, out: &mut String) {
    for row in state.routes.rows() {
        let endpoint = state.endpoints.get(row.value.endpoint).map(|row| &row.value);
        let profile = endpoint.and_then(|endpoint| state.profiles.get(endpoint.profile)).map(|row| &row.value.name);
        out.push_str("<virtualiseringsInfo>");
        element(out, "virtualiseringsInfoId", &row.id.to_string());
        element(out, "receiverId", text(state.addresses.get(row.value.address).map(|row| &row.value.hsa_id)));
        element(out, "rivProfil", text(profile));
        element(out, "tjansteKontrakt", text(state.contracts.get(row.value.contract).map(|row| &row.value.namespace)));
        days(out, &row.value.validity);
        element(out, "adress", text(endpoint.map(|endpoint| &endpoint.url)));
        out.push_str("</virtualiseringsInfo>");
    }
}

fn permissions(state: &State, with_filters: bool, out: &mut String) {
    let filters = if with_filters { state.filters_by_permission() } else { HashMap::new() };
    for row in state.permissions.rows() {
        let value = &row.value;
        out.push_str("<anropsBehorighetsInfo>");
        element(out, "anropsBehorighetsInfoId", &row.id.to_string());
        element(out, "receiverId", text(state.addresses.get(value.address).map(|row| &row.value.hsa_id)));
        element(out, "senderId", text(state.components.get(value.consumer).map(|row| &row.value.hsa_id)));
        element(out, "tjansteKontrakt", text(state.contracts.get(value.contract).map(|row| &row.value.namespace)));
        days(out, &value.validity);
        filters.get(&row.id).into_iter().flatten().for_each(|filter| filter_info(out, filter));
        out.push_str("</anropsBehorighetsInfo>");
    }
}

fn filter_info(out: &mut String, filter: &Filter) {
    out.push_str("<filterInfo>");
    element(out, "serviceDomain", &filter.service_domain);
    filter.categorizations.iter().for_each(|category| element(out, "categorization", category));
    out.push_str("</filterInfo>");
}

fn contracts(state: &State, out: &mut String) {
    for row in state.contracts.rows() {
        out.push_str("<tjanstekontraktInfo>");
        element(out, "namnrymd", &row.value.namespace);
        element(out, "majorVersion", &row.value.major.to_string());
        element(out, "minorVersion", &row.value.minor.to_string());
        element(out, "beskrivning", &row.value.description);
        out.push_str("</tjanstekontraktInfo>");
    }
}

fn components(state: &State, out: &mut String) {
    let mut endpoints: HashMap<Id, Vec<&Row<EndpointRow>>> = HashMap::new();
    for row in state.endpoints.rows() {
        endpoints.entry(row.value.component).or_default().push(row);
    }
    let mut routes: HashMap<Id, Vec<&RouteRow>> = HashMap::new();
    for row in state.routes.rows() {
        routes.entry(row.value.endpoint).or_default().push(&row.value);
    }
    let mut permissions: HashMap<Id, Vec<&PermissionRow>> = HashMap::new();
    for row in state.permissions.rows() {
        permissions.entry(row.value.consumer).or_default().push(&row.value);
    }
    for component in state.components.rows() {
        out.push_str("<tjanstekomponentInfo>");
        element(out, "hsaId", &component.value.hsa_id);
        element(out, "beskrivning", &component.value.description);
        for endpoint in endpoints.get(&component.id).into_iter().flatten() {
            out.push_str("<anropsAdressInfo>");
            element(out, "adress", &endpoint.value.url);
            let profile = state.profiles.get(endpoint.value.profile).map(|row| &row.value.name);
            element(out, "rivtaProfilNamn", text(profile));
            for route in routes.get(&endpoint.id).into_iter().flatten() {
                out.push_str("<vagvalsInfo>");
                days(out, &route.validity);
                reach(state, out, route.contract, route.address);
                out.push_str("</vagvalsInfo>");
            }
            out.push_str("</anropsAdressInfo>");
        }
        for permission in permissions.get(&component.id).into_iter().flatten() {
            out.push_str("<anropsbehorighetInfo>");
            days(out, &permission.validity);
            element(out, "integrationsavtal", &permission.agreement);
            reach(state, out, permission.contract, permission.address);
            out.push_str("</anropsbehorighetInfo>");
        }
        out.push_str("</tjanstekomponentInfo>");
    }
}

/// The contract and the address of a route or a permission.
fn reach(state: &State, out: &mut String, contract: Id, address: Id) {
    let address = state.addresses.get(address).map(|row| &row.value);
    element(out, "tjanstekontraktNamnrymd", text(state.contracts.get(contract).map(|row| &row.value.namespace)));
    element(out, "logiskAdressHsaId", text(address.map(|row| &row.hsa_id)));
    element(out, "logiskAdressBeskrivning", text(address.map(|row| &row.description)));
}
