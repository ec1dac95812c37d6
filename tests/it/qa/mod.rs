//! Statements of `qa.md` §10, against a stub that answers by name.

mod assertions;
mod command;
mod import;
mod mutants;
mod native;
mod scripts;
mod statements;
mod suite;
