//! Text to settings: the environment's files, `anslut.toml`, the process environment and `--set`, resolved into
//! [`checked::Settings`] in which every value has its unit and nothing is optional by accident.
//!
//! [`raw::load`] is the way in; the files below it follow a value from where it is written to where it is used.

pub mod aggregation;
pub mod build;
pub mod checked;
pub mod contracts;
pub mod data;
pub mod environment;
pub mod index;
pub mod nearest;
pub mod platforms;
pub mod process;
pub mod producers;
pub mod raw;
pub mod table;
pub mod timeouts;
pub mod tls;
pub mod typed;
pub mod value;
pub mod written;

#[cfg(test)]
mod tests;
