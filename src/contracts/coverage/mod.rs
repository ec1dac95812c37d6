//! Which parts of a contract the messages of a time have used (`contracts.md` §5): every element, attribute, branch of a
//! choice, enumerated value, type that may stand for another, and nil. What is never used is never tried out.
//!
//! Messages are read as they are: one that does not follow its contract counts for what it does use.

mod items;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::items::Items;
use self::read::payload;
use super::contract::{Contract, Direction};
use super::registry::Registry;
use super::tree::Tree;

/// What messages have used of one contract.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Coverage {
    /// Namespace of the contract.
    pub namespace: String,
    /// Its operation.
    pub operation: String,
    /// Its version.
    pub version: String,
    /// Of its request.
    pub request: Side,
    /// Of its response; none of one that is not answered.
    pub response: Option<Side>,
}

/// What messages have used of one direction.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Side {
    /// How many messages were looked at.
    pub messages: usize,
    /// How many items there are.
    pub items: usize,
    /// How many of them some message has used.
    pub used: usize,
    /// The same as a share, from 0 to 1.
    pub share: f64,
    /// The items, in the order of the contract; left out of summaries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<Item>,
}

/// Something that a message may use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Where it is first met, from the message's element on. What is declared once and used in many places is one item.
    pub path: String,
    /// The attribute, value, type or branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// How many messages have used it.
    pub messages: usize,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An element.
    Element,
    /// An attribute.
    Attribute,
    /// One of the ways a choice can go.
    Branch,
    /// A value of an enumeration.
    Value,
    /// Another type for an element, by `xsi:type`.
    Type,
    /// `xsi:nil="true"`.
    Nil,
}

impl Kind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Element => "element",
            Self::Attribute => "attribute",
            Self::Branch => "branch",
            Self::Value => "value",
            Self::Type => "type",
            Self::Nil => "nil",
        }
    }
}

/// Deepest element of a message that is read; the deepest real one has 21.
const DEPTH_MAX: usize = 256;

/// Messages being looked at, of one contract or of all.
#[derive(Debug, Default)]
pub struct Observed {
    registry: Arc<Registry>,
    only: Option<Arc<Contract>>,
    contracts: BTreeMap<(String, String), Both>,
    /// Messages that are of no known contract, are faults, or could not be read.
    pub passed_over: usize,
}

/// The two directions of a contract.
#[derive(Debug)]
struct Both {
    contract: Arc<Contract>,
    request: Items,
    response: Option<Items>,
}

impl Both {
    fn new(contract: &Arc<Contract>) -> Option<Self> {
        let items = |direction| contract.element(direction).map(|element| Items::of(contract.schema(), element));
        let request = items(Direction::Request)?;
        Some(Self { contract: Arc::clone(contract), request, response: items(Direction::Response) })
    }

    fn coverage(&self, with_list: bool) -> Coverage {
        Coverage {
            namespace: self.contract.namespace.clone(),
            operation: self.contract.operation.clone(),
            version: self.contract.version.to_string(),
            request: self.request.side(with_list),
            response: self.response.as_ref().map(|items| items.side(with_list)),
        }
    }
}

impl Observed {
    /// Messages of every contract.
    pub fn all(registry: Arc<Registry>) -> Self {
        Self { registry, ..Self::default() }
    }

    /// Messages of one contract; others are passed over.
    pub fn only(contract: Arc<Contract>) -> Self {
        Self { only: Some(contract), ..Self::default() }
    }

    /// Looks at a message.
    pub fn see(&mut self, message: &[u8]) {
        let seen = Tree::parse(message, DEPTH_MAX).ok().and_then(|tree| self.see_tree(&tree));
        self.passed_over += usize::from(seen.is_none());
    }

    fn see_tree(&mut self, tree: &Tree) -> Option<()> {
        let payload = payload(tree)?;
        let node = tree.node(payload);
        let (contract, direction) = match &self.only {
            None => self.registry.by_element(&node.namespace, &node.local)?,
            Some(only) => {
                let is = |name: &super::wsdl::QualifiedName| node.is(&name.namespace, &name.local);
                let direction = match () {
                    () if is(&only.request) => Direction::Request,
                    () if only.response.as_ref().is_some_and(is) => Direction::Response,
                    () => return None,
                };
                (only, direction)
            }
        };
        let key = (contract.namespace.clone(), contract.operation.clone());
        if !self.contracts.contains_key(&key) {
            self.contracts.insert(key.clone(), Both::new(contract)?);
        }
        let both = self.contracts.get_mut(&key)?;
        let items = match direction {
            Direction::Request => &mut both.request,
            Direction::Response => both.response.as_mut()?,
        };
        items.see(both.contract.schema(), tree, payload);
        Some(())
    }

    /// What they have used, by contract, without the lists.
    pub fn summary(&self) -> Vec<Coverage> {
        self.contracts.values().map(|both| both.coverage(false)).collect()
    }

    /// What they have used, by contract, with everything there is.
    pub fn details(&self) -> Vec<Coverage> {
        self.contracts.values().map(|both| both.coverage(true)).collect()
    }

    /// What they have used of a contract, also when there was none; `None` of a broken one.
    pub fn of(&self, contract: &Arc<Contract>) -> Option<Coverage> {
        match self.contracts.get(&(contract.namespace.clone(), contract.operation.clone())) {
            Some(both) => Some(both.coverage(true)),
            None => Both::new(contract).map(|both| both.coverage(true)),
        }
    }
}

#[cfg(test)]
mod tests;
