//! The other minor versions of a contract, and what changed between them.

use std::sync::Arc;

use maud::{Markup, html};

use super::href;
use crate::admin::api::contracts::away;
use crate::admin::api::problem::Problem;
use crate::contracts::contract::{Contract, Direction, State};
use crate::contracts::diff::{Comparison, Effect, Verdict, diff};
use crate::contracts::registry::Registry;

/// Other versions that are compared; the API compares any two.
const COMPARED_MAX: usize = 8;
/// Changes that are listed of one comparison.
const CHANGES_SHOWN: usize = 200;

/// Compares the version that is shown with the others, the earlier one first.
pub(super) async fn compared(
    registry: &Arc<Registry>,
    contract: &Arc<Contract>,
) -> Result<Vec<(u32, Comparison)>, Problem> {
    let (registry, contract) = (Arc::clone(registry), Arc::clone(contract));
    let all = away(move || {
        let usable = |one: &&Arc<Contract>| one.version != contract.version && one.state != State::Broken;
        let others = registry.versions(&contract).iter().filter(usable).take(COMPARED_MAX);
        let compared = others.map(|other| match other.version < contract.version {
            true => (other.version.minor, diff(other, &contract)),
            false => (other.version.minor, diff(&contract, other)),
        });
        if contract.state == State::Broken { Vec::new() } else { compared.collect::<Vec<_>>() }
    });
    all.await
}

/// Shows them.
pub(super) fn shown(contract: &Contract, versions: &[String], compared: &[(u32, Comparison)]) -> Markup {
    let own = contract.version.to_string();
    let others: Vec<_> = versions.iter().filter(|version| **version != own).collect();
    let minor = |version: &str| version.rsplit('.').next().unwrap_or(version).to_owned();
    html! {
        @if !others.is_empty() {
            section aria-labelledby="versions" {
                h2 #versions { "Other versions" }
                p { @for version in others { a href={ (href(&contract.namespace)) "?minor=" (minor(version)) } { (version) } " " } }
                @for (_, comparison) in compared { (one(comparison)) }
            }
        }
    }
}

fn one(comparison: &Comparison) -> Markup {
    let (class, verdict) = match comparison.verdict {
        Verdict::Identical => ("passed", "identical"),
        Verdict::Documentation => ("passed", "the same messages"),
        Verdict::Minor => ("passed", "compatible"),
        Verdict::Major => ("refused", "breaking"),
    };
    html! {
        details.message {
            summary {
                (comparison.before.rsplit(' ').next().unwrap_or_default()) " → " (comparison.after.rsplit(' ').next().unwrap_or_default())
                " " span.outcome.(class) { (verdict) }
                span.size { (comparison.changes.len()) " changes" }
            }
            @if comparison.breaks_version_rule { p.notice { "It breaks the version rule: the namespace’s major is unchanged." } }
            @if !comparison.changes.is_empty() {
                table.contracts {
                    thead { tr { th scope="col" { "In" } th scope="col" { "Path" } th scope="col" { "Change" } th scope="col" { "Before" } th scope="col" { "After" } th scope="col" { "Old to new" } th scope="col" { "New to old" } th scope="col" { "Why" } } }
                    tbody {
                        @for change in comparison.changes.iter().take(CHANGES_SHOWN) {
                            tr {
                                td { @match change.direction { Direction::Request => "request", Direction::Response => "response" } }
                                td { code { (change.path) } } td { (change.what) } td { (change.before) } td { (change.after) }
                                td { (effect(change.old_to_new)) } td { (effect(change.new_to_old)) } td { (change.why) }
                            }
                        }
                    }
                }
                @if comparison.changes.len() > CHANGES_SHOWN { p.note { "and " (comparison.changes.len() - CHANGES_SHOWN) " more" } }
            }
        }
    }
}

fn effect(effect: Effect) -> Markup {
    html! {
        @match effect {
            Effect::Breaks => span.outcome.refused { "breaks" },
            Effect::Risk => "risk",
            Effect::Note => "note",
            Effect::Ok => "ok",
        }
    }
}
