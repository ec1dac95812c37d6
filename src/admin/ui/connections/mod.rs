//! The connections: who is on the road to the platform, and how far.

mod one;
mod road;

pub(super) use one::page as one;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use crate::admin::Admin;
use crate::admin::api::connection::connections::{ConnectionsQuery, listed};
use crate::admin::api::connection::{Trouble, with_book};
use crate::admin::api::problem::Problem;
use crate::admin::hide::hidden;
use crate::connection::refusal::Refusal;
use crate::connection::state::State as Place;
use crate::connection::view::View;

/// Connections that are shown; the API has all of them.
const SHOWN_MAX: usize = 500;

/// What is not done, as a page tells it.
fn problem(trouble: Trouble) -> Problem {
    match trouble {
        Trouble::Problem(problem) => problem,
        Trouble::Gates(_) => Problem::new(StatusCode::CONFLICT, "gates refuse it"),
    }
}

/// Asks the book something that may take its time.
async fn asked<T: Send + 'static>(
    admin: &Arc<Admin>,
    look: impl FnOnce(&crate::connection::book::Book) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    with_book(admin, move |book| Ok(look(book)?)).await.map_err(problem)
}

pub(super) async fn page(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<ConnectionsQuery>, QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    let found = match asked(&admin, {
        let query = query.clone();
        move |book| Ok(listed(book, &query))
    })
    .await
    {
        Ok(found) => found,
        Err(problem) => return super::refuse(&admin, &problem),
    };
    let content = html! {
        h1 { "Connections" }
        p { "Systems on their road to the platform (" span lang="sv" { "anslutningar" } "), from first contact to live and out again." }
        (form(&query))
        @if found.is_empty() { (empty(&query)) } @else { (table(&found)) }
        p.note {
            (found.len()) @if found.len() == 1 { " connection" } @else { " connections" }
            @if found.len() > SHOWN_MAX { ", the first " (SHOWN_MAX) " are shown" } "."
        }
    };
    super::answer(&admin, StatusCode::OK, "Connections", &content)
}

fn form(query: &ConnectionsQuery) -> Markup {
    html! {
        form.filter action="/connections" method="get" aria-label="Filter" {
            @for (name, label, hint, value) in [
                ("party", "Party", "its id", &query.party),
                ("service", "Service", "such as npo", &query.service),
            ] {
                label {
                    span { (label) }
                    input name=(name) value=(value.as_deref().unwrap_or("")) placeholder=(hint) autocomplete="off" spellcheck="false";
                }
            }
            label {
                span { "State" }
                select name="state" {
                    option value="" { "any" }
                    @for state in Place::ALL {
                        option value=(state.name()) selected[query.state == Some(state)] { (state.name()) }
                    }
                }
            }
            div.buttons { button type="submit" { "Filter" } }
        }
    }
}

fn empty(query: &ConnectionsQuery) -> Markup {
    html! {
        section.empty {
            @if query.is_empty() {
                h2 { "No connections yet" }
                p { "Enter a party and a connection by " code { "POST /api/v1/parties" } " and " code { "POST /api/v1/connections" } ", and follow it here." }
                p { "To see a whole road first: " code { "anslut connection demo" } "." }
            } @else {
                h2 { "No connection matches the filter" }
                p { a href="/connections" { "Show all connections" } }
            }
        }
    }
}

fn table(found: &[View]) -> Markup {
    html! {
        table.contracts {
            thead { tr { th scope="col" { "Connection" } th scope="col" { "Party" } th scope="col" { "System" } th scope="col" { "Service" } th scope="col" { "State" } th scope="col" { "Tested in" } th scope="col" { "Next" } } }
            tbody {
                @for view in found.iter().take(SHOWN_MAX) {
                    @let document = &view.document;
                    tr {
                        td.operation { a href=(href(&document.id)) { (document.id) } }
                        td { (hidden(&document.party)) }
                        td { @if document.component.is_empty() { "–" } @else { code { (hidden(&document.component)) } } }
                        td { (hidden(&document.service)) }
                        td { (state(view.state)) }
                        td { (view.assigned_env.as_deref().unwrap_or("–")) }
                        td { (view.allowed.iter().map(|event| event.name()).collect::<Vec<_>>().join(", ")) }
                    }
                }
            }
        }
    }
}

/// The page of a connection: an id has no sign that means something in a path.
fn href(id: &str) -> String {
    format!("/connections/{id}")
}

/// A state, in its colour.
fn state(state: Place) -> Markup {
    let class = match state {
        Place::Live | Place::Approved | Place::Established => "passed",
        Place::Rejected | Place::Suspended => "refused",
        _ => "",
    };
    html! { span.outcome.(class) { (state.name()) } }
}
