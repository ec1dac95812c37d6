//! Statements of `qa.md` §10, against a stub that answers by name.

mod api;
mod assertions;
mod audit;
mod command;
mod import;
mod mocks;
mod mutants;
mod native;
mod platform;
mod reports;
mod scripts;
mod statements;
mod suite;
mod waits;
