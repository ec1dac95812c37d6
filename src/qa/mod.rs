//! Contract test cases: published suites run natively, verdicts and evidence (`qa.md`).
//!
//! This module reaches the platform and the system under test over HTTP only, through a carrier that is given to it.

pub mod api;
pub mod archive;
pub mod assert;
pub mod consumer;
pub mod desk;
pub mod evidence;
pub mod generate;
pub mod index;
pub mod mocks;
pub mod mutants;
pub mod native;
pub mod records;
pub mod report;
pub mod result;
pub mod rules;
pub mod run;
pub mod schematron;
pub mod script;
pub mod shelf;
pub mod suite;
pub mod survey;
pub mod themes;
pub mod tree;
pub mod verdict;
pub mod xpath;
