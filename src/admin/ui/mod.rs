//! The pages: calls as they happen, one call stage by stage, the explanation of a decision, the service contracts, the
//! catalogue's versions, connections on their road, quality assurance. Everything is rendered here and works without
//! script; the script only adds rows as calls finish.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use maud::{Markup, html};
use rust_embed::RustEmbed;

use super::Admin;
use super::api::problem::Problem;

mod call;
mod calls;
mod catalogue;
mod connections;
mod contracts;
mod decision;
mod explain;
mod fan_out;
mod layout;
mod messages;
mod parameters;
mod quality;
mod show;
mod sign_in;
mod xml;

/// Style sheet, script and mark, compiled in.
#[derive(RustEmbed)]
#[folder = "src/admin/ui/assets"]
struct Assets;

pub(super) fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/", get(calls::page))
        .route("/calls/{id}", get(call::page))
        .route("/catalogue", get(catalogue::page))
        .route("/catalogue/{version}", get(catalogue::version))
        .route("/explain", get(explain::page))
        .route("/contracts", get(contracts::page))
        .route("/contracts/{contract}", get(contracts::one))
        .route("/contracts/{contract}/file", get(contracts::file))
        .route("/connections", get(connections::page))
        .route("/connections/{id}", get(connections::one))
        .route("/qa", get(quality::page))
        .route("/qa/suites/{id}", get(parameters::page))
        .route("/qa/runs/{id}", get(quality::run))
        .route("/qa/sessions/{id}", get(quality::session))
        .route("/sign-in", get(sign_in::page).post(sign_in::enter))
        .route("/assets/{file}", get(asset))
}

async fn asset(file: Result<Path<String>, PathRejection>) -> Response {
    let file = match file {
        Ok(Path(file)) => file,
        Err(rejection) => return Problem::from(rejection).into_response(),
    };
    let kind = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    match Assets::get(&file) {
        Some(asset) => {
            let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
            (headers, asset.data.into_owned()).into_response()
        }
        None => Problem::new(StatusCode::NOT_FOUND, "there is no such file").into_response(),
    }
}

/// A page in the common frame.
fn answer(admin: &Admin, status: StatusCode, title: &str, content: &Markup) -> Response {
    (status, Html(layout::page(&admin.parts, title, content).into_string())).into_response()
}

/// The page that says what could not be shown.
fn refuse(admin: &Admin, problem: &Problem) -> Response {
    let title = problem.status().canonical_reason().unwrap_or("Problem");
    let content = html! {
        h1 { (title) }
        p.notice { (problem.detail()) "." }
        p { a href="/" { "All calls" } }
    };
    answer(admin, problem.status(), title, &content)
}
