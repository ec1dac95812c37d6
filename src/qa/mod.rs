//! Contract test cases: published suites run natively, verdicts and evidence (`qa.md`).
//!
//! This module reaches the platform and the system under test over HTTP only.

pub mod schematron;
pub mod tree;
pub mod xpath;
