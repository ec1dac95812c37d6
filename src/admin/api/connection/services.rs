//! The services that can be connected to.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;

#[cfg(test)]
use super::Refusals;
use super::body::read;
use super::{Trouble, with_book};
use crate::admin::Admin;
use crate::connection::holdings::Operator;
use crate::connection::refusal::Refusal;
use crate::connection::services::profile::ServiceProfile;

/// Lists the services
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/services", tag = "connection",
    responses((status = 200, description = "The services", body = [Object]), Refusals)
))]
pub(in crate::admin) async fn list(State(admin): State<Arc<Admin>>) -> Json<Vec<ServiceProfile>> {
    Json(admin.parts.connections.services().iter().cloned().collect())
}

/// Shows a service
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/services/{id}", tag = "connection",
    params(("id" = String, Path, description = "The service")),
    responses((status = 200, description = "The service's profile", body = Object), Refusals)
))]
pub(in crate::admin) async fn one(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<ServiceProfile>, Trouble> {
    let known = admin.parts.connections.services().get(&id).cloned();
    Ok(Json(known.ok_or(Refusal::Unknown { what: "service", id })?))
}

/// Says who operates a service in Inera's place
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/services/{id}/operator", tag = "connection", request_body = Operator,
    params(("id" = String, Path, description = "The service")),
    responses((status = 200, description = "The operator", body = Operator), Refusals)
))]
pub(in crate::admin) async fn operator(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Operator>, Trouble> {
    let operator = read(&body)?;
    with_book(&admin, move |book| Ok(book.put_operator(&id, operator)?)).await.map(Json)
}
