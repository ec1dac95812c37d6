//! The road to a connection (*anslutning*) to the national service platform, from first contact to live and out again
//! (`connection.md`, `connection-api.md`).
//!
//! [`book::Book`] is the way in. What is known is `holdings.rs`, made of the changes that `log.rs` keeps; `state.rs` is
//! the table of steps and `gates/` what guards them, pure functions of a `dossier.rs`; `steps.rs` takes a step,
//! `effect.rs` is what it does to a catalogue, so that a process may end in between.
//! What a step does to a platform goes through the trait of `platforms.rs`, filled by whoever runs them.

mod advance;
pub mod agreement;
pub mod availability;
mod beside;
pub mod book;
pub mod category;
mod connections;
pub mod document;
pub mod dossier;
pub mod effect;
pub mod file;
pub mod gates;
pub mod holdings;
pub mod incident;
pub mod log;
pub mod moment;
pub mod next;
pub mod order;
pub mod overview;
mod papers;
pub mod party;
pub mod platforms;
#[cfg(test)]
pub(crate) mod pretended;
pub mod price;
pub mod qa_item;
pub mod refusal;
pub mod removal;
mod reports;
mod residue;
pub mod runs;
pub mod seen;
pub mod services;
pub mod state;
pub mod steps;
pub mod terms;
pub mod traffic;
pub mod view;
