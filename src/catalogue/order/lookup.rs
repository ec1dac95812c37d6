//! The rows an order is about: found in the catalogue in one pass, whatever the catalogue's size.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use jiff::civil::Date;

use super::read::Ordered;
use crate::catalogue::book::core::Book;
use crate::catalogue::book::rows::{
    AddressRow, ComponentRow, ContractRow, EndpointRow, Id, Kind, PermissionRow, ProfileRow, RouteRow, Row,
};
use crate::catalogue::book::state::State;
use crate::catalogue::entry::Text;

/// How long what an order adds holds.
const YEARS: i64 = 100;

type ByName<'b, T> = HashMap<String, &'b Row<T>, RandomState>;
type Rows<'b, K, T> = HashMap<K, Vec<&'b Row<T>>, RandomState>;

/// What the catalogue has of what an order names.
pub(super) struct Lookup<'b> {
    pub(super) book: &'b Book,
    pub(super) live: &'b State,
    user: &'b str,
    /// F, the first day of what is added.
    pub(super) start: Date,
    /// T, the last.
    pub(super) end: Date,
    profiles: HashMap<Text, &'b Row<ProfileRow>>,
    contracts: ByName<'b, ContractRow>,
    addresses: ByName<'b, AddressRow>,
    components: ByName<'b, ComponentRow>,
    endpoints: HashMap<(Text, Id, Id), &'b Row<EndpointRow>, RandomState>,
    /// Live routes that overlap the order's period, by address and contract.
    routes: Rows<'b, (Id, Id), RouteRow>,
    /// Live permissions that overlap it, by address, consumer and contract.
    permissions: Rows<'b, (Id, Id, Id), PermissionRow>,
    /// How many live routes each endpoint has.
    pub(super) routes_of_endpoint: HashMap<Id, usize, RandomState>,
}

impl<'b> Lookup<'b> {
    pub(super) fn new(book: &'b Book, order: &Ordered, user: &'b str) -> Self {
        let live = book.live();
        let start = order.start;
        let end = start.checked_add(jiff::Span::new().years(YEARS)).unwrap_or(Date::MAX);
        let mut lookup = Self {
            book,
            live,
            user,
            start,
            end,
            profiles: live.profiles.rows().iter().map(|row| (row.value.name.clone(), row)).collect(),
            contracts: by_name(live.contracts.rows(), |row| &row.namespace),
            addresses: by_name(live.addresses.rows(), |row| &row.hsa_id),
            components: by_name(live.components.rows(), |row| &row.hsa_id),
            endpoints: HashMap::default(),
            routes: HashMap::default(),
            permissions: HashMap::default(),
            routes_of_endpoint: HashMap::default(),
        };
        lookup.find_routes(order);
        lookup.find_permissions(order);
        lookup
    }

    fn find_routes(&mut self, order: &Ordered) {
        let wanted = order.include.routes.iter().chain(&order.exclude.routes);
        let wanted: HashSet<(Id, Id), RandomState> = wanted
            .filter_map(|route| {
                Some((self.address(route.address.as_ref()?)?.id, self.contract(route.contract.as_ref()?)?.id))
            })
            .collect();
        if !order.include.routes.is_empty() {
            let key = |row: &'b Row<EndpointRow>| {
                let EndpointRow { url, profile, component } = &row.value;
                ((url.clone(), *profile, *component), row)
            };
            self.endpoints = self.live.endpoints.rows().iter().map(key).collect();
        }
        if wanted.is_empty() {
            return;
        }
        for row in self.live.routes.rows() {
            *self.routes_of_endpoint.entry(row.value.endpoint).or_insert(0) += 1;
            let key = (row.value.address, row.value.contract);
            if wanted.contains(&key) && self.overlaps(row.value.validity.days()) {
                self.routes.entry(key).or_default().push(row);
            }
        }
    }

    fn find_permissions(&mut self, order: &Ordered) {
        let wanted = order.include.permissions.iter().chain(&order.exclude.permissions);
        let wanted: HashSet<(Id, Id, Id), RandomState> = wanted
            .filter_map(|permission| {
                let address = self.address(permission.address.as_ref()?)?.id;
                let consumer = self.component(permission.consumer.as_ref()?)?.id;
                Some((address, consumer, self.contract(permission.contract.as_ref()?)?.id))
            })
            .collect();
        if wanted.is_empty() {
            return;
        }
        for row in self.live.permissions.rows() {
            let key = (row.value.address, row.value.consumer, row.value.contract);
            if wanted.contains(&key) && self.overlaps(row.value.validity.days()) {
                self.permissions.entry(key).or_default().push(row);
            }
        }
    }

    fn overlaps(&self, (from, to): (Date, Date)) -> bool {
        from.max(self.start) <= to.min(self.end)
    }

    pub(super) fn profile(&self, name: &str) -> Option<&'b Row<ProfileRow>> {
        self.profiles.get(name).copied()
    }

    pub(super) fn contract(&self, name: &str) -> Option<&'b Row<ContractRow>> {
        self.contracts.get(&name.to_lowercase()).copied()
    }

    pub(super) fn address(&self, name: &str) -> Option<&'b Row<AddressRow>> {
        self.addresses.get(&name.to_lowercase()).copied()
    }

    pub(super) fn component(&self, name: &str) -> Option<&'b Row<ComponentRow>> {
        self.components.get(&name.to_lowercase()).copied()
    }

    pub(super) fn endpoint(&self, url: &Text, profile: Id, component: Id) -> Option<&'b Row<EndpointRow>> {
        self.endpoints.get(&(url.clone(), profile, component)).copied()
    }

    /// The live routes of an address and a contract that overlap the order's period.
    pub(super) fn routes(&self, address: &str, contract: &str) -> &[&'b Row<RouteRow>] {
        let key =
            self.address(address).zip(self.contract(contract)).map(|(address, contract)| (address.id, contract.id));
        key.and_then(|key| self.routes.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// The same of permissions.
    pub(super) fn permissions(&self, address: &str, consumer: &str, contract: &str) -> &[&'b Row<PermissionRow>] {
        let (Some(address), Some(consumer), Some(contract)) =
            (self.address(address), self.component(consumer), self.contract(contract))
        else {
            return &[];
        };
        self.permissions.get(&(address.id, consumer.id, contract.id)).map_or(&[], Vec::as_slice)
    }

    /// Who else has made a row that nobody has published.
    pub(super) fn foreign(&self, kind: Kind, id: Id) -> Option<&'b str> {
        let owner = self.book.owner(kind, id).map(|owner| &**owner)?;
        (owner != self.user && self.book.published().get(kind, id).is_none()).then_some(owner)
    }
}

fn by_name<'b, T>(rows: &'b [Row<T>], name: impl Fn(&T) -> &Text) -> ByName<'b, T> {
    let mut found: ByName<'b, T> = HashMap::default();
    for row in rows {
        found.entry(name(&row.value).to_lowercase()).or_insert(row);
    }
    found
}
