//! Patient records (*patientjournaler*): one coherent life for each synthetic person, answered from by every contract that
//! has a place for it, and known to the index (`producers.md` §6).
//!
//! Records are files: `file` reads them by the table [`kinds`], `json` those in JSON, [`book`] brings them together. How an entry becomes an
//! answer is the table [`projection`], made of [`template`]s; [`filter`] is what a request asks for, [`rows`] what the
//! index knows. [`books`] changes them while they are served, and tells the index; [`audit`] compares the two; `load` says
//! which files are whose, and [`generate`] makes people up. An answer has no order and no namespace of its own: those are the contract's
//! ([`super::schema::write`]).

pub mod audit;
pub mod book;
pub mod books;
pub mod file;
pub mod filter;
pub mod generate;
mod json;
pub mod kinds;
pub mod load;
#[cfg(test)]
mod periods;
pub mod projection;
pub mod refuse;
pub mod rows;
mod source;
pub mod template;
#[cfg(test)]
mod tests;
pub mod value;

pub use source::{Engagements, RecordSettings, RecordSource, UnknownPatient, Untold, Written};
