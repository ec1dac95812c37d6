//! The calls in the ring: a list, and each in full.

use std::cell::Cell;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Serialize;

use super::exchange::Exchange;
use super::filter::{Filter, FilterQuery};
use super::problem::Problem;
use super::summary::Summary;
use crate::admin::Admin;
use crate::hub::exchange::CallRecord;
use crate::hub::records::Records;

/// The newest calls that a query wants.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ExchangeList {
    /// Newest first.
    pub exchanges: Vec<Summary>,
}

/// Lists finished calls, newest first
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/exchanges", tag = "exchanges", params(FilterQuery),
    responses(
        (status = 200, description = "The calls", body = ExchangeList),
        (status = 400, description = "A parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn list(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<FilterQuery>, QueryRejection>,
) -> Result<Json<ExchangeList>, Problem> {
    let filter = query?.understood()?;
    let exchanges = newest(&admin.parts.records, &filter).iter().map(|call| Summary::of(call)).collect();
    Ok(Json(ExchangeList { exchanges }))
}

/// Shows everything about one call
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/exchanges/{id}", tag = "exchanges",
    params(("id" = u64, Path, description = "The call's number")),
    responses(
        (status = 200, description = "The call", body = Exchange),
        (status = 400, description = "The id is not a number", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such call, or it has left the ring", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn one(
    State(admin): State<Arc<Admin>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Exchange>, Problem> {
    let Path(id) = id?;
    Ok(Json(Exchange::of(&*find(&admin.parts.records, &id)?)))
}

/// The record with this number.
pub(in crate::admin) fn find(records: &Records, id: &str) -> Result<Arc<CallRecord>, Problem> {
    let number = id.parse().map_err(|_| Problem::parameter("id", id, "the id of a call, a whole number"))?;
    records.find(number).ok_or_else(|| {
        let text = format!("there is no call {number}: it never was, or newer calls have taken its place");
        Problem::new(StatusCode::NOT_FOUND, text).named("id", id).expected("the id of a call /api/v1/exchanges lists")
    })
}

/// The newest calls that a filter wants, newest first.
pub(in crate::admin) fn newest(records: &Records, filter: &Filter) -> Vec<Arc<CallRecord>> {
    let Some(since) = filter.since_id else { return records.newest(filter.limit, |call| filter.wants(call)) };
    // Numbers are given when a call arrives, records kept when it ends: a long call comes after calls with larger
    // numbers. So the place in the ring counts, and the number only where that place is gone.
    if records.find(since).is_none() {
        return records.newest(filter.limit, |call| call.id > since && filter.wants(call));
    }
    let known = Cell::new(false);
    records.newest(filter.limit, |call| {
        known.set(known.get() || call.id == since);
        !known.get() && filter.wants(call)
    })
}
