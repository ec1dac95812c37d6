//! What stands around a contract, and what has become of its calls.

use maud::{Markup, html};

use super::super::call::judgement;
use super::super::show;
use super::href;
use crate::admin::Admin;
use crate::admin::api::contracts::Calls;
use crate::admin::api::contracts::neighbours::Neighbours;
use crate::admin::api::exchange::ShownJudgement;
use crate::contracts::coverage::{Coverage, Side};

/// Items that are listed as not used yet; the API has all of them.
const UNUSED_SHOWN: usize = 200;

/// Where calls of it go, who asks on behalf of many, how the index has it, what tests it.
pub(super) fn neighbours(found: &Neighbours) -> Markup {
    html! {
        section aria-labelledby="around" {
            h2 #around { "Where it goes" }
            @if found.catalogue_rows.is_empty() {
                p.note { "No catalogue has a route of it: a call gets VP004." }
            } @else {
                table.contracts {
                    thead { tr { th scope="col" { "Logical address" } th scope="col" { "Profile" } th scope="col" { "Producer" } th scope="col" { "From" } th scope="col" { "To" } th scope="col" { "Written in" } th scope="col" { "Platform" } } }
                    tbody {
                        @for row in &found.catalogue_rows {
                            tr {
                                td { code { (row.address) } @if !row.is_valid { " " span.outcome.refused { "not now" } } }
                                td { (row.profile) } td { code { (row.url) } } td { (row.from) } td { (row.to) }
                                td { (row.origin) } td { (row.platform) }
                            }
                        }
                    }
                }
                @let left = found.catalogue_rows_total - found.catalogue_rows.len();
                @if left > 0 { p.note { "and " (left) " more" } }
            }
            dl.facts {
                div { dt { "Permissions" } dd { (found.permissions) } }
                div { dt { "Aggregating service" } dd {
                    @if found.aggregating_services.is_empty() { "none" }
                    @for service in &found.aggregating_services { (service.name) " " code { (service.path) } br; }
                } }
                div { dt { "In the index" } dd {
                    @match &found.index_categorization {
                        None => "not looked up",
                        Some(index) => {
                            code { (index.service_domain) } " "
                            @if index.categorizations.is_empty() { "every category" } @else { code { (index.categorizations.join(", ")) } }
                        },
                    }
                } }
                div { dt { "Test cases" } dd {
                    @if found.qa.in_package { "in its package " }
                    @for suite in &found.qa.suites { (suite.name) ", " (suite.runnable) " of " (suite.cases) " can be run " code { (suite.id) } br; }
                    @if !found.qa.in_package && found.qa.suites.is_empty() { "none handed in" }
                } }
            }
        }
    }
}

/// The newest call of which a message was held against the contract and did not follow it.
pub(super) struct Invalid {
    id: u64,
    judgements: Vec<ShownJudgement>,
}

/// Looks for it.
pub(super) fn last_invalid(admin: &Admin, namespace: &str) -> Option<Invalid> {
    let records = admin.parts.records.newest(1, |call| {
        call.contract.as_deref() == Some(namespace) && call.judged.iter().any(|report| !report.valid)
    });
    let call = records.first()?;
    let invalid = call.judged.iter().filter(|report| !report.valid);
    Some(Invalid { id: call.id, judgements: invalid.map(|report| ShownJudgement::of(report)).collect() })
}

/// Who has called it, what was wrong, and how much of it was used.
pub(super) fn traffic(namespace: &str, calls: Calls, invalid: Option<&Invalid>, coverage: Option<&Coverage>) -> Markup {
    html! {
        section aria-labelledby="calls-seen" {
            h2 #calls-seen { "Calls" }
            p {
                @match calls.last_call {
                    None => "None that is remembered.",
                    Some(at) => {
                        a href={ "/?contract=" (namespace) } { (calls.calls) @if calls.calls == 1 { " call" } @else { " calls" } }
                        ", the newest at " (show::time(at, true)) "."
                    },
                }
            }
            @match invalid {
                None => p.note { "No message of it was found invalid. Messages are held against contracts where " code { "contracts.validate" } " is on." },
                Some(invalid) => {
                    p { "The last invalid message: " a href={ "/calls/" (invalid.id) } { "call " (invalid.id) } "." }
                    @for judged in &invalid.judgements { (judgement(judged)) }
                },
            }
        }
        @if let Some(coverage) = coverage {
            section aria-labelledby="coverage" {
                h2 #coverage { "Coverage" }
                p.note { "How much of the contract the remembered calls have used: elements, attributes, branches, values, types, nil. "
                    a href={ "/api/v1/contracts/" (href(namespace).trim_start_matches("/contracts/")) "/coverage" } { "As JSON" } }
                (side("Request", &coverage.request))
                @if let Some(response) = &coverage.response { (side("Response", response)) }
            }
        }
    }
}

fn side(title: &str, side: &Side) -> Markup {
    let unused: Vec<_> = side.list.iter().filter(|item| item.messages == 0).collect();
    html! {
        details.message {
            summary { (title) span.size { (side.used) " of " (side.items) " by " (side.messages) " messages" } }
            @if unused.is_empty() { p.note { "Everything has been used." } } @else {
                p.note { "Never used:" }
                ul.unused { @for item in unused.iter().take(UNUSED_SHOWN) {
                    li { (item.kind.as_str()) " " code { (item.path) } @if let Some(what) = &item.what { " " code { (what) } } }
                } }
                @if unused.len() > UNUSED_SHOWN { p.note { "and " (unused.len() - UNUSED_SHOWN) " more" } }
            }
        }
    }
}
