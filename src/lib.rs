//! anslut: the Swedish national service platform in one process. See `docs/ARCHITECTURE.md` for the map.

pub mod catalogue;
pub mod config;
pub mod domain;
pub mod hub;
pub mod producers;
pub mod soap;
