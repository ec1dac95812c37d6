//! Routes and permissions in the form in which they are looked up.
//!
//! Entries lie sorted by key, equal keys side by side in the order in which they were read; a hash table leads from a key
//! to the first of its run. Keys are packed integers and stand in the table itself, as does the first permission's period,
//! so that a permission is found without touching its row.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use jiff::Timestamp;

use super::entry::{Permission, Route};
use super::keys::{AddressKey, ConsumerKey, ContractKey};
use super::names::Names;
use super::period::Period;

type PermissionKey = (ContractKey, AddressKey, ConsumerKey);

/// All routes and permissions of one snapshot.
#[derive(Debug, Default)]
pub(super) struct Tables {
    contracts: Names,
    addresses: Names,
    consumers: Names,
    hasher: FixedState,
    pub(super) routes: Vec<Route>,
    route_runs: HashTable<RouteRun>,
    pub(super) permissions: Vec<Permission>,
    /// Parallel to `permissions`.
    permission_keys: Vec<PermissionKey>,
    permission_runs: HashTable<PermissionRun>,
}

#[derive(Clone, Copy, Debug)]
struct RouteRun {
    key: u64,
    first: u32,
    count: u32,
}

#[derive(Clone, Copy, Debug)]
struct PermissionRun {
    key: PermissionKey,
    first: u32,
    /// Of the first permission of the run, which is nearly always the only one.
    period: Period,
}

impl Tables {
    /// Sorts and indexes the entries.
    pub(super) fn build(routes: Vec<Route>, permissions: Vec<Permission>) -> Self {
        let mut tables = Self::default();
        tables.add_routes(routes);
        tables.add_permissions(permissions);
        tables
    }

    pub(super) fn contract(&self, name: &str) -> Option<ContractKey> {
        self.contracts.find(name).map(ContractKey)
    }

    pub(super) fn address(&self, name: &str) -> Option<AddressKey> {
        self.addresses.find(name).map(AddressKey)
    }

    pub(super) fn consumer(&self, name: &str) -> Option<ConsumerKey> {
        self.consumers.find(name).map(ConsumerKey)
    }

    pub(super) fn routes_of(&self, contract: ContractKey, address: AddressKey) -> &[Route] {
        let key = packed(contract, address);
        match self.route_runs.find(self.hasher.hash_one(key), |run| run.key == key) {
            Some(run) => &self.routes[run.first as usize..(run.first + run.count) as usize],
            None => &[],
        }
    }

    pub(super) fn permissions_of(&self, key: PermissionKey) -> &[Permission] {
        match self.run_of(key) {
            Some(run) => &self.permissions[self.rows_of(run)],
            None => &[],
        }
    }

    pub(super) fn is_permitted(&self, key: PermissionKey, now: Timestamp) -> bool {
        self.run_of(key).is_some_and(|run| {
            run.period.contains(now)
                || self.permissions[self.rows_of(run)].iter().any(|permission| permission.validity.period.contains(now))
        })
    }

    fn run_of(&self, key: PermissionKey) -> Option<&PermissionRun> {
        self.permission_runs.find(self.hasher.hash_one(spread(key)), |run| run.key == key)
    }

    fn rows_of(&self, run: &PermissionRun) -> std::ops::Range<usize> {
        let first = run.first as usize;
        let length = self.permission_keys[first..].iter().take_while(|key| **key == run.key).count();
        first..first + length
    }

    fn add_routes(&mut self, routes: Vec<Route>) {
        let keys = routes.iter().map(|route| {
            packed(
                ContractKey(self.contracts.intern(&route.contract)),
                AddressKey(self.addresses.intern(&route.address)),
            )
        });
        let keys: Vec<u64> = keys.collect();
        let (keys, routes) = sorted(keys, routes);
        self.routes = routes;
        let mut first = 0;
        while let Some(key) = keys.get(first) {
            let count = keys[first..].iter().take_while(|other| *other == key).count();
            let run = RouteRun { key: *key, first: row(first), count: row(count) };
            let hasher = &self.hasher;
            self.route_runs.insert_unique(hasher.hash_one(key), run, |run| hasher.hash_one(run.key));
            first += count;
        }
    }

    fn add_permissions(&mut self, permissions: Vec<Permission>) {
        let keys = permissions.iter().map(|permission| {
            (
                ContractKey(self.contracts.intern(&permission.contract)),
                AddressKey(self.addresses.intern(&permission.address)),
                ConsumerKey(self.consumers.intern(&permission.consumer)),
            )
        });
        let keys: Vec<PermissionKey> = keys.collect();
        (self.permission_keys, self.permissions) = sorted(keys, permissions);
        for first in 0..self.permissions.len() {
            let key = self.permission_keys[first];
            if first > 0 && self.permission_keys[first - 1] == key {
                continue;
            }
            let run = PermissionRun { key, first: row(first), period: self.permissions[first].validity.period };
            let hasher = &self.hasher;
            let hash = hasher.hash_one(spread(key));
            self.permission_runs.insert_unique(hash, run, |run| hasher.hash_one(spread(run.key)));
        }
    }
}

fn packed(contract: ContractKey, address: AddressKey) -> u64 {
    u64::from(contract.0) << 32 | u64::from(address.0)
}

fn spread((contract, address, consumer): PermissionKey) -> (u64, u32) {
    (packed(contract, address), consumer.0)
}

fn row(place: usize) -> u32 {
    u32::try_from(place).expect("2^32 entries do not fit in memory")
}

/// Both lists in the order of the keys; entries with the same key keep their order.
fn sorted<K: Ord + Copy, T>(keys: Vec<K>, items: Vec<T>) -> (Vec<K>, Vec<T>) {
    let mut pairs: Vec<(K, T)> = keys.into_iter().zip(items).collect();
    pairs.sort_by_key(|(key, _)| *key);
    pairs.into_iter().unzip()
}
