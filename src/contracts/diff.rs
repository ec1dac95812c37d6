//! Two versions of a contract side by side: what changed, whom it breaks, and whether the version rule was kept
//! (`contracts.md` §1.5, §6.1).

mod slots;
mod walk;

use serde::Serialize;

use self::walk::Comparing;
use super::contract::{Contract, Direction};

/// What a change means for those who have the other version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing is asked of anybody.
    Note,
    /// Everything that was right stays right.
    Ok,
    /// It depends on what is sent.
    Risk,
    /// Messages that were right no longer are.
    Breaks,
}

/// The judgement over all changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The same files.
    Identical,
    /// The same messages.
    Documentation,
    /// Compatible.
    Minor,
    /// Breaking.
    Major,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Change {
    /// Which message.
    pub direction: Direction,
    /// Elements from the root.
    pub path: String,
    /// What was done.
    pub what: String,
    /// Before; empty for what is new.
    pub before: String,
    /// After; empty for what is gone.
    pub after: String,
    /// For an old sender and a new receiver.
    pub old_to_new: Effect,
    /// For a new sender and an old receiver.
    pub new_to_old: Effect,
    /// Why.
    pub why: String,
}

/// Two versions compared.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The earlier contract and version.
    pub before: String,
    /// The later.
    pub after: String,
    /// The judgement.
    pub verdict: Verdict,
    /// Whether a major change came without a new major version.
    pub breaks_version_rule: bool,
    /// What changed, in document order.
    pub changes: Vec<Change>,
}

/// Compares two contracts: two minors, two imports, or two majors. Broken ones have no changes to show.
pub fn diff(before: &Contract, after: &Contract) -> Comparison {
    let mut changes = Vec::new();
    for direction in [Direction::Request, Direction::Response] {
        if let (Some(one), Some(other)) = (before.element(direction), after.element(direction)) {
            let mut comparing = Comparing {
                old: before.schema(),
                new: after.schema(),
                direction,
                changes: Vec::new(),
                open: Vec::new(),
            };
            comparing.elements(one, other, String::new());
            changes.append(&mut comparing.changes);
        }
    }
    transport(before, after, &mut changes);
    // What counts is who meets in practice: requests go from old consumers, answers come from new producers.
    let is_breaking = changes.iter().any(|change| match change.direction {
        Direction::Request => change.old_to_new == Effect::Breaks,
        Direction::Response => change.new_to_old == Effect::Breaks,
    });
    let is_same_file = before.schema().hash == after.schema().hash;
    let verdict = match (is_breaking, changes.is_empty()) {
        (true, _) => Verdict::Major,
        (false, false) => Verdict::Minor,
        (false, true) if is_same_file => Verdict::Identical,
        (false, true) => Verdict::Documentation,
    };
    Comparison {
        before: format!("{} {}", before.namespace, before.version),
        after: format!("{} {}", after.namespace, after.version),
        verdict,
        breaks_version_rule: verdict == Verdict::Major && before.namespace == after.namespace,
        changes,
    }
}

fn transport(before: &Contract, after: &Contract, changes: &mut Vec<Change>) {
    let headers = |contract: &Contract| {
        contract.headers.iter().map(|(_, element)| element.clark()).collect::<Vec<_>>().join(", ")
    };
    for (what, one, other) in [
        ("soapAction", before.soap_action.clone(), after.soap_action.clone()),
        ("headers", headers(before), headers(after)),
    ] {
        if one != other {
            changes.push(Change {
                direction: Direction::Request,
                path: String::new(),
                what: format!("{what} changed"),
                before: one,
                after: other,
                old_to_new: Effect::Note,
                new_to_old: Effect::Note,
                why: "transport, not content".to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
