//! People who are made up from a seed (`producers.md` §6.1).

use std::collections::BTreeMap;

use super::load::RecordHolder;
use crate::config::environment::EnvironmentFile;

/// `generate = { patients = 20, seed = 7 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generate {
    /// How many people.
    pub patients: u32,
    /// What decides everything about them.
    pub seed: u64,
}

/// Most people that are made up.
pub const PATIENTS_MAX: u32 = 10_000;

/// The record files of everybody who is made up.
pub fn files(_systems: &BTreeMap<String, RecordHolder>) -> Vec<EnvironmentFile> {
    Vec::new()
}
