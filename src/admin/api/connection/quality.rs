//! Quality assurance of a connection: runs, items and the self-declaration.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use bytes::Bytes;

#[cfg(test)]
use super::Refusals;
use super::body::read;
use super::connections::AsOf;
use super::{Created, Trouble, created, with_book};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
#[cfg(test)]
use crate::connection::document::Declaration;
use crate::connection::document::Run;
use crate::connection::file::ConnectionFile;
use crate::connection::moment::Moment;
use crate::connection::qa_item::{self, Item};
use crate::connection::refusal::Refusal;
use crate::connection::view::{self, Declared};

/// Something of a connection that must be there.
async fn of_connection<T: Send + 'static>(
    admin: &Arc<Admin>,
    id: String,
    look: impl FnOnce(&ConnectionFile) -> T + Send + 'static,
) -> Result<Json<T>, Trouble> {
    with_book(admin, move |book| {
        let seen = book.read(|holdings, _| holdings.connections.get(&id).map(look));
        Ok(seen.ok_or(Refusal::Unknown { what: "connection", id })?)
    })
    .await
    .map(Json)
}

/// Lists the runs of a connection
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/connections/{id}/runs", tag = "connection",
    params(("id" = String, Path, description = "The connection")),
    responses((status = 200, description = "The runs, oldest first", body = [Run]), Refusals)
))]
pub(in crate::admin) async fn runs(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Run>>, Trouble> {
    of_connection(&admin, id, |file| file.runs.clone()).await
}

/// Hands in a run of test cases
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/connections/{id}/runs", tag = "connection", request_body = Run,
    params(("id" = String, Path, description = "The connection")),
    responses((status = 201, description = "The run", body = Run), Refusals)
))]
pub(in crate::admin) async fn add_run(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Created<Run>, Trouble> {
    let run = read(&body)?;
    let place = format!("/api/v1/connections/{id}/runs");
    let run = with_book(&admin, move |book| Ok(book.add_run(&id, run)?)).await?;
    Ok(created(format!("{place}/{}", run.id), run))
}

/// Shows how far each contract has come in each role
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/connections/{id}/qa", tag = "connection",
    params(("id" = String, Path, description = "The connection"), AsOf),
    responses((status = 200, description = "One item a contract and role", body = [Item]), Refusals)
))]
pub(in crate::admin) async fn items(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    query: Result<Query<AsOf>, QueryRejection>,
) -> Result<Json<Vec<Item>>, Trouble> {
    let Query(AsOf { at }) = query.map_err(Problem::from)?;
    let now = Moment::Instant(admin.parts.clock.now());
    // Steps may be told of as of days long past: without a day, a connection is as old as its last step.
    let day = move |file: &ConnectionFile| at.or_else(|| file.last_at()).unwrap_or(now).day();
    of_connection(&admin, id, move |file| qa_item::items(file, day(file))).await
}

/// Shows the self-declaration, with what the runs add to it
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/connections/{id}/declaration", tag = "connection",
    params(("id" = String, Path, description = "The connection")),
    responses((status = 200, description = "The self-declaration", body = Declared), Refusals)
))]
pub(in crate::admin) async fn declaration(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Declared>, Trouble> {
    of_connection(&admin, id, view::declared).await
}

/// Replaces the self-declaration
#[cfg_attr(test, utoipa::path(
    put, path = "/api/v1/connections/{id}/declaration", tag = "connection", request_body = Declaration,
    params(("id" = String, Path, description = "The connection")),
    responses((status = 200, description = "The self-declaration", body = Declared), Refusals)
))]
pub(in crate::admin) async fn put_declaration(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Declared>, Trouble> {
    let declaration = read(&body)?;
    with_book(&admin, move |book| Ok(book.put_declaration(&id, declaration)?)).await.map(Json)
}
