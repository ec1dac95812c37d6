//! What is made of a finished run: JUnit XML, a page, a bundle of evidence (`qa.md` §8).

pub mod bundle;
pub mod compare;
mod consumer;
pub mod declaration;
mod environment;
pub mod identities;
pub mod junit;
pub mod page;
mod repacked;
pub mod signature;

// The writer of contract zips is the same; a bundle is known by it.
pub use crate::store::zip;

/// The JSON Schema of a run's document.
pub const RUN_SCHEMA: &str = include_str!("run.schema.json");
