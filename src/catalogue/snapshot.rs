//! One consistent view of routes, permissions and the HSA tree. Never changed, only replaced.

use std::sync::Arc;

use jiff::Timestamp;

use super::entry::{Permission, Route};
use super::hsa::HsaTree;
use super::keys::{AddressKey, ConsumerKey, ContractKey};
use super::status::{HsaRefresh, HsaStatus, TakRefresh, TakStatus};
use super::tables::Tables;

/// The id every climb ends at, whether or not the tree has such a node (`vp.md` §12.8).
pub const ROOT: &str = "SE";
/// The address of routes and permissions that hold for all addresses.
pub const STANDARD: &str = "*";

/// What the catalogue said at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    tables: Arc<Tables>,
    standard: Option<AddressKey>,
    root: Option<AddressKey>,
    usable: bool,
    tak: Option<TakRefresh>,
    tree: Arc<HsaTree>,
    /// For each node of the tree, the address the tables know its id as.
    node_addresses: Vec<Option<AddressKey>>,
    hsa: Option<HsaRefresh>,
}

impl Snapshot {
    /// Whether there are routes to look up at all; without, every call is refused with VP008.
    pub fn is_initialised(&self) -> bool {
        self.usable
    }

    /// How the catalogue was last read (`vp.md` §10.1).
    pub fn tak_status(&self) -> TakStatus {
        TakStatus { initialised: self.usable, last: self.tak }
    }

    /// How the tree was last read. A failed reset makes it "not initialised" though the old tree is still climbed
    /// (`vp.md` §12.26).
    pub fn hsa_status(&self) -> HsaStatus {
        HsaStatus { initialised: self.hsa.is_some_and(|last| last.successful), last: self.hsa }
    }

    /// Every route, equal keys side by side.
    pub fn routes(&self) -> &[Route] {
        &self.tables.routes
    }

    /// Every permission, equal keys side by side.
    pub fn permissions(&self) -> &[Permission] {
        &self.tables.permissions
    }

    /// The tree.
    pub fn hsa(&self) -> &HsaTree {
        &self.tree
    }

    /// The contract, if any route or permission names it, in whatever case.
    pub fn contract(&self, name: &str) -> Option<ContractKey> {
        self.tables.contract(name)
    }

    /// The address, if any route or permission names it, in whatever case.
    pub fn address(&self, name: &str) -> Option<AddressKey> {
        self.tables.address(name)
    }

    /// The consumer, if any permission names it, in whatever case.
    pub fn consumer(&self, name: &str) -> Option<ConsumerKey> {
        self.tables.consumer(name)
    }

    /// The address `*`, if any route or permission names it.
    pub fn standard(&self) -> Option<AddressKey> {
        self.standard
    }

    /// The routes of a contract and an address, valid or not, in the order in which they were read.
    pub fn routes_of(&self, contract: ContractKey, address: AddressKey) -> &[Route] {
        self.tables.routes_of(contract, address)
    }

    /// The permissions of a consumer for a contract and an address, valid or not, in the order in which they were read.
    pub fn permissions_of(&self, contract: ContractKey, address: AddressKey, consumer: ConsumerKey) -> &[Permission] {
        self.tables.permissions_of(contract, address, consumer)
    }

    /// Whether one of them is valid.
    pub fn is_permitted(
        &self,
        contract: ContractKey,
        address: AddressKey,
        consumer: ConsumerKey,
        now: Timestamp,
    ) -> bool {
        self.tables.is_permitted(contract, address, consumer, now)
    }

    /// The ids above `id`, nearest first, always ending at `SE`; none where `id` is `SE` itself (`vp.md` §4.3, §4.4).
    pub fn above<'s>(&'s self, id: &str) -> Above<'s> {
        Above { snapshot: self, node: self.tree.find(id), done: id == ROOT }
    }

    /// The same tree over other tables.
    pub(super) fn with_tak(&self, tables: Arc<Tables>, usable: bool, last: TakRefresh) -> Self {
        Self::link(tables, usable, Some(last), Arc::clone(&self.tree), self.hsa)
    }

    /// The same tables under another tree; `None` keeps the tree.
    pub(super) fn with_hsa(&self, tree: Option<Arc<HsaTree>>, last: HsaRefresh) -> Self {
        let tree = tree.unwrap_or_else(|| Arc::clone(&self.tree));
        Self::link(Arc::clone(&self.tables), self.usable, self.tak, tree, Some(last))
    }

    pub(super) fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    fn link(
        tables: Arc<Tables>,
        usable: bool,
        tak: Option<TakRefresh>,
        tree: Arc<HsaTree>,
        hsa: Option<HsaRefresh>,
    ) -> Self {
        let node_addresses = tree.nodes().iter().map(|node| tables.address(&node.id)).collect();
        let (standard, root) = (tables.address(STANDARD), tables.address(ROOT));
        Self { tables, standard, root, usable, tak, tree, node_addresses, hsa }
    }
}

/// The walk from an id to `SE`. Ends, because a parent's DN is always shorter than its child's.
#[derive(Debug)]
pub struct Above<'s> {
    snapshot: &'s Snapshot,
    node: Option<u32>,
    done: bool,
}

impl<'s> Iterator for Above<'s> {
    type Item = (&'s str, Option<AddressKey>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let nodes = self.snapshot.tree.nodes();
        self.node = self.node.and_then(|node| nodes[node as usize].parent);
        let Some(node) = self.node else {
            self.done = true;
            return Some((ROOT, self.snapshot.root));
        };
        let id = &*nodes[node as usize].id;
        self.done = id == ROOT;
        Some((id, self.snapshot.node_addresses[node as usize]))
    }
}
