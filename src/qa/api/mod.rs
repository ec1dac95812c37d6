//! `/api/v1/qa`: suites, runs, sessions, deviations and mutants over HTTP (`qa.md` §8.7). `app` mounts these paths on the
//! admin listener, which guards them as it does its own.

mod deviations;
mod problem;
mod runs;
mod sessions;
mod suites;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, patch, post};

use super::desk::{Desk, SUITE_BYTES_MAX};

/// Every path with its handlers.
pub fn router(desk: Arc<Desk>) -> Router {
    let take = post(suites::take).layer(DefaultBodyLimit::max(SUITE_BYTES_MAX));
    Router::new()
        .route("/api/v1/qa/suites", get(suites::list).merge(take))
        .route("/api/v1/qa/suites/{id}", get(suites::one).delete(suites::remove))
        .route("/api/v1/qa/suites/{id}/cases", get(suites::cases))
        .route("/api/v1/qa/suites/{id}/check", get(suites::check))
        .route("/api/v1/qa/suites/{id}/params", get(suites::parameters))
        .route("/api/v1/qa/run.schema.json", get(runs::schema))
        .route("/api/v1/qa/runs", get(runs::list).post(runs::start))
        .route("/api/v1/qa/runs/{id}", get(runs::one))
        .route("/api/v1/qa/runs/{id}/events", get(runs::events))
        .route("/api/v1/qa/runs/{id}/cancel", post(runs::cancel))
        .route("/api/v1/qa/runs/{id}/report", get(runs::report))
        .route("/api/v1/qa/runs/{id}/bundle", get(runs::bundle))
        .route("/api/v1/qa/runs/{id}/messages/{name}", get(runs::message))
        .route("/api/v1/qa/runs/{id}/compare/{other}", get(runs::compare))
        .route("/api/v1/qa/runs/{id}/cases/{n}/override", post(runs::overrule))
        .route("/api/v1/qa/waiting", get(runs::waiting))
        .route("/api/v1/qa/waiting/{id}/attest", post(runs::attest))
        .route("/api/v1/qa/sessions", get(sessions::list).post(sessions::add))
        .route("/api/v1/qa/sessions/{id}", get(sessions::one).patch(sessions::edit))
        .route("/api/v1/qa/sessions/{id}/events", post(sessions::step))
        .route("/api/v1/qa/sessions/{id}/plan", get(sessions::plan))
        .route("/api/v1/qa/sessions/{id}/evidence", get(sessions::evidence))
        .route("/api/v1/qa/sessions/{id}/declaration", get(sessions::declaration))
        .route("/api/v1/qa/sessions/{id}/comments", post(sessions::comment))
        .route("/api/v1/qa/deviations", get(deviations::list).post(deviations::raise))
        .route("/api/v1/qa/deviations/{id}", patch(deviations::edit).get(deviations::one))
        .route("/api/v1/qa/audit", post(runs::audit))
        .route("/api/v1/qa/mutants", get(suites::mutants))
        .route("/api/v1/qa/mutants/{id}/start", post(suites::start_mutant))
        .with_state(desk)
}
