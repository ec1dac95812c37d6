//! The mocked producers' API on the admin listener: paths and shapes are `producers.md` §2.5, §8, §10.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, delete, get, post, put};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Limited};

use super::problem::Problem;
use crate::admin::Admin;
use crate::producers::api::{self, verify};

/// Largest request: a list of many mappings.
const BODY_BYTES_MAX: usize = 128 * 1024 * 1024;

/// The paths under `/api/v1`.
pub(super) fn paths() -> [(&'static str, MethodRouter<Arc<Admin>>); 10] {
    [
        ("/api/v1/producers", get(systems)),
        ("/api/v1/producers/problems", get(problems)),
        ("/api/v1/producers/audit", get(audit)),
        ("/api/v1/patients/entries", get(records).post(add_record).delete(take_record)),
        ("/api/v1/producers/verify", post(verify_requests)),
        ("/api/v1/producers/{system}", put(make)),
        ("/api/v1/producers/{system}/reset", post(reset)),
        ("/api/v1/chaos", get(plan).put(start_plan).delete(stop_plan)),
        ("/api/v1/workspaces", get(workspaces)),
        ("/api/v1/workspaces/{key}", delete(drop_workspace)),
    ]
}

/// WireMock's own paths.
pub(in crate::admin) fn wiremock() -> Router<Arc<Admin>> {
    Router::new()
        .route("/__admin", any(wiremock_call))
        .route("/__admin/{*path}", any(wiremock_call))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn whole(request: Request) -> Result<http::Request<Bytes>, Response> {
    let (parts, body) = request.into_parts();
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok(http::Request::from_parts(parts, body.to_bytes())),
        Err(_) => {
            let text = format!("the body breaks off, or has more than {BODY_BYTES_MAX} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, text).into_response())
        }
    }
}

async fn wiremock_call(State(admin): State<Arc<Admin>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches("/__admin").to_owned();
    match whole(request).await {
        Ok(request) => api::handle(&admin.parts.producers, None, &path, request).await.map(Body::from),
        Err(refused) => refused,
    }
}

async fn own_call(admin: Arc<Admin>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches("/api/v1/").to_owned();
    match whole(request).await {
        Ok(request) => verify::handle(&admin.parts.producers, &path, request).await.map(Body::from),
        Err(refused) => refused,
    }
}

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident: $method:ident $path:literal $(, $parameter:literal: $meaning:literal)* => $answer:literal;)*) => {
        $(
            $(#[$doc])*
            #[cfg_attr(test, utoipa::path(
                $method,
                path = $path,
                tag = "producers",
                params($(($parameter = String, Path, description = $meaning)),*),
                responses(
                    (status = 200, description = $answer, content_type = "application/json"),
                    (status = 401, description = "The call needs the token", body = Problem),
                )
            ))]
            pub(super) async fn $name(State(admin): State<Arc<Admin>>, request: Request) -> Response {
                own_call(admin, request).await
            }
        )*
    };
}

calls! {
    /// The mocked producers
    systems: get "/api/v1/producers" => "Every system with its addresses and how many mappings it has";
    /// What is wrong with the files of the mocked producers, as they are now
    problems: get "/api/v1/producers/problems" => "Every problem with its file and line; a file that cannot be read keeps what it had before";
    /// Compare the records with the engagement index
    audit: get "/api/v1/producers/audit" => "What is missing, stale, orphaned or another care giver's; 409 where the records are not in the index";
    /// The entries of all patient records
    records: get "/api/v1/patients/entries" => "Whose each is, its kind, id and system; system= and kind= select";
    /// Add an entry to somebody's record, or replace it
    add_record: post "/api/v1/patients/entries" => "It is answered, and the index knows of it; 422 says what is wrong with it";
    /// Take an entry out of somebody's record
    take_record: delete "/api/v1/patients/entries" => "It is gone, and the index knows";
    /// Hold the journal against expectations
    verify_requests: post "/api/v1/producers/verify" => "Every expectation is met; 409 names the first that is not, with near misses";
    /// Make a system that has no folder
    make: put "/api/v1/producers/{system}", "system": "Name of the system" => "The system is there";
    /// Begin scenarios and counters anew
    reset: post "/api/v1/producers/{system}/reset", "system": "Name of the system" => "They begin anew";
    /// The chaos plan that runs
    plan: get "/api/v1/chaos" => "Its name, seed and digest";
    /// Start a chaos plan
    start_plan: put "/api/v1/chaos" => "The plan runs";
    /// Stop the chaos plan
    stop_plan: delete "/api/v1/chaos" => "No plan runs";
    /// The workspaces there are
    workspaces: get "/api/v1/workspaces" => "Their keys";
    /// Drop a workspace
    drop_workspace: delete "/api/v1/workspaces/{key}", "key": "Name of the workspace" => "It is gone";
}
