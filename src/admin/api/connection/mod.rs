//! The road to a connection (`connection-api.md`): parties and their papers, services, connections and their steps,
//! incidents, price and availability. Handlers read and show; everything is decided in `connection`.

mod body;
pub mod connections;
pub mod incidents;
pub mod papers;
pub mod parties;
pub mod quality;
pub mod services;
pub mod sums;

use std::sync::Arc;

use axum::Json;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, patch, post};
use http::{StatusCode, header};
use serde::Serialize;

use super::problem::Problem;
use crate::admin::Admin;
use crate::admin::hide::hidden;
use crate::connection::book::Book;
use crate::connection::gates::Failed;
use crate::connection::refusal::{Refusal, Refused};

/// Largest request body, in bytes: a list of caregivers has a row for each of them.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Every path with its methods.
pub(super) fn paths() -> Vec<(&'static str, MethodRouter<Arc<Admin>>)> {
    let paths = vec![
        ("/api/v1/parties", get(parties::list).post(parties::add)),
        ("/api/v1/parties/{id}", get(parties::one).patch(parties::change)),
        ("/api/v1/parties/{id}/contacts", get(parties::contacts).put(parties::put_contacts)),
        ("/api/v1/parties/{id}/caregivers", get(parties::caregivers).put(parties::put_caregivers)),
        ("/api/v1/parties/{id}/components", get(parties::components).put(parties::put_components)),
        ("/api/v1/parties/{id}/assignments", get(parties::assignments).put(parties::put_assignments)),
        ("/api/v1/agreements", get(papers::agreements).post(papers::add_agreement)),
        ("/api/v1/agreements/{id}", patch(papers::change_agreement).get(papers::agreement)),
        ("/api/v1/orders", get(papers::orders).post(papers::add_order)),
        ("/api/v1/orders/{id}", get(papers::order)),
        ("/api/v1/orders/{id}/events", post(papers::step_order)),
        ("/api/v1/services", get(services::list)),
        ("/api/v1/services/{id}", get(services::one)),
        ("/api/v1/services/{id}/operator", post(services::operator)),
        ("/api/v1/connections", get(connections::list).post(connections::add)),
        ("/api/v1/connections/{id}", get(connections::one).patch(connections::change)),
        ("/api/v1/connections/{id}/events", get(connections::events).post(connections::step)),
        ("/api/v1/connections/{id}/next", get(connections::next)),
        ("/api/v1/connections/{id}/removal", post(connections::removal)),
        ("/api/v1/connections/{id}/invoices", post(connections::invoice)),
        ("/api/v1/connections/{id}/runs", get(quality::runs).post(quality::add_run)),
        ("/api/v1/connections/{id}/qa", get(quality::items)),
        ("/api/v1/connections/{id}/declaration", get(quality::declaration).put(quality::put_declaration)),
        ("/api/v1/incidents", get(incidents::list).post(incidents::add)),
        ("/api/v1/incidents/{id}", get(incidents::one).patch(incidents::change)),
        ("/api/v1/incidents/{id}/events", post(incidents::step)),
        ("/api/v1/price", post(sums::price)),
        ("/api/v1/availability", post(sums::availability)),
    ];
    paths.into_iter().map(|(path, methods)| (path, methods.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))).collect()
}

/// A step that gates or the state refuse.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct GateProblem {
    /// `urn:anslut:gates-failed` or `urn:anslut:illegal-event`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The same in words.
    title: &'static str,
    /// Always 409.
    status: u16,
    /// What is wrong, in one sentence.
    detail: String,
    /// The step.
    event: String,
    /// Where things are.
    state: String,
    /// What may be done there.
    allowed: Vec<String>,
    /// Every gate that refuses the step, in order.
    failed: Vec<Failed>,
    /// Gates that fail and refuse nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Failed>,
}

impl From<Refused> for GateProblem {
    fn from(refused: Refused) -> Self {
        let (kind, title) = match refused.illegal {
            true => ("urn:anslut:illegal-event", "illegal event"),
            false => ("urn:anslut:gates-failed", "gates failed"),
        };
        let detail = refused.detail();
        let Refused { event, state, allowed, failed, warnings, .. } = refused;
        Self { kind, title, status: StatusCode::CONFLICT.as_u16(), detail, event, state, allowed, failed, warnings }
    }
}

/// What is answered when something is not done.
#[derive(Debug)]
pub(in crate::admin) enum Trouble {
    /// Gates refuse it.
    Gates(Box<GateProblem>),
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::Unknown { .. } => StatusCode::NOT_FOUND,
            Refusal::Field { .. } => StatusCode::BAD_REQUEST,
            Refusal::Taken { .. } | Refusal::Conflict(_) | Refusal::Full { .. } => StatusCode::CONFLICT,
            Refusal::Earlier { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Platform(_) | Refusal::Log(_) => {
                tracing::error!(error = &refusal as &dyn std::error::Error, "a connection's step was not finished");
                StatusCode::SERVICE_UNAVAILABLE
            }
            Refusal::Gates(_) => StatusCode::CONFLICT,
        };
        match refusal {
            Refusal::Gates(refused) => Self::Gates(Box::new((*refused).into())),
            other => Self::Problem(Problem::new(status, hidden(&other.to_string()))),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Gates(problem) => {
                let body = serde_json::to_string(&problem).expect("texts and lists always serialise");
                (StatusCode::CONFLICT, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
            }
        }
    }
}

/// What every handler may answer instead of a result.
#[cfg(test)]
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it only describes")]
pub(in crate::admin) enum Refusals {
    /// A field is unknown or malformed; it is named
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The token is missing or wrong
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorised(Problem),
    /// There is nothing of that id
    #[response(status = 404, content_type = "application/problem+json")]
    Unknown(Problem),
    /// The id is taken, or gates or the state refuse it
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(GateProblem),
}

/// Something new, and where it is.
type Created<T> = (StatusCode, [(header::HeaderName, String); 1], Json<T>);

fn created<T>(place: String, made: T) -> Created<T> {
    (StatusCode::CREATED, [(header::LOCATION, place)], Json(made))
}

/// Works with the book beside the calls: its log is on a disk.
pub(in crate::admin) async fn with_book<T: Send + 'static>(
    admin: &Arc<Admin>,
    work: impl FnOnce(&Book) -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let book = Arc::clone(&admin.parts.connections);
    match tokio::task::spawn_blocking(move || work(&book)).await {
        Ok(done) => done,
        Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the book of connections failed").into()),
    }
}
