//! anslut: the Swedish national service platform in one process. See `docs/ARCHITECTURE.md` for the map.

pub mod config;
pub mod domain;
pub mod hub;
pub mod index;
pub mod soap;
pub mod store;
