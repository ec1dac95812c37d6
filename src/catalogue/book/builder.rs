//! Rows found or made by what they are known by: how files and orders become tables.
//!
//! Nothing is validated here: the local TAK copy is taken in verbatim, duplicates and blanks included.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::rows::{
    AddressRow, CategoryRow, ComponentRow, ContractRow, EndpointRow, FilterRow, Id, Kind, PermissionRow, ProfileRow,
    RouteRow, Row,
};
use super::state::State;
use crate::catalogue::entry::{Filter, Origin, Permission, Route, Text};
use crate::catalogue::period::Validity;

/// What the permissions of hand-written files have for an agreement (*integrationsavtal*), where they name none.
const NO_AGREEMENT: &str = "AUTOTAKNING";

type ByText = HashMap<Text, Id, RandomState>;

/// Tables that grow.
#[derive(Debug, Default)]
pub struct Builder {
    state: State,
    profiles: ByText,
    contracts: ByText,
    addresses: ByText,
    components: ByText,
    endpoints: HashMap<(Text, Id, Id), Id, RandomState>,
    /// How often the same row has been met: two equal rows of the files are two rows.
    met: HashMap<u64, u32, RandomState>,
    origins: HashMap<u64, Origin, RandomState>,
    /// Descriptions and names as the files have them, told apart from those only mentioned.
    described: Vec<u64>,
    /// The same text for every row that names no agreement.
    no_agreement: Option<Text>,
    /// Numbers that have been given, be it to rows that are gone.
    floors: HashMap<Kind, Id>,
}

impl Builder {
    /// Begins with the tables of a state; new rows get numbers above `floors`.
    pub fn on(state: State, floors: HashMap<Kind, Id>) -> Self {
        let mut builder = Self { state, floors, ..Self::default() };
        builder.index();
        builder
    }

    /// The tables so far.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The tables.
    pub fn into_state(self) -> State {
        self.state
    }

    /// Where the rows of files are written, by their source.
    pub fn origins(&self) -> &HashMap<u64, Origin, RandomState> {
        &self.origins
    }

    /// Every source: rows, and what is described.
    pub fn sources(&self) -> impl Iterator<Item = u64> {
        self.origins.keys().chain(&self.described).copied()
    }

    /// Whether there is no row in any table.
    pub fn is_empty(&self) -> bool {
        Kind::ALL.into_iter().all(|kind| self.state.count(kind) == 0)
    }

    /// Takes the tables of a stored snapshot as they are, numbers included. Only good for an empty builder.
    pub fn adopt(&mut self, mut state: State, origins: &HashMap<(Kind, Id), Origin>) {
        let routes = state.routes.rows().iter().map(|row| (Kind::Route, row.id, route_source(&state, &row.value)));
        let filters = state.filters_by_permission();
        let permissions = state.permissions.rows().iter().map(|row| {
            let source = permission_source(&state, &row.value, filters.get(&row.id).map_or(&[], Vec::as_slice));
            (Kind::Permission, row.id, source)
        });
        let sources: Vec<_> = routes.chain(permissions).collect();
        for (kind, id, source) in sources {
            let source = self.numbered(source);
            match kind {
                Kind::Route => state.routes.change(id, |row| row.source = source),
                _ => state.permissions.change(id, |row| row.source = source),
            }
            if let Some(origin) = origins.get(&(kind, id)) {
                self.origins.insert(source, origin.clone());
            }
        }
        let described = |kind: &str, parts: [&str; 3]| source_of(&[kind, parts[0], parts[1], parts[2]]);
        for row in state.contracts.rows() {
            let versions = format!("{}.{}", row.value.major, row.value.minor);
            self.described.push(described("contract", [&row.value.namespace, &row.value.description, &versions]));
        }
        for row in state.addresses.rows() {
            self.described.push(described("address", [&row.value.hsa_id, &row.value.description, ""]));
        }
        for row in state.components.rows() {
            self.described.push(described("component", [&row.value.hsa_id, &row.value.description, ""]));
        }
        self.state = state;
        self.index();
    }

    /// Adds the rows of another state under numbers of our own.
    pub fn add_all(&mut self, other: &State, origins: &HashMap<(Kind, Id), Origin>) {
        for row in other.contracts.rows() {
            self.describe_contract(&row.value.namespace, &row.value.description);
        }
        for row in other.addresses.rows() {
            self.describe_address(&row.value.hsa_id, &row.value.description);
        }
        for row in other.components.rows() {
            self.describe_component(&row.value.hsa_id, &row.value.description);
        }
        let (routes, permissions) = other.entries(&|_, _| Origin::nowhere());
        let origin = |kind, id| origins.get(&(kind, id)).cloned().unwrap_or_else(Origin::nowhere);
        for (mut route, row) in routes.into_iter().zip(other.routes.rows()) {
            route.origin = origin(Kind::Route, row.id);
            let endpoint = other.endpoints.get(row.value.endpoint);
            let component = endpoint.and_then(|endpoint| other.components.get(endpoint.value.component));
            self.add_route(route, component.map(|row| row.value.hsa_id.clone()));
        }
        for (mut permission, row) in permissions.into_iter().zip(other.permissions.rows()) {
            permission.origin = origin(Kind::Permission, row.id);
            self.add_permission(permission, Some(row.value.agreement.clone()));
        }
    }

    /// Adds the rows of another state whose source is new, and what is described anew.
    pub fn add_new(&mut self, other: &State, is_new: &dyn Fn(u64) -> bool) {
        for row in other.contracts.rows() {
            let ContractRow { namespace, description, major, minor } = &row.value;
            let versions = format!("{major}.{minor}");
            let sources = [versions.as_str(), ""].map(|end| source_of(&["contract", namespace, description, end]));
            if sources.into_iter().all(is_new) && (!description.is_empty() || !self.contracts.contains_key(namespace)) {
                let id = self.contract(namespace);
                self.state.contracts.change(id, |mine| *mine = row.value.clone());
            }
        }
        for row in other.addresses.rows() {
            let AddressRow { hsa_id, description } = &row.value;
            if is_new(source_of(&["address", hsa_id, description, ""])) && !description.is_empty() {
                self.describe_address(hsa_id, description);
            }
        }
        for row in other.components.rows() {
            let ComponentRow { hsa_id, description } = &row.value;
            if is_new(source_of(&["component", hsa_id, description, ""])) && !description.is_empty() {
                self.describe_component(hsa_id, description);
            }
        }
        let (routes, permissions) = other.entries(&|_, _| Origin::nowhere());
        for (mut route, row) in routes.into_iter().zip(other.routes.rows()) {
            // Its number may be somebody else's here.
            route.id = Text::default();
            if is_new(row.value.source) {
                let endpoint = other.endpoints.get(row.value.endpoint);
                let component = endpoint.and_then(|endpoint| other.components.get(endpoint.value.component));
                let component = component.map(|row| row.value.hsa_id.clone()).unwrap_or_default();
                self.place_route(route, &component, row.value.source);
            }
        }
        for (mut permission, row) in permissions.into_iter().zip(other.permissions.rows()) {
            permission.id = Text::default();
            if is_new(row.value.source) {
                self.place_permission(permission, row.value.agreement.clone(), row.value.source);
            }
        }
    }

    fn index(&mut self) {
        // The first row of a name is the one it means.
        for row in self.state.profiles.rows() {
            self.profiles.entry(row.value.name.clone()).or_insert(row.id);
        }
        for row in self.state.contracts.rows() {
            self.contracts.entry(row.value.namespace.clone()).or_insert(row.id);
        }
        for row in self.state.addresses.rows() {
            self.addresses.entry(row.value.hsa_id.clone()).or_insert(row.id);
        }
        for row in self.state.components.rows() {
            self.components.entry(row.value.hsa_id.clone()).or_insert(row.id);
        }
        for row in self.state.endpoints.rows() {
            let EndpointRow { url, profile, component } = &row.value;
            self.endpoints.entry((url.clone(), *profile, *component)).or_insert(row.id);
        }
    }

    /// The profile of a name.
    pub fn profile(&mut self, name: &Text) -> Id {
        if let Some(id) = self.profiles.get(name) {
            return *id;
        }
        let id = self.next(Kind::Profile);
        let value = ProfileRow { name: name.clone(), description: Text::default() };
        self.state.profiles.put(Row { id, published: 0, value });
        self.profiles.insert(name.clone(), id);
        id
    }

    /// The contract of a namespace. A new one's major version is the one its namespace ends in.
    pub fn contract(&mut self, namespace: &Text) -> Id {
        if let Some(id) = self.contracts.get(namespace) {
            return *id;
        }
        let id = self.next(Kind::Contract);
        let major = namespace.rsplit(':').next().and_then(|last| last.parse().ok()).unwrap_or(0);
        let value = ContractRow { namespace: namespace.clone(), description: Text::default(), major, minor: 0 };
        self.state.contracts.put(Row { id, published: 0, value });
        self.contracts.insert(namespace.clone(), id);
        id
    }

    /// The logical address of an HSA-id.
    pub fn address(&mut self, hsa_id: &Text) -> Id {
        if let Some(id) = self.addresses.get(hsa_id) {
            return *id;
        }
        let id = self.next(Kind::Address);
        let value = AddressRow { hsa_id: hsa_id.clone(), description: Text::default() };
        self.state.addresses.put(Row { id, published: 0, value });
        self.addresses.insert(hsa_id.clone(), id);
        id
    }

    /// The component of an HSA-id.
    pub fn component(&mut self, hsa_id: &Text) -> Id {
        if let Some(id) = self.components.get(hsa_id) {
            return *id;
        }
        let id = self.next(Kind::Component);
        let value = ComponentRow { hsa_id: hsa_id.clone(), description: Text::default() };
        self.state.components.put(Row { id, published: 0, value });
        self.components.insert(hsa_id.clone(), id);
        id
    }

    /// The endpoint of a component for a profile.
    pub fn endpoint(&mut self, url: &Text, profile: Id, component: Id) -> Id {
        let key = (url.clone(), profile, component);
        if let Some(id) = self.endpoints.get(&key) {
            return *id;
        }
        let id = self.next(Kind::Endpoint);
        self.state.endpoints.put(Row { id, published: 0, value: EndpointRow { url: url.clone(), profile, component } });
        self.endpoints.insert(key, id);
        id
    }

    /// Describes a contract.
    pub fn describe_contract(&mut self, namespace: &Text, description: &Text) {
        let id = self.contract(namespace);
        self.state.contracts.change(id, |row| row.description = description.clone());
        self.described.push(source_of(&["contract", namespace, description, ""]));
    }

    /// Describes a logical address.
    pub fn describe_address(&mut self, hsa_id: &Text, description: &Text) {
        let id = self.address(hsa_id);
        self.state.addresses.change(id, |row| row.description = description.clone());
        self.described.push(source_of(&["address", hsa_id, description, ""]));
    }

    /// Describes a component.
    pub fn describe_component(&mut self, hsa_id: &Text, description: &Text) {
        let id = self.component(hsa_id);
        self.state.components.change(id, |row| row.description = description.clone());
        self.described.push(source_of(&["component", hsa_id, description, ""]));
    }

    /// Adds a route of a file. A file that names no component gets one named after the host.
    pub fn add_route(&mut self, route: Route, component: Option<Text>) {
        let component = component.unwrap_or_else(|| Arc::from(component_of(&route.url)));
        let Route { id, contract, address, profile, url, validity, origin } = route;
        let parts = ["route", &contract, &address, &profile, &url, &component, &validity.from, &validity.to];
        let source = self.numbered(source_of(&parts));
        let route = Route { id, contract, address, profile, url, validity, origin };
        self.place_route(route, &component, source);
    }

    /// Adds a route whose source is known.
    pub fn place_route(&mut self, route: Route, component: &Text, source: u64) {
        let Route { id, contract, address, profile, url, validity, origin } = route;
        let value = RouteRow {
            address: self.address(&address),
            contract: self.contract(&contract),
            endpoint: {
                let (profile, component) = (self.profile(&profile), self.component(component));
                self.endpoint(&url, profile, component)
            },
            validity,
            source,
        };
        let id = free(&self.state.routes, &id).unwrap_or_else(|| self.next(Kind::Route));
        self.state.routes.put(Row { id, published: 0, value });
        self.origins.insert(source, origin);
    }

    /// Adds a permission of a file.
    pub fn add_permission(&mut self, permission: Permission, agreement: Option<Text>) {
        let agreement = agreement.unwrap_or_else(|| self.agreement());
        let source = permission_parts(&permission.consumer, &permission.contract, &permission.address);
        let Permission { id, consumer, contract, address, validity, filters, origin } = permission;
        let source = self.numbered(with_filters(source, &agreement, &validity.from, &validity.to, &filters));
        let permission = Permission { id, consumer, contract, address, validity, filters, origin };
        self.place_permission(permission, agreement, source);
    }

    /// Adds a permission whose source is known.
    pub fn place_permission(&mut self, permission: Permission, agreement: Text, source: u64) {
        let Permission { id, consumer, contract, address, validity, filters, origin } = permission;
        let value = PermissionRow {
            consumer: self.component(&consumer),
            contract: self.contract(&contract),
            address: self.address(&address),
            agreement,
            validity,
            source,
        };
        let id = free(&self.state.permissions, &id).unwrap_or_else(|| self.next(Kind::Permission));
        self.state.permissions.put(Row { id, published: 0, value });
        self.add_filters(id, &filters);
        self.origins.insert(source, origin);
    }

    /// Adds the filters of a permission.
    pub fn add_filters(&mut self, permission: Id, filters: &[Filter]) {
        for filter in filters {
            let id = self.next(Kind::Filter);
            let service_domain = Arc::from(filter.service_domain.as_str());
            self.state.filters.put(Row { id, published: 0, value: FilterRow { permission, service_domain } });
            for category in &filter.categorizations {
                let row = CategoryRow { filter: id, category: Arc::from(category.as_str()) };
                let id = self.next(Kind::Category);
                self.state.categories.put(Row { id, published: 0, value: row });
            }
        }
    }

    fn next(&self, kind: Kind) -> Id {
        self.state.last_id(kind).max(self.floors.get(&kind).copied().unwrap_or(0)) + 1
    }

    fn agreement(&mut self) -> Text {
        self.no_agreement.get_or_insert_with(|| Arc::from(NO_AGREEMENT)).clone()
    }

    /// The source of a row that may stand in the files several times.
    fn numbered(&mut self, source: u64) -> u64 {
        let met = self.met.entry(source).or_insert(0);
        *met += 1;
        if *met == 1 { source } else { source_of(&[&source.to_string(), &met.to_string()]) }
    }
}

/// Each route's and permission's source, and what it would be if its period were written as two days: a row that is open
/// in one file and has its days in another is the same row.
pub fn sources_by_days(state: &State) -> Vec<(u64, u64)> {
    let days = |validity: &Validity| {
        let (from, to) = validity.days();
        Validity::between_days(Some(from), Some(to))
    };
    let routes = state.routes.rows().iter().map(|row| {
        let by_days = RouteRow { validity: days(&row.value.validity), ..row.value.clone() };
        (row.value.source, route_source(state, &by_days))
    });
    let filters = state.filters_by_permission();
    let permissions = state.permissions.rows().iter().map(|row| {
        let by_days = PermissionRow { validity: days(&row.value.validity), ..row.value.clone() };
        let filters = filters.get(&row.id).map_or(&[] as &[Filter], Vec::as_slice);
        (row.value.source, permission_source(state, &by_days, filters))
    });
    routes.chain(permissions).collect()
}

/// The number a row asks for, where it is one and nobody has it.
fn free<T: Clone>(table: &super::state::Table<T>, asked: &str) -> Option<Id> {
    asked.parse::<Id>().ok().filter(|id| *id > 0 && *id < Id::MAX / 2 && table.get(*id).is_none())
}

/// A component's name where the file has none: the host of the address, or the name of the mocked producer.
fn component_of(url: &str) -> String {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = match url.split_once(':') {
        Some(("producer" | "index" | "catalogue", name)) => name,
        _ => behind.split(['/', ':', '?']).next().unwrap_or_default(),
    };
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = host.trim().chars().map(allowed).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

fn route_source(state: &State, route: &RouteRow) -> u64 {
    let endpoint = state.endpoints.get(route.endpoint).map(|row| &row.value);
    let profile = endpoint.and_then(|endpoint| state.profiles.get(endpoint.profile)).map(|row| &row.value.name);
    let component = endpoint.and_then(|endpoint| state.components.get(endpoint.component)).map(|row| &row.value.hsa_id);
    source_of(&[
        "route",
        told(state.contracts.get(route.contract).map(|row| &row.value.namespace)),
        told(state.addresses.get(route.address).map(|row| &row.value.hsa_id)),
        told(profile),
        told(endpoint.map(|endpoint| &endpoint.url)),
        told(component),
        &route.validity.from,
        &route.validity.to,
    ])
}

fn permission_source(state: &State, permission: &PermissionRow, filters: &[Filter]) -> u64 {
    let source = permission_parts(
        told(state.components.get(permission.consumer).map(|row| &row.value.hsa_id)),
        told(state.contracts.get(permission.contract).map(|row| &row.value.namespace)),
        told(state.addresses.get(permission.address).map(|row| &row.value.hsa_id)),
    );
    with_filters(source, &permission.agreement, &permission.validity.from, &permission.validity.to, filters)
}

fn told(text: Option<&Text>) -> &str {
    text.map_or("", |text| text)
}

fn permission_parts(consumer: &str, contract: &str, address: &str) -> Fingerprint {
    let mut source = Fingerprint::new();
    ["permission", consumer, contract, address].iter().for_each(|part| source.add(part));
    source
}

fn with_filters(mut source: Fingerprint, agreement: &str, from: &str, to: &str, filters: &[Filter]) -> u64 {
    [agreement, from, to].iter().for_each(|part| source.add(part));
    for filter in filters {
        source.add(&filter.service_domain);
        filter.categorizations.iter().for_each(|category| source.add(category));
        source.add("");
    }
    source.done()
}

fn source_of(parts: &[&str]) -> u64 {
    let mut source = Fingerprint::new();
    parts.iter().for_each(|part| source.add(part));
    source.done()
}

/// FNV-1a with 64 bits: the same in every process, because it is kept on disk. Names come from the operator's own files.
struct Fingerprint(u64);

impl Fingerprint {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, part: &str) {
        for byte in part.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Never 0, which stands for no source.
    fn done(&self) -> u64 {
        self.0.max(1)
    }
}
