//! anslut: the Swedish national service platform in one process. See `docs/ARCHITECTURE.md` for the map.

pub mod config;
pub mod contracts;
pub mod domain;
pub mod hub;
pub mod soap;
