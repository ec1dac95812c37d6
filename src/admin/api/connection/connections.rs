//! Connections, their steps and their log.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[cfg(test)]
use super::Refusals;
use super::body::{patched, read, read_or_default};
use super::{Created, Trouble, created, with_book};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::connection::book::Book;
#[cfg(test)]
use crate::connection::document::Document;
use crate::connection::document::Invoice;
use crate::connection::file::{Arguments, ConnectionFile, Entry};
use crate::connection::moment::Moment;
use crate::connection::next::Guidance;
use crate::connection::refusal::Refusal;
use crate::connection::removal::Removed;
use crate::connection::state::{Event, State as Place};
use crate::connection::steps::{Judged, Wanted};
use crate::connection::view::{self, View};

/// Which connections.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct ConnectionsQuery {
    /// Only of this party
    #[serde(default, deserialize_with = "filled")]
    pub party: Option<String>,
    /// Only of this service
    #[serde(default, deserialize_with = "filled")]
    pub service: Option<String>,
    /// Only in this state
    #[serde(default, deserialize_with = "filled")]
    #[cfg_attr(test, param(value_type = Option<String>))]
    pub state: Option<Place>,
}

impl ConnectionsQuery {
    /// Whether it leaves nothing out.
    pub fn is_empty(&self) -> bool {
        self.party.is_none() && self.service.is_none() && self.state.is_none()
    }
}

/// What a form leaves empty is not asked for.
fn filled<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let text = String::deserialize(deserializer)?;
    match text.trim() {
        "" => Ok(None),
        text => serde_json::from_value(Value::String(text.to_owned())).map(Some).map_err(serde::de::Error::custom),
    }
}

/// The connections that are asked for.
pub(in crate::admin) fn listed(book: &Book, query: &ConnectionsQuery) -> Vec<View> {
    let is = |asked: &Option<String>, own: &str| asked.as_ref().is_none_or(|asked| asked == own);
    let is_meant = |file: &&ConnectionFile| {
        is(&query.party, &file.document.party)
            && is(&query.service, &file.document.service)
            && query.state.is_none_or(|state| file.progress.state == state)
    };
    book.read(|holdings, services| {
        let files = holdings.connections.values().filter(is_meant);
        files.map(|file| view::now(holdings, services, file)).collect()
    })
}

/// As of when.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct AsOf {
    /// As it stood at the end of this day
    #[cfg_attr(test, param(value_type = Option<String>))]
    pub(super) at: Option<Moment>,
}

/// A step that is to be taken, or only judged.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepRequest {
    /// Which.
    event: Event,
    /// Who takes it.
    #[serde(default)]
    actor: Option<String>,
    /// When; now, where nothing is said.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    at: Option<Moment>,
    /// Whether it is only judged, in any state.
    #[serde(default)]
    dry_run: bool,
    /// What the step is given, beside the others.
    #[serde(skip)]
    #[cfg_attr(test, schema(inline))]
    arguments: Arguments,
}

/// What may be done next.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Next {
    /// Where the connection is.
    state: Place,
    /// Each step that may be taken, and what it needs.
    next: Vec<Guidance>,
}

/// Lists connections
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/connections", tag = "connection", params(ConnectionsQuery),
    responses((status = 200, description = "The connections", body = [View]), Refusals)
))]
pub(in crate::admin) async fn list(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<ConnectionsQuery>, QueryRejection>,
) -> Result<Json<Vec<View>>, Trouble> {
    let Query(query) = query.map_err(Problem::from)?;
    with_book(&admin, move |book| Ok(listed(book, &query))).await.map(Json)
}

/// Takes in a connection
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/connections", tag = "connection", request_body = Document,
    responses((status = 201, description = "The connection", body = View), Refusals)
))]
pub(in crate::admin) async fn add(State(admin): State<Arc<Admin>>, body: Bytes) -> Result<Created<View>, Trouble> {
    let document = read(&body)?;
    let view = with_book(&admin, move |book| Ok(book.add_connection(document)?)).await?;
    Ok(created(format!("/api/v1/connections/{}", view.document.id), view))
}

/// Shows a connection, also as it stood
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/connections/{id}", tag = "connection",
    params(("id" = String, Path, description = "The connection"), AsOf),
    responses((status = 200, description = "The connection", body = View), Refusals)
))]
pub(in crate::admin) async fn one(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    query: Result<Query<AsOf>, QueryRejection>,
) -> Result<Json<View>, Trouble> {
    let Query(AsOf { at }) = query.map_err(Problem::from)?;
    let day: Option<Date> = at.map(Moment::day);
    with_book(&admin, move |book| Ok(book.connection(&id, day)?)).await.map(Json)
}

/// Changes what a connection's party wrote, with a merge patch
#[cfg_attr(test, utoipa::path(
    patch, path = "/api/v1/connections/{id}", tag = "connection", request_body = Object,
    params(("id" = String, Path, description = "The connection")),
    responses((status = 200, description = "The connection", body = View), Refusals)
))]
pub(in crate::admin) async fn change(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<View>, Trouble> {
    let patch: Value = read(&body)?;
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.connections.get(&id).map(|file| Arc::clone(&file.document)));
        let changed = known.map(|known| patched(&*known, &patch)).transpose()?;
        Ok(book.change_connection(&id, |known| Ok(changed.unwrap_or_else(|| known.clone())))?)
    })
    .await
    .map(Json)
}

/// Shows a connection's log, refused steps included
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/connections/{id}/events", tag = "connection",
    params(("id" = String, Path, description = "The connection")),
    responses((status = 200, description = "The log, oldest first", body = [Entry]), Refusals)
))]
pub(in crate::admin) async fn events(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Entry>>, Trouble> {
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.connections.get(&id).map(|file| file.entries.clone()));
        Ok(known.ok_or(Refusal::Unknown { what: "connection", id })?)
    })
    .await
    .map(Json)
}

/// Takes a step with a connection, or only judges it
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/connections/{id}/events", tag = "connection", request_body = StepRequest,
    params(("id" = String, Path, description = "The connection")),
    responses(
        (status = 200, description = "The connection; with dryRun what the gates say", body = View),
        (status = 422, description = "The step lies before the last one", body = Problem, content_type = "application/problem+json"),
        Refusals
    )
))]
pub(in crate::admin) async fn step(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Trouble> {
    let request = step_request(&body)?;
    let StepRequest { event, actor, at, dry_run, arguments } = request;
    let wanted = Wanted { event, actor, at, arguments };
    if dry_run {
        let judged: Judged = with_book(&admin, move |book| Ok(book.judge(&id, &wanted)?)).await?;
        return Ok(Json(judged).into_response());
    }
    let view: View = with_book(&admin, move |book| Ok(book.step(&id, &wanted)?)).await?;
    Ok(Json(view).into_response())
}

/// The step of a body: what every step has, and beside it what only some are given.
fn step_request(body: &Bytes) -> Result<StepRequest, Trouble> {
    // Read as a whole first, so that what is no JSON is told by its place.
    let mut fields: Map<String, Value> = read(body)?;
    let own = ["event", "actor", "at", "dryRun"];
    let common: Map<String, Value> =
        own.iter().filter_map(|name| Some(((*name).to_owned(), fields.remove(*name)?))).collect();
    let mut request: StepRequest = read(&Bytes::from(Value::Object(common).to_string()))?;
    request.arguments = read(&Bytes::from(Value::Object(fields).to_string()))?;
    Ok(request)
}

/// Tells what to do next, and which term asks for it
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/connections/{id}/next", tag = "connection",
    params(("id" = String, Path, description = "The connection")),
    responses((status = 200, description = "Each step that may be taken", body = Next), Refusals)
))]
pub(in crate::admin) async fn next(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Next>, Trouble> {
    let (state, next) = with_book(&admin, move |book| Ok(book.next(&id)?)).await?;
    Ok(Json(Next { state, next }))
}

/// When and by whom something is taken away.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RemovalRequest {
    /// Who does it.
    #[serde(default)]
    actor: Option<String>,
    /// When; now, where nothing is said.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    at: Option<Moment>,
}

/// Takes what a connection owns out of catalogues and index
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/connections/{id}/removal", tag = "connection", request_body = RemovalRequest,
    params(("id" = String, Path, description = "The connection")),
    responses((status = 200, description = "How much was taken away", body = Removed), Refusals)
))]
pub(in crate::admin) async fn removal(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Removed>, Trouble> {
    let RemovalRequest { actor, at } = read_or_default(&body)?;
    let wanted = Wanted { event: Event::Removal, actor, at, arguments: Arguments::default() };
    with_book(&admin, move |book| Ok(book.remove(&id, &wanted)?)).await.map(Json)
}

/// Adds an invoice
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/connections/{id}/invoices", tag = "connection", request_body = Invoice,
    params(("id" = String, Path, description = "The connection")),
    responses((status = 201, description = "The invoice", body = Invoice), Refusals)
))]
pub(in crate::admin) async fn invoice(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Invoice>), Trouble> {
    let invoice: Invoice = read(&body)?;
    let invoice = with_book(&admin, move |book| {
        book.add_invoice(&id, invoice.clone())?;
        Ok(invoice)
    });
    Ok((StatusCode::CREATED, Json(invoice.await?)))
}
