//! The service contracts: the list of those that are known.

mod around;
mod messages;
mod one;
mod source;
mod tree;
mod versions;

pub(super) use one::page as one;
pub(super) use source::page as file;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::show;
use crate::admin::Admin;
use crate::admin::api::contracts::{ContractsQuery, ListedContract, listed};
use crate::admin::api::problem::Problem;
use crate::contracts::contract::State as Imported;
use crate::contracts::listed::Line;

pub(super) async fn page(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<ContractsQuery>, QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    let found = match listed(&admin, &query) {
        Ok(found) => found,
        Err(problem) => return super::refuse(&admin, &problem),
    };
    let content = html! {
        h1 { "Contracts" }
        p { "The service contracts this platform knows: those that ship with it, and those of the environment’s " code { "contracts/" } "." }
        (form(&query))
        @if found.is_empty() { p.note { "No contract matches the filter." } } @else { (table(&found)) }
        p.note { (found.len()) @if found.len() == 1 { " contract." } @else { " contracts." } " Import more with " code { "anslut contracts import --env ENV ZIP…" } }
    };
    super::answer(&admin, StatusCode::OK, "Contracts", &content)
}

fn form(query: &ContractsQuery) -> Markup {
    let state = query.state.as_deref().unwrap_or("");
    html! {
        form.filter action="/contracts" method="get" aria-label="Filter" {
            @for (name, label, hint, value) in [
                ("q", "Name", "part of the namespace", &query.q),
                ("domain", "Domain", "such as crm:scheduling", &query.domain),
            ] {
                label {
                    span { (label) }
                    input name=(name) value=(value.as_deref().unwrap_or("")) placeholder=(hint) autocomplete="off" spellcheck="false";
                }
            }
            label {
                span { "Import" }
                select name="state" {
                    @for (value, label) in [("", "any"), ("ok", "ok"), ("warnings", "with warnings"), ("broken", "broken")] {
                        option value=(value) selected[state.eq_ignore_ascii_case(value)] { (label) }
                    }
                }
            }
            div.buttons { button type="submit" { "Filter" } }
        }
    }
}

fn table(found: &[ListedContract]) -> Markup {
    html! {
        table.contracts {
            thead { tr { th scope="col" { "Contract" } th scope="col" { "Domain" } th scope="col" { "Versions" } th scope="col" { "Profile" } th scope="col" { "Source" } th scope="col" { "Import" } th.number scope="col" { "Calls" } } }
            tbody {
                @for ListedContract { line: Line { listed, .. }, calls } in found {
                    tr {
                        td.operation { a href=(href(&listed.namespace)) { (listed.operation) ":" (listed.major) } }
                        td { (listed.domain) }
                        td { (listed.versions.join(", ")) }
                        td { (listed.profiles.join(", ")) }
                        td { (source(listed.source.release.as_deref(), &listed.source.path)) }
                        td { (state(listed.state)) }
                        td.number { (calls.calls) @if let Some(at) = calls.last_call { " · " (show::time(at, false)) } }
                    }
                }
            }
        }
    }
}

/// The page of a contract: colons stand in a path as they are.
fn href(namespace: &str) -> String {
    let mut path = "/contracts/".to_owned();
    for byte in namespace.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => path.push(byte.into()),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

fn source(release: Option<&str>, path: &str) -> Markup {
    let is_built_in = path.starts_with("built-in");
    html! { @if is_built_in { "ships" } @else { span title=(path) { @match release { Some(release) => { "release " (release) }, None => "imported" } } } }
}

/// How it imported, in its colour.
fn state(state: Imported) -> Markup {
    let (class, text) = match state {
        Imported::Ok => ("passed", "ok"),
        Imported::Warnings => ("passed", "warnings"),
        Imported::Broken => ("refused", "broken"),
    };
    html! { span.outcome.(class) { (text) } }
}
