//! XML as stubs look at it: a tree of the whole message, read at most once for a request, with what is asked of it:
//! comparison as an infoset ([`equal`]), XPath 1.0 ([`xpath`]), and a tree that can be changed ([`edit`]).

pub mod edit;
pub mod equal;
pub mod tree;
pub mod xpath;
