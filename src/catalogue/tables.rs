//! Routes and permissions in the form in which they are looked up.
//!
//! Entries lie sorted by key, equal keys side by side in the order in which they were read. One hash table leads from a
//! contract and an address, packed into an integer, to the routes and the permissions of that pair. What is needed to
//! decide on a permission is eight bytes, and those of a pair lie in a row, sorted by consumer: routing and authorising a
//! call touches the same slot of the table, and no row of a permission at all.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use jiff::Timestamp;

use super::entry::{Permission, Route};
use super::keys::{AddressKey, ConsumerKey, ContractKey};
use super::names::Names;
use super::period::Period;

/// All routes and permissions of one snapshot.
#[derive(Debug, Default)]
pub(super) struct Tables {
    contracts: Names,
    addresses: Names,
    consumers: Names,
    hasher: FixedState,
    pairs: HashTable<Pair>,
    pub(super) routes: Vec<Route>,
    pub(super) permissions: Vec<Permission>,
    /// Parallel to `permissions`.
    cells: Vec<Cell>,
    /// The distinct periods of permissions; there are few.
    periods: Vec<Period>,
}

/// A contract and an address that have a route or a permission.
#[derive(Clone, Copy, Debug)]
struct Pair {
    key: u64,
    routes: Run,
    permissions: Run,
}

/// Rows side by side.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    first: u32,
    count: u32,
}

/// What decides on a permission: whose it is, and when it holds.
#[derive(Clone, Copy, Debug)]
struct Cell {
    consumer: ConsumerKey,
    period: u32,
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
        self.pair(contract, address).map_or(&[], |pair| &self.routes[pair.routes.range()])
    }

    pub(super) fn permissions_of(
        &self,
        contract: ContractKey,
        address: AddressKey,
        consumer: ConsumerKey,
    ) -> &[Permission] {
        &self.permissions[self.cells_of(contract, address, consumer)]
    }

    pub(super) fn is_permitted(
        &self,
        contract: ContractKey,
        address: AddressKey,
        consumer: ConsumerKey,
        now: Timestamp,
    ) -> bool {
        let cells = &self.cells[self.cells_of(contract, address, consumer)];
        cells.iter().any(|cell| self.periods[cell.period as usize].contains(now))
    }

    fn cells_of(&self, contract: ContractKey, address: AddressKey, consumer: ConsumerKey) -> Range<usize> {
        let Some(pair) = self.pair(contract, address) else { return 0..0 };
        let range = pair.permissions.range();
        let cells = &self.cells[range.clone()];
        let first = cells.partition_point(|cell| cell.consumer < consumer);
        let length = cells[first..].iter().take_while(|cell| cell.consumer == consumer).count();
        range.start + first..range.start + first + length
    }

    fn pair(&self, contract: ContractKey, address: AddressKey) -> Option<&Pair> {
        let key = packed(contract, address);
        self.pairs.find(self.hasher.hash_one(key), |pair| pair.key == key)
    }

    /// The slot of a pair, which is added if it is new.
    fn pair_mut(&mut self, key: u64) -> &mut Pair {
        let hasher = &self.hasher;
        let same = |pair: &Pair| pair.key == key;
        let slot = self.pairs.entry(hasher.hash_one(key), same, |pair| hasher.hash_one(pair.key));
        slot.or_insert(Pair { key, routes: Run::default(), permissions: Run::default() }).into_mut()
    }

    fn add_routes(&mut self, routes: Vec<Route>) {
        let keys = routes.iter().map(|route| {
            let contract = ContractKey(self.contracts.intern(&route.contract));
            packed(contract, AddressKey(self.addresses.intern(&route.address)))
        });
        let keys: Vec<u64> = keys.collect();
        let (keys, routes) = sorted(keys, routes);
        self.routes = routes;
        for (key, run) in runs(&keys, |key| *key) {
            self.pair_mut(key).routes = run;
        }
    }

    fn add_permissions(&mut self, permissions: Vec<Permission>) {
        let keys = permissions.iter().map(|permission| {
            let contract = ContractKey(self.contracts.intern(&permission.contract));
            let pair = packed(contract, AddressKey(self.addresses.intern(&permission.address)));
            (pair, ConsumerKey(self.consumers.intern(&permission.consumer)))
        });
        let keys: Vec<(u64, ConsumerKey)> = keys.collect();
        let (keys, permissions) = sorted(keys, permissions);
        let mut places: HashMap<Period, u32, FixedState> = HashMap::default();
        for (permission, (_, consumer)) in permissions.iter().zip(&keys) {
            let period = *places.entry(permission.validity.period).or_insert_with(|| {
                self.periods.push(permission.validity.period);
                row(self.periods.len() - 1)
            });
            self.cells.push(Cell { consumer: *consumer, period });
        }
        self.permissions = permissions;
        for (key, run) in runs(&keys, |(pair, _)| *pair) {
            self.pair_mut(key).permissions = run;
        }
    }
}

impl Run {
    fn range(self) -> Range<usize> {
        let first = self.first as usize;
        first..first + self.count as usize
    }
}

fn packed(contract: ContractKey, address: AddressKey) -> u64 {
    u64::from(contract.0) << 32 | u64::from(address.0)
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

/// The runs of equal pairs in a sorted list.
fn runs<K>(keys: &[K], pair_of: impl Fn(&K) -> u64) -> Vec<(u64, Run)> {
    let mut runs = Vec::new();
    let mut first = 0;
    for run in keys.chunk_by(|one, other| pair_of(one) == pair_of(other)) {
        runs.push((pair_of(&run[0]), Run { first: row(first), count: row(run.len()) }));
        first += run.len();
    }
    runs
}
