//! The calls behind one call: who was asked, how long each took, and what came of it.

use maud::{Markup, html};

use super::show;
use crate::admin::api::fan_out::{ShownBranch, ShownFanOut};

/// The tree, as a table: the lookup first, then the sources.
pub(super) fn tree(fan_out: &ShownFanOut) -> Markup {
    let whole = fan_out.lookup.iter().chain(&fan_out.sources).map(|branch| branch.begin_us + branch.took_us);
    let whole = whole.fold(1.0, f64::max);
    html! {
        section aria-labelledby="fan-out" {
            h2 #fan-out { "Asked in turn by " (fan_out.service) }
            @if let (Some(slowest), Some(waited)) = (&fan_out.slowest, fan_out.waited_us) {
                p { "Waited " (show::duration(waited)) " for " (fan_out.sources.len()) " sources; longest for " code { (slowest) } "." }
            }
            div.scroll tabindex="0" {
                table {
                    thead { tr { th { "Asked" } th { "Outcome" } th { "From" } th { "Took" } th { "Share" } th { "Items" } th { "Bytes" } th { "Call" } } }
                    tbody {
                        @if let Some(lookup) = &fan_out.lookup { (row("index ", lookup, whole)) }
                        @for source in &fan_out.sources { (row("└ ", source, whole)) }
                    }
                }
            }
            @if !fan_out.passed_over.is_empty() {
                h3 { "Passed over" }
                ul { @for passed in &fan_out.passed_over { li { code { (passed.address) } ": " (passed.why) } } }
            }
        }
    }
}

fn row(kind: &str, branch: &ShownBranch, whole: f64) -> Markup {
    html! {
        tr {
            td { (kind) code { (branch.address) } }
            td { (branch.outcome) @if let Some(code) = &branch.code { " " (code) } @if let Some(text) = &branch.text { br; (text) } }
            td { (show::duration(branch.begin_us)) }
            td { (show::duration(branch.took_us)) }
            td { meter min="0" max=(whole) value=(branch.took_us) {} }
            td { (branch.items) }
            td { (branch.bytes) }
            td { @if let Some(page) = &branch.page { a href=(page) { "call" } } }
        }
    }
}
