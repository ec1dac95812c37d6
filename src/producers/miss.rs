//! Why a call gets no answer: in one line for the caller, with the stubs that came nearest (`producers.md` §10).
//!
//! No line names a patient: whatever looks like an identity number is hidden, be it in an address or a stub's name.

use super::asked::{Asked, quoted};
use super::matcher::Condition;
use super::mounted::System;
use super::settings::NEAREST_MAX;
use super::spec::mapping::Stub;
use crate::domain::identity_number::{Hide, masked};

/// A contract or an address the system does not answer for: text and detail of the fault.
pub(super) fn not_ours(system: &System, asked: &Asked<'_>) -> Option<(String, String)> {
    let producer = system.producer();
    let name = system.name();
    if let (Some(contracts), Some(namespace)) = (&producer.contracts, asked.contract())
        && !contracts.iter().any(|pattern| pattern.accepts(namespace))
    {
        let listed: Vec<_> = contracts.iter().map(ToString::to_string).collect();
        let what = asked.operation().unwrap_or_default();
        let text = format!("anslut: {name} does not have the contract {what}; it has {}", listed.join(", "));
        return Some((text, quoted(namespace)));
    }
    let addresses = &producer.logical_addresses;
    let is_ours = |address: &str| addresses.iter().any(|ours| ours.to_lowercase() == address.to_lowercase());
    match asked.logical_address() {
        Some(address) if !addresses.is_empty() && !producer.serves_other_addresses && !is_ours(address) => {
            let (asked, ours) = (quoted(address), addresses.join(", "));
            Some((hidden(&format!("anslut: {name} does not answer for {asked}; it answers for {ours}")), String::new()))
        }
        _ => None,
    }
}

/// A call that no stub fits: text and detail of the fault.
pub(super) fn nothing_fits(system: &System, asked: &Asked<'_>) -> (String, String) {
    let mut near: Vec<_> = system.stubs().iter().map(|stub| Near::of(stub, asked)).collect();
    // Stable, so that among equally near ones the one tried first is named first.
    near.sort_by(|one, other| one.distance.total_cmp(&other.distance));
    near.truncate(NEAREST_MAX);

    let what = asked.operation().unwrap_or_else(|| format!("{} {}", asked.method(), quoted(asked.targets()[0])));
    let at = asked.logical_address().map_or_else(String::new, |address| format!(" at {}", quoted(address)));
    let nearest = match near.first() {
        None => "; it has no stubs".to_owned(),
        Some(near) => {
            let first = near.failed.first().map(|condition| condition.complaint(asked)).unwrap_or_default();
            format!("; nearest: {} ({first})", near.stub.name)
        }
    };
    let text = format!("anslut: {} has no answer for {what}{at}{nearest}", system.name());
    let lines: Vec<_> = near.iter().map(|near| near.explained(asked)).collect();
    (hidden(&text), hidden(&lines.join("\n")))
}

/// How near a stub came.
struct Near<'a> {
    stub: &'a Stub,
    /// Weighted share of its conditions that failed.
    distance: f64,
    /// Those, the heaviest first.
    failed: Vec<&'a Condition>,
}

impl<'a> Near<'a> {
    fn of(stub: &'a Stub, asked: &Asked<'_>) -> Self {
        let weight = |conditions: &[&Condition]| conditions.iter().map(|c| f64::from(c.weight())).sum::<f64>();
        let all: Vec<_> = stub.conditions.iter().collect();
        let mut failed: Vec<_> = all.iter().copied().filter(|condition| !condition.holds(asked)).collect();
        failed.sort_by_key(|condition| std::cmp::Reverse(condition.weight()));
        let distance = weight(&failed) / weight(&all).max(1.0);
        Self { stub, distance, failed }
    }

    fn explained(&self, asked: &Asked<'_>) -> String {
        let complaints: Vec<_> = self.failed.iter().map(|condition| condition.complaint(asked)).collect();
        let (name, file, line) = (&self.stub.name, self.stub.file.display(), self.stub.line);
        format!("{name} ({file}:{line}, distance {:.2}): {}", self.distance, complaints.join("; "))
    }
}

fn hidden(text: &str) -> String {
    masked(text, Hide::Every).into_owned()
}
