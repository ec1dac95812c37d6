//! Statements of `qa.md` §10, against a stub that answers by name.

mod assertions;
mod command;
mod import;
mod scripts;
mod suite;
