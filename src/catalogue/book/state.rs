//! All rows of the catalogue at one moment: a table for each entity, by number. Copies share what neither has changed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::rows::{
    AddressRow, AnyRow, CategoryRow, Change, ComponentRow, ContractRow, EndpointRow, FilterRow, Id, Kind,
    PermissionRow, ProfileRow, RouteRow, Row,
};
use crate::catalogue::entry::{Filter, Origin, Permission, Route, Text};

/// One table, in the order of its numbers.
#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: Arc<Vec<Row<T>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Arc::default() }
    }
}

impl<T: Clone> Table<T> {
    /// Every row, by number.
    pub fn rows(&self) -> &[Row<T>] {
        &self.rows
    }

    /// The row with a number.
    pub fn get(&self, id: Id) -> Option<&Row<T>> {
        self.place(id).ok().map(|place| &self.rows[place])
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A number that no row has had while this table grew.
    pub(super) fn last_id(&self) -> Id {
        self.rows.last().map_or(0, |row| row.id)
    }

    /// Adds a row or replaces the one with its number.
    pub(super) fn put(&mut self, row: Row<T>) {
        let place = self.place(row.id);
        let rows = Arc::make_mut(&mut self.rows);
        match place {
            Ok(place) => rows[place] = row,
            Err(place) if place == rows.len() => rows.push(row),
            Err(place) => rows.insert(place, row),
        }
    }

    /// Changes what a row says.
    pub(super) fn change(&mut self, id: Id, change: impl FnOnce(&mut T)) {
        if let Ok(place) = self.place(id) {
            change(&mut Arc::make_mut(&mut self.rows)[place].value);
        }
    }

    /// Adds rows in any order of numbers, none of which is taken.
    pub(in crate::catalogue) fn extend(&mut self, new: Vec<Row<T>>) {
        if new.is_empty() {
            return;
        }
        let rows = Arc::make_mut(&mut self.rows);
        rows.extend(new);
        rows.sort_by_key(|row| row.id);
    }

    fn place(&self, id: Id) -> Result<usize, usize> {
        match self.rows.last() {
            Some(last) if last.id < id => Err(self.rows.len()),
            None => Err(0),
            _ => self.rows.binary_search_by_key(&id, |row| row.id),
        }
    }

    fn drop_all(&mut self, ids: &HashSet<Id>) {
        if !ids.is_empty() {
            Arc::make_mut(&mut self.rows).retain(|row| !ids.contains(&row.id));
        }
    }
}

/// All nine tables.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// RivTaProfil.
    pub profiles: Table<ProfileRow>,
    /// Tjanstekontrakt.
    pub contracts: Table<ContractRow>,
    /// Tjanstekomponent.
    pub components: Table<ComponentRow>,
    /// LogiskAdress.
    pub addresses: Table<AddressRow>,
    /// AnropsAdress.
    pub endpoints: Table<EndpointRow>,
    /// Vagval.
    pub routes: Table<RouteRow>,
    /// Anropsbehorighet.
    pub permissions: Table<PermissionRow>,
    /// Filter.
    pub filters: Table<FilterRow>,
    /// Filtercategorization.
    pub categories: Table<CategoryRow>,
}

/// Calls a method of the table of a kind.
macro_rules! on_table {
    ($state:ident, $kind:expr, $method:ident($($argument:expr),*)) => {
        match $kind {
            Kind::Profile => $state.profiles.$method($($argument),*),
            Kind::Contract => $state.contracts.$method($($argument),*),
            Kind::Component => $state.components.$method($($argument),*),
            Kind::Address => $state.addresses.$method($($argument),*),
            Kind::Endpoint => $state.endpoints.$method($($argument),*),
            Kind::Route => $state.routes.$method($($argument),*),
            Kind::Permission => $state.permissions.$method($($argument),*),
            Kind::Filter => $state.filters.$method($($argument),*),
            Kind::Category => $state.categories.$method($($argument),*),
        }
    };
}

impl State {
    /// A row of any table.
    pub fn get(&self, kind: Kind, id: Id) -> Option<AnyRow> {
        Some(match kind {
            Kind::Profile => AnyRow::Profile(self.profiles.get(id)?.clone()),
            Kind::Contract => AnyRow::Contract(self.contracts.get(id)?.clone()),
            Kind::Component => AnyRow::Component(self.components.get(id)?.clone()),
            Kind::Address => AnyRow::Address(self.addresses.get(id)?.clone()),
            Kind::Endpoint => AnyRow::Endpoint(self.endpoints.get(id)?.clone()),
            Kind::Route => AnyRow::Route(self.routes.get(id)?.clone()),
            Kind::Permission => AnyRow::Permission(self.permissions.get(id)?.clone()),
            Kind::Filter => AnyRow::Filter(self.filters.get(id)?.clone()),
            Kind::Category => AnyRow::Category(self.categories.get(id)?.clone()),
        })
    }

    /// How many rows a table has.
    pub fn count(&self, kind: Kind) -> usize {
        on_table!(self, kind, len())
    }

    /// The highest number of a table.
    pub fn last_id(&self, kind: Kind) -> Id {
        on_table!(self, kind, last_id())
    }

    /// Applies changes. Additions go in as they come, deletions of one table together.
    pub fn apply<'c>(&mut self, changes: impl IntoIterator<Item = &'c Change>) {
        let mut dropped: HashMap<Kind, HashSet<Id>> = HashMap::new();
        for change in changes {
            match change {
                Change::Put(row) => self.put(row.clone()),
                Change::Drop(kind, id) => {
                    dropped.entry(*kind).or_default().insert(*id);
                }
            }
        }
        for (kind, ids) in dropped {
            on_table!(self, kind, drop_all(&ids));
        }
    }

    fn put(&mut self, row: AnyRow) {
        match row {
            AnyRow::Profile(row) => self.profiles.put(row),
            AnyRow::Contract(row) => self.contracts.put(row),
            AnyRow::Component(row) => self.components.put(row),
            AnyRow::Address(row) => self.addresses.put(row),
            AnyRow::Endpoint(row) => self.endpoints.put(row),
            AnyRow::Route(row) => self.routes.put(row),
            AnyRow::Permission(row) => self.permissions.put(row),
            AnyRow::Filter(row) => self.filters.put(row),
            AnyRow::Category(row) => self.categories.put(row),
        }
    }

    /// What undoes changes that are about to be applied.
    pub fn undo(&self, changes: &[Change]) -> Vec<Change> {
        let undo = |change: &Change| {
            let (kind, id) = change.key();
            self.get(kind, id).map_or(Change::Drop(kind, id), Change::Put)
        };
        changes.iter().map(undo).collect()
    }

    /// The changes that lead from here to another state.
    pub fn changes_to(&self, other: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        differences(&self.profiles, &other.profiles, Kind::Profile, AnyRow::Profile, &mut changes);
        differences(&self.contracts, &other.contracts, Kind::Contract, AnyRow::Contract, &mut changes);
        differences(&self.components, &other.components, Kind::Component, AnyRow::Component, &mut changes);
        differences(&self.addresses, &other.addresses, Kind::Address, AnyRow::Address, &mut changes);
        differences(&self.endpoints, &other.endpoints, Kind::Endpoint, AnyRow::Endpoint, &mut changes);
        differences(&self.routes, &other.routes, Kind::Route, AnyRow::Route, &mut changes);
        differences(&self.permissions, &other.permissions, Kind::Permission, AnyRow::Permission, &mut changes);
        differences(&self.filters, &other.filters, Kind::Filter, AnyRow::Filter, &mut changes);
        differences(&self.categories, &other.categories, Kind::Category, AnyRow::Category, &mut changes);
        changes
    }

    /// The filters of each permission, with their categories.
    pub fn filters_by_permission(&self) -> HashMap<Id, Vec<Filter>> {
        let mut categories: HashMap<Id, Vec<String>> = HashMap::new();
        for row in self.categories.rows() {
            categories.entry(row.value.filter).or_default().push(row.value.category.to_string());
        }
        let mut filters: HashMap<Id, Vec<Filter>> = HashMap::new();
        for row in self.filters.rows() {
            let categorizations = categories.remove(&row.id).unwrap_or_default();
            let service_domain = row.value.service_domain.to_string();
            filters.entry(row.value.permission).or_default().push(Filter { service_domain, categorizations });
        }
        filters
    }

    /// Routes and permissions in the form in which they are looked up. `origin` says where a row of the files is written.
    pub fn entries(&self, origin: &dyn Fn(u64, u32) -> Origin) -> (Vec<Route>, Vec<Permission>) {
        let number = |id: Id| -> Text { Arc::from(id.to_string()) };
        let name = |text: Option<&Text>| text.cloned().unwrap_or_default();
        let routes = self.routes.rows().iter().map(|row| {
            let value = &row.value;
            let endpoint = self.endpoints.get(value.endpoint).map(|row| &row.value);
            let profile = endpoint.and_then(|endpoint| self.profiles.get(endpoint.profile));
            Route {
                id: number(row.id),
                contract: name(self.contracts.get(value.contract).map(|row| &row.value.namespace)),
                address: name(self.addresses.get(value.address).map(|row| &row.value.hsa_id)),
                profile: name(profile.map(|row| &row.value.name)),
                url: name(endpoint.map(|endpoint| &endpoint.url)),
                validity: value.validity.clone(),
                origin: origin(value.source, row.published),
            }
        });
        let routes = routes.collect();
        let mut filters = self.filters_by_permission();
        let permissions = self.permissions.rows().iter().map(|row| {
            let value = &row.value;
            Permission {
                id: number(row.id),
                consumer: name(self.components.get(value.consumer).map(|row| &row.value.hsa_id)),
                contract: name(self.contracts.get(value.contract).map(|row| &row.value.namespace)),
                address: name(self.addresses.get(value.address).map(|row| &row.value.hsa_id)),
                validity: value.validity.clone(),
                filters: filters.remove(&row.id).unwrap_or_default().into(),
                origin: origin(value.source, row.published),
            }
        });
        (routes, permissions.collect())
    }
}

/// Both tables lie in the order of their numbers: one walk along both.
fn differences<T: Clone + PartialEq>(
    old: &Table<T>,
    new: &Table<T>,
    kind: Kind,
    wrap: fn(Row<T>) -> AnyRow,
    into: &mut Vec<Change>,
) {
    if Arc::ptr_eq(&old.rows, &new.rows) {
        return;
    }
    let (mut old, mut new) = (old.rows().iter().peekable(), new.rows().iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(gone), after) if after.is_none_or(|row| row.id > gone.id) => {
                into.push(Change::Drop(kind, gone.id));
                old.next();
            }
            (before, Some(row)) => {
                let same = before.is_some_and(|before| before.id == row.id);
                if before.is_none_or(|before| before != row) {
                    into.push(Change::Put(wrap((*row).clone())));
                }
                new.next();
                if same {
                    old.next();
                }
            }
            (Some(_), None) => unreachable!("the second arm takes what has nothing beside it"),
        }
    }
}
