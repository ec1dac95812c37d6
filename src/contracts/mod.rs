//! Service contracts (*tjänstekontrakt*) as published: read from zips and folders, compiled, browsed, and messages
//! validated against them and made from them. Follows `contracts.md`; knows nothing of routes, calls or listeners.

pub mod browse;
pub mod builtin;
pub mod command;
pub mod contract;
pub mod coverage;
pub mod diagnostic;
pub mod diff;
pub mod import;
pub mod library;
pub mod lint;
pub mod listed;
pub mod package;
pub mod pattern;
pub mod published;
pub mod registry;
pub mod repacked;
pub mod sample;
pub mod schema;
pub mod tree;
pub mod validate;
pub mod value;
pub mod wsdl;
