//! Why a call gets no answer: in one line for the caller, with the stubs that came nearest (`producers.md` §10).
//!
//! No line names a patient: whatever looks like an identity number is hidden, be it in an address or a stub's name.

use std::sync::Arc;

use super::asked::{Asked, quoted};
use super::decide::Deciding;
use super::matcher::Condition;
use super::settings::{NEAR_CANDIDATES_MAX, NEAREST_MAX};
use super::spec::mapping::Stub;
use super::spec::producer::Producer;
use crate::domain::identity_number::{Hide, masked};

/// A contract or an address the system does not answer for: text and detail of the fault.
pub(super) fn not_ours(name: &str, producer: &Producer, asked: &Asked<'_>) -> Option<(String, String)> {
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

/// What is said of a call that nothing answers.
pub(super) struct Miss {
    /// The fault's text: one line.
    pub(super) text: String,
    /// Its detail: what does not hold of the stubs that came nearest.
    pub(super) detail: String,
    /// The whole story, for the journal: every condition of theirs, and what the contract says of the request.
    pub(super) story: String,
}

/// A call that no stub fits.
pub(super) fn nothing_fits(deciding: &Deciding<'_, '_>) -> Miss {
    let asked = deciding.asked;
    let mut stubs: Vec<Arc<Stub>> = deciding.own.stubs().iter().cloned().collect();
    if let Some(below) = deciding.below {
        stubs.extend(below.stubs().iter().cloned());
    }
    let near = nearest(&stubs, asked);
    let what = asked.operation().unwrap_or_else(|| format!("{} {}", asked.method(), quoted(asked.targets()[0])));
    let at = asked.logical_address().map_or_else(String::new, |address| format!(" at {}", quoted(address)));
    let nearest = match near.first() {
        None => "; it has no stubs".to_owned(),
        Some(near) => format!("; nearest: {} ({})", near.stub.name, near.first_complaint(asked)),
    };
    let text = format!("anslut: {} has no answer for {what}{at}{nearest}", deciding.system.name());
    let lines: Vec<_> = near.iter().map(|near| near.in_one_line(asked)).collect();
    let mut story = vec![text.clone()];
    for near in &near {
        let (name, file, line) = (&near.stub.name, near.stub.file.display(), near.stub.line);
        story.push(format!("{name} ({file}:{line}, distance {:.2})", near.distance));
        let ticked = near.stub.conditions.iter().flat_map(|condition| condition.ticked(asked));
        story.extend(ticked.map(|line| format!("  {line}")));
    }
    let invalid = deciding.request_errors.iter().flatten();
    story.extend(invalid.map(|error| format!("the request does not follow its contract: {error}")));
    Miss { text: hidden(&text), detail: hidden(&lines.join("\n")), story: hidden(&story.join("\n")) }
}

/// The stubs that came nearest, the nearest first. Where there are very many, their cheap conditions decide which of them
/// are looked at closely: an explanation must not cost more than thousands of answers.
pub fn nearest<'s>(stubs: &'s [Arc<Stub>], asked: &Asked<'_>) -> Vec<Near<'s>> {
    let mut rough: Vec<(f64, &Arc<Stub>)> = stubs
        .iter()
        .map(|stub| {
            let cheap = || stub.conditions.iter().filter(|condition| condition.cost() < 2);
            let failed: f64 = cheap().filter(|one| !one.holds(asked)).map(Condition::weight).sum();
            let all: f64 = stub.conditions.iter().map(Condition::weight).sum();
            (failed / all.max(1.0), stub)
        })
        .collect();
    // Stable, so that among equally near ones the one tried first is named first.
    rough.sort_by(|one, other| one.0.total_cmp(&other.0));
    rough.truncate(NEAR_CANDIDATES_MAX);
    let mut near: Vec<_> = rough.into_iter().map(|(_, stub)| Near::of(stub, asked)).collect();
    near.sort_by(|one, other| one.distance.total_cmp(&other.distance));
    near.truncate(NEAREST_MAX);
    near
}

/// How near a stub came.
pub struct Near<'s> {
    /// The stub.
    pub stub: &'s Arc<Stub>,
    /// Weighted share of its conditions that failed.
    pub distance: f64,
    /// Those, the heaviest first.
    failed: Vec<&'s Condition>,
}

impl<'s> Near<'s> {
    fn of(stub: &'s Arc<Stub>, asked: &Asked<'_>) -> Self {
        let weight: f64 = stub.conditions.iter().map(Condition::weight).sum();
        let distances = stub.conditions.iter().map(|condition| (condition, condition.distance(asked)));
        let failed: Vec<_> = distances.filter(|(_, distance)| *distance > 0.0).collect();
        let distance = failed.iter().map(|(one, share)| one.weight() * share).sum::<f64>() / weight.max(1.0);
        let mut failed: Vec<_> = failed.into_iter().map(|(condition, _)| condition).collect();
        failed.sort_by(|one, other| other.weight().total_cmp(&one.weight()));
        Self { stub, distance, failed }
    }

    fn first_complaint(&self, asked: &Asked<'_>) -> String {
        self.failed.first().map(|condition| condition.complaint(asked)).unwrap_or_else(|| {
            // Everything holds but the scenario.
            self.stub
                .scenario
                .as_ref()
                .map_or_else(String::new, |one| format!("scenario {} is in another state", one.name))
        })
    }

    /// A line for each condition that failed, and for some several.
    pub fn lines(&self, asked: &Asked<'_>) -> Vec<String> {
        let lines = self.failed.iter().flat_map(|condition| condition.explained(asked));
        lines.map(|line| hidden(&line)).collect()
    }

    fn in_one_line(&self, asked: &Asked<'_>) -> String {
        let (name, file, line) = (&self.stub.name, self.stub.file.display(), self.stub.line);
        let complaints = self.failed.iter().flat_map(|condition| condition.explained(asked)).collect::<Vec<_>>();
        format!("{name} ({file}:{line}, distance {:.2}): {}", self.distance, complaints.join("; "))
    }
}

fn hidden(text: &str) -> String {
    masked(text, Hide::Every).into_owned()
}
