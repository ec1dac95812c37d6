//! Near misses: what a person may have meant, and what stands in the way.
//!
//! Hints are whole sentences that name the values. They may look through the whole catalogue, which a call never does;
//! they change nothing about the decision.

use super::candidates::{addresses_tried, out_of_time};
use super::distance::{differ_by_white_space, distance};
use super::{Candidate, Question};
use crate::catalogue::entry::{Permission, Route};
use crate::catalogue::snapshot::{STANDARD, Snapshot};
use crate::config::checked::LookupSettings;
use crate::domain::identifiers::operation_of;
use crate::domain::vp_code::VpCode;
use crate::hub::authorise::{OldStyleRefusal, old_style_refusal};
use crate::hub::route::search::{Search, is_old_style};

/// Most hints given.
pub(super) const HINTS_MAX: usize = 6;
/// Most near misses of one kind.
const NEAR_MAX: usize = 2;
/// Most addresses named in one hint.
const SHOWN_MAX: usize = 3;
/// Characters by which an address or a consumer may differ to be a near miss, and a contract.
const SLIPS_MAX: usize = 2;
const CONTRACT_SLIPS_MAX: usize = 3;

/// The hints for a decision.
pub(super) fn hints(
    snapshot: &Snapshot,
    rules: &LookupSettings,
    question: &Question,
    code: Option<VpCode>,
    (routes, permissions): (&[Candidate], &[Candidate]),
) -> Vec<String> {
    let mut hints = Hints { snapshot, rules, question, list: Vec::new() };
    match code {
        Some(VpCode::Vp004) => hints.no_route(),
        Some(VpCode::Vp007) => hints.no_permission(permissions),
        Some(VpCode::Vp006) => hints.several_routes(routes),
        Some(VpCode::Vp008) => hints.no_catalogue(),
        Some(VpCode::Vp005) => hints.unknown_profile(routes),
        Some(VpCode::Vp010) => hints.no_url(routes),
        _ => hints.odd_url(routes),
    }
    hints.list.truncate(HINTS_MAX);
    hints.list
}

struct Hints<'a> {
    snapshot: &'a Snapshot,
    rules: &'a LookupSettings,
    question: &'a Question,
    list: Vec<String>,
}

impl Hints<'_> {
    fn add(&mut self, hint: String) {
        if !self.list.contains(&hint) {
            self.list.push(hint);
        }
    }

    fn no_catalogue(&mut self) {
        let status = self.snapshot.tak_status().last.map_or("Not initialized", |last| last.status.as_str());
        self.add(format!(
            "The catalogue holds no routes at all (its status is {status}); \"anslut check\" shows what is wrong with the files in tak/."
        ));
    }

    fn several_routes(&mut self, routes: &[Candidate]) {
        let at: Vec<&str> =
            routes.iter().filter(|route| route.why.contains("VP006")).map(|route| route.origin.as_str()).collect();
        self.add(format!(
            "Only one route may be valid at a time, whatever its profile: end all but one of those at {}.",
            at[..at.len().min(HINTS_MAX)].join(", ")
        ));
    }

    fn unknown_profile(&mut self, routes: &[Candidate]) {
        for route in routes.iter().filter(|route| route.taken) {
            self.add(format!(
                "The route at {} has the profile {:?}; the platform converts only between RIVTABP20 and RIVTABP21.",
                route.origin,
                route.profile.as_deref().unwrap_or_default()
            ));
        }
    }

    fn no_url(&mut self, routes: &[Candidate]) {
        for route in routes.iter().filter(|route| route.why.contains("VP010")) {
            self.add(format!("The route at {} has a blank address where the producer's should stand.", route.origin));
        }
    }

    fn odd_url(&mut self, routes: &[Candidate]) {
        let odd = |url: &&str| url.chars().any(|c| c.is_whitespace() || c.is_control());
        for route in routes.iter().filter(|route| route.taken) {
            if let Some(url) = route.url.as_deref().filter(|url| odd(url)) {
                self.add(format!(
                    "The producer's address {url:?} at {} contains white space, so it is no valid URI: the call will end in a fault without a VP code.",
                    route.origin
                ));
            }
        }
    }

    fn no_route(&mut self) {
        self.routes_out_of_time();
        let contract = self.snapshot.contract(&self.question.contract);
        let named: Vec<&Route> = match contract {
            None => Vec::new(),
            Some(key) => self
                .snapshot
                .routes()
                .iter()
                .filter(|route| self.snapshot.contract(&route.contract) == Some(key))
                .collect(),
        };
        if named.is_empty() {
            self.unknown_contract();
        } else {
            let question = self.question;
            let addresses: Vec<(&str, String)> =
                named.iter().map(|route| (&*route.address, route.origin.to_string())).collect();
            self.near("a route for this contract to the address", &question.address, &addresses);
            self.address_elsewhere();
        }
        self.tree_spelling();
        if is_old_style(self.rules, &self.question.address) {
            if named.iter().any(|route| &*route.address == STANDARD) {
                self.add(format!(
                    "{:?} is an old-style address: neither the HSA tree nor the route to \"*\" is tried for it.",
                    self.question.address
                ));
            }
        } else if !self.rules.route_climb.climbs(&self.question.contract) {
            let at = self.question.at;
            let found = self.snapshot.above(&self.question.address).find(|(_, address)| {
                let Some((contract, address)) = contract.zip(*address) else { return false };
                self.snapshot.routes_of(contract, address).iter().any(|route| route.validity.period.contains(at))
            });
            if let Some((name, _)) = found {
                self.climb_is_off("route", name, "hsa.lookup.vagval");
            }
        }
        if self.list.is_empty() {
            self.known_addresses(&named);
        }
    }

    /// Where nothing is near: where the contract does go.
    fn known_addresses(&mut self, named: &[&Route]) {
        let mut addresses: Vec<String> = named.iter().map(|route| format!("{:?}", &*route.address)).collect();
        addresses.dedup();
        let shown = addresses[..addresses.len().min(SHOWN_MAX)].join(", ");
        self.add(format!(
            "The catalogue has routes for this contract to {} address(es), such as {shown}, but none like {:?}.",
            addresses.len(),
            self.question.address
        ));
    }

    /// Routes of the addresses tried that hold at another time.
    fn routes_out_of_time(&mut self) {
        for route in super::candidates::routes(self.snapshot, self.rules, self.question).iter().take(NEAR_MAX) {
            self.add(format!("The route to {:?} at {} is {}.", route.address, route.origin, route.why));
        }
    }

    fn unknown_contract(&mut self) {
        let asked = &self.question.contract;
        let operation = operation_of(asked);
        let mut near: Vec<(usize, String)> = Vec::new();
        let mut last = "";
        for route in self.snapshot.routes() {
            // Routes of one contract lie side by side.
            if &*route.contract == last {
                continue;
            }
            last = &route.contract;
            if differ_by_white_space(asked, last) {
                near.push((
                    0,
                    format!(
                        "The catalogue has the contract {last:?}, which differs from {asked:?} by white space only."
                    ),
                ));
            } else if family(asked).eq_ignore_ascii_case(family(last)) {
                near.push((
                    1,
                    format!(
                        "The catalogue has routes for {last:?}, another version of {operation}, but none for {asked:?}."
                    ),
                ));
            } else if let Some(slips) = distance(asked, last, CONTRACT_SLIPS_MAX) {
                near.push((
                    1 + slips,
                    format!("The catalogue has no route for the contract {asked:?}; did you mean {last:?}?"),
                ));
            } else if operation.eq_ignore_ascii_case(operation_of(last)) {
                near.push((9, format!("The catalogue has routes for {last:?}, an operation of the same name in another domain or version.")));
            }
        }
        near.sort();
        near.dedup();
        if near.is_empty() {
            self.add(format!("No route in the catalogue names the contract {asked:?}."));
        }
        near.into_iter().take(NEAR_MAX).for_each(|(_, hint)| self.add(hint));
    }

    /// Other contracts that have a route to the address.
    fn address_elsewhere(&mut self) {
        let Some(address) = self.snapshot.address(&self.question.address) else { return };
        let asked = &self.question.contract;
        let here = |route: &&Route| self.snapshot.address(&route.address) == Some(address);
        let mut others: Vec<&str> = self.snapshot.routes().iter().filter(here).map(|route| &*route.contract).collect();
        others.retain(|contract| !contract.eq_ignore_ascii_case(asked));
        others.dedup();
        others.sort_by_key(|contract| !family(contract).eq_ignore_ascii_case(family(asked)));
        if let Some(first) = others.first() {
            self.add(format!(
                "{:?} has routes for {} other contract(s), such as {first:?}.",
                self.question.address,
                others.len()
            ));
        }
    }

    /// The tree compares ids exactly, so a slip there makes the climb go straight to `SE`.
    fn tree_spelling(&mut self) {
        let asked = &self.question.address;
        let tree = self.snapshot.hsa();
        if tree.find(asked).is_some() {
            return;
        }
        let lower = asked.to_lowercase();
        if let Some(node) = tree.nodes().iter().find(|node| node.id.to_lowercase() == lower) {
            self.add(format!(
                "The HSA tree spells {:?} (at {}): it is compared case-sensitively, so the climb from {asked:?} goes straight to SE.",
                node.id, node.origin
            ));
        } else if let Some(node) = tree.nodes().iter().find(|node| differ_by_white_space(asked, &node.id)) {
            self.add(format!("The HSA tree has {:?}, which differs from {asked:?} by white space only.", node.id));
        }
    }

    fn no_permission(&mut self, permissions: &[Candidate]) {
        for permission in permissions.iter().take(NEAR_MAX) {
            let consumer = permission.consumer.as_deref().unwrap_or_default();
            self.add(format!(
                "The permission of {consumer:?} to {:?} at {} is {}.",
                permission.address, permission.origin, permission.why
            ));
        }
        self.old_style();
        let Some(contract) = self.snapshot.contract(&self.question.contract) else { return };
        let of_contract = |permission: &&Permission| self.snapshot.contract(&permission.contract) == Some(contract);
        let named: Vec<&Permission> = self.snapshot.permissions().iter().filter(of_contract).collect();
        self.consumer_spelling(&named);
        self.permitted_elsewhere(&named);
        self.tree_spelling();
        if !is_old_style(self.rules, &self.question.address)
            && !self.rules.permission_climb.climbs(&self.question.contract)
            && let Some(consumer) = self.snapshot.consumer(&self.question.sender)
        {
            let at = self.question.at;
            let found = self.snapshot.above(&self.question.address).find(|(_, address)| {
                address.is_some_and(|address| self.snapshot.is_permitted(contract, address, consumer, at))
            });
            if let Some((name, _)) = found {
                self.climb_is_off("permission", name, "hsa.lookup.behorighet");
            }
        }
    }

    fn old_style(&mut self) {
        let Question { contract, address, sender, .. } = self.question;
        if !is_old_style(self.rules, address) {
            return;
        }
        let tokens = Search::new(self.snapshot, address).tokens(&self.rules.delimiter).len();
        let near = |list: &[String], text: &str| {
            let same = |entry: &&String| entry.eq_ignore_ascii_case(text) || differ_by_white_space(entry, text);
            list.iter().find(same).map_or_else(String::new, |entry| format!(" The list has {entry:?}."))
        };
        match old_style_refusal(self.rules, tokens, contract, sender) {
            None => {}
            Some(OldStyleRefusal::TooManyTokens) => self.add(format!(
                "{address:?} has {tokens} different tokens; an old-style address with more than two is never authorised."
            )),
            Some(OldStyleRefusal::Contract) => self.add(format!(
                "{contract:?} is not in defaultrouting.allowedContracts, which is compared case-sensitively and restricts old-style addresses.{}",
                near(&self.rules.allowed_contracts, contract)
            )),
            Some(OldStyleRefusal::Sender) => self.add(format!(
                "{sender:?} is not in defaultrouting.allowedSenderIds, which is compared case-sensitively and restricts old-style addresses.{}",
                near(&self.rules.allowed_senders, sender)
            )),
        }
    }

    /// Consumers with a permission for an address that was tried, named nearly as the sender.
    fn consumer_spelling(&mut self, named: &[&Permission]) {
        let question = self.question;
        let tried = addresses_tried(self.snapshot, self.rules, question);
        let tried: Vec<_> = tried.iter().filter_map(|name| self.snapshot.address(name)).collect();
        let at_tried = |permission: &&&Permission| {
            self.snapshot.address(&permission.address).is_some_and(|address| tried.contains(&address))
                && out_of_time(&permission.validity, question.at).is_none()
        };
        let consumers: Vec<(&str, String)> = named
            .iter()
            .filter(at_tried)
            .map(|permission| (&*permission.consumer, permission.origin.to_string()))
            .collect();
        self.near("a permission here for the consumer", &question.sender, &consumers);
    }

    /// Other addresses at which the sender may call the contract.
    fn permitted_elsewhere(&mut self, named: &[&Permission]) {
        let sender = &self.question.sender;
        let Some(consumer) = self.snapshot.consumer(sender) else {
            self.add(format!("No permission in the catalogue names the consumer {sender:?}."));
            return;
        };
        let of_sender = |permission: &&&Permission| {
            self.snapshot.consumer(&permission.consumer) == Some(consumer)
                && permission.validity.period.contains(self.question.at)
        };
        let addresses: Vec<String> =
            named.iter().filter(of_sender).map(|permission| format!("{:?}", &*permission.address)).collect();
        if addresses.is_empty() {
            self.add(format!("{sender:?} has no valid permission for this contract at any address."));
            return;
        }
        let shown = addresses[..addresses.len().min(SHOWN_MAX)].join(", ");
        let more = addresses.len().saturating_sub(SHOWN_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        self.add(format!(
            "{sender:?} may call this contract at {shown}{more}, but not at {:?}.",
            self.question.address
        ));
    }

    /// Names that nearly are the one asked for: white space first, then the fewest slips.
    fn near(&mut self, what: &str, asked: &str, names: &[(&str, String)]) {
        let slips_max = SLIPS_MAX.min(asked.chars().count() / 3);
        let mut near: Vec<(usize, String)> = Vec::new();
        for (name, origin) in names {
            if differ_by_white_space(asked, name) {
                near.push((
                    0,
                    format!(
                        "There is {what} {name:?} (at {origin}), which differs from {asked:?} by white space only."
                    ),
                ));
            } else if let Some(slips) = distance(asked, name, slips_max).filter(|slips| *slips > 0) {
                near.push((
                    slips,
                    format!("There is {what} {name:?} (at {origin}); did you mean that rather than {asked:?}?"),
                ));
            }
        }
        near.sort();
        near.into_iter().take(NEAR_MAX).for_each(|(_, hint)| self.add(hint));
    }

    fn climb_is_off(&mut self, what: &str, name: &str, setting: &str) {
        self.add(format!(
            "There is a valid {what} for {name:?} above {:?} in the HSA tree, but {setting}.defaultEnabled and {setting}.exceptedNamespaces switch the climb off for this contract.",
            self.question.address
        ));
    }
}

/// A contract without its major version.
fn family(contract: &str) -> &str {
    contract.rsplit_once(':').map_or(contract, |(family, _)| family)
}
