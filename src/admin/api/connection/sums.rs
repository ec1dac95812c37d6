//! What connecting costs, and how available a service was.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

#[cfg(test)]
use super::Refusals;
use super::Trouble;
use super::body::read;
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::connection::availability::{self, Availability, Question};
use crate::connection::price::{self, Price, PriceLine};

/// What is to be connected.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceRequest {
    /// Each contract, service and role.
    lines: Vec<PriceLine>,
}

/// Tells what quality assurance of connections costs
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/price", tag = "connection", request_body = PriceRequest,
    responses((status = 200, description = "The fee", body = Price), Refusals)
))]
pub(in crate::admin) async fn price(State(admin): State<Arc<Admin>>, body: Bytes) -> Result<Json<Price>, Trouble> {
    let PriceRequest { lines } = read(&body)?;
    Ok(Json(price::of(admin.parts.connections.services(), &lines)))
}

/// Tells how available a service was in a month
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/availability", tag = "connection", request_body = Question,
    responses((status = 200, description = "Percent, and whether the target was met", body = Availability), Refusals)
))]
pub(in crate::admin) async fn availability(
    State(admin): State<Arc<Admin>>,
    body: Bytes,
) -> Result<Json<Availability>, Trouble> {
    let question: Question = read(&body)?;
    let told = availability::of(admin.parts.connections.services(), &question);
    Ok(Json(told.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?))
}
