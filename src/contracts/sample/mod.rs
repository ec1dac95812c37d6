//! Messages made from contracts.

mod pattern;

pub use pattern::matching;
