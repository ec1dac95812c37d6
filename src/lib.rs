//! anslut: the Swedish national service platform in one process. See `docs/ARCHITECTURE.md` for the map.

pub mod domain;
pub mod soap;
