//! One connection: where it is, what to do next, every gate, its tests and its log.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::{asked, road, state};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::admin::hide::hidden;
use crate::admin::ui::show;
use crate::connection::book::Book;
use crate::connection::document::Line;
use crate::connection::file::Entry;
use crate::connection::next::Guidance;
use crate::connection::overview::StepNow;
use crate::connection::qa_item::{self, Item};
use crate::connection::refusal::Refusal;
use crate::connection::view::{self, Declared, View};

/// Steps of the log that are shown, the last ones; the API has all of them.
const STEPS_SHOWN: usize = 200;

/// Everything that the page shows.
struct Shown {
    view: View,
    party: String,
    service: String,
    next: Vec<Guidance>,
    steps: Vec<StepNow>,
    items: Vec<Item>,
    declared: Declared,
    entries: Vec<Entry>,
}

pub(in crate::admin::ui) async fn page(
    State(admin): State<Arc<Admin>>,
    id: Result<Path<String>, PathRejection>,
) -> Response {
    let id = match id {
        Ok(Path(id)) => id,
        Err(rejection) => return super::super::refuse(&admin, &Problem::from(rejection)),
    };
    match asked(&admin, move |book| shown(book, &id)).await {
        Ok(shown) => super::super::answer(&admin, StatusCode::OK, &shown.view.document.id, &content(&shown)),
        Err(problem) => super::super::refuse(&admin, &problem),
    }
}

fn shown(book: &Book, id: &str) -> Result<Shown, Refusal> {
    let (view, next) = (book.connection(id, None)?, book.next(id)?.1);
    let steps = book.overview(id)?;
    let rest = book.read(|holdings, services| {
        let file = holdings.connections.get(id)?;
        let document = &file.document;
        let name = |known: Option<String>, id: &str| known.unwrap_or_else(|| id.to_owned());
        let day = file.last_at().map(|at| at.day());
        Some((
            name(holdings.parties.get(&document.party).map(|party| party.name.clone()), &document.party),
            name(services.get(&document.service).map(|service| service.name.clone()), &document.service),
            day.map(|day| qa_item::items(file, day)).unwrap_or_default(),
            view::declared(file),
            file.entries.iter().rev().take(STEPS_SHOWN).cloned().collect::<Vec<_>>(),
        ))
    });
    let unknown = || Refusal::Unknown { what: "connection", id: id.to_owned() };
    let (party, service, items, declared, entries) = rest.ok_or_else(unknown)?;
    Ok(Shown { view, party, service, next, steps, items, declared, entries })
}

fn content(shown: &Shown) -> Markup {
    html! {
        div.title { h1 { (shown.view.document.id) } p { (hidden(&shown.service)) " · " (hidden(&shown.party)) " " (state(shown.view.state)) } }
        (facts(shown))
        (road::next(&shown.next))
        (road::gates(&shown.steps))
        (order(&shown.view.document.lines))
        (tests(shown))
        (log(&shown.entries))
        p { a href="/connections" { "All connections" } }
    }
}

fn facts(shown: &Shown) -> Markup {
    let View { document, assigned_env, due, fee, warnings, .. } = &shown.view;
    let due = due.map(|due| due.to_string());
    let fee = format!("{fee} kr");
    let rows = [
        ("System", Some(document.component.as_str()).filter(|id| !id.is_empty())),
        ("Purpose", document.purpose.as_deref()),
        ("Tested in", assigned_env.as_deref()),
        ("Reservation to be met by", due.as_deref()),
        ("Fee of quality assurance", Some(fee.as_str())),
        ("Operated by", document.external_operator.as_deref()),
    ];
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "Where it stands" }
            dl.facts {
                @for (name, value) in rows { @if let Some(value) = value { div { dt { (name) } dd { (hidden(value)) } } } }
            }
            @if !warnings.is_empty() {
                ul.hints { @for warning in warnings { li { strong { (warning.gate) } " " (hidden(&warning.message)) } } }
            }
        }
    }
}

fn order(lines: &[Line]) -> Markup {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "–".to_owned(), hidden);
    html! {
        section aria-labelledby="lines" {
            h2 #lines { "What is ordered" }
            @if lines.is_empty() { p.note { "No line yet." } } @else {
                table.contracts {
                    thead { tr { th scope="col" { "Platform" } th scope="col" { "Role" } th scope="col" { "Contract" } th scope="col" { "Logical address" } th scope="col" { "Where, or for whom" } } }
                    tbody {
                        @for line in lines {
                            tr {
                                td { (text(&line.env)) }
                                td { (line.role.map_or("–", |role| role.name())) }
                                td { code { (text(&line.contract)) } }
                                td { (text(&line.logical_address)) }
                                td { (text(&line.url)) @for consumer in line.consumers.iter().flatten() { br; code { (hidden(consumer)) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn tests(shown: &Shown) -> Markup {
    html! {
        section aria-labelledby="tests" {
            h2 #tests { "Quality assurance" }
            @if shown.items.is_empty() { p.note { "No contract is tested yet." } } @else {
                table.contracts {
                    thead { tr { th scope="col" { "Contract" } th scope="col" { "Role" } th scope="col" { "State" } th scope="col" { "Run" } th scope="col" { "Passed" } th scope="col" { "Failed" } th scope="col" { "Not run" } } }
                    tbody {
                        @for item in &shown.items {
                            @let results = shown.declared.results.iter().find(|one| one.contract == item.contract && one.role == item.role);
                            @let figures = results.map(|results| results.figures).unwrap_or_default();
                            tr {
                                td { code { (hidden(&item.contract)) } }
                                td { (item.role.name()) }
                                td { (item.state.name()) }
                                td { (item.run.as_deref().unwrap_or("–")) }
                                td.number { (figures.passed) } td.number { (figures.failed) } td.number { (figures.not_run) }
                            }
                        }
                    }
                }
                p.note { "Runs add themselves: those of " code { "/api/v1/qa/runs" } ", and " code { "anslut qa run PATH --target URL --connection " (shown.view.document.id) } "." }
            }
        }
    }
}

fn log(entries: &[Entry]) -> Markup {
    html! {
        section aria-labelledby="log" {
            h2 #log { "Log" }
            @if entries.is_empty() { p.note { "No step has been taken." } } @else {
                table.contracts {
                    thead { tr { th.number scope="col" { "No" } th scope="col" { "As of" } th scope="col" { "Step" } th scope="col" { "Outcome" } th scope="col" { "Who" } th scope="col" { "Recorded" } } }
                    tbody {
                        @for entry in entries {
                            tr {
                                td.number { (entry.n) }
                                td.when { (entry.at.day()) }
                                td.operation { (entry.event.name()) }
                                td {
                                    @if entry.refused { span.outcome.refused { "refused" } } @else { (entry.from.name()) " → " (entry.to.name()) }
                                    @for failed in &entry.failed { br; (failed.gate) " " (hidden(&failed.message)) }
                                    @for warning in &entry.warnings { br; span.note { (warning.gate) " " (hidden(&warning.message)) } }
                                }
                                td { (hidden(&entry.actor)) }
                                td { (show::time(entry.recorded_at, true)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
