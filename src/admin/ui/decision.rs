//! A decision of the hub, candidate by candidate.

use maud::{Markup, html};

use super::show;
use crate::admin::api::exchange::ShownRefusal;
use crate::domain::vp_code::VpCode;
use crate::hub::explain::{Candidate, Explanation};

/// The outcome, the hints, and every candidate with why it was taken or not.
pub(super) fn shown(found: &Explanation) -> Markup {
    html! {
        (verdict(found))
        (hints(&found.hints))
        (candidates(found))
    }
}

/// What is known already to whoever has read the call's own fault is not said again.
pub(super) fn shown_below_fault(found: &Explanation, fault: Option<&ShownRefusal>) -> Markup {
    let same = fault.is_some_and(|fault| fault.code == found.code.map(VpCode::as_str));
    html! {
        @if !same { (verdict(found)) (hints(&found.hints)) }
        (candidates(found))
    }
}

/// Near misses and what stands in the way, each a sentence.
pub(super) fn hints(hints: &[String]) -> Markup {
    html! { @if !hints.is_empty() { ul.hints aria-label="Hints" { @for hint in hints { li { (hint) } } } } }
}

fn verdict(found: &Explanation) -> Markup {
    html! {
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
    }
}

fn candidates(found: &Explanation) -> Markup {
    html! {
        (searched("Routes", &found.route_trace, &found.routes))
        (searched("Permissions", &found.permission_trace, &found.permissions))
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

fn validity(found: &Candidate) -> String {
    match (found.from.as_str(), found.to.as_str()) {
        ("", "") => "always".to_owned(),
        ("", to) => format!("until {to}"),
        (from, "") => format!("from {from}"),
        (from, to) => format!("{from} – {to}"),
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
                div { dt { "Valid" } dd { (validity(found)) } }
                div { dt { "Written in" } dd { code { (found.origin) } } }
            }
        }
    }
}
