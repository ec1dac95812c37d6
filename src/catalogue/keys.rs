//! What the catalogue knows, as numbers. A key is of use only with the snapshot it came from.

/// A contract the catalogue knows, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContractKey(pub(super) u32);

/// A logical address the catalogue knows, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey(pub(super) u32);

/// A consumer the catalogue knows, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerKey(pub(super) u32);
