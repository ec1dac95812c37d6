//! The checks of an order (`tak.md` §5.2), step by step: a step that finds errors tells all of them and ends it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::lookup::Lookup;
use super::read::{Ordered, Party, Permission, Route};
use crate::catalogue::book::rows::Kind;
use crate::catalogue::import::rules;

/// What an order adds of plain objects: those that are not in the catalogue yet, each once, by place in its list.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) contracts: Vec<usize>,
    pub(super) addresses: Vec<usize>,
    pub(super) components: Vec<usize>,
}

/// Step 2: duplicates, rows that are not to be told apart, new plain objects.
pub(super) fn prepare(order: &Ordered, found: &Lookup<'_>) -> Result<Prepared, Vec<String>> {
    let mut errors = Vec::new();
    duplicates(order, &mut errors);
    ambiguous(order, found, &mut errors);
    let prepared = Prepared {
        contracts: new(&order.include.contracts, |contract| found.contract(&contract.namnrymd).is_none()),
        addresses: new(&order.include.addresses, |party| found.address(&party.hsa_id).is_none()),
        components: new(&order.include.components, |party| found.component(&party.hsa_id).is_none()),
    };
    let mut refuse = |prefix: &str, refusals: [Result<(), &'static str>; 2]| {
        errors.extend(refusals.into_iter().filter_map(Result::err).map(|text| format!("{prefix}{text}")));
    };
    for contract in prepared.contracts.iter().map(|place| &order.include.contracts[*place]) {
        let rules = [rules::contract(&contract.namnrymd), rules::description(&contract.beskrivning)];
        refuse("Skapa Tjänstekontrakt: ", rules);
    }
    for component in prepared.components.iter().map(|place| &order.include.components[*place]) {
        refuse(
            "Skapa Tjänstekomponent: ",
            [rules::hsa_id(&component.hsa_id), rules::description(&component.beskrivning)],
        );
    }
    for address in prepared.addresses.iter().map(|place| &order.include.addresses[*place]) {
        let rules = [rules::logical_address(&address.hsa_id), rules::description(&address.beskrivning)];
        refuse("Skapa Logisk Adress: ", rules);
    }
    if errors.is_empty() { Ok(prepared) } else { Err(errors) }
}

fn new<T>(list: &[T], is_new: impl Fn(&T) -> bool) -> Vec<usize> {
    list.iter().enumerate().filter(|(_, item)| is_new(item)).map(|(place, _)| place).collect()
}

fn duplicates(order: &Ordered, errors: &mut Vec<String>) {
    let (include, exclude) = (&order.include, &order.exclude);
    let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "null".to_owned());
    let permission =
        |item: &Permission| format!("[{}, {}, {}]", text(&item.address), text(&item.consumer), text(&item.contract));
    let permissions = include.permissions.iter().chain(&exclude.permissions).map(permission);
    repeated("Anropsbehörigheten", permissions, errors);
    let route = |item: &Route| format!("[{}, {}]", text(&item.address), text(&item.contract));
    repeated("Vägvalet", include.routes.iter().chain(&exclude.routes).map(route), errors);
    let contracts = include.contracts.iter().chain(&exclude.contracts);
    repeated("Tjänstekontraktet", contracts.map(|contract| contract.namnrymd.clone()), errors);
    let name = |party: &Party| party.hsa_id.clone();
    repeated("Tjänstekomponenten", include.components.iter().chain(&exclude.components).map(name), errors);
    repeated("Den logiska adressen", include.addresses.iter().chain(&exclude.addresses).map(name), errors);
}

/// Tells each name that stands more than once, whatever its case, as it is written first.
fn repeated(what: &str, names: impl Iterator<Item = String>, errors: &mut Vec<String>) {
    let mut seen: HashMap<String, (String, bool)> = HashMap::new();
    let mut order = Vec::new();
    for name in names {
        let key = name.to_lowercase();
        match seen.get_mut(&key) {
            None => drop(seen.insert(key, (name, false))),
            Some((_, told)) if !*told => {
                *told = true;
                order.push(key);
            }
            Some(_) => {}
        }
    }
    for key in order {
        errors.push(format!("{what} {} får inte finnas på flera ställen i beställningen.", seen[&key].0));
    }
}

fn ambiguous(order: &Ordered, found: &Lookup<'_>, errors: &mut Vec<String>) {
    for route in order.exclude.routes.iter().chain(&order.include.routes) {
        let (Some(address), Some(contract)) = (&route.address, &route.contract) else { continue };
        if found.routes(address, contract).len() > 1 {
            errors
                .push(format!("Det finns mer än ett vagval i databasen med dessa parametrar {address} - {contract}."));
        }
    }
    for permission in order.exclude.permissions.iter().chain(&order.include.permissions) {
        let Permission { address: Some(address), consumer: Some(consumer), contract: Some(contract) } = permission
        else {
            continue;
        };
        if found.permissions(address, consumer, contract).len() > 1 {
            errors.push(format!(
                "Det finns mer än en anropsbehörighet i databasen med dessa parametrar {address} - {consumer} - {contract}."
            ));
        }
    }
}

/// Step 3: everything that is referred to must be there, in the catalogue or in the order.
pub(super) fn relations(order: &Ordered, found: &Lookup<'_>) -> Result<(), Vec<String>> {
    let mut relations = Relations {
        found,
        contracts: order.include.contracts.iter().map(|contract| contract.namnrymd.to_lowercase()).collect(),
        addresses: order.include.addresses.iter().map(|party| party.hsa_id.to_lowercase()).collect(),
        components: order.include.components.iter().map(|party| party.hsa_id.to_lowercase()).collect(),
        errors: Vec::new(),
    };
    for route in &order.include.routes {
        relations.route(route);
    }
    for permission in &order.include.permissions {
        relations.permission(permission);
    }
    for route in &order.exclude.routes {
        let Route { address: Some(_), contract: Some(_), .. } = route else {
            relations.lacking("radera Vägval");
            continue;
        };
    }
    for permission in &order.exclude.permissions {
        let Permission { address: Some(_), contract: Some(_), consumer: Some(_) } = permission else {
            relations.lacking("radera Anropsbehörighet");
            continue;
        };
    }
    if relations.errors.is_empty() { Ok(()) } else { Err(relations.errors) }
}

struct Relations<'o> {
    found: &'o Lookup<'o>,
    /// What the order itself adds, in lower case.
    contracts: HashSet<String>,
    addresses: HashSet<String>,
    components: HashSet<String>,
    errors: Vec<String>,
}

impl Relations<'_> {
    fn lacking(&mut self, what: &str) {
        self.errors.push(format!("Det saknas information i beställningen för att kunna {what}."));
    }

    fn route(&mut self, route: &Route) {
        let Route {
            url: Some(url),
            address: Some(address),
            contract: Some(contract),
            profile: Some(profile),
            component: Some(component),
        } = route
        else {
            self.lacking("skapa Vägval");
            return;
        };
        let prefix = "Skapa Vägval: ";
        let profile_row = self.found.profile(profile);
        let row = profile_row.map(|row| (Kind::Profile, row.id));
        self.related(prefix, &format!("RivTaProfil med namn = {profile}"), row, false);
        self.component(prefix, component);
        self.address(prefix, address);
        self.contract(prefix, contract);
        if let Err(text) = rules::url(url) {
            self.errors.push(format!("{prefix}{text}"));
        }
        let component_row = self.found.component(component);
        if let (Some(profile_row), Some(component_row)) = (profile_row, component_row) {
            let endpoint = self.found.endpoint(&Arc::from(url.as_str()), profile_row.id, component_row.id);
            if let Some(owner) = endpoint.and_then(|endpoint| self.found.foreign(Kind::Endpoint, endpoint.id)) {
                self.errors.push(format!(
                    "{prefix}Anropsadress ({url}, {profile}, {component}) är opublicerad och skapad av {owner}."
                ));
            }
        }
    }

    fn permission(&mut self, permission: &Permission) {
        let Permission { address: Some(address), contract: Some(contract), consumer: Some(consumer) } = permission
        else {
            self.lacking("skapa Anropsbehörighet");
            return;
        };
        let prefix = "Skapa Anropsbehörighet: ";
        self.component(prefix, consumer);
        self.contract(prefix, contract);
        self.address(prefix, address);
    }

    fn component(&mut self, prefix: &str, name: &str) {
        let row = self.found.component(name).map(|row| (Kind::Component, row.id));
        let ordered = self.components.contains(&name.to_lowercase());
        self.related(prefix, &format!("Tjänstekomponent med HSAId = {name}"), row, ordered);
    }

    fn address(&mut self, prefix: &str, name: &str) {
        let row = self.found.address(name).map(|row| (Kind::Address, row.id));
        let ordered = self.addresses.contains(&name.to_lowercase());
        self.related(prefix, &format!("Logisk Adress med HSAId = {name}"), row, ordered);
    }

    fn contract(&mut self, prefix: &str, name: &str) {
        let row = self.found.contract(name).map(|row| (Kind::Contract, row.id));
        let ordered = self.contracts.contains(&name.to_lowercase());
        self.related(prefix, &format!("Tjänstekontrakt med namnrymd = {name}"), row, ordered);
    }

    fn related(&mut self, prefix: &str, what: &str, row: Option<(Kind, i64)>, ordered: bool) {
        match row {
            Some((kind, id)) => {
                if let Some(owner) = self.found.foreign(kind, id) {
                    self.errors.push(format!("{prefix}{what} är opublicerad och skapad av {owner}."));
                }
            }
            None if ordered => {}
            None => self.errors.push(format!("{prefix}{what} finns inte.")),
        }
    }
}
