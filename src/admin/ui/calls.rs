//! The list of calls, newest first, with its filter.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::show;
use crate::admin::Admin;
use crate::admin::api::exchanges::newest;
use crate::admin::api::filter::FilterQuery;
use crate::admin::api::problem::Problem;
use crate::admin::api::summary::{StageReached, StageState, Summary};
use crate::domain::vp_code::VpCode;
use crate::hub::exchange::{CallRecord, Stage};

pub(super) async fn page(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<FilterQuery>, QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    let (status, problem, calls) = match query.understood() {
        Ok(filter) => (StatusCode::OK, None, newest(&admin.parts.records, &filter)),
        Err(problem) => (problem.status(), Some(problem), Vec::new()),
    };
    let content = html! {
        h1 { "Calls" }
        (filter_box(&admin, &query))
        @match &problem {
            Some(problem) => p.notice role="alert" { (problem.detail()) "." },
            None => (list(&admin, &query, &calls)),
        }
    };
    super::answer(&admin, status, "Calls", &content)
}

fn filter_box(admin: &Admin, query: &FilterQuery) -> Markup {
    let platforms: Vec<&str> = admin.parts.platforms.iter().map(|platform| platform.name.as_str()).collect();
    let fields = [
        ("sender", "Sender", "HSA-id", &query.sender),
        ("contract", "Contract", "operation or namespace", &query.contract),
        ("address", "Logical address", "HSA-id", &query.address),
        ("correlation_id", "Correlation id", "", &query.correlation_id),
    ];
    let codes = VpCode::ALL.map(VpCode::as_str);
    html! {
        form.filter action="/" method="get" role="search" aria-label="Filter calls" {
            @for (name, label, hint, value) in fields {
                label { span { (label) } input name=(name) value=(value.as_deref().unwrap_or("")) placeholder=(hint) autocomplete="off" spellcheck="false"; }
            }
            @if platforms.len() > 1 { label { span { "Platform" } (choice("platform", &query.platform, &platforms)) } }
            label { span { "VP code" } (choice("code", &query.code, &codes)) }
            label { span { "Outcome" } (choice("outcome", &query.outcome, &["ok", "failed", "fault"])) }
            div.buttons {
                button type="submit" { "Filter" }
                @if !query.to_query().is_empty() { a href="/" { "Clear" } }
            }
        }
    }
}

fn choice(name: &str, chosen: &Option<String>, values: &[&str]) -> Markup {
    let chosen = chosen.as_deref().unwrap_or("");
    // A value that came in the address and is not in the list stays, so that it can be seen and changed.
    let other = !chosen.is_empty() && !values.iter().any(|value| value.eq_ignore_ascii_case(chosen));
    html! {
        select name=(name) {
            option value="" { "any" }
            @for value in values { option value=(value) selected[value.eq_ignore_ascii_case(chosen)] { (value) } }
            @if other { option value=(chosen) selected { (chosen) } }
        }
    }
}

fn list(admin: &Admin, query: &FilterQuery, calls: &[Arc<CallRecord>]) -> Markup {
    // From the newest call on the page, or from the first of all: none may fall between page and stream.
    let since = Some(format!("since_id={}", calls.first().map_or(0, |call| call.id)));
    let stream_query = [Some(query.to_query()).filter(|query| !query.is_empty()), since];
    let stream_query = stream_query.into_iter().flatten().collect::<Vec<_>>().join("&");
    let never: Vec<_> = Stage::ALL
        .map(|stage| StageReached { name: stage.as_str(), state: StageState::NotReached, begin_us: None, end_us: None })
        .into();
    let several = admin.parts.platforms.len() > 1;
    html! {
        p.live #live role="status" { "Reload the page to see newer calls." }
        table.calls #calls data-stream={ "/api/v1/exchanges/stream?" (stream_query) } hidden[calls.is_empty()] {
            caption.unseen { "Finished calls, newest first" }
            thead {
                tr { th { "Time" } th { "Outcome" } @if several { th { "Platform" } } th { "Operation" } th { "Sender" } th { "Logical address" } th { "Stages" } th.number { "Duration" } }
            }
            tbody {
                @for call in calls { (row(call, several)) }
            }
        }
        template #row {
            tr {
                td.when { a data-field="link" href="/" { time data-field="time" {} } }
                td { span.outcome data-field="outcome" {} }
                @if several { td data-field="platform" {} }
                td.operation data-field="operation" {}
                td.sender data-field="sender" {}
                td.address data-field="address" {}
                td { (show::dots(&never)) }
                td.number data-field="duration" {}
            }
        }
        @if calls.is_empty() { (empty(admin, query)) }
    }
}

fn row(call: &CallRecord, several: bool) -> Markup {
    let summary = Summary::of(call);
    html! {
        tr {
            td.when { a href={ "/calls/" (summary.id) } { (show::time(call.started, false)) } }
            td { (show::outcome(summary.outcome)) }
            @if several { td { (summary.platform) } }
            td.operation title=[summary.contract.as_deref()] { (summary.operation.as_deref().unwrap_or("–")) }
            td.sender { (summary.sender.as_deref().unwrap_or("–")) }
            td.address { (summary.address.as_deref().unwrap_or("–")) }
            td { (show::dots(&summary.stages)) }
            td.number { (show::duration(summary.total_us)) }
        }
    }
}

/// What a newcomer sees, or who has filtered everything away.
fn empty(admin: &Admin, query: &FilterQuery) -> Markup {
    let hub = admin.parts.addresses.iter().find(|(name, _)| name.ends_with("hub_http"));
    html! {
        section.empty #empty {
            @if !query.to_query().is_empty() {
                h2 { "No call matches the filter" }
                p { "Calls that match appear here as they finish. " a href="/" { "Show all calls" } }
            } @else {
                h2 { "No calls yet" }
                p { "Send a SOAP request to the hub, and it appears here with everything the hub did with it." }
                ol {
                    @if let Some((_, url)) = hub {
                        li { "The hub listens at " code { (url.trim_end_matches('/')) "/vp" } ": point your system there." }
                    } @else {
                        li { "The http listener of the hub is off (" code { "listen.hub_http" } "): switch it on first." }
                    }
                    li { "No system at hand? " code { "anslut serve" } " printed a " code { "curl" } " line when it started: paste it into a terminal." }
                    li { "Change the logical address in that line, and see why the hub refuses the call with VP004." }
                }
            }
        }
    }
}
