//! A row as somebody types it: fields by the names of the exports, references by what the other row is known by.

use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;

use super::rows::{
    AddressRow, AnyRow, CategoryRow, ComponentRow, ContractRow, EndpointRow, FilterRow, Id, Kind, PermissionRow,
    ProfileRow, RouteRow, Row,
};
use super::state::State;
use crate::catalogue::entry::Text;
use crate::catalogue::period::{Validity, date_of};

/// How long a row holds that says nothing of it (`tak.md` §2.3).
const YEARS: i64 = 100;

/// The fields of all tables; each has its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TypedRow {
    /// `namn` of a profile.
    pub namn: String,
    /// `namnrymd` of a contract.
    pub namnrymd: String,
    /// `hsaId` of a logical address or a component.
    pub hsa_id: String,
    /// `beskrivning`.
    pub beskrivning: String,
    /// `majorVersion` of a contract.
    pub major_version: i64,
    /// `minorVersion` of a contract.
    pub minor_version: i64,
    /// `adress` of an endpoint, or of the one a route leads to.
    pub adress: String,
    /// Name of a profile.
    pub rivtaprofil: String,
    /// HSA-id of the component behind an endpoint.
    pub tjanstekomponent: String,
    /// HSA-id of the component that may call.
    pub tjanstekonsument: String,
    /// Namespace of a contract.
    pub tjanstekontrakt: String,
    /// HSA-id of a logical address.
    pub logisk_adress: String,
    /// `integrationsavtal` of a permission.
    pub integrationsavtal: String,
    /// First day; today where it is left out, none where it is empty.
    pub from_tidpunkt: Option<String>,
    /// Last day; in a hundred years where it is left out, none where it is empty.
    pub tom_tidpunkt: Option<String>,
    /// Number of a permission.
    pub anropsbehorighet: Id,
    /// `servicedomain` of a filter.
    pub servicedomain: String,
    /// Number of a filter.
    pub filter: Id,
    /// `category` of a filter.
    pub category: String,
}

impl TypedRow {
    /// The row of a table; number 0 is a new one. A reference that leads nowhere becomes number 0, which validation tells.
    pub fn row(&self, live: &State, kind: Kind, id: Id, today: Date) -> AnyRow {
        let text = |text: &str| -> Text { Arc::from(text) };
        let description = text(&self.beskrivning.trim().replace('\r', "").replace('\n', " "));
        let published = 0;
        let profile = || {
            let found = live.profiles.rows().iter().find(|row| *row.value.name == *self.rivtaprofil);
            found.map_or(0, |row| row.id)
        };
        let component = |name: &str| {
            let found = live.components.rows().iter().find(|row| same(&row.value.hsa_id, name));
            found.map_or(0, |row| row.id)
        };
        let contract = || {
            let found = live.contracts.rows().iter().find(|row| same(&row.value.namespace, &self.tjanstekontrakt));
            found.map_or(0, |row| row.id)
        };
        let address = || {
            let found = live.addresses.rows().iter().find(|row| same(&row.value.hsa_id, &self.logisk_adress));
            found.map_or(0, |row| row.id)
        };
        match kind {
            Kind::Profile => {
                let value = ProfileRow { name: text(&self.namn), description };
                AnyRow::Profile(Row { id, published, value })
            }
            Kind::Contract => {
                let (major, minor) = (self.major_version, self.minor_version);
                let value = ContractRow { namespace: text(&self.namnrymd), description, major, minor };
                AnyRow::Contract(Row { id, published, value })
            }
            Kind::Component => {
                let value = ComponentRow { hsa_id: text(&self.hsa_id), description };
                AnyRow::Component(Row { id, published, value })
            }
            Kind::Address => {
                let value = AddressRow { hsa_id: text(&self.hsa_id), description };
                AnyRow::Address(Row { id, published, value })
            }
            Kind::Endpoint => {
                let (profile, component) = (profile(), component(&self.tjanstekomponent));
                let value = EndpointRow { url: text(&self.adress), profile, component };
                AnyRow::Endpoint(Row { id, published, value })
            }
            Kind::Route => {
                let wanted = EndpointRow {
                    url: text(&self.adress),
                    profile: profile(),
                    component: component(&self.tjanstekomponent),
                };
                let endpoint = live.endpoints.rows().iter().find(|row| row.value == wanted).map_or(0, |row| row.id);
                let (address, contract, validity) = (address(), contract(), self.validity(today));
                let value = RouteRow { address, contract, endpoint, validity, source: 0 };
                AnyRow::Route(Row { id, published, value })
            }
            Kind::Permission => {
                let value = PermissionRow {
                    consumer: component(&self.tjanstekonsument),
                    contract: contract(),
                    address: address(),
                    agreement: text(&self.integrationsavtal),
                    validity: self.validity(today),
                    source: 0,
                };
                AnyRow::Permission(Row { id, published, value })
            }
            Kind::Filter => {
                let value = FilterRow { permission: self.anropsbehorighet, service_domain: text(&self.servicedomain) };
                AnyRow::Filter(Row { id, published, value })
            }
            Kind::Category => {
                let value = CategoryRow { filter: self.filter, category: text(&self.category) };
                AnyRow::Category(Row { id, published, value })
            }
        }
    }

    fn validity(&self, today: Date) -> Validity {
        let far = || today.checked_add(jiff::Span::new().years(YEARS)).unwrap_or(Date::MAX);
        let day = |given: &Option<String>, usual: &dyn Fn() -> Date| match given {
            None => Some(usual()),
            Some(text) => text.get(..10).and_then(date_of),
        };
        Validity::between_days(day(&self.from_tidpunkt, &|| today), day(&self.tom_tidpunkt, &far))
    }
}

fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}
