//! The catalogue as its administrators keep it (`tak.md` §2, §3): nine tables, pending and published, and every version.
//!
//! `state.rs` are the tables, `builder.rs` makes them of files, `validate.rs` says what is accepted, `core.rs` saves,
//! publishes and takes back, `code.rs` and `keep.rs` bring that to disk. Who reads sees only what is published.

pub mod builder;
pub mod code;
pub mod core;
pub mod keep;
pub mod report;
pub mod rows;
pub mod state;
#[cfg(test)]
mod tests;
pub mod typed;
pub mod validate;
