//! Incidents.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

#[cfg(test)]
use super::Refusals;
use super::body::{patched, read};
use super::{Created, Trouble, created, with_book};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
#[cfg(test)]
use crate::connection::incident::Report;
use crate::connection::incident::{Incident, IncidentEvent};
use crate::connection::refusal::Refusal;

/// Which incidents.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct IncidentsQuery {
    /// Only of this connection
    connection: Option<String>,
}

/// A step with an incident.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentStepRequest {
    /// Which.
    event: IncidentEvent,
    /// Who takes it.
    #[serde(default)]
    actor: Option<String>,
    /// `close`: parties that have closed their part.
    #[serde(default)]
    closed_by: Option<Vec<String>>,
}

/// Lists incidents
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/incidents", tag = "connection", params(IncidentsQuery),
    responses((status = 200, description = "The incidents", body = [Incident]), Refusals)
))]
pub(in crate::admin) async fn list(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<IncidentsQuery>, QueryRejection>,
) -> Result<Json<Vec<Incident>>, Trouble> {
    let Query(IncidentsQuery { connection }) = query.map_err(Problem::from)?;
    with_book(&admin, move |book| {
        let is_meant =
            |incident: &&Incident| connection.as_ref().is_none_or(|asked| incident.report.connection == *asked);
        Ok(book.read(|holdings, _| holdings.incidents.values().filter(is_meant).cloned().collect()))
    })
    .await
    .map(Json)
}

/// Reports an incident
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/incidents", tag = "connection", request_body = Report,
    responses((status = 201, description = "The incident", body = Incident), Refusals)
))]
pub(in crate::admin) async fn add(State(admin): State<Arc<Admin>>, body: Bytes) -> Result<Created<Incident>, Trouble> {
    let report = read(&body)?;
    let incident = with_book(&admin, move |book| Ok(book.add_incident(report)?)).await?;
    Ok(created(format!("/api/v1/incidents/{}", incident.report.id), incident))
}

/// Shows an incident
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/incidents/{id}", tag = "connection",
    params(("id" = String, Path, description = "The incident")),
    responses((status = 200, description = "The incident", body = Incident), Refusals)
))]
pub(in crate::admin) async fn one(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Incident>, Trouble> {
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.incidents.get(&id).cloned());
        Ok(known.ok_or(Refusal::Unknown { what: "incident", id })?)
    })
    .await
    .map(Json)
}

/// Changes an incident with a merge patch
#[cfg_attr(test, utoipa::path(
    patch, path = "/api/v1/incidents/{id}", tag = "connection", request_body = Object,
    params(("id" = String, Path, description = "The incident")),
    responses((status = 200, description = "The incident", body = Incident), Refusals)
))]
pub(in crate::admin) async fn change(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Incident>, Trouble> {
    let patch: Value = read(&body)?;
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.incidents.get(&id).map(|incident| incident.report.clone()));
        let changed = known.map(|known| patched(&known, &patch)).transpose()?;
        Ok(book.change_incident(&id, |known| Ok(changed.unwrap_or_else(|| known.clone())))?)
    })
    .await
    .map(Json)
}

/// Takes a step with an incident
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/incidents/{id}/events", tag = "connection", request_body = IncidentStepRequest,
    params(("id" = String, Path, description = "The incident")),
    responses((status = 200, description = "The incident", body = Incident), Refusals)
))]
pub(in crate::admin) async fn step(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Incident>, Trouble> {
    let IncidentStepRequest { event, actor, closed_by } = read(&body)?;
    with_book(&admin, move |book| Ok(book.step_incident(&id, event, actor, closed_by)?)).await.map(Json)
}
