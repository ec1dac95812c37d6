//! The form in which a suite asks for what only the customer knows: which patients, units and days, each with the sentence
//! why it is needed (`qa.md` §5.3). What is filled in becomes a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::quality::{items, text};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::admin::within::quality as ask;

/// What is asked for beside parameters.
const ABOUT: [(&str, &str, &str); 3] = [
    ("target", "Target", "where the system under test answers"),
    ("session", "Session", "the session it is made for"),
    ("environment", "Environment", "the platform it is reached in"),
];

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormQuery {
    #[serde(default)]
    generated: bool,
}

/// A parameter, whichever cases it is for.
#[derive(Default)]
struct Asked {
    values: BTreeSet<String>,
    cases: BTreeSet<String>,
    why: (String, String),
}

/// The form of one suite.
pub(super) async fn page(
    State(admin): State<Arc<Admin>>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<FormQuery>, QueryRejection>,
) -> Response {
    let (id, query) = match (id, query) {
        (Ok(Path(id)), Ok(Query(query))) => (id, query),
        (Err(rejection), _) => return super::refuse(&admin, &Problem::from(rejection)),
        (_, Err(rejection)) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    match form(&admin, &id, query.generated).await {
        Ok(content) => super::answer(&admin, StatusCode::OK, &format!("Suite {id}"), &content),
        Err(problem) => super::refuse(&admin, &problem),
    }
}

async fn form(admin: &Admin, id: &str, generated: bool) -> Result<Markup, Problem> {
    let suite = ask(admin, &format!("/suites/{id}")).await?;
    let asked = by_name(&ask(admin, &format!("/suites/{id}/params?generated={generated}")).await?);
    let id = text(&suite["id"]);
    Ok(html! {
        h1 { "Suite " (id) }
        p { @for one in items(&suite["suites"]) { (text(&one["name"])) ", " (text(&one["cases"])) " cases" br; } }
        p {
            @if generated { a href=(format!("/qa/suites/{id}")) { "Only what the suite itself asks for" } }
            @else { a href=(format!("/qa/suites/{id}?generated=true")) { "With the cases that are made from the contract" } }
        }
        form.filter.order data-target="/api/v1/qa/runs" data-suite=(id) autocomplete="off" aria-label="Run" {
            @for (name, label, why) in ABOUT { label { span { (label) ": " (why) } input name=(name) spellcheck="false"; } }
            label { span { "A trial, never evidence" } input type="checkbox" name="preparatory"; }
            @if generated { label hidden { input type="checkbox" name="generated" checked; } }
            @for (name, one) in &asked { (field(name, one)) }
            div.buttons { button type="submit" disabled { "Run" } }
            output.long role="status" {}
        }
        p { "What is left empty is missing: cases that need it are not run. What does not apply to the system is said so, with the reason, and its cases are skipped. \
             Without script: " code { "anslut qa session run" } ", or " code { "anslut qa run " (id) " --set NAME=VALUE" } "." }
        p { a href="/qa" { "Quality assurance" } }
    })
}

fn field(name: &str, asked: &Asked) -> Markup {
    // Several values are left to their cases, unless somebody says one for all.
    let value = match asked.values.len() {
        1 => asked.values.first().map_or("", String::as_str),
        _ => "",
    };
    let several = asked.values.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let cases = asked.cases.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let (sv, en) = &asked.why;
    html! {
        label.long {
            span { b { (name) } @if !en.is_empty() { ": " (en) " · " i lang="sv" { (sv) } } @if !cases.is_empty() { " (" (cases) ")" } }
            input name=(name) data-group="data" value=(value) placeholder=(if value.is_empty() { several.as_str() } else { "" }) spellcheck="false";
            input name=(name) data-group="not_applicable" placeholder="does not apply, because …" aria-label=(format!("{name} does not apply, because"));
        }
    }
}

/// The parameters by their names, in order.
fn by_name(told: &Value) -> BTreeMap<String, Asked> {
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    for one in items(told) {
        let known = asked.entry(text(&one["name"])).or_default();
        known.values.insert(text(&one["value"]));
        known.cases.extend(one["case"].as_str().map(str::to_owned));
        known.why = (text(&one["why"]["sv"]), text(&one["why"]["en"]));
    }
    asked
}
