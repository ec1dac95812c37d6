//! The engagement index, EI (*engagemangsindex*): which systems hold information on a person (`ei.md`).
//!
//! The journal is the truth and memory is derived from it: a call is acknowledged when its batch is on disk, applied in
//! the order of the journal, and answered from memory without touching the disk.

pub mod answer;
pub mod apply;
pub mod bulk;
pub mod collect;
pub mod commit;
pub mod engagement;
pub mod fault;
pub mod find;
pub mod listen;
pub mod machine;
pub mod memory;
pub mod notify;
pub mod open;
pub mod peek;
pub mod record;
pub mod request;
pub mod service;
pub mod snapshot;
pub mod status;
#[cfg(test)]
mod tests;
pub mod timestamp;
pub mod validate;
