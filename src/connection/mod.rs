//! The road to a connection (*anslutning*) to the national service platform, from first contact to live and out again
//! (`connection.md`, `connection-api.md`).

pub mod category;
pub mod services;
