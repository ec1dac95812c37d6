//! Agreements and orders.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use bytes::Bytes;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

#[cfg(test)]
use super::Refusals;
use super::body::{patched, read};
use super::{Created, Trouble, created, with_book};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::connection::agreement::Agreement;
use crate::connection::moment::Moment;
use crate::connection::order::{Order, OrderEvent, OrderType};
use crate::connection::refusal::Refusal;

/// Whose.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct OfParty {
    /// Only of this party
    party: Option<String>,
}

/// Lists agreements
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/agreements", tag = "connection", params(OfParty),
    responses((status = 200, description = "The agreements", body = [Agreement]), Refusals)
))]
pub(in crate::admin) async fn agreements(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<OfParty>, QueryRejection>,
) -> Result<Json<Vec<Agreement>>, Trouble> {
    let Query(OfParty { party }) = query.map_err(Problem::from)?;
    with_book(&admin, move |book| {
        let is_meant = |agreement: &&Agreement| party.as_ref().is_none_or(|party| agreement.party == *party);
        Ok(book.read(|holdings, _| holdings.agreements.values().filter(is_meant).cloned().collect()))
    })
    .await
    .map(Json)
}

/// Takes in an agreement
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/agreements", tag = "connection", request_body = Agreement,
    responses((status = 201, description = "The agreement", body = Agreement), Refusals)
))]
pub(in crate::admin) async fn add_agreement(
    State(admin): State<Arc<Admin>>,
    body: Bytes,
) -> Result<Created<Agreement>, Trouble> {
    let agreement = read(&body)?;
    let agreement = with_book(&admin, move |book| Ok(book.add_agreement(agreement)?)).await?;
    Ok(created(format!("/api/v1/agreements/{}", agreement.id), agreement))
}

/// Shows an agreement
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/agreements/{id}", tag = "connection",
    params(("id" = String, Path, description = "The agreement")),
    responses((status = 200, description = "The agreement", body = Agreement), Refusals)
))]
pub(in crate::admin) async fn agreement(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Agreement>, Trouble> {
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.agreements.get(&id).cloned());
        Ok(known.ok_or(Refusal::Unknown { what: "agreement", id })?)
    })
    .await
    .map(Json)
}

/// Changes an agreement with a merge patch
#[cfg_attr(test, utoipa::path(
    patch, path = "/api/v1/agreements/{id}", tag = "connection", request_body = Object,
    params(("id" = String, Path, description = "The agreement")),
    responses((status = 200, description = "The agreement", body = Agreement), Refusals)
))]
pub(in crate::admin) async fn change_agreement(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Agreement>, Trouble> {
    let patch: Value = read(&body)?;
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.agreements.get(&id).cloned());
        let changed = known.map(|known| patched(&known, &patch)).transpose()?;
        Ok(book.change_agreement(&id, |known| Ok(changed.unwrap_or_else(|| known.clone())))?)
    })
    .await
    .map(Json)
}

/// What is ordered.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// Its id; the server makes one where there is none.
    #[serde(default)]
    id: String,
    /// Who orders.
    party: String,
    /// Which service.
    service: String,
    /// New or more.
    #[serde(rename = "type", default)]
    kind: OrderType,
    /// The day of the order; today, where there is none.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    at: Option<Date>,
}

/// What is done with an order.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OrderStep {
    /// What.
    event: OrderEvent,
    /// Who does it.
    #[serde(default, alias = "by")]
    actor: Option<String>,
    /// When; now, where nothing is said.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    at: Option<Moment>,
}

/// Lists orders
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/orders", tag = "connection", params(OfParty),
    responses((status = 200, description = "The orders", body = [Order]), Refusals)
))]
pub(in crate::admin) async fn orders(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<OfParty>, QueryRejection>,
) -> Result<Json<Vec<Order>>, Trouble> {
    let Query(OfParty { party }) = query.map_err(Problem::from)?;
    with_book(&admin, move |book| {
        let is_meant = |order: &&Order| party.as_ref().is_none_or(|party| order.party == *party);
        Ok(book.read(|holdings, _| holdings.orders.values().filter(is_meant).cloned().collect()))
    })
    .await
    .map(Json)
}

/// Orders a service
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/orders", tag = "connection", request_body = OrderRequest,
    responses((status = 201, description = "The order", body = Order), Refusals)
))]
pub(in crate::admin) async fn add_order(
    State(admin): State<Arc<Admin>>,
    body: Bytes,
) -> Result<Created<Order>, Trouble> {
    let OrderRequest { id, party, service, kind, at } = read(&body)?;
    let order = with_book(&admin, move |book| Ok(book.add_order(&id, &party, &service, kind, at)?)).await?;
    Ok(created(format!("/api/v1/orders/{}", order.id), order))
}

/// Shows an order
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/orders/{id}", tag = "connection", params(("id" = String, Path, description = "The order")),
    responses((status = 200, description = "The order", body = Order), Refusals)
))]
pub(in crate::admin) async fn order(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Order>, Trouble> {
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.orders.get(&id).cloned());
        Ok(known.ok_or(Refusal::Unknown { what: "order", id })?)
    })
    .await
    .map(Json)
}

/// Takes a step with an order
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/orders/{id}/events", tag = "connection", request_body = OrderStep,
    params(("id" = String, Path, description = "The order")),
    responses((status = 200, description = "The order", body = Order), Refusals)
))]
pub(in crate::admin) async fn step_order(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Order>, Trouble> {
    let OrderStep { event, actor, at } = read(&body)?;
    let by = actor.unwrap_or_else(|| event.usual_actor().to_owned());
    with_book(&admin, move |book| Ok(book.step_order(&id, event, &by, at.map(Moment::day))?)).await.map(Json)
}
