//! The page of the catalogue: what is published, what waits, and what each version changed.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use crate::admin::Admin;
use crate::admin::api::catalogue::{self as api, PlatformQuery};
use crate::admin::api::problem::Problem;
use crate::admin::api::query_of;

/// Versions that are shown; the API has all of them.
const VERSIONS_SHOWN: usize = 100;

/// Versions and pending rows.
pub(super) async fn page(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<PlatformQuery>, QueryRejection>,
) -> Response {
    match content(&admin, query).await {
        Ok(content) => super::answer(&admin, StatusCode::OK, "Catalogue", &content),
        Err(problem) => super::refuse(&admin, &problem),
    }
}

async fn content(admin: &Arc<Admin>, query: Result<Query<PlatformQuery>, QueryRejection>) -> Result<Markup, Problem> {
    let Query(query) = query?;
    let platform = &admin.platform(query.platform.as_deref())?.name;
    let asked = || Ok(Query(PlatformQuery { platform: Some(platform.clone()) }));
    let versions = api::versions(State(Arc::clone(admin)), asked()).await?.0;
    let pending = api::pending(State(Arc::clone(admin)), asked()).await?.0;
    let several = admin.parts.platforms.len() > 1;
    Ok(html! {
        h1 { "Catalogue" }
        @if several {
            p {
                "Of " strong { (platform) } ". "
                @for other in admin.parts.platforms.iter().filter(|other| other.name != *platform) {
                    a href=(link(admin, "/catalogue", &other.name)) { (other.name) }
                }
            }
        }
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
                            td { a href=(link(admin, &format!("/catalogue/{}", version.version), platform)) { (version.version) } }
                            td { (version.time) } td { (version.user) } td { (version.comment) }
                        }
                    }
                }
            }
        }
    })
}

/// A page about one of several platforms.
fn link(admin: &Admin, path: &str, platform: &str) -> String {
    match admin.parts.platforms.len() {
        1 => path.to_owned(),
        _ => format!("{path}?{}", query_of([("platform", platform)].into_iter())),
    }
}

/// One version, and what it changed.
pub(super) async fn version(
    State(admin): State<Arc<Admin>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<PlatformQuery>, QueryRejection>,
) -> Response {
    let path = match path {
        Ok(path) => path,
        Err(rejection) => return super::refuse(&admin, &Problem::from(rejection)),
    };
    let shown = match api::version(State(Arc::clone(&admin)), path, query).await {
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
