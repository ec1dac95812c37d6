//! JSON bodies as stubs look at them: comparison ([`equal`]) and paths ([`path`]).

pub mod equal;
pub mod path;
