//! What becomes of the rows (`tak.md` §5.2, steps 2, 4 and 5), and a line of the report for each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::lookup::Lookup;
use super::prepare::Prepared;
use super::read::{Ordered, Permission, Route};
use super::report::{Line, Lines, Section, Status};
use crate::catalogue::book::core::with_filters;
use crate::catalogue::book::rows::{
    AddressRow, AnyRow, Change, ComponentRow, ContractRow, EndpointRow, Id, Kind, PermissionRow, RouteRow, Row,
};
use crate::catalogue::entry::Text;
use crate::catalogue::period::Validity;

/// The agreement of permissions that orders create.
const AGREEMENT: &str = "AUTOTAKNING";

/// What an order comes to.
pub(super) struct Built {
    pub(super) changes: Vec<Change>,
    pub(super) lines: Lines,
}

/// Builds the rows. Everything has been checked.
pub(super) fn build(order: &Ordered, found: &Lookup<'_>, prepared: &Prepared) -> Built {
    let mut builder = OrderBuilder {
        found,
        changes: Vec::new(),
        lines: Lines::default(),
        last: HashMap::new(),
        contracts: HashMap::new(),
        addresses: HashMap::new(),
        components: HashMap::new(),
        endpoints: HashMap::new(),
        new_names: HashMap::new(),
        new_endpoints: HashMap::new(),
        unused: HashSet::new(),
        routes_left: HashMap::new(),
        whole: Validity::between_days(Some(found.start), Some(found.end)),
        agreement: Arc::from(AGREEMENT),
    };
    builder.plain(order, prepared);
    for permission in &order.include.permissions {
        builder.include_permission(permission);
    }
    for route in &order.include.routes {
        builder.include_route(route);
    }
    for permission in &order.exclude.permissions {
        builder.exclude_permission(permission);
    }
    for route in &order.exclude.routes {
        builder.exclude_route(route);
    }
    let mut unused: Vec<Id> = builder.unused.drain().collect();
    unused.sort_unstable();
    builder.changes.extend(unused.into_iter().map(|endpoint| Change::Drop(Kind::Endpoint, endpoint)));
    let filters = with_filters(found.live, &builder.changes);
    builder.changes.extend(filters);
    Built { changes: builder.changes, lines: builder.lines }
}

struct OrderBuilder<'o> {
    found: &'o Lookup<'o>,
    changes: Vec<Change>,
    lines: Lines,
    /// The highest number given so far.
    last: HashMap<Kind, Id>,
    /// New rows by name in lower case.
    contracts: HashMap<String, Id>,
    addresses: HashMap<String, Id>,
    components: HashMap<String, Id>,
    endpoints: HashMap<(Text, Id, Id), Id>,
    /// New rows' names and endpoints by their numbers.
    new_names: HashMap<(Kind, Id), String>,
    new_endpoints: HashMap<Id, EndpointRow>,
    /// Endpoints that nobody would use any more.
    unused: HashSet<Id>,
    /// Routes each endpoint has beyond those that this order removes.
    routes_left: HashMap<Id, usize>,
    /// F to T.
    whole: Validity,
    agreement: Text,
}

impl OrderBuilder<'_> {
    fn next(&mut self, kind: Kind) -> Id {
        let id = self.found.book.next_id(kind, self.last.get(&kind).copied().unwrap_or(0));
        self.last.insert(kind, id);
        id
    }

    fn plain(&mut self, order: &Ordered, prepared: &Prepared) {
        for contract in prepared.contracts.iter().map(|place| &order.include.contracts[*place]) {
            let id = self.next(Kind::Contract);
            let value = ContractRow {
                namespace: Arc::from(contract.namnrymd.as_str()),
                description: Arc::from(contract.beskrivning.as_str()),
                major: contract.major_version.unwrap_or_default(),
                minor: 0,
            };
            self.contracts.insert(contract.namnrymd.to_lowercase(), id);
            self.new_names.insert((Kind::Contract, id), contract.namnrymd.clone());
            self.changes.push(Change::Put(AnyRow::Contract(Row { id, published: 0, value })));
            self.tell(true, Section::Contracts, Status::Created, contract.namnrymd.clone());
        }
        for component in prepared.components.iter().map(|place| &order.include.components[*place]) {
            let id = self.next(Kind::Component);
            let name = component.hsa_id.to_uppercase();
            let (hsa_id, description) = (Arc::from(name.as_str()), Arc::from(component.beskrivning.as_str()));
            let value = ComponentRow { hsa_id, description };
            self.components.insert(name.to_lowercase(), id);
            self.new_names.insert((Kind::Component, id), name.clone());
            self.changes.push(Change::Put(AnyRow::Component(Row { id, published: 0, value })));
            self.tell(true, Section::Components, Status::Created, name);
        }
        for address in prepared.addresses.iter().map(|place| &order.include.addresses[*place]) {
            let id = self.next(Kind::Address);
            let name = address.hsa_id.to_uppercase();
            let (hsa_id, description) = (Arc::from(name.as_str()), Arc::from(address.beskrivning.as_str()));
            let value = AddressRow { hsa_id, description };
            self.addresses.insert(name.to_lowercase(), id);
            self.new_names.insert((Kind::Address, id), name.clone());
            self.changes.push(Change::Put(AnyRow::Address(Row { id, published: 0, value })));
            self.tell(true, Section::Addresses, Status::Created, name);
        }
    }

    fn include_permission(&mut self, permission: &Permission) {
        let Permission { address: Some(address), contract: Some(contract), consumer: Some(consumer) } = permission
        else {
            return;
        };
        match self.found.permissions(address, consumer, contract).first() {
            Some(existing) => {
                let mut row = (*existing).clone();
                row.value.validity = self.prolonged(&row.value.validity);
                let shown = self.shown_permission(&row.value);
                self.changes.push(Change::Put(AnyRow::Permission(row)));
                self.tell(true, Section::Permissions, Status::Updated, shown);
            }
            None => {
                let (Some(address), Some(consumer), Some(contract)) =
                    (self.address(address), self.component(consumer), self.contract(contract))
                else {
                    return;
                };
                let id = self.next(Kind::Permission);
                let (agreement, validity) = (self.agreement.clone(), self.whole.clone());
                let value = PermissionRow { consumer, contract, address, agreement, validity, source: 0 };
                let shown = self.shown_permission(&value);
                self.changes.push(Change::Put(AnyRow::Permission(Row { id, published: 0, value })));
                self.tell(true, Section::Permissions, Status::Created, shown);
            }
        }
    }

    fn include_route(&mut self, route: &Route) {
        let Route {
            url: Some(url),
            address: Some(address),
            contract: Some(contract),
            profile: Some(profile),
            component: Some(component),
        } = route
        else {
            return;
        };
        let existing = self.found.routes(address, contract).first().copied();
        let (Some(profile), Some(component), Some(address), Some(contract)) = (
            self.found.profile(profile).map(|row| row.id),
            self.component(component),
            self.address(address),
            self.contract(contract),
        ) else {
            return;
        };
        let url: Text = Arc::from(url.as_str());
        if let Some(existing) = existing {
            let endpoint = self.found.live.endpoints.get(existing.value.endpoint).map(|row| &row.value);
            let wanted = EndpointRow { url: url.clone(), profile, component };
            if endpoint == Some(&wanted) {
                let mut row = existing.clone();
                row.value.validity = self.prolonged(&row.value.validity);
                let shown = self.shown_route(&row.value);
                self.changes.push(Change::Put(AnyRow::Route(row)));
                self.tell(true, Section::Routes, Status::Updated, shown);
                return;
            }
            self.end_route(existing, true);
        }
        let endpoint = self.endpoint(url, profile, component);
        let id = self.next(Kind::Route);
        let validity = self.whole.clone();
        let value = RouteRow { address, contract, endpoint, validity, source: 0 };
        let shown = self.shown_route(&value);
        self.changes.push(Change::Put(AnyRow::Route(Row { id, published: 0, value })));
        self.tell(true, Section::Routes, Status::Created, shown);
    }

    fn exclude_permission(&mut self, permission: &Permission) {
        let Permission { address: Some(address), contract: Some(contract), consumer: Some(consumer) } = permission
        else {
            return;
        };
        let Some(existing) = self.found.permissions(address, consumer, contract).first().copied() else {
            let missing =
                format!("Logisk adress: {address}, Tjänstekonsument: {consumer}, Tjänstekontrakt: {contract}");
            self.tell(false, Section::Permissions, Status::Missing, missing);
            return;
        };
        if self.found.start < existing.value.validity.days().0 {
            let shown = self.shown_permission(&existing.value);
            self.changes.push(Change::Drop(Kind::Permission, existing.id));
            self.tell(false, Section::Permissions, Status::Removed, shown);
            return;
        }
        let mut row = existing.clone();
        row.value.validity = self.ended(&row.value.validity);
        let shown = self.shown_permission(&row.value);
        self.changes.push(Change::Put(AnyRow::Permission(row)));
        self.tell(false, Section::Permissions, Status::Ended, shown);
    }

    fn exclude_route(&mut self, route: &Route) {
        let Route { address: Some(address), contract: Some(contract), .. } = route else { return };
        match self.found.routes(address, contract).first().copied() {
            Some(existing) => self.end_route(existing, false),
            None => {
                let text = |part: &Option<String>| part.clone().unwrap_or_default();
                let missing = format!(
                    "Logisk adress: {address}, Tjänstekontrakt: {contract}, Tjänstekomponent: {}, RivTaProfil: {}, Adress: {}",
                    text(&route.component),
                    text(&route.profile),
                    text(&route.url)
                );
                self.tell(false, Section::Routes, Status::Missing, missing);
            }
        }
    }

    /// A route that has not begun goes away, with an endpoint that nobody else uses; one that has ends the day before.
    fn end_route(&mut self, existing: &Row<RouteRow>, include: bool) {
        if self.found.start < existing.value.validity.days().0 {
            let shown = self.shown_route(&existing.value);
            self.changes.push(Change::Drop(Kind::Route, existing.id));
            let endpoint = existing.value.endpoint;
            let all = self.found.routes_of_endpoint.get(&endpoint).copied().unwrap_or(0);
            let left = self.routes_left.entry(endpoint).or_insert(all);
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.unused.insert(endpoint);
            }
            self.tell(include, Section::Routes, Status::Removed, shown);
            return;
        }
        let mut row = existing.clone();
        row.value.validity = self.ended(&row.value.validity);
        let shown = self.shown_route(&row.value);
        self.changes.push(Change::Put(AnyRow::Route(row)));
        self.tell(include, Section::Routes, Status::Ended, shown);
    }

    /// The endpoint of a route: one there is, one that this order has made or was about to remove, or a new one.
    fn endpoint(&mut self, url: Text, profile: Id, component: Id) -> Id {
        if let Some(existing) = self.found.endpoint(&url, profile, component) {
            let all = self.found.routes_of_endpoint.get(&existing.id).copied().unwrap_or(0);
            *self.routes_left.entry(existing.id).or_insert(all) += 1;
            self.unused.remove(&existing.id);
            return existing.id;
        }
        let key = (url, profile, component);
        if let Some(id) = self.endpoints.get(&key) {
            return *id;
        }
        let id = self.next(Kind::Endpoint);
        let value = EndpointRow { url: key.0.clone(), profile, component };
        self.changes.push(Change::Put(AnyRow::Endpoint(Row { id, published: 0, value })));
        self.new_endpoints.insert(id, EndpointRow { url: key.0.clone(), profile, component });
        self.endpoints.insert(key, id);
        id
    }

    fn contract(&self, name: &str) -> Option<Id> {
        let new = || self.contracts.get(&name.to_lowercase()).copied();
        self.found.contract(name).map(|row| row.id).or_else(new)
    }

    fn address(&self, name: &str) -> Option<Id> {
        let new = || self.addresses.get(&name.to_lowercase()).copied();
        self.found.address(name).map(|row| row.id).or_else(new)
    }

    fn component(&self, name: &str) -> Option<Id> {
        let new = || self.components.get(&name.to_lowercase()).copied();
        self.found.component(name).map(|row| row.id).or_else(new)
    }

    /// To T; from F where it would have begun later.
    fn prolonged(&self, validity: &Validity) -> Validity {
        let (from, _) = validity.days();
        Validity::between_days(Some(from.min(self.found.start)), Some(self.found.end))
    }

    /// To the day before F. Where it began on F itself it ends before it begins, as in the reference.
    fn ended(&self, validity: &Validity) -> Validity {
        let (from, _) = validity.days();
        let last = self.found.start.yesterday().unwrap_or(Date::MIN);
        Validity::between_days(Some(from), Some(last))
    }

    fn tell(&mut self, include: bool, section: Section, status: Status, value: String) {
        self.lines.add(include, section, Line { status, value });
    }

    fn shown_permission(&self, row: &PermissionRow) -> String {
        let (from, to) = row.validity.days();
        let (address, consumer) = (self.address_name(row.address), self.component_name(row.consumer));
        format!("{address} - {consumer} - {}  ({from} - {to})", self.contract_name(row.contract))
    }

    fn shown_route(&self, row: &RouteRow) -> String {
        let (from, to) = row.validity.days();
        let known = self.found.live.endpoints.get(row.endpoint).map(|row| &row.value);
        let endpoint = known.or_else(|| self.new_endpoints.get(&row.endpoint));
        let (component, profile, url) = endpoint.map_or_else(Default::default, |endpoint| {
            let profile = self.found.live.profiles.get(endpoint.profile).map(|row| row.value.name.to_string());
            (self.component_name(endpoint.component), profile.unwrap_or_default(), endpoint.url.to_string())
        });
        let (address, contract) = (self.address_name(row.address), self.contract_name(row.contract));
        format!("{address} - {contract} - {component} - {profile} - {url} ({from} - {to})")
    }

    fn address_name(&self, id: Id) -> String {
        let known = self.found.live.addresses.get(id).map(|row| row.value.hsa_id.to_string());
        known.unwrap_or_else(|| self.new_name(Kind::Address, id))
    }

    fn component_name(&self, id: Id) -> String {
        let known = self.found.live.components.get(id).map(|row| row.value.hsa_id.to_string());
        known.unwrap_or_else(|| self.new_name(Kind::Component, id))
    }

    fn contract_name(&self, id: Id) -> String {
        let known = self.found.live.contracts.get(id).map(|row| row.value.namespace.to_string());
        known.unwrap_or_else(|| self.new_name(Kind::Contract, id))
    }

    fn new_name(&self, kind: Kind, id: Id) -> String {
        self.new_names.get(&(kind, id)).cloned().unwrap_or_default()
    }
}
