//! The page of the catalogue: what is published, what waits, and what each version changed.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use maud::html;

use crate::admin::Admin;
use crate::admin::api::catalogue as api;
use crate::admin::api::problem::Problem;

/// Versions that are shown; the API has all of them.
const VERSIONS_SHOWN: usize = 100;

/// Versions and pending rows.
pub(super) async fn page(State(admin): State<Arc<Admin>>) -> Response {
    let versions = api::versions(State(Arc::clone(&admin))).await.0;
    let pending = match api::pending(State(Arc::clone(&admin))).await {
        Ok(pending) => pending.0,
        Err(problem) => return super::refuse(&admin, &problem),
    };
    let content = html! {
        h1 { "Catalogue" }
        p { "What is published is what every reader sees. Rows are saved by orders and by the API, and wait for their user to publish." }
        h2 { "Waiting" }
        @if pending.is_empty() { p { "No row waits to be published." } } @else {
            table {
                thead { tr { th { "User" } th { "Table" } th { "State" } th { "Row" } th { "Since" } } }
                tbody {
                    @for row in &pending {
                        tr { td { (row.user) } td { (row.table) } td { (row.state) } td { (row.row) } td { (row.time) } }
                    }
                }
            }
        }
        h2 { "Published versions" }
        @if versions.is_empty() { p { "Nothing is published: every call gets VP008." } } @else {
            table {
                thead { tr { th { "Version" } th { "Published" } th { "User" } th { "Comment" } } }
                tbody {
                    @for version in versions.iter().take(VERSIONS_SHOWN) {
                        tr {
                            td { a href={ "/catalogue/" (version.version) } { (version.version) } }
                            td { (version.time) } td { (version.user) } td { (version.comment) }
                        }
                    }
                }
            }
        }
    };
    super::answer(&admin, StatusCode::OK, "Catalogue", &content)
}

/// One version, and what it changed.
pub(super) async fn version(State(admin): State<Arc<Admin>>, path: Result<Path<String>, PathRejection>) -> Response {
    let path = match path {
        Ok(path) => path,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    let shown = match api::version(State(Arc::clone(&admin)), path).await {
        Ok(shown) => shown.0,
        Err(problem) => return super::refuse(&admin, &problem),
    };
    let title = format!("Version {}", shown.info.version);
    let content = html! {
        h1 { (title) }
        p { "Published " (shown.info.time) " by " (shown.info.user) ". " (shown.info.comment) }
        h2 { "Changes" }
        @if shown.report.is_empty() { p { "This is what the catalogue began with." } } @else { pre { (shown.report) } }
        p { a href="/catalogue" { "All versions" } }
    };
    super::answer(&admin, StatusCode::OK, &title, &content)
}
