//! A decision of the hub, candidate by candidate.

use maud::{Markup, html};

use super::show;
use crate::hub::explain::{Candidate, Explanation};

/// The outcome, the hints, and every candidate with why it was taken or not.
pub(super) fn shown(found: &Explanation) -> Markup {
    html! {
        div.decision {
            p.verdict {
                (show::outcome(&found.outcome))
                @match (&found.producer_address, &found.fault_string) {
                    (_, Some(fault)) => span lang="sv" { (fault) },
                    (Some(address), None) => span { "goes to " code { (address) } @if let Some(profile) = &found.producer_profile { " as " code { (profile) } } },
                    (None, None) => {},
                }
            }
            @if let Some(detail) = found.detail.as_deref().filter(|detail| !detail.is_empty()) { pre tabindex="0" { (detail) } }
            @if found.converts == Some(true) { p { "The message would be converted to the profile of the route." } }
            @if !found.hints.is_empty() {
                ul.hints aria-label="Hints" { @for hint in &found.hints { li { (hint) } } }
            }
            (searched("Routes", &found.route_trace, &found.routes))
            (searched("Permissions", &found.permission_trace, &found.permissions))
        }
    }
}

fn searched(title: &str, trace: &str, candidates: &[Candidate]) -> Markup {
    html! {
        h3 { (title) }
        @if trace.is_empty() {
            p.note { "Not looked for." }
        } @else {
            (show::trace(trace))
            @if candidates.is_empty() {
                p.note { "Nothing was found on the way." }
            } @else {
                ul.candidates { @for found in candidates { (candidate(found)) } }
            }
        }
    }
}

fn candidate(found: &Candidate) -> Markup {
    html! {
        li.taken[found.taken] {
            p { strong { @if found.taken { "✓ taken" } @else { "not taken" } } ": " (found.why) }
            dl {
                div { dt { "Step" } dd { (found.step) } }
                div { dt { "Address" } dd { code { (found.address) } } }
                @if let Some(consumer) = &found.consumer { div { dt { "Consumer" } dd { code { (consumer) } } } }
                @if let Some(profile) = &found.profile { div { dt { "Profile" } dd { code { (profile) } } } }
                @if let Some(url) = &found.url { div { dt { "Producer" } dd { code { (url) } } } }
                div { dt { "Valid" } dd { (found.from) " – " (found.to) } }
                div { dt { "Written in" } dd { code { (found.origin) } } }
            }
        }
    }
}
