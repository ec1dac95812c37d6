//! The pages of quality assurance: runs with their verdicts, cases that wait, sessions with their plans and deviations.
//! They show what `/api/v1/qa/**` answers, as anybody may ask it.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::admin::within::quality as ask;

/// Rows of a table; the API has all of them.
const ROWS_SHOWN: usize = 200;

/// Runs, what waits, and sessions.
pub(super) async fn page(State(admin): State<Arc<Admin>>) -> Response {
    match overview(&admin).await {
        Ok(content) => super::answer(&admin, StatusCode::OK, "Quality assurance", &content),
        Err(problem) => super::refuse(&admin, &problem),
    }
}

/// One session.
pub(super) async fn session(State(admin): State<Arc<Admin>>, id: Result<Path<String>, PathRejection>) -> Response {
    let id = match id {
        Ok(Path(id)) => id,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    match one(&admin, &id).await {
        Ok(content) => super::answer(&admin, StatusCode::OK, &format!("Session {id}"), &content),
        Err(problem) => super::refuse(&admin, &problem),
    }
}

/// One run.
pub(super) async fn run(State(admin): State<Arc<Admin>>, id: Result<Path<String>, PathRejection>) -> Response {
    let id = match id {
        Ok(Path(id)) => id,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    match finished(&admin, &id).await {
        Ok(content) => super::answer(&admin, StatusCode::OK, &format!("Run {id}"), &content),
        Err(problem) => super::refuse(&admin, &problem),
    }
}

async fn overview(admin: &Admin) -> Result<Markup, Problem> {
    let (runs, waiting, sessions) =
        (ask(admin, "/runs").await?, ask(admin, "/waiting").await?, ask(admin, "/sessions").await?);
    let suites = ask(admin, "/suites").await?;
    Ok(html! {
        h1 { "Quality assurance" }
        p { "Test cases of service contracts, run against a system before it may connect." }
        h2 { "Waiting" }
        (table(&waiting, "No case waits for a call or for somebody's word.", &["Case", "State", "Waits for", "Seconds left", "Seen", "Almost"], |one| html! {
            td { (text(&one["suite"])) " / " (text(&one["case"])) }
            td { (text(&one["state"])) @if one["state"] == "EXPIRED" { br; "anslut qa session rearm " (text(&one["id"])) } }
            td { (waited_for(one)) }
            td.number { (text(&one["remaining_seconds"])) }
            td.number { @if one["for"] == "call" { (text(&one["seen"])) " of " (text(&one["of"])) } }
            td { @for near in items(&one["near_misses"]) { (text(near)) br; } }
        }))
        h2 { "Sessions" }
        (table(&sessions, "Nobody has begun a session: anslut qa session add.", &["Session", "State", "Party", "Role", "Contract", "Due"], |one| html! {
            td { a href=(format!("/qa/sessions/{}", text(&one["id"]))) { (text(&one["id"])) } }
            td { (text(&one["state"])) } td { (text(&one["party"])) } td { (text(&one["role"])) }
            td { (text(&one["contract"])) } td { (text(&one["due"])) " " (text(&one["warning"])) }
        }))
        h2 { "Suites" }
        (table(&suites, "No suite has been handed in: anslut qa suites import.", &["Suite", "Called", "Tests", "Cases"], |one| html! {
            td { a href=(format!("/qa/suites/{}", text(&one["id"]))) { (text(&one["id"])) } }
            td { (text(&one["name"])) }
            td { @for suite in items(&one["suites"]) { (text(&suite["name"])) br; } }
            td.number { @for suite in items(&one["suites"]) { (text(&suite["cases"])) br; } }
        }))
        h2 { "Runs" }
        (table(&runs, "No suite has been run here.", &["Run", "Verdict", "Suites", "Passed", "Began"], |one| html! {
            td { a href=(format!("/qa/runs/{}", text(&one["id"]))) { (text(&one["id"])) } }
            td { @if one["verdict"].is_string() { (verdict(&one["verdict"])) } @else { (text(&one["state"])) } @if one["preparatory"] == true { " preparatory" } }
            td { (joined(&one["suites"])) }
            td.number { @if one["totals"].is_object() { (text(&one["totals"]["pass"])) " of " (text(&one["totals"]["cases"])) } }
            td.when { (text(&one["started"])) }
        }))
    })
}

/// What a case waits for: for a call, all that somebody needs who is to make it.
fn waited_for(one: &Value) -> Markup {
    let call = &one["call"];
    let known = ["logical_address", "patient"].into_iter().filter(|name| call[*name].is_string());
    html! {
        (text(&one["reason"]))
        @for name in known { ", " (name.replace('_', " ")) " " (text(&call[name])) }
        @if one["ask"].is_string() { br; (text(&one["ask"])) }
        @if !items(&call["to"]).is_empty() { br; "to " (joined(&call["to"])) }
        @if call["message"].is_string() {
            details { summary { "such a message" } pre { (text(&call["message"])) } }
        }
    }
}

async fn one(admin: &Admin, id: &str) -> Result<Markup, Problem> {
    let session = ask(admin, &format!("/sessions/{id}")).await?;
    let plan = ask(admin, &format!("/sessions/{id}/plan")).await?;
    let evidence = ask(admin, &format!("/sessions/{id}/evidence")).await?;
    let deviations = ask(admin, &format!("/deviations?session={id}")).await?;
    let facts =
        ["state", "party", "system", "contract", "role", "service", "environment", "decision", "due", "warning"];
    Ok(html! {
        h1 { "Session " (id) }
        section {
            dl.facts {
                @for name in facts.into_iter().filter(|name| !session[*name].is_null()) {
                    div { dt { (name) } dd { (text(&session[name])) } }
                }
                div { dt { "next" } dd { (joined(&session["allowed"])) } }
            }
        }
        h2 { "Plan" }
        (table(&plan["cases"], "No cases are planned.", &["Case", "Status", "Result that counts", "Run", "Why"], |one| html! {
            td { (text(&one["case"])) } td { (text(&one["status"])) } td { (verdict(&one["verdict"])) }
            td { a href=(format!("/qa/runs/{}", text(&one["run"]))) { (text(&one["run"])) } }
            td { (text(&one["reason"])) " " (text(&one["comment"])) }
        }))
        h2 { "Deviations" }
        (table(&deviations, "There are no deviations.", &["Deviation", "Class", "Status", "Due", "What"], |one| html! {
            td { (text(&one["id"])) } td { (text(&one["class"])) } td { (text(&one["status"])) } td { (text(&one["due"])) }
            td { (text(&one["title"])) }
        }))
        h2 { "Gates of a connection" }
        (table(&evidence["gates"], "There are none.", &["Gate", "Met", "Missing"], |one| html! {
            td { (text(&one["gate"])) } td { @if one["satisfied"] == true { "yes" } @else { "no" } } td { (joined(&one["missing"])) }
        }))
        h2 { "Comments" }
        @if items(&session["comments"]).is_empty() { p { "Nobody has said anything." } }
        @for comment in items(&session["comments"]) { p { (text(&comment["by"])) ", " (text(&comment["at"])) ": " (text(&comment["text"])) } }
        p { a href="/qa" { "Quality assurance" } }
    })
}

async fn finished(admin: &Admin, id: &str) -> Result<Markup, Problem> {
    let run = ask(admin, &format!("/runs/{id}")).await?;
    let report = format!("/api/v1/qa/runs/{id}/report");
    Ok(html! {
        div.title { h1 { "Run " (id) } p { (text(&run["state"])) " " (verdict(&run["verdict"])) } }
        @if run["state"] == "finished" {
            p {
                a href=(format!("{report}?format=html&lang=en")) { "Whole report" } " · "
                a href=(format!("{report}?format=html&lang=sv")) lang="sv" { "Hela rapporten" } " · "
                a href=(format!("{report}?format=junit")) { "JUnit" } " · "
                a href=(format!("{report}?format=declaration")) { "Declaration" } " · "
                a href=(format!("/api/v1/qa/runs/{id}/bundle")) { "Bundle of evidence" }
            }
        }
        (table(&run["cases"], "No case has ended yet.", &["Case", "Verdict", "Themes", "Milliseconds", "Why"], |one| html! {
            td { (text(&one["suite"])) " / " (text(&one["name"])) }
            td { (verdict(&one["verdict"])) @if one["override"].is_object() { " decided " (verdict(&one["override"]["verdict"])) } }
            td { (joined(&one["themes"])) }
            td.number { (text(&one["ms"])) }
            td { (text(&one["reason"])) }
        }))
        p { a href="/qa" { "Quality assurance" } }
    })
}

/// A table with a row for each, or what to say where there is none.
fn table(all: &Value, none: &str, heads: &[&str], row: impl Fn(&Value) -> Markup) -> Markup {
    let all = items(all);
    html! {
        @if all.is_empty() { p { (none) } } @else {
            table.calls {
                thead { tr { @for head in heads { th { (head) } } } }
                tbody { @for one in all.iter().take(ROWS_SHOWN) { tr { (row(one)) } } }
            }
        }
    }
}

pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn joined(value: &Value) -> String {
    items(value).iter().map(text).collect::<Vec<_>>().join(", ")
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A verdict in words, with the colour of what it means.
fn verdict(value: &Value) -> Markup {
    let word = value.as_str().unwrap_or_default();
    let class = match word {
        "pass" => "outcome passed",
        "fail" | "error" => "outcome refused",
        _ => "outcome",
    };
    html! { @if !word.is_empty() { span class=(class) { (word) } } }
}
