//! Rows in words, and the report of what a publication changes (`tak.md` §3.8).

use super::rows::{AnyRow, Change, Kind, Row};
use super::state::State;
use crate::catalogue::entry::Text;

/// The headings, in their order.
const HEADINGS: [(Kind, &str); 9] = [
    (Kind::Endpoint, "Anropsadresser:"),
    (Kind::Permission, "Anropsbehörigheter:"),
    (Kind::Category, "Filterkategorier:"),
    (Kind::Filter, "Filter:"),
    (Kind::Address, "Logiska adresser:"),
    (Kind::Profile, "RIV-TA-profiler:"),
    (Kind::Component, "Tjänstekomponenter:"),
    (Kind::Contract, "Tjänstekontrakt:"),
    (Kind::Route, "Vägval:"),
];

/// Most lines under one heading; the rest are counted.
const LINES_MAX: usize = 10_000;

/// What changes lead from one state to another, as people read it.
pub fn changes(before: &State, after: &State, changes: &[Change]) -> String {
    let mut report = String::new();
    for (kind, heading) in HEADINGS {
        let of_kind = || changes.iter().filter(|change| change.key().0 == kind);
        let lines = of_kind().take(LINES_MAX).map(|change| match change {
            Change::Put(row) => format!("Skapad/uppdaterad - {}\n", shown(after, row)),
            Change::Drop(kind, id) => {
                let row = before.get(*kind, *id);
                format!("Borttagen - {}\n", row.map_or_else(|| id.to_string(), |row| shown(before, &row)))
            }
        });
        let lines: String = lines.collect();
        if !lines.is_empty() {
            report.push_str(heading);
            report.push('\n');
            report.push_str(&lines);
            let more = of_kind().count().saturating_sub(LINES_MAX);
            if more > 0 {
                report.push_str(&format!("… och {more} till\n"));
            }
        }
    }
    report
}

/// A row by what it is known by.
pub fn shown(state: &State, row: &AnyRow) -> String {
    let text = |text: Option<&Text>| text.map_or("", |text| &**text).to_owned();
    let address = |id| text(state.addresses.get(id).map(|row| &row.value.hsa_id));
    let component = |id| text(state.components.get(id).map(|row| &row.value.hsa_id));
    let contract = |id| text(state.contracts.get(id).map(|row| &row.value.namespace));
    let endpoint = |id| {
        let row = state.endpoints.get(id).map(|row| &row.value);
        row.map_or_else(String::new, |row| {
            let profile = text(state.profiles.get(row.profile).map(|row| &row.value.name));
            format!("{} - {profile} - {}", component(row.component), row.url)
        })
    };
    match row {
        AnyRow::Profile(Row { value, .. }) => value.name.to_string(),
        AnyRow::Contract(Row { value, .. }) => value.namespace.to_string(),
        AnyRow::Component(Row { value, .. }) => value.hsa_id.to_string(),
        AnyRow::Address(Row { value, .. }) => value.hsa_id.to_string(),
        AnyRow::Endpoint(Row { value, .. }) => {
            let profile = text(state.profiles.get(value.profile).map(|row| &row.value.name));
            format!("{} - {profile} - {}", component(value.component), value.url)
        }
        AnyRow::Route(Row { value, .. }) => {
            let (from, to) = value.validity.days();
            let (address, contract) = (address(value.address), contract(value.contract));
            format!("{address} - {contract} - {} ({from} - {to})", endpoint(value.endpoint))
        }
        AnyRow::Permission(Row { value, .. }) => {
            let (from, to) = value.validity.days();
            let (address, consumer) = (address(value.address), component(value.consumer));
            format!("{address} - {consumer} - {}  ({from} - {to})", contract(value.contract))
        }
        AnyRow::Filter(Row { value, .. }) => value.service_domain.to_string(),
        AnyRow::Category(Row { value, .. }) => value.category.to_string(),
    }
}
