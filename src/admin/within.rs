//! Questions from one part of the listener to what others bring to it: over their own paths, as anybody may ask them.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;

use super::Admin;
use super::api::problem::Problem;

/// What quality assurance answers at a path below `/api/v1/qa`.
pub(super) async fn quality(admin: &Admin, path: &str) -> Result<Value, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "there is no such thing");
    let request = Request::get(format!("/api/v1/qa{path}")).body(Body::empty()).map_err(|_| unknown())?;
    // A router that holds everything it needs answers always.
    let Ok(answer) = TowerToHyperService::new(admin.beside.router.clone()).call(request).await;
    let status = answer.status();
    let bytes = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match told["detail"].as_str() {
        _ if status.is_success() => Ok(told),
        Some(detail) => Err(Problem::new(status, detail)),
        None => Err(unknown()),
    }
}
