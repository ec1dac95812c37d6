//! anslut: the Swedish national service platform in one process. See `docs/ARCHITECTURE.md` for the map.

pub mod domain;

pub mod config;
pub mod net;
pub mod pki;
pub mod soap;
pub mod store;

pub mod contracts;
pub mod tls;

pub mod catalogue;
pub mod index;

pub mod aggregation;
pub mod connection;
pub mod hub;
pub mod producers;

pub mod admin;
pub mod qa;

pub mod app;
pub mod cli;
