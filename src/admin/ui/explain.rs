//! The page that asks for a decision before any call is sent.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::decision;
use crate::admin::Admin;
use crate::admin::api::explain::{ExplainQuery, explained};
use crate::admin::api::problem::Problem;

pub(super) async fn page(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<ExplainQuery>, QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    let asked = [&query.contract, &query.address, &query.sender, &query.at, &query.profile];
    let question = asked.iter().any(|value| value.is_some()).then(|| {
        let question = query.question(admin.parts.clock.now())?;
        explained(&admin, query.platform.as_deref(), &question)
    });
    let status = match &question {
        Some(Err(problem)) => problem.status(),
        _ => StatusCode::OK,
    };
    let content = html! {
        h1 { "Explain" }
        p { "Where would a call go, and would it be let through? Every route and permission that counts, and why." }
        (form(&query, &admin))
        @match &question {
            None => {},
            Some(Err(problem)) => p.notice role="alert" { (problem.detail()) "." },
            Some(Ok(found)) => section aria-label="Decision" { (decision::shown(found)) },
        }
    };
    super::answer(&admin, status, "Explain", &content)
}

fn form(query: &ExplainQuery, admin: &Admin) -> Markup {
    let fields = [
        ("contract", "Contract", "urn:riv:…Responder:2", &query.contract, true),
        ("address", "Logical address", "HSA-id", &query.address, true),
        ("sender", "Sender", "HSA-id", &query.sender, true),
        ("at", "Time", "now, or 2026-11-22T10:00:00Z", &query.at, false),
    ];
    let profile = query.profile.as_deref().unwrap_or("");
    html! {
        form.filter action="/explain" method="get" aria-label="Question" {
            @for (name, label, hint, value, required) in fields {
                label.long[name == "contract"] {
                    span { (label) }
                    input name=(name) value=(value.as_deref().unwrap_or("")) placeholder=(hint) required[required] autocomplete="off" spellcheck="false";
                }
            }
            label {
                span { "Profile" }
                select name="profile" {
                    option value="" { "not judged" }
                    @for value in ["rivtabp20", "rivtabp21"] {
                        option value=(value) selected[profile.eq_ignore_ascii_case(value)] { (value) }
                    }
                }
            }
            @if let [_, _, ..] = &admin.parts.platforms[..] {
                label {
                    span { "Platform" }
                    select name="platform" {
                        @for platform in &admin.parts.platforms {
                            option value=(platform.name) selected[query.platform.as_ref() == Some(&platform.name)] { (platform.name) }
                        }
                    }
                }
            }
            div.buttons { button type="submit" { "Explain" } }
        }
    }
}
